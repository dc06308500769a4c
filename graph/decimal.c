/*
 * Decimal numbers from text: see number.h, and decimal.h for the parts.
 *
 * strtod() works with whole numbers of any length, and takes a locale. Nearly every number in a
 * data file can be rounded with 128 bits of a power of five instead. This is the idea of Eisel and
 * Lemire
 * ("Number parsing at a gigabyte per second", 2021), stated here as an interval: what was cut off
 * the power bounds the true number from both sides, and a result counts only if both bounds round
 * to it.
 */
#include "decimal.h"

#include "locale.h"
#include "number.h"
#include "powers_of_five.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------------------------- digits */

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__

/* Eight bytes are eight digits if each high half is 3, and is still 3 after 6 is added. */
static bool are_eight_digits(uint64_t eight) {
    const uint64_t high = 0xF0F0F0F0F0F0F0F0;
    return ((eight & high) | (((eight + 0x0606060606060606) & high) >> 4)) == 0x3333333333333333;
}

/* Adds neighbours pair by pair: digits to numbers of two digits, these to four, these to eight. The
 * first digit is in the lowest byte. */
static uint64_t eight_digits(uint64_t eight) {
    eight -= 0x3030303030303030;
    eight = (10 * eight + (eight >> 8)) & 0x00FF00FF00FF00FF;
    eight = (100 * eight + (eight >> 16)) & 0x0000FFFF0000FFFF;
    return (10000 * eight + (eight >> 32)) & 0xFFFFFFFF;
}

static inline const char *take_eights(const char *text, const char *end, uint64_t *sum) {
    uint64_t eight;
    for (; end - text >= 8; text += 8) {
        memcpy(&eight, text, sizeof eight);
        if (!are_eight_digits(eight))
            break;
        *sum = 100000000 * *sum + eight_digits(eight);
    }
    return text;
}

/* If text[0 .. end) are fewer than eight digits, takes them at once, so that their number costs no
 * wrong guess of the processor. Bytes from `begin` on can be read; those before `text` become
 * zeros. */
static inline const char *take_rest(const char *begin, const char *text, const char *end,
                                    uint64_t *sum) {
    static const uint32_t powers[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000};
    const size_t size = (size_t)(end - text);
    uint64_t eight;
    if (size == 0 || size >= 8 || end - begin < 8)
        return text;
    const uint64_t before = ~(uint64_t)0 >> (8 * size);
    memcpy(&eight, end - 8, sizeof eight);
    eight = (eight & ~before) | (0x3030303030303030 & before);
    if (!are_eight_digits(eight))
        return text;
    *sum = powers[size] * *sum + eight_digits(eight);
    return end;
}

#else

static inline const char *take_eights(const char *text, const char *end, uint64_t *sum) {
    (void)end;
    (void)sum;
    return text;
}

static inline const char *take_rest(const char *begin, const char *text, const char *end,
                                    uint64_t *sum) {
    (void)begin;
    (void)end;
    (void)sum;
    return text;
}

#endif

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* Appends digits to *sum, which may overflow, and returns where they end. `begin` is where the
 * number begins. */
static inline const char *take_digits(const char *begin, const char *text, const char *end,
                                      uint64_t *sum) {
    text = take_rest(begin, take_eights(text, end, sum), end, sum);
    for (; text < end && is_digit(*text); text++)
        *sum = 10 * *sum + (uint64_t)(*text - '0');
    return text;
}

/* The digits before a point are few, in most data. */
static const char *take_whole(const char *text, const char *end, uint64_t *sum) {
    const char *at = text;
    for (; at < end && is_digit(*at); at++) {
        if (at - text == 4)
            return take_digits(text, at, end, sum);
        *sum = 10 * *sum + (uint64_t)(*at - '0');
    }
    return at;
}

/* Reads "e-5" at `text`, if that is there, and returns where it ends. An exponent is limited to
 * ±1e6: a larger one gives infinity or 0 all the same. */
static const char *take_exponent(const char *text, const char *end, yg_decimal *decimal) {
    if (text == end || (*text != 'e' && *text != 'E'))
        return text;
    const char *digit = text + 1;
    const bool negative = digit < end && *digit == '-';
    if (digit < end && (*digit == '-' || *digit == '+'))
        digit++;
    if (digit == end || !is_digit(*digit))
        return text;
    int64_t exponent = 0;
    for (; digit < end && is_digit(*digit); digit++)
        if (exponent < 1000000)
            exponent = 10 * exponent + (*digit - '0');
    decimal->exponent += negative ? -exponent : exponent;
    decimal->integer = false;
    return digit;
}

/* Reads the digits again, where there may be more than fit. `point` and `end` are where the whole
 * digits and all digits end. */
static void read_long(const char *text, const char *point, const char *end, yg_decimal *decimal) {
    int count = 0; /* digits in decimal->digits, leading zeros not counted */
    decimal->digits = 0;
    for (const char *at = text; at < end; at++) {
        if (*at == '.')
            continue;
        if (count == YG_DECIMAL_DIGITS) {
            decimal->more = decimal->more || *at != '0';
            decimal->exponent += at < point;
            continue;
        }
        decimal->digits = 10 * decimal->digits + (uint64_t)(*at - '0');
        count += decimal->digits != 0;
        decimal->exponent -= at > point;
    }
}

static inline bool read_decimal(const char *text, size_t length, yg_decimal *decimal) {
    const char *end = text + length;
    uint64_t digits = 0;
    *decimal = (yg_decimal){.integer = true};
    const char *point = take_whole(text, end, &digits), *last = point;
    size_t count = (size_t)(point - text);
    if (point < end && *point == '.') {
        last = take_digits(text, point + 1, end, &digits);
        count += (size_t)(last - point) - 1;
        decimal->exponent = point + 1 - last;
        decimal->integer = false;
    }
    if (count == 0)
        return false;
    decimal->digits = digits;
    if (count > YG_DECIMAL_DIGITS) {
        decimal->exponent = 0;
        read_long(text, point, last, decimal);
    }
    if (last < end)
        last = take_exponent(last, end, decimal);
    decimal->length = (size_t)(last - text);
    return true;
}

bool yg_decimal_read(const char *text, size_t length, yg_decimal *decimal) {
    return read_decimal(text, length, decimal);
}

/* ----------------------------------------------------------------------------------- rounding */

/* Whole numbers up to 2^53 and powers of ten up to 10^22 are doubles. So their product or quotient
 * is rounded once. */
static inline bool round_exact(const yg_decimal *decimal, double *value) {
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    enum { LARGEST = sizeof powers / sizeof *powers - 1 };
    if (FLT_EVAL_METHOD != 0 || decimal->more || decimal->digits > (uint64_t)1 << 53 ||
        decimal->exponent < -LARGEST || decimal->exponent > LARGEST)
        return false;
    const double digits = (double)decimal->digits;
    *value = decimal->exponent < 0 ? digits / powers[-decimal->exponent]
                                   : digits * powers[decimal->exponent];
    return true;
}

#ifdef __SIZEOF_INT128__

__extension__ typedef unsigned __int128 wide;

/* Rounds digits · 10^exponent, digits > 0, without what was cut off. The product of the digits,
 * shifted to 64 bits, and of 128 bits of 5^exponent has 192 bits. `high` and `low` are its first
 * 128, shifted so that the first bit is 1. The true product is at least that, and larger by less
 * than 4 units of `low`. The first 53 bits are the result's; the others decide how to round. */
static inline bool round_product(uint64_t digits, int64_t exponent, uint64_t *bits) {
    enum { REST = 64 - 53 };
    const uint64_t half = (uint64_t)1 << (REST - 1);
    if (exponent < -POWER_OF_FIVE_LIMIT || exponent > POWER_OF_FIVE_LIMIT)
        return false;
    const uint64_t *power = powers_of_five[POWER_OF_FIVE_LIMIT + exponent];
    const int zeros = __builtin_clzll(digits);
    digits <<= zeros;
    const wide behind = (wide)digits * power[1];
    const wide top = (wide)digits * power[0] + (uint64_t)(behind >> 64);
    uint64_t high = (uint64_t)(top >> 64), low = (uint64_t)top;
    const int shift = !(high >> 63); /* no branch: it would be a guess of the processor */
    high = high << shift | low >> 1 >> (63 - shift);
    low <<= shift;
    const uint64_t rest = high & (2 * half - 1);
    uint64_t up = rest >= half;
    if (exponent >= 0 && exponent <= 55) { /* 5^55 has 128 bits: nothing was cut off */
        const bool tie = rest == half && low == 0 && (uint64_t)behind == 0;
        up = tie ? high >> REST & 1 : up;
    } else if ((rest == half && low == 0) || (rest == half - 1 && low > UINT64_MAX - 4)) {
        return false;
    }
    const uint64_t mantissa = (high >> REST) + up;
    /* The product is floor(log2(5^exponent)) in the range of the table. */
    const int64_t log2 = (exponent * 152170) >> 16;
    const int64_t place = REST + 128 + log2 - 127 + exponent - zeros - shift; /* of the last bit */
    /* A mantissa of 2^53 carries into the exponent, as it has to. */
    *bits = mantissa - ((uint64_t)1 << 52) + ((uint64_t)(place + 52 + 1023) << 52);
    return true;
}

static inline bool round_decimal(const yg_decimal *decimal, double *value) {
    uint64_t bits, above;
    if (round_exact(decimal, value))
        return true;
    *value = 0;
    if (decimal->digits == 0)
        return true;
    if (!round_product(decimal->digits, decimal->exponent, &bits))
        return false;
    if (decimal->more &&
        (!round_product(decimal->digits + 1, decimal->exponent, &above) || above != bits))
        return false;
    memcpy(value, &bits, sizeof bits);
    return true;
}

#else

static bool round_decimal(const yg_decimal *decimal, double *value) {
    return round_exact(decimal, value);
}

#endif

bool yg_decimal_round(const yg_decimal *decimal, double *value) {
    return round_decimal(decimal, value);
}

/* ------------------------------------------------------------------------------------- digits */

#ifdef __SIZEOF_INT128__

/* The digits before the point of mantissa · 2^exponent · 10^power, a mantissa with its first bit 1.
 * The product of the mantissa and of 128 bits of 5^power has 192 bits. Its first 128 are taken; the
 * true product is larger by less than 2 units of the last of them. */
static void take_product(uint64_t mantissa, int64_t exponent, int64_t power,
                         yg_double_digits *out) {
    const uint64_t *five = powers_of_five[POWER_OF_FIVE_LIMIT + power];
    const wide behind = (wide)mantissa * five[1];
    const wide top = (wide)mantissa * five[0] + (uint64_t)(behind >> 64);
    const int64_t log2 = (power * 152170) >> 16;
    /* Bits behind the point: the digits take 54 to 57 of the 128. */
    const int after = (int)(127 - 64 - (exponent + power + log2));
    out->digits = (uint64_t)(top >> after);
    out->part = (uint64_t)(top << (128 - after) >> 64);
    out->exponent = -power;
}

bool yg_decimal_digits(double value, yg_double_digits *out) {
    static const uint64_t least = 10000000000000000;
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    const int64_t biased = (int64_t)(bits >> 52);
    if (biased < 1 || biased > 2046) /* a sign makes it larger */
        return false;
    const uint64_t mantissa = ((bits & (((uint64_t)1 << 52) - 1)) | (uint64_t)1 << 52) << 11;
    const int64_t exponent = biased - 1023 - 63;
    /* log10(2) = 0.30103: at most 1 too low */
    int64_t power = YG_DOUBLE_DIGITS - 1 - (((biased - 1023) * 78913) >> 18);
    if (power > POWER_OF_FIVE_LIMIT || power - 1 < -POWER_OF_FIVE_LIMIT)
        return false; /* the table has no such power */
    take_product(mantissa, exponent, power, out);
    if (out->digits >= 10 * least)
        take_product(mantissa, exponent, --power, out);
    return out->digits >= least && out->digits < 10 * least;
}

#else

bool yg_decimal_digits(double value, yg_double_digits *out) {
    (void)value;
    (void)out;
    return false;
}

#endif

/* ------------------------------------------------------------------------------------ numbers */

size_t yg_number_span(const char *text) {
    yg_decimal decimal;
    return yg_decimal_read(text, strspn(text, "0123456789.eE+-"), &decimal) ? decimal.length : 0;
}

/* Reads all of text[0 .. length), whose first `sign` bytes are its sign. */
static inline bool read_all(const char *text, size_t sign, size_t length, yg_decimal *decimal) {
    return read_decimal(text + sign, length - sign, decimal) && sign + decimal->length == length;
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
    /* Factors, because a branch on the sign would be a guess of the processor. */
    static const double factors[] = {1, -1};
    if (length == 0)
        return YG_NUMBER_NOT;
    const bool negative = text[0] == '-';
    const size_t sign = (size_t)(negative | (text[0] == '+'));
    yg_decimal decimal;
    if (!read_all(text, sign, length, &decimal) ||
        (!round_decimal(&decimal, value) && !round_long(text + sign, length - sign, value)))
        return YG_NUMBER_NOT;
    *value *= factors[negative];
    return decimal.integer ? YG_NUMBER_INTEGER : YG_NUMBER_REAL;
}

yg_whole yg_number_integer(const char *text, size_t length, int64_t *value) {
    const bool negative = length > 0 && text[0] == '-';
    const size_t sign = negative || (length > 0 && text[0] == '+');
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
