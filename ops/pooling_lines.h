/*
 * A template for poolings of images with one channel: whole lines of pixels are computed at once.
 * It has no include guard: include it once for each element type. Define before the include:
 *
 *   POOL_REAL        the type
 *   POOL_NAME(name)  the name of a function for that type
 *
 *   POOL_GRADIENT    optional: the kernel of the average's gradient, not that of the average
 *   POOL_MAX         optional: the kernel of the maximum
 *
 * All are undefined at the end.
 *
 * A window first joins its rows of pixels, which is a sum or maximum of lines, and then its
 * columns. A line has zeros for the padding at its ends, or -infinity, so that all windows along it
 * are alike.
 */

#define POOL_INLINE static inline __attribute__((always_inline))

/* What windows make of their elements. A NaN replaces the largest so far. */
#ifdef POOL_MAX
#define POOL_JOIN(best, found) ((found) > (best) || (found) != (found) ? (found) : (best))
#define POOL_NOTHING           (-(POOL_REAL)INFINITY)
#else
#define POOL_JOIN(sum, term) ((sum) + (term))
#define POOL_NOTHING         0
#endif

/* y[k] is the sum of line[k · stride + i · step], i < kernel, or their maximum. What is a constant
 * where this is inlined, the compiler makes vectors of. */
POOL_INLINE void POOL_NAME(join_each)(const POOL_REAL *restrict line, int64_t count,
                                      const int64_t kernel, const int64_t stride,
                                      const int64_t step, POOL_REAL *restrict y) {
    for (int64_t k = 0; k < count; k++) {
        POOL_REAL all = line[k * stride];
        for (int64_t i = 1; i < kernel; i++)
            all = POOL_JOIN(all, line[k * stride + i * step]);
        y[k] = all;
    }
}

/* The same for all kernels; the usual ones are constants. `count` windows. */
POOL_INLINE void POOL_NAME(join_windows)(const yg_pooling_dim *dim, const POOL_REAL *line,
                                         int64_t count, POOL_REAL *y) {
    const int64_t kernel = dim->kernel, stride = dim->stride, step = dim->dilation;
    if (step == 1 && kernel == 2 && stride == 2)
        POOL_NAME(join_each)(line, count, 2, 2, 1, y);
    else if (step == 1 && kernel == 3 && stride == 2)
        POOL_NAME(join_each)(line, count, 3, 2, 1, y);
    else if (step == 1 && kernel == 3 && stride == 3)
        POOL_NAME(join_each)(line, count, 3, 3, 1, y);
    else if (step == 1 && kernel == 4 && stride == 4)
        POOL_NAME(join_each)(line, count, 4, 4, 1, y);
    else if (step == 1 && kernel == 3 && stride == 1)
        POOL_NAME(join_each)(line, count, 3, 1, 1, y);
    else if (stride == 1)
        POOL_NAME(join_each)(line, count, kernel, 1, step, y);
    else
        POOL_NAME(join_each)(line, count, kernel, stride, step, y);
}

/* line[k · stride + r] = Σ y[k - m] over m with r + m · stride < kernel, for k < count, r < stride:
 * the transpose of join_each(). y has zeros before its begin. */
POOL_INLINE void POOL_NAME(spread_each)(const POOL_REAL *restrict y, int64_t count,
                                        const int64_t kernel, const int64_t stride,
                                        POOL_REAL *restrict line) {
    for (int64_t k = 0; k < count; k++)
        for (int64_t r = 0; r < stride; r++) {
            POOL_REAL sum = r < kernel ? y[k] : 0;
            for (int64_t m = 1; r + m * stride < kernel; m++)
                sum += y[k - m];
            line[k * stride + r] = sum;
        }
}

POOL_INLINE void POOL_NAME(spread_windows)(const yg_pooling_dim *dim, const POOL_REAL *y,
                                           int64_t count, POOL_REAL *line) {
    if (dim->kernel == 2 && dim->stride == 2)
        POOL_NAME(spread_each)(y, count, 2, 2, line);
    else if (dim->kernel == 3 && dim->stride == 2)
        POOL_NAME(spread_each)(y, count, 3, 2, line);
    else if (dim->kernel == 3 && dim->stride == 3)
        POOL_NAME(spread_each)(y, count, 3, 3, line);
    else if (dim->kernel == 4 && dim->stride == 4)
        POOL_NAME(spread_each)(y, count, 4, 4, line);
    else if (dim->stride == 1)
        POOL_NAME(spread_each)(y, count, dim->kernel, 1, line);
    else
        POOL_NAME(spread_each)(y, count, dim->kernel, dim->stride, line);
}

/* The sum of `count` neighbours, in LANES parts. */
POOL_INLINE POOL_REAL POOL_NAME(sum_range)(const POOL_REAL *x, int64_t count) {
    POOL_REAL part[LANES] = {0}, sum = 0;
    int64_t k = 0;
    for (; k + LANES <= count; k += LANES)
#pragma omp simd
        for (int l = 0; l < LANES; l++)
            part[l] += x[k + l];
    for (int l = 0; k > 0 && l < LANES; l++)
        sum += part[l];
    for (; k < count; k++)
        sum += x[k];
    return sum;
}

/* What the windows of a line have along it: the divisor is that times what they have across. */
POOL_INLINE void POOL_NAME(count_along)(const yg_pooling *p, POOL_REAL *count) {
    const yg_pooling_dim *dim = &p->dim[2];
    for (int64_t k = 0; k < dim->output; k++) {
        const yg_window window = yg_pooling_window(dim, k);
        const int64_t pixels = p->include_pad ? window.padded : yg_window_count(&window);
        count[k] = (POOL_REAL)(p->divisor != 0 ? 1 : pixels);
        if (k != dim->inner_begin || dim->adaptive)
            continue;
        for (int64_t i = k + 1; i < dim->inner_end; i++)
            count[i] = count[k]; /* these are alike */
        k = dim->inner_end > k ? dim->inner_end - 1 : k;
    }
}

/* Whether all windows of some lines have the same divisor. */
POOL_INLINE bool POOL_NAME(is_uniform)(const POOL_REAL *count, int64_t windows,
                                       const double *across, int64_t lines) {
    int other = 0;
#pragma omp simd reduction(| : other)
    for (int64_t k = 1; k < windows; k++)
        other |= count[k] != count[0];
    for (int64_t r = 1; r < lines; r++)
        other |= across[r] != across[0];
    return other == 0;
}

#ifndef POOL_GRADIENT

/* Joins the rows of pixels of a line of windows, where the line has its pixels. */
POOL_INLINE void POOL_NAME(join_rows)(const yg_pooling *p, const yg_pooling_place *at,
                                      const POOL_REAL *image, int64_t count, POOL_REAL *line) {
    const int64_t width = p->dim[2].input, rows = p->dim[1].input;
    bool first = true;
    for (int64_t a = at->window[0].start; a < at->window[0].end; a += at->window[0].step)
        for (int64_t b = at->window[1].start; b < at->window[1].end; b += at->window[1].step) {
            const POOL_REAL *row = image + (a * rows + b) * width;
            if (first)
                for (int64_t k = 0; k < count; k++)
                    line[k] = row[k];
            else
                for (int64_t k = 0; k < count; k++)
                    line[k] = POOL_JOIN(line[k], row[k]);
            first = false;
        }
    for (int64_t k = 0; first && k < count; k++)
        line[k] = POOL_NOTHING;
}

/* The windows of `lines` lines from line `row` on, one line after the other in `joined`. */
POOL_INLINE void POOL_NAME(join_lines)(const yg_pooling *p, const yg_pooling_lines *all,
                                       const POOL_REAL *x, int64_t row, int64_t lines,
                                       yg_pooling_place *at, double *across, POOL_REAL *line,
                                       POOL_REAL *joined) {
    const yg_pooling_dim *dim = &p->dim[2];
    const int64_t image = yg_pooling_pixels(p), windows = dim->output;
    const yg_box box = {.rank = 2,
                        .size = {lines, all->count},
                        .to_stride = {all->pitch, 1},
                        .from_stride = {dim->input, 1}};
    if (all->flat)
        yg_copy_box(&box, sizeof *x, line + all->before, x + row * dim->input);
    for (int64_t r = 0; r < lines; r++) {
        across[r] = at->across;
        if (all->flat)
            continue;
        POOL_NAME(join_rows)
        (p, at, x + at->image * image, all->count, line + r * all->pitch + all->before);
        yg_pooling_place_next(p, at);
    }
    if (!dim->adaptive)
        POOL_NAME(join_windows)(dim, line, (lines - 1) * all->per + windows, joined);
    for (int64_t k = 0; dim->adaptive && k < windows; k++) {
        const yg_window of = yg_pooling_window(dim, k);
        for (int64_t r = 0; r < lines; r++)
            joined[r * all->per + k] =
                POOL_NAME(sum_range)(line + r * all->pitch + of.start, of.end - of.start);
    }
}

/* Writes the windows of lines that follow each other in `joined`. */
POOL_INLINE void POOL_NAME(put_lines)(const yg_pooling *p, const yg_pooling_lines *all,
                                      const POOL_REAL *joined, int64_t lines, POOL_REAL *y) {
    const int64_t windows = p->dim[2].output;
    const yg_box kept = {.rank = 2,
                         .size = {lines, windows},
                         .to_stride = {windows, 1},
                         .from_stride = {all->per, 1}};
    yg_copy_box(&kept, sizeof *y, y, joined);
}

/* Lines [begin, end) of windows, of all images. */
#ifdef POOL_MAX
YG_MULTIVERSION static void POOL_NAME(max_lines)(const yg_pooling *p, const POOL_REAL *x,
                                                 POOL_REAL *y, POOL_REAL *scratch, int64_t begin,
                                                 int64_t end) {
    const yg_pooling_lines all = yg_pooling_lines_of(p);
    POOL_REAL *line = scratch, *joined = line + all.lines * all.pitch;
    double across[YG_POOLING_LINES];
    yg_pooling_place at = yg_pooling_place_of(p, begin);
    for (int64_t k = 0; k < all.lines * all.pitch; k++)
        line[k] = POOL_NOTHING;
    for (int64_t row = begin, m; row < end; row += m) {
        m = end - row < all.lines ? end - row : all.lines;
        POOL_NAME(join_lines)(p, &all, x, row, m, &at, across, line, joined);
        POOL_NAME(put_lines)(p, &all, joined, m, y + row * p->dim[2].output);
    }
}
#else
YG_MULTIVERSION static void POOL_NAME(average_lines)(const yg_pooling *p, const POOL_REAL *x,
                                                     POOL_REAL *y, POOL_REAL *scratch,
                                                     int64_t begin, int64_t end) {
    const yg_pooling_lines all = yg_pooling_lines_of(p);
    const int64_t windows = p->dim[2].output;
    POOL_REAL *line = scratch, *sums = line + all.lines * all.pitch;
    POOL_REAL *count = sums + all.lines * all.per;
    double across[YG_POOLING_LINES];
    yg_pooling_place at = yg_pooling_place_of(p, begin);
    memset(line, 0, (size_t)(all.lines * all.pitch) * sizeof *line);
    POOL_NAME(count_along)(p, count);
    for (int64_t row = begin, m; row < end; row += m) {
        m = end - row < all.lines ? end - row : all.lines;
        POOL_NAME(join_lines)(p, &all, x, row, m, &at, across, line, sums);
        if (POOL_NAME(is_uniform)(count, windows, across, m)) {
            const POOL_REAL divisor = (POOL_REAL)(across[0] * (double)count[0]);
            for (int64_t k = 0; k < (m - 1) * all.per + windows; k++)
                sums[k] /= divisor;
            POOL_NAME(put_lines)(p, &all, sums, m, y + row * windows);
            continue;
        }
        for (int64_t r = 0; r < m; r++)
            for (int64_t k = 0; k < windows; k++)
                y[(row + r) * windows + k] =
                    sums[r * all.per + k] / ((POOL_REAL)across[r] * count[k]);
    }
}
#endif

#else

/* Lines of quotients, one after the other, become lines of pixels. */
POOL_INLINE void POOL_NAME(spread_lines)(const yg_pooling_dim *dim, const yg_pooling_lines *all,
                                         const POOL_REAL *quotients, int64_t lines,
                                         POOL_REAL *line) {
    if (!dim->adaptive && dim->dilation == 1) {
        POOL_NAME(spread_windows)(dim, quotients, lines * all->per, line);
        return;
    }
    memset(line, 0, (size_t)(lines * all->pitch) * sizeof *line);
    for (int64_t k = 0; k < dim->output; k++) {
        const yg_window of = yg_pooling_window(dim, k);
        for (int64_t r = 0; r < lines; r++) {
            POOL_REAL *to = line + r * all->pitch + all->before;
            const POOL_REAL quotient = quotients[r * all->per + k];
            for (int64_t at = of.start; dim->adaptive && at < of.end; at++)
                to[at] += quotient;
            for (int64_t at = of.start; !dim->adaptive && at < of.end; at += of.step)
                to[at] += quotient;
        }
    }
}

/* Adds a line of pixels to each row of pixels that its windows have. */
POOL_INLINE void POOL_NAME(add_line)(const yg_pooling *p, const yg_pooling_place *at,
                                     const POOL_REAL *line, int64_t count, POOL_REAL *image) {
    const int64_t width = p->dim[2].input, rows = p->dim[1].input;
    for (int64_t a = at->window[0].start; a < at->window[0].end; a += at->window[0].step)
        for (int64_t b = at->window[1].start; b < at->window[1].end; b += at->window[1].step) {
            POOL_REAL *row = image + (a * rows + b) * width;
            for (int64_t k = 0; k < count; k++)
                row[k] += line[k];
        }
}

/* Images [begin, end). */
YG_MULTIVERSION static void POOL_NAME(spread_images)(const yg_pooling *p, const POOL_REAL *dy,
                                                     POOL_REAL *dx, POOL_REAL *scratch,
                                                     int64_t begin, int64_t end) {
    const yg_pooling_dim *dim = &p->dim[2];
    const yg_pooling_lines all = yg_pooling_lines_of(p);
    const int64_t image = yg_pooling_pixels(p), windows = dim->output;
    const int64_t lines = p->dim[0].output * p->dim[1].output;
    POOL_REAL *line = scratch, *quotients = line + all.lines * all.pitch + all.more;
    POOL_REAL *count = quotients + all.lines * all.per;
    yg_pooling_place at = yg_pooling_place_of(p, begin * lines);
    memset(quotients - all.more, 0, (size_t)(all.more + all.lines * all.per) * sizeof *dx);
    POOL_NAME(count_along)(p, count);
    if (!all.flat || all.count < dim->input)
        memset(dx + begin * image, 0, (size_t)((end - begin) * image) * sizeof *dx);
    for (int64_t row = begin * lines, m; row < end * lines; row += m) {
        m = end * lines - row < all.lines ? end * lines - row : all.lines;
        yg_pooling_place first = at;
        for (int64_t r = 0; r < m; r++) {
            const POOL_REAL across = (POOL_REAL)at.across;
            for (int64_t k = 0; k < windows; k++)
                quotients[r * all.per + k] = dy[(row + r) * windows + k] / (across * count[k]);
            if (!all.flat)
                yg_pooling_place_next(p, &at);
        }
        POOL_NAME(spread_lines)(dim, &all, quotients, m, line);
        const yg_box box = {.rank = 2,
                            .size = {m, all.count},
                            .to_stride = {dim->input, 1},
                            .from_stride = {all.pitch, 1}};
        if (all.flat)
            yg_copy_box(&box, sizeof *dx, dx + row * dim->input, line + all.before);
        for (int64_t r = 0; r < m && !all.flat; r++) {
            POOL_NAME(add_line)
            (p, &first, line + r * all.pitch + all.before, all.count, dx + first.image * image);
            yg_pooling_place_next(p, &first);
        }
    }
}

#endif

#undef POOL_REAL
#undef POOL_NAME
#undef POOL_INLINE
#undef POOL_GRADIENT
#undef POOL_MAX
#undef POOL_JOIN
#undef POOL_NOTHING
