/*
 * Decimal numbers from text and to text.
 */
#include "graph/decimal.h"
#include "graph/number.h"

#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *text;
    yg_whole form;
    int64_t value;
} wholes[] = {
    {"9007199254740993", YG_WHOLE_EXACT, 9007199254740993},
    {"-9223372036854775808", YG_WHOLE_EXACT, INT64_MIN},
    {"9223372036854775807", YG_WHOLE_EXACT, INT64_MAX},
    {"9223372036854775808", YG_WHOLE_LARGE, 0},
    {"-9223372036854775809", YG_WHOLE_LARGE, 0},
    {"9007199254740993.000", YG_WHOLE_EXACT, 9007199254740993},
    {"90071992547409930e-1", YG_WHOLE_EXACT, 9007199254740993},
    {"1.5e1", YG_WHOLE_EXACT, 15},
    {"+1E3", YG_WHOLE_EXACT, 1000},
    {"-0", YG_WHOLE_EXACT, 0},
    {"0e999999999999", YG_WHOLE_EXACT, 0},
    {"1e19", YG_WHOLE_LARGE, 0},
    {"1e999999999999", YG_WHOLE_LARGE, 0},
    {"1.5", YG_WHOLE_FRACTION, 0},
    {"1e-1", YG_WHOLE_FRACTION, 0},
    {"9223372036854775807.5", YG_WHOLE_FRACTION, 0},
    {"9223372036854775808.5", YG_WHOLE_LARGE, 0},
    {"12345678901234567890.5", YG_WHOLE_LARGE, 0},
    {"0.12345678901234567890", YG_WHOLE_FRACTION, 0},
    {"92233720368547758070e-1", YG_WHOLE_EXACT, INT64_MAX},
    {"-9223372036854775808.00000", YG_WHOLE_EXACT, INT64_MIN},
    {".5", YG_WHOLE_FRACTION, 0},
    {"15.e-1", YG_WHOLE_FRACTION, 0},
    {"1e", YG_WHOLE_NOT, 0},
    {"", YG_WHOLE_NOT, 0},
    {" 1", YG_WHOLE_NOT, 0},
    {"0x1", YG_WHOLE_NOT, 0},
};

Test(number, whole_numbers_are_exact) {
    for (size_t i = 0; i < sizeof wholes / sizeof *wholes; i++) {
        int64_t value = 0;
        cr_expect_eq(yg_number_integer(wholes[i].text, strlen(wholes[i].text), &value),
                     wholes[i].form, "'%s'", wholes[i].text);
        if (wholes[i].form == YG_WHOLE_EXACT)
            cr_expect_eq(value, wholes[i].value, "'%s'", wholes[i].text);
    }
}

/* ---------------------------------------------------------------------------- rounding ------ */

static uint64_t next_random(uint64_t *state) {
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state ^ *state >> 29;
}

/* Reads a number in both ways: the bits must be the same. Returns whether strtod() was needed. */
static bool compare(const char *text) {
    double value = NAN;
    yg_decimal decimal;
    const double expected = strtod(text, NULL);
    cr_assert_neq(yg_number_parse(text, strlen(text), &value), YG_NUMBER_NOT, "%s", text);
    cr_assert_eq(memcmp(&value, &expected, sizeof value), 0, "%s: %a is not %a", text, value,
                 expected);
    yg_decimal_read(text + (*text == '-'), strlen(text) - (*text == '-'), &decimal);
    return !yg_decimal_round(&decimal, &value);
}

/* Short decimals, whose digits and power of ten are exact. */
Test(number, short_decimals_are_rounded_once) {
    uint64_t state = 1;
    for (int i = 0; i < 50000; i++) {
        char text[40];
        const uint64_t digits = next_random(&state) % (uint64_t)pow(10, i % 15 + 1);
        const int places = (int)(next_random(&state) % 15);
        snprintf(text, sizeof text, "%s%.*f", i % 3 ? "" : "-", places % 14,
                 (double)digits / pow(10, places));
        cr_assert_not(compare(text), "%s", text);
    }
}

/* Numbers as programs print them, with up to 19 digits: nearly all are rounded without strtod(). */
Test(number, long_decimals_are_rounded_once) {
    uint64_t state = 2;
    int slow = 0;
    for (int i = 0; i < 50000; i++) {
        char text[80];
        const double scale = pow(10, (double)(next_random(&state) % 180) - 90);
        snprintf(text, sizeof text, "%.*g", (int)(next_random(&state) % 19) + 1,
                 (double)(int64_t)next_random(&state) * 1e-19 * scale);
        slow += compare(text);
    }
    cr_expect_lt(slow, 50, "%d of 50000", slow);
}

/* Every power of ten of the table, with digits that fill 64 bits and with few. */
Test(number, every_power_of_ten_is_right) {
    static const char *const digits[] = {"1", "18446744073709551615", "9007199254740993",
                                         "9999999999999999999", "3"};
    for (int exponent = -400; exponent <= 400; exponent++) {
        for (size_t i = 0; i < sizeof digits / sizeof *digits; i++) {
            char text[80];
            snprintf(text, sizeof text, "%se%d", digits[i], exponent);
            compare(text);
        }
    }
}

/* Halfway between two doubles, and next to it: the number with all its digits, which ends in 5, and
 * with one more digit, or one less. */
Test(number, ties_go_to_even) {
    uint64_t state = 3;
    for (int i = 0; i < 5000; i++) {
        char text[1200];
        uint64_t bits = next_random(&state) >> 12 | (uint64_t)(900 + i % 240) << 52;
        double below, above;
        memcpy(&below, &bits, sizeof below);
        bits++;
        memcpy(&above, &bits, sizeof above);
        /* A long double of 64 bits holds the middle exactly. */
        const int size = snprintf(text, sizeof text, "%.250Lf", ((long double)below + above) / 2);
        compare(text);
        strcpy(text + size, "1");
        compare(text);
        char *last = text + size - 1;
        while (*last == '0')
            *last-- = '\0';
        last[1] = '\0';
        compare(text);
        if (*last > '0' && *last <= '9')
            (*last)--;
        compare(text);
    }
}

static const struct {
    const char *text;
    double value;
} edges[] = {
    {"0", 0},
    {"-0", -0.0},
    {"0e999999999999999999999", 0},
    {"1e999999999999999999999", INFINITY},
    {"-1e400", -INFINITY},
    {"1e-400", 0},
    {"4.9406564584124654e-324", 4.9406564584124654e-324},
    {"2.2250738585072011e-308", 2.2250738585072011e-308},
    {"1.7976931348623157e308", 1.7976931348623157e308},
    {"1.7976931348623159e308", INFINITY},
    {"9007199254740993", 9007199254740992},
    {"9007199254740993.00000000000000000000000001", 9007199254740994},
    {"00000000000000000000000000000000001", 1},
    {"0.00000000000000000000000000000000001", 1e-35},
    {"100000000000000000000000000000000000000", 1e38},
    {"12345678.", 12345678},
    {".12345678", .12345678},
    {"+1.5E+3", 1500},
};

Test(number, edges) {
    for (size_t i = 0; i < sizeof edges / sizeof *edges; i++) {
        double value = NAN;
        cr_expect_neq(yg_number_parse(edges[i].text, strlen(edges[i].text), &value), YG_NUMBER_NOT);
        cr_expect_eq(memcmp(&value, &edges[i].value, sizeof value), 0, "%s: %g", edges[i].text,
                     value);
    }
}

/* Nothing but a number is one: also where eight bytes are read at once. */
Test(number, what_is_no_number) {
    static const char *const texts[] = {
        "",          ".",        "-",        "e5",        "1e",         "1e+",   "1 ",
        " 1",        "0x10",     "inf",      "nan",       "1,5",        "1.2.3", "--1",
        "12345678a", "1234567:", "1234567/", "12345678:", "1.1234567/", "1_000"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        double value;
        int64_t whole;
        cr_expect_eq(yg_number_parse(texts[i], strlen(texts[i]), &value), YG_NUMBER_NOT, "%s",
                     texts[i]);
        cr_expect_eq(yg_number_integer(texts[i], strlen(texts[i]), &whole), YG_WHOLE_NOT, "%s",
                     texts[i]);
    }
    /* Each byte in each of eight places. */
    for (int i = 0; i < 8 * 256; i++) {
        char text[] = "00000000";
        double value;
        text[i / 256] = (char)(i % 256);
        const bool digit = i % 256 >= '0' && i % 256 <= '9';
        const bool sign = i < 256 && (i % 256 == '+' || i % 256 == '-');
        const bool other = i % 256 == '.' || ((i % 256 == 'e' || i % 256 == 'E') && i / 256 % 7);
        cr_expect_eq(yg_number_parse(text, 8, &value) != YG_NUMBER_NOT, digit || sign || other,
                     "byte %d at %d", i % 256, i / 256);
    }
}

/* The least of 15, 16 and 17 digits that are read back, as printf() and strtod() find them. */
static const char *text_by_printf(double number, char *text) {
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, YG_NUMBER_TEXT, "%.*g", digits, number);
        const double again = strtod(text, NULL);
        if (again <= number && again >= number)
            break;
    }
    return text;
}

static void expect_text(double number) {
    char text[YG_NUMBER_TEXT], wanted[YG_NUMBER_TEXT];
    cr_expect_str_eq(yg_number_text(number, text), text_by_printf(number, wanted));
}

/* Numbers of all sizes, near powers of ten, and half way between two of 15 or 16 digits. */
Test(number, is_written_as_printf_does) {
    static const double special[] = {0.0,
                                     -0.0,
                                     (double)INFINITY,
                                     -(double)INFINITY,
                                     DBL_MIN,
                                     DBL_MAX,
                                     4.9e-324,
                                     -1e-5,
                                     1e-4,
                                     999999999999999.5,
                                     1e15,
                                     9007199254740993.0};
    for (size_t i = 0; i < sizeof special / sizeof *special; i++)
        expect_text(special[i]);
    uint64_t state = 3;
    for (int i = 0; i < 20000; i++) {
        double number;
        state = state * 6364136223846793005u + 1442695040888963407u;
        memcpy(&number, &state, sizeof number);
        if (!isnan(number))
            expect_text(number);
        expect_text((double)(state >> 11) + 0.5);
        expect_text((double)(state >> 12) / 16);
        expect_text((double)(state >> 44) / 1000);
        expect_text((double)(float)((double)(state >> 50) / 7));
    }
    for (int exponent = -323; exponent < 309; exponent++)
        for (int digit = 1; digit < 10; digit++) {
            char power[16];
            snprintf(power, sizeof power, "%de%d", digit, exponent);
            const double number = strtod(power, NULL);
            expect_text(number);
            expect_text(nextafter(number, (double)INFINITY));
            expect_text(nextafter(number, 0));
        }
}

/* Some doubles need 17 digits. Written with fewer, they are other numbers when they are read again.
 */
Test(number, what_is_written_is_read_back) {
    uint64_t state = 7;
    for (int i = 0; i < 20000; i++) {
        char text[YG_NUMBER_TEXT];
        double number, value;
        state = state * 6364136223846793005u + 1442695040888963407u;
        memcpy(&number, &state, sizeof number);
        if (!isfinite(number))
            continue;
        yg_number_text(number, text);
        cr_assert_neq(yg_number_parse(text, strlen(text), &value), YG_NUMBER_NOT, "%s", text);
        cr_assert_eq(value, number, "%s is not %.17g", text, number);
    }
}
