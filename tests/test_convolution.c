/*
 * Convolutions by tiles, with each set of instructions and both element types, and by plain loops,
 * against the definition in double precision. Operands end at a page that cannot be read, results
 * at one that cannot be written. A set of instructions that the processor lacks is skipped by name.
 */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */

#include "../ops/convolution_direct.h"
#include "../ops/convolution_plain.h"
#include "graph/random.h"

#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { X = YG_CONVOLUTION_X, Y = YG_CONVOLUTION_Y, WEIGHT = YG_CONVOLUTION_WEIGHT, DIMS = 3 };

/* A buffer that ends at a page without access, by up to an element. */
typedef struct guarded {
    char *pages, *data;
    size_t bytes;
} guarded;

static guarded new_guarded(size_t bytes) {
    const size_t page = (size_t)sysconf(_SC_PAGESIZE), size = (bytes + page - 1) / page * page;
    guarded g = {.bytes = size + page};
    g.pages = mmap(NULL, g.bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    cr_assert(g.pages != MAP_FAILED);
    cr_assert_eq(mprotect(g.pages + size, page, PROT_NONE), 0);
    g.data = g.pages + size - bytes;
    return g;
}

static void free_guarded(guarded *g) {
    munmap(g->pages, g->bytes);
}

static double get(const void *data, size_t element, int64_t i) {
    return element == sizeof(float) ? ((const float *)data)[i] : ((const double *)data)[i];
}

static void set(void *data, size_t element, int64_t i, double value) {
    if (element == sizeof(float))
        ((float *)data)[i] = (float)value;
    else
        ((double *)data)[i] = value;
}

/* A call under test. */
typedef struct subject {
    yg_convolution c;
    size_t element;
    int64_t counts[3]; /* elements of x, y and the weight */
    guarded tensors[3], bias;
    bool has_bias;
    double *sums, *sizes; /* of each element of the result: its sum, and that of absolute values */
} subject;

static int64_t volume(const int64_t size[DIMS]) {
    return size[0] * size[1] * size[2];
}

static void make(subject *s, const yg_convolution *c, size_t element, uint64_t seed) {
    *s = (subject){.c = *c, .element = element};
    s->counts[X] = c->batch * volume(c->x) * c->groups * c->channels;
    s->counts[Y] = c->batch * volume(c->y) * c->groups * c->filters;
    s->counts[WEIGHT] = c->groups * c->filters * c->channels * volume(c->taps);
    for (int t = 0; t < 3; t++) {
        s->tensors[t] = new_guarded((size_t)s->counts[t] * element);
        for (int64_t i = 0; i < s->counts[t]; i++)
            set(s->tensors[t].data, element, i,
                yg_random_uniform(seed, (uint64_t)t, (uint64_t)i) - 0.5);
    }
    s->has_bias = seed % 3 == 0;
    s->bias = new_guarded((size_t)(c->groups * c->filters) * element);
    for (int64_t f = 0; f < c->groups * c->filters; f++)
        set(s->bias.data, element, f, yg_random_uniform(seed, 9, (uint64_t)f) - 0.5);
}

static void release(subject *s) {
    for (int t = 0; t < 3; t++)
        free_guarded(&s->tensors[t]);
    free_guarded(&s->bias);
}

/* Goes through all products of the definition, and adds them where they belong in the result. */
static void define(subject *s, int result) {
    const yg_convolution *c = &s->c;
    s->sums = calloc((size_t)s->counts[result] + 1, sizeof *s->sums);
    s->sizes = calloc((size_t)s->counts[result] + 1, sizeof *s->sizes);
    cr_assert(s->sums && s->sizes);
    const int64_t taps = volume(c->taps), pixels = volume(c->y);
    for (int64_t i = 0; result == Y && s->has_bias && i < s->counts[Y]; i++) {
        s->sums[i] = get(s->bias.data, s->element, i % (c->groups * c->filters));
        s->sizes[i] = fabs(s->sums[i]);
    }
    for (int64_t n = 0; n < c->batch; n++)
        for (int64_t p = 0; p < pixels; p++)
            for (int64_t t = 0; t < taps; t++) {
                int64_t at_p = p, at_t = t, x_pixel = 0, scale = 1;
                bool inside = true;
                for (int d = DIMS; d-- > 0;) {
                    const int64_t i = at_p % c->y[d] * c->stride[d] +
                                      at_t % c->taps[d] * c->dilation[d] - c->padding[d];
                    inside = inside && i >= 0 && i < c->x[d];
                    x_pixel += i * scale;
                    scale *= c->x[d];
                    at_p /= c->y[d];
                    at_t /= c->taps[d];
                }
                for (int64_t f = 0; inside && f < c->groups * c->filters; f++)
                    for (int64_t k = 0; k < c->channels; k++) {
                        const int64_t at[3] = {[X] = (n * volume(c->x) + x_pixel) * c->groups *
                                                         c->channels +
                                                     f / c->filters * c->channels + k,
                                               [Y] = (n * pixels + p) * c->groups * c->filters + f,
                                               [WEIGHT] = (f * c->channels + k) * taps + t};
                        double product = 1;
                        for (int i = 0; i < 3; i++)
                            product *= i == result ? 1 : get(s->tensors[i].data, s->element, at[i]);
                        s->sums[at[result]] += product;
                        s->sizes[at[result]] += fabs(product);
                    }
            }
    for (int64_t i = 0; result == Y && c->relu && i < s->counts[Y]; i++)
        s->sums[i] = s->sums[i] < 0 ? 0 : s->sums[i];
}

static const char *describe(const subject *s, int result, char *text, size_t size) {
    static const char *const names[] = {[X] = "data", [Y] = "convolution", [WEIGHT] = "weight"};
    const yg_convolution *c = &s->c;
    size_t used = (size_t)snprintf(text, size, "%s of %zu bytes, batch %d, %d groups of %d to %d",
                                   names[result], s->element, (int)c->batch, (int)c->groups,
                                   (int)c->channels, (int)c->filters);
    for (int d = 0; d < DIMS; d++)
        used += (size_t)snprintf(text + used, size - used,
                                 "; x %d y %d taps %d stride %d padding %d dilation %d",
                                 (int)c->x[d], (int)c->y[d], (int)c->taps[d], (int)c->stride[d],
                                 (int)c->padding[d], (int)c->dilation[d]);
    return text;
}

/* Computes the result by plain loops, images in two shares. */
static void run_plain(subject *s, int result) {
    const yg_convolution *c = &s->c;
    const void *bias = s->has_bias ? s->bias.data : NULL;
    guarded scratch = new_guarded((size_t)s->counts[WEIGHT] * s->element);
    memset(s->tensors[result].data, 0xff, (size_t)s->counts[result] * s->element);
    void *x = s->tensors[X].data, *y = s->tensors[Y].data, *weight = s->tensors[WEIGHT].data;
    if (result == WEIGHT)
        yg_convolution_plain_w(c, s->element, x, y, weight, scratch.data);
    for (int64_t i = 0; i < 2; i++) {
        const int64_t begin = i * (c->batch / 2), end = i == 0 ? c->batch / 2 : c->batch;
        if (result == Y)
            yg_convolution_plain_y(c, s->element, begin, end, x, weight, bias, y, scratch.data);
        else if (result == X)
            yg_convolution_plain_x(c, s->element, begin, end, y, weight, x, scratch.data);
    }
    free_guarded(&scratch);
}

/* Computes the result in two shares, as two threads would, into memory that holds NaN. The second
 * share uses the scratch of the first where it may. */
static void run_shares(subject *s, int result, yg_gemm_isa isa, bool kept) {
    const int first = result == X ? Y : X, second = result == WEIGHT ? Y : WEIGHT;
    yg_direct *direct = yg_direct_new(&s->c, result, s->element, isa);
    cr_assert(direct);
    guarded scratch = new_guarded((size_t)(yg_direct_scratch_bytes(direct) + 63) / 64 * 64);
    memset(scratch.data, 0xff, (size_t)yg_direct_scratch_bytes(direct));
    memset(s->tensors[result].data, 0xff, (size_t)s->counts[result] * s->element);
    const int64_t units = yg_direct_units(direct), half = (units + 1) / 2;
    const void *a = s->tensors[first].data, *b = s->tensors[second].data;
    void *to = s->tensors[result].data;
    const void *bias = result == Y && s->has_bias ? s->bias.data : NULL;
    yg_direct_run(direct, 0, half, a, b, bias, to, scratch.data, false);
    yg_direct_run(direct, half, units, a, b, bias, to, scratch.data, kept);
    free_guarded(&scratch);
    yg_direct_free(direct);
}

static void check(subject *s, int result, yg_gemm_isa isa) {
    const size_t bytes = (size_t)s->counts[result] * s->element;
    char text[600];
    guarded own = new_guarded(bytes);
    memcpy(own.data, s->tensors[result].data, bytes);
    define(s, result);
    if (isa == YG_GEMM_ISAS)
        run_plain(s, result);
    else
        run_shares(s, result, isa, result != WEIGHT);
    const double epsilon = s->element == sizeof(float) ? FLT_EPSILON : DBL_EPSILON;
    const double terms = (double)(s->counts[X] + s->counts[Y] + s->counts[WEIGHT]);
    for (int64_t i = 0; i < s->counts[result]; i++) {
        const double found = get(s->tensors[result].data, s->element, i);
        cr_assert(fabs(found - s->sums[i]) <= 2 * epsilon * terms * s->sizes[i],
                  "%s: element %d is %.9g instead of %.9g", describe(s, result, text, sizeof text),
                  (int)i, found, s->sums[i]);
    }
    memcpy(s->tensors[result].data, own.data, bytes);
    free_guarded(&own);
    free(s->sums);
    free(s->sizes);
}

/* The largest size of y for which all taps of its last position lie in x and its padding. */
static int64_t size_of_y(int64_t x, int64_t taps, int64_t stride, int64_t padding,
                         int64_t dilation) {
    const int64_t room = x + 2 * padding - (taps - 1) * dilation;
    return room < 1 ? 1 : (room - 1) / stride + 1;
}

static int64_t roll(uint64_t seed, uint64_t *draws, int64_t bound) {
    return (int64_t)yg_random_below(seed, 5, (*draws)++, (uint64_t)bound);
}

/* Sizes that reach every kind of tile: channels below, at and above whole vectors, and images with
 * borders only. */
static yg_convolution random_call(uint64_t seed) {
    static const int64_t channels[] = {1, 2, 3, 5, 6, 8, 9, 16, 17, 24, 32, 33, 40};
    enum { CHANNELS = sizeof channels / sizeof *channels };
    uint64_t draws = 0;
    yg_convolution c = {.batch = roll(seed, &draws, 4), .groups = 1};
    if (roll(seed, &draws, 3) == 0)
        c.groups = 1 + roll(seed, &draws, 3);
    c.channels = channels[roll(seed, &draws, c.groups > 1 ? 5 : CHANNELS)];
    c.filters = channels[roll(seed, &draws, c.groups > 1 ? 8 : CHANNELS)];
    const int rank = 1 + (int)roll(seed, &draws, 3);
    for (int d = 0; d < DIMS; d++) {
        const bool used = d >= DIMS - rank;
        c.x[d] = used ? 1 + roll(seed, &draws, rank == 3 ? 5 : rank == 2 ? 12 : 40) : 1;
        c.taps[d] = used ? 1 + roll(seed, &draws, rank == 3 ? 3 : 5) : 1;
        c.stride[d] = used ? 1 + roll(seed, &draws, 3) : 1;
        c.dilation[d] = used ? 1 + roll(seed, &draws, 2) * roll(seed, &draws, 3) : 1;
        c.padding[d] = used ? roll(seed, &draws, 5) - roll(seed, &draws, 2) : 0;
        c.y[d] = used ? size_of_y(c.x[d], c.taps[d], c.stride[d], c.padding[d], c.dilation[d]) : 1;
        if (used && roll(seed, &draws, 4) == 0)
            c.y[d] = roll(seed, &draws, 8);
    }
    return c;
}

/* Up to some vectors of channels, and some more taps than sums fit registers. */
static void make_depthwise(yg_convolution *c, uint64_t seed) {
    c->groups = 1 + (int64_t)(seed % 83);
    c->channels = c->filters = 1;
    if (seed % 4 == 0) {
        c->taps[2] += 6;
        c->y[2] = size_of_y(c->x[2], c->taps[2], c->stride[2], c->padding[2], c->dilation[2]);
    }
}

/* isa = YG_GEMM_ISAS: plain loops. */
static void check_calls(yg_gemm_isa isa) {
    enum { CALLS = 300 };
    for (uint64_t seed = 0; seed < CALLS; seed++) {
        yg_convolution c = random_call(seed);
        if (seed % 3 == 0)
            make_depthwise(&c, seed);
        c.relu = seed % 5 == 0;
        subject s;
        make(&s, &c, seed % 2 ? sizeof(float) : sizeof(double), seed);
        for (int result = 0; result < 3; result++)
            check(&s, result, isa);
        release(&s);
    }
}

static void check_isa(yg_gemm_isa isa, const char *name) {
    if (!yg_gemm_isa_available(isa))
        cr_skip_test("this processor does not have %s", name);
    check_calls(isa);
}

Test(convolution, by_plain_loops) {
    check_calls(YG_GEMM_ISAS);
}

Test(convolution, with_baseline_instructions) {
    check_isa(YG_GEMM_BASELINE, "baseline instructions");
}

Test(convolution, with_avx2) {
    check_isa(YG_GEMM_AVX2, "AVX2");
}

Test(convolution, with_avx512) {
    check_isa(YG_GEMM_AVX512, "AVX-512");
}

/* Few filters are computed for several pixels at once, with zeros among the weights. Infinity and
 * NaN must stay within their own windows. */
Test(convolution, infinities_stay_where_they_are) {
    const yg_convolution c = {.batch = 3,
                              .groups = 1,
                              .channels = 1,
                              .filters = 2,
                              .x = {1, 6, 20},
                              .y = {1, 6, 20},
                              .taps = {1, 3, 3},
                              .stride = {1, 1, 1},
                              .padding = {0, 1, 1},
                              .dilation = {1, 1, 1}};
    for (yg_gemm_isa isa = 0; isa < YG_GEMM_ISAS; isa++) {
        if (!yg_gemm_isa_available(isa))
            continue;
        subject s;
        make(&s, &c, sizeof(float), 1);
        ((float *)(void *)s.tensors[X].data)[1 * 120 + 3 * 20 + 7] = INFINITY;
        ((float *)(void *)s.tensors[X].data)[2 * 120 + 5 * 20 + 19] = NAN;
        run_shares(&s, Y, isa, true);
        const float *y = (const float *)(void *)s.tensors[Y].data;
        for (int64_t i = 0; i < s.counts[Y]; i++) {
            const int64_t n = i / 240, row = i / 40 % 6, column = i / 2 % 20;
            const bool near = (n == 1 && labs(row - 3) <= 1 && labs(column - 7) <= 1) ||
                              (n == 2 && row >= 4 && column >= 18);
            cr_assert_eq(isfinite(y[i]) == 0, near, "image %d, row %d, column %d: %g", (int)n,
                         (int)row, (int)column, y[i]);
        }
        release(&s);
    }
}
