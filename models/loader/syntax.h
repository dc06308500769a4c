/*
 * The content of a model file, as structs. They are made once, when the file is loaded, and do not
 * change after that. Expressions have no value and no shape yet: expansion (expander.h) finds them.
 */
#ifndef YG_MODELS_LOADER_SYNTAX_H
#define YG_MODELS_LOADER_SYNTAX_H

#include "../model.h"
#include "expression.h"
#include "names.h"

#define YG_FORMAT_VERSION 1
/* The deepest nesting of layer types. */
#define YG_NESTING_CAP 64

typedef struct yg_flat yg_flat;
typedef struct yg_schedule yg_schedule;
typedef struct yg_library yg_library;
typedef struct yg_definition yg_definition;
typedef struct yg_layer_use yg_layer_use;
typedef struct yg_scan_use yg_scan_use;

/* A shape, `[B, 2 * width]`: an expression for each dimension. NULL stands for `...`, which only a
 * pattern may have, and only once. */
typedef struct yg_shape_spec {
    yg_origin origin;
    size_t count;
    const yg_expression **dims;
} yg_shape_spec;

/* `init: {type: normal, std: 0.5}`, or a name alone. */
typedef struct yg_init_spec {
    yg_origin origin;
    const char *type; /* an initialiser, or an argument of kind init */
    size_t count;     /* of settings */
    const char **keys;
    const yg_origin *key_origins;
    const yg_expression **values;
} yg_init_spec;

/* An entry of `params:` or `state:`. */
typedef struct yg_param_spec {
    yg_origin origin;
    const char *name;
    yg_shape_spec shape;
    const yg_init_spec *init;
    const yg_expression *condition; /* `if:`; NULL: the parameter always exists */
    const yg_expression *trainable; /* NULL: it is */
    bool state;
    yg_dtype dtype; /* as written; a float type becomes the network's */
} yg_param_spec;

/* An entry of `update:`: what a state becomes after a training step. */
typedef struct yg_update_spec {
    yg_origin origin;
    const char *name;
    const yg_expression *value;
} yg_update_spec;

/* A layer type's input: a name and a pattern. */
typedef struct yg_input_spec {
    yg_origin origin;
    const char *name;
    yg_shape_spec shape;
    bool optional; /* a node may leave it out */
} yg_input_spec;

/* An entry of `inputs:` or `targets:` of the model. */
typedef struct yg_port_spec {
    yg_origin origin;
    const char *name;
    yg_shape_spec shape;
    yg_dtype dtype;
    const yg_expression *classes; /* their number; NULL: not given, or given by name */
    const char *const *class_names;
    size_t class_name_count;
    bool target;
} yg_port_spec;

typedef enum yg_argument_kind {
    YG_ARGUMENT_INT,
    YG_ARGUMENT_FLOAT,
    YG_ARGUMENT_BOOL,
    YG_ARGUMENT_CHOICE,
    YG_ARGUMENT_OP,     /* an operator of one operand, perhaps with arguments: leaky_relu(0.1) */
    YG_ARGUMENT_INIT,   /* an initialiser */
    YG_ARGUMENT_INTS,   /* a list of whole numbers */
    YG_ARGUMENT_LAYER,  /* a layer, or a list of layers in a row */
    YG_ARGUMENT_FLOATS, /* a list of numbers */
} yg_argument_kind;

/* The declaration of an argument in a layer type. */
typedef struct yg_argument_spec {
    yg_origin origin;
    const char *name;
    yg_argument_kind kind;
    double min, max;          /* -HUGE_VAL, HUGE_VAL: open */
    int64_t count;            /* of a list: its entries; 0: any number */
    const char **choices;     /* NULL-terminated. YG_ARGUMENT_INTS: words that may stand in place of
                                 the list; NULL: there are none */
    const yg_value *fallback; /* NULL: it has none */
    bool optional;            /* without a fallback: a node may leave it out; it is then absent */
} yg_argument_spec;

/* The value of an argument in a layer node. */
typedef struct yg_argument {
    const yg_value *value;       /* NULL: left out */
    const yg_layer_use **layers; /* YG_ARGUMENT_LAYER: the layers in a row */
    size_t layer_count;
} yg_argument;

/* `input:` of a layer node. */
typedef struct yg_input_use {
    yg_origin origin;
    const char *name; /* the layer's name of the input, if written as a map; otherwise NULL */
    const yg_expression *value;
} yg_input_use;

/* A layer node: `{type: linear, input: x, out_features: 3}`. */
struct yg_layer_use {
    yg_origin origin;
    const char *type;
    const yg_definition *definition; /* NULL: `type` names an argument of kind layer */
    yg_argument *arguments;          /* one for each of definition->arguments */
    bool input_above;                /* `input:` is left out */
    yg_input_use *inputs;
    size_t input_count;
    const yg_expression *repeat;    /* a count, or a list; NULL: once */
    const char *repeat_name;        /* the name in `repeat: {name: …}`; otherwise NULL */
    const char *share;              /* the node whose parameters it uses; NULL: its own */
    const yg_expression *condition; /* `if:`; NULL: the node always exists */
    const yg_expression *trainable; /* of all its parameters; NULL: they are */
    const char *names;      /* how its parameters are named, "{name}_l{i}"; NULL: after the node */
    yg_origin names_origin; /* of `names:` */
};

/* An entry of `graph:`. */
typedef struct yg_statement {
    yg_origin origin;
    const char **names; /* q, k, v */
    size_t name_count;
    const yg_expression *expression; /* of an expression; otherwise NULL */
    const yg_layer_use *layer;       /* of a layer node; otherwise NULL */
    const yg_scan_use *scan;         /* of a scan node; otherwise NULL */
} yg_statement;

/* An entry of `outputs:` or `metrics:`. */
typedef struct yg_output_spec {
    yg_origin origin;
    const char *name;
    const yg_expression *value;
    const char
        *units;  /* y in `{value: h, units: y}` or `{value: h, classes: y}`; NULL: not given */
    bool scores; /* it is `classes: y` */
    yg_origin units_origin;
    yg_join join; /* of a metric. YG_JOIN_RATIO: `value` is a call of "/" */
    yg_type type; /* of a metric of the expanded model, at the sizes it was tried with */
} yg_output_spec;

/* An entry of `trainable:` of the model: "encoder.*": false. */
typedef struct yg_trainable_spec {
    yg_origin origin;
    const char *pattern; /* of names of parameters; `*` stands for any text */
    const yg_expression *value;
} yg_trainable_spec;

/* The parts that a model and a layer type have in common. */
typedef struct yg_body {
    yg_param_spec *params; /* parameters, then state */
    size_t param_count;
    yg_update_spec *updates;
    size_t update_count;
    yg_statement *statements;
    size_t statement_count;
    yg_output_spec *outputs;
    size_t output_count;
    yg_output_spec *losses; /* `losses:` of a layer type: terms that it adds to the loss */
    size_t loss_count;
} yg_body;

/* A name that a scan's body sees: of a slice with its sequence, or of a carry with its start. */
typedef struct yg_scan_name {
    yg_origin origin;
    const char *name;
    const yg_expression *value;              /* in the names around the scan */
    const yg_expression *lengths, *truncate; /* of a carry: whether they concern it; NULL: yes */
} yg_scan_name;

/* A scan node: `{scan: {x_t: x}, carry: {h: h_0}, graph: {h: tanh(x_t + h)}, collect: [h]}`. */
struct yg_scan_use {
    yg_origin origin;
    yg_scan_name *slices;
    size_t slice_count;
    yg_scan_name *carries;
    size_t carry_count;
    yg_body body; /* one step, without params; its outputs are `collect:` */
    const yg_expression *dim, *steps, *reverse, *lengths, *truncate; /* NULL: not given */
};

/* An entry of `vars:`, or of `where:` in a schedule. */
typedef struct yg_var {
    yg_origin origin;
    const char *name;
    const yg_expression *value;
    bool idle; /* nothing uses it, because an override has replaced what did */
} yg_var;

/* An entry of `define:`, a layer type or a schedule. */
struct yg_definition {
    yg_origin origin;
    const char *name;
    const yg_value *value;
    const yg_library *library; /* the layer types that its body may use */
    yg_argument_spec *arguments;
    size_t argument_count;
    const yg_expression *rate; /* of a schedule, which has nothing of what follows but `terms` and
                                * `used`; NULL: a layer type */
    yg_var *terms;             /* `where` of a schedule: formulas with names */
    size_t term_count;
    yg_input_spec *inputs;
    size_t input_count;
    yg_body body;
    int height; /* of the tree of layer types in its body; 0: not known yet, -1: being computed */
    bool used;  /* a layer node, or `schedule:`, has this type */
};

/* The layer types and schedules that one file can use, besides the built-in ones. */
struct yg_library {
    const char *path;
    const char *folder;
    yg_names names;
    yg_definition **definitions;
};

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

    yg_override *overrides; /* changes that the roots have got, and the files have not */
    size_t override_count;
    const yg_value **replaced; /* values that an override has replaced */
    size_t replaced_count;

    yg_var *vars;
    size_t var_count;
    yg_library library;
    yg_library built_in, built_in_schedules; /* those that are used; a layer type and a schedule may
                                              * have the same name */
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

    yg_trainable_spec *trainables;
    size_t trainable_count;

    bool dotted; /* a name in it has a dot, so that it may equal the full name of something else */
    const yg_schedule *schedule;  /* NULL: the section `train` has none */
    yg_flat *flat;                /* the expanded model; NULL while it is loaded */
    const yg_value *data, *train; /* the sections, with vars replaced by values; NULL: not read yet,
                                   * or the file has none */
    yg_names section_vars;        /* the vars that the two sections use */

    const yg_value *expected_parameters;   /* `expect: parameters`; NULL: not given */
    const yg_expression *expected_formula; /* the same, if it is no number; otherwise NULL */
    yg_shape_expectation *expected_shapes;
    size_t expected_shape_count;
};

#endif
