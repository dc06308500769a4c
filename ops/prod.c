/*
 * prod: y[…] = Π x[…, i, …] over the dimensions `dim`, or over all of them.
 *
 * Integers and truth values are multiplied as i64. The product over no elements is 1.
 * vjp: dx[i] = dy · Π x[j] over j ≠ i (other_products). The shorter dy · y / x would be 0 / 0 where
 * an element is zero.
 */
#include "build.h"
#include "reduction.h"
#include "registry.h"

#define REDUCE_START           1
#define REDUCE_COMBINE(a, b)   ((a) * (b))
#define REDUCE_FINISH(a, base) (a)
#define REDUCE_BASED           0
#define REDUCE_FUNCTIONS       0

#define REDUCE_MAP(x, base) (x)
#define REDUCE_NAME         prod_f32
#define REDUCE_INPUT        float
#define REDUCE_RESULT       float
#include "reduction_kernel.h"
#define REDUCE_NAME   prod_f64
#define REDUCE_INPUT  double
#define REDUCE_RESULT double
#include "reduction_kernel.h"

/* Integers are multiplied as unsigned numbers, because signed overflow is undefined in C. */
#undef REDUCE_MAP
#define REDUCE_MAP(x, base) ((uint64_t)(x))
#define REDUCE_NAME         prod_bool
#define REDUCE_INPUT        uint8_t
#define REDUCE_RESULT       uint64_t
#include "reduction_kernel.h"
#define REDUCE_NAME   prod_i32
#define REDUCE_INPUT  int32_t
#define REDUCE_RESULT uint64_t
#include "reduction_kernel.h"
#define REDUCE_NAME   prod_i64
#define REDUCE_INPUT  int64_t
#define REDUCE_RESULT uint64_t
#include "reduction_kernel.h"

YG_REDUCTION_KERNEL(kernel_bool, prod_bool)
YG_REDUCTION_KERNEL(kernel_i32, prod_i32)
YG_REDUCTION_KERNEL(kernel_i64, prod_i64)
YG_REDUCTION_KERNEL(kernel_f32, prod_f32)
YG_REDUCTION_KERNEL(kernel_f64, prod_f64)

/* The first of the reduced dimensions if they are neighbours; -1 if not. Dimensions of one element
 * are none. */
static int first_of_neighbours(const yg_type *x, const bool *reduced) {
    int first = -1, last = -1;
    for (int d = 0; d < x->rank; d++) {
        if (!reduced[d] || x->shape[d] == 1)
            continue;
        for (int between = last + 1; last >= 0 && between < d; between++)
            if (x->shape[between] != 1)
                return -1;
        first = first < 0 ? d : first;
        last = d;
    }
    return first;
}

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)k;
    yg_node x = yg_node_operand(graph, y, 0);
    const yg_type *type = yg_node_type(graph, x);
    const yg_attr *attrs = yg_node_attrs(graph, y);
    if (yg_type_count(type) == 0)
        return YG_NONE;
    const yg_infer call = {.op = &yg_op_prod, .operands = type, .operand_count = 1, .attrs = attrs};
    bool reduced[YG_MAX_RANK];
    if (!yg_reduction_dims(&call, &attrs[0], reduced, NULL))
        return YG_NONE;

    /* x as [outer, n, inner], with the n elements behind one element of the result in the middle.
     * If they are no neighbours, the reduced dimensions are moved to the end. */
    yg_type box = {.dtype = type->dtype, .rank = 3, .shape = {1, 1, 1}}, moved = *type;
    const int first = first_of_neighbours(type, reduced);
    int64_t order[YG_MAX_RANK], back[YG_MAX_RANK];
    int rank = 0;
    for (int pass = 0; pass < 2; pass++)
        for (int d = 0; d < type->rank; d++)
            if (reduced[d] == (pass == 1)) {
                moved.shape[rank] = type->shape[d];
                back[d] = rank;
                order[rank++] = d;
                box.shape[reduced[d] ? 1 : first >= 0 && d > first ? 2 : 0] *= type->shape[d];
            }
    const yg_attr middle = {.i = 1};
    x = yg_reshape(graph, first >= 0 ? x : yg_permute(graph, x, order), &box);
    yg_node others = yg_apply(graph, &yg_op_other_products, &x, 1, &middle);
    others = first >= 0 ? yg_reshape(graph, others, type)
                        : yg_permute(graph, yg_reshape(graph, others, &moved), back);
    return yg_multiply(graph, yg_reduction_expand(graph, y, dy), others);
}

static yg_node simplify(yg_graph *graph, const yg_infer *call, const yg_node *operands) {
    const yg_type *x = &call->operands[0];
    yg_type result;
    if (!yg_dtype_is_float(x->dtype) || !yg_reduction_infer_widened(call, &result, NULL))
        return YG_NONE;
    const int64_t count = yg_reduction_count(x, &call->attrs[0]);
    if (count == 0)
        return yg_full(graph, &result, 1);
    if (count == 1)
        return yg_reshape(graph, operands[0], &result);
    return YG_NONE;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const int64_t count = yg_reduction_count(&r->call->operands[0], &r->call->attrs[0]);
    double product = 1;
    for (int64_t i = 0; i < count; i++) {
        int64_t at[YG_MAX_RANK];
        yg_reduction_at(r, index, i, at);
        product *= yg_at(r, 0, at);
    }
    return product;
}

static const yg_sample samples[] = {
    {{"f[7]"}, NULL},
    {{"f[]"}, NULL},
    {{"f[2, 2, 3]"}, NULL},
    {{"f[3, 20]"}, (const yg_attr[]){{.count = 1, .ints = {-1}}, {0}}},
    {{"f[17, 4]"}, (const yg_attr[]){{.count = 1, .ints = {0}}, {.i = 1}}},
    {{"f[2, 3, 4]"}, (const yg_attr[]){{.count = 2, .ints = {0, -1}}, {0}}},
    {{"f[3, 0]"}, (const yg_attr[]){{.count = 1, .ints = {1}}, {0}}},
    {{"f[0, 3]"}, (const yg_attr[]){{.count = 1, .ints = {1}}, {0}}},
    {{"i[3, 4]"}, (const yg_attr[]){{.count = 1, .ints = {0}}, {0}}},
    {{"b[3, 4]"}, (const yg_attr[]){{.count = 1, .ints = {1}}, {0}}},
};

const yg_op yg_op_prod = {
    .name = "prod",
    .formula = "y = Π x over the dimensions dim",
    .doc = "Multiplies along dimensions; over no elements it is 1. Integers and truth values give "
           "i64. The gradient is right where elements are zero.",
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
    .plan = yg_reduction_plan,
    .vjp = vjp,
    .simplify = simplify,
    .reference = reference,
    .domain = {{-1.5, 1.5}},
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
