/*
 * channel_moments: the mean and the (biased) variance of each channel over all pixels.
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
enum { LANES = YG_CHANNEL_LANES };
/* What a part has for each channel: the mean, what it lost when it was rounded, and the sum of the
 * squared deviations from the rounded mean. Far from 0 what is lost counts. */
enum { ROUNDED, LOST, SQUARES, NUMBERS };

static bool infer(const yg_infer *call, yg_type *results, yg_error *error) {
    const yg_type *x = &call->operands[0];
    const int at = yg_channels_second_of(call->attrs) ? 1 : x->rank - 1;
    return yg_channels_check(call, 1, error) &&
           yg_type_make(x->dtype, 1, &x->shape[at], &results[MEAN], error) &&
           yg_type_make(x->dtype, 1, &x->shape[at], &results[VARIANCE], error);
}

#define CHANNEL_REAL             float
#define CHANNEL_NAME(name)       sum_##name##_f32
#define CHANNEL_TERM(x, z, i, c) ((x)[i] - (c))
#include "channel_lanes.h"
#define CHANNEL_REAL             double
#define CHANNEL_NAME(name)       sum_##name##_f64
#define CHANNEL_TERM(x, z, i, c) ((x)[i] - (c))
#include "channel_lanes.h"
#define CHANNEL_REAL             float
#define CHANNEL_NAME(name)       squares_##name##_f32
#define CHANNEL_TERM(x, z, i, c) (((x)[i] - (c)) * ((x)[i] - (c)))
#include "channel_lanes.h"
#define CHANNEL_REAL             double
#define CHANNEL_NAME(name)       squares_##name##_f64
#define CHANNEL_TERM(x, z, i, c) (((x)[i] - (c)) * ((x)[i] - (c)))
#include "channel_lanes.h"

/* The parts [begin, end). The first pixel is taken off before the others are added up, so that the
 * sums are not much larger than the deviations. */
#define PARTS(function, real, suffix)                                                              \
    YG_MULTIVERSION static void function(const yg_channels *c, const real *x, real *parts,         \
                                         int64_t begin, int64_t end) {                             \
        for (int64_t part = begin; part < end && c->second; part++) {                              \
            const real *from = x + part * c->run;                                                  \
            real *to = parts + part * NUMBERS;                                                     \
            const double mean =                                                                    \
                (double)*from + sum_run_##suffix(from, from, *from, c->run) / (double)c->run;      \
            to[ROUNDED] = (real)mean;                                                              \
            to[LOST] = (real)(mean - (double)to[ROUNDED]);                                         \
            to[SQUARES] = (real)squares_run_##suffix(from, from, to[ROUNDED], c->run);             \
        }                                                                                          \
        for (int64_t part = begin; part < end && !c->second; part++) {                             \
            const int64_t n = yg_channels_group(c, part);                                          \
            const real *from = x + part * c->part * c->channels;                                   \
            real *mean = parts + part * NUMBERS * c->channels, *lost = mean + c->channels;         \
            sum_pixels_##suffix(c, from, from, from, n, mean);                                     \
            _Pragma("omp simd") for (int64_t l = 0; l < c->channels; l++) {                        \
                const double exact = (double)from[l] + (double)mean[l] / (double)n;                \
                mean[l] = (real)exact;                                                             \
                lost[l] = (real)(exact - (double)mean[l]);                                         \
            }                                                                                      \
            squares_pixels_##suffix(c, from, from, mean, n, lost + c->channels);                   \
        }                                                                                          \
    }
PARTS(parts_f32, float, f32)
PARTS(parts_f64, double, f64)

/* Puts the parts together: the mean of all, and the squares within the parts and between them. */
#define FINISH(function, real)                                                                     \
    YG_MULTIVERSION static void function(const yg_channels *c, const real *parts, real *means,     \
                                         real *variances) {                                        \
        const int64_t step = yg_channels_step(c, NUMBERS), apart = yg_channels_apart(c);           \
        for (int64_t at = 0; at < c->channels; at += LANES) {                                      \
            const int lanes = c->channels - at < LANES ? (int)(c->channels - at) : LANES;          \
            double mean[LANES] = {0}, squares[LANES] = {0};                                        \
            for (int64_t g = 0; g < c->groups; g++) {                                              \
                const double n = (double)yg_channels_group(c, g);                                  \
                const real *of = parts + g * NUMBERS * c->channels + at * step;                    \
                _Pragma("omp simd") for (int l = 0; l < lanes; l++) mean[l] +=                     \
                    n * ((double)of[l * step] + (double)of[LOST * apart + l * step]);              \
            }                                                                                      \
            for (int l = 0; l < lanes; l++)                                                        \
                mean[l] /= (double)c->pixels;                                                      \
            for (int64_t g = 0; g < c->groups; g++) {                                              \
                const double n = (double)yg_channels_group(c, g);                                  \
                const real *of = parts + g * NUMBERS * c->channels + at * step;                    \
                _Pragma("omp simd") for (int l = 0; l < lanes; l++) {                              \
                    const double lost = (double)of[LOST * apart + l * step];                       \
                    const double off = ((double)of[l * step] - mean[l]) + lost;                    \
                    squares[l] +=                                                                  \
                        (double)of[SQUARES * apart + l * step] + n * (off * off - lost * lost);    \
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
        const yg_channels c =                                                                      \
            yg_channels_of(call->in_types[0], yg_channels_second_of(call->attrs));                 \
        parts_##suffix(&c, (const real *)call->in[0], (real *)call->out, call->begin, call->end);  \
        return true;                                                                               \
    }                                                                                              \
    static bool finish_kernel_##suffix(const yg_kernel_call *call, yg_error *error) {              \
        (void)error;                                                                               \
        const yg_channels c =                                                                      \
            yg_channels_of(call->in_types[0], yg_channels_second_of(call->attrs));                 \
        finish_##suffix(&c, (const real *)call->in[0], (real *)call->outs[MEAN],                   \
                        (real *)call->outs[VARIANCE]);                                             \
        return true;                                                                               \
    }                                                                                              \
    static bool kernel_##suffix(const yg_kernel_call *call, yg_error *error) {                     \
        (void)error;                                                                               \
        const yg_channels c =                                                                      \
            yg_channels_of(call->in_types[0], yg_channels_second_of(call->attrs));                 \
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
    yg_channels_plan_sums(call, NUMBERS, single ? reduce_kernel_f32 : reduce_kernel_f64,
                          single ? finish_kernel_f32 : finish_kernel_f64, plan);
}

static yg_node vjp(yg_graph *graph, yg_node y, const yg_node *dy, size_t k) {
    (void)k;
    const yg_node x = yg_node_operand(graph, y, 0), mean = yg_node_result(graph, y, MEAN);
    const yg_type type = *yg_node_type(graph, x);
    const yg_attr attr = yg_node_attrs(graph, y)[0];
    const bool second = yg_channels_second_of(&attr);
    const double n = (double)yg_channels_of(&type, second).pixels;
    const yg_node shift = dy[MEAN] == YG_NONE ? YG_NONE : yg_scale(graph, dy[MEAN], 1 / n);
    if (dy[VARIANCE] == YG_NONE)
        return yg_broadcast(graph, yg_channels_along(graph, shift, &type, second), &type);
    const yg_node none = yg_full(graph, yg_node_type(graph, mean), 0);
    const yg_node operands[] = {x, mean, yg_scale(graph, dy[VARIANCE], 2 / n),
                                shift == YG_NONE ? none : shift};
    return yg_apply(graph, &yg_op_channel_affine, operands, 4, &attr);
}

static size_t definition(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                         yg_node *results) {
    const yg_type x = call->operands[0];
    const bool second = yg_channels_second_of(call->attrs);
    const double n = (double)yg_channels_of(&x, second).pixels;
    const yg_node mean = yg_scale(graph, yg_channels_sum(graph, operands[0], second), 1 / n);
    const yg_node off = yg_subtract(graph, operands[0], yg_channels_along(graph, mean, &x, second));
    results[MEAN] = mean;
    results[VARIANCE] =
        yg_scale(graph, yg_channels_sum(graph, yg_square(graph, off), second), 1 / n);
    return 2;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const yg_type *x = &r->call->operands[0];
    const bool second = yg_channels_second_of(r->call->attrs);
    const int64_t n = yg_channels_of(x, second).pixels;
    double mean = 0, squares = 0;
    for (int pass = 0; pass < 2; pass++)
        for (int64_t i = 0; i < n; i++) {
            int64_t at[YG_MAX_RANK];
            yg_channels_at(x, second, index[0], i, at);
            const double value = yg_at(r, 0, at);
            if (pass == 0)
                mean += value / (double)n;
            else
                squares += (value - mean) * (value - mean) / (double)n;
        }
    return r->result == MEAN ? mean : squares;
}

static const yg_attr second[] = {{.i = true}};
static const yg_sample samples[] = {
    {{"f[5, 3]"}, NULL},         {{"f[70, 2]"}, NULL},     {{"f[2, 3, 3, 18]"}, NULL},
    {{"f[2, 65, 2]"}, NULL}, /* parts of 65 pixels are none: a part spans two images */
    {{"f[3, 1]"}, NULL},         {{"f[4]"}, NULL},         {{"f[300, 10]"}, NULL},
    {{"f[9, 83]"}, NULL},        {{"f[2, 3, 5]"}, second}, {{"f[3, 2, 9, 10]"}, second},
    {{"f[1, 2, 2100]"}, second},
};

const yg_op yg_op_channel_moments = {
    .name = "channel_moments",
    .formula = "mean[c] = Σ x[…, c] / n, var[c] = Σ (x[…, c] - mean[c])² / n",
    .doc = "Two results: mean and biased variance of each channel.",
    .group = "normalisation",
    .min_operands = 1,
    .max_operands = 1,
    .operand_names = {"x"},
    .attrs = yg_channels_attrs,
    .attr_count = 1,
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
