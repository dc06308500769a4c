/*
 * root_step: y = p - s · (a / (√b + c)), elementwise.
 *
 * It is the update of Adam, Adagrad and RMSprop: a parameter, less a rate times a mean, divided by
 * the root of the mean of squares. The rule root_step (rule_root_step.c) makes one such node of
 * root_quotient and multiply_add. The product and the difference are computed while the divider is
 * busy with the quotient, so they take no time. Each operation is rounded as if it were a node of
 * its own: so the rule changes no bit.
 * Its derivative is that of its definition.
 */
#include "build.h"
#include "elementwise.h"
#include "registry.h"
#include "root_avx512.h"

enum { A, B, C, S, P };

/* The product stands in a statement of its own. Within one expression a compiler may fuse
 * multiplication and subtraction to one instruction that rounds only once. */
#define ROOT_STEP_TILE(function, type)                                                             \
    YG_MULTIVERSION static void function(void *out, const void *const *in, size_t n,               \
                                         const yg_attr *attrs) {                                   \
        typedef type real;                                                                         \
        const real *a = in[A], *b = in[B], *c = in[C], *s = in[S], *p = in[P];                     \
        real *y = out;                                                                             \
        (void)attrs;                                                                               \
        _Pragma("omp simd") for (size_t i = 0; i < n; i++) {                                       \
            const real step = s[i] * (a[i] / (sqrt(b[i]) + c[i]));                                 \
            y[i] = p[i] - step;                                                                    \
        }                                                                                          \
    }

ROOT_STEP_TILE(plain_f32, float)
ROOT_STEP_TILE(root_step_f64, double)

#ifdef YG_ROOT_AVX512
YG_ROOT_TARGET static void avx512_f32(void *out, const void *const *in, size_t n,
                                      const yg_attr *attrs) {
    const float *a = in[A], *b = in[B], *c = in[C], *s = in[S], *p = in[P];
    float *y = out;
    (void)attrs;
    for (size_t i = 0; i < n; i += 16) {
        const __mmask16 lanes = yg_root_lanes(n, i);
        const __m512 divisor =
            yg_root_plus(_mm512_maskz_loadu_ps(lanes, b + i), _mm512_maskz_loadu_ps(lanes, c + i));
        const __m512 quotient = _mm512_div_ps(_mm512_maskz_loadu_ps(lanes, a + i), divisor);
        const __m512 step = _mm512_mul_ps(_mm512_maskz_loadu_ps(lanes, s + i), quotient);
        _mm512_mask_storeu_ps(y + i, lanes,
                              _mm512_sub_ps(_mm512_maskz_loadu_ps(lanes, p + i), step));
    }
}
#endif

YG_ROOT_CHOICE(root_step_f32, avx512_f32, plain_f32)

static void plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    (void)call;
    plan->flops = 5 * (double)yg_type_count(results);
}

static size_t definition(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                         yg_node *results) {
    (void)call;
    const yg_node divisor = yg_add(graph, yg_sqrt(graph, operands[B]), operands[C]);
    const yg_node quotient = yg_divide(graph, operands[A], divisor);
    results[0] = yg_subtract(graph, operands[P], yg_multiply(graph, operands[S], quotient));
    return 1;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const double divisor = sqrt(yg_at(r, B, index)) + yg_at(r, C, index);
    return yg_at(r, P, index) - yg_at(r, S, index) * (yg_at(r, A, index) / divisor);
}

static const yg_sample samples[] = {
    {{"f[2, 3]", "f[2, 3]", "f[2, 3]", "f[2, 3]", "f[2, 3]"}, NULL},
    {{"f[3, 1367]", "f[3, 1367]", "f[3, 1367]", "f[3, 1367]", "f[3, 1367]"}, NULL},
    {{"f[4, 1]", "f[3]", "f[]", "f[]", "f[4, 3]"}, NULL},
    {{"f[]", "f[]", "f[]", "f[]", "f[]"}, NULL},
    {{"f[0, 3]", "f[3]", "f[3]", "f[]", "f[3]"}, NULL},
};

const yg_op yg_op_root_step = {
    .name = "root_step",
    .formula = "y = p - s · (a / (√b + c))",
    .doc = "A parameter, less a rate times a quotient by a root; each operation is rounded.",
    .group = "elementwise",
    .min_operands = 5,
    .max_operands = 5,
    .operand_names = {"a", "b", "c", "s"},
    .flags = YG_OP_ELEMENTWISE | YG_OP_FLOAT_ONLY | YG_OP_INTERNAL,
    .tile = YG_FLOAT_TILES(root_step),
    .plan = plan,
    .compose = definition,
    .reference = reference,
    .domain = {{-2, 2}, {0.3, 3}, {0.1, 1}, {-2, 2}},
    YG_SAMPLES(samples),
};
