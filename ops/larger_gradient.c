/*
 * larger_gradient: what the gradient dy of max(a, b) gives to a, elementwise: dy where a is larger,
 * half of it where both are equal, else 0. If either is NaN, dy. With a and b swapped it is the
 * gradient of b, and with both negated that of a minimum. Its own derivative is that of its
 * definition.
 */
#include "build.h"
#include "elementwise.h"
#include "registry.h"

enum { DY, A, B };

#define LARGER_GRADIENT_TILE(function, type)                                                       \
    YG_MULTIVERSION static void function(void *out, const void *const *in, size_t n,               \
                                         const yg_attr *attrs) {                                   \
        const type *dy = in[DY], *a = in[A], *b = in[B];                                           \
        type *result = out;                                                                        \
        (void)attrs;                                                                               \
        _Pragma("omp simd") for (size_t i = 0; i < n; i++) {                                       \
            const type whole = dy[i], half = whole * (type)0.5;                                    \
            const type unless_less = a[i] < b[i] ? 0 : whole;                                      \
            result[i] = a[i] == b[i] ? half : unless_less;                                         \
        }                                                                                          \
    }

LARGER_GRADIENT_TILE(larger_gradient_f32, float)
LARGER_GRADIENT_TILE(larger_gradient_f64, double)

static size_t definition(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                         yg_node *results) {
    const yg_node dy = operands[DY], a = operands[A], b = operands[B];
    const yg_node zero = yg_scalar(graph, call->operands[DY].dtype, 0);
    const yg_node unless_less = yg_where(graph, yg_less(graph, a, b), zero, dy);
    results[0] = yg_where(graph, yg_equal(graph, a, b), yg_scale(graph, dy, 0.5), unless_less);
    return 1;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const double dy = yg_at(r, DY, index), a = yg_at(r, A, index), b = yg_at(r, B, index);
    return a < b ? 0 : a == b ? dy / 2 : dy;
}

static const yg_sample samples[] = {
    {{"f[2, 3]", "f[2, 3]", "f[2, 3]"}, NULL}, {{"f[3, 1367]", "f[3, 1367]", "f[3, 1367]"}, NULL},
    {{"f[4, 3]", "f[3]", "f[4, 1]"}, NULL},    {{"f[]", "f[]", "f[]"}, NULL},
    {{"f[0, 3]", "f[3]", "f[3]"}, NULL},
};

const yg_op yg_op_larger_gradient = {
    .name = "larger_gradient",
    .formula = "da = dy if a > b, dy / 2 if a = b, else 0",
    .doc = "The gradient of the larger of two values.",
    .group = "elementwise",
    .min_operands = 3,
    .max_operands = 3,
    .operand_names = {"dy", "a", "b"},
    .flags = YG_OP_ELEMENTWISE | YG_OP_FLOAT_ONLY | YG_OP_INTERNAL,
    .tile = YG_FLOAT_TILES(larger_gradient),
    .compose = definition,
    .reference = reference,
    YG_SAMPLES(samples),
};
