/*
 * A library's single-precision matrix product, for products that are too large for our own kernel
 * to be the fastest: oneDNN, or a CBLAS, as found when yamlgrad was configured.
 *
 * The library is opened when a program is compiled that has such a product, and never otherwise:
 * loading it costs more than a small model's whole run.
 */
#ifndef YG_OPS_GEMM_LIBRARY_H
#define YG_OPS_GEMM_LIBRARY_H

#include "gemm.h"

typedef struct yg_gemm_library yg_gemm_library;

/* "oneDNN", "CBLAS", or "" where yamlgrad was built without one. Static. */
const char *yg_gemm_library_name(void);

/* True where the library is faster than our own kernel, by the shape. */
bool yg_gemm_library_suits(const yg_gemm *gemm);

/* NULL if the library cannot be loaded: our own kernel serves instead. */
yg_gemm_library *yg_gemm_library_open(void);
void yg_gemm_library_close(yg_gemm_library *library); /* NULL is allowed */

/* What yg_gemm_library_f32() needs as scratch, in bytes. */
int64_t yg_gemm_library_scratch_bytes(const yg_gemm *gemm);

/* Computes C, on the calling thread alone. `scratch` is 64-byte aligned; nothing overlaps. */
void yg_gemm_library_f32(const yg_gemm_library *library, const yg_gemm *gemm, const float *a,
                         const float *b, float *c, void *scratch);

#endif
