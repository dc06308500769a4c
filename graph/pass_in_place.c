/*
 * The pass `in_place`: writes results over operands that are not read again. It has two parts:
 *
 * - yg_plan_overwrite_parameters() lets an update write over its parameter. It runs before storages
 *   are assigned.
 * - yg_plan_take_over() lets the result of a group, or of a kernel with the flag YG_OP_IN_PLACE,
 *   take over the bytes of an operand. It runs before offsets in the arena are assigned.
 */
#include "plan.h"

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
    if (value->root != update->value || unit == YG_NO_UNIT || value->lasting ||
        value->overwrites != YG_NONE || parameter->late)
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

/* True if no step of the group after `at` reads storage `s`, and no broadcast in the group does: a
 * broadcast could need an element that has been written over already. */
static bool read_last_at(const yg_program *program, const yg_unit *unit, uint32_t s, uint32_t at) {
    for (uint32_t i = 0; i < unit->group.load_count; i++) {
        const uint32_t load = unit->group.loads[i].storage;
        if (load == s || (load != YG_NO_STORAGE && yg_is_part_of(&program->storages[load], s)))
            return false;
    }
    for (uint32_t i = at + 1; i < unit->group.step_count; i++) {
        for (uint32_t k = 0; k < unit->group.steps[i].operand_count; k++) {
            if (unit->group.steps[i].in[k].storage == s)
                return false;
        }
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

/* A storage that step `at` may write over: it or an earlier step of the group reads it, element by
 * element. YG_NO_STORAGE if there is none. */
static uint32_t free_storage(const yg_compiler *c, uint32_t u, uint32_t at) {
    const yg_program *program = c->program;
    const yg_unit *unit = &program->units[u];
    const yg_place *out = &unit->group.steps[at].out;
    for (uint32_t i = at + 1; i-- > 0;) {
        const yg_step *step = &unit->group.steps[i];
        for (uint32_t k = 0; k < step->operand_count; k++) {
            const uint32_t s = step->in[k].storage;
            if (s != YG_NO_STORAGE && step->in[k].advance == out->advance && is_free_for(c, s, u) &&
                program->storages[s].bytes == program->storages[out->storage].bytes &&
                !c->storages[s].taken_over && read_last_at(program, unit, s, at))
                return s;
        }
    }
    return YG_NO_STORAGE;
}

static void give(yg_compiler *c, uint32_t from, uint32_t to) {
    c->storages[to].over = from;
    c->storages[from].taken_over = true;
}

static void take_over(yg_compiler *c, uint32_t u) {
    yg_program *program = c->program;
    const yg_unit *unit = &program->units[u];
    for (uint32_t i = 0; i < unit->group.step_count; i++) {
        const yg_step *step = &unit->group.steps[i];
        if (step->out.storage == YG_NO_STORAGE)
            continue;
        const yg_plan_storage *out = &c->storages[step->out.storage];
        if (program->storages[step->out.storage].kind != YG_STORAGE_ARENA ||
            out->over != YG_NO_STORAGE || out->first != u)
            continue;
        const uint32_t s = free_storage(c, u, i);
        if (s != YG_NO_STORAGE)
            give(c, s, step->out.storage);
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
