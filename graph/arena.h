/*
 * An allocator of offsets: it gives out parts of one stretch of memory that exists only later, when
 * its size is known. The planner lays out the arena of a program with it. Private to graph/.
 */
#ifndef YG_GRAPH_ARENA_H
#define YG_GRAPH_ARENA_H

#include "pool.h"

#include <stdint.h>

typedef struct yg_arena yg_arena;
typedef struct yg_block yg_block;
/* An empty arena, which lives as long as the pool. NULL when out of memory. */
yg_arena *yg_arena_new(yg_pool *pool);
/* Takes a block of at least `bytes` > 0 bytes: the best fit among the free ones, or a new one at
 * the end. NULL when out of memory, or when the total size does not fit int64_t. */
yg_block *yg_arena_take(yg_arena *arena, int64_t bytes);
/* Where the block begins, in bytes; a multiple of 64. */
int64_t yg_block_offset(const yg_block *block);
/* Gives a block back. It is joined with free neighbours; `block` must not be used afterwards. */
void yg_arena_give(yg_arena *arena, yg_block *block);
/* The bytes that the whole needs: the end of the highest block so far. */
int64_t yg_arena_size(const yg_arena *arena);

#endif
