/*
 * Prefetching in a matrix product: while a tile is computed, it asks the processor to load the
 * memory that the next tiles will read.
 */
#ifndef YG_OPS_GEMM_AHEAD_H
#define YG_OPS_GEMM_AHEAD_H

#include "gemm_packed.h"

/* The memory to prefetch. A tile asks for two cache lines (a pair) after every `every` steps of the
 * depth. The pairs lie in rows of `pairs` pairs each, then in the stretches. */
typedef struct yg_gemm_ahead {
    const char *at;      /* the next pair */
    int64_t left, pairs; /* pairs that are left in this row; pairs of a row */
    int64_t jump;        /* bytes from the end of a row to the start of the next one */
    int64_t every;       /* 0: there is nothing to prefetch */
    const yg_stretch *stretches;
    size_t stretch_count;
    bool for_results; /* ask for the tile's place in C, too */
} yg_gemm_ahead;

enum { YG_GEMM_PAIR = 128 }; /* bytes */

static const yg_gemm_ahead yg_gemm_nothing_ahead = {0};

static inline int64_t yg_gemm_pairs(int64_t bytes) {
    return (bytes + YG_GEMM_PAIR - 1) / YG_GEMM_PAIR;
}

/* Goes on to the next row or stretch. */
static inline void yg_gemm_next_row(yg_gemm_ahead *ahead) {
    if (ahead->stretch_count > 0) {
        ahead->at = ahead->stretches->at;
        ahead->left = yg_gemm_pairs(ahead->stretches->bytes);
        ahead->stretches++;
        ahead->stretch_count--;
    } else {
        ahead->at += ahead->jump;
        ahead->left = ahead->pairs;
    }
}

static inline void yg_gemm_ask(yg_gemm_ahead *ahead) {
    __builtin_prefetch(ahead->at, 0, 3);
    __builtin_prefetch(ahead->at + 64, 0, 3);
    ahead->at += YG_GEMM_PAIR;
    if (--ahead->left == 0)
        yg_gemm_next_row(ahead);
}

/* After how many steps of the depth `tiles` tiles must ask, so that they ask for all pairs. */
static inline int64_t yg_gemm_every(int64_t depth, int64_t tiles, int64_t pairs) {
    return yg_larger(depth * tiles / yg_larger(pairs, 1), 1);
}

/* `rows` rows of `bytes` bytes each, `row_step` bytes apart, for `tiles` tiles to ask for. */
static inline yg_gemm_ahead yg_gemm_ahead_of(const void *from, int64_t tiles, int64_t bytes,
                                             int64_t rows, int64_t row_step, int64_t depth) {
    const int64_t pairs = yg_gemm_pairs(bytes);
    return (yg_gemm_ahead){.at = from,
                           .left = pairs,
                           .pairs = pairs,
                           .jump = row_step - YG_GEMM_PAIR * pairs,
                           .every = yg_gemm_every(depth, tiles, pairs * rows)};
}

/* What will be used next (yg_kernel_call.prefetch), asked for by `tiles` tiles. */
static inline yg_gemm_ahead yg_gemm_prefetch(const yg_gemm *gemm, int64_t tiles) {
    yg_gemm_ahead ahead = {.stretches = gemm->prefetch, .stretch_count = gemm->prefetch_count};
    int64_t pairs = 0;
    for (size_t i = 0; i < gemm->prefetch_count; i++)
        pairs += yg_gemm_pairs(gemm->prefetch[i].bytes);
    if (pairs == 0)
        return yg_gemm_nothing_ahead;
    yg_gemm_next_row(&ahead);
    ahead.pairs = INT64_MAX; /* a little beyond the end, at most */
    ahead.every = yg_gemm_every(gemm->depth, tiles, pairs);
    return ahead;
}

#endif
