/*
 * An allocator of offsets: see arena.h.
 *
 * All blocks form a list in order of their offsets. Free blocks are also in a list of their size
 * class, a power of two. So taking and giving back take constant time however many blocks there
 * are.
 */
#include "arena.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define ALIGN   64
#define CLASSES 64
#define LOOKS   16 /* blocks of the same class that are tried before a larger class */

typedef struct yg_block block;

struct yg_block {
    int64_t offset, bytes;
    bool free;
    block *before, *after;  /* neighbours by offset */
    block *previous, *next; /* neighbours in the free list of its class */
};

struct yg_arena {
    yg_pool *pool;
    block *last;          /* the block with the highest offset */
    block *free[CLASSES]; /* class k: free blocks of 2^k to 2^(k + 1) - 1 bytes */
    uint64_t listed;      /* bit k: class k has a free block */
    block *spare;         /* block structs to use again, linked by `next` */
    int64_t size;         /* bytes of all blocks */
};

yg_arena *yg_arena_new(yg_pool *pool) {
    yg_arena *arena = yg_pool_take(pool, sizeof *arena);
    if (arena)
        arena->pool = pool;
    return arena;
}

int64_t yg_arena_size(const yg_arena *arena) {
    return arena->size;
}

static int size_class(int64_t bytes) {
    return 63 - __builtin_clzll((unsigned long long)bytes);
}

static void list_add(yg_arena *arena, block *b) {
    const int class = size_class(b->bytes);
    block **head = &arena->free[class];
    arena->listed |= (uint64_t)1 << class;
    b->free = true;
    b->previous = NULL;
    b->next = *head;
    if (*head)
        (*head)->previous = b;
    *head = b;
}

static void list_remove(yg_arena *arena, block *b) {
    const int class = size_class(b->bytes);
    if (b->previous)
        b->previous->next = b->next;
    else
        arena->free[class] = b->next;
    if (!arena->free[class])
        arena->listed &= ~((uint64_t)1 << class);
    if (b->next)
        b->next->previous = b->previous;
    b->free = false;
}

static block *new_block(yg_arena *arena, int64_t offset, int64_t bytes) {
    block *b = arena->spare;
    if (b)
        arena->spare = b->next;
    else
        b = yg_pool_take_unset(arena->pool, sizeof *b);
    if (b)
        *b = (block){.offset = offset, .bytes = bytes};
    return b;
}

static block *find_free(yg_arena *arena, int64_t bytes) {
    const int own = size_class(bytes);
    block *best = NULL;
    int looks = 0;
    for (block *b = arena->free[own]; b && looks < LOOKS; b = b->next, looks++) {
        if (b->bytes >= bytes && (!best || b->bytes < best->bytes))
            best = b;
    }
    if (best)
        return best;
    const uint64_t larger = arena->listed & ~(((uint64_t)2 << own) - 1);
    return larger ? arena->free[__builtin_ctzll(larger)] : NULL;
}

/* Makes room at the end: grows the last block if it is free, otherwise adds one. */
static block *extend(yg_arena *arena, int64_t bytes) {
    block *b = arena->last;
    const bool grows = b && b->free;
    int64_t size;
    if (__builtin_add_overflow(arena->size, bytes - (grows ? b->bytes : 0), &size))
        return NULL;
    if (grows) {
        list_remove(arena, b);
        arena->size = size;
        b->bytes = bytes;
        return b;
    }
    b = new_block(arena, arena->size, bytes);
    if (!b)
        return NULL;
    b->before = arena->last;
    if (arena->last)
        arena->last->after = b;
    arena->last = b;
    arena->size = size;
    return b;
}

static bool split(yg_arena *arena, block *b, int64_t bytes) {
    if (b->bytes == bytes)
        return true;
    block *rest = new_block(arena, b->offset + bytes, b->bytes - bytes);
    if (!rest)
        return false;
    rest->before = b;
    rest->after = b->after;
    if (b->after)
        b->after->before = rest;
    else
        arena->last = rest;
    b->after = rest;
    b->bytes = bytes;
    list_add(arena, rest);
    return true;
}

int64_t yg_block_offset(const block *b) {
    return b->offset;
}

block *yg_arena_take(yg_arena *arena, int64_t bytes) {
    bytes = (bytes + ALIGN - 1) / ALIGN * ALIGN;
    block *b = find_free(arena, bytes);
    if (b) {
        list_remove(arena, b);
        if (!split(arena, b, bytes))
            return NULL;
    } else {
        b = extend(arena, bytes);
    }
    return b;
}

/* Joins `b` with the block after it, whose struct becomes a spare one. */
static void join(yg_arena *arena, block *b) {
    block *gone = b->after;
    b->bytes += gone->bytes;
    b->after = gone->after;
    if (gone->after)
        gone->after->before = b;
    else
        arena->last = b;
    gone->next = arena->spare;
    arena->spare = gone;
}

void yg_arena_give(yg_arena *arena, block *b) {
    if (b->after && b->after->free) {
        list_remove(arena, b->after);
        join(arena, b);
    }
    if (b->before && b->before->free) {
        b = b->before;
        list_remove(arena, b);
        join(arena, b);
    }
    list_add(arena, b);
}
