/*
 * Copying boxes between strided tensors: every element arrives, and nothing beside the box is
 * written or read, with each set of instructions that this processor has.
 */
#include "ops/copy.h"
#include "ops/copy_blocks.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

/* A box whose target is contiguous but for `gap` elements behind each of its rows. */
typedef struct sample {
    const char *what;
    int rank;
    int64_t size[4], from_stride[4], gap;
} sample;

static const sample samples[] = {
    {"matrices of 4 by 8, transposed", 3, {9, 8, 4}, {32, 1, 8}, 0},
    {"matrices of 8 by 8, transposed", 3, {5, 8, 8}, {64, 1, 8}, 0},
    {"matrices of 3 by 5, transposed", 3, {23, 5, 3}, {15, 1, 5}, 0},
    {"pixels of a square become channels", 4, {3, 2, 12, 17}, {408, 1, 34, 2}, 0},
    {"a plane of every third pixel", 3, {3, 7, 40}, {1, 120, 3}, 0},
    {"a row of every fourth element", 2, {5, 100}, {400, 4}, 0},
    {"a row of every second element, with gaps", 2, {20, 35}, {70, 2}, 3},
    {"two elements five times", 3, {77, 5, 2}, {2, 0, 1}, 0},
    {"each element four times", 2, {133, 4}, {1, 0}, 0},
    {"each element three times", 2, {91, 3}, {1, 0}, 0},
    {"short rows one after the other, apart in the source", 2, {70, 5}, {9, 1}, 0},
    {"short rows with gaps", 2, {70, 11}, {11, 1}, 2},
    {"long rows", 2, {7, 90}, {91, 1}, 0},
    {"one row for all", 2, {30, 12}, {0, 1}, 0},
    {"a large transposition", 2, {70, 65}, {1, 70}, 0},
    {"a few elements", 2, {3, 4}, {1, 3}, 0},
    {"planes that are read again, far apart", 3, {2, 80, 60}, {1, 240, 2}, 0},
};

enum { GUARD = 64 };

static int64_t to_strides(const sample *s, int64_t *stride) {
    int64_t size = 1;
    for (int d = s->rank; d-- > 0;) {
        stride[d] = size;
        size *= s->size[d];
        if (d == s->rank - 1)
            size += s->gap;
    }
    return size;
}

static void copy_one_by_one(const yg_box *box, size_t element, char *to, const char *from, int d) {
    for (int64_t i = 0; i < box->size[d]; i++) {
        char *target = to + i * box->to_stride[d] * (int64_t)element;
        const char *source = from + i * box->from_stride[d] * (int64_t)element;
        if (d == box->rank - 1)
            memcpy(target, source, element);
        else
            copy_one_by_one(box, element, target, source, d + 1);
    }
}

/* isa: YG_GEMM_ISAS for yg_copy_box(). The source has its own allocation, so that AddressSanitizer
 * sees what is read outside. False if there is nothing to do for a set of instructions. */
static bool check(const sample *s, size_t element, yg_gemm_isa isa) {
    yg_box box = {.rank = s->rank};
    int64_t span = 1;
    for (int d = 0; d < s->rank; d++) {
        box.size[d] = s->size[d];
        box.from_stride[d] = s->from_stride[d];
        span += (s->size[d] - 1) * s->from_stride[d];
    }
    const size_t bytes = (size_t)to_strides(s, box.to_stride) * element + GUARD;
    char *from = malloc((size_t)span * element), *to = malloc(bytes), *wanted = malloc(bytes);
    cr_assert(from && to && wanted);
    for (size_t i = 0; i < (size_t)span * element; i++)
        from[i] = (char)(i * 7 + i / 251);
    memset(to, 0x55, bytes);
    memset(wanted, 0x55, bytes);
    copy_one_by_one(&box, element, wanted, from, 0);
    bool done = true;
    if (isa == YG_GEMM_ISAS)
        yg_copy_box(&box, element, to, from);
    else
        done = yg_copy_blocks(&box, element, to, from, isa);
    cr_assert(!done || memcmp(to, wanted, bytes) == 0, "%s, %zu bytes, instructions %d", s->what,
              element, (int)isa);
    free(from);
    free(to);
    free(wanted);
    return done;
}

Test(copy, every_element_arrives_and_nothing_else_is_written) {
    static const size_t elements[] = {1, 4, 8};
    int blocks = 0;
    for (size_t e = 0; e < sizeof elements / sizeof *elements; e++)
        for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
            check(&samples[i], elements[e], YG_GEMM_ISAS);
            for (yg_gemm_isa isa = YG_GEMM_BASELINE; isa < YG_GEMM_ISAS; isa++)
                if (yg_gemm_isa_available(isa))
                    blocks += check(&samples[i], elements[e], isa);
        }
    cr_assert_geq(blocks, 12, "%d copies were made block by block", blocks);
}

/* Rows that move by less than a cache line: those for which yg_copy_bytes() has moves of its own.
 */
Test(copy, bytes_that_move_by_less_than_a_line) {
    enum { ROOM = 3 * 4096 };
    static _Alignas(64) char room[2][ROOM + 64];
    static char wanted[ROOM];
    for (size_t shift = 0; shift <= 64; shift += 4)
        for (size_t bytes = 60; bytes <= 300; bytes += 3) {
            char *from = room[0], *to = room[1] + ((uintptr_t)room[0] - (uintptr_t)room[1]) % 4096;
            for (size_t i = 0; i < bytes; i++)
                from[i] = (char)(i * 3 + shift);
            memset(to, 0x55, 400);
            memset(wanted, 0x55, 400);
            memcpy(wanted + shift, from, bytes);
            yg_copy_bytes(to + shift, from, bytes);
            cr_assert_arr_eq(to, wanted, 400, "%zu bytes by %zu", bytes, shift);
        }
}
