/*
 * Memory for the tensors of a program: zeroed, and at the right places.
 */
#include "../graph/units.h"
#include "../graph/zeros.h"

#include <criterion/criterion.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Dirties memory and frees it, so that the next allocation may find it again. */
static void leave_dirt(size_t bytes) {
    char *memory = malloc(bytes);
    cr_assert(memory);
    memset(memory, 0xff, bytes);
    free(memory);
}

static void check(const char *memory, size_t bytes) {
    cr_assert(memory, "%zu bytes", bytes);
    cr_expect((uintptr_t)memory % YG_ALIGN == 0, "%zu bytes are at %p", bytes, (void *)memory);
    for (size_t i = 0; i < bytes; i++)
        cr_assert(memory[i] == 0, "byte %zu of %zu", i, bytes);
}

/* On both sides of the size from which on huge pages are asked for. */
Test(zeros, are_zero_and_aligned) {
    static const size_t sizes[] = {1, 64, 1000, (8u << 20) - 1, (8u << 20) + 1, 9u << 20};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        yg_untouched memory;
        leave_dirt(sizes[i]);
        char *zeros = yg_zeros(sizes[i]);
        check(zeros, sizes[i]);
        free(zeros);
        leave_dirt(sizes[i]);
        check(yg_zeros_untouched(sizes[i], &memory), sizes[i]);
        yg_untouched_free(&memory);
    }
}

Test(zeros, no_bytes_are_no_memory) {
    cr_expect(yg_zeros(0) == NULL);
    cr_expect(yg_memory_new(0) == NULL);
}

/* AddressSanitizer tells of memory that is freed too early, too often or never. */
Test(zeros, memory_lives_as_long_as_an_owner) {
    yg_memory *memory = yg_memory_new(100);
    cr_assert(memory);
    char *bytes = yg_memory_data(memory);
    check(bytes, 100);
    cr_expect(yg_memory_share(memory, 101) == NULL, "too few");
    cr_expect(yg_memory_share(memory, 0) == NULL, "none asked for");
    cr_assert(yg_memory_share(memory, 100) == memory);
    yg_memory_free(memory);
    memset(bytes, 1, 100);
    yg_memory_free(memory);
    yg_memory_free(NULL);
}
