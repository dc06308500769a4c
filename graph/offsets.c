/*
 * Offsets in the arena, by lifetimes: every result in memory gets bytes when its unit has its turn.
 * Which bytes may serve twice is decided by the passes `in_place` and `reuse` (pass_in_place.c,
 * pass_reuse.c).
 */
#include "offsets.h"

#include <string.h>

static bool find_lifetimes(yg_compiler *c, yg_lifetimes *lives) {
    yg_program *program = c->program;
    yg_pool *pool = program->pool;
    const size_t units = program->unit_count + 1, stages = program->stage_count + 1;
    const size_t storages = program->storage_count + 1;
    lives->made = yg_pool_take(pool, units * sizeof(uint32_t));
    lives->dying = yg_pool_take(pool, stages * sizeof(uint32_t));
    lives->next_made = yg_pool_take(pool, storages * sizeof(uint32_t));
    lives->next_dying = yg_pool_take(pool, storages * sizeof(uint32_t));
    lives->block = yg_pool_take(pool, storages * sizeof *lives->block);
    if (!lives->made || !lives->dying || !lives->next_made || !lives->next_dying || !lives->block)
        return yg_fail_memory(c->error);
    memset(lives->block, 0, storages * sizeof *lives->block);
    for (size_t u = 0; u < units; u++)
        lives->made[u] = YG_NO_STORAGE;
    for (size_t b = 0; b < stages; b++)
        lives->dying[b] = YG_NO_STORAGE;
    for (uint32_t s = 0; s < program->storage_count; s++) {
        const yg_storage *storage = &program->storages[s];
        if (!yg_is_in_arena(storage))
            continue;
        lives->next_made[s] = lives->made[storage->first];
        lives->made[storage->first] = s;
        if (storage->last < program->stage_count) {
            lives->next_dying[s] = lives->dying[storage->last];
            lives->dying[storage->last] = s;
        }
    }
    return true;
}

void yg_lifetimes_give(yg_program *program, yg_lifetimes *lives, uint32_t from, uint32_t to) {
    program->storages[to].offset = program->storages[from].offset;
    lives->block[to] = lives->block[from];
    lives->block[from] = NULL;
}

static bool place(yg_compiler *c, yg_arena *arena, yg_lifetimes *lives, uint32_t u) {
    for (uint32_t s = lives->made[u]; s != YG_NO_STORAGE; s = lives->next_made[s]) {
        yg_storage *storage = &c->program->storages[s];
        if (lives->block[s])
            continue; /* taken over */
        if (yg_plan_take_rows(c, lives, u, s))
            continue;
        lives->block[s] = yg_arena_take(arena, storage->bytes > 0 ? storage->bytes : 1);
        if (!lives->block[s])
            return yg_plan_fail_arena(c, 0);
        storage->offset = yg_block_offset(lives->block[s]);
    }
    return true;
}

/* Offset 0 means "not placed yet" until the end, so the arena's first 64 bytes stay unused. */
#define FIRST_OFFSET 64

bool yg_plan_offsets(yg_compiler *c) {
    yg_program *program = c->program;
    yg_lifetimes lives = {0};
    yg_arena *arena = yg_arena_new(program->pool);
    if (!arena)
        return yg_fail_memory(c->error);
    if (!find_lifetimes(c, &lives) || !yg_arena_take(arena, FIRST_OFFSET))
        return yg_fail_memory(c->error);
    uint32_t u = 0;
    for (uint32_t b = 0; b < program->stage_count; b++) {
        for (; u < program->unit_count && program->units[u].stage == b; u++) {
            if (program->row_loops[program->units[u].row_loop].begin == u)
                lives.free_row_count = 0;
            yg_plan_take_over(c, &lives, u);
            if (!place(c, arena, &lives, u))
                return false;
            yg_plan_note_free_rows(c, &lives, u);
        }
        yg_plan_give_back(c, arena, &lives, b);
    }
    program->arena_bytes = yg_arena_size(arena);
    return true;
}
