/*
 * Arithmetic of numbers that are known when a graph is built: whole numbers stay whole (and are
 * checked against overflow), `/` gives a fraction, `//` and `%` round towards minus infinity.
 */
#include "../../ops/floor_division.h"
#include "builder.h"

#include <math.h>
#include <string.h>

static bool is_number(const yg_term *term) {
    return term->kind == YG_TERM_INT || term->kind == YG_TERM_FLOAT;
}

static double as_double(const yg_term *term) {
    return term->kind == YG_TERM_INT ? (double)term->i : term->f;
}

static bool overflow(const yg_builder *builder, const yg_expression *operation) {
    return yg_fail(builder->error, YG_ERROR_ARGUMENT, operation->origin,
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

/* The operations that whole numbers stay whole in; false in *done for the others. */
static bool whole_operation(const yg_builder *builder, const yg_expression *operation, int64_t a,
                            int64_t b, int64_t *result, bool *done) {
    const char *sign = operation->text;
    *done = true;
    if (strcmp(sign, "+") == 0)
        return !__builtin_add_overflow(a, b, result) || overflow(builder, operation);
    if (strcmp(sign, "-") == 0)
        return !__builtin_sub_overflow(a, b, result) || overflow(builder, operation);
    if (strcmp(sign, "*") == 0)
        return !__builtin_mul_overflow(a, b, result) || overflow(builder, operation);
    if (strcmp(sign, "**") == 0 && b >= 0)
        return whole_power(a, b, result) || overflow(builder, operation);
    if (strcmp(sign, "//") == 0) {
        *result = yg_floor_quotient(a, b);
        return b != -1 || a != INT64_MIN || overflow(builder, operation);
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

static bool compare(const char *sign, double a, double b) {
    switch (sign[0]) {
    case '<':
        return sign[1] == '=' ? a <= b : a < b;
    case '>':
        return sign[1] == '=' ? a >= b : a > b;
    default:
        return (a == b) == (sign[0] == '=');
    }
}

static bool is_comparison(const char *sign) {
    return strchr("<>=!", sign[0]) != NULL;
}

bool yg_number_operation(const yg_builder *builder, const yg_expression *operation,
                         const yg_term *a, const yg_term *b, yg_term *result) {
    const char *sign = operation->text;
    const bool varies = a->varies || b->varies;
    if (!is_number(a) || !is_number(b)) {
        const bool equality = sign[0] == '!' || sign[0] == '=';
        if (equality && a->kind == YG_TERM_TEXT && b->kind == YG_TERM_TEXT) {
            *result = (yg_term){.kind = YG_TERM_BOOL,
                                .varies = varies,
                                .i = (strcmp(a->text, b->text) == 0) == (sign[0] == '=')};
            return true;
        }
        if (equality && a->kind == YG_TERM_BOOL && b->kind == YG_TERM_BOOL) {
            *result = (yg_term){
                .kind = YG_TERM_BOOL, .varies = varies, .i = (a->i == b->i) == (sign[0] == '=')};
            return true;
        }
        char left[120], right[120];
        return yg_fail(builder->error, YG_ERROR_ARGUMENT, operation->origin,
                       "'%s' takes numbers or tensors, found %s and %s", sign,
                       yg_term_describe(builder, a, left, sizeof left),
                       yg_term_describe(builder, b, right, sizeof right));
    }
    if (sign[0] == '@') {
        return yg_fail(builder->error, YG_ERROR_ARGUMENT, operation->origin,
                       "'@' multiplies matrices, not numbers; numbers are multiplied by '*'");
    }
    const double x = as_double(a), y = as_double(b);
    if (is_comparison(sign)) {
        *result = (yg_term){.kind = YG_TERM_BOOL, .varies = varies, .i = compare(sign, x, y)};
        return true;
    }
    if ((sign[0] == '/' || sign[0] == '%') && y == 0)
        return yg_fail(builder->error, YG_ERROR_ARGUMENT, operation->origin, "division by zero");
    if (a->kind == YG_TERM_INT && b->kind == YG_TERM_INT) {
        int64_t whole = 0;
        bool done;
        if (!whole_operation(builder, operation, a->i, b->i, &whole, &done))
            return false;
        if (done) {
            *result = (yg_term){.kind = YG_TERM_INT, .varies = varies, .i = whole};
            return true;
        }
    }
    const double value = real_operation(sign, x, y);
    if (!isfinite(value)) {
        return yg_fail(builder->error, YG_ERROR_NUMERIC, operation->origin,
                       "'%s': the result is not a finite number", sign);
    }
    *result = (yg_term){.kind = YG_TERM_FLOAT, .varies = varies, .f = value};
    return true;
}
