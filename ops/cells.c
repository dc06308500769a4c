/*
 * What the cells of recurrences share. See cells.h.
 */
#include "cells.h"

#include "build.h"

yg_node yg_cell_part(yg_graph *graph, yg_node all, int parts, int k) {
    if (all == YG_NONE)
        return YG_NONE;
    const yg_type *type = yg_node_type(graph, all);
    int64_t start[YG_MAX_RANK] = {0}, stop[YG_MAX_RANK], step[YG_MAX_RANK];
    for (int d = 0; d < type->rank; d++) {
        stop[d] = type->shape[d];
        step[d] = 1;
    }
    const int64_t length = type->shape[type->rank - 1] / parts;
    start[type->rank - 1] = k * length;
    stop[type->rank - 1] = (k + 1) * length;
    return yg_slice(graph, all, start, stop, step);
}

yg_node yg_cell_join(yg_graph *graph, const yg_node *parts, int count) {
    return yg_concat(graph, parts, (size_t)count, -1);
}

bool yg_cell_fits(const yg_type *all, const yg_type *one, int parts) {
    bool fits = yg_dtype_is_float(all->dtype) && all->dtype == one->dtype && all->rank > 0 &&
                all->rank == one->rank;
    for (int d = 0; fits && d < all->rank; d++) {
        const bool last = d == all->rank - 1;
        fits = last ? all->shape[d] % parts == 0 && all->shape[d] / parts == one->shape[d]
                    : all->shape[d] == one->shape[d];
    }
    return fits;
}

bool yg_cell_fits_bias(const yg_type *bias, const yg_type *all) {
    return bias->dtype == all->dtype && bias->rank == 1 &&
           bias->shape[0] == all->shape[all->rank - 1];
}

int64_t yg_cell_length(const yg_type *state) {
    return state->shape[state->rank - 1];
}

void yg_cell_plan(const yg_type *state, double flops, int scratch, yg_op_plan *plan) {
    const int64_t length = yg_cell_length(state);
    plan->units = plan->rows = length > 0 ? yg_type_count(state) / length : 0;
    plan->flops = flops * (double)yg_type_count(state);
    if (__builtin_mul_overflow(length, scratch * (int64_t)yg_dtype_size(state->dtype),
                               &plan->scratch_bytes))
        plan->scratch_bytes = INT64_MAX / 2; /* cannot be allocated: compiling reports it */
}
