/*
 * cumsum: y[…, i, …] = Σ x[…, j, …] over j ≤ i, along dimension `dim`.
 *
 * Integers and truth values are summed as i64.
 * vjp: dx[…, i, …] = Σ dy[…, j, …] over j ≥ i.
 */
#include "build.h"
#include "registry.h"
#include "shape.h"

static bool infer(const yg_infer *call, yg_type *result, yg_error *error) {
    const yg_type *x = &call->operands[0];
    int dim;
    if (!yg_shape_dim(call, call->attrs[0].i, x->rank, &dim, error))
        return false;
    const yg_dtype dtype = yg_dtype_is_float(x->dtype) ? x->dtype : YG_I64;
    return yg_type_make(dtype, x->rank, x->shape, result, error);
}

/* A unit of work is one index into the dimensions before `dim`: those sums are independent. */
static void plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    int dim = 0;
    yg_dimension(call->attrs[0].i, results->rank, &dim);
    plan->units = yg_shape_product(results->shape, 0, dim);
}

enum { COLUMNS = 128 };

/* Floats are summed in double precision, so that rounding errors of a long f32 sum do not pile up.
 * Integers are summed as unsigned numbers, because signed overflow is undefined in C. */
#define KERNEL(function, input, total, output)                                                     \
    static bool function(const yg_kernel_call *call, yg_error *error) {                            \
        (void)error;                                                                               \
        const yg_type *y = call->out_type;                                                         \
        int dim = 0;                                                                               \
        yg_dimension(call->attrs[0].i, y->rank, &dim);                                             \
        const int64_t length = y->rank == 0 ? 1 : y->shape[dim];                                   \
        const int64_t inner = yg_shape_product(y->shape, dim + 1, y->rank);                        \
        for (int64_t o = call->begin; o < call->end; o++) {                                        \
            for (int64_t first = 0; first < inner; first += COLUMNS) {                             \
                const int64_t width = inner - first < COLUMNS ? inner - first : COLUMNS;           \
                const input *in = (const input *)call->in[0] + o * length * inner + first;         \
                output *out = (output *)call->out + o * length * inner + first;                    \
                total sum[COLUMNS] = {0};                                                          \
                for (int64_t i = 0; i < length; i++)                                               \
                    for (int64_t j = 0; j < width; j++) {                                          \
                        sum[j] += (total)in[i * inner + j];                                        \
                        out[i * inner + j] = (output)sum[j];                                       \
                    }                                                                              \
            }                                                                                      \
        }                                                                                          \
        return true;                                                                               \
    }
KERNEL(kernel_bool, uint8_t, uint64_t, int64_t)
KERNEL(kernel_i32, int32_t, uint64_t, int64_t)
KERNEL(kernel_i64, int64_t, uint64_t, int64_t)
KERNEL(kernel_f32, float, double, float)
KERNEL(kernel_f64, double, double, double)

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)k;
    const yg_attr dim = yg_node_attrs(graph, y)[0];
    const yg_attr dims = {.count = 1, .ints = {dim.i}};
    yg_node dx = yg_apply(graph, &yg_op_flip, &dy, 1, &dims);
    dx = yg_apply(graph, &yg_op_cumsum, &dx, 1, &dim);
    return yg_apply(graph, &yg_op_flip, &dx, 1, &dims);
}

static double reference(const yg_reference *r, const int64_t *index) {
    const int rank = r->out_type->rank;
    const int64_t given = r->call->attrs[0].i, dim = given < 0 ? given + rank : given;
    int64_t at[YG_MAX_RANK] = {0};
    for (int d = 0; d < rank; d++)
        at[d] = index[d];
    if (rank == 0)
        return yg_at(r, 0, at);
    double sum = 0;
    for (at[dim] = 0; at[dim] <= index[dim]; at[dim]++)
        sum += yg_at(r, 0, at);
    return sum;
}

static const yg_attr_spec attrs[] = {
    {.name = "dim",
     .kind = YG_ATTR_INT,
     .required = true,
     .min = -YG_MAX_RANK,
     .max = YG_MAX_RANK - 1,
     .doc = "the dimension to sum along"},
};

static const yg_sample samples[] = {
    {{"f[7]"}, (const yg_attr[]){{.i = 0}}},      {{"f[2, 3, 4]"}, (const yg_attr[]){{.i = 1}}},
    {{"f[3, 150]"}, (const yg_attr[]){{.i = 0}}}, {{"f[3, 5]"}, (const yg_attr[]){{.i = -1}}},
    {{"f[]"}, (const yg_attr[]){{.i = 0}}},       {{"f[3, 0]"}, (const yg_attr[]){{.i = 1}}},
    {{"i[4]"}, (const yg_attr[]){{.i = 0}}},      {{"b[2, 4]"}, (const yg_attr[]){{.i = 1}}},
};

const yg_op yg_op_cumsum = {
    .name = "cumsum",
    .formula = "y[i] = Σ x[j] over j ≤ i, along dim",
    .doc = "The running sum along a dimension. Integers and truth values give i64.",
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
