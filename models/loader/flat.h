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

/* A parameter or a state. */
typedef struct yg_flat_param {
    yg_origin origin; /* of the entry in `params:`, or of the layer node in the model's own graph */
    const char *name;
    int rank;
    int64_t shape[YG_MAX_RANK];
    const yg_initializer *init;
    bool trainable;
    bool state;
    yg_dtype dtype; /* as written; a float type becomes the network's */
    size_t update;  /* of a state: 1 + its index in yg_flat.updates; 0: it has none */
} yg_flat_param;

/* What a state becomes after a training step. Only networks for training have it. */
typedef struct yg_flat_update {
    yg_origin origin;
    yg_origin place;       /* as of a statement */
    const yg_frame *frame; /* as of a statement */
    size_t param;          /* the state: an index of yg_flat.params */
    const yg_expression *value;
} yg_flat_update;

/* What must hold in every network, because a symbolic dimension can have any size: that an input
 * has the shape that its layer type asks for, `[..., in_features]`; or, without a pattern, that a
 * value is what it was when the model was expanded (fixed.c). */
typedef struct yg_requirement {
    const char *type;             /* the layer type */
    const char *input;            /* the input's name in the body */
    const yg_shape_spec *pattern; /* as written; NULL: a value is required */
    const yg_expression **dims; /* by entry of the pattern: the expected size, in full names; NULL:
                                 * any size */
    const yg_expression *given; /* the tensor, or what has the value */
    const char *what;           /* has the value: "`if` of node 'h'"; NULL with a pattern */
    int64_t value;              /* a whole number, or 0 or 1 for a truth value */
} yg_requirement;

typedef struct yg_flat_statement yg_flat_statement;

/* A tensor that a scan carries from step to step. */
typedef struct yg_flat_carry {
    yg_origin origin;           /* the entry of `carry:` */
    const char *name;           /* in the body, of the value before a step */
    const yg_expression *start; /* the value before the first step */
    const yg_expression *next;  /* the value after a step, a formula of the body */
    bool no_lengths;            /* it changes in each step, whatever `lengths` says */
    bool no_truncate;           /* its cotangent passes all steps, whatever `truncate` says */
} yg_flat_carry;

/* A scan. Its body sees all names around it, and slices, carries and statements of its own. */
typedef struct yg_flat_scan {
    const char *prefix;              /* begins the full names of the body: "y." */
    const char **slices;             /* names in the body */
    const yg_expression **sequences; /* by slice: the tensor that is cut */
    yg_origin *slice_origins;        /* by slice: the entry of `scan:` */
    size_t slice_count;
    yg_flat_carry *carries;
    size_t carry_count;
    yg_flat_statement *statements; /* one step */
    size_t statement_count;
    const yg_expression **collected; /* names of the body */
    yg_origin *collect_origins;      /* by entry of `collected`: the entry of `collect:` */
    size_t collected_count;
    int64_t dim;      /* along which sequences are cut and results are stacked; < 0: from the end */
    int64_t truncate; /* a cotangent passes so many steps at most; 0: any number */
    bool reverse;
    const yg_expression *steps;   /* NULL: not given */
    const yg_expression *lengths; /* NULL: all examples are as long as the sequences */
} yg_flat_scan;

/* A term that a layer adds to the loss. */
typedef struct yg_flat_loss {
    const char *name; /* in the layer type */
    yg_origin place;  /* as of a statement */
    const yg_expression *value;
    bool known; /* the value is `number`; otherwise a node */
    double number;
} yg_flat_loss;

/* How many copies of a `repeat:` are written out before the others follow from them. They are
 * compared when a network is built: a rule of the graph that looks at a node's operands, and at
 * theirs, must have found the same in each. */
#define YG_COPIES_COMPARED 8

/* Copies of a `repeat:` that are not written out (copies.c). They stand behind the statements of
 * the copy before them, the pattern. */
typedef struct yg_flat_copies {
    size_t index; /* in yg_flat.copies */
    int64_t count;
    const char *result_before, *result; /* of the copy before the pattern, and of the pattern */
    const char *last;                   /* of the last copy that is not written out */
    size_t layer_begin, layer_end; /* the pattern's, in yg_flat.layers. As many stand before them,
                                    * those of the copy before. */
} yg_flat_copies;

/* One step of the graph: `names: value`, a scan, or a requirement. */
struct yg_flat_statement {
    yg_origin origin;      /* the place where it is written, perhaps in a layer's body */
    yg_origin place;       /* the entry of the model's own graph that it comes from */
    const yg_frame *frame; /* the layer that it belongs to; NULL: the model's own graph */
    const char **names;
    size_t name_count;
    const yg_expression *value;     /* of a formula; otherwise NULL */
    yg_flat_scan *scan;             /* of a scan; otherwise NULL */
    const yg_requirement *required; /* of a requirement, which has no names; otherwise NULL */
    bool hidden;                    /* only a requirement needs it: `expand` does not print it */
    const yg_flat_copies *copies;   /* copies follow from this one and those before; NULL: none */
    int copy; /* then: which one it belongs to, 0 .. YG_COPIES_COMPARED; the last is the pattern */
};

/* Calls `visit` for each name that statements read; names of a scan's body are among them. */
void yg_visit_statements(const yg_flat_statement *statements, size_t count, yg_visit visit,
                         void *context);
/* The same for the names around a scan that it reads outside of its body. */
void yg_visit_scan(const yg_flat_scan *scan, yg_visit visit, void *context);
/* The same for the results of a scan's body. */
void yg_visit_scan_results(const yg_flat_scan *scan, yg_visit visit, void *context);

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
    yg_flat_update *updates;
    size_t update_count;
    yg_flat_statement *statements;
    size_t statement_count;
    yg_flat_copies **copies; /* in the order of their statements and layers */
    size_t copies_count;
    yg_flat_layer *layers; /* without those of `copies` */
    size_t layer_count;
    yg_output_spec *outputs; /* model->body.output_count of them */
    yg_output_spec *metrics; /* the model's, then a sum for each name of a layer's loss terms */
    size_t metric_count;
    yg_flat_loss *losses;
    size_t loss_count;
    const yg_expression *loss;
    yg_shape_expectation *shapes;             /* model->expected_shape_count */
    const yg_expression *expected_parameters; /* a formula of `expect:`; NULL: there is none */
    int64_t *fixed; /* values that sizes decide, in the order of expansion: see fixed.c */
    size_t fixed_count;
    yg_names anchors; /* nodes with respect to which a grad(y, x) is asked */
    int64_t elements; /* of all parameters, without state */
};

#endif
