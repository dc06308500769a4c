/*
 * softplus: y = log(1 + exp(x)), elementwise.
 *
 * vjp: dx = dy · sigmoid(x).
 */
#include "build.h"
#include "elementwise.h"
#include "registry.h"

/* Computed as max(x, 0) + log(1 + exp(-|x|)), where the exponential cannot overflow. */
YG_UNARY_MATH_TILES(softplus, (x < 0 ? 0 : x) + log1p(exp(-fabs(x))))

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)k;
    return yg_multiply(graph, dy, yg_sigmoid(graph, yg_node_operand(graph, y, 0)));
}

static size_t definition(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                         yg_node *results) {
    const yg_node x = operands[0];
    const yg_node positive = yg_maximum(graph, x, yg_scalar(graph, call->operands[0].dtype, 0));
    const yg_node rest = yg_log1p(graph, yg_exp(graph, yg_negative(graph, yg_abs(graph, x))));
    results[0] = yg_add(graph, positive, rest);
    return 1;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const double x = yg_at(r, 0, index);
    return fmax(x, 0) + log1p(exp(-fabs(x)));
}

const yg_op yg_op_softplus = {
    .name = "softplus",
    .formula = "y = log(1 + exp(x))",
    .doc = "A smooth relu: x for large x, and it never overflows.",
    .group = "elementwise",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .flags = YG_OP_ELEMENTWISE | YG_OP_FLOAT_ONLY,
    .tile = YG_FLOAT_TILES(softplus),
    .vjp = vjp,
    .compose = definition,
    .reference = reference,
    .domain = {{-6, 6}},
    YG_SAMPLES(yg_unary_samples),
};
