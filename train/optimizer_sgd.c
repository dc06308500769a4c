/*
 * sgd: torch.optim.SGD.
 *
 *   g = gradient + weight_decay · parameter
 *   b = g at the first step, then momentum · b + (1 - dampening) · g       (if momentum)
 *   d = g + momentum · b (nesterov), or b, or g (no momentum)
 *   parameter = parameter - lr · d
 */
#include "../ops/build.h"
#include "optimizer_update.h"

enum { MOMENTUM, DAMPENING, WEIGHT_DECAY, NESTEROV };

static const yg_option options[] = {
    [MOMENTUM] = {"momentum", YG_OPTION_NUMBER, 0, 0, 1, "the part of the last step that is kept",
                  .example = "0.9"},
    [DAMPENING] = {"dampening", YG_OPTION_NUMBER, 0, 0, 1,
                   "the part of a gradient that momentum leaves out", .example = "0.1"},
    [WEIGHT_DECAY] = {"weight_decay", YG_OPTION_NUMBER, 0, 0, 1e10,
                      "times the parameter, added to its gradient", .example = "1e-4"},
    [NESTEROV] = {"nesterov", YG_OPTION_FLAG, 0, 0, 1,
                  "look ahead by the momentum (needs one, and no dampening)"},
};

static bool check(const yg_optimizer *optimizer, yg_error *error) {
    const double *o = optimizer->options;
    return o[NESTEROV] == 0 || (o[MOMENTUM] > 0 && o[DAMPENING] == 0) ||
           yg_fail(error, YG_ERROR_ARGUMENT, optimizer->origin,
                   "sgd: `nesterov` needs a `momentum` above 0 and no `dampening`");
}

static size_t states(const yg_optimizer *optimizer, const yg_type *parameter,
                     yg_state_spec states[YG_OPTIMIZER_STATES]) {
    states[0] = yg_state_like("momentum_buffer", parameter);
    return optimizer->options[MOMENTUM] > 0;
}

/* The scalars of a step, in the parameter's type. */
typedef struct factors {
    yg_node lr;
    yg_node undamped; /* the factor of g in b: 1 at the first step, then 1 - dampening; YG_NONE
                         without dampening */
} factors;

static factors make_factors(yg_update_call *call) {
    yg_graph *graph = call->graph;
    const double *o = call->optimizer->options;
    factors made = {.lr = yg_update_factor(call, yg_update_lr(call)), .undamped = YG_NONE};
    if (o[MOMENTUM] > 0 && o[DAMPENING] > 0) {
        const yg_node undamped = yg_where(graph, yg_update_first(call), yg_scalar(graph, YG_F64, 1),
                                          yg_scalar(graph, YG_F64, 1 - o[DAMPENING]));
        made.undamped = yg_update_factor(call, undamped);
    }
    return made;
}

static yg_node update(yg_update_call *call) {
    yg_graph *graph = call->graph;
    const double *o = call->optimizer->options;
    const factors factors = make_factors(call);
    yg_node direction = yg_update_decayed(call, o[WEIGHT_DECAY]);
    if (o[MOMENTUM] > 0) {
        const yg_node gradient = direction;
        const yg_node added =
            factors.undamped == YG_NONE ? gradient : yg_multiply(graph, factors.undamped, gradient);
        const yg_node buffer = yg_add(graph, yg_scale(graph, call->state[0], o[MOMENTUM]), added);
        call->new_state[0] = buffer;
        direction = o[NESTEROV] > 0 ? yg_add(graph, gradient, yg_scale(graph, buffer, o[MOMENTUM]))
                                    : buffer;
    }
    return yg_subtract(graph, call->parameter, yg_multiply(graph, factors.lr, direction));
}

static bool row_by_row(const yg_optimizer *optimizer) {
    return optimizer->options[MOMENTUM] <= 0 && optimizer->options[WEIGHT_DECAY] <= 0;
}

const yg_optimizer_update yg_update_sgd = {
    .name = "sgd",
    .doc = "stochastic gradient descent, with momentum if asked for",
    .lr = 1e-3,
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .check = check,
    .states = states,
    .build = update,
    .row_by_row = row_by_row,
};
