/*
 * Single-precision matrix products by a library: oneDNN or a CBLAS, if it was found when yamlgrad
 * was configured.
 *
 * Loading a library takes longer than a small model's whole run. So it is opened only when a
 * program is compiled that has a product for it.
 */
#ifndef YG_OPS_GEMM_LIBRARY_H
#define YG_OPS_GEMM_LIBRARY_H

#include "gemm.h"

typedef enum yg_gemm_library_kind {
    YG_GEMM_DNNL,
    YG_GEMM_CBLAS,
    YG_GEMM_LIBRARIES /* the number of libraries; also means "no library" */
} yg_gemm_library_kind;

typedef struct yg_gemm_library yg_gemm_library;

/* "oneDNN", "CBLAS", or "" for YG_GEMM_LIBRARIES. Static. */
const char *yg_gemm_library_name(yg_gemm_library_kind kind);

/* Whether yamlgrad was built with it. */
bool yg_gemm_library_built(yg_gemm_library_kind kind);

/* The library that computes large products on this processor, by the rule in gemm_library.c, or
 * YG_GEMM_LIBRARIES where our own kernel computes all products. */
yg_gemm_library_kind yg_gemm_library_preferred(void);

/* True if a library is faster than our own kernel for this shape on this processor. */
bool yg_gemm_library_suits(const yg_gemm *gemm);

/* Whether the sizes fit the integers of the libraries' interfaces. */
bool yg_gemm_library_fits(const yg_gemm *gemm);

/* NULL if yamlgrad was built without the library or it cannot be loaded. Our own kernel computes
 * the product then. */
yg_gemm_library *yg_gemm_library_open(yg_gemm_library_kind kind);
void yg_gemm_library_close(yg_gemm_library *library); /* NULL is allowed */

/* What the preferred library itself takes in memory, if a program of this process has opened it
 * now: its data, the code that it makes, its buffers. 0 otherwise. A measurement, not a promise. */
int64_t yg_gemm_library_resident_bytes(void);

/* Bytes of scratch that yg_gemm_library_f32() needs. */
int64_t yg_gemm_library_scratch_bytes(const yg_gemm *gemm);

/* Computes C on the calling thread alone. `scratch` must be 64-byte aligned, and no two buffers may
 * overlap. yg_gemm_library_fits() must hold, and every dimension must be over 0. */
void yg_gemm_library_f32(const yg_gemm_library *library, const yg_gemm *gemm, const float *a,
                         const float *b, float *c, void *scratch);

#endif
