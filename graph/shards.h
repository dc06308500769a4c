/*
 * A graph that is built for one shard of a batch, one of several that are computed at once: how its
 * operators get means over all shards. Who builds the graph sets it; `batch_mean` and `batch_var`
 * ask for it where they have `sync`.
 */
#ifndef YG_GRAPH_SHARDS_H
#define YG_GRAPH_SHARDS_H

#include "graph.h"

typedef struct yg_graph_shards {
    /* The mean of x over all shards, each weighted by its examples. Asked again for the same x, it
     * gives the same node. YG_NONE after yg_graph_fail(). */
    yg_node (*mean)(void *context, yg_graph *graph, yg_node x);
    /* This shard's part of the batch's examples, an f64 scalar. */
    yg_node (*part)(void *context, yg_graph *graph);
    void *context;
} yg_graph_shards;

/* `shards` must outlive the building of the graph. NULL: the batch is whole, as it is at first. */
void yg_graph_set_shards(yg_graph *graph, const yg_graph_shards *shards);
const yg_graph_shards *yg_graph_get_shards(const yg_graph *graph);

#endif
