/*
 * A profile by lines of the model file.
 *
 * The time of an instruction is measured as a whole, but a fused instruction computes nodes of
 * several lines. Each of its nodes gets an equal part, and a line gets the parts of its nodes.
 */
#ifndef YG_CLI_FOLD_H
#define YG_CLI_FOLD_H

#include "stopwatch.h"

enum { PHASE_FORWARD, PHASE_BACKWARD, PHASE_UPDATE, PHASES };

/* What one node costs: an equal part of what its instruction costs. */
typedef struct node_cost {
    yg_node node;
    yg_origin origin;
    double seconds, idle, flops, bytes; /* yg_time; bytes are read or written */
} node_cost;

/* What the nodes of one line cost. They are the fold's nodes[first .. first + count). */
typedef struct line_cost {
    yg_origin origin; /* line 0: nodes that stand for no line of the file */
    size_t first, count;
    double seconds, idle, flops, bytes;
    double phase[PHASES]; /* seconds */
} line_cost;

typedef struct fold {
    node_cost *nodes; /* sorted by file, line, node */
    line_cost *lines; /* sorted by file, line */
    size_t node_count, line_count;
    line_cost total; /* of all lines */
} fold;

/* False when out of memory. Freed by fold_free() in either case. */
bool fold_make(const yg_training_step *step, const stopwatch *times, fold *out);
void fold_free(fold *fold);

#endif
