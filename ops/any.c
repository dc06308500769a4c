/*
 * any: y[…] = whether some x[…, i, …] is not 0, over the dimensions `dim` or over all of them.
 *
 * A composite: the max of truth values, which has no value over no elements; that is false here.
 */
#include "build.h"
#include "reduction.h"
#include "registry.h"

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    const yg_type *x = &call->operands[0];
    yg_type type;
    yg_error error = {0};
    if (!yg_reduction_infer(call, &type, &error)) {
        yg_graph_fail(graph, error.code, "%s", error.message);
        return 0;
    }
    type.dtype = YG_BOOL;
    if (yg_reduction_count(x, &call->attrs[0]) == 0) {
        results[0] = yg_full(graph, &type, false);
        return 1;
    }
    const yg_node set = yg_cast(graph, operands[0], YG_BOOL);
    results[0] = yg_apply(graph, &yg_op_max, &set, 1, call->attrs);
    return 1;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const int64_t count = yg_reduction_count(&r->call->operands[0], &r->call->attrs[0]);
    bool result = false;
    for (int64_t i = 0; i < count; i++) {
        int64_t at[YG_MAX_RANK];
        yg_reduction_at(r, index, i, at);
        const double value = yg_at(r, 0, at);
        result = result || value != 0;
    }
    return result;
}

static const yg_attr last[] = {{.count = 1, .ints = {-1}}, {0}},
                     first[] = {{.count = 1, .ints = {0}}, {.i = 1}};

static const yg_sample samples[] = {
    {{"b[5, 2]"}, last}, {{"b[2, 7]"}, first}, {{"b[4]"}, NULL},    {{"i[3, 2]"}, last},
    {{"f[3]"}, NULL},    {{"f[]"}, NULL},      {{"b[3, 0]"}, last}, {{"b[0, 3]"}, last},
};

const yg_op yg_op_any = {
    .name = "any",
    .formula = "y = (some x ≠ 0) over the dimensions dim",
    .doc = "Whether an element along dimensions is not 0. NaN counts as true. Over no elements it "
           "is false.",
    .group = "reduction",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .attrs = yg_reduction_attrs,
    .attr_count = sizeof yg_reduction_attrs / sizeof *yg_reduction_attrs,
    .flags = YG_OP_NON_DIFFERENTIABLE,
    .compose = compose,
    .reference = reference,
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
