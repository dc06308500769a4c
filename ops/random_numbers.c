/*
 * random_numbers: each element is drawn on its own, uniformly from [0, 1) or from the standard
 * normal distribution. No operands; shape and element type are attributes.
 *
 * The numbers depend only on the run's seed, the step, the attribute `stream` and the element's
 * position. In f32 they are those of f64, rounded; a uniform number is rounded down, so that it
 * stays below 1. One call of Philox gives four random words, for two elements: two uniform numbers
 * u and v, or from them √(-2 log(1 - u)) · cos(2πv) and √(-2 log(1 - u)) · sin(2πv) (Box, Muller,
 * "A note on the generation of random normal deviates", 1958).
 */
#include "../graph/random.h"
#include "elementwise.h"
#include "random_words.h"
#include "registry.h"
#include "streams.h"

#include <string.h>

enum { DTYPE, SHAPE, DISTRIBUTION, STREAM };
enum { UNIFORM, NORMAL };
static const char *const distributions[] = {[UNIFORM] = "uniform", [NORMAL] = "normal", NULL};

/* Pairs that are computed together: whole vectors, so that a number does not depend on its place.
 */
enum { PAIRS = 4 * YG_MATH_BLOCK, WORDS = YG_RANDOM_WORDS * PAIRS };

static const double two_pi = 6.28318530717958647693;

static bool infer(const yg_infer *call, yg_type *result, yg_error *error) {
    return yg_type_make((yg_dtype)call->attrs[DTYPE].i, (int)call->attrs[SHAPE].count,
                        call->attrs[SHAPE].ints, result, error);
}

/* The upper 53 of 64 random bits as a multiple of 2^-53 in [0, 1) */
static double fraction(uint32_t high, uint32_t low) {
    return (double)(((uint64_t)high << 32 | low) >> 11) * 0x1p-53;
}

/* u and v become a pair of normal numbers. 1 - u is above 0, so that its logarithm is finite. Two
 * loops: in one the compiler would call a function for both sine and cosine, which has no vector
 * form. */
YG_MULTIVERSION static void make_normal(double u[PAIRS], double v[PAIRS]) {
    double radius[PAIRS], angle[PAIRS];
    _Pragma("omp simd") for (int i = 0; i < PAIRS; i++) {
        radius[i] = sqrt(-2 * log(1 - u[i]));
        angle[i] = two_pi * v[i];
        u[i] = radius[i] * cos(angle[i]);
    }
    _Pragma("omp simd") for (int i = 0; i < PAIRS; i++) v[i] = radius[i] * sin(angle[i]);
}

/* The functions below make the numbers of all pairs of the words of a block. */

YG_MULTIVERSION static void uniform_f64(const uint32_t *word, double *y) {
    _Pragma("omp simd") for (int i = 0; i < 2 * PAIRS; i++) y[i] =
        fraction(word[2 * i], word[2 * i + 1]);
}

/* Rounding down leaves the upper 24 bits, all of them in the first word. */
YG_MULTIVERSION static void uniform_f32(const uint32_t *word, float *y) {
    _Pragma("omp simd") for (int i = 0; i < 2 * PAIRS; i++) y[i] =
        (float)(int32_t)(word[2 * i] >> 8) * 0x1p-24F;
}

#define NORMAL_NUMBERS(function, real)                                                             \
    YG_MULTIVERSION static void function(const uint32_t *word, real *y) {                          \
        double u[PAIRS], v[PAIRS];                                                                 \
        _Pragma("omp simd") for (int i = 0; i < PAIRS; i++) {                                      \
            u[i] = fraction(word[4 * i], word[4 * i + 1]);                                         \
            v[i] = fraction(word[4 * i + 2], word[4 * i + 3]);                                     \
        }                                                                                          \
        make_normal(u, v);                                                                         \
        _Pragma("omp simd") for (int i = 0; i < PAIRS; i++) {                                      \
            y[2 * i] = (real)u[i];                                                                 \
            y[2 * i + 1] = (real)v[i];                                                             \
        }                                                                                          \
    }
NORMAL_NUMBERS(normal_f32, float)
NORMAL_NUMBERS(normal_f64, double)

/* A block at the end of a range may be short: its numbers go through `block`. */
#define KERNEL(function, real, uniform, normal)                                                    \
    static bool function(const yg_kernel_call *call, yg_error *error) {                            \
        (void)error;                                                                               \
        const uint64_t key = yg_stream_key("random_numbers", call->seed, call->attrs[STREAM].i);   \
        real *y = call->out;                                                                       \
        int64_t begin, end;                                                                        \
        yg_random_range(call, &begin, &end);                                                       \
        for (int64_t first = begin; first < end; first += 2 * PAIRS) {                             \
            uint32_t word[WORDS];                                                                  \
            real block[2 * PAIRS];                                                                 \
            const int64_t count = end - first < 2 * PAIRS ? end - first : 2 * PAIRS;               \
            real *to = count < 2 * PAIRS ? block : y + first;                                      \
            yg_random_words(key, call->step, (uint64_t)first / 2, PAIRS, word);                    \
            if (call->attrs[DISTRIBUTION].i == NORMAL)                                             \
                normal(word, to);                                                                  \
            else                                                                                   \
                uniform(word, to);                                                                 \
            if (to == block)                                                                       \
                memcpy(y + first, block, (size_t)count * sizeof *y);                               \
        }                                                                                          \
        return true;                                                                               \
    }
KERNEL(kernel_f32, float, uniform_f32, normal_f32)
KERNEL(kernel_f64, double, uniform_f64, normal_f64)

/* At seed 0 and step 0, at which the tests run random operators. */
static double reference(const yg_reference *r, const int64_t *index) {
    const int64_t i = yg_random_position(r, index);
    const yg_attr *attrs = r->call->attrs;
    uint32_t word[4];
    yg_philox(yg_stream_key("random_numbers", 0, attrs[STREAM].i), 0, (uint64_t)(i / 2), word);
    const double u = ldexp((double)((uint64_t)word[0] << 21 | word[1] >> 11), -53);
    const double v = ldexp((double)((uint64_t)word[2] << 21 | word[3] >> 11), -53);
    if (attrs[DISTRIBUTION].i == UNIFORM) {
        const double number = i % 2 == 0 ? u : v;
        return r->out_type->dtype == YG_F32 ? floor(number * 0x1p24) / 0x1p24 : number;
    }
    const double radius = sqrt(-2 * log1p(-u));
    return i % 2 == 0 ? radius * cos(two_pi * v) : radius * sin(two_pi * v);
}

static const yg_attr_spec attrs[] = {
    [DTYPE] = {.name = "dtype",
               .kind = YG_ATTR_DTYPE,
               .fallback = {.i = YG_F32},
               .doc = "the element type, f32 or f64"},
    [SHAPE] = {.name = "shape", .kind = YG_ATTR_INTS, .doc = "the shape"},
    [DISTRIBUTION] = {.name = "distribution",
                      .kind = YG_ATTR_CHOICE,
                      .choices = distributions,
                      .doc = "uniform in [0, 1), or standard normal"},
    [STREAM] = {.name = "stream",
                .kind = YG_ATTR_INT,
                .doc = "tells the random numbers of one graph apart"},
};

static const yg_attr
    flat[] = {{.i = YG_F64}, {.count = 2, .ints = {70, 99}}, {.i = UNIFORM}, {.i = 1}},
    bell[] = {{.i = YG_F64}, {.count = 2, .ints = {70, 99}}, {.i = NORMAL}, {.i = 1}},
    narrow[] = {{.i = YG_F32}, {.count = 1, .ints = {1001}}, {.i = UNIFORM}, {.i = 2}},
    narrow_bell[] = {{.i = YG_F32}, {.count = 1, .ints = {1001}}, {.i = NORMAL}, {.i = 2}},
    no_elements[] = {{.i = YG_F64}, {.count = 1}, {.i = NORMAL}, {.i = 0}};

static const yg_sample samples[] = {
    {.attrs = flat},        {.attrs = bell},        {.attrs = narrow},
    {.attrs = narrow_bell}, {.attrs = no_elements},
};

const yg_op yg_op_random_numbers = {
    .name = "random_numbers",
    .formula = "y ~ uniform on [0, 1), or standard normal",
    .doc = "The numbers of uniform and normal; see there.",
    .group = "random",
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .flags = YG_OP_RANDOM | YG_OP_INTERNAL | YG_OP_NON_DIFFERENTIABLE,
    .infer = infer,
    .kernel = {[YG_F32] = kernel_f32, [YG_F64] = kernel_f64},
    .plan = yg_random_plan,
    .reference = reference,
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
