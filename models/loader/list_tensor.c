/*
 * The shape of a list of numbers as a tensor: [1, 2, 5] is a vector, [[1, 0], [0, 1]] a matrix.
 */
#include "call.h"

#include <stdio.h>
#include <string.h>

/* ------------------------------------------------------------------------------------- shape -- */

typedef struct walk {
    const yg_graph *graph; /* for messages */
    yg_origin origin;
    yg_error *error;
    yg_list_shape *shape;
    bool any; /* the kind of a number is known */
    char place[40 + YG_MAX_RANK * 22];
} walk;

/* The place of an item, "[1][0]"; the whole list has none. */
static void enter(walk *w, size_t used, size_t item) {
    snprintf(w->place + used, sizeof w->place - used, "[%zu]", item);
}

static bool fail_item(const walk *w, const yg_term *item, const char *expected) {
    char found[200];
    return yg_fail(w->error, YG_ERROR_ARGUMENT, w->origin,
                   "a list stands for a tensor here: %s is expected at %s, found %s", expected,
                   w->place, yg_term_describe(w->graph, item, found, sizeof found));
}

static bool read_number(walk *w, const yg_term *item) {
    yg_list_shape *shape = w->shape;
    if (item->kind == YG_TERM_TENSOR || item->kind == YG_TERM_WRITTEN) {
        char found[200];
        return yg_fail(w->error, YG_ERROR_ARGUMENT, w->origin,
                       "a list stands for a tensor of numbers here; %s is %s, and stack([…]) joins "
                       "tensors",
                       w->place, yg_term_describe(w->graph, item, found, sizeof found));
    }
    if (item->kind > YG_TERM_BOOL)
        return fail_item(w, item, "a number");
    const bool truth = item->kind == YG_TERM_BOOL;
    if (w->any && truth != (shape->kind == YG_TERM_BOOL))
        return fail_item(w, item, truth ? "a number" : "true or false");
    if (!w->any || item->kind == YG_TERM_FLOAT)
        shape->kind = item->kind;
    w->any = true;
    return true;
}

/* Looks at an item that lies `depth` lists deep. The first item of each list sets the size of a
 * dimension; the others must agree. */
static bool read_item(walk *w, const yg_term *item, int depth, bool first) {
    yg_list_shape *shape = w->shape;
    const size_t used = strlen(w->place);
    if (!first && (item->kind == YG_TERM_LIST) != (depth < shape->rank))
        return fail_item(w, item, depth < shape->rank ? "a list, as before it," : "a number");
    if (item->kind != YG_TERM_LIST)
        return read_number(w, item);
    if (item->count == 0)
        return yg_fail(w->error, YG_ERROR_ARGUMENT, w->origin,
                       "a list stands for a tensor here, and %s is empty",
                       w->place[0] ? w->place : "it");
    if (first) {
        if (depth == YG_MAX_RANK)
            return yg_fail(w->error, YG_ERROR_SHAPE, w->origin,
                           "a list of more than %d lists in each other is no tensor", YG_MAX_RANK);
        shape->shape[shape->rank++] = (int64_t)item->count;
    } else if ((int64_t)item->count != shape->shape[depth]) {
        return yg_fail(w->error, YG_ERROR_SHAPE, w->origin,
                       "the list is ragged: %s has %zu item%s, and the lists before it have %lld",
                       w->place, item->count, item->count == 1 ? "" : "s",
                       (long long)shape->shape[depth]);
    }
    for (size_t i = 0; i < item->count; i++) {
        enter(w, used, i);
        if (!read_item(w, &item->items[i], depth + 1, first && i == 0))
            return false;
    }
    w->place[used] = '\0';
    return true;
}

bool yg_list_read_shape(const yg_graph *graph, const yg_term *list, yg_origin origin,
                        yg_list_shape *shape, yg_error *error) {
    *shape = (yg_list_shape){.kind = YG_TERM_INT};
    walk w = {.graph = graph, .origin = origin, .error = error, .shape = shape};
    return read_item(&w, list, 0, true);
}

/* ------------------------------------------------------------------------------------ numbers --
 */

const yg_term *yg_list_number(const yg_term *list, const yg_list_shape *shape, int64_t index) {
    int64_t size = 1;
    for (int d = 1; d < shape->rank; d++)
        size *= shape->shape[d];
    for (int d = 0; d < shape->rank; d++) {
        list = &list->items[index / size];
        index %= size;
        size /= d + 1 < shape->rank ? shape->shape[d + 1] : 1;
    }
    return list;
}
