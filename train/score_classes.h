/*
 * Which nodes of a network depend on one example, on all of them or on none. Private to train/.
 *
 * The model is built for two batch sizes, and the two graphs are compared node by node. One pass
 * over the graph puts each node into a class, from the classes of its operands.
 */
#ifndef YG_TRAIN_SCORE_CLASSES_H
#define YG_TRAIN_SCORE_CLASSES_H

#include "../graph/graph.h"

/* The two batch sizes to compare. Building may simplify a graph when a size is a power of two, or
 * equals a number in the model. Large primes are neither, so the two graphs have the same nodes. */
enum { YG_FIRST_SIZE = 1009, YG_SECOND_SIZE = 1013 };

typedef enum yg_score_class {
    YG_CLASS_FIXED, /* does not depend on the examples: parameters, constants, what is computed from
                       them */
    YG_CLASS_ROWS,  /* one dimension holds the batch, and the entry of an example depends on that
                       example only */
    YG_CLASS_TOTAL, /* the batch has been reduced: a part, or computed from parts and fixed nodes */
    YG_CLASS_MIXED, /* anything else: an entry may depend on several examples */
} yg_score_class;

typedef struct yg_score_classes {
    const yg_graph *graph, *other; /* of YG_FIRST_SIZE and YG_SECOND_SIZE examples */
    /* Nodes before this one are taken as they are: in training, batch normalisation mixes examples,
     * and what it gives for an example is that example's all the same. 0: no node is. */
    yg_node given;
    size_t size;      /* nodes of each */
    uint8_t *classes; /* by node: a yg_score_class */
    bool *is_part;    /* by node: it reduces the batch */
} yg_score_classes;

/* Classes of all nodes of two graphs with the same nodes. False when out of memory; freed by
 * yg_score_classes_free() in either case. */
bool yg_score_classes_make(const yg_graph *graph, const yg_graph *other, yg_node given,
                           yg_score_classes *classes, yg_error *error);

/* The dimension that holds the batch, of a node of class YG_CLASS_ROWS. */
int yg_score_classes_axis(const yg_score_classes *classes, yg_node node);
void yg_score_classes_free(yg_score_classes *classes); /* what it holds, not the struct */

/* Whether two graphs have the same operators on the same operands; only sizes may differ. */
bool yg_same_nodes(const yg_graph *a, const yg_graph *b);

#endif
