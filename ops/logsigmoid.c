/*
 * logsigmoid: y = log(1 / (1 + exp(-x))), elementwise.
 *
 * A composite: -softplus(-x), which is exact where the sigmoid is rounded to 0 or 1.
 */
#include "build.h"
#include "elementwise.h"
#include "registry.h"

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    (void)call;
    results[0] = yg_negative(graph, yg_softplus(graph, yg_negative(graph, operands[0])));
    return 1;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const double x = yg_at(r, 0, index);
    return fmin(x, 0) - log1p(exp(-fabs(x)));
}

const yg_op yg_op_logsigmoid = {
    .name = "logsigmoid",
    .formula = "y = log(1 / (1 + exp(-x)))",
    .doc = "The logarithm of sigmoid, without overflow or rounding to log(0).",
    .group = "elementwise",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .compose = compose,
    .reference = reference,
    .domain = {{-6, 6}},
    YG_SAMPLES(yg_unary_samples),
};
