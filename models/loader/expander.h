/*
 * Expanding: from what a model file says (syntax.h) to one body without layers (flat.h).
 *
 * Anything that needs no tensor is computed: vars, arguments, conditions. Anything that needs a
 * tensor becomes an expression in full names, such as "h.weight" for the weight of layer h. Each
 * such statement is also built at once, in a network on trial, because a layer may ask for the
 * shape of its input.
 */
#ifndef YG_MODELS_LOADER_EXPANDER_H
#define YG_MODELS_LOADER_EXPANDER_H

#include "builder.h"

/* The most statements of a model, with all copies of all layers. More is a mistake, or an attack.
 */
#define YG_STATEMENT_CAP 1000000
/* The most copies of one layer. */
#define YG_REPEAT_CAP 100000

/* A name's value in a body. */
typedef struct yg_binding {
    yg_term term;
    const yg_layer_use *layer; /* the layer node of that name; NULL: the name is no layer node */
    const yg_term *results;    /* of the layer node, in the order of its type's outputs */
    size_t result_count;
    const char *parameter_prefix; /* begins the full names of the layer's parameters */
    const char *parameter_suffix; /* ends them */
    bool shares_one;              /* all copies of the layer use the same parameters */
    bool is_carry; /* of a scan, before the body has given it anew: a node may take its name */
} yg_binding;

/* What there is of an expanded model before a copy of a `repeat:`. */
typedef struct yg_copy_mark {
    size_t statements, params, layers;
    size_t others;  /* updates, losses, fixed values and copies: a copy with these is written out */
    size_t counted; /* as statement_count */
    int64_t elements;
    const yg_expression *result; /* the result of the copy before, a name; NULL: it is no name */
} yg_copy_mark;

/* The names that a body sees. */
struct yg_scope {
    yg_names names;
    yg_binding *bindings;
    const yg_scope *outer; /* of a node with `repeat: {name: …}`, whose items this scope binds, or
                            * of a scan's body: the scope around it; else NULL */
    const char *prefix;    /* "" or "h.": begins the full names of the body's nodes */
    const char *parameter_prefix; /* begins the full names of its parameters; with `share`, those of
                                   * another layer */
    const char *parameter_suffix; /* ends them; "" unless a node around has `names:` */
    bool shared;                  /* the parameters exist already and are not made again */
    bool frozen;                  /* the parameters are not trained, whatever they say themselves */
    const yg_definition *definition; /* the layer type; NULL: the model itself */
    const yg_scan_use *scan;         /* whose body this is; NULL: no scan's */
    const yg_flat_scan *flat_scan;   /* what it is expanded to */
};

typedef struct yg_scan_expanding yg_scan_expanding;

typedef struct yg_expander {
    const yg_model *model;
    yg_pool *pool;
    yg_flat *flat;        /* the result; NULL: only values are wanted, no body is made */
    const yg_flat *first; /* the same model, expanded for another batch; NULL: this is the first */
    yg_builder *trial;    /* builds each statement on trial; NULL: nothing is built */
    bool results;         /* all layers have been expanded: `layer_losses` is known */
    bool met_absent;      /* the error is the use of a name that is absent */
    bool constants;       /* only numbers are wanted: a call of an operator is an error */
    size_t item;  /* within a sum over the items of lists, which one each list stands for, from 1;
                     0: a list is a list */
    size_t items; /* how many items the lists of that sum have; SIZE_MAX: no list was met yet */
    yg_scan_expanding *scan; /* the innermost one whose body is being expanded; NULL: none */
    yg_names symbols;        /* the symbolic dimensions */
    yg_names taken;          /* full names that are in use or reserved */
    const yg_frame *frame;   /* the layer that is being expanded, for messages */
    int depth;               /* how many layers surround the current body */
    yg_origin place;         /* of the entry of the model's own graph that is being expanded */
    size_t statement_count;  /* so far, against YG_STATEMENT_CAP */
    yg_error *error;
} yg_expander;

/* ------------------------------------------------------------------------------------ scopes -- */

/* The binding of a name that the scope sees, or NULL. */
const yg_binding *yg_scope_find(const yg_scope *scope, const char *name);
/* Adds a name. One that the scope sees already is an error at `origin`. */
bool yg_scope_add(yg_expander *x, yg_scope *scope, const char *name, yg_origin origin,
                  yg_binding binding);
/* Finds the value of a name: a binding, a constant of the language, or a parameter of a layer node
 * above. An unknown name is an error at `origin`. */
bool yg_resolve(yg_expander *x, const yg_scope *scope, const char *name, yg_origin origin,
                yg_term *term);
/* The binding of the name that a value consists of, if that is absent; otherwise NULL. Handed on to
 * something optional, it counts as not given. */
const yg_binding *yg_absent_name(const yg_scope *scope, const yg_expression *expression);
/* The error for the use of a name that is absent. Always returns false. */
bool yg_fail_absent(yg_expander *x, const char *name, const yg_term *absent, yg_origin origin);
/* Evaluates `vars:` and adds them to a scope. */
bool yg_bind_vars(yg_expander *x, yg_scope *scope);

/* ------------------------------------------------------------------------------- expressions -- */

/* Expands an expression of a body. *term becomes a constant, or an expression in full names
 * (YG_TERM_WRITTEN). False on failure. */
bool yg_expand_expression(yg_expander *x, const yg_scope *scope, const yg_expression *expression,
                          yg_term *term);
/* The same, but a constant becomes an expression too. NULL on failure. */
const yg_expression *yg_expand_whole(yg_expander *x, const yg_scope *scope,
                                     const yg_expression *expression);
/* A term as an expression. NULL on failure. */
const yg_expression *yg_written(yg_expander *x, const yg_term *term, yg_origin origin);
/* Evaluates a term in the network on trial. False on failure. */
bool yg_value_of(yg_expander *x, const yg_term *term, yg_term *value);
/* True for an operator that a model file can call. */
bool yg_is_function(const yg_op *op);
/* The names of functions, for hints; with `one`, only of operators of one tensor. NULL when out of
 * memory. */
const char **yg_function_names(const yg_expander *x, bool one, size_t *count);
/* The error for a call of a name that is no operator. Always returns false. */
bool yg_unknown_function(const yg_expander *x, const yg_expression *call);

/* --------------------------------------------------------------------------------- emitting -- */

/* Counts one more statement. Fails beyond YG_STATEMENT_CAP. */
bool yg_count_statement(yg_expander *x, yg_origin origin);
/* Appends a statement and builds it on trial. Its full names are prefix + names[i], with a number
 * where that is taken; (*terms)[i] become these names. False on failure. */
bool yg_emit(yg_expander *x, const char *prefix, const char *const *names, size_t count,
             const yg_expression *value, yg_origin origin, yg_term **terms);
/* The same for one name. */
bool yg_emit_one(yg_expander *x, const char *prefix, const char *name, const yg_expression *value,
                 yg_origin origin, yg_term *term);
bool yg_emit_requirement(yg_expander *x, const yg_requirement *required, yg_origin origin);
/* Appends a scan, which the caller builds, under full names. False on failure. */
bool yg_emit_scan(yg_expander *x, const char **names, size_t count, yg_flat_scan *scan,
                  yg_origin origin);
/* A full name that nothing has, as a term. `name` becomes that name. False on failure. */
bool yg_take_name(yg_expander *x, const char *prefix, const char **name, yg_origin origin,
                  yg_term *term);

/* ------------------------------------------------------------------------------------- parts -- */

/* Expands `params:` of a body, or finds them in another layer for `share`. */
bool yg_expand_params(yg_expander *x, yg_scope *scope, const yg_body *body);
/* Expands `update:` of a body, whose parameters and statements have been expanded. */
bool yg_expand_updates(yg_expander *x, const yg_scope *scope, const yg_body *body);
/* Where a body with `share` uses a state that a body above updates, *term becomes the value after
 * that update. */
bool yg_expand_updated(yg_expander *x, const yg_scope *scope, const yg_param_spec *spec,
                       const char *full, yg_term *term);
/* Evaluates `if:` or `trainable:` (`key`), a constant. `what` names what has it. NULL: *holds
 * becomes true. */
bool yg_expand_condition(yg_expander *x, const yg_scope *scope, const yg_expression *condition,
                         const char *key, const char *what, bool *holds);
/* Evaluates a number or truth value that decides what the expanded model is. If it was computed
 * from sizes, all networks must have the same: they will check it. `what` names it in messages. */
bool yg_expand_fixed(yg_expander *x, const yg_term *term, const char *what, yg_origin origin,
                     yg_term *value);
/* Expands `losses:` of a layer type. */
bool yg_expand_losses(yg_expander *x, const yg_scope *scope, const yg_body *body);
/* Notes that a term of the loss is a number, which is known. */
bool yg_loss_is_number(yg_expander *x, yg_flat_loss *loss, double number, yg_origin origin);
/* The sum of the terms that all layers add to the loss. NULL on failure. */
const yg_expression *yg_sum_losses(yg_expander *x, yg_origin origin);
/* Fails if layers add terms that the model's loss leaves out. */
bool yg_check_losses(yg_expander *x);
/* Adds a metric for each name of a term, unless the model has a metric of that name. */
bool yg_add_loss_metrics(yg_expander *x);
/* Evaluates the model's `trainable:`, once all parameters are there. */
bool yg_expand_trainable(yg_expander *x, const yg_scope *scope);
/* Evaluates an initialiser and its settings. NULL on failure. */
const yg_initializer *yg_expand_init(yg_expander *x, const yg_scope *scope,
                                     const yg_init_spec *spec);
/* Evaluates the arguments of a layer node in the node's scope, and adds them to the layer's. */
bool yg_bind_arguments(yg_expander *x, const yg_scope *outer, const yg_layer_use *use,
                       yg_scope *scope);
/* Reads `relu` or `leaky_relu(0.1)` as the argument `name` of layer type `type`. */
bool yg_read_function(yg_expander *x, const yg_scope *scope, const yg_expression *written,
                      const char *name, const char *type, yg_term *term);
/* Expands the inputs of a layer node, in the order of its layer type. */
bool yg_expand_inputs(yg_expander *x, const yg_scope *scope, const yg_layer_use *use,
                      const yg_statement *above, yg_term **inputs, size_t *count);
/* Evaluates `repeat:`: *count becomes the number of copies. *items become the values of the
 * repeated name, one for each copy: the items of a list, or the copy's number. */
bool yg_expand_repeat(yg_expander *x, const yg_scope *scope, const yg_layer_use *use,
                      int64_t *count, const yg_term **items);
/* Evaluates `names:` in a scope: what the full names of the node's parameters begin and end with.
 */
bool yg_name_parameters(yg_expander *x, const yg_scope *scope, const yg_layer_use *use,
                        const char **prefix, const char **suffix);
yg_copy_mark yg_mark_copy(const yg_expander *x, const yg_term *result);
/* If the last YG_COPIES_COMPARED copies of a layer, which `marks` stand before and behind, are
 * equal but for numbers in names, skips the next `count`: *skipped becomes `count`, otherwise 0.
 * *result, the result of the last copy, becomes that of the last skipped one. False on failure. */
bool yg_skip_copies(yg_expander *x, const yg_copy_mark *marks, int64_t count, yg_origin origin,
                    int64_t *skipped, yg_term *result);
/* Binds the names in an input's pattern, and emits the requirement that its shape fits. `given` is
 * the input, as a name. */
bool yg_expand_pattern(yg_expander *x, yg_scope *scope, const yg_input_spec *input,
                       const yg_term *given, yg_origin origin);
/* Binds an input that is absent, and the names in its pattern that have no value, as absent. */
bool yg_absent_pattern(yg_expander *x, yg_scope *scope, const yg_input_spec *input,
                       const yg_term *absent);

/* Expands a body's statements, with all layers in them. */
bool yg_expand_body(yg_expander *x, yg_scope *scope, const yg_body *body);

/* ------------------------------------------------------------------------------------ models -- */

/* Expands a model into `flat`, and builds it on trial for a batch of `batch` examples; other
 * symbolic dimensions are four times as large. `first` is the same model expanded for another
 * batch, or NULL. False on failure. */
bool yg_expand_model(const yg_model *model, yg_pool *pool, int64_t batch, bool training,
                     const yg_flat *first, yg_flat *flat, yg_error *error);
/* Builds a network of an expanded model on trial, for that batch. False on failure. */
bool yg_try_model(const yg_model *model, const yg_flat *flat, int64_t batch, bool training,
                  yg_error *error);
/* Drops statements that no output, loss or metric needs, such as a layer's unused second result. */
bool yg_prune(const yg_model *model, yg_flat *flat);

#endif
