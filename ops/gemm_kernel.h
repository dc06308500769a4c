/*
 * Packed matrix products for one element type and one set of instructions. The file is included
 * once for each (GEMM_KERNEL in gemm_avx512.h and its like), and so has no include guard. It
 * defines GEMM_NAME(yg_gemm), declared in gemm_packed.h. The scheme is that of Goto and van de
 * Geijn
 * ("Anatomy of high-performance matrix multiplication", ACM Transactions on Mathematical Software
 * 34(3), 2008).
 */
#include "gemm_parts.h"

/* A block of A and its place in C. Element (i, j) of the product goes to c[i · c_stride + j], or
 * with `turned` to c[j · c_stride + i]. */
typedef struct GEMM_NAME(work) {
    int64_t rows, depth;
    const GEMM_REAL *a;
    int64_t a_row;  /* elements from row to row */
    int64_t a_step; /* as in tile_in; 0 if A is packed: then it is the height of each tile */
    GEMM_REAL *c;
    int64_t c_stride;
    bool turned, add;
} GEMM_NAME(work);

/* The next panel of B. A part of it is packed after each tile of the current panel, so that the
 * processor computes while the panel's memory arrives. */
typedef struct GEMM_NAME(coming) {
    const GEMM_REAL *from;
    const int64_t *stride;
    int64_t columns;
    GEMM_REAL *to; /* NULL: there is no next panel, or it is packed in another way */
    int64_t done;  /* steps of the depth that are packed */
    int64_t share; /* steps of the depth to pack after each tile */
} GEMM_NAME(coming);

GEMM_TARGET static void GEMM_NAME(pack_share)(GEMM_NAME(coming) * next, int64_t depth) {
    const int64_t share = yg_smaller(next->share, depth - next->done);
    if (share <= 0)
        return;
    GEMM_NAME(pack_b)
    (next->to + next->done * GEMM_NAME(WIDTH), next->from + next->done * next->stride[0],
     next->stride, next->columns, share);
    next->done += share;
}

/* Makes the coming tile prefetch the share that is packed after it. */
static inline void GEMM_NAME(ask_for_share)(const GEMM_NAME(coming) * next, int64_t depth,
                                            yg_gemm_ahead *ahead) {
    const int64_t size = sizeof(GEMM_REAL), share = yg_smaller(next->share, depth - next->done);
    const GEMM_REAL *from = next->from + next->done * next->stride[0];
    const bool for_results = ahead->for_results;
    if (share <= 0)
        *ahead = yg_gemm_nothing_ahead;
    else if (next->stride[1] == 1)
        *ahead =
            yg_gemm_ahead_of(from, 1, next->columns * size, share, next->stride[0] * size, depth);
    else
        *ahead =
            yg_gemm_ahead_of(from, 1, share * size, next->columns, next->stride[1] * size, depth);
    ahead->for_results = for_results;
}

/* Multiplies a block of A by the panel of B that begins in column j. b is that panel, either packed
 * or, if it has full width, where it lies. If `kept` is not NULL the first tile packs b there.
 * `along` must be a constant at each call, so that each inlined copy has no test of it. */
GEMM_INLINE GEMM_TARGET void GEMM_NAME(panel)(const bool along, const GEMM_NAME(work) * work,
                                              int64_t j, int64_t columns, const GEMM_REAL *b,
                                              int64_t b_step, GEMM_REAL *kept,
                                              GEMM_NAME(coming) * next, yg_gemm_ahead *ahead) {
    enum { WIDTH = GEMM_NAME(WIDTH) };
    const bool in_place = columns == WIDTH && !work->turned;
    GEMM_REAL tile[GEMM_NAME(HEIGHT) * WIDTH] __attribute__((aligned(64)));
    yg_gemm_ahead share = *ahead;
    GEMM_NAME(tile_in) in = {.depth = work->depth, .b = b, .b_step = b_step, .ahead = ahead};
    if (next->to)
        in.ahead = &share;
    for (int64_t i = 0, height; i < work->rows; i += height) {
        height = yg_gemm_tile_height(work->rows - i, GEMM_ROWS);
        in.a = work->a + i * work->a_row;
        in.a_step = work->a_step > 0 ? work->a_step : height;
        const int64_t at = work->turned ? j * work->c_stride + i : i * work->c_stride + j;
        const GEMM_NAME(tile_out) place = {work->c + at, work->c_stride, work->add};
        if (kept) { /* the caller saw that this tile has full height and goes to C directly */
            GEMM_NAME(tile)(GEMM_ROWS, 2, along, &in, kept, &place);
            in.b = kept;
            in.b_step = WIDTH;
            kept = NULL;
            continue;
        }
        if (next->to)
            GEMM_NAME(ask_for_share)(next, work->depth, &share);
        const GEMM_NAME(tile_out) aside = {tile, WIDTH, false};
        if (height == GEMM_ROWS && columns <= GEMM_NAME(LANES))
            GEMM_NAME(tile)(GEMM_ROWS, 1, along, &in, NULL, &aside);
        else
            GEMM_NAME(any_tile)(height, along, &in, in_place ? &place : &aside);
        if (!in_place)
            (work->turned ? GEMM_NAME(turn_tile) : GEMM_NAME(move_tile))(tile, height, columns,
                                                                         &place);
        if (next->to)
            GEMM_NAME(pack_share)(next, work->depth);
    }
}

#define GEMM_PANEL(name, along)                                                                    \
    GEMM_TARGET static void GEMM_NAME(name)(                                                       \
        const GEMM_NAME(work) * work, int64_t j, int64_t columns, const GEMM_REAL *b,              \
        int64_t b_step, GEMM_REAL *kept, GEMM_NAME(coming) * next, yg_gemm_ahead * ahead) {        \
        GEMM_NAME(panel)(along, work, j, columns, b, b_step, kept, next, ahead);                   \
    }
GEMM_PANEL(panel_along, true)
GEMM_PANEL(panel_packed, false)
#undef GEMM_PANEL

/* Multiplies a block of A by a block of B, panel by panel. b is where the block of B lies. With
 * `is_packed` an earlier block of A has left the packed panels in `packed`. */
GEMM_TARGET static void GEMM_NAME(block)(const yg_gemm *gemm, const yg_gemm_blocks *blocks,
                                         const GEMM_NAME(work) * work, const GEMM_REAL *b,
                                         GEMM_REAL *packed, bool is_packed, yg_gemm_ahead *ahead) {
    enum { WIDTH = GEMM_NAME(WIDTH) };
    const int64_t depth = work->depth, *stride = gemm->b_stride;
    const int64_t buffers = blocks->keeps_panels ? INT64_MAX : 2;
    /* Whether the first tile packs a panel of full width while it reads it. The other tiles then
     * share the packing of the next panel. */
    const bool keeps = !is_packed && blocks->packs_as_read && !work->turned && stride[1] == 1 &&
                       work->rows >= 2 * GEMM_ROWS;
    const int64_t tiles = (work->rows + GEMM_ROWS - 1) / GEMM_ROWS - keeps;
    GEMM_NAME(coming)
    next = {.stride = stride, .share = (depth + 16 * tiles - 1) / (16 * tiles) * 16};
    for (int64_t j = 0; j < gemm->columns; j += WIDTH) {
        const int64_t columns = yg_smaller(gemm->columns - j, WIDTH), n = j / WIDTH;
        const GEMM_REAL *from = b + j * stride[1];
        GEMM_REAL *panel = packed + n % buffers * WIDTH * depth, *kept = NULL;
        const bool whole = columns == WIDTH && stride[1] == 1;
        bool as_it_lies = whole && !blocks->packs_b;
        if (whole && keeps) {
            as_it_lies = true;
            kept = panel;
        } else if (!as_it_lies && !is_packed && !next.to) {
            GEMM_NAME(pack_b)(panel, from, stride, columns, depth);
        }
        const int64_t after = yg_smaller(gemm->columns - j - WIDTH, WIDTH);
        next.to = NULL;
        if (after > 0 && !is_packed && !blocks->b_is_near && blocks->packs_b &&
            !(keeps && after == WIDTH)) {
            next.from = b + (j + WIDTH) * stride[1];
            next.columns = after;
            next.to = packed + (n + 1) % buffers * WIDTH * depth;
            next.done = 0;
        }
        (gemm->a_stride[1] == 1 ? GEMM_NAME(panel_along) : GEMM_NAME(panel_packed))(
            work, j, columns, as_it_lies ? from : panel, as_it_lies ? stride[0] : WIDTH, kept,
            &next, ahead);
    }
}

/* What to prefetch while a block of A is computed: the next block of A, or after the last block the
 * memory that later units read. */
static inline yg_gemm_ahead GEMM_NAME(next_block)(const yg_gemm *gemm, const yg_gemm_blocks *blocks,
                                                  int64_t following, const GEMM_REAL *a) {
    enum { SIZE = sizeof(GEMM_REAL), WIDTH = GEMM_NAME(WIDTH) };
    const int64_t panels = (gemm->columns + WIDTH - 1) / WIDTH;
    const int64_t tiles = (gemm->rows + GEMM_ROWS - 1) / GEMM_ROWS;
    yg_gemm_ahead ahead = yg_gemm_nothing_ahead;
    if (following > 0 && gemm->a_stride[1] == 1)
        ahead =
            yg_gemm_ahead_of(a + gemm->rows * gemm->a_stride[0], panels * tiles, gemm->depth * SIZE,
                             following, gemm->a_stride[0] * SIZE, gemm->depth);
    else if (gemm->prefetch_count > 0)
        ahead = yg_gemm_prefetch(gemm, panels * tiles);
    ahead.for_results = blocks->is_large && !blocks->turned; /* turned tiles go to C by a copy */
    return ahead;
}

/* Copies a block of A where yg_gemm_blocks_of() found that faster. */
GEMM_TARGET static void GEMM_NAME(take_a)(const yg_gemm *gemm, const yg_gemm_blocks *blocks,
                                          const GEMM_REAL *a, GEMM_REAL *copy,
                                          GEMM_NAME(work) * work) {
    work->a = blocks->copies_a ? copy : a;
    if (gemm->a_stride[1] == 1) {
        work->a_row = work->a_step = blocks->copies_a ? blocks->a_step : gemm->a_stride[0];
        if (blocks->copies_a)
            GEMM_NAME(copy_rows)
        (copy, blocks->a_step, a, gemm->a_stride[0], gemm->rows, gemm->depth);
    } else {
        work->a_row = blocks->copies_a ? gemm->depth : 1;
        work->a_step = blocks->copies_a ? 0 : gemm->a_stride[1];
        if (blocks->copies_a)
            GEMM_NAME(pack_a)(copy, a, gemm->a_stride[1], gemm->rows, gemm->depth);
    }
}

void GEMM_NAME(yg_gemm)(const yg_gemm *gemm, const void *a, const void *b, void *c, void *scratch) {
    if (gemm->kept == YG_GEMM_KEPT_NOT && yg_gemm_is_small(gemm)) {
        yg_gemm_ahead nothing = yg_gemm_nothing_ahead;
        (gemm->a_stride[1] == 1 ? GEMM_NAME(small_along)
                                : GEMM_NAME(small_across))(gemm, a, b, c, scratch, &nothing);
        return;
    }
    const yg_gemm_blocks blocks = yg_gemm_blocks_of(gemm, sizeof(GEMM_REAL), GEMM_NAME(WIDTH));
    const yg_gemm whole = blocks.turned ? yg_gemm_turned(gemm) : *gemm;
    const GEMM_REAL *left = blocks.turned ? b : a, *right = blocks.turned ? a : b;
    GEMM_REAL *packed_a = scratch, *packed_b = packed_a + blocks.rows * blocks.a_step;
    if (whole.kept != YG_GEMM_KEPT_NOT) { /* B where the next call finds it */
        packed_b = scratch;
        packed_a = packed_b + blocks.columns * whole.depth;
    }
    yg_gemm block = whole;
    for (int64_t j = 0; j < whole.columns; j += blocks.columns) {
        block.columns = yg_smaller(whole.columns - j, blocks.columns);
        for (int64_t p = 0; p < whole.depth; p += blocks.depth) {
            block.depth = yg_smaller(whole.depth - p, blocks.depth);
            GEMM_REAL *panels = whole.kept ? packed_b + p * blocks.columns : packed_b;
            for (int64_t i = 0; i < whole.rows; i += blocks.rows) {
                block.rows = yg_smaller(whole.rows - i, blocks.rows);
                const GEMM_REAL *from = left + i * whole.a_stride[0] + p * whole.a_stride[1];
                const int64_t following = yg_smaller(whole.rows - i - block.rows, blocks.rows);
                yg_gemm_ahead ahead = GEMM_NAME(next_block)(&block, &blocks, following, from);
                GEMM_NAME(work)
                work = {
                    .rows = block.rows,
                    .depth = block.depth,
                    .c = (GEMM_REAL *)c +
                         (blocks.turned ? j * whole.c_stride + i : i * whole.c_stride + j),
                    .c_stride = whole.c_stride,
                    .turned = blocks.turned,
                    .add = p > 0 || whole.add,
                };
                GEMM_NAME(take_a)(&block, &blocks, from, packed_a, &work);
                GEMM_NAME(block)
                (&block, &blocks, &work, right + p * whole.b_stride[0] + j * whole.b_stride[1],
                 panels, i > 0 || whole.kept == YG_GEMM_KEPT_AGAIN, &ahead);
            }
        }
    }
}
