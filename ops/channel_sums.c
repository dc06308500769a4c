/*
 * channel_sums: Σ dy and Σ dy · (x - center) of each channel over all pixels.
 *
 * What the gradient of batch normalisation needs, in one pass. Its derivative is that of its
 * definition.
 */
#include "build.h"
#include "channels.h"
#include "multiversion.h"
#include "registry.h"

enum { DY, X, CENTER };   /* operands */
enum { PLAIN, WEIGHTED }; /* results; and what a part has for each channel */
enum { LANES = YG_CHANNEL_LANES, NUMBERS = 2 };

static bool infer(const yg_infer *call, yg_type *results, yg_error *error) {
    const yg_type *dy = &call->operands[DY];
    char a[YG_TYPE_TEXT], b[YG_TYPE_TEXT];
    if (!yg_channels_check(call, CENTER, error))
        return false;
    if (!yg_type_equal(dy, &call->operands[X]))
        return yg_fail(error, YG_ERROR_SHAPE, call->origin, "channel_sums: dy is %s, x is %s",
                       yg_type_text(dy, a), yg_type_text(&call->operands[X], b));
    const int at = yg_channels_second_of(call->attrs) ? 1 : dy->rank - 1;
    return yg_type_make(dy->dtype, 1, &dy->shape[at], &results[PLAIN], error) &&
           yg_type_make(dy->dtype, 1, &dy->shape[at], &results[WEIGHTED], error);
}

#define CHANNEL_REAL             float
#define CHANNEL_NAME(name)       plain_##name##_f32
#define CHANNEL_TERM(x, z, i, c) (x)[i]
#include "channel_lanes.h"
#define CHANNEL_REAL             double
#define CHANNEL_NAME(name)       plain_##name##_f64
#define CHANNEL_TERM(x, z, i, c) (x)[i]
#include "channel_lanes.h"
#define CHANNEL_REAL             float
#define CHANNEL_NAME(name)       weighted_##name##_f32
#define CHANNEL_TERM(x, z, i, c) ((x)[i] * ((z)[i] - (c)))
#include "channel_lanes.h"
#define CHANNEL_REAL             double
#define CHANNEL_NAME(name)       weighted_##name##_f64
#define CHANNEL_TERM(x, z, i, c) ((x)[i] * ((z)[i] - (c)))
#include "channel_lanes.h"

/* The parts [begin, end). The second sum finds dy in the cache. */
#define PARTS(function, real, suffix)                                                              \
    YG_MULTIVERSION static void function(const yg_channels *c, const real *dy, const real *x,      \
                                         const real *center, real *parts, int64_t begin,           \
                                         int64_t end) {                                            \
        for (int64_t part = begin; part < end && c->second; part++) {                              \
            const int64_t from = part * c->run;                                                    \
            const real middle = center[part % c->channels];                                        \
            parts[part * NUMBERS] = (real)plain_run_##suffix(dy + from, dy, 0, c->run);            \
            parts[part * NUMBERS + 1] =                                                            \
                (real)weighted_run_##suffix(dy + from, x + from, middle, c->run);                  \
        }                                                                                          \
        for (int64_t part = begin; part < end && !c->second; part++) {                             \
            const int64_t n = yg_channels_group(c, part), from = part * c->part * c->channels;     \
            real *plain = parts + part * NUMBERS * c->channels;                                    \
            plain_pixels_##suffix(c, dy + from, dy + from, center, n, plain);                      \
            weighted_pixels_##suffix(c, dy + from, x + from, center, n, plain + c->channels);      \
        }                                                                                          \
    }
PARTS(parts_f32, float, f32)
PARTS(parts_f64, double, f64)

/* Adds the parts up. */
#define FINISH(function, real)                                                                     \
    YG_MULTIVERSION static void function(const yg_channels *c, const real *parts, real *plain,     \
                                         real *weighted) {                                         \
        const int64_t step = yg_channels_step(c, NUMBERS), apart = yg_channels_apart(c);           \
        for (int64_t at = 0; at < c->channels; at += LANES) {                                      \
            const int lanes = c->channels - at < LANES ? (int)(c->channels - at) : LANES;          \
            double sum[LANES] = {0}, product[LANES] = {0};                                         \
            for (int64_t part = 0; part < c->groups; part++) {                                     \
                const real *of = parts + part * NUMBERS * c->channels + at * step;                 \
                _Pragma("omp simd") for (int l = 0; l < lanes; l++) {                              \
                    sum[l] += (double)of[l * step];                                                \
                    product[l] += (double)of[apart + l * step];                                    \
                }                                                                                  \
            }                                                                                      \
            for (int l = 0; plain && l < lanes; l++)                                               \
                plain[at + l] = (real)sum[l];                                                      \
            for (int l = 0; weighted && l < lanes; l++)                                            \
                weighted[at + l] = (real)product[l];                                               \
        }                                                                                          \
    }
FINISH(finish_f32, float)
FINISH(finish_f64, double)

/* The three kernels of a type: of parts, of what comes after them, and of all. */
#define KERNELS(suffix, real)                                                                      \
    static bool reduce_kernel_##suffix(const yg_kernel_call *call, yg_error *error) {              \
        (void)error;                                                                               \
        const yg_channels c =                                                                      \
            yg_channels_of(call->in_types[DY], yg_channels_second_of(call->attrs));                \
        parts_##suffix(&c, (const real *)call->in[DY], (const real *)call->in[X],                  \
                       (const real *)call->in[CENTER], (real *)call->out, call->begin, call->end); \
        return true;                                                                               \
    }                                                                                              \
    static bool finish_kernel_##suffix(const yg_kernel_call *call, yg_error *error) {              \
        (void)error;                                                                               \
        const yg_channels c =                                                                      \
            yg_channels_of(call->in_types[DY], yg_channels_second_of(call->attrs));                \
        finish_##suffix(&c, (const real *)call->in[0], (real *)call->outs[PLAIN],                  \
                        (real *)call->outs[WEIGHTED]);                                             \
        return true;                                                                               \
    }                                                                                              \
    static bool kernel_##suffix(const yg_kernel_call *call, yg_error *error) {                     \
        (void)error;                                                                               \
        const yg_channels c =                                                                      \
            yg_channels_of(call->in_types[DY], yg_channels_second_of(call->attrs));                \
        parts_##suffix(&c, (const real *)call->in[DY], (const real *)call->in[X],                  \
                       (const real *)call->in[CENTER], (real *)call->scratch, 0, c.parts);         \
        finish_##suffix(&c, (const real *)call->scratch, (real *)call->outs[PLAIN],                \
                        (real *)call->outs[WEIGHTED]);                                             \
        return true;                                                                               \
    }
KERNELS(f32, float)
KERNELS(f64, double)

static void plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    (void)results;
    const bool single = call->operands[DY].dtype == YG_F32;
    yg_channels_plan_sums(call, NUMBERS, single ? reduce_kernel_f32 : reduce_kernel_f64,
                          single ? finish_kernel_f32 : finish_kernel_f64, plan);
}

static size_t definition(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                         yg_node *results) {
    const yg_type x = call->operands[X];
    const bool second = yg_channels_second_of(call->attrs);
    const yg_node off =
        yg_subtract(graph, operands[X], yg_channels_along(graph, operands[CENTER], &x, second));
    results[PLAIN] = yg_channels_sum(graph, operands[DY], second);
    results[WEIGHTED] = yg_channels_sum(graph, yg_multiply(graph, operands[DY], off), second);
    return 2;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const yg_type *dy = &r->call->operands[DY];
    const bool second = yg_channels_second_of(r->call->attrs);
    const int64_t n = yg_channels_of(dy, second).pixels;
    double sum = 0;
    for (int64_t i = 0; i < n; i++) {
        int64_t at[YG_MAX_RANK];
        yg_channels_at(dy, second, index[0], i, at);
        const double off = r->result == PLAIN ? 1 : yg_at(r, X, at) - yg_at(r, CENTER, index);
        sum += yg_at(r, DY, at) * off;
    }
    return sum;
}

static const yg_attr second[] = {{.i = true}};
static const yg_sample samples[] = {
    {{"f[5, 3]", "f[5, 3]", "f[3]"}, NULL},
    {{"f[70, 2]", "f[70, 2]", "f[2]"}, NULL},
    {{"f[2, 3, 3, 18]", "f[2, 3, 3, 18]", "f[18]"}, NULL},
    {{"f[3]", "f[3]", "f[3]"}, NULL},
    {{"f[0, 3]", "f[0, 3]", "f[3]"}, NULL},
    {{"f[300, 10]", "f[300, 10]", "f[10]"}, NULL},
    {{"f[9, 83]", "f[9, 83]", "f[83]"}, NULL},
    {{"f[2, 3, 5]", "f[2, 3, 5]", "f[3]"}, second},
    {{"f[3, 2, 9, 10]", "f[3, 2, 9, 10]", "f[2]"}, second},
};

const yg_op yg_op_channel_sums = {
    .name = "channel_sums",
    .formula = "s[c] = Σ dy[…, c], p[c] = Σ dy[…, c] · (x[…, c] - center[c])",
    .doc = "Two results: sums over all pixels of each channel.",
    .group = "normalisation",
    .min_operands = 3,
    .max_operands = 3,
    .operand_names = {"dy", "x", "center"},
    .attrs = yg_channels_attrs,
    .attr_count = 1,
    .flags = YG_OP_INTERNAL,
    .results = 2,
    .infer = infer,
    .kernel = {[YG_F32] = kernel_f32, [YG_F64] = kernel_f64},
    .plan = plan,
    .compose = definition,
    .reference = reference,
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};
