/*
 * From what a model file says (syntax.h) to a network: names get values, layers are placed,
 * expressions become nodes. Private to models/.
 */
#ifndef YG_MODELS_LOADER_BUILDER_H
#define YG_MODELS_LOADER_BUILDER_H

#include "syntax.h"

/* Nodes of `graph:` in all copies of all layers: a model beyond that is a mistake, or an attack. */
#define YG_STATEMENT_CAP 1000000
/* Copies of one layer. */
#define YG_REPEAT_CAP 100000

typedef struct yg_scope yg_scope;

/* ------------------------------------------------------------------------------------ values -- */

typedef enum yg_term_kind {
    YG_TERM_INT,      /* .i */
    YG_TERM_FLOAT,    /* .f */
    YG_TERM_BOOL,     /* .i */
    YG_TERM_TEXT,     /* .text: a choice */
    YG_TERM_LIST,     /* .items[0 .. count) */
    YG_TERM_TENSOR,   /* .node */
    YG_TERM_FUNCTION, /* .call: an operator's call, to be completed by its operand */
    YG_TERM_INIT,     /* .init */
    YG_TERM_LAYER,    /* .layers, to be placed with the names of .scope */
    YG_TERM_ABSENT,   /* a parameter whose `if:` is false, .text tells why */
} yg_term_kind;

typedef struct yg_term yg_term;
struct yg_term {
    yg_term_kind kind;
    bool varies; /* another batch size, or training, would make another value of it */
    union {
        int64_t i;
        double f;
        yg_node node;
        const char *text;
        const yg_expression *call;
        const yg_initializer *init;
        struct {
            yg_term *items;
            size_t count;
        };
        struct {
            const yg_layer_use *const *layers;
            size_t layer_count;
            const yg_scope *scope;
        };
    };
};

/* A name's value. */
typedef struct yg_binding {
    yg_term term;
    const yg_expression *written; /* how the expanded model writes it; NULL: by its value */
    const yg_layer_use *layer;    /* the layer node that made it; NULL: another thing did */
    const char *parameter_prefix; /* of that node's parameters */
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
    const yg_library *library;
};

/* ----------------------------------------------------------------------------------- network -- */

struct yg_network {
    yg_pool *pool;
    yg_graph *graph;
    yg_tensor_name *inputs, *targets, *outputs, *metrics;
    size_t input_count, target_count, output_count, metric_count;
    yg_network_parameter *parameters;
    yg_names parameter_names;
    yg_network_layer *layers;
    size_t layer_count;
    yg_node loss;
};

/* What yg_model_expand() prints: filled in while a network is built. */
typedef struct yg_expanded {
    const char **names; /* of one statement */
    size_t name_count;
    const yg_expression *value;
} yg_expanded;

typedef struct yg_expansion {
    yg_expanded *statements;
    size_t statement_count;
    yg_output_spec *outputs;
    yg_output_spec *metrics;
    const yg_expression *loss;
} yg_expansion;

typedef struct yg_builder {
    const yg_model *model;
    yg_network *network; /* NULL: constants only */
    yg_graph *graph;     /* NULL: constants only */
    yg_pool *pool;
    yg_dtype dtype; /* of floats */
    bool training;
    int depth;       /* of layers in one another */
    yg_origin place; /* of the node in the model's own graph */
    size_t statement_count;
    int64_t parameter_elements;
    yg_expansion *expansion; /* NULL: not wanted */
    yg_error *error;
} yg_builder;

/* ------------------------------------------------------------------------------------ scopes -- */

/* The binding of a visible name, or NULL. */
const yg_binding *yg_scope_find(const yg_scope *scope, const char *name);
/* Adds a name; one that is taken is an error at `origin`. */
bool yg_scope_add(yg_builder *builder, yg_scope *scope, const char *name, yg_origin origin,
                  yg_binding binding);
/* A name's value: a binding, a constant of the language, or a parameter of a layer above. */
bool yg_resolve(const yg_builder *builder, const yg_scope *scope, const char *name,
                yg_origin origin, yg_term *term);

/* "the number 3", "a tensor f32[2, 3]": for messages. Returns `text`. */
const char *yg_term_describe(const yg_builder *builder, const yg_term *term, char *text,
                             size_t size);

/* ------------------------------------------------------------------------------- expressions -- */

bool yg_evaluate_term(yg_builder *builder, const yg_scope *scope, const yg_expression *expression,
                      yg_term *term);
/* An operator's call, or anything else with one result; `results` has room for YG_MAX_RESULTS. */
bool yg_evaluate_all(yg_builder *builder, const yg_scope *scope, const yg_expression *expression,
                     yg_term *results, size_t *count);
bool yg_evaluate_call(yg_builder *builder, const yg_scope *scope, const yg_expression *call,
                      const char *op, yg_term *results, size_t *count);
bool yg_evaluate_index(yg_builder *builder, const yg_scope *scope, const yg_expression *expression,
                       yg_term *term);
/* A whole number of at least `min`; `what` names it in messages. */
bool yg_evaluate_int(yg_builder *builder, const yg_scope *scope, const yg_expression *expression,
                     const char *what, int64_t min, int64_t *value);
bool yg_evaluate_bool(yg_builder *builder, const yg_scope *scope, const yg_expression *expression,
                      const char *what, bool *value);
/* A tensor; numbers become scalars of the network's types. */
bool yg_evaluate_tensor(yg_builder *builder, const yg_scope *scope, const yg_expression *expression,
                        const char *what, yg_node *node);
yg_node yg_term_node(yg_builder *builder, const yg_term *term, yg_dtype dtype);

/* Arithmetic ("+", "==", …) of two numbers; texts and truth values can be compared. */
bool yg_number_operation(const yg_builder *builder, const yg_expression *operation,
                         const yg_term *a, const yg_term *b, yg_term *result);

/* The first failure of the graph, told at the place of the expression. Returns false. */
bool yg_fail_from_graph(const yg_builder *builder, yg_origin origin);
/* Where nodes that an expression adds come from. */
void yg_builder_at(const yg_builder *builder, yg_origin origin);

/* ------------------------------------------------------------------------------------ layers -- */

/* The statements of a body, in order, into its scope. */
bool yg_build_body(yg_builder *builder, yg_scope *scope, const yg_body *body);
/* One more statement, against the cap. */
bool yg_count_statement(yg_builder *builder, yg_origin origin);
bool yg_build_params(yg_builder *builder, yg_scope *scope, const yg_body *body);
/* That each output with `units` has the shape for it, in a network whose ports and outputs are
 * built. (units.c) */
bool yg_check_units(const yg_builder *builder);
/* Places a layer node and gives its results (room for `names` of the statement). */
bool yg_build_layer(yg_builder *builder, yg_scope *scope, const yg_statement *statement,
                    const yg_statement *above);
/* The arguments of one layer, from the names of the node's scope, into the layer's. */
bool yg_bind_arguments(yg_builder *builder, const yg_scope *outer, const yg_layer_use *use,
                       yg_scope *scope);
/* Matches a tensor with a pattern: its names become, or must equal, sizes in `scope`. */
bool yg_match_shape(yg_builder *builder, yg_scope *scope, const yg_input_spec *input,
                    const yg_binding *given, yg_origin origin);

/* `vars:` into a scope. */
bool yg_build_vars(yg_builder *builder, yg_scope *scope);
/* The declared shape with sizes for its symbols (-1, and the name in `symbols`, where unknown). */
bool yg_resolve_ports(yg_model *model, yg_error *error);

/* A network of the model; `expansion` may be NULL. */
yg_network *yg_network_make(const yg_model *model, const yg_network_options *options,
                            yg_expansion *expansion, yg_error *error);

/* The same for a batch of `batch`, other symbolic dimensions four times that: to see whether it can
 * be built. */
yg_network *yg_network_try(const yg_model *model, int64_t batch, bool training,
                           yg_expansion *expansion, yg_error *error);

/* ------------------------------------------------------------------------------ initialisers -- */

const yg_initializer *yg_build_init(yg_builder *builder, const yg_scope *scope,
                                    const yg_init_spec *spec);
/* That it can fill a tensor of this shape. */
bool yg_initializer_fits(const yg_initializer *init, const yg_type *type, yg_origin origin,
                         yg_error *error);
bool yg_initializer_fill(const yg_initializer *init, const yg_type *type, const char *name,
                         uint64_t seed, void *data, yg_error *error);
/* "{type: normal, mean: 0, std: 0.5}", in `pool`. NULL when out of memory. */
const char *yg_initializer_text(const yg_initializer *init, yg_pool *pool);

/* ----------------------------------------------------------------------------------- rewriting --
 * For yg_model_expand(): expressions in the names of the expanded model. NULL when out of memory.
 */

const yg_expression *yg_rewrite(const yg_builder *builder, const yg_scope *scope,
                                const yg_expression *expression);
const yg_expression *yg_written_name(yg_pool *pool, const char *name, yg_origin origin);
const yg_expression *yg_written_term(yg_pool *pool, const yg_term *term, yg_origin origin);
/* One statement of the expanded model, if one is wanted. */
bool yg_expand_statement(yg_builder *builder, const char **names, size_t count,
                         const yg_expression *value);

/* -------------------------------------------------------------------------------------- names --
 */

/* Calls `visit` for each name in an expression, calls' functions left out. */
typedef void (*yg_visit)(void *context, const char *name);
void yg_visit_names(const yg_expression *expression, yg_visit visit, void *context);
/* … and in everything that a layer node says. */
void yg_visit_layer_names(yg_pool *pool, const yg_layer_use *use, yg_visit visit, void *context);

#endif
