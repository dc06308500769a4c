/*
 * A program's buffers: allocating, binding and freeing them, and which of them a caller may see.
 */
#include "program.h"

#include "loop_op.h"
#include "threads.h"
#include "zeros.h"

#include <stdlib.h>

/* Frees a leaf's buffer if the program owns it: until the caller binds another. */
static void free_own_data(yg_storage *storage) {
    if (storage->kind != YG_STORAGE_LEAF)
        return;
    yg_untouched_free(&storage->memory);
}

void yg_program_free(yg_program *program) {
    if (!program)
        return;
    yg_threads_free(program->pool_of_threads);
    free(program->left);
    for (size_t u = 0; u < program->unit_count; u++) {
        const yg_unit *unit = &program->units[u];
        if (unit->kind == YG_UNIT_KERNEL && unit->kernel.call.prepared)
            unit->kernel.release(unit->kernel.call.prepared);
    }
    for (size_t s = 0; s < program->storage_count; s++)
        free_own_data(&program->storages[s]);
    free(program->storages);
    free(program->units);
    free(program->row_loops);
    free(program->stages);
    free(program->direct_calls);
    yg_memory_free(program->arena_memory);
    yg_memory_free(program->chunk_memory);
    yg_memory_free(program->scratch_memory);
    free(program->registers);
    yg_loop_ops_free(program->loops);
    yg_store_free(program->own);
    yg_pool_free(program->pool);
    free(program);
}

static char *place_base(const yg_program *program, const yg_place *place) {
    if (place->constant)
        return (char *)(uintptr_t)place->constant;
    if (place->storage != YG_NO_STORAGE)
        return program->storages[place->storage].data;
    return yg_program_register(program, place->reg);
}

static const char *storage_data(const yg_storage *storage) {
    return storage->kind == YG_STORAGE_CONSTANT ? storage->constant : storage->data;
}

static void resolve_group(const yg_program *program, yg_unit *unit) {
    for (uint32_t i = 0; i < unit->group.load_count; i++) {
        yg_load *load = &unit->group.loads[i];
        load->source =
            load->constant ? load->constant : storage_data(&program->storages[load->storage]);
    }
    for (uint32_t i = 0; i < unit->group.step_count; i++) {
        yg_step *step = &unit->group.steps[i];
        step->out.base = place_base(program, &step->out);
        for (uint32_t k = 0; k < step->operand_count; k++)
            step->bases[k] = step->in[k].base = place_base(program, &step->in[k]);
    }
    for (uint32_t i = 0; i < unit->group.loop_count; i++) {
        const yg_group_loop *loop = &unit->group.loops[i];
        for (uint32_t k = 0; k < loop->place_count; k++)
            loop->at[loop->places[k].value] = loop->places[k].place->base;
    }
}

static void resolve_kernel(const yg_program *program, yg_unit *unit) {
    const yg_record *record = &program->graph->records[unit->node];
    const void **in = (const void **)(uintptr_t)unit->kernel.call.in; /* the program's own array */
    for (uint32_t k = 0; k < record->operand_count; k++)
        in[k] = storage_data(&program->storages[program->storage_of[record->operands[k]]]);
    unit->kernel.call.out = program->storages[unit->kernel.target].data;
    for (uint32_t i = 0; i < unit->kernel.result_count; i++) {
        const yg_node node = unit->kernel.results[i];
        unit->kernel.outs[i] =
            node == YG_NONE ? NULL : program->storages[program->storage_of[node]].data;
    }
    unit->kernel.call.outs = unit->kernel.outs;
    unit->kernel.call.scratch = program->scratch;
    if (unit->kernel.parts.count > 0)
        unit->kernel.partial_data = program->storages[unit->kernel.partial].data;
    unit->kernel.partial_in = unit->kernel.partial_data;
}

static void resolve(yg_program *program) {
    for (size_t s = 0; s < program->storage_count; s++) {
        yg_storage *storage = &program->storages[s];
        if (storage->kind != YG_STORAGE_PART)
            continue;
        const char *whole = storage_data(&program->storages[storage->part.of]);
        storage->data = (char *)(uintptr_t)whole + storage->part.shift;
    }
    for (size_t u = 0; u < program->unit_count; u++) {
        yg_unit *unit = &program->units[u];
        if (unit->kind == YG_UNIT_GROUP) {
            resolve_group(program, unit);
        } else if (unit->kind == YG_UNIT_KERNEL) {
            resolve_kernel(program, unit);
        } else {
            unit->copy.target_data = program->storages[unit->copy.target].data;
            unit->copy.source_data = storage_data(&program->storages[unit->copy.source]);
        }
    }
    program->resolved_units += program->unit_count;
}

bool yg_program_resolve(yg_program *program) {
    if (program->is_resolved)
        return true;
    resolve(program);
    program->is_resolved = yg_program_list_direct_calls(program);
    return program->is_resolved;
}

static void visit_group(yg_group *group, void (*see)(void *, const void **), void *context) {
    for (uint32_t i = 0; i < group->load_count; i++)
        see(context, (const void **)&group->loads[i].source);
    for (uint32_t i = 0; i < group->step_count; i++) {
        yg_step *step = &group->steps[i];
        for (uint32_t k = 0; k < step->operand_count; k++) {
            see(context, &step->bases[k]);
            see(context, (const void **)&step->in[k].base);
        }
    }
    for (uint32_t i = 0; i < group->loop_count; i++) {
        const yg_group_loop *loop = &group->loops[i];
        for (uint32_t k = 0; k < loop->place_count; k++)
            if (!loop->places[k].is_result)
                see(context, (const void **)&loop->at[loop->places[k].value]);
    }
}

void yg_program_visit_reads(yg_program *program, void (*see)(void *context, const void **at),
                            void *context) {
    for (size_t u = 0; u < program->unit_count; u++) {
        yg_unit *unit = &program->units[u];
        if (unit->kind == YG_UNIT_GROUP) {
            visit_group(&unit->group, see, context);
        } else if (unit->kind == YG_UNIT_KERNEL) {
            const void **in = (const void **)(uintptr_t)unit->kernel.call.in; /* its own array */
            for (size_t k = 0; k < unit->kernel.call.operand_count; k++)
                see(context, &in[k]);
        } else {
            see(context, &unit->copy.source_data);
        }
    }
    for (size_t i = 0; i < program->direct_call_count; i++) {
        if (program->direct_calls[i].kind == YG_DIRECT_FILL)
            see(context, &program->direct_calls[i].from);
    }
}

/* The node of the program's graph that stands for one of the caller's; YG_NONE if the caller may
 * not see its buffer. */
static yg_node visible_node(const yg_program *program, yg_node node) {
    const yg_node own = node < program->node_count ? yg_program_node(program, node) : YG_NONE;
    return own != YG_NONE && program->visible[own] && program->arena ? own : YG_NONE;
}

void *yg_program_data(yg_program *program, yg_node node) {
    const yg_node own = visible_node(program, node);
    if (own == YG_NONE)
        return NULL;
    const yg_storage *storage = &program->storages[program->storage_of[own]];
    if (storage->kind != YG_STORAGE_PART)
        return (void *)(uintptr_t)storage_data(storage);
    /* The pointer of a part may be out of date: the storage that it lies in may have been bound to
     * another buffer since. */
    const char *whole = storage_data(&program->storages[storage->part.of]);
    return (void *)(uintptr_t)(whole + storage->part.shift);
}

bool yg_program_bind(yg_program *program, yg_node node, void *data, yg_error *error) {
    const yg_node own = visible_node(program, node);
    if (own == YG_NONE ||
        !(yg_node_is_input(program->graph, own) || yg_node_is_parameter(program->graph, own)))
        return yg_fail(error, YG_ERROR_ARGUMENT, YG_NOWHERE,
                       "only an input or a parameter that the program uses can be bound");
    if (!data || (uintptr_t)data % 64 != 0)
        return yg_fail(error, YG_ERROR_ARGUMENT, YG_NOWHERE,
                       "a bound buffer is not NULL and is 64-byte aligned");
    yg_storage *storage = &program->storages[program->storage_of[own]];
    free_own_data(storage);
    storage->data = data;
    storage->bound = true;
    program->is_resolved = false;
    return true;
}

yg_program_stats yg_program_get_stats(const yg_program *program) {
    return program->stats;
}
