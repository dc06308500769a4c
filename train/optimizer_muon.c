/*
 * muon: torch.optim.Muon. It takes the step in the direction of a nearly orthogonal matrix.
 *
 *   b = momentum · b + (1 - momentum) · gradient
 *   x = momentum · b + (1 - momentum) · gradient (nesterov), or b
 *   x = x / max(|x|, eps), transposed if it has more rows than columns
 *   ns_steps times:
 *       a = x · xᵀ
 *       x = c0 · x + (c1 · a + c2 · a · a) · x         with c = ns_coefficients
 *   parameter = parameter · (1 - lr · weight_decay) - lr · ratio · x
 *
 * The ratio depends on the rows n and the columns m, by `adjust_lr_fn`:
 *   original            √max(1, n / m)
 *   match_rms_adamw     0.2 · √max(n, m)
 *   spectral_unclamped  √(n / m)
 *
 * PyTorch computes the iteration in bfloat16. Here it has the type of the parameter.
 */
#include "../ops/build.h"
#include "optimizer_update.h"

#include <math.h>

enum { WEIGHT_DECAY, MOMENTUM, NESTEROV, LINEAR, CUBIC, QUINTIC, EPS, NS_STEPS, ADJUST };
enum { ORIGINAL, MATCH_RMS_ADAMW, SPECTRAL_UNCLAMPED };

static const char *const adjustments[] = {"original", "match_rms_adamw", "spectral_unclamped",
                                          NULL};

static const yg_option options[] = {
    [WEIGHT_DECAY] = {"weight_decay", YG_OPTION_NUMBER, 0.1, 0, 1e10,
                      "times lr, the part of a parameter that each step takes away",
                      .example = "0.01"},
    [MOMENTUM] = {"momentum", YG_OPTION_NUMBER, 0.95, 0, 1, "decay of the mean of gradients",
                  .example = "0.9"},
    [NESTEROV] = {"nesterov", YG_OPTION_FLAG, 1, 0, 1, "look ahead by the momentum"},
    [LINEAR] = {"ns_coefficients", YG_OPTION_LIST, 3.4445, -1e10, 1e10,
                "of the polynomial that brings singular values near to 1",
                .example = "[2, -1.5, 0.5]"},
    [CUBIC] = {NULL, YG_OPTION_NUMBER, -4.7750, -1e10, 1e10, NULL},
    [QUINTIC] = {NULL, YG_OPTION_NUMBER, 2.0315, -1e10, 1e10, NULL},
    [EPS] = {"eps", YG_OPTION_NUMBER, 1e-7, 0, 1e10, "the least norm to divide by",
             .example = "1e-6"},
    [NS_STEPS] = {"ns_steps", YG_OPTION_WHOLE, 5, 0, 99, "how often the polynomial is applied",
                  .example = "6"},
    [ADJUST] = {"adjust_lr_fn", YG_OPTION_CHOICE, ORIGINAL, 0, 0,
                "how lr depends on the shape of a matrix", .choices = adjustments},
};

static const char *refuses(const yg_type *parameter) {
    return parameter->rank == 2
               ? NULL
               : "muon is for matrices; train the others by a group with a type of its own, such "
                 "as `groups: {\"*.bias\": {type: adamw}}`";
}

static size_t states(const yg_optimizer *optimizer, const yg_type *parameter,
                     yg_state_spec states[YG_OPTIMIZER_STATES]) {
    (void)optimizer;
    states[0] = yg_state_like("momentum_buffer", parameter);
    return 1;
}

static double ratio(const yg_optimizer *optimizer, const yg_type *parameter) {
    const double rows = (double)parameter->shape[0], columns = (double)parameter->shape[1];
    switch ((int)optimizer->options[ADJUST]) {
    case MATCH_RMS_ADAMW:
        return 0.2 * sqrt(fmax(rows, columns));
    case SPECTRAL_UNCLAMPED:
        return sqrt(rows / fmax(1, columns));
    default:
        return sqrt(fmax(1, rows / fmax(1, columns)));
    }
}

/* The iteration on x with at most as many rows as columns. */
static yg_node iterate(const yg_update_call *call, yg_node x) {
    yg_graph *graph = call->graph;
    const double *o = call->optimizer->options;
    for (int i = 0; i < (int)o[NS_STEPS]; i++) {
        const yg_node gram = yg_matmul(graph, x, x, false, true);
        const yg_node square = yg_matmul(graph, gram, gram, false, false);
        const yg_node factor =
            yg_add(graph, yg_scale(graph, gram, o[CUBIC]), yg_scale(graph, square, o[QUINTIC]));
        x = yg_add(graph, yg_scale(graph, x, o[LINEAR]), yg_matmul(graph, factor, x, false, false));
    }
    return x;
}

static yg_node orthogonal(const yg_update_call *call, yg_node x) {
    static const int64_t swapped[2] = {1, 0};
    yg_graph *graph = call->graph;
    const yg_type *type = yg_node_type(graph, x);
    const bool tall = type->shape[0] > type->shape[1];
    const yg_node norm = yg_sqrt(graph, yg_sum(graph, yg_square(graph, x), NULL, 0, false));
    const yg_node least = yg_update_number(call, call->optimizer->options[EPS]);
    x = yg_divide(graph, tall ? yg_permute(graph, x, swapped) : x, yg_maximum(graph, norm, least));
    x = iterate(call, x);
    return tall ? yg_permute(graph, x, swapped) : x;
}

static yg_node update(yg_update_call *call) {
    yg_graph *graph = call->graph;
    const double *o = call->optimizer->options;
    const double factor = ratio(call->optimizer, yg_node_type(graph, call->parameter));
    const yg_node size = yg_update_factor(call, yg_scale(graph, yg_update_lr(call), factor));
    const yg_node kept = yg_update_kept(call, o[WEIGHT_DECAY]);
    const yg_node mean = yg_moving_average(graph, call->state[0], o[MOMENTUM], call->gradient);
    yg_node x = mean;
    call->new_state[0] = mean;
    if (o[NESTEROV] > 0)
        x = yg_moving_average(graph, mean, o[MOMENTUM], call->gradient);
    return yg_subtract(graph, yg_update_shrunk(call, kept),
                       yg_multiply(graph, size, orthogonal(call, x)));
}

const yg_optimizer_update yg_update_muon = {
    .name = "muon",
    .doc = "steps along nearly orthogonal matrices; for parameters that are matrices",
    .lr = 1e-3,
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .refuses = refuses,
    .states = states,
    .build = update,
};
