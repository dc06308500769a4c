/*
 * Bandwidth by working set: see bandwidth.h. The best of some rounds counts, since other programs
 * can only make a round slower. The C library's functions take part, because they know the
 * processor's ways around its caches.
 */
#include "bandwidth.h"

#include "../cli/peak.h"
#include "protocol.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 5, LEAST = 1 << 14, MOST = 1 << 28 };
static const double ROUND_SECONDS = 0.002;

/* Moves `bytes` bytes, a multiple of 256. */
typedef void (*mover)(char *to, const char *from, size_t bytes);

typedef uint64_t lanes __attribute__((vector_size(64)));

#define DEFINE_MOVERS(suffix, attribute)                                                           \
    attribute static void read_##suffix(char *to, const char *from, size_t bytes) {                \
        const lanes *in = (const lanes *)from;                                                     \
        lanes a = {0}, b = {0}, c = {0}, d = {0};                                                  \
        for (size_t i = 0; i < bytes / sizeof(lanes); i += 4) {                                    \
            a |= in[i];                                                                            \
            b |= in[i + 1];                                                                        \
            c |= in[i + 2];                                                                        \
            d |= in[i + 3];                                                                        \
        }                                                                                          \
        *(volatile lanes *)to = (a | b) | (c | d);                                                 \
    }                                                                                              \
    attribute static void copy_##suffix(char *to, const char *from, size_t bytes) {                \
        lanes *out = (lanes *)to;                                                                  \
        const lanes *in = (const lanes *)from;                                                     \
        for (size_t i = 0; i < bytes / sizeof(lanes); i++)                                         \
            out[i] = in[i];                                                                        \
    }                                                                                              \
    attribute static void write_##suffix(char *to, const char *from, size_t bytes) {               \
        lanes *out = (lanes *)to;                                                                  \
        const lanes value = *(const lanes *)from;                                                  \
        for (size_t i = 0; i < bytes / sizeof(lanes); i++)                                         \
            out[i] = value;                                                                        \
    }

DEFINE_MOVERS(plain, )
#if defined(__x86_64__)
DEFINE_MOVERS(avx2, __attribute__((target("avx2"))))
DEFINE_MOVERS(avx512, __attribute__((target("avx512f"))))
#endif

static void library_copy(char *to, const char *from, size_t bytes) {
    memcpy(to, from, bytes);
}

static void library_write(char *to, const char *from, size_t bytes) {
    memset(to, *from, bytes);
}

static const mover plain[] = {read_plain, copy_plain, write_plain};
#if defined(__x86_64__)
static const mover avx2[] = {read_avx2, copy_avx2, write_avx2};
static const mover avx512[] = {read_avx512, copy_avx512, write_avx512};
#endif

static const mover *own_movers(void) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f"))
        return avx512;
    if (__builtin_cpu_supports("avx2"))
        return avx2;
#endif
    return plain;
}

/* Bytes a second that `move` moves, `bytes` in a call. */
static double best_of(mover move, char *to, const char *from, size_t bytes) {
    double best = 0;
    long repetitions = 1;
    for (int round = 0; round < ROUNDS;) {
        const double start = now();
        for (long i = 0; i < repetitions; i++)
            move(to, from, bytes);
        const double seconds = now() - start;
        if (seconds < ROUND_SECONDS) {
            repetitions *= 2;
            continue;
        }
        const double rate = (double)bytes * (double)repetitions / seconds;
        best = rate > best ? rate : best;
        round++;
    }
    return best;
}

static double larger(double a, double b) {
    return a > b ? a : b;
}

bool print_bandwidth(yg_error *error) {
    const mover *own = own_movers();
    peak peak = {0};
    char *memory = aligned_alloc(4096, MOST), *sink = aligned_alloc(4096, 4096);
    if (!memory || !sink || !peak_measure(1, YG_F32, &peak)) {
        free(memory);
        free(sink);
        return yg_fail_memory(error);
    }
    memset(memory, 1, MOST); /* so that the system has given all of it */
    printf("{\"flops\": %.4g, \"bandwidth\": [", peak.flops);
    for (size_t bytes = LEAST; bytes <= MOST; bytes *= 2) {
        char *half = memory + bytes / 2;
        const double read = best_of(own[0], sink, memory, bytes);
        const double copied = larger(best_of(own[1], half, memory, bytes / 2),
                                     best_of(library_copy, half, memory, bytes / 2));
        const double written = larger(best_of(own[2], memory, sink, bytes),
                                      best_of(library_write, memory, sink, bytes));
        printf("%s[%zu, %.4g, %.4g, %.4g]", bytes == LEAST ? "" : ", ", bytes, read, 2 * copied,
               written);
    }
    printf("]}\n");
    free(memory);
    free(sink);
    return true;
}
