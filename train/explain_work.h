/*
 * What an explanation is made from. Private to train/explain*.c.
 */
#ifndef YG_TRAIN_EXPLAIN_WORK_H
#define YG_TRAIN_EXPLAIN_WORK_H

#include "../data/safetensors.h"
#include "../graph/program.h"
#include "explain.h"
#include "node_names.h"

/* A gradient agrees if it differs by less, relative to the larger of 1 and the numeric slope. */
#define YG_EXPLAIN_TOLERANCE 1e-6

typedef struct yg_explain_work {
    const yg_model *model;
    const yg_explain_options *options;
    yg_error *error;
    yg_pool *pool; /* of the explanation */
    yg_data data;
    yg_tensor_file store; /* parameters */
    yg_network *network;  /* as the model file says */
    yg_graph *graph;      /* the network's */
    yg_node loss;
    size_t size;              /* of the forward part: nodes of the network and of nothing else */
    bool *live;               /* by node: the loss needs it */
    yg_node *gradients;       /* by node: YG_NONE where there is none */
    yg_program *program;      /* computes all of these */
    yg_explained_node *nodes; /* of the explanation */
    size_t *index;            /* by node: its index among them */
    yg_node *node_of;         /* by index */
    size_t count;             /* of `nodes` */
    yg_node_names names;      /* of the network's nodes, and of gradients */
} yg_explain_work;

/* The address of a node's value after the program's run. */
const void *yg_explain_value(const yg_explain_work *work, yg_node node);

/* Whether a node is computed from its operands alone and passes gradients: no leaf, not random,
 * without effects, no stop_gradient. */
bool yg_explain_is_function(const yg_explain_work *work, yg_node node);

/* Says that memory has run out. Always returns false. */
bool yg_explain_fail(const yg_explain_work *work);

/* Names the gradients, and writes formulas. (explain_text.c) */
bool yg_explain_texts(yg_explain_work *work);
/* Computes the local derivatives. (explain_local.c) */
bool yg_explain_locals(yg_explain_work *work);
/* Compares gradients with differences of the loss. (explain_twin.c) */
bool yg_explain_twins(yg_explain_work *work);

#endif
