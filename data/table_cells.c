/*
 * The table kind of records that are in memory already: yg_cell_table. A predictor reads its rows
 * by it.
 */
#include "csv_scan.h"
#include "table.h"

#include <stdlib.h>

typedef struct cells_table {
    yg_table table;
    yg_cell_table *source;
    yg_records last;
} cells_table;

static yg_table *open_cells(const yg_table_request *request, yg_error *error) {
    cells_table *t = calloc(1, sizeof *t);
    if (!t) {
        yg_fail_memory(error);
        return NULL;
    }
    *t = (cells_table){.table = {.kind = &yg_table_cells,
                                 .name = request->name,
                                 .column_count = request->cells->column_count,
                                 .columns = request->cells->columns,
                                 .base = ""},
                       .source = request->cells};
    return &t->table;
}

/* Texts of a file are checked when that is read; these come from a program. */
static bool check_texts(const cells_table *t, yg_error *error) {
    const size_t columns = t->table.column_count;
    for (size_t i = 0; i < (size_t)t->last.count * columns; i++) {
        const yg_cell *cell = &t->last.cells[i];
        if (yg_cell_is_text(cell) && !yg_is_utf8(cell->text, cell->size))
            return yg_fail(error, YG_ERROR_DATA, (yg_origin){t->table.name, 0, 0},
                           "row %zu, column '%s': the text is not UTF-8", i / columns + 1,
                           t->table.columns[i % columns]);
    }
    return true;
}

/* Gives at most `limit` of the records that are left. */
static int64_t next(yg_table *table, int64_t limit, bool eager, yg_records *records,
                    yg_error *error) {
    cells_table *t = (cells_table *)table;
    yg_records *given = &t->source->given;
    (void)eager;
    t->last = (yg_records){given->count < limit ? given->count : limit, given->cells};
    given->count -= t->last.count;
    given->cells += (size_t)t->last.count * table->column_count;
    *records = t->last;
    return check_texts(t, error) ? t->last.count : -1;
}

static yg_place place(const yg_table *table, int64_t record, size_t column) {
    (void)column;
    return (yg_place){.origin = {table->name, 0, 0}, .row = record + 1};
}

static void close_cells(yg_table *table) {
    free(table);
}

const yg_table_kind yg_table_cells = {
    .key = "cells",
    .open = open_cells,
    .next = next,
    .place = place,
    .close = close_cells,
};
