/*
 * The pass `reuse`: lets later results use memory that is not read again.
 *
 * Bytes go back to the arena after the last stage that uses them. Within a row loop a result can
 * even take over the bytes of another result of the same size that is not read again: row r is free
 * as soon as its last reader is done with row r.
 */
#include "plan.h"

#define FREE_ROWS 32 /* the most storages that are remembered as free in a row loop */

/* Storages that the rest of a row loop does not read. */
typedef struct free_rows {
    uint32_t storages[FREE_ROWS];
    uint32_t count;
} free_rows;

/* True if row r of storage `s` is free for later units of the row loop once unit `u` is done with
 * row r. Then `u` is the last unit that reads the storage, and no unit of the row loop needs other
 * rows of it. Nor does another row loop of the stage read it, which could run at the same time: a
 * storage that comes from an earlier stage must be read by the first row loop of its stage. */
static bool frees_rows(const yg_compiler *c, uint32_t s, uint32_t u) {
    const yg_program *program = c->program;
    const yg_unit *unit = &program->units[u];
    const yg_plan_storage *storage = &c->storages[s];
    const yg_plan_node *owner = &c->nodes[program->storages[s].owner];
    if (program->storages[s].kind != YG_STORAGE_ARENA || storage->last != unit->stage ||
        storage->taken_over || owner->last_unit != u)
        return false;
    if (program->units[storage->first].stage == unit->stage)
        return program->units[storage->first].row_loop == unit->row_loop &&
               owner->unit == storage->first;
    return program->stages[unit->stage].begin == unit->row_loop &&
           (owner->skew_unit == YG_NO_UNIT || program->units[owner->skew_unit].stage < unit->stage);
}

/* Adds to `free` the operands of unit `u` that later units of the row loop may write over. */
static void note_free_rows(const yg_compiler *c, uint32_t u, free_rows *free) {
    const yg_program *program = c->program;
    const yg_plan_unit *known = &c->units[u];
    yg_node node = known->first;
    for (uint32_t i = 0; i < known->member_count; i++, node = c->nodes[node].next) {
        const yg_record *record = &c->graph->records[node];
        for (uint32_t k = 0; k < record->operand_count; k++) {
            const uint32_t s = program->storage_of[c->nodes[record->operands[k]].root];
            bool known = s == YG_NO_STORAGE || free->count == FREE_ROWS;
            for (uint32_t f = 0; f < free->count; f++)
                known |= free->storages[f] == s;
            if (!known && frees_rows(c, s, u))
                free->storages[free->count++] = s;
        }
    }
}

/* Lets the result `s` of unit `u` take over a free storage of the same size. */
static void take_rows(yg_compiler *c, uint32_t u, uint32_t s, free_rows *free) {
    const yg_storage *storages = c->program->storages, *result = &storages[s];
    yg_plan_storage *known = c->storages;
    if (result->kind != YG_STORAGE_ARENA || known[s].over != YG_NO_STORAGE || known[s].first != u ||
        c->nodes[result->owner].unit != u)
        return;
    for (uint32_t f = 0; f < free->count; f++) {
        const uint32_t from = free->storages[f];
        if (storages[from].bytes != result->bytes || known[from].taken_over)
            continue;
        known[s].over = from;
        known[from].taken_over = true;
        free->storages[f] = free->storages[--free->count];
        return;
    }
}

static void reuse_rows(yg_compiler *c, const yg_row_loop *row_loop) {
    free_rows free = {.count = 0};
    for (uint32_t u = row_loop->begin; u < row_loop->end; u++) {
        const yg_unit *unit = &c->program->units[u];
        if (unit->kind == YG_UNIT_KERNEL && unit->kernel.parts.count == 0)
            take_rows(c, u, unit->kernel.target, &free);
        for (uint32_t i = 0; unit->kind == YG_UNIT_GROUP && i < unit->group.step_count; i++) {
            if (unit->group.steps[i].out.storage != YG_NO_STORAGE)
                take_rows(c, u, unit->group.steps[i].out.storage, &free);
        }
        note_free_rows(c, u, &free);
    }
}

bool yg_plan_reuse(yg_compiler *c) {
    yg_program *program = c->program;
    for (size_t l = 0; l < program->row_loop_count; l++) {
        if (program->row_loops[l].rows > 0)
            reuse_rows(c, &program->row_loops[l]);
    }
    for (size_t s = 0; s < program->storage_count; s++)
        c->storages[s].free_after = c->storages[s].last;
    return true;
}
