/*
 * Helpers for operators on shapes and indices. See shape.h.
 */
#include "shape.h"

#include "build.h"
#include "registry.h"

#include <inttypes.h>
#include <stdio.h>

bool yg_shape_dim(const yg_infer *call, int64_t dim, int rank, int *out, yg_error *error) {
    if (yg_dimension(dim, rank, out))
        return true;
    char text[YG_TYPE_TEXT];
    return yg_fail(error, YG_ERROR_SHAPE, call->origin,
                   "%s: dimension %" PRId64 " is outside -%d..%d for %s", call->op->name, dim, rank,
                   rank - 1, yg_type_text(&call->operands[0], text));
}

bool yg_compose_dim(yg_graph *graph, const yg_infer *call, int64_t dim, int rank, int *out) {
    yg_error error = {0};
    if (yg_shape_dim(call, dim, rank, out, &error))
        return true;
    yg_graph_fail(graph, error.code, "%s", error.message);
    return false;
}

int64_t yg_shape_product(const int64_t *shape, int from, int to) {
    int64_t product = 1;
    for (int d = from; d < to; d++)
        product *= shape[d];
    return product;
}

bool yg_shape_need_index(const yg_infer *call, size_t k, yg_error *error) {
    const yg_dtype dtype = call->operands[k].dtype;
    if (dtype == YG_I32 || dtype == YG_I64)
        return true;
    char text[YG_TYPE_TEXT];
    return yg_fail(error, YG_ERROR_DTYPE, call->origin, "%s: %s must be i32 or i64, not %s",
                   call->op->name, call->op->operand_names[k],
                   yg_type_text(&call->operands[k], text));
}

static bool fail_outside(const yg_kernel_call *call, const char *name, size_t k, int64_t position,
                         int64_t limit, int64_t index, yg_error *error) {
    const yg_type *type = call->in_types[k];
    int64_t at[YG_MAX_RANK];
    for (int d = type->rank; d-- > 0;) {
        at[d] = position % type->shape[d];
        position /= type->shape[d];
    }
    char text[YG_MAX_RANK * 22 + 1] = "";
    size_t used = 0;
    for (int d = 0; d < type->rank; d++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%" PRId64, d ? ", " : "",
                                 // cppcheck-suppress uninitvar; the loop above fills it
                                 at[d]);
    if (limit == 0)
        return yg_fail(error, YG_ERROR_DATA, call->origin,
                       "%s: index %" PRId64 " at [%s], where there is nothing to choose from", name,
                       index, text);
    return yg_fail(error, YG_ERROR_DATA, call->origin,
                   "%s: index %" PRId64 " at [%s] is outside 0..%" PRId64, name, index, text,
                   limit - 1);
}

bool yg_index_read(const yg_kernel_call *call, const char *name, size_t k, int64_t position,
                   int64_t limit, int64_t *index, yg_error *error) {
    if (call->in_types[k]->dtype == YG_I32)
        *index = ((const int32_t *)call->in[k])[position];
    else
        *index = ((const int64_t *)call->in[k])[position];
    if (*index >= 0 && *index < limit)
        return true;
    return fail_outside(call, name, k, position, limit, *index, error);
}

yg_node yg_slice_along(yg_graph *graph, yg_node x, int dim, int64_t start, int64_t stop) {
    if (x == YG_NONE)
        return YG_NONE;
    const yg_type *type = yg_node_type(graph, x);
    int64_t from[YG_MAX_RANK] = {0}, to[YG_MAX_RANK], step[YG_MAX_RANK];
    for (int d = 0; d < type->rank; d++) {
        to[d] = type->shape[d];
        step[d] = 1;
    }
    from[dim] = start;
    to[dim] = stop;
    return yg_slice(graph, x, from, to, step);
}

yg_node yg_shift_along(yg_graph *graph, yg_node x, int dim, bool backwards, double fill) {
    if (x == YG_NONE)
        return YG_NONE;
    const yg_type *type = yg_node_type(graph, x);
    const int64_t size = type->shape[dim];
    if (size == 0)
        return x;
    const yg_node kept = yg_slice_along(graph, x, dim, backwards ? 1 : 0, size - !backwards);
    yg_attr pad[4] = {{.count = type->rank}, {.count = type->rank}, {.f = fill}, {0}};
    pad[backwards ? 1 : 0].ints[dim] = 1;
    return yg_apply(graph, &yg_op_constant_pad, &kept, 1, pad);
}

yg_node yg_pad_to(yg_graph *graph, yg_node x, const yg_type *shape) {
    if (x == YG_NONE)
        return YG_NONE;
    const yg_type *type = yg_node_type(graph, x);
    yg_attr pad[4] = {{0}, {.count = type->rank}, {0}, {0}};
    for (int d = 0; d < type->rank; d++)
        pad[1].ints[d] = shape->shape[d] - type->shape[d];
    return yg_apply(graph, &yg_op_constant_pad, &x, 1, pad);
}
