/*
 * flip: y[…, i, …] = x[…, n - 1 - i, …] along the dimensions `dims`, or along all of them.
 *
 * vjp: dx = dy, flipped again.
 */
#include "build.h"
#include "copy.h"
#include "reduction.h"
#include "registry.h"

#include <string.h>

static bool infer(const yg_infer *call, yg_type *result, yg_error *error) {
    bool flipped[YG_MAX_RANK];
    *result = call->operands[0];
    return yg_reduction_dims(call, &call->attrs[0], flipped, error);
}

static bool kernel(const yg_kernel_call *call, yg_error *error) {
    const yg_type *x = call->in_types[0];
    const yg_infer of = {
        .op = &yg_op_flip, .operands = x, .operand_count = 1, .attrs = call->attrs};
    bool flipped[YG_MAX_RANK];
    if (!yg_reduction_dims(&of, &call->attrs[0], flipped, error))
        return false;
    if (yg_type_count(x) == 0)
        return true;
    const int64_t element = (int64_t)yg_dtype_size(x->dtype);
    yg_box box = {.rank = x->rank};
    memcpy(box.size, x->shape, sizeof box.size);
    yg_type_strides(x, box.to_stride);
    int64_t offset = 0;
    for (int d = 0; d < x->rank; d++) {
        box.from_stride[d] = flipped[d] ? -box.to_stride[d] : box.to_stride[d];
        offset += flipped[d] ? (x->shape[d] - 1) * box.to_stride[d] : 0;
    }
    yg_copy_box(&box, (size_t)element, call->out, (const char *)call->in[0] + offset * element);
    return true;
}

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)k;
    return yg_apply(graph, &yg_op_flip, &dy, 1, yg_node_attrs(graph, y));
}

static yg_node simplify(yg_graph *graph, const yg_infer *call, const yg_node *operands) {
    const yg_node x = operands[0];
    if (yg_node_op(graph, x) == &yg_op_flip &&
        memcmp(yg_node_attrs(graph, x), call->attrs, sizeof *call->attrs) == 0)
        return yg_node_operand(graph, x, 0);
    return yg_node_is_scalar(graph, x, NULL) ? x : YG_NONE;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const yg_type *x = &r->call->operands[0];
    const yg_attr *dims = &r->call->attrs[0];
    int64_t at[YG_MAX_RANK];
    for (int d = 0; d < x->rank; d++) {
        bool flipped = dims->count == 0;
        for (int64_t i = 0; i < dims->count; i++)
            flipped = flipped || dims->ints[i] == d || dims->ints[i] + x->rank == d;
        at[d] = flipped ? x->shape[d] - 1 - index[d] : index[d];
    }
    return yg_at(r, 0, at);
}

static const yg_attr_spec attrs[] = {
    {.name = "dims",
     .kind = YG_ATTR_INTS,
     .min = -YG_MAX_RANK,
     .max = YG_MAX_RANK - 1,
     .doc = "the dimensions to reverse; none: all of them"},
};

static const yg_sample samples[] = {
    {{"f[4]"}, NULL},
    {{"f[2, 3]"}, (const yg_attr[]){{.count = 1, .ints = {-1}}}},
    {{"f[2, 3, 4]"}, (const yg_attr[]){{.count = 2, .ints = {0, 2}}}},
    {{"f[2, 0]"}, NULL},
    {{"f[]"}, NULL},
    {{"i[3]"}, NULL},
};

const yg_op yg_op_flip = {
    .name = "flip",
    .formula = "y[…, i, …] = x[…, n - 1 - i, …]",
    .doc = "Reverses the order of the elements along dimensions.",
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
