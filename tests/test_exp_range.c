/* Elementwise functions where their result overflows, underflows or does not exist: there the tiles
 * select the result, see ops/exp_range.h and ops/vector_functions.h. Each step of a fine grid
 * is compared with the long double function. */
#include "ops/ops.h"

#include <criterion/criterion.h>
#include <float.h>
#include <math.h>

enum { POINTS = 512 }; /* in a tile */

typedef long double (*function)(long double x);

/* From `middle` - 6 to `middle` + 6, for each type, and mirrored. */
static const struct edge_case {
    const char *op;
    function exact;
    double middle[2]; /* f32, f64 */
} cases[] = {
    {"exp", expl, {87, 709}},     {"expm1", expm1l, {87, 709}}, {"expm1", expm1l, {60, 60}},
    {"exp2", exp2l, {126, 1022}}, {"sinh", sinhl, {87, 708}},   {"cosh", coshl, {87, 708}},
    {"log1p", log1pl, {-1, -1}},  {"asin", asinl, {1, 1}},      {"acos", acosl, {1, 1}},
    {"atanh", atanhl, {1, 1}},
};

/* Within four units in the last place. A result may be 0 below twice the smallest normal
 * number, where the vector exp() is no longer fast. */
static bool agrees(double found, long double exact, yg_dtype dtype) {
    const double most = dtype == YG_F32 ? (double)FLT_MAX : DBL_MAX;
    const double least = dtype == YG_F32 ? (double)FLT_MIN : DBL_MIN;
    const long double unit = dtype == YG_F32 ? (long double)FLT_EPSILON : (long double)DBL_EPSILON;
    if (isnan(exact))
        return isnan(found);
    const long double room = 4 * unit * fabsl(exact);
    if (isinf(found))
        return (found > 0) == (exact > 0) && fabsl(exact) + room > (long double)most;
    if (found == 0)
        return fabsl(exact) < 2 * (long double)least;
    return fabsl((long double)found - exact) <= room;
}

static void check(const struct edge_case *c, yg_dtype dtype, double sign) {
    _Alignas(64) static char in[POINTS * sizeof(double)], out[POINTS * sizeof(double)];
    const yg_op *op = yg_op_find(yg_ops(), c->op);
    cr_assert_not_null(op, "%s", c->op);
    for (int i = 0; i < POINTS; i++)
        yg_element_set(dtype, in, i,
                       sign * (c->middle[dtype == YG_F64] + 12.0 * (i - POINTS / 2) / POINTS));
    const void *operands[] = {in};
    op->tile[dtype](out, operands, POINTS, NULL);
    for (int i = 0; i < POINTS; i++) {
        const double x = yg_element_get(dtype, in, i), y = yg_element_get(dtype, out, i);
        const long double exact = c->exact((long double)x);
        cr_expect(agrees(y, exact, dtype), "%s(%.17g) in %s is %.17g, not %.17Lg", c->op, x,
                  yg_dtype_name(dtype), y, exact);
    }
}

Test(exp_range, values_at_the_ends_of_the_range) {
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (yg_dtype dtype = YG_F32; dtype <= YG_F64; dtype++) {
            check(&cases[i], dtype, 1);
            check(&cases[i], dtype, -1);
        }
    }
}
