/*
 * Tiles of a packed matrix product, a part of gemm_kernel.h, which includes it.
 */

/* c (+)= a · b for a tile of C that stays in registers while it runs over the depth: `rows` high,
 * two vectors wide. With `along`, a's elements follow each other along the depth and its rows are
 * a_step apart; otherwise along the rows, and steps of the depth are a_step apart. b's rows are
 * b_step apart. `kept` is NULL or gets b, packed: the loop has time to store it, and packing costs
 * nothing. On the way it asks for what is read next, if anything. `rows`, `along` and whether there
 * is `kept` are constants where this is inlined. */
GEMM_INLINE GEMM_TARGET void GEMM_NAME(tile)(const int rows, const bool along, int64_t depth,
                                             const GEMM_REAL *a, int64_t a_step, const GEMM_REAL *b,
                                             int64_t b_step, GEMM_REAL *restrict kept,
                                             yg_gemm_ahead *ahead, GEMM_REAL *c, int64_t c_stride,
                                             bool add) {
    typedef GEMM_NAME(vector) vector;
    enum { LANES = GEMM_NAME(LANES) };
    vector sum[GEMM_ROWS][2];
    GEMM_UNROLL for (int i = 0; i < rows; i++) sum[i][0] = sum[i][1] = (vector){0};
    if (ahead->for_results)
        GEMM_UNROLL for (int i = 0; i < rows; i++) {
            __builtin_prefetch(c + i * c_stride, 1);
            if (2 * GEMM_BYTES > 64)
                __builtin_prefetch(c + i * c_stride + LANES, 1);
        }
    for (int64_t left = depth; left > 0;) {
        int64_t steps = left;
        if (ahead->every) {
            steps = yg_smaller(left, ahead->every);
            yg_gemm_ask(ahead);
        }
        left -= steps;
        do {
            const vector b0 = *(const vector *)b, b1 = *(const vector *)(b + LANES);
            if (kept) {
                vector *to = (vector *)kept;
                to[0] = b0;
                to[1] = b1;
                kept += 2 * LANES;
                __builtin_prefetch(b + 2 * LANES, 0, 2); /* of the next panel */
            }
            GEMM_UNROLL for (int i = 0; i < rows; i++) {
                const GEMM_REAL x = a[along ? i * a_step : i];
                sum[i][0] = GEMM_MULTIPLY_ADD(x, b0, sum[i][0]);
                sum[i][1] = GEMM_MULTIPLY_ADD(x, b1, sum[i][1]);
            }
            a += along ? 1 : a_step;
            b += b_step;
        } while (--steps > 0);
    }
    GEMM_UNROLL for (int i = 0; i < rows; i++) {
        vector *to = (vector *)(c + i * c_stride);
        if (add) {
            sum[i][0] += to[0];
            sum[i][1] += to[1];
        }
        to[0] = sum[i][0];
        to[1] = sum[i][1];
    }
}

/* Moves a tile that was computed on its own to C: [rows, columns] of it, as it is. */
GEMM_TARGET static void GEMM_NAME(move_tile)(const GEMM_REAL *tile, int64_t rows, int64_t columns,
                                             GEMM_REAL *c, int64_t c_stride, bool add) {
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < columns; j++) {
            GEMM_REAL *to = c + i * c_stride + j;
            *to = add ? *to + tile[i * GEMM_NAME(WIDTH) + j] : tile[i * GEMM_NAME(WIDTH) + j];
        }
}

/* The same, transposed: the tile's columns are rows of C. */
GEMM_TARGET static void GEMM_NAME(turn_tile)(const GEMM_REAL *tile, int64_t rows, int64_t columns,
                                             GEMM_REAL *c, int64_t c_stride, bool add) {
    enum { WIDTH = GEMM_NAME(WIDTH), LONG = 16 / sizeof(GEMM_REAL) };
    enum { HEIGHT = GEMM_NAME(HEIGHT) };
    GEMM_REAL turned[GEMM_NAME(WIDTH) * HEIGHT] __attribute__((aligned(64)));
    for (int j = 0; j < WIDTH; j += LONG)
        GEMM_UNROLL for (int i = 0; i < HEIGHT; i += LONG)
            GEMM_TURN(turned + j * HEIGHT + i, HEIGHT, tile + i * WIDTH + j, WIDTH);
    for (int64_t j = 0; j < columns; j++) {
        const GEMM_REAL *from = turned + j * HEIGHT;
        GEMM_REAL *to = c + j * c_stride;
        if (rows == GEMM_ROWS && add)
            GEMM_UNROLL for (int i = 0; i < GEMM_ROWS; i++) to[i] += from[i];
        else if (rows == GEMM_ROWS)
            GEMM_UNROLL for (int i = 0; i < GEMM_ROWS; i++) to[i] = from[i];
        else
            for (int64_t i = 0; i < rows; i++)
                to[i] = add ? to[i] + from[i] : from[i];
    }
}

/* A tile of a height that is known only here. */
GEMM_INLINE GEMM_TARGET void GEMM_NAME(any_tile)(int64_t rows, const bool along, int64_t depth,
                                                 const GEMM_REAL *a, int64_t a_step,
                                                 const GEMM_REAL *b, int64_t b_step,
                                                 yg_gemm_ahead *ahead, GEMM_REAL *c,
                                                 int64_t c_stride, bool add) {
#define GEMM_CASE(n)                                                                               \
    case n:                                                                                        \
        GEMM_NAME(tile)(n, along, depth, a, a_step, b, b_step, NULL, ahead, c, c_stride, add);     \
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
        GEMM_NAME(tile)
        (GEMM_ROWS, along, depth, a, along ? a_step : GEMM_ROWS, b, b_step, NULL, ahead, c,
         c_stride, add);
    }
#undef GEMM_CASE
}
