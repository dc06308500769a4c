/*
 * Operators as functions of numbers: `lr: 0.1 * sqrt(n)`, `rate: lr * cos(pi * step / steps)`.
 *
 * An elementwise operator has all that is needed in its descriptor. Whole numbers and truth values
 * go through its kernel, which is exact. Floating-point numbers go through its reference, which is
 * the plain definition in double precision: the kernels' vector functions may differ in the last
 * bit from one processor to another.
 */
#include "arithmetic.h"

#include <math.h>

bool yg_is_number_function(const yg_op *op) {
    return (op->flags & YG_OP_ELEMENTWISE) != 0 &&
           (op->flags & (YG_OP_RANDOM | YG_OP_INTERNAL | YG_OP_KEEP_DTYPES)) == 0;
}

/* The element type that the operands become. False if numbers and truth values are mixed. */
static bool common_type(const yg_op *op, const yg_term *operands, size_t count, yg_dtype *dtype) {
    size_t truths = 0, fractions = 0;
    for (size_t i = 0; i < count; i++) {
        truths += operands[i].kind == YG_TERM_BOOL;
        fractions += operands[i].kind == YG_TERM_FLOAT;
    }
    *dtype = truths ? YG_BOOL : fractions || (op->flags & YG_OP_FLOAT_ONLY) ? YG_F64 : YG_I64;
    return truths == 0 || (truths == count && !(op->flags & YG_OP_FLOAT_ONLY));
}

static void set_element(const yg_term *term, yg_dtype dtype, int64_t *whole, double *real) {
    *real = term->kind == YG_TERM_FLOAT ? term->f : (double)term->i;
    *whole = dtype == YG_F64 ? 0 : term->i;
    if (dtype == YG_BOOL)
        *(uint8_t *)whole = term->i != 0;
}

/* The element of a result that a kernel has written. */
static yg_term term_of(yg_dtype dtype, const int64_t *bytes) {
    switch (dtype) {
    case YG_BOOL:
        return (yg_term){.kind = YG_TERM_BOOL, .i = *(const uint8_t *)bytes != 0};
    case YG_I32:
        return (yg_term){.kind = YG_TERM_INT, .i = *(const int32_t *)bytes};
    default:
        return (yg_term){.kind = YG_TERM_INT, .i = *bytes};
    }
}

static bool fail_operands(const yg_op *op, yg_origin origin, const char *what, yg_error *error) {
    return yg_fail(error, YG_ERROR_ARGUMENT, origin, "%s(…) takes %s", op->name, what);
}

static double reference(const yg_infer *call, const double *numbers, const yg_type *type) {
    const double *in[YG_OP_NAMED_OPERANDS];
    for (size_t i = 0; i < call->operand_count; i++)
        in[i] = &numbers[i];
    return call->op->reference(&(yg_reference){.call = call, .out_type = type, .in = in},
                               (const int64_t[]){0});
}

static bool call_reference(const yg_infer *call, const double *numbers, const yg_type *type,
                           yg_term *result, yg_error *error) {
    bool finite = true;
    for (size_t i = 0; i < call->operand_count; i++)
        finite = finite && isfinite(numbers[i]);
    const double value = reference(call, numbers, type);
    *result = type->dtype == YG_BOOL ? (yg_term){.kind = YG_TERM_BOOL, .i = value != 0}
                                     : (yg_term){.kind = YG_TERM_FLOAT, .f = value};
    return isfinite(value) || !finite ||
           yg_fail(error, YG_ERROR_NUMERIC, call->origin,
                   "%s(…): the result is not a finite number", call->op->name);
}

/* In a tensor whole numbers wrap around. Here that is a mistake: then the
 * kernel's result is far from the definition in double precision. */
static bool check_whole(const yg_infer *call, const double *numbers, const yg_type *type,
                        const yg_term *result, yg_error *error) {
    const double value = reference(call, numbers, type);
    return fabs(value - (double)result->i) <= 0.25 + 1e-9 * fabs(value) ||
           yg_fail(error, YG_ERROR_NUMERIC, call->origin,
                   "%s(…): the result is no whole number of 64 bits", call->op->name);
}

bool yg_number_function(const yg_op *op, const yg_attr *attrs, const yg_term *operands,
                        size_t count, yg_origin origin, yg_term *result, yg_error *error) {
    yg_type types[YG_OP_NAMED_OPERANDS] = {{0}}, type = {0};
    int64_t wholes[YG_OP_NAMED_OPERANDS], out = 0;
    double numbers[YG_OP_NAMED_OPERANDS] = {0};
    const void *in[YG_OP_NAMED_OPERANDS];
    yg_dtype dtype;
    if (count == 0 || count > YG_OP_NAMED_OPERANDS)
        return fail_operands(op, origin, "tensors only", error);
    if (!common_type(op, operands, count, &dtype))
        return fail_operands(op, origin,
                             (op->flags & YG_OP_FLOAT_ONLY) != 0
                                 ? "numbers, found a truth value"
                                 : "numbers or truth values, found both",
                             error);
    for (size_t i = 0; i < count; i++) {
        types[i] = (yg_type){.dtype = dtype};
        set_element(&operands[i], dtype, &wholes[i], &numbers[i]);
        in[i] = &wholes[i];
    }
    const yg_infer call = {
        .op = op, .operands = types, .operand_count = count, .attrs = attrs, .origin = origin};
    type = types[0];
    if (op->infer && !op->infer(&call, &type, error))
        return false;
    if (dtype == YG_F64)
        return call_reference(&call, numbers, &type, result, error);
    if (!op->tile[dtype])
        return fail_operands(op, origin, dtype == YG_BOOL ? "no truth values" : "no whole numbers",
                             error);
    op->tile[dtype](&out, in, 1, attrs);
    *result = term_of(type.dtype, &out);
    return check_whole(&call, numbers, &type, result, error);
}
