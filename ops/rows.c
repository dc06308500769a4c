/*
 * Rows along a dimension: see rows.h.
 */
#include "rows.h"

#include <inttypes.h>
#include <math.h>

yg_rows yg_rows_along(const yg_type *type, int64_t dim) {
    int at = 0;
    yg_rows rows = {.count = 1, .length = 1, .stride = 1};
    if (type->rank == 0 || !yg_dimension(dim, type->rank, &at))
        return rows;
    for (int i = 0; i < type->rank; i++) {
        if (i == at)
            rows.length = type->shape[i];
        else
            rows.count *= type->shape[i];
        if (i > at)
            rows.stride *= type->shape[i];
    }
    return rows;
}

const yg_attr_spec yg_rows_dim[1] = {{
    .name = "dim",
    .kind = YG_ATTR_INT,
    .fallback = {.i = -1},
    .doc = "the dimension whose elements are normalised together",
}};

bool yg_rows_infer(const yg_infer *call, yg_type *result, yg_error *error) {
    char text[YG_TYPE_TEXT];
    const yg_type *x = &call->operands[0];
    if (!yg_dtype_is_float(x->dtype))
        return yg_fail(error, YG_ERROR_DTYPE, call->origin, "%s takes a float tensor, not %s",
                       call->op->name, yg_type_text(x, text));
    int dim;
    if (!yg_dimension(call->attrs[0].i, x->rank, &dim))
        return yg_fail(error, YG_ERROR_SHAPE, call->origin,
                       "%s: dim = %" PRId64 " is outside the %d dimensions of %s", call->op->name,
                       call->attrs[0].i, x->rank, yg_type_text(x, text));
    *result = *x;
    return true;
}

void yg_rows_plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    const yg_rows rows = yg_rows_along(results, call->attrs[0].i);
    plan->units = rows.count;
    /* rows for the planner: the product of the dimensions before `dim` */
    plan->rows = rows.count / (rows.stride > 0 ? rows.stride : 1);
    plan->flops = 5 * (double)yg_type_count(results); /* maximum, difference, exp, sum, quotient */
}

static const yg_attr first[] = {{.i = 0}}, middle[] = {{.i = 1}}, before_last[] = {{.i = -2}};

const yg_sample yg_rows_samples[7] = {
    {.operands = {"f[3, 5]"}},
    {.operands = {"f[3, 5]"}, .attrs = first},
    {.operands = {"f[2, 3, 4]"}, .attrs = middle},
    {.operands = {"f[2, 3, 2, 2]"}, .attrs = before_last},
    {.operands = {"f[2, 300]"}},
    {.operands = {"f[]"}},
    {.operands = {"f[0, 3]"}},
};

double yg_reference_logsumexp(const yg_reference *reference, size_t k, const int64_t *index,
                              int64_t dim) {
    const yg_type *type = &reference->call->operands[k];
    if (type->rank == 0)
        return yg_at(reference, k, index);
    int at = 0;
    yg_dimension(dim, type->rank, &at);
    int64_t here[YG_MAX_RANK];
    for (int i = 0; i < type->rank; i++)
        here[i] = index[i];
    double sum = 0;
    for (here[at] = 0; here[at] < type->shape[at]; here[at]++)
        sum += exp(yg_at(reference, k, here));
    return log(sum);
}
