/*
 * elu: y = x if x > 0, else alpha · (exp(x) - 1), elementwise.
 *
 * A composite: scaled_elu.
 */
#include "elementwise.h"
#include "registry.h"
#include "scaled_elu.h"

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    results[0] = yg_scaled_elu(graph, operands[0], call->attrs[0].f, 1, 1);
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
    .compose = compose,
    .reference = reference,
    YG_SAMPLES(samples),
};
