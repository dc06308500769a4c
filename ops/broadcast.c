/*
 * broadcast: y[…, i, …] = x[…, 0, …] along the dimensions that are stretched.
 *
 * x's dimensions are matched with those of `shape` from the last one. Dimensions of size 1, and
 * leading ones that x does not have, are stretched: x is repeated along them.
 * vjp: dx = dy summed over the stretched dimensions.
 */
#include "build.h"
#include "copy.h"
#include "registry.h"

#include <string.h>

static bool infer(const yg_infer *call, yg_type *result, yg_error *error) {
    const yg_type *x = &call->operands[0];
    yg_type joined;
    if (!yg_type_make(x->dtype, (int)call->attrs[0].count, call->attrs[0].ints, result, error))
        return false;
    if (yg_shape_broadcast(x, result, &joined) && yg_shape_equal(&joined, result))
        return true;
    char from[YG_TYPE_TEXT], to[YG_TYPE_TEXT];
    return yg_fail(error, YG_ERROR_SHAPE, call->origin,
                   "broadcast: %s cannot be stretched to %s: dimensions are compared from the "
                   "last, and only 1 stretches",
                   yg_type_text(x, from), yg_shape_text(result, to));
}

static bool kernel(const yg_kernel_call *call, yg_error *error) {
    (void)error;
    const yg_type *x = call->in_types[0], *y = call->out_type;
    yg_box box = {.rank = y->rank};
    memcpy(box.size, y->shape, sizeof box.size);
    yg_type_strides(y, box.to_stride);
    int64_t strides[YG_MAX_RANK];
    yg_type_strides(x, strides);
    for (int d = 0; d < x->rank; d++)
        box.from_stride[y->rank - x->rank + d] = x->shape[d] == 1 ? 0 : strides[d];
    yg_copy_box(&box, yg_dtype_size(y->dtype), call->out, call->in[0]);
    return true;
}

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)k;
    return yg_sum_to(graph, dy, yg_node_type(graph, yg_node_operand(graph, y, 0)));
}

static yg_node simplify(yg_graph *graph, const yg_infer *call, const yg_node *operands) {
    yg_type result;
    if (!infer(call, &result, NULL))
        return YG_NONE;
    if (yg_shape_equal(&call->operands[0], &result))
        return operands[0];
    if (yg_node_op(graph, operands[0]) == &yg_op_broadcast)
        return yg_broadcast(graph, yg_node_operand(graph, operands[0], 0), &result);
    return YG_NONE;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const yg_type *x = &r->call->operands[0];
    int64_t at[YG_MAX_RANK] = {0};
    for (int d = 0; d < x->rank; d++)
        at[d] = x->shape[d] == 1 ? 0 : index[r->out_type->rank - x->rank + d];
    return yg_at(r, 0, at);
}

static const yg_attr_spec attrs[] = {
    {.name = "shape",
     .kind = YG_ATTR_INTS,
     .required = true,
     .max = (double)INT64_MAX,
     .doc = "the shape of the result"},
};

static const yg_sample samples[] = {
    {{"f[3]"}, (const yg_attr[]){{.count = 2, .ints = {4, 3}}}},
    {{"f[]"}, (const yg_attr[]){{.count = 2, .ints = {2, 5}}}},
    {{"f[]"}, (const yg_attr[]){{.count = 0}}},
    {{"f[2, 1, 3, 1]"}, (const yg_attr[]){{.count = 5, .ints = {2, 2, 4, 3, 5}}}},
    {{"f[4, 1]"}, (const yg_attr[]){{.count = 2, .ints = {4, 3}}}},
    {{"f[1, 3]"}, (const yg_attr[]){{.count = 2, .ints = {0, 3}}}},
    {{"i[2, 1]"}, (const yg_attr[]){{.count = 2, .ints = {2, 2}}}},
    {{"b[1]"}, (const yg_attr[]){{.count = 1, .ints = {5}}}},
};

const yg_op yg_op_broadcast = {
    .name = "broadcast",
    .formula = "y[…, i, …] = x[…, 0, …]",
    .doc = "Repeats x along dimensions of size 1, and along new leading ones, up to `shape`: "
           "NumPy's broadcast_to. Elementwise operators do this by themselves.",
    .group = "shape",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .infer = infer,
    .kernel = {[YG_BOOL] = kernel,
               [YG_I32] = kernel,
               [YG_I64] = kernel,
               [YG_F32] = kernel,
               [YG_F64] = kernel},
    .vjp = vjp,
    .simplify = simplify,
    .reference = reference,
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
