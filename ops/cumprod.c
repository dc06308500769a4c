/*
 * cumprod: y[…, i, …] = Π x[…, j, …] over j ≤ i, along dimension `dim`.
 *
 * Integers and truth values are multiplied as i64.
 * vjp: dx[i] = y[i - 1] · r[i] with r[i] = dy[i] + x[i + 1] · r[i + 1], a linear recurrence. It
 * takes linear time, and nothing is divided by x, so it is right where elements are zero.
 */
#include "build.h"
#include "registry.h"
#include "scan.h"
#include "shape.h"

static bool infer(const yg_infer *call, yg_type *result, yg_error *error) {
    const yg_type *x = &call->operands[0];
    int dim;
    if (!yg_shape_dim(call, call->attrs[0].i, x->rank, &dim, error))
        return false;
    const yg_dtype dtype = yg_dtype_is_float(x->dtype) ? x->dtype : YG_I64;
    return yg_type_make(dtype, x->rank, x->shape, result, error);
}

/* A unit of work is one index into the dimensions before `dim`. */
static void plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    int dim = 0;
    yg_dimension(call->attrs[0].i, results->rank, &dim);
    plan->units = plan->rows = yg_shape_product(results->shape, 0, dim);
}

/* Floats are multiplied in double precision, so that rounding errors of a long f32 product do not
 * pile up. Integers are multiplied as unsigned numbers, because signed overflow is undefined in C.
 */
#define MULTIPLY(a, b) ((a) * (b))
#define KERNEL(function, input, total, output)                                                     \
    YG_SCAN_KERNEL(function, input, total, output, 1, MULTIPLY, false)
KERNEL(kernel_bool, uint8_t, uint64_t, int64_t)
KERNEL(kernel_i32, int32_t, uint64_t, int64_t)
KERNEL(kernel_i64, int64_t, uint64_t, int64_t)
KERNEL(kernel_f32, float, double, float)
KERNEL(kernel_f64, double, double, double)

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)k;
    const yg_node x = yg_node_operand(graph, y, 0);
    const yg_type *type = yg_node_type(graph, y);
    if (type->rank == 0)
        return dy;
    int dim = 0;
    yg_dimension(yg_node_attrs(graph, y)[0].i, type->rank, &dim);
    const yg_node operands[] = {yg_shift_along(graph, x, dim, true, 0), dy};
    const yg_attr back[] = {{.i = dim}, {.i = 1}};
    return yg_multiply(graph, yg_shift_along(graph, y, dim, false, 1),
                       yg_apply(graph, &yg_op_linear_recurrence, operands, 2, back));
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
    double product = 1;
    for (at[dim] = 0; at[dim] <= index[dim]; at[dim]++)
        product *= yg_at(r, 0, at);
    return product;
}

static const yg_attr_spec attrs[] = {
    {.name = "dim",
     .kind = YG_ATTR_INT,
     .required = true,
     .min = -YG_MAX_RANK,
     .max = YG_MAX_RANK - 1,
     .doc = "the dimension to multiply along"},
};

static const yg_attr first[] = {{.i = 0}}, second[] = {{.i = 1}}, last[] = {{.i = -1}};

static const yg_sample samples[] = {
    {{"f[7]"}, first},   {{"f[2, 3, 4]"}, second}, {{"f[3, 150]"}, first},
    {{"f[3, 5]"}, last}, {{"f[]"}, first},         {{"f[3, 0]"}, second},
    {{"i[4]"}, first},   {{"b[2, 4]"}, second},    {{"f[18, 66]"}, last},
};

const yg_op yg_op_cumprod = {
    .name = "cumprod",
    .formula = "y[i] = Π x[j] over j ≤ i, along dim",
    .doc =
        "The running product along a dimension. Integers and truth values give i64. The gradient "
        "is right where elements are zero, and takes linear time.",
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
    .domain = {{-1.5, 1.5}},
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
