/*
 * The expanded model: one body of expressions, without layers. Expansion makes it once when a model
 * is loaded, `expand` prints it, and every network is built from it.
 *
 * All names are full ("block.0.h.weight") and all different, layers' arguments and vars are values,
 * and parameters have their shapes. Symbolic dimensions stay names.
 */
#ifndef YG_MODELS_LOADER_FLAT_H
#define YG_MODELS_LOADER_FLAT_H

#include "initializers.h"
#include "names.h"
#include "syntax.h"

/* The layer that a statement was a part of, for messages: a statement of a layer's body is told at
 * the node in the model's own graph, and then at its place in each body on the way to it. */
typedef struct yg_frame yg_frame;
struct yg_frame {
    const char *type; /* the layer type */
    yg_origin origin; /* of the node that places it */
    const yg_frame *outer;
};

typedef struct yg_flat_param {
    yg_origin origin; /* in the model's own graph or `params:` */
    const char *name;
    int rank;
    int64_t shape[YG_MAX_RANK];
    const yg_initializer *init;
    bool trainable;
} yg_flat_param;

/* What a layer type asks of an input, `[..., in_features]`, looked at again in every network, since
 * a symbolic dimension can have any size. */
typedef struct yg_requirement {
    const char *type;  /* the layer type … */
    const char *input; /* … its input's name in the body … */
    const yg_shape_spec *pattern;
    const yg_expression **dims; /* … and its dimensions in full names; NULL: takes what it meets */
    const yg_expression *given; /* the tensor */
} yg_requirement;

/* One step of the graph: `names: value`, or a requirement. */
typedef struct yg_flat_statement {
    yg_origin origin; /* where it is written … */
    yg_origin place;  /* … and the entry of the model's own graph that it comes from */
    const yg_frame *frame;
    const char **names;
    size_t name_count;
    const yg_expression *value;
    const yg_requirement *required; /* NULL: a value */
} yg_flat_statement;

/* A layer that was placed, or an expression of the model's own graph: for `show`. */
typedef struct yg_flat_layer {
    const char *name;
    const char *type;     /* "" for an expression */
    const char **results; /* their full names */
    size_t result_count;
    size_t param_begin, param_end;
    int depth;
    yg_origin origin;
} yg_flat_layer;

struct yg_flat {
    yg_pool *pool;
    yg_flat_param *params;
    yg_names param_names; /* params[i].name is name i */
    yg_flat_statement *statements;
    size_t statement_count;
    yg_flat_layer *layers;
    size_t layer_count;
    yg_output_spec *outputs; /* model->body.output_count of them */
    yg_output_spec *metrics; /* model->metric_count */
    const yg_expression *loss;
    yg_shape_expectation *shapes; /* model->expected_shape_count */
    int64_t elements;             /* of all parameters */
};

#endif
