/*
 * Sums over shards within a step's program. Private to train/.
 *
 * A step whose batch is cut into shards (`shards: n`) runs a program for each shard. Two operators
 * with effects join them (YG_OP_EFFECTS). The first gives a bucket of this shard's values to the
 * exchange: see exchange.h. In the program of a process's last shard it also begins to send. The
 * second waits for the bucket's sum. Between the two the program goes on with the backward pass:
 * the compiler's pass `early_effects` moves each of the first kind to right behind its operands.
 *
 * What is summed are the gradients, each times its shard's part of the batch's examples, and the
 * model's own new states, as the running statistics of batch normalization, weighted alike. A state
 * of whole numbers is that of the first shard.
 *
 * The operators are not in the set of operators: a model file cannot name them.
 */
#ifndef YG_TRAIN_SHARD_OPERATORS_H
#define YG_TRAIN_SHARD_OPERATORS_H

#include "shard_statistics.h"

/* The values to sum, as nodes, by parameter and state; YG_NONE: there is none. */
typedef struct yg_shard_values {
    yg_node *gradients, *states;
    size_t gradient_count, state_count;
    const int64_t *frozen_until; /* by gradient: how many epochs its parameter is frozen */
} yg_shard_values;

/* Appends what gives the values to the exchange, unless the role is YG_BATCH_NO_SHARD. Replaces
 * them by their sums, unless it is YG_BATCH_SHARD. Tells the exchange which buckets and which
 * statistics there are. Gradients that are not needed in that phase (optimizer.h) stay as they are.
 * `inputs` may have been made already. */
bool yg_shards_build(yg_batch_role role, yg_graph *graph, yg_exchange *exchange, int64_t phase,
                     const yg_shard_values *values, yg_shard_inputs *inputs, yg_error *error);

#endif
