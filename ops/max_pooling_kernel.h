/*
 * A template for the kernel of max_pooling. It has no include guard: include it once for each
 * element type. Define before the include:
 *
 *   POOL_REAL        the type
 *   POOL_NAME(name)  the name of a function for that type
 *
 * Both are undefined at the end.
 *
 * Images are channels last. For each window, LANES channels are computed at a time. Fewer channels
 * than LANES are computed together with the first ones of the next pixel, where it has some: what
 * is too much is written over when the next window's turn comes.
 */

#define POOL_INLINE static inline __attribute__((always_inline))

/* A window in the memory of an image: the elements from `first` on, along three dimensions. Numbers
 * are of pixels. */
typedef struct POOL_NAME(place) {
    int64_t first, count[3], step[3];
} POOL_NAME(place);

/* LANES channels of `windows` windows of `count` pixels, which are `stride` pixels apart. The first
 * one has the pixels in at[]. `count`, and whether `pixels` is NULL, are known where this is
 * inlined: the maxima of all lanes then stay in registers. */
POOL_INLINE void POOL_NAME(max_of_lists)(const int count, const int64_t *at, int64_t stride,
                                         int64_t windows, int64_t channels, const POOL_REAL *x,
                                         POOL_REAL *y, int32_t *pixels) {
    for (int64_t w = 0; w < windows; w++) {
        const POOL_REAL *from = x + w * stride * channels;
        const int32_t start = (int32_t)(w * stride);
#pragma omp simd
        for (int l = 0; l < LANES; l++) {
            POOL_REAL best = -(POOL_REAL)INFINITY;
            int32_t taken = (int32_t)at[0];
#pragma GCC unroll 9
            for (int i = 0; i < count; i++) {
                const POOL_REAL found = from[at[i] * channels + l];
                const bool better = found > best || found != found;
                best = better ? found : best;
                taken = better ? (int32_t)at[i] : taken;
            }
            y[w * channels + l] = best;
            if (pixels)
                pixels[w * channels + l] = start + taken;
        }
    }
}

/* The usual sizes of a window, 2 by 2 and 3 by 3. false: this one is none of them. */
POOL_INLINE bool POOL_NAME(max_of_usual)(const POOL_NAME(place) * at, int64_t stride,
                                         int64_t windows, int64_t channels, const POOL_REAL *x,
                                         POOL_REAL *y, int32_t *pixels) {
    enum { MOST = 9 };
    int64_t list[MOST];
    const int64_t *n = at->count;
    if (n[0] != 1 || n[1] != n[2] || (n[1] != 2 && n[1] != 3))
        return false;
    for (int64_t i = 0; i < n[1] * n[2]; i++)
        list[i] = at->first + i / n[2] * at->step[1] + i % n[2] * at->step[2];
    if (n[1] == 2 && pixels)
        POOL_NAME(max_of_lists)(4, list, stride, windows, channels, x, y, pixels);
    else if (n[1] == 2)
        POOL_NAME(max_of_lists)(4, list, stride, windows, channels, x, y, NULL);
    else if (pixels)
        POOL_NAME(max_of_lists)(9, list, stride, windows, channels, x, y, pixels);
    else
        POOL_NAME(max_of_lists)(9, list, stride, windows, channels, x, y, NULL);
    return true;
}

/* LANES channels of `windows` windows, which are `stride` pixels apart. `pixels` may be NULL. A NaN
 * replaces the largest so far, as a larger value does. So the last of several is found. */
POOL_INLINE void POOL_NAME(max_of_windows)(const POOL_NAME(place) * at, int64_t stride,
                                           int64_t windows, int64_t channels, const POOL_REAL *x,
                                           POOL_REAL *y, int32_t *pixels) {
    if (POOL_NAME(max_of_usual)(at, stride, windows, channels, x, y, pixels))
        return;
    const bool empty = at->count[0] <= 0 || at->count[1] <= 0 || at->count[2] <= 0;
    const int64_t n0 = at->count[0], n1 = at->count[1], n2 = at->count[2];
    const int64_t step0 = at->step[0], step1 = at->step[1], step2 = at->step[2];
    for (int64_t w = 0; w < windows; w++) {
        const int64_t start = at->first + w * stride;
        const int32_t first = empty ? -1 : (int32_t)start;
        POOL_REAL best[LANES];
        int32_t taken[LANES];
#pragma omp simd
        for (int l = 0; l < LANES; l++) {
            best[l] = -(POOL_REAL)INFINITY;
            taken[l] = first;
        }
        for (int64_t i = 0; i < n0; i++)
            for (int64_t j = 0; j < n1; j++) {
                int64_t pixel = start + i * step0 + j * step1;
                for (int64_t k = 0; k < n2; k++, pixel += step2) {
                    const POOL_REAL *from = x + pixel * channels;
#pragma omp simd
                    for (int l = 0; l < LANES; l++) {
                        const bool better = from[l] > best[l] || from[l] != from[l];
                        best[l] = better ? from[l] : best[l];
                        taken[l] = better ? (int32_t)pixel : taken[l];
                    }
                }
            }
        memcpy(y + w * channels, best, sizeof best);
        if (pixels)
            memcpy(pixels + w * channels, taken, sizeof taken);
    }
}

/* One channel of one window. */
POOL_INLINE void POOL_NAME(max_of_one)(const POOL_NAME(place) * at, int64_t channels,
                                       const POOL_REAL *x, POOL_REAL *y, int32_t *pixels) {
    const bool empty = at->count[0] <= 0 || at->count[1] <= 0 || at->count[2] <= 0;
    POOL_REAL best = -(POOL_REAL)INFINITY;
    int64_t taken = empty ? -1 : at->first;
    for (int64_t i = 0; i < at->count[0]; i++)
        for (int64_t j = 0; j < at->count[1]; j++) {
            int64_t pixel = at->first + i * at->step[0] + j * at->step[1];
            for (int64_t k = 0; k < at->count[2]; k++, pixel += at->step[2]) {
                const POOL_REAL found = x[pixel * channels];
                const bool better = found > best || found != found;
                best = better ? found : best;
                taken = better ? pixel : taken;
            }
        }
    *y = best;
    if (pixels)
        *pixels = (int32_t)taken;
}

/* The part of a window along one dimension, in pixels that are `size` apart. */
POOL_INLINE void POOL_NAME(set_window)(POOL_NAME(place) * at, int d, const yg_pooling_dim *dim,
                                       int64_t which, int64_t size) {
    const yg_window window = yg_pooling_window(dim, which);
    at->count[d] = yg_window_count(&window);
    at->step[d] = window.step * size;
    at->first += window.start * size;
}

/* How many windows from window `from` on can be computed at once, LANES channels at a time: 0 if
 * none. They must be alike. What is read beyond the channels of their last pixels, and written
 * beyond those of their results, must lie in the image and in what the call computes. `end` is the
 * last pixel of the first window, `writable` how many elements come from its result on. */
POOL_INLINE int64_t POOL_NAME(whole_windows)(const yg_pooling *p, int64_t from, int64_t end,
                                             int64_t image, int64_t writable) {
    const yg_pooling_dim *dim = &p->dim[2];
    const int64_t blocks = p->channels > LANES ? p->channels : LANES;
    const int64_t readable = image - end * p->channels;
    if (readable < blocks || writable < blocks)
        return 0;
    if (from != dim->inner_begin || from >= dim->inner_end)
        return 1;
    const int64_t by_reading = (readable - blocks) / (p->channels * dim->stride) + 1;
    const int64_t by_writing = (writable - blocks) / p->channels + 1;
    const int64_t most = by_reading < by_writing ? by_reading : by_writing;
    return most < dim->inner_end - from ? most : dim->inner_end - from;
}

/* Rows of windows [begin, end): of all images, along the last dimension. */
YG_MULTIVERSION static void POOL_NAME(max_rows)(const yg_pooling *p, const POOL_REAL *x,
                                                POOL_REAL *y, int32_t *pixels, int64_t begin,
                                                int64_t end) {
    const yg_pooling_dim *dim = p->dim;
    const int64_t channels = p->channels, width = dim[2].output * channels;
    const int64_t image = yg_pooling_pixels(p) * channels;
    for (int64_t row = begin; row < end; row++) {
        const POOL_REAL *from = x + row / (dim[0].output * dim[1].output) * image;
        POOL_NAME(place) at = {0};
        POOL_NAME(set_window)
        (&at, 0, &dim[0], row / dim[1].output % dim[0].output, dim[1].input * dim[2].input);
        POOL_NAME(set_window)(&at, 1, &dim[1], row % dim[1].output, dim[2].input);
        const int64_t start = at.first;
        const int64_t last = (at.count[0] - 1) * at.step[0] + (at.count[1] - 1) * at.step[1];
        for (int64_t k = 0; k < dim[2].output;) {
            at.first = start;
            POOL_NAME(set_window)(&at, 2, &dim[2], k, 1);
            const int64_t end_pixel = at.first + last + (at.count[2] - 1) * at.step[2];
            const int64_t o = row * width + k * channels;
            const int64_t windows = POOL_NAME(whole_windows)(p, k, end_pixel, image,
                                                             (end - row) * width - k * channels);
            for (int64_t c = 0; windows > 0 && c < channels; c += LANES) {
                /* The last channels are computed together with some before them. */
                const int64_t first = c > 0 && channels - c < LANES ? channels - LANES : c;
                POOL_NAME(max_of_windows)
                (&at, dim[2].stride, windows, channels, from + first, y + o + first,
                 pixels ? pixels + o + first : NULL);
            }
            for (int64_t c = 0; windows == 0 && c < channels; c++)
                POOL_NAME(max_of_one)
            (&at, channels, from + c, y + o + c, pixels ? pixels + o + c : NULL);
            k += windows > 0 ? windows : 1;
        }
    }
}

#undef POOL_REAL
#undef POOL_NAME
#undef POOL_INLINE
