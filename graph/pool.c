/*
 * A pool is a list of blocks. Memory is taken from the first block, from its start to its end.
 */
#include "pool.h"

#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE ((size_t)64 * 1024)
/* Of the first block; each next one is twice as large, up to BLOCK_SIZE. So a small graph takes
 * little memory. */
#define FIRST_SIZE ((size_t)4 * 1024)

typedef struct block {
    struct block *next;
    size_t used, size;
    max_align_t data[];
} block;

struct yg_pool {
    block *first; /* the block that is being filled */
};

yg_pool *yg_pool_new(void) {
    return calloc(1, sizeof(yg_pool));
}

void yg_pool_free(yg_pool *pool) {
    if (!pool)
        return;
    for (block *b = pool->first; b;) {
        block *next = b->next;
        free(b);
        b = next;
    }
    free(pool);
}

static size_t round_up(size_t size, size_t align) {
    return (size + align - 1) / align * align;
}

/* Adds a block with room for `size` bytes to the pool. Of a piece that has a block to itself, the
 * system may have the zeros for nothing. */
static block *add_block(yg_pool *pool, size_t size, bool zeroed) {
    const size_t last = pool->first ? pool->first->size : FIRST_SIZE / 2;
    const size_t usual = last < BLOCK_SIZE / 2 ? 2 * last : BLOCK_SIZE;
    const size_t room = size > usual ? size : usual;
    block *b = zeroed && size == room ? calloc(1, sizeof *b + room) : malloc(sizeof *b + room);
    if (!b)
        return NULL;
    b->used = 0;
    b->size = room;
    if (pool->first && room > BLOCK_SIZE) { /* goes behind the first block, which is not full yet */
        b->next = pool->first->next;
        pool->first->next = b;
    } else {
        b->next = pool->first;
        pool->first = b;
    }
    return b;
}

/* `size` must be rounded up. */
static void *take_from_new_block(yg_pool *pool, size_t size, bool zeroed) {
    block *b = add_block(pool, size, zeroed);
    if (!b)
        return NULL;
    b->used = size;
    return zeroed && size < b->size ? memset(b->data, 0, size) : b->data;
}

static inline void *take(yg_pool *pool, size_t size, bool zeroed) {
    /* No type is aligned to more than its size. So small pieces need little alignment, and a graph
     * mostly takes lists of one or two operands. */
    const size_t align = size <= sizeof(uint64_t) ? sizeof(uint64_t) : alignof(max_align_t);
    if (size > SIZE_MAX / 2)
        return NULL;
    size = round_up(size, align);
    block *b = pool->first;
    /* This cannot pass the end of the block, whose size is a multiple of both alignments. */
    const size_t start = b ? round_up(b->used, align) : 0;
    if (!b || b->size - start < size)
        return take_from_new_block(pool, size, zeroed);
    b->used = start + size;
    void *taken = (char *)b->data + start;
    return zeroed ? memset(taken, 0, size) : taken;
}

void *yg_pool_take(yg_pool *pool, size_t size) {
    return take(pool, size, true);
}

void *yg_pool_take_unset(yg_pool *pool, size_t size) {
    return take(pool, size, false);
}

char *yg_pool_copy(yg_pool *pool, const char *text, size_t length) {
    char *copy = yg_pool_take_unset(pool, length + 1);
    if (!copy)
        return NULL;
    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}
