/*
 * atan2: the angle of the point (b, a) from the axis of b, elementwise.
 *
 * vjp: da = dy · b / (a² + b²); db = -dy · a / (a² + b²); both 0 at the origin.
 */
#include "build.h"
#include "elementwise.h"
#include "registry.h"

YG_BINARY_MATH_TILES(atan2, atan2(a, b))

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    const yg_node a = yg_node_operand(graph, y, 0), b = yg_node_operand(graph, y, 1);
    const yg_node squared = yg_add(graph, yg_square(graph, a), yg_square(graph, b));
    const yg_dtype dtype = yg_node_type(graph, y)->dtype;
    const yg_node at_origin = yg_equal(graph, squared, yg_scalar(graph, dtype, 0));
    const yg_node safe = yg_where(graph, at_origin, yg_scalar(graph, dtype, 1), squared);
    const yg_node other = k == 0 ? b : yg_negative(graph, a);
    return yg_multiply(graph, dy, yg_divide(graph, other, safe));
}

static double reference(const yg_reference *r, const int64_t *index) {
    return atan2(yg_at(r, 0, index), yg_at(r, 1, index));
}

const yg_op yg_op_atan2 = {
    .name = "atan2",
    .formula = "y = the angle of the point (b, a)",
    .doc = "arctan(a / b) in the right quadrant, in [-π, π]; 0, π or -π at the origin by the signs "
           "of the zeros. The gradient at the origin is 0.",
    .group = "elementwise",
    .min_operands = 2,
    .max_operands = 2,
    .operand_names = {"a", "b"},
    .flags = YG_OP_ELEMENTWISE | YG_OP_FLOAT_ONLY,
    .tile = YG_FLOAT_TILES(atan2),
    .vjp = vjp,
    .reference = reference,
    .domain = {{-2, 2}, {0.2, 2}},
    YG_SAMPLES(yg_binary_samples),
};
