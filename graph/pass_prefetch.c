/*
 * The pass `prefetch`: lists, for each kernel in a row loop, memory that it may ask the processor
 * to fetch while it computes (yg_kernel_call.prefetch).
 *
 * That is what the fused groups after it read or write in the same rows. Results of the row loop
 * itself are left out, since they are in the cache already. A matrix product that computes a
 * gradient, for one, has time to bring the parameter and the optimizer's state into the cache.
 */
#include "plan.h"

/* True if the row loop itself computes what lies at the place: it is in the cache then. */
static bool is_made_by(const yg_compiler *c, const yg_row_loop *row_loop, const yg_place *place) {
    const uint32_t first = c->storages[place->storage].first;
    return c->program->storages[place->storage].kind == YG_STORAGE_ARENA &&
           first >= row_loop->begin && first < row_loop->end;
}

/* Adds a place that `group` uses to the kernel's list. False if the list is full. */
static bool note(const yg_compiler *c, const yg_row_loop *row_loop, const yg_unit *group,
                 const yg_place *place, yg_unit *kernel) {
    if (place->storage == YG_NO_STORAGE || is_made_by(c, row_loop, place))
        return true;
    for (uint32_t i = 0; i < kernel->kernel.prefetch_count; i++) {
        if (kernel->kernel.prefetches[i].place->storage == place->storage)
            return true;
    }
    if (kernel->kernel.prefetch_count == YG_MOST_PREFETCHES)
        return false;
    kernel->kernel.prefetches[kernel->kernel.prefetch_count++] = (yg_prefetch){
        .place = place, .row = place->advance * (group->group.count / row_loop->rows)};
    return true;
}

/* Adds all places of a group. If all of them fit the list, the group need not fetch for itself. */
static void note_group(const yg_compiler *c, const yg_row_loop *row_loop, yg_unit *group,
                       yg_unit *kernel) {
    bool all = true;
    for (uint32_t i = 0; i < group->group.step_count; i++) {
        const yg_step *step = &group->group.steps[i];
        for (uint32_t k = 0; k < step->operand_count; k++)
            all &= note(c, row_loop, group, &step->in[k], kernel);
        all &= note(c, row_loop, group, &step->out, kernel);
    }
    if (all)
        group->group.stream_count = 0;
}

static bool find_prefetches(yg_compiler *c, const yg_row_loop *row_loop, uint32_t u) {
    yg_program *program = c->program;
    yg_unit *kernel = &program->units[u];
    kernel->kernel.prefetches =
        yg_pool_take(program->pool, YG_MOST_PREFETCHES * sizeof *kernel->kernel.prefetches);
    if (!kernel->kernel.prefetches)
        return yg_fail_memory(c->error);
    for (uint32_t v = u + 1; v < row_loop->end; v++) {
        if (program->units[v].kind == YG_UNIT_GROUP)
            note_group(c, row_loop, &program->units[v], kernel);
    }
    return true;
}

/* Whether a unit is a kernel that fetches what it is given. After any other unit the groups fetch
 * for themselves. */
static bool fetches(const yg_compiler *c, uint32_t u) {
    return c->program->units[u].kind == YG_UNIT_KERNEL && c->units[u].may_prefetch;
}

bool yg_plan_prefetch(yg_compiler *c) {
    yg_program *program = c->program;
    for (size_t s = 0; s < program->row_loop_count; s++) {
        const yg_row_loop *row_loop = &program->row_loops[s];
        for (uint32_t u = row_loop->begin; u < row_loop->end && row_loop->rows > 0; u++) {
            if (fetches(c, u) && !find_prefetches(c, row_loop, u))
                return false;
        }
    }
    return true;
}
