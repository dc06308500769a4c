/*
 * Indices such as x[:, 0], with Python's meaning, as operators on tensors.
 */
#include "../../ops/build.h"
#include "arithmetic.h"
#include "call.h"

/* A bound of a range. A negative one counts from the end; the result is clamped to [0, size]. */
static bool bound(const yg_builder *builder, const yg_subscript *subscript, size_t which,
                  yg_origin origin, int64_t size, int64_t *value) {
    if (!subscript->given[which])
        return true;
    if (!yg_term_is_int(builder->graph, &subscript->bounds[which], "a bound of a range", INT64_MIN,
                        origin, value, builder->error))
        return false;
    if (*value < 0)
        *value = *value < -size ? 0 : *value + size;
    *value = *value > size ? size : *value;
    return true;
}

typedef struct window {
    int64_t start[YG_MAX_RANK], stop[YG_MAX_RANK], step[YG_MAX_RANK];
    bool dropped[YG_MAX_RANK]; /* indexed by a number, so the result lacks this dimension */
} window;

static bool read_range(const yg_builder *builder, const yg_expression *written,
                       const yg_subscript *subscript, int64_t size, size_t d, window *w) {
    yg_origin origins[3];
    for (size_t i = 0; i < 3; i++)
        origins[i] = written->children[i] ? written->children[i]->origin : written->origin;
    if (subscript->given[2] &&
        !yg_term_is_int(builder->graph, &subscript->bounds[2], "the step of a range", 1, origins[2],
                        &w->step[d], builder->error))
        return false;
    if (!bound(builder, subscript, 0, origins[0], size, &w->start[d]) ||
        !bound(builder, subscript, 1, origins[1], size, &w->stop[d]))
        return false;
    w->stop[d] = w->stop[d] < w->start[d] ? w->start[d] : w->stop[d];
    return true;
}

static bool read_subscript(const yg_builder *builder, const yg_expression *written,
                           const yg_subscript *subscript, int64_t size, size_t d, window *w) {
    if (subscript->range)
        return read_range(builder, written, subscript, size, d, w);
    int64_t index;
    if (!yg_term_is_int(builder->graph, &subscript->bounds[0], "an index", INT64_MIN,
                        written->origin, &index, builder->error))
        return false;
    if (index < -size || index >= size)
        return yg_fail(builder->error, YG_ERROR_SHAPE, written->origin,
                       "index %lld is outside dimension %zu, whose size is %lld", (long long)index,
                       d, (long long)size);
    w->start[d] = index < 0 ? index + size : index;
    w->stop[d] = w->start[d] + 1;
    w->dropped[d] = true;
    return true;
}

static bool list_item(const yg_builder *builder, const yg_expression *expression,
                      const yg_term *list, const yg_subscript *subscript, yg_term *term) {
    int64_t index;
    const yg_origin origin = expression->children[1]->origin;
    return yg_term_is_int(builder->graph, &subscript->bounds[0], "an index", INT64_MIN, origin,
                          &index, builder->error) &&
           yg_list_item(list, index, origin, term, builder->error);
}

/* The part of a tensor that the subscripts name. */
static bool index_tensor(yg_builder *builder, const yg_expression *expression, const yg_term *base,
                         const yg_subscript *subscripts, yg_term *term) {
    char found[200];
    const yg_type *type = yg_node_type(builder->graph, base->node);
    if (expression->count - 1 > (size_t)type->rank)
        return yg_fail(builder->error, YG_ERROR_SHAPE, expression->origin, "%zu indices for %s",
                       expression->count - 1,
                       yg_term_describe(builder->graph, base, found, sizeof found));
    window w = {0};
    yg_type rest = {.dtype = type->dtype};
    for (size_t d = 0; d < (size_t)type->rank; d++) {
        w.stop[d] = type->shape[d];
        w.step[d] = 1;
        if (d + 1 < expression->count && !read_subscript(builder, expression->children[d + 1],
                                                         &subscripts[d], type->shape[d], d, &w))
            return false;
        if (!w.dropped[d])
            rest.shape[rest.rank++] =
                w.stop[d] > w.start[d] ? (w.stop[d] - w.start[d] - 1) / w.step[d] + 1 : 0;
    }
    yg_builder_at(builder, expression->origin);
    const yg_node part = yg_slice(builder->graph, base->node, w.start, w.stop, w.step);
    const yg_node node = rest.rank == type->rank ? part : yg_reshape(builder->graph, part, &rest);
    *term = (yg_term){.kind = YG_TERM_TENSOR, .node = node};
    return node != YG_NONE || yg_fail_from_graph(builder, expression->origin);
}

bool yg_call_index(yg_builder *builder, const yg_expression *expression, const yg_term *base,
                   const yg_subscript *subscripts, yg_term *term) {
    char found[200];
    if (base->kind != YG_TERM_TENSOR && base->kind != YG_TERM_LIST)
        return yg_fail(builder->error, YG_ERROR_ARGUMENT, expression->origin,
                       "an index takes part of a tensor or a list, found %s",
                       yg_term_describe(builder->graph, base, found, sizeof found));
    yg_term tensor = *base;
    if (base->kind == YG_TERM_LIST && expression->count == 2 && !subscripts[0].range)
        return list_item(builder, expression, base, &subscripts[0], term);
    if (base->kind == YG_TERM_LIST) {
        tensor.kind = YG_TERM_TENSOR;
        yg_builder_at(builder, expression->origin);
        if (!yg_term_to_node(builder, base, (yg_number_types){YG_I64, builder->dtype},
                             expression->origin, &tensor.node))
            return false;
    }
    return index_tensor(builder, expression, &tensor, subscripts, term);
}
