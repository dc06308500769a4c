/*
 * rmsprop: torch.optim.RMSprop.
 *
 *   g = gradient + weight_decay · parameter
 *   v = alpha · v + (1 - alpha) · g²
 *   a = alpha · a + (1 - alpha) · g                         (centered)
 *   d = √(v - a²) + eps (centered), or √v + eps
 *   b = momentum · b + g / d, and parameter = parameter - lr · b           (momentum)
 *   parameter = parameter - lr · g / d                                     (no momentum)
 */
#include "../ops/build.h"
#include "optimizer_update.h"

enum { ALPHA, EPS, WEIGHT_DECAY, MOMENTUM, CENTERED };

static const yg_option options[] = {
    [ALPHA] = {"alpha", YG_OPTION_NUMBER, 0.99, 0, 1, "decay of the mean of squares",
               .example = "0.9"},
    [EPS] = {"eps", YG_OPTION_NUMBER, 1e-8, 0, 1e10, "added to the root, against a division by 0",
             .example = "1e-6"},
    [WEIGHT_DECAY] = {"weight_decay", YG_OPTION_NUMBER, 0, 0, 1e10,
                      "times the parameter, added to its gradient", .example = "1e-4"},
    [MOMENTUM] = {"momentum", YG_OPTION_NUMBER, 0, 0, 1e10,
                  "the part of the last step that is kept", .example = "0.9"},
    [CENTERED] = {"centered", YG_OPTION_FLAG, 0, 0, 1,
                  "divide by the deviation from the mean of gradients"},
};

static size_t states(const yg_optimizer *optimizer, const yg_type *parameter,
                     yg_state_spec states[YG_OPTIMIZER_STATES]) {
    size_t count = 0;
    states[count++] = yg_state_like("square_avg", parameter);
    if (optimizer->options[MOMENTUM] > 0)
        states[count++] = yg_state_like("momentum_buffer", parameter);
    if (optimizer->options[CENTERED] > 0)
        states[count++] = yg_state_like("grad_avg", parameter);
    return count;
}

static yg_node update(yg_update_call *call) {
    yg_graph *graph = call->graph;
    const double *o = call->optimizer->options;
    const yg_node lr = yg_update_factor(call, yg_update_lr(call));
    const yg_node g = yg_update_decayed(call, o[WEIGHT_DECAY]);
    const yg_node v = yg_moving_average(graph, call->state[0], o[ALPHA], yg_square(graph, g));
    yg_node square = v;
    call->new_state[0] = v;
    if (o[CENTERED] > 0) {
        const size_t k = o[MOMENTUM] > 0 ? 2 : 1;
        const yg_node mean = yg_moving_average(graph, call->state[k], o[ALPHA], g);
        call->new_state[k] = mean;
        square = yg_subtract(graph, v, yg_square(graph, mean));
    }
    yg_node step = yg_divide(graph, g, yg_offset(graph, yg_sqrt(graph, square), o[EPS]));
    if (o[MOMENTUM] > 0)
        call->new_state[1] = step =
            yg_add(graph, yg_scale(graph, call->state[1], o[MOMENTUM]), step);
    return yg_subtract(graph, call->parameter, yg_multiply(graph, lr, step));
}

const yg_optimizer_update yg_update_rmsprop = {
    .name = "rmsprop",
    .doc = "steps divided by the root mean square of past gradients",
    .lr = 1e-2,
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .states = states,
    .build = update,
};
