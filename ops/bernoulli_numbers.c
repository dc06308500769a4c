/*
 * bernoulli_numbers: y is 1 with probability p, element by element, else 0.
 *
 * An element is 1 if its random word of 32 bits, as a fraction in [0, 1), is below p. The words
 * depend only on the run's seed, the step, the attribute `stream` and the element's position.
 */
#include "../graph/random.h"
#include "build.h"
#include "multiversion.h"
#include "random_words.h"
#include "registry.h"
#include "streams.h"

#include <inttypes.h>
#include <math.h>

static bool infer(const yg_infer *call, yg_type *result, yg_error *error) {
    char text[YG_TYPE_TEXT];
    *result = call->operands[0];
    return yg_dtype_is_float(result->dtype) ||
           yg_fail(error, YG_ERROR_DTYPE, call->origin,
                   "bernoulli takes a float tensor of probabilities, not %s",
                   yg_type_text(result, text));
}

/* Says which element is no probability. */
static bool outside(const yg_kernel_call *call, int64_t position, double p, yg_error *error) {
    return yg_fail(error, YG_ERROR_DATA, call->origin,
                   "bernoulli: element %" PRId64 " is %g, which is no probability", position, p);
}

/* Elements whose words are drawn together. */
enum { BLOCK = 256 };

/* `draw` is false if a number is no probability. A word, as a fraction, is exact in f64. */
#define BERNOULLI_KERNEL(function, draw, real)                                                     \
    YG_MULTIVERSION static bool draw(const uint32_t *word, const real *p, int64_t count,           \
                                     real *y) {                                                    \
        int wrong = 0;                                                                             \
        _Pragma("omp simd reduction(| : wrong)") for (int64_t i = 0; i < count; i++) {             \
            wrong |= !(p[i] >= 0 && p[i] <= 1);                                                    \
            y[i] = (double)word[i] * 0x1p-32 < (double)p[i] ? (real)1 : (real)0;                   \
        }                                                                                          \
        return wrong == 0;                                                                         \
    }                                                                                              \
    static bool function(const yg_kernel_call *call, yg_error *error) {                            \
        const uint64_t key = yg_stream_key("bernoulli_numbers", call->seed, call->attrs[0].i);     \
        const real *p = call->in[0];                                                               \
        real *y = call->out;                                                                       \
        int64_t begin, end;                                                                        \
        yg_random_range(call, &begin, &end);                                                       \
        for (int64_t i = begin; i < end; i += BLOCK) {                                             \
            const int64_t count = end - i < BLOCK ? end - i : BLOCK;                               \
            uint32_t word[BLOCK];                                                                  \
            yg_random_words(key, call->step, (uint64_t)i / YG_RANDOM_WORDS,                        \
                            (count + YG_RANDOM_WORDS - 1) / YG_RANDOM_WORDS, word);                \
            if (draw(word, p + i, count, y + i))                                                   \
                continue;                                                                          \
            for (int64_t j = i; j < i + count; j++)                                                \
                if (!(p[j] >= 0 && p[j] <= 1))                                                     \
                    return outside(call, j, (double)p[j], error);                                  \
        }                                                                                          \
        return true;                                                                               \
    }
BERNOULLI_KERNEL(bernoulli_f32, draw_f32, float)
BERNOULLI_KERNEL(bernoulli_f64, draw_f64, double)

/* At seed 0 and step 0, at which the tests run random operators. */
static double reference(const yg_reference *r, const int64_t *index) {
    const int64_t i = yg_random_position(r, index);
    uint32_t word[4];
    yg_philox(yg_stream_key("bernoulli_numbers", 0, r->call->attrs[0].i), 0, (uint64_t)(i / 4),
              word);
    return ldexp((double)word[i % 4], -32) < yg_at(r, 0, index);
}

static const yg_attr_spec attrs[] = {
    {.name = "stream", .kind = YG_ATTR_INT, .doc = "tells the random numbers of one graph apart"},
};

static const yg_sample samples[] = {
    {{"f[70, 99]"}, (const yg_attr[]){{.i = 1}}},
    {{"f[]"}, NULL},
    {{"f[0, 3]"}, NULL},
};

const yg_op yg_op_bernoulli_numbers = {
    .name = "bernoulli_numbers",
    .formula = "y = 1 with probability p, else 0",
    .doc = "The random numbers of bernoulli; see there.",
    .group = "random",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"p"},
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .flags = YG_OP_RANDOM | YG_OP_INTERNAL | YG_OP_NON_DIFFERENTIABLE,
    .infer = infer,
    .kernel = {[YG_F32] = bernoulli_f32, [YG_F64] = bernoulli_f64},
    .plan = yg_random_plan,
    .reference = reference,
    .domain = {{0, 1}},
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
