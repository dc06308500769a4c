/*
 * Offsets in one stretch of memory: best fit, freed neighbours are joined. Private to graph/.
 */
#ifndef YG_GRAPH_ARENA_H
#define YG_GRAPH_ARENA_H

#include "pool.h"

#include <stdint.h>

typedef struct yg_arena yg_arena;
typedef struct yg_block yg_block;
yg_arena *yg_arena_new(yg_pool *pool);
/* NULL when out of memory, or when the whole is too large to address. `bytes` > 0; offsets are
 * multiples of 64. */
yg_block *yg_arena_take(yg_arena *arena, int64_t bytes);
int64_t yg_block_offset(const yg_block *block);
void yg_arena_give(yg_arena *arena, yg_block *block);
int64_t yg_arena_size(const yg_arena *arena);

#endif
