/*
 * Which records of a training table stay in the training part: drawn before anything is learnt from
 * them, because what is learnt must come from that part alone.
 *
 * yg_split_off() draws again once the examples are there, from the same numbers and so the same
 * parts; but not where a rule needs a column, which the examples need not have.
 */
#include "column.h"
#include "owners.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

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
    if (yg_column_learns(column))
        return yg_fail(error, YG_ERROR_ARGUMENT, split->origin,
                       "`stratify` needs values that are known before the examples are split, but "
                       "those of column '%s' are learnt from the training part",
                       column->name);
    if (yg_column_width(column) != 1)
        return yg_fail(error, YG_ERROR_ARGUMENT, split->origin,
                       "`stratify` needs one element an example, but column '%s' gives %" PRId64,
                       column->name, yg_column_width(column));
    for (int64_t r = begin; r < begin + count; r++)
        if (!yg_keys_add_whole(
                keys, key_of(column,
                             &records->cells[(size_t)r * table->column_count + columns->index[0]])))
            return yg_fail_memory(error);
    return true;
}

/* The same for a split that goes by a column. */
static bool add_texts(const yg_split *split, const yg_table *table, const yg_records *records,
                      int64_t begin, int64_t count, yg_keys *keys, yg_error *error) {
    const size_t column = yg_table_find(table, split->column);
    yg_cell_room room = {0};
    bool good = true;
    for (int64_t r = begin; good && r < begin + count; r++) {
        const char *text =
            yg_cell_string(&records->cells[(size_t)r * table->column_count + column], &room);
        good = (text && yg_keys_add(keys, text)) || yg_fail_memory(error);
    }
    free(room.text);
    return good;
}

/* The same for a split that goes by files. */
static bool add_files(const yg_table *table, int64_t count, yg_keys *keys, yg_error *error) {
    for (int64_t r = 0; r < count; r++)
        if (!yg_keys_add(keys, yg_table_file(table)))
            return yg_fail_memory(error);
    return true;
}

/* Where a window may begin, for a split that takes whole windows: in the first row of a group, in
 * the first one behind a row that was dropped, and `stride` rows after the last one. All zeros in
 * the beginning. */
typedef struct window_starts {
    int64_t windows, rows; /* so far; rows since the last one began */
    bool broken;           /* a row was dropped */
    yg_cell_room recent, room;
} window_starts;

static void free_starts(window_starts *starts) {
    free(starts->recent.text);
    free(starts->room.text);
}

/* Notes the group of a record: *other becomes whether it differs from that of the one before. */
static bool note_group(window_starts *starts, const yg_cell *cell, bool *other) {
    if (!yg_cell_string(cell, &starts->room))
        return false;
    *other = !starts->recent.text || strcmp(starts->recent.text, starts->room.text) != 0;
    const yg_cell_room before = starts->recent;
    starts->recent = starts->room;
    starts->room = before;
    return true;
}

/* The key of a row is the number of the window that it would belong to. */
static bool add_windows(const yg_reading *reading, const yg_table *table, const yg_records *records,
                        int64_t begin, int64_t count, window_starts *starts, yg_keys *keys,
                        yg_error *error) {
    const yg_series *series = &reading->data->series;
    const size_t by = series->by ? yg_table_find(table, series->by) : SIZE_MAX;
    for (int64_t r = begin; r < begin + count; r++) {
        const yg_cell *cells = &records->cells[(size_t)r * table->column_count];
        bool other = false;
        if (by != SIZE_MAX && !note_group(starts, &cells[by], &other))
            return yg_fail_memory(error);
        if (other || starts->broken || starts->rows == series->stride) {
            starts->windows++;
            starts->rows = 0;
        }
        starts->broken = false;
        starts->rows++;
        if (!yg_keys_add_whole(keys, starts->windows))
            return yg_fail_memory(error);
    }
    return true;
}

/* Adds the keys of some records to those of each split that has keys. */
static bool add_all(const yg_reading *reading, const yg_columns *columns, const yg_table *table,
                    const yg_records *records, int64_t begin, int64_t count, window_starts *starts,
                    yg_keys *keys, yg_keys *strata, yg_error *error) {
    for (size_t s = 0; s < reading->split_count; s++) {
        const yg_split *split = &reading->splits[s];
        if (split->rule == YG_SPLIT_WINDOWS &&
            !add_windows(reading, table, records, begin, count, &starts[s], &keys[s], error))
            return false;
        if (split->column && !add_texts(split, table, records, begin, count, &keys[s], error))
            return false;
        if (split->by_file && !add_files(table, count, &keys[s], error))
            return false;
        if (split->rule != YG_SPLIT_NONE && split->stratify != SIZE_MAX &&
            !add_keys(split, &columns[split->stratify], table, records, begin, count, &strata[s],
                      error))
            return false;
    }
    return true;
}

/* `fold` NULL: the last `wanted` examples. */
static bool take_by_time(const yg_split *split, int owner, int64_t wanted, const yg_fold *fold,
                         const yg_keys *keys, yg_owners *owners, yg_error *error) {
    const char *wrong;
    if (fold ? !yg_owners_take_fold_in_time(owners, owner, fold, keys, &wrong, error)
             : !yg_owners_take_last(owners, owner, wanted, keys, &wrong, error))
        return false;
    return !wrong || yg_fail(error, YG_ERROR_DATA, split->column_origin,
                             "column '%s' has '%.60s'; `time` needs numbers, or dates such as "
                             "2024-01-31, in all rows",
                             split->column, wrong);
}

static bool take_equal(const yg_split *split, int owner, const yg_keys *keys, yg_owners *owners,
                       yg_error *error) {
    const bool list = split->equals->kind == YG_SEQUENCE;
    const size_t count = list ? split->equals->count : 1;
    const char **texts = calloc(count + 1, sizeof *texts);
    bool good = texts || yg_fail_memory(error);
    for (size_t i = 0; good && i < count; i++)
        good = yg_value_text(list ? split->equals->items[i] : split->equals, "`equals`", &texts[i],
                             error);
    good = good && yg_owners_take_equal(owners, owner, keys, texts, count, error);
    free(texts);
    return good;
}

/* Gives the examples of the files that the split names. Each must be one of the training part. */
static bool take_files(const yg_reading *reading, const yg_split *split, int owner,
                       const yg_keys *keys, yg_owners *owners, yg_error *error) {
    yg_paths paths = {0};
    bool good = yg_source_paths(reading, split->equals, "file", &paths, error);
    for (size_t i = 0; good && i < paths.count; i++)
        good = yg_names_find(&keys->names, paths.items[i]) != YG_NOT_FOUND ||
               yg_fail(error, YG_ERROR_DATA, split->column_origin,
                       "'%s' is not a file of the training part with examples, so nothing can be "
                       "taken from it; the first one is '%s'",
                       paths.items[i], keys->names.count ? keys->names.names[0] : "");
    good = good && yg_owners_take_equal(owners, owner, keys, (const char *const *)paths.items,
                                        paths.count, error);
    yg_paths_free(&paths);
    return good;
}

static bool draw_fold(const yg_reading *reading, const yg_split *split, int owner,
                      const yg_keys *keys, const yg_keys *strata, yg_owners *owners,
                      yg_error *error) {
    const bool whole = split->rule == YG_SPLIT_GROUP || split->rule == YG_SPLIT_WINDOWS;
    const yg_fold fold = {.number = split->fold,
                          .count = split->folds,
                          .strata = strata,
                          .groups = whole ? keys : NULL,
                          .gap = split->gap,
                          .before = split->before,
                          .after = split->gap};
    if (split->rule == YG_SPLIT_TIME)
        return take_by_time(split, owner, 0, &fold, keys, owners, error);
    if (split->rule == YG_SPLIT_BLOCK)
        yg_owners_take_block(owners, owner, &fold);
    return split->rule == YG_SPLIT_BLOCK ||
           yg_owners_draw_fold(owners, owner, &fold, reading->seed, error);
}

/* `total` is what a fraction is of. */
static bool draw_one(const yg_reading *reading, size_t s, int64_t total, const yg_keys *keys,
                     const yg_keys *all_strata, yg_owners *owners, yg_error *error) {
    const yg_split *split = &reading->splits[s];
    const int owner = (int)s + 1;
    const int64_t wanted = (int64_t)floor(split->fraction * (double)total + 0.5);
    const yg_keys *strata = all_strata[s].count ? &all_strata[s] : NULL;
    if (split->folds)
        return draw_fold(reading, split, owner, &keys[s], strata, owners, error);
    switch (split->rule) {
    case YG_SPLIT_EQUAL:
        return split->by_file ? take_files(reading, split, owner, &keys[s], owners, error)
                              : take_equal(split, owner, &keys[s], owners, error);
    case YG_SPLIT_TIME:
        return take_by_time(split, owner, wanted, NULL, &keys[s], owners, error);
    case YG_SPLIT_GROUP:
    case YG_SPLIT_WINDOWS:
        return yg_owners_draw_groups(owners, owner, wanted, &keys[s], strata, reading->seed, error);
    default:
        return yg_owners_draw(owners, owner, wanted, strata, reading->seed, error);
    }
}

/* First a fold, then what is given, then what is drawn. The test part comes before the validation
 * part where both go by time, so that its examples are the last of all. A fold by time may leave
 * few examples to train on, so what is drawn then is a fraction of these. */
static bool draw(const yg_reading *reading, const yg_keys *keys, const yg_keys *strata,
                 yg_owners *owners, yg_error *error) {
    static const yg_split_rule rules[] = {YG_SPLIT_EQUAL, YG_SPLIT_TIME, YG_SPLIT_GROUP,
                                          YG_SPLIT_WINDOWS, YG_SPLIT_RANDOM};
    const size_t count = reading->split_count;
    int64_t total = owners->count;
    for (size_t s = 0; s < count; s++) {
        if (!reading->splits[s].folds)
            continue;
        if (!draw_one(reading, s, total, keys, strata, owners, error))
            return false;
        if (reading->splits[s].rule == YG_SPLIT_TIME)
            total = yg_owners_count(owners, 0);
    }
    for (size_t r = 0; r < sizeof rules / sizeof *rules; r++)
        for (size_t i = 0; i < count; i++) {
            const size_t s = rules[r] == YG_SPLIT_TIME ? count - 1 - i : i;
            if (reading->splits[s].rule == rules[r] && !reading->splits[s].folds &&
                !draw_one(reading, s, total, keys, strata, owners, error))
                return false;
        }
    return true;
}

bool yg_records_draw(const yg_reading *reading, yg_table *table, const yg_columns *columns,
                     yg_owners *owners, yg_error *error) {
    yg_keys *keys = calloc(reading->split_count + 1, sizeof *keys);
    yg_keys *strata = calloc(reading->split_count + 1, sizeof *strata);
    window_starts *starts = calloc(reading->split_count + 1, sizeof *starts);
    yg_records records = {.count = 1};
    int64_t total = 0;
    bool good = (keys && strata && starts) || yg_fail_memory(error);
    while (good && records.count > 0) {
        records.count = yg_table_next(table, AT_ONCE, false, &records, error);
        good = records.count >= 0;
        for (int64_t i = 0; good && i < records.count; i++) {
            const int64_t used =
                yg_columns_used(columns, yg_model_port_count(reading->model), table, &records, i);
            good = add_all(reading, columns, table, &records, i, used, starts, keys, strata, error);
            total += used;
            i += used;
            for (size_t s = 0; good && i < records.count && s < reading->split_count; s++)
                starts[s].broken = true;
        }
    }
    good =
        good && yg_owners_make(total, owners, error) && draw(reading, keys, strata, owners, error);
    for (size_t s = 0; keys && s < reading->split_count; s++)
        yg_keys_free(&keys[s]);
    for (size_t s = 0; strata && s < reading->split_count; s++)
        yg_keys_free(&strata[s]);
    for (size_t s = 0; starts && s < reading->split_count; s++)
        free_starts(&starts[s]);
    free(starts);
    free(strata);
    free(keys);
    return good;
}
