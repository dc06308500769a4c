/*
 * celu: y = x if x > 0, else alpha · (exp(x / alpha) - 1), elementwise.
 *
 * A composite: scaled_elu.
 */
#include "elementwise.h"
#include "registry.h"
#include "scaled_elu.h"

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    const double alpha = call->attrs[0].f;
    if (alpha == 0) {
        yg_graph_fail(graph, YG_ERROR_ARGUMENT, "celu: alpha must not be 0: x is divided by it");
        return 0;
    }
    results[0] = yg_scaled_elu(graph, operands[0], alpha, 1, 1 / alpha);
    return 1;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const double x = yg_at(r, 0, index), alpha = r->call->attrs[0].f;
    return x > 0 ? x : alpha * expm1(x / alpha);
}

static const yg_attr_spec attrs[] = {
    {.name = "alpha",
     .kind = YG_ATTR_FLOAT,
     .fallback = {.f = 1},
     .doc = "minus the limit at minus infinity; not 0"},
};

static const yg_attr half[] = {{.f = 0.5}};

static const yg_sample samples[] = {
    {{"f[2, 3]"}, NULL},
    {{"f[3, 167]"}, half},
    {{"f[]"}, NULL},
    {{"f[0, 3]"}, NULL},
};

const yg_op yg_op_celu = {
    .name = "celu",
    .formula = "y = x if x > 0, else alpha · (exp(x / alpha) - 1)",
    .doc = "The continuously differentiable elu: its slope at 0 is 1 for every alpha.",
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
