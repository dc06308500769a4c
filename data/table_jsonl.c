/*
 * The table `jsonl: PATH`: JSON Lines, an object a line; or a list of objects, which is told by the
 * bracket that it begins with.
 *
 * The first lines tell the columns: those of the first block of a file, or those that have arrived
 * from a pipe when the first one has. A later key that is not among them is left out, as a column
 * of a CSV file that nobody names.
 */
#include "file_start.h"
#include "input.h"
#include "json_line.h"
#include "json_list.h"
#include "json_text.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* Records of one call at most, and cells: what is parsed is held until the next call. */
enum { RECORDS = 256, CELLS = 1 << 16 };

typedef struct jsonl_table {
    yg_table table;
    yg_byte_input input;
    FILE *own; /* NULL: the file is the caller's */
    yg_json_columns columns;
    const yg_value *lists; /* paths of lists that are one cell each: a path, or a list of them;
                            * NULL: none */
    bool list;             /* the file is one list of objects; otherwise a line is an object */
    int64_t line;          /* of the text at input.at, from 1 */
    int64_t row;           /* records that were given */
    /* The last records: */
    int64_t given, room;
    yg_cell *cells;           /* [room, columns] */
    json_t *objects[RECORDS]; /* owned; NULL: its cells are spans of the input */
    int64_t lines[RECORDS];
} jsonl_table;

static void forget(jsonl_table *state) {
    for (int64_t i = 0; i < state->given; i++)
        json_decref(state->objects[i]);
    state->given = 0;
}

static void close_jsonl(yg_table *table) {
    jsonl_table *state = (jsonl_table *)table;
    forget(state);
    yg_input_end(&state->input);
    if (state->own)
        fclose(state->own);
    yg_json_columns_free(&state->columns);
    free(state->cells);
    free(state);
}

/* ------------------------------------------------------------------------------------ lines -- */

static yg_origin origin_of(const jsonl_table *state, int64_t line, int column) {
    return (yg_origin){state->table.name, (int)(line < INT32_MAX ? line : INT32_MAX), column};
}

/* The end of the line that begins at `at`; NULL: it has not been read to its end. */
static const unsigned char *line_end(const yg_byte_input *input, size_t at) {
    return at < input->end ? memchr(input->bytes + at, '\n', input->end - at) : NULL;
}

static bool is_blank(const unsigned char *text, size_t size) {
    for (size_t i = 0; i < size; i++)
        if (text[i] != ' ' && text[i] != '\t' && text[i] != '\r')
            return false;
    return true;
}

static json_t *fail_syntax(const jsonl_table *state, const json_error_t *reason, int64_t line,
                           yg_error *error) {
    const bool number = strstr(reason->text, "NaN") || strstr(reason->text, "Infinity");
    if (json_error_code(reason) == json_error_out_of_memory)
        yg_fail_memory(error);
    else
        yg_fail(error, YG_ERROR_DATA,
                origin_of(state, line + (state->list && reason->line > 0 ? reason->line - 1 : 0),
                          reason->column > 0 ? reason->column : 1),
                "this %s is no JSON object: %s%s", state->list ? "element" : "line", reason->text,
                number ? "; JSON has neither NaN nor Infinity: write null for a missing value"
                       : "");
    return NULL;
}

/* Makes the lists that the part names one cell each. */
static bool fold(const jsonl_table *state, json_t *object, yg_error *error) {
    const yg_value *lists = state->lists;
    const bool many = lists && lists->kind == YG_SEQUENCE;
    for (size_t i = 0; lists && i < (many ? lists->count : 1); i++) {
        const char *path;
        if (!yg_value_text(many ? lists->items[i] : lists, "`lists`", &path, error) ||
            !yg_json_fold(object, path, error))
            return false;
    }
    return true;
}

/* A line as an object. NULL on failure. */
static json_t *parse(const jsonl_table *state, const unsigned char *text, size_t size, int64_t line,
                     yg_error *error) {
    static const char *const kinds[] = {"an object", "a list", "a text", "a number",
                                        "a number",  "a flag", "a flag", "null"};
    json_error_t reason;
    json_t *value =
        yg_json_parse((const char *)text, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &reason);
    if (!value)
        return fail_syntax(state, &reason, line, error);
    if (json_is_object(value) && fold(state, value, error))
        return value;
    if (!json_is_object(value))
        yg_fail(error, YG_ERROR_DATA, origin_of(state, line, 1),
                "%s an object, such as {\"x\": 1}; found %s",
                state->list ? "an element of the list is" : "a line holds",
                kinds[json_typeof(value)]);
    json_decref(value);
    return NULL;
}

/* Takes the blank lines that are at hand. */
static void skip_blank_lines(jsonl_table *state) {
    yg_byte_input *input = &state->input;
    for (const unsigned char *end; (end = line_end(input, input->at)); state->line++) {
        const size_t size = (size_t)(end - (input->bytes + input->at));
        if (!is_blank(input->bytes + input->at, size))
            return;
        input->at += size + 1;
    }
}

/* Where the next line or element is. What stands before an element of a list, a comma and blanks,
 * is taken with it: a mark before it is then a place to go on from. */
typedef struct stretch {
    size_t begin; /* from input.at */
    size_t size;  /* 0: there is none, the file has ended */
} stretch;

/* Takes blank lines, and makes sure that a whole line, or the last one, can be read. */
static bool find_line(jsonl_table *state, stretch *next, yg_error *error) {
    yg_byte_input *input = &state->input;
    if (state->list)
        return yg_json_list_find(input, state->row + state->given == 0, &state->line, &next->begin,
                                 &next->size, error);
    next->begin = 0;
    for (;;) {
        const unsigned char *end = line_end(input, input->at);
        bool last = false;
        while (!end && !last) {
            last = !yg_input_more(input);
            end = line_end(input, input->at);
        }
        if (input->failure.code)
            return yg_fail_as(error, &input->failure);
        next->size = end ? (size_t)(end - (input->bytes + input->at)) : input->end - input->at;
        if (!is_blank(input->bytes + input->at, next->size))
            return true;
        input->at += next->size + (end ? 1 : 0);
        state->line += end ? 1 : 0;
        next->size = 0;
        if (!end)
            return true;
    }
}

/* ---------------------------------------------------------------------------------- columns -- */

static void skip_mark(yg_byte_input *input) {
    static const unsigned char mark[] = {0xEF, 0xBB, 0xBF};
    while (input->end - input->at < sizeof mark && yg_input_more(input))
        continue;
    if (input->end - input->at >= sizeof mark &&
        memcmp(input->bytes + input->at, mark, sizeof mark) == 0)
        input->at += sizeof mark;
}

/* The same from the elements of a list. The first one is at hand. */
static bool learn_elements(jsonl_table *state, yg_error *error) {
    const yg_byte_input *input = &state->input;
    int64_t line = state->line;
    size_t behind = input->at, begin, size;
    while (yg_json_list_at_hand(input, behind, &begin, &size)) {
        yg_error wrong = {0};
        line += yg_json_list_lines(input->bytes + behind, begin - behind);
        json_t *object = parse(state, input->bytes + begin, size, line, &wrong);
        if (!object && (behind == input->at || wrong.code == YG_ERROR_MEMORY))
            return yg_fail_as(error, &wrong);
        if (!object)
            break;
        const bool good =
            yg_json_columns_learn(&state->columns, object, origin_of(state, line, 1), error);
        json_decref(object);
        if (!good)
            return false;
        line += yg_json_list_lines(input->bytes + begin, size);
        behind = begin + size;
    }
    return yg_json_columns_settle(&state->columns, error);
}

/* Learns from the lines that are at hand; one behind the first that is wrong is told when its turn
 * comes. */
static bool learn_columns(jsonl_table *state, yg_error *error) {
    const yg_byte_input *input = &state->input;
    int64_t line = state->line;
    size_t at = input->at, size;
    for (const unsigned char *end; at < input->end; at += size + 1, line++) {
        yg_error wrong = {0};
        end = line_end(input, at);
        if (!end && at > input->at && !input->ended)
            break; /* it goes on behind the block */
        size = end ? (size_t)(end - (input->bytes + at)) : input->end - at;
        if (is_blank(input->bytes + at, size))
            continue;
        json_t *object = parse(state, input->bytes + at, size, line, &wrong);
        if (!object && (at == input->at || wrong.code == YG_ERROR_MEMORY))
            return yg_fail_as(error, &wrong);
        if (!object)
            break;
        const bool good =
            yg_json_columns_learn(&state->columns, object, origin_of(state, line, 1), error);
        json_decref(object);
        if (!good)
            return false;
    }
    return yg_json_columns_settle(&state->columns, error);
}

static bool begin(jsonl_table *state, const yg_table_request *request, yg_error *error) {
    FILE *file = request->file;
    stretch next;
    if (!file && !(file = state->own = fopen(request->path, "rb")))
        return yg_fail(error, YG_ERROR_IO, request->origin, "cannot open '%s': %s", request->path,
                       strerror(errno));
    if (!yg_input_begin(&state->input, file, request->name))
        return yg_fail_memory(error);
    skip_mark(&state->input);
    const char *what =
        yg_file_start(state->input.bytes + state->input.at, state->input.end - state->input.at);
    if (what)
        return yg_fail(error, YG_ERROR_DATA, (yg_origin){request->name, 0, 0},
                       "this is not a file of JSON Lines: %s", what);
    state->list = yg_json_list_begins(&state->input, &state->line);
    if (!find_line(state, &next, error))
        return false;
    if (!next.size)
        return yg_fail(error, YG_ERROR_DATA, (yg_origin){request->name, 0, 0},
                       state->list
                           ? "the list is empty; an element is an object, such as {\"x\": 1}"
                           : "the file is empty; a line holds an object, such as {\"x\": 1}");
    if (!(state->list ? learn_elements(state, error) : learn_columns(state, error)))
        return false;
    state->table.column_count = state->columns.names.count;
    state->table.columns = state->columns.names.names;
    return true;
}

static const yg_setting settings[] = {
    {"lists", .kind = YG_SETTING_VALUE, .offset = offsetof(jsonl_table, lists),
     .form = "a key, or a list of keys", .forms = YG_FORM_SCALAR | YG_FORM_LIST, .fallback = "none",
     .example = "[signal]", .doc = "keys whose lists are one cell each, of the column kind `list`"},
};

static yg_table *open_jsonl(const yg_table_request *request, yg_error *error) {
    jsonl_table *state = calloc(1, sizeof *state);
    if (!state) {
        yg_fail_memory(error);
        return NULL;
    }
    state->table.kind = &yg_table_jsonl;
    state->table.name = request->name;
    state->line = 1;
    if ((!request->part || yg_setting_read(request->part, settings,
                                           sizeof settings / sizeof *settings, state, error)) &&
        begin(state, request, error))
        return &state->table;
    close_jsonl(&state->table);
    return NULL;
}

/* ---------------------------------------------------------------------------------- records -- */

static bool make_room(jsonl_table *state, int64_t count, yg_error *error) {
    const size_t columns = state->table.column_count + 1;
    if (count <= state->room)
        return true;
    yg_cell *grown = columns > SIZE_MAX / sizeof *grown / (size_t)count
                         ? NULL
                         : realloc(state->cells, (size_t)count * columns * sizeof *grown);
    if (!grown)
        return yg_fail_memory(error);
    state->cells = grown;
    state->room = count;
    return true;
}

/* Takes the next line or element as the next record. A wrong one stays there. */
static bool take_record(jsonl_table *state, stretch next, yg_error *error) {
    yg_byte_input *input = &state->input;
    const unsigned char *before = input->bytes + input->at, *text = before + next.begin;
    const int64_t line = state->line + yg_json_list_lines(before, next.begin);
    yg_cell *cells = state->cells + (size_t)state->given * state->table.column_count;
    json_t *object = NULL;
    if (!yg_json_line(&state->columns, (const char *)text, next.size, cells)) {
        object = parse(state, text, next.size, line, error);
        if (!object)
            return false;
        if (!yg_json_cells(&state->columns, object, state->table.used, origin_of(state, line, 1),
                           cells, error)) {
            json_decref(object);
            return false;
        }
    }
    state->objects[state->given] = object;
    state->lines[state->given++] = line;
    input->at += next.begin + next.size;
    state->line = line + (state->list ? yg_json_list_lines(text, next.size) : 1);
    if (!state->list && input->at < input->end)
        input->at++; /* the end of the line */
    return true;
}

/* Whether the next line, or element, is at hand. Bytes must not move while cells are spans of them.
 */
static bool is_at_hand(jsonl_table *state) {
    size_t begin, size;
    if (state->list)
        return yg_json_list_at_hand(&state->input, state->input.at, &begin, &size);
    skip_blank_lines(state);
    return line_end(&state->input, state->input.at) != NULL;
}

/* A call gives what one block of the file has, and waits for the first record only: `eager` makes
 * no difference. */
static int64_t next_records(yg_table *table, int64_t limit, bool eager, yg_records *records,
                            yg_error *error) {
    jsonl_table *state = (jsonl_table *)table;
    int64_t most = CELLS / ((int64_t)table->column_count + 1) + 1;
    stretch next;
    (void)eager;
    forget(state);
    most = most < RECORDS ? most : RECORDS;
    most = most < limit ? most : limit;
    if (!make_room(state, most, error) || !find_line(state, &next, error))
        return -1;
    /* What goes wrong behind a good record is told by the call that begins with it. */
    while (next.size && state->given < most) {
        yg_error wrong = {0};
        if (!take_record(state, next, &wrong) && state->given == 0) {
            yg_fail_as(error, &wrong);
            return -1;
        }
        if (wrong.code || !is_at_hand(state) || !find_line(state, &next, &wrong))
            break;
    }
    state->row += state->given;
    *records = (yg_records){state->given, state->cells};
    return state->given;
}

static yg_place place(const yg_table *table, int64_t record, size_t column) {
    const jsonl_table *state = (const jsonl_table *)table;
    (void)column;
    return (yg_place){.origin = origin_of(state, state->lines[record], 1),
                      .row = state->row - state->given + record + 1};
}

/* ----------------------------------------------------------------------------------- places -- */

static bool tell(yg_table *table, yg_mark *mark) {
    const jsonl_table *state = (const jsonl_table *)table;
    *mark = (yg_mark){.record = state->row, .row = state->row, .line = state->line};
    return yg_input_tell(&state->input, &mark->offset);
}

static bool seek(yg_table *table, const yg_mark *mark, yg_error *error) {
    jsonl_table *state = (jsonl_table *)table;
    forget(state);
    state->row = mark->row;
    state->line = mark->line;
    return yg_input_seek(&state->input, mark->offset, error);
}

static bool waits(yg_table *table) {
    jsonl_table *state = (jsonl_table *)table;
    size_t at;
    if (state->list)
        return false; /* a list is answered when it has ended, or a batch is full */
    do {              /* until the line that is ready is no blank one */
        skip_blank_lines(state);
        if (!yg_input_line_ready(&state->input))
            return true;
        at = state->input.at;
        skip_blank_lines(state);
    } while (at != state->input.at);
    return false;
}

static bool allow_stop(yg_table *table) {
    return yg_input_allow_stop(&((jsonl_table *)table)->input);
}

static void stop(yg_table *table) {
    yg_input_stop(&((jsonl_table *)table)->input);
}

static const char *const suffixes[] = {".jsonl", ".ndjson", ".json", NULL};

const yg_table_kind yg_table_jsonl = {
    .key = "jsonl",
    .doc = "a row is an object on a line of its own (JSON Lines)",
    .settings = settings,
    .setting_count = sizeof settings / sizeof *settings,
    .suffixes = suffixes,
    .open = open_jsonl,
    .next = next_records,
    .place = place,
    .tell = tell,
    .seek = seek,
    .waits = waits,
    .allow_stop = allow_stop,
    .stop = stop,
    .close = close_jsonl,
};
