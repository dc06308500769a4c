/*
 * What a kernel of a sweep may fetch ahead (yg_kernel_call.soon): what the fused groups after it,
 * in the same rows, read or write of what the sweep has not made itself. A matrix product that
 * makes a gradient has time to bring the parameter and the optimizer's state into the cache.
 */
#include "plan.h"

/* True if the sweep makes what lies there, which is in the cache then. */
static bool is_made_by(const yg_program *program, const yg_sweep *sweep, const yg_place *place) {
    const yg_storage *storage = &program->storages[place->storage];
    return !storage->constant && storage->offset >= 0 && storage->first >= sweep->begin &&
           storage->first < sweep->end;
}

static void note(const yg_program *program, const yg_sweep *sweep, const yg_unit *group,
                 const yg_place *place, yg_unit *kernel) {
    if (place->storage == YG_NO_STORAGE || kernel->soon_count == YG_MOST_SOON ||
        is_made_by(program, sweep, place))
        return;
    for (uint32_t i = 0; i < kernel->soon_count; i++) {
        if (kernel->soon[i].place->storage == place->storage)
            return;
    }
    kernel->soon[kernel->soon_count++] =
        (yg_soon){.place = place, .row = place->advance * (group->count / sweep->rows)};
}

/* What is fetched ahead by a kernel need not be asked for by the groups. */
static bool find_soon(yg_compiler *c, const yg_sweep *sweep, uint32_t u) {
    yg_program *program = c->program;
    yg_unit *kernel = &program->units[u];
    kernel->soon = yg_pool_take(program->pool, YG_MOST_SOON * sizeof *kernel->soon);
    if (!kernel->soon)
        return yg_fail_memory(c->error);
    for (uint32_t v = u + 1; v < sweep->end; v++) {
        yg_unit *group = &program->units[v];
        group->stream_count = 0;
        for (uint32_t i = 0; i < group->step_count && group->kind == YG_UNIT_GROUP; i++) {
            const yg_step *step = &group->steps[i];
            for (uint32_t k = 0; k < step->operand_count; k++)
                note(program, sweep, group, &step->in[k], kernel);
            note(program, sweep, group, &step->out, kernel);
        }
    }
    return true;
}

bool yg_plan_soon(yg_compiler *c) {
    yg_program *program = c->program;
    for (size_t s = 0; s < program->sweep_count; s++) {
        const yg_sweep *sweep = &program->sweeps[s];
        for (uint32_t u = sweep->begin; u < sweep->end && sweep->rows > 0; u++) {
            const yg_unit *unit = &program->units[u];
            if (unit->kind == YG_UNIT_KERNEL && unit->parts.count == 0 && !find_soon(c, sweep, u))
                return false;
        }
    }
    return true;
}
