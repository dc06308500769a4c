/*
 * A template for the kernel of row_normalize_gradient. It has no include guard: include it
 * once for each element type. Define before the include:
 *
 *   ROW_REAL        the type
 *   ROW_NAME(name)  the name of a function for that type
 *
 * Both are undefined at the end.
 *
 * Sums are taken as in row_normalize_kernel.h.
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

/* Σ g and Σ g · (x - mean), where g = dy · weight. */
ROW_INLINE void ROW_NAME(products)(int64_t n, const ROW_REAL *dy, const ROW_REAL *x,
                                   const ROW_REAL *weight, ROW_REAL mean, double *sum,
                                   double *product) {
    *sum = *product = 0;
    for (int64_t from = 0; from < n; from += BLOCK) {
        const int64_t end = n - from < BLOCK ? n : from + BLOCK;
        ROW_REAL first[LANES] = {0}, second[LANES] = {0};
        int64_t i = from;
        for (; i + LANES <= end; i += LANES) {
#pragma omp simd
            for (int l = 0; l < LANES; l++) {
                const ROW_REAL g = weight ? dy[i + l] * weight[i + l] : dy[i + l];
                first[l] += g;
                second[l] += g * (x[i + l] - mean);
            }
        }
        for (int l = 0; i + l < end; l++) {
            const ROW_REAL g = weight ? dy[i + l] * weight[i + l] : dy[i + l];
            first[l] += g;
            second[l] += g * (x[i + l] - mean);
        }
        *sum += ROW_NAME(total)(first);
        *product += ROW_NAME(total)(second);
    }
}

/* Adds one row to the gradients of weight and bias; either may be NULL. */
ROW_INLINE void ROW_NAME(add_row)(int64_t n, const ROW_REAL *dy, const ROW_REAL *x, ROW_REAL mean,
                                  ROW_REAL scale, ROW_REAL *dweight, ROW_REAL *dbias) {
    if (dweight && dbias) {
#pragma omp simd
        for (int64_t i = 0; i < n; i++) {
            dweight[i] += dy[i] * ((x[i] - mean) * scale);
            dbias[i] += dy[i];
        }
    } else if (dweight) {
#pragma omp simd
        for (int64_t i = 0; i < n; i++)
            dweight[i] += dy[i] * ((x[i] - mean) * scale);
    } else if (dbias) {
#pragma omp simd
        for (int64_t i = 0; i < n; i++)
            dbias[i] += dy[i];
    }
}

/* One row of dx. */
ROW_INLINE void ROW_NAME(dx_row)(int64_t n, bool centered, const ROW_REAL *dy, const ROW_REAL *x,
                                 const ROW_REAL *weight, ROW_REAL mean, ROW_REAL scale,
                                 ROW_REAL *dx) {
    double sum, product;
    ROW_NAME(products)(n, dy, x, weight, mean, &sum, &product);
    const ROW_REAL shift = centered ? (ROW_REAL)(sum / (double)n) : 0;
    const ROW_REAL slope = (ROW_REAL)(product / (double)n * (double)scale * (double)scale);
    if (weight) {
#pragma omp simd
        for (int64_t i = 0; i < n; i++)
            dx[i] = scale * (dy[i] * weight[i] - shift - (x[i] - mean) * slope);
    } else {
#pragma omp simd
        for (int64_t i = 0; i < n; i++)
            dx[i] = scale * (dy[i] - shift - (x[i] - mean) * slope);
    }
}

/* Blocks of rows [begin, end). weight, dweight and dbias may be NULL. */
YG_MULTIVERSION static void
ROW_NAME(gradient)(int64_t rows, int64_t n, bool centered, const ROW_REAL *dy, const ROW_REAL *x,
                   const ROW_REAL *means, const ROW_REAL *scales, const ROW_REAL *weight,
                   ROW_REAL *dx, ROW_REAL *dweight, ROW_REAL *dbias, int64_t begin, int64_t end) {
    for (int64_t block = begin; block < end; block++) {
        const int64_t first = block * YG_ROW_BLOCK, rest = rows - first;
        ROW_REAL *block_dweight = dweight ? dweight + block * n : NULL;
        ROW_REAL *block_dbias = dbias ? dbias + block * n : NULL;
        for (int64_t i = 0; block_dweight && i < n; i++)
            block_dweight[i] = 0;
        for (int64_t i = 0; block_dbias && i < n; i++)
            block_dbias[i] = 0;
        for (int64_t row = first; row < first + (rest < YG_ROW_BLOCK ? rest : YG_ROW_BLOCK);
             row++) {
            const ROW_REAL mean = centered ? means[row] : 0;
            ROW_NAME(dx_row)
            (n, centered, dy + row * n, x + row * n, weight, mean, scales[row], dx + row * n);
            ROW_NAME(add_row)
            (n, dy + row * n, x + row * n, mean, scales[row], block_dweight, block_dbias);
        }
    }
}

#undef ROW_REAL
#undef ROW_NAME
#undef ROW_INLINE
