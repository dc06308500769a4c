/*
 * hardsigmoid: y = min(max(x + 3, 0), 6) / 6, elementwise.
 *
 * vjp: dx = dy / 6 where -3 < x < 3, else 0.
 */
#include "build.h"
#include "elementwise.h"
#include "piecewise_gradient.h"
#include "registry.h"

YG_UNARY_TILES(hardsigmoid, (x + 3 < 0 ? 0 : x + 3 > 6 ? 6 : x + 3) * (real)(1. / 6))

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    const yg_piecewise_slopes slopes = {
        .low = -3, .high = 3, .middle = 1. / 6, .undefined = 1. / 6};
    return yg_piecewise_gradient(graph, dy, yg_node_operand(graph, y, k), &slopes);
}

static size_t definition(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                         yg_node *results) {
    (void)call;
    const yg_node shifted = yg_offset(graph, operands[0], 3);
    const yg_node sixfold = yg_apply(graph, &yg_op_relu6, &shifted, 1, NULL);
    results[0] = yg_scale(graph, sixfold, 1. / 6);
    return 1;
}

static double reference(const yg_reference *r, const int64_t *index) {
    return fmin(fmax(yg_at(r, 0, index) + 3, 0), 6) / 6;
}

const yg_op yg_op_hardsigmoid = {
    .name = "hardsigmoid",
    .formula = "y = min(max(x + 3, 0), 6) / 6",
    .doc = "A sigmoid of straight lines: 0 up to -3, 1 from 3 on. The gradient at -3 and 3 is 0.",
    .group = "elementwise",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .flags = YG_OP_ELEMENTWISE | YG_OP_FLOAT_ONLY,
    .tile = YG_FLOAT_TILES(hardsigmoid),
    .vjp = vjp,
    .compose = definition,
    .reference = reference,
    .domain = {{-5, 5}},
    YG_SAMPLES(yg_unary_samples),
};
