/*
 * A template for the functions of row_softmax.h. It has no include guard: include it once for each
 * element type. Define before the include:
 *
 *   ROW_REAL        the type
 *   ROW_NAME(name)  the name of a function for that type
 *
 * Both are undefined at the end.
 *
 * There are three ways to compute a group of rows:
 *
 *   In lanes   Each row has one lane of the vectors. Short rows are computed so: all arithmetic is
 *              then vector code, however short they are.
 *   By row     One row after the other, in blocks of LANES elements; the last block is padded.
 *              Long rows are computed so, and groups of few rows.
 *
 *   By column  Long rows whose elements lie beside those of the next row, as along the first
 *              dimension: a vector has one element of each of LANES rows.
 *
 * All ways must give the same bits, because which way a row takes depends on how many rows are in
 * its group. So all use the same vector code for exp(), and add in the same order: sum l
 * takes the terms l, l + LANES, l + 2·LANES, …; then the LANES sums are added one after the other.
 */

#define ROW_INLINE static inline __attribute__((always_inline))

/* x[l] = exp(x[l]), for numbers up to 88. */
ROW_INLINE void ROW_NAME(exp_lanes)(ROW_REAL x[LANES]) {
#pragma omp simd
    for (int l = 0; l < LANES; l++)
        x[l] = ROW_NAME(yg_vector_exp)(x[l]);
}

/* divisor() and share() together divide a term by the sum of its row. In float, dividing is slow:
 * the product with the inverse is off by at most one more unit in the last place. */
ROW_INLINE ROW_REAL ROW_NAME(divisor)(double sum) {
    return (ROW_REAL)(sizeof(ROW_REAL) < sizeof(double) ? 1 / sum : sum);
}

ROW_INLINE ROW_REAL ROW_NAME(share)(ROW_REAL term, ROW_REAL divisor) {
    return sizeof(ROW_REAL) < sizeof(double) ? term * divisor : term / divisor;
}

/* The shift of a row: see yg_row_log_sum_f32(). */
ROW_INLINE ROW_REAL ROW_NAME(shift)(ROW_REAL max, bool finite) {
    return finite && isinf(max) ? 0 : max;
}

/* ------------------------------------------------------------------------ a row in each lane -- */

/* Loads lane[i][l] = element i of row l. Unused lanes repeat row 0, so that they hold valid
 * numbers. */
ROW_INLINE void ROW_NAME(load_lanes)(const yg_row_group *rows, const ROW_REAL *x,
                                     ROW_REAL lane[][LANES]) {
    if (rows->step == 1 && rows->count == LANES) {
        for (int64_t i = 0; i < rows->length; i++)
            memcpy(lane[i], x + i * rows->stride, sizeof *lane);
        return;
    }
    for (int64_t l = 0; l < LANES; l++) {
        const ROW_REAL *row = x + (l < rows->count ? l : 0) * rows->step;
        for (int64_t i = 0; i < rows->length; i++)
            lane[i][l] = row[i * rows->stride];
    }
}

ROW_INLINE void ROW_NAME(store_lanes)(const yg_row_group *rows, ROW_REAL lane[][LANES],
                                      ROW_REAL *y) {
    if (rows->step == 1 && rows->count == LANES) {
        for (int64_t i = 0; i < rows->length; i++)
            memcpy(y + i * rows->stride, lane[i], sizeof *lane);
        return;
    }
    for (int64_t l = 0; l < rows->count; l++)
        for (int64_t i = 0; i < rows->length; i++)
            y[l * rows->step + i * rows->stride] = lane[i][l];
}

/* Replaces each element by its term exp(x - shift) and writes the shift and the sum of the terms of
 * each row. n is the length of the rows. */
ROW_INLINE void ROW_NAME(terms_in_lanes)(ROW_REAL lane[][LANES], int64_t n, bool finite,
                                         ROW_REAL shift[LANES], double sum[LANES]) {
    for (int l = 0; l < LANES; l++) {
        shift[l] = (ROW_REAL)-INFINITY;
        sum[l] = 0;
    }
    for (int64_t i = 0; i < n; i++) {
#pragma omp simd
        for (int l = 0; l < LANES; l++)
            shift[l] = lane[i][l] > shift[l] ? lane[i][l] : shift[l];
    }
#pragma omp simd
    for (int l = 0; l < LANES; l++)
        shift[l] = ROW_NAME(shift)(shift[l], finite);
    for (int64_t i = 0; i < n; i++) {
#pragma omp simd
        for (int l = 0; l < LANES; l++)
            lane[i][l] -= shift[l];
        ROW_NAME(exp_lanes)(lane[i]);
    }
    for (int64_t start = 0; start < LANES && start < n; start++) {
        double apart[LANES] = {0};
        for (int64_t i = start; i < n; i += LANES) {
#pragma omp simd
            for (int l = 0; l < LANES; l++)
                apart[l] += (double)lane[i][l];
        }
#pragma omp simd
        for (int l = 0; l < LANES; l++)
            sum[l] += apart[l];
    }
}

/* ------------------------------------------------------------------------------------ by row -- */

/* The next LANES elements of a row; `left` elements of it remain. Returns x itself if LANES
 * contiguous elements remain. Otherwise copies to `padded`, with -infinity for missing elements:
 * their terms are 0. */
ROW_INLINE const ROW_REAL *ROW_NAME(block)(const ROW_REAL *x, int64_t stride, int64_t left,
                                           ROW_REAL padded[LANES]) {
    const int count = left < LANES ? (int)left : LANES;
    if (stride == 1 && count == LANES)
        return x;
    if (stride == 1) { /* the loop below, but vectorised: with a constant stride it can be */
#pragma omp simd
        for (int l = 0; l < LANES; l++)
            padded[l] = l < count ? x[l] : (ROW_REAL)-INFINITY;
        return padded;
    }
    for (int l = 0; l < LANES; l++)
        padded[l] = l < count ? x[l * stride] : (ROW_REAL)-INFINITY;
    return padded;
}

ROW_INLINE ROW_REAL ROW_NAME(row_max)(const ROW_REAL *x, int64_t n, int64_t stride) {
    ROW_REAL max[LANES], padded[LANES];
    for (int l = 0; l < LANES; l++)
        max[l] = (ROW_REAL)-INFINITY;
    for (int64_t start = 0; start < n; start += LANES) {
        const ROW_REAL *block = ROW_NAME(block)(x + start * stride, stride, n - start, padded);
#pragma omp simd
        for (int l = 0; l < LANES; l++)
            max[l] = block[l] > max[l] ? block[l] : max[l];
    }
    for (int width = LANES / 2; width > 0; width /= 2) {
#pragma omp simd
        for (int l = 0; l < width; l++)
            max[l] = max[l] > max[l + width] ? max[l] : max[l + width];
    }
    return max[0];
}

/* LANES sums in registers. In an array gcc would store and load them for each block. */
typedef struct ROW_NAME(sums) {
    half_sum low, high;
} ROW_NAME(sums);

ROW_INLINE void ROW_NAME(add_lanes)(ROW_NAME(sums) * sums, const ROW_REAL term[LANES]) {
    double wide[LANES];
    half_sum low, high;
#pragma omp simd
    for (int l = 0; l < LANES; l++)
        wide[l] = (double)term[l];
    memcpy(&low, wide, sizeof low);
    memcpy(&high, wide + LANES / 2, sizeof high);
    sums->low += low;
    sums->high += high;
}

/* Returns the sum of the terms exp(x - shift) of a row. Writes them to `y` unless it is NULL. */
ROW_INLINE double ROW_NAME(row_terms)(const ROW_REAL *x, int64_t n, int64_t stride, ROW_REAL shift,
                                      ROW_REAL *y) {
    ROW_NAME(sums) apart = {{0}, {0}};
    double sum = 0;
    for (int64_t start = 0; start < n; start += LANES) {
        ROW_REAL term[LANES], padded[LANES];
        const int64_t left = n - start, count = left < LANES ? left : LANES;
        const ROW_REAL *block = ROW_NAME(block)(x + start * stride, stride, left, padded);
#pragma omp simd
        for (int l = 0; l < LANES; l++)
            term[l] = block[l] - shift;
        ROW_NAME(exp_lanes)(term);
        ROW_NAME(add_lanes)(&apart, term);
        if (y && stride == 1 && count == LANES)
            memcpy(y + start, term, sizeof term);
        else if (y)
            for (int64_t l = 0; l < count; l++)
                y[(start + l) * stride] = term[l];
    }
    for (int l = 0; l < LANES; l++)
        sum += l < LANES / 2 ? apart.low[l] : apart.high[l - LANES / 2];
    return sum;
}

/* -------------------------------------------------------------------------------- by columns -- */

/* As terms_in_lanes() and row_terms() together, for LANES long rows whose elements lie beside each
 * other: one row in each lane, but read where it lies. Writes the terms to `y` unless it is NULL.
 */
ROW_INLINE void ROW_NAME(terms_in_columns)(const ROW_REAL *x, int64_t n, int64_t stride,
                                           bool finite, ROW_REAL shift[LANES], double sum[LANES],
                                           ROW_REAL *y) {
    double apart[LANES][LANES] = {{0}};
    ROW_REAL max[LANES];
    for (int l = 0; l < LANES; l++)
        max[l] = (ROW_REAL)-INFINITY;
    for (int64_t i = 0; i < n; i++) {
        const ROW_REAL *from = x + i * stride;
#pragma omp simd
        for (int l = 0; l < LANES; l++)
            max[l] = from[l] > max[l] ? from[l] : max[l];
    }
    for (int l = 0; l < LANES; l++) {
        shift[l] = ROW_NAME(shift)(max[l], finite);
        sum[l] = 0;
    }
    for (int64_t i = 0; i < n; i++) {
        ROW_REAL term[LANES];
        const ROW_REAL *from = x + i * stride;
        double *to = apart[i % LANES];
#pragma omp simd
        for (int l = 0; l < LANES; l++)
            term[l] = from[l] - shift[l];
        ROW_NAME(exp_lanes)(term);
#pragma omp simd
        for (int l = 0; l < LANES; l++)
            to[l] += (double)term[l];
        if (y)
            memcpy(y + i * stride, term, sizeof term);
    }
    for (int i = 0; i < LANES; i++) {
#pragma omp simd
        for (int l = 0; l < LANES; l++)
            sum[l] += apart[i][l];
    }
}

/* --------------------------------------------------------------------------------- functions -- */

YG_MULTIVERSION void ROW_NAME(yg_row_softmax)(const yg_row_group *rows, const ROW_REAL *x,
                                              ROW_REAL *y) {
    const int64_t n = rows->length, stride = rows->stride;
    if (is_for_lanes(rows)) {
        ROW_REAL lane[LONGEST_LANE][LANES], shift[LANES];
        ROW_REAL divisor[LANES];
        double sum[LANES];
        ROW_NAME(load_lanes)(rows, x, lane);
        ROW_NAME(terms_in_lanes)(lane, n, false, shift, sum);
#pragma omp simd
        for (int l = 0; l < LANES; l++)
            divisor[l] = ROW_NAME(divisor)(sum[l]);
        for (int64_t i = 0; i < n; i++) {
#pragma omp simd
            for (int l = 0; l < LANES; l++)
                lane[i][l] = ROW_NAME(share)(lane[i][l], divisor[l]);
        }
        ROW_NAME(store_lanes)(rows, lane, y);
        return;
    }
    if (is_for_columns(rows)) {
        ROW_REAL shift[LANES], divisor[LANES];
        double sum[LANES];
        ROW_NAME(terms_in_columns)(x, n, stride, false, shift, sum, y);
        for (int l = 0; l < LANES; l++)
            divisor[l] = ROW_NAME(divisor)(sum[l]);
        for (int64_t i = 0; i < n; i++) {
#pragma omp simd
            for (int l = 0; l < LANES; l++)
                y[i * stride + l] = ROW_NAME(share)(y[i * stride + l], divisor[l]);
        }
        return;
    }
    for (int64_t row = 0; row < rows->count; row++) {
        const ROW_REAL *from = x + row * rows->step;
        ROW_REAL *to = y + row * rows->step;
        const ROW_REAL max = ROW_NAME(row_max)(from, n, stride);
        const ROW_REAL divisor = ROW_NAME(divisor)(ROW_NAME(row_terms)(from, n, stride, max, to));
        if (stride == 1) {
#pragma omp simd
            for (int64_t i = 0; i < n; i++)
                to[i] = ROW_NAME(share)(to[i], divisor);
            continue;
        }
        for (int64_t i = 0; i < n; i++)
            to[i * stride] = ROW_NAME(share)(to[i * stride], divisor);
    }
}

YG_MULTIVERSION void ROW_NAME(yg_row_log_sum)(const yg_row_group *rows, const ROW_REAL *x,
                                              bool finite, ROW_REAL shift[YG_ROW_GROUP],
                                              double log_sum[YG_ROW_GROUP]) {
    const int64_t n = rows->length, stride = rows->stride;
    double sum[LANES] = {0};
    if (is_for_lanes(rows)) {
        ROW_REAL lane[LONGEST_LANE][LANES];
        ROW_NAME(load_lanes)(rows, x, lane);
        ROW_NAME(terms_in_lanes)(lane, n, finite, shift, sum);
    } else if (is_for_columns(rows)) {
        ROW_NAME(terms_in_columns)(x, n, stride, finite, shift, sum, NULL);
    } else {
        for (int64_t row = 0; row < rows->count; row++) {
            const ROW_REAL *from = x + row * rows->step;
            shift[row] = ROW_NAME(shift)(ROW_NAME(row_max)(from, n, stride), finite);
            sum[row] = ROW_NAME(row_terms)(from, n, stride, shift[row], NULL);
        }
        for (int64_t row = rows->count; row < LANES; row++)
            sum[row] = 1;
    }
#pragma omp simd
    for (int l = 0; l < LANES; l++)
        log_sum[l] = log(sum[l]);
}

#undef ROW_REAL
#undef ROW_NAME
#undef ROW_INLINE
