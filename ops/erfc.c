/*
 * erfc: y = 1 - erf(x), elementwise.
 *
 * vjp: dx = -dy · 2 / √π · exp(-x²).
 */
#include "build.h"
#include "elementwise.h"
#include "exp_range.h"
#include "registry.h"
#include "vector_erf.h"

YG_UNARY_MATH_TILE(erfc_f32, float, (void)0, yg_vector_erfc_f32(x))
YG_UNARY_MATH_TILE(erfc_f64, double, (void)0, YG_ERFC(x))

/* 2 / √π */
static const double slope_at_zero = 1.12837916709551257390;

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)k;
    const yg_node x = yg_node_operand(graph, y, 0);
    const yg_node bell = yg_apply(graph, &yg_op_bell, &x, 1, NULL);
    return yg_multiply(graph, dy, yg_scale(graph, bell, -slope_at_zero));
}

static double reference(const yg_reference *r, const int64_t *index) {
    return erfc(yg_at(r, 0, index));
}

const yg_op yg_op_erfc = {
    .name = "erfc",
    .formula = "y = 1 - erf(x)",
    .doc = "The complementary error function, without the cancellation of 1 - erf(x) for large x.",
    .group = "elementwise",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .flags = YG_OP_ELEMENTWISE | YG_OP_FLOAT_ONLY,
    .tile = YG_FLOAT_TILES(erfc),
    .vjp = vjp,
    .reference = reference,
    YG_SAMPLES(yg_unary_samples),
};
