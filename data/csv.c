/*
 * CSV, read record by record: see csv.h. A record's cells are collected as NUL-terminated texts in
 * one growing buffer, so that a file of any length takes the memory of its longest record.
 */
#include "csv.h"

#include "../graph/spelling.h"
#include "../models/loader/names.h"
#include "input.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const size_t RECORD_CAP = (size_t)64 << 20; /* bytes of one record */

typedef struct cell {
    size_t start; /* its first byte in `text` */
    int32_t line, column;
} cell;

struct yg_csv {
    yg_input input;
    const char *name;
    char delimiter;
    int32_t line, column;    /* of the next character */
    bool after_return;       /* a record ended in CR: an LF that follows belongs to it */
    char *text;              /* the record's cells, each with its NUL */
    size_t length, capacity; /* of text */
    cell *cells;
    size_t cell_count, cell_capacity;
    bool blank; /* the record is an empty line */
    int64_t row;
    size_t column_count;
    const char **columns; /* their names; "": without a name */
    cell *header;         /* the places of the names in the file */
    yg_pool *pool;        /* holds the names and their table */
    yg_names names;       /* each name once, in the order of first columns */
    size_t *first;        /* the first column with names.names[i] */
    size_t *second;       /* the second column with names.names[i]; SIZE_MAX: none */
};

static yg_origin here(const yg_csv *csv) {
    return (yg_origin){csv->name, csv->line, csv->column};
}

/* --------------------------------------------------------------------------------- characters */

/* The next character, or EOF. It is asked for only when needed, because a pipe may make us wait. */
static int next(yg_csv *csv) {
    return yg_input_peek(&csv->input);
}

/* Takes the next character; next() has returned one. */
static void advance(yg_csv *csv) {
    const int c = csv->input.bytes[csv->input.at++];
    if (c == '\n') {
        csv->line += csv->line < INT32_MAX;
        csv->column = 1;
    } else if ((c & 0xC0) != 0x80) { /* not inside a UTF-8 character */
        csv->column += csv->column < INT32_MAX;
    }
}

static bool put(yg_csv *csv, char c, yg_error *error) {
    if (csv->length == csv->capacity) {
        if (csv->capacity >= RECORD_CAP)
            return yg_fail(error, YG_ERROR_DATA, here(csv),
                           "a row of more than %zu MiB; is a closing quote missing?",
                           RECORD_CAP >> 20);
        const size_t capacity = csv->capacity ? 2 * csv->capacity : 1024;
        char *text = realloc(csv->text, capacity);
        if (!text)
            return yg_fail_memory(error);
        csv->text = text;
        csv->capacity = capacity;
    }
    csv->text[csv->length++] = c;
    return true;
}

static bool take(yg_csv *csv, yg_error *error) {
    const int c = next(csv);
    if (c == '\0')
        return yg_fail(error, YG_ERROR_DATA, here(csv), "a NUL character: this is not a text file");
    if (!put(csv, (char)c, error))
        return false;
    advance(csv);
    return true;
}

static bool at_record_end(yg_csv *csv) {
    const int c = next(csv);
    return c == EOF || c == '\n' || c == '\r';
}

/* After a CR, an LF that may follow is left to the next record: looking for it could mean to wait.
 */
static void skip_record_end(yg_csv *csv) {
    csv->after_return = next(csv) == '\r';
    if (next(csv) != EOF)
        advance(csv);
}

static void finish_line_end(yg_csv *csv) {
    if (csv->after_return && next(csv) == '\n')
        advance(csv);
    csv->after_return = false;
}

/* A byte that RFC 3629 does not allow at its place makes the text not UTF-8. */
static bool is_utf8(const char *text) {
    const unsigned char *s = (const unsigned char *)text;
    while (*s) {
        const unsigned lead = *s++;
        unsigned more = 0, low = 0x80, high = 0xBF;
        if (lead < 0x80)
            continue;
        if (lead >= 0xC2 && lead <= 0xDF)
            more = 1;
        else if (lead >= 0xE0 && lead <= 0xEF)
            more = 2;
        else if (lead >= 0xF0 && lead <= 0xF4)
            more = 3;
        else
            return false;
        low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : low;
        high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : high;
        for (; more; more--, s++, low = 0x80, high = 0xBF)
            if (*s < low || *s > high)
                return false;
    }
    return true;
}

/* ------------------------------------------------------------------------------------ records */

static bool begin_cell(yg_csv *csv, yg_error *error) {
    if (csv->cell_count == csv->cell_capacity) {
        const size_t capacity = csv->cell_capacity ? 2 * csv->cell_capacity : 32;
        cell *cells = realloc(csv->cells, capacity * sizeof *cells);
        if (!cells)
            return yg_fail_memory(error);
        csv->cells = cells;
        csv->cell_capacity = capacity;
    }
    csv->cells[csv->cell_count++] = (cell){csv->length, csv->line, csv->column};
    return true;
}

static bool is_blank(const yg_csv *csv, int c) {
    return (c == ' ' || c == '\t') && c != csv->delimiter;
}

static bool read_quoted(yg_csv *csv, yg_error *error) {
    const yg_origin start = here(csv);
    advance(csv);
    for (;;) {
        if (next(csv) == EOF)
            return yg_fail(error, YG_ERROR_DATA, start, "this quote is never closed");
        if (next(csv) == '"') {
            advance(csv);
            if (next(csv) != '"')
                break;
        }
        if (!take(csv, error))
            return false;
    }
    while (is_blank(csv, next(csv)))
        advance(csv);
    if (!at_record_end(csv) && next(csv) != csv->delimiter)
        return yg_fail(error, YG_ERROR_DATA, here(csv),
                       "text behind the closing quote; expected '%c' or the line's end (a quote "
                       "inside a quoted cell is written twice)",
                       csv->delimiter);
    return true;
}

static bool read_cell(yg_csv *csv, yg_error *error) {
    while (is_blank(csv, next(csv)))
        advance(csv);
    if (!begin_cell(csv, error))
        return false;
    const size_t start = csv->length;
    if (next(csv) == '"') {
        if (!read_quoted(csv, error))
            return false;
    } else {
        while (!at_record_end(csv) && next(csv) != csv->delimiter)
            if (!take(csv, error))
                return false;
        while (csv->length > start && is_blank(csv, csv->text[csv->length - 1]))
            csv->length--;
    }
    if (!put(csv, '\0', error))
        return false;
    const cell *now = &csv->cells[csv->cell_count - 1];
    return is_utf8(csv->text + start) ||
           yg_fail(error, YG_ERROR_DATA, (yg_origin){csv->name, now->line, now->column},
                   "this cell is not UTF-8 text; convert the file (iconv -t UTF-8)");
}

static yg_csv_status read_record(yg_csv *csv, yg_error *error) {
    csv->length = csv->cell_count = 0;
    finish_line_end(csv);
    const bool ended = next(csv) == EOF;
    if (csv->input.failure) {
        yg_fail(error, YG_ERROR_IO, (yg_origin){csv->name, 0, 0}, "cannot be read: %s",
                strerror(csv->input.failure));
        return YG_CSV_FAILED;
    }
    if (ended)
        return YG_CSV_END;
    csv->blank = at_record_end(csv);
    for (;;) {
        if (!read_cell(csv, error))
            return YG_CSV_FAILED;
        if (next(csv) != csv->delimiter)
            break;
        advance(csv);
    }
    skip_record_end(csv);
    return YG_CSV_ROW;
}

/* ------------------------------------------------------------------------------------- header */

/* One more column: its name, and which column had it first. */
static bool keep_column(yg_csv *csv, size_t column, const char *name, yg_error *error) {
    const char *copy = yg_pool_text(csv->pool, name);
    if (!copy)
        return yg_fail_memory(error);
    csv->columns[column] = copy;
    csv->header[column] = csv->cells[column];
    csv->column_count++;
    if (!*name)
        return true;
    const size_t known = yg_names_find(&csv->names, name);
    if (known != YG_NOT_FOUND) {
        if (csv->second[known] == SIZE_MAX)
            csv->second[known] = column;
        return true;
    }
    csv->first[csv->names.count] = column;
    csv->second[csv->names.count] = SIZE_MAX;
    return yg_names_add(&csv->names, csv->pool, copy) || yg_fail_memory(error);
}

static bool keep_header(yg_csv *csv, yg_error *error) {
    const size_t size = csv->cell_count + 1;
    csv->pool = yg_pool_new();
    csv->columns = csv->pool ? yg_pool_take(csv->pool, size * sizeof *csv->columns) : NULL;
    csv->header = csv->pool ? yg_pool_take(csv->pool, size * sizeof *csv->header) : NULL;
    csv->first = csv->pool ? yg_pool_take(csv->pool, size * sizeof *csv->first) : NULL;
    csv->second = csv->pool ? yg_pool_take(csv->pool, size * sizeof *csv->second) : NULL;
    if (!csv->columns || !csv->header || !csv->first || !csv->second)
        return yg_fail_memory(error);
    for (size_t i = 0; i < csv->cell_count; i++)
        if (!keep_column(csv, i, yg_csv_cell(csv, i), error))
            return false;
    return true;
}

/* Recognises files that are not CSV text by their first bytes, and says what to do with them. */
static bool check_start(const yg_csv *csv, yg_error *error) {
    static const struct {
        const char *bytes;
        size_t length;
        const char *what;
    } kinds[] = {
        {"\x1F\x8B", 2, "it is compressed (gzip); unpack it first: gunzip -k FILE"},
        {"\x28\xB5\x2F\xFD", 4, "it is compressed (zstd); unpack it first: unzstd FILE"},
        {"\xFD"
         "7zXZ",
         5, "it is compressed (xz); unpack it first: unxz -k FILE"},
        {"BZh", 3, "it is compressed (bzip2); unpack it first: bunzip2 -k FILE"},
        {"PK\x03\x04", 4, "it is a zip archive or a spreadsheet; unpack it, or export CSV"},
        {"PAR1", 4, "it is a Parquet file; export it as CSV"},
        {"\xFF\xFE", 2, "it is UTF-16 text; convert it first: iconv -f UTF-16 -t UTF-8 FILE"},
        {"\xFE\xFF", 2, "it is UTF-16 text; convert it first: iconv -f UTF-16 -t UTF-8 FILE"},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (csv->input.end >= kinds[i].length &&
            memcmp(csv->input.bytes, kinds[i].bytes, kinds[i].length) == 0)
            return yg_fail(error, YG_ERROR_DATA, (yg_origin){csv->name, 0, 0},
                           "this is not a CSV file: %s", kinds[i].what);
    return true;
}

/* Passes over the byte order mark, EF BB BF. Nothing else starts so and is kept. */
static bool skip_mark(yg_csv *csv, yg_error *error) {
    static const unsigned char mark[] = {0xEF, 0xBB, 0xBF};
    if (next(csv) != mark[0])
        return true;
    for (size_t i = 0; i < sizeof mark; i++, csv->input.at++)
        if (next(csv) != mark[i])
            return yg_fail(error, YG_ERROR_DATA, here(csv),
                           "the file does not start as UTF-8 text does");
    return true;
}

static bool read_header(yg_csv *csv, yg_error *error) {
    next(csv);
    if (!check_start(csv, error) || !skip_mark(csv, error))
        return false;
    yg_csv_status status;
    do
        status = read_record(csv, error);
    while (status == YG_CSV_ROW && csv->blank);
    if (status == YG_CSV_FAILED)
        return false;
    if (status == YG_CSV_END)
        return yg_fail(error, YG_ERROR_DATA, (yg_origin){csv->name, 0, 0},
                       "the file is empty; expected a line of column names, then rows");
    return keep_header(csv, error);
}

yg_csv *yg_csv_open(FILE *file, const char *name, char delimiter, yg_error *error) {
    yg_csv *csv = calloc(1, sizeof *csv);
    if (!csv) {
        yg_fail_memory(error);
        return NULL;
    }
    *csv = (yg_csv){.name = name, .delimiter = delimiter, .line = 1, .column = 1};
    if (yg_input_begin(&csv->input, file) ? read_header(csv, error) : yg_fail_memory(error))
        return csv;
    yg_csv_close(csv);
    return NULL;
}

void yg_csv_close(yg_csv *csv) {
    if (!csv)
        return;
    yg_input_end(&csv->input);
    yg_pool_free(csv->pool);
    free(csv->cells);
    free(csv->text);
    free(csv);
}

/* ------------------------------------------------------------------------------------ reading */

size_t yg_csv_column_count(const yg_csv *csv) {
    return csv->column_count;
}

const char *const *yg_csv_columns(const yg_csv *csv) {
    return csv->columns;
}

size_t yg_csv_find(const yg_csv *csv, const char *column) {
    const size_t found = yg_names_find(&csv->names, column);
    return found == YG_NOT_FOUND ? SIZE_MAX : csv->first[found];
}

static bool fail_column(const yg_csv *csv, const char *column, yg_origin origin, yg_error *error) {
    char hint[400];
    if (csv->column_count == 1 && strpbrk(csv->columns[0], ";\t|,"))
        return yg_fail(error, YG_ERROR_NAME, origin,
                       "%s has no column '%s': its first line holds one name, '%s'; is '%c' the "
                       "right delimiter?",
                       csv->name, column, csv->columns[0], csv->delimiter);
    return yg_fail(error, YG_ERROR_NAME, origin, "%s has no column '%s'%s", csv->name, column,
                   yg_names_suggest(&csv->names, column, hint, sizeof hint));
}

bool yg_csv_choose(const yg_csv *csv, const char *column, yg_origin origin, size_t *index,
                   yg_error *error) {
    *index = yg_csv_find(csv, column);
    return *index == SIZE_MAX ? fail_column(csv, column, origin, error)
                              : yg_csv_check_column(csv, *index, error);
}

yg_origin yg_csv_heading(const yg_csv *csv, size_t column) {
    return (yg_origin){csv->name, csv->header[column].line, csv->header[column].column};
}

bool yg_csv_check_column(const yg_csv *csv, size_t column, yg_error *error) {
    const char *name = csv->columns[column];
    if (!*name)
        return yg_fail(error, YG_ERROR_DATA, yg_csv_heading(csv, column),
                       "column %zu has no name; the first line must name every column that is used",
                       column + 1);
    const size_t known = yg_names_find(&csv->names, name);
    return csv->second[known] == SIZE_MAX ||
           yg_fail(error, YG_ERROR_NAME, yg_csv_heading(csv, csv->second[known]),
                   "columns %zu and %zu have the same name, '%s'", csv->first[known] + 1,
                   csv->second[known] + 1, name);
}

bool yg_csv_allow_stop(yg_csv *csv) {
    return yg_input_allow_stop(&csv->input);
}

void yg_csv_stop(const yg_csv *csv) {
    yg_input_stop(&csv->input);
}

bool yg_csv_ready(yg_csv *csv) {
    /* The LF of the last line's CR LF is not the next line. */
    for (int i = 0; i < 2; i++) {
        if (csv->input.at < csv->input.end)
            finish_line_end(csv);
        if (!yg_input_line_ready(&csv->input))
            return false;
        if (!csv->after_return)
            return true;
    }
    return true;
}

yg_csv_status yg_csv_next(yg_csv *csv, yg_error *error) {
    yg_csv_status status;
    do
        status = read_record(csv, error);
    while (status == YG_CSV_ROW && csv->blank && csv->column_count > 1);
    if (status != YG_CSV_ROW)
        return status;
    csv->row++;
    if (csv->cell_count == csv->column_count)
        return YG_CSV_ROW;
    yg_fail(error, YG_ERROR_DATA, (yg_origin){csv->name, csv->cells[0].line, 0},
            "row %" PRId64 " has %zu cells; the header names %zu columns", csv->row,
            csv->cell_count, csv->column_count);
    return YG_CSV_FAILED;
}

int64_t yg_csv_row(const yg_csv *csv) {
    return csv->row;
}

const char *yg_csv_cell(const yg_csv *csv, size_t column) {
    return csv->text + csv->cells[column].start;
}

yg_origin yg_csv_cell_origin(const yg_csv *csv, size_t column) {
    return (yg_origin){csv->name, csv->cells[column].line, csv->cells[column].column};
}
