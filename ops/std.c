/*
 * std: y[…] = √var(x), the standard deviation over the dimensions `dim`, or over all of them.
 *
 * A composite. Where all elements are equal the derivative of the root is infinite; PyTorch's is 0
 * there, and `where` sees to that.
 */
#include "build.h"
#include "reduction.h"
#include "registry.h"

#include <math.h>

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    const yg_dtype dtype = call->operands[0].dtype;
    bool reduced[YG_MAX_RANK];
    yg_error error = {0};
    if (!yg_reduction_dims(call, &call->attrs[0], reduced, &error)) {
        yg_graph_fail(graph, error.code, "%s", error.message);
        return 0;
    }
    const yg_node var = yg_apply(graph, &yg_op_var, operands, 1, call->attrs);
    if (var == YG_NONE)
        return 0;
    const yg_node zero = yg_scalar(graph, dtype, 0);
    const yg_node equal = yg_equal(graph, var, zero);
    const yg_node root = yg_sqrt(graph, yg_where(graph, equal, yg_scalar(graph, dtype, 1), var));
    results[0] = yg_where(graph, equal, zero, root);
    return 1;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const yg_type *x = &r->call->operands[0];
    const int64_t count = yg_reduction_count(x, &r->call->attrs[0]);
    double mean = 0, sum = 0;
    for (int pass = 0; pass < 2; pass++)
        for (int64_t i = 0; i < count; i++) {
            int64_t at[YG_MAX_RANK];
            yg_reduction_at(r, index, i, at);
            const double value = yg_at(r, 0, at);
            if (pass == 0)
                mean += value / (double)count;
            else
                sum += (value - mean) * (value - mean);
        }
    return sqrt(sum / ((double)count - (double)r->call->attrs[1].i));
}

static const yg_attr_spec attrs[] = {
    {.name = "dim",
     .kind = YG_ATTR_INTS,
     .min = -YG_MAX_RANK,
     .max = YG_MAX_RANK - 1,
     .doc = "the dimensions to reduce, negative from the end; none: all of them"},
    {.name = "correction",
     .kind = YG_ATTR_INT,
     .fallback = {.i = 1},
     .max = 1e9,
     .doc = "what is taken off n in the divisor: 1 for an unbiased estimate, 0 for the average"},
    {.name = "keepdim", .kind = YG_ATTR_BOOL, .doc = "keep each reduced dimension with size 1"},
};

static const yg_sample samples[] = {
    {{"f[7]"}, NULL},
    {{"f[5, 9]"}, (const yg_attr[]){{.count = 1, .ints = {-1}}, {.i = 0}, {0}}},
    {{"f[6, 5]"}, (const yg_attr[]){{.count = 1, .ints = {0}}, {.i = 1}, {.i = 1}}},
    {{"f[0, 3]"}, (const yg_attr[]){{.count = 1, .ints = {1}}, {.i = 1}, {0}}},
};

const yg_op yg_op_std = {
    .name = "std",
    .formula = "y = √(Σ (x - mean)² / (n - correction)) over the dimensions dim",
    .doc = "The standard deviation along dimensions. The gradient is 0 where all elements are "
           "equal.",
    .group = "reduction",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .compose = compose,
    .reference = reference,
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
