/*
 * sum: y[…] = Σ x[…, i, …] over the dimensions `dim`, or over all of them.
 *
 * Integers and truth values are summed as i64. The sum over no elements is 0.
 * vjp: dx = dy, broadcast back to x's shape.
 */
#include "build.h"
#include "reduction.h"
#include "registry.h"

#define REDUCE_START           0
#define REDUCE_COMBINE(a, b)   ((a) + (b))
#define REDUCE_FINISH(a, base) (a)
#define REDUCE_BASED           0
#define REDUCE_FUNCTIONS       0

#define REDUCE_PARTS

#define REDUCE_MAP(x, base) (x)
#define REDUCE_NAME         sum_f32
#define REDUCE_INPUT        float
#define REDUCE_RESULT       float
#include "reduction_kernel.h"
#define REDUCE_NAME   sum_f64
#define REDUCE_INPUT  double
#define REDUCE_RESULT double
#include "reduction_kernel.h"

/* Integers are summed as unsigned numbers, because signed overflow is undefined in C. */
#undef REDUCE_MAP
#define REDUCE_MAP(x, base) ((uint64_t)(x))
#define REDUCE_NAME         sum_bool
#define REDUCE_INPUT        uint8_t
#define REDUCE_RESULT       uint64_t
#include "reduction_kernel.h"
#define REDUCE_NAME   sum_i32
#define REDUCE_INPUT  int32_t
#define REDUCE_RESULT uint64_t
#include "reduction_kernel.h"
#define REDUCE_NAME   sum_i64
#define REDUCE_INPUT  int64_t
#define REDUCE_RESULT uint64_t
#include "reduction_kernel.h"

YG_REDUCTION_KERNEL(kernel_bool, sum_bool)
YG_REDUCTION_KERNEL(kernel_i32, sum_i32)
YG_REDUCTION_KERNEL(kernel_i64, sum_i64)
YG_REDUCTION_KERNEL(kernel_f32, sum_f32)
YG_REDUCTION_KERNEL(kernel_f64, sum_f64)

YG_REDUCTION_PART(kernel_bool, sum_bool)
YG_REDUCTION_PART(kernel_i32, sum_i32)
YG_REDUCTION_PART(kernel_i64, sum_i64)
YG_REDUCTION_PART(kernel_f32, sum_f32)
YG_REDUCTION_PART(kernel_f64, sum_f64)

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)k;
    return yg_reduction_expand(graph, y, dy);
}

/* sum(broadcast(z)) = factor · sum(z), where the right sum leaves out the stretched dimensions and
 * the factor is the product of their sizes. YG_NONE if no reduced dimension was stretched. */
static yg_node sum_of_broadcast(yg_graph *graph, const yg_infer *call, yg_node operand,
                                const bool *reduced, const yg_type *result) {
    const yg_type *x = &call->operands[0];
    const yg_node z = yg_node_operand(graph, operand, 0);
    const yg_type *from = yg_node_type(graph, z);
    yg_type full = *x;         /* z's shape with leading ones, so that it has x's rank */
    yg_type stretched = *x;    /* the result's shape with keepdim */
    int64_t rest[YG_MAX_RANK]; /* the reduced dimensions that were not stretched */
    size_t rest_count = 0;
    double factor = 1;
    for (int d = 0; d < x->rank; d++) {
        const int own = d - (x->rank - from->rank);
        full.shape[d] = own < 0 ? 1 : from->shape[own];
        const bool is_stretched = full.shape[d] != x->shape[d];
        if (reduced[d] && is_stretched)
            factor *= (double)x->shape[d];
        else if (reduced[d])
            rest[rest_count++] = d;
        if (reduced[d])
            stretched.shape[d] = 1;
    }
    if (factor == 1)
        return YG_NONE;
    yg_node y = z;
    if (rest_count > 0)
        y = yg_sum(graph, yg_reshape(graph, z, &full), rest, rest_count, true);
    y = yg_scale(graph, y, factor);
    for (size_t i = 0; i < rest_count; i++)
        full.shape[rest[i]] = 1;
    y = yg_broadcast(graph, yg_reshape(graph, y, &full), &stretched);
    return yg_reshape(graph, y, result);
}

/* sum(sum(z)) = sum(z) over the dimensions of both sums. */
static yg_node sum_of_sum(yg_graph *graph, yg_node operand, const bool *reduced,
                          const yg_type *result) {
    const yg_node z = yg_node_operand(graph, operand, 0);
    const yg_attr *inner = yg_node_attrs(graph, operand);
    const yg_type *from = yg_node_type(graph, z);
    bool both[YG_MAX_RANK];
    const yg_infer first = {.op = &yg_op_sum, .operands = from, .operand_count = 1, .attrs = inner};
    if (!yg_reduction_dims(&first, &inner[0], both, NULL))
        return YG_NONE;
    int64_t dims[YG_MAX_RANK];
    size_t count = 0;
    int outer = 0; /* counts the dimensions of the inner sum's result */
    for (int d = 0; d < from->rank; d++) {
        const bool there = !both[d] || inner[1].i != 0;
        if (both[d] || reduced[outer])
            dims[count++] = d;
        outer += there;
    }
    if (count == 0)
        return YG_NONE;
    return yg_reshape(graph, yg_sum(graph, z, dims, count, false), result);
}

static yg_node simplify(yg_graph *graph, const yg_infer *call, const yg_node *operands) {
    const yg_type *x = &call->operands[0];
    yg_type result;
    bool reduced[YG_MAX_RANK];
    if (!yg_dtype_is_float(x->dtype) || !yg_reduction_infer_widened(call, &result, NULL) ||
        !yg_reduction_dims(call, &call->attrs[0], reduced, NULL))
        return YG_NONE;
    const int64_t count = yg_reduction_count(x, &call->attrs[0]);
    double value;
    if (count == 0)
        return yg_full(graph, &result, 0);
    if (count == 1)
        return yg_reshape(graph, operands[0], &result);
    if (yg_node_is_scalar(graph, operands[0], &value))
        return yg_full(graph, &result, value * (double)count);
    const yg_op *op = yg_node_op(graph, operands[0]);
    if (op == &yg_op_broadcast)
        return sum_of_broadcast(graph, call, operands[0], reduced, &result);
    if (op == &yg_op_sum)
        return sum_of_sum(graph, operands[0], reduced, &result);
    return YG_NONE;
}

static const yg_kernel reduce_parts[YG_DTYPE_COUNT] = {
    [YG_BOOL] = kernel_bool_part, [YG_I32] = kernel_i32_part, [YG_I64] = kernel_i64_part,
    [YG_F32] = kernel_f32_part,   [YG_F64] = kernel_f64_part,
};

static const yg_kernel finish_parts[YG_DTYPE_COUNT] = {
    [YG_BOOL] = kernel_bool_finish, [YG_I32] = kernel_i32_finish, [YG_I64] = kernel_i64_finish,
    [YG_F32] = kernel_f32_finish,   [YG_F64] = kernel_f64_finish,
};

static void plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    const yg_dtype dtype = call->operands[0].dtype;
    yg_reduction_plan_parts(call, results, reduce_parts[dtype], finish_parts[dtype], plan);
}

static double reference(const yg_reference *r, const int64_t *index) {
    const int64_t count = yg_reduction_count(&r->call->operands[0], &r->call->attrs[0]);
    double sum = 0;
    for (int64_t i = 0; i < count; i++) {
        int64_t at[YG_MAX_RANK];
        yg_reduction_at(r, index, i, at);
        sum += yg_at(r, 0, at);
    }
    return sum;
}

static const yg_sample samples[] = {
    {{"f[7]"}, NULL},
    {{"f[]"}, NULL},
    {{"f[2, 3, 4]"}, NULL},
    {{"f[5, 37]"}, (const yg_attr[]){{.count = 1, .ints = {-1}}, {0}}},
    {{"f[70, 5]"}, (const yg_attr[]){{.count = 1, .ints = {0}}, {.i = 1}}},
    {{"f[2, 3, 4, 2]"}, (const yg_attr[]){{.count = 2, .ints = {3, 1}}, {.i = 1}}},
    {{"f[3, 1, 2]"}, (const yg_attr[]){{.count = 1, .ints = {1}}, {0}}},
    {{"f[3, 0]"}, (const yg_attr[]){{.count = 1, .ints = {1}}, {0}}},
    {{"f[0, 3]"}, (const yg_attr[]){{.count = 1, .ints = {1}}, {0}}},
    {{"f[2100]"}, NULL},
    {{"i[3, 4]"}, (const yg_attr[]){{.count = 1, .ints = {0}}, {0}}},
    {{"b[3, 40]"}, (const yg_attr[]){{.count = 1, .ints = {1}}, {0}}},
};

const yg_op yg_op_sum = {
    .name = "sum",
    .formula = "y = Σ x over the dimensions dim",
    .doc = "Sums along dimensions; over no elements it is 0. Integers and truth values give i64.",
    .group = "reduction",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .attrs = yg_reduction_attrs,
    .attr_count = sizeof yg_reduction_attrs / sizeof *yg_reduction_attrs,
    .infer = yg_reduction_infer_widened,
    .kernel = {[YG_BOOL] = kernel_bool,
               [YG_I32] = kernel_i32,
               [YG_I64] = kernel_i64,
               [YG_F32] = kernel_f32,
               [YG_F64] = kernel_f64},
    .plan = plan,
    .vjp = vjp,
    .simplify = simplify,
    .reference = reference,
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
