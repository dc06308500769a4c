/*
 * Means over shards within the forward and the backward pass: statistics of the whole batch, as of
 * a batch normalization with `sync: true`. Private to train/.
 *
 * An operator with effects gives this shard's tensor to the exchange and waits for the mean over
 * all shards, each weighted by its examples. The loss of a step is the mean over its shards,
 * weighted alike. So the cotangent of the operator's operand is the mean of the cotangents of its
 * results: the operator is its own derivative, to any order.
 *
 * A program stops at such a node until the other shards of its process have come as far. The
 * exchange numbers the nodes by the order in which they run, which is that of the graph.
 */
#ifndef YG_TRAIN_SHARD_STATISTICS_H
#define YG_TRAIN_SHARD_STATISTICS_H

#include "../graph/shards.h"
#include "accumulate.h"
#include "exchange.h"

typedef struct yg_shard_inputs {
    yg_node exchange; /* i64: the address of the exchange; 0: a shard is alone, and sums are 0 */
    yg_node weight;   /* f64: the shard's part of the batch's examples */
    yg_node first;    /* f64: 1 for shard 0, otherwise 0 */
} yg_shard_inputs;

/* The inputs of a graph that is built for shards. Made where they are first needed. */
void yg_shard_inputs_make(yg_graph *graph, yg_shard_inputs *inputs);

/* What a graph is built with. The caller sets the first two members. */
typedef struct yg_shard_statistics {
    yg_batch_role role;      /* YG_BATCH_NO_SHARD: there are no values, so means are not taken */
    yg_shard_inputs *inputs; /* YG_NONE: not made yet */
    yg_graph_shards functions;
    yg_graph *graph;
    yg_node *means; /* by node: its mean, or YG_NONE */
    size_t room;
} yg_shard_statistics;

/* For yg_network_options.shards. */
const yg_graph_shards *yg_shard_statistics_begin(yg_shard_statistics *statistics);
void yg_shard_statistics_end(yg_shard_statistics *statistics);

/* Tells the exchange of the statistics in a graph. */
bool yg_shard_statistics_list(const yg_graph *graph, yg_exchange *exchange, yg_error *error);

#endif
