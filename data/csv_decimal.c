/*
 * Numbers as they are written elsewhere: see csv_decimal.h.
 */
#include "csv_decimal.h"

#include "../graph/number.h"

#include <stddef.h>
#include <string.h>

enum { GROUP = 3 };

/* Bytes of the separator at `text`; 0: there is none. */
static size_t separator(const char *text, const char *end, char thousands) {
    static const char *const spaces[] = {"\xC2\xA0", "\xE2\x80\xAF"}; /* U+00A0, U+202F */
    if (text == end || !thousands)
        return 0;
    if (*text == thousands)
        return 1;
    for (size_t i = 0; thousands == ' ' && i < sizeof spaces / sizeof *spaces; i++) {
        const size_t size = strlen(spaces[i]);
        if ((size_t)(end - text) >= size && memcmp(text, spaces[i], size) == 0)
            return size;
    }
    return 0;
}

static const char *skip_digits(const char *text, const char *end) {
    while (text < end && *text >= '0' && *text <= '9')
        text++;
    return text;
}

/* Passes over digits, which may be in groups of three. NULL: the groups are not of three. */
static const char *skip_groups(const char *text, const char *end, char thousands) {
    const char *at = skip_digits(text, end);
    if (!separator(at, end, thousands))
        return at;
    if (at == text || at - text > GROUP)
        return NULL;
    for (size_t size; (size = separator(at, end, thousands)); at += size + GROUP)
        if (skip_digits(at + size, end) != at + size + GROUP)
            return NULL;
    return at;
}

bool yg_csv_marks_plain(const yg_csv_marks *marks) {
    return !marks->thousands && marks->decimal == '.' && !*marks->signs;
}

/* Passes over a number with these marks but for its exponent; NULL: it is none. */
static const char *skip_number(const char *text, const char *end, const yg_csv_marks *marks) {
    text += text < end && (*text == '-' || *text == '+');
    text = skip_groups(text, end, marks->thousands);
    if (text && text < end && *text == marks->decimal)
        text = skip_digits(text + 1, end);
    return text;
}

bool yg_csv_decimal_check(const yg_cell *cell, const yg_csv_marks *marks) {
    double value;
    if (marks->decimal == '.' || !memchr(cell->text, '.', cell->size))
        return true;
    const char *end = cell->text + cell->size, *at = skip_number(cell->text, end, marks);
    return (at && (at == end || *at == 'e' || *at == 'E')) ||
           yg_number_parse(cell->text, cell->size, &value) == YG_NUMBER_NOT;
}

/* Bytes of the character that begins, or with `back` ends, at `text`. */
static size_t character(const char *text, const char *limit, bool back) {
    size_t size = 1;
    if (back)
        while (text - size > limit && ((unsigned char)text[-(ptrdiff_t)size] & 0xC0) == 0x80)
            size++;
    else
        while (text + size < limit && ((unsigned char)text[size] & 0xC0) == 0x80)
            size++;
    return size;
}

/* Whether a character is a blank, or one of the signs. */
static bool is_sign(const char *text, size_t size, const yg_csv_marks *marks) {
    if (size == 1 && (*text == ' ' || *text == '\t'))
        return true;
    if (size == 2 && memcmp(text, "\xC2\xA0", 2) == 0)
        return true;
    for (const char *sign = marks->signs; *sign;) {
        const size_t own = character(sign, sign + strlen(sign), false);
        if (own == size && memcmp(sign, text, size) == 0)
            return true;
        sign += own;
    }
    return false;
}

/* Leaves the number of a cell with signs around it. A minus before a sign is put behind it, and a
 * number in brackets gets one. What is no number without its signs stays as it is. */
static void strip_signs(yg_cell *cell, const yg_csv_marks *marks) {
    char *text = (char *)(uintptr_t)cell->text, *at = text, *end = text + cell->size;
    const bool minus = at < end && (*at == '-' || *at == '+');
    int open = 0, closed = 0;
    at += minus;
    for (bool more = true; more && at < end;) {
        const size_t size = character(at, end, false);
        more = is_sign(at, size, marks);
        open += more && *at == '(';
        at += more ? size : 0;
    }
    for (bool more = true; more && at < end;) {
        const size_t size = character(end, at, true);
        more = is_sign(end - size, size, marks);
        closed += more && end[-1] == ')';
        end -= more ? size : 0;
    }
    const bool any = at > text + minus || end < text + cell->size;
    const bool has_minus = at < end && (*at == '-' || *at == '+');
    if (!any || at == end || (has_minus && (minus || open)) || (minus && open) || open != closed ||
        open > 1 || skip_number(at, end, marks) != end || !memchr("0123456789", end[-1], 10))
        return;
    if (minus) {
        const char sign = *text;
        memmove(text, text + 1, (size_t)(at - text) - 1);
        *--at = sign;
    } else if (open)
        *--at = '-'; /* in the place of the bracket, or of what stands behind it */
    cell->text = at;
    cell->size = (uint32_t)(end - at);
}

void yg_csv_decimal(yg_cell *cell, const yg_csv_marks *marks) {
    if (*marks->signs && cell->size)
        strip_signs(cell, marks);
    const char *end = cell->text + cell->size, *number = skip_number(cell->text, end, marks);
    if (!number || number == cell->text || (number < end && *number != 'e' && *number != 'E'))
        return;
    char *text = (char *)(uintptr_t)cell->text, *to = text;
    size_t separators = 0;
    for (const char *from = text; from < end;) {
        const size_t size = from < number ? separator(from, end, marks->thousands) : 0;
        if (!size)
            *to++ = *from == marks->decimal ? '.' : *from;
        from += size ? size : 1;
        separators += size > 0;
    }
    cell->size = (uint32_t)(to - text);
    /* What is left over becomes a character for each separator, and bytes that go on with one. */
    for (; to < end; to++)
        *to = separators > 0 ? '_' : (char)0x80, separators -= separators > 0;
}
