/*
 * scaled_elu: y = scale · (x if x > 0, else alpha · (exp(stretch · x) - 1)), elementwise.
 *
 * vjp: scaled_elu_gradient.
 */
#include "scaled_elu.h"

#include "elementwise.h"
#include "registry.h"
#include "vector_functions.h"

YG_UNARY_MATH_TILES_WITH(scaled_elu, const real scale = (real)attrs[YG_ELU_SCALE].f;
                         const real stretch = (real)attrs[YG_ELU_STRETCH].f;
                         const real low = (real)(attrs[YG_ELU_ALPHA].f * attrs[YG_ELU_SCALE].f),
                         x > 0 ? scale * x : low * YG_VECTOR_EXPM1(stretch * x))

yg_node yg_scaled_elu(yg_graph *graph, yg_node x, double alpha, double scale, double stretch) {
    const yg_attr attrs[] = {{.f = alpha}, {.f = scale}, {.f = stretch}};
    return yg_apply(graph, &yg_op_scaled_elu, &x, 1, attrs);
}

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    yg_attr attrs[YG_ELU_ATTRS]; /* a copy: those of y move when the graph grows */
    for (size_t i = 0; i < YG_ELU_ATTRS; i++)
        attrs[i] = yg_node_attrs(graph, y)[i];
    const yg_node operands[] = {dy, yg_node_operand(graph, y, k)};
    return yg_apply(graph, &yg_op_scaled_elu_gradient, operands, 2, attrs);
}

static size_t definition(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                         yg_node *results) {
    const yg_attr *attrs = call->attrs;
    const yg_node x = operands[0], zero = yg_scalar(graph, call->operands[0].dtype, 0);
    const yg_node is_positive = yg_greater(graph, x, zero);
    const yg_node stretched = yg_scale(graph, x, attrs[YG_ELU_STRETCH].f);
    const yg_node below = yg_expm1(graph, yg_where(graph, is_positive, zero, stretched));
    const yg_node bent =
        yg_where(graph, is_positive, x, yg_scale(graph, below, attrs[YG_ELU_ALPHA].f));
    results[0] = yg_scale(graph, bent, attrs[YG_ELU_SCALE].f);
    return 1;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const yg_attr *attrs = r->call->attrs;
    const double x = yg_at(r, 0, index), stretched = attrs[YG_ELU_STRETCH].f * x;
    return attrs[YG_ELU_SCALE].f * (x > 0 ? x : attrs[YG_ELU_ALPHA].f * expm1(stretched));
}

const yg_attr_spec yg_scaled_elu_attrs[YG_ELU_ATTRS] = {
    [YG_ELU_ALPHA] = {.name = "alpha",
                      .kind = YG_ATTR_FLOAT,
                      .fallback = {.f = 1},
                      .doc = "minus the limit at minus infinity, before it is scaled"},
    [YG_ELU_SCALE] = {.name = "scale",
                      .kind = YG_ATTR_FLOAT,
                      .fallback = {.f = 1},
                      .doc = "a factor of the result"},
    [YG_ELU_STRETCH] = {.name = "stretch",
                        .kind = YG_ATTR_FLOAT,
                        .fallback = {.f = 1},
                        .doc = "a factor of x in the exponential"},
};

static const yg_attr bent[] = {{.f = 0.5}, {.f = 1.5}, {.f = 2}};
static const yg_sample samples[] = {
    {{"f[2, 3]"}, NULL}, {{"f[3, 1367]"}, bent}, {{"f[]"}, NULL}, {{"f[0, 3]"}, NULL}};

const yg_op yg_op_scaled_elu = {
    .name = "scaled_elu",
    .formula = "y = scale · (x if x > 0, else alpha · (exp(stretch · x) - 1))",
    .doc = "What elu, selu and celu are made of.",
    .group = "elementwise",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .attrs = yg_scaled_elu_attrs,
    .attr_count = YG_ELU_ATTRS,
    .flags = YG_OP_ELEMENTWISE | YG_OP_FLOAT_ONLY | YG_OP_INTERNAL,
    .tile = YG_FLOAT_TILES(scaled_elu),
    .vjp = vjp,
    .compose = definition,
    .reference = reference,
    YG_SAMPLES(samples),
};
