/*
 * The rows of a score that compares examples with each other: see score_plan.h. Private to train/.
 */
#ifndef YG_TRAIN_SCORE_ROWS_H
#define YG_TRAIN_SCORE_ROWS_H

#include "score_classes.h"

/* Finds the nodes to keep for a score, and writes them to nodes[0 .. *count), which has room for
 * all nodes of the graph: nodes of class YG_CLASS_ROWS, and fixed ones that are no constants. False
 * where the nodes after them cannot be computed from them in float64: a loop, random numbers, an
 * effect. *memory becomes true where that is for lack of memory. */
bool yg_score_rows_choose(const yg_score_classes *classes, yg_node score, yg_node *nodes,
                          size_t *count, bool *memory);

/* Whether a node is a constant, or one that is repeated. */
bool yg_score_is_constant(const yg_graph *graph, yg_node node);

#endif
