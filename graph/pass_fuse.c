/*
 * The pass `fuse`: puts elementwise nodes of one shape into groups. A group runs a tile at a time:
 * all of its operators on the first tile, then all of them on the next (group.c).
 *
 * A node joins a recent group unless one of its operands is computed by a later unit. So units can
 * run in the order in which they were begun, and no cycle can arise. If the pass is left out, every
 * elementwise node is a group of its own.
 */
#include "plan.h"

/* A group is looked for among this many units before the node. In an older one the node would be
 * computed long before its readers, and its result would take memory meanwhile. */
#define JOIN_WINDOW 8

/* So many steps of a group are left to what goes on with its results. Steps that begin anew, as the
 * update of the next parameter, begin a group: cut in two they would be no fused loop, and their
 * results would wait in memory. */
#define LAST_STEPS 12

/* A result of this size should not wait in memory for its readers. */
#define LARGE_BYTES (64 * 1024)

/* True if a node reads only leaves, and unit `u` reads none of these. Computed in that unit it
 * would share nothing, and a large result would wait there for its readers. */
static bool shares_nothing(const yg_compiler *c, const yg_record *record, uint32_t u) {
    for (uint32_t k = 0; k < record->operand_count; k++) {
        const yg_node operand = record->operands[k];
        const yg_plan_node *root = &c->nodes[c->nodes[operand].root];
        if (root->unit != YG_NO_UNIT || root->last_unit == u)
            return false;
    }
    return yg_type_bytes(record->type) >= LARGE_BYTES;
}

/* The group that an elementwise node joins: the last one of its shape, not before any unit that
 * computes an operand. The source of a broadcast must be complete before a group reads it, so it
 * must come from an earlier unit. YG_NO_UNIT if there is no such group. */
static uint32_t joinable(const yg_compiler *c, yg_node node) {
    const yg_record *record = &c->graph->records[node];
    uint32_t earliest = 0; /* the first unit that can compute the node */
    for (uint32_t k = 0; k < record->operand_count; k++) {
        yg_node operand = record->operands[k];
        const bool in_place = yg_plan_reads_in_place(c, operand);
        if (in_place)
            operand = c->graph->records[operand].operands[0];
        const yg_plan_node *root = &c->nodes[c->nodes[operand].root];
        if (root->unit != YG_NO_UNIT && root->unit + in_place > earliest)
            earliest = root->unit + in_place;
        /* An update before the parameter's other readers could not be written over it. */
        if (root->updated && root->last_unit != YG_NO_UNIT && root->last_unit > earliest)
            earliest = root->last_unit;
    }
    const uint32_t units = (uint32_t)c->program->unit_count;
    for (uint32_t u = units; u > earliest && units - u < JOIN_WINDOW; u--) {
        const yg_unit *unit = &c->program->units[u - 1];
        const uint32_t room = YG_GROUP_STEPS - (earliest < u - 1 ? LAST_STEPS : 0);
        if (unit->kind == YG_UNIT_GROUP && c->units[u - 1].member_count < room &&
            yg_shape_equal(c->graph->records[unit->node].type, record->type))
            return u == units || !shares_nothing(c, record, u - 1) ? u - 1 : YG_NO_UNIT;
    }
    return YG_NO_UNIT;
}

static bool fuse(yg_compiler *c, yg_node node) {
    const uint32_t joined = joinable(c, node);
    if (joined == YG_NO_UNIT)
        return false;
    yg_unit *unit = &c->program->units[joined];
    c->nodes[unit->node].next = node;
    unit->node = node;
    c->units[joined].member_count++;
    c->nodes[node].unit = joined;
    return true;
}

bool yg_plan_units_fused(yg_compiler *c) {
    return yg_plan_units(c, fuse);
}

/* Without the pass every result is in memory. */
bool yg_plan_units_apart(yg_compiler *c) {
    for (yg_node node = 0; node < c->graph->size; node++)
        c->nodes[node].in_memory |= c->nodes[node].live;
    return yg_plan_units(c, NULL);
}
