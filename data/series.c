/*
 * Windows over a series: see series.h.
 */
#include "series.h"

#include "owners.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>

/* Owners of rows: 0 for the training part, 1 for validation, 2 for test. */
enum { TEST = 2, NO_WINDOW = YG_OWNER_NOBODY };

static const yg_setting settings[] = {
    {"length", .kind = YG_SETTING_WHOLE, .offset = offsetof(yg_series, length), .required = true,
     .min = 1, .max = INT32_MAX, .example = "24", .doc = "rows of a window, which inputs take"},
    {"horizon", .kind = YG_SETTING_WHOLE, .offset = offsetof(yg_series, horizon), .min = 1,
     .max = INT32_MAX, .fallback = "1", .example = "6",
     .doc = "rows behind the window, which targets take"},
    {"stride", .kind = YG_SETTING_WHOLE, .offset = offsetof(yg_series, stride), .min = 1,
     .max = INT32_MAX, .fallback = "1", .example = "24",
     .doc = "rows from the begin of a window to that of the next"},
    {"by", .kind = YG_SETTING_TEXT, .offset = offsetof(yg_series, by), .fallback = "none",
     .example = "store", .doc = "a column: no window goes over rows of different values"},
    {"group", .hint = "it is `by` here"},
};

const yg_setting_group yg_series_settings = {
    "data.windows", "examples are windows that slide over the rows of a table", settings,
    sizeof settings / sizeof *settings, NULL};

bool yg_series_read(const yg_model *model, yg_series *series, yg_error *error) {
    const yg_value *section = yg_model_section(model, "data");
    const yg_value *map =
        section && section->kind == YG_MAPPING ? yg_value_get(section, "windows") : NULL;
    *series = (yg_series){0};
    if (!map)
        return true;
    series->horizon = series->stride = 1;
    if (!yg_setting_read_all(map, "`windows`", settings, sizeof settings / sizeof *settings, series,
                             error))
        return false;
    const yg_value *by = yg_value_get(map, "by");
    series->origin = map->origin;
    series->by_origin = by ? by->origin : YG_NOWHERE;
    return true;
}

/* ------------------------------------------------------------------------------- starts ------ */

/* The rows of a window. */
typedef struct extent {
    int64_t reach;  /* how many */
    int64_t judged; /* so many of them, the last ones, decide which part it belongs to */
    int64_t stride;
} extent;

static extent extent_of(const yg_reading *reading) {
    const yg_series *series = &reading->data->series;
    extent e = {.reach = series->length,
                .judged = series->length,
                .stride = reading->inputs_only ? 1 : series->stride};
    int64_t first = INT64_MAX, lead, span;
    for (size_t p = 0; p < yg_model_port_count(reading->model); p++) {
        const yg_port *port = yg_model_port(reading->model, p);
        if (!port->target || !yg_reading_wants(reading, p))
            continue;
        yg_port_rows(series, port, &lead, &span);
        first = lead < first ? lead : first;
        e.reach = series->length + series->horizon;
    }
    if (first < INT64_MAX)
        e.judged = e.reach - first;
    return e;
}

/* Gives each row at which a window begins to the part of that window, and all others to NO_WINDOW.
 * `rows` has the owners of the rows; NULL: one part has them all. Returns the longest run. */
static int64_t find_starts(const extent *x, const yg_runs *runs, const yg_owners *rows,
                           yg_owners *starts) {
    int64_t begin = 0, same = 0, held_out = -1, test = -1, run = 0, longest = 0;
    int before = 0;
    for (int64_t row = 0; row < starts->count; row++)
        yg_owners_set(starts, row, NO_WINDOW);
    for (int64_t row = 0; row < starts->count; row++) {
        const int owner = rows ? yg_owners_get(rows, row) : 0;
        const int64_t start = row + 1 - x->reach;
        if (run < runs->count && runs->begins[run] == row) {
            begin = row;
            run++;
        }
        same = owner == before ? same : row;
        before = owner;
        held_out = owner ? row : held_out;
        test = owner == TEST ? row : test;
        longest = row + 1 - begin > longest ? row + 1 - begin : longest;
        if (start < begin || (start - begin) % x->stride != 0 || same > row + 1 - x->judged)
            continue;
        if ((owner == 0 && held_out >= start) || (owner != TEST && test >= start))
            continue;
        yg_owners_set(starts, start, owner);
    }
    return longest;
}

/* -------------------------------------------------------------------------------- parts ------ */

void yg_series_widen(const yg_reading *reading, size_t port, yg_elements *elements) {
    int64_t lead, span;
    yg_port_rows(&reading->data->series, yg_model_port(reading->model, port), &lead, &span);
    elements->row = elements->width;
    elements->lead = lead;
    elements->width *= span;
}

static bool fail_none(const yg_reading *reading, const char *name, const char *file, int64_t rows,
                      const extent *x, int64_t longest, yg_error *error) {
    const bool both = x->reach > reading->data->series.length;
    const yg_origin place = file ? (yg_origin){file, 0, 0} : reading->data->series.origin;
    return yg_fail(error, YG_ERROR_DATA, place,
                   "%s%s%shas no window: a window takes %" PRId64
                   " rows beside each other, %s; the longest run of the table's %" PRId64
                   " rows has %" PRId64,
                   file ? "it " : "the part '", file ? "" : name, file ? "" : "' ", x->reach,
                   both ? "`length` and `horizon` together" : "`length`", rows, longest);
}

bool yg_series_fail_none(const yg_reading *reading, const char *file, int64_t rows, int64_t longest,
                         yg_error *error) {
    const extent x = extent_of(reading);
    return fail_none(reading, "", file, rows, &x, longest, error);
}

/* Lists the windows of a part. Those of a dataset in a file are not listed: they are many. */
static bool list(const yg_dataset *dataset, yg_owners *starts, int owner, yg_part *part,
                 yg_error *error) {
    free(part->members);
    *part = (yg_part){.dataset = dataset, .owner = owner};
    if (dataset->spool) {
        part->owners = starts;
        part->count = yg_owners_count(starts, owner);
        return true;
    }
    part->members = yg_owners_list(starts, owner, &part->count, error);
    return part->members != NULL;
}

static bool apply(const yg_reading *reading, size_t k, const char *file, yg_error *error) {
    static const char *const names[] = {"train", "validation", "test"};
    yg_data *data = reading->data;
    yg_dataset *dataset = &data->held[k];
    yg_part *parts[] = {&data->train, &data->validation, &data->test};
    const extent x = extent_of(reading);
    yg_owners *starts = calloc(1, sizeof *starts);
    if (!starts)
        return yg_fail_memory(error);
    dataset->starts = starts;
    if (!yg_owners_make(dataset->count, starts, error))
        return false;
    const int64_t longest = find_starts(&x, &data->runs[k], k == 0 ? data->owners : NULL, starts);
    for (size_t p = 0; p < dataset->port_count; p++)
        if (yg_reading_wants(reading, p))
            yg_series_widen(reading, p, &dataset->ports[p]);
    for (size_t i = 0; i < 3; i++) {
        if (parts[i]->dataset != dataset)
            continue;
        if (!list(dataset, starts, k == 0 ? (int)i : 0, parts[i], error))
            return false;
        if (!parts[i]->count)
            return fail_none(reading, names[i], file, dataset->count, &x, longest, error);
    }
    return true;
}

bool yg_series_apply(const yg_reading *reading, const char *file, yg_error *error) {
    const yg_data *data = reading->data;
    for (size_t k = 0; data->series.length && k < sizeof data->held / sizeof *data->held; k++)
        if (data->held[k].ports && !apply(reading, k, file, error))
            return false;
    return true;
}
