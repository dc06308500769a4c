/*
 * Which marks would read a number: see csv_guess.h.
 */
#include "csv_guess.h"

#include "../graph/number.h"

#include <string.h>

enum { LONGEST = 64, BESIDE = 12 /* bytes on one side */ };

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static bool is_letter(char c, char first) {
    return (unsigned char)(c - first) < 26;
}

/* Adds the characters of [text, end) that are neither blanks nor a minus, each once. */
static bool add_signs(char *signs, const char *text, const char *end) {
    while (text < end) {
        const char *next = text + 1;
        while (next < end && ((unsigned char)*next & 0xC0) == 0x80)
            next++;
        const size_t size = (size_t)(next - text), used = strlen(signs);
        const bool passed = *text == ' ' || *text == '\t' || *text == '-' || *text == '+' ||
                            (size == 2 && memcmp(text, "\xC2\xA0", 2) == 0);
        char sign[8] = {0};
        if (size >= sizeof sign)
            return false;
        memcpy(sign, text, size);
        if (!passed && !strstr(signs, sign)) {
            if (used + size >= YG_CSV_SIGNS)
                return false;
            memcpy(signs + used, sign, size + 1);
        }
        text = next;
    }
    return true;
}

bool yg_csv_signs_join(char *signs, const char *more) {
    char all[YG_CSV_SIGNS];
    memcpy(all, signs, sizeof all);
    if (!add_signs(all, more, more + strlen(more)))
        return false;
    memcpy(signs, all, sizeof all);
    return true;
}

/* Letters before a number are a code, as A1 and room 7; three capitals are a currency. */
static bool may_stand_before(const char *text, const char *end) {
    size_t letters = 0, capitals = 0;
    for (const char *at = text; at < end; at++) {
        capitals += is_letter(*at, 'A');
        letters += is_letter(*at, 'A') || is_letter(*at, 'a');
    }
    return !letters || (letters == 3 && capitals == 3) ||
           (letters == 2 && memchr(text, '$', (size_t)(end - text))); /* US$ */
}

static bool reads(const char *text, size_t size, const yg_csv_marks *marks) {
    char copy[LONGEST];
    double number;
    memcpy(copy, text, size);
    yg_cell cell = {.kind = YG_CELL_TEXT, .size = (uint32_t)size, .text = copy};
    yg_csv_decimal(&cell, marks);
    return yg_number_parse(cell.text, cell.size, &number) != YG_NUMBER_NOT;
}

bool yg_csv_guess(const char *text, size_t size, yg_csv_marks *marks) {
    static const char pairs[][2] = {{'.', '\0'}, {'.', ','}, {',', '\0'}, {',', '.'}};
    const char *end = text + size, *first = text, *last = end;
    while (first < end && !is_digit(*first) &&
           !(*first == '.' && first + 1 < end && is_digit(first[1])))
        first++;
    while (last > first && !is_digit(last[-1]))
        last--;
    *marks = (yg_csv_marks){.decimal = '.'};
    if (size >= LONGEST || first == last || first - text > BESIDE || end - last > BESIDE ||
        (first > text && !may_stand_before(text, first)) || !add_signs(marks->signs, text, first) ||
        !add_signs(marks->signs, last, end) || strpbrk(marks->signs, ".,eE\"\\\n"))
        return false;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        /* No group of three follows a zero: 0,125 is an eighth. 0,125.50 has its mark elsewhere. */
        if (pairs[i][1] && *first == '0' && first + 1 < last && first[1] == pairs[i][1] &&
            !memchr(first, pairs[i][0], (size_t)(last - first)))
            continue;
        marks->decimal = pairs[i][0];
        marks->thousands = pairs[i][1];
        if (reads(text, size, marks))
            return true;
    }
    return false;
}
