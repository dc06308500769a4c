/*
 * hardswish: y = x · min(max(x + 3, 0), 6) / 6, elementwise.
 *
 * A composite: x · hardsigmoid(x).
 */
#include "build.h"
#include "elementwise.h"
#include "registry.h"

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
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
    .compose = compose,
    .reference = reference,
    .domain = {{-5, 5}},
    YG_SAMPLES(yg_unary_samples),
};
