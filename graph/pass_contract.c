/*
 * The pass `contract`: of what is read within its sweep only, keeps a chunk of rows.
 *
 * Such a result needs memory for one chunk in each thread, not for all of its rows, and that memory
 * stays in the cache: the gradient of a large parameter is never written to main memory. (Array
 * contraction, as compilers call it.)
 */
#include "plan.h"

static const yg_sweep *sweep_of(const yg_program *program, uint32_t unit) {
    return &program->sweeps[program->units[unit].sweep];
}

/* True if a group reads it as a broadcast, out of step. */
static bool is_stretched(const yg_program *program, const yg_sweep *sweep, uint32_t s) {
    for (uint32_t u = sweep->begin; u < sweep->end; u++) {
        const yg_unit *unit = &program->units[u];
        for (uint32_t i = 0; i < unit->load_count; i++) {
            if (unit->loads[i].storage == s)
                return true;
        }
    }
    return false;
}

static bool may_contract(const yg_compiler *c, uint32_t s) {
    const yg_program *program = c->program;
    const yg_storage *storage = &program->storages[s];
    const yg_plan_node *owner = &c->nodes[storage->owner];
    if (storage->constant || storage->offset < 0 || storage->part_of != YG_NO_STORAGE ||
        owner->lasting || owner->unit != storage->first || owner->last_unit >= YG_NO_UNIT - 1 ||
        program->storage_of[storage->owner] != s)
        return false;
    if (storage->last != program->units[storage->first].batch) /* an update copies it at the end */
        return false;
    const yg_sweep *sweep = sweep_of(program, storage->first);
    return sweep->rows > 0 && sweep->chunk < sweep->rows && owner->last_unit < sweep->end &&
           program->units[storage->first].parts.count == 0 && storage->bytes > 0 &&
           !is_stretched(program, sweep, s);
}

static int64_t round_up(int64_t bytes) {
    return (bytes + YG_ALIGN - 1) / YG_ALIGN * YG_ALIGN;
}

static void mark_place(const yg_program *program, yg_place *place) {
    if (place->storage != YG_NO_STORAGE)
        place->by_chunks = program->storages[place->storage].by_chunks;
}

/* Tells those that read and write it. */
static void mark_unit(const yg_program *program, yg_unit *unit) {
    for (uint32_t i = 0; i < unit->step_count && unit->kind == YG_UNIT_GROUP; i++) {
        yg_step *step = &unit->steps[i];
        mark_place(program, &step->out);
        for (uint32_t k = 0; k < step->operand_count; k++)
            mark_place(program, &step->in[k]);
    }
    if (unit->kind != YG_UNIT_KERNEL)
        return;
    const yg_record *record = &program->graph->records[unit->node];
    unit->has_chunks = unit->parts.count == 0 && program->storages[unit->target].by_chunks;
    for (uint32_t k = 0; k < record->operand_count; k++)
        unit->has_chunks |= program->storages[program->storage_of[record->operands[k]]].by_chunks;
}

/* Views lie at places of their own in their roots. */
static void keep_viewed(yg_program *program) {
    for (uint32_t s = 0; s < program->storage_count; s++) {
        if (program->storages[s].part_of != YG_NO_STORAGE)
            program->storages[program->storages[s].part_of].by_chunks = false;
    }
}

void yg_plan_contract(yg_compiler *c) {
    yg_program *program = c->program;
    if (!yg_plan_with(c, YG_PASS_CONTRACT))
        return;
    for (uint32_t s = 0; s < program->storage_count; s++)
        program->storages[s].by_chunks = may_contract(c, s);
    keep_viewed(program);
    for (uint32_t s = 0; s < program->storage_count; s++) {
        yg_storage *storage = &program->storages[s];
        if (!storage->by_chunks)
            continue;
        yg_sweep *sweep = &program->sweeps[program->units[storage->first].sweep];
        storage->row = storage->bytes / sweep->rows;
        storage->shift = sweep->chunk_bytes;
        storage->offset = -1;
        sweep->chunk_bytes += round_up(storage->row * sweep->chunk);
        if (sweep->chunk_bytes > program->chunk_bytes)
            program->chunk_bytes = sweep->chunk_bytes;
    }
    for (size_t u = 0; u < program->unit_count && program->chunk_bytes > 0; u++)
        mark_unit(program, &program->units[u]);
}
