/*
 * A library is reached by dlopen(), not by linking: a program that never needs it never loads it,
 * and a machine without it runs the same binary on our own kernel.
 *
 * Our threads share a product's pieces, so each call must keep to its thread: two pools of threads
 * on the same cores slow each other down.
 */
#define _GNU_SOURCE /* RTLD_NOLOAD */
#include "gemm_library.h"

#include "instructions.h"

#if defined(__x86_64__) && defined(__clang__)
#include <cpuid.h>
#endif
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#ifdef YG_DNNL_SONAME
#include <dnnl.h>
#endif
#ifdef YG_CBLAS_SONAME
#include <cblas.h>
#endif

/* A product in a library's terms: matrices as they are stored, the distance between their rows, and
 * whether they are transposed. */
typedef struct stored_product {
    bool transposed_a, transposed_b;
    int64_t rows, columns, depth;
    const float *a, *b;
    int64_t a_distance, b_distance, c_distance;
    float beta; /* C = A · B + beta · C */
    float *c;
} stored_product;

struct yg_gemm_library {
    void *handle;
    void (*multiply)(const yg_gemm_library *library, const stored_product *product);
#ifdef YG_DNNL_SONAME
    __typeof__(dnnl_sgemm) *dnnl_sgemm;
    /* Of the OpenMP runtime that oneDNN runs on. This number of threads belongs to the calling
     * thread alone, so it can be set for a call and put back. */
    int (*get_threads)(void);
    void (*set_threads)(int);
#endif
#ifdef YG_CBLAS_SONAME
    __typeof__(cblas_sgemm) *cblas_sgemm;
#endif
};

/* POSIX's way from an object pointer to a function pointer. */
static inline bool find(const yg_gemm_library *library, const char *name, void *function) {
    *(void **)function = dlsym(library->handle, name);
    return *(void **)function != NULL;
}

#ifdef YG_DNNL_SONAME
static void multiply_by_dnnl(const yg_gemm_library *library, const stored_product *p) {
    const int threads = library->get_threads();
    library->set_threads(1);
    library->dnnl_sgemm(p->transposed_a ? 'T' : 'N', p->transposed_b ? 'T' : 'N', p->rows,
                        p->columns, p->depth, 1, p->a, p->a_distance, p->b, p->b_distance, p->beta,
                        p->c, p->c_distance);
    library->set_threads(threads);
}

static bool bind_dnnl(yg_gemm_library *library) {
    library->multiply = multiply_by_dnnl;
    return find(library, "dnnl_sgemm", &library->dnnl_sgemm) &&
           find(library, "omp_get_max_threads", &library->get_threads) &&
           find(library, "omp_set_num_threads", &library->set_threads);
}
#endif

#ifdef YG_CBLAS_SONAME
static void multiply_by_cblas(const yg_gemm_library *library, const stored_product *p) {
    library->cblas_sgemm(CblasRowMajor, p->transposed_a ? CblasTrans : CblasNoTrans,
                         p->transposed_b ? CblasTrans : CblasNoTrans, (int)p->rows, (int)p->columns,
                         (int)p->depth, 1, p->a, (int)p->a_distance, p->b, (int)p->b_distance,
                         p->beta, p->c, (int)p->c_distance);
}

static bool bind_cblas(yg_gemm_library *library) {
    library->multiply = multiply_by_cblas;
    /* OpenBLAS has one number of threads for the whole process, so it is the host's to set. Where
     * it is not 1, OpenBLAS's threads and ours would wait for each other's cores. */
    int (*get_threads)(void);
    if (find(library, "openblas_get_num_threads", &get_threads) && get_threads() != 1)
        return false;
    return find(library, "cblas_sgemm", &library->cblas_sgemm);
}
#endif

static const struct {
    const char *name, *soname; /* soname NULL: yamlgrad was built without it */
    bool (*bind)(yg_gemm_library *library);
} libraries[YG_GEMM_LIBRARIES] = {
    [YG_GEMM_DNNL] = {.name = "oneDNN",
#ifdef YG_DNNL_SONAME
                      .soname = YG_DNNL_SONAME,
                      .bind = bind_dnnl
#endif
    },
    [YG_GEMM_CBLAS] = {.name = "CBLAS",
#ifdef YG_CBLAS_SONAME
                       .soname = YG_CBLAS_SONAME,
                       .bind = bind_cblas
#endif
    },
};

const char *yg_gemm_library_name(yg_gemm_library_kind kind) {
    return kind < YG_GEMM_LIBRARIES ? libraries[kind].name : "";
}

bool yg_gemm_library_built(yg_gemm_library_kind kind) {
    return kind < YG_GEMM_LIBRARIES && libraries[kind].soname;
}

/* AMX tells Intel's large processors apart, whose AVX-512 multiplies twice as much as a Zen 4's.
 * Asked for each product, so gcc's answer, which is found once, is better than the processor's own,
 * which takes microseconds in a virtual machine; clang 14 does not know the name. */
static bool has_amx(void) {
#if YG_INSTRUCTIONS < YG_INSTRUCTIONS_AMX
    return false;
#elif defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
    return __builtin_cpu_supports("amx-tile");
#elif defined(__x86_64__) && defined(__GNUC__)
    unsigned a, b, c, d;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (d >> 24 & 1);
#else
    return false;
#endif
}

/* Our own kernel is as fast as oneDNN 2.6.3 on the products of networks, or faster, on a Zen 3 with
 * AVX2 and a Zen 4 with AVX-512, and faster than OpenBLAS 0.3.21 (docs/performance.md has the
 * figures); and what comes after a product runs in step with it. On other processors a library gets
 * what is large enough for its calls' fixed cost, some 100 to 300 ns, to be lost: it knows vectors
 * that are not ours, and on a Xeon with AMX it is faster on shallow products. The rule looks at the
 * processor and the shape only, never at a clock: the same bits at each run. */
yg_gemm_library_kind yg_gemm_library_preferred(void) {
    yg_gemm_library_kind kind = YG_GEMM_DNNL;
    if (yg_gemm_isa_best() >= YG_GEMM_AVX2 && !has_amx())
        return YG_GEMM_LIBRARIES;
    while (kind < YG_GEMM_LIBRARIES && !yg_gemm_library_built(kind))
        kind++;
    return kind;
}

/* A product of at least this depth, and of so many rows and columns, is faster by our own kernel
 * with AVX-512 than by oneDNN on every processor that was measured, if one operand is transposed
 * and they are in no near cache. */
enum { DEEP = 512, WIDE = 96 };

bool yg_gemm_library_suits(const yg_gemm *g) {
    const double work = (double)g->rows * (double)g->columns * (double)g->depth;
    const bool transposed = g->a_stride[1] != 1 || g->b_stride[1] != 1;
    const bool deep = transposed && g->depth >= DEEP && g->rows >= WIDE && g->columns >= WIDE;
    return work >= 32 * 32 * 32 && yg_gemm_library_preferred() != YG_GEMM_LIBRARIES &&
           yg_gemm_library_fits(g) && !(deep && yg_gemm_isa_best() == YG_GEMM_AVX512);
}

/* CBLAS counts in int. */
bool yg_gemm_library_fits(const yg_gemm *g) {
    const int64_t most = INT32_MAX;
    return g->rows <= most && g->columns <= most && g->depth <= most && g->c_stride <= most;
}

yg_gemm_library *yg_gemm_library_open(yg_gemm_library_kind kind) {
    if (!yg_gemm_library_built(kind))
        return NULL;
    yg_gemm_library *library = calloc(1, sizeof *library);
    if (!library)
        return NULL;
    library->handle = dlopen(libraries[kind].soname, RTLD_NOW | RTLD_LOCAL);
    if (library->handle && libraries[kind].bind(library))
        return library;
    yg_gemm_library_close(library);
    return NULL;
}

void yg_gemm_library_close(yg_gemm_library *library) {
    if (library && library->handle)
        dlclose(library->handle);
    free(library);
}

int64_t yg_gemm_library_resident_bytes(void) {
#ifdef RTLD_NOLOAD
    static const int64_t resident[YG_GEMM_LIBRARIES] = {[YG_GEMM_DNNL] = (int64_t)13 << 20};
    const yg_gemm_library_kind kind = yg_gemm_library_preferred();
    if (!yg_gemm_library_built(kind))
        return 0;
    void *handle = dlopen(libraries[kind].soname, RTLD_NOLOAD | RTLD_LAZY);
    if (!handle)
        return 0;
    dlclose(handle);
    return resident[kind];
#else
    return 0;
#endif
}

/* ---------------------------------------------------------------------------------- products -- */

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
    stored_product p = {
        .transposed_a = ta,
        .transposed_b = tb,
        .rows = g->rows,
        .columns = g->columns,
        .depth = g->depth,
        .a = a,
        .b = b,
        .a_distance = leading(g->a_stride, ta, ta ? g->rows : g->depth),
        .b_distance = leading(g->b_stride, tb, tb ? g->depth : g->columns),
        .c_distance = g->c_stride,
        .beta = g->add ? 1 : 0,
        .c = c,
    };
    float *room = scratch;
    if (copies_a(g)) {
        p.a = copy_closer(a, &p.a_distance, g->depth, g->rows, room);
        room += g->depth * p.a_distance;
    }
    if (copies_b(g))
        p.b = copy_closer(b, &p.b_distance, g->depth, g->columns, room);
    library->multiply(library, &p);
}
