/*
 * The common code of argmax and argmin. See arg_kernel.h.
 */
#include "arg_kernel.h"

#include "shape.h"

const yg_attr_spec yg_arg_attrs[2] = {
    {.name = "dim",
     .kind = YG_ATTR_INTS,
     .min = -YG_MAX_RANK,
     .max = YG_MAX_RANK - 1,
     .doc = "the dimension to search along, one at most; none: all of x in row-major order"},
    {.name = "keepdim", .kind = YG_ATTR_BOOL, .doc = "keep each searched dimension with size 1"},
};

const yg_sample yg_arg_samples[YG_ARG_SAMPLES] = {
    {{"f[7]"}, NULL},
    {{"f[]"}, NULL},
    {{"f[2, 3, 4]"}, NULL},
    {{"f[5, 37]"}, (const yg_attr[]){{.count = 1, .ints = {-1}}, {0}}},
    {{"f[70, 5]"}, (const yg_attr[]){{.count = 1, .ints = {0}}, {.i = 1}}},
    {{"f[2, 3, 4]"}, (const yg_attr[]){{.count = 1, .ints = {1}}, {0}}},
    {{"f[0, 3]"}, (const yg_attr[]){{.count = 1, .ints = {1}}, {0}}},
    {{"i[4, 6]"}, (const yg_attr[]){{.count = 1, .ints = {1}}, {0}}},
    {{"b[3, 4]"}, (const yg_attr[]){{.count = 1, .ints = {0}}, {0}}},
};

bool yg_arg_infer(const yg_infer *call, yg_type *result, yg_error *error) {
    char text[YG_TYPE_TEXT];
    if (call->attrs[0].count > 1)
        return yg_fail(error, YG_ERROR_ARGUMENT, call->origin,
                       "%s: takes one dimension, or none for all of %s", call->op->name,
                       yg_type_text(&call->operands[0], text));
    if (!yg_reduction_infer_some(call, result, error))
        return false;
    return yg_type_make(YG_I64, result->rank, result->shape, result, error);
}

yg_arg_box yg_arg_box_of(const yg_type *x, const yg_attr *dim) {
    int d;
    if (dim->count == 0 || x->rank == 0 || !yg_dimension(dim->ints[0], x->rank, &d))
        return (yg_arg_box){.length = yg_type_count(x), .inner = 1};
    return (yg_arg_box){.length = x->shape[d], .inner = yg_shape_product(x->shape, d + 1, x->rank)};
}
