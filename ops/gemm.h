/*
 * Matrix products of dense matrices: C = A · B, the kernel of matmul.
 */
#ifndef YG_OPS_GEMM_H
#define YG_OPS_GEMM_H

#include <stdbool.h>
#include <stdint.h>

/* C [rows, columns] = A [rows, depth] · B [depth, columns]. Each operand's element (i, j) lies at
 * i · stride[0] + j · stride[1], of which one stride is 1 wherever the dimension is over 1; C's
 * columns are contiguous. Strides are in elements. */
typedef struct yg_gemm {
    int64_t rows, columns, depth;
    int64_t a_stride[2], b_stride[2];
    int64_t c_stride; /* from row to row */
} yg_gemm;

/* A product is cut into pieces, by its shape only, that threads share; each is a product too. An
 * element's bits are the same however the pieces are shared. */
int64_t yg_gemm_pieces(const yg_gemm *gemm);
/* Piece `index`, and where its operands start: offsets of a, b and c in elements. */
yg_gemm yg_gemm_piece(const yg_gemm *gemm, int64_t index, int64_t offsets[3]);

/* What yg_gemm_f32/f64() need as scratch for any piece, in bytes; `element` is the size of a
 * number. */
int64_t yg_gemm_scratch_bytes(const yg_gemm *gemm, int64_t element);

/* Computes C. `scratch` is 64-byte aligned; nothing overlaps. */
void yg_gemm_f32(const yg_gemm *gemm, const float *a, const float *b, float *c, void *scratch);
void yg_gemm_f64(const yg_gemm *gemm, const double *a, const double *b, double *c, void *scratch);

#endif
