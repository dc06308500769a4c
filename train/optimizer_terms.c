/*
 * Terms that the updates of several optimizers share: see optimizer_update.h.
 */
#include "../ops/build.h"
#include "optimizer_update.h"

static yg_node scalar_input(const yg_update_call *call, yg_node *input, const char *name) {
    if (*input == YG_NONE) {
        const yg_type type = yg_type_scalar(YG_F64);
        *input = yg_input(call->graph, name, &type);
    }
    return *input;
}

/* A ratio of 1 adds no node, so a run without groups has the program that it had. */
yg_node yg_update_lr(yg_update_call *call) {
    const yg_node lr = scalar_input(call, &call->inputs->lr, "train.lr");
    const double off = call->lr_ratio - 1;
    return off < 0 || off > 0 ? yg_scale(call->graph, lr, call->lr_ratio) : lr;
}

yg_node yg_update_t(yg_update_call *call) {
    return call->step != YG_NONE ? call->step : scalar_input(call, &call->inputs->t, "train.t");
}

yg_node yg_update_first(yg_update_call *call) {
    return yg_less_equal(call->graph, yg_update_t(call), yg_scalar(call->graph, YG_F64, 1));
}

yg_node yg_update_correction(yg_update_call *call, double decay) {
    yg_graph *graph = call->graph;
    const yg_node power = yg_pow(graph, yg_scalar(graph, YG_F64, decay), yg_update_t(call));
    return yg_subtract(graph, yg_scalar(graph, YG_F64, 1), power);
}

yg_node yg_update_kept(yg_update_call *call, double decay) {
    yg_graph *graph = call->graph;
    if (decay <= 0)
        return YG_NONE;
    return yg_update_factor(call, yg_offset(graph, yg_scale(graph, yg_update_lr(call), -decay), 1));
}

yg_node yg_update_factor(const yg_update_call *call, yg_node scalar) {
    const yg_type *type = yg_node_type(call->graph, call->parameter);
    return scalar == YG_NONE ? YG_NONE : yg_cast(call->graph, scalar, type->dtype);
}

yg_node yg_update_number(const yg_update_call *call, double number) {
    return yg_scalar(call->graph, yg_node_type(call->graph, call->parameter)->dtype, number);
}

yg_node yg_update_decayed(const yg_update_call *call, double decay) {
    yg_graph *graph = call->graph;
    return decay > 0 ? yg_add(graph, call->gradient, yg_scale(graph, call->parameter, decay))
                     : call->gradient;
}

yg_node yg_update_shrunk(const yg_update_call *call, yg_node kept) {
    return kept == YG_NONE ? call->parameter : yg_multiply(call->graph, call->parameter, kept);
}

yg_node yg_moving_average(yg_graph *graph, yg_node average, double decay, yg_node x) {
    return yg_add(graph, yg_scale(graph, average, decay), yg_scale(graph, x, 1 - decay));
}

yg_state_spec yg_state_like(const char *name, const yg_type *parameter) {
    return (yg_state_spec){.name = name, .type = *parameter};
}
