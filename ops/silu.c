/*
 * silu: y = x · sigmoid(x), elementwise.
 *
 * vjp: silu_gradient.
 */
#include "build.h"
#include "elementwise.h"
#include "registry.h"
#include "vector_exp.h"

/* x is kept above -1e30: -infinity · 0 would be NaN; the limit is 0. */
YG_UNARY_MATH_TILES(silu, (x < -(real)1e30 ? -(real)1e30 : x) * YG_VECTOR_SIGMOID(x))

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    const yg_node operands[] = {dy, yg_node_operand(graph, y, k)};
    return yg_apply(graph, &yg_op_silu_gradient, operands, 2, NULL);
}

static size_t definition(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                         yg_node *results) {
    (void)call;
    results[0] = yg_multiply(graph, operands[0], yg_sigmoid(graph, operands[0]));
    return 1;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const double x = yg_at(r, 0, index);
    return x / (1 + exp(-x));
}

const yg_op yg_op_silu = {
    .name = "silu",
    .formula = "y = x · sigmoid(x)",
    .doc = "Also called swish; 0 at minus infinity.",
    .group = "elementwise",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .flags = YG_OP_ELEMENTWISE | YG_OP_FLOAT_ONLY,
    .tile = YG_FLOAT_TILES(silu),
    .vjp = vjp,
    .compose = definition,
    .reference = reference,
    .domain = {{-6, 6}},
    YG_SAMPLES(yg_unary_samples),
};
