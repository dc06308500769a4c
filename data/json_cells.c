/*
 * JSON objects as records: see json_cells.h.
 */
#include "json_cells.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_SIZE = 1000 };

/* A cell that no value was found for yet. */
static const yg_cell_kind EMPTY = (yg_cell_kind)-1;

/* A walk through an object. */
typedef struct walk {
    yg_json_columns *learning;      /* NULL: the walk fills cells */
    const yg_json_columns *columns; /* the same, or those of the cells */
    yg_cell *cells;
    const bool *used;
    size_t next; /* the column that the next value most likely belongs to: objects are alike */
    char path[PATH_SIZE];
    size_t length;    /* of the path */
    size_t list;      /* the path up to the innermost list, as a length; 0: in none */
    size_t list_size; /* of that list */
    yg_origin origin;
    yg_error *error;
} walk;

/* ---------------------------------------------------------------------------------- columns -- */

static bool add_name(const walk *w, yg_names *names, size_t *index) {
    *index = yg_names_find(names, w->path);
    if (*index != YG_NOT_FOUND)
        return true;
    const char *copy = yg_pool_copy(w->learning->pool, w->path, w->length);
    if (!copy || !yg_names_add(names, w->learning->pool, copy))
        return yg_fail_memory(w->error);
    *index = names->count - 1;
    return true;
}

static bool learn_value(const walk *w, const json_t *value) {
    yg_json_columns *columns = w->learning;
    size_t index;
    if (!add_name(w, &columns->names, &index))
        return false;
    if (index >= columns->capacity) {
        const size_t capacity = 2 * columns->capacity + 16;
        bool *grown = realloc(columns->valued, capacity * sizeof *grown);
        if (!grown)
            return yg_fail_memory(w->error);
        memset(grown + columns->capacity, 0, capacity - columns->capacity);
        columns->valued = grown;
        columns->capacity = capacity;
    }
    columns->valued[index] = columns->valued[index] || !json_is_null(value);
    return true;
}

/* ------------------------------------------------------------------------------------ cells -- */

static yg_cell cell_of(const json_t *value) {
    switch (json_typeof(value)) {
    case JSON_INTEGER:
        return (yg_cell){.kind = YG_CELL_WHOLE, .whole = json_integer_value(value)};
    case JSON_REAL:
        return (yg_cell){.kind = YG_CELL_NUMBER, .number = json_real_value(value)};
    case JSON_STRING:
        return (yg_cell){.kind = YG_CELL_TEXT,
                         .size = (uint32_t)json_string_length(value),
                         .text = json_string_value(value)};
    case JSON_TRUE:
        return (yg_cell){.kind = YG_CELL_TEXT, .size = 4, .text = "true"};
    case JSON_FALSE:
        return (yg_cell){.kind = YG_CELL_TEXT, .size = 5, .text = "false"};
    default:
        return (yg_cell){.kind = YG_CELL_NONE};
    }
}

/* Fails if the value stands in a list whose first element is used: the list is longer than those
 * that the columns were learnt from. */
static bool check_extra(walk *w) {
    if (!w->list || w->list + 3 > PATH_SIZE)
        return true;
    char first[PATH_SIZE];
    memcpy(first, w->path, w->list);
    memcpy(first + w->list, ".0", 3);
    const size_t column = yg_names_find(&w->columns->names, first);
    if (column == YG_NOT_FOUND || (w->used && !w->used[column]))
        return true;
    return yg_fail(w->error, YG_ERROR_DATA, w->origin,
                   "the list '%.*s' has %zu elements; those of the first lines, which tell the "
                   "columns, are shorter",
                   (int)(w->list < 200 ? w->list : 200), w->path, w->list_size);
}

static bool fill_value(walk *w, const json_t *value) {
    const yg_names *names = &w->columns->names;
    size_t column = w->next;
    if (column >= names->count || strcmp(names->names[column], w->path) != 0)
        column = yg_names_find(names, w->path);
    if (column == YG_NOT_FOUND)
        return check_extra(w);
    if (w->cells[column].kind != EMPTY)
        return yg_fail(w->error, YG_ERROR_DATA, w->origin, "it has two values for '%.300s'",
                       w->path);
    w->cells[column] = cell_of(value);
    w->next = column + 1;
    return true;
}

/* ------------------------------------------------------------------------------------- walk -- */

static bool visit(walk *w, json_t *value);

/* Visits a member of what is at the path. The outermost object has no path. */
static bool visit_member(walk *w, bool outermost, const char *key, json_t *value) {
    const size_t before = w->length, size = strlen(key);
    if (before + size + 2 > PATH_SIZE)
        return yg_fail(w->error, YG_ERROR_DATA, w->origin,
                       "the name of a column would have more than %d bytes: '%.60s…'",
                       PATH_SIZE - 1, before ? w->path : key);
    if (!outermost)
        w->path[w->length++] = '.';
    memcpy(w->path + w->length, key, size + 1);
    w->length += size;
    const bool good = visit(w, value);
    w->length = before;
    w->path[before] = '\0';
    return good;
}

static bool visit_object(walk *w, bool outermost, json_t *object) {
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value) {
        if (!visit_member(w, outermost, key, value))
            return false;
    }
    return true;
}

static bool visit_list(walk *w, const json_t *list) {
    const size_t before = w->list, size = w->list_size;
    bool good = true;
    w->list = w->length;
    w->list_size = json_array_size(list);
    for (size_t i = 0; good && i < json_array_size(list); i++) {
        char key[24];
        snprintf(key, sizeof key, "%zu", i);
        good = visit_member(w, false, key, json_array_get(list, i));
    }
    w->list = before;
    w->list_size = size;
    return good;
}

/* Fails if the path is a column that is used: other lines have one value there. */
static bool check_whole(const walk *w, const json_t *value) {
    const size_t column = w->used ? yg_names_find(&w->columns->names, w->path) : YG_NOT_FOUND;
    if (column == YG_NOT_FOUND || !w->used[column])
        return true;
    return yg_fail(w->error, YG_ERROR_DATA, w->origin,
                   "'%.300s' is %s here, and one value in other lines; give each its own name, or "
                   "leave this line out",
                   w->path, json_is_object(value) ? "an object" : "a list");
}

/* NOLINTNEXTLINE(misc-no-recursion): jansson refuses a text that is nested too deeply */
static bool visit(walk *w, json_t *value) {
    size_t index;
    if (!json_is_object(value) && !json_is_array(value))
        return w->learning ? learn_value(w, value) : fill_value(w, value);
    if (w->learning ? !add_name(w, &w->learning->inner, &index) : !check_whole(w, value))
        return false;
    return json_is_object(value) ? visit_object(w, false, value) : visit_list(w, value);
}

/* --------------------------------------------------------------------------------- contract -- */

bool yg_json_columns_learn(yg_json_columns *columns, json_t *object, yg_origin origin,
                           yg_error *error) {
    if (!columns->pool && !(columns->pool = yg_pool_new()))
        return yg_fail_memory(error);
    walk w = {.learning = columns, .columns = columns, .origin = origin, .error = error};
    return visit_object(&w, true, object);
}

bool yg_json_columns_settle(yg_json_columns *columns, yg_error *error) {
    yg_names kept = {0};
    for (size_t i = 0; i < columns->names.count; i++) {
        const char *name = columns->names.names[i];
        if (!columns->valued[i] && yg_names_find(&columns->inner, name) != YG_NOT_FOUND)
            continue;
        if (!yg_names_add(&kept, columns->pool, name))
            return yg_fail_memory(error);
    }
    columns->names = kept;
    return true;
}

void yg_json_columns_free(yg_json_columns *columns) {
    yg_pool_free(columns->pool);
    free(columns->valued);
    *columns = (yg_json_columns){0};
}

bool yg_json_cells(const yg_json_columns *columns, json_t *object, const bool *used,
                   yg_origin origin, yg_cell *cells, yg_error *error) {
    walk w = {.columns = columns, .cells = cells, .used = used, .origin = origin, .error = error};
    for (size_t i = 0; i < columns->names.count; i++)
        cells[i].kind = EMPTY;
    if (!visit_object(&w, true, object))
        return false;
    for (size_t i = 0; i < columns->names.count; i++)
        if (cells[i].kind == EMPTY)
            cells[i].kind = YG_CELL_NONE;
    return true;
}

bool yg_json_fold(json_t *object, const char *path, yg_error *error) {
    for (size_t size; (size = strcspn(path, "."))[path]; path += size + 1) {
        char key[PATH_SIZE];
        if (size >= sizeof key)
            return true;
        memcpy(key, path, size);
        key[size] = '\0';
        object = json_object_get(object, key);
    }
    const json_t *list = json_object_get(object, path);
    if (!json_is_array(list))
        return true;
    char *text = json_dumps(list, JSON_COMPACT);
    const bool good = text && json_object_set_new(object, path, json_string(text)) == 0;
    free(text);
    return good || yg_fail_memory(error);
}
