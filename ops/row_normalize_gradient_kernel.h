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

#include "row_lanes_kernel.h"

/* Adds LANES elements of g and of g · (x - mean) to the lanes. */
ROW_INLINE void ROW_NAME(add)(ROW_NAME(vector) first[ROW_NAME(COUNT)],
                              ROW_NAME(vector) second[ROW_NAME(COUNT)], const ROW_REAL *dy,
                              const ROW_REAL *x, const ROW_REAL *weight, ROW_REAL mean) {
    typedef ROW_NAME(vector) vector;
    ROW_UNROLL for (int k = 0; k < ROW_NAME(COUNT); k++) {
        const int at = k * (int)ROW_NAME(WIDTH);
        vector g = *(const vector *)(dy + at);
        if (weight)
            g *= *(const vector *)(weight + at);
        first[k] += g;
        second[k] += g * (*(const vector *)(x + at) - mean);
    }
}

/* Σ g and Σ g · (x - mean), where g = dy · weight. */
ROW_INLINE void ROW_NAME(products)(int64_t n, const ROW_REAL *dy, const ROW_REAL *x,
                                   const ROW_REAL *weight, ROW_REAL mean, double *sum,
                                   double *product) {
    *sum = *product = 0;
    for (int64_t from = 0; from < n; from += BLOCK) {
        const int64_t end = n - from < BLOCK ? n : from + BLOCK;
        ROW_NAME(vector) first[ROW_NAME(COUNT)] = {{0}}, second[ROW_NAME(COUNT)] = {{0}};
        int64_t i = from;
        for (; i + LANES <= end; i += LANES)
            ROW_NAME(add)(first, second, dy + i, x + i, weight ? weight + i : NULL, mean);
        if (i < end) {
            ROW_REAL rest[LANES], last[LANES], factor[LANES];
            ROW_NAME(take_rest)(dy + i, end - i, 0, rest);
            ROW_NAME(take_rest)(x + i, end - i, mean, last);
            if (weight)
                ROW_NAME(take_rest)(weight + i, end - i, 0, factor);
            ROW_NAME(add)(first, second, rest, last, weight ? factor : NULL, mean);
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

/* One row of dx, when its sums are known. */
ROW_INLINE void ROW_NAME(dx_row)(int64_t n, const ROW_REAL *dy, const ROW_REAL *x,
                                 const ROW_REAL *weight, ROW_REAL mean, ROW_REAL scale,
                                 ROW_REAL shift, ROW_REAL slope, ROW_REAL *dx) {
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

/* `count` rows of fewer than LANES elements, as in row_normalize_kernel.h. Adds to the sums of each
 * lane for the gradients of weight and bias, of which either may be NULL. */
ROW_INLINE void ROW_NAME(short_rows)(int64_t n, bool centered, const ROW_REAL *dy,
                                     const ROW_REAL *x, const ROW_REAL *means,
                                     const ROW_REAL *scales, const ROW_REAL *weight, ROW_REAL *dx,
                                     ROW_REAL (*dweight)[YG_ROW_SIDE],
                                     ROW_REAL (*dbias)[YG_ROW_SIDE], int64_t count) {
    enum { L = YG_ROW_SIDE };
    const yg_turn turn = yg_turn_for(sizeof(ROW_REAL));
    ROW_REAL d[LANES][L], off[LANES][L], mean[L] = {0}, scale[L] = {0};
    ROW_REAL shift[L] = {0}, slope[L] = {0};
    if (count < L) {
        memset(d, 0, (size_t)n * sizeof *d);
        memset(off, 0, (size_t)n * sizeof *off);
    }
    turn(d, L, dy, n, n, count);
    turn(off, L, x, n, n, count);
    memcpy(scale, scales, (size_t)count * sizeof *scale);
    if (centered)
        memcpy(mean, means, (size_t)count * sizeof *mean);
    for (int64_t i = 0; i < n; i++) {
        const ROW_REAL factor = weight ? weight[i] : 1;
        ROW_SIDE for (int l = 0; l < L; l++) {
            off[i][l] -= mean[l];
            shift[l] += d[i][l] * factor;
            slope[l] += d[i][l] * factor * off[i][l];
        }
    }
    for (int l = 0; l < L; l++) {
        const double s = (double)scale[l];
        shift[l] = centered ? shift[l] / (ROW_REAL)n : 0;
        slope[l] = (ROW_REAL)((double)slope[l] / (double)n * s * s);
    }
    for (int64_t i = 0; i < n; i++) {
        const ROW_REAL factor = weight ? weight[i] : 1;
        if (dweight)
            ROW_SIDE for (int l = 0; l < L; l++) dweight[i][l] += d[i][l] * (off[i][l] * scale[l]);
        if (dbias)
            ROW_SIDE for (int l = 0; l < L; l++) dbias[i][l] += d[i][l];
        ROW_SIDE for (int l = 0; l < L; l++) d[i][l] =
            scale[l] * (d[i][l] * factor - shift[l] - off[i][l] * slope[l]);
    }
    turn(dx, n, d, L, count, n);
}

/* The sums of each lane, added up in pairs. */
ROW_INLINE void ROW_NAME(add_lanes)(int64_t n, ROW_REAL (*lane)[YG_ROW_SIDE], ROW_REAL *sums) {
    for (int64_t i = 0; i < n; i++) {
        for (int width = YG_ROW_SIDE / 2; width > 0; width /= 2)
            for (int l = 0; l < width; l++)
                lane[i][l] += lane[i][l + width];
        sums[i] = lane[i][0];
    }
}

/* A block of short rows, from row `first` to row `last`. */
ROW_INLINE void ROW_NAME(short_block)(int64_t n, bool centered, const ROW_REAL *dy,
                                      const ROW_REAL *x, const ROW_REAL *means,
                                      const ROW_REAL *scales, const ROW_REAL *weight, ROW_REAL *dx,
                                      ROW_REAL *dweight, ROW_REAL *dbias, int64_t first,
                                      int64_t last) {
    ROW_REAL weights[LANES][YG_ROW_SIDE], biases[LANES][YG_ROW_SIDE];
    memset(weights, 0, (size_t)n * sizeof *weights);
    memset(biases, 0, (size_t)n * sizeof *biases);
    for (int64_t row = first; row < last; row += YG_ROW_SIDE)
        ROW_NAME(short_rows)
    (n, centered, dy + row * n, x + row * n, means + row, scales + row, weight, dx + row * n,
     dweight ? weights : NULL, dbias ? biases : NULL,
     last - row < YG_ROW_SIDE ? last - row : YG_ROW_SIDE);
    if (dweight)
        ROW_NAME(add_lanes)(n, weights, dweight);
    if (dbias)
        ROW_NAME(add_lanes)(n, biases, dbias);
}

/* Blocks of rows [begin, end). weight, dweight and dbias may be NULL. Several rows are taken
 * together, as in row_normalize_kernel.h. */
YG_MULTIVERSION static void
ROW_NAME(gradient)(int64_t rows, int64_t n, bool centered, const ROW_REAL *dy, const ROW_REAL *x,
                   const ROW_REAL *means, const ROW_REAL *scales, const ROW_REAL *weight,
                   ROW_REAL *dx, ROW_REAL *dweight, ROW_REAL *dbias, int64_t begin, int64_t end) {
    enum { TOGETHER = 4 };
    for (int64_t block = begin; block < end; block++) {
        const int64_t first = block * YG_ROW_BLOCK, rest = rows - first;
        const int64_t last = first + (rest < YG_ROW_BLOCK ? rest : YG_ROW_BLOCK);
        ROW_REAL *block_dweight = dweight ? dweight + block * n : NULL;
        ROW_REAL *block_dbias = dbias ? dbias + block * n : NULL;
        if (n < LANES) {
            ROW_NAME(short_block)
            (n, centered, dy, x, means, scales, weight, dx, block_dweight, block_dbias, first,
             last);
            continue;
        }
        for (int64_t i = 0; block_dweight && i < n; i++)
            block_dweight[i] = 0;
        for (int64_t i = 0; block_dbias && i < n; i++)
            block_dbias[i] = 0;
        for (int64_t start = first; start < last; start += TOGETHER) {
            const int64_t stop = start + TOGETHER < last ? start + TOGETHER : last;
            ROW_REAL shift[TOGETHER], slope[TOGETHER];
            for (int64_t row = start; row < stop; row++) {
                const double scale = (double)scales[row];
                double sum, product;
                ROW_NAME(products)
                (n, dy + row * n, x + row * n, weight, centered ? means[row] : 0, &sum, &product);
                shift[row - start] = centered ? (ROW_REAL)(sum / (double)n) : 0;
                slope[row - start] = (ROW_REAL)(product / (double)n * scale * scale);
            }
            for (int64_t row = start; row < stop; row++) {
                const ROW_REAL mean = centered ? means[row] : 0;
                ROW_NAME(dx_row)
                (n, dy + row * n, x + row * n, weight, mean, scales[row], shift[row - start],
                 slope[row - start], dx + row * n);
                ROW_NAME(add_row)
                (n, dy + row * n, x + row * n, mean, scales[row], block_dweight, block_dbias);
            }
        }
    }
}

#undef ROW_REAL
#undef ROW_NAME
#undef ROW_INLINE
#undef ROW_UNROLL
#undef ROW_SIDE
