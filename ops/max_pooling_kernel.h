/*
 * A template for the kernel of max_pooling. It has no include guard: include it once for each
 * element type. Define before the include:
 *
 *   POOL_REAL        the type
 *   POOL_NAME(name)  the name of a function for that type
 *
 * Both are undefined at the end.
 *
 * Images are channels last. There are two ways through a row of windows:
 *
 *   By pixel    for each window, LANES channels at a time. Neighbours in memory are in one vector.
 *   Along       with fewer than LANES channels, several windows at a time: lane l is the channel
 *               j % channels of the window j / channels. Their elements are gathered, which needs
 *               windows of one shape. Those that reach into the padding are done by pixel.
 *
 * Both give the same bits.
 */

#define POOL_INLINE static inline __attribute__((always_inline))

/* The running maximum of some lanes. */
typedef struct POOL_NAME(best) {
    POOL_REAL value[LANES];
    int32_t pixel[LANES];
} POOL_NAME(best);

/* A NaN replaces what is there, as any larger value does: of several, the last is found. */
#define POOL_TAKE(best, l, candidate, at)                                                          \
    {                                                                                              \
        const POOL_REAL found = (candidate);                                                       \
        const bool better = found > (best).value[l] || found != found;                             \
        (best).value[l] = better ? found : (best).value[l];                                        \
        (best).pixel[l] = better ? (at) : (best).pixel[l];                                         \
    }

POOL_INLINE void POOL_NAME(store)(const POOL_NAME(best) * best, int count, POOL_REAL *y,
                                  int32_t *pixels) {
    if (count == LANES) {
        memcpy(y, best->value, sizeof best->value);
        if (pixels)
            memcpy(pixels, best->pixel, sizeof best->pixel);
        return;
    }
    for (int l = 0; l < count; l++)
        y[l] = best->value[l];
    for (int l = 0; pixels && l < count; l++)
        pixels[l] = best->pixel[l];
}

/* One window, all channels. */
POOL_INLINE void POOL_NAME(max_of_window)(const yg_pooling *p, const yg_window window[3],
                                          const POOL_REAL *x, POOL_REAL *y, int32_t *pixels) {
    const int64_t columns = p->dim[2].input, rows = p->dim[1].input;
    for (int64_t c = 0; c < p->channels; c += LANES) {
        const int count = p->channels - c < LANES ? (int)(p->channels - c) : LANES;
        const bool empty = yg_window_count(&window[0]) == 0 || yg_window_count(&window[1]) == 0 ||
                           yg_window_count(&window[2]) == 0;
        const int32_t first =
            empty
                ? -1
                : (int32_t)((window[0].start * rows + window[1].start) * columns + window[2].start);
        POOL_NAME(best) best;
        for (int l = 0; l < LANES; l++) {
            best.value[l] = -(POOL_REAL)INFINITY;
            best.pixel[l] = first;
        }
        for (int64_t i = window[0].start; i < window[0].end; i += window[0].step)
            for (int64_t j = window[1].start; j < window[1].end; j += window[1].step)
                for (int64_t k = window[2].start; k < window[2].end; k += window[2].step) {
                    const int64_t pixel = (i * rows + j) * columns + k;
                    const POOL_REAL *from = x + pixel * p->channels + c;
                    if (count == LANES) {
#pragma omp simd
                        for (int l = 0; l < LANES; l++)
                            POOL_TAKE(best, l, from[l], (int32_t)pixel)
                    } else {
                        for (int l = 0; l < count; l++)
                            POOL_TAKE(best, l, from[l], (int32_t)pixel)
                    }
                }
        POOL_NAME(store)(&best, count, y + c, pixels ? pixels + c : NULL);
    }
}

/* Elements [begin, end) of a row of windows, at least LANES of them, all of windows of full size.
 * The last block overlaps the one before it. column[j] is the first column of the window of element
 * j. */
POOL_INLINE void POOL_NAME(max_along)(const yg_pooling *p, const yg_window window[3],
                                      const int32_t *column, const int32_t *channel, int64_t begin,
                                      int64_t end, const POOL_REAL *x, POOL_REAL *y,
                                      int32_t *pixels) {
    const yg_pooling_dim *last = &p->dim[2];
    const int32_t channels = (int32_t)p->channels;
    const bool empty = yg_window_count(&window[0]) == 0 || yg_window_count(&window[1]) == 0;
    const int32_t first =
        (int32_t)((window[0].start * p->dim[1].input + window[1].start) * last->input);
    for (int64_t at = begin; at < end; at += LANES) {
        const int64_t j = at + LANES <= end ? at : end - LANES;
        POOL_NAME(best) best;
#pragma omp simd
        for (int l = 0; l < LANES; l++) {
            best.value[l] = -(POOL_REAL)INFINITY;
            best.pixel[l] = empty ? -1 : first + column[j + l];
        }
        for (int64_t d = window[0].start; d < window[0].end; d += window[0].step)
            for (int64_t h = window[1].start; h < window[1].end; h += window[1].step)
                for (int64_t k = 0; k < last->kernel; k++) {
                    const int32_t row =
                        (int32_t)((d * p->dim[1].input + h) * last->input + k * last->dilation);
                    const POOL_REAL *from = x + (int64_t)row * channels;
#pragma omp simd
                    for (int l = 0; l < LANES; l++)
                        POOL_TAKE(best, l, from[column[j + l] * channels + channel[j + l]],
                                  row + column[j + l])
                }
        POOL_NAME(store)(&best, LANES, y + j, pixels ? pixels + j : NULL);
    }
}

/* Rows of windows [begin, end): of all images, along the last dimension. `columns` has room for two
 * numbers for each element of a row; NULL: there is none. */
YG_MULTIVERSION static void POOL_NAME(max_rows)(const yg_pooling *p, const POOL_REAL *x,
                                                POOL_REAL *y, int32_t *pixels, int32_t *columns,
                                                int64_t begin, int64_t end) {
    const yg_pooling_dim *last = &p->dim[2];
    const int64_t width = last->output * p->channels, image = yg_pooling_pixels(p) * p->channels;
    const int64_t inner = last->inner_end - last->inner_begin;
    const bool along = columns && inner * p->channels >= LANES;
    for (int64_t j = 0; along && j < width; j++) {
        columns[j] = (int32_t)(j / p->channels * last->stride - last->padding);
        columns[width + j] = (int32_t)(j % p->channels);
    }
    for (int64_t row = begin; row < end; row++) {
        const int64_t i = row / p->dim[1].output % p->dim[0].output, j = row % p->dim[1].output;
        const POOL_REAL *from = x + row / (p->dim[0].output * p->dim[1].output) * image;
        yg_window window[3] = {yg_pooling_window(&p->dim[0], i), yg_pooling_window(&p->dim[1], j)};
        POOL_REAL *to = y + row * width;
        int32_t *to_pixels = pixels ? pixels + row * width : NULL;
        for (int64_t k = 0; k < last->output; k++) {
            if (along && k == last->inner_begin)
                k = last->inner_end;
            if (k == last->output)
                break;
            window[2] = yg_pooling_window(last, k);
            POOL_NAME(max_of_window)
            (p, window, from, to + k * p->channels, to_pixels ? to_pixels + k * p->channels : NULL);
        }
        if (along)
            POOL_NAME(max_along)
        (p, window, columns, columns + width, last->inner_begin * p->channels,
         last->inner_end * p->channels, from, to, to_pixels);
    }
}

#undef POOL_REAL
#undef POOL_NAME
#undef POOL_INLINE
#undef POOL_TAKE
