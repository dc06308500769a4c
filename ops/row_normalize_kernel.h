/*
 * A template for the kernel of row_normalize. It has no include guard: include it
 * once for each element type. Define before the include:
 *
 *   ROW_REAL        the type
 *   ROW_NAME(name)  the name of a function for that type
 *
 * Both are undefined at the end.
 *
 * Sums are taken in blocks. In a block, sum l of LANES sums takes the terms l, l + LANES, …; the
 * LANES sums are added in double, and so are the blocks. So rounding stays small in long rows.
 */

#define ROW_INLINE static inline __attribute__((always_inline))

/* Adds up the lanes, in pairs. */
ROW_INLINE double ROW_NAME(total)(ROW_REAL lane[LANES]) {
    for (int width = LANES / 2; width > 4; width /= 2) {
#pragma omp simd
        for (int l = 0; l < width; l++)
            lane[l] += lane[l + width];
    }
    return ((double)lane[0] + (double)lane[1]) + ((double)lane[2] + (double)lane[3]) +
           (((double)lane[4] + (double)lane[5]) + ((double)lane[6] + (double)lane[7]));
}

/* Σ x */
ROW_INLINE double ROW_NAME(sum)(const ROW_REAL *x, int64_t n) {
    double sum = 0;
    for (int64_t from = 0; from < n; from += BLOCK) {
        const int64_t end = n - from < BLOCK ? n : from + BLOCK;
        ROW_REAL lane[LANES] = {0};
        int64_t i = from;
        for (; i + LANES <= end; i += LANES) {
#pragma omp simd
            for (int l = 0; l < LANES; l++)
                lane[l] += x[i + l];
        }
        for (int l = 0; i + l < end; l++)
            lane[l] += x[i + l];
        sum += ROW_NAME(total)(lane);
    }
    return sum;
}

/* Σ (x - mean)² */
ROW_INLINE double ROW_NAME(squares)(const ROW_REAL *x, int64_t n, ROW_REAL mean) {
    double sum = 0;
    for (int64_t from = 0; from < n; from += BLOCK) {
        const int64_t end = n - from < BLOCK ? n : from + BLOCK;
        ROW_REAL lane[LANES] = {0};
        int64_t i = from;
        for (; i + LANES <= end; i += LANES) {
#pragma omp simd
            for (int l = 0; l < LANES; l++)
                lane[l] += (x[i + l] - mean) * (x[i + l] - mean);
        }
        for (int l = 0; i + l < end; l++)
            lane[l] += (x[i + l] - mean) * (x[i + l] - mean);
        sum += ROW_NAME(total)(lane);
    }
    return sum;
}

/* Rows [begin, end). weight, bias, means and scales may be NULL. */
YG_MULTIVERSION static void ROW_NAME(normalize)(int64_t n, bool centered, double eps,
                                                const ROW_REAL *x, const ROW_REAL *weight,
                                                const ROW_REAL *bias, ROW_REAL *y, ROW_REAL *means,
                                                ROW_REAL *scales, int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
        const ROW_REAL *from = x + row * n;
        ROW_REAL *to = y + row * n;
        const ROW_REAL mean = centered ? (ROW_REAL)(ROW_NAME(sum)(from, n) / (double)n) : 0;
        const ROW_REAL scale =
            (ROW_REAL)(1 / sqrt(ROW_NAME(squares)(from, n, mean) / (double)n + eps));
        if (means)
            means[row] = mean;
        if (scales)
            scales[row] = scale;
        if (!weight) {
#pragma omp simd
            for (int64_t i = 0; i < n; i++)
                to[i] = (from[i] - mean) * scale;
        } else if (!bias) {
#pragma omp simd
            for (int64_t i = 0; i < n; i++)
                to[i] = (from[i] - mean) * scale * weight[i];
        } else {
#pragma omp simd
            for (int64_t i = 0; i < n; i++)
                to[i] = (from[i] - mean) * scale * weight[i] + bias[i];
        }
    }
}

#undef ROW_REAL
#undef ROW_NAME
#undef ROW_INLINE
