/*
 * Building: from the expanded model (flat.h) to a graph for given sizes. It knows no layers. Each
 * statement is evaluated once, in order, and its value is kept under its name.
 *
 * The body of a scan is a graph of its own. A builder within the builder makes it: what it reads of
 * the names around it becomes an input of that graph, and is noted as captured.
 */
#ifndef YG_MODELS_LOADER_BUILDER_H
#define YG_MODELS_LOADER_BUILDER_H

#include "flat.h"
#include "network.h"
#include "term.h"

typedef struct yg_builder yg_builder;
struct yg_builder {
    const yg_op_set *ops;
    yg_graph *graph;
    unsigned graph_flags; /* of `graph` */
    yg_pool *pool;
    yg_dtype dtype;      /* of all float tensors */
    bool training;       /* the value of the name `training` */
    bool inner;          /* the current statement is of a layer's body */
    yg_origin place;     /* inner: the entry of the model's own graph that its nodes come from */
    yg_names names;      /* of everything that has been built */
    yg_term *terms;      /* the value of each of `names` */
    const yg_flat *flat; /* whose parameters are found by its own table; NULL: none are */
    yg_term *params; /* by index of flat->params: their values; NULL: they are among `names`, and
                      * one that was skipped with its copy is added when it is read */
    const yg_names *anchors; /* nodes to keep apart from what they are computed from, because a
                              * grad(y, x) asks for them; NULL: not known yet. Then a gradient is
                              * only a tensor of its type, 0. */
    yg_builder *outer;       /* of a scan's body: the builder around it; otherwise NULL */
    yg_node *captured;       /* inputs of `graph` that stand for tensors around the body */
    yg_node *given;          /* by entry of `captured`: that tensor, a node of outer->graph */
    size_t captured_count;
    yg_node *slices;    /* inputs of `graph` that are another slice in each step */
    yg_node *sequences; /* by slice: the slices of all steps, a node of outer->graph */
    size_t slice_count;
    /* As in yg_network_options: for metrics with `units`. */
    yg_node (*in_units)(void *context, yg_graph *graph, size_t port, yg_node node);
    void *units_context;
    yg_error *error;
};

/* Gives a name its value; it must not have one yet. */
bool yg_builder_add(yg_builder *builder, const char *name, yg_term term);
/* Adds an input to the body of a scan: a slice of `sequence`, a node of outer->graph whose first
 * dimension is the steps. YG_NONE on failure. */
yg_node yg_builder_cut(yg_builder *builder, yg_node sequence, const char *name);
/* The value of a name, or NULL. Names around a scan's body are not among them. */
const yg_term *yg_builder_find(const yg_builder *builder, const char *name);
/* The same, with the names around the body of a scan, where a tensor is captured. */
const yg_term *yg_builder_read(yg_builder *builder, const char *name);

/* Build a parameter, or a statement or requirement, of the expanded model. The error of a failure
 * has the place where it is written; yg_blame() adds the layers around it. */
bool yg_build_param(yg_builder *builder, const yg_flat_param *param, yg_node *node);
bool yg_build_statement(yg_builder *builder, const yg_flat_statement *statement);
/* Builds what a state becomes. */
bool yg_build_update(yg_builder *builder, const yg_flat_param *state, const yg_flat_update *update,
                     yg_node *node);
/* Changes an error in a layer's body: its place becomes that of the layer node in the model's own
 * graph, and the message gets the places in the bodies. Returns false. */
bool yg_blame(const yg_frame *frame, yg_error *error);

/* Builds a network of the expanded model. NULL on failure; freed by yg_network_free(). */
yg_network *yg_network_make(const yg_model *model, const yg_flat *flat,
                            const yg_network_options *options, yg_error *error);
/* Opens a builder on an empty network: adds symbolic dimensions, inputs and targets. Statements can
 * then be built in it. False on failure. */
bool yg_builder_open(yg_builder *builder, const yg_model *model, yg_network *network,
                     const yg_network_options *options, yg_error *error);

#endif
