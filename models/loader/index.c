/*
 * x[:, 0]: parts of a tensor, and items of a list of numbers.
 */
#include "../../ops/build.h"
#include "builder.h"

static bool one_of_list(yg_builder *builder, const yg_scope *scope, const yg_expression *expression,
                        const yg_term *list, yg_term *term) {
    int64_t index;
    if (expression->count != 2 || expression->children[1]->kind == YG_EXPRESSION_RANGE) {
        return yg_fail(builder->error, YG_ERROR_ARGUMENT, expression->origin,
                       "a list takes one index");
    }
    if (!yg_evaluate_int(builder, scope, expression->children[1], "an index", INT64_MIN, &index))
        return false;
    const int64_t count = (int64_t)list->count;
    if (index < -count || index >= count) {
        return yg_fail(builder->error, YG_ERROR_ARGUMENT, expression->children[1]->origin,
                       "index %lld is outside a list of %lld", (long long)index, (long long)count);
    }
    *term = list->items[index < 0 ? index + count : index];
    return true;
}

/* A bound of a range as Python has it: from the end if negative, cut to 0 .. size. */
static bool bound(yg_builder *builder, const yg_scope *scope, const yg_expression *expression,
                  int64_t size, int64_t fallback, int64_t *value) {
    *value = fallback;
    if (!expression)
        return true;
    if (!yg_evaluate_int(builder, scope, expression, "a bound of a range", INT64_MIN, value))
        return false;
    if (*value < 0)
        *value = *value < -size ? 0 : *value + size;
    *value = *value > size ? size : *value;
    return true;
}

typedef struct window {
    int64_t start[YG_MAX_RANK], stop[YG_MAX_RANK], step[YG_MAX_RANK];
    bool dropped[YG_MAX_RANK]; /* one index: the dimension goes */
} window;

static bool read_subscript(yg_builder *builder, const yg_scope *scope,
                           const yg_expression *subscript, int64_t size, size_t d, window *w) {
    if (subscript->kind == YG_EXPRESSION_RANGE) {
        if (subscript->children[2] && !yg_evaluate_int(builder, scope, subscript->children[2],
                                                       "the step of a range", 1, &w->step[d]))
            return false;
        if (!bound(builder, scope, subscript->children[0], size, 0, &w->start[d]) ||
            !bound(builder, scope, subscript->children[1], size, size, &w->stop[d]))
            return false;
        w->stop[d] = w->stop[d] < w->start[d] ? w->start[d] : w->stop[d];
        return true;
    }
    int64_t index;
    if (!yg_evaluate_int(builder, scope, subscript, "an index", INT64_MIN, &index))
        return false;
    if (index < -size || index >= size) {
        return yg_fail(builder->error, YG_ERROR_SHAPE, subscript->origin,
                       "index %lld is outside dimension %zu, whose size is %lld", (long long)index,
                       d, (long long)size);
    }
    w->start[d] = index < 0 ? index + size : index;
    w->stop[d] = w->start[d] + 1;
    w->dropped[d] = true;
    return true;
}

bool yg_evaluate_index(yg_builder *builder, const yg_scope *scope, const yg_expression *expression,
                       yg_term *term) {
    yg_term base;
    char found[200];
    if (!yg_evaluate_term(builder, scope, expression->children[0], &base))
        return false;
    if (base.kind == YG_TERM_LIST)
        return one_of_list(builder, scope, expression, &base, term);
    if (base.kind != YG_TERM_TENSOR) {
        return yg_fail(builder->error, YG_ERROR_ARGUMENT, expression->origin,
                       "an index takes part of a tensor or a list, found %s",
                       yg_term_describe(builder, &base, found, sizeof found));
    }
    const yg_type *type = yg_node_type(builder->graph, base.node);
    if (expression->count - 1 > (size_t)type->rank) {
        return yg_fail(builder->error, YG_ERROR_SHAPE, expression->origin, "%zu indices for %s",
                       expression->count - 1,
                       yg_term_describe(builder, &base, found, sizeof found));
    }
    window w = {0};
    yg_type rest = {.dtype = type->dtype};
    for (size_t d = 0; d < (size_t)type->rank; d++) {
        w.stop[d] = type->shape[d];
        w.step[d] = 1;
        if (d + 1 < expression->count &&
            !read_subscript(builder, scope, expression->children[d + 1], type->shape[d], d, &w))
            return false;
        if (!w.dropped[d])
            rest.shape[rest.rank++] = (w.stop[d] - w.start[d] + w.step[d] - 1) / w.step[d];
    }
    yg_builder_at(builder, expression->origin);
    const yg_node part = yg_slice(builder->graph, base.node, w.start, w.stop, w.step);
    const yg_node node = rest.rank == type->rank ? part : yg_reshape(builder->graph, part, &rest);
    *term = (yg_term){.kind = YG_TERM_TENSOR, .node = node};
    return node != YG_NONE || yg_fail_from_graph(builder, expression->origin);
}
