/*
 * sparse_adam: torch.optim.SparseAdam, for large tables, where a step looks up a few rows.
 *
 *   for the rows that the batch has looked up, with g the sum of their gradients:
 *     m = β1 · m + (1 - β1) · g
 *     v = β2 · v + (1 - β2) · g²
 *     parameter = parameter - lr · √(1 - β2^t) / (1 - β1^t) · m / (√v + eps)
 *
 * The other rows and their states stay as they are. That is not what adam does, where they go on
 * along their mean gradient, and these means decay. eps is not scaled, unlike in adam.
 */
#include "../ops/build.h"
#include "optimizer_update.h"

enum { BETA1, BETA2, EPS };

static const yg_option options[] = {
    [BETA1] = {"betas", YG_OPTION_LIST, 0.9, 0, 1,
               "decay of the mean of gradients and of their squares", .below = true,
               .example = "[0.9, 0.98]"},
    [BETA2] = {NULL, YG_OPTION_NUMBER, 0.999, 0, 1, NULL, .below = true},
    [EPS] = {"eps", YG_OPTION_NUMBER, 1e-8, 0, 1e10, "added to the root, against a division by 0",
             .above = true, .example = "1e-6"},
};

static size_t states(const yg_optimizer *optimizer, const yg_type *parameter,
                     yg_state_spec states[YG_OPTIMIZER_STATES]) {
    (void)optimizer;
    states[0] = yg_state_like("exp_avg", parameter);
    states[1] = yg_state_like("exp_avg_sq", parameter);
    return 2;
}

static yg_node make_size(yg_update_call *call) {
    yg_graph *graph = call->graph;
    const double *o = call->optimizer->options;
    const yg_node correction1 = yg_update_correction(call, o[BETA1]);
    const yg_node c = yg_sqrt(graph, yg_update_correction(call, o[BETA2]));
    return yg_update_factor(
        call, yg_divide(graph, yg_multiply(graph, yg_update_lr(call), c), correction1));
}

static yg_node update(yg_update_call *call) {
    yg_graph *graph = call->graph;
    const double *o = call->optimizer->options;
    const yg_node size = make_size(call), g = call->gradient;
    const yg_node m = yg_moving_average(graph, call->state[0], o[BETA1], g);
    const yg_node v = yg_moving_average(graph, call->state[1], o[BETA2], yg_square(graph, g));
    const yg_node root = yg_offset(graph, yg_sqrt(graph, v), o[EPS]);
    call->new_state[0] = m;
    call->new_state[1] = v;
    return yg_subtract(graph, call->parameter, yg_multiply(graph, size, yg_divide(graph, m, root)));
}

static bool row_by_row(const yg_optimizer *optimizer) {
    (void)optimizer;
    return true;
}

const yg_optimizer_update yg_update_sparse_adam = {
    .name = "sparse_adam",
    .doc = "adam for the rows of a table that a step looks up, and no others",
    .lr = 1e-3,
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .states = states,
    .build = update,
    .row_by_row = row_by_row,
    .rows_only = true,
};
