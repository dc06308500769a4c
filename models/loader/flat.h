/*
 * The expanded model: one body of expressions, without layers. Expansion makes it once, when a
 * model is loaded. `expand` prints it, and every network is built from it.
 *
 * All names are full ("block.0.h.weight") and different from each other. Arguments of layers and
 * vars have been replaced by their values, and parameters have their shapes. Symbolic dimensions
 * are still names.
 */
#ifndef YG_MODELS_LOADER_FLAT_H
#define YG_MODELS_LOADER_FLAT_H

#include "initializers.h"
#include "names.h"
#include "syntax.h"

/* The layer that a statement belongs to, for messages. An error in a layer's body is reported at
 * the layer node in the model's own graph; then follow the places in the bodies down to the
 * statement. */
typedef struct yg_frame yg_frame;
struct yg_frame {
    const char *type;      /* the layer type */
    yg_origin origin;      /* of the layer node */
    const yg_frame *outer; /* the layer around it; NULL: none */
};

typedef struct yg_flat_param {
    yg_origin origin; /* of the entry in `params:`, or of the layer node in the model's own graph */
    const char *name;
    int rank;
    int64_t shape[YG_MAX_RANK];
    const yg_initializer *init;
    bool trainable;
} yg_flat_param;

/* What a layer type asks of the shape of an input: `[..., in_features]`. It is checked in every
 * network, because a symbolic dimension can have any size. */
typedef struct yg_requirement {
    const char *type;             /* the layer type */
    const char *input;            /* the input's name in the body */
    const yg_shape_spec *pattern; /* as written */
    const yg_expression **dims; /* by entry of the pattern: the expected size, in full names; NULL:
                                 * any size */
    const yg_expression *given; /* the tensor */
} yg_requirement;

/* One step of the graph: `names: value`, or a requirement. */
typedef struct yg_flat_statement {
    yg_origin origin;      /* the place where it is written, perhaps in a layer's body */
    yg_origin place;       /* the entry of the model's own graph that it comes from */
    const yg_frame *frame; /* the layer that it belongs to; NULL: the model's own graph */
    const char **names;
    size_t name_count;
    const yg_expression *value;
    const yg_requirement *required; /* a requirement has no names and no value; NULL: it is none */
} yg_flat_statement;

/* A layer, or an expression of the model's own graph: a line of `show`. */
typedef struct yg_flat_layer {
    const char *name;
    const char *type;     /* "" for an expression */
    const char **results; /* their full names */
    size_t result_count;
    size_t param_begin, param_end; /* the range of its parameters in yg_flat.params */
    int depth;                     /* how many layers surround it */
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
