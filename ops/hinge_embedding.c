/*
 * hinge_embedding: x of pairs that are alike (target 1), max(0, margin - x) of pairs that are not
 * (target -1), reduced; x is their distance. The operands have one shape; the result is a scalar,
 * or has that shape (reduction none).
 *
 * A composite of elementwise operators, then the reduction. Of any other target it is the sum of
 * both terms, as in PyTorch.
 */
#include "build.h"
#include "loss.h"
#include "registry.h"

#include <math.h>

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    if (!yg_loss_check(graph, call))
        return 0;
    const yg_dtype dtype = call->operands[0].dtype;
    const yg_node x = operands[0], target = yg_cast(graph, operands[1], dtype);
    const yg_node zero = yg_scalar(graph, dtype, 0);
    const yg_node gap = yg_offset(graph, yg_negative(graph, x), call->attrs[1].f);
    const yg_node is_far = yg_not_equal(graph, target, yg_scalar(graph, dtype, 1));
    const yg_node is_near = yg_not_equal(graph, target, yg_scalar(graph, dtype, -1));
    const yg_node elements = yg_add(graph, yg_where(graph, is_near, x, zero),
                                    yg_where(graph, is_far, yg_relu(graph, gap), zero));
    results[0] = yg_loss_reduce(graph, elements, call->attrs[0].i);
    return results[0] != YG_NONE;
}

static double element(const yg_reference *r, const int64_t *index) {
    const double x = yg_at(r, 0, index), t = yg_at(r, 1, index);
    return (t != -1 ? x : 0) + (t != 1 ? fmax(0, r->call->attrs[1].f - x) : 0);
}

static double reference(const yg_reference *r, const int64_t *index) {
    return yg_loss_reference(r, index, element);
}

static const yg_attr_spec attrs[] = {
    YG_REDUCTION_ATTR,
    {.name = "margin",
     .kind = YG_ATTR_FLOAT,
     .fallback = {.f = 1},
     .doc = "the distance from which on pairs of target -1 have no loss"},
};

static const yg_attr narrow[] = {{.i = YG_REDUCTION_SUM}, {.f = 0.5}},
                     none[] = {{.i = YG_REDUCTION_NONE}, {.f = 1}};

static const yg_sample samples[] = {
    {.operands = {"f[4, 3]", "f[4, 3]"}},
    {.operands = {"f[4, 3]", "i[4, 3]"}, .attrs = narrow},
    {.operands = {"f[4, 5]", "i[4, 5]"}, .attrs = none},
    {.operands = {"f[]", "i[]"}},
    {.operands = {"f[0, 3]", "f[0, 3]"}, .attrs = narrow},
};

const yg_op yg_op_hinge_embedding = {
    .name = "hinge_embedding",
    .formula = "l = x where t = 1, max(0, margin - x) where t = -1",
    .doc = "Pulls pairs of target 1 together and pushes those of target -1 apart up to the margin; "
           "the prediction is a distance.",
    .group = "loss",
    .min_operands = 2,
    .max_operands = 2,
    .operand_names = {"prediction", "target"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .compose = compose,
    .reference = reference,
    .domain = {{-2, 2}, {-1, 1}},
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
