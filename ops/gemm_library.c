/*
 * The library is reached by dlopen(), not by linking: a program that never needs it never loads it,
 * and a machine without it runs the same binary on our own kernel.
 *
 * Our threads share a product's pieces, so each call must keep to its thread: two pools of threads
 * on the same cores slow each other down.
 */
#include "gemm_library.h"

#include <stdlib.h>
#include <string.h>

#if defined(YG_GEMM_DNNL) || defined(YG_GEMM_CBLAS)

#include <dlfcn.h>

#ifdef YG_GEMM_DNNL
#include <dnnl.h>
#else
#include <cblas.h>
#endif

struct yg_gemm_library {
    void *handle;
#ifdef YG_GEMM_DNNL
    __typeof__(dnnl_sgemm) *sgemm;
    /* Of the OpenMP runtime that oneDNN runs on: the number of threads is the caller's own. */
    int (*get_threads)(void);
    void (*set_threads)(int);
#else
    __typeof__(cblas_sgemm) *sgemm;
#endif
};

/* POSIX's way from an object pointer to a function pointer. */
static bool find(const yg_gemm_library *library, const char *name, void *function) {
    *(void **)function = dlsym(library->handle, name);
    return *(void **)function != NULL;
}

yg_gemm_library *yg_gemm_library_open(void) {
    yg_gemm_library *library = calloc(1, sizeof *library);
    if (!library)
        return NULL;
    library->handle = dlopen(YG_GEMM_LIBRARY, RTLD_NOW | RTLD_LOCAL);
#ifdef YG_GEMM_DNNL
    const bool found = library->handle && find(library, "dnnl_sgemm", &library->sgemm) &&
                       find(library, "omp_get_max_threads", &library->get_threads) &&
                       find(library, "omp_set_num_threads", &library->set_threads);
#else
    const bool found = library->handle && find(library, "cblas_sgemm", &library->sgemm);
    void (*set_threads)(int);
    if (found && find(library, "openblas_set_num_threads", &set_threads))
        set_threads(1);
#endif
    if (found)
        return library;
    yg_gemm_library_close(library);
    return NULL;
}

void yg_gemm_library_close(yg_gemm_library *library) {
    if (library && library->handle)
        dlclose(library->handle);
    free(library);
}

/* The distance between rows of the matrix as it is stored; `across` is its stored row's length. */
static int64_t leading(const int64_t stride[2], bool transposed, int64_t across) {
    const int64_t distance = transposed ? stride[1] : stride[0];
    return distance > across ? distance : across;
}

/* An operand whose rows follow each other along the depth, a multiple of a page apart, falls into
 * one set of the cache, and oneDNN takes twice as long: it is copied closer together first. On a
 * Zen 3, 128 x 128 x 1024 with B's rows 1024 floats apart: 42 GFLOP/s as it lies, 90 copied. */
static bool must_be_copied(int64_t distance) {
    return distance % 512 == 0;
}

/* Floats from row to row of a copy: whole cache lines, and no power of two. */
static int64_t copied_distance(int64_t across) {
    return (across + 15) / 16 * 16 + 16;
}

static int64_t copied_bytes(int64_t depth, int64_t across) {
    return depth * copied_distance(across) * (int64_t)sizeof(float);
}

static bool copies_a(const yg_gemm *g) {
    return g->a_stride[1] != 1 && must_be_copied(g->a_stride[1]);
}

static bool copies_b(const yg_gemm *g) {
    return g->b_stride[1] == 1 && must_be_copied(g->b_stride[0]);
}

int64_t yg_gemm_library_scratch_bytes(const yg_gemm *g) {
    return (copies_a(g) ? copied_bytes(g->depth, g->rows) : 0) +
           (copies_b(g) ? copied_bytes(g->depth, g->columns) : 0);
}

/* Copies [depth, across] from rows *distance apart to `scratch`; gives the copy and its distance.
 */
static const float *copy_closer(const float *from, int64_t *distance, int64_t depth, int64_t across,
                                float *scratch) {
    const int64_t closer = copied_distance(across);
    for (int64_t p = 0; p < depth; p++)
        memcpy(scratch + p * closer, from + p * *distance, (size_t)across * sizeof *from);
    *distance = closer;
    return scratch;
}

void yg_gemm_library_f32(const yg_gemm_library *library, const yg_gemm *g, const float *a,
                         const float *b, float *c, void *scratch) {
    const bool ta = g->a_stride[1] != 1, tb = g->b_stride[1] != 1;
    int64_t lda = leading(g->a_stride, ta, ta ? g->rows : g->depth);
    int64_t ldb = leading(g->b_stride, tb, tb ? g->depth : g->columns);
    float *room = scratch;
    if (copies_a(g)) {
        a = copy_closer(a, &lda, g->depth, g->rows, room);
        room += g->depth * lda;
    }
    if (copies_b(g))
        b = copy_closer(b, &ldb, g->depth, g->columns, room);
#ifdef YG_GEMM_DNNL
    const int threads = library->get_threads();
    library->set_threads(1);
    library->sgemm(ta ? 'T' : 'N', tb ? 'T' : 'N', g->rows, g->columns, g->depth, 1, a, lda, b, ldb,
                   0, c, g->c_stride);
    library->set_threads(threads);
#else
    library->sgemm(CblasRowMajor, ta ? CblasTrans : CblasNoTrans, tb ? CblasTrans : CblasNoTrans,
                   (int)g->rows, (int)g->columns, (int)g->depth, 1, a, (int)lda, b, (int)ldb, 0, c,
                   (int)g->c_stride);
#endif
}

/* Below this many products of numbers our own kernel is as fast. CBLAS counts in int. */
bool yg_gemm_library_suits(const yg_gemm *g) {
    const double work = (double)g->rows * (double)g->columns * (double)g->depth;
    const int64_t most = INT32_MAX;
    return work >= 32 * 32 * 32 && g->rows <= most && g->columns <= most && g->depth <= most &&
           g->c_stride <= most;
}

#else /* without a library */

struct yg_gemm_library {
    char none;
};

yg_gemm_library *yg_gemm_library_open(void) {
    return NULL;
}

void yg_gemm_library_close(yg_gemm_library *library) {
    free(library);
}

int64_t yg_gemm_library_scratch_bytes(const yg_gemm *gemm) {
    (void)gemm;
    return 0;
}

void yg_gemm_library_f32(const yg_gemm_library *library, const yg_gemm *gemm, const float *a,
                         const float *b, float *c, void *scratch) {
    (void)library, (void)gemm, (void)a, (void)b, (void)c, (void)scratch;
}

bool yg_gemm_library_suits(const yg_gemm *gemm) {
    (void)gemm;
    return false;
}

#endif

const char *yg_gemm_library_name(void) {
#if defined(YG_GEMM_DNNL)
    return "oneDNN";
#elif defined(YG_GEMM_CBLAS)
    return "CBLAS";
#else
    return "";
#endif
}
