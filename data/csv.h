/*
 * CSV, read record by record from a stream: RFC 4180, with a header.
 *
 * Quoted cells may hold delimiters, doubled quotes and line ends; lines end in LF or CR LF; a UTF-8
 * byte order mark is passed over. Blanks around an unquoted cell do not belong to it. Empty lines
 * are passed over where the header has more than one column.
 */
#ifndef YG_DATA_CSV_H
#define YG_DATA_CSV_H

#include "../graph/error.h"

#include <stddef.h>
#include <stdio.h>

typedef struct yg_csv yg_csv;

/* Reads the header of `file`, which stays the caller's. `name` stands for it in messages and must
 * outlive the reader. NULL on failure. */
yg_csv *yg_csv_open(FILE *file, const char *name, char delimiter, yg_error *error);
void yg_csv_close(yg_csv *csv); /* NULL is allowed */

/* The columns' names. A name may be empty, and several columns may have the same name: that is an
 * error only where such a column is used. */
size_t yg_csv_column_count(const yg_csv *csv);
const char *const *yg_csv_columns(const yg_csv *csv);
/* The first column of that name, or SIZE_MAX. */
size_t yg_csv_find(const yg_csv *csv, const char *column);
/* Finds the only column of that name. Fails if there is none, suggesting the nearest name, or if
 * there are several. */
bool yg_csv_choose(const yg_csv *csv, const char *column, yg_origin origin, size_t *index,
                   yg_error *error);
/* Where a column's name stands. */
yg_origin yg_csv_heading(const yg_csv *csv, size_t column);
/* Fails where the column has no name, or another one has the same. */
bool yg_csv_check_column(const yg_csv *csv, size_t column, yg_error *error);

/* True if yg_csv_next() can read a line, or the end, without waiting for the writer of a pipe. */
bool yg_csv_ready(yg_csv *csv);

/* As yg_input_allow_stop() and yg_input_stop(). */
bool yg_csv_allow_stop(yg_csv *csv);
void yg_csv_stop(const yg_csv *csv);

typedef enum yg_csv_status { YG_CSV_ROW, YG_CSV_END, YG_CSV_FAILED } yg_csv_status;

/* Reads the next record, which must have as many cells as the header. */
yg_csv_status yg_csv_next(yg_csv *csv, yg_error *error);

/* About the current record; valid until the next yg_csv_next(): */
int64_t yg_csv_row(const yg_csv *csv); /* from 1, the header not counted */
const char *yg_csv_cell(const yg_csv *csv, size_t column);
yg_origin yg_csv_cell_origin(const yg_csv *csv, size_t column); /* column in characters */

#endif
