/*
 * Finding the operator that first produced an infinity or a NaN, for the message that ends a run.
 * Private to train/.
 */
#ifndef YG_TRAIN_FIND_NAN_H
#define YG_TRAIN_FIND_NAN_H

#include "executable.h"

/* The values of a tensor. */
typedef struct yg_nan_range {
    yg_node node;
    double low, high;         /* of the finite elements */
    int64_t elements, finite; /* how many there are, and how many are finite */
    int64_t largest;          /* the element of the largest size, row-major; -1: none is finite */
} yg_nan_range;

enum { YG_NAN_OPERANDS = 4 };

typedef struct yg_nan_source {
    yg_node node;         /* YG_NONE: the loss and all updates are finite */
    bool nan;             /* true: the node's value has a NaN; false: an infinity */
    bool gradient;        /* the loss is finite; the failure is in a gradient or an update */
    size_t operand_count; /* of the node, at most YG_NAN_OPERANDS; 0 where they are not known */
    yg_nan_range operands[YG_NAN_OPERANDS];
    int64_t example;  /* of the batch, from 0: the first in which the node goes wrong; -1: none can
                         be told */
    int64_t examples; /* in how many it goes wrong */
} yg_nan_source;

/* Computes every value of the executable's last step again, a group of nodes at a time, and updates
 * nothing. The inputs and parameters must hold what they held before that step; `seed` and `step`
 * are those of that step.
 *
 * The search starts at the loss or, if that is finite, at the updates. It goes back along values
 * that are not finite. The answer is the first node on these paths (the lowest number) that is
 * worse than all of its operands: infinite while they are finite, or NaN while they are not NaN.
 * So a mask of infinities that a softmax turns into zeros is not blamed, since no path leads to it.
 * False on failure. */
bool yg_find_nan(const yg_executable *executable, uint64_t seed, uint64_t step,
                 yg_nan_source *source, yg_error *error);

/* Finds out more of a source: the ranges of its operands, and the example. `options` are those that
 * the executable was made with. What cannot be found stays unknown. (nan_details.c) */
void yg_nan_describe(const yg_executable *executable, const yg_executable_options *options,
                     uint64_t seed, uint64_t step, yg_nan_source *source);

/* A program of some nodes of the executable's graph, which reads inputs and parameters where the
 * executable has them. `wanted` says which nodes may be read; NULL: any. NULL on failure. */
yg_program *yg_nan_compile(const yg_executable *executable, const yg_node *nodes, size_t count,
                           const bool *wanted, yg_error *error);

#endif
