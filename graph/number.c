/*
 * Numbers as text: see number.h; decimal.c reads them. printf() and strtod() run in the "C" locale,
 * because in another one they may read and write a decimal comma.
 */
#include "number.h"

#include "decimal.h"
#include "locale.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool yg_number_is_lost(const char *text, size_t length, double value) {
    for (size_t i = 0; value == 0 && i < length && text[i] != 'e' && text[i] != 'E'; i++)
        if (text[i] >= '1' && text[i] <= '9')
            return true;
    return false;
}

/* The digits of a number, rounded to `count` of them: they are digits · 10^exponent. False where
 * what was cut off could round them either way. */
static bool round_digits(const yg_double_digits *all, int count, yg_decimal *out) {
    static const uint64_t powers[] = {1, 10, 100};
    const uint64_t cut = powers[YG_DOUBLE_DIGITS - count], half = cut / 2;
    const uint64_t rest = all->digits % cut, middle = (uint64_t)1 << 63;
    /* Whether the rest, with the part, is more than half a digit: the part decides where the rest
     * alone does not. */
    const bool undecided = cut == 1 ? all->part + 2 >= middle && all->part <= middle
                                    : (rest == half && all->part == 0) ||
                                          (rest + 1 == half && all->part >= UINT64_MAX - 1);
    const bool up = cut == 1 ? all->part > middle : rest >= half;
    *out = (yg_decimal){.digits = all->digits / cut + up,
                        .exponent = all->exponent + YG_DOUBLE_DIGITS - count};
    return !undecided;
}

/* "e-05", "e+300" */
static void write_exponent(int exponent, char *text) {
    const int size = abs(exponent);
    *text++ = 'e';
    *text++ = exponent < 0 ? '-' : '+';
    if (size >= 100)
        *text++ = (char)('0' + size / 100);
    *text++ = (char)('0' + size / 10 % 10);
    *text++ = (char)('0' + size % 10);
    *text = '\0';
}

/* Writes a number as %g with that many digits does. */
static void write_digits(const yg_decimal *number, int count, char *text) {
    char digits[24];
    uint64_t left = number->digits;
    int used = 0;
    for (char *at = digits + sizeof digits; left; left /= 10, used++)
        *--at = (char)('0' + left % 10);
    const char *at = digits + sizeof digits - used;
    const int place = (int)number->exponent + used - 1; /* of the first digit */
    while (used > 1 && at[used - 1] == '0')
        used--;
    if (place >= count || place < -4) {
        *text++ = *at;
        if (used > 1)
            *text++ = '.';
        memcpy(text, at + 1, (size_t)used - 1);
        write_exponent(place, text + used - 1);
        return;
    }
    if (place < 0) {
        *text++ = '0';
        *text++ = '.';
        for (int i = place + 1; i < 0; i++)
            *text++ = '0';
    }
    for (int i = 0; i < used || i <= place; i++) {
        if (i == place + 1 && place >= 0)
            *text++ = '.';
        *text++ = i < used ? at[i] : '0';
    }
    *text = '\0';
}

/* Writes nearly every number. False where whole numbers of any length are needed, or 0 digits. */
static bool write_fast(double value, char *text) {
    yg_double_digits all;
    yg_decimal rounded;
    if (!yg_decimal_digits(fabs(value), &all))
        return false;
    for (int count = 15; count <= YG_DOUBLE_DIGITS; count++) {
        double again;
        if (!round_digits(&all, count, &rounded) || !yg_decimal_round(&rounded, &again))
            return false;
        if (again < fabs(value) || again > fabs(value))
            continue;
        *text = '-';
        write_digits(&rounded, count, text + (value < 0));
        return true;
    }
    return false;
}

const char *yg_number_text(double value, char *text) {
    if (isnan(value))
        return strcpy(text, "nan");
    if (write_fast(value, text))
        return text;
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
