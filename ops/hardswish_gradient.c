/*
 * hardswish_gradient: the derivative of hardswish, elementwise: dy times 0 up to x = -3, 1 from 3
 * on, (2 x + 3) / 6 between them. Its own derivative is that of its definition.
 */
#include "build.h"
#include "elementwise.h"
#include "piecewise_gradient.h"
#include "registry.h"

/* a is dy, b is x. */
#define SLOPE (b <= -3 ? 0 : b >= 3 ? 1 : b * (real)(1. / 3) + (real)0.5)
YG_BINARY_TILES(hardswish_gradient, (b <= -3 ? 0 : a) * SLOPE)

/* The slope of x · gate is gate + x · slope of the gate. */
static size_t definition(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                         yg_node *results) {
    (void)call;
    const yg_node dy = operands[0], x = operands[1];
    const yg_piecewise_slopes slopes = {
        .low = -3, .high = 3, .middle = 1. / 6, .undefined = 1. / 6};
    const yg_node gate = yg_apply(graph, &yg_op_hardsigmoid, &x, 1, NULL);
    const yg_node bend = yg_piecewise_gradient(graph, yg_multiply(graph, dy, x), x, &slopes);
    results[0] = yg_add(graph, yg_multiply(graph, dy, gate), bend);
    return 1;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const double x = yg_at(r, 1, index), slope = x <= -3 ? 0 : x >= 3 ? 1 : (2 * x + 3) / 6;
    return yg_at(r, 0, index) * slope;
}

const yg_op yg_op_hardswish_gradient = {
    .name = "hardswish_gradient",
    .formula = "dx = dy · (0 if x ≤ -3, 1 if x ≥ 3, else (2 x + 3) / 6)",
    .doc = "The gradient of hardswish.",
    .group = "elementwise",
    .min_operands = 2,
    .max_operands = 2,
    .operand_names = {"dy", "x"},
    .flags = YG_OP_ELEMENTWISE | YG_OP_FLOAT_ONLY | YG_OP_INTERNAL,
    .tile = YG_FLOAT_TILES(hardswish_gradient),
    .compose = definition,
    .reference = reference,
    .domain = {{0, 0}, {-5, 5}},
    YG_SAMPLES(yg_binary_samples),
};
