/*
 * What an optimizer's update consists of. Each update is a file (optimizer_sgd.c, …), and
 * optimizer.c lists them. Private to train/.
 */
#ifndef YG_TRAIN_OPTIMIZER_UPDATE_H
#define YG_TRAIN_OPTIMIZER_UPDATE_H

#include "optimizer.h"

typedef enum yg_option_kind {
    YG_OPTION_NUMBER,
    YG_OPTION_FLAG, /* 0 or 1 */
    YG_OPTION_PAIR, /* a list of two numbers; the next entry of the table is the second */
} yg_option_kind;

typedef struct yg_option {
    const char *name; /* NULL: the second number of a pair */
    yg_option_kind kind;
    double fallback; /* the default */
    double min, max; /* the range, both ends included; a pair's max is not */
    const char *doc; /* a phrase, no full stop; of the first number of a pair */
} yg_option;

/* A call of `build`: what it is given, and what it returns in `new_state`. */
typedef struct yg_update_call {
    const yg_optimizer *optimizer;
    yg_graph *graph;
    yg_optimizer_inputs *inputs;
    yg_node parameter, gradient;
    yg_node state[YG_OPTIMIZER_STATES];     /* in the order of `states` */
    yg_node new_state[YG_OPTIMIZER_STATES]; /* their new values: set by `build` */
} yg_update_call;

struct yg_optimizer_update {
    const char *name;
    const char *doc; /* a phrase, no full stop */
    double lr;       /* the default; 0: it must be given */
    const yg_option *options;
    size_t option_count;
    /* Fails where two options contradict each other. NULL: no options do. */
    bool (*check)(const yg_optimizer *optimizer, yg_error *error);
    /* Lists the names of the tensors of state that the options need, and returns their number. */
    size_t (*states)(const yg_optimizer *optimizer, const char *names[YG_OPTIMIZER_STATES]);
    /* Appends the update and returns the parameter's new value. */
    yg_node (*build)(yg_update_call *call);
};

/* All optimizers; ends with NULL. */
const yg_optimizer_update *const *yg_optimizer_updates(void);

extern const yg_optimizer_update yg_update_sgd, yg_update_adam, yg_update_adamw;

/* The learning rate and the number of the step: inputs, f64 scalars, made when first asked for. */
yg_node yg_update_lr(yg_update_call *call);
yg_node yg_update_t(yg_update_call *call);
/* An f64 scalar, rounded to the parameter's type. */
yg_node yg_update_factor(const yg_update_call *call, yg_node scalar);

#endif
