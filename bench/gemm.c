/*
 * Times matrix products: our kernels beside oneDNN and OpenBLAS, on one thread. The rules for
 * choosing between them (ops/gemm_library.c, ops/gemm_amx.c) come from these measurements.
 *
 *   gemm [--cold] [SHAPE…]
 *
 * With --cold other memory is read before each call, as between two uses of a weight in a training
 * step: operands are then in no near cache. Figures of products below 100 microseconds mean little
 * then.
 *
 * A shape is ROWSxCOLUMNSxDEPTH and two letters, n or t: how A and B are stored, as they are or
 * transposed: 64x128x784nt. Without one, those of the benchmarks' networks and some others.
 * Figures are GFLOP/s, of the best of some rounds, in time of this thread alone; the last column is
 * our kernel's share of the peak that was measured before.
 */
#include "../cli/peak.h"
#include "../ops/gemm_amx.h"
#include "../ops/gemm_library.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { OWN, AMX, FIRST_LIBRARY, SUBJECTS = FIRST_LIBRARY + YG_GEMM_LIBRARIES, ROUNDS = 100 };
static const double ROUND_SECONDS = 0.001;

/* Enough to push everything out of an L2 cache, and about as much as a step of a million parameters
 * with Adam touches. */
enum { COLD_BYTES = 24 << 20 };

static const char *const shapes[] = {
    /* 784-128-10, batch 64: forward, weight gradients, data gradient */
    "64x128x784nt",
    "64x10x128nt",
    "128x784x64tn",
    "10x128x64tn",
    "64x128x10nn",
    /* 784-1024-1024-10, batch 128 */
    "128x1024x784nt",
    "128x1024x1024nt",
    "128x10x1024nt",
    "1024x784x128tn",
    "1024x1024x128tn",
    "10x1024x128tn",
    "128x1024x1024nn",
    "128x1024x10nn",
    /* squares, and others of no particular size */
    "8x8x8nn",
    "16x16x16nn",
    "24x24x24nn",
    "32x32x32nn",
    "48x48x48nn",
    "64x64x64nn",
    "64x64x64nt",
    "100x100x100tt",
    "257x129x65nn",
    "256x256x256nn",
    "512x512x512nt",
    "1000x1000x1000nn",
    "1024x1024x1024tt",
    "1x1024x1024nt",
    "1x1024x1024nn",
    "4x1024x1024nt",
    "16x1024x1024nt",
    "1024x16x1024nn",
};

typedef struct job {
    yg_gemm gemm;
    float *a, *b, *c;
    void *scratch;
    char *other; /* with --cold, read between two calls */
} job;

static double thread_seconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static bool read_shape(const char *text, yg_gemm *gemm) {
    char left, right, rest;
    long rows, columns, depth;
    if (sscanf(text, "%ldx%ldx%ld%c%c%c", &rows, &columns, &depth, &left, &right, &rest) != 5 ||
        !strchr("nt", left) || !strchr("nt", right))
        return false;
    const long most = 1 << 14;
    if (rows < 1 || columns < 1 || depth < 1 || rows > most || columns > most || depth > most)
        return false;
    *gemm = (yg_gemm){.rows = rows, .columns = columns, .depth = depth, .c_stride = columns};
    gemm->a_stride[0] = left == 'n' ? depth : 1;
    gemm->a_stride[1] = left == 'n' ? 1 : rows;
    gemm->b_stride[0] = right == 'n' ? columns : 1;
    gemm->b_stride[1] = right == 'n' ? 1 : depth;
    return true;
}

static void *allocate(int64_t bytes) {
    return aligned_alloc(64, (size_t)(bytes + 64) / 64 * 64);
}

/* Numbers of no particular size: products must be neither subnormal nor infinite. */
static float *allocate_numbers(int64_t count) {
    float *numbers = allocate(count * (int64_t)sizeof *numbers);
    for (int64_t i = 0; numbers && i < count; i++)
        numbers[i] = (float)(i % 17) / 16 - 0.5f;
    return numbers;
}

static bool allocate_job(job *job) {
    const yg_gemm *g = &job->gemm;
    const int64_t own = yg_gemm_scratch_bytes(g, sizeof(float), yg_gemm_isa_best());
    const int64_t library = yg_gemm_library_scratch_bytes(g), amx = yg_gemm_amx_scratch_bytes(g);
    const int64_t most = own > library ? own : library;
    job->a = allocate_numbers(g->rows * g->depth);
    job->b = allocate_numbers(g->depth * g->columns);
    job->c = allocate_numbers(g->rows * g->columns);
    job->scratch = allocate(most > amx ? most : amx);
    return job->a && job->b && job->c && job->scratch;
}

static void free_job(job *job) {
    free(job->a);
    free(job->b);
    free(job->c);
    free(job->scratch);
}

/* Reads and writes `other`, of COLD_BYTES or NULL. */
static void forget(volatile char *other) {
    for (size_t i = 0; other && i < COLD_BYTES; i += 64)
        other[i]++;
}

/* `library` NULL: `kernel` computes it. */
static double seconds_of(const job *job, const yg_gemm_library *library, yg_gemm_kernel kernel,
                         long repetitions) {
    forget(job->other);
    const double start = thread_seconds();
    for (long i = 0; i < repetitions; i++) {
        if (library)
            yg_gemm_library_f32(library, &job->gemm, job->a, job->b, job->c, job->scratch);
        else
            kernel(&job->gemm, job->a, job->b, job->c, job->scratch);
    }
    return thread_seconds() - start;
}

/* The subjects take turns, so that whatever disturbs the machine disturbs all of them. */
static void measure(const job *job, yg_gemm_library *const libraries[], double best[SUBJECTS]) {
    const yg_gemm_kernel own = yg_gemm_choose(&job->gemm, sizeof(float), yg_gemm_isa_best());
    const bool has_amx = yg_gemm_amx_available() && yg_gemm_amx_allowed();
    long repetitions[SUBJECTS];
    for (int round = -1; round < ROUNDS; round++)
        for (int s = 0; s < SUBJECTS; s++) {
            const yg_gemm_library *library =
                s >= FIRST_LIBRARY ? libraries[s - FIRST_LIBRARY] : NULL;
            const yg_gemm_kernel kernel = s == AMX ? yg_gemm_amx_f32 : own;
            if ((s >= FIRST_LIBRARY && !library) || (s == AMX && !has_amx))
                continue;
            if (round < 0) {
                repetitions[s] = 1;
                while (!job->other &&
                       seconds_of(job, library, kernel, repetitions[s]) < ROUND_SECONDS / 2)
                    repetitions[s] *= 2;
                best[s] = 1e9;
                continue;
            }
            const double once =
                seconds_of(job, library, kernel, repetitions[s]) / (double)repetitions[s];
            if (once < best[s])
                best[s] = once;
        }
}

static bool measure_shape(const char *text, yg_gemm_library *const libraries[], double peak,
                          char *other) {
    job job = {.other = other};
    double best[SUBJECTS] = {0};
    if (!read_shape(text, &job.gemm)) {
        fprintf(stderr, "gemm: '%s' is no shape such as 64x128x784nt\n", text);
        return false;
    }
    const bool allocated = allocate_job(&job);
    if (allocated) {
        const double flops =
            2 * (double)job.gemm.rows * (double)job.gemm.columns * (double)job.gemm.depth;
        measure(&job, libraries, best);
        printf("%-18s", text);
        for (int s = 0; s < SUBJECTS; s++)
            best[s] > 0 ? printf(" %9.2f", flops / best[s] * 1e-9) : printf(" %9s", "-");
        printf(" %7.0f %%", 100 * flops / best[OWN] / peak);
        printf(flops < 1e5 ? "  %8.1f ns\n" : "\n", best[OWN] * 1e9);
        fflush(stdout);
    } else {
        fprintf(stderr, "gemm: out of memory\n");
    }
    free_job(&job);
    return allocated;
}

int main(int argc, char **argv) {
    yg_gemm_library *libraries[YG_GEMM_LIBRARIES];
    peak peak;
    const bool cold = argc > 1 && strcmp(argv[1], "--cold") == 0;
    const int first = cold ? 2 : 1;
    setenv("OPENBLAS_NUM_THREADS", "1", 1); /* the library opens OpenBLAS only then */
    char *other = cold ? calloc(COLD_BYTES, 1) : NULL;
    if (!peak_measure(1, YG_F32, &peak) || (cold && !other)) {
        fprintf(stderr, "gemm: out of memory\n");
        free(other);
        return EXIT_FAILURE;
    }
    printf("peak %.1f GFLOP/s\n%-18s %9s %9s", peak.flops * 1e-9, "GFLOP/s", "yamlgrad", "AMX");
    for (int k = 0; k < YG_GEMM_LIBRARIES; k++) {
        libraries[k] = yg_gemm_library_open((yg_gemm_library_kind)k);
        printf(" %9s", yg_gemm_library_name((yg_gemm_library_kind)k));
    }
    printf(" %9s\n", "of peak");
    bool done = true;
    const bool given = argc > first;
    const size_t count = given ? (size_t)(argc - first) : sizeof shapes / sizeof *shapes;
    for (size_t i = 0; i < count && done; i++)
        done = measure_shape(given ? argv[(size_t)first + i] : shapes[i], libraries, peak.flops,
                             other);
    for (int k = 0; k < YG_GEMM_LIBRARIES; k++)
        yg_gemm_library_close(libraries[k]);
    free(other);
    return done ? EXIT_SUCCESS : EXIT_FAILURE;
}
