/*
 * The pass `stages`: joins neighbouring row loops that do not depend on each other into stages.
 * Threads share the work of a whole stage, and wait for each other only at its end. The updates of
 * small parameters, for one, end up in one stage.
 */
#include "plan.h"
#include "shares.h"

/* The least cost that is worth sharing, about 10 microseconds of work. Below that, waking another
 * thread costs more than it saves. */
#define SHARED_COST 200e3

/* The least cost that a thread takes at once, about 2 microseconds of work. */
#define SLOT_COST 40e3

static bool is_worth_sharing(const yg_compiler *c, double cost) {
    return cost >= (c->flags & YG_PROGRAM_SMALL_PIECES ? 1 : SHARED_COST);
}

/* Whether a row loop must wait for a unit between `first_unit` and its own first unit: because it
 * reads its result, or because it writes over a parameter that the unit reads. */
static bool reads_from(const yg_compiler *c, const yg_row_loop *row_loop, uint32_t first_unit) {
    for (uint32_t u = row_loop->begin; u < row_loop->end; u++) {
        const yg_plan_unit *unit = &c->units[u];
        if (unit->after != YG_NO_UNIT && unit->after >= first_unit)
            return true;
        yg_node node = unit->first;
        for (uint32_t i = 0; i < unit->member_count; i++, node = c->nodes[node].next) {
            const yg_record *record = &c->graph->records[node];
            for (uint32_t k = 0; k < record->operand_count; k++) {
                yg_node operand = record->operands[k];
                if (record->op->flags & YG_OP_ELEMENTWISE && yg_plan_reads_in_place(c, operand))
                    operand = c->graph->records[operand].operands[0];
                const uint32_t maker = c->nodes[c->nodes[operand].root].unit;
                if (maker != YG_NO_UNIT && maker >= first_unit && maker < row_loop->begin)
                    return true;
            }
        }
    }
    return false;
}

/* Whether a row loop is a stage by itself, because nothing may run beside it: it has effects, or it
 * is a loop whose body needs the threads. It has one unit only, since its kernel does not fall into
 * rows. */
static bool is_alone(const yg_compiler *c, const yg_row_loop *row_loop) {
    const yg_unit *unit = &c->program->units[row_loop->begin];
    return unit->kind == YG_UNIT_KERNEL &&
           (unit->kernel.is_alone || yg_has_effects(c->graph, unit->node));
}

/* Whether a row loop joins the stage. Only a stage that threads share gains from it. Without that,
 * joining would only cost memory: all row loops of a stage need theirs at the same time. */
static bool joins(const yg_compiler *c, const yg_stage *stage, const yg_row_loop *row_loop) {
    const yg_program *program = c->program;
    return is_worth_sharing(c, stage->cost + row_loop->cost) && !is_alone(c, row_loop) &&
           !is_alone(c, &program->row_loops[stage->begin]) &&
           !reads_from(c, row_loop, program->row_loops[stage->begin].begin);
}

bool yg_plan_add_stage(yg_compiler *c, uint32_t index) {
    yg_program *program = c->program;
    yg_stage *stages =
        yg_plan_grow(c, program->stages, program->stage_count, &c->stage_capacity, sizeof *stages);
    if (!stages)
        return false;
    program->stages = stages;
    const yg_row_loop *row_loop = &program->row_loops[index];
    program->stages[program->stage_count] =
        (yg_stage){.begin = index, .end = index + 1, .cost = row_loop->cost};
    for (uint32_t u = row_loop->begin; u < row_loop->end; u++)
        program->units[u].stage = (uint32_t)program->stage_count;
    program->stage_count++;
    return true;
}

bool yg_plan_stages(yg_compiler *c) {
    yg_program *program = c->program;
    for (uint32_t s = 0; s < program->row_loop_count; s++) {
        const yg_row_loop *row_loop = &program->row_loops[s];
        yg_stage *stage = s > 0 ? &program->stages[program->stage_count - 1] : NULL;
        if (!stage || !joins(c, stage, row_loop)) {
            if (!yg_plan_add_stage(c, s))
                return false;
            continue;
        }
        stage->end = s + 1;
        stage->cost += row_loop->cost;
        for (uint32_t u = row_loop->begin; u < row_loop->end; u++)
            program->units[u].stage = (uint32_t)(program->stage_count - 1);
    }
    return true;
}

bool yg_plan_no_stages(yg_compiler *c) {
    for (uint32_t s = 0; s < c->program->row_loop_count; s++) {
        if (!yg_plan_add_stage(c, s))
            return false;
    }
    return true;
}

bool yg_plan_share(const yg_compiler *c) {
    yg_program *program = c->program;
    bool any = false;
    for (size_t b = 0; b < program->stage_count; b++) {
        yg_stage *stage = &program->stages[b];
        int64_t pieces = 0;
        for (uint32_t s = stage->begin; s < stage->end; s++)
            pieces += program->row_loops[s].pieces;
        stage->shared = pieces > 1 && is_worth_sharing(c, stage->cost) &&
                        yg_shares_plan(stage, program->row_loops,
                                       c->flags & YG_PROGRAM_SMALL_PIECES ? 0 : SLOT_COST);
        any |= stage->shared;
    }
    return any;
}
