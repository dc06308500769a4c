/*
 * Puts the live nodes into units, in one loop over the nodes. The order of the units is the order
 * in which they run.
 *
 * The passes decide the details: `dead` which nodes are live, `views` which nodes share the bytes
 * of their operand, `fuse` which elementwise nodes share a unit.
 */
#include "plan.h"

#include <stdlib.h>

static bool is_elementwise(const yg_record *record) {
    return (record->op->flags & YG_OP_ELEMENTWISE) != 0;
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

yg_unit *yg_plan_add_unit(yg_compiler *c, yg_unit_kind kind, yg_node node) {
    yg_program *program = c->program;
    yg_unit *units =
        yg_plan_grow(c, program->units, program->unit_count, &c->unit_capacity, sizeof *units);
    if (!units)
        return NULL;
    program->units = units;
    yg_plan_unit *known =
        yg_plan_grow(c, c->units, program->unit_count, &c->known_capacity, sizeof *known);
    if (!known)
        return NULL;
    c->units = known;
    c->units[program->unit_count] =
        (yg_plan_unit){.first = node, .member_count = 1, .after = YG_NO_UNIT};
    yg_unit *unit = &program->units[program->unit_count++];
    *unit = (yg_unit){.kind = kind, .node = node};
    return unit;
}

static bool add_unit_of(yg_compiler *c, yg_node node, yg_unit_kind kind) {
    if (!yg_plan_add_unit(c, kind, node))
        return false;
    c->nodes[node].unit = (uint32_t)(c->program->unit_count - 1);
    return true;
}

static bool place_elementwise(yg_compiler *c, yg_node node, bool (*fuse)(yg_compiler *, yg_node)) {
    if (fuse && fuse(c, node))
        return true;
    return add_unit_of(c, node, YG_UNIT_GROUP);
}

static void find_root(yg_compiler *c, yg_node node, int64_t view) {
    if (c->find_root)
        c->find_root(c, node, view);
}

/* A view needs no unit. If the pass `views` is left out, or the view is an output that needs bytes
 * of its own, it becomes a copy. */
static bool place_view(yg_compiler *c, yg_node node) {
    find_root(c, node, 0);
    if (c->nodes[node].root != node)
        return true;
    if (!add_unit_of(c, node, YG_UNIT_COPY))
        return false;
    yg_copy *copy = &c->program->units[c->nodes[node].unit].copy;
    copy->from = c->graph->records[node].operands[0];
    copy->is_view = true;
    return true;
}

static bool list_results(yg_compiler *c, yg_unit *unit) {
    const size_t count = yg_op_result_count(c->graph->records[unit->node].op);
    if (count == 1)
        return true;
    unit->kernel.results = yg_pool_take(c->program->pool, count * sizeof *unit->kernel.results);
    unit->kernel.outs = yg_pool_take(c->program->pool, count * sizeof *unit->kernel.outs);
    if (!unit->kernel.results || !unit->kernel.outs)
        return yg_fail_memory(c->error);
    for (size_t i = 0; i < count; i++)
        unit->kernel.results[i] = i == 0 ? unit->node : YG_NONE;
    unit->kernel.result_count = (uint32_t)count;
    return true;
}

static bool place_kernel(yg_compiler *c, yg_node node) {
    yg_op_plan plan = yg_plan_of_node(c->graph, node, true);
    find_root(c, node, plan.view);
    const bool shares = c->nodes[node].root != node;
    if (shares || !add_unit_of(c, node, YG_UNIT_KERNEL)) {
        yg_op_plan_release(&plan);
        return shares;
    }
    yg_unit *unit = &c->program->units[c->nodes[node].unit];
    yg_plan_note(c, unit, &plan);
    return list_results(c, unit);
}

/* A further result of a kernel: the unit of the first result computes it. If two nodes stand for
 * one result, the second shares the bytes of the first. */
static void place_result(yg_compiler *c, yg_node node) {
    const yg_record *record = &c->graph->records[node];
    const uint32_t u = c->nodes[record->operands[0]].unit;
    yg_node *own = &c->program->units[u].kernel.results[record->attrs[0].i];
    if (*own == YG_NONE) {
        find_root(c, node, -1);
        c->nodes[node].unit = u;
        *own = node;
        return;
    }
    c->nodes[node].root = *own;
    c->nodes[*own].lasting |= c->nodes[node].lasting;
}

static bool place_node(yg_compiler *c, yg_node node, bool (*fuse)(yg_compiler *, yg_node)) {
    const yg_record *record = &c->graph->records[node];
    if (yg_is_result(record)) {
        place_result(c, node);
        return true;
    }
    if (record->op->flags & YG_OP_VIEW)
        return place_view(c, node);
    if (!(record->op->flags & (YG_OP_LEAF | YG_OP_ELEMENTWISE)) && !yg_plan_reads_in_place(c, node))
        return place_kernel(c, node);
    find_root(c, node, -1);
    return !is_elementwise(record) || place_elementwise(c, node, fuse);
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

/* Notes a node's reads at the roots of its operands: which unit reads them last, and that they must
 * be in memory if another unit computes them. Nodes come in order, and so do the members of a
 * group. So the reader that is noted last is the last reader. */
static void note_reads(yg_compiler *c, yg_node node) {
    const yg_record *record = &c->graph->records[node];
    if (c->nodes[node].unit == YG_NO_UNIT || c->nodes[node].root != node || yg_is_result(record))
        return;
    for (uint32_t k = 0; k < record->operand_count; k++) {
        const yg_node operand = record->operands[k];
        if (is_elementwise(record) && yg_plan_reads_in_place(c, operand))
            note_read(c, c->nodes[node].unit, node, c->graph->records[operand].operands[0], true);
        else
            note_read(c, c->nodes[node].unit, node, operand, false);
    }
}

/* If the value of an update is itself a parameter, it is copied after all units have run. */
static void note_late_reads(yg_compiler *c) {
    for (size_t i = 0; i < c->update_count; i++) {
        const yg_node root = c->nodes[c->updates[i].value].root;
        c->nodes[root].late |= yg_node_is_parameter(c->graph, root);
    }
}

bool yg_plan_units(yg_compiler *c, bool (*fuse)(yg_compiler *, yg_node)) {
    for (yg_node node = 0; node < c->graph->size; node++) {
        if (!c->nodes[node].live)
            continue;
        if (!place_node(c, node, fuse))
            return false;
        note_reads(c, node);
    }
    note_late_reads(c);
    return true;
}
