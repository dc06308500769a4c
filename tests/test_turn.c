/*
 * Transposing small and odd matrices, with each set of instructions that this processor has: every
 * element arrives, and nothing beside the matrix is written.
 */
#include "ops/turn.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 36, GAP = 3, ROOM = (MOST + 1) * (MOST + GAP) * 8 };

/* Each size has its own allocation, so that AddressSanitizer sees what is read outside. */
static char *matrix(size_t element, int64_t lines, int64_t length, int64_t stride) {
    const int64_t count = lines == 0 ? 0 : (lines - 1) * stride + length;
    char *from = malloc((size_t)count * element + 1);
    cr_assert_not_null(from);
    for (size_t i = 0; i < (size_t)count * element; i++)
        from[i] = (char)(i * 7 + i / 251);
    return from;
}

static void check(size_t element, yg_gemm_isa isa, int64_t rows, int64_t columns, int64_t gap) {
    const int64_t to_stride = columns + gap, from_stride = rows + gap;
    char *from = matrix(element, columns, rows, from_stride);
    static char to[ROOM], wanted[ROOM];
    memset(to, 0x55, sizeof to);
    memset(wanted, 0x55, sizeof wanted);
    for (int64_t r = 0; r < rows; r++)
        for (int64_t c = 0; c < columns; c++)
            memcpy(wanted + (size_t)(r * to_stride + c) * element,
                   from + (size_t)(r + c * from_stride) * element, element);
    yg_turn_choose(element, isa)(to, to_stride, from, from_stride, rows, columns);
    cr_assert_arr_eq(to, wanted, sizeof to,
                     "%zu bytes, instructions %d, %d rows of %d columns, gap %d", element, (int)isa,
                     (int)rows, (int)columns, (int)gap);
    free(from);
}

Test(turn, every_element_arrives_and_nothing_else_is_written) {
    static const size_t elements[] = {1, 4, 8};
    for (size_t e = 0; e < sizeof elements / sizeof *elements; e++)
        for (yg_gemm_isa isa = YG_GEMM_BASELINE; isa < YG_GEMM_ISAS; isa++)
            for (int64_t rows = 1; rows <= MOST && yg_gemm_isa_available(isa); rows++)
                for (int64_t columns = 1; columns <= MOST; columns++) {
                    check(elements[e], isa, rows, columns, 0);
                    check(elements[e], isa, rows, columns, GAP);
                }
}

/* Rows that are a page apart are transposed in blocks. */
Test(turn, blocks_of_rows_a_page_apart) {
    enum { ROWS = 150, COLUMNS = 70 };
    for (size_t element = 4; element <= 8; element += 4)
        for (yg_gemm_isa isa = YG_GEMM_BASELINE; isa < YG_GEMM_ISAS; isa++) {
            const int64_t stride = 4096 / (int64_t)element;
            if (!yg_gemm_isa_available(isa))
                continue;
            char *from = matrix(element, COLUMNS, ROWS, stride);
            char *to = calloc(ROWS * COLUMNS, element);
            cr_assert_not_null(to);
            yg_turn_choose(element, isa)(to, COLUMNS, from, stride, ROWS, COLUMNS);
            for (int64_t r = 0; r < ROWS; r++)
                for (int64_t c = 0; c < COLUMNS; c++)
                    cr_assert_arr_eq(to + (size_t)(r * COLUMNS + c) * element,
                                     from + (size_t)(r + c * stride) * element, element,
                                     "instructions %d, row %d, column %d", (int)isa, (int)r,
                                     (int)c);
            free(from);
            free(to);
        }
}
