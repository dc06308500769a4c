/*
 * one_hot: y[i, …, c] = 1 where c = index[i, …], else 0.
 *
 * index [i, …] of integers → y [i, …, num_classes].
 */
#include "build.h"
#include "registry.h"
#include "shape.h"

#include <string.h>

static bool infer(const yg_infer *call, yg_type *result, yg_error *error) {
    const yg_type *index = &call->operands[0];
    char text[YG_TYPE_TEXT];
    if (!yg_shape_need_index(call, 0, error))
        return false;
    if (index->rank == YG_MAX_RANK)
        return yg_fail(error, YG_ERROR_SHAPE, call->origin,
                       "one_hot: %s has %d dimensions already, the most there can be",
                       yg_type_text(index, text), YG_MAX_RANK);
    int64_t shape[YG_MAX_RANK];
    memcpy(shape, index->shape, sizeof shape);
    shape[index->rank] = call->attrs[0].i;
    return yg_type_make((yg_dtype)call->attrs[1].i, index->rank + 1, shape, result, error);
}

static bool kernel(const yg_kernel_call *call, yg_error *error) {
    const int64_t classes = call->attrs[0].i;
    const int64_t count = yg_type_count(call->in_types[0]);
    memset(call->out, 0, (size_t)yg_type_bytes(call->out_type));
    for (int64_t i = 0; i < count; i++) {
        int64_t chosen;
        if (!yg_index_read(call, "one_hot", 0, i, classes, &chosen, error))
            return false;
        yg_element_set(call->out_type->dtype, call->out, i * classes + chosen, 1);
    }
    return true;
}

static double reference(const yg_reference *r, const int64_t *index) {
    return (double)index[r->call->operands[0].rank] == yg_at(r, 0, index);
}

static const yg_attr_spec attrs[] = {
    {.name = "num_classes",
     .kind = YG_ATTR_INT,
     .required = true,
     .min = 1,
     .max = (double)INT64_MAX,
     .doc = "how many classes there are: the size of the new last dimension"},
    {.name = "dtype",
     .kind = YG_ATTR_DTYPE,
     .fallback = {.i = YG_F32},
     .doc = "the element type of the result; with f64 operands it is converted as they need"},
};

/* The tests draw indices from 0 to 3: see `domain`. */
static const yg_sample samples[] = {
    {{"i[5]"}, (const yg_attr[]){{.i = 4}, {.i = YG_F32}}},
    {{"i[2, 3]"}, (const yg_attr[]){{.i = 6}, {.i = YG_F64}}},
    {{"i[]"}, (const yg_attr[]){{.i = 4}, {.i = YG_I64}}},
    {{"i[0]"}, (const yg_attr[]){{.i = 4}, {.i = YG_F32}}},
    {{"i[3]"}, (const yg_attr[]){{.i = 4}, {.i = YG_BOOL}}},
};

const yg_op yg_op_one_hot = {
    .name = "one_hot",
    .formula = "y[i, …, c] = (c = index[i, …])",
    .doc = "A row of zeros with a single 1 for each index. An index that is not there stops the "
           "run.",
    .group = "indexing",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"index"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .flags = YG_OP_NON_DIFFERENTIABLE,
    .infer = infer,
    .kernel = {[YG_I32] = kernel, [YG_I64] = kernel},
    .reference = reference,
    .domain = {{0, 3}},
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
