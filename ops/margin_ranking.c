/*
 * margin_ranking: max(0, -t·(a - b) + margin) of scores a and b, reduced; the target t is 1 where a
 * shall be the larger, -1 where b shall. The operands have one shape; the result is a scalar, or
 * has that shape (reduction none).
 *
 * A composite of elementwise operators, then the reduction.
 */
#include "build.h"
#include "loss.h"
#include "registry.h"

#include <math.h>

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    if (!yg_loss_check_all(graph, call))
        return 0;
    const yg_node target = yg_cast(graph, operands[2], call->operands[0].dtype);
    const yg_node lead = yg_multiply(graph, target, yg_subtract(graph, operands[0], operands[1]));
    const yg_node elements =
        yg_relu(graph, yg_offset(graph, yg_negative(graph, lead), call->attrs[1].f));
    results[0] = yg_loss_reduce(graph, elements, call->attrs[0].i);
    return results[0] != YG_NONE;
}

static double element(const yg_reference *r, const int64_t *index) {
    const double lead = yg_at(r, 2, index) * (yg_at(r, 0, index) - yg_at(r, 1, index));
    return fmax(0, r->call->attrs[1].f - lead);
}

static double reference(const yg_reference *r, const int64_t *index) {
    return yg_loss_reference(r, index, element);
}

static const yg_attr_spec attrs[] = {
    YG_REDUCTION_ATTR,
    {.name = "margin",
     .kind = YG_ATTR_FLOAT,
     .fallback = {.f = 0},
     .doc = "how much larger the right score must be"},
};

static const yg_attr wide[] = {{.i = YG_REDUCTION_SUM}, {.f = 0.5}},
                     none[] = {{.i = YG_REDUCTION_NONE}, {.f = 0}};

static const yg_sample samples[] = {
    {.operands = {"f[4, 3]", "f[4, 3]", "f[4, 3]"}},
    {.operands = {"f[4, 3]", "f[4, 3]", "i[4, 3]"}, .attrs = wide},
    {.operands = {"f[4, 3]", "f[4, 3]", "i[4, 3]"}, .attrs = none},
    {.operands = {"f[]", "f[]", "f[]"}},
    {.operands = {"f[0, 3]", "f[0, 3]", "f[0, 3]"}, .attrs = wide},
};

const yg_op yg_op_margin_ranking = {
    .name = "margin_ranking",
    .formula = "l = max(0, margin - t·(a - b))",
    .doc = "For learning an order: 0 where the right one of two scores is larger by the margin.",
    .group = "loss",
    .min_operands = 3,
    .max_operands = 3,
    .operand_names = {"a", "b", "target"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .compose = compose,
    .reference = reference,
    .domain = {{-2, 2}, {-2, 2}, {-1, 1}},
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
