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

/* Rows that are computed together: a call may cover any number of whole blocks (and the rest of
 * the rows at the end), and each element's bits are the same whatever else the call covers. */
#define YG_GEMM_ROWS 24

/* What yg_gemm_f32/f64() need as scratch, in bytes; `element` is the size of a number. */
int64_t yg_gemm_scratch_bytes(const yg_gemm *gemm, int64_t element);

/* Computes rows [begin, end) of C. `scratch` is 64-byte aligned; nothing overlaps. */
void yg_gemm_f32(const yg_gemm *gemm, const float *a, const float *b, float *c, int64_t begin,
                 int64_t end, void *scratch);
void yg_gemm_f64(const yg_gemm *gemm, const double *a, const double *b, double *c, int64_t begin,
                 int64_t end, void *scratch);

#endif
