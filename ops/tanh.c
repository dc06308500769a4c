/*
 * tanh: y = tanh(x), elementwise.
 *
 * vjp: dx = dy · (1 - y²), from the result itself.
 */
#include "build.h"
#include "elementwise.h"
#include "registry.h"
#include "vector_functions.h"

YG_UNARY_MATH_TILES(tanh, YG_VECTOR_TANH(x))

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)k;
    const yg_node one = yg_scalar(graph, yg_node_type(graph, y)->dtype, 1);
    return yg_multiply(graph, dy, yg_subtract(graph, one, yg_square(graph, y)));
}

static double reference(const yg_reference *r, const int64_t *index) {
    return tanh(yg_at(r, 0, index));
}

const yg_op yg_op_tanh = {
    .name = "tanh",
    .formula = "y = tanh(x)",
    .doc =
        "The hyperbolic tangent; -1 and 1 at the infinities. The slope 1 - y² is taken from the "
        "result, as in PyTorch: it is 0 where y is rounded to 1, for |x| > 9.1 in f32, |x| > 19.1 "
        "in f64.",
    .group = "elementwise",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .flags = YG_OP_ELEMENTWISE | YG_OP_FLOAT_ONLY,
    .tile = YG_FLOAT_TILES(tanh),
    .vjp = vjp,
    .reference = reference,
    YG_SAMPLES(yg_unary_samples),
};
