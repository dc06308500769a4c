/*
 * What all rows of a sequence have in common: see sequences.h.
 */
#include "column.h"
#include "decoder.h"
#include "sequences.h"

#include <stdlib.h>
#include <string.h>

static size_t row_bytes(const yg_elements *elements) {
    return (size_t)elements->width * yg_elements_size(elements);
}

static const void *row_at(const yg_elements *elements, int64_t row) {
    return (const char *)elements->data + (size_t)row * row_bytes(elements);
}

static bool fail_differs(const yg_reading *reading, const yg_table *table, int64_t record, size_t p,
                         const yg_columns *columns, yg_error *error) {
    const yg_port *port = yg_model_port(reading->model, p);
    const yg_place place = yg_table_place(table, record, columns->count ? columns->index[0] : 0);
    return yg_fail(error, YG_ERROR_DATA, place.origin,
                   "'%s' differs from the row before in the same sequence, but has one value for "
                   "each sequence; %s [B, %s] has one for each row",
                   port->name, port->target ? "a target of shape" : "an input of shape",
                   reading->data->sequencing.symbol);
}

bool yg_row_check_add(yg_row_check *check, const yg_reading *reading, const yg_table *table,
                      const yg_columns *columns, const yg_dataset *chunk, int64_t row,
                      int64_t record, int64_t count, int64_t example, yg_error *error) {
    const yg_runs *runs = reading->runs;
    check->port_count = yg_model_port_count(reading->model);
    if (!check->last && !(check->last = calloc(check->port_count + 1, sizeof *check->last)))
        return yg_fail_memory(error);
    for (size_t p = 0; count > 0 && p < check->port_count; p++) {
        const yg_elements *elements = &chunk->ports[p];
        const size_t size = row_bytes(elements);
        int64_t run = runs->count;
        if (!yg_reading_wants(reading, p) ||
            yg_port_is_ragged(reading->data, yg_model_port(reading->model, p)))
            continue;
        while (run > 0 && runs->begins[run - 1] >= example)
            run--;
        const bool first = !check->last[p];
        if (first && !(check->last[p] = malloc(size + 1)))
            return yg_fail_memory(error);
        for (int64_t i = 0; i < count; i++) {
            const bool begins = run < runs->count && runs->begins[run] == example + i;
            run += begins;
            const void *before = i ? row_at(elements, row + i - 1) : check->last[p];
            if (!begins && !(first && i == 0) &&
                memcmp(before, row_at(elements, row + i), size) != 0)
                return fail_differs(reading, table, record + i, p, &columns[p], error);
        }
        memcpy(check->last[p], row_at(elements, row + count - 1), size);
    }
    return true;
}

void yg_row_check_free(yg_row_check *check) {
    for (size_t p = 0; check->last && p < check->port_count; p++)
        free(check->last[p]);
    free(check->last);
    *check = (yg_row_check){0};
}
