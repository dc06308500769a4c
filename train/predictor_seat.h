/*
 * A seat of a predictor: a program, the encoding of its inputs, and the memory that a call needs.
 * Private to train/predictor*.c.
 */
#ifndef YG_TRAIN_PREDICTOR_SEAT_H
#define YG_TRAIN_PREDICTOR_SEAT_H

#include "../data/source.h"
#include "interpretation.h"
#include "predictor.h"

/* What all seats have in common. */
typedef struct yg_seat_options {
    const yg_model *model;
    const yg_tensor_file *weights;
    const char *path; /* of the weights, for messages */
    int64_t batch;
    yg_dtype dtype;
    int threads;
    const yg_dim *dims;
    size_t dim_count;
} yg_seat_options;

typedef struct yg_seat {
    yg_data data; /* its encoding, and the sizes of dimensions */
    yg_reading reading;
    yg_executable *executable;
    yg_interpretation outputs;
    /* Rows of cells: */
    size_t column_count;
    char **columns;
    yg_cell_table cells;
    yg_reader *reader; /* of `cells`; NULL: an example is no row */
    yg_dataset rows;   /* the batch; the elements of a port are the program's own */
    bool *owned;       /* by port: `rows` has memory of its own, since the program reads none */
    /* Tensors: */
    double *wide; /* elements of an input that is transformed or standardised */
} yg_seat;

/* Makes a seat. Its program has its own parameters, without values, until yg_executable_bind(). The
 * options' model must outlive it, and it must stay where it is. False on failure; freed by
 * yg_seat_free() in either case. */
bool yg_seat_make(const yg_seat_options *options, yg_seat *seat, yg_error *error);
void yg_seat_free(yg_seat *seat); /* what it holds, not the struct */

/* Fill the program's inputs. */
bool yg_seat_take_tensors(yg_seat *seat, const void *const *inputs, yg_error *error);
bool yg_seat_take_rows(yg_seat *seat, const yg_cell *cells, yg_error *error);

/* Copies the outputs of a run to the caller's memory, in their units. */
void yg_seat_give(const yg_seat *seat, void *const *outputs);

#endif
