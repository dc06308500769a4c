/*
 * How the outputs of a network are to be read: in which units, and which of them decides a label.
 * Private to train/.
 */
#ifndef YG_TRAIN_INTERPRETATION_H
#define YG_TRAIN_INTERPRETATION_H

#include "executable.h"

/* A target whose class is told. */
typedef struct yg_told_class {
    size_t port, output; /* the output decides the class */
    char **names;        /* of the classes; NULL: the class is told as a number */
} yg_told_class;

typedef struct yg_interpretation {
    const yg_model *model;
    const yg_data *data;   /* its encoding gives units and classes */
    yg_told_class *labels; /* in the order of the outputs */
    size_t label_count;
    size_t *ports;  /* by output: the port that it is an estimate of; SIZE_MAX: none is named */
    size_t *units;  /* by output: the same where its numbers are to be converted; or SIZE_MAX */
    bool *steps;    /* by output: it has an answer for each step of a sequence */
    bool any_steps; /* one of them has */
} yg_interpretation;

/* Interprets the outputs of a network that was built with `outputs_only`. `longer` is the same
 * network for longer sequences; NULL: no port takes any. `path` stands for the weights in messages.
 * False where an output has no row for each example, or where its units do not
 * fit. Freed by yg_interpretation_free() in either case. */
bool yg_interpretation_make(const yg_model *model, const yg_data *data,
                            const yg_executable *executable, yg_network *longer, const char *path,
                            yg_interpretation *out, yg_error *error);
void yg_interpretation_free(yg_interpretation *interpretation); /* what it holds, not the struct */

/* What an output decides the class of; NULL: nothing. */
const yg_told_class *yg_answer_label(const yg_interpretation *interpretation, size_t output);
/* The name of the column that an element of an output comes from; NULL: it comes from no single
 * column. */
const char *yg_answer_column(const yg_interpretation *interpretation, size_t output, int64_t i);

/* Elements of an output for each example, or for each step of one. */
int64_t yg_answer_width(const yg_interpretation *interpretation, const yg_executable *executable,
                        size_t output);
/* The first element of an answer: that of an example, or of one of its steps. */
int64_t yg_answer_first(const yg_interpretation *interpretation, const yg_executable *executable,
                        size_t output, int64_t example, int64_t step);

/* Element `i` of an example's output, in the units that it is to be told in. */
double yg_answer_in_units(const yg_interpretation *interpretation, size_t output, int64_t i,
                          double value);

/* The class that `width` scores tell: that of the highest, or the first among equals. A single one
 * is the probability of class 1. `scores` has elements of `dtype`; the example's first one is
 * number `first`. */
int64_t yg_answer_class(yg_dtype dtype, const void *scores, int64_t first, int64_t width);

#endif
