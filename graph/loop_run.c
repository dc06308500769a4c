/*
 * Runs a loop: the program of its body, once for each iteration. Only yg_plan_loop_bodies()
 * allocates; it runs when the outer program is compiled.
 *
 * A carry is a parameter of the body, and its next value is an update of it. So a carry stays where
 * it is from iteration to iteration, and is written over in place where that is possible. The sum
 * of a weight's cotangents, for one, is never copied.
 */
#include "loop_op.h"

#include <stdlib.h>
#include <string.h>

/* A random operator of the body. Its attributes change with each iteration. */
typedef struct draw {
    const yg_record *record;
    yg_attr *attrs; /* those of this iteration */
} draw;

/* What a loop's unit keeps from run to run. */
typedef struct prepared {
    const yg_loop_op *loop;
    yg_program *program;
    draw *draws;
    size_t draw_count;
    /* Buffers of the body's program: by slice, by carry, by output. NULL where it has none. */
    void **slices, **carries, **outputs;
} prepared;

static void release(void *made) {
    prepared *p = made;
    if (!p)
        return;
    yg_program_free(p->program);
    for (size_t i = 0; i < p->draw_count; i++)
        free(p->draws[i].attrs);
    free(p->draws);
    free(p->slices);
    free(p);
}

/* ------------------------------------------------------------------------------- compiling -- */

static bool compile_body(const yg_compiler *c, prepared *p) {
    const yg_loop_spec *s = &p->loop->spec;
    yg_compile_options options = c->options ? *c->options : (yg_compile_options){0};
    yg_update *updates = malloc((s->carry_count + 1) * sizeof *updates);
    if (!updates)
        return yg_fail_memory(c->error);
    for (size_t i = 0; i < s->carry_count; i++)
        updates[i] = (yg_update){.parameter = s->carries[i], .value = s->next[i]};
    if (!options.beside || !options.beside->pool_of_threads)
        options.beside = c->beside;
    options.recompute = false;
    p->program = yg_compile_part(&(yg_request){.graph = s->body,
                                               .outputs = s->outputs,
                                               .output_count = s->output_count,
                                               .updates = updates,
                                               .update_count = s->carry_count},
                                 &options, YG_COMPILE_PLAN, c->error);
    free(updates);
    return p->program != NULL;
}

/* Finds the random operators of the body, and gives their kernels attributes that the loop can
 * change. */
static bool find_draws(prepared *p, yg_error *error) {
    yg_program *program = p->program;
    p->draws = calloc(program->unit_count + 1, sizeof *p->draws);
    if (!p->draws)
        return yg_fail_memory(error);
    for (size_t u = 0; u < program->unit_count; u++) {
        yg_unit *unit = &program->units[u];
        const yg_record *record = &program->graph->records[unit->node];
        if (unit->kind != YG_UNIT_KERNEL || !(record->op->flags & YG_OP_RANDOM))
            continue;
        draw *d = &p->draws[p->draw_count];
        d->record = record;
        d->attrs = malloc((record->op->attr_count + 1) * sizeof *d->attrs);
        if (!d->attrs)
            return yg_fail_memory(error);
        unit->kernel.call.attrs = d->attrs;
        p->draw_count++;
    }
    return true;
}

static bool find_buffers(prepared *p, yg_error *error) {
    const yg_loop_spec *s = &p->loop->spec;
    p->slices = malloc((s->slice_count + s->carry_count + s->output_count + 1) * sizeof *p->slices);
    if (!p->slices)
        return yg_fail_memory(error);
    p->carries = p->slices + s->slice_count;
    p->outputs = p->carries + s->carry_count;
    for (size_t j = 0; j < s->slice_count; j++)
        p->slices[j] = yg_program_data(p->program, s->slices[j]);
    for (size_t i = 0; i < s->carry_count; i++)
        p->carries[i] = yg_program_data(p->program, s->carries[i]);
    for (size_t j = 0; j < s->output_count; j++)
        p->outputs[j] = yg_program_data(p->program, s->outputs[j]);
    return true;
}

/* All programs of the loops and around them use the same threads. They can, since a loop whose body
 * needs them is alone in its stage, and a stage of one call is done by the calling thread. */
static void share_threads(yg_compiler *c, yg_unit *unit, const yg_program *body) {
    const int threads = body->threads > body->body_threads ? body->threads : body->body_threads;
    unit->kernel.is_alone = threads > 1;
    if (threads > 1 && threads > c->program->body_threads)
        c->program->body_threads = threads;
    if (!c->beside && body->pool_of_threads)
        c->beside = body;
}

/* Makes what the unit of a loop needs. The body's program is freed with the unit. */
static bool prepare(yg_compiler *c, yg_unit *unit, const yg_loop_op *loop) {
    prepared *p = calloc(1, sizeof *p);
    if (!p)
        return yg_fail_memory(c->error);
    p->loop = loop;
    unit->kernel.call.prepared = p;
    unit->kernel.release = release;
    if (!compile_body(c, p))
        return false;
    share_threads(c, unit, p->program);
    c->program->body_bytes += p->program->stats.arena_bytes;
    return c->flags & YG_PROGRAM_NO_MEMORY ||
           (find_draws(p, c->error) && find_buffers(p, c->error));
}

bool yg_plan_loop_bodies(yg_compiler *c) {
    for (size_t u = 0; u < c->program->unit_count; u++) {
        yg_unit *unit = &c->program->units[u];
        const yg_loop_op *loop = yg_loop_of(c->graph->records[unit->node].op);
        if (unit->kind == YG_UNIT_KERNEL && loop && !prepare(c, unit, loop))
            return false;
    }
    return true;
}

/* --------------------------------------------------------------------------------- running -- */

static size_t bytes_of(const prepared *p, yg_node node) {
    return (size_t)yg_type_bytes(p->loop->spec.body->records[node].type);
}

static void copy(void *to, const void *from, size_t bytes) {
    if (to && bytes > 0)
        memcpy(to, from, bytes);
}

static char *result_at(const yg_kernel_call *call, size_t result) {
    return call->outs ? call->outs[result] : call->out;
}

/* Whether an output is a carry as it goes into the iteration. It must be collected before the
 * iteration writes over it. */
static bool is_carry(const prepared *p, size_t output) {
    const yg_node node = p->loop->spec.outputs[output];
    return yg_node_is_parameter(p->loop->spec.body, node);
}

static void collect(const prepared *p, const yg_kernel_call *call, int64_t t, bool carries) {
    const yg_loop_spec *s = &p->loop->spec;
    for (size_t j = 0; j < s->output_count; j++) {
        char *to = result_at(call, s->carry_count + j);
        const size_t bytes = bytes_of(p, s->outputs[j]);
        if (to && is_carry(p, j) == carries)
            copy(to + (size_t)t * bytes, p->outputs[j], bytes);
    }
}

static bool run_iteration(const prepared *p, const yg_kernel_call *call, int64_t t,
                          yg_error *error) {
    const yg_loop_spec *s = &p->loop->spec;
    for (size_t j = 0; j < s->slice_count; j++) {
        const size_t bytes = bytes_of(p, s->slices[j]);
        const char *sequence = call->in[s->carry_count + j];
        copy(p->slices[j], sequence + (size_t)t * bytes, bytes);
    }
    for (size_t d = 0; d < p->draw_count; d++)
        yg_loop_attrs(p->draws[d].record, &call->attrs[YG_LOOP_WITHIN], t, p->draws[d].attrs);
    collect(p, call, t, true);
    if (!yg_program_run(p->program, call->seed, call->step, error))
        return false;
    collect(p, call, t, false);
    return true;
}

/* Points the body at the captured tensors. Mostly they are where they were in the last run. */
static bool bind_captured(const prepared *p, const yg_kernel_call *call, yg_error *error) {
    const yg_loop_spec *s = &p->loop->spec;
    for (size_t k = 0; k < s->captured_count; k++) {
        const void *given = call->in[s->carry_count + s->slice_count + k];
        void *own = yg_program_data(p->program, s->captured[k]);
        if (!own || own == given)
            continue;
        if ((uintptr_t)given % YG_ALIGN != 0)
            copy(own, given, bytes_of(p, s->captured[k]));
        else if (!yg_program_bind(p->program, s->captured[k], (void *)(uintptr_t)given, error))
            return false;
    }
    return true;
}

bool yg_loop_run(const yg_kernel_call *call, yg_error *error) {
    const prepared *p = call->prepared;
    const yg_loop_spec *s = &p->loop->spec;
    if (!bind_captured(p, call, error))
        return false;
    for (size_t i = 0; i < s->carry_count; i++)
        copy(p->carries[i], call->in[i], bytes_of(p, s->carries[i]));
    for (int64_t n = 0; n < s->iterations; n++) {
        if (!run_iteration(p, call, s->reversed ? s->iterations - 1 - n : n, error))
            return false;
    }
    for (size_t i = 0; i < s->carry_count; i++)
        copy(result_at(call, i), p->carries[i], bytes_of(p, s->carries[i]));
    return true;
}
