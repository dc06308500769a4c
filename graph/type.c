/*
 * Element types and shapes: see type.h.
 */
#include "type.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    size_t size;
    bool is_float;
} dtypes[YG_DTYPE_COUNT] = {
    [YG_BOOL] = {"bool", 1, false}, [YG_I32] = {"i32", 4, false}, [YG_I64] = {"i64", 8, false},
    [YG_F32] = {"f32", 4, true},    [YG_F64] = {"f64", 8, true},
};

size_t yg_dtype_size(yg_dtype dtype) {
    return dtypes[dtype].size;
}

const char *yg_dtype_name(yg_dtype dtype) {
    return dtypes[dtype].name;
}

bool yg_dtype_is_float(yg_dtype dtype) {
    return dtypes[dtype].is_float;
}

bool yg_dtype_parse(const char *name, yg_dtype *dtype) {
    for (int i = 0; i < YG_DTYPE_COUNT; i++) {
        if (strcmp(name, dtypes[i].name) == 0) {
            *dtype = (yg_dtype)i;
            return true;
        }
    }
    return false;
}

/* Whether the size in bytes fits int64_t, even if dimensions of size 0 are left out of the product.
 * Otherwise strides could overflow. */
static bool size_fits(const yg_type *type) {
    int64_t bytes = (int64_t)yg_dtype_size(type->dtype);
    for (int i = 0; i < type->rank; i++) {
        if (type->shape[i] > 0 && __builtin_mul_overflow(bytes, type->shape[i], &bytes))
            return false;
    }
    return bytes <= INT64_MAX / 2; /* so that rounding up to a multiple cannot overflow */
}

bool yg_type_make(yg_dtype dtype, int rank, const int64_t *shape, yg_type *type, yg_error *error) {
    if (rank < 0 || rank > YG_MAX_RANK)
        return yg_fail(error, YG_ERROR_SHAPE, YG_NOWHERE,
                       "a tensor has at most %d dimensions, not %d", YG_MAX_RANK, rank);
    if ((unsigned)dtype >= YG_DTYPE_COUNT)
        return yg_fail(error, YG_ERROR_DTYPE, YG_NOWHERE, "%d is no element type", (int)dtype);
    yg_type made = {.dtype = dtype, .rank = rank};
    for (int i = 0; i < rank; i++) {
        if (shape[i] < 0)
            return yg_fail(error, YG_ERROR_SHAPE, YG_NOWHERE,
                           "dimension %d has the negative size %" PRId64, i, shape[i]);
        made.shape[i] = shape[i];
    }
    if (!size_fits(&made)) {
        char text[YG_TYPE_TEXT];
        return yg_fail(error, YG_ERROR_SHAPE, YG_NOWHERE, "a tensor %s is too large to address",
                       yg_type_text(&made, text));
    }
    *type = made;
    return true;
}

yg_type yg_type_scalar(yg_dtype dtype) {
    return (yg_type){.dtype = dtype};
}

int64_t yg_type_count(const yg_type *type) {
    int64_t count = 1;
    for (int i = 0; i < type->rank; i++) {
        if (type->shape[i] == 0)
            return 0;
        count *= type->shape[i];
    }
    return count;
}

int64_t yg_type_bytes(const yg_type *type) {
    return yg_type_count(type) * (int64_t)yg_dtype_size(type->dtype);
}

bool yg_shape_equal(const yg_type *a, const yg_type *b) {
    if (a->rank != b->rank)
        return false;
    for (int i = 0; i < a->rank; i++) {
        if (a->shape[i] != b->shape[i])
            return false;
    }
    return true;
}

bool yg_type_equal(const yg_type *a, const yg_type *b) {
    return a == b || (a->dtype == b->dtype && yg_shape_equal(a, b));
}

yg_type yg_type_with_dtype(const yg_type *type, yg_dtype dtype) {
    yg_type changed = *type;
    changed.dtype = dtype;
    return changed;
}

void yg_type_strides(const yg_type *type, int64_t strides[YG_MAX_RANK]) {
    int64_t stride = 1;
    for (int i = type->rank - 1; i >= 0; i--) {
        strides[i] = stride;
        stride *= type->shape[i] > 0 ? type->shape[i] : 1;
    }
}

const char *yg_shape_text(const yg_type *type, char *text) {
    size_t used = 0;
    text[used++] = '[';
    for (int i = 0; i < type->rank; i++)
        used += (size_t)snprintf(text + used, YG_TYPE_TEXT - used, i ? ", %" PRId64 : "%" PRId64,
                                 type->shape[i]);
    text[used++] = ']';
    text[used] = '\0';
    return text;
}

const char *yg_type_text(const yg_type *type, char *text) {
    const char *name = yg_dtype_name(type->dtype);
    const size_t length = strlen(name);
    char shape[YG_TYPE_TEXT];
    yg_shape_text(type, shape);
    memcpy(text, name, length);
    memcpy(text + length, shape, strlen(shape) + 1);
    return text;
}

bool yg_shape_broadcast(const yg_type *a, const yg_type *b, yg_type *out) {
    yg_type made = {.dtype = a->dtype, .rank = a->rank > b->rank ? a->rank : b->rank};
    for (int i = 0; i < made.rank; i++) {
        const int ia = i - (made.rank - a->rank), ib = i - (made.rank - b->rank);
        const int64_t da = ia >= 0 ? a->shape[ia] : 1, db = ib >= 0 ? b->shape[ib] : 1;
        if (da != db && da != 1 && db != 1)
            return false;
        made.shape[i] = da == 1 ? db : da;
    }
    *out = made;
    return true;
}

bool yg_dimension(int64_t dim, int rank, int *out) {
    const int64_t span = rank > 0 ? rank : 1;
    if (dim < -span || dim >= span)
        return false;
    *out = (int)(dim < 0 ? dim + span : dim);
    return true;
}

double yg_element_get(yg_dtype dtype, const void *data, int64_t index) {
    switch (dtype) {
    case YG_BOOL:
        return ((const uint8_t *)data)[index];
    case YG_I32:
        return ((const int32_t *)data)[index];
    case YG_I64:
        return (double)((const int64_t *)data)[index];
    case YG_F32:
        return (double)((const float *)data)[index];
    case YG_F64:
        break;
    }
    return ((const double *)data)[index];
}

/* The nearest integer in [low, high]; 0 for NaN. C leaves a conversion out of range undefined. */
static int64_t nearest_integer(double value, int64_t low, int64_t high) {
    if (!(value > (double)low))
        return value == value ? low : 0;
    if (value >= (double)high)
        return high;
    return (int64_t)round(value);
}

void yg_element_set(yg_dtype dtype, void *data, int64_t index, double value) {
    switch (dtype) {
    case YG_BOOL:
        ((uint8_t *)data)[index] = value != 0;
        return;
    case YG_I32:
        ((int32_t *)data)[index] = (int32_t)nearest_integer(value, INT32_MIN, INT32_MAX);
        return;
    case YG_I64:
        ((int64_t *)data)[index] = nearest_integer(value, INT64_MIN, INT64_MAX);
        return;
    case YG_F32:
        ((float *)data)[index] = (float)value;
        return;
    case YG_F64:
        ((double *)data)[index] = value;
        return;
    }
}
