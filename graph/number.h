/*
 * Decimal numbers as text, the same in every locale.
 */
#ifndef YG_GRAPH_NUMBER_H
#define YG_GRAPH_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The longest text of yg_number_text(), with its NUL. */
#define YG_NUMBER_TEXT 32

typedef enum yg_number_form {
    YG_NUMBER_NOT,     /* no number */
    YG_NUMBER_INTEGER, /* digits only, perhaps with a sign */
    YG_NUMBER_REAL,    /* with a point or an exponent */
} yg_number_form;

/* Reads text[0 .. length) as a whole: digits, perhaps with a sign, a point and a decimal exponent,
 * rounded to the nearest double. What is too large becomes an infinity; "inf", "nan", hexadecimal
 * and blanks are no numbers. `value` is set unless the answer is YG_NUMBER_NOT. */
yg_number_form yg_number_parse(const char *text, size_t length, double *value);

typedef enum yg_whole {
    YG_WHOLE_EXACT,    /* *value is the number */
    YG_WHOLE_NOT,      /* no number */
    YG_WHOLE_FRACTION, /* a number that is not whole */
    YG_WHOLE_LARGE,    /* a whole number that no int64_t holds */
} yg_whole;

/* Reads a number of the forms above as a whole one, without rounding: "12", "-3.0", "1e3". */
yg_whole yg_number_integer(const char *text, size_t length, int64_t *value);

/* How many bytes at the beginning of a NUL-terminated text have that form, without the sign:
 * 0 if none. */
size_t yg_number_span(const char *text);

/* The shortest text that yg_number_parse() reads back as the same double; "inf", "-inf" and "nan"
 * for what is not finite. Returns `text`, which has room for YG_NUMBER_TEXT bytes. */
const char *yg_number_text(double value, char *text);

#define YG_BYTES_TEXT 32

/* A size for people: "12 B", "1.5 MiB". Returns `text`, which has room for YG_BYTES_TEXT bytes. */
const char *yg_bytes_text(double bytes, char *text);

#endif
