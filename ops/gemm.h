/*
 * Matrix products of dense matrices: C = A · B or C += A · B, the kernel of matmul and addmm.
 */
#ifndef YG_OPS_GEMM_H
#define YG_OPS_GEMM_H

#include "../graph/op.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A product that is computed a few rows at a time packs B once, into its scratch, and finds it
 * there the next time. */
typedef enum yg_gemm_kept {
    YG_GEMM_KEPT_NOT,   /* neither */
    YG_GEMM_KEPT_FIRST, /* pack it and leave it there */
    YG_GEMM_KEPT_AGAIN, /* it is there */
} yg_gemm_kept;

/* C [rows, columns] = A [rows, depth] · B [depth, columns]. Each operand's element (i, j) lies at
 * i · stride[0] + j · stride[1], of which one stride is 1 wherever the dimension is over 1; C's
 * columns are contiguous. Strides are in elements. */
typedef struct yg_gemm {
    int64_t rows, columns, depth;
    int64_t a_stride[2], b_stride[2];
    int64_t c_stride;       /* from row to row */
    bool add;               /* to C: C += A · B */
    bool by_library;        /* rather than by our own kernel: it is cut into fewer pieces */
    bool in_bands;          /* each row is a piece: see yg_gemm_suits_bands() */
    yg_gemm_kept kept;      /* of bands only */
    const yg_stretch *soon; /* what to fetch meanwhile: see yg_kernel_call */
    size_t soon_count;
} yg_gemm;

/* The instructions that a kernel uses, from the least to the most. */
typedef enum yg_gemm_isa {
    YG_GEMM_BASELINE, /* what the compiler may use anyway */
    YG_GEMM_AVX2,     /* x86-64: AVX2 and FMA */
    YG_GEMM_AVX512,   /* x86-64: AVX-512F */
    YG_GEMM_ISAS,
} yg_gemm_isa;

/* A product is cut into pieces, by its shape only, that threads share. An element's bits are the
 * same whatever pieces it is computed with. */
int64_t yg_gemm_pieces(const yg_gemm *gemm);
/* Whether a product pays to run in bands, a few rows at a time with what comes after it: C is
 * larger than what the cache keeps until then, B stays there while it runs, and packing B once for
 * each thread takes little time beside the product. */
bool yg_gemm_suits_bands(const yg_gemm *gemm, size_t element, yg_gemm_isa isa);
/* The rows of a band, at least, and of its tiles. */
int64_t yg_gemm_band_rows(void);
/* A library packs all of B for each piece: with fewer rows than this it would take much of its
 * time. */
enum { YG_GEMM_PIECE_ROWS = 192 };
/* The rows of a piece, if pieces are whole rows and all alike; 0 otherwise. */
int64_t yg_gemm_piece_rows(const yg_gemm *gemm);
/* The pieces [begin, end) as one product, and where its operands start: offsets of a, b and c in
 * elements. */
yg_gemm yg_gemm_part(const yg_gemm *gemm, int64_t begin, int64_t end, int64_t offsets[3]);

bool yg_gemm_isa_available(yg_gemm_isa isa); /* on this processor */
yg_gemm_isa yg_gemm_isa_best(void);          /* the last available one */

/* Computes C. `scratch` is 64-byte aligned; nothing overlaps. */
typedef void (*yg_gemm_kernel)(const yg_gemm *gemm, const void *a, const void *b, void *c,
                               void *scratch);

/* The kernel for a product, and for each part of it: by its shape, for elements of 4 bytes (f32) or
 * 8 (f64). */
yg_gemm_kernel yg_gemm_choose(const yg_gemm *gemm, size_t element, yg_gemm_isa isa);

/* What that kernel needs as scratch for any part of the product, in bytes. */
int64_t yg_gemm_scratch_bytes(const yg_gemm *gemm, size_t element, yg_gemm_isa isa);

#endif
