/*
 * adagrad: torch.optim.Adagrad.
 *
 *   g = gradient + weight_decay · parameter
 *   s = s + g², which begins with initial_accumulator_value
 *   parameter = parameter - lr / (1 + (t - 1) · lr_decay) · g / (√s + eps)
 */
#include "../ops/build.h"
#include "optimizer_update.h"

enum { LR_DECAY, WEIGHT_DECAY, INITIAL, EPS };

static const yg_option options[] = {
    [LR_DECAY] = {"lr_decay", YG_OPTION_NUMBER, 0, 0, 1e10,
                  "lr is divided by 1 + (t - 1) times this", .example = "1e-3"},
    [WEIGHT_DECAY] = {"weight_decay", YG_OPTION_NUMBER, 0, 0, 1e10,
                      "times the parameter, added to its gradient", .example = "1e-4"},
    [INITIAL] = {"initial_accumulator_value", YG_OPTION_NUMBER, 0, 0, 1e10,
                 "what the sum of squares begins with", .example = "0.1"},
    [EPS] = {"eps", YG_OPTION_NUMBER, 1e-10, 0, 1e10, "added to the root, against a division by 0",
             .example = "1e-8"},
};

static size_t states(const yg_optimizer *optimizer, const yg_type *parameter,
                     yg_state_spec states[YG_OPTIMIZER_STATES]) {
    (void)optimizer;
    states[0] = yg_state_like("sum", parameter);
    return 1;
}

static yg_node make_size(yg_update_call *call) {
    yg_graph *graph = call->graph;
    const double decay = call->optimizer->options[LR_DECAY];
    yg_node lr = yg_update_lr(call);
    if (decay > 0) {
        const yg_node before = yg_offset(graph, yg_update_t(call), -1);
        lr = yg_divide(graph, lr, yg_offset(graph, yg_scale(graph, before, decay), 1));
    }
    return yg_update_factor(call, lr);
}

static yg_node update(yg_update_call *call) {
    yg_graph *graph = call->graph;
    const double *o = call->optimizer->options;
    const yg_node size = make_size(call);
    const yg_node first = o[INITIAL] > 0 ? yg_update_first(call) : YG_NONE;
    const yg_node g = yg_update_decayed(call, o[WEIGHT_DECAY]);
    yg_node sum = call->state[0];
    if (first != YG_NONE)
        sum = yg_where(graph, first, yg_update_number(call, o[INITIAL]), sum);
    sum = yg_add(graph, sum, yg_square(graph, g));
    call->new_state[0] = sum;
    const yg_node root = yg_offset(graph, yg_sqrt(graph, sum), o[EPS]);
    return yg_subtract(graph, call->parameter, yg_multiply(graph, size, yg_divide(graph, g, root)));
}

/* The first step of all rows sets a sum that does not begin with 0. Without eps a row of gradient 0
 * becomes 0 / 0. */
static bool row_by_row(const yg_optimizer *optimizer) {
    const double *o = optimizer->options;
    return o[WEIGHT_DECAY] <= 0 && o[INITIAL] <= 0 && o[EPS] > 0;
}

const yg_optimizer_update yg_update_adagrad = {
    .name = "adagrad",
    .doc = "steps divided by the root of the sum of all squares so far",
    .lr = 1e-2,
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .states = states,
    .build = update,
    .row_by_row = row_by_row,
};
