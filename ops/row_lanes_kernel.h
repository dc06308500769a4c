/*
 * A part of row_normalize_kernel.h and row_normalize_gradient_kernel.h, which include it: sums of a
 * row over LANES running sums. A loop over a part of the lanes would keep them in memory, so the
 * end of a row is filled up to LANES elements.
 */

#define ROW_INLINE static inline __attribute__((always_inline))
#define ROW_UNROLL _Pragma("GCC unroll 8")
#define ROW_SIDE   _Pragma("omp simd")

/* LANES sums side by side, in vectors that stay in registers. */
typedef ROW_REAL ROW_NAME(vector)
    __attribute__((vector_size(64), aligned(sizeof(ROW_REAL)), may_alias));
enum {
    ROW_NAME(WIDTH) = 64 / sizeof(ROW_REAL),
    ROW_NAME(COUNT) = LANES / (int)ROW_NAME(WIDTH),
};

/* Adds up the lanes, in pairs. */
ROW_INLINE double ROW_NAME(total)(ROW_NAME(vector) lane[ROW_NAME(COUNT)]) {
    enum { WIDTH = ROW_NAME(WIDTH) };
    ROW_UNROLL for (int k = ROW_NAME(COUNT) / 2; k > 0; k /= 2)
        ROW_UNROLL for (int j = 0; j < k; j++) lane[j] += lane[j + k];
    ROW_REAL part[WIDTH];
    *(ROW_NAME(vector) *)part = lane[0];
    double sum[8];
#pragma omp simd
    for (int l = 0; l < 8; l++)
        sum[l] = (double)(WIDTH > 8 ? part[l] + part[(l + 8) % WIDTH] : part[l]);
#pragma omp simd
    for (int l = 0; l < 4; l++)
        sum[l] += sum[l + 4];
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

/* The last elements of a row, filled up to LANES. */
ROW_INLINE void ROW_NAME(take_rest)(const ROW_REAL *x, int64_t count, ROW_REAL filling,
                                    ROW_REAL rest[LANES]) {
    for (int l = 0; l < LANES; l++)
        rest[l] = l < count ? x[l] : filling;
}
