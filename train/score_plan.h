/*
 * How to compute the loss and the metrics of many examples batch by batch. Private to train/.
 *
 * A score of an epoch must not depend on the batch size. The mean of batch means is right for a
 * plain mean only. A loss with class weights is a quotient of two sums. A root mean square error is
 * the root of a mean. A maximum is no mean at all. So the graph of each score is cut in two:
 *
 *   parts   what is gathered over the batches. Mostly they are the nodes that reduce the batch:
 *           sums, maxima, minima. Sums of batches add up, and the maximum over all examples is the
 *           largest of the batches' maxima. A score that compares examples with each other, as the
 *           area under a ROC curve does, has no such nodes. Its parts are rows: what it needs of
 *           each example, such as the prediction and the class, kept for all examples.
 *   head    the nodes from the parts to the score. The head runs once, on the totals of the parts:
 *           see score_head.h.
 *
 * To find where the batch is reduced, the model is built for two numbers of examples. A dimension
 * holds the batch if its size is proportional to that number.
 */
#ifndef YG_TRAIN_SCORE_PLAN_H
#define YG_TRAIN_SCORE_PLAN_H

#include "../models/model.h"

struct yg_executable_options;
struct yg_score_table;

typedef enum yg_score_way {
    YG_SCORE_MEAN,   /* exact: the mean over the batches, each weighted by its examples */
    YG_SCORE_PARTS,  /* exact: the head computes it from the totals of the parts */
    YG_SCORE_ROWS,   /* exact: the head computes it from rows of all examples */
    YG_SCORE_JOINED, /* exact: as `join` of the metric says */
    YG_SCORE_RATIO,  /* exact: the quotient of the totals of its two parts */
    YG_SCORE_WHOLE,  /* the score mixes examples, and no rows of it can be kept: exact only in one
                      * batch */
} yg_score_way;

typedef enum yg_part_kind {
    YG_PART_SUM,
    YG_PART_MAX,
    YG_PART_MIN,
    YG_PART_MEAN, /* depends on parameters only. They change with each step, so it is averaged over
                   * the batches, weighted by their examples. */
    YG_PART_ROWS, /* kept for each example */
} yg_part_kind;

typedef struct yg_score_part {
    yg_part_kind kind;
    yg_node node;     /* in the plan's `network` */
    int64_t elements; /* of its tensor; YG_PART_ROWS: of an example */
    size_t first;     /* where its totals begin in yg_totals.values; not of YG_PART_ROWS */
    yg_dtype dtype;   /* YG_PART_ROWS: of its elements, */
    int axis;         /* and the dimension that holds the batch */
    size_t before;    /* 1 + the part of the same node that was added before this one; 0: none */
} yg_score_part;

typedef struct yg_scored {
    const char *name; /* belongs to the model */
    yg_node node;     /* in the plan's `network` */
    yg_score_way way;
    yg_join join;
    int64_t elements;             /* 1, or the numbers of a table */
    size_t first;                 /* where its values begin among those of all scores */
    struct yg_score_table *table; /* without values; NULL: it is one number */
    size_t part_count;
    size_t *parts; /* indices into the plan's `parts`. Scores may share parts */
} yg_scored;

typedef struct yg_score_plan {
    yg_network *network; /* built for some batch size, to be examined; it is never run */
    size_t count;        /* of scores: the loss, then the metrics */
    yg_scored *scores;
    size_t element_count; /* of all scores */
    size_t part_count, part_room;
    yg_score_part *parts;
    size_t *latest;     /* while the plan is made, by node: 1 + its part that was added last */
    size_t value_count; /* see yg_totals.values */
    bool whole;         /* at least one score is YG_SCORE_WHOLE */
} yg_score_plan;

/* Analyses the model. `batch`: a batch size that the caller will use; the network is built for it
 * where the model cannot be built for the two sizes to compare. False on failure; freed by
 * yg_score_plan_free() after success. */
bool yg_score_plan_make(const struct yg_executable_options *options, int64_t batch,
                        yg_score_plan *plan, yg_error *error);
void yg_score_plan_free(yg_score_plan *plan); /* what it holds, not the struct */

/* Finds the plan's parts in a network of `batch` examples, and writes them to nodes[0 ..
 * part_count); YG_NONE for one that is not found. The two networks may differ a little, because
 * building simplifies by sizes and constants: x / 4 becomes x · 0.25, and a mean over one example
 * disappears. Where they differ by more than that, the parts of a score are not found. False when
 * out of memory. */
bool yg_score_plan_locate(const yg_score_plan *plan, yg_network *network, int64_t batch,
                          yg_node *nodes, yg_error *error);

/* Whether one of the score's parts is YG_NONE in nodes[0 .. part_count). */
bool yg_score_lacks(const yg_scored *scored, const yg_node *nodes);

#endif
