/*
 * CSV, read record by record from a file or a pipe: RFC 4180, with a header.
 *
 * Quoted cells may hold delimiters, doubled quotes and line ends; lines end in LF, CR LF or CR; a
 * UTF-8 byte order mark is passed over. Blanks around an unquoted cell do not belong to it. Empty
 * lines are passed over where the header has more than one column.
 */
#ifndef YG_DATA_CSV_H
#define YG_DATA_CSV_H

#include "../graph/threads.h"
#include "csv_decimal.h"
#include "table.h"

typedef struct yg_csv yg_csv;

typedef struct yg_csv_format {
    char delimiter;
    char comment;             /* lines that begin with it are passed over; 0: none are */
    yg_csv_marks marks;       /* of numbers */
    bool headless;            /* the first record is no header: columns are called 1, 2, … */
    const char *const *names; /* headless: the columns' names; NULL: none are known */
    size_t name_count;
    const char *const *missing; /* texts that stand for no value, beside those of all tables */
    size_t missing_count;
    /* Those of `names` that a file may lack, all together: the targets, where predictions are asked
     * for. */
    const char *const *targets;
    size_t target_count;
} yg_csv_format;

/* Reads the header of `file`, which stays the caller's. `name` stands for it in messages and must
 * outlive the reader. NULL on failure. */
yg_csv *yg_csv_open(FILE *file, const char *name, const yg_csv_format *format, yg_error *error);
void yg_csv_close(yg_csv *csv); /* NULL is allowed */

/* The columns' names. A name may be empty, and several columns may have the same name. */
size_t yg_csv_column_count(const yg_csv *csv);
const char *const *yg_csv_columns(const yg_csv *csv);
yg_origin yg_csv_heading(const yg_csv *csv, size_t column);

/* These are as the functions of yg_table_kind. All cells are texts. `used` and `threads` are as in
 * yg_table. */
int64_t yg_csv_next(yg_csv *csv, int64_t limit, const bool *used, yg_threads *threads,
                    yg_records *records, yg_error *error);
/* As yg_table_peek(). */
bool yg_csv_peek(const yg_csv *csv, size_t number, yg_records *records);
yg_place yg_csv_place_of(const yg_csv *csv, size_t record, size_t column);
bool yg_csv_tell(yg_csv *csv, yg_mark *mark);
bool yg_csv_seek(yg_csv *csv, const yg_mark *mark, yg_error *error);

/* True if yg_csv_next() can read a line, or the end, without waiting for the writer of a pipe. */
bool yg_csv_ready(yg_csv *csv);

/* As yg_input_allow_stop() and yg_input_stop(). */
bool yg_csv_allow_stop(yg_csv *csv);
void yg_csv_stop(const yg_csv *csv);

#endif
