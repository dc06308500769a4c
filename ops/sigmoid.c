/*
 * sigmoid: y = 1 / (1 + exp(-x)), elementwise.
 *
 * vjp: dx = dy · y · (1 - y), from the result itself.
 */
#include "build.h"
#include "elementwise.h"
#include "registry.h"
#include "vector_exp.h"

/* For very negative x the exponential is infinity; 1 / infinity = 0 is the right limit. */
YG_UNARY_MATH_TILES(sigmoid, YG_VECTOR_SIGMOID(x))

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)k;
    const yg_node one = yg_scalar(graph, yg_node_type(graph, y)->dtype, 1);
    return yg_multiply(graph, dy, yg_multiply(graph, y, yg_subtract(graph, one, y)));
}

static double reference(const yg_reference *r, const int64_t *index) {
    return 1 / (1 + exp(-yg_at(r, 0, index)));
}

const yg_op yg_op_sigmoid = {
    .name = "sigmoid",
    .formula = "y = 1 / (1 + exp(-x))",
    .doc =
        "The logistic function; 0 and 1 at the infinities. The slope y·(1 - y) is taken from the "
        "result, as in PyTorch: it is 0 where y is rounded to 1, for x > 17 in f32, x > 37 in f64.",
    .group = "elementwise",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .flags = YG_OP_ELEMENTWISE | YG_OP_FLOAT_ONLY,
    .tile = YG_FLOAT_TILES(sigmoid),
    .vjp = vjp,
    .reference = reference,
    .domain = {{-6, 6}},
    YG_SAMPLES(yg_unary_samples),
};
