/*
 * lion: Chen et al., "Symbolic Discovery of Optimization Algorithms", 2023.
 *
 *   parameter = parameter · (1 - lr · weight_decay)
 *   parameter = parameter - lr · sign(β1 · m + (1 - β1) · gradient)
 *   m = β2 · m + (1 - β2) · gradient
 */
#include "../ops/build.h"
#include "optimizer_update.h"

enum { BETA1, BETA2, WEIGHT_DECAY };

static const yg_option options[] = {
    [BETA1] = {"betas", YG_OPTION_LIST, 0.9, 0, 1,
               "the part of the mean in a step, and the decay of the mean", .below = true,
               .example = "[0.95, 0.98]"},
    [BETA2] = {NULL, YG_OPTION_NUMBER, 0.99, 0, 1, NULL, .below = true},
    [WEIGHT_DECAY] = {"weight_decay", YG_OPTION_NUMBER, 0, 0, 1e10,
                      "times lr, the part of a parameter that each step takes away",
                      .example = "0.1"},
};

static size_t states(const yg_optimizer *optimizer, const yg_type *parameter,
                     yg_state_spec states[YG_OPTIMIZER_STATES]) {
    (void)optimizer;
    states[0] = yg_state_like("exp_avg", parameter);
    return 1;
}

static yg_node update(yg_update_call *call) {
    yg_graph *graph = call->graph;
    const double *o = call->optimizer->options;
    const yg_node lr = yg_update_factor(call, yg_update_lr(call));
    const yg_node kept = yg_update_kept(call, o[WEIGHT_DECAY]);
    const yg_node step = yg_moving_average(graph, call->state[0], o[BETA1], call->gradient);
    call->new_state[0] = yg_moving_average(graph, call->state[0], o[BETA2], call->gradient);
    return yg_subtract(graph, yg_update_shrunk(call, kept),
                       yg_multiply(graph, lr, yg_sign(graph, step)));
}

const yg_optimizer_update yg_update_lion = {
    .name = "lion",
    .doc = "the sign of a mean of gradients",
    .lr = 1e-4,
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .states = states,
    .build = update,
};
