/*
 * Numbers as text: see number.h; decimal.c reads them. printf() and strtod() run in the "C" locale,
 * because in another one they may read and write a decimal comma.
 */
#include "number.h"

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
