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

#include "row_lanes_kernel.h"

/* Adds LANES elements, less `mean` and squared if asked, to the lanes. */
ROW_INLINE void ROW_NAME(add)(ROW_NAME(vector) lane[ROW_NAME(COUNT)], const ROW_REAL *x,
                              bool squared, ROW_REAL mean) {
    ROW_UNROLL for (int k = 0; k < ROW_NAME(COUNT); k++) {
        ROW_NAME(vector) value = *(const ROW_NAME(vector) *)(x + k * (int)ROW_NAME(WIDTH));
        if (squared) {
            value -= mean;
            value *= value;
        }
        lane[k] += value;
    }
}

/* Σ x, or Σ (x - mean)² */
ROW_INLINE double ROW_NAME(sum)(const ROW_REAL *x, int64_t n, bool squared, ROW_REAL mean) {
    double sum = 0;
    for (int64_t from = 0; from < n; from += BLOCK) {
        const int64_t end = n - from < BLOCK ? n : from + BLOCK;
        ROW_NAME(vector) lane[ROW_NAME(COUNT)] = {{0}};
        int64_t i = from;
        for (; i + LANES <= end; i += LANES)
            ROW_NAME(add)(lane, x + i, squared, mean);
        if (i < end) {
            ROW_REAL rest[LANES];
            ROW_NAME(take_rest)(x + i, end - i, squared ? mean : 0, rest);
            ROW_NAME(add)(lane, rest, squared, mean);
        }
        sum += ROW_NAME(total)(lane);
    }
    return sum;
}

/* One row of the result, when its statistics are known. */
ROW_INLINE void ROW_NAME(write)(int64_t n, const ROW_REAL *from, ROW_REAL mean, ROW_REAL scale,
                                const ROW_REAL *weight, const ROW_REAL *bias, ROW_REAL *to) {
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

/* `count` rows of fewer than LANES elements, each in one lane of vectors. They are transposed
 * first, and their elements then taken one after the other. Lanes without a row have zeros. */
ROW_INLINE void ROW_NAME(short_rows)(int64_t n, bool centered, double eps, const ROW_REAL *x,
                                     const ROW_REAL *weight, const ROW_REAL *bias, ROW_REAL *y,
                                     ROW_REAL *means, ROW_REAL *scales, int64_t count) {
    enum { L = YG_ROW_SIDE };
    const yg_turn turn = yg_turn_for(sizeof(ROW_REAL));
    ROW_REAL t[LANES][L], sum[L] = {0}, mean[L] = {0}, scale[L];
    if (count < L)
        memset(t, 0, (size_t)n * sizeof *t);
    turn(t, L, x, n, n, count);
    for (int64_t i = 0; centered && i < n; i++)
        ROW_SIDE for (int l = 0; l < L; l++) mean[l] += t[i][l];
    for (int l = 0; l < L; l++)
        mean[l] /= (ROW_REAL)n;
    for (int64_t i = 0; i < n; i++)
        ROW_SIDE for (int l = 0; l < L; l++) sum[l] += (t[i][l] - mean[l]) * (t[i][l] - mean[l]);
    ROW_SIDE for (int l = 0; l < L; l++) scale[l] =
        (ROW_REAL)(1 / sqrt((double)sum[l] / (double)n + eps));
    for (int64_t i = 0; i < n; i++) {
        const ROW_REAL factor = weight ? weight[i] : 1, term = bias ? bias[i] : 0;
        ROW_SIDE for (int l = 0; l < L; l++) t[i][l] =
            (t[i][l] - mean[l]) * scale[l] * factor + term;
    }
    turn(y, n, t, L, count, n);
    if (means)
        memcpy(means, mean, (size_t)count * sizeof *mean);
    if (scales)
        memcpy(scales, scale, (size_t)count * sizeof *scale);
}

/* Rows [begin, end). weight, bias, means and scales may be NULL. In short rows most of the time is
 * spent waiting: each step of the statistics needs the one before. So several rows are taken
 * together, one step after the other. */
YG_MULTIVERSION static void ROW_NAME(normalize)(int64_t n, bool centered, double eps,
                                                const ROW_REAL *x, const ROW_REAL *weight,
                                                const ROW_REAL *bias, ROW_REAL *y, ROW_REAL *means,
                                                ROW_REAL *scales, int64_t begin, int64_t end) {
    enum { TOGETHER = 4 };
    for (int64_t row = begin; row < end && n < LANES; row += YG_ROW_SIDE)
        ROW_NAME(short_rows)
    (n, centered, eps, x + row * n, weight, bias, y + row * n, means ? means + row : NULL,
     scales ? scales + row : NULL, end - row < YG_ROW_SIDE ? end - row : YG_ROW_SIDE);
    if (n < LANES)
        return;
    for (int64_t first = begin; first < end; first += TOGETHER) {
        const int64_t count = end - first < TOGETHER ? end - first : TOGETHER;
        const ROW_REAL *from = x + first * n;
        ROW_REAL mean[TOGETHER], scale[TOGETHER];
        for (int64_t r = 0; r < count; r++)
            mean[r] =
                centered ? (ROW_REAL)(ROW_NAME(sum)(from + r * n, n, false, 0) / (double)n) : 0;
        for (int64_t r = 0; r < count; r++)
            scale[r] =
                (ROW_REAL)(1 /
                           sqrt(ROW_NAME(sum)(from + r * n, n, true, mean[r]) / (double)n + eps));
        for (int64_t r = 0; r < count; r++) {
            if (means)
                means[first + r] = mean[r];
            if (scales)
                scales[first + r] = scale[r];
            ROW_NAME(write)(n, from + r * n, mean[r], scale[r], weight, bias, y + (first + r) * n);
        }
    }
}

#undef ROW_REAL
#undef ROW_NAME
#undef ROW_INLINE
#undef ROW_UNROLL
#undef ROW_SIDE
