/*
 * Which records of a training table stay in the training part: drawn before anything is learnt from
 * them, because what is learnt must come from that part alone.
 *
 * yg_split_off() draws again once the examples are there, from the same numbers and so the same
 * parts.
 */
#include "column.h"
#include "owners.h"

#include <math.h>
#include <stdlib.h>

enum { AT_ONCE = 1024 };

/* The key of a cell: the whole number that it becomes. One that will be refused has any: reading
 * the examples fails later. */
static int64_t key_of(yg_column *column, const yg_cell *cell) {
    const yg_cells one = {cell, 1, 1};
    double real = 0;
    int64_t whole = 0;
    if (!yg_dtype_is_float(column->port->dtype))
        yg_column_encode(column, &one, &(yg_elements){.dtype = YG_I64, .width = 1, .data = &whole},
                         0);
    else if (yg_column_encode(column, &one,
                              &(yg_elements){.dtype = YG_F64, .width = 1, .data = &real}, 0) == 1)
        whole = (int64_t)real;
    return whole;
}

static bool add_keys(const yg_split *split, const yg_columns *columns, const yg_table *table,
                     const yg_records *records, int64_t begin, int64_t count, yg_keys *keys,
                     yg_error *error) {
    if (!columns->count)
        return true;
    yg_column *column = columns->columns[0];
    if (yg_missing_learns(column) || yg_scale_learns(column) ||
        (column->kind->learns && !(column->kind->known && column->kind->known(column))))
        return yg_fail(error, YG_ERROR_ARGUMENT, split->origin,
                       "`stratify` needs values that are known before the examples are split, but "
                       "those of column '%s' are learnt from the training part",
                       column->name);
    for (int64_t r = begin; r < begin + count; r++)
        if (!yg_keys_add_whole(
                keys, key_of(column,
                             &records->cells[(size_t)r * table->column_count + columns->index[0]])))
            return yg_fail_memory(error);
    return true;
}

/* Adds the keys of some records to those of each stratified split. */
static bool add_all(const yg_reading *reading, const yg_columns *columns, const yg_table *table,
                    const yg_records *records, int64_t begin, int64_t count, yg_keys *keys,
                    yg_error *error) {
    for (size_t s = 0; s < reading->split_count; s++) {
        const yg_split *split = &reading->splits[s];
        if (split->fraction > 0 && split->stratify != SIZE_MAX &&
            !add_keys(split, &columns[split->stratify], table, records, begin, count, &keys[s],
                      error))
            return false;
    }
    return true;
}

static bool draw(const yg_reading *reading, const yg_keys *keys, yg_owners *owners,
                 yg_error *error) {
    for (size_t s = 0; s < reading->split_count; s++) {
        const double fraction = reading->splits[s].fraction;
        const int64_t wanted = (int64_t)floor(fraction * (double)owners->count + 0.5);
        if (fraction > 0 && !yg_owners_draw(owners, (int)s + 1, wanted,
                                            keys[s].count ? &keys[s] : NULL, reading->seed, error))
            return false;
    }
    return true;
}

bool yg_records_draw(const yg_reading *reading, yg_table *table, const yg_columns *columns,
                     yg_owners *owners, yg_error *error) {
    yg_keys *keys = calloc(reading->split_count + 1, sizeof *keys);
    yg_records records = {.count = 1};
    int64_t total = 0;
    bool good = keys || yg_fail_memory(error);
    while (good && records.count > 0) {
        records.count = yg_table_next(table, AT_ONCE, false, &records, error);
        good = records.count >= 0;
        for (int64_t i = 0; good && i < records.count; i++) {
            const int64_t used =
                yg_columns_used(columns, yg_model_port_count(reading->model), table, &records, i);
            good = add_all(reading, columns, table, &records, i, used, keys, error);
            total += used;
            i += used;
        }
    }
    good = good && yg_owners_make(total, owners, error) && draw(reading, keys, owners, error);
    for (size_t s = 0; keys && s < reading->split_count; s++)
        yg_keys_free(&keys[s]);
    free(keys);
    return good;
}
