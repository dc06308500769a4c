/*
 * hinge: max(0, margin - t·p) of scores p and targets t of -1 or 1, reduced. The operands have one
 * shape; the result is a scalar, or has that shape (reduction none).
 *
 * A composite of elementwise operators, then the reduction.
 */
#include "build.h"
#include "loss.h"
#include "registry.h"

#include <math.h>

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    if (!yg_loss_check(graph, call))
        return 0;
    const yg_node target = yg_cast(graph, operands[1], call->operands[0].dtype);
    const yg_node product = yg_multiply(graph, target, operands[0]);
    const yg_node distance = yg_offset(graph, yg_negative(graph, product), call->attrs[1].f);
    const yg_node elements = yg_relu(graph, distance);
    results[0] = yg_loss_reduce(graph, elements, call->attrs[0].i);
    return results[0] != YG_NONE;
}

static double element(const yg_reference *r, const int64_t *index) {
    return fmax(0, r->call->attrs[1].f - yg_at(r, 1, index) * yg_at(r, 0, index));
}

static double reference(const yg_reference *r, const int64_t *index) {
    return yg_loss_reference(r, index, element);
}

static const yg_attr_spec attrs[] = {
    YG_REDUCTION_ATTR,
    {.name = "margin",
     .kind = YG_ATTR_FLOAT,
     .fallback = {.f = 1},
     .doc = "the score from which on the loss is 0"},
};

static const yg_attr narrow[] = {{.i = YG_REDUCTION_SUM}, {.f = 0.5}},
                     none[] = {{.i = YG_REDUCTION_NONE}, {.f = 1}};

static const yg_sample samples[] = {
    {.operands = {"f[4, 3]", "f[4, 3]"}},
    {.operands = {"f[4, 3]", "f[4, 3]"}, .attrs = narrow},
    {.operands = {"f[4, 3]", "f[4, 3]"}, .attrs = none},
    {.operands = {"f[4, 3]", "i[4, 3]"}},
    {.operands = {"f[]", "f[]"}},
    {.operands = {"f[0, 3]", "f[0, 3]"}, .attrs = narrow},
};

const yg_op yg_op_hinge = {
    .name = "hinge",
    .formula = "l = max(0, margin - t·p)",
    .doc = "The loss of support vector machines: 0 from the margin on. Targets are -1 and 1. The "
           "gradient at the margin is 0.",
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
