/*
 * Reading values as numbers, flags, texts and mappings. The caller says which kind is expected; it
 * is never guessed from how a scalar looks.
 */
#include "../../graph/number.h"
#include "../../graph/spelling.h"
#include "reader.h"
#include "source.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Room for the description of a value, and for a list of known names. */
#define DESCRIPTION 96
#define SUGGESTION  512
/* Ends of a range from here on are not named: they are there against mistakes only. */
#define NAMED 1e9
/* So many choices are all named, even beside the one that was probably meant. */
#define FEW_CHOICES 8

static bool is_number(const yg_value *value) {
    double number;
    return value->kind == YG_SCALAR && !value->quoted &&
           yg_number_parse(value->text, strlen(value->text), &number) != YG_NUMBER_NOT;
}

const char *yg_value_describe(const yg_value *value, char *text, size_t size) {
    if (value->kind == YG_MAPPING)
        snprintf(text, size, "a mapping");
    else if (value->kind == YG_SEQUENCE)
        snprintf(text, size, "a list");
    else if (value->text[0] == '\0')
        snprintf(text, size, value->quoted ? "an empty text" : "nothing");
    else if (is_number(value) && strlen(value->text) < 40)
        snprintf(text, size, "the number %s", value->text);
    else {
        size_t length = strlen(value->text);
        const bool cut = length > 60;
        if (cut)
            for (length = 57; ((unsigned char)value->text[length] & 0xC0) == 0x80;)
                length--;
        snprintf(text, size, "the text '%.*s%s'", (int)length, value->text, cut ? "..." : "");
    }
    return text;
}

/* "`epochs` must be a whole number from 1 to 10; found the text 'ten'<advice>". */
static bool fail_kind(const yg_value *value, const char *what, const char *expected,
                      const char *advice, yg_error *error) {
    char found[DESCRIPTION];
    return yg_fail(error, YG_ERROR_ARGUMENT, value->origin, "%s must be %s; found %s%s", what,
                   expected, yg_value_describe(value, found, sizeof found), advice);
}

/* Appends " from a to b", " of at least a", " of at most b". */
static void add_range(char *text, size_t size, const char *low, const char *high) {
    const size_t used = strlen(text);
    if (low && high)
        snprintf(text + used, size - used, " from %s to %s", low, high);
    else if (low)
        snprintf(text + used, size - used, " of at least %s", low);
    else if (high)
        snprintf(text + used, size - used, " of at most %s", high);
}

/* A number in quotes is a text; say so, instead of "found the text '3'". */
static const char *quote_advice(const yg_value *value) {
    double number;
    return value->quoted &&
                   yg_number_parse(value->text, strlen(value->text), &number) != YG_NUMBER_NOT
               ? " in quotes; leave them out"
               : "";
}

bool yg_value_int(const yg_value *value, const char *what, int64_t min, int64_t max, int64_t *out,
                  yg_error *error) {
    char expected[DESCRIPTION] = "a whole number";
    char low[24], high[24];
    snprintf(low, sizeof low, "%" PRId64, min);
    snprintf(high, sizeof high, "%" PRId64, max);
    if (min != max)
        add_range(expected, sizeof expected, min == INT64_MIN ? NULL : low,
                  max >= (int64_t)NAMED ? NULL : high);
    double number;
    const bool scalar = value->kind == YG_SCALAR && !value->quoted;
    const size_t length = strlen(value->text);
    const yg_number_form form =
        scalar ? yg_number_parse(value->text, length, &number) : YG_NUMBER_NOT;
    if (form == YG_NUMBER_REAL && fabs(number) < 1e15 && floor(number) >= number) {
        char advice[48];
        snprintf(advice, sizeof advice, "; write %.0f", number);
        return fail_kind(value, what, expected, advice, error);
    }
    if (form != YG_NUMBER_INTEGER)
        return fail_kind(value, what, expected, quote_advice(value), error);
    /* Digit by digit, because a double does not hold every int64_t; downward, because the smallest
     * has no positive counterpart. */
    const bool negative = value->text[0] == '-';
    int64_t result = 0;
    for (size_t i = negative || value->text[0] == '+' ? 1 : 0; i < length; i++) {
        const int digit = value->text[i] - '0';
        if (result < (INT64_MIN + digit) / 10)
            return fail_kind(value, what, expected, ", which is too large", error);
        result = 10 * result - digit;
    }
    if (!negative && result == INT64_MIN)
        return fail_kind(value, what, expected, ", which is too large", error);
    result = negative ? result : -result;
    if (min != max && (result < min || result > max))
        return fail_kind(value, what, expected,
                         result > max && max >= (int64_t)NAMED ? ", which is too large" : "",
                         error);
    *out = result;
    return true;
}

/* Appends " from 0 to 1", " above 0", " of at least 0 and below 1". */
static void add_number_range(char *text, size_t size, const yg_number_range *range) {
    char low[YG_NUMBER_TEXT], high[YG_NUMBER_TEXT];
    const char *min = range->min <= -NAMED ? NULL : yg_number_text(range->min, low);
    const char *max = range->max >= NAMED ? NULL : yg_number_text(range->max, high);
    const size_t used = strlen(text);
    if (!(range->above && min) && !(range->below && max)) {
        add_range(text, size, min, max);
        return;
    }
    snprintf(text + used, size - used, "%s%s%s%s%s",
             !min           ? ""
             : range->above ? " above "
                            : " of at least ",
             min ? min : "", min && max ? " and" : "",
             !max           ? ""
             : range->below ? " below "
                            : " at most ",
             max ? max : "");
}

bool yg_value_float(const yg_value *value, const char *what, double min, double max, double *out,
                    yg_error *error) {
    const yg_number_range range = {.min = min, .max = max};
    return yg_value_number(value, what, &range, out, error);
}

bool yg_value_number(const yg_value *value, const char *what, const yg_number_range *range,
                     double *out, yg_error *error) {
    char expected[DESCRIPTION] = "a number";
    const bool ranged = range->min < range->max;
    if (ranged)
        add_number_range(expected, sizeof expected, range);
    double number;
    if (value->kind != YG_SCALAR || value->quoted ||
        yg_number_parse(value->text, strlen(value->text), &number) == YG_NUMBER_NOT)
        return fail_kind(value, what, expected, quote_advice(value), error);
    if (!isfinite(number))
        return fail_kind(value, what, expected, ", which is too large", error);
    if (yg_number_is_lost(value->text, strlen(value->text), number))
        return fail_kind(value, what, expected,
                         ", which is too small: the smallest above 0 is about 4.9e-324", error);
    if (ranged &&
        (number < range->min || number > range->max || (range->above && number <= range->min) ||
         (range->below && number >= range->max)))
        return fail_kind(value, what, expected,
                         number > range->max && range->max >= NAMED    ? ", which is too large"
                         : number < range->min && range->min <= -NAMED ? ", which is too small"
                                                                       : "",
                         error);
    *out = number;
    return true;
}

bool yg_value_bool(const yg_value *value, const char *what, bool *out, yg_error *error) {
    static const struct {
        const char *text;
        const char *meant;
    } others[] = {{"True", "true"}, {"TRUE", "true"},   {"yes", "true"},    {"on", "true"},
                  {"1", "true"},    {"False", "false"}, {"FALSE", "false"}, {"no", "false"},
                  {"off", "false"}, {"0", "false"}};
    char advice[48] = "";
    if (value->kind == YG_SCALAR) {
        const bool yes = strcmp(value->text, "true") == 0;
        if (!value->quoted && (yes || strcmp(value->text, "false") == 0)) {
            *out = yes;
            return true;
        }
        if (yes || strcmp(value->text, "false") == 0)
            snprintf(advice, sizeof advice, " in quotes; leave them out");
        for (size_t i = 0; i < sizeof others / sizeof *others; i++)
            if (strcmp(value->text, others[i].text) == 0)
                snprintf(advice, sizeof advice, "; write %s", others[i].meant);
    }
    return fail_kind(value, what, "true or false", advice, error);
}

bool yg_value_text(const yg_value *value, const char *what, const char **out, yg_error *error) {
    if (value->kind != YG_SCALAR || (!value->quoted && value->text[0] == '\0'))
        return fail_kind(value, what, "a text", "", error);
    *out = value->text;
    return true;
}

bool yg_value_choice(const yg_value *value, const char *what, const char *const *choices, int *out,
                     yg_error *error) {
    size_t count = 0;
    for (; choices[count]; count++) {
        if (value->kind == YG_SCALAR && strcmp(value->text, choices[count]) == 0) {
            *out = (int)count;
            return true;
        }
    }
    const char *nearest = value->kind == YG_SCALAR ? yg_nearest(value->text, choices, count) : NULL;
    if (nearest && count > FEW_CHOICES)
        return yg_fail(error, YG_ERROR_ARGUMENT, value->origin,
                       "%s cannot be '%s'; did you mean '%s'?", what, value->text, nearest);
    char expected[SUGGESTION] = "one of ";
    for (size_t i = 0; i < count; i++) {
        const size_t used = strlen(expected);
        snprintf(expected + used, sizeof expected - used, "%s%s", i == 0 ? "" : ", ", choices[i]);
    }
    char advice[DESCRIPTION] = "";
    if (nearest)
        snprintf(advice, sizeof advice, "; did you mean '%s'?", nearest);
    return fail_kind(value, what, expected, advice, error);
}

bool yg_value_is_mapping(const yg_value *value, const char *what, yg_error *error) {
    if (value->kind == YG_MAPPING)
        return true;
    const bool close = value->kind == YG_SCALAR && yg_lacks_space(value->text);
    return fail_kind(value, what, "a mapping of 'name: value' entries",
                     close ? "; a key needs a space after its ':'" : "", error);
}

static bool fail_unknown_key(const yg_value *key, const char *what, const yg_key *keys,
                             size_t count, yg_error *error) {
    const char **names = malloc((count + 1) * sizeof *names);
    if (!names)
        return yg_fail_memory(error);
    size_t known = 0;
    for (size_t i = 0; i < count; i++)
        if (!keys[i].hint)
            names[known++] = keys[i].name;
    char suggestion[SUGGESTION];
    yg_suggest(key->text, names, known, suggestion, sizeof suggestion);
    free(names);
    return yg_fail(error, YG_ERROR_NAME, key->origin, "%s has no key '%.100s'%s", what, key->text,
                   suggestion);
}

/* Finds the known key of each entry; NULL: it has none. A section can have n entries and n known
 * keys, one for each input, so no list is searched from end to end for each entry of the other. */
static void match_keys(const yg_value *value, const yg_key *keys, size_t count,
                       const yg_key **key_of) {
    for (size_t i = count; i-- > 0;) {
        const size_t entry = yg_value_entry(value, keys[i].name);
        if (entry != SIZE_MAX)
            key_of[entry] = &keys[i];
    }
}

static bool check_entries(const yg_value *value, const char *what, const yg_key *keys, size_t count,
                          const yg_key *const *key_of, yg_error *error) {
    for (size_t i = 0; i < value->count; i++) {
        const yg_value *found = value->keys[i];
        if (!key_of[i])
            return fail_unknown_key(found, what, keys, count, error);
        if (key_of[i]->hint)
            return yg_fail(error, YG_ERROR_NAME, found->origin, "%s has no key '%s'; %s", what,
                           found->text, key_of[i]->hint);
    }
    return true;
}

bool yg_value_check_keys(const yg_value *value, const char *what, const yg_key *keys, size_t count,
                         yg_error *error) {
    if (!yg_value_is_mapping(value, what, error))
        return false;
    const yg_key **key_of = calloc(value->count + 1, sizeof *key_of);
    if (!key_of)
        return yg_fail_memory(error);
    match_keys(value, keys, count, key_of);
    const bool known = check_entries(value, what, keys, count, key_of, error);
    free(key_of);
    if (!known)
        return false;
    for (size_t i = 0; i < count; i++)
        if (keys[i].required && !yg_value_get(value, keys[i].name))
            return yg_fail(error, YG_ERROR_ARGUMENT, value->origin, "%s needs the key '%s'", what,
                           keys[i].name);
    return true;
}
