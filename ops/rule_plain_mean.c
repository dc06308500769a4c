/*
 * The rule plain_mean: channel_moments becomes a sum where nothing reads the variance.
 *
 * The moments go through each part twice; a mean alone needs one pass.
 *
 * Changes rounding: the terms are added in another order.
 */
#include "build.h"
#include "channels.h"
#include "registry.h"
#include "rules.h"

static bool matches(const yg_rewriting *r, yg_node node) {
    enum { VARIANCE = 1 };
    return yg_node_op(r->graph, node) == &yg_op_channel_moments &&
           !r->live[yg_node_result(r->graph, node, VARIANCE)];
}

static yg_node build(const yg_rewriting *r, yg_graph *to, yg_node node, const yg_node *made) {
    const yg_node x = made[yg_node_operand(r->graph, node, 0)];
    const bool second = yg_channels_second_of(yg_node_attrs(r->graph, node));
    const double n = (double)yg_channels_of(yg_node_type(to, x), second).pixels;
    return yg_scale(to, yg_channels_sum(to, x, second), 1 / n);
}

const yg_rule yg_rule_plain_mean = {
    .name = "plain_mean",
    .doc = "computes the mean of channels as a sum where nothing reads their variance",
    .op = &yg_op_channel_moments,
    .matches = matches,
    .build = build,
};
