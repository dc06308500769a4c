/*
 * Texts that differ in a number: see numbered.h.
 */
#include "numbered.h"

#include <string.h>

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* The number that `text` begins with, of at most 18 digits, so that it cannot overflow. */
static int64_t read_number(const char *text, size_t *digits) {
    int64_t number = 0;
    for (*digits = 0; *digits < 18 && is_digit(text[*digits]); ++*digits)
        number = 10 * number + (text[*digits] - '0');
    return number;
}

bool yg_numbered_find(const char *before, const char *text, yg_numbered *numbered) {
    size_t head = 0, digits, digits_before;
    while (text[head] != '\0' && text[head] == before[head])
        head++;
    *numbered = (yg_numbered){.text = text};
    if (text[head] == before[head])
        return true;
    while (head > 0 && is_digit(text[head - 1]))
        head--;
    const int64_t number = read_number(text + head, &digits);
    const int64_t number_before = read_number(before + head, &digits_before);
    numbered->head = head;
    numbered->digits = digits;
    numbered->number = number;
    return digits > 0 && digits_before > 0 && number == number_before + 1 &&
           strcmp(text + head + digits, before + head + digits_before) == 0;
}

const char *yg_numbered_text(const yg_numbered *numbered, int64_t further, yg_pool *pool) {
    if (numbered->digits == 0)
        return numbered->text;
    char digits[24];
    size_t count = 0;
    int64_t number = numbered->number + further;
    do {
        digits[count++] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    const char *tail = numbered->text + numbered->head + numbered->digits;
    const size_t tail_size = strlen(tail) + 1;
    char *text = yg_pool_take_unset(pool, numbered->head + count + tail_size);
    if (!text)
        return NULL;
    memcpy(text, numbered->text, numbered->head);
    for (size_t i = 0; i < count; i++)
        text[numbered->head + i] = digits[count - 1 - i];
    memcpy(text + numbered->head + count, tail, tail_size);
    return text;
}
