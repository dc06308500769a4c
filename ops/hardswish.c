/*
 * hardswish: y = x · min(max(x + 3, 0), 6) / 6, elementwise.
 *
 * vjp: hardswish_gradient.
 */
#include "build.h"
#include "elementwise.h"
#include "registry.h"

YG_UNARY_TILES(hardswish, x *((x + 3 < 0 ? 0 : x + 3 > 6 ? 6 : x + 3) * (real)(1. / 6)))

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    const yg_node operands[] = {dy, yg_node_operand(graph, y, k)};
    return yg_apply(graph, &yg_op_hardswish_gradient, operands, 2, NULL);
}

static size_t definition(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                         yg_node *results) {
    (void)call;
    const yg_node gate = yg_apply(graph, &yg_op_hardsigmoid, operands, 1, NULL);
    results[0] = yg_multiply(graph, operands[0], gate);
    return 1;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const double x = yg_at(r, 0, index);
    return x * fmin(fmax(x + 3, 0), 6) / 6;
}

const yg_op yg_op_hardswish = {
    .name = "hardswish",
    .formula = "y = x · min(max(x + 3, 0), 6) / 6",
    .doc = "silu with straight lines for the sigmoid: 0 up to -3, x from 3 on. The gradient at -3 "
           "is 0, at 3 it is 1.",
    .group = "elementwise",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .flags = YG_OP_ELEMENTWISE | YG_OP_FLOAT_ONLY,
    .tile = YG_FLOAT_TILES(hardswish),
    .vjp = vjp,
    .compose = definition,
    .reference = reference,
    .domain = {{-5, 5}},
    YG_SAMPLES(yg_unary_samples),
};
