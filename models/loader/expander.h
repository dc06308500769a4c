/*
 * Expanding: from what a model file says (syntax.h) to one body without layers (flat.h).
 *
 * What needs no tensor is computed: vars, arguments, conditions. What does becomes an expression in
 * full names, and is built at once in a network on trial: layers need to know the shapes of what
 * they are given.
 */
#ifndef YG_MODELS_LOADER_EXPANDER_H
#define YG_MODELS_LOADER_EXPANDER_H

#include "builder.h"

/* Statements of all copies of all layers: a model beyond that is a mistake, or an attack. */
#define YG_STATEMENT_CAP 1000000
/* Copies of one layer. */
#define YG_REPEAT_CAP 100000

/* A name's value in a body. */
typedef struct yg_binding {
    yg_term term;
    const yg_layer_use *layer;    /* the layer node that made it; NULL: another thing did */
    const char *parameter_prefix; /* of that node's parameters */
    bool shares_one;              /* … which all of its copies have */
} yg_binding;

/* The names that a body sees. */
struct yg_scope {
    yg_names names;
    yg_binding *bindings;
    const yg_scope *outer;        /* of `repeat: {name: …}` only: the scope of the node */
    const char *prefix;           /* "" or "h.": of the full names of its nodes … */
    const char *parameter_prefix; /* … and of its parameters, which `share` may make another's */
    bool shared;                  /* parameters exist already */
    const yg_definition *definition; /* NULL: the model itself */
};

typedef struct yg_expander {
    const yg_model *model;
    yg_pool *pool;
    yg_flat *flat;     /* NULL: no body is made … */
    yg_builder *trial; /* … NULL: and none is built on trial */
    bool constants;    /* only numbers are wanted: operators on tensors are a mistake */
    yg_names taken;    /* full names that are in use, and those of the model's own graph */
    const yg_frame *frame;
    int depth;       /* of layers in one another */
    yg_origin place; /* of the entry of the model's own graph */
    size_t statement_count;
    yg_error *error;
} yg_expander;

/* ------------------------------------------------------------------------------------ scopes -- */

/* The binding of a visible name, or NULL. */
const yg_binding *yg_scope_find(const yg_scope *scope, const char *name);
/* Adds a name; one that is taken is an error at `origin`. */
bool yg_scope_add(yg_expander *x, yg_scope *scope, const char *name, yg_origin origin,
                  yg_binding binding);
/* A name's value: a binding, a constant of the language, or a parameter of a layer above. */
bool yg_resolve(yg_expander *x, const yg_scope *scope, const char *name, yg_origin origin,
                yg_term *term);
/* `vars:` into a scope. */
bool yg_bind_vars(yg_expander *x, yg_scope *scope);

/* ------------------------------------------------------------------------------- expressions -- */

/* An expression of a body as a constant, or WRITTEN in full names. */
bool yg_expand_expression(yg_expander *x, const yg_scope *scope, const yg_expression *expression,
                          yg_term *term);
/* The same, always as an expression. NULL on failure. */
const yg_expression *yg_expand_whole(yg_expander *x, const yg_scope *scope,
                                     const yg_expression *expression);
/* A term as an expression. NULL on failure. */
const yg_expression *yg_written(yg_expander *x, const yg_term *term, yg_origin origin);
/* The value of a term in the network on trial. */
bool yg_value_of(yg_expander *x, const yg_term *term, yg_term *value);
/* True for an operator that a model file can call. */
bool yg_is_function(const yg_op *op);
/* The names that calls can have, for hints; `one`: of operators of one tensor. NULL when out of
 * memory. */
const char **yg_function_names(const yg_expander *x, bool one, size_t *count);
/* A call of a name that is no operator. Always returns false. */
bool yg_unknown_function(const yg_expander *x, const yg_expression *call);

/* --------------------------------------------------------------------------------- emitting -- */

/* One more statement, against the cap. */
bool yg_count_statement(yg_expander *x, yg_origin origin);
/* A statement under the names prefix + names[i], which are changed where they are taken, and built
 * on trial. Its results are bound to (*terms)[i], as names. */
bool yg_emit(yg_expander *x, const char *prefix, const char *const *names, size_t count,
             const yg_expression *value, yg_origin origin, yg_term **terms);
/* The same for one name. */
bool yg_emit_one(yg_expander *x, const char *prefix, const char *name, const yg_expression *value,
                 yg_origin origin, yg_term *term);
bool yg_emit_requirement(yg_expander *x, const yg_requirement *required, yg_origin origin);

/* ------------------------------------------------------------------------------------- parts -- */

/* `params:` of a body. */
bool yg_expand_params(yg_expander *x, yg_scope *scope, const yg_body *body);
/* An initialiser with its settings. NULL on failure. */
const yg_initializer *yg_expand_init(yg_expander *x, const yg_scope *scope,
                                     const yg_init_spec *spec);
/* The arguments of one layer, from the names of the node's scope, into the layer's. */
bool yg_bind_arguments(yg_expander *x, const yg_scope *outer, const yg_layer_use *use,
                       yg_scope *scope);
/* `relu`, or `leaky_relu(0.1)`, as the argument `name` of layer type `type`. */
bool yg_read_function(yg_expander *x, const yg_scope *scope, const yg_expression *written,
                      const char *name, const char *type, yg_term *term);
/* The inputs of a layer node, in the order that its layer type has. */
bool yg_expand_inputs(yg_expander *x, const yg_scope *scope, const yg_layer_use *use,
                      const yg_statement *above, yg_term **inputs, size_t *count);
/* What `repeat:` says: how many copies, and the items that a name runs through. */
bool yg_expand_repeat(yg_expander *x, const yg_scope *scope, const yg_layer_use *use,
                      int64_t *count, const yg_term **items);
/* Binds the names in an input's pattern, and emits what they require. `given` is a name. */
bool yg_expand_pattern(yg_expander *x, yg_scope *scope, const yg_input_spec *input,
                       const yg_term *given, yg_origin origin);

/* A body's statements, with all layers in them. */
bool yg_expand_body(yg_expander *x, yg_scope *scope, const yg_body *body);

/* ------------------------------------------------------------------------------------ models -- */

/* Expands a model and tries it for a batch of `batch`, other symbolic dimensions four times that.
 */
bool yg_expand_model(const yg_model *model, yg_pool *pool, int64_t batch, bool training,
                     yg_flat *flat, yg_error *error);
/* Drops statements that nothing uses: second results of layers, say. */
bool yg_prune(const yg_model *model, yg_flat *flat);

#endif
