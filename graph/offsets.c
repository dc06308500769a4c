/*
 * Offsets in the arena, by lifetimes: bytes are given back after the last unit that reads them, and
 * a group's result, or that of a kernel that allows it, takes over an operand that it reads for the
 * last time. Within a sweep, bytes whose rows are done with are given on row by row.
 */
#include "plan.h"

#include <stdlib.h>
#include <string.h>

#define FREE_ROWS 32

/* Storages by the unit that makes them, and by the batch that uses them last: lists through arrays.
 */
typedef struct lifetimes {
    uint32_t *made, *dying;           /* by unit, by batch: the first of its list */
    uint32_t *next_made, *next_dying; /* by storage */
    yg_block **block;                 /* by storage: NULL, too, when it was taken over */
    uint32_t free_rows[FREE_ROWS]; /* storages whose rows nobody needs in the rest of the sweep */
    uint32_t free_row_count;
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

/* True if unit `u` of a sweep is the last to read storage `s`, and all of the sweep read it by
 * rows: then row r is free for later units once `u` is done with it. Other sweeps of the batch,
 * which may run at the same time, do not read it: those before are none, those after read later. */
static bool frees_rows(const yg_compiler *c, const lifetimes *lives, uint32_t s, uint32_t u) {
    const yg_program *program = c->program;
    const yg_unit *unit = &program->units[u];
    const yg_storage *storage = &program->storages[s];
    const yg_plan_node *owner = &c->nodes[storage->owner];
    if (!in_arena(storage) || storage->last != unit->batch || !lives->block[s] ||
        owner->last_unit != u)
        return false;
    if (program->units[storage->first].batch == unit->batch)
        return program->units[storage->first].sweep == unit->sweep && owner->unit == storage->first;
    return program->batches[unit->batch].begin == unit->sweep &&
           (owner->skew_unit == YG_NO_UNIT || program->units[owner->skew_unit].batch < unit->batch);
}

/* Notes what the later units of the sweep may write over, row by row. */
static void note_free_rows(const yg_compiler *c, lifetimes *lives, uint32_t u) {
    const yg_program *program = c->program;
    const yg_unit *unit = &program->units[u];
    if (program->sweeps[unit->sweep].rows == 0 || !yg_plan_with(c, YG_PASS_REUSE))
        return;
    yg_node node = unit->first;
    for (uint32_t i = 0; i < unit->step_count; i++, node = c->nodes[node].next) {
        const yg_record *record = &c->graph->records[node];
        for (uint32_t k = 0; k < record->operand_count; k++) {
            const uint32_t s = program->storage_of[c->nodes[record->operands[k]].root];
            bool known = s == YG_NO_STORAGE || lives->free_row_count == FREE_ROWS;
            for (uint32_t f = 0; f < lives->free_row_count; f++)
                known |= lives->free_rows[f] == s;
            if (!known && frees_rows(c, lives, s, u))
                lives->free_rows[lives->free_row_count++] = s;
        }
    }
}

/* The unit's result, row by row where something of its size was before it in the sweep. */
static bool take_rows(yg_compiler *c, lifetimes *lives, uint32_t u, uint32_t s) {
    yg_program *program = c->program;
    const yg_node owner = program->storages[s].owner;
    if (program->units[u].parts.count > 0 || c->nodes[owner].unit != u)
        return false;
    for (uint32_t f = 0; f < lives->free_row_count; f++) {
        const uint32_t from = lives->free_rows[f];
        if (program->storages[from].bytes != program->storages[s].bytes || !lives->block[from])
            continue;
        give(program, lives, from, s);
        lives->free_rows[f] = lives->free_rows[--lives->free_row_count];
        return true;
    }
    return false;
}

static bool place(yg_compiler *c, yg_arena *arena, lifetimes *lives, uint32_t u) {
    for (uint32_t s = lives->made[u]; s != YG_NO_STORAGE; s = lives->next_made[s]) {
        yg_storage *storage = &c->program->storages[s];
        if (lives->block[s])
            continue; /* taken over */
        if (take_rows(c, lives, u, s))
            continue;
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
            if (program->sweeps[program->units[u].sweep].begin == u)
                lives.free_row_count = 0;
            if (yg_plan_with(c, YG_PASS_IN_PLACE) && program->units[u].kind == YG_UNIT_GROUP)
                take_over(c, &lives, u);
            else if (yg_plan_with(c, YG_PASS_IN_PLACE) && program->units[u].kind == YG_UNIT_KERNEL)
                take_over_operand(c, &lives, u);
            if (!place(c, arena, &lives, u))
                return false;
            note_free_rows(c, &lives, u);
        }
        for (uint32_t s = lives.dying[b]; s != YG_NO_STORAGE; s = lives.next_dying[s]) {
            if (yg_plan_with(c, YG_PASS_REUSE) && lives.block[s])
                yg_arena_give(arena, lives.block[s]);
        }
    }
    program->stats.arena_bytes = yg_arena_size(arena);
    return true;
}
