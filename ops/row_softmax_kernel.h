/*
 * The functions of row_softmax.h for one element type, to be included once for each (no include
 * guard). Before it, define
 *
 *   ROW_REAL        the type
 *   ROW_NAME(name)  the name for it
 *   ROW_UNDERFLOW   a number whose exponential is 0, as is that of everything below
 *
 * all of which are undefined again at its end.
 *
 * There are two ways. Short rows are computed one in each lane of the vectors: all of the
 * arithmetic is then vector code, however short they are. Long or few rows are computed one after
 * the other, in blocks of LANES elements, the last one padded. An exponential goes through the same
 * vector code either way, and the terms are added in the same order, so that the bits are the same:
 * those that are LANES apart first, then these sums one after the other.
 */

#define ROW_INLINE static inline __attribute__((always_inline))

/* In place. What underflows, as padding and masked elements do, is not left to exp(), which
 * computes such lanes one at a time. In loops of their own: in one, gcc sees that the exponential
 * of what took an element's place is not used, and takes that of the element after all. */
ROW_INLINE void ROW_NAME(exp_lanes)(ROW_REAL x[LANES]) {
    ROW_REAL term[LANES];
#pragma omp simd
    for (int l = 0; l < LANES; l++)
        term[l] = x[l] < ROW_UNDERFLOW ? 0 : x[l];
#pragma omp simd
    for (int l = 0; l < LANES; l++)
        term[l] = exp(term[l]);
#pragma omp simd
    for (int l = 0; l < LANES; l++)
        x[l] = x[l] < ROW_UNDERFLOW ? 0 : term[l];
}

/* In float one division a row is enough: the quotient is rounded from double. */
ROW_INLINE double ROW_NAME(divisor)(double sum) {
    return sizeof(ROW_REAL) < sizeof(double) ? 1 / sum : sum;
}

ROW_INLINE ROW_REAL ROW_NAME(share)(ROW_REAL term, double divisor) {
    return (ROW_REAL)(sizeof(ROW_REAL) < sizeof(double) ? (double)term * divisor
                                                        : (double)term / divisor);
}

ROW_INLINE ROW_REAL ROW_NAME(shift)(ROW_REAL max, bool finite) {
    return finite && isinf(max) ? 0 : max;
}

/* ------------------------------------------------------------------------ a row in each lane -- */

/* lane[i][l] is element i of row l; unused lanes repeat the first row. */
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

/* The terms of the n elements in place, the shifts and the sums. */
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

/* ------------------------------------------------------------------------ a row after the other */

/* The next LANES elements of a row that has `left` more: where they lie if there are so many
 * neighbours, otherwise in `padded`, with -infinity in place of missing ones. */
ROW_INLINE const ROW_REAL *ROW_NAME(block)(const ROW_REAL *x, int64_t stride, int64_t left,
                                           ROW_REAL padded[LANES]) {
    const int count = left < LANES ? (int)left : LANES;
    if (stride == 1 && count == LANES)
        return x;
    if (stride == 1) { /* apart, so that it is vectorised, with masks */
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

/* The sum of the terms, which are written to `y` if there is one. */
ROW_INLINE double ROW_NAME(row_terms)(const ROW_REAL *x, int64_t n, int64_t stride, ROW_REAL shift,
                                      ROW_REAL *y) {
    double apart[LANES] = {0}, sum = 0;
    for (int64_t start = 0; start < n; start += LANES) {
        ROW_REAL term[LANES], padded[LANES];
        const int64_t left = n - start, count = left < LANES ? left : LANES;
        const ROW_REAL *block = ROW_NAME(block)(x + start * stride, stride, left, padded);
#pragma omp simd
        for (int l = 0; l < LANES; l++)
            term[l] = block[l] - shift;
        ROW_NAME(exp_lanes)(term);
#pragma omp simd
        for (int l = 0; l < LANES; l++)
            apart[l] += (double)term[l];
        if (y && stride == 1 && count == LANES)
            memcpy(y + start, term, sizeof term);
        else if (y)
            for (int64_t l = 0; l < count; l++)
                y[(start + l) * stride] = term[l];
    }
    for (int l = 0; l < LANES; l++)
        sum += apart[l];
    return sum;
}

/* ---------------------------------------------------------------------------------- functions --
 */

YG_MULTIVERSION void ROW_NAME(yg_row_softmax)(const yg_row_group *rows, const ROW_REAL *x,
                                              ROW_REAL *y) {
    const int64_t n = rows->length, stride = rows->stride;
    if (is_for_lanes(rows)) {
        ROW_REAL lane[LONGEST_LANE][LANES], shift[LANES];
        double sum[LANES];
        ROW_NAME(load_lanes)(rows, x, lane);
        ROW_NAME(terms_in_lanes)(lane, n, false, shift, sum);
#pragma omp simd
        for (int l = 0; l < LANES; l++)
            sum[l] = ROW_NAME(divisor)(sum[l]);
        for (int64_t i = 0; i < n; i++) {
#pragma omp simd
            for (int l = 0; l < LANES; l++)
                lane[i][l] = ROW_NAME(share)(lane[i][l], sum[l]);
        }
        ROW_NAME(store_lanes)(rows, lane, y);
        return;
    }
    for (int64_t row = 0; row < rows->count; row++) {
        const ROW_REAL *from = x + row * rows->step;
        ROW_REAL *to = y + row * rows->step;
        const ROW_REAL max = ROW_NAME(row_max)(from, n, stride);
        const double divisor = ROW_NAME(divisor)(ROW_NAME(row_terms)(from, n, stride, max, to));
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
#undef ROW_UNDERFLOW
#undef ROW_INLINE
