/*
 * Numbers as text: see number.h. strtod() and printf() do the exact rounding. They run in the "C"
 * locale, because in another one they may read and write a decimal comma.
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
    return scan(text, SIZE_MAX, &integer); /* the NUL ends the number */
}

/* Reads a number of at most 15 digits, perhaps with a point. Its digits as a whole number, and the
 * power of ten to divide it by, are both exact in a double; so the quotient is rounded only once.
 * Most numbers in data files are of this form, and strtod() takes far longer. */
static bool read_short(const char *text, size_t length, double *value) {
    static const double powers[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    const char *point = memchr(text, '.', length);
    if (!point || length > 16 || memchr(text, 'e', length) || memchr(text, 'E', length))
        return false;
    double sum = 0;
    for (size_t i = 0; i < length; i++)
        if (text + i != point)
            sum = 10 * sum + (text[i] - '0');
    *value = sum / powers[length - 1 - (size_t)(point - text)];
    return true;
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
    if (!integer && read_short(text + sign, digits, value)) {
        *value = text[0] == '-' ? -*value : *value;
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

bool yg_number_is_lost(const char *text, size_t length, double value) {
    for (size_t i = 0; value == 0 && i < length && text[i] != 'e' && text[i] != 'E'; i++)
        if (text[i] >= '1' && text[i] <= '9')
            return true;
    return false;
}

/* Reads a decimal exponent, which ends the text. It is limited to ±1e6: a larger one gives infinity
 * or 0 all the same. */
static int64_t read_exponent(const char *text, size_t length) {
    const bool negative = length > 0 && text[0] == '-';
    int64_t exponent = 0;
    for (size_t i = negative || (length > 0 && text[0] == '+'); i < length; i++)
        if (exponent < 1000000)
            exponent = 10 * exponent + (text[i] - '0');
    return negative ? -exponent : exponent;
}

/* Appends a digit to a whole number. False if the number then fits no int64_t of that sign. */
static bool append_digit(uint64_t *sum, int digit, bool negative) {
    const uint64_t limit = (uint64_t)INT64_MAX + negative;
    if (*sum > (limit - (uint64_t)digit) / 10)
        return false;
    *sum = 10 * *sum + (uint64_t)digit;
    return true;
}

yg_whole yg_number_integer(const char *text, size_t length, int64_t *value) {
    const bool negative = length > 0 && text[0] == '-';
    const size_t sign = negative || (length > 0 && text[0] == '+');
    bool integer;
    const size_t span = scan(text + sign, length - sign, &integer);
    if (!span || sign + span != length)
        return YG_WHOLE_NOT;
    const char *digits = text + sign, *mark = memchr(digits, 'e', span);
    if (!mark)
        mark = memchr(digits, 'E', span);
    const size_t mantissa = mark ? (size_t)(mark - digits) : span;
    const char *point = memchr(digits, '.', mantissa);
    const size_t whole = point ? (size_t)(point - digits) : mantissa;
    const size_t count = mantissa - (point != NULL); /* digits, without the point */
    /* The position of the point among the digits. All digits after it must be zeros. */
    const int64_t exponent = mark ? read_exponent(mark + 1, span - mantissa - 1) : 0;
    const int64_t place = (int64_t)whole + exponent;
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        const int digit = digits[i + (i >= whole)] - '0';
        if ((int64_t)i >= place && digit)
            return YG_WHOLE_FRACTION;
        if ((int64_t)i < place && !append_digit(&sum, digit, negative))
            return YG_WHOLE_LARGE;
    }
    for (int64_t i = (int64_t)count; sum && i < place; i++)
        if (!append_digit(&sum, 0, negative))
            return YG_WHOLE_LARGE;
    *value = negative ? (int64_t)(0 - sum) : (int64_t)sum;
    return YG_WHOLE_EXACT;
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

const char *yg_bytes_text(double bytes, char *text) {
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    size_t unit = 0;
    while (bytes >= 1024 && unit + 1 < sizeof units / sizeof *units) {
        bytes /= 1024;
        unit++;
    }
    snprintf(text, YG_BYTES_TEXT, unit == 0 ? "%.0f %s" : "%.1f %s", bytes, units[unit]);
    return text;
}
