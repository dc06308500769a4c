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

/* The keys that a stratified split of a table draws by, while they are collected. */
typedef struct collecting {
    const yg_reading *reading;
    const yg_columns *columns; /* of each port */
    yg_keys *keys;             /* of each split; empty where it is not stratified */
    yg_cell_room room;
    yg_error *error;
} collecting;

/* The key of a cell. A cell that will be refused has any: reading the examples fails later. */
static bool add_key(collecting *c, yg_keys *keys, yg_column *column, const yg_cell *cell) {
    const yg_cells one = {cell, 1, 1};
    int64_t whole = 0;
    const yg_elements to = {.dtype = YG_I64, .width = 1, .data = &whole};
    if (yg_column_learns(column)) {
        const char *text = yg_cell_string(cell, &c->room);
        return text && yg_keys_add(keys, text);
    }
    double real = 0;
    if (column->kind->encode_wholes && !yg_dtype_is_float(column->port->dtype))
        yg_column_encode(column, &one, &to, 0);
    else if (column->kind->encode_floats(column, &one, &real, 1) == 1)
        whole = (int64_t)real;
    return yg_keys_add_whole(keys, whole);
}

static bool add_keys(collecting *c, const yg_table *table, const yg_records *records, int64_t begin,
                     int64_t count) {
    for (size_t s = 0; s < c->reading->split_count; s++) {
        const yg_split *split = &c->reading->splits[s];
        if (split->fraction <= 0 || split->stratify == SIZE_MAX)
            continue;
        const yg_columns *columns = &c->columns[split->stratify];
        for (int64_t r = begin; columns->count && r < begin + count; r++)
            if (!add_key(c, &c->keys[s], columns->columns[0],
                         &records->cells[(size_t)r * table->column_count + columns->index[0]]))
                return yg_fail_memory(c->error);
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
    collecting c = {.reading = reading,
                    .columns = columns,
                    .keys = calloc(reading->split_count + 1, sizeof *c.keys),
                    .error = error};
    yg_records records = {.count = 1};
    int64_t total = 0;
    bool good = c.keys || yg_fail_memory(error);
    while (good && records.count > 0) {
        records.count = yg_table_next(table, AT_ONCE, false, &records, error);
        good = records.count >= 0;
        for (int64_t i = 0; good && i < records.count; i++) {
            const int64_t used =
                yg_columns_used(columns, yg_model_port_count(reading->model), table, &records, i);
            good = add_keys(&c, table, &records, i, used);
            total += used;
            i += used;
        }
    }
    good = good && yg_owners_make(total, owners, error) && draw(reading, c.keys, owners, error);
    for (size_t s = 0; c.keys && s < reading->split_count; s++)
        yg_keys_free(&c.keys[s]);
    free(c.keys);
    free(c.room.text);
    return good;
}
