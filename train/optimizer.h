/*
 * Optimizers. The update of each parameter is appended as nodes to the graph of the loss, so that a
 * whole training step is one program. The formulas are PyTorch's (torch.optim), term by term.
 */
#ifndef YG_TRAIN_OPTIMIZER_H
#define YG_TRAIN_OPTIMIZER_H

#include "../graph/program.h"
#include "../models/loader/document.h"

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

typedef struct yg_optimizer_update yg_optimizer_update;

#define YG_OPTIMIZER_OPTIONS 16
#define YG_OPTIMIZER_STATES  6 /* tensors of state for each parameter, at most */

/* An optimizer with its options, as `optimizer: {type: adam, lr: 1e-3}` says. */
typedef struct yg_optimizer {
    const yg_optimizer_update *update;
    double lr;
    double options[YG_OPTIMIZER_OPTIONS]; /* in the order of the update's own list */
    yg_origin origin;                     /* of its nodes */
    const yg_value *groups; /* `groups:`, which must live as long as this is used; NULL: none */
    bool maximize;          /* it climbs: the gradient counts with the opposite sign */
    int64_t frozen_until;   /* of a group: how many epochs pass before it is trained */
    int64_t phase; /* of the step that is built: see yg_optimizer_phase(); 0: all groups train */
} yg_optimizer;

/* Reads `{type: …, lr: …}`. False on failure; the message for an unknown type or option suggests
 * the nearest spelling. */
bool yg_optimizer_read(const yg_value *value, yg_optimizer *optimizer, yg_error *error);

/* The optimizer of that name with a learning rate and every other option at its default. */
bool yg_optimizer_make(const char *type, double lr, yg_optimizer *optimizer, yg_error *error);
const char *yg_optimizer_name(const yg_optimizer *optimizer);

/* Inputs of the step's program. They are f64 scalars for parameters of any type, because PyTorch
 * computes its factors in double precision. YG_NONE: the optimizer does not use that input. */
typedef struct yg_optimizer_inputs {
    yg_node lr; /* the learning rate: an input, so that a schedule can change it each step */
    yg_node t;  /* the number of the step, from 1 */
} yg_optimizer_inputs;

/* One tensor of state. It is a parameter of the graph, zero at the start, named
 * "@STATE.PARAMETER". A state that all parameters share is named "@STATE", or "@STATE.PATTERN" in a
 * group of that pattern. No parameter of a model has an "@" in its name. */
typedef struct yg_optimizer_state {
    yg_node node;
    char *name; /* owned by the yg_optimizer_graph */
} yg_optimizer_state;

typedef struct yg_optimizer_graph {
    yg_optimizer_inputs inputs;
    size_t update_count;
    yg_update *updates; /* of parameters and states, for yg_compile() */
    size_t state_count;
    yg_optimizer_state *states;
} yg_optimizer_graph;

/* Groups that are frozen until some epoch (`frozen_until`) cut a run into phases. In each phase
 * other parameters are trained, by another program. The phase of an epoch, the first of which is 1,
 * is the least `frozen_until` of the groups that are frozen in it; 0: all groups are trained. */
int64_t yg_optimizer_phase(const yg_optimizer *optimizer, int64_t epoch);

/* Appends the updates of parameters[0..count) by gradients[0..count). A parameter with the gradient
 * YG_NONE gets no update. One that is frozen in the phase gets none either, but its states are
 * listed: all phases have the same. A group's pattern that matches no parameter is an error. False
 * on failure; freed by yg_optimizer_graph_free() after success. */
bool yg_optimizer_build(const yg_optimizer *optimizer, yg_graph *graph, const yg_node *parameters,
                        const yg_node *gradients, size_t count, yg_optimizer_graph *out,
                        yg_error *error);
void yg_optimizer_graph_free(yg_optimizer_graph *out); /* what it holds, not the struct */

/* Scales gradients in place (the array's entries) so that their common 2-norm is at most
 * `max_norm`: g · min(1, max_norm / (norm + 1e-6)), torch.nn.utils.clip_grad_norm_'s formula. */
bool yg_clip_grad_norm(yg_graph *graph, yg_node *gradients, size_t count, double max_norm,
                       yg_error *error);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
