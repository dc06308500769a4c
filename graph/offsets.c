/*
 * Offsets in the arena, by lifetimes: bytes are given back after the last unit that reads them, and
 * a group's result, or that of a kernel that allows it, takes over an operand that it reads for the
 * last time.
 */
#include "plan.h"

#include <stdlib.h>
#include <string.h>

/* Storages by the unit that makes them, and by the batch that uses them last: lists through arrays.
 */
typedef struct lifetimes {
    uint32_t *made, *dying;           /* by unit, by batch: the first of its list */
    uint32_t *next_made, *next_dying; /* by storage */
    yg_block **block;                 /* by storage: NULL, too, when it was taken over */
} lifetimes;

static bool in_arena(const yg_storage *storage) {
    return !storage->constant && storage->offset >= 0;
}

static bool find_lifetimes(yg_compiler *c, lifetimes *lives) {
    yg_program *program = c->program;
    yg_pool *pool = program->pool;
    const size_t units = program->unit_count + 1, batches = program->batch_count + 1;
    const size_t storages = program->storage_count + 1;
    lives->made = yg_pool_take(pool, units * sizeof(uint32_t));
    lives->dying = yg_pool_take(pool, batches * sizeof(uint32_t));
    lives->next_made = yg_pool_take(pool, storages * sizeof(uint32_t));
    lives->next_dying = yg_pool_take(pool, storages * sizeof(uint32_t));
    lives->block = yg_pool_take(pool, storages * sizeof *lives->block);
    if (!lives->made || !lives->dying || !lives->next_made || !lives->next_dying || !lives->block)
        return yg_fail_memory(c->error);
    memset(lives->block, 0, storages * sizeof *lives->block);
    for (size_t u = 0; u < units; u++)
        lives->made[u] = YG_NO_STORAGE;
    for (size_t b = 0; b < batches; b++)
        lives->dying[b] = YG_NO_STORAGE;
    for (uint32_t s = 0; s < program->storage_count; s++) {
        const yg_storage *storage = &program->storages[s];
        if (!in_arena(storage))
            continue;
        lives->next_made[s] = lives->made[storage->first];
        lives->made[storage->first] = s;
        if (storage->last < program->batch_count) {
            lives->next_dying[s] = lives->dying[storage->last];
            lives->dying[storage->last] = s;
        }
    }
    return true;
}

/* True if nothing in the group needs storage `s` after step `at`, or reads it out of step. */
static bool read_last_at(const yg_program *program, const yg_unit *unit, uint32_t s, uint32_t at) {
    for (uint32_t i = 0; i < unit->load_count; i++) {
        const uint32_t load = unit->loads[i].storage;
        if (load == s || (load != YG_NO_STORAGE && program->storages[load].part_of == s))
            return false;
    }
    for (uint32_t i = at + 1; i < unit->step_count; i++) {
        for (uint32_t k = 0; k < unit->steps[i].operand_count; k++) {
            if (unit->steps[i].in[k].storage == s)
                return false;
        }
    }
    return true;
}

/* True if unit `u` may write over storage `s` row by row: nobody needs it later, or at the same
 * time in another row. What was made in the same sweep is read by rows, and in order. */
static bool is_free_for(const yg_compiler *c, uint32_t s, uint32_t u) {
    const yg_program *program = c->program;
    const yg_unit *unit = &program->units[u];
    const yg_storage *storage = &program->storages[s];
    const yg_node owner = storage->owner;
    if (!in_arena(storage) || storage->first >= u || storage->last != unit->batch ||
        c->nodes[owner].last_unit != u)
        return false;
    if (program->units[storage->first].batch == unit->batch)
        return program->units[storage->first].sweep == unit->sweep;
    const uint32_t other = c->nodes[owner].other_unit;
    return other == YG_NO_UNIT || program->units[other].batch < unit->batch;
}

static void give(yg_program *program, lifetimes *lives, uint32_t from, uint32_t to) {
    program->storages[to].offset = program->storages[from].offset;
    lives->block[to] = lives->block[from];
    lives->block[from] = NULL;
}

static void take_over(yg_compiler *c, lifetimes *lives, uint32_t u) {
    yg_program *program = c->program;
    const yg_unit *unit = &program->units[u];
    for (uint32_t i = 0; i < unit->step_count; i++) {
        const yg_step *step = &unit->steps[i];
        if (step->out.storage == YG_NO_STORAGE)
            continue;
        yg_storage *out = &program->storages[step->out.storage];
        if (!in_arena(out) || out->offset > 0 || out->first != u)
            continue;
        for (uint32_t k = 0; k < step->operand_count; k++) {
            const uint32_t s = step->in[k].storage;
            if (s == YG_NO_STORAGE || step->in[k].advance != step->out.advance ||
                !is_free_for(c, s, u))
                continue;
            if (program->storages[s].bytes != out->bytes || !lives->block[s] ||
                !read_last_at(program, unit, s, i))
                continue;
            give(program, lives, s, step->out.storage);
            break;
        }
    }
}

/* A kernel that may write over its first operand does so where it is the last to read it. */
static void take_over_operand(yg_compiler *c, lifetimes *lives, uint32_t u) {
    yg_program *program = c->program;
    const yg_record *record = &c->graph->records[program->units[u].node];
    yg_storage *out = &program->storages[program->units[u].target];
    if (!(record->op->flags & YG_OP_IN_PLACE) || !in_arena(out) || out->offset > 0)
        return;
    const uint32_t s = program->storage_of[record->operands[0]];
    if (!is_free_for(c, s, u) || program->storages[s].bytes != out->bytes || !lives->block[s])
        return;
    for (uint32_t k = 1; k < record->operand_count; k++) {
        const uint32_t other = program->storage_of[record->operands[k]];
        if (other == s || program->storages[other].part_of == s)
            return;
    }
    give(program, lives, s, program->units[u].target);
}

static bool place(yg_compiler *c, yg_arena *arena, const lifetimes *lives, uint32_t u) {
    for (uint32_t s = lives->made[u]; s != YG_NO_STORAGE; s = lives->next_made[s]) {
        yg_storage *storage = &c->program->storages[s];
        if (lives->block[s])
            continue; /* taken over */
        lives->block[s] = yg_arena_take(arena, storage->bytes > 0 ? storage->bytes : 1);
        if (!lives->block[s])
            return yg_fail_memory(c->error);
        storage->offset = yg_block_offset(lives->block[s]);
    }
    return true;
}

/* Offset 0 means "not placed yet" until the end, so the arena's first 64 bytes stay unused. */
#define FIRST_OFFSET 64

bool yg_plan_offsets(yg_compiler *c) {
    yg_program *program = c->program;
    lifetimes lives = {0};
    yg_arena *arena = yg_arena_new(program->pool);
    if (!arena)
        return yg_fail_memory(c->error);
    if (!find_lifetimes(c, &lives) || !yg_arena_take(arena, FIRST_OFFSET))
        return yg_fail_memory(c->error);
    uint32_t u = 0;
    for (uint32_t b = 0; b < program->batch_count; b++) {
        for (; u < program->unit_count && program->units[u].batch == b; u++) {
            if (yg_plan_with(c, YG_PASS_IN_PLACE) && program->units[u].kind == YG_UNIT_GROUP)
                take_over(c, &lives, u);
            else if (yg_plan_with(c, YG_PASS_IN_PLACE) && program->units[u].kind == YG_UNIT_KERNEL)
                take_over_operand(c, &lives, u);
            if (!place(c, arena, &lives, u))
                return false;
        }
        for (uint32_t s = lives.dying[b]; s != YG_NO_STORAGE; s = lives.next_dying[s]) {
            if (yg_plan_with(c, YG_PASS_REUSE) && lives.block[s])
                yg_arena_give(arena, lives.block[s]);
        }
    }
    program->stats.arena_bytes = yg_arena_size(arena);
    return true;
}
