/*
 * What a model file says, as structs: made once when it is loaded, and only read after that.
 * Nothing here has a shape or a value yet; a network (builder.h) gives them.
 */
#ifndef YG_MODELS_LOADER_SYNTAX_H
#define YG_MODELS_LOADER_SYNTAX_H

#include "../model.h"
#include "expression.h"
#include "names.h"

#define YG_FORMAT_VERSION 1
/* How deep layer types may stand in one another. */
#define YG_NESTING_CAP 64

typedef struct yg_library yg_library;
typedef struct yg_definition yg_definition;
typedef struct yg_layer_use yg_layer_use;

/* `[B, 2 * width]`: an expression a dimension, NULL for `...` (at most one, in patterns only). */
typedef struct yg_shape_spec {
    yg_origin origin;
    size_t count;
    const yg_expression **dims;
} yg_shape_spec;

/* `init: {type: normal, std: 0.5}`, or a name alone. */
typedef struct yg_init_spec {
    yg_origin origin;
    const char *type; /* an initialiser, or an argument of kind init */
    size_t count;
    const char **keys;
    const yg_origin *key_origins;
    const yg_expression **values;
} yg_init_spec;

typedef struct yg_param_spec {
    yg_origin origin;
    const char *name;
    yg_shape_spec shape;
    const yg_init_spec *init;
    const yg_expression *condition; /* `if:`; NULL: always */
    bool trainable;
} yg_param_spec;

/* A layer type's input: a name and a pattern. */
typedef struct yg_input_spec {
    yg_origin origin;
    const char *name;
    yg_shape_spec shape;
} yg_input_spec;

/* An entry of `inputs:` or `targets:` of the model. */
typedef struct yg_port_spec {
    yg_origin origin;
    const char *name;
    yg_shape_spec shape;
    yg_dtype dtype;
    const yg_expression *classes; /* how many; NULL: not given, or by name */
    const char *const *class_names;
    size_t class_name_count;
    bool target;
} yg_port_spec;

typedef enum yg_argument_kind {
    YG_ARGUMENT_INT,
    YG_ARGUMENT_FLOAT,
    YG_ARGUMENT_BOOL,
    YG_ARGUMENT_CHOICE,
    YG_ARGUMENT_OP,    /* an operator of one operand, perhaps with arguments: leaky_relu(0.1) */
    YG_ARGUMENT_INIT,  /* an initialiser */
    YG_ARGUMENT_INTS,  /* a list of whole numbers */
    YG_ARGUMENT_LAYER, /* a layer, or a list of layers in a row */
} yg_argument_kind;

/* What a layer type declares of an argument. */
typedef struct yg_argument_spec {
    yg_origin origin;
    const char *name;
    yg_argument_kind kind;
    double min, max;          /* -HUGE_VAL, HUGE_VAL: open */
    const char **choices;     /* NULL-terminated */
    const yg_value *fallback; /* NULL: required */
} yg_argument_spec;

/* What a layer node gives for it. */
typedef struct yg_argument {
    const yg_value *value;       /* NULL: left out */
    const yg_layer_use **layers; /* YG_ARGUMENT_LAYER: the layers in a row */
    size_t layer_count;
} yg_argument;

/* `input:` of a layer node. */
typedef struct yg_input_use {
    yg_origin origin;
    const char *name; /* written as a map; otherwise NULL */
    const yg_expression *value;
} yg_input_use;

/* A layer node: `{type: linear, input: x, out_features: 3}`. */
struct yg_layer_use {
    yg_origin origin;
    const char *type;
    const yg_definition *definition; /* NULL: `type` names an argument of kind layer */
    yg_argument *arguments;          /* as definition->arguments */
    bool input_above;                /* no `input:` */
    yg_input_use *inputs;
    size_t input_count;
    const yg_expression *repeat; /* a count, or a list; NULL: once */
    const char *repeat_name;     /* `repeat: {name: list}` */
    const char *share;           /* the node whose parameters it uses; NULL: its own */
};

/* An entry of `graph:`. */
typedef struct yg_statement {
    yg_origin origin;
    const char **names; /* q, k, v */
    size_t name_count;
    const yg_expression *expression; /* or … */
    const yg_layer_use *layer;
} yg_statement;

/* An entry of `outputs:` or `metrics:`. */
typedef struct yg_output_spec {
    yg_origin origin;
    const char *name;
    const yg_expression *value;
    const char *units; /* `{value: h, units: y}`: NULL: not given */
    yg_origin units_origin;
} yg_output_spec;

/* What a model and a layer type have in common. */
typedef struct yg_body {
    yg_param_spec *params;
    size_t param_count;
    yg_statement *statements;
    size_t statement_count;
    yg_output_spec *outputs;
    size_t output_count;
} yg_body;

struct yg_definition {
    yg_origin origin;
    const char *name;
    const yg_value *value;
    const yg_library *library; /* what its body may name */
    yg_argument_spec *arguments;
    size_t argument_count;
    yg_input_spec *inputs;
    size_t input_count;
    yg_body body;
    int height; /* of the tree of layer types below it; 0: not known yet, -1: being found */
    bool used;
};

/* The layer types that the definitions and the graph of one file see, besides the built-in ones. */
struct yg_library {
    const char *path;
    const char *folder;
    yg_names names;
    yg_definition **definitions;
};

/* An entry of `vars:`. */
typedef struct yg_var {
    yg_origin origin;
    const char *name;
    const yg_expression *value;
} yg_var;

typedef struct yg_shape_expectation {
    yg_origin origin;
    const char *name;
    yg_shape_spec shape;
} yg_shape_expectation;

struct yg_model {
    yg_pool *pool;
    const yg_op_set *ops;
    yg_document **documents;
    size_t document_count;
    const yg_value *root;
    const yg_value *run_root; /* NULL: no second file */
    const char *path, *folder, *run_folder;
    const char *name, *doc;

    yg_var *vars;
    size_t var_count;
    yg_library library;
    yg_library built_in;
    yg_definition **definitions; /* of every file, in the order in which they were met */
    size_t definition_count;
    const yg_library **included; /* by path, to read each file once */
    size_t included_count;

    yg_port_spec *port_specs;
    yg_port *ports;
    size_t port_count;
    yg_body body;
    const yg_expression *loss; /* NULL: none */
    yg_output_spec *metrics;
    size_t metric_count;

    const yg_value *expected_parameters; /* NULL: not said */
    yg_shape_expectation *expected_shapes;
    size_t expected_shape_count;
};

/* ---------------------------------------------------------------------------- reading parts --
 * What takes no pool uses the model's. All fail with the place of the mistake. */

/* An entry's text as an expression; lists become list expressions. `what` names it. */
const yg_expression *yg_read_expression(yg_pool *pool, const yg_value *value, const char *what,
                                        yg_error *error);
bool yg_read_shape(yg_pool *pool, const yg_value *value, const char *what, bool ellipsis,
                   yg_shape_spec *shape, yg_error *error);
/* A name that may be declared: an identifier, not a word of the language. `dots`: as yg_is_name. */
bool yg_read_name(const yg_value *key, const char *what, bool dots, yg_error *error);

/* `format: 1` of a file. */
bool yg_read_format(const yg_value *root, yg_error *error);
bool yg_read_ports(yg_model *model, const yg_value *inputs, const yg_value *targets,
                   yg_error *error);
bool yg_read_params(yg_model *model, const yg_value *value, yg_body *body, yg_error *error);
const yg_init_spec *yg_read_init(yg_pool *pool, const yg_value *value, yg_error *error);
bool yg_read_outputs(yg_model *model, const yg_value *value, const char *what, bool list_allowed,
                     yg_output_spec **outputs, size_t *count, yg_error *error);
/* What stands behind an output's name: an expression, or `{value: h, units: y}`. (units.c) */
bool yg_read_output_value(yg_model *model, const yg_value *value, const char *what,
                          yg_output_spec *spec, yg_error *error);
/* Fails where an entry has units: those of metrics and of layer types have none. (units.c) */
bool yg_refuse_units(const yg_output_spec *outputs, size_t count, const char *what,
                     yg_error *error);
/* Whether `units` name inputs and targets that can have them; after yg_resolve_ports(). (units.c)
 */
bool yg_resolve_units(const yg_model *model, yg_error *error);

/* `graph:`. `library` and `definition` (NULL for the model's own graph) tell what `type:` can name.
 */
bool yg_read_graph(yg_model *model, const yg_value *value, const yg_library *library,
                   const yg_definition *definition, yg_body *body, yg_error *error);
/* A layer node; `nested`: an argument of kind layer, which has no `input:` or `share:`. */
const yg_layer_use *yg_read_layer_use(yg_model *model, const yg_value *value,
                                      const yg_library *library, const yg_definition *definition,
                                      bool nested, yg_error *error);

/* `define:`: the heads (arguments, inputs) of the entries, so that nodes can be read against them.
 */
bool yg_read_definitions(yg_model *model, const yg_value *value, yg_library *library,
                         yg_error *error);
/* `include:`: the layer types of other files. */
bool yg_read_includes(yg_model *model, const yg_value *value, yg_library *library, int depth,
                      yg_error *error);
/* The bodies of all definitions met so far and of those they need, and that none holds itself. */
bool yg_finish_definitions(yg_model *model, yg_error *error);
/* A layer type by name: the file's own, else the built-in. NULL with an error that suggests. */
yg_definition *yg_find_definition(yg_model *model, const yg_library *library, const char *name,
                                  yg_origin origin, yg_error *error);

/* Every name that is declared is used. */
bool yg_check_names_used(yg_model *model, yg_error *error);

/* Reads a document and keeps it as long as the model. */
const yg_value *yg_model_read(yg_model *model, const char *path, yg_error *error);

/* The folder that `path` stands in, "." where it names none. */
const char *yg_folder_of(yg_pool *pool, const char *path);

/* "`Dense`": the word of another framework for something here, or NULL. */
const char *yg_foreign_word(const char *word);

#endif
