/*
 * A part of the kernels of channels, for one element type: which elements they take together. It
 * has no include guard: include it once for each type. Define before the include:
 *
 *   CHANNEL_REAL        the type
 *   CHANNEL_NAME(name)  the name of a function for that type
 *   CHANNEL_TERM(x, z, i, c)  what is added up of element i of x and z; c is a number of its
 * channel
 *
 * All are undefined at the end. It defines `pixels`, which adds up pixels of all channels, and
 * `run`, which adds up neighbours of one channel. The order of the terms depends on the numbers of
 * pixels and channels alone.
 */
#define CHANNEL_INLINE static inline __attribute__((always_inline))
#define CHANNEL_UNROLL _Pragma("GCC unroll 4")

/* Σ of n pixels, `stride` elements apart. Narrow: four pixels at a time. */
CHANNEL_INLINE void CHANNEL_NAME(strip)(const CHANNEL_REAL *x, const CHANNEL_REAL *z,
                                        const CHANNEL_REAL *c, int64_t n, int64_t stride, bool wide,
                                        CHANNEL_REAL *out) {
    enum { L = YG_CHANNEL_LANES, V = YG_CHANNEL_VECTORS };
    CHANNEL_REAL sum[V][L] = {{0}};
    (void)z, (void)c;
    int64_t i = 0;
    for (; i + (wide ? 1 : V) <= n; i += wide ? 1 : V) {
        CHANNEL_UNROLL for (int v = 0; v < V; v++) {
            const int64_t at = wide ? i * stride + v * L : (i + v) * stride;
            _Pragma("omp simd") for (int l = 0; l < L; l++) sum[v][l] +=
                CHANNEL_TERM(x, z, at + l, c[(wide ? v * L : 0) + l]);
        }
    }
    for (; i < n; i++) /* none if wide */
        _Pragma("omp simd") for (int l = 0; l < L; l++) sum[0][l] +=
            CHANNEL_TERM(x, z, i * stride + l, c[l]);
    CHANNEL_UNROLL for (int v = 0; v < V; v++) for (int l = 0; wide && l < L; l++) out[v * L + l] =
        sum[v][l];
    for (int l = 0; !wide && l < L; l++)
        out[l] = (sum[0][l] + sum[1][l]) + (sum[2][l] + sum[3][l]);
}

/* Σ of n pixels of all channels, if they fill a vector. The last vector may overlap the one before;
 * what it has counts. */
CHANNEL_INLINE void CHANNEL_NAME(many)(const CHANNEL_REAL *x, const CHANNEL_REAL *z,
                                       const CHANNEL_REAL *c, int64_t n, int64_t channels,
                                       CHANNEL_REAL *out) {
    enum { L = YG_CHANNEL_LANES, WIDE = YG_CHANNEL_WIDE };
    int64_t at = 0;
    for (; at + WIDE <= channels; at += WIDE)
        CHANNEL_NAME(strip)(x + at, z + at, c + at, n, channels, true, out + at);
    for (; at < channels; at += L) {
        const int64_t from = at + L <= channels ? at : channels - L;
        CHANNEL_NAME(strip)(x + from, z + from, c + from, n, channels, false, out + from);
    }
}

/* Σ of n pixels of all channels. Of few channels, so many pixels are taken for one that they fill
 * vectors. */
CHANNEL_INLINE void CHANNEL_NAME(pixels)(const yg_channels *of, const CHANNEL_REAL *x,
                                         const CHANNEL_REAL *z, const CHANNEL_REAL *c, int64_t n,
                                         CHANNEL_REAL *out) {
    const int64_t channels = of->channels, width = channels * of->together;
    if (channels >= YG_CHANNEL_LANES) {
        CHANNEL_NAME(many)(x, z, c, n, channels, out);
        return;
    }
    CHANNEL_REAL centers[YG_CHANNEL_MOST_WIDE], sums[YG_CHANNEL_MOST_WIDE];
    for (int64_t w = 0; w < width; w++)
        centers[w] = c[w % channels];
    CHANNEL_NAME(many)(x, z, centers, n / of->together, width, sums);
    for (int64_t l = 0; l < channels; l++) {
        CHANNEL_REAL sum = 0;
        for (int64_t w = l; w < width; w += channels)
            sum += sums[w];
        for (int64_t i = n / of->together * of->together; i < n; i++)
            sum += CHANNEL_TERM(x, z, i * channels + l, c[l]);
        out[l] = sum;
    }
}

/* Σ of n neighbours of one channel. Blocks of them are added up in double. */
CHANNEL_INLINE double CHANNEL_NAME(run)(const CHANNEL_REAL *x, const CHANNEL_REAL *z,
                                        CHANNEL_REAL c, int64_t n) {
    enum { L = YG_CHANNEL_LANES, V = YG_CHANNEL_VECTORS, BLOCK = 32 * L * V };
    double total = 0;
    (void)z, (void)c;
    for (int64_t from = 0; from < n; from += BLOCK) {
        const int64_t end = n - from < BLOCK ? n : from + BLOCK;
        CHANNEL_REAL sum[V][L] = {{0}};
        int64_t i = from;
        for (; i + V * L <= end; i += V * L) {
            CHANNEL_UNROLL for (int v = 0; v < V; v++)
                _Pragma("omp simd") for (int l = 0; l < L; l++) sum[v][l] +=
                CHANNEL_TERM(x, z, i + v * L + l, c);
        }
        for (; i + L <= end; i += L)
            _Pragma("omp simd") for (int l = 0; l < L; l++) sum[0][l] +=
                CHANNEL_TERM(x, z, i + l, c);
        for (int l = 0; l < L; l++)
            sum[0][l] = (sum[0][l] + sum[1][l]) + (sum[2][l] + sum[3][l]);
        for (int width = L / 2; width > 0; width /= 2)
            for (int l = 0; l < width; l++)
                sum[0][l] += sum[0][l + width];
        for (; i < end; i++)
            sum[0][0] += CHANNEL_TERM(x, z, i, c);
        total += (double)sum[0][0];
    }
    return total;
}

#undef CHANNEL_REAL
#undef CHANNEL_NAME
#undef CHANNEL_TERM
#undef CHANNEL_INLINE
#undef CHANNEL_UNROLL
