/*
 * cumsum: y[…, i, …] = Σ x[…, j, …] over j ≤ i, along dimension `dim`; with `reverse` over j ≥ i.
 *
 * Integers and truth values are summed as i64.
 * vjp: the same of dy, the other way round.
 */
#include "build.h"
#include "registry.h"
#include "scan.h"
#include "shape.h"

enum { DIM, REVERSE }; /* attributes */

static bool infer(const yg_infer *call, yg_type *result, yg_error *error) {
    const yg_type *x = &call->operands[0];
    int dim;
    if (!yg_shape_dim(call, call->attrs[DIM].i, x->rank, &dim, error))
        return false;
    const yg_dtype dtype = yg_dtype_is_float(x->dtype) ? x->dtype : YG_I64;
    return yg_type_make(dtype, x->rank, x->shape, result, error);
}

/* A unit of work is one index into the dimensions before `dim`: those sums are independent. */
static void plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    int dim = 0;
    yg_dimension(call->attrs[DIM].i, results->rank, &dim);
    plan->units = yg_shape_product(results->shape, 0, dim);
}

/* Floats are summed in double precision, so that rounding errors of a long f32 sum do not pile up.
 * Integers are summed as unsigned numbers, because signed overflow is undefined in C. */
#define ADD(a, b) ((a) + (b))
#define KERNEL(function, input, total, output)                                                     \
    YG_SCAN_KERNEL(function, input, total, output, 0, ADD, call->attrs[REVERSE].i != 0)
KERNEL(kernel_bool, uint8_t, uint64_t, int64_t)
KERNEL(kernel_i32, int32_t, uint64_t, int64_t)
KERNEL(kernel_i64, int64_t, uint64_t, int64_t)
KERNEL(kernel_f32, float, double, float)
KERNEL(kernel_f64, double, double, double)

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)k;
    const yg_attr *attrs = yg_node_attrs(graph, y);
    const yg_attr back[] = {attrs[DIM], {.i = !attrs[REVERSE].i}};
    return yg_apply(graph, &yg_op_cumsum, &dy, 1, back);
}

static double reference(const yg_reference *r, const int64_t *index) {
    const int rank = r->out_type->rank;
    const int64_t given = r->call->attrs[DIM].i, dim = given < 0 ? given + rank : given;
    int64_t at[YG_MAX_RANK] = {0};
    for (int d = 0; d < rank; d++)
        at[d] = index[d];
    if (rank == 0)
        return yg_at(r, 0, at);
    const bool reverse = r->call->attrs[REVERSE].i != 0;
    double sum = 0;
    for (at[dim] = 0; at[dim] < r->out_type->shape[dim]; at[dim]++)
        if (reverse ? at[dim] >= index[dim] : at[dim] <= index[dim])
            sum += yg_at(r, 0, at);
    return sum;
}

static const yg_attr_spec attrs[] = {
    [DIM] = {.name = "dim",
             .kind = YG_ATTR_INT,
             .required = true,
             .min = -YG_MAX_RANK,
             .max = YG_MAX_RANK - 1,
             .doc = "the dimension to sum along"},
    [REVERSE] = {.name = "reverse", .kind = YG_ATTR_BOOL, .doc = "from the last to the first"},
};

static const yg_attr first[] = {{.i = 0}, {0}}, second[] = {{.i = 1}, {0}},
                     last[] = {{.i = -1}, {0}}, back[] = {{.i = 0}, {.i = 1}},
                     last_back[] = {{.i = -1}, {.i = 1}};

static const yg_sample samples[] = {
    {{"f[7]"}, first},     {{"f[2, 3, 4]"}, second},  {{"f[3, 150]"}, first},
    {{"f[3, 5]"}, last},   {{"f[21, 70]"}, last},     {{"f[19, 67]"}, last_back},
    {{"f[4, 3]"}, back},   {{"f[2, 1030]"}, back},    {{"f[]"}, first},
    {{"f[3, 0]"}, second}, {{"i[4]"}, first},         {{"b[2, 4]"}, second},
    {{"b[17, 3]"}, last},  {{"i[5, 65]"}, last_back},
};

const yg_op yg_op_cumsum = {
    .name = "cumsum",
    .formula = "y[i] = Σ x[j] over j ≤ i, along dim",
    .doc =
        "The running sum along a dimension, from its end with `reverse`. Integers and truth values "
        "give i64.",
    .group = "reduction",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .infer = infer,
    .kernel = {[YG_BOOL] = kernel_bool,
               [YG_I32] = kernel_i32,
               [YG_I64] = kernel_i64,
               [YG_F32] = kernel_f32,
               [YG_F64] = kernel_f64},
    .plan = plan,
    .vjp = vjp,
    .reference = reference,
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
