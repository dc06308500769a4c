/*
 * The pass `dead`: leaves out nodes that no output, no update and no node with effects needs. If
 * the pass is left out, every node is live.
 */
#include "plan.h"

bool yg_plan_drop_dead(yg_compiler *c) {
    c->drops_dead = true;
    return true;
}

/* Marks outputs and updates: they are live, and in memory. */
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

/* Goes from the last node to the first, so that all users of a node come before it. Marks what is
 * live, and what must be in memory: everything that a whole-tensor kernel or a view reads or
 * writes. */
bool yg_plan_mark_live(yg_compiler *c) {
    mark_wanted(c);
    for (size_t next = c->graph->size; next > 0; next--) {
        yg_plan_node *node = &c->nodes[next - 1];
        node->live |= yg_has_effects(c->graph, (yg_node)(next - 1));
        if (!node->live)
            continue;
        const yg_record *record = &c->graph->records[next - 1];
        const bool whole =
            !(record->op->flags & YG_OP_ELEMENTWISE) && record->op != c->graph->ops->broadcast;
        node->in_memory |= whole;
        for (uint32_t k = 0; k < record->operand_count; k++) {
            c->nodes[record->operands[k]].live = true;
            c->nodes[record->operands[k]].in_memory |= whole;
        }
    }
    return true;
}

bool yg_plan_mark_all(yg_compiler *c) {
    for (size_t i = 0; i < c->graph->size; i++)
        c->nodes[i].live = true;
    return yg_plan_mark_live(c);
}
