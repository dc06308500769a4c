/*
 * Repeating along a dimension: see repeat.h.
 */
#include "repeat.h"

#include "build.h"
#include "shape.h"

yg_node yg_repeat_along(yg_graph *graph, yg_node x, int dim, int64_t count, bool interleave) {
    if (x == YG_NONE || count == 1)
        return x;
    /* [outer, 1, inner] is stretched to [outer, count, inner]. */
    const yg_type *type = yg_node_type(graph, x);
    const int last = interleave ? dim + 1 : dim;
    yg_type box = {.dtype = type->dtype, .rank = 3, .shape = {0, 1, 0}}, result = *type;
    box.shape[0] = yg_shape_product(type->shape, 0, last);
    box.shape[2] = yg_shape_product(type->shape, last, type->rank);
    yg_error error = {0};
    yg_type stretched = box;
    stretched.shape[1] = count;
    if (__builtin_mul_overflow(type->shape[dim], count, &result.shape[dim]) ||
        !yg_type_make(type->dtype, type->rank, result.shape, &result, &error)) {
        char text[YG_TYPE_TEXT];
        return yg_graph_fail(graph, YG_ERROR_MEMORY, "%s becomes too large by repeating",
                             yg_type_text(type, text));
    }
    return yg_reshape(graph, yg_broadcast(graph, yg_reshape(graph, x, &box), &stretched), &result);
}
