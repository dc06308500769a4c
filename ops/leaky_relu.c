/*
 * leaky_relu: y = x if x > 0, else negative_slope · x, elementwise.
 *
 * vjp: dx = dy where x > 0, else negative_slope · dy.
 */
#include "build.h"
#include "elementwise.h"
#include "piecewise_gradient.h"
#include "registry.h"

YG_UNARY_TILES_WITH(leaky_relu, const real slope = (real)attrs[0].f, x > 0 ? x : slope * x)

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    const double leak = yg_node_attrs(graph, y)[0].f;
    const yg_piecewise_slopes slopes = {
        .low = 0, .high = INFINITY, .below = leak, .middle = 1, .above = 1, .undefined = leak};
    return yg_piecewise_gradient(graph, dy, yg_node_operand(graph, y, k), &slopes);
}

static size_t definition(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                         yg_node *results) {
    const yg_node x = operands[0], zero = yg_scalar(graph, call->operands[0].dtype, 0);
    results[0] =
        yg_where(graph, yg_greater(graph, x, zero), x, yg_scale(graph, x, call->attrs[0].f));
    return 1;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const double x = yg_at(r, 0, index);
    return x > 0 ? x : r->call->attrs[0].f * x;
}

static const yg_attr_spec attrs[] = {
    {.name = "negative_slope",
     .kind = YG_ATTR_FLOAT,
     .fallback = {.f = 0.01},
     .doc = "the slope where x < 0"},
};

static const yg_attr steep[] = {{.f = 0.3}};

static const yg_sample samples[] = {
    {{"f[2, 3]"}, NULL},
    {{"f[3, 1367]"}, steep},
    {{"f[]"}, NULL},
    {{"f[0, 3]"}, NULL},
};

const yg_op yg_op_leaky_relu = {
    .name = "leaky_relu",
    .formula = "y = x if x > 0, else negative_slope · x",
    .doc = "A rectifier that lets a part of the negative side through; the gradient at 0 is that "
           "of the negative side.",
    .group = "elementwise",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .flags = YG_OP_ELEMENTWISE | YG_OP_FLOAT_ONLY,
    .tile = YG_FLOAT_TILES(leaky_relu),
    .vjp = vjp,
    .compose = definition,
    .reference = reference,
    YG_SAMPLES(samples),
};
