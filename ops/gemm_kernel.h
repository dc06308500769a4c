/*
 * Matrix products for one element type, to be included once for each (no include guard). Before it,
 * define
 *
 *   GEMM_REAL                  the element type
 *   GEMM_NAME(x)               x with the type's suffix
 *   GEMM_FUSED(a, x, sum)      a · x + sum on 32-byte vectors x and sum, rounded once (x86-64 only)
 *
 * which are undefined again at its end.
 */

/* ------------------------------------------------------------------------- tiles of the result --
 */

/* c (+)= a · b for a tile of C that stays in registers while it runs over the depth: GEMM_TILE_ROWS
 * high, two vectors wide. a and b are packed: both are read in order. */
#define GEMM_TILE(function, target, bytes, multiply_add)                                           \
    target static void function(int64_t depth, const GEMM_REAL *a, const GEMM_REAL *b,             \
                                GEMM_REAL *c, int64_t c_stride, bool add) {                        \
        typedef GEMM_REAL vector __attribute__((vector_size(bytes)));                              \
        typedef GEMM_REAL unaligned                                                                \
            __attribute__((vector_size(bytes), aligned(sizeof(GEMM_REAL)), may_alias));            \
        enum { WIDTH = bytes / sizeof(GEMM_REAL) };                                                \
        vector sum[GEMM_TILE_ROWS][2] = {{{0}}};                                                   \
        for (int64_t p = 0; p < depth; p++) {                                                      \
            const vector b0 = *(const unaligned *)b, b1 = *(const unaligned *)(b + WIDTH);         \
            _Pragma("GCC unroll 6") for (int i = 0; i < GEMM_TILE_ROWS; i++) {                     \
                sum[i][0] = multiply_add(a[i], b0, sum[i][0]);                                     \
                sum[i][1] = multiply_add(a[i], b1, sum[i][1]);                                     \
            }                                                                                      \
            a += GEMM_TILE_ROWS;                                                                   \
            b += 2 * WIDTH;                                                                        \
        }                                                                                          \
        _Pragma("GCC unroll 6") for (int i = 0; i < GEMM_TILE_ROWS; i++) {                         \
            unaligned *c0 = (unaligned *)(c + i * c_stride);                                       \
            unaligned *c1 = (unaligned *)(c + i * c_stride + WIDTH);                               \
            if (add) {                                                                             \
                sum[i][0] += *c0;                                                                  \
                sum[i][1] += *c1;                                                                  \
            }                                                                                      \
            *c0 = sum[i][0];                                                                       \
            *c1 = sum[i][1];                                                                       \
        }                                                                                          \
    }

#define GEMM_ROUNDED_TWICE(a, x, sum) ((sum) + (a) * (x))

GEMM_TILE(GEMM_NAME(tile_16), , 16, GEMM_ROUNDED_TWICE)
#ifdef GEMM_HAVE_FMA
GEMM_TILE(GEMM_NAME(tile_32), __attribute__((target("avx2,fma"))), 32, GEMM_FUSED)
#endif

/* ------------------------------------------------------------------------------------- packing --
 */

/* Packs [count, depth] elements, (i, p) at i · stride[0] + p · stride[1] (one of them 1), into
 * panels of `width` rows: of each panel first the `width` elements of p = 0, then those of p = 1,
 * …; zeros where the last panel has no row. */
static void GEMM_NAME(pack)(GEMM_REAL *to, const GEMM_REAL *from, const int64_t stride[2],
                            int64_t count, int64_t depth, int64_t width) {
    for (int64_t first = 0; first < count; first += width, to += width * depth) {
        const int64_t rows = count - first < width ? count - first : width;
        const GEMM_REAL *panel = from + first * stride[0];
        if (rows < width)
            memset(to, 0, (size_t)(width * depth) * sizeof *to);
        if (stride[0] == 1) {
            for (int64_t p = 0; p < depth; p++)
                for (int64_t i = 0; i < rows; i++)
                    to[p * width + i] = panel[p * stride[1] + i];
        } else {
            /* A line of each row at a time, so that its neighbours in the cache stay there. */
            enum { LINE = 64 / sizeof(GEMM_REAL) };
            for (int64_t start = 0; start < depth; start += LINE) {
                const int64_t stop = smaller(start + LINE, depth);
                for (int64_t i = 0; i < rows; i++)
                    for (int64_t p = start; p < stop; p++)
                        to[p * width + i] = panel[i * stride[0] + p];
            }
        }
    }
}

/* ------------------------------------------------------------------------------------- drivers --
 */

/* Without packing, for results too small or too narrow to be worth it: rows [0, rows) of C. */
YG_MULTIVERSION static void GEMM_NAME(plain)(const yg_gemm *gemm, const GEMM_REAL *a,
                                             const GEMM_REAL *b, GEMM_REAL *c, int64_t rows) {
    const int64_t columns = gemm->columns, depth = gemm->depth;
    for (int64_t i = 0; i < rows; i++, a += gemm->a_stride[0], c += gemm->c_stride) {
        if (gemm->b_stride[1] == 1) {
            /* Row by row of B: c += a[p] · b[p, :]. */
            for (int64_t j = 0; j < columns; j++)
                c[j] = 0;
            for (int64_t p = 0; p < depth; p++) {
                const GEMM_REAL factor = a[p * gemm->a_stride[1]];
                const GEMM_REAL *row = b + p * gemm->b_stride[0];
                GEMM_SIMD
                for (int64_t j = 0; j < columns; j++)
                    c[j] += factor * row[j];
            }
            continue;
        }
        /* B's columns are contiguous: inner products. */
        for (int64_t j = 0; j < columns; j++) {
            enum { LANES = 16 };
            const GEMM_REAL *column = b + j * gemm->b_stride[1];
            GEMM_REAL lane[LANES] = {0}, rest = 0;
            int64_t p = 0;
            if (gemm->a_stride[1] == 1)
                for (; p + LANES <= depth; p += LANES) {
                    GEMM_SIMD
                    for (int l = 0; l < LANES; l++)
                        lane[l] += a[p + l] * column[p + l];
                }
            for (; p < depth; p++)
                rest += a[p * gemm->a_stride[1]] * column[p * gemm->b_stride[0]];
            if (depth >= LANES)
                for (int width = LANES / 2; width > 0; width /= 2)
                    for (int l = 0; l < width; l++)
                        lane[l] += lane[l + width];
            c[j] = lane[0] + rest;
        }
    }
}

/* One packed block of A by one packed panel block of B: tile by tile. */
static void GEMM_NAME(tiles)(int64_t rows, int64_t columns, int64_t depth, const GEMM_REAL *a,
                             const GEMM_REAL *b, GEMM_REAL *c, int64_t c_stride, bool add) {
    GEMM_REAL edge[GEMM_TILE_ROWS * GEMM_WIDEST]; /* a tile that hangs over C's border */
    int64_t width = 2 * 16 / (int64_t)sizeof(GEMM_REAL);
    void (*tile)(int64_t, const GEMM_REAL *, const GEMM_REAL *, GEMM_REAL *, int64_t, bool) =
        GEMM_NAME(tile_16);
#ifdef GEMM_HAVE_FMA
    if (has_fma()) {
        width = 2 * 32 / (int64_t)sizeof(GEMM_REAL);
        tile = GEMM_NAME(tile_32);
    }
#endif
    for (int64_t j = 0; j < columns; j += width) {
        const int64_t used = columns - j < width ? columns - j : width;
        for (int64_t i = 0; i < rows; i += GEMM_TILE_ROWS) {
            const int64_t high = rows - i < GEMM_TILE_ROWS ? rows - i : GEMM_TILE_ROWS;
            GEMM_REAL *to = c + i * c_stride + j;
            if (used == width && high == GEMM_TILE_ROWS) {
                tile(depth, a + i * depth, b + j * depth, to, c_stride, add);
                continue;
            }
            tile(depth, a + i * depth, b + j * depth, edge, width, false);
            for (int64_t r = 0; r < high; r++)
                for (int64_t s = 0; s < used; s++)
                    to[r * c_stride + s] =
                        add ? to[r * c_stride + s] + edge[r * width + s] : edge[r * width + s];
        }
    }
}

static void GEMM_NAME(packed)(const yg_gemm *gemm, const GEMM_REAL *a, const GEMM_REAL *b,
                              GEMM_REAL *c, GEMM_REAL *scratch) {
    const int64_t width = panel_width((int64_t)sizeof(GEMM_REAL));
    const int64_t b_transposed[2] = {gemm->b_stride[1], gemm->b_stride[0]};
    GEMM_REAL *packed_b = scratch;
    GEMM_REAL *packed_a =
        scratch + packed_columns(gemm->columns, width) * smaller(gemm->depth, GEMM_DEPTH);
    for (int64_t j = 0; j < gemm->columns; j += GEMM_COLUMNS) {
        const int64_t columns = smaller(gemm->columns - j, GEMM_COLUMNS);
        for (int64_t p = 0; p < gemm->depth; p += GEMM_DEPTH) {
            const int64_t depth = smaller(gemm->depth - p, GEMM_DEPTH);
            GEMM_NAME(pack)
            (packed_b, b + p * gemm->b_stride[0] + j * gemm->b_stride[1], b_transposed, columns,
             depth, width);
            for (int64_t i = 0; i < gemm->rows; i += GEMM_ROWS) {
                const int64_t rows = smaller(gemm->rows - i, GEMM_ROWS);
                GEMM_NAME(pack)
                (packed_a, a + i * gemm->a_stride[0] + p * gemm->a_stride[1], gemm->a_stride, rows,
                 depth, GEMM_TILE_ROWS);
                GEMM_NAME(tiles)
                (rows, columns, depth, packed_a, packed_b, c + i * gemm->c_stride + j,
                 gemm->c_stride, p > 0);
            }
        }
    }
}

/* A handful of products: less work than any of the above takes to set up. */
static void GEMM_NAME(tiny)(const yg_gemm *gemm, const GEMM_REAL *a, const GEMM_REAL *b,
                            GEMM_REAL *c) {
    for (int64_t i = 0; i < gemm->rows; i++)
        for (int64_t j = 0; j < gemm->columns; j++) {
            const GEMM_REAL *left = a + i * gemm->a_stride[0], *right = b + j * gemm->b_stride[1];
            GEMM_REAL sum = 0;
            for (int64_t p = 0; p < gemm->depth; p++)
                sum += left[p * gemm->a_stride[1]] * right[p * gemm->b_stride[0]];
            c[i * gemm->c_stride + j] = sum;
        }
}

void GEMM_NAME(yg_gemm)(const yg_gemm *gemm, const GEMM_REAL *a, const GEMM_REAL *b, GEMM_REAL *c,
                        void *scratch) {
    if (!is_plain(gemm)) {
        GEMM_NAME(packed)(gemm, a, b, c, scratch);
        return;
    }
    if (is_tiny(gemm)) {
        GEMM_NAME(tiny)(gemm, a, b, c);
        return;
    }
    if (gemm->columns == 1 && gemm->c_stride == 1) {
        /* A column is computed as the row that it is in memory: Cᵀ = Bᵀ · Aᵀ. */
        const yg_gemm row = {
            .rows = 1,
            .columns = gemm->rows,
            .depth = gemm->depth,
            .a_stride = {0, gemm->b_stride[0]},
            .b_stride = {gemm->a_stride[1], gemm->a_stride[0]},
        };
        GEMM_NAME(plain)(&row, b, a, c, 1);
        return;
    }
    GEMM_NAME(plain)(gemm, a, b, c, gemm->rows);
}

#undef GEMM_TILE
#undef GEMM_ROUNDED_TWICE
#undef GEMM_REAL
#undef GEMM_NAME
#undef GEMM_FUSED
