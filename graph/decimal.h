/*
 * A decimal number in parts, and its nearest double. Private to graph/.
 */
#ifndef YG_GRAPH_DECIMAL_H
#define YG_GRAPH_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The most digits that always fit a uint64_t. */
#define YG_DECIMAL_DIGITS 19

/* digits · 10^exponent. If `more`, digits that are not zero were cut off behind `digits`. */
typedef struct yg_decimal {
    uint64_t digits;
    int64_t exponent;
    size_t length; /* bytes of the text that form the number */
    bool integer;  /* it was written with digits only */
    bool more;
} yg_decimal;

/* Reads the number without a sign at the beginning of text[0 .. length). False if there is none. */
bool yg_decimal_read(const char *text, size_t length, yg_decimal *decimal);

/* The nearest double, ties to even. False where that needs more than 128 bits; strtod() must decide
 * then. */
bool yg_decimal_round(const yg_decimal *decimal, double *value);

/* The digits of a double: it is (digits + part / 2^64) · 10^exponent, with YG_DOUBLE_DIGITS digits.
 * The true part is `part`, or larger by less than 2. */
#define YG_DOUBLE_DIGITS 17
typedef struct yg_double_digits {
    uint64_t digits, part;
    int64_t exponent;
} yg_double_digits;

/* False where `value` is not positive, finite and normal, or where 128 bits cannot be multiplied.
 */
bool yg_decimal_digits(double value, yg_double_digits *out);

#endif
