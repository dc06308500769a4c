/*
 * Strided copies. Neighbouring dimensions are merged first if they are contiguous in both buffers.
 * Most copies then become a few long memcpy(), a fill, or a transposition in blocks.
 */
#include "copy.h"

#include "strides.h"

#include <string.h>

/* A transposition copies one square of this side at a time, through a small buffer. Each cache line
 * of either tensor is then touched once only. Otherwise, with a stride of a power of two, the lines
 * displace each other in the cache before all of their elements are used. */
enum { TRANSPOSE_BLOCK = 16 };

/* Transposes a square of 16-byte vectors: out[r] has element r of each in[c]. */
typedef uint32_t four __attribute__((vector_size(16)));
typedef uint64_t two __attribute__((vector_size(16)));

static inline void turn_uint32_t(four out[4], const four in[4]) {
    const four a = __builtin_shufflevector(in[0], in[1], 0, 4, 1, 5);
    const four b = __builtin_shufflevector(in[0], in[1], 2, 6, 3, 7);
    const four c = __builtin_shufflevector(in[2], in[3], 0, 4, 1, 5);
    const four d = __builtin_shufflevector(in[2], in[3], 2, 6, 3, 7);
    out[0] = __builtin_shufflevector(a, c, 0, 1, 4, 5);
    out[1] = __builtin_shufflevector(a, c, 2, 3, 6, 7);
    out[2] = __builtin_shufflevector(b, d, 0, 1, 4, 5);
    out[3] = __builtin_shufflevector(b, d, 2, 3, 6, 7);
}

static inline void turn_uint64_t(two out[2], const two in[2]) {
    out[0] = __builtin_shufflevector(in[0], in[1], 0, 2);
    out[1] = __builtin_shufflevector(in[0], in[1], 1, 3);
}

/* to[r * to_stride + c] = from[r + c * from_stride], for at most TRANSPOSE_BLOCK rows and columns.
 */
static inline void transpose_part_uint8_t(uint8_t *to, int64_t to_stride, const uint8_t *from,
                                          int64_t from_stride, int64_t rows, int64_t columns) {
    uint8_t square[TRANSPOSE_BLOCK][TRANSPOSE_BLOCK];
    for (int64_t c = 0; c < columns; c++)
        for (int64_t r = 0; r < rows; r++)
            square[r][c] = from[r + c * from_stride];
    for (int64_t r = 0; r < rows; r++)
        memcpy(to + r * to_stride, square[r], (size_t)columns * sizeof *to);
}

/* The same in squares of `side` vectors of `side` elements, and what is left element by element. */
#define TRANSPOSE_PART(element, vector, side)                                                      \
    static inline void transpose_part_##element(element *to, int64_t to_stride,                    \
                                                const element *from, int64_t from_stride,          \
                                                int64_t rows, int64_t columns) {                   \
        const int64_t high = rows - rows % side, wide = columns - columns % side;                  \
        for (int64_t c = 0; c < wide; c += side)                                                   \
            for (int64_t r = 0; r < high; r += side) {                                             \
                vector in[side], out[side];                                                        \
                for (int64_t i = 0; i < side; i++)                                                 \
                    memcpy(&in[i], from + r + (c + i) * from_stride, sizeof in[i]);                \
                turn_##element(out, in);                                                           \
                for (int64_t i = 0; i < side; i++)                                                 \
                    memcpy(to + (r + i) * to_stride + c, &out[i], sizeof out[i]);                  \
            }                                                                                      \
        for (int64_t c = 0; c < columns; c++)                                                      \
            for (int64_t r = c < wide ? high : 0; r < rows; r++)                                   \
                to[r * to_stride + c] = from[r + c * from_stride];                                 \
    }
TRANSPOSE_PART(uint32_t, four, 4)
TRANSPOSE_PART(uint64_t, two, 2)

/* The same for a whole block, in squares of `side` vectors of `side` elements. */
#define TRANSPOSE_SQUARE(element, vector, side)                                                    \
    static inline void transpose_square_##element(element *to, int64_t to_stride,                  \
                                                  const element *from, int64_t from_stride) {      \
        element square[TRANSPOSE_BLOCK][TRANSPOSE_BLOCK];                                          \
        for (int64_t c = 0; c < TRANSPOSE_BLOCK; c += side)                                        \
            for (int64_t r = 0; r < TRANSPOSE_BLOCK; r += side) {                                  \
                vector in[side], out[side];                                                        \
                for (int64_t i = 0; i < side; i++)                                                 \
                    memcpy(&in[i], from + r + (c + i) * from_stride, sizeof in[i]);                \
                turn_##element(out, in);                                                           \
                for (int64_t i = 0; i < side; i++)                                                 \
                    memcpy(&square[r + i][c], &out[i], sizeof out[i]);                             \
            }                                                                                      \
        for (int64_t r = 0; r < TRANSPOSE_BLOCK; r++)                                              \
            memcpy(to + r * to_stride, square[r], sizeof square[r]);                               \
    }
TRANSPOSE_SQUARE(uint32_t, four, 4)
TRANSPOSE_SQUARE(uint64_t, two, 2)

static inline void transpose_square_uint8_t(uint8_t *to, int64_t to_stride, const uint8_t *from,
                                            int64_t from_stride) {
    transpose_part_uint8_t(to, to_stride, from, from_stride, TRANSPOSE_BLOCK, TRANSPOSE_BLOCK);
}

/* Defines the copying loops for one element size: a run of `n` elements, and a transposition of
 * `rows` by `columns`. */
#define COPY_LOOPS(element)                                                                        \
    static void copy_run_##element(element *to, int64_t to_stride, const element *from,            \
                                   int64_t from_stride, int64_t n) {                               \
        if (to_stride == 1 && from_stride == 0) {                                                  \
            const element value = *from;                                                           \
            for (int64_t i = 0; i < n; i++)                                                        \
                to[i] = value;                                                                     \
            return;                                                                                \
        }                                                                                          \
        /* With a constant stride the compiler makes vectors. */                                   \
        if (to_stride == 1 && from_stride == -1) {                                                 \
            for (int64_t i = 0; i < n; i++)                                                        \
                to[i] = from[-i];                                                                  \
            return;                                                                                \
        }                                                                                          \
        if (to_stride == 1 && from_stride == 2) {                                                  \
            for (int64_t i = 0; i < n; i++)                                                        \
                to[i] = from[2 * i];                                                               \
            return;                                                                                \
        }                                                                                          \
        for (int64_t i = 0; i < n; i++)                                                            \
            to[i * to_stride] = from[i * from_stride];                                             \
    }                                                                                              \
    /* Few columns, as the colours of a picture. Their number is a constant where this is inlined: \
     * a row is then a few moves, not a call of memcpy(). */                                       \
    static inline void transpose_narrow_##element(element *to, int64_t to_stride,                  \
                                                  const element *from, int64_t from_stride,        \
                                                  int64_t rows, const int64_t columns) {           \
        for (int64_t r = 0; r < rows; r++)                                                         \
            for (int64_t c = 0; c < columns; c++)                                                  \
                to[r * to_stride + c] = from[r + c * from_stride];                                 \
    }                                                                                              \
    static void transpose_##element(element *to, int64_t to_stride, const element *from,           \
                                    int64_t from_stride, int64_t rows, int64_t columns) {          \
        enum { SIDE = TRANSPOSE_BLOCK };                                                           \
        switch (columns) {                                                                         \
        case 2:                                                                                    \
            transpose_narrow_##element(to, to_stride, from, from_stride, rows, 2);                 \
            return;                                                                                \
        case 3:                                                                                    \
            transpose_narrow_##element(to, to_stride, from, from_stride, rows, 3);                 \
            return;                                                                                \
        case 4:                                                                                    \
            transpose_narrow_##element(to, to_stride, from, from_stride, rows, 4);                 \
            return;                                                                                \
        default:                                                                                   \
            break;                                                                                 \
        }                                                                                          \
        for (int64_t r = 0; r < rows; r += SIDE)                                                   \
            for (int64_t c = 0; c < columns; c += SIDE) {                                          \
                element *block = to + r * to_stride + c;                                           \
                const element *source = from + r + c * from_stride;                                \
                const int64_t high = rows - r < SIDE ? rows - r : SIDE;                            \
                const int64_t wide = columns - c < SIDE ? columns - c : SIDE;                      \
                if (high == SIDE && wide == SIDE)                                                  \
                    transpose_square_##element(block, to_stride, source, from_stride);             \
                else                                                                               \
                    transpose_part_##element(block, to_stride, source, from_stride, high, wide);   \
            }                                                                                      \
    }

COPY_LOOPS(uint8_t)
COPY_LOOPS(uint32_t)
COPY_LOOPS(uint64_t)

static void copy_run(size_t element, char *to, int64_t to_stride, const char *from,
                     int64_t from_stride, int64_t n) {
    if (to_stride == 1 && from_stride == 1)
        memcpy(to, from, (size_t)n * element);
    else if (element == 1)
        copy_run_uint8_t((uint8_t *)to, to_stride, (const uint8_t *)from, from_stride, n);
    else if (element == 4)
        copy_run_uint32_t((uint32_t *)(void *)to, to_stride, (const uint32_t *)(const void *)from,
                          from_stride, n);
    else
        copy_run_uint64_t((uint64_t *)(void *)to, to_stride, (const uint64_t *)(const void *)from,
                          from_stride, n);
}

static void transpose(size_t element, char *to, int64_t to_stride, const char *from,
                      int64_t from_stride, int64_t rows, int64_t columns) {
    if (element == 1)
        transpose_uint8_t((uint8_t *)to, to_stride, (const uint8_t *)from, from_stride, rows,
                          columns);
    else if (element == 4)
        transpose_uint32_t((uint32_t *)(void *)to, to_stride, (const uint32_t *)(const void *)from,
                           from_stride, rows, columns);
    else
        transpose_uint64_t((uint64_t *)(void *)to, to_stride, (const uint64_t *)(const void *)from,
                           from_stride, rows, columns);
}

/* The same box without dimensions of size 1, and with neighbouring dimensions merged that are
 * contiguous in both buffers. Its rank is at least 1. */
static yg_box merged(const yg_box *box) {
    yg_box out = {0};
    for (int d = 0; d < box->rank; d++) {
        if (box->size[d] == 1)
            continue;
        const int last = out.rank - 1;
        if (last >= 0 && out.to_stride[last] == box->to_stride[d] * box->size[d] &&
            out.from_stride[last] == box->from_stride[d] * box->size[d]) {
            out.size[last] *= box->size[d];
            out.to_stride[last] = box->to_stride[d];
            out.from_stride[last] = box->from_stride[d];
            continue;
        }
        out.size[out.rank] = box->size[d];
        out.to_stride[out.rank] = box->to_stride[d];
        out.from_stride[out.rank] = box->from_stride[d];
        out.rank++;
    }
    if (out.rank == 0) {
        out.rank = 1;
        out.size[0] = out.to_stride[0] = out.from_stride[0] = 1;
    }
    return out;
}

static void drop_dimension(yg_box *box, int d) {
    box->rank--;
    for (; d < box->rank; d++) {
        box->size[d] = box->size[d + 1];
        box->to_stride[d] = box->to_stride[d + 1];
        box->from_stride[d] = box->from_stride[d + 1];
    }
}

void yg_copy_box(const yg_box *box, size_t element, void *to, const void *from) {
    for (int d = 0; d < box->rank; d++)
        if (box->size[d] == 0)
            return;
    yg_box outer = merged(box);
    const int inner = outer.rank - 1;
    const int64_t columns = outer.size[inner];
    const int64_t to_stride = outer.to_stride[inner], from_stride = outer.from_stride[inner];

    /* If the target is contiguous along the last dimension, and the source along another one, those
     * two dimensions are a transposition. */
    int64_t rows = 0, row_stride = 0;
    if (to_stride == 1 && from_stride != 1 && from_stride != 0) {
        for (int d = inner; d-- > 0 && rows == 0;) {
            if (outer.from_stride[d] != 1)
                continue;
            rows = outer.size[d];
            row_stride = outer.to_stride[d];
            drop_dimension(&outer, d);
        }
    }
    outer.rank--;

    int64_t repeats = 1;
    for (int d = 0; d < outer.rank; d++)
        repeats *= outer.size[d];
    int64_t to_index[YG_MAX_RANK] = {0}, from_index[YG_MAX_RANK] = {0};
    int64_t to_offset = 0, from_offset = 0;
    for (int64_t i = 0; i < repeats; i++) {
        char *target = (char *)to + to_offset * (int64_t)element;
        const char *source = (const char *)from + from_offset * (int64_t)element;
        if (rows > 0)
            transpose(element, target, row_stride, source, from_stride, rows, columns);
        else
            copy_run(element, target, to_stride, source, from_stride, columns);
        to_offset = yg_strides_next(outer.rank, outer.size, outer.to_stride, to_index, to_offset);
        from_offset =
            yg_strides_next(outer.rank, outer.size, outer.from_stride, from_index, from_offset);
    }
}

void yg_copy_fill(size_t element, void *to, int64_t count, const void *value) {
    copy_run(element, to, 1, value, 0, count);
}
