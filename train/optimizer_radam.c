/*
 * radam: torch.optim.RAdam.
 *
 *   g = gradient + weight_decay · parameter, or with decoupled_weight_decay as adamw
 *   m = β1 · m + (1 - β1) · g
 *   v = β2 · v + (1 - β2) · g²
 *   ρ = 2 / (1 - β2) - 1, and r = ρ - 2 · t · β2^t / (1 - β2^t)
 *   size = lr / (1 - β1^t)
 *   r > 5:  parameter = parameter - size · R · √(1 - β2^t) · m / (√v + eps),
 *           where R = √((r - 4) · (r - 2) · ρ / ((ρ - 4) · (ρ - 2) · r))
 *   else:   parameter = parameter - size · m
 */
#include "../ops/build.h"
#include "optimizer_update.h"

enum { BETA1, BETA2, EPS, WEIGHT_DECAY, DECOUPLED };

static const yg_option options[] = {
    [BETA1] = {"betas", YG_OPTION_LIST, 0.9, 0, 1,
               "decay of the mean of gradients and of their squares", .below = true,
               .example = "[0.9, 0.98]"},
    [BETA2] = {NULL, YG_OPTION_NUMBER, 0.999, 0, 1, NULL, .below = true},
    [EPS] = {"eps", YG_OPTION_NUMBER, 1e-8, 0, 1e10, "added to the root, against a division by 0",
             .example = "1e-6"},
    [WEIGHT_DECAY] = {"weight_decay", YG_OPTION_NUMBER, 0, 0, 1e10,
                      "times the parameter, added to its gradient", .example = "1e-4"},
    [DECOUPLED] = {"decoupled_weight_decay", YG_OPTION_FLAG, 0, 0, 1,
                   "weight decay apart from the gradient, as adamw has it"},
};

static size_t states(const yg_optimizer *optimizer, const yg_type *parameter,
                     yg_state_spec states[YG_OPTIMIZER_STATES]) {
    (void)optimizer;
    states[0] = yg_state_like("exp_avg", parameter);
    states[1] = yg_state_like("exp_avg_sq", parameter);
    return 2;
}

/* The scalars of a step, in the parameter's type. */
typedef struct factors {
    yg_node adapts;         /* r > 5: a bool scalar */
    yg_node adapted, plain; /* sizes of the step, with the root below it and without */
    yg_node kept;
} factors;

static factors make_factors(yg_update_call *call) {
    yg_graph *graph = call->graph;
    const double *o = call->optimizer->options;
    const double rho = 2 / (1 - o[BETA2]) - 1;
    const yg_node t = yg_update_t(call), five = yg_scalar(graph, YG_F64, 5);
    const yg_node correction = yg_update_correction(call, o[BETA2]);
    const yg_node power = yg_pow(graph, yg_scalar(graph, YG_F64, o[BETA2]), t);
    const yg_node lost =
        yg_divide(graph, yg_multiply(graph, yg_scale(graph, t, 2), power), correction);
    const yg_node r = yg_subtract(graph, yg_scalar(graph, YG_F64, rho), lost);
    const yg_node plain =
        yg_divide(graph, yg_update_lr(call), yg_update_correction(call, o[BETA1]));
    /* Where r is at most 5, the root of a negative number would stand here unused. */
    const yg_node high = yg_maximum(graph, r, five);
    const yg_node parts =
        yg_multiply(graph, yg_offset(graph, high, -4), yg_offset(graph, high, -2));
    const yg_node square =
        yg_divide(graph, yg_scale(graph, parts, rho / ((rho - 4) * (rho - 2))), high);
    const yg_node size = yg_sqrt(graph, yg_multiply(graph, square, correction));
    return (factors){
        .adapts = yg_greater(graph, r, five),
        .adapted = yg_update_factor(call, yg_multiply(graph, plain, size)),
        .plain = yg_update_factor(call, plain),
        .kept = o[DECOUPLED] > 0 ? yg_update_kept(call, o[WEIGHT_DECAY]) : YG_NONE,
    };
}

static yg_node update(yg_update_call *call) {
    yg_graph *graph = call->graph;
    const double *o = call->optimizer->options;
    const factors factors = make_factors(call);
    const yg_node g = o[DECOUPLED] > 0 ? call->gradient : yg_update_decayed(call, o[WEIGHT_DECAY]);
    const yg_node m = yg_moving_average(graph, call->state[0], o[BETA1], g);
    const yg_node v = yg_moving_average(graph, call->state[1], o[BETA2], yg_square(graph, g));
    const yg_node root = yg_offset(graph, yg_sqrt(graph, v), o[EPS]);
    const yg_node size =
        yg_where(graph, factors.adapts, yg_divide(graph, factors.adapted, root), factors.plain);
    call->new_state[0] = m;
    call->new_state[1] = v;
    return yg_subtract(graph, yg_update_shrunk(call, factors.kept), yg_multiply(graph, size, m));
}

const yg_optimizer_update yg_update_radam = {
    .name = "radam",
    .doc = "adam, whose first steps do without the mean of squares",
    .lr = 1e-3,
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .states = states,
    .build = update,
};
