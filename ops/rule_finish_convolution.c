/*
 * The rule finish_convolution: what follows a convolution, and alone reads it, becomes a part of
 * it.
 *
 * channel_affine(convolution(x, w, b), m, s, t), a batch normalisation with given statistics, is
 * the convolution with w · s as weight and (b - m) · s + t as bias. That is fewer numbers than the
 * result has; where it is not, nothing matches.
 *
 * relu(convolution(…)) is convolution_relu.
 *
 * The first changes rounding, the second does not.
 */
#include "build.h"
#include "convolution.h"
#include "registry.h"
#include "rules.h"

enum { WEIGHT = 1, BIAS = 2 };             /* operands of convolution */
enum { CENTER = 1, SCALE = 2, SHIFT = 3 }; /* operands of channel_affine */

/* The convolution that the node alone reads, or YG_NONE. */
static yg_node finished(const yg_rewriting *r, yg_node node) {
    const yg_op *op = yg_node_op(r->graph, node);
    if (op != &yg_op_relu && op != &yg_op_channel_affine)
        return YG_NONE;
    const yg_node x = yg_node_operand(r->graph, node, 0);
    if (yg_node_op(r->graph, x) != &yg_op_convolution || r->uses[x] != 1)
        return YG_NONE;
    const int64_t weights =
        yg_type_count(yg_node_type(r->graph, yg_node_operand(r->graph, x, WEIGHT)));
    const bool few = weights < yg_type_count(yg_node_type(r->graph, node));
    return op == &yg_op_relu || few ? x : YG_NONE;
}

static bool matches(const yg_rewriting *r, yg_node node) {
    return finished(r, node) != YG_NONE;
}

/* The weight with each filter times its scale. */
static yg_node scaled(yg_graph *to, yg_node weight, yg_node scale) {
    yg_type filters = *yg_node_type(to, weight);
    for (int d = 1; d < filters.rank; d++)
        filters.shape[d] = 1;
    return yg_multiply(to, weight, yg_reshape(to, scale, &filters));
}

static yg_node build(const yg_rewriting *r, yg_graph *to, yg_node node, const yg_node *made) {
    const yg_node x = finished(r, node), *of = yg_node_operands(r->graph, x);
    const yg_node *with = yg_node_operands(r->graph, node);
    const yg_attr *attrs = yg_node_attrs(r->graph, x);
    size_t count = yg_node_operand_count(r->graph, x);
    yg_node operands[BIAS + 1];
    for (size_t k = 0; k < count; k++)
        operands[k] = made[of[k]];
    if (yg_node_op(r->graph, node) == &yg_op_relu)
        return yg_apply(to, &yg_op_convolution_relu, operands, count, attrs);
    const yg_node center = made[with[CENTER]], scale = made[with[SCALE]];
    const yg_node middle =
        count > BIAS ? yg_subtract(to, operands[BIAS], center) : yg_negative(to, center);
    operands[WEIGHT] = scaled(to, operands[WEIGHT], scale);
    operands[BIAS] = yg_add(to, yg_multiply(to, middle, scale), made[with[SHIFT]]);
    return yg_apply(to, &yg_op_convolution, operands, BIAS + 1, attrs);
}

static yg_node work_of(const yg_rewriting *r, yg_node node) {
    return finished(r, node);
}

const yg_rule yg_rule_finish_convolution = {
    .name = "finish_convolution",
    .doc = "takes a normalisation with given statistics, and relu, into the convolution before it",
    .op = &yg_op_convolution,
    .matches = matches,
    .build = build,
    .work_of = work_of,
};
