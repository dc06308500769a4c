/*
 * add_to_slice: y = x, with `part` added to the elements x[start + i · step] of each dimension.
 *
 * The gradient of a tensor with many slices is summed with this operator, one node for each slice.
 * The kernel may write over x, so a node costs the size of its slice, not that of the tensor.
 * Its definition is x + pad(part); so dx = dy, dpart = dy[start : … : step].
 */
#include "build.h"
#include "copy.h"
#include "registry.h"
#include "shape.h"
#include "strides.h"

#include <inttypes.h>
#include <string.h>

enum { X, PART };     /* operands */
enum { START, STEP }; /* attributes */

/* Whether `count` elements from `start`, `step` apart, lie inside a dimension of `size`. */
static bool fits(int64_t start, int64_t step, int64_t count, int64_t size) {
    int64_t last;
    return count == 0 || (!__builtin_mul_overflow(count - 1, step, &last) &&
                          !__builtin_add_overflow(last, start, &last) && last < size);
}

static bool infer(const yg_infer *call, yg_type *result, yg_error *error) {
    const yg_type *x = &call->operands[X], *part = &call->operands[PART];
    char a[YG_TYPE_TEXT], b[YG_TYPE_TEXT];
    if (x->dtype != part->dtype || x->rank != part->rank)
        return yg_fail(error, x->dtype != part->dtype ? YG_ERROR_DTYPE : YG_ERROR_SHAPE,
                       call->origin, "add_to_slice: %s and %s differ in element type or rank",
                       yg_type_text(x, a), yg_type_text(part, b));
    for (size_t k = 0; k < 2; k++)
        if (call->attrs[k].count != x->rank)
            return yg_fail(error, YG_ERROR_SHAPE, call->origin,
                           "add_to_slice: %s has %d dimensions, %s has %" PRId64 " entries",
                           yg_type_text(x, a), (int)x->rank, call->op->attrs[k].name,
                           call->attrs[k].count);
    for (int d = 0; d < x->rank; d++)
        if (!fits(call->attrs[START].ints[d], call->attrs[STEP].ints[d], part->shape[d],
                  x->shape[d]))
            return yg_fail(error, YG_ERROR_SHAPE, call->origin,
                           "add_to_slice: %s does not fit into %s: dimension %d starts at %" PRId64
                           " in steps of %" PRId64,
                           yg_type_text(part, b), yg_type_text(x, a), d, call->attrs[START].ints[d],
                           call->attrs[STEP].ints[d]);
    *result = *x;
    return true;
}

static void plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    (void)results;
    plan->flops = (double)yg_type_count(&call->operands[PART]);
}

/* Copies x to `out`, unless they are one buffer, then adds `part` row by row. A row is `part` along
 * its last dimension. */
#define KERNEL(name, real)                                                                         \
    static bool name(const yg_kernel_call *call, yg_error *error) {                                \
        (void)error;                                                                               \
        const yg_type *part = call->in_types[PART], *y = call->out_type;                           \
        if (call->out != call->in[X])                                                              \
            memcpy(call->out, call->in[X], (size_t)yg_type_bytes(y));                              \
        if (yg_type_count(part) == 0)                                                              \
            return true;                                                                           \
        int64_t strides[YG_MAX_RANK] = {0}, at[YG_MAX_RANK] = {0}, offset = 0;                     \
        yg_type_strides(y, strides);                                                               \
        for (int d = 0; d < y->rank; d++) {                                                        \
            offset += call->attrs[START].ints[d] * strides[d];                                     \
            /* The step over a single element may be too large to multiply; it is not needed. */   \
            strides[d] = part->shape[d] > 1 ? strides[d] * call->attrs[STEP].ints[d] : 0;          \
        }                                                                                          \
        const int outer = y->rank > 0 ? y->rank - 1 : 0;                                           \
        const int64_t columns = y->rank > 0 ? part->shape[outer] : 1;                              \
        const int64_t stride = y->rank > 0 ? strides[outer] : 0;                                   \
        const int64_t rows = yg_type_count(part) / columns;                                        \
        const real *from = call->in[PART];                                                         \
        real *out = call->out;                                                                     \
        for (int64_t row = 0; row < rows; row++, from += columns) {                                \
            real *to = out + offset;                                                               \
            if (stride == 1)                                                                       \
                _Pragma("omp simd") for (int64_t i = 0; i < columns; i++) to[i] += from[i];        \
            else                                                                                   \
                for (int64_t i = 0; i < columns; i++)                                              \
                    to[i * stride] += from[i];                                                     \
            offset = yg_strides_next(outer, part->shape, strides, at, offset);                     \
        }                                                                                          \
        return true;                                                                               \
    }
KERNEL(kernel_f32, float)
KERNEL(kernel_f64, double)

static yg_node simplify(yg_graph *graph, const yg_infer *call, const yg_node *operands) {
    double value;
    if (yg_type_count(&call->operands[PART]) == 0 ||
        (yg_node_is_scalar(graph, operands[PART], &value) && value == 0))
        return operands[X];
    if (yg_type_equal(&call->operands[X], &call->operands[PART]))
        return yg_add(graph, operands[X], operands[PART]);
    return YG_NONE;
}

static size_t definition(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                         yg_node *results) {
    const yg_type *x = &call->operands[X], *part = &call->operands[PART];
    yg_attr attrs[4] = {{.count = x->rank}, {.count = x->rank}, {.f = 0}, {.count = x->rank}};
    for (int d = 0; d < x->rank; d++) {
        const int64_t count = part->shape[d], step = call->attrs[STEP].ints[d];
        const int64_t start = count > 0 ? call->attrs[START].ints[d] : 0;
        const int64_t end = count > 0 ? start + (count - 1) * step + 1 : 0;
        attrs[0].ints[d] = start;                    /* before */
        attrs[1].ints[d] = x->shape[d] - end;        /* after */
        attrs[3].ints[d] = count > 1 ? step - 1 : 0; /* between */
    }
    results[0] =
        yg_add(graph, operands[X], yg_apply(graph, &yg_op_constant_pad, &operands[PART], 1, attrs));
    return 1;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const yg_type *part = &r->call->operands[PART];
    int64_t at[YG_MAX_RANK] = {0};
    for (int d = 0; d < part->rank; d++) {
        const int64_t past = index[d] - r->call->attrs[START].ints[d];
        const int64_t step = r->call->attrs[STEP].ints[d];
        if (past < 0 || past % step != 0 || past / step >= part->shape[d])
            return yg_at(r, X, index);
        at[d] = past / step;
    }
    return yg_at(r, X, index) + yg_at(r, PART, at);
}

static const yg_attr_spec attrs[] = {
    [START] = {.name = "start",
               .kind = YG_ATTR_INTS,
               .required = true,
               .max = (double)INT64_MAX,
               .doc = "the first index in each dimension"},
    [STEP] = {.name = "step",
              .kind = YG_ATTR_INTS,
              .required = true,
              .min = 1,
              .max = (double)INT64_MAX,
              .doc = "the distance between indices in each dimension"},
};

#define AT(...) .count = sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t), .ints = {__VA_ARGS__}
static const yg_sample samples[] = {
    {{"f[7]", "f[3]"}, (const yg_attr[]){{AT(2)}, {AT(1)}}},
    {{"f[7]", "f[3]"}, (const yg_attr[]){{AT(0)}, {AT(3)}}},
    {{"f[4, 5]", "f[1, 5]"}, (const yg_attr[]){{AT(3, 0)}, {AT(1, 1)}}},
    {{"f[4, 5]", "f[4, 1]"}, (const yg_attr[]){{AT(0, 2)}, {AT(1, INT64_MAX)}}},
    {{"f[3, 4, 5]", "f[2, 3, 2]"}, (const yg_attr[]){{AT(0, 1, 0)}, {AT(2, 1, 3)}}},
    {{"f[3, 4]", "f[3, 4]"}, (const yg_attr[]){{AT(0, 0)}, {AT(1, 1)}}},
    {{"f[3, 4]", "f[0, 4]"}, (const yg_attr[]){{AT(9, 0)}, {AT(1, 1)}}},
    {{"f[0, 2]", "f[0, 1]"}, (const yg_attr[]){{AT(0, 1)}, {AT(1, 1)}}},
    {{"f[]", "f[]"}, (const yg_attr[]){{0}, {0}}},
};

const yg_op yg_op_add_to_slice = {
    .name = "add_to_slice",
    .formula = "y = x; y[start + i · step] += part[i]",
    .doc = "Adds a tensor to a slice of another: how the gradients of slices add up.",
    .group = "shape",
    .min_operands = 2,
    .max_operands = 2,
    .operand_names = {"x", "part"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .flags = YG_OP_INTERNAL | YG_OP_IN_PLACE,
    .infer = infer,
    .kernel = {[YG_F32] = kernel_f32, [YG_F64] = kernel_f64},
    .plan = plan,
    .simplify = simplify,
    .compose = definition,
    .reference = reference,
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
