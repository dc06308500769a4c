/*
 * How the loss and the metrics of many examples follow from those of batches. Private to train/.
 *
 * The mean of batch means is the mean over all examples only for a plain mean. A loss with class
 * weights is a quotient of two sums, a root mean square error the root of a mean, a maximum is
 * neither. So the graph of each score is cut where the batch is reduced:
 *
 *   parts   nodes that a batch is reduced to: its sums, its largest, its smallest. What they are
 *           over all examples follows from what they are in each batch.
 *   head    the nodes after them, up to the score. They are computed once, from the totals of the
 *           parts: see totals.h.
 *
 * Where the batch is, is found by comparing two graphs of the same model: a dimension whose size
 * follows the number of examples holds the batch.
 */
#ifndef YG_TRAIN_SCORE_PLAN_H
#define YG_TRAIN_SCORE_PLAN_H

#include "../models/model.h"

struct yg_executable_options;

typedef enum yg_score_way {
    YG_SCORE_MEAN,  /* the mean of the batches, weighted by their examples, is exact */
    YG_SCORE_PARTS, /* the head computes it from the totals of the parts */
    YG_SCORE_WHOLE, /* it mixes examples, as x - mean(x) does: exact only in one batch */
} yg_score_way;

typedef enum yg_part_kind {
    YG_PART_SUM,
    YG_PART_MAX,
    YG_PART_MIN,
    YG_PART_MEAN, /* it depends on parameters only, which are others after a step */
} yg_part_kind;

typedef struct yg_score_part {
    yg_part_kind kind;
    yg_node node; /* of `network` */
    int64_t elements;
} yg_score_part;

typedef struct yg_scored {
    const char *name; /* belongs to the model */
    yg_node node;     /* of `network` */
    yg_score_way way;
    size_t first_part, part_count; /* YG_SCORE_PARTS */
} yg_scored;

typedef struct yg_score_plan {
    yg_network *network; /* of some batch size: to be looked at, never run */
    size_t count;        /* the loss, then the metrics */
    yg_scored *scores;
    size_t part_count;
    yg_score_part *parts;
    bool whole; /* some score mixes examples */
} yg_score_plan;

/* `batch` is a size that the model is going to be built at. False on failure; freed by
 * yg_score_plan_free() after success. */
bool yg_score_plan_make(const struct yg_executable_options *options, int64_t batch,
                        yg_score_plan *plan, yg_error *error);
void yg_score_plan_free(yg_score_plan *plan); /* what it holds, not the struct */

/* The plan's parts in the network of another batch size: nodes[0 .. part_count). The two networks
 * may differ, since operators are simplified by their sizes and constants: x / 4 is x · 0.25, and a
 * mean over one example is none. False where they differ by more than that. */
bool yg_score_plan_locate(const yg_score_plan *plan, yg_network *network, yg_node *nodes);

#endif
