/*
 * dropout_mask: each element is 0 with probability p, otherwise 1 / (1 - p), independently. No
 * operands; the shape and the element type are attributes.
 *
 * Whether an element is dropped depends only on the run's seed, the step, the attribute `stream`
 * and the element's position. It does not depend on the element type or the number of threads.
 */
#include "../graph/random.h"
#include "dropout_factors.h"
#include "registry.h"
#include "streams.h"

#include <stdint.h>

enum { DTYPE, SHAPE, P, STREAM };

static bool infer(const yg_infer *call, yg_type *result, yg_error *error) {
    return yg_type_make((yg_dtype)call->attrs[DTYPE].i, (int)call->attrs[SHAPE].count,
                        call->attrs[SHAPE].ints, result, error);
}

#define DROPOUT_MASK_KERNEL(function, real, factors)                                               \
    static bool function(const yg_kernel_call *call, yg_error *error) {                            \
        (void)error;                                                                               \
        const uint64_t key = yg_stream_key("dropout_mask", call->seed, call->attrs[STREAM].i);     \
        real *y = call->out;                                                                       \
        int64_t begin, end;                                                                        \
        yg_random_range(call, &begin, &end);                                                       \
        factors(key, call->step, begin / YG_DROPOUT_FACTORS, call->attrs[P].f, end - begin,        \
                y + begin);                                                                        \
        return true;                                                                               \
    }
DROPOUT_MASK_KERNEL(dropout_mask_f32, float, yg_dropout_f32)
DROPOUT_MASK_KERNEL(dropout_mask_f64, double, yg_dropout_f64)

/* At seed 0 and step 0, at which the tests run random operators. */
static double reference(const yg_reference *r, const int64_t *index) {
    const int64_t i = yg_random_position(r, index);
    uint32_t word[4];
    yg_philox(yg_stream_key("dropout_mask", 0, r->call->attrs[STREAM].i), 0, (uint64_t)i / 4, word);
    const double p = r->call->attrs[P].f;
    return word[i % 4] * 0x1p-32 < p ? 0 : yg_kept_value(p);
}

static const yg_attr_spec attrs[] = {
    {
        .name = "dtype",
        .kind = YG_ATTR_DTYPE,
        .fallback = {.i = YG_F32},
        .doc = "the element type, f32 or f64",
    },
    {.name = "shape", .kind = YG_ATTR_INTS, .doc = "the shape"},
    {
        .name = "p",
        .kind = YG_ATTR_FLOAT,
        .fallback = {.f = 0.5},
        .min = 0,
        .max = 1,
        .doc = "the probability of 0",
    },
    {.name = "stream", .kind = YG_ATTR_INT, .doc = "tells the masks of one graph apart"},
};

static const yg_attr half[] = {{.i = YG_F64}, {.count = 2, .ints = {70, 99}}, {.f = 0.5}, {.i = 1}},
                     some[] = {{.i = YG_F32}, {.count = 1, .ints = {1001}}, {.f = 0.1}, {.i = 2}},
                     all[] = {{.i = YG_F64}, {.count = 1, .ints = {9}}, {.f = 1}, {.i = 0}},
                     no_elements[] = {{.i = YG_F64}, {.count = 1}, {.f = 0.5}, {.i = 0}};

static const yg_sample samples[] = {
    {.attrs = half}, {.attrs = some}, {.attrs = all}, {.attrs = no_elements}, {.operands = {NULL}},
};

const yg_op yg_op_dropout_mask = {
    .name = "dropout_mask",
    .formula = "y = 0 with probability p, else 1 / (1 - p)",
    .doc = "The random factor of dropout; see there.",
    .group = "random",
    .attrs = attrs,
    .attr_count = sizeof attrs / sizeof *attrs,
    .flags = YG_OP_RANDOM | YG_OP_INTERNAL | YG_OP_NON_DIFFERENTIABLE,
    .infer = infer,
    .kernel = {[YG_F32] = dropout_mask_f32, [YG_F64] = dropout_mask_f64},
    .plan = yg_random_plan,
    .reference = reference,
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
