/*
 * Matrix products that read both operands where they lie, for one element type and one set of
 * instructions. The file is included as gemm_kernel.h is. gemm_unpacked.c says which product is
 * computed in which of these ways. Each element of C is summed in an order that depends on the
 * depth only, so its bits do not depend on the piece that it is computed with.
 */
#include "gemm_parts.h"

/* ------------------------------------------------------------------------------------- narrow --
 */

/* A tile of `height` rows, a constant where this is inlined, and n columns: a part of a vector. */
GEMM_INLINE GEMM_TARGET void GEMM_NAME(narrow_tile)(const int height, const yg_gemm *gemm,
                                                    const GEMM_REAL *from, const GEMM_REAL *b,
                                                    GEMM_REAL *c) {
    typedef GEMM_NAME(vector) vector;
    enum { MOST = GEMM_ROWS > GEMM_NAME(LANES) ? GEMM_ROWS : GEMM_NAME(LANES) };
    const int64_t n = gemm->columns, row = gemm->a_stride[0], step = gemm->a_stride[1];
    const GEMM_REAL *a[(MOST + 2) / 3]; /* one for each three rows, as in gemm_tile.h */
    GEMM_UNROLL for (int i = 0; i < height; i += 3) a[i / 3] = from + i * row;
    vector sum[MOST];
    GEMM_UNROLL for (int i = 0; i < height; i++) sum[i] = (vector){0};
    for (int64_t left = gemm->depth; left > 0; left--, b += gemm->b_stride[0]) {
        const vector of = (vector)GEMM_LOAD(b, n);
        GEMM_UNROLL for (int i = 0; i < height; i++) sum[i] =
            GEMM_MULTIPLY_ADD(a[i / 3][i % 3 * row], of, sum[i]);
        GEMM_UNROLL for (int i = 0; i < height; i += 3) a[i / 3] += step;
    }
    GEMM_UNROLL for (int i = 0; i < height; i++) {
        GEMM_REAL *to = c + i * gemm->c_stride;
        if (gemm->add)
            sum[i] += (vector)GEMM_LOAD(to, n);
        GEMM_STORE(to, n, sum[i]);
    }
}

/* C has at most a vector of columns, and B's rows are contiguous. */
GEMM_TARGET static void GEMM_NAME(narrow)(const yg_gemm *gemm, const void *a, const void *b,
                                          void *c, void *scratch) {
    (void)scratch;
    for (int64_t i = 0, height; i < gemm->rows; i += height) {
        height = yg_gemm_tile_height(gemm->rows - i, GEMM_ROWS);
        const GEMM_REAL *from = (const GEMM_REAL *)a + i * gemm->a_stride[0];
        GEMM_REAL *to = (GEMM_REAL *)c + i * gemm->c_stride;
        switch (height) {
#define GEMM_CASE(n)                                                                               \
    case n:                                                                                        \
        GEMM_NAME(narrow_tile)(n, gemm, from, b, to);                                              \
        break;
            GEMM_CASE(1)
            GEMM_CASE(2)
            GEMM_CASE(3)
            GEMM_CASE(4)
            GEMM_CASE(5)
#if GEMM_ROWS > 6
            GEMM_CASE(6)
            GEMM_CASE(7)
            GEMM_CASE(8)
            GEMM_CASE(9)
            GEMM_CASE(10)
            GEMM_CASE(11)
#endif
#undef GEMM_CASE
        default:
            GEMM_NAME(narrow_tile)(GEMM_ROWS, gemm, from, b, to);
        }
    }
}

/* Columns [0, n) of C. Only [first, n) are written: at most as many as a vector has lanes.
 * `turned` is Cᵀ = Bᵀ · Aᵀ with A copied to whole vectors. */
GEMM_TARGET static void GEMM_NAME(turned_tile)(const yg_gemm *gemm, const yg_gemm *turned,
                                               int64_t first, int64_t n, const GEMM_REAL *b,
                                               const GEMM_REAL *copy, GEMM_REAL *c) {
    typedef GEMM_NAME(vector) vector;
    enum { LANES = GEMM_NAME(LANES), LONG = 16 / sizeof(GEMM_REAL) };
    GEMM_REAL rows[LANES * LANES] __attribute__((aligned(64)));
    GEMM_REAL columns[LANES * LANES] __attribute__((aligned(64)));
    if (n == LANES)
        GEMM_NAME(narrow_tile)(LANES, turned, b, copy, rows);
    for (int64_t k = 0; k < n && n < LANES; k++)
        GEMM_NAME(narrow_tile)(1, turned, b + k * turned->a_stride[0], copy, rows + k * LANES);
    GEMM_UNROLL for (int q = 0; q < LANES; q += LONG)
        GEMM_TRANSPOSE_LANES(columns + q * LANES, LANES, rows + q, LANES);
    for (int64_t i = 0; i < gemm->rows; i++, c += gemm->c_stride) {
        const GEMM_REAL *from = columns + i * LANES;
        vector sum = (vector)GEMM_LOAD(from + first, n - first);
        if (gemm->add)
            sum += (vector)GEMM_LOAD(c + first, n - first);
        GEMM_STORE(c + first, n - first, sum);
    }
}

/* C has at most a vector of rows, and B is transposed: a row of B meets a vector of A's column. */
GEMM_TARGET static void GEMM_NAME(narrow_turned)(const yg_gemm *gemm, const void *from,
                                                 const void *of, void *to, void *scratch) {
    enum { LANES = GEMM_NAME(LANES) };
    const GEMM_REAL *a = from, *b = of;
    GEMM_REAL *copy = scratch, *c = to;
    yg_gemm turned = yg_gemm_turned(gemm);
    turned.b_stride[0] = turned.c_stride = turned.columns = LANES;
    turned.add = false;
    for (int64_t p = 0; p < gemm->depth; p++)
        for (int64_t i = 0; i < LANES; i++)
            copy[p * LANES + i] =
                i < gemm->rows ? a[i * gemm->a_stride[0] + p * gemm->a_stride[1]] : 0;
    for (int64_t j = 0; j < gemm->columns; j += LANES) {
        /* The last tile lies over the one before. */
        const int64_t at = yg_smaller(j, yg_larger(0, gemm->columns - LANES));
        GEMM_NAME(turned_tile)
        (gemm, &turned, j - at, yg_smaller(LANES, gemm->columns), b + at * gemm->b_stride[1], copy,
         c + at);
    }
}

/* ------------------------------------------------------------------------------------ shallow --
 */

/* c[i, 0 .. n) for `height` rows, a constant where this is inlined, and n columns: whole vectors.
 * b has contiguous rows. */
GEMM_INLINE GEMM_TARGET void GEMM_NAME(shallow_rows)(const int height, const yg_gemm *gemm,
                                                     int64_t n, const GEMM_REAL *a,
                                                     const GEMM_REAL *b, int64_t b_step,
                                                     GEMM_REAL *c) {
    typedef GEMM_NAME(vector) vector;
    enum { LANES = GEMM_NAME(LANES), MOST = YG_GEMM_FEW_ROWS };
    const int64_t depth = gemm->depth, step = gemm->a_stride[1];
    for (int64_t j = 0; j < n; j += LANES) {
        vector sum[MOST];
        GEMM_UNROLL for (int i = 0; i < height; i++) sum[i] = (vector){0};
        for (int64_t p = 0; p < depth; p++) {
            const vector of = *(const vector *)(b + p * b_step + j);
            GEMM_UNROLL for (int i = 0; i < height; i++) sum[i] =
                GEMM_MULTIPLY_ADD(a[i * gemm->a_stride[0] + p * step], of, sum[i]);
        }
        GEMM_UNROLL for (int i = 0; i < height; i++) {
            vector *to = (vector *)(c + i * gemm->c_stride + j);
            if (gemm->add)
                sum[i] += *to;
            *to = sum[i];
        }
    }
}

/* The same for columns that do not fill a vector. */
GEMM_TARGET static void GEMM_NAME(shallow_rest)(const yg_gemm *gemm, int64_t rows, int64_t n,
                                                const GEMM_REAL *a, const GEMM_REAL *b,
                                                int64_t b_step, GEMM_REAL *c) {
    yg_gemm rest = *gemm;
    rest.rows = rows;
    rest.columns = n;
    rest.b_stride[0] = b_step;
    rest.b_stride[1] = 1;
    if (n > 0)
        GEMM_NAME(narrow)(&rest, a, b, c, NULL);
}

/* Few steps of the depth: memory limits the product, and C is most of it. A few rows of C at a time
 * are written from one end to the other. Columns are cut so that the rows of B stay in L1. */
GEMM_TARGET static void GEMM_NAME(shallow)(const yg_gemm *gemm, const void *from, const void *of,
                                           void *to, void *scratch) {
    enum { LANES = GEMM_NAME(LANES), NEAR = 16384 / sizeof(GEMM_REAL), MOST = YG_GEMM_FEW_ROWS };
    const int64_t depth = gemm->depth, width = yg_larger(LANES, NEAR / depth / LANES * LANES);
    const GEMM_REAL *b = of;
    int64_t b_step = gemm->b_stride[0];
    if (gemm->b_stride[1] != 1 && gemm->columns > 1) {
        GEMM_REAL *copy = scratch;
        for (int64_t p = 0; p < depth && gemm->kept != YG_GEMM_KEPT_AGAIN; p++)
            for (int64_t j = 0; j < gemm->columns; j++)
                copy[p * gemm->columns + j] = b[p * gemm->b_stride[0] + j * gemm->b_stride[1]];
        b = copy;
        b_step = gemm->columns;
    }
    for (int64_t j = 0; j < gemm->columns; j += width) {
        const int64_t columns = yg_smaller(width, gemm->columns - j),
                      whole = columns / LANES * LANES;
        for (int64_t i = 0; i < gemm->rows; i += MOST) {
            const GEMM_REAL *a = (const GEMM_REAL *)from + i * gemm->a_stride[0];
            GEMM_REAL *c = (GEMM_REAL *)to + i * gemm->c_stride + j;
            const int64_t rows = yg_smaller(MOST, gemm->rows - i);
            if (rows == MOST)
                GEMM_NAME(shallow_rows)(MOST, gemm, whole, a, b + j, b_step, c);
            for (int64_t k = 0; k < rows && rows < MOST; k++)
                GEMM_NAME(shallow_rows)
            (1, gemm, whole, a + k * gemm->a_stride[0], b + j, b_step, c + k * gemm->c_stride);
            GEMM_NAME(shallow_rest)
            (gemm, rows, columns - whole, a, b + j + whole, b_step, c + whole);
        }
    }
}

/* ------------------------------------------------------------------------------------- stream --
 */

/* c[i, 0 .. n) (+)= a[i, 0 .. steps) · b[0 .. steps, 0 .. n) for `rows` rows. `rows` and `steps`
 * are constants where this is inlined. */
GEMM_INLINE GEMM_TARGET void GEMM_NAME(stream_steps)(const int rows, const int steps, bool add,
                                                     int64_t n, const GEMM_REAL *a,
                                                     const int64_t a_stride[2], const GEMM_REAL *b,
                                                     int64_t b_step, GEMM_REAL *c, int64_t c_step) {
    typedef GEMM_NAME(vector) vector;
    enum { LANES = GEMM_NAME(LANES), STEPS = YG_GEMM_FEW_STEPS, MOST = YG_GEMM_FEW_ROWS };
    vector of[STEPS], factors[MOST][STEPS];
    GEMM_UNROLL for (int i = 0; i < rows; i++) GEMM_UNROLL for (int p = 0; p < steps; p++)
        factors[i][p] = a[i * a_stride[0] + p * a_stride[1]] - (vector){0};
    int64_t j = 0;
    for (; j + LANES <= n; j += LANES) {
        GEMM_UNROLL for (int p = 0; p < steps; p++) of[p] = *(const vector *)(b + p * b_step + j);
        GEMM_UNROLL for (int i = 0; i < rows; i++) {
            vector *to = (vector *)(c + i * c_step + j), sum = {0};
            if (add)
                sum = *to;
            GEMM_UNROLL for (int p = 0; p < steps; p++) sum = GEMM_FUSED(factors[i][p], of[p], sum);
            *to = sum;
        }
    }
    if (j == n)
        return;
    GEMM_UNROLL for (int p = 0; p < steps; p++) of[p] =
        (vector)GEMM_LOAD(b + p * b_step + j, n - j);
    GEMM_UNROLL for (int i = 0; i < rows; i++) {
        GEMM_REAL *to = c + i * c_step + j;
        vector sum = {0};
        if (add)
            sum = (vector)GEMM_LOAD(to, n - j);
        GEMM_UNROLL for (int p = 0; p < steps; p++) sum = GEMM_FUSED(factors[i][p], of[p], sum);
        GEMM_STORE(to, n - j, sum);
    }
}

GEMM_INLINE GEMM_TARGET void GEMM_NAME(stream_rows)(const int rows, bool add, int64_t n,
                                                    int64_t depth, const GEMM_REAL *a,
                                                    const int64_t a_stride[2], const GEMM_REAL *b,
                                                    int64_t b_step, GEMM_REAL *c, int64_t c_step) {
    enum { STEPS = YG_GEMM_FEW_STEPS };
    int64_t p = 0;
    for (; p + STEPS <= depth; p += STEPS)
        GEMM_NAME(stream_steps)
    (rows, STEPS, add || p > 0, n, a + p * a_stride[1], a_stride, b + p * b_step, b_step, c,
     c_step);
    for (; p < depth; p++)
        GEMM_NAME(stream_steps)
    (rows, 1, add || p > 0, n, a + p * a_stride[1], a_stride, b + p * b_step, b_step, c, c_step);
}

/* Few rows: B is read once, a few whole rows at a time, and C stays in the near caches. Columns are
 * cut so that it does. */
GEMM_TARGET static void GEMM_NAME(stream_block)(bool add, int64_t rows, int64_t n, int64_t depth,
                                                const GEMM_REAL *a, const int64_t a_stride[2],
                                                const GEMM_REAL *b, int64_t b_step, GEMM_REAL *c,
                                                int64_t c_step) {
    enum { MOST = YG_GEMM_FEW_ROWS };
    for (int64_t p = 0, steps; p < depth; p += steps) {
        /* The rows of C are computed a few at a time; so many rows of B stay in L1 meanwhile. */
        steps = rows > MOST ? yg_smaller(YG_GEMM_FEW_STEPS, depth - p) : depth;
        for (int64_t i = 0; i < rows; i += MOST) {
            const GEMM_REAL *from = a + i * a_stride[0] + p * a_stride[1], *of = b + p * b_step;
            GEMM_REAL *to = c + i * c_step;
            const bool adds = add || p > 0;
            switch (yg_smaller(MOST, rows - i)) {
#define GEMM_CASE(n_rows)                                                                          \
    case n_rows:                                                                                   \
        GEMM_NAME(stream_rows)                                                                     \
        (n_rows, adds, n, steps, from, a_stride, of, b_step, to, c_step);                          \
        break;
                GEMM_CASE(1)
                GEMM_CASE(2)
                GEMM_CASE(3)
                GEMM_CASE(4)
#undef GEMM_CASE
            default:
                break;
            }
        }
    }
}

GEMM_TARGET static void GEMM_NAME(stream)(const yg_gemm *gemm, const void *a, const void *b,
                                          void *c, void *scratch) {
    (void)scratch;
    const int64_t width = yg_gemm_stream_columns(gemm->rows, sizeof(GEMM_REAL));
    for (int64_t j = 0; j < gemm->columns; j += width)
        GEMM_NAME(stream_block)
    (gemm->add, gemm->rows, yg_smaller(width, gemm->columns - j), gemm->depth, a, gemm->a_stride,
     (const GEMM_REAL *)b + j, gemm->b_stride[0], (GEMM_REAL *)c + j, gemm->c_stride);
}

/* Few columns, and A is transposed: Cᵀ = Bᵀ · Aᵀ is computed in the scratch. */
GEMM_TARGET static void GEMM_NAME(stream_turned)(const yg_gemm *gemm, const void *a, const void *b,
                                                 void *c, void *scratch) {
    const yg_gemm turned = yg_gemm_turned(gemm);
    GEMM_REAL *part = scratch;
    const int64_t width = yg_gemm_stream_columns(turned.rows, sizeof(GEMM_REAL));
    for (int64_t j = 0; j < turned.columns; j += width) {
        const int64_t n = yg_smaller(width, turned.columns - j);
        GEMM_NAME(stream_block)
        (false, turned.rows, n, turned.depth, b, turned.a_stride, (const GEMM_REAL *)a + j,
         turned.b_stride[0], part, n);
        for (int64_t k = 0; k < n; k++) {
            GEMM_REAL *to = (GEMM_REAL *)c + (j + k) * gemm->c_stride;
            for (int64_t i = 0; i < gemm->columns; i++)
                to[i] = gemm->add ? to[i] + part[i * n + k] : part[i * n + k];
        }
    }
}

/* --------------------------------------------------------------------------------------- dots --
 */

/* A block of inner products: of `few` rows x and `many` rows y, all contiguous along the depth.
 * Each is the sum of `ways` sums, for every so manieth vector. So there are as many sums as a
 * vector has lanes, and they are added up across lanes together. Few rows of y are read side by
 * side, since rows that are a page apart evict each other. */
typedef struct GEMM_NAME(dots_shape) {
    int few, many, ways;
} GEMM_NAME(dots_shape);

static inline GEMM_NAME(dots_shape) GEMM_NAME(dots_of_rows)(int64_t rows) {
    enum { LANES = GEMM_NAME(LANES), MOST = 4 };
    const int few = rows >= 4 && LANES >= 8 ? 4 : rows >= 2 ? 2 : 1;
    const int many = LANES / few < MOST ? LANES / few : MOST;
    return (GEMM_NAME(dots_shape)){few, many, LANES / few / many};
}

/* to[i] = the sum of the lanes of from[i], for as many vectors as 16 bytes have elements. */
GEMM_INLINE GEMM_TARGET void GEMM_NAME(add_lanes)(const GEMM_NAME(vector) * from, GEMM_REAL *to) {
    enum { LANES = GEMM_NAME(LANES), LONG = 16 / sizeof(GEMM_REAL) };
    typedef GEMM_REAL part __attribute__((vector_size(16), aligned(sizeof(GEMM_REAL)), may_alias));
    part rows[LONG], columns[LONG];
    GEMM_UNROLL for (int i = 0; i < LONG; i++) {
        GEMM_REAL lanes[LANES] __attribute__((aligned(64)));
        *(GEMM_NAME(vector) *)lanes = from[i];
        rows[i] = *(const part *)lanes;
        GEMM_UNROLL for (int k = LONG; k < LANES; k += LONG) rows[i] += *(const part *)(lanes + k);
    }
    GEMM_TURN((GEMM_REAL *)columns, LONG, (const GEMM_REAL *)rows, LONG);
    GEMM_UNROLL for (int k = 1; k < LONG; k++) columns[0] += columns[k];
    *(part *)to = columns[0];
}

/* `blocks` blocks of rows y, one after the other. In each the product of x[i] and y[k] goes to
 * sums[i · many + k]. `s` is a constant where this is inlined. */
GEMM_INLINE GEMM_TARGET void GEMM_NAME(dots_of)(const GEMM_NAME(dots_shape) s, int64_t blocks,
                                                int64_t depth, const GEMM_REAL *x, int64_t x_step,
                                                const GEMM_REAL *y, int64_t y_step,
                                                GEMM_REAL *sums) {
    typedef GEMM_NAME(vector) vector;
    enum { LANES = GEMM_NAME(LANES), LONG = 16 / sizeof(GEMM_REAL) };
    const int pairs = s.few * s.many;
    for (int64_t b = 0; b < blocks; b++, y += s.many * y_step, sums += pairs) {
        vector sum[LANES];
        GEMM_UNROLL for (int k = 0; k < LANES; k++) sum[k] = (vector){0};
        int64_t p = 0;
        for (int ways = s.ways; p + LANES <= depth; p += ways * LANES) {
            if (p + ways * LANES > depth)
                ways = 1; /* the last vectors belong to the first sum */
            GEMM_UNROLL for (int w = 0; w < s.ways; w++) {
                if (w == ways)
                    break;
                vector of[4];
                GEMM_UNROLL for (int i = 0; i < s.few; i++) of[i] =
                    *(const vector *)(x + i * x_step + p + w * LANES);
                GEMM_UNROLL for (int k = 0; k < s.many; k++) {
                    const vector with = *(const vector *)(y + k * y_step + p + w * LANES);
                    GEMM_UNROLL for (int i = 0; i < s.few; i++) {
                        const int at = (w * s.few + i) * s.many + k;
                        sum[at] = GEMM_FUSED(with, of[i], sum[at]);
                    }
                }
            }
        }
        GEMM_UNROLL for (int w = 1; w < s.ways; w++) GEMM_UNROLL for (int k = 0; k < pairs; k++)
            sum[k] += sum[w * pairs + k];
        GEMM_UNROLL for (int k = 0; k < pairs; k += LONG) GEMM_NAME(add_lanes)(sum + k, sums + k);
        for (; p < depth; p++)
            for (int i = 0; i < s.few; i++)
                for (int k = 0; k < s.many; k++)
                    sums[i * s.many + k] += x[i * x_step + p] * y[k * y_step + p];
    }
}

#define GEMM_DOTS(name, few)                                                                       \
    GEMM_TARGET __attribute__((noinline)) static void GEMM_NAME(name)(                             \
        int64_t blocks, int64_t depth, const GEMM_REAL *x, int64_t x_step, const GEMM_REAL *y,     \
        int64_t y_step, GEMM_REAL *sums) {                                                         \
        GEMM_NAME(dots_of)                                                                         \
        (GEMM_NAME(dots_of_rows)(few), blocks, depth, x, x_step, y, y_step, sums);                 \
    }
GEMM_DOTS(dots_of_1, 1)
GEMM_DOTS(dots_of_2, 2)
GEMM_DOTS(dots_of_4, 4)
#undef GEMM_DOTS

/* One of them, added up in the same order. */
GEMM_TARGET static GEMM_REAL GEMM_NAME(dot)(int ways, int64_t depth, const GEMM_REAL *x,
                                            const GEMM_REAL *y) {
    typedef GEMM_NAME(vector) vector;
    enum { LANES = GEMM_NAME(LANES) };
    vector sum[LANES] = {{0}};
    int64_t p = 0;
    for (int n = ways; p + LANES <= depth; p += n * LANES) {
        if (p + n * LANES > depth)
            n = 1;
        for (int w = 0; w < n; w++)
            sum[w] = GEMM_FUSED(*(const vector *)(y + p + w * LANES),
                                *(const vector *)(x + p + w * LANES), sum[w]);
    }
    for (int w = 1; w < ways; w++)
        sum[0] += sum[w];
    enum { LONG = 16 / sizeof(GEMM_REAL) };
    GEMM_REAL part[LONG], total;
    for (int i = 0; i < LONG; i++) {
        part[i] = sum[0][i];
        for (int k = LONG; k < LANES; k += LONG)
            part[i] += sum[0][k + i];
    }
    total = part[0];
    for (int i = 1; i < LONG; i++)
        total += part[i];
    for (; p < depth; p++)
        total += x[p] * y[p];
    return total;
}

/* The product of x [rows, depth] and the transpose of y [columns, depth]. Element (i, k) goes to
 * c[i · c_stride[0] + k · c_stride[1]]. The last rows of x, and the last block of y, lie over those
 * before: some elements are computed again. */
GEMM_TARGET static void GEMM_NAME(dots_between)(bool add, int64_t rows, int64_t columns,
                                                int64_t depth, const GEMM_REAL *x, int64_t x_step,
                                                const GEMM_REAL *y, int64_t y_step, GEMM_REAL *c,
                                                const int64_t c_stride[2]) {
    enum { BLOCKS = 8 };
    const GEMM_NAME(dots_shape) s = GEMM_NAME(dots_of_rows)(rows);
    GEMM_REAL sums[BLOCKS * GEMM_NAME(LANES)] __attribute__((aligned(64)));
    if (columns < s.many) {
        for (int64_t i = 0; i < rows; i++)
            for (int64_t k = 0; k < columns; k++) {
                GEMM_REAL *to = c + i * c_stride[0] + k * c_stride[1];
                const GEMM_REAL sum = GEMM_NAME(dot)(s.ways, depth, x + i * x_step, y + k * y_step);
                *to = add ? *to + sum : sum;
            }
        return;
    }
    for (int64_t done = 0, count; done < columns; done += count) {
        const int64_t blocks = yg_smaller(BLOCKS, yg_larger(1, (columns - done) / s.many));
        const int64_t at = yg_smaller(done, columns - s.many);
        count = at + blocks * s.many - done;
        for (int64_t i = 0; i < rows; i += s.few) {
            const int64_t row = yg_smaller(i, rows - s.few);
            (s.few == 4   ? GEMM_NAME(dots_of_4)
             : s.few == 2 ? GEMM_NAME(dots_of_2)
                          : GEMM_NAME(dots_of_1))(blocks, depth, x + row * x_step, x_step,
                                                  y + at * y_step, y_step, sums);
            if (rows == 1 && c_stride[1] == 1 && !add) {
                memcpy(c + done, sums + (done - at), (size_t)count * sizeof *c);
                continue;
            }
            for (int64_t r = i - row; r < s.few; r++) {
                GEMM_REAL *to = c + (row + r) * c_stride[0] + done * c_stride[1];
                const GEMM_REAL *from = sums + r * s.many;
                for (int64_t n = 0, k = done - at; n < count; n++, k++, to += c_stride[1]) {
                    if (k == s.many) {
                        k = 0;
                        from += s.few * s.many;
                    }
                    *to = add ? *to + from[k] : from[k];
                }
            }
        }
    }
}

/* Few rows, and B is transposed. */
GEMM_TARGET static void GEMM_NAME(dots)(const yg_gemm *gemm, const void *a, const void *b, void *c,
                                        void *scratch) {
    (void)scratch;
    GEMM_NAME(dots_between)
    (gemm->add, gemm->rows, gemm->columns, gemm->depth, a, gemm->a_stride[0], b, gemm->b_stride[1],
     c, (const int64_t[]){gemm->c_stride, 1});
}

/* Few columns. B becomes contiguous along the depth. */
GEMM_TARGET static void GEMM_NAME(dots_turned)(const yg_gemm *gemm, const void *a, const void *b,
                                               void *c, void *scratch) {
    const GEMM_REAL *from = b;
    int64_t step = gemm->b_stride[1];
    if (gemm->b_stride[0] != 1) {
        GEMM_REAL *copy = scratch;
        for (int64_t p = 0; p < gemm->depth; p++)
            for (int64_t j = 0; j < gemm->columns; j++)
                copy[j * gemm->depth + p] = from[p * gemm->b_stride[0] + j * step];
        from = copy;
        step = gemm->depth;
    }
    GEMM_NAME(dots_between)
    (gemm->add, gemm->columns, gemm->rows, gemm->depth, from, step, a, gemm->a_stride[0], c,
     (const int64_t[]){1, gemm->c_stride});
}

void GEMM_NAME(yg_gemm_unpacked)(yg_gemm_kernel kernels[YG_GEMM_WAYS]) {
    kernels[YG_GEMM_NARROW] = GEMM_NAME(narrow);
    kernels[YG_GEMM_NARROW_TURNED] = GEMM_NAME(narrow_turned);
    kernels[YG_GEMM_SHALLOW] = GEMM_NAME(shallow);
    kernels[YG_GEMM_STREAM] = GEMM_NAME(stream);
    kernels[YG_GEMM_STREAM_TURNED] = GEMM_NAME(stream_turned);
    kernels[YG_GEMM_DOTS] = GEMM_NAME(dots);
    kernels[YG_GEMM_DOTS_TURNED] = GEMM_NAME(dots_turned);
}
