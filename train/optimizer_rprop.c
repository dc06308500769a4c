/*
 * rprop: torch.optim.Rprop. It looks at the signs of gradients only, so it is for full batches.
 *
 *   factor = η+ where gradient · previous is above 0, η- where it is below 0, else 1
 *   size = clamp(size · factor, smallest, largest), which begins with lr
 *   g = 0 where gradient · previous is below 0, else gradient
 *   parameter = parameter - sign(g) · size
 *   previous = g
 */
#include "../ops/build.h"
#include "optimizer_update.h"

enum { ETA_MINUS, ETA_PLUS, SMALLEST, LARGEST };

static const yg_option options[] = {
    [ETA_MINUS] = {"etas", YG_OPTION_LIST, 0.5, 0, 1,
                   "the factors of a step size where the sign of a gradient changes, and where it "
                   "stays",
                   .above = true, .below = true, .example = "[0.6, 1.1]"},
    [ETA_PLUS] = {NULL, YG_OPTION_NUMBER, 1.2, 1, 1e10, NULL, .above = true},
    [SMALLEST] = {"step_sizes", YG_OPTION_LIST, 1e-6, 0, 1e10, "the smallest and largest step size",
                  .example = "[1e-8, 1]"},
    [LARGEST] = {NULL, YG_OPTION_NUMBER, 50, 0, 1e10, NULL},
};

static bool check(const yg_optimizer *optimizer, yg_error *error) {
    const double *o = optimizer->options;
    return o[SMALLEST] <= o[LARGEST] ||
           yg_fail(error, YG_ERROR_ARGUMENT, optimizer->origin,
                   "rprop: the smallest of `step_sizes` is %g, which is above the largest, %g",
                   o[SMALLEST], o[LARGEST]);
}

static size_t states(const yg_optimizer *optimizer, const yg_type *parameter,
                     yg_state_spec states[YG_OPTIMIZER_STATES]) {
    (void)optimizer;
    states[0] = yg_state_like("prev", parameter);
    states[1] = yg_state_like("step_size", parameter);
    return 2;
}

static yg_node update(yg_update_call *call) {
    yg_graph *graph = call->graph;
    const double *o = call->optimizer->options;
    const yg_node lr = yg_update_factor(call, yg_update_lr(call)), first = yg_update_first(call);
    const yg_node zero = yg_update_number(call, 0), one = yg_update_number(call, 1);
    const yg_node product = yg_multiply(graph, call->gradient, call->state[0]);
    const yg_node turned = yg_less(graph, product, zero);
    const yg_node other =
        yg_where(graph, yg_greater(graph, product, zero), yg_update_number(call, o[ETA_PLUS]), one);
    const yg_node factor = yg_where(graph, turned, yg_update_number(call, o[ETA_MINUS]), other);
    const yg_node before = yg_where(graph, first, lr, call->state[1]);
    const yg_node size = yg_minimum(
        graph,
        yg_maximum(graph, yg_multiply(graph, before, factor), yg_update_number(call, o[SMALLEST])),
        yg_update_number(call, o[LARGEST]));
    const yg_node g = yg_where(graph, turned, zero, call->gradient);
    call->new_state[0] = g;
    call->new_state[1] = size;
    return yg_subtract(graph, call->parameter, yg_multiply(graph, yg_sign(graph, g), size));
}

const yg_optimizer_update yg_update_rprop = {
    .name = "rprop",
    .doc = "a step size for each number, by the signs of gradients; for full batches",
    .lr = 1e-2,
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .check = check,
    .states = states,
    .build = update,
};
