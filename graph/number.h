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
    YG_NUMBER_NOT,     /* the text is no number */
    YG_NUMBER_INTEGER, /* only digits, perhaps with a sign */
    YG_NUMBER_REAL,    /* with a point or an exponent */
} yg_number_form;

/* Reads all of text[0 .. length) as a number: digits, perhaps with a sign, a point and a decimal
 * exponent. It is rounded to the nearest double; one that is too large becomes infinite. "inf",
 * "nan", hexadecimal numbers and blanks are not accepted. *value is set unless the result is
 * YG_NUMBER_NOT. */
yg_number_form yg_number_parse(const char *text, size_t length, double *value);

/* True if the text is a number other than 0 that was read as the `value` 0: it is too small for a
 * double. Readers refuse it, as they refuse one that is too large. */
bool yg_number_is_lost(const char *text, size_t length, double value);

typedef enum yg_whole {
    YG_WHOLE_EXACT,    /* *value is the number */
    YG_WHOLE_NOT,      /* the text is no number */
    YG_WHOLE_FRACTION, /* the number is not whole */
    YG_WHOLE_LARGE,    /* the number is whole, but does not fit int64_t */
} yg_whole;

/* Reads a whole number in any of the forms above, without rounding: "12", "-3.0", "1e3". */
yg_whole yg_number_integer(const char *text, size_t length, int64_t *value);

/* The number of bytes at the beginning of a NUL-terminated text that form a number without a sign;
 * 0 if there is none. */
size_t yg_number_span(const char *text);

/* Writes the shortest text that yg_number_parse() reads back as the same double; "inf", "-inf" or
 * "nan" if it is not finite. Returns `text`, which must have room for YG_NUMBER_TEXT bytes. */
const char *yg_number_text(double value, char *text);

#define YG_BYTES_TEXT 32

/* Writes a size for people to read: "12 B", "1.5 MiB". Returns `text`, which must have room for
 * YG_BYTES_TEXT bytes. */
const char *yg_bytes_text(double bytes, char *text);

#endif
