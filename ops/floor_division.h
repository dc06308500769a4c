/*
 * Division that rounds down, as Python's // and % have it, of two numbers. The tiles of
 * floor_divide and remainder, and constants of the model language, all take it from here.
 *
 * floor() of the rounded a / b would be 1 for an a just below b, and 100 for 10 // 0.1.
 */
#ifndef YG_OPS_FLOOR_DIVISION_H
#define YG_OPS_FLOOR_DIVISION_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct yg_floor_division {
    double quotient, rest; /* floor(a / b), and a - quotient · b */
} yg_floor_division;

/* The steps are those of CPython's float_divmod(). The rest's sign is b's, a zero quotient's is
 * that of a / b. Both are exact, but for a last rounding. */
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

/* Integers: 0 where b is 0. The lowest integer has no opposite: its quotient by -1 wraps. */
static inline int64_t yg_floor_quotient(int64_t a, int64_t b) {
    if (b == 0)
        return 0;
    if (b == -1)
        return (int64_t)(0 - (uint64_t)a);
    return a / b - ((a % b != 0) & ((a < 0) != (b < 0)));
}

static inline int64_t yg_floor_rest(int64_t a, int64_t b) {
    if (b == 0 || b == -1)
        return 0; /* % by -1 overflows for the lowest integer */
    const int64_t rest = a % b;
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

#endif
