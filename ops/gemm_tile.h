/*
 * Tiles of a packed matrix product, a part of gemm_parts.h, which includes it.
 */

/* The operands of a tile. With `along` (see below) neighbours in memory are neighbours in a row of
 * A, and rows are a_step apart. Otherwise they are neighbours in a column of A, and steps of the
 * depth are a_step apart. The rows of b are b_step apart. */
typedef struct GEMM_NAME(tile_in) {
    int64_t depth; /* over 0 */
    const GEMM_REAL *a;
    int64_t a_step;
    const GEMM_REAL *b;
    int64_t b_step;
    yg_gemm_ahead *ahead; /* what to prefetch meanwhile */
} GEMM_NAME(tile_in);

/* Where a tile's result goes: rows `stride` apart. */
typedef struct GEMM_NAME(tile_out) {
    GEMM_REAL *c;
    int64_t stride;
    bool add;
} GEMM_NAME(tile_out);

/* Hides from the compiler where a pointer comes from. With `along` there is one for each three rows
 * of A. The compiler would use one for all and keep ten distances instead, for which it has no
 * registers left: the loop then loads some of them, and takes 5 % longer. */
#define GEMM_OPAQUE(pointer) __asm__("" : "+r"(pointer))

/* c (+)= a · b for a tile of C that stays in registers while it runs over the depth: `rows` high
 * and one or two vectors wide. `kept` is NULL or gets b, two vectors wide, packed: the loop has
 * time to store it, and packing costs nothing. `rows`, `vectors`, `along` and whether there is
 * `kept` are constants where this is inlined. */
GEMM_INLINE GEMM_TARGET void GEMM_NAME(tile)(const int rows, const int vectors, const bool along,
                                             const GEMM_NAME(tile_in) * in,
                                             GEMM_REAL *restrict kept,
                                             const GEMM_NAME(tile_out) * out) {
    typedef GEMM_NAME(vector) vector;
    /* Rows of B, and of a transposed A, are prefetched so many steps before they are read: about as
     * long as the L3 cache takes. */
    enum { LANES = GEMM_NAME(LANES), AHEAD = GEMM_BYTES == YG_GEMM_AVX512_BYTES ? 24 : 0 };
    const int64_t a_step = in->a_step, b_step = in->b_step, two_steps = 2 * a_step;
    const int pointers = along ? (rows + 2) / 3 : 1;
    const GEMM_REAL *a[(GEMM_ROWS + 2) / 3], *b = in->b;
    for (int k = 0; k < pointers; k++) {
        a[k] = in->a + 3 * k * a_step;
        if (along)
            GEMM_OPAQUE(a[k]);
    }
    yg_gemm_ahead *ahead = in->ahead;
    vector sum[GEMM_ROWS][2];
    GEMM_UNROLL for (int i = 0; i < rows; i++) sum[i][0] = sum[i][1] = (vector){0};
    if (ahead->for_results)
        GEMM_UNROLL for (int i = 0; i < rows; i++) {
            __builtin_prefetch(out->c + i * out->stride, 1);
            if (2 * GEMM_BYTES > 64)
                __builtin_prefetch(out->c + i * out->stride + LANES, 1);
        }
    for (int64_t left = in->depth; left > 0;) {
        int64_t steps = left;
        if (ahead->every) {
            steps = yg_smaller(left, ahead->every);
            yg_gemm_ask(ahead);
        }
        left -= steps;
        do {
            const vector b0 = *(const vector *)b;
            const vector b1 = vectors == 2 ? *(const vector *)(b + LANES) : b0;
            if (kept) {
                vector *to = (vector *)kept;
                to[0] = b0;
                to[1] = b1;
                kept += 2 * LANES;
                __builtin_prefetch(b + 2 * LANES, 0, 2); /* of the next panel */
                if (AHEAD > 0) {
                    __builtin_prefetch(b + AHEAD * b_step, 0, 3);
                    __builtin_prefetch(b + AHEAD * b_step + LANES, 0, 3);
                }
            }
            if (!along && AHEAD > 0)
                __builtin_prefetch(a[0] + AHEAD * a_step, 0, 3);

            GEMM_UNROLL for (int i = 0; i < rows; i++) {
                const GEMM_REAL *row = along ? a[i / 3] : a[0] + i;
                const GEMM_REAL x = along ? row[i % 3 == 2 ? two_steps : i % 3 * a_step] : *row;
                sum[i][0] = GEMM_MULTIPLY_ADD(x, b0, sum[i][0]);
                if (vectors == 2)
                    sum[i][1] = GEMM_MULTIPLY_ADD(x, b1, sum[i][1]);
            }
            for (int k = 0; k < pointers; k++) {
                a[k] += along ? 1 : a_step;
                if (along)
                    GEMM_OPAQUE(a[k]);
            }
            b += b_step;
        } while (--steps > 0);
    }
    GEMM_UNROLL for (int i = 0; i < rows; i++) {
        vector *to = (vector *)(out->c + i * out->stride);
        for (int j = 0; j < vectors; j++) {
            if (out->add)
                sum[i][j] += to[j];
            to[j] = sum[i][j];
        }
    }
}

/* A tile of a height that is known only here. */
GEMM_INLINE GEMM_TARGET void GEMM_NAME(any_tile)(int64_t rows, const bool along,
                                                 const GEMM_NAME(tile_in) * in,
                                                 const GEMM_NAME(tile_out) * out) {
#define GEMM_CASE(n)                                                                               \
    case n:                                                                                        \
        GEMM_NAME(tile)(n, 2, along, in, NULL, out);                                               \
        break;
    switch (rows) {
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
    default:
        GEMM_NAME(tile)(GEMM_ROWS, 2, along, in, NULL, out);
    }
#undef GEMM_CASE
}
#undef GEMM_OPAQUE

/* Moves a tile that was computed on its own, WIDTH elements from row to row, to C: [rows, columns]
 * of it, as it is. */
GEMM_PART GEMM_TARGET static void GEMM_NAME(move_tile)(const GEMM_REAL *tile, int64_t rows,
                                                       int64_t columns,
                                                       const GEMM_NAME(tile_out) * out) {
    for (int64_t i = 0; i < rows; i++, tile += GEMM_NAME(WIDTH)) {
        GEMM_REAL *to = out->c + i * out->stride;
        if (out->add)
            for (int64_t j = 0; j < columns; j++)
                to[j] += tile[j];
        else
            for (int64_t j = 0; j < columns; j++)
                to[j] = tile[j];
    }
}

/* The same, transposed: the tile's columns are rows of C. The tile has HEIGHT rows in memory. */
GEMM_PART GEMM_TARGET static void GEMM_NAME(turn_tile)(const GEMM_REAL *tile, int64_t rows,
                                                       int64_t columns,
                                                       const GEMM_NAME(tile_out) * out) {
    enum { WIDTH = GEMM_NAME(WIDTH), HEIGHT = GEMM_NAME(HEIGHT), LONG = 16 / sizeof(GEMM_REAL) };
    GEMM_REAL turned[GEMM_NAME(WIDTH) * HEIGHT] __attribute__((aligned(64)));
    const bool direct = rows == HEIGHT && columns == WIDTH && !out->add;
    GEMM_REAL *to = direct ? out->c : turned;
    const int64_t step = direct ? out->stride : HEIGHT;
    for (int j = 0; j < WIDTH; j += LONG)
        GEMM_UNROLL for (int i = 0; i < HEIGHT; i += LONG)
            GEMM_TURN(to + j * step + i, step, tile + i * WIDTH + j, WIDTH);
    for (int64_t j = 0; j < columns && !direct; j++)
        for (int64_t i = 0; i < rows; i++) {
            GEMM_REAL *element = out->c + j * out->stride + i;
            /* Filled above, by way of `to`. */
            const GEMM_REAL from = turned[j * HEIGHT + i];
            *element = out->add ? *element + from : from;
        }
}
