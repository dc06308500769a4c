/*
 * channel_affine: y[…, c] = (x[…, c] - center[c]) · scale[c] + shift[c]. The channels are the last
 * dimension of x.
 *
 * vjp: dx = dy · scale; of the others, from the two sums of channel_sums.
 */
#include "build.h"
#include "channels.h"
#include "multiversion.h"
#include "registry.h"

enum { X, CENTER, SCALE, SHIFT }; /* operands */
enum { LANES = YG_CHANNEL_LANES, BLOCK = 64 };

static bool infer(const yg_infer *call, yg_type *result, yg_error *error) {
    *result = call->operands[X];
    return yg_channels_check(call, CENTER, error);
}

static void plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    (void)call;
    plan->units = plan->rows = yg_channels_of(results).pixels;
    plan->whole = (1U << CENTER) | (1U << SCALE) | (1U << SHIFT);
    plan->flops = 3 * (double)yg_type_count(results);
}

/* `lanes` channels of n pixels, `stride` elements apart. */
#define LANES_OF(function, real)                                                                   \
    static inline __attribute__((always_inline)) void function(                                    \
        const real *x, const real *center, const real *scale, const real *shift, int64_t n,        \
        int64_t stride, int lanes, real *y) {                                                      \
        real middle[LANES], factor[LANES], term[LANES];                                            \
        for (int l = 0; l < lanes; l++) {                                                          \
            middle[l] = center[l];                                                                 \
            factor[l] = scale[l];                                                                  \
            term[l] = shift[l];                                                                    \
        }                                                                                          \
        for (int64_t i = 0; i < n; i++)                                                            \
            _Pragma("omp simd") for (int l = 0; l < lanes; l++) y[i * stride + l] =                \
                (x[i * stride + l] - middle[l]) * factor[l] + term[l];                             \
    }
LANES_OF(lanes_f32, float)
LANES_OF(lanes_f64, double)

/* The pixels [begin, end), a few at a time, which stay in the cache from channels to channels. */
#define PIXELS(function, real, lanes_of)                                                           \
    YG_MULTIVERSION static void function(int64_t channels, const real *x, const real *center,      \
                                         const real *scale, const real *shift, real *y,            \
                                         int64_t begin, int64_t end) {                             \
        for (int64_t from = begin; from < end; from += BLOCK) {                                    \
            const int64_t n = end - from < BLOCK ? end - from : BLOCK, first = from * channels;    \
            int64_t at = 0;                                                                        \
            for (; at + LANES <= channels; at += LANES)                                            \
                lanes_of(x + first + at, center + at, scale + at, shift + at, n, channels, LANES,  \
                         y + first + at);                                                          \
            if (at < channels)                                                                     \
                lanes_of(x + first + at, center + at, scale + at, shift + at, n, channels,         \
                         (int)(channels - at), y + first + at);                                    \
        }                                                                                          \
    }
PIXELS(pixels_f32, float, lanes_f32)
PIXELS(pixels_f64, double, lanes_f64)

#define KERNEL(function, real, pixels)                                                             \
    static bool function(const yg_kernel_call *call, yg_error *error) {                            \
        (void)error;                                                                               \
        pixels(call->in_types[CENTER]->shape[0], (const real *)call->in[X],                        \
               (const real *)call->in[CENTER], (const real *)call->in[SCALE],                      \
               (const real *)call->in[SHIFT], (real *)call->out, call->begin, call->end);          \
        return true;                                                                               \
    }
KERNEL(kernel_f32, float, pixels_f32)
KERNEL(kernel_f64, double, pixels_f64)

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    const yg_node x = yg_node_operand(graph, y, X), center = yg_node_operand(graph, y, CENTER);
    const yg_node scale = yg_node_operand(graph, y, SCALE);
    if (k == X)
        return yg_multiply(graph, dy, scale);
    const yg_node operands[] = {dy, x, center};
    yg_node sums[2];
    if (yg_apply_all(graph, &yg_op_channel_sums, operands, 3, NULL, sums, 2) != 2)
        return YG_NONE;
    return k == SCALE   ? sums[1]
           : k == SHIFT ? sums[0]
                        : yg_negative(graph, yg_multiply(graph, scale, sums[0]));
}

static size_t definition(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                         yg_node *results) {
    (void)call;
    const yg_node off = yg_subtract(graph, operands[X], operands[CENTER]);
    results[0] = yg_add(graph, yg_multiply(graph, off, operands[SCALE]), operands[SHIFT]);
    return 1;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const int64_t *channel = &index[r->out_type->rank - 1];
    return (yg_at(r, X, index) - yg_at(r, CENTER, channel)) * yg_at(r, SCALE, channel) +
           yg_at(r, SHIFT, channel);
}

static const yg_sample samples[] = {
    {{"f[5, 3]", "f[3]", "f[3]", "f[3]"}, NULL},
    {{"f[70, 2]", "f[2]", "f[2]", "f[2]"}, NULL},
    {{"f[2, 3, 3, 18]", "f[18]", "f[18]", "f[18]"}, NULL},
    {{"f[3]", "f[3]", "f[3]", "f[3]"}, NULL},
    {{"f[0, 3]", "f[3]", "f[3]", "f[3]"}, NULL},
};

const yg_op yg_op_channel_affine = {
    .name = "channel_affine",
    .formula = "y[…, c] = (x[…, c] - center[c]) · scale[c] + shift[c]",
    .doc = "Moves and scales each channel, the last dimension of x.",
    .group = "normalisation",
    .min_operands = 4,
    .max_operands = 4,
    .operand_names = {"x", "center", "scale", "shift"},
    .flags = YG_OP_INTERNAL,
    .infer = infer,
    .kernel = {[YG_F32] = kernel_f32, [YG_F64] = kernel_f64},
    .plan = plan,
    .vjp = vjp,
    .compose = definition,
    .reference = reference,
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
