/*
 * channel_affine: y[…, c] = (x[…, c] - center[c]) · scale[c] + shift[c] for each channel c of x.
 *
 * vjp: dx = dy · scale; of the others, from the two sums of channel_sums.
 */
#include "build.h"
#include "channels.h"
#include "multiversion.h"
#include "registry.h"

enum { X, CENTER, SCALE, SHIFT }; /* operands */
enum { LANES = YG_CHANNEL_LANES, WIDE = YG_CHANNEL_WIDE, BLOCK = 64 };

static bool infer(const yg_infer *call, yg_type *result, yg_error *error) {
    *result = call->operands[X];
    return yg_channels_check(call, CENTER, error);
}

static void plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    const yg_channels c = yg_channels_of(results, yg_channels_second_of(call->attrs));
    plan->units = plan->rows = c.second ? c.parts : c.pixels;
    plan->whole = (1U << CENTER) | (1U << SCALE) | (1U << SHIFT);
    plan->flops = 3 * (double)yg_type_count(results);
}

/* The statistics of the channels. */
#define STATISTICS(real)                                                                           \
    struct {                                                                                       \
        const real *center, *scale, *shift;                                                        \
    }
typedef STATISTICS(float) statistics_f32;
typedef STATISTICS(double) statistics_f64;

/* `lanes` channels from channel `at` on, of n pixels, `stride` elements apart. Constant lanes stay
 * in registers. */
#define LANES_OF(suffix, real)                                                                     \
    static inline __attribute__((always_inline)) void lanes_##suffix(                              \
        const statistics_##suffix *of, int64_t at, const real *x, int64_t n, int64_t stride,       \
        int lanes, real *y) {                                                                      \
        real middle[WIDE], factor[WIDE], term[WIDE];                                               \
        for (int l = 0; l < lanes; l++) {                                                          \
            middle[l] = of->center[at + l];                                                        \
            factor[l] = of->scale[at + l];                                                         \
            term[l] = of->shift[at + l];                                                           \
        }                                                                                          \
        for (int64_t i = at; i < n * stride; i += stride)                                          \
            _Pragma("omp simd") for (int l = 0; l < lanes; l++) y[i + l] =                         \
                (x[i + l] - middle[l]) * factor[l] + term[l];                                      \
    }
LANES_OF(f32, float)
LANES_OF(f64, double)

/* n pixels of channels that fill a vector, a few at a time, which stay in the cache from channels
 * to channels. The last vector may overlap the one before: x is not y. */
#define MANY(suffix, real)                                                                         \
    static inline __attribute__((always_inline)) void many_##suffix(                               \
        const statistics_##suffix *of, int64_t channels, const real *x, int64_t n, real *y) {      \
        for (int64_t from = 0; from < n; from += BLOCK) {                                          \
            const int64_t some = n - from < BLOCK ? n - from : BLOCK, first = from * channels;     \
            int64_t at = 0;                                                                        \
            for (; at + WIDE <= channels; at += WIDE)                                              \
                lanes_##suffix(of, at, x + first, some, channels, WIDE, y + first);                \
            for (; at < channels; at += LANES)                                                     \
                lanes_##suffix(of, at + LANES <= channels ? at : channels - LANES, x + first,      \
                               some, channels, LANES, y + first);                                  \
        }                                                                                          \
    }
MANY(f32, float)
MANY(f64, double)

/* Rows [begin, end): runs of one channel. */
#define RUNS(suffix, real)                                                                         \
    YG_MULTIVERSION static void runs_##suffix(const yg_channels *c, const statistics_##suffix *of, \
                                              const real *x, real *y, int64_t begin,               \
                                              int64_t end) {                                       \
        for (int64_t row = begin; row < end; row++) {                                              \
            const int64_t at = row % c->channels, first = row * c->run;                            \
            const real middle = of->center[at], factor = of->scale[at], term = of->shift[at];      \
            _Pragma("omp simd") for (int64_t i = first; i < first + c->run; i++) y[i] =            \
                (x[i] - middle) * factor + term;                                                   \
        }                                                                                          \
    }
RUNS(f32, float)
RUNS(f64, double)

/* Pixels [begin, end). Of few channels, so many pixels are taken for one that they fill vectors. */
#define PIXELS(suffix, real)                                                                       \
    YG_MULTIVERSION static void pixels_##suffix(const yg_channels *c,                              \
                                                const statistics_##suffix *of, const real *x,      \
                                                real *y, int64_t begin, int64_t end) {             \
        const int64_t channels = c->channels, width = channels * c->together;                      \
        x += begin * channels;                                                                     \
        y += begin * channels;                                                                     \
        if (channels >= LANES) {                                                                   \
            many_##suffix(of, channels, x, end - begin, y);                                        \
            return;                                                                                \
        }                                                                                          \
        real all[3][YG_CHANNEL_MOST_WIDE];                                                         \
        for (int64_t w = 0; w < width; w++) {                                                      \
            all[0][w] = of->center[w % channels];                                                  \
            all[1][w] = of->scale[w % channels];                                                   \
            all[2][w] = of->shift[w % channels];                                                   \
        }                                                                                          \
        const statistics_##suffix repeated = {all[0], all[1], all[2]};                             \
        const int64_t whole = (end - begin) / c->together;                                         \
        if (whole > 0)                                                                             \
            many_##suffix(&repeated, width, x, whole, y);                                          \
        for (int64_t i = whole * width; i < (end - begin) * channels; i++)                         \
            y[i] = (x[i] - all[0][i % channels]) * all[1][i % channels] + all[2][i % channels];    \
    }
PIXELS(f32, float)
PIXELS(f64, double)

#define KERNEL(function, real, suffix)                                                             \
    static bool function(const yg_kernel_call *call, yg_error *error) {                            \
        (void)error;                                                                               \
        const yg_channels c = yg_channels_of(call->out_type, yg_channels_second_of(call->attrs));  \
        const statistics_##suffix of = {call->in[CENTER], call->in[SCALE], call->in[SHIFT]};       \
        if (c.second)                                                                              \
            runs_##suffix(&c, &of, call->in[X], call->out, call->begin, call->end);                \
        else                                                                                       \
            pixels_##suffix(&c, &of, call->in[X], call->out, call->begin, call->end);              \
        return true;                                                                               \
    }
KERNEL(kernel_f32, float, f32)
KERNEL(kernel_f64, double, f64)

static yg_node vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    const yg_node x = yg_node_operand(graph, y, X), center = yg_node_operand(graph, y, CENTER);
    const yg_node scale = yg_node_operand(graph, y, SCALE);
    const yg_attr attr = yg_node_attrs(graph, y)[0];
    const yg_type type = *yg_node_type(graph, x);
    if (k == X)
        return yg_multiply(graph, dy,
                           yg_channels_along(graph, scale, &type, yg_channels_second_of(&attr)));
    const yg_node operands[] = {dy, x, center};
    yg_node sums[2];
    if (yg_apply_all(graph, &yg_op_channel_sums, operands, 3, &attr, sums, 2) != 2)
        return YG_NONE;
    return k == SCALE   ? sums[1]
           : k == SHIFT ? sums[0]
                        : yg_negative(graph, yg_multiply(graph, scale, sums[0]));
}

static size_t definition(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                         yg_node *results) {
    const yg_type type = call->operands[X];
    const bool second = yg_channels_second_of(call->attrs);
    yg_node along[SHIFT + 1];
    for (size_t k = CENTER; k <= SHIFT; k++)
        along[k] = yg_channels_along(graph, operands[k], &type, second);
    const yg_node off = yg_subtract(graph, operands[X], along[CENTER]);
    results[0] = yg_add(graph, yg_multiply(graph, off, along[SCALE]), along[SHIFT]);
    return 1;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const bool second = yg_channels_second_of(r->call->attrs);
    const int64_t *channel = &index[second ? 1 : r->out_type->rank - 1];
    return (yg_at(r, X, index) - yg_at(r, CENTER, channel)) * yg_at(r, SCALE, channel) +
           yg_at(r, SHIFT, channel);
}

static const yg_attr second[] = {{.i = true}};
static const yg_sample samples[] = {
    {{"f[5, 3]", "f[3]", "f[3]", "f[3]"}, NULL},
    {{"f[70, 2]", "f[2]", "f[2]", "f[2]"}, NULL},
    {{"f[2, 3, 3, 18]", "f[18]", "f[18]", "f[18]"}, NULL},
    {{"f[3]", "f[3]", "f[3]", "f[3]"}, NULL},
    {{"f[0, 3]", "f[3]", "f[3]", "f[3]"}, NULL},
    {{"f[37, 10]", "f[10]", "f[10]", "f[10]"}, NULL},
    {{"f[5, 83]", "f[83]", "f[83]", "f[83]"}, NULL},
    {{"f[2, 3, 5]", "f[3]", "f[3]", "f[3]"}, second},
    {{"f[3, 2, 9, 10]", "f[2]", "f[2]", "f[2]"}, second},
};

const yg_op yg_op_channel_affine = {
    .name = "channel_affine",
    .formula = "y[…, c] = (x[…, c] - center[c]) · scale[c] + shift[c]",
    .doc = "Moves and scales each channel.",
    .group = "normalisation",
    .min_operands = 4,
    .max_operands = 4,
    .operand_names = {"x", "center", "scale", "shift"},
    .attrs = yg_channels_attrs,
    .attr_count = 1,
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
