/*
 * permute: y[i_dims[0], i_dims[1], …] = x[i_0, i_1, …]; dimension d of y is dimension dims[d] of x.
 *
 * vjp: dx = dy, permuted back.
 */
#include "build.h"
#include "copy.h"
#include "registry.h"
#include "shape.h"

#include <inttypes.h>

/* Reads the attribute `dims` and resolves negative entries, which count from the end. */
static bool read_dims(const yg_infer *call, int64_t dims[YG_MAX_RANK], yg_error *error) {
    const yg_type *x = &call->operands[0];
    const yg_attr *given = &call->attrs[0];
    char text[YG_TYPE_TEXT];
    if (given->count != x->rank)
        return yg_fail(error, YG_ERROR_SHAPE, call->origin,
                       "permute: %s has %d dimensions, dims names %" PRId64, yg_type_text(x, text),
                       (int)x->rank, given->count);
    bool seen[YG_MAX_RANK] = {false};
    for (int i = 0; i < x->rank; i++) {
        int d;
        if (!yg_shape_dim(call, given->ints[i], x->rank, &d, error))
            return false;
        if (seen[d])
            return yg_fail(error, YG_ERROR_ARGUMENT, call->origin,
                           "permute: dimension %" PRId64 " of %s is named twice", given->ints[i],
                           yg_type_text(x, text));
        seen[d] = true;
        dims[i] = d;
    }
    return true;
}

static bool infer(const yg_infer *call, yg_type *result, yg_error *error) {
    const yg_type *x = &call->operands[0];
    int64_t dims[YG_MAX_RANK] = {0}, shape[YG_MAX_RANK];
    if (!read_dims(call, dims, error))
        return false;
    for (int i = 0; i < x->rank; i++)
        shape[i] = x->shape[dims[i]];
    return yg_type_make(x->dtype, x->rank, shape, result, error);
}

/* A unit of work is one index into the result's first dimension. */
static void plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    (void)call;
    plan->units = results->rank > 0 ? results->shape[0] : 1;
}

static bool kernel(const yg_kernel_call *call, yg_error *error) {
    (void)error;
    const yg_type *x = call->in_types[0], *y = call->out_type;
    int64_t strides[YG_MAX_RANK];
    yg_type_strides(x, strides);
    yg_box box = {.rank = y->rank};
    yg_type_strides(y, box.to_stride);
    for (int i = 0; i < y->rank; i++) {
        int d = 0;
        yg_dimension(call->attrs[0].ints[i], x->rank, &d);
        box.size[i] = y->shape[i];
        box.from_stride[i] = strides[d];
    }
    if (y->rank == 0) {
        yg_copy_box(&box, yg_dtype_size(y->dtype), call->out, call->in[0]);
        return true;
    }
    const int64_t element = (int64_t)yg_dtype_size(y->dtype), first = call->begin * element;
    box.size[0] = call->end - call->begin;
    yg_copy_box(&box, (size_t)element, (char *)call->out + first * box.to_stride[0],
                (const char *)call->in[0] + first * box.from_stride[0]);
    return true;
}

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)k;
    const yg_type *type = yg_node_type(graph, y);
    int64_t back[YG_MAX_RANK];
    for (int i = 0; i < type->rank; i++) {
        int d = 0;
        yg_dimension(yg_node_attrs(graph, y)[0].ints[i], type->rank, &d);
        back[d] = i;
    }
    return yg_permute(graph, dy, back);
}

static yg_node simplify(yg_graph *graph, const yg_infer *call, const yg_node *operands) {
    const yg_type *x = &call->operands[0];
    yg_type result;
    int64_t dims[YG_MAX_RANK] = {0};
    double value;
    if (!read_dims(call, dims, NULL) || !infer(call, &result, NULL))
        return YG_NONE;
    if (x->dtype != YG_I64 && yg_node_is_scalar(graph, operands[0], &value))
        return yg_full(graph, &result, value);
    if (yg_node_op(graph, operands[0]) == &yg_op_permute) {
        const yg_attr *inner = &yg_node_attrs(graph, operands[0])[0];
        int64_t both[YG_MAX_RANK];
        for (int i = 0; i < x->rank; i++)
            both[i] = inner->ints[dims[i]];
        return yg_permute(graph, yg_node_operand(graph, operands[0], 0), both);
    }
    /* If the dimensions larger than 1 keep their order, so do the elements: a reshape. */
    int64_t last = -1;
    for (int i = 0; i < x->rank; i++) {
        if (x->shape[dims[i]] == 1)
            continue;
        if (dims[i] < last)
            return YG_NONE;
        last = dims[i];
    }
    return yg_reshape(graph, operands[0], &result);
}

static double reference(const yg_reference *r, const int64_t *index) {
    const yg_type *x = &r->call->operands[0];
    int64_t at[YG_MAX_RANK] = {0};
    for (int i = 0; i < x->rank; i++) {
        const int64_t d = r->call->attrs[0].ints[i];
        at[d < 0 ? d + x->rank : d] = index[i];
    }
    return yg_at(r, 0, at);
}

static const yg_attr_spec attrs[] = {
    {.name = "dims",
     .kind = YG_ATTR_INTS,
     .required = true,
     .min = -YG_MAX_RANK,
     .max = YG_MAX_RANK - 1,
     .doc = "x's dimensions in the order in which the result has them"},
};

static const yg_sample samples[] = {
    {{"f[2, 3]"}, (const yg_attr[]){{.count = 2, .ints = {1, 0}}}},
    {{"f[2, 3, 4]"}, (const yg_attr[]){{.count = 3, .ints = {2, 0, 1}}}},
    {{"f[2, 3, 4]"}, (const yg_attr[]){{.count = 3, .ints = {0, -1, -2}}}},
    {{"f[2, 3, 2, 4]"}, (const yg_attr[]){{.count = 4, .ints = {0, 2, 1, 3}}}},
    {{"f[2, 1, 3]"}, (const yg_attr[]){{.count = 3, .ints = {1, 0, 2}}}},
    {{"f[37, 45]"}, (const yg_attr[]){{.count = 2, .ints = {1, 0}}}},
    {{"f[2, 3, 37]"}, (const yg_attr[]){{.count = 3, .ints = {0, 2, 1}}}},
    {{"f[2, 19]"}, (const yg_attr[]){{.count = 2, .ints = {1, 0}}}},
    {{"f[4, 21]"}, (const yg_attr[]){{.count = 2, .ints = {1, 0}}}},
    {{"f[3, 0]"}, (const yg_attr[]){{.count = 2, .ints = {1, 0}}}},
    {{"f[]"}, (const yg_attr[]){{.count = 0}}},
    {{"i[2, 3]"}, (const yg_attr[]){{.count = 2, .ints = {1, 0}}}},
    {{"b[3, 2]"}, (const yg_attr[]){{.count = 2, .ints = {1, 0}}}},
};

const yg_op yg_op_permute = {
    .name = "permute",
    .formula = "y[i at dims[0], i at dims[1], …] = x[i at 0, i at 1, …]",
    .doc = "Puts the dimensions in another order: dimension d of the result is dimension dims[d] "
           "of x.",
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
    .plan = plan,
    .vjp = vjp,
    .simplify = simplify,
    .reference = reference,
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
