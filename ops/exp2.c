/*
 * exp2: y = 2^x, elementwise.
 *
 * vjp: dx = dy · y · log(2).
 */
#include "build.h"
#include "elementwise.h"
#include "registry.h"
#include "vector_functions.h"

YG_UNARY_MATH_TILES(exp2, YG_VECTOR_EXP2(x))

static const double log_of_base = 0.69314718055994530942; /* log(2) */

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)k;
    return yg_multiply(graph, dy, yg_scale(graph, y, log_of_base));
}

static double reference(const yg_reference *r, const int64_t *index) {
    return exp2(yg_at(r, 0, index));
}

const yg_op yg_op_exp2 = {
    .name = "exp2",
    .formula = "y = 2^x",
    .doc = "2 to the power x.",
    .group = "elementwise",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .flags = YG_OP_ELEMENTWISE | YG_OP_FLOAT_ONLY,
    .tile = YG_FLOAT_TILES(exp2),
    .vjp = vjp,
    .reference = reference,
    YG_SAMPLES(yg_unary_samples),
};
