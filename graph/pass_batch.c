/*
 * Batches: neighbouring sweeps that do not depend on each other, so that threads meet once for all
 * of them. The updates of small parameters, for one, end up in one batch.
 */
#include "plan.h"

/* Below this, waking another thread costs more than it saves: some 20 microseconds of work. */
#define SHARED_COST 400e3

static bool reads_from(const yg_compiler *c, const yg_sweep *sweep, uint32_t first_unit) {
    for (uint32_t u = sweep->begin; u < sweep->end; u++) {
        const yg_unit *unit = &c->program->units[u];
        if (unit->after != YG_NO_UNIT && unit->after >= first_unit)
            return true;
        yg_node node = unit->first;
        for (uint32_t i = 0; i < unit->step_count; i++, node = c->nodes[node].next) {
            const yg_record *record = &c->graph->records[node];
            for (uint32_t k = 0; k < record->operand_count; k++) {
                yg_node operand = record->operands[k];
                if (record->op->flags & YG_OP_ELEMENTWISE && yg_plan_reads_in_place(c, operand))
                    operand = c->graph->records[operand].operands[0];
                const uint32_t maker = c->nodes[c->nodes[operand].root].unit;
                if (maker != YG_NO_UNIT && maker >= first_unit && maker < sweep->begin)
                    return true;
            }
        }
    }
    return false;
}

/* A batch is worth its while where threads share it, and no larger than it must be: what runs at
 * the same time needs its memory at the same time. */
static bool joins(const yg_compiler *c, const yg_batch *batch, const yg_sweep *sweep) {
    const yg_program *program = c->program;
    return yg_plan_with(c, YG_PASS_BATCH) && batch->cost + sweep->cost >= SHARED_COST &&
           !reads_from(c, sweep, program->sweeps[batch->begin].begin);
}

bool yg_plan_add_batch(yg_compiler *c, uint32_t index) {
    yg_program *program = c->program;
    yg_batch *batches = yg_plan_grow(c, program->batches, program->batch_count, &c->batch_capacity,
                                     sizeof *batches);
    if (!batches)
        return false;
    program->batches = batches;
    const yg_sweep *sweep = &program->sweeps[index];
    program->batches[program->batch_count] =
        (yg_batch){.begin = index, .end = index + 1, .cost = sweep->cost};
    for (uint32_t u = sweep->begin; u < sweep->end; u++)
        program->units[u].batch = (uint32_t)program->batch_count;
    program->batch_count++;
    return true;
}

bool yg_plan_batches(yg_compiler *c) {
    yg_program *program = c->program;
    for (uint32_t s = 0; s < program->sweep_count; s++) {
        const yg_sweep *sweep = &program->sweeps[s];
        yg_batch *batch = s > 0 ? &program->batches[program->batch_count - 1] : NULL;
        if (!batch || !joins(c, batch, sweep)) {
            if (!yg_plan_add_batch(c, s))
                return false;
            continue;
        }
        batch->end = s + 1;
        batch->cost += sweep->cost;
        for (uint32_t u = sweep->begin; u < sweep->end; u++)
            program->units[u].batch = (uint32_t)(program->batch_count - 1);
    }
    return true;
}

bool yg_plan_share(yg_program *program) {
    bool any = false;
    for (size_t b = 0; b < program->batch_count; b++) {
        yg_batch *batch = &program->batches[b];
        int64_t grains = 0;
        for (uint32_t s = batch->begin; s < batch->end; s++)
            grains += program->sweeps[s].grains;
        batch->shared = grains > 1 && batch->cost >= SHARED_COST;
        any |= batch->shared;
    }
    return any;
}
