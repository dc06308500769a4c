/*
 * The table `text: PATH`: a plain text, a record for each line, word, character or byte of it.
 *
 * Its cells are values whatever they say: the character "?" and the word "NA" are not missing.
 */
#include "csv_scan.h"
#include "file_start.h"
#include "input.h"
#include "table.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* NAMED: a fault in one of the first records may come from the kind of the file, whose first bytes
 * tell it; the longest such beginning has as many characters. */
enum { RECORDS = 4096, NAMED = 16 };

typedef enum unit { UNIT_LINE, UNIT_WORD, UNIT_CHAR, UNIT_BYTE } unit;
static const char *const units[] = {"line", "word", "char", "byte", NULL};

typedef struct text_table {
    yg_table table;
    yg_byte_input input;
    FILE *own; /* NULL: the file is the caller's */
    int unit;
    const char *column;
    int64_t line;      /* of the text at input.at, from 1 */
    int64_t row;       /* records that were given */
    bool looked;       /* the first bytes of the file were looked at: */
    const char *start; /* what they are of, if no text; or NULL */
    /* The last records: */
    int64_t given;
    yg_cell cells[RECORDS];
    int64_t lines[RECORDS];
} text_table;

static void close_text(yg_table *table) {
    text_table *state = (text_table *)table;
    yg_input_end(&state->input);
    if (state->own)
        fclose(state->own);
    free(state);
}

static const yg_setting settings[] = {
    {"unit", .kind = YG_SETTING_CHOICE, .offset = offsetof(text_table, unit), .choices = units,
     .fallback = "line", .doc = "what a row is; the column is called as the unit is"},
};

static bool begin(text_table *state, const yg_table_request *request, yg_error *error) {
    FILE *file = request->file;
    if (request->part &&
        !yg_setting_read(request->part, settings, sizeof settings / sizeof *settings, state, error))
        return false;
    if (!file && !(file = state->own = fopen(request->path, "rb")))
        return yg_fail(error, YG_ERROR_IO, request->origin, "cannot open '%s': %s", request->path,
                       strerror(errno));
    return yg_input_begin(&state->input, file, request->name) || yg_fail_memory(error);
}

static yg_table *open_text(const yg_table_request *request, yg_error *error) {
    text_table *state = calloc(1, sizeof *state);
    if (!state) {
        yg_fail_memory(error);
        return NULL;
    }
    state->table.kind = &yg_table_text;
    state->table.name = request->name;
    state->table.column_count = 1;
    state->table.columns = &state->column;
    state->line = 1;
    if (begin(state, request, error)) {
        state->column = units[state->unit];
        return &state->table;
    }
    close_text(&state->table);
    return NULL;
}

/* ------------------------------------------------------------------------------------ units -- */

/* A piece of text that is a record: bytes[begin .. begin + size) from the place in the input, and
 * the bytes to be taken with it. */
typedef struct piece {
    size_t begin, size, taken;
} piece;

typedef enum found { FOUND, CUT, NONE } found; /* CUT: more bytes must be read to see its end */

static bool is_space(unsigned char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static found find_line(const unsigned char *text, size_t size, bool last, piece *out) {
    const unsigned char *end = size ? memchr(text, '\n', size) : NULL;
    if (!size || (!end && !last))
        return last ? NONE : CUT;
    *out = (piece){0, end ? (size_t)(end - text) : size, end ? (size_t)(end - text) + 1 : size};
    out->size -= out->size && text[out->size - 1] == '\r';
    return FOUND;
}

static found find_word(const unsigned char *text, size_t size, bool last, piece *out) {
    size_t begin = 0;
    while (begin < size && is_space(text[begin]))
        begin++;
    size_t end = begin;
    while (end < size && !is_space(text[end]))
        end++;
    *out = (piece){begin, end - begin, end};
    return end == size && !last ? CUT : begin == size ? NONE : FOUND;
}

static found find_char(const unsigned char *text, size_t size, bool last, piece *out) {
    if (!size)
        return last ? NONE : CUT;
    const size_t length = text[0] < 0xC0 ? 1 : text[0] < 0xE0 ? 2 : text[0] < 0xF0 ? 3 : 4;
    if (length > size && !last)
        return CUT;
    *out = (piece){0, length < size ? length : size, length < size ? length : size};
    return FOUND;
}

static found find_piece(const text_table *state, piece *out) {
    const yg_byte_input *input = &state->input;
    const unsigned char *text = input->bytes + input->at;
    const size_t size = input->end - input->at;
    const bool last = input->ended || input->failure.code != YG_OK;
    switch (state->unit) {
    case UNIT_LINE:
        return find_line(text, size, last, out);
    case UNIT_WORD:
        return find_word(text, size, last, out);
    case UNIT_CHAR:
        return find_char(text, size, last, out);
    default:
        *out = (piece){0, 1, 1};
        return size ? FOUND : last ? NONE : CUT;
    }
}

/* Counts the lines that end in text[0 .. size). */
static int64_t count_lines(const unsigned char *text, size_t size) {
    int64_t lines = 0;
    for (const unsigned char *end; size && (end = memchr(text, '\n', size)); lines++) {
        size -= (size_t)(end + 1 - text);
        text = end + 1;
    }
    return lines;
}

/* ---------------------------------------------------------------------------------- records -- */

static yg_origin origin_of(const text_table *state, int64_t line) {
    return (yg_origin){state->table.name, (int)(line < INT32_MAX ? line : INT32_MAX), 1};
}

/* Looks at the first bytes of the file while they are at hand. A seek must not lose them: a fault
 * would be told in other words by a run that goes on. */
static void look_at_start(text_table *state) {
    const yg_byte_input *input = &state->input;
    if (state->looked || input->offset || !input->end)
        return;
    state->start = yg_file_start(input->bytes, input->end);
    state->looked = true;
}

/* Says that a record is no text, or, among the first ones, what the file is instead. Always returns
 * false. */
static bool fail_text(const text_table *state, int64_t line, const char *fault, yg_error *error) {
    const int64_t row = state->row + state->given + 1;
    if (state->start && row <= NAMED)
        return yg_fail(error, YG_ERROR_DATA, (yg_origin){state->table.name, 0, 0},
                       "this is not a text file: %s (`unit: byte` reads any file)", state->start);
    return yg_fail(error, YG_ERROR_DATA, origin_of(state, line),
                   "row %lld: %s; `unit: byte` reads any file", (long long)row, fault);
}

/* The next record, from the bytes at hand. False where it is wrong; it stays there. */
static bool take_record(text_table *state, const piece *p, yg_error *error) {
    yg_byte_input *input = &state->input;
    const unsigned char *text = input->bytes + input->at + p->begin;
    const int64_t line = state->line + count_lines(input->bytes + input->at, p->begin);
    yg_cell *cell = &state->cells[state->given];
    if (state->unit == UNIT_BYTE)
        *cell = (yg_cell){.kind = YG_CELL_WHOLE, .whole = text[0]};
    else if (p->size > UINT32_MAX || (p->size && memchr(text, 0, p->size)))
        return fail_text(state, line, "a NUL byte is no text", error);
    else if (!yg_is_utf8((const char *)text, p->size))
        return fail_text(state, line, "it is not UTF-8", error);
    else
        *cell = (yg_cell){
            .kind = YG_CELL_LITERAL, .size = (uint32_t)p->size, .text = (const char *)text};
    state->lines[state->given++] = line;
    state->line = line + count_lines(text, p->taken - p->begin);
    input->at += p->taken;
    return true;
}

/* A call gives what is at hand, and waits for the first record only: `eager` makes no difference.
 */
static int64_t next_records(yg_table *table, int64_t limit, bool eager, yg_records *records,
                            yg_error *error) {
    text_table *state = (text_table *)table;
    yg_byte_input *input = &state->input;
    const int64_t most = limit < RECORDS ? limit : RECORDS;
    found found;
    piece p;
    (void)eager;
    state->given = 0;
    while ((found = find_piece(state, &p)) == CUT)
        yg_input_more(input);
    look_at_start(state);
    if (found == NONE && input->failure.code) {
        yg_fail_as(error, &input->failure);
        return -1;
    }
    for (; found == FOUND && state->given < most; found = find_piece(state, &p)) {
        yg_error wrong = {0};
        if (take_record(state, &p, &wrong))
            continue;
        if (state->given)
            break; /* the call that begins with it will fail */
        yg_fail_as(error, &wrong);
        return -1;
    }
    state->row += state->given;
    *records = (yg_records){state->given, state->cells};
    return state->given;
}

static yg_place place(const yg_table *table, int64_t record, size_t column) {
    const text_table *state = (const text_table *)table;
    (void)column;
    return (yg_place){.origin = origin_of(state, state->lines[record]),
                      .row = state->row - state->given + record + 1};
}

/* ----------------------------------------------------------------------------------- places -- */

static bool tell(yg_table *table, yg_mark *mark) {
    const text_table *state = (const text_table *)table;
    *mark = (yg_mark){.record = state->row, .row = state->row, .line = state->line};
    return yg_input_tell(&state->input, &mark->offset);
}

static bool seek(yg_table *table, const yg_mark *mark, yg_error *error) {
    text_table *state = (text_table *)table;
    if (!state->looked && !state->input.end)
        yg_input_more(&state->input);
    look_at_start(state);
    state->given = 0;
    state->row = mark->row;
    state->line = mark->line;
    return yg_input_seek(&state->input, mark->offset, error);
}

static bool waits(yg_table *table) {
    return !yg_input_line_ready(&((text_table *)table)->input);
}

static bool allow_stop(yg_table *table) {
    return yg_input_allow_stop(&((text_table *)table)->input);
}

static void stop(yg_table *table) {
    yg_input_stop(&((text_table *)table)->input);
}

static const char *const suffixes[] = {".txt", NULL};

const yg_table_kind yg_table_text = {
    .key = "text",
    .doc = "a row is a line, word, character or byte of a plain text",
    .settings = settings,
    .setting_count = sizeof settings / sizeof *settings,
    .suffixes = suffixes,
    .open = open_text,
    .next = next_records,
    .place = place,
    .tell = tell,
    .seek = seek,
    .waits = waits,
    .allow_stop = allow_stop,
    .stop = stop,
    .close = close_text,
};
