/*
 * Transposing with the baseline instructions and with AVX2: see turn.h. AVX-512 is in
 * turn_avx512.c.
 */
#include "turn.h"

#include "gemm_packed.h"
#include "gemm_transpose.h"
#include "turn_avx512.h"

#include <string.h>

/* One square of this side at a time is copied through a small buffer. Each cache line of either
 * tensor is then touched once only. Otherwise, with a stride of a power of two, the lines displace
 * each other in the cache before all of their elements are used. */
enum { SIDE = 16 };

/* Few columns, as the colours of a picture. Their number is a constant where this is inlined: a row
 * is then a few moves. */
#define NARROW(element)                                                                            \
    static inline void narrow_##element(element *to, int64_t to_stride, const element *from,       \
                                        int64_t from_stride, int64_t rows,                         \
                                        const int64_t columns) {                                   \
        for (int64_t r = 0; r < rows; r++)                                                         \
            for (int64_t c = 0; c < columns; c++)                                                  \
                to[r * to_stride + c] = from[r + c * from_stride];                                 \
    }
NARROW(uint8_t)
NARROW(uint32_t)
NARROW(uint64_t)

/* The same for rows that follow each other without a gap. Four rows at a time are written, as
 * vectors of four elements: what is too much of a row, the next one overwrites. So the last rows
 * are written one element at a time. */
static inline void narrow_dense(uint32_t *to, const uint32_t *from, int64_t from_stride,
                                int64_t rows, const int64_t columns) {
    int64_t r = 0;
    for (; r + 4 < rows; r += 4) {
        uint32_t in[4][4], out[4][4];
        for (int64_t c = 0; c < 4; c++)
            memcpy(in[c], from + r + (c < columns ? c : 0) * from_stride, sizeof in[c]);
        transpose_4_floats((float *)out[0], 4, (const float *)in[0], 4);
        for (int64_t i = 0; i < 4; i++)
            memcpy(to + (r + i) * columns, out[i], sizeof out[i]);
    }
    narrow_uint32_t(to + r * columns, columns, from + r, from_stride, rows - r, columns);
}

static bool narrow_4(uint32_t *to, int64_t to_stride, const uint32_t *from, int64_t from_stride,
                     int64_t rows, int64_t columns) {
    if (columns == 2)
        to_stride == 2 ? narrow_dense(to, from, from_stride, rows, 2)
                       : narrow_uint32_t(to, to_stride, from, from_stride, rows, 2);
    else if (columns == 3)
        to_stride == 3 ? narrow_dense(to, from, from_stride, rows, 3)
                       : narrow_uint32_t(to, to_stride, from, from_stride, rows, 3);
    else if (columns == 4)
        to_stride == 4 ? narrow_dense(to, from, from_stride, rows, 4)
                       : narrow_uint32_t(to, to_stride, from, from_stride, rows, 4);
    return columns >= 2 && columns <= 4;
}

#define NARROW_CHOICE(function, element)                                                           \
    static bool function(element *to, int64_t to_stride, const element *from, int64_t from_stride, \
                         int64_t rows, int64_t columns) {                                          \
        if (columns == 2)                                                                          \
            narrow_##element(to, to_stride, from, from_stride, rows, 2);                           \
        else if (columns == 3)                                                                     \
            narrow_##element(to, to_stride, from, from_stride, rows, 3);                           \
        else if (columns == 4)                                                                     \
            narrow_##element(to, to_stride, from, from_stride, rows, 4);                           \
        return columns >= 2 && columns <= 4;                                                       \
    }
NARROW_CHOICE(narrow_1, uint8_t)
NARROW_CHOICE(narrow_8, uint64_t)

/* Transposes at most SIDE rows and columns. `square` transposes `wide` columns of `high` rows. */
#define PART(name, target, element, real, square, high, wide)                                      \
    target static inline void part_##name(element *to, int64_t to_stride, const element *from,     \
                                          int64_t from_stride, int64_t rows, int64_t columns) {    \
        element buffer[SIDE][SIDE];                                                                \
        const int64_t whole = rows - rows % (high), full = columns - columns % (wide);             \
        for (int64_t c = 0; c < full; c += (wide))                                                 \
            for (int64_t r = 0; r < whole; r += (high))                                            \
                square((real *)&buffer[r][c], SIDE, (const real *)(from + r + c * from_stride),    \
                       from_stride);                                                               \
        for (int64_t c = 0; c < columns; c++)                                                      \
            for (int64_t r = c < full ? whole : 0; r < rows; r++)                                  \
                buffer[r][c] = from[r + c * from_stride];                                          \
        for (int64_t r = 0; r < rows; r++)                                                         \
            memcpy(to + r * to_stride, buffer[r], (size_t)columns * sizeof *to);                   \
    }

#define TURN(name, target, element, narrow, real, square, high, wide)                              \
    PART(name, target, element, real, square, high, wide)                                          \
    target static void turn_##name(void *to, int64_t to_stride, const void *from,                  \
                                   int64_t from_stride, int64_t rows, int64_t columns) {           \
        if (narrow(to, to_stride, from, from_stride, rows, columns))                               \
            return;                                                                                \
        for (int64_t r = 0; r < rows; r += SIDE)                                                   \
            for (int64_t c = 0; c < columns; c += SIDE) {                                          \
                element *block = (element *)to + r * to_stride + c;                                \
                const element *source = (const element *)from + r + c * from_stride;               \
                if (rows - r >= SIDE && columns - c >= SIDE)                                       \
                    part_##name(block, to_stride, source, from_stride, SIDE, SIDE);                \
                else                                                                               \
                    part_##name(block, to_stride, source, from_stride,                             \
                                rows - r < SIDE ? rows - r : SIDE,                                 \
                                columns - c < SIDE ? columns - c : SIDE);                          \
            }                                                                                      \
    }

static inline void one_element(uint8_t *to, int64_t to_step, const uint8_t *from,
                               int64_t from_step) {
    (void)to_step;
    (void)from_step;
    *to = *from;
}

TURN(1, , uint8_t, narrow_1, uint8_t, one_element, 1, 1)
TURN(4_baseline, , uint32_t, narrow_4, float, transpose_4_floats, 4, 4)
TURN(8_baseline, , uint64_t, narrow_8, double, transpose_2_doubles, 2, 2)
#ifdef YG_GEMM_X86
#define AVX2 __attribute__((target("avx2")))
TURN(4_avx2, AVX2, uint32_t, narrow_4, float, transpose_8_floats, 4, 8)
TURN(8_avx2, AVX2, uint64_t, narrow_8, double, transpose_4_doubles, 2, 4)

static void turn_4_avx512(void *to, int64_t to_stride, const void *from, int64_t from_stride,
                          int64_t rows, int64_t columns) {
    if (!narrow_4(to, to_stride, from, from_stride, rows, columns))
        yg_turn_4_avx512(to, to_stride, from, from_stride, rows, columns);
}

static void turn_8_avx512(void *to, int64_t to_stride, const void *from, int64_t from_stride,
                          int64_t rows, int64_t columns) {
    if (!narrow_8(to, to_stride, from, from_stride, rows, columns))
        yg_turn_8_avx512(to, to_stride, from, from_stride, rows, columns);
}
#endif

yg_turn yg_turn_choose(size_t element, yg_gemm_isa isa) {
    static const yg_turn kernels[][2] = {
        [YG_GEMM_BASELINE] = {turn_4_baseline, turn_8_baseline},
#ifdef YG_GEMM_X86
        [YG_GEMM_AVX2] = {turn_4_avx2, turn_8_avx2},
        [YG_GEMM_AVX512] = {turn_4_avx512, turn_8_avx512},
#endif
    };
    return element == 1 ? turn_1 : kernels[isa][element == 8];
}

yg_turn yg_turn_for(size_t element) {
    return yg_turn_choose(element, yg_gemm_isa_best());
}
