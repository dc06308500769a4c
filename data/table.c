/*
 * What all kinds of tables have in common: see table.h.
 */
#include "table.h"

#include "../graph/spelling.h"
#include "../models/loader/names.h"

#include <stdlib.h>
#include <string.h>

/* The columns by name, so that looking one up takes the same time in a table of any width. */
struct yg_table_names {
    yg_pool *pool;
    yg_names names; /* each name once, in the order of first columns */
    size_t *first;  /* the first column with names.names[i] */
    size_t *second; /* the second column with names.names[i]; SIZE_MAX: none */
};

static bool add_name(struct yg_table_names *names, size_t column, const char *name) {
    if (!*name)
        return true;
    const size_t known = yg_names_find(&names->names, name);
    if (known != YG_NOT_FOUND) {
        if (names->second[known] == SIZE_MAX)
            names->second[known] = column;
        return true;
    }
    names->first[names->names.count] = column;
    names->second[names->names.count] = SIZE_MAX;
    return yg_names_add(&names->names, names->pool, name);
}

static bool fill_names(yg_table *table) {
    yg_pool *pool = yg_pool_new();
    struct yg_table_names *names = pool ? yg_pool_take(pool, sizeof *names) : NULL;
    const size_t size = (table->column_count + 1) * sizeof *names->first;
    if (!names) {
        yg_pool_free(pool);
        return false;
    }
    *names = (struct yg_table_names){
        .pool = pool, .first = yg_pool_take(pool, size), .second = yg_pool_take(pool, size)};
    table->names = names;
    bool good = names->first && names->second;
    for (size_t i = 0; good && i < table->column_count; i++)
        good = add_name(names, i, table->columns[i]);
    return good;
}

bool yg_table_index(yg_table *table, yg_error *error) {
    return fill_names(table) || yg_fail_memory(error);
}

yg_table *yg_table_open(const yg_table_kind *kind, const yg_table_request *request,
                        yg_error *error) {
    yg_table *table = kind->open(request, error);
    if (table)
        table->interrupted = request->interrupted;
    if (!table || yg_table_index(table, error))
        return table;
    yg_table_close(table);
    return NULL;
}

void yg_table_close(yg_table *table) {
    if (!table)
        return;
    if (table->names)
        yg_pool_free(table->names->pool);
    table->kind->close(table);
}

int64_t yg_table_next(yg_table *table, int64_t limit, bool eager, yg_records *records,
                      yg_error *error) {
    if (table->interrupted && *table->interrupted) {
        yg_fail(error, YG_ERROR_IO, YG_NOWHERE, YG_INTERRUPTED);
        return -1;
    }
    return table->kind->next(table, limit, eager, records, error);
}

bool yg_table_peek(const yg_table *table, size_t number, yg_records *records) {
    return table->kind->peek && table->kind->peek(table, number, records);
}

bool yg_table_tell(yg_table *table, yg_mark *mark) {
    return table->kind->tell && table->kind->tell(table, mark);
}

bool yg_table_seek(yg_table *table, const yg_mark *mark, yg_error *error) {
    if (table->kind->seek)
        return table->kind->seek(table, mark, error);
    return yg_fail(error, YG_ERROR_IO, (yg_origin){table->name, 0, 0},
                   "it can be read once, from its beginning to its end");
}

bool yg_table_waits(yg_table *table) {
    return table->kind->waits && table->kind->waits(table);
}

bool yg_table_allow_stop(yg_table *table) {
    return !table->kind->allow_stop || table->kind->allow_stop(table);
}

void yg_table_stop(yg_table *table) {
    if (table->kind->stop)
        table->kind->stop(table);
}

yg_place yg_table_place(const yg_table *table, int64_t record, size_t column) {
    yg_place place = table->kind->place(table, record, column);
    place.column = table->columns[column];
    return place;
}

yg_origin yg_table_heading(const yg_table *table, size_t column) {
    return table->kind->heading && column < table->column_count
               ? table->kind->heading(table, column)
               : (yg_origin){table->name, 0, 0};
}

/* --------------------------------------------------------------------------------- look-ups -- */

size_t yg_table_find(const yg_table *table, const char *column) {
    const size_t found = yg_names_find(&table->names->names, column);
    return found == YG_NOT_FOUND ? SIZE_MAX : table->names->first[found];
}

bool yg_table_choose(const yg_table *table, const char *column, yg_origin origin, size_t *index,
                     yg_error *error) {
    char hint[400];
    *index = yg_table_find(table, column);
    if (*index != SIZE_MAX)
        return yg_table_check_column(table, *index, error);
    const char *advice = table->kind->advice ? table->kind->advice(table, hint, sizeof hint) : NULL;
    return yg_fail(error, YG_ERROR_NAME, origin, "%s has no column '%s'%s", table->name, column,
                   advice ? advice
                          : yg_names_suggest(&table->names->names, column, hint, sizeof hint));
}

bool yg_table_choose_each(const yg_table *table, const char *list, yg_origin origin,
                          bool (*use)(void *context, size_t column, yg_error *error), void *context,
                          yg_error *error) {
    size_t column;
    if (!strchr(list, ',') || yg_table_find(table, list) != SIZE_MAX)
        return yg_table_choose(table, list, origin, &column, error) && use(context, column, error);
    char *copy = strdup(list);
    bool good = copy || yg_fail_memory(error);
    for (char *at = copy; good && at;) {
        char *comma = strchr(at, ',');
        if (comma)
            *comma = '\0';
        at += strspn(at, " ");
        for (size_t size = strlen(at); size && at[size - 1] == ' ';)
            at[--size] = '\0';
        good = yg_table_choose(table, at, origin, &column, error) && use(context, column, error);
        at = comma ? comma + 1 : NULL;
    }
    free(copy);
    return good;
}

bool yg_table_check_column(const yg_table *table, size_t column, yg_error *error) {
    const char *name = table->columns[column];
    if (!*name)
        return yg_fail(
            error, YG_ERROR_DATA, yg_table_heading(table, column),
            "column %zu has no name; name every column that is used, or leave those without "
            "a name out of \"*\": `exclude: [\"\"]`",
            column + 1);
    const size_t known = yg_names_find(&table->names->names, name);
    const size_t first = table->names->first[known], second = table->names->second[known];
    return second == SIZE_MAX ||
           yg_fail(error, YG_ERROR_NAME, yg_table_heading(table, second),
                   "columns %zu and %zu have the same name, '%s'", first + 1, second + 1, name);
}
