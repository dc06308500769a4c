/*
 * Gives every result in memory its offset in the arena. The stages are gone through in running
 * order: a result takes bytes at the unit that writes it first, and gives them back after the stage
 * that the pass `reuse` has noted (yg_plan_storage.free_after). A result may also take over the
 * bytes of another one (yg_storage.over), which the passes `in_place` and `reuse` have decided.
 */
#include "arena.h"
#include "plan.h"

/* Two kinds of linked lists of storages, kept in arrays; YG_NO_STORAGE ends a list. */
typedef struct lifetimes {
    uint32_t *made;       /* by unit: the first storage that it is the first to write */
    uint32_t *next_made;  /* by storage: the next one in that list */
    uint32_t *dying;      /* by stage: the first storage that is free after it */
    uint32_t *next_dying; /* by storage: the next one in that list */
    yg_block **block;     /* by storage: its bytes; NULL before they are taken, and when another
                             storage has taken them over */
} lifetimes;

static bool find_lifetimes(yg_compiler *c, lifetimes *lives) {
    yg_program *program = c->program;
    yg_pool *pool = program->pool;
    const size_t units = program->unit_count + 1, stages = program->stage_count + 1;
    const size_t storages = program->storage_count + 1;
    lives->made = yg_pool_take_unset(pool, units * sizeof(uint32_t));
    lives->dying = yg_pool_take_unset(pool, stages * sizeof(uint32_t));
    lives->next_made = yg_pool_take_unset(pool, storages * sizeof(uint32_t));
    lives->next_dying = yg_pool_take_unset(pool, storages * sizeof(uint32_t));
    lives->block = yg_pool_take(pool, storages * sizeof *lives->block);
    if (!lives->made || !lives->dying || !lives->next_made || !lives->next_dying || !lives->block)
        return yg_fail_memory(c->error);
    for (size_t u = 0; u < units; u++)
        lives->made[u] = YG_NO_STORAGE;
    for (size_t b = 0; b < stages; b++)
        lives->dying[b] = YG_NO_STORAGE;
    for (uint32_t s = 0; s < program->storage_count; s++) {
        const yg_plan_storage *storage = &c->storages[s];
        if (program->storages[s].kind != YG_STORAGE_ARENA)
            continue;
        lives->next_made[s] = lives->made[storage->first];
        lives->made[storage->first] = s;
        if (storage->free_after < program->stage_count) {
            lives->next_dying[s] = lives->dying[storage->free_after];
            lives->dying[storage->free_after] = s;
        }
    }
    return true;
}

/* Takes bytes for the storages that unit `u` is the first to write. */
static bool place(yg_compiler *c, yg_arena *arena, lifetimes *lives, uint32_t u) {
    for (uint32_t s = lives->made[u]; s != YG_NO_STORAGE; s = lives->next_made[s]) {
        yg_storage *storage = &c->program->storages[s];
        const uint32_t over = c->storages[s].over;
        if (over != YG_NO_STORAGE) {
            lives->block[s] = lives->block[over];
            lives->block[over] = NULL;
        } else {
            lives->block[s] = yg_arena_take(arena, storage->bytes > 0 ? storage->bytes : 1);
        }
        if (!lives->block[s])
            return yg_plan_fail_arena(c, 0);
        storage->offset = yg_block_offset(lives->block[s]);
    }
    return true;
}

/* Gives back the bytes that nothing reads after the stage. */
static void give_back(yg_arena *arena, const lifetimes *lives, uint32_t stage) {
    for (uint32_t s = lives->dying[stage]; s != YG_NO_STORAGE; s = lives->next_dying[s]) {
        if (lives->block[s])
            yg_arena_give(arena, lives->block[s]);
    }
}

bool yg_plan_offsets(yg_compiler *c) {
    yg_program *program = c->program;
    lifetimes lives = {0};
    yg_arena *arena = yg_arena_new(program->pool);
    if (!arena || !find_lifetimes(c, &lives))
        return yg_fail_memory(c->error);
    uint32_t u = 0;
    for (uint32_t b = 0; b < program->stage_count; b++) {
        for (; u < program->unit_count && program->units[u].stage == b; u++) {
            if (!place(c, arena, &lives, u))
                return false;
        }
        give_back(arena, &lives, b);
    }
    program->arena_bytes = yg_arena_size(arena);
    return true;
}
