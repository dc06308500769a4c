/*
 * Strided copies. Neighbouring dimensions are merged first if they are contiguous in both buffers.
 * Most copies then become a few long memcpy(), a fill, or a transposition in blocks.
 */
#include "copy.h"

#include "copy_blocks.h"
#include "multiversion.h"
#include "strides.h"
#include "turn.h"

#include <limits.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* Defines the copying loop of a run of `n` elements for one element size. */
#define COPY_LOOPS(element)                                                                        \
    YG_MULTIVERSION static void copy_run_##element(                                                \
        element *to, int64_t to_stride, const element *from, int64_t from_stride, int64_t n) {     \
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
    }

COPY_LOOPS(uint8_t)
COPY_LOOPS(uint32_t)
COPY_LOOPS(uint64_t)

typedef uint32_t four __attribute__((vector_size(16)));

#ifdef __SSE2__
/* A fill of so many bytes goes past the caches. They do not hold it, and a line that is written
 * there is read first. */
enum { STREAMED = 32 << 20 };

/* Writes `bytes` bytes that repeat an element; `row` holds 16 bytes of it. */
static void stream_fill(char *to, four row, size_t bytes) {
    const size_t before = (16 - (uintptr_t)to % 16) % 16; /* a multiple of an element */
    memcpy(to, &row, before);
    for (size_t i = before; i + 16 <= bytes; i += 16)
        _mm_stream_si128((__m128i *)(void *)(to + i), (__m128i)row);
    _mm_sfence();
    memcpy(to + bytes - 16, &row, 16);
}
#else
enum { STREAMED = INT_MAX };
static void stream_fill(char *to, four row, size_t bytes) {
    for (size_t i = 0; i + 16 <= bytes; i += 16)
        memcpy(to + i, &row, 16);
    memcpy(to + bytes - 16, &row, 16);
}
#endif

/* Copies `bytes` bytes, 4 to SHORT of them, in a few moves that may overlap: calling memcpy() would
 * take longer than the copy. */
enum { SHORT = 64 };
static inline void copy_short(char *to, const char *from, size_t bytes) {
    if (bytes > 32) {
        memcpy(to, from, 32);
        memcpy(to + bytes - 32, from + bytes - 32, 32);
    } else if (bytes >= 16) {
        memcpy(to, from, 16);
        memcpy(to + bytes - 16, from + bytes - 16, 16);
    } else if (bytes >= 8) {
        memcpy(to, from, 8);
        memcpy(to + bytes - 8, from + bytes - 8, 8);
    } else {
        memcpy(to, from, 4);
        memcpy(to + bytes - 4, from + bytes - 4, 4);
    }
}

/* Two dimensions of a box: `rows` runs of `columns` elements. */
typedef struct plane {
    int64_t rows, columns;
    int64_t to_row, to_stride;     /* strides in the target, from row to row and within a row */
    int64_t from_row, from_stride; /* the same in the source */
} plane;

/* Copies `bytes` bytes, SHORT or more, in moves of 32. */
static void copy_moves(char *to, const char *from, size_t bytes) {
    char last[32];
    memcpy(last, from + bytes - 32, 32);
    for (size_t i = 0; i + 32 < bytes; i += 32)
        memcpy(to + i, from + i, 32);
    memcpy(to + bytes - 32, last, 32);
}

void yg_copy_bytes(void *to, const void *from, size_t bytes) {
    const size_t ahead = ((uintptr_t)to - (uintptr_t)from) % 4096;
    if (ahead > 0 && ahead < 64 && bytes >= SHORT)
        copy_moves(to, from, bytes);
    else
        memcpy(to, from, bytes);
}

/* Rows of `bytes` bytes, 4 to SHORT of them. Their number is a constant where this is inlined. */
static inline __attribute__((always_inline)) void
copy_short_rows(const plane *p, size_t element, char *to, const char *from, size_t bytes) {
    const int64_t to_row = p->to_row * (int64_t)element, from_row = p->from_row * (int64_t)element;
    for (int64_t r = 0; r < p->rows; r++, to += to_row, from += from_row)
        copy_short(to, from, bytes);
}

/* Rows of neighbours. */
static void copy_rows(const plane *p, size_t element, char *to, const char *from) {
    const size_t bytes = (size_t)p->columns * element;
    const int64_t to_row = p->to_row * (int64_t)element, from_row = p->from_row * (int64_t)element;
    if (bytes < 4 || bytes > SHORT) {
        for (int64_t r = 0; r < p->rows; r++, to += to_row, from += from_row)
            yg_copy_bytes(to, from, bytes);
        return;
    }
#define ROWS_OF(constant)                                                                          \
    case constant:                                                                                 \
        copy_short_rows(p, element, to, from, constant);                                           \
        return;
    switch (bytes) {
        ROWS_OF(4)
        ROWS_OF(8)
        ROWS_OF(12)
        ROWS_OF(16)
        ROWS_OF(20)
        ROWS_OF(24)
        ROWS_OF(28)
        ROWS_OF(32)
    default:
        copy_short_rows(p, element, to, from, bytes);
    }
#undef ROWS_OF
}

/* Writes `bytes` bytes, 4 to SHORT of them, that repeat an element; `row` holds 16 bytes of it. */
static inline void repeat_short(char *to, four row, size_t bytes) {
    if (bytes < 16) { /* 4, 8 or 12 */
        if (bytes >= 8)
            memcpy(to, &row, 8);
        if (bytes != 8)
            memcpy(to + bytes - 4, &row, 4);
        return;
    }
    for (size_t i = 0; i + 16 < bytes; i += 16)
        memcpy(to + i, &row, 16);
    memcpy(to + bytes - 16, &row, 16);
}

/* 16 bytes that repeat an element of 4 or 8 bytes. */
static inline four repeated(size_t element, const char *from) {
    uint32_t first, second;
    memcpy(&first, from, 4);
    memcpy(&second, from + element - 4, 4);
    return (four){first, second, first, second};
}

/* Each element of a column becomes a short row of `bytes` bytes of equal elements. */
static inline __attribute__((always_inline)) void
repeat_each(const plane *p, size_t element, char *to, const char *from, size_t bytes) {
    const int64_t to_row = p->to_row * (int64_t)element, from_row = p->from_row * (int64_t)element;
    for (int64_t r = 0; r < p->rows; r++, to += to_row, from += from_row) {
        repeat_short(to, repeated(element, from), bytes);
    }
}

/* The number of bytes is a constant where it is often met. */
static void repeat_elements(const plane *p, size_t element, char *to, const char *from) {
    const size_t bytes = (size_t)p->columns * element;
    if (bytes == 8 && element == 4)
        repeat_each(p, 4, to, from, 8);
    else if (bytes == 16 && element == 4)
        repeat_each(p, 4, to, from, 16);
    else if (bytes == 16)
        repeat_each(p, 8, to, from, 16);
    else
        repeat_each(p, element, to, from, bytes);
}

static void copy_plane(const plane *p, size_t element, char *to, const char *from) {
    const int64_t to_row = p->to_row * (int64_t)element, from_row = p->from_row * (int64_t)element;
    if (p->to_stride == 1 && p->from_stride == 1) {
        copy_rows(p, element, to, from);
        return;
    }
    const int64_t bytes = p->columns * (int64_t)element;
    if (p->to_stride == 1 && p->from_stride == 0 && element > 1 && bytes <= SHORT) {
        repeat_elements(p, element, to, from);
        return;
    }
    if (p->to_stride == 1 && p->from_stride == 0 && element > 1 && bytes >= STREAMED) {
        for (int64_t r = 0; r < p->rows; r++, to += to_row, from += from_row)
            stream_fill(to, repeated(element, from), (size_t)bytes);
        return;
    }
    for (int64_t r = 0; r < p->rows; r++, to += to_row, from += from_row)
        if (element == 1)
            copy_run_uint8_t((uint8_t *)to, p->to_stride, (const uint8_t *)from, p->from_stride,
                             p->columns);
        else if (element == 4)
            copy_run_uint32_t((uint32_t *)(void *)to, p->to_stride,
                              (const uint32_t *)(const void *)from, p->from_stride, p->columns);
        else
            copy_run_uint64_t((uint64_t *)(void *)to, p->to_stride,
                              (const uint64_t *)(const void *)from, p->from_stride, p->columns);
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

/* Takes dimension d out of the box. */
static void take_dimension(yg_box *box, int d, int64_t *size, int64_t *to, int64_t *from) {
    *size = box->size[d];
    *to = box->to_stride[d];
    *from = box->from_stride[d];
    drop_dimension(box, d);
}

void yg_copy_box(const yg_box *box, size_t element, void *to, const void *from) {
    for (int d = 0; d < box->rank; d++)
        if (box->size[d] == 0)
            return;
    yg_box outer = merged(box);
    if (yg_copy_blocks(&outer, element, to, from, yg_gemm_isa_best()))
        return;
    plane p = {.rows = 1};
    take_dimension(&outer, outer.rank - 1, &p.columns, &p.to_stride, &p.from_stride);

    /* If the target is contiguous along the last dimension, and the source along another one, those
     * two dimensions are a transposition. */
    yg_turn turn = NULL;
    int next = outer.rank - 1;
    for (int d = outer.rank; d-- > 0 && !turn && p.to_stride == 1 && p.from_stride != 0;)
        if (p.from_stride != 1 && outer.from_stride[d] == 1) {
            turn = yg_turn_for(element);
            next = d;
        }
    if (next >= 0)
        take_dimension(&outer, next, &p.rows, &p.to_row, &p.from_row);

    int64_t repeats = 1;
    for (int d = 0; d < outer.rank; d++)
        repeats *= outer.size[d];
    int64_t to_index[YG_MAX_RANK] = {0}, from_index[YG_MAX_RANK] = {0};
    int64_t to_offset = 0, from_offset = 0;
    for (int64_t i = 0; i < repeats; i++) {
        char *target = (char *)to + to_offset * (int64_t)element;
        const char *source = (const char *)from + from_offset * (int64_t)element;
        if (turn)
            turn(target, p.to_row, source, p.from_stride, p.rows, p.columns);
        else
            copy_plane(&p, element, target, source);
        to_offset = yg_strides_next(outer.rank, outer.size, outer.to_stride, to_index, to_offset);
        from_offset =
            yg_strides_next(outer.rank, outer.size, outer.from_stride, from_index, from_offset);
    }
}

void yg_copy_fill(size_t element, void *to, int64_t count, const void *value) {
    const plane p = {.rows = 1, .columns = count, .to_stride = 1};
    if (count == 0)
        return;
    copy_plane(&p, element, to, value);
}
