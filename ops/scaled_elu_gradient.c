/*
 * scaled_elu_gradient: dy · scale · (1 if x > 0, else alpha · stretch · exp(stretch · x)), the
 * derivative of scaled_elu, elementwise. Its own derivative is that of its definition.
 */
#include "elementwise.h"
#include "registry.h"
#include "scaled_elu.h"
#include "vector_functions.h"

/* a is dy, b is x. */
YG_BINARY_MATH_TILES_WITH(scaled_elu_gradient, const real scale = (real)attrs[YG_ELU_SCALE].f;
                          const real stretch = (real)attrs[YG_ELU_STRETCH].f;
                          const real low = (real)(attrs[YG_ELU_ALPHA].f * attrs[YG_ELU_SCALE].f *
                                                  attrs[YG_ELU_STRETCH].f),
                          a *(b > 0 ? scale : low * YG_VECTOR_EXP(stretch * b)))

/* For x > 0 the exponential is taken of 0: if it overflowed there, the next derivative would be
 * 0 · infinity, although `where` does not choose it. */
static size_t definition(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                         yg_node *results) {
    const yg_attr *attrs = call->attrs;
    const double stretch = attrs[YG_ELU_STRETCH].f, scale = attrs[YG_ELU_SCALE].f;
    const yg_node dy = operands[0], x = operands[1];
    const yg_node zero = yg_scalar(graph, call->operands[1].dtype, 0);
    const yg_node is_positive = yg_greater(graph, x, zero);
    const yg_node below = yg_where(graph, is_positive, zero, yg_scale(graph, x, stretch));
    const yg_node slope =
        yg_scale(graph, yg_exp(graph, below), attrs[YG_ELU_ALPHA].f * scale * stretch);
    results[0] =
        yg_where(graph, is_positive, yg_scale(graph, dy, scale), yg_multiply(graph, dy, slope));
    return 1;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const yg_attr *attrs = r->call->attrs;
    const double x = yg_at(r, 1, index), stretch = attrs[YG_ELU_STRETCH].f;
    const double low = attrs[YG_ELU_ALPHA].f * stretch * exp(stretch * x);
    return yg_at(r, 0, index) * attrs[YG_ELU_SCALE].f * (x > 0 ? 1 : low);
}

static const yg_attr bent[] = {{.f = 0.5}, {.f = 1.5}, {.f = 2}};
static const yg_sample samples[] = {
    {{"f[2, 3]", "f[2, 3]"}, NULL}, {{"f[3, 1367]", "f[3, 1367]"}, bent},
    {{"f[4, 3]", "f[3]"}, bent},    {{"f[]", "f[]"}, NULL},
    {{"f[0, 3]", "f[3]"}, NULL},
};

const yg_op yg_op_scaled_elu_gradient = {
    .name = "scaled_elu_gradient",
    .formula = "dx = dy · scale · (1 if x > 0, else alpha · stretch · exp(stretch · x))",
    .doc = "The gradient of scaled_elu.",
    .group = "elementwise",
    .min_operands = 2,
    .max_operands = 2,
    .operand_names = {"dy", "x"},
    .attrs = yg_scaled_elu_attrs,
    .attr_count = YG_ELU_ATTRS,
    .flags = YG_OP_ELEMENTWISE | YG_OP_FLOAT_ONLY | YG_OP_INTERNAL,
    .tile = YG_FLOAT_TILES(scaled_elu_gradient),
    .compose = definition,
    .reference = reference,
    YG_SAMPLES(samples),
};
