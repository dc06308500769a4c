/*
 * How to compute the loss and the metrics of many examples batch by batch. Private to train/.
 *
 * A score of an epoch must not depend on the batch size. The mean of batch means is right for a
 * plain mean only. A loss with class weights is a quotient of two sums. A root mean square error is
 * the root of a mean. A maximum is no mean at all. So the graph of each score is cut in two:
 *
 *   parts   the nodes that reduce the batch: sums, maxima, minima. Sums of batches add up, and
 *           the maximum over all examples is the largest of the batches' maxima.
 *   head    the nodes from the parts to the score. The head runs once, on the totals of the parts:
 *           see totals.h.
 *
 * To find where the batch is reduced, the model is built for two numbers of examples. A dimension
 * holds the batch if its size is proportional to that number.
 */
#ifndef YG_TRAIN_SCORE_PLAN_H
#define YG_TRAIN_SCORE_PLAN_H

#include "../models/model.h"

struct yg_executable_options;

typedef enum yg_score_way {
    YG_SCORE_MEAN,  /* exact: the mean over the batches, each weighted by its examples */
    YG_SCORE_PARTS, /* exact: the head computes it from the totals of the parts */
    YG_SCORE_WHOLE, /* the score mixes examples, as x - mean(x) does: exact only in one batch */
} yg_score_way;

typedef enum yg_part_kind {
    YG_PART_SUM,
    YG_PART_MAX,
    YG_PART_MIN,
    YG_PART_MEAN, /* depends on parameters only. They change with each step, so it is averaged over
                   * the batches, weighted by their examples. */
} yg_part_kind;

typedef struct yg_score_part {
    yg_part_kind kind;
    yg_node node;     /* in the plan's `network` */
    int64_t elements; /* of its tensor */
} yg_score_part;

typedef struct yg_scored {
    const char *name; /* belongs to the model */
    yg_node node;     /* in the plan's `network` */
    yg_score_way way;
    size_t first_part, part_count; /* YG_SCORE_PARTS: its range in the plan's `parts` */
} yg_scored;

typedef struct yg_score_plan {
    yg_network *network; /* built for some batch size, to be examined; it is never run */
    size_t count;        /* of scores: the loss, then the metrics */
    yg_scored *scores;
    size_t part_count;
    yg_score_part *parts;
    bool whole; /* at least one score is YG_SCORE_WHOLE */
} yg_score_plan;

/* Analyses the model. `batch`: a batch size that the caller will use; the network is built for it
 * where the model cannot be built for the two sizes to compare. False on failure; freed by
 * yg_score_plan_free() after success. */
bool yg_score_plan_make(const struct yg_executable_options *options, int64_t batch,
                        yg_score_plan *plan, yg_error *error);
void yg_score_plan_free(yg_score_plan *plan); /* what it holds, not the struct */

/* Finds the plan's parts in a network of another batch size, and writes them to nodes[0 ..
 * part_count). The two networks may differ a little, because building simplifies by sizes and
 * constants: x / 4 becomes x · 0.25, and a mean over one example disappears. False where they
 * differ by more than that. */
bool yg_score_plan_locate(const yg_score_plan *plan, yg_network *network, yg_node *nodes);

#endif
