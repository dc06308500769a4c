/*
 * The table `csv: PATH`: a CSV file, see csv.h, and the keys that say how it is written.
 */
#include "csv.h"
#include "table.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

typedef struct csv_table {
    yg_table table;
    yg_csv *csv;
    FILE *own; /* NULL: the file is the caller's */
    yg_csv_format format;
    const char **names;   /* owned; of the format */
    const char **missing; /* the same */
} csv_table;

static void close_csv(yg_table *table) {
    csv_table *state = (csv_table *)table;
    yg_csv_close(state->csv);
    if (state->own)
        fclose(state->own);
    free(state->names);
    free(state->missing);
    free(state);
}

/* --------------------------------------------------------------------------------- keys ------ */

/* The keys as they are written. */
typedef struct csv_keys {
    const yg_value *delimiter, *decimal, *thousands, *signs, *header, *comment, *na_values;
} csv_keys;

#define SIGNS       "what stands beside numbers is listed in `signs`, as in `signs: \"$€%()\"`"
#define KEY(member) .kind = YG_SETTING_VALUE, .offset = offsetof(csv_keys, member)

static const yg_setting settings[] = {
    {"delimiter", KEY(delimiter), .form = "a character, or `tab`", .forms = YG_FORM_SCALAR,
     .fallback = "\",\"; in a .tsv file a tab", .example = "\";\"",
     .doc = "the character between cells"},
    {"decimal", KEY(decimal), .form = "\".\" or \",\"", .forms = YG_FORM_SCALAR,
     .fallback = "\".\"", .example = "\",\"",
     .doc = "what stands before the fraction: \",\" where numbers are written 1,5. A number with a "
            "point is an error then"},
    {"thousands", KEY(thousands), .form = "\".\", \",\", \"_\", \"'\" or \" \"",
     .forms = YG_FORM_SCALAR, .fallback = "none", .example = "\",\"",
     .doc = "what stands between groups of three digits"},
    {"signs", KEY(signs), .form = "characters", .forms = YG_FORM_SCALAR, .fallback = "none",
     .example = "\"$€%\"",
     .doc =
         "what may stand before or behind a number, as in $5, 5 € and 12 %, which are 5, 5 and 12. "
         "With brackets among them, (5) is -5"},
    {"header", KEY(header), .form = "true or false, or a list of names",
     .forms = YG_FORM_SCALAR | YG_FORM_LIST | YG_FORM_ANY, .fallback = "true",
     .example = "[area, rooms, price]",
     .doc =
         "false: the first line is a row, and the columns are called 1, 2, …; or the names of all "
         "columns. A file for `predict` may lack those of the targets"},
    {"comment", KEY(comment), .form = "a character", .forms = YG_FORM_SCALAR, .fallback = "none",
     .example = "\"#\"", .doc = "lines that begin with this character are passed over"},
    {"na_values", KEY(na_values), .form = "a text, or a list of texts",
     .forms = YG_FORM_SCALAR | YG_FORM_LIST, .fallback = "none", .example = "[\"-\", unknown]",
     .doc = "cells that have no value, beside those that are empty or say NA for example. A text "
            "that reads as a number in YAML stands in quotes: \"-999\""},
    {"missing_values", .hint = "it is `na_values` here"},
    {"null_values", .hint = "it is `na_values` here"},
    {"separator", .hint = "it is `delimiter` here"},
    {"sep", .hint = "it is `delimiter` here"},
    {"decimal_separator", .hint = "it is `decimal` here"},
    {"thousands_separator", .hint = "it is `thousands` here"},
    {"currency", .hint = SIGNS},
    {"unit", .hint = SIGNS},
    {"percent", .hint = SIGNS},
    {"prefix", .hint = SIGNS},
    {"suffix", .hint = SIGNS},
};

#undef KEY
#undef SIGNS

/* A key whose value is one ASCII character. *character stays as it is where it is not written. */
static bool read_character(const yg_value *value, const char *what, char *character,
                           yg_error *error) {
    const char *text;
    if (!value)
        return true;
    if (!yg_value_text(value, what, &text, error))
        return false;
    if (strcmp(text, "tab") == 0)
        text = "\t";
    if (strlen(text) != 1 || strchr("\"\n\r", text[0]) || (unsigned char)text[0] >= 0x80)
        return yg_fail(error, YG_ERROR_ARGUMENT, value->origin,
                       "%s is one character, such as \";\", or tab; found '%s'", what, text);
    *character = text[0];
    return true;
}

/* A key whose value is one of a few characters. */
static bool choose_character(const yg_value *value, const char *what, const char *allowed,
                             const char *shown, char *character, yg_error *error) {
    const char *text;
    if (!value)
        return true;
    if (!yg_value_text(value, what, &text, error))
        return false;
    if (strlen(text) != 1 || !strchr(allowed, text[0]))
        return yg_fail(error, YG_ERROR_ARGUMENT, value->origin, "%s is %s; found '%s'", what, shown,
                       text);
    *character = text[0];
    return true;
}

/* `signs: "$€%()"`: characters that stand beside numbers. */
static bool read_signs(const yg_value *value, char *signs, yg_error *error) {
    const char *text;
    if (!value)
        return true;
    if (!yg_value_text(value, "`signs`", &text, error))
        return false;
    if (!*text || strlen(text) >= YG_CSV_SIGNS || strpbrk(text, "0123456789.,+-eE\"\n"))
        return yg_fail(
            error, YG_ERROR_ARGUMENT, value->origin,
            "`signs` are characters that stand beside numbers, such as \"$€%%\": %d bytes "
            "at most, and none that a number has; found '%.60s'",
            YG_CSV_SIGNS - 1, text);
    memcpy(signs, text, strlen(text) + 1);
    return true;
}

static bool read_marks(const csv_keys *keys, yg_csv_marks *marks, yg_error *error) {
    marks->decimal = '.';
    if (!choose_character(keys->decimal, "`decimal`", ".,", "\",\" or \".\"", &marks->decimal,
                          error) ||
        !choose_character(keys->thousands, "`thousands`", ".,_' ",
                          "one of \".\", \",\", \"_\", \"'\" and \" \"", &marks->thousands,
                          error) ||
        !read_signs(keys->signs, marks->signs, error))
        return false;
    return marks->thousands != marks->decimal ||
           yg_fail(error, YG_ERROR_ARGUMENT, keys->thousands->origin,
                   "`decimal` and `thousands` must differ; both are \"%c\"%s", marks->decimal,
                   keys->decimal ? "" : " (`decimal` is that without saying so)");
}

/* `header: false`, or the names of the columns of a file without a header. */
static bool read_header_key(const yg_value *value, csv_table *state, yg_error *error) {
    bool header = true;
    char found[80];
    if (!value)
        return true;
    if (value->kind == YG_SCALAR && yg_value_bool(value, "`header`", &header, NULL)) {
        state->format.headless = !header;
        return true;
    }
    if (value->kind != YG_SEQUENCE || value->count == 0)
        return yg_fail(error, YG_ERROR_ARGUMENT, value->origin,
                       "`header` is false, or the names of all columns, where the file has none; "
                       "found %s",
                       yg_value_describe(value, found, sizeof found));
    state->names = calloc(value->count, sizeof *state->names);
    if (!state->names)
        return yg_fail_memory(error);
    for (size_t i = 0; i < value->count; i++)
        if (!yg_value_text(value->items[i], "a column's name", &state->names[i], error))
            return false;
    state->format.headless = true;
    state->format.names = state->names;
    state->format.name_count = value->count;
    return true;
}

/* `na_values: ["-", unknown]` */
static bool read_missing(const yg_value *value, csv_table *state, yg_error *error) {
    const bool list = value && value->kind == YG_SEQUENCE;
    const size_t count = list ? value->count : 1;
    if (!value)
        return true;
    state->missing = calloc(count + 1, sizeof *state->missing);
    if (!state->missing)
        return yg_fail_memory(error);
    for (size_t i = 0; i < count; i++)
        if (!yg_value_text(list ? value->items[i] : value, "a text of `na_values`",
                           &state->missing[i], error))
            return false;
    state->format.missing = state->missing;
    state->format.missing_count = count;
    return true;
}

static bool ends_with(const char *text, const char *end) {
    const size_t length = strlen(text), size = strlen(end);
    return length >= size && strcmp(text + length - size, end) == 0;
}

static bool is_tsv(const char *path) {
    return ends_with(path, ".tsv") || ends_with(path, ".tsv.gz");
}

/* Whether the file has tabs between its cells: by its name, or, where that tells nothing, as that
 * of standard input, by the name of the file that `part` is of. */
static bool has_tabs(const yg_table_request *request) {
    const char *path = request->path ? request->path : request->name;
    const yg_value *file = request->part ? yg_value_get(request->part, "file") : NULL;
    if (request->part && !file)
        file = yg_value_get(request->part, "csv");
    if (file && file->kind == YG_SEQUENCE && file->count)
        file = file->items[0];
    return is_tsv(path) || (!strchr(path, '.') && file && is_tsv(file->text));
}

static bool read_format(csv_table *state, const yg_table_request *request, yg_error *error) {
    yg_csv_format *format = &state->format;
    format->delimiter = has_tabs(request) ? '\t' : ',';
    csv_keys keys = {0};
    if ((request->part && !yg_setting_read(request->part, settings,
                                           sizeof settings / sizeof *settings, &keys, error)) ||
        !read_character(keys.delimiter, "`delimiter`", &format->delimiter, error) ||
        !read_character(keys.comment, "`comment`", &format->comment, error) ||
        !read_marks(&keys, &format->marks, error) || !read_header_key(keys.header, state, error) ||
        !read_missing(keys.na_values, state, error))
        return false;
    format->targets = request->targets;
    format->target_count = request->target_count;
    if (request->delimiter)
        format->delimiter = request->delimiter;
    return format->comment != format->delimiter ||
           yg_fail(error, YG_ERROR_ARGUMENT, keys.comment->origin,
                   "`comment` is the delimiter, \"%c\"", format->comment);
}

/* --------------------------------------------------------------------------------- kind ------ */

static bool begin(csv_table *state, const yg_table_request *request, yg_error *error) {
    FILE *file = request->file;
    if (!read_format(state, request, error))
        return false;
    if (!file && !(file = state->own = fopen(request->path, "rb")))
        return yg_fail(error, YG_ERROR_IO, request->origin, "cannot open '%s': %s", request->path,
                       strerror(errno));
    state->csv = yg_csv_open(file, request->name, &state->format, error);
    if (!state->csv)
        return false;
    state->table.column_count = yg_csv_column_count(state->csv);
    state->table.columns = yg_csv_columns(state->csv);
    return true;
}

static yg_table *open_csv(const yg_table_request *request, yg_error *error) {
    csv_table *state = calloc(1, sizeof *state);
    if (!state) {
        yg_fail_memory(error);
        return NULL;
    }
    state->table.kind = &yg_table_csv;
    state->table.name = request->name;
    if (begin(state, request, error))
        return &state->table;
    close_csv(&state->table);
    return NULL;
}

static yg_csv *csv_of(const yg_table *table) {
    return ((const csv_table *)table)->csv;
}

/* A call gives what one block of the file has, and waits for the first record only: `eager` makes
 * no difference. */
static int64_t next_records(yg_table *table, int64_t limit, bool eager, yg_records *records,
                            yg_error *error) {
    (void)eager;
    return yg_csv_next(csv_of(table), limit, table->used, table->threads, records, error);
}

static bool peek(const yg_table *table, size_t number, yg_records *records) {
    return yg_csv_peek(csv_of(table), number, records);
}

static yg_place place(const yg_table *table, int64_t record, size_t column) {
    return yg_csv_place_of(csv_of(table), (size_t)record, column);
}

static yg_origin heading(const yg_table *table, size_t column) {
    return yg_csv_heading(csv_of(table), column);
}

static const char *advice(const yg_table *table, char *text, size_t size) {
    const yg_csv_format *format = &((const csv_table *)table)->format;
    if (format->headless && !format->names)
        return ": `header: false` calls the columns 1, 2, …";
    if (table->column_count != 1 || !strpbrk(table->columns[0], ";\t|,"))
        return NULL;
    snprintf(text, size, ": its first line holds one name, '%s'; is '%c' the right delimiter?",
             table->columns[0], format->delimiter);
    return text;
}

static bool tell(yg_table *table, yg_mark *mark) {
    return yg_csv_tell(csv_of(table), mark);
}

static bool seek(yg_table *table, const yg_mark *mark, yg_error *error) {
    return yg_csv_seek(csv_of(table), mark, error);
}

static bool waits(yg_table *table) {
    return !yg_csv_ready(csv_of(table));
}

static bool allow_stop(yg_table *table) {
    return yg_csv_allow_stop(csv_of(table));
}

static void stop(yg_table *table) {
    yg_csv_stop(csv_of(table));
}

static const char *const suffixes[] = {".csv", ".tsv", ".csv.gz", ".tsv.gz", NULL};

const yg_table_kind yg_table_csv = {
    .key = "csv",
    .doc = "a row is a line of a CSV file",
    .settings = settings,
    .setting_count = sizeof settings / sizeof *settings,
    .suffixes = suffixes,
    .open = open_csv,
    .next = next_records,
    .peek = peek,
    .place = place,
    .heading = heading,
    .advice = advice,
    .tell = tell,
    .seek = seek,
    .waits = waits,
    .allow_stop = allow_stop,
    .stop = stop,
    .close = close_csv,
};
