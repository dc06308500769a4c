/*
 * nadam: torch.optim.NAdam.
 *
 *   g = gradient + weight_decay · parameter, or with decoupled_weight_decay as adamw
 *   μ(t) = β1 · (1 - 0.96^(t · momentum_decay) / 2), and M(t) = μ(1) · … · μ(t)
 *   m = β1 · m + (1 - β1) · g
 *   v = β2 · v + (1 - β2) · g²
 *   d = √(v / (1 - β2^t)) + eps
 *   parameter = parameter - lr · ((1 - μ(t)) / (1 - M(t)) · g + μ(t+1) / (1 - M(t+1)) · m) / d
 *
 * As in adam, d is multiplied by c = √(1 - β2^t), and so are the two factors.
 */
#include "../ops/build.h"
#include "optimizer_update.h"

enum { BETA1, BETA2, EPS, WEIGHT_DECAY, MOMENTUM_DECAY, DECOUPLED };

static const yg_option options[] = {
    [BETA1] = {"betas", YG_OPTION_LIST, 0.9, 0, 1,
               "decay of the mean of gradients and of their squares", .below = true,
               .example = "[0.9, 0.98]"},
    [BETA2] = {NULL, YG_OPTION_NUMBER, 0.999, 0, 1, NULL, .below = true},
    [EPS] = {"eps", YG_OPTION_NUMBER, 1e-8, 0, 1e10, "added to the root, against a division by 0",
             .example = "1e-6"},
    [WEIGHT_DECAY] = {"weight_decay", YG_OPTION_NUMBER, 0, 0, 1e10,
                      "times the parameter, added to its gradient", .example = "1e-4"},
    [MOMENTUM_DECAY] = {"momentum_decay", YG_OPTION_NUMBER, 4e-3, 0, 1e10,
                        "how fast the momentum grows to its full size", .example = "0.01"},
    [DECOUPLED] = {"decoupled_weight_decay", YG_OPTION_FLAG, 0, 0, 1,
                   "weight decay apart from the gradient, as adamw has it"},
};

static size_t states(const yg_optimizer *optimizer, const yg_type *parameter,
                     yg_state_spec states[YG_OPTIMIZER_STATES]) {
    (void)optimizer;
    states[0] = yg_state_like("exp_avg", parameter);
    states[1] = yg_state_like("exp_avg_sq", parameter);
    states[2] = (yg_state_spec){"mu_product", yg_type_scalar(YG_F64), true};
    return 3;
}

/* μ of a step, an f64 scalar */
static yg_node momentum(yg_graph *graph, const double *o, yg_node t) {
    const yg_node power =
        yg_pow(graph, yg_scalar(graph, YG_F64, 0.96), yg_scale(graph, t, o[MOMENTUM_DECAY]));
    return yg_offset(graph, yg_scale(graph, power, -0.5 * o[BETA1]), o[BETA1]);
}

static yg_node one_minus(yg_graph *graph, yg_node x) {
    return yg_subtract(graph, yg_scalar(graph, YG_F64, 1), x);
}

/* The scalars of a step, in the parameter's type. */
typedef struct factors {
    yg_node gradient, mean; /* of g, and of m */
    yg_node epsilon;
    yg_node kept;
} factors;

static factors make_factors(yg_update_call *call) {
    yg_graph *graph = call->graph;
    const double *o = call->optimizer->options;
    const yg_node t = yg_update_t(call), one = yg_scalar(graph, YG_F64, 1);
    const yg_node mu = momentum(graph, o, t), next = momentum(graph, o, yg_offset(graph, t, 1));
    const yg_node before = yg_where(graph, yg_update_first(call), one, call->state[2]);
    const yg_node product = yg_multiply(graph, before, mu);
    const yg_node c = yg_sqrt(graph, yg_update_correction(call, o[BETA2]));
    const yg_node size = yg_multiply(graph, yg_update_lr(call), c);
    const yg_node gradient =
        yg_divide(graph, yg_multiply(graph, size, one_minus(graph, mu)), one_minus(graph, product));
    const yg_node mean = yg_divide(graph, yg_multiply(graph, size, next),
                                   one_minus(graph, yg_multiply(graph, product, next)));
    call->new_state[2] = product;
    return (factors){
        .gradient = yg_update_factor(call, gradient),
        .mean = yg_update_factor(call, mean),
        .epsilon = yg_update_factor(call, yg_scale(graph, c, o[EPS])),
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
    const yg_node root = yg_add(graph, yg_sqrt(graph, v), factors.epsilon);
    const yg_node step =
        yg_add(graph, yg_multiply(graph, factors.gradient, g), yg_multiply(graph, factors.mean, m));
    call->new_state[0] = m;
    call->new_state[1] = v;
    return yg_subtract(graph, yg_update_shrunk(call, factors.kept), yg_divide(graph, step, root));
}

const yg_optimizer_update yg_update_nadam = {
    .name = "nadam",
    .doc = "adam, with the momentum of the next step",
    .lr = 2e-3,
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .states = states,
    .build = update,
};
