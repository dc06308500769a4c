/*
 * bounded_by_gradient: what the gradient dy of min(max(x, low), high) gives to one of the three,
 * elementwise. Of max(x, low) the larger one gets it, and of the minimum the smaller one; equal
 * ones get half each. Where both bounds are equal, x gets all of it if it is equal too.
 *
 * One pass in place of ten. Its own derivative is that of its definition.
 */
#include "bounded_by.h"
#include "elementwise.h"
#include "registry.h"

enum { DY, X, LOW, HIGH };

static const char *const names[] = {
    [YG_BOUNDED_X] = "x", [YG_BOUNDED_LOW] = "low", [YG_BOUNDED_HIGH] = "high", NULL};

/* What `whole` gives to one of two numbers. The other one may win. */
#define SHARE(loses, is_equal, whole) ((loses) ? 0 : (is_equal) ? (whole) * (real)0.5 : (whole))

/* The first expression is for bounds that differ, the second one for equal bounds. `above` is
 * max(x, low), and gets `d` of the gradient g. */
#define LOOP(apart, same)                                                                          \
    _Pragma("omp simd") for (size_t i = 0; i < n; i++) {                                           \
        const real g = dy[i], x = xs[i], low = lows[i], high = highs[i];                           \
        const real above = (x >= low) | (x != x) ? x : low;                                        \
        const real d = SHARE(above > high, above == high, g);                                      \
        const real if_apart = (apart), if_same = (same);                                           \
        (void)d;                                                                                   \
        result[i] = low == high ? if_same : if_apart;                                              \
    }

#define BOUNDED_BY_GRADIENT_TILE(function, type)                                                   \
    YG_MULTIVERSION static void function(void *out, const void *const *in, size_t n,               \
                                         const yg_attr *attrs) {                                   \
        typedef type real;                                                                         \
        const real *dy = in[DY], *xs = in[X], *lows = in[LOW], *highs = in[HIGH];                  \
        real *result = out;                                                                        \
        if (attrs[0].i == YG_BOUNDED_X)                                                            \
            LOOP(SHARE(x < low, x == low, d), (x < low) | (x > high) ? 0 : g)                      \
        else if (attrs[0].i == YG_BOUNDED_LOW)                                                     \
            LOOP(SHARE(low < x, x == low, d), x < low ? g : 0)                                     \
        else                                                                                       \
            LOOP(SHARE(high > above, above == high, g), (x >= low) & (x > high) ? g : 0)           \
    }

BOUNDED_BY_GRADIENT_TILE(bounded_by_gradient_f32, float)
BOUNDED_BY_GRADIENT_TILE(bounded_by_gradient_f64, double)

static yg_node larger(yg_graph *graph, yg_node dy, yg_node a, yg_node b) {
    return yg_apply(graph, &yg_op_larger_gradient, (const yg_node[]){dy, a, b}, 3, NULL);
}

static size_t definition(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                         yg_node *results) {
    const yg_node dy = operands[DY], x = operands[X], low = operands[LOW], high = operands[HIGH];
    const yg_node zero = yg_scalar(graph, call->operands[DY].dtype, 0);
    const yg_node above = yg_maximum(graph, x, low), d = larger(graph, dy, high, above);
    const yg_node is_below = yg_less(graph, x, low), is_above = yg_greater(graph, x, high);
    yg_node apart, same;
    if (call->attrs[0].i == YG_BOUNDED_X) {
        apart = larger(graph, d, x, low);
        same = yg_where(graph, yg_logical_or(graph, is_below, is_above), zero, dy);
    } else if (call->attrs[0].i == YG_BOUNDED_LOW) {
        apart = larger(graph, d, low, x);
        same = yg_where(graph, is_below, dy, zero);
    } else {
        apart = larger(graph, dy, above, high);
        same = yg_where(graph, is_below, zero, yg_where(graph, is_above, dy, zero));
    }
    results[0] = yg_where(graph, yg_equal(graph, low, high), same, apart);
    return 1;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const double x = yg_at(r, X, index), low = yg_at(r, LOW, index), high = yg_at(r, HIGH, index);
    const int winner = low == high && x == low ? YG_BOUNDED_X
                       : fmax(x, low) > high   ? YG_BOUNDED_HIGH
                       : x < low               ? YG_BOUNDED_LOW
                                               : YG_BOUNDED_X;
    return winner == r->call->attrs[0].i ? yg_at(r, DY, index) : 0;
}

static const yg_attr_spec attrs[] = {
    {.name = "of", .kind = YG_ATTR_CHOICE, .choices = names, .doc = "whose gradient"},
};

static const yg_attr of_low[] = {{.i = YG_BOUNDED_LOW}}, of_high[] = {{.i = YG_BOUNDED_HIGH}};
static const yg_sample samples[] = {
    {{"f[2, 3]", "f[2, 3]", "f[2, 3]", "f[2, 3]"}, NULL},
    {{"f[3, 19]", "f[3, 19]", "f[3, 19]", "f[3, 19]"}, NULL},
    {{"f[3, 17]", "f[3, 17]", "f[3, 17]", "f[3, 17]"}, of_low},
    {{"f[3, 17]", "f[3, 17]", "f[3, 17]", "f[3, 17]"}, of_high},
    {{"f[4, 3]", "f[3]", "f[4, 1]", "f[]"}, of_low},
    {{"f[]", "f[]", "f[]", "f[]"}, of_high},
    {{"f[0, 3]", "f[3]", "f[3]", "f[3]"}, NULL},
};

const yg_op yg_op_bounded_by_gradient = {
    .name = "bounded_by_gradient",
    .formula = "what the gradient of min(max(x, low), high) gives to one of the three",
    .doc = "The gradient of clamp.",
    .group = "elementwise",
    .min_operands = 4,
    .max_operands = 4,
    .operand_names = {"dy", "x", "low", "high"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .flags = YG_OP_ELEMENTWISE | YG_OP_FLOAT_ONLY | YG_OP_INTERNAL,
    .tile = YG_FLOAT_TILES(bounded_by_gradient),
    .compose = definition,
    .reference = reference,
    .domain = {{-2, 2}, {-2, 2}, {-1.5, 0}, {0.1, 1.5}},
    YG_SAMPLES(samples),
};
