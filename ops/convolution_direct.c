/*
 * Fast convolutions: how a call is cut into passes and units, and how weights are turned into the
 * order in which the tiles (convolution_tile.h) read them.
 *
 * Data of few channels: a pixel of y is multiplied with the weights of a whole row of taps, and the
 * products are added to the pixels of x that the taps meet. A vector holds taps and channels.
 *
 * Filters together: a result of few channels, as 6, would leave most of a vector unused. Then
 * neighbouring pixels are computed as one pixel of more channels, 12. Such a pixel meets more taps,
 * and each of its halves has zeros as weights for those of the other. Zero times infinity is not
 * zero, so an image that holds infinities or NaN is computed one pixel at a time.
 */
#include "convolution_direct.h"

#include "convolution_isa.h"
#include "convolution_passes.h"
#include "multiversion.h"

#include <stdlib.h>
#include <string.h>

yg_direct_kernels yg_direct_choose(size_t element, yg_gemm_isa isa) {
    const bool f32 = element == sizeof(float);
#ifdef YG_GEMM_X86
    if (isa == YG_GEMM_AVX512)
        return f32 ? yg_direct_f32_avx512() : yg_direct_f64_avx512();
    if (isa == YG_GEMM_AVX2)
        return f32 ? yg_direct_f32_avx2() : yg_direct_f64_avx2();
#endif
    (void)isa;
    return f32 ? yg_direct_f32_baseline() : yg_direct_f64_baseline();
}

yg_direct *yg_direct_new(const yg_convolution *c, int result, size_t element, yg_gemm_isa isa) {
    yg_direct *direct = calloc(1, sizeof *direct);
    if (!direct)
        return NULL;
    direct->c = *c;
    direct->result = result;
    direct->element = element;
    direct->kernels = yg_direct_choose(element, isa);
    const int64_t x_image = yg_volume(c->x) * c->channels * c->groups;
    const int64_t y_image = yg_volume(c->y) * c->filters * c->groups;
    direct->from_image = result == YG_CONVOLUTION_X ? y_image : x_image;
    direct->to_image = result == YG_CONVOLUTION_X ? x_image : y_image;
    if (result == YG_CONVOLUTION_WEIGHT) {
        direct->sums = yg_convolution_sums_of(c, direct->kernels);
    } else if (!yg_direct_plan(direct)) {
        free(direct);
        return NULL;
    }
    direct->together = yg_direct_together(direct);
    return direct;
}

void yg_direct_free(void *direct) {
    if (direct)
        free(((yg_direct *)direct)->passes);
    free(direct);
}

int64_t yg_direct_units(const yg_direct *direct) {
    return direct->result == YG_CONVOLUTION_WEIGHT ? yg_convolution_sums_units(&direct->sums)
                                                   : direct->c.batch;
}

int64_t yg_direct_scratch_bytes(const yg_direct *direct) {
    const int64_t elements =
        direct->result == YG_CONVOLUTION_WEIGHT
            ? yg_convolution_sums_scratch(&direct->sums)
            : direct->turned + (direct->spreads ? direct->together * direct->products : 0);
    return elements * (int64_t)direct->element;
}

const yg_convolution_sums *yg_direct_parts(const yg_direct *direct) {
    const yg_convolution_sums *sums = &direct->sums;
    return direct->result == YG_CONVOLUTION_WEIGHT && yg_convolution_sums_in_parts(sums) ? sums
                                                                                         : NULL;
}

/* Where a tap of a pass lies in the weight. -1: it is beyond, for the pixel `s` of those that are
 * together. */
static int64_t tap_of(const yg_direct *direct, const yg_pass *p,
                      const int64_t t[YG_CONVOLUTION_DIMS], int64_t s) {
    const yg_direct_dim *last = &p->direct.dim[2];
    const int64_t together = p->direct.together,
                  apart = last->from_step / together / last->tap_step;
    int64_t at = 0;
    for (int d = 0; d < YG_CONVOLUTION_DIMS; d++) {
        const int64_t own = d == 2 && together > 1 ? t[d] - s * apart : t[d];
        const int64_t taps =
            d == 2 && together > 1 ? last->taps - (together - 1) * apart : p->direct.dim[d].taps;
        if (own < 0 || own >= taps)
            return -1;
        at = at * direct->c.taps[d] + p->tap_first[d] + own * p->tap_by[d];
    }
    return at;
}

/* Lanes of a block that have one tap: the channels of one of the pixels that are together, or of
 * one tap of a row. */
typedef struct lanes {
    int64_t first, count; /* in the block */
    int64_t channel;      /* of the first lane, in the result */
    int64_t part;         /* which of those pixels, or taps */
} lanes;

/* A block of filters of a pass, from channel `begin` on. */
typedef struct block {
    int64_t size, part_count;
    bool full; /* all lanes have a tap at each place */
    lanes parts[2 * YG_GEMM_AVX512_BYTES / sizeof(float)];
} block;

static void find_block(const yg_direct *direct, const yg_direct_pass *of, int64_t begin, block *b) {
    const int64_t own = direct->spreads ? direct->c.channels : of->width / of->together;
    b->size = yg_direct_vectors(of->width, begin, direct->kernels.lanes) * direct->kernels.lanes;
    b->part_count = 0;
    const int64_t end = yg_smaller(begin + b->size, of->width);
    for (int64_t at = begin; at < end;) {
        const int64_t channel = at % own, count = yg_smaller(own - channel, end - at);
        b->parts[b->part_count++] = (lanes){at - begin, count, channel, at / own};
        at += count;
    }
    b->full = of->together == 1 && end - begin == b->size;
}

/* The tap of the weight that lanes have at a place of the taps of a pass. -1: theirs is zero. */
static int64_t tap_of_lanes(const yg_direct *direct, const yg_pass *p,
                            const int64_t t[YG_CONVOLUTION_DIMS], const lanes *l) {
    return direct->spreads ? tap_of(direct, p, t, 0) + l->part : tap_of(direct, p, t, l->part);
}

/* A pass over `count` images: those are the rows of the pass, see yg_direct_together(). */
static yg_pass pass_of_images(const yg_direct *direct, size_t i, int64_t count) {
    yg_pass p = direct->passes[i];
    yg_direct_dim *rows = &p.direct.dim[1];
    if (count > 1) {
        rows->positions = rows->from = rows->last = count;
        rows->from_stride = direct->from_image;
        rows->to_stride = direct->spreads ? rows->to_stride : direct->to_image;
    }
    return p;
}

#define DIRECT(real, suffix)                                                                       \
    /* Turns a block of the weights of a pass, for one place of the taps. What no lane has is      \
     * zero. */                                                                                    \
    static void turn_block_##suffix(const yg_direct *direct, const yg_pass *p,                     \
                                    const int64_t t[YG_CONVOLUTION_DIMS], const block *b,          \
                                    const real *weight, real *to) {                                \
        const yg_convolution *c = &direct->c;                                                      \
        const int64_t taps = yg_volume(c->taps), filter = c->channels * taps;                      \
        const bool data = direct->result == YG_CONVOLUTION_X;                                      \
        const int64_t by_depth = data ? filter : taps, by_width = data ? taps : filter;            \
        const int64_t depth = p->direct.depth, size = b->size;                                     \
        if (!b->full)                                                                              \
            memset(to, 0, (size_t)(depth * size) * sizeof *to);                                    \
        for (int64_t i = 0; i < b->part_count; i++) {                                              \
            const lanes *l = &b->parts[i];                                                         \
            const int64_t tap = tap_of_lanes(direct, p, t, l);                                     \
            if (tap < 0)                                                                           \
                continue;                                                                          \
            const real *from = weight + l->channel * by_width + tap;                               \
            const int64_t count = l->count;                                                        \
            real *lane = to + l->first;                                                            \
            for (int64_t k = 0; k < depth; k++, lane += size, from += by_depth)                    \
                for (int64_t n = 0; n < count; n++)                                                \
                    lane[n] = from[n * by_width];                                                  \
        }                                                                                          \
    }                                                                                              \
                                                                                                   \
    /* Turns the weights of a pass: see yg_direct_kernel. */                                       \
    static void turn_##suffix(const yg_direct *direct, const yg_pass *p, const real *weight,       \
                              const real *bias, real *turned) {                                    \
        const yg_direct_pass *of = &p->direct;                                                     \
        real *to = turned + of->weights_at;                                                        \
        const int64_t group = direct->c.filters * direct->c.channels * yg_volume(direct->c.taps);  \
        block b;                                                                                   \
        for (int64_t g = 0; g < of->groups; g++, weight += group)                                  \
            for (int64_t begin = 0; begin < of->width; begin += b.size) {                          \
                int64_t t[YG_CONVOLUTION_DIMS];                                                    \
                find_block(direct, of, begin, &b);                                                 \
                for (t[0] = 0; t[0] < of->dim[0].taps; t[0]++)                                     \
                    for (t[1] = 0; t[1] < of->dim[1].taps; t[1]++)                                 \
                        for (t[2] = 0; t[2] < of->dim[2].taps; t[2]++) {                           \
                            turn_block_##suffix(direct, p, t, &b, weight, to);                     \
                            to += of->depth * b.size;                                              \
                        }                                                                          \
                const int64_t own = of->width / of->together;                                      \
                for (int64_t i = begin; i < begin + b.size; i++)                                   \
                    *to++ = bias && i < of->width ? bias[g * own + i % own] : 0;                   \
            }                                                                                      \
    }                                                                                              \
                                                                                                   \
    static bool is_finite_##suffix(const real *x, int64_t count) {                                 \
        real sum = 0;                                                                              \
        _Pragma("omp simd reduction(+ : sum)") for (int64_t i = 0; i < count; i++) sum +=          \
            x[i] * 0;                                                                              \
        return sum == 0;                                                                           \
    }                                                                                              \
                                                                                                   \
    /* Adds the products of a row of y to a row of x. Neighbouring pixels of y meet the same       \
     * pixels of x: one after the other, each addition would wait for the last. So `apart` pixels  \
     * lie between one and the next. */                                                            \
    YG_MULTIVERSION static void spread_row_##suffix(const yg_convolution *c, int64_t apart,        \
                                                    const real *products, real *x) {               \
        const int64_t width = c->taps[2] * c->channels, row = c->x[2] * c->channels;               \
        for (int64_t r = 0; r < apart; r++)                                                        \
            for (int64_t o = r; o < c->y[2]; o += apart) {                                         \
                const int64_t at = (o * c->stride[2] - c->padding[2]) * c->channels;               \
                const int64_t begin = at < 0 ? -at : 0, end = at + width > row ? row - at : width; \
                const real *from = products + o * width;                                           \
                _Pragma("omp simd") for (int64_t i = begin; i < end; i++) x[at + i] += from[i];    \
            }                                                                                      \
    }                                                                                              \
                                                                                                   \
    static void spread_##suffix(const yg_direct *direct, const yg_pass *p, const real *products,   \
                                real *x) {                                                         \
        const yg_convolution *c = &direct->c;                                                      \
        const int64_t apart = (c->taps[2] - 1) / c->stride[2] + 1;                                 \
        const int64_t row = c->x[2] * c->channels;                                                 \
        for (int64_t p0 = 0; p0 < p->direct.dim[0].positions; p0++)                                \
            for (int64_t p1 = 0; p1 < p->direct.dim[1].positions; p1++) {                          \
                const int64_t i0 = p->first[0] + p0 * c->stride[0];                                \
                const int64_t i1 = p->first[1] + p1 * c->stride[1];                                \
                real *to = x + (i0 * c->x[1] + i1) * row;                                          \
                memset(to, 0, (size_t)row * sizeof *to);                                           \
                spread_row_##suffix(c, apart, products, to);                                       \
                products += p->direct.dim[1].to_stride;                                            \
            }                                                                                      \
    }                                                                                              \
                                                                                                   \
    static void run_images_##suffix(const yg_direct *direct, int64_t begin, int64_t end,           \
                                    const real *from, const real *weight, const real *bias,        \
                                    real *to, real *turned, bool kept) {                           \
        const bool joins = direct->count > direct->plain_count;                                    \
        bool has_plain = !joins; /* rarely needed beside the others, and then turned late */       \
        for (size_t i = joins ? direct->plain_count : 0; i < direct->count && !kept; i++)          \
            turn_##suffix(direct, &direct->passes[i], weight, bias, turned);                       \
        int64_t alone = begin; /* images before this one may hold infinities */                    \
        for (int64_t n = begin, count; n < end; n += count) {                                      \
            const real *image = from + n * direct->from_image;                                     \
            count = n < alone ? 1 : yg_smaller(direct->together, end - n);                         \
            bool joined = joins && is_finite_##suffix(image, count * direct->from_image);          \
            if (joins && !joined && count > 1) {                                                   \
                alone = n + count;                                                                 \
                count = 1;                                                                         \
                joined = is_finite_##suffix(image, direct->from_image);                            \
            }                                                                                      \
            const size_t last = joined ? direct->count : direct->plain_count;                      \
            for (size_t i = 0; i < last && !joined && !has_plain; i++)                             \
                turn_##suffix(direct, &direct->passes[i], weight, bias, turned);                   \
            has_plain = has_plain || !joined;                                                      \
            real *result = to + n * direct->to_image, *products = turned + direct->turned;         \
            if (direct->has_gaps)                                                                  \
                memset(result, 0, (size_t)(count * direct->to_image) * sizeof *result);            \
            for (size_t i = joined ? direct->plain_count : 0; i < last; i++) {                     \
                const yg_pass p = pass_of_images(direct, i, count);                                \
                if (direct->has_gaps && yg_pass_is_empty(&p.direct))                               \
                    continue;                                                                      \
                direct->kernels.run(&p.direct, image, turned + p.direct.weights_at,                \
                                    direct->spreads ? products : result);                          \
                if (direct->spreads)                                                               \
                    spread_##suffix(direct, &p, products, result);                                 \
            }                                                                                      \
        }                                                                                          \
    }
DIRECT(float, f32)
DIRECT(double, f64)

void yg_direct_run(const yg_direct *direct, int64_t begin, int64_t end, const void *a,
                   const void *b, const void *bias, void *to, void *scratch, bool kept) {
    const bool f32 = direct->element == sizeof(float);
    if (begin >= end)
        return;
    if (direct->result == YG_CONVOLUTION_WEIGHT)
        yg_convolution_sums_run(&direct->sums, direct->element, begin, end, a, b, to, scratch);
    else if (f32)
        run_images_f32(direct, begin, end, a, b, bias, to, scratch, kept);
    else
        run_images_f64(direct, begin, end, a, b, bias, to, scratch, kept);
}
