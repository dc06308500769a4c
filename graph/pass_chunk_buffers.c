/*
 * The pass `chunk_buffers`: a result that only its own row loop reads gets a buffer for one chunk
 * of rows in each thread, not for all rows. Compilers call this array contraction.
 *
 * The next chunk is written over the one before, so the buffer stays in the cache. The gradient of
 * a large parameter, for one, is never written to main memory.
 */
#include "plan.h"

static const yg_row_loop *row_loop_of(const yg_program *program, uint32_t unit) {
    return &program->row_loops[program->units[unit].row_loop];
}

/* True if a group of the row loop reads the storage as a broadcast: row r of the group may then
 * need any row of it, and a chunk does not do. */
static bool is_stretched(const yg_program *program, const yg_row_loop *row_loop, uint32_t s) {
    for (uint32_t u = row_loop->begin; u < row_loop->end; u++) {
        const yg_unit *unit = &program->units[u];
        for (uint32_t i = 0; unit->kind == YG_UNIT_GROUP && i < unit->group.load_count; i++) {
            if (unit->group.loads[i].storage == s)
                return true;
        }
    }
    return false;
}

static bool is_in_parts(const yg_unit *unit) {
    return unit->kind == YG_UNIT_KERNEL && unit->kernel.parts.count > 0;
}

/* Whether a chunk is enough: the row loop computes the storage, nothing outside of it reads it, and
 * every reader needs row r only for row r. */
static bool may_keep_chunks(const yg_compiler *c, uint32_t s) {
    const yg_program *program = c->program;
    const yg_storage *storage = &program->storages[s];
    const yg_plan_storage *known = &c->storages[s];
    const yg_plan_node *owner = &c->nodes[storage->owner];
    if (storage->kind != YG_STORAGE_ARENA || owner->lasting || owner->unit != known->first ||
        owner->last_unit == YG_NO_UNIT || program->storage_of[storage->owner] != s)
        return false;
    if (known->last != program->units[known->first].stage) /* an update copies it at the end */
        return false;
    const yg_row_loop *row_loop = row_loop_of(program, known->first);
    return row_loop->rows > 0 && row_loop->chunk < row_loop->rows &&
           owner->last_unit < row_loop->end && !is_in_parts(&program->units[known->first]) &&
           storage->bytes > 0 && !is_stretched(program, row_loop, s);
}

static int64_t round_up(int64_t bytes) {
    return (bytes + YG_ALIGN - 1) / YG_ALIGN * YG_ALIGN;
}

static bool is_chunk(const yg_program *program, uint32_t s) {
    return program->storages[s].kind == YG_STORAGE_CHUNK;
}

static void mark_place(const yg_program *program, yg_place *place) {
    if (place->storage != YG_NO_STORAGE)
        place->by_chunks = is_chunk(program, place->storage);
}

/* Tells the steps of a group, and a kernel, which of their operands and results are chunks. */
static void mark_unit(const yg_program *program, yg_unit *unit) {
    for (uint32_t i = 0; unit->kind == YG_UNIT_GROUP && i < unit->group.step_count; i++) {
        yg_step *step = &unit->group.steps[i];
        mark_place(program, &step->out);
        for (uint32_t k = 0; k < step->operand_count; k++)
            mark_place(program, &step->in[k]);
    }
    if (unit->kind != YG_UNIT_KERNEL)
        return;
    const yg_record *record = &program->graph->records[unit->node];
    unit->kernel.has_chunks =
        unit->kernel.parts.count == 0 && is_chunk(program, unit->kernel.target);
    for (uint32_t i = 1; i < unit->kernel.result_count; i++) {
        const yg_node node = unit->kernel.results[i];
        unit->kernel.has_chunks |= node != YG_NONE && is_chunk(program, program->storage_of[node]);
    }
    for (uint32_t k = 0; k < record->operand_count; k++)
        unit->kernel.has_chunks |= is_chunk(program, program->storage_of[record->operands[k]]);
}

/* A storage with a view in it keeps all rows: the view lies at a place in the whole. */
static void keep_viewed(yg_compiler *c) {
    const yg_program *program = c->program;
    for (uint32_t s = 0; s < program->storage_count; s++) {
        if (program->storages[s].kind == YG_STORAGE_PART)
            c->storages[program->storages[s].part.of].keeps_chunk = false;
    }
}

bool yg_plan_chunk_buffers(yg_compiler *c) {
    yg_program *program = c->program;
    for (uint32_t s = 0; s < program->storage_count; s++)
        c->storages[s].keeps_chunk = may_keep_chunks(c, s);
    keep_viewed(c);
    for (uint32_t s = 0; s < program->storage_count; s++) {
        yg_storage *storage = &program->storages[s];
        if (!c->storages[s].keeps_chunk)
            continue;
        const uint32_t index = program->units[c->storages[s].first].row_loop;
        yg_row_loop *row_loop = &program->row_loops[index];
        storage->kind = YG_STORAGE_CHUNK;
        storage->chunk.row_loop = index;
        storage->chunk.shift = row_loop->chunk_bytes;
        storage->chunk.row = storage->bytes / row_loop->rows;
        row_loop->chunk_bytes += round_up(storage->chunk.row * row_loop->chunk);
        if (row_loop->chunk_bytes > program->chunk_bytes)
            program->chunk_bytes = row_loop->chunk_bytes;
    }
    for (size_t u = 0; u < program->unit_count && program->chunk_bytes > 0; u++)
        mark_unit(program, &program->units[u]);
    return true;
}
