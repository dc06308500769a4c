/*
 * Lists what the units of a plan read, before there are bytes: see plan_verify.h.
 */
#include "plan_verify.h"

/* Calls `visit` for one operand of a member. A broadcast that is never computed is read as its
 * source, stretched. */
static bool visit_operand(const yg_compiler *c, yg_read read, yg_read_visitor *visit,
                          void *context) {
    const yg_record *record = &c->graph->records[read.reader];
    read.operand = record->operands[read.k];
    read.stretched =
        record->op->flags & YG_OP_ELEMENTWISE && yg_plan_reads_in_place(c, read.operand);
    if (read.stretched) {
        read.broadcast = read.operand;
        read.operand = c->graph->records[read.operand].operands[0];
    }
    read.root = c->nodes[read.operand].root;
    read.maker = c->nodes[read.root].unit;
    return visit(context, &read);
}

static bool visit_unit(const yg_compiler *c, uint32_t u, yg_read_visitor *visit, void *context) {
    const yg_unit *unit = &c->program->units[u];
    const yg_plan_unit *known = &c->units[u];
    yg_read read = {.unit = u, .reader = unit->node, .broadcast = YG_NONE};
    if (unit->kind == YG_UNIT_COPY && !unit->copy.is_view) {
        read.operand = unit->node; /* a copy of a value to its parameter */
        read.root = c->nodes[read.operand].root;
        read.maker = c->nodes[read.root].unit;
        return visit(context, &read);
    }
    yg_node node = known->first;
    for (uint32_t i = 0; i < known->member_count; i++, node = c->nodes[node].next) {
        read.reader = node;
        for (read.k = 0; read.k < c->graph->records[node].operand_count; read.k++) {
            if (!visit_operand(c, read, visit, context))
                return false;
        }
    }
    return true;
}

bool yg_each_read(const yg_compiler *c, yg_read_visitor *visit, void *context) {
    for (uint32_t u = 0; u < c->program->unit_count; u++) {
        if (!visit_unit(c, u, visit, context))
            return false;
    }
    return true;
}
