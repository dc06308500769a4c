/*
 * Tiles of convolutions for one element type and one set of instructions. The file is included once
 * for each and so has no include guard. Before including it, define
 *
 *   TILE_REAL                    the element type
 *   TILE_NAME(x)                 x with a suffix for type and instructions
 *   TILE_BYTES                   of a vector
 *   TILE_PIXELS_1, TILE_PIXELS_2 the most pixels of a tile of one vector, and of two
 *   TILE_TARGET                  the attribute that lets the compiler use the instructions
 *   TILE_MULTIPLY_ADD(a, x, sum) a · x + sum for a number a, vectors x and sum
 *   TILE_ADD_PRODUCT(a, b, sum)  a · b + sum for vectors a, b and sum
 *   TILE_RELU(x)                 0 where x < 0, else x
 *   TILE_REUSES                  whether tiles that read a pixel once for all of its taps are made
 *   TILE_LOAD(from, n), TILE_STORE(to, n, x)   a vector; only n elements are in memory
 *
 * TILE_REAL, TILE_NAME, TILE_LOAD and TILE_STORE are undefined at the end of this file.
 */
typedef TILE_REAL TILE_NAME(vector)
    __attribute__((vector_size(TILE_BYTES), aligned(sizeof(TILE_REAL)), may_alias));
enum { TILE_NAME(LANES) = TILE_BYTES / (int)sizeof(TILE_REAL) };

/* The products of a tile: three loops over stretches, and the length of a stretch. Stretches are
 * contiguous in both operands. */
typedef struct TILE_NAME(work) {
    int64_t count[3];
    int64_t a_stride[3], b_stride[3]; /* in elements */
    int64_t length;
    int64_t taps; /* of a row, in a tile that reads a pixel once for all of them; else 0 */
    int64_t a_pixel, c_pixel; /* from one pixel of the tile to the next */
    int64_t rest;             /* filters of the last vector */
    const TILE_REAL *bias;    /* added to each pixel */
    bool relu;                /* then what is less than 0 becomes 0 */
} TILE_NAME(work);

/* c[i] = Σ a[i, …] · b[…] for `pixels` pixels and `vectors` vectors of filters, both constants
 * where this is inlined. A base pointer for every third pixel: the processor adds once and twice
 * the stride by itself, and there are too few registers for a pointer to each pixel. */
TILE_INLINE TILE_TARGET void TILE_NAME(tile)(const int pixels, const int vectors,
                                             const TILE_NAME(work) * w, const TILE_REAL *a,
                                             const TILE_REAL *b, TILE_REAL *c) {
    typedef TILE_NAME(vector) vector;
    enum { LANES = TILE_NAME(LANES) };
    vector sum[TILE_PIXELS_1 > TILE_PIXELS_2 ? TILE_PIXELS_1 : TILE_PIXELS_2][2];
    TILE_UNROLL for (int i = 0; i < pixels; i++) sum[i][0] = sum[i][1] = (vector){0};
    const int64_t step = w->a_pixel * (int64_t)sizeof *a;
    for (int64_t n0 = 0; n0 < w->count[0]; n0++)
        for (int64_t n1 = 0; n1 < w->count[1]; n1++)
            for (int64_t n2 = 0; n2 < w->count[2]; n2++) {
                const TILE_REAL *at =
                    a + n0 * w->a_stride[0] + n1 * w->a_stride[1] + n2 * w->a_stride[2];
                const TILE_REAL *of =
                    b + n0 * w->b_stride[0] + n1 * w->b_stride[1] + n2 * w->b_stride[2];
                const char *base[(TILE_PIXELS_1 + 2) / 3 + 1];
                TILE_UNROLL for (int i = 0; i < pixels; i += 3) base[i / 3] =
                    (const char *)(at + i * w->a_pixel);
                for (int64_t left = w->length; left > 0; left--) {
                    const vector b0 = *(const vector *)of;
                    const vector b1 = vectors == 2 ? *(const vector *)(of + LANES) : b0;
                    TILE_UNROLL for (int i = 0; i < pixels; i++) {
                        const TILE_REAL x =
                            *(const TILE_REAL *)(const void *)(base[i / 3] + (i % 3) * step);
                        sum[i][0] = TILE_MULTIPLY_ADD(x, b0, sum[i][0]);
                        if (vectors == 2)
                            sum[i][1] = TILE_MULTIPLY_ADD(x, b1, sum[i][1]);
                    }
                    TILE_UNROLL for (int i = 0; i < pixels; i += 3) base[i / 3] += sizeof *a;
                    of += vectors * LANES;
                }
            }
    TILE_UNROLL for (int i = 0; i < pixels; i++) {
        TILE_REAL *to = c + i * w->c_pixel;
        for (int v = 0; v < vectors; v++) {
            sum[i][v] += *(const vector *)(w->bias + v * LANES);
            if (w->relu)
                sum[i][v] = (vector)TILE_RELU(sum[i][v]);
        }
        if (vectors == 2)
            *(vector *)to = sum[i][0];
        if (w->rest == LANES)
            *(vector *)(to + (vectors - 1) * LANES) = sum[i][vectors - 1];
        else
            TILE_STORE(to + (vectors - 1) * LANES, w->rest, sum[i][vectors - 1]);
    }
}

/* The same for one vector and neighbouring pixels, each of which meets `taps` neighbours: an
 * element of the image is read once and multiplied with the weights of all taps, for as many
 * pixels. Else a tile of one vector reads an element for each product, and the processor cannot
 * read so fast. */
TILE_INLINE TILE_TARGET void TILE_NAME(row_tile)(const int pixels, const int taps,
                                                 const TILE_NAME(work) * w, const TILE_REAL *a,
                                                 const TILE_REAL *b, TILE_REAL *c) {
    typedef TILE_NAME(vector) vector;
    enum { LANES = TILE_NAME(LANES), MOST_TAPS = 5 };
    vector sum[TILE_PIXELS_1];
    TILE_UNROLL for (int i = 0; i < pixels; i++) sum[i] = (vector){0};
    const int64_t step = w->a_pixel * (int64_t)sizeof *a;
    for (int64_t n0 = 0; n0 < w->count[0]; n0++)
        for (int64_t n1 = 0; n1 < w->count[1]; n1++) {
            const TILE_REAL *at = a + n0 * w->a_stride[0] + n1 * w->a_stride[1];
            const TILE_REAL *of = b + n0 * w->b_stride[0] + n1 * w->b_stride[1];
            const char *base[(TILE_PIXELS_1 + MOST_TAPS + 1) / 3];
            TILE_UNROLL for (int i = 0; i < pixels + taps - 1; i += 3) base[i / 3] =
                (const char *)(at + i * w->a_pixel);
            for (int64_t left = w->length; left > 0; left--) {
                vector weight[MOST_TAPS];
                TILE_UNROLL for (int t = 0; t < taps; t++) weight[t] =
                    *(const vector *)(of + t * w->b_stride[2]);
                TILE_UNROLL for (int i = 0; i < pixels + taps - 1; i++) {
                    const TILE_REAL x =
                        *(const TILE_REAL *)(const void *)(base[i / 3] + (i % 3) * step);
                    TILE_UNROLL for (int t = 0; t < taps; t++) if (i >= t && i - t < pixels)
                        sum[i - t] = TILE_MULTIPLY_ADD(x, weight[t], sum[i - t]);
                }
                TILE_UNROLL for (int i = 0; i < pixels + taps - 1; i += 3) base[i / 3] += sizeof *a;
                of += LANES;
            }
        }
    TILE_UNROLL for (int i = 0; i < pixels; i++) {
        sum[i] += *(const vector *)w->bias;
        if (w->relu)
            sum[i] = (vector)TILE_RELU(sum[i]);
        if (w->rest == LANES)
            *(vector *)(c + i * w->c_pixel) = sum[i];
        else
            TILE_STORE(c + i * w->c_pixel, w->rest, sum[i]);
    }
}

/* `pixels` pixels of one vector. */
TILE_INLINE TILE_TARGET void TILE_NAME(one)(const int pixels, const TILE_NAME(work) * w,
                                            const TILE_REAL *a, const TILE_REAL *b, TILE_REAL *c) {
    if (TILE_REUSES && w->taps == 3)
        TILE_NAME(row_tile)(pixels, 3, w, a, b, c);
    else if (TILE_REUSES && w->taps == 5)
        TILE_NAME(row_tile)(pixels, 5, w, a, b, c);
    else
        TILE_NAME(tile)(pixels, 1, w, a, b, c);
}

/* A row of pixels, in tiles of about the same size. */
TILE_TARGET static void TILE_NAME(row)(int64_t vectors, int64_t pixels, const TILE_NAME(work) * w,
                                       const TILE_REAL *a, const TILE_REAL *b, TILE_REAL *c) {
    const int64_t most = vectors == 2 ? TILE_PIXELS_2 : TILE_PIXELS_1;
    for (int64_t tiles = (pixels + most - 1) / most; tiles > 0; tiles--) {
        const int64_t count = (pixels + tiles - 1) / tiles;
        switch (vectors == 2 ? count + TILE_PIXELS_1 : count) {
#define TILE_ONE(n)                                                                                \
    case n:                                                                                        \
        TILE_NAME(one)(n, w, a, b, c);                                                             \
        break;
#define TILE_TWO(n)                                                                                \
    case TILE_PIXELS_1 + n:                                                                        \
        TILE_NAME(tile)(n, 2, w, a, b, c);                                                         \
        break;
            TILE_CASES_1(TILE_ONE)
            TILE_CASES_2(TILE_TWO)
#undef TILE_ONE
#undef TILE_TWO
        default:
            break;
        }
        a += count * w->a_pixel;
        c += count * w->c_pixel;
        pixels -= count;
    }
}

/* The taps [*first, *last) that a position meets. */
static inline void TILE_NAME(taps)(const yg_direct_dim *d, int64_t position, int64_t *first,
                                   int64_t *last) {
    if (position >= d->first && position < d->last) {
        *first = 0;
        *last = d->taps;
        return;
    }
    const int64_t at = d->from_start + position * d->from_step;
    *first = at >= 0 ? 0 : (-at + d->tap_step - 1) / d->tap_step;
    *last = at >= d->from ? 0 : (d->from - at + d->tap_step - 1) / d->tap_step;
    *last = *last > d->taps ? d->taps : *last;
    *first = *first > *last ? *last : *first;
}

/* A block of filters of a pass, and the part of it that is computed. */
typedef struct TILE_NAME(block) {
    const yg_direct_pass *pass;
    const TILE_REAL *from, *weights, *bias;
    TILE_REAL *to;
    int64_t vectors, rest;
} TILE_NAME(block);

#include "convolution_depthwise.h"

/* `count` positions from `position` on, along dimension `along`: all meet the same taps. */
TILE_TARGET static void TILE_NAME(stretch)(const TILE_NAME(block) * block,
                                           const int64_t position[3], int along, int64_t count) {
    const yg_direct_pass *p = block->pass;
    TILE_NAME(work) w = {.rest = block->rest, .bias = block->bias, .relu = p->relu};
    const TILE_REAL *a = block->from, *b = block->weights;
    TILE_REAL *c = block->to;
    int64_t b_stride = p->depthwise ? 1 : p->depth * block->vectors * TILE_NAME(LANES);
    for (int d = 3; d-- > 0;) {
        int64_t first, last;
        const yg_direct_dim *dim = &p->dim[d];
        TILE_NAME(taps)(dim, position[d], &first, &last);
        w.count[d] = last - first;
        w.a_stride[d] = dim->tap_step * dim->from_stride;
        w.b_stride[d] = b_stride;
        a += (dim->from_start + position[d] * dim->from_step + first * dim->tap_step) *
             dim->from_stride;
        b += first * b_stride;
        c += position[d] * dim->to_stride;
        b_stride *= dim->taps;
    }
    w.length = p->depth;
    w.a_pixel = p->dim[along].from_step * p->dim[along].from_stride;
    w.c_pixel = p->dim[along].to_stride;
    if (p->depthwise) {
        TILE_NAME(depthwise_row)(p, count, &w, a, block->weights, b - block->weights, c);
        return;
    }
    if (TILE_REUSES && along == 2 && w.a_stride[2] == w.a_pixel && /* neighbouring pixels */
        block->vectors == 1 && (w.count[2] == 3 || w.count[2] == 5)) {
        w.taps = w.count[2];
    } else if (w.a_stride[2] == p->depth) { /* the taps of a row meet one stretch of the image */
        w.length *= w.count[2];
        w.count[2] = 1;
    }
    TILE_NAME(row)(block->vectors, count, &w, a, b, c);
}

/* All columns of the rows [begin, end), which meet the same taps. Columns at the border meet fewer
 * taps; the rows' pixels in such a column are a stretch. */
TILE_TARGET static void TILE_NAME(rows)(const TILE_NAME(block) * block, int64_t plane,
                                        int64_t begin, int64_t end) {
    const yg_direct_dim *d = &block->pass->dim[2];
    for (int64_t row = begin; row < end && d->first < d->last; row++)
        TILE_NAME(stretch)(block, (const int64_t[]){plane, row, d->first}, 2, d->last - d->first);
    for (int64_t column = 0; column < d->positions; column++) {
        if (column == d->first && d->first < d->last)
            column = d->last;
        if (column < d->positions)
            TILE_NAME(stretch)(block, (const int64_t[]){plane, begin, column}, 1, end - begin);
    }
}

TILE_TARGET static void TILE_NAME(run)(const yg_direct_pass *pass, const void *from,
                                       const void *weights, void *to) {
    enum { LANES = TILE_NAME(LANES) };
    TILE_NAME(block) block = {.pass = pass, .weights = weights};
    const yg_direct_dim *rows = &pass->dim[1];
    const int64_t steps = pass->dim[0].taps * pass->dim[1].taps * pass->dim[2].taps * pass->depth;
    for (int64_t g = 0; g < pass->groups; g++)
        for (int64_t f = 0; f < pass->width; f += block.vectors * LANES) {
            block.vectors = yg_direct_vectors(pass->width, f, LANES);
            const int64_t left = pass->width - f - (block.vectors - 1) * LANES;
            block.rest = left < LANES ? left : LANES;
            block.bias = block.weights + steps * block.vectors * LANES;
            block.from = (const TILE_REAL *)from + pass->from_at + g * pass->depth;
            block.to = (TILE_REAL *)to + pass->to_at + g * pass->to_group + f;
            for (int64_t plane = 0; plane < pass->dim[0].positions; plane++)
                for (int64_t row = 0; row < rows->positions;) {
                    const int64_t next =
                        row == rows->first && rows->first < rows->last ? rows->last : row + 1;
                    TILE_NAME(rows)(&block, plane, row, next);
                    row = next;
                }
            if (pass->depthwise) /* its tiles have computed all filters */
                return;
            block.weights = block.bias + block.vectors * LANES;
        }
}

/* ------------------------------------------------------------------------------------ weights --
 */

/* sum[i] += a[i] · b for `run` numbers i. */
TILE_INLINE TILE_TARGET void TILE_NAME(add_pixel)(const int run, const int vectors,
                                                  const TILE_REAL *a, const TILE_REAL *b,
                                                  int64_t rest, TILE_NAME(vector) (*sum)[2]) {
    typedef TILE_NAME(vector) vector;
    enum { LANES = TILE_NAME(LANES) };
    const TILE_REAL *end = b + (vectors - 1) * LANES;
    const vector last = (vector)TILE_LOAD(end, rest);
    vector first = last;
    if (vectors == 2)
        first = *(const vector *)b;
    TILE_UNROLL for (int i = 0; i < run; i++) {
        sum[i][vectors - 1] = TILE_MULTIPLY_ADD(a[i], last, sum[i][vectors - 1]);
        if (vectors == 2)
            sum[i][0] = TILE_MULTIPLY_ADD(a[i], first, sum[i][0]);
    }
}

/* sums[i] += Σ x[…, i] · y[…] for `run` numbers i and `vectors` vectors, constants where this is
 * inlined. Few sums are each kept twice, for even and odd pixels: a single chain of additions waits
 * for its last result. */
TILE_INLINE TILE_TARGET void TILE_NAME(sum_tile)(const int run, const int vectors,
                                                 const yg_direct_sum *s, const TILE_REAL *x,
                                                 const TILE_REAL *y, int64_t rest,
                                                 TILE_REAL *sums) {
    typedef TILE_NAME(vector) vector;
    enum { LANES = TILE_NAME(LANES), TWICE = 8 };
    const bool twice = run * vectors <= TWICE;
    vector sum[TILE_PIXELS_1 > TILE_PIXELS_2 ? TILE_PIXELS_1 : TILE_PIXELS_2][2], odd[TWICE][2];
    TILE_UNROLL for (int i = 0; i < run; i++) sum[i][0] = sum[i][1] = (vector){0};
    if (twice)
        TILE_UNROLL for (int i = 0; i < run; i++) odd[i][0] = odd[i][1] = (vector){0};
    const int64_t x_step = s->x_stride[2], y_step = s->y_stride[2];
    for (int64_t n = 0; n < s->images; n++)
        for (int64_t p0 = 0; p0 < s->positions[0]; p0++)
            for (int64_t p1 = 0; p1 < s->positions[1]; p1++) {
                const TILE_REAL *a = x + n * s->x_image + p0 * s->x_stride[0] + p1 * s->x_stride[1];
                const TILE_REAL *b = y + n * s->y_image + p0 * s->y_stride[0] + p1 * s->y_stride[1];
                int64_t left = s->positions[2];
                for (; twice && left > 1; left -= 2) {
                    TILE_NAME(add_pixel)(run, vectors, a, b, rest, sum);
                    TILE_NAME(add_pixel)(run, vectors, a + x_step, b + y_step, rest, odd);
                    a += 2 * x_step;
                    b += 2 * y_step;
                }
                for (; left > 0; left--) {
                    TILE_NAME(add_pixel)(run, vectors, a, b, rest, sum);
                    a += x_step;
                    b += y_step;
                }
            }
    TILE_UNROLL for (int i = 0; i < run; i++) for (int v = 0; v < vectors; v++) {
        vector *to = (vector *)(sums + (i * vectors + v) * LANES);
        if (twice)
            sum[i][v] += odd[i][v];
        *to += sum[i][v];
    }
}

TILE_TARGET static void TILE_NAME(sum)(const yg_direct_sum *s, const void *from_x,
                                       const void *from_y, void *to) {
    enum { LANES = TILE_NAME(LANES) };
    const TILE_REAL *x = from_x, *y = from_y;
    TILE_REAL *sums = to;
    const int64_t vectors = yg_direct_vectors(s->width, 0, LANES);
    const int64_t rest = s->width - (vectors - 1) * LANES;
    const int64_t most = vectors == 2 ? TILE_PIXELS_2 : TILE_PIXELS_1;
    int64_t run = s->run;
    for (int64_t tiles = (run + most - 1) / most; tiles > 0; tiles--) {
        const int64_t count = (run + tiles - 1) / tiles;
        switch (vectors == 2 ? count + TILE_PIXELS_1 : count) {
#define TILE_ONE(n)                                                                                \
    case n:                                                                                        \
        TILE_NAME(sum_tile)(n, 1, s, x, y, rest, sums);                                            \
        break;
#define TILE_TWO(n)                                                                                \
    case TILE_PIXELS_1 + n:                                                                        \
        TILE_NAME(sum_tile)(n, 2, s, x, y, rest, sums);                                            \
        break;
            TILE_CASES_1(TILE_ONE)
            TILE_CASES_2(TILE_TWO)
#undef TILE_ONE
#undef TILE_TWO
        default:
            break;
        }
        x += count;
        sums += count * vectors * LANES;
        run -= count;
    }
}

#if TILE_REUSES
/* For a column of x and those of the taps that meet a column of y: sum[t][i] += x[i] · y[tap t]. */
TILE_INLINE TILE_TARGET void TILE_NAME(border)(const int run, const yg_direct_sum *s,
                                               int64_t column, const TILE_REAL *a,
                                               const TILE_REAL *b,
                                               TILE_NAME(vector) (*sum)[YG_DIRECT_RUN]) {
    TILE_UNROLL for (int t = 0; t < YG_DIRECT_ROW; t++) {
        const int64_t o = column + s->before - t;
        if (o < 0 || o >= s->positions[2])
            continue;
        const TILE_NAME(vector) y = (TILE_NAME(vector))TILE_LOAD(b + o * s->y_stride[2], s->width);
        TILE_UNROLL for (int i = 0; i < run; i++) sum[t][i] =
            TILE_MULTIPLY_ADD(a[column * s->x_stride[2] + i], y, sum[t][i]);
    }
}

/* The sums of three neighbouring taps for `run` channels, a constant where this is inlined. An
 * element of x is read once for all taps, and so is one of y: its vector stays in a register while
 * the next two columns of x are read. Only then are there more products than reads, which limit a
 * tile of one tap. */
TILE_INLINE TILE_TARGET void TILE_NAME(row_sums)(const int run, const yg_direct_sum *s,
                                                 const TILE_REAL *x, const TILE_REAL *y,
                                                 TILE_REAL *sums) {
    typedef TILE_NAME(vector) vector;
    enum { LANES = TILE_NAME(LANES) };
    vector sum[YG_DIRECT_ROW][YG_DIRECT_RUN];
    TILE_UNROLL for (int i = 0; i < run; i++) sum[0][i] = sum[1][i] = sum[2][i] = (vector){0};
    const int64_t width = s->positions[2], x_step = s->x_stride[2], y_step = s->y_stride[2];
    int64_t first = YG_DIRECT_ROW - 1 - s->before, last = width - s->before;
    first = first < 0 ? 0 : first;
    last = last > s->columns ? s->columns : last; /* the columns [first, last) meet all taps */
    first = first > last ? last : first;
    for (int64_t n = 0; n < s->images; n++)
        for (int64_t p0 = 0; p0 < s->positions[0]; p0++)
            for (int64_t p1 = 0; p1 < s->positions[1]; p1++) {
                const TILE_REAL *a = x + n * s->x_image + p0 * s->x_stride[0] + p1 * s->x_stride[1];
                const TILE_REAL *b = y + n * s->y_image + p0 * s->y_stride[0] + p1 * s->y_stride[1];
                for (int64_t column = 0; column < first; column++)
                    TILE_NAME(border)(run, s, column, a, b, sum);
                const TILE_REAL *of = b + (first + s->before) * y_step, *at = a + first * x_step;
                vector y1 = {0}, y2 = {0};
                if (first < last) {
                    y1 = (vector)TILE_LOAD(of - y_step, s->width);
                    y2 = (vector)TILE_LOAD(of - 2 * y_step, s->width);
                }
                for (int64_t column = first; column < last; column++) {
                    const vector y0 = (vector)TILE_LOAD(of, s->width);
                    TILE_UNROLL for (int i = 0; i < run; i++) {
                        const TILE_REAL e = at[i];
                        sum[0][i] = TILE_MULTIPLY_ADD(e, y0, sum[0][i]);
                        sum[1][i] = TILE_MULTIPLY_ADD(e, y1, sum[1][i]);
                        sum[2][i] = TILE_MULTIPLY_ADD(e, y2, sum[2][i]);
                    }
                    y2 = y1;
                    y1 = y0;
                    at += x_step;
                    of += y_step;
                }
                for (int64_t column = last; column < s->columns; column++)
                    TILE_NAME(border)(run, s, column, a, b, sum);
            }
    TILE_UNROLL for (int t = 0; t < YG_DIRECT_ROW; t++) TILE_UNROLL for (int i = 0; i < run; i++) *
        (vector *)(sums + (t * run + i) * LANES) += sum[t][i];
}

TILE_TARGET static void TILE_NAME(sum_row)(const yg_direct_sum *s, const void *x, const void *y,
                                           void *sums) {
    switch (s->run) {
#define TILE_ROW(n)                                                                                \
    case n:                                                                                        \
        TILE_NAME(row_sums)(n, s, x, y, sums);                                                     \
        break;
        TILE_UP_TO_8(TILE_ROW)
#undef TILE_ROW
    default:
        break;
    }
}
#endif

yg_direct_kernels TILE_NAME(yg_direct)(void) {
    return (yg_direct_kernels) {
        .lanes = TILE_NAME(LANES), .run = TILE_NAME(run), .sum = TILE_NAME(sum),
        .sum_depthwise = TILE_NAME(sum_depthwise),
#if TILE_REUSES
        .sum_row = TILE_NAME(sum_row),
#endif
        .most = {
            TILE_PIXELS_1,
            TILE_PIXELS_2
        }
    };
}

#undef TILE_REAL
#undef TILE_NAME
#undef TILE_LOAD
#undef TILE_STORE
#undef TILE_MULTIPLY_ADD
#undef TILE_ADD_PRODUCT
#undef TILE_RELU
