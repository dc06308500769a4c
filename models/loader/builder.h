/*
 * Building: from the expanded model (flat.h) to a graph. It knows no layers.
 */
#ifndef YG_MODELS_LOADER_BUILDER_H
#define YG_MODELS_LOADER_BUILDER_H

#include "flat.h"
#include "network.h"
#include "term.h"

typedef struct yg_builder {
    const yg_op_set *ops;
    yg_graph *graph;
    yg_pool *pool;
    yg_dtype dtype; /* of floats */
    bool training;
    bool inner;      /* the statement is of a layer's body: its nodes come from … */
    yg_origin place; /* … this entry of the model's own graph */
    yg_names names;  /* of everything built so far … */
    yg_term *terms;  /* … and its values */
    yg_error *error;
} yg_builder;

/* Gives a name its value; it must not have one yet. */
bool yg_builder_add(yg_builder *builder, const char *name, yg_term term);
/* The value of a name, or NULL. */
const yg_term *yg_builder_find(const yg_builder *builder, const char *name);

/* A parameter, a statement or requirement of the expanded model. A failure is told at its own
 * place; yg_blame() adds the layers that it stands in. */
bool yg_build_param(yg_builder *builder, const yg_flat_param *param, yg_node *node);
bool yg_build_statement(yg_builder *builder, const yg_flat_statement *statement);
/* Puts the place of the node first, and the places in the layers' bodies after it. Returns false.
 */
bool yg_blame(const yg_frame *frame, yg_error *error);

/* The network of an expanded model for these sizes; with `dtype`, `training` and so on. */
yg_network *yg_network_make(const yg_model *model, const yg_flat *flat,
                            const yg_network_options *options, yg_error *error);
/* A builder with symbolic dimensions, inputs and targets, that statements can be added to. */
bool yg_builder_open(yg_builder *builder, const yg_model *model, yg_network *network,
                     const yg_network_options *options, yg_error *error);

#endif
