/*
 * sqrt: y = √x, elementwise.
 *
 * vjp: dx = dy / (2 y).
 */
#include "build.h"
#include "elementwise.h"
#include "registry.h"
#include "root_avx512.h"

YG_UNARY_TILE(plain_f32, float, float, sqrt(x))
YG_UNARY_TILE(sqrt_f64, double, double, sqrt(x))
YG_ROOT_TILE(avx512_f32, root)
YG_ROOT_CHOICE(sqrt_f32, avx512_f32, plain_f32)

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)k;
    return yg_divide(graph, dy, yg_scale(graph, y, 2));
}

static double reference(const yg_reference *r, const int64_t *index) {
    return sqrt(yg_at(r, 0, index));
}

const yg_op yg_op_sqrt = {
    .name = "sqrt",
    .formula = "y = √x",
    .doc = "The square root; NaN below 0. The slope at 0 is infinite.",
    .group = "elementwise",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .flags = YG_OP_ELEMENTWISE | YG_OP_FLOAT_ONLY,
    .tile = YG_FLOAT_TILES(sqrt),
    .vjp = vjp,
    .reference = reference,
    .domain = {{0.3, 3}},
    YG_SAMPLES(yg_unary_samples),
};
