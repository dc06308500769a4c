/*
 * Division of two numbers that rounds down, as in Python's // and %. Both the kernels of
 * floor_divide and remainder and the constants of the model language use it.
 *
 * floor(a / b) alone is wrong, because a / b has been rounded: it gives 1 for an a just below b,
 * and 100 for 10 // 0.1, which is 99.
 */
#ifndef YG_OPS_FLOOR_DIVISION_H
#define YG_OPS_FLOOR_DIVISION_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct yg_floor_division {
    double quotient; /* floor(a / b) */
    double rest;     /* a - quotient · b, with b's sign */
} yg_floor_division;

/* The steps are those of CPython's float_divmod(). Quotient and rest are the exact values, rounded
 * once. A zero rest has b's sign; a zero quotient has that of a / b. For b = 0 the quotient is a /
 * b (infinite or NaN), the rest NaN. */
static inline yg_floor_division yg_divide_floor(double a, double b) {
    if (b == 0)
        return (yg_floor_division){a / b, NAN};
    double rest = fmod(a, b), quotient = (a - rest) / b;
    if (rest != 0 && (rest < 0) != (b < 0)) {
        rest += b;
        quotient -= 1;
    }
    quotient = rint(quotient);
    return (yg_floor_division){quotient == 0 ? copysign(0, a / b) : quotient,
                               rest == 0 ? copysign(0, b) : rest};
}

/* The same for integers. Quotient and rest by 0 are 0. INT64_MIN / -1 does not fit and wraps around
 * to INT64_MIN. */
static inline int64_t yg_floor_quotient(int64_t a, int64_t b) {
    if (b == 0)
        return 0;
    if (b == -1)
        return (int64_t)(0 - (uint64_t)a);
    return a / b - ((a % b != 0) & ((a < 0) != (b < 0)));
}

static inline int64_t yg_floor_rest(int64_t a, int64_t b) {
    if (b == 0 || b == -1)
        return 0; /* INT64_MIN % -1 traps on x86 */
    const int64_t rest = a % b;
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

#endif
