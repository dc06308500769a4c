/*
 * A template for the kernel of average_pooling. It has no include guard: include it once for each
 * element type. Define before the include:
 *
 *   POOL_REAL        the type
 *   POOL_NAME(name)  the name of a function for that type
 *
 * Both are undefined at the end.
 */

#define POOL_INLINE static inline __attribute__((always_inline))

/* One window, all channels: the sum over it, divided. */
POOL_INLINE void POOL_NAME(average_of_window)(const yg_pooling *p, const yg_window window[3],
                                              const POOL_REAL *x, POOL_REAL *y) {
    const int64_t columns = p->dim[2].input, rows = p->dim[1].input;
    const POOL_REAL divisor = (POOL_REAL)yg_pooling_divisor(p, window);
    for (int64_t c = 0; c < p->channels; c += LANES) {
        const int count = p->channels - c < LANES ? (int)(p->channels - c) : LANES;
        POOL_REAL sum[LANES] = {0};
        for (int64_t i = window[0].start; i < window[0].end; i += window[0].step)
            for (int64_t j = window[1].start; j < window[1].end; j += window[1].step)
                for (int64_t k = window[2].start; k < window[2].end; k += window[2].step) {
                    const POOL_REAL *from = x + ((i * rows + j) * columns + k) * p->channels + c;
                    if (count == LANES) {
#pragma omp simd
                        for (int l = 0; l < LANES; l++)
                            sum[l] += from[l];
                    } else {
                        for (int l = 0; l < count; l++)
                            sum[l] += from[l];
                    }
                }
        for (int l = 0; l < count; l++)
            y[c + l] = sum[l] / divisor;
    }
}

/* Rows of windows [begin, end): of all images, along the last dimension. */
YG_MULTIVERSION static void POOL_NAME(average_rows)(const yg_pooling *p, const POOL_REAL *x,
                                                    POOL_REAL *y, int64_t begin, int64_t end) {
    const int64_t width = p->dim[2].output * p->channels;
    const int64_t image = yg_pooling_pixels(p) * p->channels;
    for (int64_t row = begin; row < end; row++) {
        const int64_t i = row / p->dim[1].output % p->dim[0].output, j = row % p->dim[1].output;
        const POOL_REAL *from = x + row / (p->dim[0].output * p->dim[1].output) * image;
        yg_window window[3] = {yg_pooling_window(&p->dim[0], i), yg_pooling_window(&p->dim[1], j)};
        for (int64_t k = 0; k < p->dim[2].output; k++) {
            window[2] = yg_pooling_window(&p->dim[2], k);
            POOL_NAME(average_of_window)(p, window, from, y + row * width + k * p->channels);
        }
    }
}

#undef POOL_REAL
#undef POOL_NAME
#undef POOL_INLINE
