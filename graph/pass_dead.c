/*
 * The pass `dead`: leaves out what no output and no update needs. Without it every node is live.
 */
#include "plan.h"

bool yg_plan_drop_dead(yg_compiler *c) {
    c->drops_dead = true;
    return true;
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

/* Downwards, users before operands: what is live, and, since it goes the same way, what must be in
 * memory. What a whole-tensor kernel or a view reads or writes is in memory. */
bool yg_plan_mark_live(yg_compiler *c) {
    mark_wanted(c);
    for (size_t next = c->graph->size; next > 0; next--) {
        yg_plan_node *node = &c->nodes[next - 1];
        node->live |= !c->drops_dead;
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
