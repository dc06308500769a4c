/*
 * Tiles of depthwise convolutions: a vector of channels of the image meets a vector of weights. The
 * file is a part of convolution_tile.h and so has no include guard.
 *
 * A product needs a vector of the image of its own, so these tiles run as fast as the processor
 * reads. The weights of a tap are read once for all pixels of a tile.
 */

/* A vector. Its first n elements are in memory; all of them where `whole`, a constant. */
TILE_INLINE TILE_TARGET TILE_NAME(vector)
    TILE_NAME(load)(const bool whole, const TILE_REAL *from, int64_t n) {
    return whole ? *(const TILE_NAME(vector) *)from : (TILE_NAME(vector))TILE_LOAD(from, n);
}

/* c[i] = bias + Σ a[i, …] · b[…] for `pixels` pixels and `vectors` vectors of channels. The
 * last one has `rest` of them, or all where `whole`. The first three are constants where this is
 * inlined. The strides of b are taps. */
TILE_INLINE TILE_TARGET void TILE_NAME(depthwise_tile)(const int pixels, const int vectors,
                                                       const bool whole, const TILE_NAME(work) * w,
                                                       int64_t rest, const TILE_REAL *a,
                                                       const TILE_REAL *b, const TILE_REAL *bias,
                                                       TILE_REAL *c) {
    typedef TILE_NAME(vector) vector;
    enum { LANES = TILE_NAME(LANES) };
    const int64_t last = (vectors - 1) * LANES, tap = vectors * LANES;
    vector sum[MOST_DEPTHWISE][2];
    TILE_UNROLL for (int i = 0; i < pixels; i++) for (int v = 0; v < vectors; v++) sum[i][v] =
        *(const vector *)(bias + v * LANES);
    for (int64_t n0 = 0; n0 < w->count[0]; n0++)
        for (int64_t n1 = 0; n1 < w->count[1]; n1++) {
            const TILE_REAL *at = a + n0 * w->a_stride[0] + n1 * w->a_stride[1];
            const TILE_REAL *of = b + (n0 * w->b_stride[0] + n1 * w->b_stride[1]) * tap;
            for (int64_t left = w->count[2]; left > 0; left--) {
                const vector b0 = *(const vector *)of, b1 = *(const vector *)(of + last);
                TILE_UNROLL for (int i = 0; i < pixels; i++) {
                    const TILE_REAL *x = at + i * w->a_pixel;
                    if (vectors == 2)
                        sum[i][0] = TILE_ADD_PRODUCT(*(const vector *)x, b0, sum[i][0]);
                    sum[i][vectors - 1] = TILE_ADD_PRODUCT(TILE_NAME(load)(whole, x + last, rest),
                                                           b1, sum[i][vectors - 1]);
                }
                at += w->a_stride[2];
                of += tap;
            }
        }
    TILE_UNROLL for (int i = 0; i < pixels; i++) {
        TILE_REAL *to = c + i * w->c_pixel;
        for (int v = 0; v < vectors && w->relu; v++)
            sum[i][v] = (vector)TILE_RELU(sum[i][v]);
        if (vectors == 2)
            *(vector *)to = sum[i][0];
        if (whole)
            *(vector *)(to + last) = sum[i][vectors - 1];
        else
            TILE_STORE(to + last, rest, sum[i][vectors - 1]);
    }
}

TILE_TARGET static void TILE_NAME(depthwise_block)(int64_t pixels, int64_t vectors,
                                                   const TILE_NAME(work) * w, int64_t rest,
                                                   const TILE_REAL *a, const TILE_REAL *b,
                                                   const TILE_REAL *bias, TILE_REAL *c) {
    enum { TWO = MOST_DEPTHWISE, PART = 2 * TWO };
    switch (pixels + (vectors == 2 ? TWO : 0) + (rest < TILE_NAME(LANES) ? PART : 0)) {
#define TILE_ONE(n)                                                                                \
    case n:                                                                                        \
        TILE_NAME(depthwise_tile)(n, 1, true, w, rest, a, b, bias, c);                             \
        break;                                                                                     \
    case n + TWO:                                                                                  \
        TILE_NAME(depthwise_tile)(n, 2, true, w, rest, a, b, bias, c);                             \
        break;                                                                                     \
    case n + PART:                                                                                 \
        TILE_NAME(depthwise_tile)(n, 1, false, w, rest, a, b, bias, c);                            \
        break;                                                                                     \
    case n + TWO + PART:                                                                           \
        TILE_NAME(depthwise_tile)(n, 2, false, w, rest, a, b, bias, c);                            \
        break;
        TILE_UP_TO_6(TILE_ONE)
#undef TILE_ONE
    default:
        break;
    }
}

/* A row of pixels and all channels, in tiles of about the same number of pixels. All channels of a
 * few pixels come first, which are neighbours in memory. `first` is the first tap that they meet.
 */
TILE_TARGET static void TILE_NAME(depthwise_row)(const yg_direct_pass *p, int64_t pixels,
                                                 const TILE_NAME(work) * w, const TILE_REAL *a,
                                                 const TILE_REAL *weights, int64_t first,
                                                 TILE_REAL *c) {
    enum { LANES = TILE_NAME(LANES) };
    const int64_t taps = p->dim[0].taps * p->dim[1].taps * p->dim[2].taps;
    for (int64_t tiles = (pixels + MOST_DEPTHWISE - 1) / MOST_DEPTHWISE; tiles > 0; tiles--) {
        const int64_t count = (pixels + tiles - 1) / tiles;
        const TILE_REAL *b = weights;
        for (int64_t f = 0, size; f < p->width; f += size) {
            const int64_t vectors = yg_direct_vectors(p->width, f, LANES);
            const int64_t rest = yg_smaller(p->width - f - (vectors - 1) * LANES, LANES);
            size = vectors * LANES;
            TILE_NAME(depthwise_block)
            (count, vectors, w, rest, a + f, b + first * size, b + taps * size, c + f);
            b += (taps + 1) * size;
        }
        a += count * w->a_pixel;
        c += count * w->c_pixel;
        pixels -= count;
    }
}

/* ------------------------------------------------------------------------------------ weights --
 */

/* For a pixel of y and `run` taps, whose pixels of x lie `tap` elements apart: sum[i] += a · b. */
TILE_INLINE TILE_TARGET void TILE_NAME(depthwise_add)(const int run, const int vectors,
                                                      const bool whole, const TILE_REAL *a,
                                                      int64_t tap, const TILE_REAL *b, int64_t rest,
                                                      TILE_NAME(vector) (*sum)[2]) {
    typedef TILE_NAME(vector) vector;
    enum { LANES = TILE_NAME(LANES) };
    const int64_t last = (vectors - 1) * LANES;
    const vector b0 = vectors == 2 ? *(const vector *)b : (vector){0};
    const vector b1 = TILE_NAME(load)(whole, b + last, rest);
    TILE_UNROLL for (int i = 0; i < run; i++) {
        const TILE_REAL *x = a + i * tap;
        if (vectors == 2)
            sum[i][0] = TILE_ADD_PRODUCT(*(const vector *)x, b0, sum[i][0]);
        sum[i][vectors - 1] =
            TILE_ADD_PRODUCT(TILE_NAME(load)(whole, x + last, rest), b1, sum[i][vectors - 1]);
    }
}

/* The columns [*first, *last) of y that meet all of `run` taps from s->tap on. */
static inline void TILE_NAME(inner_columns)(const yg_direct_sum *s, int64_t run, int64_t *first,
                                            int64_t *last) {
    const int64_t begin = s->before - s->tap * s->dilation;
    const int64_t end = s->columns + s->before - (s->tap + run - 1) * s->dilation;
    *first = begin <= 0 ? 0 : (begin + s->stride - 1) / s->stride;
    *last = end <= 0 ? 0 : (end + s->stride - 1) / s->stride;
    *last = *last < s->positions[2] ? *last : s->positions[2];
    *first = *first < *last ? *first : *last;
}

/* See yg_direct_kernels.sum_depthwise. `run`, `vectors` and `whole` are constants where this is
 * inlined. */
TILE_INLINE TILE_TARGET void TILE_NAME(depthwise_sums)(const int run, const int vectors,
                                                       const bool whole, const yg_direct_sum *s,
                                                       const TILE_REAL *x, const TILE_REAL *y,
                                                       TILE_REAL *sums) {
    typedef TILE_NAME(vector) vector;
    enum { LANES = TILE_NAME(LANES) };
    vector sum[YG_DIRECT_RUN][2];
    TILE_UNROLL for (int i = 0; i < run; i++) sum[i][0] = sum[i][1] = (vector){0};
    const int64_t rest = s->width - (vectors - 1) * LANES, pixel = s->x_stride[2] / s->stride;
    const int64_t tap = s->dilation * pixel, start = s->tap * s->dilation - s->before;
    int64_t first, last;
    TILE_NAME(inner_columns)(s, run, &first, &last);
    for (int64_t n = 0; n < s->images; n++)
        for (int64_t p0 = 0; p0 < s->positions[0]; p0++)
            for (int64_t p1 = 0; p1 < s->positions[1]; p1++) {
                const TILE_REAL *a = x + n * s->x_image + p0 * s->x_stride[0] + p1 * s->x_stride[1];
                const TILE_REAL *b = y + n * s->y_image + p0 * s->y_stride[0] + p1 * s->y_stride[1];
                for (int64_t o = 0; o < s->positions[2]; o++, b += s->y_stride[2]) {
                    const int64_t column = start + o * s->stride;
                    if (o >= first && o < last) {
                        TILE_NAME(depthwise_add)
                        (run, vectors, whole, a + column * pixel, tap, b, rest, sum);
                        continue;
                    }
                    TILE_UNROLL for (int i = 0; i < run; i++) {
                        const int64_t at = column + i * s->dilation;
                        if (at >= 0 && at < s->columns)
                            TILE_NAME(depthwise_add)
                        (1, vectors, whole, a + at * pixel, tap, b, rest, sum + i);
                    }
                }
            }
    TILE_UNROLL for (int i = 0; i < run; i++) for (int v = 0; v < vectors; v++) *
        (vector *)(sums + (i * vectors + v) * LANES) += sum[i][v];
}

TILE_TARGET static void TILE_NAME(sum_depthwise)(const yg_direct_sum *s, const void *x,
                                                 const void *y, void *sums) {
    enum { LANES = TILE_NAME(LANES), TWO = YG_DIRECT_RUN, PART = 2 * TWO };
    const int64_t vectors = yg_direct_vectors(s->width, 0, LANES);
    switch (s->run + (vectors == 2 ? TWO : 0) + (s->width % LANES != 0 ? PART : 0)) {
#define TILE_ROW(n)                                                                                \
    case n:                                                                                        \
        TILE_NAME(depthwise_sums)(n, 1, true, s, x, y, sums);                                      \
        break;                                                                                     \
    case n + TWO:                                                                                  \
        TILE_NAME(depthwise_sums)(n, 2, true, s, x, y, sums);                                      \
        break;                                                                                     \
    case n + PART:                                                                                 \
        TILE_NAME(depthwise_sums)(n, 1, false, s, x, y, sums);                                     \
        break;                                                                                     \
    case n + TWO + PART:                                                                           \
        TILE_NAME(depthwise_sums)(n, 2, false, s, x, y, sums);                                     \
        break;
        TILE_UP_TO_8(TILE_ROW)
#undef TILE_ROW
    default:
        break;
    }
}
