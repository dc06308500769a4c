/*
 * mean: y[…] = (Σ x[…, i, …]) / n over the dimensions `dim`, or over all of them; n is the number
 * of elements behind each result. Over no elements the mean is NaN.
 */
#include "build.h"
#include "reduction.h"
#include "registry.h"

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    const yg_type *x = &call->operands[0];
    char text[YG_TYPE_TEXT];
    if (!yg_dtype_is_float(x->dtype)) {
        yg_graph_fail(graph, YG_ERROR_DTYPE, "mean does not take %s: cast it to a float first",
                      yg_type_text(x, text));
        return 0;
    }
    const yg_node sum = yg_apply(graph, &yg_op_sum, operands, 1, call->attrs);
    const double count = (double)yg_reduction_count(x, &call->attrs[0]);
    results[0] = yg_divide(graph, sum, yg_scalar(graph, x->dtype, count));
    return 1;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const int64_t count = yg_reduction_count(&r->call->operands[0], &r->call->attrs[0]);
    double sum = 0;
    for (int64_t i = 0; i < count; i++) {
        int64_t at[YG_MAX_RANK];
        yg_reduction_at(r, index, i, at);
        sum += yg_at(r, 0, at);
    }
    return sum / (double)count;
}

const yg_op yg_op_mean = {
    .name = "mean",
    .formula = "y = (Σ x) / n over the dimensions dim",
    .doc = "The average along dimensions; over no elements it is NaN.",
    .group = "reduction",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .attrs = yg_reduction_attrs,
    .attr_count = sizeof yg_reduction_attrs / sizeof *yg_reduction_attrs,
    .compose = compose,
    .reference = reference,
    .samples = yg_reduction_samples,
    .sample_count = YG_REDUCTION_SAMPLES,
};
