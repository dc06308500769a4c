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
#include "convolution_sums.h"
#include "multiversion.h"

#include <stdlib.h>
#include <string.h>

enum { DIMS = YG_CONVOLUTION_DIMS, MOST_TOGETHER = 8 };

/* A pass, and where its taps lie in the weight: tap t is tap first + t · by of the weight. */
typedef struct pass {
    yg_direct_pass direct;
    int64_t tap_first[DIMS], tap_by[DIMS];
    int64_t first[DIMS]; /* data: the pixel of x that position 0 is */
} pass;

struct yg_direct {
    yg_convolution c;
    int result;
    size_t element;
    yg_direct_kernels kernels;
    pass *passes; /* `plain_count` that compute pixels one by one, then those of together */
    size_t plain_count, count;
    bool has_gaps;    /* some passes have no taps: their pixels are zero */
    bool spreads;     /* data of few channels: passes write products, see spread_pass() */
    int64_t products; /* elements of the products of the largest pass */
    int64_t turned;   /* elements of all turned weights */
    int64_t from_image, to_image;
    yg_convolution_sums sums; /* of convolution_weight */
};

static int64_t volume(const int64_t size[DIMS]) {
    return size[0] * size[1] * size[2];
}

static int64_t divisor(int64_t a, int64_t b) {
    while (b) {
        const int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* From one pixel to the next along each dimension, in elements. */
static void pixel_strides(const int64_t size[DIMS], int64_t channels, int64_t strides[DIMS]) {
    strides[2] = channels;
    strides[1] = strides[2] * size[2];
    strides[0] = strides[1] * size[1];
}

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

/* ---------------------------------------------------------------------------------- passes -- */

/* Sets the positions that meet all taps. */
static void find_inner(yg_direct_dim *d) {
    const int64_t end = d->from - (d->taps - 1) * d->tap_step - d->from_start; /* beyond the last */
    d->first = d->from_start >= 0 ? 0 : (-d->from_start + d->from_step - 1) / d->from_step;
    d->last = end <= 0 ? 0 : (end + d->from_step - 1) / d->from_step;
    d->last = yg_smaller(d->last, d->positions);
    d->first = yg_smaller(d->first, d->positions);
}

/* A pass of a depthwise convolution computes all channels as one group. */
static void join_groups(const yg_convolution *c, yg_direct_pass *p) {
    p->depthwise = yg_convolution_is_depthwise(c);
    if (p->depthwise) {
        p->width = c->groups;
        p->groups = 1;
    }
}

/* A convolution: one pass. */
static pass forward_pass(const yg_convolution *c) {
    pass p = {.direct = {.groups = c->groups,
                         .depth = c->channels,
                         .width = c->filters,
                         .together = 1,
                         .relu = c->relu,
                         .to_group = c->filters}};
    int64_t from[DIMS], to[DIMS];
    pixel_strides(c->x, c->channels * c->groups, from);
    pixel_strides(c->y, c->filters * c->groups, to);
    for (int d = 0; d < DIMS; d++) {
        p.direct.dim[d] = (yg_direct_dim){.positions = c->y[d],
                                          .taps = c->taps[d],
                                          .from = c->x[d],
                                          .from_start = -c->padding[d],
                                          .from_step = c->stride[d],
                                          .tap_step = c->dilation[d],
                                          .from_stride = from[d],
                                          .to_stride = to[d]};
        p.tap_by[d] = 1;
        find_inner(&p.direct.dim[d]);
    }
    join_groups(c, &p.direct);
    return p;
}

/* The data of a convolution, at positions first + p · stride. Pixel i of x meets tap t at the pixel
 * (i + padding - t · dilation) / stride of y, if the division leaves no rest. Those taps are
 * `apart` from each other. The last comes first, since it meets the first pixel of y. */
static void data_dim(const yg_convolution *c, int d, int64_t first, pass *p) {
    const int64_t stride = c->stride[d], dilation = c->dilation[d];
    const int64_t common = divisor(stride, dilation), apart = stride / common;
    const int64_t at = first + c->padding[d];
    int64_t tap = 0;
    while (tap < apart && tap < c->taps[d] && (at - tap * dilation) % stride != 0)
        tap++;
    yg_direct_dim *dim = &p->direct.dim[d];
    dim->positions = c->x[d] > first ? (c->x[d] - first - 1) / stride + 1 : 0;
    dim->taps = tap < apart && tap < c->taps[d] ? (c->taps[d] - 1 - tap) / apart + 1 : 0;
    dim->from = c->y[d];
    dim->from_step = 1;
    dim->tap_step = dilation / common;
    p->tap_first[d] = tap + (dim->taps - 1) * apart;
    p->tap_by[d] = -apart;
    dim->from_start = dim->taps > 0 ? (at - p->tap_first[d] * dilation) / stride : 0;
    find_inner(dim);
}

static pass data_pass(const yg_convolution *c, const int64_t first[DIMS]) {
    pass p = {.direct = {.groups = c->groups,
                         .depth = c->filters,
                         .width = c->channels,
                         .together = 1,
                         .to_group = c->channels}};
    int64_t from[DIMS], to[DIMS];
    pixel_strides(c->y, c->filters * c->groups, from);
    pixel_strides(c->x, c->channels * c->groups, to);
    for (int d = 0; d < DIMS; d++) {
        data_dim(c, d, first[d], &p);
        p.direct.dim[d].from_stride = from[d];
        p.direct.dim[d].to_stride = to[d] * c->stride[d];
        p.direct.to_at += first[d] * to[d];
        p.first[d] = first[d];
    }
    join_groups(c, &p.direct);
    return p;
}

/* Whether the data are computed by spread_pass(): there are several taps in a row, and channels do
 * not fill a vector. */
static bool suits_spreading(const yg_direct *direct) {
    const yg_convolution *c = &direct->c;
    return direct->result == YG_CONVOLUTION_X && c->groups == 1 && c->taps[2] > 1 &&
           c->dilation[2] == 1 && c->channels < direct->kernels.lanes;
}

/* The products of the pixels of y with a whole row of taps, for the rows of x that a data pass
 * computes: [rows, pixels of y, taps of the row, channels]. The pixels of y are the columns of the
 * pass, and each meets one tap. */
static pass spread_pass(const yg_convolution *c, const int64_t first[DIMS]) {
    pass p = data_pass(c, first);
    yg_direct_dim *dim = p.direct.dim;
    p.direct.width = c->taps[2] * c->channels;
    p.direct.to_at = 0;
    p.tap_first[2] = p.tap_by[2] = 0;
    dim[2] = (yg_direct_dim){.positions = c->y[2],
                             .taps = 1,
                             .from = c->y[2],
                             .from_step = 1,
                             .tap_step = 1,
                             .from_stride = dim[2].from_stride,
                             .to_stride = p.direct.width};
    dim[1].to_stride = dim[2].to_stride * c->y[2];
    dim[0].to_stride = dim[1].to_stride * dim[1].positions;
    find_inner(&dim[2]);
    return p;
}

/* The share of a tile's work that is useful if `together` pixels are computed as one. */
static double use_of(const yg_direct_pass *p, int64_t lanes, int64_t together) {
    const yg_direct_dim *d = &p->dim[2];
    const int64_t width = together * p->width;
    const int64_t more = (together - 1) * d->from_step / d->tap_step; /* taps */
    return (double)width / (double)yg_round_up(width, lanes) * (double)d->taps /
           (double)(d->taps + more);
}

/* How many neighbouring pixels are best computed as one. */
static int64_t best_together(const yg_direct_pass *p, int64_t lanes) {
    const yg_direct_dim *d = &p->dim[2];
    int64_t best = 1;
    if (p->depthwise || p->groups > 1 || p->width >= lanes || d->to_stride != p->width ||
        d->taps == 0 || d->from_step % d->tap_step != 0)
        return 1;
    for (int64_t n = 2; n <= MOST_TOGETHER && n <= d->positions; n++)
        if (use_of(p, lanes, n) > 1.15 * use_of(p, lanes, best))
            best = n;
    return best;
}

/* Splits a pass into one of pixels that are together, and one of those that are left over. Returns
 * how many these are; 0: together nothing is gained. */
static size_t join_pixels(const pass *p, int64_t lanes, pass joined[2]) {
    const int64_t together = best_together(&p->direct, lanes);
    if (together == 1)
        return 0;
    joined[0] = joined[1] = *p;
    yg_direct_dim *d = &joined[0].direct.dim[2];
    const int64_t whole = d->positions / together;
    d->positions = whole;
    d->taps += (together - 1) * (d->from_step / d->tap_step);
    d->from_step *= together;
    d->to_stride *= together;
    find_inner(d);
    joined[0].direct.together = together;
    joined[0].direct.width *= together;
    yg_direct_dim *left = &joined[1].direct.dim[2];
    left->positions -= whole * together;
    left->from_start += whole * together * left->from_step;
    joined[1].direct.to_at += whole * together * left->to_stride;
    find_inner(left);
    return left->positions > 0 ? 2 : 1;
}

static int64_t turned_size(const yg_direct_pass *p, int64_t lanes) {
    int64_t steps = p->depth;
    for (int d = 0; d < DIMS; d++)
        steps *= p->dim[d].taps;
    return p->groups * (steps + 1) * yg_round_up(p->width, lanes);
}

/* Whether the pixels of a pass meet no tap, as most pixels of the data of a convolution of size 1
 * with stride 2. */
static bool is_empty(const yg_direct_pass *p) {
    return p->dim[0].taps == 0 || p->dim[1].taps == 0 || p->dim[2].taps == 0;
}

static bool add_passes(yg_direct *direct, const pass *passes, size_t count) {
    for (size_t i = 0; i < count; i++) {
        pass *p = &direct->passes[direct->count++];
        *p = passes[i];
        p->direct.weights_at = direct->turned;
        direct->turned += turned_size(&p->direct, direct->kernels.lanes);
    }
    return true;
}

static int by_size(const void *a, const void *b) {
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

/* Lists the first pixels of passes over a dimension of the data: the residues of pixels that meet a
 * tap. There are no more of them than taps, however large the stride. Returns their number, or -1
 * when out of memory. */
static int64_t list_residues(const yg_convolution *c, int d, int64_t **residues) {
    const int64_t stride = c->stride[d];
    int64_t count = 0, kept = 0;
    *residues = calloc((size_t)c->taps[d] + 1, sizeof **residues);
    if (!*residues)
        return -1;
    for (int64_t tap = 0; tap < c->taps[d]; tap++) {
        const int64_t rest = (tap * c->dilation[d] - c->padding[d]) % stride;
        (*residues)[count++] = rest < 0 ? rest + stride : rest;
    }
    qsort(*residues, (size_t)count, sizeof **residues, by_size);
    for (int64_t i = 0; i < count; i++)
        if ((*residues)[i] < c->x[d] && (kept == 0 || (*residues)[kept - 1] != (*residues)[i]))
            (*residues)[kept++] = (*residues)[i];
    return kept;
}

/* Makes a pass for each combination of the first pixels. */
static bool list_passes(yg_direct *direct, int64_t *const residues[DIMS],
                        const int64_t counts[DIMS]) {
    const yg_convolution *c = &direct->c;
    const bool data = direct->result == YG_CONVOLUTION_X;
    /* Once as it is, and once more as at most two of pixels that are together. */
    direct->passes =
        calloc((size_t)(3 * counts[0] * counts[1] * counts[2] + 1), sizeof *direct->passes);
    if (!direct->passes)
        return false;
    for (int64_t i = 0; i < counts[0]; i++)
        for (int64_t j = 0; j < counts[1]; j++)
            for (int64_t k = 0; k < counts[2]; k++) {
                const int64_t first[DIMS] = {residues[0][i], residues[1][j], residues[2][k]};
                const pass p = direct->spreads ? spread_pass(c, first)
                               : data          ? data_pass(c, first)
                                               : forward_pass(c);
                const yg_direct_dim *dim = p.direct.dim;
                direct->products = yg_larger(direct->products, dim[0].positions * dim[0].to_stride);
                direct->has_gaps = direct->has_gaps || is_empty(&p.direct);
                add_passes(direct, &p, 1);
            }
    direct->plain_count = direct->count;
    return true;
}

/* Adds passes of pixels that are together, if that is faster for any pass. */
static void add_joined_passes(yg_direct *direct) {
    bool any = false;
    for (size_t i = 0; i < direct->plain_count; i++) {
        pass joined[2];
        const size_t count = join_pixels(&direct->passes[i], direct->kernels.lanes, joined);
        any = any || count > 0;
        add_passes(direct, count > 0 ? joined : &direct->passes[i], count > 0 ? count : 1);
    }
    if (!any)
        direct->count = direct->plain_count;
}

/* Makes the list of passes; `plain_count` passes come first. */
static bool plan_passes(yg_direct *direct) {
    const yg_convolution *c = &direct->c;
    const bool data = direct->result == YG_CONVOLUTION_X;
    int64_t none = 0, *residues[DIMS] = {&none, &none, &none}, counts[DIMS] = {1, 1, 1};
    bool good = true;
    direct->spreads = suits_spreading(direct);
    for (int d = 0; d < DIMS && data; d++) {
        if (d == 2 && direct->spreads)
            continue;
        counts[d] = list_residues(c, d, &residues[d]);
        good = good && counts[d] >= 0;
        direct->has_gaps = direct->has_gaps || counts[d] < yg_smaller(c->stride[d], c->x[d]);
    }
    good = good && list_passes(direct, residues, counts);
    for (int d = 0; d < DIMS; d++)
        if (residues[d] != &none)
            free(residues[d]);
    if (good && !direct->spreads)
        add_joined_passes(direct);
    return good;
}

/* ----------------------------------------------------------------------------------- calls -- */

yg_direct *yg_direct_new(const yg_convolution *c, int result, size_t element, yg_gemm_isa isa) {
    yg_direct *direct = calloc(1, sizeof *direct);
    if (!direct)
        return NULL;
    direct->c = *c;
    direct->result = result;
    direct->element = element;
    direct->kernels = yg_direct_choose(element, isa);
    const int64_t x_image = volume(c->x) * c->channels * c->groups;
    const int64_t y_image = volume(c->y) * c->filters * c->groups;
    direct->from_image = result == YG_CONVOLUTION_X ? y_image : x_image;
    direct->to_image = result == YG_CONVOLUTION_X ? x_image : y_image;
    if (result == YG_CONVOLUTION_WEIGHT) {
        direct->sums = yg_convolution_sums_of(c, direct->kernels);
    } else if (!plan_passes(direct)) {
        free(direct);
        return NULL;
    }
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
    const int64_t elements = direct->result == YG_CONVOLUTION_WEIGHT
                                 ? yg_convolution_sums_scratch(&direct->sums)
                                 : direct->turned + (direct->spreads ? direct->products : 0);
    return elements * (int64_t)direct->element;
}

const yg_convolution_sums *yg_direct_parts(const yg_direct *direct) {
    const yg_convolution_sums *sums = &direct->sums;
    return direct->result == YG_CONVOLUTION_WEIGHT && yg_convolution_sums_in_parts(sums) ? sums
                                                                                         : NULL;
}

/* Where a tap of a pass lies in the weight. -1: it is beyond, for the pixel `s` of those that are
 * together. */
static int64_t tap_of(const yg_direct *direct, const pass *p, const int64_t t[DIMS], int64_t s) {
    const yg_direct_dim *last = &p->direct.dim[2];
    const int64_t together = p->direct.together,
                  apart = last->from_step / together / last->tap_step;
    int64_t at = 0;
    for (int d = 0; d < DIMS; d++) {
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
static int64_t tap_of_lanes(const yg_direct *direct, const pass *p, const int64_t t[DIMS],
                            const lanes *l) {
    return direct->spreads ? tap_of(direct, p, t, 0) + l->part : tap_of(direct, p, t, l->part);
}

#define DIRECT(real, suffix)                                                                       \
    /* Turns a block of the weights of a pass, for one place of the taps. What no lane has is      \
     * zero. */                                                                                    \
    static void turn_block_##suffix(const yg_direct *direct, const pass *p, const int64_t t[DIMS], \
                                    const block *b, const real *weight, real *to) {                \
        const yg_convolution *c = &direct->c;                                                      \
        const int64_t taps = volume(c->taps), filter = c->channels * taps;                         \
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
    static void turn_##suffix(const yg_direct *direct, const pass *p, const real *weight,          \
                              const real *bias, real *turned) {                                    \
        const yg_direct_pass *of = &p->direct;                                                     \
        real *to = turned + of->weights_at;                                                        \
        const int64_t group = direct->c.filters * direct->c.channels * volume(direct->c.taps);     \
        block b;                                                                                   \
        for (int64_t g = 0; g < of->groups; g++, weight += group)                                  \
            for (int64_t begin = 0; begin < of->width; begin += b.size) {                          \
                int64_t t[DIMS];                                                                   \
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
    static void spread_##suffix(const yg_direct *direct, const pass *p, const real *products,      \
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
        for (int64_t n = begin; n < end; n++) {                                                    \
            const real *image = from + n * direct->from_image;                                     \
            const bool joined = joins && is_finite_##suffix(image, direct->from_image);            \
            const size_t last = joined ? direct->count : direct->plain_count;                      \
            for (size_t i = 0; i < last && !joined && !has_plain; i++)                             \
                turn_##suffix(direct, &direct->passes[i], weight, bias, turned);                   \
            has_plain = has_plain || !joined;                                                      \
            real *result = to + n * direct->to_image, *products = turned + direct->turned;         \
            if (direct->has_gaps)                                                                  \
                memset(result, 0, (size_t)direct->to_image * sizeof *result);                      \
            for (size_t i = joined ? direct->plain_count : 0; i < last; i++) {                     \
                const yg_direct_pass *p = &direct->passes[i].direct;                               \
                if (direct->has_gaps && is_empty(p))                                               \
                    continue;                                                                      \
                direct->kernels.run(p, image, turned + p->weights_at,                              \
                                    direct->spreads ? products : result);                          \
                if (direct->spreads)                                                               \
                    spread_##suffix(direct, &direct->passes[i], products, result);                 \
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
