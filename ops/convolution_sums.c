/*
 * convolution_weight by tiles: see convolution_sums.h.
 *
 * With few channels a tile of one tap would have too few sums to keep the processor busy. It then
 * has all taps of a row, which meet neighbouring pixels of x. At the border some of those lie
 * outside of x; so the rows of x are copied, with zeros around them.
 *
 * A depthwise convolution is one group here, of as many filters as there are channels, and a unit
 * has the taps of a row. They take the place of channels: a vector of x meets a vector of y.
 *
 * With few filters most of a vector would be unused. Then neighbouring pixels of y are one pixel of
 * more filters, which meets more taps. The sum of a tap is then the sum of several: for each of
 * these pixels, the one that it meets with that tap. The other sums are not used.
 */
#include "convolution_sums.h"

#include "convolution_isa.h"

#include <string.h>

enum { DIMS = YG_CONVOLUTION_DIMS, MOST_FILTERS = 2 * YG_GEMM_AVX512_BYTES / 4 /* of a block */ };

static int64_t volume(const int64_t size[DIMS]) {
    return size[0] * size[1] * size[2];
}

/* From one pixel to the next along each dimension, in elements. */
static void pixel_strides(const int64_t size[DIMS], int64_t channels, int64_t strides[DIMS]) {
    strides[2] = channels;
    strides[1] = strides[2] * size[2];
    strides[0] = strides[1] * size[1];
}

/* Whether all pixels of y meet all taps of the last dimension. */
static bool meets_all(const yg_convolution *c) {
    return c->padding[2] <= 0 &&
           (c->y[2] - 1) * c->stride[2] + (c->taps[2] - 1) * c->dilation[2] - c->padding[2] <
               c->x[2];
}

/* The share of a tile's work that is useful if `together` pixels are computed as one. */
static double use_of(const yg_convolution *c, int64_t lanes, int64_t together) {
    return (double)(together * c->filters) / (double)yg_round_up(together * c->filters, lanes) *
           (double)c->taps[2] / (double)(c->taps[2] + (together - 1) * c->stride[2]);
}

static int64_t best_together(const yg_convolution *c, int64_t lanes) {
    int64_t best = 1;
    for (int64_t n = 2; n * c->filters <= lanes; n++)
        if (c->y[2] > 0 && c->y[2] % n == 0 && use_of(c, lanes, n) > 1.15 * use_of(c, lanes, best))
            best = n;
    return best;
}

/* Whether a unit sums for a whole row of taps, each over the pixels of y that it meets. */
static bool suits_rows_of_taps(const yg_convolution_sums *s) {
    const yg_convolution *c = &s->c;
    return s->kernels.sum_row && !s->rows && c->filters <= s->kernels.lanes &&
           c->taps[2] == YG_DIRECT_ROW && c->stride[2] == 1 && c->dilation[2] == 1;
}

/* Cuts the channels of a place into parts, if there were too few units to share: first into those
 * that stay in registers, which costs nothing, and then into smaller ones. Pixels that are computed
 * together are added up across channels, so these are not cut. */
static void cut_channels(yg_convolution_sums *s) {
    enum { ENOUGH = 16, FEW = 6, CHANNELS = 4 };
    const int64_t vectors = yg_direct_vectors(s->c.filters, 0, s->kernels.lanes);
    const bool of_taps = s->taps > 1 || s->depthwise;
    const int64_t most = of_taps ? YG_DIRECT_RUN : s->kernels.most[vectors - 1];
    const int64_t places = s->c.groups * s->blocks * s->places;
    s->parts = 1;
    if (s->together == 1 && (places < ENOUGH || of_taps))
        s->parts = yg_larger(1, (s->run + most - 1) / most);
    while (!s->rows && s->parts * places < FEW && s->run / (s->parts + 1) >= CHANNELS)
        s->parts++;
    s->part = (s->run + s->parts - 1) / s->parts;
    if (s->part > 0)
        s->parts = (s->run + s->part - 1) / s->part;
}

/* The images of a stretch: at least so many that adding up the stretches costs little. It decides
 * the bits, so it follows from the sizes only. */
static int64_t stretch_of(const yg_convolution_sums *s) {
    enum { STRETCHES = 16, MOST = 16384 };
    const int64_t batch = s->c.batch, units = yg_convolution_sums_units(s);
    if (units * s->unit > MOST)
        return batch;
    for (int64_t n = (batch + STRETCHES - 1) / STRETCHES; n > 0 && 2 * n <= batch; n++)
        if (batch % n == 0)
            return n;
    return batch;
}

yg_convolution_sums yg_convolution_sums_of(const yg_convolution *of, yg_direct_kernels kernels) {
    enum { FEW = 8 };
    const int64_t lanes = kernels.lanes;
    yg_convolution_sums s = {.c = *of, .kernels = kernels, .block = 2 * lanes};
    const yg_convolution *c = &s.c;
    s.x_channels = c->channels * c->groups;
    s.depthwise = yg_convolution_is_depthwise(c);
    if (s.depthwise) {
        s.c.filters = c->groups;
        s.c.groups = 1;
    }
    s.blocks = (c->filters + s.block - 1) / s.block;
    s.rows = s.depthwise || (c->channels < FEW && c->groups == 1 && c->dilation[2] == 1);
    s.together = s.rows && !s.depthwise && c->filters > 0 ? best_together(c, lanes) : 1;
    s.taps = suits_rows_of_taps(&s) ? YG_DIRECT_ROW : 1;
    s.places = c->taps[0] * c->taps[1] * (s.rows ? 1 : c->taps[2] / s.taps);
    s.run = c->channels * (s.rows ? c->taps[2] + (s.together - 1) * c->stride[2] : 1);
    cut_channels(&s);
    s.unit = s.taps * s.part * yg_smaller(s.block, yg_round_up(s.together * c->filters, lanes));
    if (s.rows && !s.depthwise && !meets_all(c)) {
        s.before = yg_larger(0, c->padding[2]);
        const int64_t reach =
            (c->y[2] - 1) * c->stride[2] + c->taps[2] - yg_smaller(0, c->padding[2]);
        s.row = yg_larger(reach, s.before + c->x[2]);
    }
    s.images = stretch_of(&s);
    return s;
}

int64_t yg_convolution_sums_units(const yg_convolution_sums *s) {
    return s->c.groups * s->blocks * s->places * s->parts;
}

int64_t yg_convolution_sums_size(const yg_convolution_sums *s) {
    return yg_convolution_sums_units(s) * s->unit;
}

bool yg_convolution_sums_in_parts(const yg_convolution_sums *s) {
    return s->images < s->c.batch && volume(s->c.x) * s->c.channels > 0 && volume(s->c.y) > 0;
}

int64_t yg_convolution_sums_scratch(const yg_convolution_sums *s) {
    return 2 * yg_convolution_sums_size(s) + s->c.x[0] * s->c.x[1] * s->row * s->c.channels;
}

/* The positions of y that meet tap t of dimension d: [*first, *last). */
static void meeting_positions(const yg_convolution *c, int d, int64_t t, int64_t *first,
                              int64_t *last) {
    const int64_t at = t * c->dilation[d] - c->padding[d], stride = c->stride[d];
    *first = at >= 0 ? 0 : (-at + stride - 1) / stride;
    *last = at >= c->x[d] ? 0 : (c->x[d] - at + stride - 1) / stride;
    *last = yg_smaller(*last, c->y[d]);
    *first = yg_smaller(*first, *last);
}

static int64_t place_of(const yg_convolution_sums *s, int64_t unit) {
    return unit / s->parts % s->places;
}

/* The first filter of a unit, in its group. */
static int64_t first_filter(const yg_convolution_sums *s, int64_t unit) {
    return unit / s->parts / s->places % s->blocks * s->block;
}

static int64_t group_of(const yg_convolution_sums *s, int64_t unit) {
    return unit / s->parts / s->places / s->blocks;
}

/* The first channel of a unit among those of its place, and how many it has. */
static int64_t first_channel(const yg_convolution_sums *s, int64_t unit) {
    return yg_smaller(unit % s->parts * s->part, s->run);
}

static int64_t channels_of(const yg_convolution_sums *s, int64_t unit) {
    return yg_smaller(s->part, s->run - first_channel(s, unit));
}

/* What the units of a place sum, and where their channel 0 begins in x (or its copy) and y. `unit`
 * is any of them. */
static yg_direct_sum sum_of(const yg_convolution_sums *s, int64_t unit, int64_t images,
                            int64_t *x_at, int64_t *y_at) {
    const yg_convolution *c = &s->c;
    const int64_t filter = first_filter(s, unit), group = group_of(s, unit);
    yg_direct_sum sum = {.images = images,
                         .x_image = volume(c->x) * s->x_channels,
                         .y_image = volume(c->y) * c->filters * c->groups,
                         .width = yg_smaller(s->block, s->together * c->filters - filter),
                         .columns = c->x[2],
                         .before = c->padding[2],
                         .stride = c->stride[2],
                         .dilation = c->dilation[2]};
    const int64_t x_size[DIMS] = {c->x[0], c->x[1], s->row > 0 ? s->row : c->x[2]};
    int64_t x_stride[DIMS], y_stride[DIMS], rest = place_of(s, unit);
    pixel_strides(x_size, s->x_channels, x_stride);
    pixel_strides(c->y, c->filters * c->groups, y_stride);
    *x_at = s->depthwise ? filter : group * c->channels;
    *y_at = group * c->filters + filter;
    for (int d = DIMS; d-- > 0;) {
        int64_t first = 0, last = c->y[d], at = s->before - c->padding[d];
        if (d == 2 && s->taps > 1) {
            at = 0; /* the kernel looks which columns meet */
        } else if (d < 2 || !s->rows) {
            const int64_t tap = rest % c->taps[d];
            rest /= c->taps[d];
            meeting_positions(c, d, tap, &first, &last);
            at = first * c->stride[d] + tap * c->dilation[d] - c->padding[d];
        }
        const int64_t together = d == 2 ? s->together : 1;
        sum.positions[d] = (last - first) / together;
        sum.x_stride[d] = c->stride[d] * x_stride[d] * together;
        sum.y_stride[d] = y_stride[d] * together;
        if (d == 2 && s->depthwise)
            at = 0; /* the kernel adds the tap, and looks which columns meet */
        *x_at += last > first ? at * x_stride[d] : 0;
        *y_at += first * y_stride[d];
    }
    return sum;
}

/* Images that are summed at once: small ones together, so that sums are stored less often. It
 * decides the bits, so it follows from the sizes only. */
static int64_t images_at_once(const yg_convolution_sums *s) {
    enum { PIXELS = 256, MOST = 8 };
    const int64_t pixels = volume(s->c.y);
    if (s->row > 0 || pixels == 0)
        return 1;
    return yg_larger(1, yg_smaller(MOST, PIXELS / pixels));
}

#define SUMS(real, suffix)                                                                         \
    /* Copies an image of x, with zeros around its rows. */                                        \
    static void pad_rows_##suffix(const yg_convolution_sums *s, const real *x, real *to) {         \
        const yg_convolution *c = &s->c;                                                           \
        const int64_t row = s->row * c->channels, before = s->before * c->channels;                \
        const int64_t own = c->x[2] * c->channels;                                                 \
        for (int64_t i = 0; i < c->x[0] * c->x[1]; i++, to += row, x += own) {                     \
            memset(to, 0, (size_t)before * sizeof *to);                                            \
            memcpy(to + before, x, (size_t)own * sizeof *to);                                      \
            memset(to + before + own, 0, (size_t)(row - before - own) * sizeof *to);               \
        }                                                                                          \
    }                                                                                              \
                                                                                                   \
    /* Adds up the sums of `stretches` stretches for a unit, so many elements `apart`, and moves   \
     * them to their places in the weight. */                                                      \
    static void place_##suffix(const yg_convolution_sums *s, int64_t unit, int64_t stretches,      \
                               int64_t apart, const real *sums, real *weight) {                    \
        const yg_convolution *c = &s->c;                                                           \
        const int64_t first = first_filter(s, unit), channel = first_channel(s, unit);             \
        const int64_t taps = volume(c->taps), width = yg_smaller(s->block, c->filters - first);    \
        const int64_t lanes = s->kernels.lanes, all = s->together * c->filters - first;            \
        const int64_t step = yg_direct_vectors(yg_smaller(s->block, all), 0, lanes) * lanes;       \
        const int64_t row = s->rows ? c->taps[2] : s->taps; /* taps of a place */                  \
        const int64_t own = channels_of(s, unit);                                                  \
        const int64_t count = s->together > 1 ? row * c->channels : s->taps * own;                 \
        real *to = weight + (group_of(s, unit) * c->filters + first) * c->channels * taps +        \
                   place_of(s, unit) * row;                                                        \
        for (int64_t j = 0; j < count; j++) {                                                      \
            const int64_t t = s->rows ? (channel + j) / c->channels : j / own;                     \
            const int64_t k = s->rows ? (channel + j) % c->channels : channel + j % own;           \
            real sum[MOST_FILTERS] = {0};                                                          \
            for (int64_t n = 0; n < s->together; n++) {                                            \
                const real *from =                                                                 \
                    sums + (j + n * c->stride[2] * c->channels) * step + n * c->filters;           \
                real total[MOST_FILTERS] = {0};                                                    \
                for (int64_t p = 0; p < stretches; p++)                                            \
                    for (int64_t i = 0; i < width; i++)                                            \
                        total[i] += from[p * apart + i];                                           \
                for (int64_t i = 0; i < width; i++)                                                \
                    sum[i] += total[i];                                                            \
            }                                                                                      \
            for (int64_t i = 0; i < width; i++)                                                    \
                to[i * c->channels * taps + k * taps + t] = sum[i];                                \
        }                                                                                          \
    }                                                                                              \
                                                                                                   \
    /* The sums of units [begin, end) over images [first, last). */                                \
    static void sum_images_##suffix(const yg_convolution_sums *s, int64_t begin, int64_t end,      \
                                    int64_t first, int64_t last, const real *x, const real *y,     \
                                    real *sums, real *copy) {                                      \
        const yg_convolution *c = &s->c;                                                           \
        const yg_direct_sum_kernel sum_unit = s->depthwise  ? s->kernels.sum_depthwise             \
                                              : s->taps > 1 ? s->kernels.sum_row                   \
                                                            : s->kernels.sum;                      \
        const int64_t images = images_at_once(s);                                                  \
        memset(sums, 0, (size_t)((end - begin) * s->unit) * sizeof *sums);                         \
        for (int64_t n = first; n < last && volume(c->y) > 0; n += images) {                       \
            const real *from_x = x + n * volume(c->x) * s->x_channels;                             \
            const real *from_y = y + n * volume(c->y) * c->filters * c->groups;                    \
            yg_direct_sum sum;                                                                     \
            int64_t x_at = 0, y_at = 0;                                                            \
            if (s->row > 0)                                                                        \
                pad_rows_##suffix(s, from_x, copy);                                                \
            for (int64_t unit = begin; unit < end; unit++) {                                       \
                if (unit == begin || unit % s->parts == 0) /* another place */                     \
                    sum = sum_of(s, unit, yg_smaller(images, last - n), &x_at, &y_at);             \
                sum.run = channels_of(s, unit);                                                    \
                sum.tap = first_channel(s, unit); /* of a depthwise convolution */                 \
                sum_unit(&sum, (s->row > 0 ? copy : from_x) + x_at + (s->depthwise ? 0 : sum.tap), \
                         from_y + y_at, sums + (unit - begin) * s->unit);                          \
            }                                                                                      \
        }                                                                                          \
    }                                                                                              \
                                                                                                   \
    static void reduce_##suffix(const yg_convolution_sums *s, int64_t begin, int64_t end,          \
                                const real *x, const real *y, real *to, real *scratch) {           \
        const int64_t size = yg_convolution_sums_size(s), units = yg_convolution_sums_units(s);    \
        for (int64_t p = begin; p < end; p++)                                                      \
            sum_images_##suffix(s, 0, units, p * s->images, (p + 1) * s->images, x, y,             \
                                to + p * size, scratch + 2 * size);                                \
    }                                                                                              \
                                                                                                   \
    static void finish_##suffix(const yg_convolution_sums *s, const real *of, real *weight) {      \
        const int64_t size = yg_convolution_sums_size(s), units = yg_convolution_sums_units(s);    \
        for (int64_t unit = 0; unit < units; unit++)                                               \
            place_##suffix(s, unit, s->c.batch / s->images, size, of + unit * s->unit, weight);    \
    }                                                                                              \
                                                                                                   \
    static void run_##suffix(const yg_convolution_sums *s, int64_t begin, int64_t end,             \
                             const real *x, const real *y, real *weight, real *scratch) {          \
        const int64_t batch = s->c.batch, size = yg_convolution_sums_size(s);                      \
        real *total = scratch, *sums = scratch + size, *copy = scratch + 2 * size;                 \
        memset(total, 0, (size_t)((end - begin) * s->unit) * sizeof *total);                       \
        for (int64_t n = 0; n < batch; n += s->images) {                                           \
            sum_images_##suffix(s, begin, end, n, n + s->images, x, y, sums, copy);                \
            for (int64_t i = 0; i < (end - begin) * s->unit; i++)                                  \
                total[i] += sums[i];                                                               \
        }                                                                                          \
        for (int64_t unit = begin; unit < end; unit++)                                             \
            place_##suffix(s, unit, 1, 0, total + (unit - begin) * s->unit, weight);               \
    }
SUMS(float, f32)
SUMS(double, f64)

void yg_convolution_sums_run(const yg_convolution_sums *sums, size_t element, int64_t begin,
                             int64_t end, const void *x, const void *y, void *weight,
                             void *scratch) {
    if (element == sizeof(float))
        run_f32(sums, begin, end, x, y, weight, scratch);
    else
        run_f64(sums, begin, end, x, y, weight, scratch);
}

void yg_convolution_sums_reduce(const yg_convolution_sums *sums, size_t element, int64_t begin,
                                int64_t end, const void *x, const void *y, void *to,
                                void *scratch) {
    if (element == sizeof(float))
        reduce_f32(sums, begin, end, x, y, to, scratch);
    else
        reduce_f64(sums, begin, end, x, y, to, scratch);
}

void yg_convolution_sums_finish(const yg_convolution_sums *sums, size_t element, const void *of,
                                void *weight) {
    if (element == sizeof(float))
        finish_f32(sums, of, weight);
    else
        finish_f64(sums, of, weight);
}
