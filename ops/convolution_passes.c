/*
 * How a call of convolution or convolution_data is cut into passes: see convolution_direct.h.
 */
#include "convolution_passes.h"

#include "gemm_packed.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_TOGETHER = 8 };
/* A tile of so few neighbours takes longer than one of the same column of several signals. */
enum { SHORT = 8 };

static int64_t divisor(int64_t a, int64_t b) {
    while (b) {
        const int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* From one pixel to the next along each dimension, in elements. */
static void pixel_strides(const int64_t size[YG_CONVOLUTION_DIMS], int64_t channels,
                          int64_t strides[YG_CONVOLUTION_DIMS]) {
    strides[2] = channels;
    strides[1] = strides[2] * size[2];
    strides[0] = strides[1] * size[1];
}

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
static yg_pass forward_pass(const yg_convolution *c) {
    yg_pass p = {.direct = {.groups = c->groups,
                            .depth = c->channels,
                            .width = c->filters,
                            .together = 1,
                            .relu = c->relu,
                            .to_group = c->filters}};
    int64_t from[YG_CONVOLUTION_DIMS], to[YG_CONVOLUTION_DIMS];
    pixel_strides(c->x, c->channels * c->groups, from);
    pixel_strides(c->y, c->filters * c->groups, to);
    for (int d = 0; d < YG_CONVOLUTION_DIMS; d++) {
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
static void data_dim(const yg_convolution *c, int d, int64_t first, yg_pass *p) {
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

static yg_pass data_pass(const yg_convolution *c, const int64_t first[YG_CONVOLUTION_DIMS]) {
    yg_pass p = {.direct = {.groups = c->groups,
                            .depth = c->filters,
                            .width = c->channels,
                            .together = 1,
                            .to_group = c->channels}};
    int64_t from[YG_CONVOLUTION_DIMS], to[YG_CONVOLUTION_DIMS];
    pixel_strides(c->y, c->filters * c->groups, from);
    pixel_strides(c->x, c->channels * c->groups, to);
    for (int d = 0; d < YG_CONVOLUTION_DIMS; d++) {
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
static yg_pass spread_pass(const yg_convolution *c, const int64_t first[YG_CONVOLUTION_DIMS]) {
    yg_pass p = data_pass(c, first);
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
static size_t join_pixels(const yg_pass *p, int64_t lanes, yg_pass joined[2]) {
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
    for (int d = 0; d < YG_CONVOLUTION_DIMS; d++)
        steps *= p->dim[d].taps;
    return p->groups * (steps + 1) * yg_round_up(p->width, lanes);
}

static bool add_passes(yg_direct *direct, const yg_pass *passes, size_t count) {
    for (size_t i = 0; i < count; i++) {
        yg_pass *p = &direct->passes[direct->count++];
        *p = passes[i];
        yg_direct_dim *dim = p->direct.dim;
        if (dim[0].positions == 1 && dim[1].positions == 1 && dim[2].last - dim[2].first < SHORT)
            dim[2].first = dim[2].last = 0;
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
static bool list_passes(yg_direct *direct, int64_t *const residues[YG_CONVOLUTION_DIMS],
                        const int64_t counts[YG_CONVOLUTION_DIMS]) {
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
                const int64_t first[YG_CONVOLUTION_DIMS] = {residues[0][i], residues[1][j],
                                                            residues[2][k]};
                const yg_pass p = direct->spreads ? spread_pass(c, first)
                                  : data          ? data_pass(c, first)
                                                  : forward_pass(c);
                const yg_direct_dim *dim = p.direct.dim;
                direct->products = yg_larger(direct->products, dim[0].positions * dim[0].to_stride);
                direct->has_gaps = direct->has_gaps || yg_pass_is_empty(&p.direct);
                add_passes(direct, &p, 1);
            }
    direct->plain_count = direct->count;
    return true;
}

/* Adds passes of pixels that are together, if that is faster for any pass. */
static void add_joined_passes(yg_direct *direct) {
    bool any = false;
    for (size_t i = 0; i < direct->plain_count; i++) {
        yg_pass joined[2];
        const size_t count = join_pixels(&direct->passes[i], direct->kernels.lanes, joined);
        any = any || count > 0;
        add_passes(direct, count > 0 ? joined : &direct->passes[i], count > 0 ? count : 1);
    }
    if (!any)
        direct->count = direct->plain_count;
}

/* Makes the list of passes; `plain_count` passes come first. */
bool yg_direct_plan(yg_direct *direct) {
    const yg_convolution *c = &direct->c;
    const bool data = direct->result == YG_CONVOLUTION_X;
    int64_t none = 0, *residues[YG_CONVOLUTION_DIMS] = {&none, &none, &none},
            counts[YG_CONVOLUTION_DIMS] = {1, 1, 1};
    bool good = true;
    direct->spreads = suits_spreading(direct);
    for (int d = 0; d < YG_CONVOLUTION_DIMS && data; d++) {
        if (d == 2 && direct->spreads)
            continue;
        counts[d] = list_residues(c, d, &residues[d]);
        good = good && counts[d] >= 0;
        direct->has_gaps = direct->has_gaps || counts[d] < yg_smaller(c->stride[d], c->x[d]);
    }
    good = good && list_passes(direct, residues, counts);
    for (int d = 0; d < YG_CONVOLUTION_DIMS; d++)
        if (residues[d] != &none)
            free(residues[d]);
    if (good && !direct->spreads)
        add_joined_passes(direct);
    return good;
}

/* Signals have one row. Small ones would take less time than the call of a pass, so several are
 * computed as the rows of one image. */
int64_t yg_direct_together(const yg_direct *direct) {
    enum { MOST = 64, NEAR = 1 << 14 };
    const yg_convolution *c = &direct->c;
    const int64_t larger = yg_larger(direct->from_image, direct->to_image);
    for (int d = 0; d < 2; d++)
        if (c->x[d] != 1 || c->y[d] != 1 || c->taps[d] != 1 || c->padding[d] != 0 ||
            c->stride[d] != 1)
            return 1;
    return yg_larger(1, yg_smaller(MOST, NEAR / yg_larger(1, yg_larger(larger, direct->products))));
}
