/*
 * Names of a network's nodes, and expressions of them, for people: "sigmoid(x @ W1.T + b1)".
 * Private to train/.
 */
#ifndef YG_TRAIN_NODE_NAMES_H
#define YG_TRAIN_NODE_NAMES_H

#include "../graph/pool.h"
#include "../models/model.h"

typedef struct yg_node_names {
    yg_graph *graph;
    yg_pool *pool;
    size_t size;        /* of `names`; nodes from there on have no name */
    const char **names; /* by node; NULL: it has none */
} yg_node_names;

/* Names of all nodes that the graph has now: layers, ports, parameters, and what the model calls
 * otherwise. False when out of memory, which the pool's owner tells. */
bool yg_node_names_make(yg_network *network, yg_pool *pool, yg_node_names *out);

/* The node of that name, or YG_NONE. */
yg_node yg_node_names_find(const yg_node_names *names, const char *name);

/* Whether a node's operator changes only the shape or the type. Expressions do not show it. */
bool yg_node_is_silent(const yg_graph *graph, yg_node node);

/* An expression for a node from nodes with names. "" where it would be too long to read, for a
 * leaf, and when out of memory. */
const char *yg_node_expression(const yg_node_names *names, yg_node node);

#endif
