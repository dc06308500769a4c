/*
 * Between gemm.c, gemm_blocks.c and the packed kernels, which are one file for each set of
 * instructions.
 */
#ifndef YG_OPS_GEMM_PACKED_H
#define YG_OPS_GEMM_PACKED_H

#include "gemm.h"

#define GEMM_INLINE static inline __attribute__((always_inline))
#define GEMM_UNROLL _Pragma("GCC unroll 16")

/* Bytes of a vector in the kernels of an instruction set; a tile of C is two of them wide. */
enum {
    YG_GEMM_BASELINE_BYTES = 16,
    YG_GEMM_AVX2_BYTES = 32,
    YG_GEMM_AVX512_BYTES = 64,
};

/* How a product is cut to fit the caches, and what is packed. */
typedef struct yg_gemm_blocks {
    int64_t depth;          /* of a block: by the product's depth only, for it decides on bits */
    int64_t rows;           /* of a block of A, which stays in L2 */
    int64_t columns;        /* of a block of B; all of them where there is one block of rows, and
                               room is for two panels */
    int64_t a_step;         /* from row to row of a copy of A */
    bool keeps_panels;      /* packed panels of B are used again, by another block of A */
    bool copies_a, packs_b; /* rather than read where they lie */
    bool b_is_near;         /* in the cache: nobody need ask for it */
    bool is_large;          /* more than the cache holds */
    bool turned;            /* Cᵀ = Bᵀ · Aᵀ is computed: the others are about that product */
} yg_gemm_blocks;

/* A result that is too small or too narrow for tiles: gemm_plain.h computes it. */
bool yg_gemm_is_plain(const yg_gemm *gemm);

/* So few multiply-adds that the time to decide how a product is cut is felt, and so little memory
 * that it need not be. */
static inline bool yg_gemm_is_small(const yg_gemm *gemm) {
    return gemm->depth <= 128 && gemm->columns <= 128 && gemm->rows <= 128 &&
           gemm->rows * gemm->columns * gemm->depth <= 32 * 32 * 32;
}

/* For elements of so many bytes and tiles of so many columns. */
yg_gemm_blocks yg_gemm_blocks_of(const yg_gemm *gemm, int64_t element, int64_t width);

static inline int64_t yg_smaller(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static inline int64_t yg_larger(int64_t a, int64_t b) {
    return a > b ? a : b;
}

static inline int64_t yg_round_up(int64_t n, int64_t step) {
    return (n + step - 1) / step * step;
}

/* The height of the next tile where `rows` are left: full ones, and at last two of about the same
 * height rather than a full and a low one, which would keep too few sums going at once. */
static inline int64_t yg_gemm_tile_height(int64_t rows, int64_t full) {
    if (rows >= 2 * full || rows == full)
        return full;
    return rows > full ? (rows + 1) / 2 : rows;
}

/* The same product read the other way round: Cᵀ = Bᵀ · Aᵀ. c_stride stays that of C. */
static inline yg_gemm yg_gemm_turned(const yg_gemm *gemm) {
    yg_gemm turned = *gemm;
    turned.rows = gemm->columns;
    turned.columns = gemm->rows;
    for (int k = 0; k < 2; k++) {
        turned.a_stride[k] = gemm->b_stride[1 - k];
        turned.b_stride[k] = gemm->a_stride[1 - k];
    }
    return turned;
}

void yg_gemm_f32_baseline(const yg_gemm *gemm, const void *a, const void *b, void *c,
                          void *scratch);
void yg_gemm_f64_baseline(const yg_gemm *gemm, const void *a, const void *b, void *c,
                          void *scratch);

#if defined(__x86_64__) && defined(__GNUC__)
#define YG_GEMM_X86
void yg_gemm_f32_avx2(const yg_gemm *gemm, const void *a, const void *b, void *c, void *scratch);
void yg_gemm_f64_avx2(const yg_gemm *gemm, const void *a, const void *b, void *c, void *scratch);
void yg_gemm_f32_avx512(const yg_gemm *gemm, const void *a, const void *b, void *c, void *scratch);
void yg_gemm_f64_avx512(const yg_gemm *gemm, const void *a, const void *b, void *c, void *scratch);
#endif

#endif
