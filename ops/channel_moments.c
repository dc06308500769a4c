/*
 * channel_moments: the mean and the (biased) variance of each channel over all pixels. The channels
 * are the last dimension of x.
 *
 * Each part of the pixels has its own mean and sum of squared deviations, in two passes over it
 * while it is in the cache; the parts are put together in double. So a large mean does not hurt.
 * vjp: dx = dmean / n + dvar · 2 · (x - mean) / n, for n pixels.
 */
#include "build.h"
#include "channels.h"
#include "multiversion.h"
#include "registry.h"

#include <math.h>

enum { MEAN, VARIANCE }; /* results; and what a part has for each channel */
enum { LANES = YG_CHANNEL_LANES, ROWS = 4 };

static bool infer(const yg_infer *call, yg_type *results, yg_error *error) {
    const yg_type *x = &call->operands[0];
    return yg_channels_check(call, 1, error) &&
           yg_type_make(x->dtype, 1, &x->shape[x->rank - 1], &results[MEAN], error) &&
           yg_type_make(x->dtype, 1, &x->shape[x->rank - 1], &results[VARIANCE], error);
}

/* Moments of `lanes` channels over n pixels, `stride` elements apart. There are ROWS sums of each,
 * because a processor adds several vectors at a time. */
#define MOMENTS(function, real)                                                                    \
    static inline __attribute__((always_inline)) void function(                                    \
        const real *x, int64_t n, int64_t stride, int lanes, real *mean, real *squares) {          \
        real sum[ROWS][LANES] = {{0}};                                                             \
        int64_t i = 0;                                                                             \
        for (; i + ROWS <= n; i += ROWS)                                                           \
            for (int r = 0; r < ROWS; r++)                                                         \
                _Pragma("omp simd") for (int l = 0; l < lanes; l++) sum[r][l] +=                   \
                    x[(i + r) * stride + l];                                                       \
        for (; i < n; i++)                                                                         \
            for (int l = 0; l < lanes; l++)                                                        \
                sum[0][l] += x[i * stride + l];                                                    \
        real center[LANES], square[ROWS][LANES] = {{0}};                                           \
        for (int l = 0; l < lanes; l++)                                                            \
            mean[l] = center[l] = ((sum[0][l] + sum[1][l]) + (sum[2][l] + sum[3][l])) / (real)n;   \
        for (i = 0; i + ROWS <= n; i += ROWS)                                                      \
            for (int r = 0; r < ROWS; r++)                                                         \
                _Pragma("omp simd") for (int l = 0; l < lanes; l++) {                              \
                    const real off = x[(i + r) * stride + l] - center[l];                          \
                    square[r][l] += off * off;                                                     \
                }                                                                                  \
        for (; i < n; i++)                                                                         \
            for (int l = 0; l < lanes; l++)                                                        \
                square[0][l] += (x[i * stride + l] - center[l]) * (x[i * stride + l] - center[l]); \
        for (int l = 0; l < lanes; l++)                                                            \
            squares[l] = (square[0][l] + square[1][l]) + (square[2][l] + square[3][l]);            \
    }
MOMENTS(moments_f32, float)
MOMENTS(moments_f64, double)

/* The parts [begin, end). */
#define PARTS(function, real, moments)                                                             \
    YG_MULTIVERSION static void function(const yg_channels *c, const real *x, real *parts,         \
                                         int64_t begin, int64_t end) {                             \
        for (int64_t part = begin; part < end; part++) {                                           \
            const int64_t first = part * c->part, rest = c->pixels - first;                        \
            const int64_t n = rest < c->part ? rest : c->part;                                     \
            const real *from = x + first * c->channels;                                            \
            real *mean = parts + part * 2 * c->channels, *squares = mean + c->channels;            \
            int64_t at = 0;                                                                        \
            for (; at + LANES <= c->channels; at += LANES)                                         \
                moments(from + at, n, c->channels, LANES, mean + at, squares + at);                \
            if (at < c->channels)                                                                  \
                moments(from + at, n, c->channels, (int)(c->channels - at), mean + at,             \
                        squares + at);                                                             \
        }                                                                                          \
    }
PARTS(parts_f32, float, moments_f32)
PARTS(parts_f64, double, moments_f64)

/* Puts the parts together: the mean of all, and the squares within the parts and between them. */
#define FINISH(function, real)                                                                     \
    YG_MULTIVERSION static void function(const yg_channels *c, const real *parts, real *means,     \
                                         real *variances) {                                        \
        const int64_t last = c->pixels - (c->parts - 1) * c->part;                                 \
        for (int64_t at = 0; at < c->channels; at += LANES) {                                      \
            const int lanes = c->channels - at < LANES ? (int)(c->channels - at) : LANES;          \
            double mean[LANES] = {0}, squares[LANES] = {0};                                        \
            for (int64_t part = 0; part < c->parts; part++) {                                      \
                const double n = (double)(part + 1 < c->parts ? c->part : last);                   \
                const real *of = parts + part * 2 * c->channels + at;                              \
                _Pragma("omp simd") for (int l = 0; l < lanes; l++) mean[l] += n * (double)of[l];  \
            }                                                                                      \
            for (int l = 0; l < lanes; l++)                                                        \
                mean[l] /= (double)c->pixels;                                                      \
            for (int64_t part = 0; part < c->parts; part++) {                                      \
                const double n = (double)(part + 1 < c->parts ? c->part : last);                   \
                const real *of = parts + part * 2 * c->channels + at;                              \
                _Pragma("omp simd") for (int l = 0; l < lanes; l++) {                              \
                    const double off = (double)of[l] - mean[l];                                    \
                    squares[l] += (double)of[c->channels + l] + n * off * off;                     \
                }                                                                                  \
            }                                                                                      \
            for (int l = 0; means && l < lanes; l++)                                               \
                means[at + l] = (real)mean[l];                                                     \
            for (int l = 0; variances && l < lanes; l++)                                           \
                variances[at + l] = (real)(squares[l] / (double)c->pixels);                        \
        }                                                                                          \
    }
FINISH(finish_f32, float)
FINISH(finish_f64, double)

/* The three kernels of a type: of parts, of what comes after them, and of all. */
#define KERNELS(suffix, real)                                                                      \
    static bool reduce_kernel_##suffix(const yg_kernel_call *call, yg_error *error) {              \
        (void)error;                                                                               \
        const yg_channels c = yg_channels_of(call->in_types[0]);                                   \
        parts_##suffix(&c, (const real *)call->in[0], (real *)call->out, call->begin, call->end);  \
        return true;                                                                               \
    }                                                                                              \
    static bool finish_kernel_##suffix(const yg_kernel_call *call, yg_error *error) {              \
        (void)error;                                                                               \
        const yg_channels c = yg_channels_of(call->in_types[0]);                                   \
        finish_##suffix(&c, (const real *)call->in[0], (real *)call->outs[MEAN],                   \
                        (real *)call->outs[VARIANCE]);                                             \
        return true;                                                                               \
    }                                                                                              \
    static bool kernel_##suffix(const yg_kernel_call *call, yg_error *error) {                     \
        (void)error;                                                                               \
        const yg_channels c = yg_channels_of(call->in_types[0]);                                   \
        parts_##suffix(&c, (const real *)call->in[0], (real *)call->scratch, 0, c.parts);          \
        finish_##suffix(&c, (const real *)call->scratch, (real *)call->outs[MEAN],                 \
                        (real *)call->outs[VARIANCE]);                                             \
        return true;                                                                               \
    }
KERNELS(f32, float)
KERNELS(f64, double)

static void plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    (void)results;
    const bool single = call->operands[0].dtype == YG_F32;
    yg_channels_plan_sums(call, single ? reduce_kernel_f32 : reduce_kernel_f64,
                          single ? finish_kernel_f32 : finish_kernel_f64, plan);
}

static yg_node vjp(yg_graph *graph, yg_node y, const yg_node *dy, size_t k) {
    (void)k;
    const yg_node x = yg_node_operand(graph, y, 0), mean = yg_node_result(graph, y, MEAN);
    const double n = (double)yg_channels_of(yg_node_type(graph, x)).pixels;
    const yg_node shift = dy[MEAN] == YG_NONE ? YG_NONE : yg_scale(graph, dy[MEAN], 1 / n);
    if (dy[VARIANCE] == YG_NONE)
        return yg_broadcast(graph, shift, yg_node_type(graph, x));
    const yg_node none = yg_full(graph, yg_node_type(graph, mean), 0);
    const yg_node operands[] = {x, mean, yg_scale(graph, dy[VARIANCE], 2 / n),
                                shift == YG_NONE ? none : shift};
    return yg_apply(graph, &yg_op_channel_affine, operands, 4, NULL);
}

static size_t definition(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                         yg_node *results) {
    const yg_type *x = &call->operands[0];
    int64_t dims[YG_MAX_RANK] = {0};
    for (int d = 0; d + 1 < x->rank; d++)
        dims[d] = d;
    const size_t count = (size_t)x->rank - 1;
    if (count == 0) { /* a single pixel */
        results[MEAN] = operands[0];
        results[VARIANCE] = yg_square(graph, yg_subtract(graph, operands[0], operands[0]));
        return 2;
    }
    const yg_node mean = yg_mean(graph, operands[0], dims, count, false);
    const yg_node off = yg_subtract(graph, operands[0], mean);
    results[MEAN] = mean;
    results[VARIANCE] = yg_mean(graph, yg_square(graph, off), dims, count, false);
    return 2;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const yg_type *x = &r->call->operands[0];
    const int64_t n = yg_channels_of(x).pixels;
    double mean = 0, squares = 0;
    for (int pass = 0; pass < 2; pass++)
        for (int64_t i = 0; i < n; i++) {
            int64_t at[YG_MAX_RANK], rest = i;
            at[x->rank - 1] = index[0];
            for (int d = x->rank - 1; d-- > 0;) {
                at[d] = rest % x->shape[d];
                rest /= x->shape[d];
            }
            const double value = yg_at(r, 0, at);
            if (pass == 0)
                mean += value / (double)n;
            else
                squares += (value - mean) * (value - mean) / (double)n;
        }
    return r->result == MEAN ? mean : squares;
}

static const yg_sample samples[] = {
    {{"f[5, 3]"}, NULL},     {{"f[70, 2]"}, NULL}, {{"f[2, 3, 3, 18]"}, NULL},
    {{"f[2, 65, 2]"}, NULL}, /* parts of 65 pixels are none: a part spans two images */
    {{"f[3, 1]"}, NULL},     {{"f[4]"}, NULL},
};

const yg_op yg_op_channel_moments = {
    .name = "channel_moments",
    .formula = "mean[c] = Σ x[…, c] / n, var[c] = Σ (x[…, c] - mean[c])² / n",
    .doc = "Two results: mean and biased variance of each channel, the last dimension of x.",
    .group = "normalisation",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .flags = YG_OP_INTERNAL,
    .results = 2,
    .infer = infer,
    .kernel = {[YG_F32] = kernel_f32, [YG_F64] = kernel_f64},
    .plan = plan,
    .vjp_all = vjp,
    .compose = definition,
    .reference = reference,
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
