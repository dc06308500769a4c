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
    [BETA1] = {"betas", YG_OPTION_PAIR, 0.9, 0, 1,
               "decay of the mean of gradients and of their squares"},
    [BETA2] = {NULL, YG_OPTION_NUMBER, 0.999, 0, 1, NULL},
    [EPS] = {"eps", YG_OPTION_NUMBER, 1e-8, 0, 1e10, "added to the root, against a division by 0"},
    [WEIGHT_DECAY] = {"weight_decay", YG_OPTION_NUMBER, 0, 0, 1e10,
                      "times the parameter, added to its gradient"},
    [AMSGRAD] = {"amsgrad", YG_OPTION_FLAG, 0, 0, 1,
                 "divide by the largest mean of squares so far"},
};

static const yg_option adamw_options[] = {
    [BETA1] = {"betas", YG_OPTION_PAIR, 0.9, 0, 1,
               "decay of the mean of gradients and of their squares"},
    [BETA2] = {NULL, YG_OPTION_NUMBER, 0.999, 0, 1, NULL},
    [EPS] = {"eps", YG_OPTION_NUMBER, 1e-8, 0, 1e10, "added to the root, against a division by 0"},
    [WEIGHT_DECAY] = {"weight_decay", YG_OPTION_NUMBER, 1e-2, 0, 1e10,
                      "times lr, the part of a parameter that each step takes away"},
    [AMSGRAD] = {"amsgrad", YG_OPTION_FLAG, 0, 0, 1,
                 "divide by the largest mean of squares so far"},
};

static size_t states(const yg_optimizer *optimizer, const char *names[YG_OPTIMIZER_STATES]) {
    names[0] = "exp_avg";
    names[1] = "exp_avg_sq";
    names[2] = "max_exp_avg_sq";
    return optimizer->options[AMSGRAD] > 0 ? 3 : 2;
}

/* 1 - β^t, an f64 scalar */
static yg_node bias_correction(yg_update_call *call, double beta) {
    yg_graph *graph = call->graph;
    const yg_node power = yg_pow(graph, yg_scalar(graph, YG_F64, beta), yg_update_t(call));
    return yg_subtract(graph, yg_scalar(graph, YG_F64, 1), power);
}

/* The scalars of a step, in the parameter's type. */
typedef struct factors {
    yg_node size;    /* lr · c / (1 - β1^t) */
    yg_node epsilon; /* eps · c */
} factors;

/* Scalars are made before any node of the parameter's shape. A scalar between two such nodes would
 * split the fused group that computes the update. */
static factors make_factors(yg_update_call *call) {
    yg_graph *graph = call->graph;
    const double *o = call->optimizer->options;
    const yg_node correction1 = bias_correction(call, o[BETA1]);
    const yg_node c = yg_sqrt(graph, bias_correction(call, o[BETA2]));
    const yg_node size = yg_divide(graph, yg_multiply(graph, yg_update_lr(call), c), correction1);
    return (factors){.size = yg_update_factor(call, size),
                     .epsilon = yg_update_factor(call, yg_scale(graph, c, o[EPS]))};
}

/* β · average + (1 - β) · x */
static yg_node moving_average(yg_graph *graph, yg_node average, double beta, yg_node x) {
    return yg_add(graph, yg_scale(graph, average, beta), yg_scale(graph, x, 1 - beta));
}

static yg_node step(yg_update_call *call, const factors *factors, yg_node parameter,
                    yg_node gradient) {
    yg_graph *graph = call->graph;
    const double *o = call->optimizer->options;
    const yg_node m = moving_average(graph, call->state[0], o[BETA1], gradient);
    const yg_node v = moving_average(graph, call->state[1], o[BETA2], yg_square(graph, gradient));
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
    const double decay = call->optimizer->options[WEIGHT_DECAY];
    yg_node gradient = call->gradient;
    if (decay > 0)
        gradient = yg_add(call->graph, gradient, yg_scale(call->graph, call->parameter, decay));
    return step(call, &factors, call->parameter, gradient);
}

static yg_node update_adamw(yg_update_call *call) {
    yg_graph *graph = call->graph;
    const factors factors = make_factors(call);
    const double decay = call->optimizer->options[WEIGHT_DECAY];
    yg_node parameter = call->parameter;
    if (decay > 0) {
        const yg_node kept =
            yg_offset(graph, yg_scale(graph, yg_update_lr(call), -decay), 1); /* 1 - lr · decay */
        parameter = yg_multiply(graph, parameter, yg_update_factor(call, kept));
    }
    return step(call, &factors, parameter, call->gradient);
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
