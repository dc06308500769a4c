/*
 * A list of JSON: see json_list.h.
 */
#include "json_list.h"

#include <string.h>

static bool is_blank(unsigned char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

int64_t yg_json_list_lines(const unsigned char *text, size_t size) {
    int64_t count = 0;
    for (size_t i = 0; i < size; i++)
        count += text[i] == '\n';
    return count;
}

/* Reads until a byte is at hand that is no blank, and takes the blanks before it. False at the end
 * of the data. */
static bool skip_blanks(yg_byte_input *input, int64_t *line) {
    for (;;) {
        for (; input->at < input->end; input->at++) {
            if (!is_blank(input->bytes[input->at]))
                return true;
            *line += input->bytes[input->at] == '\n';
        }
        if (!yg_input_more(input))
            return false;
    }
}

/* A scan for the end of an element. It goes on where more bytes have come. */
typedef struct scan {
    size_t done; /* bytes of the element */
    int depth;   /* brackets that are open */
    bool text, escaped;
} scan;

/* True when the element's end has been found: it has scan->done bytes. */
static bool find_end(scan *scan, const unsigned char *bytes, size_t size) {
    for (; scan->done < size; scan->done++) {
        const unsigned char c = bytes[scan->done];
        if (scan->text) {
            scan->text = scan->escaped || c != '"';
            scan->escaped = !scan->escaped && c == '\\';
        } else if (c == '"') {
            scan->text = true;
        } else if (c == '{' || c == '[') {
            scan->depth++;
        } else if ((c == '}' || c == ']') && scan->depth > 0) {
            scan->depth--;
        } else if (scan->depth == 0 && (c == ',' || c == ']' || c == '}')) {
            return true;
        }
    }
    return false;
}

/* Without the blanks behind it. */
static size_t trimmed(const unsigned char *bytes, size_t size) {
    while (size > 0 && is_blank(bytes[size - 1]))
        size--;
    return size;
}

bool yg_json_list_begins(yg_byte_input *input, int64_t *line) {
    size_t at = input->at;
    do {
        while (at < input->end && is_blank(input->bytes[at]))
            at++;
        if (at < input->end)
            break;
        at -= input->at; /* more bytes move those that are there to the front */
        const bool more = yg_input_more(input);
        at += input->at;
        if (!more)
            return false;
    } while (true);
    if (input->bytes[at] != '[')
        return false;
    *line += yg_json_list_lines(input->bytes + input->at, at - input->at);
    input->at = at + 1;
    return true;
}

static bool fail_list(const yg_byte_input *input, int64_t line, const char *what, yg_error *error) {
    if (input->failure.code)
        return yg_fail_as(error, &input->failure);
    return yg_fail(error, YG_ERROR_DATA,
                   (yg_origin){input->name, (int)(line < INT32_MAX ? line : INT32_MAX), 0}, "%s",
                   what);
}

/* The bracket that closes the list is at hand, and stays there: nothing may stand behind it. */
static bool end_list(yg_byte_input *input, int64_t line, yg_error *error) {
    size_t behind = 1;
    do {
        for (; input->at + behind < input->end; behind++)
            if (!is_blank(input->bytes[input->at + behind]))
                return fail_list(input, line,
                                 "there is more behind the list, the file's only value", error);
    } while (yg_input_more(input));
    return !input->failure.code || yg_fail_as(error, &input->failure);
}

bool yg_json_list_find(yg_byte_input *input, bool first, int64_t *line, size_t *begin, size_t *size,
                       yg_error *error) {
    static const char open[] = "the list is not closed: the file ends within it";
    scan scan = {0};
    *begin = *size = 0;
    if (!skip_blanks(input, line))
        return fail_list(input, *line, open, error);
    if (input->bytes[input->at] == ']')
        return end_list(input, *line, error);
    if (!first && input->bytes[input->at] != ',')
        return fail_list(input, *line, "a comma must stand between two elements of the list",
                         error);
    size_t ahead = first ? 0 : 1; /* from input->at, since more bytes move those that are there */
    bool closed = true;
    do {
        while (input->at + ahead < input->end && is_blank(input->bytes[input->at + ahead]))
            ahead++;
    } while (input->at + ahead == input->end && (closed = yg_input_more(input)));
    while (closed &&
           !find_end(&scan, input->bytes + input->at + ahead, input->end - input->at - ahead))
        closed = yg_input_more(input);
    *begin = ahead;
    *size = closed ? trimmed(input->bytes + input->at + ahead, scan.done) : 0;
    return *size > 0 ||
           fail_list(input, *line + yg_json_list_lines(input->bytes + input->at, ahead),
                     closed ? "an element is missing here" : open, error);
}

bool yg_json_list_at_hand(const yg_byte_input *input, size_t at, size_t *begin, size_t *size) {
    scan scan = {0};
    bool comma = false;
    while (at < input->end && (is_blank(input->bytes[at]) || (!comma && input->bytes[at] == ','))) {
        comma = comma || input->bytes[at] == ',';
        at++;
    }
    *begin = at;
    if (!find_end(&scan, input->bytes + at, input->end - at))
        return false;
    *size = trimmed(input->bytes + at, scan.done);
    return *size > 0;
}
