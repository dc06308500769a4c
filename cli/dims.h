/*
 * --dim NAME=N: sizes of symbolic dimensions, from the command line.
 */
#ifndef YG_CLI_DIMS_H
#define YG_CLI_DIMS_H

#include "../models/model.h"
#include "options.h"

#define DIMS_MAX 32

#define OPTION_DIM                                                                                 \
    {                                                                                              \
        .name = "dim", .kind = OPTION_TEXTS, .argument = "NAME=N",                                 \
        .doc = "the size of another symbolic dimension (default: 16)"                              \
    }

typedef struct given_dims {
    size_t count;
    yg_dim dims[DIMS_MAX];
    char *names[DIMS_MAX]; /* by dimension: its name, if it is owned; otherwise NULL */
} given_dims;

/* Appends the dimensions of a command that has OPTION_DIM. False after a message; freed by
 * dims_free() in either case. */
bool dims_read(const command_line *line, const yg_model *model, given_dims *out);
void dims_free(given_dims *dims);

#endif
