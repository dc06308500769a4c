/*
 * elu: y = x if x > 0, else alpha · (exp(x) - 1), elementwise.
 *
 * vjp: dx = dy where x > 0, else dy · alpha · exp(x).
 */
#include "build.h"
#include "elementwise.h"
#include "registry.h"
#include "vector_functions.h"

YG_UNARY_MATH_TILES_WITH(elu, const real alpha = (real)attrs[0].f,
                         x > 0 ? x : alpha * YG_VECTOR_EXPM1(x))

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)k;
    const yg_node x = yg_node_operand(graph, y, 0);
    const yg_node zero = yg_scalar(graph, yg_node_type(graph, y)->dtype, 0);
    const yg_node is_positive = yg_greater(graph, x, zero);
    /* The slope for x ≤ 0 is alpha · exp(x). It also equals y + alpha, but that loses its digits if
     * y is close to -alpha. For x > 0 the exponential is taken of 0: if it overflowed there, the
     * second derivative would be 0 · infinity, although `where` does not choose it. */
    const yg_node slope = yg_scale(graph, yg_exp(graph, yg_where(graph, is_positive, zero, x)),
                                   yg_node_attrs(graph, y)[0].f);
    return yg_where(graph, is_positive, dy, yg_multiply(graph, dy, slope));
}

static size_t definition(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                         yg_node *results) {
    const yg_node x = operands[0], zero = yg_scalar(graph, call->operands[0].dtype, 0);
    const yg_node is_positive = yg_greater(graph, x, zero);
    const yg_node below = yg_expm1(graph, yg_where(graph, is_positive, zero, x));
    results[0] = yg_where(graph, is_positive, x, yg_scale(graph, below, call->attrs[0].f));
    return 1;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const double x = yg_at(r, 0, index);
    return x > 0 ? x : r->call->attrs[0].f * expm1(x);
}

static const yg_attr_spec attrs[] = {
    {.name = "alpha",
     .kind = YG_ATTR_FLOAT,
     .fallback = {.f = 1},
     .doc = "minus the limit at minus infinity"},
};

static const yg_attr half[] = {{.f = 0.5}};

static const yg_sample samples[] = {
    {{"f[2, 3]"}, NULL},
    {{"f[3, 1367]"}, half},
    {{"f[]"}, NULL},
    {{"f[0, 3]"}, NULL},
};

const yg_op yg_op_elu = {
    .name = "elu",
    .formula = "y = x if x > 0, else alpha · (exp(x) - 1)",
    .doc = "The exponential linear unit; it tends to -alpha.",
    .group = "elementwise",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .flags = YG_OP_ELEMENTWISE | YG_OP_FLOAT_ONLY,
    .tile = YG_FLOAT_TILES(elu),
    .vjp = vjp,
    .compose = definition,
    .reference = reference,
    YG_SAMPLES(samples),
};
