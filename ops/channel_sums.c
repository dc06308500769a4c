/*
 * channel_sums: Σ dy and Σ dy · (x - center) of each channel over all pixels. The channels are the
 * last dimension of dy and x.
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
enum { LANES = YG_CHANNEL_LANES, ROWS = 2 };

static bool infer(const yg_infer *call, yg_type *results, yg_error *error) {
    const yg_type *dy = &call->operands[DY];
    char a[YG_TYPE_TEXT], b[YG_TYPE_TEXT];
    if (!yg_channels_check(call, CENTER, error))
        return false;
    if (!yg_type_equal(dy, &call->operands[X]))
        return yg_fail(error, YG_ERROR_SHAPE, call->origin, "channel_sums: dy is %s, x is %s",
                       yg_type_text(dy, a), yg_type_text(&call->operands[X], b));
    return yg_type_make(dy->dtype, 1, &dy->shape[dy->rank - 1], &results[PLAIN], error) &&
           yg_type_make(dy->dtype, 1, &dy->shape[dy->rank - 1], &results[WEIGHTED], error);
}

/* Sums of `lanes` channels over n pixels, `stride` elements apart. */
#define SUMS(function, real)                                                                       \
    static inline __attribute__((always_inline)) void function(                                    \
        const real *dy, const real *x, const real *center, int64_t n, int64_t stride, int lanes,   \
        real *plain, real *weighted) {                                                             \
        real sum[ROWS][LANES] = {{0}}, product[ROWS][LANES] = {{0}}, middle[LANES];                \
        for (int l = 0; l < lanes; l++)                                                            \
            middle[l] = center[l];                                                                 \
        int64_t i = 0;                                                                             \
        for (; i + ROWS <= n; i += ROWS)                                                           \
            for (int r = 0; r < ROWS; r++)                                                         \
                _Pragma("omp simd") for (int l = 0; l < lanes; l++) {                              \
                    const real d = dy[(i + r) * stride + l];                                       \
                    sum[r][l] += d;                                                                \
                    product[r][l] += d * (x[(i + r) * stride + l] - middle[l]);                    \
                }                                                                                  \
        for (; i < n; i++)                                                                         \
            for (int l = 0; l < lanes; l++) {                                                      \
                sum[0][l] += dy[i * stride + l];                                                   \
                product[0][l] += dy[i * stride + l] * (x[i * stride + l] - middle[l]);             \
            }                                                                                      \
        for (int l = 0; l < lanes; l++) {                                                          \
            plain[l] = sum[0][l] + sum[1][l];                                                      \
            weighted[l] = product[0][l] + product[1][l];                                           \
        }                                                                                          \
    }
SUMS(sums_f32, float)
SUMS(sums_f64, double)

/* The parts [begin, end). */
#define PARTS(function, real, sums)                                                                \
    YG_MULTIVERSION static void function(const yg_channels *c, const real *dy, const real *x,      \
                                         const real *center, real *parts, int64_t begin,           \
                                         int64_t end) {                                            \
        for (int64_t part = begin; part < end; part++) {                                           \
            const int64_t first = part * c->part, rest = c->pixels - first;                        \
            const int64_t n = rest < c->part ? rest : c->part, from = first * c->channels;         \
            real *plain = parts + part * 2 * c->channels, *weighted = plain + c->channels;         \
            int64_t at = 0;                                                                        \
            for (; at + LANES <= c->channels; at += LANES)                                         \
                sums(dy + from + at, x + from + at, center + at, n, c->channels, LANES,            \
                     plain + at, weighted + at);                                                   \
            if (at < c->channels)                                                                  \
                sums(dy + from + at, x + from + at, center + at, n, c->channels,                   \
                     (int)(c->channels - at), plain + at, weighted + at);                          \
        }                                                                                          \
    }
PARTS(parts_f32, float, sums_f32)
PARTS(parts_f64, double, sums_f64)

/* Adds the parts up. */
#define FINISH(function, real)                                                                     \
    YG_MULTIVERSION static void function(const yg_channels *c, const real *parts, real *plain,     \
                                         real *weighted) {                                         \
        for (int64_t at = 0; at < c->channels; at += LANES) {                                      \
            const int lanes = c->channels - at < LANES ? (int)(c->channels - at) : LANES;          \
            double sum[LANES] = {0}, product[LANES] = {0};                                         \
            for (int64_t part = 0; part < c->parts; part++) {                                      \
                const real *of = parts + part * 2 * c->channels + at;                              \
                _Pragma("omp simd") for (int l = 0; l < lanes; l++) {                              \
                    sum[l] += (double)of[l];                                                       \
                    product[l] += (double)of[c->channels + l];                                     \
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
        const yg_channels c = yg_channels_of(call->in_types[DY]);                                  \
        parts_##suffix(&c, (const real *)call->in[DY], (const real *)call->in[X],                  \
                       (const real *)call->in[CENTER], (real *)call->out, call->begin, call->end); \
        return true;                                                                               \
    }                                                                                              \
    static bool finish_kernel_##suffix(const yg_kernel_call *call, yg_error *error) {              \
        (void)error;                                                                               \
        const yg_channels c = yg_channels_of(call->in_types[DY]);                                  \
        finish_##suffix(&c, (const real *)call->in[0], (real *)call->outs[PLAIN],                  \
                        (real *)call->outs[WEIGHTED]);                                             \
        return true;                                                                               \
    }                                                                                              \
    static bool kernel_##suffix(const yg_kernel_call *call, yg_error *error) {                     \
        (void)error;                                                                               \
        const yg_channels c = yg_channels_of(call->in_types[DY]);                                  \
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
    yg_channels_plan_sums(call, single ? reduce_kernel_f32 : reduce_kernel_f64,
                          single ? finish_kernel_f32 : finish_kernel_f64, plan);
}

static size_t definition(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                         yg_node *results) {
    const yg_type *dy = &call->operands[DY];
    const yg_type channels = {.dtype = dy->dtype, .rank = 1, .shape = {dy->shape[dy->rank - 1]}};
    const yg_node off = yg_subtract(graph, operands[X], operands[CENTER]);
    results[PLAIN] = yg_sum_to(graph, operands[DY], &channels);
    results[WEIGHTED] = yg_sum_to(graph, yg_multiply(graph, operands[DY], off), &channels);
    return 2;
}

static double reference(const yg_reference *r, const int64_t *index) {
    const yg_type *dy = &r->call->operands[DY];
    const int64_t n = yg_channels_of(dy).pixels;
    double sum = 0;
    for (int64_t i = 0; i < n; i++) {
        int64_t at[YG_MAX_RANK], rest = i;
        at[dy->rank - 1] = index[0];
        for (int d = dy->rank - 1; d-- > 0;) {
            at[d] = rest % dy->shape[d];
            rest /= dy->shape[d];
        }
        const double off = r->result == PLAIN ? 1 : yg_at(r, X, at) - yg_at(r, CENTER, index);
        sum += yg_at(r, DY, at) * off;
    }
    return sum;
}

static const yg_sample samples[] = {
    {{"f[5, 3]", "f[5, 3]", "f[3]"}, NULL},
    {{"f[70, 2]", "f[70, 2]", "f[2]"}, NULL},
    {{"f[2, 3, 3, 18]", "f[2, 3, 3, 18]", "f[18]"}, NULL},
    {{"f[3]", "f[3]", "f[3]"}, NULL},
    {{"f[0, 3]", "f[0, 3]", "f[3]"}, NULL},
};

const yg_op yg_op_channel_sums = {
    .name = "channel_sums",
    .formula = "s[c] = Σ dy[…, c], p[c] = Σ dy[…, c] · (x[…, c] - center[c])",
    .doc = "Two results: sums over all pixels of each channel, the last dimension.",
    .group = "normalisation",
    .min_operands = 3,
    .max_operands = 3,
    .operand_names = {"dy", "x", "center"},
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
