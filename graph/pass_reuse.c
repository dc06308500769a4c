/*
 * The pass `reuse`: gives memory that is not read again to later results.
 *
 * Bytes are given back to the arena after the last stage that reads them. Within a row loop, bytes
 * whose rows are done with are given on row by row, to a result of the same size.
 */
#include "plan.h"

#define FREE_ROWS 32

/* Storages whose rows the rest of a row loop does not need. */
typedef struct free_rows {
    uint32_t storages[FREE_ROWS];
    uint32_t count;
} free_rows;

/* True if unit `u` of a row loop is the last to read storage `s`, and all of the row loop read it
 * by rows: then row r is free for later units once `u` is done with it. Other row loops of the
 * stage, which may run at the same time, do not read it: those before are none, those after read
 * later. */
static bool frees_rows(const yg_compiler *c, uint32_t s, uint32_t u) {
    const yg_program *program = c->program;
    const yg_unit *unit = &program->units[u];
    const yg_storage *storage = &program->storages[s];
    const yg_plan_node *owner = &c->nodes[storage->owner];
    if (!yg_is_in_arena(storage) || storage->last != unit->stage || storage->taken_over ||
        owner->last_unit != u)
        return false;
    if (program->units[storage->first].stage == unit->stage)
        return program->units[storage->first].row_loop == unit->row_loop &&
               owner->unit == storage->first;
    return program->stages[unit->stage].begin == unit->row_loop &&
           (owner->skew_unit == YG_NO_UNIT || program->units[owner->skew_unit].stage < unit->stage);
}

/* Notes what the units of the row loop after `u` may write over, row by row. */
static void note_free_rows(const yg_compiler *c, uint32_t u, free_rows *free) {
    const yg_program *program = c->program;
    const yg_unit *unit = &program->units[u];
    yg_node node = unit->first;
    for (uint32_t i = 0; i < unit->step_count; i++, node = c->nodes[node].next) {
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

/* Gives the result `s` of unit `u`, row by row, what was before it in the row loop and has its
 * size. */
static void take_rows(yg_compiler *c, uint32_t u, uint32_t s, free_rows *free) {
    yg_storage *storages = c->program->storages, *result = &storages[s];
    if (!yg_is_in_arena(result) || result->over != YG_NO_STORAGE || result->first != u ||
        c->nodes[result->owner].unit != u)
        return;
    for (uint32_t f = 0; f < free->count; f++) {
        const uint32_t from = free->storages[f];
        if (storages[from].bytes != result->bytes || storages[from].taken_over)
            continue;
        result->over = from;
        storages[from].taken_over = true;
        free->storages[f] = free->storages[--free->count];
        return;
    }
}

static void reuse_rows(yg_compiler *c, const yg_row_loop *row_loop) {
    free_rows free = {.count = 0};
    for (uint32_t u = row_loop->begin; u < row_loop->end; u++) {
        const yg_unit *unit = &c->program->units[u];
        if (unit->kind == YG_UNIT_KERNEL && unit->parts.count == 0)
            take_rows(c, u, unit->target, &free);
        for (uint32_t i = 0; unit->kind == YG_UNIT_GROUP && i < unit->step_count; i++) {
            if (unit->steps[i].out.storage != YG_NO_STORAGE)
                take_rows(c, u, unit->steps[i].out.storage, &free);
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
        program->storages[s].free_after = program->storages[s].last;
    return true;
}
