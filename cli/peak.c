/*
 * Measures what this machine can do at best: see peak.h.
 *
 * Arithmetic: chains of fused multiply-adds in registers, enough of them side by side to hide the
 * latency. Memory: the triad of McCalpin's STREAM, a[i] = b[i] + s · c[i], which counts as three
 * elements moved for each i. All threads run a round at once. The fastest of several rounds counts,
 * because other programs on the machine can only make a round slower.
 */
#include "peak.h"

#include "../graph/clock.h"
#include "../graph/threads.h"

#include <stdlib.h>
#include <unistd.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum { CHAINS = 12, FMA_STEPS = 400000, ROUNDS = 10 };
static const size_t TRIAD_LEAST = (size_t)96 << 20, TRIAD_MOST = (size_t)768 << 20; /* bytes */

/* ------------------------------------------------------------------------------ arithmetic -- */

/* Runs CHAINS chains of FMA_STEPS steps; returns the floating-point operations done. *sink keeps
 * the compiler from leaving it out. */
typedef double (*burst)(double *sink);

#define DEFINE_BURST(name, attribute, scalar, vector, set, multiply_add)                           \
    attribute static double name(double *sink) {                                                   \
        const vector a = set((scalar)0.999), b = set((scalar)1e-3);                                \
        vector x[CHAINS];                                                                          \
        for (int i = 0; i < CHAINS; i++)                                                           \
            x[i] = set((scalar)i);                                                                 \
        for (int64_t step = 0; step < FMA_STEPS; step++)                                           \
            _Pragma("GCC unroll 12") for (int i = 0; i < CHAINS; i++) x[i] =                       \
                multiply_add(x[i], a, b);                                                          \
        union {                                                                                    \
            vector v;                                                                              \
            scalar s[sizeof(vector) / sizeof(scalar)];                                             \
        } last;                                                                                    \
        for (int i = 0; i < CHAINS; i++) {                                                         \
            last.v = x[i];                                                                         \
            *sink += (double)last.s[0];                                                            \
        }                                                                                          \
        const size_t lanes = sizeof(vector) / sizeof(scalar);                                      \
        return 2.0 * CHAINS * FMA_STEPS * (double)lanes;                                           \
    }

#if defined(__x86_64__)
DEFINE_BURST(burst_f32_512, __attribute__((target("avx512f"))), float, __m512, _mm512_set1_ps,
             _mm512_fmadd_ps)
DEFINE_BURST(burst_f64_512, __attribute__((target("avx512f"))), double, __m512d, _mm512_set1_pd,
             _mm512_fmadd_pd)
DEFINE_BURST(burst_f32_256, __attribute__((target("avx2,fma"))), float, __m256, _mm256_set1_ps,
             _mm256_fmadd_ps)
DEFINE_BURST(burst_f64_256, __attribute__((target("avx2,fma"))), double, __m256d, _mm256_set1_pd,
             _mm256_fmadd_pd)
#endif

/* Vectors of 16 bytes, which every 64-bit processor has. */
typedef float f32x4 __attribute__((vector_size(16)));
typedef double f64x2 __attribute__((vector_size(16)));
#define SET_F32(value)             ((f32x4){value, value, value, value})
#define SET_F64(value)             ((f64x2){value, value})
#define MULTIPLY_THEN_ADD(x, a, b) ((x) * (a) + (b))
DEFINE_BURST(burst_f32_128, , float, f32x4, SET_F32, MULTIPLY_THEN_ADD)
DEFINE_BURST(burst_f64_128, , double, f64x2, SET_F64, MULTIPLY_THEN_ADD)

static burst choose_burst(yg_dtype dtype) {
    const bool wide = dtype == YG_F64;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f"))
        return wide ? burst_f64_512 : burst_f32_512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return wide ? burst_f64_256 : burst_f32_256;
#endif
    return wide ? burst_f64_128 : burst_f32_128;
}

/* ---------------------------------------------------------------------------------- memory -- */

/* A thread's arrays; returns the bytes moved. */
static double triad(double *restrict a, const double *restrict b, const double *restrict c,
                    size_t count) {
    for (size_t i = 0; i < count; i++)
        a[i] = b[i] + 0.5 * c[i];
    return 3.0 * sizeof(double) * (double)count;
}

/* Bytes of all arrays together: several times the largest cache. */
static size_t triad_bytes(void) {
    size_t bytes = TRIAD_LEAST;
#if defined(_SC_LEVEL3_CACHE_SIZE)
    const long cache = sysconf(_SC_LEVEL3_CACHE_SIZE);
    if (cache > 0 && (size_t)cache * 4 > bytes)
        bytes = (size_t)cache * 4;
#endif
    return bytes < TRIAD_MOST ? bytes : TRIAD_MOST;
}

/* --------------------------------------------------------------------------------- threads -- */

/* A thread's arrays, and how much it did in this round. */
typedef struct worker {
    double sink; /* a result that is written so that the compiler keeps the work */
    double done;
    size_t count;  /* elements of an array */
    double *array; /* three of them, one after the other */
    burst burst;
} worker;

static void share_burst(void *context, int thread) {
    worker *w = (worker *)context + thread;
    w->done = w->burst(&w->sink);
}

/* Each thread fills its own arrays first, so that the system places them in memory near it. */
static void share_fill(void *context, int thread) {
    worker *w = (worker *)context + thread;
    for (size_t i = 0; i < 3 * w->count; i++)
        w->array[i] = 1;
}

static void share_triad(void *context, int thread) {
    worker *w = (worker *)context + thread;
    w->done = triad(w->array, w->array + w->count, w->array + 2 * w->count, w->count);
}

/* The rate of all threads together in the best round. */
static double best_rate(yg_threads *pool, yg_share share, worker *workers, int threads) {
    double best = 0;
    for (int round = 0; round < ROUNDS; round++) {
        const double start = yg_clock();
        yg_threads_run(pool, share, workers);
        const double seconds = yg_clock() - start;
        double done = 0;
        for (int i = 0; i < threads; i++)
            done += workers[i].done;
        if (seconds > 0 && done / seconds > best)
            best = done / seconds;
    }
    return best;
}

bool peak_measure(int threads, yg_dtype dtype, peak *out) {
    const size_t count = triad_bytes() / (3 * sizeof(double)) / (size_t)threads;
    yg_threads *pool = yg_threads_new(threads, NULL);
    worker *workers = calloc((size_t)threads, sizeof *workers);
    double *memory = malloc((size_t)threads * count * 3 * sizeof *memory);
    const bool good = pool && workers && memory;
    for (int i = 0; i < threads && good; i++)
        workers[i] = (worker){
            .count = count, .array = memory + (size_t)i * count * 3, .burst = choose_burst(dtype)};
    if (good) {
        out->flops = best_rate(pool, share_burst, workers, threads);
        yg_threads_run(pool, share_fill, workers);
        out->bytes = best_rate(pool, share_triad, workers, threads);
    }
    free(memory);
    free(workers);
    yg_threads_free(pool);
    return good;
}
