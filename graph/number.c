/*
 * strtod() and printf() do the exact rounding. They would read and write a decimal comma where the
 * host's locale has one, so they run in the "C" locale.
 */
#include "number.h"

#include "locale.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* The length of the number in text[0 .. length), and whether it has only digits. */
static size_t scan(const char *text, size_t length, bool *integer) {
    size_t end = 0;
    size_t digits = 0;
    *integer = true;
    for (; end < length && is_digit(text[end]); end++)
        digits++;
    if (end < length && text[end] == '.') {
        size_t after = end + 1;
        for (; after < length && is_digit(text[after]); after++)
            digits++;
        if (digits > 0) {
            end = after;
            *integer = false;
        }
    }
    if (digits == 0)
        return 0;
    if (end < length && (text[end] == 'e' || text[end] == 'E')) {
        size_t after = end + 1;
        if (after < length && (text[after] == '+' || text[after] == '-'))
            after++;
        const size_t first = after;
        while (after < length && is_digit(text[after]))
            after++;
        if (after > first) {
            end = after;
            *integer = false;
        }
    }
    return end;
}

size_t yg_number_span(const char *text) {
    bool integer;
    return scan(text, SIZE_MAX, &integer); /* the NUL ends it */
}

yg_number_form yg_number_parse(const char *text, size_t length, double *value) {
    const size_t sign = length > 0 && (text[0] == '+' || text[0] == '-') ? 1 : 0;
    bool integer;
    const size_t digits = scan(text + sign, length - sign, &integer);
    if (digits == 0 || sign + digits != length)
        return YG_NUMBER_NOT;
    const yg_number_form form = integer ? YG_NUMBER_INTEGER : YG_NUMBER_REAL;
    /* Up to 15 digits are exact in a double and need no rounding. */
    if (integer && digits <= 15) {
        double sum = 0;
        for (size_t i = sign; i < length; i++)
            sum = 10 * sum + (text[i] - '0');
        *value = text[0] == '-' ? -sum : sum;
        return form;
    }
    char small[64];
    char *copy = length < sizeof small ? small : malloc(length + 1);
    if (copy == NULL)
        return YG_NUMBER_NOT;
    memcpy(copy, text, length);
    copy[length] = '\0';
    const yg_locale locale = yg_locale_enter();
    *value = strtod(copy, NULL);
    yg_locale_leave(locale);
    if (copy != small)
        free(copy);
    return form;
}

const char *yg_number_text(double value, char *text) {
    if (isnan(value))
        return strcpy(text, "nan");
    const yg_locale locale = yg_locale_enter();
    /* 17 digits always suffice for a double; most numbers that people write need fewer. */
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, YG_NUMBER_TEXT, "%.*g", digits, value);
        const double again = strtod(text, NULL);
        if (again <= value && again >= value)
            break;
    }
    yg_locale_leave(locale);
    return text;
}
