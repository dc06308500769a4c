/*
 * What an optimizer's update consists of. Each update is a file (optimizer_sgd.c, …), and
 * optimizer_read.c lists them. Private to train/.
 */
#ifndef YG_TRAIN_OPTIMIZER_UPDATE_H
#define YG_TRAIN_OPTIMIZER_UPDATE_H

#include "lbfgs.h"
#include "optimizer.h"

typedef enum yg_option_kind {
    YG_OPTION_NUMBER,
    YG_OPTION_FLAG,   /* 0 or 1 */
    YG_OPTION_WHOLE,  /* a whole number */
    YG_OPTION_CHOICE, /* an index into `choices` */
    YG_OPTION_LIST,   /* a list of numbers: this entry and the next ones, whose name is NULL */
} yg_option_kind;

typedef struct yg_option {
    const char *name; /* NULL: a further number of a list */
    yg_option_kind kind;
    double fallback;            /* the default; NaN: null */
    double min, max;            /* the range, both ends included */
    const char *doc;            /* a phrase, no full stop; of the first number of a list */
    bool above;                 /* it must be larger than min */
    bool below;                 /* it must be smaller than max */
    bool nullable;              /* null may be written; it is kept as NaN */
    const char *const *choices; /* ends with NULL */
    const char *example;        /* as it is written; NULL: a flag or a choice, or as the list */
} yg_option;

/* A tensor of state. It holds zeros before the first step. A state that begins with another value
 * chooses it in the first step, by yg_update_first(). */
typedef struct yg_state_spec {
    const char *name; /* PyTorch's */
    yg_type type;
    bool shared; /* one for all parameters of a group: then `type` is a scalar, and its new value
                    must not depend on the parameter */
} yg_state_spec;

/* The name of a state that holds the weights to evaluate and to keep, where these are not the
 * parameters: see yg_evaluated_tensor(). While a group is frozen, it follows the parameter. */
#define YG_STATE_AVERAGE "average"

/* A call of `build`: what it is given, and what it returns in `new_state`. */
typedef struct yg_update_call {
    const yg_optimizer *optimizer;
    yg_graph *graph;
    yg_optimizer_inputs *inputs;
    double lr_ratio; /* the learning rate of this group, as a part of the optimizer's */
    yg_node step;    /* the number of the group's step; YG_NONE: it is the input t */
    yg_node parameter, gradient;
    yg_node state[YG_OPTIMIZER_STATES];     /* in the order of `states` */
    yg_node new_state[YG_OPTIMIZER_STATES]; /* their new values: set by `build` */
} yg_update_call;

struct yg_optimizer_update {
    const char *name;
    const char *doc; /* a phrase, no full stop */
    double lr;       /* the default, PyTorch's where it has the optimizer */
    const yg_option *options;
    size_t option_count;
    /* Fails where two options contradict each other. NULL: no options do. */
    bool (*check)(const yg_optimizer *optimizer, yg_error *error);
    /* Says what is wrong with a parameter of that type, or returns NULL. NULL: any type will do. */
    const char *(*refuses)(const yg_type *parameter);
    /* Lists the tensors of state that a parameter needs, and returns their number. */
    size_t (*states)(const yg_optimizer *optimizer, const yg_type *parameter,
                     yg_state_spec states[YG_OPTIMIZER_STATES]);
    /* Appends the update and returns the parameter's new value. NULL: it cannot be part of a
     * program (lbfgs), and the rest is NULL too. */
    yg_node (*build)(yg_update_call *call);
    /* Whether a row whose gradient is 0 keeps its value and its states, and no row depends on
     * another. All its states are like the parameter. Of a table that is looked up, `build` is then
     * given the rows that the batch has met (optimizer_rows.h). NULL: never. */
    bool (*row_by_row)(const yg_optimizer *optimizer);
    /* It is defined for such rows only, and other parameters are refused. */
    bool rows_only;
};

/* Reads the optimizer of a group: that of all parameters with what the group changes. */
bool yg_optimizer_group(const yg_optimizer *optimizer, size_t group, yg_optimizer *out,
                        yg_error *error);

/* Tells for each parameter how many epochs its group is frozen. */
bool yg_optimizer_list_frozen(const yg_optimizer *optimizer, const yg_graph *graph,
                              const yg_node *parameters, size_t count, int64_t *frozen_until,
                              yg_error *error);

/* Makes room for `count` more states and as many more updates. */
bool yg_optimizer_graph_grow(yg_optimizer_graph *out, size_t count, yg_error *error);

/* The options of lbfgs. */
yg_lbfgs_options yg_optimizer_lbfgs(const yg_optimizer *optimizer);

/* All optimizers; ends with NULL. */
const yg_optimizer_update *const *yg_optimizer_updates(void);

extern const yg_optimizer_update yg_update_sgd, yg_update_adam, yg_update_adamw, yg_update_nadam,
    yg_update_radam, yg_update_adamax, yg_update_adagrad, yg_update_adadelta, yg_update_rmsprop,
    yg_update_rprop, yg_update_lion, yg_update_adafactor, yg_update_muon,
    yg_update_schedule_free_sgd, yg_update_schedule_free_adamw, yg_update_lbfgs,
    yg_update_sparse_adam;

/* ------------------------------------------------------------------- terms (optimizer_terms.c) --
 */

/* Scalars are made before any node of the parameter's shape. A scalar between two such nodes would
 * split the fused group that computes the update, and the tensors would be read twice. */

/* The learning rate and the number of the step: f64 scalars. */
yg_node yg_update_lr(yg_update_call *call);
yg_node yg_update_t(yg_update_call *call);
/* Whether this is the first step: a bool scalar. */
yg_node yg_update_first(yg_update_call *call);
/* 1 - decay^t, an f64 scalar: the part of a moving average that the steps so far make up. */
yg_node yg_update_correction(yg_update_call *call, double decay);
/* 1 - lr · decay in the parameter's type, or YG_NONE for a decay of 0. */
yg_node yg_update_kept(yg_update_call *call, double decay);
/* An f64 scalar, rounded to the parameter's type. */
yg_node yg_update_factor(const yg_update_call *call, yg_node scalar);
/* A number as a scalar of the parameter's type. */
yg_node yg_update_number(const yg_update_call *call, double number);

/* gradient + decay · parameter */
yg_node yg_update_decayed(const yg_update_call *call, double decay);
/* parameter · kept, or the parameter where `kept` is YG_NONE */
yg_node yg_update_shrunk(const yg_update_call *call, yg_node kept);
/* decay · average + (1 - decay) · x */
yg_node yg_moving_average(yg_graph *graph, yg_node average, double decay, yg_node x);
/* A state of the parameter's type. */
yg_state_spec yg_state_like(const char *name, const yg_type *parameter);

#endif
