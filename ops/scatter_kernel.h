/*
 * The kernels of the scatters: they go through the index row by row, and combine each element of
 * src with the element of the result that the index names.
 */
#ifndef YG_OPS_SCATTER_KERNEL_H
#define YG_OPS_SCATTER_KERNEL_H

#include "index_walk.h"

/* `combine(to, from)` is a statement that changes the element `to` of the result. */
#define YG_SCATTER_ROWS(function, name, element, number, combine)                                  \
    static bool function(const yg_kernel_call *call, yg_error *error) {                            \
        const yg_scatter_part part = yg_scatter_begin(call);                                       \
        const yg_index_walk *walk = &part.walk;                                                    \
        int64_t to_at[YG_MAX_RANK] = {0}, from_at[YG_MAX_RANK] = {0};                              \
        int64_t start = yg_index_walk_seek(walk, to_at, part.first_row);                           \
        int64_t from = yg_scatter_seek(&part, from_at);                                            \
        yg_index_run run;                                                                          \
        for (int64_t row = part.first_row; row < part.end_row; row += run.rows) {                  \
            run = yg_index_run_at(walk, to_at, part.end_row - row, part.src_strides);              \
            const int64_t first = row * walk->columns;                                             \
            const number *index = (const number *)call->in[1] + first;                             \
            const element *src = (const element *)call->in[2] + from;                              \
            element *to = (element *)call->out + start;                                            \
            if (!yg_index_check(call, name, 1, first, run.count, walk->limit, error))              \
                return false;                                                                      \
            for (int64_t c = 0; c < run.count; c++)                                                \
                combine(to[c * run.column + index[c] * walk->stride], src[c * run.src]);           \
            start = yg_index_run_last(walk->rank, walk->strides, run.rows, to_at, start);          \
            from = yg_index_run_last(walk->rank, part.src_strides, run.rows, from_at, from);       \
            start = yg_index_walk_next(walk, to_at, start);                                        \
            from = yg_strides_next(walk->rank, walk->size, part.src_strides, from_at, from);       \
        }                                                                                          \
        return true;                                                                               \
    }
#define YG_SCATTER_KERNEL(function, name, element, combine)                                        \
    YG_SCATTER_ROWS(function##_by_i32, name, element, int32_t, combine)                            \
    YG_SCATTER_ROWS(function##_by_i64, name, element, int64_t, combine)                            \
    static bool function(const yg_kernel_call *call, yg_error *error) {                            \
        const bool narrow = call->in_types[1]->dtype == YG_I32;                                    \
        const int64_t units = yg_scatter_block(call);                                              \
        yg_kernel_call block = *call;                                                              \
        for (; block.begin < call->end; block.begin = block.end) {                                 \
            block.end = call->end - block.begin < units ? call->end : block.begin + units;         \
            if (!(narrow ? function##_by_i32 : function##_by_i64)(&block, error))                  \
                return false;                                                                      \
        }                                                                                          \
        return true;                                                                               \
    }

#endif
