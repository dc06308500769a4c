/*
 * Memory for the tensors of a program: see zeros.h.
 *
 * The processor keeps the addresses of some thousand pages. A program whose tensors fill more pages
 * of 4 KiB looks addresses up again in each step, in tables that may lie in memory themselves. On
 * Linux pages of 2 MiB can be had. By default the system gives them to those who ask only. It may
 * refuse, and then all is as before.
 */
#define _DEFAULT_SOURCE /* madvise() */
#include "zeros.h"

#include "units.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define HUGE_PAGE ((size_t)2 << 20) /* bytes */

static size_t round_up(size_t bytes, size_t unit) {
    return (bytes + unit - 1) / unit * unit;
}

/* Where memory of so many bytes begins: at a huge page if it fills one. */
static size_t alignment(size_t bytes) {
    return bytes < HUGE_PAGE ? YG_ALIGN : HUGE_PAGE;
}

/* Asks for huge pages, as far as whole ones are filled. */
static void ask_for_huge_pages(void *memory, size_t bytes) {
#ifdef MADV_HUGEPAGE
    if (bytes >= HUGE_PAGE)
        (void)madvise(memory, bytes / HUGE_PAGE * HUGE_PAGE, MADV_HUGEPAGE);
#else
    (void)memory, (void)bytes;
#endif
}

void *yg_zeros_untouched(size_t bytes, yg_untouched *memory) {
    const size_t align = alignment(bytes), room = round_up(bytes, YG_ALIGN) + align;
    *memory = (yg_untouched){0};
    if (room <= bytes)
        return NULL;
    if (bytes < HUGE_PAGE) {
        memory->begin = calloc(1, room);
    } else {
        void *pages = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (pages != MAP_FAILED)
            *memory = (yg_untouched){pages, room};
    }
    if (!memory->begin)
        return NULL;
    void *zeros = (void *)round_up((uintptr_t)memory->begin, align);
    ask_for_huge_pages(zeros, bytes);
    return zeros;
}

void yg_untouched_free(yg_untouched *memory) {
    if (memory->mapped)
        munmap(memory->begin, memory->mapped);
    else
        free(memory->begin);
    *memory = (yg_untouched){0};
}

void *yg_zeros(size_t bytes) {
    const size_t align = alignment(bytes);
    const size_t whole = round_up(bytes, align); /* what lies behind the tensors is never touched */
    void *memory = bytes > 0 && whole >= bytes ? aligned_alloc(align, whole) : NULL;
    if (!memory)
        return NULL;
    ask_for_huge_pages(memory, bytes);
    memset(memory, 0, round_up(bytes, YG_ALIGN));
    return memory;
}

struct yg_memory {
    atomic_int owners;
    size_t bytes;
    char *data;
};

yg_memory *yg_memory_new(size_t bytes) {
    char *data = yg_zeros(bytes);
    yg_memory *memory = data ? malloc(sizeof *memory) : NULL;
    if (!memory) {
        free(data);
        return NULL;
    }
    atomic_init(&memory->owners, 1);
    memory->bytes = bytes;
    memory->data = data;
    return memory;
}

yg_memory *yg_memory_share(yg_memory *memory, size_t bytes) {
    if (memory->bytes < bytes || bytes == 0)
        return NULL;
    atomic_fetch_add(&memory->owners, 1);
    return memory;
}

void yg_memory_free(yg_memory *memory) {
    if (!memory || atomic_fetch_sub(&memory->owners, 1) > 1)
        return;
    free(memory->data);
    free(memory);
}

char *yg_memory_data(const yg_memory *memory) {
    return memory->data;
}
