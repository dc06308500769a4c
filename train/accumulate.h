/*
 * Steps over several batches: `accumulate: n`. Private to train/.
 *
 * A step then has n batches, and the last step of an epoch the batches that are left. The gradient
 * of each batch counts as its part of the step's examples. So where the loss is a mean over
 * examples, the step is that of one batch n times as large. What mixes the examples of a batch, as
 * batch normalization does, sees each batch by itself, and dropout draws anew for each.
 *
 * There are two programs: one adds the gradients of a batch to sums, and the one of the last batch
 * adds its gradients and makes the step with the sums. Each step starts its sums anew, and
 * checkpoints are written between steps only. So they do not hold the sums.
 */
#ifndef YG_TRAIN_ACCUMULATE_H
#define YG_TRAIN_ACCUMULATE_H

#include "optimizer.h"

/* Which batch of a step a program is for. */
typedef enum yg_batch_role {
    YG_BATCH_WHOLE, /* a step has one batch */
    YG_BATCH_PART,  /* others follow it in the step */
    YG_BATCH_LAST,
    /* With `shards`: see shard_operators.h. */
    YG_BATCH_SHARD,      /* a shard; another one of this process follows it in the step */
    YG_BATCH_LAST_SHARD, /* the last one of this process in the step */
    YG_BATCH_NO_SHARD,   /* this process has none in the step, and makes only the updates */
} yg_batch_role;

typedef struct yg_accumulate_inputs {
    yg_node first;  /* bool as f64: not 0 in the first batch of a step, which starts the sums */
    yg_node weight; /* the batch's part of the step's examples; both are f64 scalars */
} yg_accumulate_inputs;

/* Whether a tensor of the store is such a sum. */
bool yg_is_gradient_sum(const char *name);

/* Replaces gradients[0..count) by the sums so far, and makes the inputs. The sums' tensors become
 * states of `out`; with YG_BATCH_PART, the sums are its updates too, but for frozen parameters. */
bool yg_accumulate_build(yg_batch_role role, yg_graph *graph, const yg_node *parameters,
                         yg_node *gradients, const bool *frozen, size_t count,
                         yg_optimizer_graph *out, yg_accumulate_inputs *inputs, yg_error *error);

#endif
