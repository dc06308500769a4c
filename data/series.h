/*
 * Windows over a series: `windows: {length: 24, horizon: 1, stride: 1, by: store}`. Private to the
 * library.
 *
 * An example is a row r of a table, at which a window begins. Inputs take the rows r ..
 * r + length - 1, targets those after them. The rows stand in memory or in a file once: examples
 * overlap there, and nothing is copied.
 *
 * So a series is read, transformed, split and standardised row by row, as any table. Only then do
 * the rows of a part become windows: see yg_series_apply().
 */
#ifndef YG_DATA_SERIES_H
#define YG_DATA_SERIES_H

#include "column.h"
#include "source.h"

extern const yg_setting_group yg_series_settings; /* for settings.c */

/* Reads what the model's section says. All zeros if it has no `windows`. */
bool yg_series_read(const yg_model *model, yg_series *series, yg_error *error);

/* Makes the rows of each part its windows, where the section has `windows`.
 *
 * A window belongs to the part that has all of its targets' rows. One of the training part has rows
 * of that part only, so it knows nothing of what is held out. The inputs of a held-out part may
 * reach back into the training part: what is past is known when a forecast is made. Those of the
 * validation part do not reach into the test part. No window goes beyond a run of rows. A part
 * without a window is an error; `file` is what it was read from, or NULL for those of the section.
 */
bool yg_series_apply(const yg_reading *reading, const char *file, yg_error *error);

/* Makes rows of a port windows: examples overlap from now on. */
void yg_series_widen(const yg_reading *reading, size_t port, yg_elements *elements);

/* Says that the table `file` has no window: it has `rows` rows, and its longest run `longest`. For
 * windows without targets. Always returns false. */
bool yg_series_fail_none(const yg_reading *reading, const char *file, int64_t rows, int64_t longest,
                         yg_error *error);

/* ------------------------------------------------------------------------ series_runs.c ----- */

/* Finds out where the runs of a table's rows begin: rows of one group, none dropped between them.
 * All zeros besides `column` in the beginning. */
typedef struct yg_run_finder {
    size_t column;   /* of the table: `by`; SIZE_MAX: all rows are one group */
    bool broken;     /* a row was dropped since the last one */
    size_t recent;   /* the last row's group */
    yg_names groups; /* so far */
    yg_pool *pool;   /* has the names */
    yg_cell_room room;
} yg_run_finder;

/* Takes in `count` records from number `begin` on: they are examples from `example` on. Fails where
 * a group comes again. */
bool yg_run_finder_add(yg_run_finder *finder, const yg_table *table, const yg_records *records,
                       int64_t begin, int64_t count, int64_t example, yg_runs *runs,
                       yg_error *error);
void yg_run_finder_free(yg_run_finder *finder); /* what it holds, not the struct */

#endif
