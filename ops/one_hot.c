/*
 * one_hot: y[i, …, c] = 1 where c = index[i, …], else 0.
 *
 * index [i, …] of integers → y [i, …, num_classes].
 */
#include "build.h"
#include "index_walk.h"
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

#define SET_ONES(function, element, number)                                                        \
    static void function(element *y, const number *index, int64_t count, int64_t classes) {        \
        for (int64_t i = 0; i < count; i++)                                                        \
            y[i * classes + index[i]] = 1;                                                         \
    }
#define SET_ONES_BY_BOTH(type, element)                                                            \
    SET_ONES(set_##type##_i32, element, int32_t)                                                   \
    SET_ONES(set_##type##_i64, element, int64_t)                                                   \
    static void set_##type(void *y, const void *index, bool narrow, int64_t count,                 \
                           int64_t classes) {                                                      \
        if (narrow)                                                                                \
            set_##type##_i32(y, index, count, classes);                                            \
        else                                                                                       \
            set_##type##_i64(y, index, count, classes);                                            \
    }
SET_ONES_BY_BOTH(bool, uint8_t)
SET_ONES_BY_BOTH(i32, int32_t)
SET_ONES_BY_BOTH(i64, int64_t)
SET_ONES_BY_BOTH(f32, float)
SET_ONES_BY_BOTH(f64, double)

/* So many rows of the result are cleared together, and get their ones while they are near. */
enum { BLOCK_BYTES = 16 * 1024 };

static bool kernel(const yg_kernel_call *call, yg_error *error) {
    static void (*const set[YG_DTYPE_COUNT])(void *, const void *, bool, int64_t,
                                             int64_t) = {[YG_BOOL] = set_bool,
                                                         [YG_I32] = set_i32,
                                                         [YG_I64] = set_i64,
                                                         [YG_F32] = set_f32,
                                                         [YG_F64] = set_f64};
    const int64_t classes = call->attrs[0].i, count = yg_type_count(call->in_types[0]);
    const yg_dtype dtype = call->out_type->dtype;
    const bool narrow = call->in_types[0]->dtype == YG_I32;
    const int64_t row = classes * (int64_t)yg_dtype_size(dtype);
    const int64_t most = row < BLOCK_BYTES ? BLOCK_BYTES / row : 1;
    if (!yg_index_check(call, "one_hot", 0, 0, count, classes, error))
        return false;
    for (int64_t i = 0, n; i < count; i += n) {
        n = count - i < most ? count - i : most;
        char *y = (char *)call->out + i * row;
        memset(y, 0, (size_t)(n * row));
        set[dtype](y, (const char *)call->in[0] + i * (narrow ? 4 : 8), narrow, n, classes);
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
