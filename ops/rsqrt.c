/*
 * rsqrt: y = 1 / √x, elementwise.
 *
 * vjp: dx = -dy · y³ / 2.
 */
#include "build.h"
#include "elementwise.h"
#include "registry.h"
#include "root_avx512.h"

YG_UNARY_TILE(plain_f32, float, float, 1 / sqrt(x))
YG_UNARY_TILE(rsqrt_f64, double, double, 1 / sqrt(x))
YG_ROOT_TILE(avx512_f32, _mm512_div_ps(_mm512_set1_ps(1), root))
YG_ROOT_CHOICE(rsqrt_f32, avx512_f32, plain_f32)

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)k;
    const yg_node cube = yg_multiply(graph, y, yg_square(graph, y));
    return yg_multiply(graph, dy, yg_scale(graph, cube, -0.5));
}

static double reference(const yg_reference *r, const int64_t *index) {
    return 1 / sqrt(yg_at(r, 0, index));
}

const yg_op yg_op_rsqrt = {
    .name = "rsqrt",
    .formula = "y = 1 / √x",
    .doc = "The inverse square root; infinite at 0.",
    .group = "elementwise",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .flags = YG_OP_ELEMENTWISE | YG_OP_FLOAT_ONLY,
    .tile = YG_FLOAT_TILES(rsqrt),
    .vjp = vjp,
    .reference = reference,
    .domain = {{0.3, 3}},
    YG_SAMPLES(yg_unary_samples),
};
