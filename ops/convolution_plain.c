/*
 * Plain convolutions: see convolution_plain.h.
 *
 * The weight is turned first, to [group, tap, channel, filter] or [group, tap, filter, channel], so
 * that the innermost loop is over neighbours in memory.
 */
#include "convolution_plain.h"

#include "multiversion.h"

#include <string.h>

/* A place where a pixel of y meets a pixel of x: positions in pixels, and the tap. */
typedef struct meeting {
    int64_t x, y, tap;
} meeting;

/* Goes through all pairs of pixels of an image that meet, ordered by the pixel of y, then the tap.
 */
typedef struct meetings {
    const yg_convolution *c;
    int64_t o[3], first[3], last[3], t[3]; /* the pixel of y, its taps, and the tap */
} meetings;

static bool next_pixel(meetings *m) {
    const yg_convolution *c = m->c;
    for (int d = 3; d-- > 0;) {
        if (++m->o[d] < c->y[d])
            return true;
        m->o[d] = 0;
    }
    return false;
}

/* Sets the taps of the current pixel; false if there are none. */
static bool find_taps(meetings *m) {
    bool any = true;
    for (int d = 0; d < 3; d++) {
        yg_convolution_taps(m->c, d, m->o[d], &m->first[d], &m->last[d]);
        m->t[d] = m->first[d];
        any = any && m->first[d] < m->last[d];
    }
    return any;
}

static meeting here(const meetings *m) {
    const yg_convolution *c = m->c;
    meeting at = {0};
    for (int d = 0; d < 3; d++) {
        at.x = at.x * c->x[d] + m->o[d] * c->stride[d] + m->t[d] * c->dilation[d] - c->padding[d];
        at.y = at.y * c->y[d] + m->o[d];
        at.tap = at.tap * c->taps[d] + m->t[d];
    }
    return at;
}

static bool next_tap(meetings *m) {
    for (int d = 3; d-- > 0;) {
        if (++m->t[d] < m->last[d])
            return true;
        m->t[d] = m->first[d];
    }
    return false;
}

static int64_t volume(const int64_t size[3]) {
    return size[0] * size[1] * size[2];
}

/* With one channel and one filter in each group vectors go along the groups, and the turned weight
 * is [tap, group]. */
static bool is_depthwise(const yg_convolution *c) {
    return c->channels == 1 && c->filters == 1;
}

#define PLAIN(real, suffix)                                                                        \
    /* Between weight[group, filter, channel, tap] and [group, tap, …]. `filters_last` says      \
     * whether that ends in filters or in channels; `back` writes the weight. */                   \
    static void turn_##suffix(const yg_convolution *c, real *weight, real *turned,                 \
                              bool filters_last, bool back) {                                      \
        const int64_t taps = volume(c->taps), size = taps * c->channels * c->filters;              \
        for (int64_t g = 0; g < c->groups; g++)                                                    \
            for (int64_t f = 0; f < c->filters; f++)                                               \
                for (int64_t k = 0; k < c->channels; k++)                                          \
                    for (int64_t t = 0; t < taps; t++, weight++) {                                 \
                        real *to =                                                                 \
                            is_depthwise(c)                                                        \
                                ? turned + t * c->groups + g                                       \
                                : turned + g * size +                                              \
                                      (filters_last ? (t * c->channels + k) * c->filters + f       \
                                                    : (t * c->filters + f) * c->channels + k);     \
                        if (back)                                                                  \
                            *weight = *to;                                                         \
                        else                                                                       \
                            *to = *weight;                                                         \
                    }                                                                              \
    }                                                                                              \
                                                                                                   \
    /* to[j] += Σ_i from[i] · w[i, j], for n numbers i and m numbers j. */                       \
    YG_MULTIVERSION static void add_##suffix(int64_t n, int64_t m, const real *from,               \
                                             const real *w, real *to) {                            \
        for (int64_t i = 0; i < n; i++, w += m) {                                                  \
            const real factor = from[i];                                                           \
            _Pragma("omp simd") for (int64_t j = 0; j < m; j++) to[j] += factor * w[j];            \
        }                                                                                          \
    }                                                                                              \
                                                                                                   \
    /* w[i, j] += a[i] · b[j] */                                                                  \
    YG_MULTIVERSION static void outer_##suffix(int64_t n, int64_t m, const real *a, const real *b, \
                                               real *w) {                                          \
        for (int64_t i = 0; i < n; i++, w += m) {                                                  \
            const real factor = a[i];                                                              \
            _Pragma("omp simd") for (int64_t j = 0; j < m; j++) w[j] += factor * b[j];             \
        }                                                                                          \
    }                                                                                              \
                                                                                                   \
    /* to[i] += a[i] * b[i] */                                                                     \
    YG_MULTIVERSION static void multiply_##suffix(int64_t n, const real *a, const real *b,         \
                                                  real *to) {                                      \
        _Pragma("omp simd") for (int64_t i = 0; i < n; i++) to[i] += a[i] * b[i];                  \
    }                                                                                              \
                                                                                                   \
    static void y_##suffix(const yg_convolution *c, int64_t begin, int64_t end, const real *x,     \
                           const real *w, const real *bias, real *y) {                             \
        const int64_t channels = c->channels * c->groups, filters = c->filters * c->groups;        \
        const int64_t size = c->channels * c->filters, taps = volume(c->taps);                     \
        for (int64_t i = begin * volume(c->y); i < end * volume(c->y); i++)                        \
            for (int64_t f = 0; f < filters; f++)                                                  \
                y[i * filters + f] = bias ? bias[f] : 0;                                           \
        for (int64_t n = begin; n < end; n++) {                                                    \
            meetings m = {.c = c};                                                                 \
            do                                                                                     \
                for (bool any = find_taps(&m); any; any = next_tap(&m)) {                          \
                    const meeting at = here(&m);                                                   \
                    const real *from = x + (n * volume(c->x) + at.x) * channels;                   \
                    real *to = y + (n * volume(c->y) + at.y) * filters;                            \
                    if (is_depthwise(c))                                                           \
                        multiply_##suffix(c->groups, from, w + at.tap * c->groups, to);            \
                    else                                                                           \
                        for (int64_t g = 0; g < c->groups; g++)                                    \
                            add_##suffix(c->channels, c->filters, from + g * c->channels,          \
                                         w + (g * taps + at.tap) * size, to + g * c->filters);     \
                }                                                                                  \
            while (next_pixel(&m));                                                                \
        }                                                                                          \
        for (int64_t i = begin * volume(c->y) * filters;                                           \
             c->relu && i < end * volume(c->y) * filters; i++)                                     \
            y[i] = y[i] < 0 ? 0 : y[i];                                                            \
    }                                                                                              \
                                                                                                   \
    static void x_##suffix(const yg_convolution *c, int64_t begin, int64_t end, const real *y,     \
                           const real *w, real *x) {                                               \
        const int64_t channels = c->channels * c->groups, filters = c->filters * c->groups;        \
        const int64_t size = c->channels * c->filters, taps = volume(c->taps);                     \
        memset(x + begin * volume(c->x) * channels, 0,                                             \
               (size_t)((end - begin) * volume(c->x) * channels) * sizeof *x);                     \
        for (int64_t n = begin; n < end; n++) {                                                    \
            meetings m = {.c = c};                                                                 \
            do                                                                                     \
                for (bool any = find_taps(&m); any; any = next_tap(&m)) {                          \
                    const meeting at = here(&m);                                                   \
                    const real *from = y + (n * volume(c->y) + at.y) * filters;                    \
                    real *to = x + (n * volume(c->x) + at.x) * channels;                           \
                    if (is_depthwise(c))                                                           \
                        multiply_##suffix(c->groups, from, w + at.tap * c->groups, to);            \
                    else                                                                           \
                        for (int64_t g = 0; g < c->groups; g++)                                    \
                            add_##suffix(c->filters, c->channels, from + g * c->filters,           \
                                         w + (g * taps + at.tap) * size, to + g * c->channels);    \
                }                                                                                  \
            while (next_pixel(&m));                                                                \
        }                                                                                          \
    }                                                                                              \
                                                                                                   \
    static void w_##suffix(const yg_convolution *c, const real *x, const real *y, real *w) {       \
        const int64_t channels = c->channels * c->groups, filters = c->filters * c->groups;        \
        const int64_t size = c->channels * c->filters, taps = volume(c->taps);                     \
        memset(w, 0, (size_t)(c->groups * taps * size) * sizeof *w);                               \
        for (int64_t n = 0; n < c->batch; n++) {                                                   \
            meetings m = {.c = c};                                                                 \
            do                                                                                     \
                for (bool any = find_taps(&m); any; any = next_tap(&m)) {                          \
                    const meeting at = here(&m);                                                   \
                    const real *a = x + (n * volume(c->x) + at.x) * channels;                      \
                    const real *b = y + (n * volume(c->y) + at.y) * filters;                       \
                    if (is_depthwise(c))                                                           \
                        multiply_##suffix(c->groups, a, b, w + at.tap * c->groups);                \
                    else                                                                           \
                        for (int64_t g = 0; g < c->groups; g++)                                    \
                            outer_##suffix(c->channels, c->filters, a + g * c->channels,           \
                                           b + g * c->filters, w + (g * taps + at.tap) * size);    \
                }                                                                                  \
            while (next_pixel(&m));                                                                \
        }                                                                                          \
    }
PLAIN(float, f32)
PLAIN(double, f64)

void yg_convolution_plain_y(const yg_convolution *c, size_t element, int64_t begin, int64_t end,
                            const void *x, const void *weight, const void *bias, void *y,
                            void *scratch) {
    if (volume(c->y) == 0 || end <= begin)
        return;
    if (element == sizeof(float)) {
        turn_f32(c, (float *)(uintptr_t)weight, scratch, true, false);
        y_f32(c, begin, end, x, scratch, bias, y);
    } else {
        turn_f64(c, (double *)(uintptr_t)weight, scratch, true, false);
        y_f64(c, begin, end, x, scratch, bias, y);
    }
}

void yg_convolution_plain_x(const yg_convolution *c, size_t element, int64_t begin, int64_t end,
                            const void *y, const void *weight, void *x, void *scratch) {
    if (end <= begin)
        return;
    if (volume(c->y) == 0) {
        const int64_t image = volume(c->x) * c->channels * c->groups * (int64_t)element;
        memset((char *)x + begin * image, 0, (size_t)((end - begin) * image));
    } else if (element == sizeof(float)) {
        turn_f32(c, (float *)(uintptr_t)weight, scratch, false, false);
        x_f32(c, begin, end, y, scratch, x);
    } else {
        turn_f64(c, (double *)(uintptr_t)weight, scratch, false, false);
        x_f64(c, begin, end, y, scratch, x);
    }
}

void yg_convolution_plain_w(const yg_convolution *c, size_t element, const void *x, const void *y,
                            void *weight, void *scratch) {
    if (volume(c->y) == 0) {
        memset(weight, 0,
               (size_t)(c->groups * volume(c->taps) * c->channels * c->filters) * element);
    } else if (element == sizeof(float)) {
        w_f32(c, x, y, scratch);
        turn_f32(c, weight, scratch, true, true);
    } else {
        w_f64(c, x, y, scratch);
        turn_f64(c, weight, scratch, true, true);
    }
}
