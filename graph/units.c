/*
 * Units: which nodes run together, and in which order.
 *
 * An elementwise node joins a recent group of its shape if none of its operands is computed by a
 * later unit: running units in the order of their opening is then right, and no cycle can arise.
 * One pass, whatever the graph.
 */
#include "plan.h"

#include <stdlib.h>
#include <string.h>

static bool is_elementwise(const yg_record *record) {
    return (record->op->flags & YG_OP_ELEMENTWISE) != 0;
}

static void mark_wanted(yg_compiler *c) {
    for (size_t i = 0; i < c->output_count; i++) {
        yg_plan_node *output = &c->nodes[c->outputs[i]];
        output->live = output->in_memory = output->lasting = true;
    }
    for (size_t i = 0; i < c->update_count; i++) {
        yg_plan_node *value = &c->nodes[c->updates[i].value];
        c->nodes[c->updates[i].parameter].live = true;
        value->live = value->in_memory = true;
    }
}

/* Downwards, users before operands: what is live, and what must be in memory. What a whole-tensor
 * kernel or a view reads or writes is in memory; so, without fusion, is everything. */
static void mark_live(yg_compiler *c) {
    const bool dead = yg_plan_with(c, YG_PASS_DEAD), fuse = yg_plan_with(c, YG_PASS_FUSE);
    mark_wanted(c);
    for (size_t next = c->graph->size; next > 0; next--) {
        yg_plan_node *node = &c->nodes[next - 1];
        node->live |= !dead;
        if (!node->live)
            continue;
        const yg_record *record = &c->graph->records[next - 1];
        const bool whole = !is_elementwise(record) && record->op != c->graph->ops->broadcast;
        node->in_memory |= whole || !fuse;
        for (uint32_t k = 0; k < record->operand_count; k++) {
            c->nodes[record->operands[k]].live = true;
            c->nodes[record->operands[k]].in_memory |= whole;
        }
    }
}

/* Where a node lies in its operand, in bytes, or -1 if it has bytes of its own. */
static int64_t place_in_operand(const yg_compiler *c, yg_node node) {
    const yg_record *record = &c->graph->records[node];
    if (!yg_plan_with(c, YG_PASS_VIEWS))
        return -1;
    if (record->op->flags & YG_OP_VIEW)
        return 0;
    if (!record->op->view)
        return -1;
    yg_type types[YG_MAX_OPERANDS];
    const yg_infer call = yg_plan_call(c->graph, node, types);
    const int64_t elements = record->op->view(&call, record->type);
    return elements < 0 ? -1 : elements * (int64_t)yg_dtype_size(record->type->dtype);
}

/* An output has bytes of its own where an update would write over its operand's, or where they are
 * not aligned as an output's must be. */
static void find_root(yg_compiler *c, yg_node index) {
    yg_plan_node *node = &c->nodes[index];
    const int64_t place = place_in_operand(c, index);
    node->root = index;
    if (place >= 0) {
        const yg_plan_node *operand = &c->nodes[c->graph->records[index].operands[0]];
        const int64_t offset = operand->offset + place;
        if (!node->lasting || (!c->nodes[operand->root].updated && offset % 64 == 0)) {
            node->root = operand->root;
            node->offset = offset;
        }
    }
    c->nodes[node->root].lasting |= node->lasting;
}

bool yg_plan_is_part(const yg_compiler *c, yg_node node) {
    const yg_node root = c->nodes[node].root;
    return root != node && yg_type_count(c->graph->records[node].type) !=
                               yg_type_count(c->graph->records[root].type);
}

bool yg_plan_reads_in_place(const yg_compiler *c, yg_node node) {
    return c->graph->records[node].op == c->graph->ops->broadcast && !c->nodes[node].in_memory;
}

void *yg_plan_grow(yg_compiler *c, void *array, size_t count, size_t *capacity, size_t element) {
    if (count < *capacity)
        return array;
    const size_t larger = *capacity ? *capacity * 2 : 16;
    void *grown = realloc(array, larger * element);
    if (grown)
        *capacity = larger;
    else
        yg_fail_memory(c->error);
    return grown;
}

yg_unit *yg_plan_add_unit(yg_compiler *c) {
    yg_program *program = c->program;
    yg_unit *units =
        yg_plan_grow(c, program->units, program->unit_count, &c->unit_capacity, sizeof *units);
    if (!units)
        return NULL;
    program->units = units;
    yg_unit *unit = &program->units[program->unit_count++];
    *unit = (yg_unit){.target = YG_NO_STORAGE,
                      .source = YG_NO_STORAGE,
                      .partial = YG_NO_STORAGE,
                      .node = YG_NONE};
    return unit;
}

/* How far back a group is looked for. Further away a node would be computed too early, and its
 * result kept for too long. */
#define JOIN_WINDOW 8

/* The group that an elementwise node can join, or YG_NO_UNIT: the last one of its shape that no
 * operand comes after. A broadcast's source must be whole before any of it is read, so its unit
 * must come before the group. */
static uint32_t joinable(const yg_compiler *c, yg_node node) {
    const yg_record *record = &c->graph->records[node];
    uint32_t earliest = 0; /* the first unit that may compute the node */
    for (uint32_t k = 0; k < record->operand_count; k++) {
        yg_node operand = record->operands[k];
        const bool in_place = yg_plan_reads_in_place(c, operand);
        if (in_place)
            operand = c->graph->records[operand].operands[0];
        const uint32_t unit = c->nodes[c->nodes[operand].root].unit;
        if (unit != YG_NO_UNIT && unit + in_place > earliest)
            earliest = unit + in_place;
    }
    const uint32_t units = (uint32_t)c->program->unit_count;
    for (uint32_t u = units; u > earliest && units - u < JOIN_WINDOW; u--) {
        const yg_unit *unit = &c->program->units[u - 1];
        if (unit->kind == YG_UNIT_GROUP && unit->step_count < YG_GROUP_STEPS &&
            yg_shape_equal(c->graph->records[unit->node].type, record->type))
            return u - 1;
    }
    return YG_NO_UNIT;
}

static bool place_elementwise(yg_compiler *c, yg_node node) {
    const uint32_t joined = yg_plan_with(c, YG_PASS_FUSE) ? joinable(c, node) : YG_NO_UNIT;
    if (joined != YG_NO_UNIT) {
        yg_unit *unit = &c->program->units[joined];
        c->nodes[unit->node].next = node;
        unit->node = node;
        unit->step_count++;
        c->nodes[node].unit = joined;
        return true;
    }
    yg_unit *unit = yg_plan_add_unit(c);
    if (!unit)
        return false;
    unit->kind = YG_UNIT_GROUP;
    unit->first = unit->node = node;
    unit->step_count = 1;
    unit->count = yg_type_count(c->graph->records[node].type);
    c->nodes[node].unit = (uint32_t)(c->program->unit_count - 1);
    return true;
}

static bool place_node(yg_compiler *c, yg_node node) {
    const yg_record *record = &c->graph->records[node];
    find_root(c, node);
    if (record->op->flags & YG_OP_LEAF || c->nodes[node].root != node ||
        yg_plan_reads_in_place(c, node))
        return true;
    if (is_elementwise(record))
        return place_elementwise(c, node);
    yg_unit *unit = yg_plan_add_unit(c);
    if (!unit)
        return false;
    unit->kind = record->op->flags & YG_OP_VIEW ? YG_UNIT_COPY : YG_UNIT_KERNEL;
    unit->node = unit->first = node;
    unit->step_count = 1;
    c->nodes[node].unit = (uint32_t)(c->program->unit_count - 1);
    return true;
}

static void note_read(yg_compiler *c, uint32_t unit, yg_node reader, yg_node operand, bool skewed) {
    const yg_node root = c->nodes[operand].root;
    uint32_t *skew = &c->nodes[root].skew_unit;
    if ((skewed || yg_plan_is_part(c, operand)) && (*skew == YG_NO_UNIT || unit > *skew))
        *skew = unit;
    if (c->nodes[root].unit != unit)
        c->nodes[root].in_memory = true;
    uint32_t *last = &c->nodes[root].last_unit, *other = &c->nodes[root].other_unit;
    if (*last == YG_NO_UNIT || unit > *last) {
        *other = *last;
        *last = unit;
    } else if (unit < *last && (*other == YG_NO_UNIT || unit > *other)) {
        *other = unit;
    }
    if (*last == unit)
        c->nodes[root].last_reader = reader;
}

/* Which unit reads what last, and what must therefore be in memory. Nodes are visited in order, and
 * a group's members are in order, so the last reader noted is the last. */
static void note_reads(yg_compiler *c, yg_node node) {
    const yg_record *record = &c->graph->records[node];
    if (c->nodes[node].unit == YG_NO_UNIT || c->nodes[node].root != node)
        return;
    for (uint32_t k = 0; k < record->operand_count; k++) {
        const yg_node operand = record->operands[k];
        if (is_elementwise(record) && yg_plan_reads_in_place(c, operand))
            note_read(c, c->nodes[node].unit, node, c->graph->records[operand].operands[0], true);
        else
            note_read(c, c->nodes[node].unit, node, operand, false);
    }
}

/* A value that is itself a parameter is read when all units have run. */
static void note_late_reads(yg_compiler *c) {
    for (size_t i = 0; i < c->update_count; i++) {
        const yg_node root = c->nodes[c->updates[i].value].root;
        if (yg_node_is_parameter(c->graph, root))
            c->nodes[root].last_unit = YG_NO_UNIT - 1;
    }
}

bool yg_plan_units(yg_compiler *c) {
    mark_live(c);
    for (yg_node node = 0; node < c->graph->size; node++) {
        if (!c->nodes[node].live)
            continue;
        if (!place_node(c, node))
            return false;
        note_reads(c, node);
    }
    note_late_reads(c);
    return true;
}
