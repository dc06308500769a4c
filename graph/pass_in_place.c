/*
 * The pass `in_place`: writes results over operands that are not read again. It has two parts:
 *
 * - yg_plan_overwrite_parameters() lets an update write over its parameter. It runs before storages
 *   are assigned.
 * - yg_plan_take_over() lets the result of a group, or of a kernel with the flag YG_OP_IN_PLACE,
 *   take over the bytes of an operand. It runs before offsets in the arena are assigned.
 */
#include "plan.h"

#include <string.h>

/* Whether the kernel that computes the update `value` can write over the parameter: it has the flag
 * YG_OP_IN_PLACE, and the parameter is its first operand and no other. */
static bool writes_over(const yg_compiler *c, yg_node value, yg_node parameter) {
    const yg_record *record = &c->graph->records[value];
    if (!(record->op->flags & YG_OP_IN_PLACE) || record->operands[0] != parameter)
        return false;
    for (uint32_t k = 1; k < record->operand_count; k++) {
        if (c->nodes[record->operands[k]].root == parameter)
            return false;
    }
    return true;
}

/* Whether the update's value can be written over the parameter. A fused group, or a kernel that
 * allows it, must compute the value, and no later unit may read the parameter. If the group itself
 * is the last to read it, no step after the value's may read it, and none may read it as a
 * broadcast. */
static bool can_overwrite(const yg_compiler *c, const yg_update *update) {
    const yg_plan_node *value = &c->nodes[update->value], *parameter = &c->nodes[update->parameter];
    const uint32_t unit = value->unit, last = parameter->last_unit;
    if (unit == YG_NO_UNIT || value->lasting || parameter->late) /* a view has no unit */
        return false;
    if (last == YG_NO_UNIT || last < unit)
        return c->program->units[unit].kind == YG_UNIT_GROUP ||
               writes_over(c, update->value, update->parameter);
    if (c->program->units[unit].kind != YG_UNIT_GROUP)
        return last == unit && writes_over(c, update->value, update->parameter);
    return last == unit && parameter->last_reader <= update->value && parameter->skew_unit != unit;
}

bool yg_plan_overwrite_parameters(yg_compiler *c) {
    for (size_t i = 0; i < c->update_count; i++) {
        if (can_overwrite(c, &c->updates[i]))
            c->nodes[c->updates[i].value].overwrites = c->updates[i].parameter;
    }
    return true;
}

/* True if unit `u` may write over storage `s`, row by row: no unit reads it later, and none can
 * read another row of it at the same time. A storage that the same stage has computed is safe: only
 * its own row loop reads it, row by row, one unit after the other. A storage that `u` itself writes
 * first has no bytes yet that another result could take over. */
static bool is_free_for(const yg_compiler *c, uint32_t s, uint32_t u) {
    const yg_program *program = c->program;
    const yg_unit *unit = &program->units[u];
    const yg_plan_storage *storage = &c->storages[s];
    const yg_node owner = program->storages[s].owner;
    if (program->storages[s].kind != YG_STORAGE_ARENA || storage->first >= u ||
        storage->last != unit->stage || c->nodes[owner].last_unit != u)
        return false;
    if (program->units[storage->first].stage == unit->stage)
        return true;
    const uint32_t other = c->nodes[owner].other_unit;
    return other == YG_NO_UNIT || program->units[other].stage < unit->stage;
}

/* A storage that a group may write over after a step: the step is the last to read it. */
typedef struct last_read {
    uint32_t storage;
    uint32_t step;
    uint8_t advance;
} last_read;

#define LAST_READS (2 * YG_GROUP_STEPS) /* more are not looked at */

static bool is_seen(const yg_compiler *c, uint32_t s, uint32_t u) {
    const bool seen = c->storages[s].seen_by == u;
    c->storages[s].seen_by = u;
    return seen;
}

/* A storage that the group reads as a broadcast may not be written over, nor that of which it is a
 * part: the broadcast could need an element that has been written over already. */
static void skip_loads(const yg_compiler *c, uint32_t u) {
    const yg_group *group = &c->program->units[u].group;
    for (uint32_t i = 0; i < group->load_count; i++) {
        const uint32_t s = group->loads[i].storage;
        if (s == YG_NO_STORAGE)
            continue;
        is_seen(c, s, u);
        if (c->program->storages[s].kind == YG_STORAGE_PART)
            is_seen(c, c->program->storages[s].part.of, u);
    }
}

/* Lists the storages that the group may write over: those that are read last come first. */
static uint32_t list_last_reads(const yg_compiler *c, uint32_t u, last_read *reads) {
    const yg_group *group = &c->program->units[u].group;
    uint32_t count = 0;
    skip_loads(c, u);
    for (uint32_t i = group->step_count; i-- > 0;) {
        const yg_step *step = &group->steps[i];
        for (uint32_t k = step->operand_count; k-- > 0;) {
            const uint32_t s = step->in[k].storage;
            if (s != YG_NO_STORAGE && !is_seen(c, s, u) && count < LAST_READS &&
                is_free_for(c, s, u))
                reads[count++] = (last_read){s, i, step->in[k].advance};
        }
    }
    return count;
}

static void give(yg_compiler *c, uint32_t from, uint32_t to) {
    c->storages[to].over = from;
    c->storages[from].taken_over = true;
}

/* Lets the result of a step take over the storage on the stack that was pushed last and fits. */
static void take_from(yg_compiler *c, const yg_place *out, last_read *stack, uint32_t *depth) {
    const yg_storage *storages = c->program->storages;
    for (uint32_t i = *depth; i-- > 0;) {
        const uint32_t s = stack[i].storage;
        if (stack[i].advance != out->advance || storages[s].bytes != storages[out->storage].bytes)
            continue;
        give(c, s, out->storage);
        memmove(stack + i, stack + i + 1, (--*depth - i) * sizeof *stack);
        return;
    }
}

/* Goes through the steps of a group. `stack` holds the storages that no later step reads. */
static void take_over(yg_compiler *c, uint32_t u) {
    const yg_program *program = c->program;
    const yg_unit *unit = &program->units[u];
    last_read reads[LAST_READS], stack[LAST_READS];
    uint32_t left = list_last_reads(c, u, reads), depth = 0;
    for (uint32_t i = 0; i < unit->group.step_count && left + depth > 0; i++) {
        while (left > 0 && reads[left - 1].step == i)
            stack[depth++] = reads[--left];
        const yg_place *out = &unit->group.steps[i].out;
        if (out->storage != YG_NO_STORAGE &&
            program->storages[out->storage].kind == YG_STORAGE_ARENA &&
            c->storages[out->storage].over == YG_NO_STORAGE && c->storages[out->storage].first == u)
            take_from(c, out, stack, &depth);
    }
}

/* Lets a kernel with the flag YG_OP_IN_PLACE write over its first operand, if it is the last to
 * read it. */
static void take_over_operand(yg_compiler *c, uint32_t u) {
    yg_program *program = c->program;
    const yg_record *record = &c->graph->records[program->units[u].node];
    const uint32_t target = program->units[u].kernel.target;
    const yg_storage *out = &program->storages[target];
    if (!(record->op->flags & YG_OP_IN_PLACE) || out->kind != YG_STORAGE_ARENA ||
        c->storages[target].over != YG_NO_STORAGE)
        return;
    const uint32_t s = program->storage_of[record->operands[0]];
    if (!is_free_for(c, s, u) || program->storages[s].bytes != out->bytes ||
        c->storages[s].taken_over)
        return;
    for (uint32_t k = 1; k < record->operand_count; k++) {
        const uint32_t other = program->storage_of[record->operands[k]];
        if (other == s || yg_is_part_of(&program->storages[other], s))
            return;
    }
    give(c, s, program->units[u].kernel.target);
}

bool yg_plan_take_over(yg_compiler *c) {
    for (uint32_t u = 0; u < c->program->unit_count; u++) {
        if (c->program->units[u].kind == YG_UNIT_GROUP)
            take_over(c, u);
        else if (c->program->units[u].kind == YG_UNIT_KERNEL)
            take_over_operand(c, u);
    }
    return true;
}
