/*
 * adadelta: torch.optim.Adadelta.
 *
 *   g = gradient + weight_decay · parameter
 *   v = rho · v + (1 - rho) · g²
 *   d = √(u + eps) / √(v + eps) · g
 *   u = rho · u + (1 - rho) · d²
 *   parameter = parameter - lr · d
 */
#include "../ops/build.h"
#include "optimizer_update.h"

enum { RHO, EPS, WEIGHT_DECAY };

static const yg_option options[] = {
    [RHO] = {"rho", YG_OPTION_NUMBER, 0.9, 0, 1, "decay of the means of squares",
             .example = "0.95"},
    [EPS] = {"eps", YG_OPTION_NUMBER, 1e-6, 0, 1e10,
             "added below the roots, against a division by 0", .example = "1e-5"},
    [WEIGHT_DECAY] = {"weight_decay", YG_OPTION_NUMBER, 0, 0, 1e10,
                      "times the parameter, added to its gradient", .example = "1e-4"},
};

static size_t states(const yg_optimizer *optimizer, const yg_type *parameter,
                     yg_state_spec states[YG_OPTIMIZER_STATES]) {
    (void)optimizer;
    states[0] = yg_state_like("square_avg", parameter);
    states[1] = yg_state_like("acc_delta", parameter);
    return 2;
}

static yg_node update(yg_update_call *call) {
    yg_graph *graph = call->graph;
    const double *o = call->optimizer->options;
    const yg_node lr = yg_update_factor(call, yg_update_lr(call));
    const yg_node g = yg_update_decayed(call, o[WEIGHT_DECAY]);
    const yg_node v = yg_moving_average(graph, call->state[0], o[RHO], yg_square(graph, g));
    /* One root of the quotient in place of two: up to rounding it is the same. */
    const yg_node above = yg_offset(graph, call->state[1], o[EPS]),
                  below = yg_offset(graph, v, o[EPS]);
    const yg_node d = yg_multiply(graph, yg_sqrt(graph, yg_divide(graph, above, below)), g);
    call->new_state[0] = v;
    call->new_state[1] = yg_moving_average(graph, call->state[1], o[RHO], yg_square(graph, d));
    return yg_subtract(graph, call->parameter, yg_multiply(graph, lr, d));
}

const yg_optimizer_update yg_update_adadelta = {
    .name = "adadelta",
    .doc = "steps as large as the steps so far, whatever the scale of gradients",
    .lr = 1.0,
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .states = states,
    .build = update,
};
