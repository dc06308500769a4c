/*
 * Decimal numbers as text, the same in every locale.
 */
#ifndef YG_GRAPH_NUMBER_H
#define YG_GRAPH_NUMBER_H

#include <stdbool.h>
#include <stddef.h>

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

/* How many bytes at the beginning of a NUL-terminated text have that form, without the sign:
 * 0 if none. */
size_t yg_number_span(const char *text);

/* The shortest text that yg_number_parse() reads back as the same double; "inf", "-inf" and "nan"
 * for what is not finite. Returns `text`, which has room for YG_NUMBER_TEXT bytes. */
const char *yg_number_text(double value, char *text);

#endif
