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

/* A pointer of the body's program into a slice. It is pointed at the sequence in each iteration, so
 * the slice need not be copied. */
typedef struct pointer {
    const void **at;
    size_t operand; /* of the loop: the sequence */
    size_t bytes;   /* of a slice */
    size_t offset;  /* within the slice */
} pointer;

/* A slice that is pointed at, and where the body's program would keep it. */
typedef struct range {
    const char *begin;
    size_t bytes;
    size_t operand; /* of the loop: the sequence */
} range;

/* A tensor that is copied: bytes from or to the body's buffer. */
typedef struct move {
    char *buffer;
    size_t bytes;
    size_t index; /* of the loop's operand, or of its result */
} move;

typedef struct move_list {
    move *items;
    size_t count;
} move_list;

/* What a loop's unit keeps from run to run. */
typedef struct prepared {
    const yg_loop_op *loop;
    yg_program *program;
    draw *draws;
    size_t draw_count;
    pointer *pointers;
    size_t pointer_count;
    range *ranges; /* by address */
    size_t range_count;
    move_list starts, finals; /* once a run */
    move_list slices;         /* before an iteration: those that are not pointed at */
    move_list before, after;  /* outputs: carries before an iteration, others after it */
    move *moves;              /* the room of all lists */
} prepared;

static void release(void *made) {
    prepared *p = made;
    if (!p)
        return;
    yg_program_free(p->program);
    for (size_t i = 0; i < p->draw_count; i++)
        free(p->draws[i].attrs);
    free(p->draws);
    free(p->pointers);
    free(p->ranges);
    free(p->moves);
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
    options.shares_memory = false; /* the program around it may use that already */
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

/* Whether an output is a carry as it goes into the iteration. It must be collected before the
 * iteration writes over it. */
static bool is_carry(const prepared *p, yg_node output) {
    return yg_node_is_parameter(p->loop->spec.body, output);
}

/* Adds a move to the list that is being made, the last one. A tensor that the body does not have,
 * or that has no elements, is not moved. */
static void add_move(prepared *p, move_list *list, yg_node node, size_t index) {
    char *buffer = yg_program_data(p->program, node);
    const size_t bytes = (size_t)yg_type_bytes(p->loop->spec.body->records[node].type);
    if (buffer && bytes > 0)
        list->items[list->count++] = (move){.buffer = buffer, .bytes = bytes, .index = index};
}

static move_list list_after(const move_list *list) {
    return (move_list){.items = list->items + list->count};
}

static bool list_moves(prepared *p, yg_error *error) {
    const yg_loop_spec *s = &p->loop->spec;
    p->moves =
        malloc((2 * s->carry_count + s->slice_count + s->output_count + 1) * sizeof *p->moves);
    if (!p->moves)
        return yg_fail_memory(error);
    p->starts.items = p->moves;
    for (size_t i = 0; i < s->carry_count; i++)
        add_move(p, &p->starts, s->carries[i], i);
    p->finals = list_after(&p->starts);
    for (size_t i = 0; i < s->carry_count; i++)
        add_move(p, &p->finals, s->carries[i], i);
    p->before = list_after(&p->finals);
    for (size_t j = 0; j < s->output_count; j++) {
        if (is_carry(p, s->outputs[j]))
            add_move(p, &p->before, s->outputs[j], s->carry_count + j);
    }
    p->after = list_after(&p->before);
    for (size_t j = 0; j < s->output_count; j++) {
        if (!is_carry(p, s->outputs[j]))
            add_move(p, &p->after, s->outputs[j], s->carry_count + j);
    }
    p->slices = list_after(&p->after);
    return true;
}

/* ---------------------------------------------------------------------------------- slices -- */

static int compare_ranges(const void *a, const void *b) {
    const range *x = a, *y = b;
    return (x->begin > y->begin) - (x->begin < y->begin);
}

/* Compares an address with a range. */
static int find_in_range(const void *address, const void *b) {
    const range *r = b;
    const uintptr_t at = (uintptr_t)address, begin = (uintptr_t)r->begin;
    return at < begin ? -1 : at >= begin + r->bytes;
}

static const range *range_of(const prepared *p, const void *address) {
    return p->range_count == 0
               ? NULL
               : bsearch(address, p->ranges, p->range_count, sizeof *p->ranges, find_in_range);
}

/* Counts the pointers into slices. Notes them too, once there is room for them. */
static void see_pointer(void *context, const void **at) {
    prepared *p = context;
    const range *r = *at ? range_of(p, *at) : NULL;
    if (!r)
        return;
    if (p->pointers)
        p->pointers[p->pointer_count] = (pointer){.at = at,
                                                  .operand = r->operand,
                                                  .bytes = r->bytes,
                                                  .offset = (size_t)((const char *)*at - r->begin)};
    p->pointer_count++;
}

/* Finds the pointers again after the program has been resolved. They are never more than the first
 * time: a bound buffer only takes away the calls that pad it. */
static void find_pointers(prepared *p) {
    p->pointer_count = 0;
    yg_program_visit_reads(p->program, see_pointer, p);
}

static int compare_addresses(const void *a, const void *b) {
    const uintptr_t x = *(const uintptr_t *)a, y = *(const uintptr_t *)b;
    return (x > y) - (x < y);
}

/* Where the body's outputs lie, in order. NULL when out of memory. */
static uintptr_t *list_collected(const prepared *p) {
    uintptr_t *collected = malloc((p->after.count + 1) * sizeof *collected);
    if (!collected)
        return NULL;
    for (size_t i = 0; i < p->after.count; i++)
        collected[i] = (uintptr_t)p->after.items[i].buffer;
    qsort(collected, p->after.count, sizeof *collected, compare_addresses);
    return collected;
}

/* The body's buffer of a slice that is an output, too, or a part of one, must hold the slice. */
static bool is_collected(const uintptr_t *collected, size_t count, const char *begin,
                         size_t bytes) {
    size_t first = 0, end = count; /* the first output that lies at `begin` or behind */
    while (first < end) {
        const size_t middle = first + (end - first) / 2;
        if (collected[middle] < (uintptr_t)begin)
            first = middle + 1;
        else
            end = middle;
    }
    return first < count && collected[first] < (uintptr_t)begin + bytes;
}

/* Finds the slices that are pointed at, and binds the body's buffers of them. */
static bool list_ranges(prepared *p, yg_error *error) {
    const yg_loop_spec *s = &p->loop->spec;
    yg_program *program = p->program;
    uintptr_t *collected = list_collected(p);
    p->ranges = malloc((s->slice_count + 1) * sizeof *p->ranges);
    if (!p->ranges || !collected) {
        free(collected);
        return yg_fail_memory(error);
    }
    for (size_t j = 0; j < s->slice_count; j++) {
        const char *own = yg_program_data(program, s->slices[j]);
        const size_t bytes = (size_t)yg_type_bytes(s->body->records[s->slices[j]].type);
        if (!own || bytes == 0 || is_collected(collected, p->after.count, own, bytes)) {
            add_move(p, &p->slices, s->slices[j], s->carry_count + j);
            continue;
        }
        p->ranges[p->range_count++] =
            (range){.begin = own, .bytes = bytes, .operand = s->carry_count + j};
        /* What follows the slice is the next slice: nothing may be written there. */
        program->storages[program->storage_of[yg_program_node(program, s->slices[j])]].bound = true;
    }
    free(collected);
    qsort(p->ranges, p->range_count, sizeof *p->ranges, compare_ranges);
    return true;
}

static bool point_at_slices(prepared *p, yg_error *error) {
    yg_program *program = p->program;
    if (!list_ranges(p, error))
        return false;
    program->is_resolved = false;
    if (!yg_program_resolve(program))
        return yg_fail_memory(error);
    find_pointers(p);
    p->pointers = malloc((p->pointer_count + 1) * sizeof *p->pointers);
    if (!p->pointers)
        return yg_fail_memory(error);
    find_pointers(p);
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
           (find_draws(p, c->error) && list_moves(p, c->error) && point_at_slices(p, c->error));
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

static char *result_at(const yg_kernel_call *call, size_t result) {
    return call->outs ? call->outs[result] : call->out;
}

/* Copies slices t to the body's buffers. */
static void take(const move_list *list, const yg_kernel_call *call, int64_t t) {
    for (const move *m = list->items; m < list->items + list->count; m++)
        memcpy(m->buffer, (const char *)call->in[m->index] + (size_t)t * m->bytes, m->bytes);
}

/* Copies the body's buffers to place t of the results. What nothing reads has no place. */
static void give(const move_list *list, const yg_kernel_call *call, int64_t t) {
    for (const move *m = list->items; m < list->items + list->count; m++) {
        char *to = result_at(call, m->index);
        if (to)
            memcpy(to + (size_t)t * m->bytes, m->buffer, m->bytes);
    }
}

static bool run_iteration(const prepared *p, const yg_kernel_call *call, int64_t t,
                          yg_error *error) {
    for (const pointer *q = p->pointers; q < p->pointers + p->pointer_count; q++)
        *q->at = (const char *)call->in[q->operand] + (size_t)t * q->bytes + q->offset;
    take(&p->slices, call, t);
    for (size_t d = 0; d < p->draw_count; d++)
        yg_loop_attrs(p->draws[d].record, &call->attrs[YG_LOOP_WITHIN], t, p->draws[d].attrs);
    give(&p->before, call, t);
    if (!yg_program_run(p->program, call->seed, call->step, error))
        return false;
    give(&p->after, call, t);
    return true;
}

/* Points the body at the captured tensors. Mostly they are where they were in the last run. A
 * tensor that is not aligned is copied; it never is, or always, since offsets are fixed. */
static bool bind_captured(prepared *p, const yg_kernel_call *call, yg_error *error) {
    const yg_loop_spec *s = &p->loop->spec;
    for (size_t k = 0; k < s->captured_count; k++) {
        const void *given = call->in[s->carry_count + s->slice_count + k];
        void *own = yg_program_data(p->program, s->captured[k]);
        const size_t bytes = (size_t)yg_type_bytes(s->body->records[s->captured[k]].type);
        if (!own || own == given || bytes == 0)
            continue;
        if ((uintptr_t)given % YG_ALIGN != 0)
            memcpy(own, given, bytes);
        else if (!yg_program_bind(p->program, s->captured[k], (void *)(uintptr_t)given, error))
            return false;
    }
    if (p->program->is_resolved)
        return true;
    if (!yg_program_resolve(p->program))
        return yg_fail_memory(error);
    find_pointers(p);
    return true;
}

bool yg_loop_run(const yg_kernel_call *call, yg_error *error) {
    prepared *p = call->prepared;
    const yg_loop_spec *s = &p->loop->spec;
    if (!bind_captured(p, call, error))
        return false;
    take(&p->starts, call, 0);
    for (int64_t n = 0; n < s->iterations; n++) {
        if (!run_iteration(p, call, s->reversed ? s->iterations - 1 - n : n, error))
            return false;
    }
    give(&p->finals, call, 0);
    return true;
}
