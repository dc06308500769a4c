/*
 * Matrix products of dense matrices: C = A · B or C += A · B, the kernel of matmul and addmm.
 */
#ifndef YG_OPS_GEMM_H
#define YG_OPS_GEMM_H

#include "../graph/op.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether the scratch keeps packed B between calls. A product may be computed a few rows at a time.
 * Its first call then packs B into the scratch, and the later ones read it there. */
typedef enum yg_gemm_kept {
    YG_GEMM_KEPT_NOT,   /* the scratch keeps nothing */
    YG_GEMM_KEPT_FIRST, /* pack B and leave it in the scratch */
    YG_GEMM_KEPT_AGAIN, /* packed B is in the scratch */
} yg_gemm_kept;

/* C [rows, columns] = A [rows, depth] · B [depth, columns]. An operand's element (i, j) lies at
 * i · stride[0] + j · stride[1]. One of the two strides must be 1 where that dimension is over 1.
 * C's columns are contiguous. Strides are in elements. */
typedef struct yg_gemm {
    int64_t rows, columns, depth;
    int64_t a_stride[2], b_stride[2];
    int64_t c_stride;           /* from row to row */
    bool add;                   /* to C: C += A · B */
    bool by_library;            /* a library computes it, not our own kernel: fewer pieces */
    bool by_amx;                /* the kernel of gemm_amx.h computes it */
    bool in_bands;              /* each row is a piece: see yg_gemm_suits_bands() */
    yg_gemm_kept kept;          /* of bands only */
    const yg_stretch *prefetch; /* what to fetch meanwhile: see yg_kernel_call */
    size_t prefetch_count;
} yg_gemm;

/* The instructions that a kernel uses, from the least to the most. */
typedef enum yg_gemm_isa {
    YG_GEMM_BASELINE, /* what the compiler may use anyway */
    YG_GEMM_AVX2,     /* x86-64: AVX2 and FMA */
    YG_GEMM_AVX512,   /* x86-64: AVX-512F */
    YG_GEMM_ISAS,
} yg_gemm_isa;

/* Threads share the pieces of a product. How it is cut depends on its shape only, and an element's
 * bits do not depend on its piece. */
int64_t yg_gemm_pieces(const yg_gemm *gemm);
/* Whether it is faster to compute a product in bands: a few rows, then the units that read them,
 * then the next few rows. That is so if C is too large to stay in the cache, B is small enough to
 * stay there, and packing B once for each thread takes little time beside the product. */
bool yg_gemm_suits_bands(const yg_gemm *gemm, size_t element, yg_gemm_isa isa);
/* The least number of rows of a band, which is also the height of its tiles. */
int64_t yg_gemm_band_rows(void);
/* A library packs all of B for each piece. With fewer rows than this, packing would take a large
 * part of its time. */
enum { YG_GEMM_PIECE_ROWS = 192 };
/* The rows of a piece, if pieces are whole rows and all alike; 0 otherwise. */
int64_t yg_gemm_piece_rows(const yg_gemm *gemm);
/* The pieces [begin, end) as one product. offsets[0 .. 3) tell where its a, b and c start, in
 * elements. */
yg_gemm yg_gemm_part(const yg_gemm *gemm, int64_t begin, int64_t end, int64_t offsets[3]);

bool yg_gemm_isa_available(yg_gemm_isa isa); /* on this processor */
yg_gemm_isa yg_gemm_isa_best(void);          /* the last available one */

/* Computes C. `scratch` is 64-byte aligned; nothing overlaps. */
typedef void (*yg_gemm_kernel)(const yg_gemm *gemm, const void *a, const void *b, void *c,
                               void *scratch);

/* The kernel for a product and for each part of it. It depends on the shape of the product and on
 * the element: 4 bytes (f32) or 8 (f64). */
yg_gemm_kernel yg_gemm_choose(const yg_gemm *gemm, size_t element, yg_gemm_isa isa);

/* Bytes of scratch that this kernel needs for any part of the product. */
int64_t yg_gemm_scratch_bytes(const yg_gemm *gemm, size_t element, yg_gemm_isa isa);

#endif
