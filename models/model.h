/*
 * Models: a YAML model file, read and checked (yg_model), and the graph that it describes for one
 * batch size (yg_network).
 */
#ifndef YG_MODELS_MODEL_H
#define YG_MODELS_MODEL_H

#include "../graph/graph.h"
#include "loader/document.h"

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

typedef struct yg_model yg_model;
typedef struct yg_network yg_network;

typedef struct yg_model_options {
    /* Other values than those of the files, as --set gives them: "hidden=8" for a var, and
     * "train.optimizer.lr=0.01" for any other value, by its keys. They are read as if they stood in
     * the file. */
    const char *const *overrides;
    size_t override_count;
    /* Other files than those that `data:` names, "train=more.csv", as --data gives them: NAME=PATH.
     * NAME is a part (train, validation, test), which is made if there is none. Or it is an input
     * or target, for its file in `arrays:` of the training part, or of another one as "test.x".
     * Such paths start from the current folder. */
    const char *const *data;
    size_t data_count;
    const char *run_path; /* a second file with `data:` and `train:`; NULL: none */
    const yg_op_set *ops; /* NULL: yg_ops() */
} yg_model_options;

/* Reads a model file and the files that it includes, and checks them: grammar, names, kinds, and
 * that the graph can be built (at batch sizes 2 and 4) with the expected shapes. `options` may be
 * NULL. NULL on failure; freed by yg_model_free(). */
yg_model *yg_model_load(const char *path, const yg_model_options *options, yg_error *error);
void yg_model_free(yg_model *model); /* NULL is allowed */

const char *yg_model_name(const yg_model *model);
const char *yg_model_doc(const yg_model *model); /* "" if it has none */
const char *yg_model_path(const yg_model *model);
/* The section "data" or "train", which this folder does not read itself. Formulas over vars are
 * replaced by their values, so a reader needs no vars. NULL: the file has no such section. Belongs
 * to the model. */
const yg_value *yg_model_section(const yg_model *model, const char *key);
/* The folder that relative paths in that section start from: that of the file it stands in. */
const char *yg_model_folder(const yg_model *model, const char *key);

/* An override, for a copy of the file that has the new value in it. */
typedef struct yg_override {
    const yg_value *old;     /* the value that it replaces; NULL: there was none */
    const yg_value *mapping; /* then: the mapping that gets an entry more */
    const char *key;         /* and the key of the entry, as YAML */
    const yg_value *value;   /* the new value; `text` is the file of its origin */
    const char *text;        /* the same as YAML that fits the place */
} yg_override;

/* The overrides in the order given, without those that a later one has replaced. A place may be
 * within the value of an earlier override. */
const yg_override *yg_model_overrides(const yg_model *model, size_t *count);
/* Whether nothing uses a var any more, because an override has replaced what did. In a file that is
 * an error. */
bool yg_model_var_is_idle(const yg_model *model, const char *name);

/* ------------------------------------------------------------------------ inputs, targets --- */

/* An input or a target as declared. */
typedef struct yg_port {
    const char *name;
    yg_dtype dtype; /* as declared; in a network, a float port has the network's dtype */
    int rank;
    int64_t shape[YG_MAX_RANK];       /* -1 for a symbolic dimension */
    const char *symbols[YG_MAX_RANK]; /* the name of a symbolic dimension; NULL for a fixed one */
    int64_t classes;                  /* 0: not declared */
    const char *const *class_names;   /* `classes: [no, yes]`; NULL if only counted */
    bool target;                      /* false: an input */
    yg_origin origin;
} yg_port;

size_t yg_model_port_count(const yg_model *model); /* inputs, then targets */
const yg_port *yg_model_port(const yg_model *model, size_t index);
/* The index of the input or target of that name, or SIZE_MAX. */
size_t yg_model_find_port(const yg_model *model, const char *name);

/* An entry of `outputs:` as declared. */
typedef struct yg_model_output {
    const char *name;
    const char *units; /* the input or target whose units or classes it has; NULL: none */
} yg_model_output;

size_t yg_model_output_count(const yg_model *model);
yg_model_output yg_model_get_output(const yg_model *model, size_t index);

/* The names of the metrics: those of `metrics:`, then those of terms that layers add to the loss.
 */
size_t yg_model_metric_count(const yg_model *model);
const char *yg_model_metric(const yg_model *model, size_t index);

/* How a metric of many examples comes from its values in batches. */
typedef enum yg_join {
    YG_JOIN_PLAN, /* its graph tells: see train/score_plan.h */
    YG_JOIN_MEAN, /* the mean, each batch weighted by its examples */
    YG_JOIN_SUM,
    YG_JOIN_MAX,
    YG_JOIN_MIN,
    YG_JOIN_RATIO, /* a quotient of two sums over all batches */
} yg_join;

/* A metric as declared. */
typedef struct yg_metric {
    const char *name;
    const char *function; /* the operator whose call it is: "roc_curve"; NULL: another expression */
    const char *units;    /* the input or target that gives its units; NULL: none */
    yg_join join;
    yg_origin origin;
} yg_metric;

yg_metric yg_model_get_metric(const yg_model *model, size_t index);

/* --------------------------------------------------------------------------------- networks -- */

/* A symbolic dimension's number. */
typedef struct yg_dim {
    const char *name;
    int64_t size;
} yg_dim;

typedef struct yg_network_options {
    const yg_dim *dims; /* a size for every symbolic dimension of the ports, the batch's too */
    size_t dim_count;
    bool training;        /* build for training: dropout drops; false: for evaluation */
    bool outputs_only;    /* leave out targets, loss and metrics, as predict does */
    yg_dtype dtype;       /* YG_F32 or YG_F64: the type of every float tensor */
    unsigned graph_flags; /* YG_GRAPH_NO_ALGEBRA, YG_GRAPH_NO_FOLD, both or 0 */
    /* For metrics with `units`: builds what a float64 tensor of the port's shape is in the port's
     * units. The data know them, a model does not. YG_NONE after yg_graph_fail(). NULL: tensors
     * stay as they are. */
    yg_node (*in_units)(void *context, yg_graph *graph, size_t port, yg_node node);
    void *units_context;
    const struct yg_graph_shards *shards; /* graph/shards.h; NULL: the batch is whole */
} yg_network_options;

/* Builds the graph for these sizes. The model must outlive the network. NULL on failure; freed by
 * yg_network_free(). */
yg_network *yg_network_build(const yg_model *model, const yg_network_options *options,
                             yg_error *error);
void yg_network_free(yg_network *network); /* frees the graph; NULL is allowed */

yg_graph *yg_network_graph(yg_network *network);

/* A named tensor of the network. */
typedef struct yg_tensor_name {
    const char *name;
    const char *units; /* of an output: the port whose units or classes it has; NULL: none */
    yg_node node;
    yg_origin origin;
} yg_tensor_name;

typedef struct yg_initializer yg_initializer;

typedef struct yg_network_parameter {
    const char *name; /* "a1.weight" */
    yg_node node;
    bool trainable;
    const yg_initializer *init;
    yg_origin origin;
    bool state; /* no parameter, but a state: kept with the weights, never trainable. States come
                 * after all parameters. */
} yg_network_parameter;

/* What a state becomes after a training step. */
typedef struct yg_network_update {
    yg_node state; /* the node of a parameter */
    yg_node value; /* of the same type */
} yg_network_update;

/* A layer node, each copy of a `repeat`, or an expression of the model's own `graph:`. */
typedef struct yg_network_layer {
    const char *name;
    const char *type;   /* "linear"; "" for an expression */
    yg_node output;     /* its first output */
    int64_t parameters; /* elements it owns */
    int depth;          /* 0: written in `graph:`; 1: inside a layer of depth 0, … */
    yg_origin origin;
} yg_network_layer;

/* Arrays, which belong to the network; *count becomes their length. With `outputs_only`, targets
 * and metrics are not listed. */
const yg_tensor_name *yg_network_inputs(const yg_network *network, size_t *count);
const yg_tensor_name *yg_network_targets(const yg_network *network, size_t *count);
const yg_tensor_name *yg_network_outputs(const yg_network *network, size_t *count);
const yg_tensor_name *yg_network_metrics(const yg_network *network, size_t *count);
/* The two sums of a metric with YG_JOIN_RATIO. False for any other. */
bool yg_network_ratio(const yg_network *network, size_t metric, yg_node sums[2]);
/* The nodes before this one are the model's inputs, parameters, graph and outputs. Those of loss
 * and metrics come after it, except where they are equal to one before. */
yg_node yg_network_forward_end(const yg_network *network);
const yg_network_parameter *yg_network_parameters(const yg_network *network, size_t *count);
/* A program that trains hands these to yg_compile() with the optimizer's updates. None in a network
 * for evaluation, where states do not change. */
const yg_network_update *yg_network_updates(const yg_network *network, size_t *count);
const yg_network_layer *yg_network_layers(const yg_network *network, size_t *count);
yg_node yg_network_loss(const yg_network *network); /* YG_NONE if the model has none */

/* Fills `data`, a buffer of the parameter's type, with its initial values. They depend on the seed
 * and the parameter's name, and neither on the batch size nor on other parameters. */
bool yg_network_initialize(const yg_network *network, const yg_network_parameter *parameter,
                           uint64_t seed, void *data, yg_error *error);

/* -------------------------------------------------------------------------------- formulas -- */

/* An expression over one tensor as a graph of its own, for `data: transform`. */
typedef struct yg_formula {
    yg_graph *graph; /* freed by the owner, with yg_graph_free() */
    yg_node input, output;
} yg_formula;

/* Builds the graph. `expression` is a scalar of a model file, or another text in such a struct. It
 * may use the tensor, an input of `type`, under the name `name`, and the model's vars; numbers are
 * float64. False on failure. */
bool yg_formula_build(const yg_model *model, const yg_value *expression, const char *name,
                      const yg_type *type, yg_formula *formula, yg_error *error);

/* The expression as text, with vars replaced by their values, so that it means the same without the
 * model. NULL on failure; freed by the caller. */
char *yg_formula_text(const yg_model *model, const yg_value *expression, yg_error *error);

/* -------------------------------------------------------------------------------- expanding -- */

/* The model in operators only, as a model file: every layer expanded, parameters in `params:`.
 * NULL on failure; freed by the caller. */
char *yg_model_expand(const yg_model *model, yg_error *error);

/* ---------------------------------------------------------------------------------- layers -- */

/* The built-in layer library, for `yamlgrad layers`: names in alphabetical order. Static. */
size_t yg_layer_count(void);
const char *yg_layer_name(size_t index);
/* The layer's own YAML text: its doc, arguments and body. NULL if there is none of that name. */
const char *yg_layer_text(const char *name);

/* ------------------------------------------------------------------------------- schedules -- */

/* The built-in schedules, for `yamlgrad schedules`, in the same way. */
size_t yg_schedule_count(void);
const char *yg_schedule_name(size_t index);
const char *yg_schedule_text(const char *name);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
