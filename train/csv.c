/*
 * CSV, read record by record: see csv.h. A record's cells are collected as NUL-terminated texts in
 * one growing buffer, so that a file of any length takes the memory of its longest record.
 */
#include "csv.h"

#include "../graph/number.h"
#include "../graph/spelling.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const size_t RECORD_CAP = (size_t)64 << 20; /* bytes of one record */

typedef struct cell {
    size_t start; /* in `text` */
    int32_t line, column;
} cell;

struct yg_csv {
    FILE *file;
    const char *name;
    char delimiter;
    int next;                /* the character that was read ahead, or EOF */
    int32_t line, column;    /* of `next` */
    char *text;              /* the record's cells, each with its NUL */
    size_t length, capacity; /* of text */
    cell *cells;
    size_t cell_count, cell_capacity;
    bool blank; /* the record is an empty line */
    int64_t row;
    size_t column_count;
    char **columns;
};

static yg_origin here(const yg_csv *csv) {
    return (yg_origin){csv->name, csv->line, csv->column};
}

/* --------------------------------------------------------------------------------- characters */

static void advance(yg_csv *csv) {
    if (csv->next == '\n') {
        csv->line += csv->line < INT32_MAX;
        csv->column = 1;
    } else if ((csv->next & 0xC0) != 0x80) { /* not inside a UTF-8 character */
        csv->column += csv->column < INT32_MAX;
    }
    csv->next = getc(csv->file);
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
    if (csv->next == '\0')
        return yg_fail(error, YG_ERROR_DATA, here(csv), "a NUL character: this is not a text file");
    if (!put(csv, (char)csv->next, error))
        return false;
    advance(csv);
    return true;
}

static bool at_record_end(const yg_csv *csv) {
    return csv->next == EOF || csv->next == '\n' || csv->next == '\r';
}

static void skip_record_end(yg_csv *csv) {
    if (csv->next == '\r')
        advance(csv);
    if (csv->next == '\n')
        advance(csv);
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
        if (csv->next == EOF)
            return yg_fail(error, YG_ERROR_DATA, start, "this quote is never closed");
        if (csv->next == '"') {
            advance(csv);
            if (csv->next != '"')
                break;
        }
        if (!take(csv, error))
            return false;
    }
    while (is_blank(csv, csv->next))
        advance(csv);
    if (!at_record_end(csv) && csv->next != csv->delimiter)
        return yg_fail(error, YG_ERROR_DATA, here(csv),
                       "text behind the closing quote; expected '%c' or the line's end (a quote "
                       "inside a quoted cell is written twice)",
                       csv->delimiter);
    return true;
}

static bool read_cell(yg_csv *csv, yg_error *error) {
    while (is_blank(csv, csv->next))
        advance(csv);
    if (!begin_cell(csv, error))
        return false;
    const size_t start = csv->length;
    if (csv->next == '"') {
        if (!read_quoted(csv, error))
            return false;
    } else {
        while (!at_record_end(csv) && csv->next != csv->delimiter)
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
    if (ferror(csv->file)) {
        yg_fail(error, YG_ERROR_IO, (yg_origin){csv->name, 0, 0}, "cannot be read: %s",
                strerror(errno));
        return YG_CSV_FAILED;
    }
    if (csv->next == EOF)
        return YG_CSV_END;
    csv->blank = at_record_end(csv);
    for (;;) {
        if (!read_cell(csv, error))
            return YG_CSV_FAILED;
        if (csv->next != csv->delimiter)
            break;
        advance(csv);
    }
    skip_record_end(csv);
    return YG_CSV_ROW;
}

/* ------------------------------------------------------------------------------------- header */

static bool keep_header(yg_csv *csv, yg_error *error) {
    csv->columns = calloc(csv->cell_count, sizeof *csv->columns);
    if (!csv->columns)
        return yg_fail_memory(error);
    for (size_t i = 0; i < csv->cell_count; i++) {
        const char *name = yg_csv_cell(csv, i);
        if (!*name)
            return yg_fail(error, YG_ERROR_DATA, yg_csv_cell_origin(csv, i),
                           "column %zu has no name; the first line must name every column", i + 1);
        const size_t same = yg_csv_find(csv, name);
        if (same != SIZE_MAX)
            return yg_fail(error, YG_ERROR_NAME, yg_csv_cell_origin(csv, i),
                           "columns %zu and %zu have the same name, '%s'", same + 1, i + 1, name);
        csv->columns[i] = strdup(name);
        if (!csv->columns[i])
            return yg_fail_memory(error);
        csv->column_count++;
    }
    return true;
}

static bool read_header(yg_csv *csv, yg_error *error) {
    csv->next = getc(csv->file);
    if (csv->next == 0xEF) { /* the byte order mark, EF BB BF; nothing else starts so and is kept */
        const int second = getc(csv->file), third = getc(csv->file);
        if (second != 0xBB || third != 0xBF)
            return yg_fail(error, YG_ERROR_DATA, here(csv),
                           "the file does not start as UTF-8 text "
                           "does");
        csv->next = getc(csv->file);
    }
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
    *csv = (yg_csv){.file = file, .name = name, .delimiter = delimiter, .line = 1, .column = 1};
    if (read_header(csv, error))
        return csv;
    yg_csv_close(csv);
    return NULL;
}

void yg_csv_close(yg_csv *csv) {
    if (!csv)
        return;
    for (size_t i = 0; i < csv->column_count; i++)
        free(csv->columns[i]);
    free(csv->columns);
    free(csv->cells);
    free(csv->text);
    free(csv);
}

/* ------------------------------------------------------------------------------------ reading */

size_t yg_csv_column_count(const yg_csv *csv) {
    return csv->column_count;
}

const char *const *yg_csv_columns(const yg_csv *csv) {
    return (const char *const *)csv->columns;
}

size_t yg_csv_find(const yg_csv *csv, const char *column) {
    for (size_t i = 0; i < csv->column_count; i++)
        // NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): each column has a name
        if (strcmp(csv->columns[i], column) == 0)
            return i;
    return SIZE_MAX;
}

bool yg_csv_fail_column(const yg_csv *csv, const char *column, yg_origin origin, yg_error *error) {
    char hint[400];
    if (csv->column_count == 1 && strpbrk(csv->columns[0], ";\t|,"))
        return yg_fail(error, YG_ERROR_NAME, origin,
                       "%s has no column '%s': its first line holds one name, '%s'; is '%c' the "
                       "right delimiter?",
                       csv->name, column, csv->columns[0], csv->delimiter);
    return yg_fail(error, YG_ERROR_NAME, origin, "%s has no column '%s'%s", csv->name, column,
                   yg_suggest(column, yg_csv_columns(csv), csv->column_count, hint, sizeof hint));
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

bool yg_csv_is_missing(const yg_csv *csv, size_t column) {
    static const char *const words[] = {"", "NA", "N/A", "NaN", "null", "?"};
    const char *text = yg_csv_cell(csv, column);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcasecmp(text, words[i]) == 0)
            return true;
    return false;
}

bool yg_csv_is_number(const yg_csv *csv, size_t column, double *value) {
    const char *text = yg_csv_cell(csv, column);
    return yg_number_parse(text, strlen(text), value) != YG_NUMBER_NOT && isfinite(*value);
}

bool yg_csv_fail_missing(const yg_csv *csv, size_t column, yg_error *error) {
    const char *text = yg_csv_cell(csv, column);
    return yg_fail(error, YG_ERROR_DATA, yg_csv_cell_origin(csv, column),
                   "row %" PRId64 ", column '%s': a missing value (%s%s%s); remove the row or fill "
                   "it in",
                   csv->row, csv->columns[column], *text ? "'" : "", *text ? text : "empty",
                   *text ? "'" : "");
}

bool yg_csv_number(const yg_csv *csv, size_t column, double *value, yg_error *error) {
    if (yg_csv_is_number(csv, column, value))
        return true;
    if (yg_csv_is_missing(csv, column))
        return yg_csv_fail_missing(csv, column, error);
    return yg_fail(error, YG_ERROR_DATA, yg_csv_cell_origin(csv, column),
                   "row %" PRId64 ", column '%s': '%.60s' is not a number", csv->row,
                   csv->columns[column], yg_csv_cell(csv, column));
}
