/*
 * Works out, for each unit, its floating-point operations, its cost and into how many rows its work
 * can be cut. The passes decide by these what runs together. All of them depend on shapes only, so
 * the plan is the same on every machine.
 */
#include "plan.h"

yg_op_plan yg_plan_of_node(const yg_graph *graph, yg_node node, bool prepare) {
    const yg_infer call = yg_store_call(graph, node);
    return yg_op_plan_of(&call, graph->records[node].type, prepare);
}

/* Moving an element from or to memory costs about this many floating-point operations. */
#define ELEMENT_COST 4

/* The same for one element in one step of a group: little arithmetic, but a load and a store in the
 * L1 cache. */
#define STEP_COST 6

/* Notes, as skew_unit, the operands of which a kernel reads all elements for each row. */
static void note_whole_reads(yg_compiler *c, uint32_t u) {
    const yg_unit *unit = &c->program->units[u];
    const yg_record *record = &c->graph->records[unit->node];
    for (uint32_t k = 0; k < record->operand_count; k++) {
        uint32_t *skew = &c->nodes[c->nodes[record->operands[k]].root].skew_unit;
        if ((c->units[u].rows == 0 || unit->kernel.whole >> k & 1) &&
            (*skew == YG_NO_UNIT || *skew < u))
            *skew = u;
    }
}

void yg_plan_note(yg_compiler *c, yg_unit *unit, const yg_op_plan *plan) {
    const yg_record *record = &c->graph->records[unit->node];
    yg_plan_unit *known = yg_plan_of_unit(c, unit);
    unit->kernel.work = plan->units;
    unit->flops = plan->flops;
    known->rows = plan->rows;
    unit->kernel.whole = plan->whole;
    known->min_rows = plan->min_rows;
    unit->kernel.parts = plan->parts;
    if (unit->kernel.parts.count > 0)
        known->rows = unit->kernel.reduced =
            yg_type_count(c->graph->records[record->operands[0]].type);
    known->scratch_bytes = plan->scratch_bytes;
    known->joins = plan->joins;
    known->may_prefetch = plan->prefetches;
    unit->kernel.call.prepared = plan->prepared;
    unit->kernel.release = plan->release;
}

/* A kernel's cost: its floating-point operations, or moving its operands and result if that costs
 * more. */
static double kernel_cost(const yg_compiler *c, const yg_unit *unit) {
    const yg_record *record = &c->graph->records[unit->node];
    double touched = (double)yg_type_count(record->type);
    for (uint32_t k = 0; k < record->operand_count; k++)
        touched += (double)yg_type_count(c->graph->records[record->operands[k]].type);
    return unit->flops > ELEMENT_COST * touched ? unit->flops : ELEMENT_COST * touched;
}

static double group_flops(const yg_compiler *c, const yg_plan_unit *known, int64_t count) {
    double flops = 0;
    yg_node node = known->first;
    for (uint32_t i = 0; i < known->member_count; i++, node = c->nodes[node].next) {
        const bool has_plan = c->graph->records[node].op->plan != NULL;
        flops += has_plan ? yg_plan_of_node(c->graph, node, false).flops : (double)count;
    }
    return flops;
}

bool yg_plan_costs(yg_compiler *c) {
    for (size_t u = 0; u < c->program->unit_count; u++) {
        yg_unit *unit = &c->program->units[u];
        yg_plan_unit *known = &c->units[u];
        const int64_t count = yg_type_count(c->graph->records[unit->node].type);
        if (unit->kind == YG_UNIT_GROUP) {
            unit->flops = group_flops(c, known, count);
            known->cost = STEP_COST * (double)known->member_count * (double)count;
            known->rows = count;
            known->min_rows = 1;
        } else if (unit->kind == YG_UNIT_KERNEL) {
            known->cost = kernel_cost(c, unit);
            note_whole_reads(c, (uint32_t)u);
        } else {
            known->cost = 2.0 * ELEMENT_COST * (double)count;
        }
    }
    return true;
}
