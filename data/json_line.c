/*
 * Lines of JSON that are like those before them: see json_line.h.
 */
#include "json_line.h"

#include "../graph/number.h"
#include "csv_scan.h"

#include <math.h>
#include <string.h>

typedef struct line {
    const char *at, *end;
    const yg_names *names;
    yg_cell *cells;
    size_t next; /* columns before it have their cells */
} line;

static void skip_blanks(line *l) {
    while (l->at < l->end && (*l->at == ' ' || *l->at == '\t' || *l->at == '\r'))
        l->at++;
}

/* Takes a character behind blanks. */
static bool take(line *l, char c) {
    skip_blanks(l);
    if (l->at == l->end || *l->at != c)
        return false;
    l->at++;
    return true;
}

static bool is_digit(const line *l) {
    return l->at < l->end && *l->at >= '0' && *l->at <= '9';
}

/* A text without escapes. */
static bool take_text(line *l, const char **text, size_t *size) {
    if (!take(l, '"'))
        return false;
    *text = l->at;
    for (; l->at < l->end && *l->at != '"'; l->at++)
        if (*l->at == '\\' || (unsigned char)*l->at < ' ')
            return false;
    *size = (size_t)(l->at - *text);
    return take(l, '"') && *size <= UINT32_MAX && yg_is_utf8(*text, *size);
}

static size_t take_digits(line *l) {
    const char *first = l->at;
    while (is_digit(l))
        l->at++;
    return (size_t)(l->at - first);
}

/* A number as the grammar of JSON has it: no sign +, no zero before other digits. */
static bool take_number(line *l, yg_cell *cell) {
    const char *first = l->at;
    const bool negative = *l->at == '-';
    l->at += negative;
    const bool zero = is_digit(l) && *l->at == '0';
    const size_t whole = take_digits(l);
    bool real = false;
    if (whole == 0 || (zero && whole > 1))
        return false;
    if (l->at < l->end && *l->at == '.') {
        real = true;
        l->at++;
        if (take_digits(l) == 0)
            return false;
    }
    if (l->at < l->end && (*l->at == 'e' || *l->at == 'E')) {
        real = true;
        l->at++;
        l->at += l->at < l->end && (*l->at == '+' || *l->at == '-');
        if (take_digits(l) == 0)
            return false;
    }
    const size_t size = (size_t)(l->at - first);
    if (!real) {
        *cell = (yg_cell){.kind = YG_CELL_WHOLE};
        return yg_number_integer(first, size, &cell->whole) == YG_WHOLE_EXACT;
    }
    *cell = (yg_cell){.kind = YG_CELL_NUMBER};
    return yg_number_parse(first, size, &cell->number) != YG_NUMBER_NOT && isfinite(cell->number);
}

static bool take_word(line *l, const char *word, yg_cell *cell) {
    const size_t size = strlen(word);
    if ((size_t)(l->end - l->at) < size || memcmp(l->at, word, size) != 0)
        return false;
    l->at += size;
    *cell = *word == 'n' ? (yg_cell){.kind = YG_CELL_NONE}
                         : (yg_cell){.kind = YG_CELL_TEXT, .size = (uint32_t)size, .text = word};
    return true;
}

static bool take_value(line *l, yg_cell *cell) {
    const char *text;
    size_t size;
    skip_blanks(l);
    if (l->at == l->end)
        return false;
    switch (*l->at) {
    case '"':
        if (!take_text(l, &text, &size))
            return false;
        *cell = (yg_cell){.kind = YG_CELL_TEXT, .size = (uint32_t)size, .text = text};
        return true;
    case 't':
        return take_word(l, "true", cell);
    case 'f':
        return take_word(l, "false", cell);
    case 'n':
        return take_word(l, "null", cell);
    default:
        return take_number(l, cell);
    }
}

/* Goes on to a column behind those that have cells; those between have no value. So no column gets
 * two cells. */
static bool go_to(line *l, const char *name, size_t size, size_t index, bool listed) {
    char end[24] = "";
    size_t digits = 0;
    if (listed) { /* ".12" */
        size_t at = sizeof end - 1;
        do
            end[--at] = (char)('0' + index % 10);
        while ((index /= 10) > 0);
        end[--at] = '.';
        digits = sizeof end - 1 - at;
        memmove(end, end + at, digits);
    }
    for (; l->next < l->names->count; l->cells[l->next++].kind = YG_CELL_NONE) {
        const char *column = l->names->names[l->next];
        if (strncmp(column, name, size) == 0 && strncmp(column + size, end, digits) == 0 &&
            column[size + digits] == '\0')
            return true;
    }
    return false;
}

static bool take_list(line *l, const char *name, size_t size) {
    if (take(l, ']'))
        return true;
    for (size_t i = 0;; i++) {
        if (!go_to(l, name, size, i, true) || !take_value(l, &l->cells[l->next]))
            return false;
        l->next++;
        if (take(l, ']'))
            return true;
        if (!take(l, ','))
            return false;
    }
}

static bool take_member(line *l) {
    const char *name;
    size_t size;
    if (!take_text(l, &name, &size) || !take(l, ':'))
        return false;
    if (take(l, '['))
        return take_list(l, name, size);
    return go_to(l, name, size, 0, false) && take_value(l, &l->cells[l->next++]);
}

bool yg_json_line(const yg_json_columns *columns, const char *text, size_t size, yg_cell *cells) {
    line l = {.at = text, .end = text + size, .names = &columns->names, .cells = cells};
    if (!take(&l, '{'))
        return false;
    do {
        if (!take_member(&l))
            return false;
    } while (take(&l, ','));
    if (!take(&l, '}'))
        return false;
    skip_blanks(&l);
    for (; l.next < columns->names.count; l.next++)
        cells[l.next].kind = YG_CELL_NONE;
    return l.at == l.end;
}
