/*
 * Single-precision matrix products of a library: oneDNN or a CBLAS, as found when yamlgrad was
 * configured.
 *
 * A library is opened when a program is compiled that has a product for it, and never otherwise:
 * loading it costs more than a small model's whole run.
 */
#ifndef YG_OPS_GEMM_LIBRARY_H
#define YG_OPS_GEMM_LIBRARY_H

#include "gemm.h"

typedef enum yg_gemm_library_kind {
    YG_GEMM_DNNL,
    YG_GEMM_CBLAS,
    YG_GEMM_LIBRARIES /* how many there are; and none of them */
} yg_gemm_library_kind;

typedef struct yg_gemm_library yg_gemm_library;

/* "oneDNN", "CBLAS", or "" for YG_GEMM_LIBRARIES. Static. */
const char *yg_gemm_library_name(yg_gemm_library_kind kind);

/* Whether yamlgrad was built with it. */
bool yg_gemm_library_built(yg_gemm_library_kind kind);

/* The one that large products go to on this processor, by the rule in gemm_library.c;
 * YG_GEMM_LIBRARIES where our own kernel computes all. */
yg_gemm_library_kind yg_gemm_library_preferred(void);

/* True where a library is faster than our own kernel, on this processor, by the shape. */
bool yg_gemm_library_suits(const yg_gemm *gemm);

/* Whether a library can count so far; leading dimensions follow from these. */
bool yg_gemm_library_fits(const yg_gemm *gemm);

/* NULL if yamlgrad was built without it or it cannot be loaded: our own kernel serves instead. */
yg_gemm_library *yg_gemm_library_open(yg_gemm_library_kind kind);
void yg_gemm_library_close(yg_gemm_library *library); /* NULL is allowed */

/* What yg_gemm_library_f32() needs as scratch, in bytes. */
int64_t yg_gemm_library_scratch_bytes(const yg_gemm *gemm);

/* Computes C, on the calling thread alone. `scratch` is 64-byte aligned; nothing overlaps. The
 * product fits, and its dimensions are over 0. */
void yg_gemm_library_f32(const yg_gemm_library *library, const yg_gemm *gemm, const float *a,
                         const float *b, float *c, void *scratch);

#endif
