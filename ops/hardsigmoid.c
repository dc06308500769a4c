/*
 * hardsigmoid: y = min(max(x + 3, 0), 6) / 6, elementwise.
 *
 * A composite: relu6(x + 3) / 6.
 */
#include "build.h"
#include "elementwise.h"
#include "registry.h"

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
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
    .compose = compose,
    .reference = reference,
    .domain = {{-5, 5}},
    YG_SAMPLES(yg_unary_samples),
};
