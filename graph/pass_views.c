/*
 * The pass `views`: saves copies by letting tensors share memory. It has two parts.
 *
 * Views: a reshape, or a slice that is one stretch of its operand, becomes a view. It has no bytes
 * of its own but reads its operand's, and no kernel runs. This is decided node by node, while nodes
 * are put into units.
 *
 * Joining in place: the result of concat is its operands side by side (yg_op_plan.joins). An
 * operand that nothing reads afterwards is computed directly in its place in the result, so that
 * nothing is left to copy. This is decided when storages are known.
 */
#include "plan.h"

#include <stdlib.h>

/* ----------------------------------------------------------------------------------- views -- */

/* Makes a node a view of its operand, if it is one stretch of it. But an output must have bytes of
 * its own if an update writes over its operand, or if it would not be aligned to 64 bytes. */
static void find_root(yg_compiler *c, yg_node index, int64_t view) {
    yg_plan_node *node = &c->nodes[index];
    if (view >= 0) {
        const yg_record *record = &c->graph->records[index];
        const yg_plan_node *operand = &c->nodes[record->operands[0]];
        const int64_t element = (int64_t)yg_dtype_size(record->type->dtype);
        const int64_t offset = operand->offset + view * element;
        if (!node->lasting || (!c->nodes[operand->root].updated && offset % 64 == 0)) {
            node->root = operand->root;
            node->offset = offset;
        }
    }
    c->nodes[node->root].lasting |= node->lasting;
}

bool yg_plan_views(yg_compiler *c) {
    c->find_root = find_root;
    return true;
}

/* ------------------------------------------------------------------------ joining in place -- */

/* By storage: whether another storage is a part of it. Freed by the caller; NULL when out of
 * memory. */
static bool *find_wholes(const yg_program *program) {
    bool *whole = calloc(program->storage_count + 1, sizeof *whole);
    for (uint32_t s = 0; whole && s < program->storage_count; s++) {
        if (program->storages[s].kind == YG_STORAGE_PART)
            whole[program->storages[s].part.of] = true;
    }
    return whole;
}

static bool in_arena(const yg_storage *storage) {
    return storage->kind == YG_STORAGE_ARENA;
}

/* Whether an operand of unit `u` can lie in the unit's result. Units before `u` may read it too,
 * but none after: the result may be written over then, and the planner would not know of that
 * reader. */
static bool can_move(const yg_compiler *c, uint32_t u, yg_node operand) {
    const yg_program *program = c->program;
    const yg_node root = c->nodes[operand].root;
    const uint32_t s = program->storage_of[operand];
    if (s == YG_NO_STORAGE || s != program->storage_of[root])
        return false;
    const yg_storage *storage = &program->storages[s];
    const uint32_t other = c->nodes[root].other_unit;
    if (other != YG_NO_UNIT && program->units[other].stage == program->units[u].stage)
        return false; /* it reads the operand while the unit writes its result */
    return in_arena(storage) && storage->owner == root && storage->bytes > 0 &&
           storage->bytes == yg_type_bytes(c->graph->records[operand].type) &&
           c->storages[s].last == program->units[u].stage && c->nodes[root].last_unit == u;
}

/* Moves the operands of unit `u` into its result, where they can. */
static void join(yg_compiler *c, uint32_t u, bool *whole) {
    yg_program *program = c->program;
    const yg_node node = program->units[u].node;
    const yg_record *record = &c->graph->records[node];
    const uint32_t target = program->storage_of[node];
    if (!in_arena(&program->storages[target]))
        return;
    int64_t next = 0;
    for (uint32_t k = 0; k < record->operand_count; k++) {
        const int64_t shift = next;
        next += yg_type_bytes(c->graph->records[record->operands[k]].type);
        const uint32_t s = program->storage_of[record->operands[k]];
        if (shift % 64 != 0 || !can_move(c, u, record->operands[k]) || whole[s])
            continue;
        if (c->storages[s].first < c->storages[target].first)
            c->storages[target].first = c->storages[s].first;
        yg_storage *part = &program->storages[s];
        part->kind = YG_STORAGE_PART;
        part->part.of = target;
        part->part.shift = shift;
        whole[target] = true;
    }
}

bool yg_plan_join(yg_compiler *c) {
    yg_program *program = c->program;
    bool *whole = NULL, done = true;
    for (uint32_t u = 0; u < program->unit_count && done; u++) {
        if (program->units[u].kind != YG_UNIT_KERNEL || !c->units[u].joins)
            continue;
        if (!whole && !(whole = find_wholes(program)))
            done = yg_fail_memory(c->error);
        else
            join(c, u, whole);
    }
    free(whole);
    return done;
}
