/*
 * adamax: torch.optim.Adamax.
 *
 *   g = gradient + weight_decay · parameter
 *   m = β1 · m + (1 - β1) · g
 *   u = max(β2 · u, |g| + eps)
 *   parameter = parameter - lr / (1 - β1^t) · m / u
 */
#include "../ops/build.h"
#include "optimizer_update.h"

enum { BETA1, BETA2, EPS, WEIGHT_DECAY };

static const yg_option options[] = {
    [BETA1] = {"betas", YG_OPTION_LIST, 0.9, 0, 1,
               "decay of the mean of gradients and of their largest size", .below = true,
               .example = "[0.9, 0.99]"},
    [BETA2] = {NULL, YG_OPTION_NUMBER, 0.999, 0, 1, NULL, .below = true},
    [EPS] = {"eps", YG_OPTION_NUMBER, 1e-8, 0, 1e10,
             "added to the size of a gradient, against a division by 0", .example = "1e-6"},
    [WEIGHT_DECAY] = {"weight_decay", YG_OPTION_NUMBER, 0, 0, 1e10,
                      "times the parameter, added to its gradient", .example = "1e-4"},
};

static size_t states(const yg_optimizer *optimizer, const yg_type *parameter,
                     yg_state_spec states[YG_OPTIMIZER_STATES]) {
    (void)optimizer;
    states[0] = yg_state_like("exp_avg", parameter);
    states[1] = yg_state_like("exp_inf", parameter);
    return 2;
}

static yg_node update(yg_update_call *call) {
    yg_graph *graph = call->graph;
    const double *o = call->optimizer->options;
    const yg_node size = yg_update_factor(
        call, yg_divide(graph, yg_update_lr(call), yg_update_correction(call, o[BETA1])));
    const yg_node g = yg_update_decayed(call, o[WEIGHT_DECAY]);
    const yg_node m = yg_moving_average(graph, call->state[0], o[BETA1], g);
    const yg_node u = yg_maximum(graph, yg_scale(graph, call->state[1], o[BETA2]),
                                 yg_offset(graph, yg_abs(graph, g), o[EPS]));
    call->new_state[0] = m;
    call->new_state[1] = u;
    return yg_subtract(graph, call->parameter, yg_multiply(graph, size, yg_divide(graph, m, u)));
}

const yg_optimizer_update yg_update_adamax = {
    .name = "adamax",
    .doc = "adam, with the largest gradient in place of the mean of squares",
    .lr = 2e-3,
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .states = states,
    .build = update,
};
