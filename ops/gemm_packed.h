/*
 * What gemm.c, gemm_blocks.c and the packed kernels share. There is one file of kernels for each
 * set of instructions.
 */
#ifndef YG_OPS_GEMM_PACKED_H
#define YG_OPS_GEMM_PACKED_H

#include "gemm.h"

#define GEMM_INLINE static inline __attribute__((always_inline))
#define GEMM_PART   __attribute__((unused)) /* a kernel need not use every part */
#define GEMM_UNROLL _Pragma("GCC unroll 16")

/* Bytes of a vector in the kernels of an instruction set. A tile of C is two vectors wide. */
enum {
    YG_GEMM_BASELINE_BYTES = 16,
    YG_GEMM_AVX2_BYTES = 32,
    YG_GEMM_AVX512_BYTES = 64,
};

/* How a product is cut to fit the caches, and which operands are packed. */
typedef struct yg_gemm_blocks {
    int64_t depth;          /* of a block. It decides the bits, so it follows from the product's
                               depth only */
    int64_t rows;           /* of a block of A, which stays in L2 */
    int64_t columns;        /* of a block of B. All columns if there is one block of rows; the
                               scratch then has room for two panels */
    int64_t a_step;         /* the distance between rows of a copy of A */
    bool keeps_panels;      /* the next block of A reads the packed panels of B again */
    bool copies_a, packs_b; /* false: the operand is read where it lies */
    bool b_is_near;         /* B is in the cache: no need to prefetch it */
    bool packs_as_read;     /* B, if its rows are contiguous, is packed by the tiles that read it */
    bool is_large;          /* the operands are larger than the cache */
    bool turned; /* Cᵀ = Bᵀ · Aᵀ is computed; the other members describe that product */
} yg_gemm_blocks;

/* True for a result that is too small or too narrow for tiles. gemm_plain.h computes it. */
bool yg_gemm_is_plain(const yg_gemm *gemm);

/* True for a product that is so small that deciding how to cut it would take a large part of its
 * time. It fits the caches without being cut. */
static inline bool yg_gemm_is_small(const yg_gemm *gemm) {
    return gemm->depth <= 128 && gemm->columns <= 128 && gemm->rows <= 128 &&
           gemm->rows * gemm->columns * gemm->depth <= 32 * 32 * 32;
}

/* `element`: bytes of an element; `width`: columns of a tile. */
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

/* The height of the next tile where `rows` rows are left. The last two tiles get about the same
 * height. A full tile and a low one would be slower: a low tile has too few independent sums to
 * keep the processor busy. */
static inline int64_t yg_gemm_tile_height(int64_t rows, int64_t full) {
    if (rows >= 2 * full || rows == full)
        return full;
    return rows > full ? (rows + 1) / 2 : rows;
}

/* The product as Cᵀ = Bᵀ · Aᵀ. c_stride stays that of C. */
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

/* How a product is computed that packing would slow down: see gemm_unpacked.c. */
typedef enum yg_gemm_way {
    YG_GEMM_NARROW,        /* at most a vector of columns */
    YG_GEMM_NARROW_TURNED, /* at most a vector of rows, B transposed */
    YG_GEMM_SHALLOW,       /* few steps of the depth */
    YG_GEMM_STREAM,        /* few rows, B as it is */
    YG_GEMM_STREAM_TURNED, /* few columns, A transposed */
    YG_GEMM_DOTS,          /* few rows, B transposed */
    YG_GEMM_DOTS_TURNED,   /* few columns, A as it is */
    YG_GEMM_WAYS,          /* none of them */
} yg_gemm_way;

enum {
    YG_GEMM_FEW_ROWS = 4,  /* that are computed together where memory limits a product */
    YG_GEMM_FEW_STEPS = 4, /* of the depth, the same */
};

yg_gemm_way yg_gemm_way_of(const yg_gemm *gemm, size_t element, yg_gemm_isa isa);
int64_t yg_gemm_way_scratch(const yg_gemm *gemm, size_t element, yg_gemm_way way);
yg_gemm_kernel yg_gemm_way_kernel(size_t element, yg_gemm_isa isa, yg_gemm_way way);

/* The columns of B that are read at once where there are `rows` rows: those of C stay in L1. */
static inline int64_t yg_gemm_stream_columns(int64_t rows, int64_t element) {
    const int64_t fit = 16384 / (rows * element) / 64 * 64;
    return fit > 512 ? fit : 512;
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
void yg_gemm_unpacked_f32_avx2(yg_gemm_kernel kernels[YG_GEMM_WAYS]);
void yg_gemm_unpacked_f64_avx2(yg_gemm_kernel kernels[YG_GEMM_WAYS]);
void yg_gemm_unpacked_f32_avx512(yg_gemm_kernel kernels[YG_GEMM_WAYS]);
void yg_gemm_unpacked_f64_avx512(yg_gemm_kernel kernels[YG_GEMM_WAYS]);
#endif

#endif
