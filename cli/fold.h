/*
 * A profile folded onto the lines of the model file.
 */
#ifndef YG_CLI_FOLD_H
#define YG_CLI_FOLD_H

#include "stopwatch.h"

enum { PHASE_FORWARD, PHASE_BACKWARD, PHASE_UPDATE, PHASES };

/* What one node costs: an equal part of its instruction. */
typedef struct node_cost {
    yg_node node;
    yg_origin origin;
    double seconds, flops, bytes;
} node_cost;

/* What the nodes of a line cost: `nodes[first … first + count)`. */
typedef struct line_cost {
    yg_origin origin; /* line 0: nodes that no line asked for */
    size_t first, count;
    double seconds, flops, bytes;
    double phase[PHASES]; /* seconds */
} line_cost;

typedef struct fold {
    node_cost *nodes; /* by file, line, node */
    line_cost *lines; /* by file, line */
    size_t node_count, line_count;
    line_cost total; /* of all lines */
} fold;

/* False when out of memory. Freed by fold_free() in either case. */
bool fold_make(const yg_training_step *step, const stopwatch *times, fold *out);
void fold_free(fold *fold);

#endif
