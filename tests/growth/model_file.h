/*
 * Writes model files piece by piece. Every model has data, a loss and a parameter, so that all
 * commands take it. A file that cannot be written ends the test.
 */
#ifndef YG_TESTS_GROWTH_MODEL_FILE_H
#define YG_TESTS_GROWTH_MODEL_FILE_H

#include <stdio.h>

/* ----------------------------------------------------------------------- sections of a model -- */

#define PORTS "inputs: {x: [B, 2]}\ntargets: {y: [B, 1]}\n"
#define DATA  "data: {train: {x: [[1, 2], [2, 1], [0, 1]], y: [[1], [0], [1]]}}\n"
/* The steps are so small that no model of thousands of terms grows beyond all numbers: that would
 * end the run. */
#define TRAIN    "train: {epochs: 1, batch_size: 2, seed: 1, optimizer: {type: sgd, lr: 1.0e-20}}\n"
#define WEIGHT   "params: {w: {shape: [2, 1], init: ones}}\n"
#define LOSS     "loss: mse(p, y)\n"
#define OUTPUT   "outputs: [p]\n"
#define THE_REST OUTPUT LOSS DATA TRAIN

/* ---------------------------------------------------- growing_model.commands, for a model of -- */

#define LOADING "expand show check"
#define ALL     "expand show check grad train eval predict"
#define GRAPH   " graph dot plan profile"
#define TABLE   "train eval predict cv data"
/* Each gradient is compared with differences of losses: of n parameters that takes n², by nature.
 */
#define BUT_CHECK "expand show grad train eval predict"
/* The graph is built once more for each symbolic dimension, to find out where it is in shapes. */
#define BUT_SHOW "expand check grad train eval predict"

/* ------------------------------------------------------------------------------------- files -- */

/* In the working folder. */
FILE *begin_file(const char *name);
void end_file(FILE *file);

/* model.yaml up to `head`, and a question.csv for its two inputs. */
FILE *begin_model(const char *head);

/* The last lines; closes the file. */
void end_model(FILE *file, const char *rest);

/* question.csv, which `predict` reads: a row of ones. `header` has one %d: a column's number. */
void write_question(int columns, const char *header);

/* -------------------------------------------------------------------------------------- text -- */

void write_times(FILE *file, int n, const char *text);

/* `n` times `item`, which has a %d for its number, with `between` between two. */
void write_list(FILE *file, int n, const char *between, const char *item);

/* Nodes p0, p1, … that add up `item`s, and the sum of them all as p. An expression would be too
 * deep. */
void write_sum(FILE *file, int n, const char *item);

#endif
