/*
 * The pass `reuse`: gives memory that is not read again to later results.
 *
 * Bytes are given back to the arena after the last stage that reads them. Within a row loop, bytes
 * whose rows are done with are given on row by row, to a result of the same size.
 */
#include "offsets.h"

/* True if unit `u` of a row loop is the last to read storage `s`, and all of the row loop read it
 * by rows: then row r is free for later units once `u` is done with it. Other row loops of the
 * stage, which may run at the same time, do not read it: those before are none, those after read
 * later. */
static bool frees_rows(const yg_compiler *c, const yg_lifetimes *lives, uint32_t s, uint32_t u) {
    const yg_program *program = c->program;
    const yg_unit *unit = &program->units[u];
    const yg_storage *storage = &program->storages[s];
    const yg_plan_node *owner = &c->nodes[storage->owner];
    if (!yg_is_in_arena(storage) || storage->last != unit->stage || !lives->block[s] ||
        owner->last_unit != u)
        return false;
    if (program->units[storage->first].stage == unit->stage)
        return program->units[storage->first].row_loop == unit->row_loop &&
               owner->unit == storage->first;
    return program->stages[unit->stage].begin == unit->row_loop &&
           (owner->skew_unit == YG_NO_UNIT || program->units[owner->skew_unit].stage < unit->stage);
}

void yg_plan_note_free_rows(const yg_compiler *c, yg_lifetimes *lives, uint32_t u) {
    const yg_program *program = c->program;
    const yg_unit *unit = &program->units[u];
    if (program->row_loops[unit->row_loop].rows == 0 || !yg_plan_with(c, YG_PASS_REUSE))
        return;
    yg_node node = unit->first;
    for (uint32_t i = 0; i < unit->step_count; i++, node = c->nodes[node].next) {
        const yg_record *record = &c->graph->records[node];
        for (uint32_t k = 0; k < record->operand_count; k++) {
            const uint32_t s = program->storage_of[c->nodes[record->operands[k]].root];
            bool known = s == YG_NO_STORAGE || lives->free_row_count == YG_FREE_ROWS;
            for (uint32_t f = 0; f < lives->free_row_count; f++)
                known |= lives->free_rows[f] == s;
            if (!known && frees_rows(c, lives, s, u))
                lives->free_rows[lives->free_row_count++] = s;
        }
    }
}

bool yg_plan_take_rows(yg_compiler *c, yg_lifetimes *lives, uint32_t u, uint32_t s) {
    yg_program *program = c->program;
    const yg_node owner = program->storages[s].owner;
    if (program->units[u].parts.count > 0 || c->nodes[owner].unit != u)
        return false;
    for (uint32_t f = 0; f < lives->free_row_count; f++) {
        const uint32_t from = lives->free_rows[f];
        if (program->storages[from].bytes != program->storages[s].bytes || !lives->block[from])
            continue;
        yg_lifetimes_give(program, lives, from, s);
        lives->free_rows[f] = lives->free_rows[--lives->free_row_count];
        return true;
    }
    return false;
}

void yg_plan_give_back(const yg_compiler *c, yg_arena *arena, const yg_lifetimes *lives,
                       uint32_t b) {
    for (uint32_t s = lives->dying[b]; s != YG_NO_STORAGE; s = lives->next_dying[s]) {
        if (yg_plan_with(c, YG_PASS_REUSE) && lives->block[s])
            yg_arena_give(arena, lives->block[s]);
    }
}
