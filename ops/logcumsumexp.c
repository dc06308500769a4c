/*
 * logcumsumexp: y[…, i, …] = log Σ exp x[…, j, …] over j ≤ i, along dimension `dim`.
 *
 * A composite. With m[i] the largest element so far, s[i] = s[i - 1] · exp(m[i - 1] - m[i]) +
 * exp(x[i] - m[i]) is a linear recurrence in which nothing overflows, and y = m + log s. y does not
 * depend on what m is, so no gradient has to pass through m. Where m is not finite 0 stands for it.
 */
#include "build.h"
#include "registry.h"
#include "shape.h"

#include <math.h>

/* The largest element so far, 0 where that is infinite or NaN. */
static yg_node largest(yg_graph *graph, yg_node x, const yg_attr *dim) {
    yg_node both[2];
    if (yg_apply_all(graph, &yg_op_cummax, &x, 1, dim, both, 2) == 0)
        return YG_NONE;
    const yg_node fixed = yg_apply(graph, &yg_op_stop_gradient, &both[0], 1, NULL);
    const yg_dtype dtype = yg_node_type(graph, x)->dtype;
    const yg_node finite =
        yg_less(graph, yg_abs(graph, fixed), yg_scalar(graph, dtype, (double)INFINITY));
    return yg_where(graph, finite, fixed, yg_scalar(graph, dtype, 0));
}

static size_t compose(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                      yg_node *results) {
    const yg_type *x = &call->operands[0];
    int dim;
    char text[YG_TYPE_TEXT];
    if (!yg_compose_dim(graph, call, call->attrs[0].i, x->rank, &dim))
        return 0;
    if (!yg_dtype_is_float(x->dtype)) {
        yg_graph_fail(graph, YG_ERROR_DTYPE, "logcumsumexp takes a float tensor, not %s",
                      yg_type_text(x, text));
        return 0;
    }
    results[0] = operands[0];
    if (x->rank == 0 || yg_type_count(x) == 0)
        return 1;
    const yg_node zero = yg_scalar(graph, x->dtype, 0), one = yg_scalar(graph, x->dtype, 1);
    const yg_node m = largest(graph, operands[0], call->attrs);
    /* An m that 0 stands for may be below the one before: its sums are 0 there, or infinite. */
    const yg_node fall =
        yg_minimum(graph, yg_subtract(graph, yg_shift_along(graph, m, dim, false, 0), m), zero);
    const yg_node terms[] = {yg_exp(graph, fall),
                             yg_exp(graph, yg_subtract(graph, operands[0], m))};
    const yg_attr along[] = {{.i = dim}, {.i = 0}};
    const yg_node sums = yg_apply(graph, &yg_op_linear_recurrence, terms, 2, along);
    /* A sum of zeros has the logarithm -infinity, and no gradient. */
    const yg_node none = yg_equal(graph, sums, zero);
    const yg_node logs = yg_add(graph, m, yg_log(graph, yg_where(graph, none, one, sums)));
    results[0] = yg_where(graph, none, yg_scalar(graph, x->dtype, -(double)INFINITY), logs);
    return results[0] != YG_NONE;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const int rank = r->out_type->rank;
    int dim = 0;
    yg_dimension(r->call->attrs[0].i, rank, &dim);
    int64_t at[YG_MAX_RANK] = {0};
    for (int d = 0; d < rank; d++)
        at[d] = index[d];
    if (rank == 0)
        return yg_at(r, 0, at);
    double sum = 0;
    for (at[dim] = 0; at[dim] <= index[dim]; at[dim]++)
        sum += exp(yg_at(r, 0, at));
    return log(sum);
}

static const yg_attr_spec attrs[] = {
    {.name = "dim",
     .kind = YG_ATTR_INT,
     .required = true,
     .min = -YG_MAX_RANK,
     .max = YG_MAX_RANK - 1,
     .doc = "the dimension to sum along"},
};

static const yg_attr first[] = {{.i = 0}}, second[] = {{.i = 1}}, last[] = {{.i = -1}};

static const yg_sample samples[] = {
    {{"f[7]"}, first}, {{"f[2, 3, 4]"}, second}, {{"f[3, 5]"}, last},
    {{"f[]"}, first},  {{"f[3, 0]"}, second},
};

const yg_op yg_op_logcumsumexp = {
    .name = "logcumsumexp",
    .formula = "y[i] = log Σ exp x[j] over j ≤ i, along dim",
    .doc = "The logarithm of the running sum of exponentials, without overflow.",
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
