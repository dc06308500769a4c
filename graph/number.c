/*
 * Numbers as text: see number.h. Where decimal.c cannot round, strtod() does, and printf() writes.
 * They run in the "C" locale, because in another one they may read and write a decimal comma.
 */
#include "number.h"

#include "decimal.h"
#include "locale.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t yg_number_span(const char *text) {
    yg_decimal decimal;
    return yg_decimal_read(text, strspn(text, "0123456789.eE+-"), &decimal) ? decimal.length : 0;
}

/* Reads all of text[0 .. length), whose first `sign` bytes are its sign. */
static bool read_all(const char *text, size_t sign, size_t length, yg_decimal *decimal) {
    return yg_decimal_read(text + sign, length - sign, decimal) && sign + decimal->length == length;
}

static size_t sign_of(const char *text, size_t length) {
    return length > 0 && (text[0] == '+' || text[0] == '-');
}

/* What needs numbers of any length. False when out of memory. */
static bool round_long(const char *text, size_t length, double *value) {
    char small[64];
    char *copy = length < sizeof small ? small : malloc(length + 1);
    if (!copy)
        return false;
    memcpy(copy, text, length);
    copy[length] = '\0';
    const yg_locale locale = yg_locale_enter();
    *value = strtod(copy, NULL);
    yg_locale_leave(locale);
    if (copy != small)
        free(copy);
    return true;
}

yg_number_form yg_number_parse(const char *text, size_t length, double *value) {
    const size_t sign = sign_of(text, length);
    yg_decimal decimal;
    if (!read_all(text, sign, length, &decimal) ||
        (!yg_decimal_round(&decimal, value) && !round_long(text + sign, length - sign, value)))
        return YG_NUMBER_NOT;
    *value = sign && text[0] == '-' ? -*value : *value;
    return decimal.integer ? YG_NUMBER_INTEGER : YG_NUMBER_REAL;
}

bool yg_number_is_lost(const char *text, size_t length, double value) {
    for (size_t i = 0; value == 0 && i < length && text[i] != 'e' && text[i] != 'E'; i++)
        if (text[i] >= '1' && text[i] <= '9')
            return true;
    return false;
}

yg_whole yg_number_integer(const char *text, size_t length, int64_t *value) {
    const size_t sign = sign_of(text, length);
    const bool negative = sign && text[0] == '-';
    const uint64_t limit = (uint64_t)INT64_MAX + negative;
    yg_decimal decimal;
    if (!read_all(text, sign, length, &decimal))
        return YG_WHOLE_NOT;
    uint64_t sum = decimal.digits;
    bool fraction = decimal.more;
    for (int64_t i = decimal.exponent; sum && i < 0; i++) {
        fraction = fraction || sum % 10;
        sum /= 10;
    }
    for (int64_t i = decimal.exponent; sum && i > 0; i--) {
        if (sum > limit / 10)
            return YG_WHOLE_LARGE;
        sum *= 10;
    }
    if (sum > limit)
        return YG_WHOLE_LARGE;
    if (fraction)
        return YG_WHOLE_FRACTION;
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
