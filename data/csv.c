/*
 * CSV, read record by record: see csv.h. A block of the file is read at once. Its records are found
 * by csv_scan.c where they stand; an unfinished one waits for the next block. So a file of any
 * length takes the memory of a block, or of its longest record.
 */
#include "csv.h"

#include "../graph/pool.h"
#include "csv_decimal.h"
#include "csv_lanes.h"
#include "csv_scan.h"
#include "file_start.h"
#include "input.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

_Static_assert((int)YG_INPUT_SLACK >= (int)YG_CSV_SLACK, "a scan looks behind the last byte");

enum { COUNTED_AT_ONCE = 4096 }; /* records, where only their number is wanted */

struct yg_csv {
    yg_byte_input input;
    yg_csv_scan scan;   /* of input.bytes */
    yg_csv_lanes lanes; /* of the bytes behind it */
    yg_csv_format format;
    const char *name;
    int64_t rows;     /* before the records that were given last */
    size_t first;     /* the first of these in the scan; those behind them will be given next */
    int64_t given;    /* how many they are */
    yg_error failure; /* of the record behind those that were given last; code YG_OK: none */
    size_t column_count;
    const char **columns; /* their names; "": without a name */
    yg_origin *headings;  /* the places of the names in the file */
    yg_pool *pool;        /* holds the names */
};

/* -------------------------------------------------------------------------------- blocks ----- */

/* Reads more bytes behind the unfinished record. False at the end, and after a failure. */
static bool read_more(yg_csv *csv, yg_threads *threads) {
    const size_t from = csv->input.at = csv->scan.record;
    const bool more = yg_input_more_by(&csv->input, threads);
    yg_csv_scan_moved(&csv->scan, csv->input.bytes, from);
    csv->scan.end = csv->input.end;
    /* What could not be read may hold more: the next scan tells that. */
    csv->scan.last = !more && !csv->input.failure.code;
    return more;
}

/* Scans records: at least one, if there is no fault before it and no end. There may be more than
 * `limit` where threads work. */
static bool scan_records(yg_csv *csv, size_t limit, yg_threads *threads, yg_error *error) {
    yg_csv_scan *scan = &csv->scan;
    for (;;) {
        if (yg_csv_lanes_take(&csv->lanes, scan))
            return true;
        if (threads)
            yg_csv_lanes_run(&csv->lanes, scan, threads);
        if (yg_csv_lanes_take(&csv->lanes, scan))
            return true;
        yg_csv_scan_run(scan, limit);
        if (scan->count || scan->fault || scan->last)
            return true;
        if (!read_more(csv, threads) && csv->input.failure.code)
            return yg_fail_as(error, &csv->input.failure);
    }
}

/* The LF of a CR LF belongs to the line before it. Passes over it, if it is there already. */
static void finish_line_end(yg_csv *csv) {
    yg_csv_scan *scan = &csv->scan;
    if (!scan->returned || scan->record == scan->end)
        return;
    if (scan->bytes[scan->record] == '\n')
        scan->at = scan->cell = ++scan->record;
    scan->returned = false;
}

static yg_origin origin_of(const yg_csv *csv, const yg_csv_place *place) {
    return (yg_origin){csv->name, place->line < INT32_MAX ? (int32_t)place->line : INT32_MAX,
                       place->column < INT32_MAX ? (int32_t)place->column : INT32_MAX};
}

/* Says what is wrong with the record that the scan stands at. Always returns false. */
static bool fail_record(const yg_csv *csv, yg_error *error) {
    const yg_csv_scan *scan = &csv->scan;
    yg_csv_place place = {scan->record, scan->line, 1};
    if (scan->fault == YG_CSV_CELL_COUNT)
        place.column = 0;
    else
        yg_csv_scan_walk(scan, &place, scan->place);
    const yg_origin origin = origin_of(csv, &place);
    switch (scan->fault) {
    case YG_CSV_GOOD:
    case YG_CSV_MEMORY:
        break;
    case YG_CSV_NUL:
        return yg_fail(error, YG_ERROR_DATA, origin, "a NUL character: this is not a text file");
    case YG_CSV_NOT_UTF8:
        return yg_fail(error, YG_ERROR_DATA, origin,
                       "this cell is not UTF-8 text; convert the file: iconv -f WINDOWS-1252 -t "
                       "UTF-8 FILE, if it is from Windows");
    case YG_CSV_UNCLOSED:
        return yg_fail(error, YG_ERROR_DATA, origin, "this quote is never closed");
    case YG_CSV_TEXT:
        return yg_fail(error, YG_ERROR_DATA, origin,
                       "text behind the closing quote; expected '%c' or the line's end (a quote "
                       "inside a quoted cell is written twice)",
                       scan->delimiter);
    case YG_CSV_TOO_LONG:
        return yg_fail(error, YG_ERROR_DATA, origin,
                       "a row of more than %zu MiB; is a closing quote missing?",
                       YG_CSV_RECORD_CAP >> 20);
    case YG_CSV_CELL_COUNT:
        if (csv->column_count == 1 && scan->found > 1 && !csv->format.headless && csv->rows < 20)
            return yg_fail(error, YG_ERROR_DATA, origin,
                           "row %" PRId64 " has %zu cells; the header names one column; if the "
                           "header is here, remove what stands before it: tail -n +%" PRId64
                           " FILE",
                           csv->rows + 1, scan->found, place.line);
        return yg_fail(error, YG_ERROR_DATA, origin,
                       "row %" PRId64 " has %zu cells; %s %zu columns", csv->rows + 1, scan->found,
                       csv->format.headless ? "the first row has" : "the header names",
                       csv->column_count);
    }
    return yg_fail_memory(error);
}

/* -------------------------------------------------------------------------------- header ----- */

/* Recognises files that are not CSV text by their first bytes, and says what to do with them. */
static bool check_start(const yg_csv *csv, yg_error *error) {
    const char *what = yg_file_start(csv->scan.bytes, csv->scan.end);
    return !what || yg_fail(error, YG_ERROR_DATA, (yg_origin){csv->name, 0, 0},
                            "this is not a CSV file: %s", what);
}

/* Passes over the byte order mark, EF BB BF. Nothing else starts so and is kept. */
static bool skip_mark(yg_csv *csv, yg_error *error) {
    static const unsigned char mark[] = {0xEF, 0xBB, 0xBF};
    yg_csv_scan *scan = &csv->scan;
    if (scan->end == 0 || scan->bytes[0] != mark[0])
        return true;
    while (scan->end < sizeof mark && read_more(csv, NULL))
        continue;
    for (size_t i = 0; i < sizeof mark; i++)
        if (i >= scan->end || scan->bytes[i] != mark[i])
            return yg_fail(error, YG_ERROR_DATA, (yg_origin){csv->name, 1, 1},
                           "the file does not start as UTF-8 text does");
    scan->at = scan->record = scan->cell = sizeof mark;
    return true;
}

/* The first line of a table that a spreadsheet has written may be "sep=;". It names the delimiter,
 * and is no header. */
static void take_separator(yg_csv *csv) {
    static const char begin[] = "sep=";
    enum { BEGIN = sizeof begin - 1, LINE = BEGIN + 3 };
    yg_csv_scan *scan = &csv->scan;
    size_t there;
    do { /* a pipe is waited for only as long as the line may be this one */
        there = scan->end - scan->at;
        if (memcmp(scan->bytes + scan->at, begin, there < BEGIN ? there : BEGIN) != 0)
            return;
    } while (there < LINE && read_more(csv, NULL));
    const unsigned char *line = scan->bytes + scan->at;
    if (there < BEGIN + 2 || !strchr(";,|\t", line[BEGIN]) ||
        (line[BEGIN + 1] != '\n' && line[BEGIN + 1] != '\r'))
        return;
    const bool two = there > BEGIN + 2 && line[BEGIN + 1] == '\r' && line[BEGIN + 2] == '\n';
    csv->format.delimiter = scan->delimiter = (char)line[BEGIN];
    scan->at = scan->record = scan->cell = scan->at + BEGIN + 2 + two;
    scan->line++;
}

/* The name of a column, as the format or the first record says. NULL when out of memory. */
static const char *name_of(yg_csv *csv, size_t column) {
    const yg_csv_format *format = &csv->format;
    const yg_cell *cell = &csv->scan.cells[column];
    char number[24];
    if (!format->headless)
        return yg_pool_copy(csv->pool, cell->text, cell->size);
    if (format->names)
        return yg_pool_copy(csv->pool, format->names[column], strlen(format->names[column]));
    const int size = snprintf(number, sizeof number, "%zu", column + 1);
    return yg_pool_copy(csv->pool, number, (size_t)size);
}

/* Where a cell of the scan begins: a quoted one with its quote. */
static size_t beginning(const yg_csv *csv, const yg_cell *cell, size_t record) {
    const size_t at = (size_t)((const unsigned char *)cell->text - csv->scan.bytes);
    return at > record && csv->scan.bytes[at - 1] == '"' ? at - 1 : at;
}

static bool is_target(const yg_csv_format *format, const char *name) {
    for (size_t i = 0; i < format->target_count; i++)
        if (strcmp(format->targets[i], name) == 0)
            return true;
    return false;
}

/* Of a file with fewer cells than names: leaves out the names of targets, if that fits. */
static bool leave_targets_out(yg_csv *csv, size_t count, yg_error *error) {
    yg_csv_format *format = &csv->format;
    size_t kept = 0;
    if (!format->names || format->name_count == count)
        return true;
    for (size_t i = 0; i < format->name_count; i++)
        kept += !is_target(format, format->names[i]);
    if (kept != count)
        return true;
    const char **names = yg_pool_take(csv->pool, count * sizeof *names);
    if (!names)
        return yg_fail_memory(error);
    for (size_t i = kept = 0; i < format->name_count; i++)
        if (!is_target(format, format->names[i]))
            names[kept++] = format->names[i];
    format->names = names;
    format->name_count = count;
    return true;
}

/* Takes the columns from the first record. */
static bool keep_columns(yg_csv *csv, yg_error *error) {
    const size_t count = csv->scan.cell_count;
    const size_t start = csv->scan.lines[0].start;
    yg_csv_place place = {start, csv->scan.lines[0].line, 1};
    csv->pool = yg_pool_new();
    if (!csv->pool)
        return yg_fail_memory(error);
    if (!leave_targets_out(csv, count, error))
        return false;
    if (csv->format.names && csv->format.name_count != count)
        return yg_fail(error, YG_ERROR_DATA, (yg_origin){csv->name, (int32_t)place.line, 0},
                       "row 1 has %zu cells; `header` names %zu columns", count,
                       csv->format.name_count);
    csv->columns = yg_pool_take(csv->pool, count * sizeof *csv->columns);
    csv->headings = yg_pool_take(csv->pool, count * sizeof *csv->headings);
    if (!csv->columns || !csv->headings)
        return yg_fail_memory(error);
    for (size_t i = 0; i < count; i++) {
        csv->columns[i] = name_of(csv, i);
        if (!csv->columns[i])
            return yg_fail_memory(error);
        yg_csv_scan_walk(&csv->scan, &place, beginning(csv, &csv->scan.cells[i], start));
        csv->headings[i] = origin_of(csv, &place);
    }
    csv->column_count = csv->scan.columns = count;
    return true;
}

static bool read_header(yg_csv *csv, yg_error *error) {
    if (!read_more(csv, NULL) && csv->input.failure.code)
        return yg_fail_as(error, &csv->input.failure);
    if (!check_start(csv, error) || !skip_mark(csv, error))
        return false;
    take_separator(csv);
    if (!scan_records(csv, 1, NULL, error))
        return false;
    if (csv->scan.fault)
        return fail_record(csv, error);
    if (csv->scan.count == 0)
        return yg_fail(error, YG_ERROR_DATA, (yg_origin){csv->name, 0, 0},
                       "the file is empty; expected a line of column names, then rows");
    if (!keep_columns(csv, error))
        return false;
    csv->first = csv->format.headless ? 0 : 1;
    return true;
}

yg_csv *yg_csv_open(FILE *file, const char *name, const yg_csv_format *format, yg_error *error) {
    yg_csv *csv = calloc(1, sizeof *csv);
    if (!csv) {
        yg_fail_memory(error);
        return NULL;
    }
    csv->name = name;
    csv->format = *format;
    csv->scan.delimiter = format->delimiter;
    csv->scan.comment = format->comment;
    csv->scan.line = 1;
    const bool begun = yg_input_begin(&csv->input, file, name);
    csv->scan.bytes = csv->input.bytes;
    if (begun ? read_header(csv, error) : yg_fail_memory(error))
        return csv;
    yg_csv_close(csv);
    return NULL;
}

void yg_csv_close(yg_csv *csv) {
    if (!csv)
        return;
    yg_input_end(&csv->input);
    yg_csv_scan_free(&csv->scan);
    yg_csv_lanes_free(&csv->lanes);
    yg_pool_free(csv->pool);
    free(csv);
}

size_t yg_csv_column_count(const yg_csv *csv) {
    return csv->column_count;
}

const char *const *yg_csv_columns(const yg_csv *csv) {
    return csv->columns;
}

yg_origin yg_csv_heading(const yg_csv *csv, size_t column) {
    return csv->headings[column];
}

/* ------------------------------------------------------------------------------- reading ----- */

/* How many records have been scanned and not given. */
static size_t count_left(const yg_csv *csv) {
    return csv->scan.count - csv->first - (size_t)csv->given;
}

/* Makes the numbers of the given records plain, in the columns that are used. Keeps those before
 * the first that has a number in another form; csv->failure is for that one. */
static void convert_numbers(yg_csv *csv, const bool *used) {
    const yg_csv_marks *marks = &csv->format.marks;
    yg_cell *cells = csv->scan.cells + csv->first * csv->column_count;
    const size_t count = (size_t)csv->given * csv->column_count;
    size_t good = 0;
    while (good < count &&
           ((used && !used[good % csv->column_count]) || cells[good].kind == YG_CELL_NONE ||
            yg_csv_decimal_check(&cells[good], marks)))
        good++;
    if (good < count) {
        const yg_cell *cell = &cells[good];
        csv->given = (int64_t)(good / csv->column_count);
        const yg_place place = yg_csv_place_of(csv, (size_t)csv->given, good % csv->column_count);
        yg_fail(&csv->failure, YG_ERROR_DATA, place.origin,
                "row %" PRId64 ", column '%.200s': '%.*s' has a point, but `decimal` is \"%c\"; "
                "`thousands: \".\"` is for points between groups of three digits",
                place.row, csv->columns[good % csv->column_count],
                cell->size < 60 ? (int)cell->size : 60, cell->text, marks->decimal);
    }
    for (size_t i = 0; i < (size_t)csv->given * csv->column_count; i++)
        if ((!used || used[i % csv->column_count]) && cells[i].kind != YG_CELL_NONE)
            yg_csv_decimal(&cells[i], marks);
}

/* Cells with a text of `na_values` have no value. They keep their place in the file. */
static void forget_missing(yg_csv *csv, const bool *used) {
    const yg_csv_format *format = &csv->format;
    yg_cell *cells = csv->scan.cells + csv->first * csv->column_count;
    for (size_t i = 0; i < (size_t)csv->given * csv->column_count; i++)
        for (size_t m = 0; (!used || used[i % csv->column_count]) && m < format->missing_count; m++)
            if (cells[i].size == strlen(format->missing[m]) &&
                memcmp(cells[i].text, format->missing[m], cells[i].size) == 0)
                cells[i].kind = YG_CELL_NONE;
}

/* Counts the records from the current one on that have another number of cells than the header, up
 * to the end of the file. Returns false if it meets a record that cannot be read at all. */
static bool count_ragged(yg_csv *csv, int64_t *ragged) {
    yg_csv_scan *scan = &csv->scan;
    yg_csv_lanes_drop(&csv->lanes);
    yg_csv_scan_rewind(scan);
    scan->counting = true;
    do {
        yg_csv_scan_clear(scan);
        yg_csv_scan_run(scan, COUNTED_AT_ONCE);
    } while (!scan->fault &&
             (scan->count || (!scan->last && (read_more(csv, NULL) || scan->last))));
    *ragged = scan->left_out;
    return !scan->fault && !csv->input.failure.code;
}

/* Says what is wrong with the next record. Of a file it tells how many rows have another number of
 * cells: the rows of a pipe may not have been written yet. Always returns false. */
static bool fail_records(yg_csv *csv, yg_error *error) {
    yg_error first = {0};
    int64_t offset, ragged;
    const bool counts = csv->scan.fault == YG_CSV_CELL_COUNT;
    fail_record(csv, &first);
    if (!counts || !yg_input_tell(&csv->input, &offset))
        return yg_fail_as(error, &first);
    const bool all = count_ragged(csv, &ragged);
    if (ragged < 2)
        return yg_fail_as(error, &first);
    return yg_fail(error, first.code, (yg_origin){csv->name, first.line, first.column},
                   "%s (the first of %s%" PRId64 " rows with another number of cells)",
                   first.message, all ? "" : "at least ", ragged);
}

/* Scans the next records, or says why there are none. */
static bool read_records(yg_csv *csv, int64_t limit, yg_threads *threads, yg_error *error) {
    yg_csv_scan *scan = &csv->scan;
    yg_csv_scan_clear(scan);
    csv->first = 0;
    if (!scan_records(csv, (size_t)limit, threads, error))
        return false;
    if (scan->fault && !scan->count)
        return fail_records(csv, error);
    yg_csv_scan_rewind(scan);
    return true;
}

int64_t yg_csv_next(yg_csv *csv, int64_t limit, const bool *used, yg_threads *threads,
                    yg_records *records, yg_error *error) {
    if (!csv->failure.code) {
        csv->rows += csv->given;
        csv->first += (size_t)csv->given;
        csv->given = 0;
        if (!count_left(csv) && !read_records(csv, limit, threads, error))
            return -1;
        csv->given = (int64_t)count_left(csv);
        csv->given = csv->given < limit ? csv->given : limit;
        if (csv->format.missing_count)
            forget_missing(csv, used);
        if (!yg_csv_marks_plain(&csv->format.marks))
            convert_numbers(csv, used);
        *records = (yg_records){csv->given, csv->scan.cells + csv->first * csv->column_count};
        if (csv->given || !csv->failure.code)
            return csv->given;
    }
    yg_fail_as(error, &csv->failure);
    return -1;
}

bool yg_csv_peek(const yg_csv *csv, size_t number, yg_records *records) {
    if (count_left(csv) || csv->failure.code || csv->format.missing_count ||
        !yg_csv_marks_plain(&csv->format.marks))
        return false;
    const yg_csv_scan *lane = yg_csv_lanes_peek(&csv->lanes, &csv->scan, number);
    if (lane)
        *records = (yg_records){(int64_t)lane->count, lane->cells};
    return lane != NULL;
}

yg_place yg_csv_place_of(const yg_csv *csv, size_t record, size_t column) {
    const size_t number = csv->first + record;
    const yg_csv_line *from = &csv->scan.lines[number];
    yg_csv_place place = {from->start, from->line, 1};
    yg_csv_scan_walk(
        &csv->scan, &place,
        beginning(csv, &csv->scan.cells[number * csv->column_count + column], from->start));
    return (yg_place){.origin = origin_of(csv, &place),
                      .row = csv->rows + (int64_t)record + 1,
                      .column = csv->columns[column]};
}

bool yg_csv_tell(yg_csv *csv, yg_mark *mark) {
    yg_csv_scan *scan = &csv->scan;
    int64_t at;
    csv->input.at = 0;
    if (!yg_input_tell(&csv->input, &at))
        return false;
    if (scan->returned && scan->record == scan->end)
        read_more(csv, NULL); /* a failure is told by the next read */
    finish_line_end(csv);
    const yg_csv_line from = count_left(csv) ? scan->lines[csv->first + (size_t)csv->given]
                                             : (yg_csv_line){scan->record, scan->line};
    const int64_t row = csv->rows + csv->given;
    yg_input_tell(&csv->input, &at);
    *mark = (yg_mark){.offset = at - (int64_t)csv->input.at + (int64_t)from.start,
                      .record = row,
                      .row = row,
                      .line = from.line};
    return true;
}

bool yg_csv_seek(yg_csv *csv, const yg_mark *mark, yg_error *error) {
    yg_csv_scan *scan = &csv->scan;
    csv->input.at = scan->record;
    if (!yg_input_seek(&csv->input, mark->offset, error))
        return false;
    yg_csv_scan_clear(scan);
    yg_csv_lanes_drop(&csv->lanes);
    scan->bytes = csv->input.bytes;
    scan->end = csv->input.end;
    scan->record = csv->input.at;
    scan->line = mark->line;
    scan->last = scan->returned = false;
    yg_csv_scan_rewind(scan);
    csv->rows = mark->row;
    csv->first = 0;
    csv->given = 0;
    csv->failure.code = YG_OK;
    return true;
}

bool yg_csv_allow_stop(yg_csv *csv) {
    return yg_input_allow_stop(&csv->input);
}

void yg_csv_stop(const yg_csv *csv) {
    yg_input_stop(&csv->input);
}

bool yg_csv_ready(yg_csv *csv) {
    yg_csv_scan *scan = &csv->scan;
    if (count_left(csv) || yg_csv_lanes_peek(&csv->lanes, scan, 1))
        return true;
    /* The LF of the last line's CR LF is not the next line. */
    for (int i = 0; i < 2 && !csv->failure.code; i++) {
        finish_line_end(csv);
        const size_t from = csv->input.at = scan->record;
        const bool ready = yg_input_line_ready(&csv->input);
        yg_csv_scan_moved(scan, csv->input.bytes, from - csv->input.at);
        scan->end = csv->input.end;
        if (!ready)
            return false;
        if (!scan->returned)
            return true;
    }
    return true;
}
