/*
 * Adding rows by an index: see add_rows.h.
 */
#include "add_rows.h"

#include "multiversion.h"

/* Rows of one element need no inner loop. */
#define ADD(function, element, number)                                                             \
    YG_MULTIVERSION static void function(const yg_row_sum *sum, element *to,                       \
                                         const element *from) {                                    \
        const number *index = sum->index;                                                          \
        const int64_t width = sum->width;                                                          \
        if (width == 1) {                                                                          \
            for (int64_t i = 0; i < sum->count; i++)                                               \
                to[index[i] * sum->to_row] += from[i * sum->from_row];                             \
            return;                                                                                \
        }                                                                                          \
        for (int64_t i = 0; i < sum->count; i++, from += sum->from_row) {                          \
            element *row = to + index[i] * sum->to_row;                                            \
            _Pragma("omp simd") for (int64_t j = 0; j < width; j++) row[j] += from[j];             \
        }                                                                                          \
    }

/* Integers are added as unsigned numbers, because signed overflow is undefined in C. */
#define ADD_BY_BOTH(function, element)                                                             \
    ADD(function##_i32, element, int32_t)                                                          \
    ADD(function##_i64, element, int64_t)                                                          \
    static void function(const yg_row_sum *sum, void *to, const void *from) {                      \
        (sum->index_type == YG_I32 ? function##_i32 : function##_i64)(sum, to, from);              \
    }
ADD_BY_BOTH(add_4, uint32_t)
ADD_BY_BOTH(add_8, uint64_t)
ADD_BY_BOTH(add_float, float)
ADD_BY_BOTH(add_double, double)

void yg_add_rows(const yg_row_sum *sum, void *to, const void *from) {
    static void (*const add[YG_DTYPE_COUNT])(const yg_row_sum *, void *, const void *) = {
        [YG_I32] = add_4, [YG_I64] = add_8, [YG_F32] = add_float, [YG_F64] = add_double};
    add[sum->dtype](sum, to, from);
}
