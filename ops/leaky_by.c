/*
 * leaky_by: y = x if x > 0, else weight · x, elementwise: what prelu is made of.
 *
 * vjp: dx = dy if x > 0, else weight · dy; dweight = 0 if x > 0, else x · dy.
 */
#include "build.h"
#include "elementwise.h"
#include "registry.h"

enum { X, WEIGHT };

/* a is x, b is the weight. */
YG_BINARY_TILES(leaky_by, a > 0 ? a : b * a)

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    const yg_node x = yg_node_operand(graph, y, X), weight = yg_node_operand(graph, y, WEIGHT);
    const yg_node zero = yg_scalar(graph, yg_node_type(graph, y)->dtype, 0);
    const yg_node is_positive = yg_greater(graph, x, zero);
    return k == X ? yg_where(graph, is_positive, dy, yg_multiply(graph, weight, dy))
                  : yg_where(graph, is_positive, zero, yg_multiply(graph, x, dy));
}

static size_t definition(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                         yg_node *results) {
    const yg_node x = operands[X], zero = yg_scalar(graph, call->operands[X].dtype, 0);
    results[0] =
        yg_where(graph, yg_greater(graph, x, zero), x, yg_multiply(graph, operands[WEIGHT], x));
    return 1;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const double x = yg_at(r, X, index);
    return x > 0 ? x : yg_at(r, WEIGHT, index) * x;
}

const yg_op yg_op_leaky_by = {
    .name = "leaky_by",
    .formula = "y = x if x > 0, else weight · x",
    .doc = "What prelu is made of.",
    .group = "elementwise",
    .min_operands = 2,
    .max_operands = 2,
    .operand_names = {"x", "weight"},
    .flags = YG_OP_ELEMENTWISE | YG_OP_FLOAT_ONLY | YG_OP_INTERNAL,
    .tile = YG_FLOAT_TILES(leaky_by),
    .vjp = vjp,
    .compose = definition,
    .reference = reference,
    YG_SAMPLES(yg_binary_samples),
};
