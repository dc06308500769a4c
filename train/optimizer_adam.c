/*
 * adam, adamw: torch.optim.Adam and torch.optim.AdamW.
 *
 *   adam:  g = gradient + weight_decay · parameter
 *   adamw: g = gradient, and first parameter = parameter · (1 - lr · weight_decay)
 *
 *   m = β1 · m + (1 - β1) · g
 *   v = β2 · v + (1 - β2) · g²
 *   u = max(u, v) with amsgrad, otherwise v
 *   parameter = parameter - lr / (1 - β1^t) · m / (√u / √(1 - β2^t) + eps)
 *
 * The last line is computed in another form, which saves each element a division. With
 * c = √(1 - β2^t) it is, up to rounding,
 *
 *   parameter = parameter - (lr · c / (1 - β1^t)) · (m / (√u + eps · c))
 *
 * The factors lr · c / (1 - β1^t) and eps · c depend on t and lr only. They are scalars, computed
 * in double precision, because in float32 the difference 1 - 0.999 has only four right digits.
 */
#include "../ops/build.h"
#include "optimizer_update.h"

enum { BETA1, BETA2, EPS, WEIGHT_DECAY, AMSGRAD };

static const yg_option adam_options[] = {
    [BETA1] = {"betas", YG_OPTION_LIST, 0.9, 0, 1,
               "decay of the mean of gradients and of their squares", .below = true,
               .example = "[0.9, 0.98]"},
    [BETA2] = {NULL, YG_OPTION_NUMBER, 0.999, 0, 1, NULL, .below = true},
    [EPS] = {"eps", YG_OPTION_NUMBER, 1e-8, 0, 1e10, "added to the root, against a division by 0",
             .example = "1e-6"},
    [WEIGHT_DECAY] = {"weight_decay", YG_OPTION_NUMBER, 0, 0, 1e10,
                      "times the parameter, added to its gradient", .example = "1e-4"},
    [AMSGRAD] = {"amsgrad", YG_OPTION_FLAG, 0, 0, 1,
                 "divide by the largest mean of squares so far"},
};

static const yg_option adamw_options[] = {
    [BETA1] = {"betas", YG_OPTION_LIST, 0.9, 0, 1,
               "decay of the mean of gradients and of their squares", .below = true,
               .example = "[0.9, 0.98]"},
    [BETA2] = {NULL, YG_OPTION_NUMBER, 0.999, 0, 1, NULL, .below = true},
    [EPS] = {"eps", YG_OPTION_NUMBER, 1e-8, 0, 1e10, "added to the root, against a division by 0",
             .example = "1e-6"},
    [WEIGHT_DECAY] = {"weight_decay", YG_OPTION_NUMBER, 1e-2, 0, 1e10,
                      "times lr, the part of a parameter that each step takes away",
                      .example = "1e-4"},
    [AMSGRAD] = {"amsgrad", YG_OPTION_FLAG, 0, 0, 1,
                 "divide by the largest mean of squares so far"},
};

static size_t states(const yg_optimizer *optimizer, const yg_type *parameter,
                     yg_state_spec states[YG_OPTIMIZER_STATES]) {
    states[0] = yg_state_like("exp_avg", parameter);
    states[1] = yg_state_like("exp_avg_sq", parameter);
    states[2] = yg_state_like("max_exp_avg_sq", parameter);
    return optimizer->options[AMSGRAD] > 0 ? 3 : 2;
}

/* The scalars of a step, in the parameter's type. */
typedef struct factors {
    yg_node size;    /* lr · c / (1 - β1^t) */
    yg_node epsilon; /* eps · c */
} factors;

static factors make_factors(yg_update_call *call) {
    yg_graph *graph = call->graph;
    const double *o = call->optimizer->options;
    const yg_node correction1 = yg_update_correction(call, o[BETA1]);
    const yg_node c = yg_sqrt(graph, yg_update_correction(call, o[BETA2]));
    const yg_node size = yg_divide(graph, yg_multiply(graph, yg_update_lr(call), c), correction1);
    return (factors){.size = yg_update_factor(call, size),
                     .epsilon = yg_update_factor(call, yg_scale(graph, c, o[EPS]))};
}

static yg_node step(yg_update_call *call, const factors *factors, yg_node parameter,
                    yg_node gradient) {
    yg_graph *graph = call->graph;
    const double *o = call->optimizer->options;
    const yg_node m = yg_moving_average(graph, call->state[0], o[BETA1], gradient);
    const yg_node v =
        yg_moving_average(graph, call->state[1], o[BETA2], yg_square(graph, gradient));
    yg_node u = v;
    call->new_state[0] = m;
    call->new_state[1] = v;
    if (o[AMSGRAD] > 0)
        call->new_state[2] = u = yg_maximum(graph, call->state[2], v);
    const yg_node root = yg_add(graph, yg_sqrt(graph, u), factors->epsilon);
    return yg_subtract(graph, parameter,
                       yg_multiply(graph, factors->size, yg_divide(graph, m, root)));
}

static yg_node update_adam(yg_update_call *call) {
    const factors factors = make_factors(call);
    return step(call, &factors, call->parameter,
                yg_update_decayed(call, call->optimizer->options[WEIGHT_DECAY]));
}

static yg_node update_adamw(yg_update_call *call) {
    const factors factors = make_factors(call);
    const yg_node kept = yg_update_kept(call, call->optimizer->options[WEIGHT_DECAY]);
    return step(call, &factors, yg_update_shrunk(call, kept), call->gradient);
}

const yg_optimizer_update yg_update_adam = {
    .name = "adam",
    .doc = "steps scaled by the mean and the root mean square of past gradients",
    .lr = 1e-3,
    .options = adam_options,
    .option_count = sizeof adam_options / sizeof *adam_options,
    .states = states,
    .build = update_adam,
};

const yg_optimizer_update yg_update_adamw = {
    .name = "adamw",
    .doc = "adam, with weight decay apart from the gradient",
    .lr = 1e-3,
    .options = adamw_options,
    .option_count = sizeof adamw_options / sizeof *adamw_options,
    .states = states,
    .build = update_adamw,
};
