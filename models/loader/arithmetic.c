/*
 * Arithmetic of numbers that are known when a graph is built: whole numbers stay whole (and are
 * checked against overflow), `/` gives a fraction, `//` and `%` round towards minus infinity.
 */
#include "arithmetic.h"

#include "../../ops/floor_division.h"

#include <math.h>
#include <string.h>

static bool is_number(const yg_term *term) {
    return term->kind == YG_TERM_INT || term->kind == YG_TERM_FLOAT;
}

static double as_double(const yg_term *term) {
    return term->kind == YG_TERM_INT ? (double)term->i : term->f;
}

static bool overflow(const yg_expression *operation, yg_error *error) {
    return yg_fail(error, YG_ERROR_ARGUMENT, operation->origin,
                   "'%s': the result is too large for a whole number", operation->text);
}

static bool whole_power(int64_t base, int64_t exponent, int64_t *result) {
    *result = 1;
    while (exponent > 0) {
        if (exponent % 2 == 1 && __builtin_mul_overflow(*result, base, result))
            return false;
        exponent /= 2;
        if (exponent > 0 && __builtin_mul_overflow(base, base, &base))
            return false;
    }
    return true;
}

/* Operations on two whole numbers whose result is whole; *done becomes false for any other. */
static bool whole_operation(const yg_expression *operation, int64_t a, int64_t b, int64_t *result,
                            bool *done, yg_error *error) {
    const char *sign = operation->text;
    *done = true;
    if (strcmp(sign, "+") == 0)
        return !__builtin_add_overflow(a, b, result) || overflow(operation, error);
    if (strcmp(sign, "-") == 0)
        return !__builtin_sub_overflow(a, b, result) || overflow(operation, error);
    if (strcmp(sign, "*") == 0)
        return !__builtin_mul_overflow(a, b, result) || overflow(operation, error);
    if (strcmp(sign, "**") == 0 && b >= 0)
        return whole_power(a, b, result) || overflow(operation, error);
    if (strcmp(sign, "//") == 0) {
        *result = yg_floor_quotient(a, b);
        return b != -1 || a != INT64_MIN || overflow(operation, error);
    }
    if (strcmp(sign, "%") == 0) {
        *result = yg_floor_rest(a, b);
        return true;
    }
    *done = false;
    return true;
}

static double real_operation(const char *sign, double a, double b) {
    switch (sign[0]) {
    case '+':
        return a + b;
    case '-':
        return a - b;
    case '%':
        return yg_divide_floor(a, b).rest;
    case '*':
        return sign[1] == '*' ? pow(a, b) : a * b;
    default:
        return sign[1] == '/' ? yg_divide_floor(a, b).quotient : a / b;
    }
}

/* The result of a comparison sign, given which relations hold. With NaN none of the three does. */
static bool compare(const char *sign, bool less, bool equal, bool greater) {
    switch (sign[0]) {
    case '<':
        return less || (sign[1] == '=' && equal);
    case '>':
        return greater || (sign[1] == '=' && equal);
    default:
        return equal == (sign[0] == '=');
    }
}

/* Whole numbers are compared as int64_t: as doubles, different ones beyond 2^53 could be equal. */
static bool compare_numbers(const char *sign, const yg_term *a, const yg_term *b) {
    if (a->kind == YG_TERM_INT && b->kind == YG_TERM_INT)
        return compare(sign, a->i<b->i, a->i == b->i, a->i> b->i);
    const double x = as_double(a), y = as_double(b);
    return compare(sign, x<y, x == y, x> y);
}

static bool is_comparison(const char *sign) {
    return strchr("<>=!", sign[0]) != NULL;
}

/* Texts and truth values can only be compared, and only with their own kind. A list that may be a
 * word instead can be compared with it: no list equals a word. */
static bool other_operation(const yg_graph *graph, const yg_expression *operation, const yg_term *a,
                            const yg_term *b, yg_term *result, yg_error *error) {
    const char *sign = operation->text;
    const bool equality = sign[0] == '!' || sign[0] == '=';
    char left[120], right[120];
    bool equal = false;
    const bool texts = a->kind == YG_TERM_TEXT && b->kind == YG_TERM_TEXT;
    const bool one_list = (a->kind == YG_TERM_TEXT && b->kind == YG_TERM_LIST) ||
                          (a->kind == YG_TERM_LIST && b->kind == YG_TERM_TEXT);
    if (equality && (texts || one_list))
        equal = texts && strcmp(a->text, b->text) == 0;
    else if (equality && a->kind == YG_TERM_BOOL && b->kind == YG_TERM_BOOL)
        equal = a->i == b->i;
    else
        return yg_fail(error, YG_ERROR_ARGUMENT, operation->origin,
                       "'%s' takes numbers or tensors, found %s and %s", sign,
                       yg_term_describe(graph, a, left, sizeof left),
                       yg_term_describe(graph, b, right, sizeof right));
    *result = (yg_term){.kind = YG_TERM_BOOL, .i = equal == (sign[0] == '=')};
    return true;
}

bool yg_is_tensor_operation(const yg_term *sides, size_t count) {
    bool tensor = false, text = false;
    for (size_t i = 0; i < count; i++) {
        tensor = tensor || sides[i].kind == YG_TERM_TENSOR || sides[i].kind == YG_TERM_LIST;
        text = text || sides[i].kind == YG_TERM_TEXT;
    }
    return tensor && !text;
}

bool yg_number_operation(const yg_graph *graph, const yg_expression *operation, const yg_term *a,
                         const yg_term *b, yg_term *result, yg_error *error) {
    const char *sign = operation->text;
    if (!is_number(a) || !is_number(b))
        return other_operation(graph, operation, a, b, result, error);
    if (sign[0] == '@')
        return yg_fail(error, YG_ERROR_ARGUMENT, operation->origin,
                       "'@' multiplies matrices, not numbers; numbers are multiplied by '*'");
    if (is_comparison(sign)) {
        *result = (yg_term){.kind = YG_TERM_BOOL, .i = compare_numbers(sign, a, b)};
        return true;
    }
    const double x = as_double(a), y = as_double(b);
    if ((sign[0] == '/' || sign[0] == '%') && y == 0)
        return yg_fail(error, YG_ERROR_ARGUMENT, operation->origin, "division by zero");
    if (a->kind == YG_TERM_INT && b->kind == YG_TERM_INT) {
        int64_t whole = 0;
        bool done;
        if (!whole_operation(operation, a->i, b->i, &whole, &done, error))
            return false;
        if (done) {
            *result = (yg_term){.kind = YG_TERM_INT, .i = whole};
            return true;
        }
    }
    *result = (yg_term){.kind = YG_TERM_FLOAT, .f = real_operation(sign, x, y)};
    /* An infinity may come from an infinity. From finite numbers it is an overflow, so an error. */
    return isfinite(result->f) || !isfinite(x) || !isfinite(y) ||
           yg_fail(error, YG_ERROR_NUMERIC, operation->origin,
                   "'%s': the result is not a finite number", sign);
}

bool yg_number_negative(const yg_graph *graph, const yg_expression *operation, const yg_term *a,
                        yg_term *result, yg_error *error) {
    static const yg_term zero = {.kind = YG_TERM_INT};
    if (a->kind != YG_TERM_FLOAT)
        return yg_number_operation(graph, operation, &zero, a, result, error);
    *result = (yg_term){.kind = YG_TERM_FLOAT, .f = -a->f}; /* -0.0 too */
    return true;
}

bool yg_list_item(const yg_term *list, int64_t index, yg_origin origin, yg_term *item,
                  yg_error *error) {
    const int64_t count = (int64_t)list->count;
    if (index < -count || index >= count)
        return yg_fail(error, YG_ERROR_ARGUMENT, origin, "index %lld is outside a list of %lld",
                       (long long)index, (long long)count);
    *item = list->items[index < 0 ? index + count : index];
    return true;
}
