/*
 * What the planner wants to know of each unit before it decides what runs together: its work, its
 * cost, and into how many rows it falls. All of it depends on shapes only.
 */
#include "plan.h"

yg_infer yg_plan_call(const yg_graph *graph, yg_node node, yg_type *types) {
    const yg_record *record = &graph->records[node];
    for (uint32_t k = 0; k < record->operand_count; k++)
        types[k] = *graph->records[record->operands[k]].type;
    return (yg_infer){
        .op = record->op,
        .operands = types,
        .operand_count = record->operand_count,
        .attrs = record->attrs,
        .origin = record->origin,
    };
}

/* An element in memory costs about as much as this many floating-point operations. */
#define ELEMENT_COST 4

/* A group's step does less for an element than a kernel may, but always goes through L1. */
#define STEP_COST 6

/* A kernel that reads all of an operand reads it out of step. */
static void note_whole_reads(yg_compiler *c, uint32_t u) {
    const yg_unit *unit = &c->program->units[u];
    const yg_record *record = &c->graph->records[unit->node];
    for (uint32_t k = 0; k < record->operand_count; k++) {
        uint32_t *skew = &c->nodes[c->nodes[record->operands[k]].root].skew_unit;
        if ((unit->rows == 0 || unit->whole >> k & 1) && (*skew == YG_NO_UNIT || *skew < u))
            *skew = u;
    }
}

static void cost_kernel(const yg_compiler *c, yg_unit *unit) {
    const yg_record *record = &c->graph->records[unit->node];
    const yg_op *op = record->op;
    yg_type types[YG_MAX_OPERANDS];
    const yg_infer call = yg_plan_call(c->graph, unit->node, types);
    const double elements = (double)yg_type_count(record->type);
    double touched = elements;
    for (uint32_t k = 0; k < record->operand_count; k++)
        touched += (double)yg_type_count(&types[k]);
    unit->work = op->units ? op->units(&call, record->type) : 1;
    unit->flops = op->flops ? op->flops(&call, record->type) : elements;
    unit->cost = unit->flops > ELEMENT_COST * touched ? unit->flops : ELEMENT_COST * touched;
    unit->rows = op->rows ? op->rows(&call, record->type, &unit->whole) : 0;
    unit->grain = op->grain ? op->grain(&call, record->type) : 1;
    if (op->parts && op->parts(&call, &unit->parts))
        unit->rows = unit->parts.elements > 0 ? yg_type_count(&types[0]) : 0;
    else
        unit->parts.count = 0;
}

static double group_flops(const yg_compiler *c, const yg_unit *unit) {
    double flops = 0;
    yg_node node = unit->first;
    for (uint32_t i = 0; i < unit->step_count; i++, node = c->nodes[node].next) {
        const yg_op *op = c->graph->records[node].op;
        yg_type types[YG_MAX_OPERANDS];
        if (op->flops) {
            const yg_infer call = yg_plan_call(c->graph, node, types);
            flops += op->flops(&call, c->graph->records[node].type);
        } else {
            flops += (double)unit->count;
        }
    }
    return flops;
}

void yg_plan_costs(yg_compiler *c) {
    for (size_t u = 0; u < c->program->unit_count; u++) {
        yg_unit *unit = &c->program->units[u];
        if (unit->kind == YG_UNIT_GROUP) {
            unit->flops = group_flops(c, unit);
            unit->cost = STEP_COST * (double)unit->step_count * (double)unit->count;
            unit->rows = unit->count;
            unit->grain = 1;
        } else if (unit->kind == YG_UNIT_KERNEL) {
            cost_kernel(c, unit);
            note_whole_reads(c, (uint32_t)u);
        } else {
            const yg_type *type = c->graph->records[unit->node].type;
            unit->cost = 2.0 * ELEMENT_COST * (double)yg_type_count(type);
        }
    }
}
