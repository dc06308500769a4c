/*
 * Runs of rows in a table: see series.h.
 */
#include "series.h"

#include <stdlib.h>
#include <string.h>

static bool begin_run(yg_runs *runs, int64_t example, yg_error *error) {
    if (runs->count == runs->capacity) {
        const int64_t capacity = runs->capacity ? 2 * runs->capacity : 16;
        int64_t *grown = realloc(runs->begins, (size_t)capacity * sizeof *grown);
        if (!grown)
            return yg_fail_memory(error);
        runs->begins = grown;
        runs->capacity = capacity;
    }
    runs->begins[runs->count++] = example;
    return true;
}

/* Whether the record's group is another one than that of the record before. */
static bool is_other_group(yg_run_finder *finder, const yg_table *table, const yg_records *records,
                           int64_t record, bool *other, yg_error *error) {
    const size_t column = finder->column;
    *other = false;
    if (column == SIZE_MAX)
        return true;
    const char *text = yg_cell_string(
        &records->cells[(size_t)record * table->column_count + column], &finder->room);
    if (!text)
        return yg_fail_memory(error);
    if (finder->groups.count && strcmp(finder->groups.names[finder->recent], text) == 0)
        return true;
    *other = true;
    if (yg_names_find(&finder->groups, text) != YG_NOT_FOUND) {
        const yg_place place = yg_table_place(table, record, column);
        return yg_fail(error, YG_ERROR_DATA, place.origin,
                       "the rows of '%.60s' are not beside each other; sort the table by '%s', and "
                       "by time within that",
                       text, table->columns[column]);
    }
    const char *copy = NULL;
    if (finder->pool || (finder->pool = yg_pool_new()))
        copy = yg_pool_text(finder->pool, text);
    finder->recent = finder->groups.count;
    return (copy && yg_names_add(&finder->groups, finder->pool, copy)) || yg_fail_memory(error);
}

bool yg_run_finder_add(yg_run_finder *finder, const yg_table *table, const yg_records *records,
                       int64_t begin, int64_t count, int64_t example, yg_runs *runs,
                       yg_error *error) {
    for (int64_t i = 0; i < count; i++) {
        bool other;
        if (!is_other_group(finder, table, records, begin + i, &other, error) ||
            ((other || finder->broken) && !begin_run(runs, example + i, error)))
            return false;
        finder->broken = false;
    }
    return true;
}

void yg_run_finder_free(yg_run_finder *finder) {
    yg_pool_free(finder->pool);
    free(finder->room.text);
    *finder = (yg_run_finder){0};
}
