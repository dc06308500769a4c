/*
 * root_quotient: y = a / (√b + c), elementwise.
 *
 * It is the step of Adam, Adagrad, RMSprop and their relatives: a mean, divided by the root of the
 * mean of squares. The rule root_quotient (rule_root_quotient.c) makes one such node of the three
 * operators, which saves two steps of a fused group. Root and sum are rounded as if they were nodes
 * of their own: so the rule changes no bit.
 * Its derivative is that of its definition.
 */
#include "build.h"
#include "elementwise.h"
#include "registry.h"
#include "root_avx512.h"

enum { A, B, C };

#define ROOT_QUOTIENT_TILE(function, type)                                                         \
    YG_MULTIVERSION static void function(void *out, const void *const *in, size_t n,               \
                                         const yg_attr *attrs) {                                   \
        typedef type real;                                                                         \
        const real *a = in[A], *b = in[B], *c = in[C];                                             \
        real *y = out;                                                                             \
        (void)attrs;                                                                               \
        _Pragma("omp simd") for (size_t i = 0; i < n; i++) y[i] = a[i] / (sqrt(b[i]) + c[i]);      \
    }

ROOT_QUOTIENT_TILE(plain_f32, float)
ROOT_QUOTIENT_TILE(root_quotient_f64, double)

#ifdef YG_ROOT_AVX512
YG_ROOT_TARGET static void avx512_f32(void *out, const void *const *in, size_t n,
                                      const yg_attr *attrs) {
    const float *a = in[A], *b = in[B], *c = in[C];
    float *y = out;
    (void)attrs;
    for (size_t i = 0; i < n; i += 16) {
        const __mmask16 lanes = yg_root_lanes(n, i);
        const __m512 divisor =
            yg_root_plus(_mm512_maskz_loadu_ps(lanes, b + i), _mm512_maskz_loadu_ps(lanes, c + i));
        const __m512 quotient = _mm512_div_ps(_mm512_maskz_loadu_ps(lanes, a + i), divisor);
        _mm512_mask_storeu_ps(y + i, lanes, quotient);
    }
}
#endif

YG_ROOT_CHOICE(root_quotient_f32, avx512_f32, plain_f32)

static void plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    (void)call;
    plan->flops = 3 * (double)yg_type_count(results);
}

static size_t definition(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                         yg_node *results) {
    (void)call;
    const yg_node divisor = yg_add(graph, yg_sqrt(graph, operands[B]), operands[C]);
    results[0] = yg_divide(graph, operands[A], divisor);
    return 1;
}

static double reference(const yg_reference *r, const int64_t *index) {
    return yg_at(r, A, index) / (sqrt(yg_at(r, B, index)) + yg_at(r, C, index));
}

static const yg_sample samples[] = {
    {{"f[2, 3]", "f[2, 3]", "f[2, 3]"}, NULL}, {{"f[3, 1367]", "f[3, 1367]", "f[3, 1367]"}, NULL},
    {{"f[4, 1]", "f[3]", "f[]"}, NULL},        {{"f[]", "f[]", "f[]"}, NULL},
    {{"f[0, 3]", "f[3]", "f[3]"}, NULL},
};

const yg_op yg_op_root_quotient = {
    .name = "root_quotient",
    .formula = "y = a / (√b + c)",
    .doc = "A quotient by a root that is rounded, and then added to c.",
    .group = "elementwise",
    .min_operands = 3,
    .max_operands = 3,
    .operand_names = {"a", "b", "c"},
    .flags = YG_OP_ELEMENTWISE | YG_OP_FLOAT_ONLY | YG_OP_INTERNAL,
    .tile = YG_FLOAT_TILES(root_quotient),
    .plan = plan,
    .compose = definition,
    .reference = reference,
    .domain = {{-2, 2}, {0.3, 3}, {0.1, 1}},
    YG_SAMPLES(samples),
};
