/*
 * Runs a loop: the program of its body, once for each iteration. Only yg_loop_prepare() allocates;
 * it runs when the outer program is compiled.
 */
#include "loop_op.h"
#include "runtime.h"

#include <stdlib.h>
#include <string.h>

/* A random operator of the body. Its attribute `stream` changes with each iteration. */
typedef struct draw {
    yg_attr *attrs;
    int stream; /* the index of that attribute */
    int64_t base;
} draw;

typedef struct prepared {
    const yg_loop_op *loop;
    yg_program *program;
    draw *draws;
    size_t draw_count;
} prepared;

void yg_loop_release(void *made) {
    prepared *p = made;
    if (!p)
        return;
    yg_program_free(p->program);
    for (size_t i = 0; i < p->draw_count; i++)
        free(p->draws[i].attrs);
    free(p->draws);
    free(p);
}

/* Finds the random operators of the body, and gives their kernels copies of the attributes that the
 * loop can change. */
static bool find_draws(prepared *p, yg_error *error) {
    yg_program *program = p->program;
    p->draws = calloc(program->unit_count + 1, sizeof *p->draws);
    if (!p->draws)
        return yg_fail_memory(error);
    for (size_t u = 0; u < program->unit_count; u++) {
        yg_unit *unit = &program->units[u];
        const yg_op *op = yg_node_op(program->graph, unit->node);
        if (unit->kind != YG_UNIT_KERNEL || !(op->flags & YG_OP_RANDOM) || op->attr_count == 0)
            continue;
        draw *d = &p->draws[p->draw_count];
        d->attrs = malloc(op->attr_count * sizeof *d->attrs);
        if (!d->attrs)
            return yg_fail_memory(error);
        memcpy(d->attrs, unit->kernel.call.attrs, op->attr_count * sizeof *d->attrs);
        d->stream = yg_op_attr(op, "stream");
        d->base = d->attrs[d->stream].i;
        unit->kernel.call.attrs = d->attrs;
        p->draw_count++;
    }
    return true;
}

void *yg_loop_prepare(const yg_loop_op *loop, yg_error *error) {
    const yg_loop_spec *s = &loop->spec;
    const size_t count = s->carry_count + s->output_count;
    prepared *p = calloc(1, sizeof *p);
    yg_node *results = malloc(count * sizeof *results);
    if (!p || !results) {
        free(p);
        free(results);
        yg_fail_memory(error);
        return NULL;
    }
    for (size_t i = 0; i < count; i++)
        results[i] = i < s->carry_count ? s->next[i] : s->outputs[i - s->carry_count];
    p->loop = loop;
    const yg_compile_options options = {.threads = 1};
    p->program = yg_compile(s->body, results, count, NULL, 0, &options, error);
    free(results);
    if (!p->program || !find_draws(p, error)) {
        yg_loop_release(p);
        return NULL;
    }
    return p;
}

static size_t bytes_of(const prepared *p, yg_node node) {
    return (size_t)yg_type_bytes(yg_node_type(p->loop->spec.body, node));
}

/* Copies a value to an input of the body. An input that no result needs has no buffer. */
static void fill(const prepared *p, yg_node input, const char *from) {
    void *to = yg_program_data(p->program, input);
    if (to)
        memcpy(to, from, bytes_of(p, input));
}

static char *at(const yg_kernel_call *call, const yg_loop_part *part) {
    return (char *)call->out + (size_t)part->offset * yg_dtype_size(part->type.dtype);
}

static void store(const prepared *p, yg_node result, char *to) {
    memcpy(to, yg_program_data(p->program, result), bytes_of(p, result));
}

/* Where carry i is written: to place t of the collected carries, or to the finals after the last
 * iteration. */
static char *carry_at(const prepared *p, const yg_kernel_call *call, size_t i, int64_t t) {
    const yg_loop_op *loop = p->loop;
    if (t < 0 || t >= loop->spec.iterations)
        return at(call, &loop->finals[i]);
    return at(call, &loop->carried[i]) + (size_t)t * bytes_of(p, loop->spec.carries[i]);
}

static bool run_iteration(const prepared *p, const yg_kernel_call *call, int64_t t,
                          yg_error *error) {
    const yg_loop_spec *s = &p->loop->spec;
    const int64_t after = s->reversed ? t - 1 : t + 1;
    for (size_t i = 0; i < s->carry_count; i++)
        fill(p, s->carries[i], carry_at(p, call, i, t));
    for (size_t j = 0; j < s->slice_count; j++)
        fill(p, s->slices[j],
             (const char *)call->in[s->carry_count + j] + (size_t)t * bytes_of(p, s->slices[j]));
    for (size_t d = 0; d < p->draw_count; d++)
        p->draws[d].attrs[p->draws[d].stream].i = yg_loop_stream(p->draws[d].base, t);
    if (!yg_program_run(p->program, call->seed, call->step, error))
        return false;
    for (size_t i = 0; i < s->carry_count; i++)
        store(p, s->next[i], carry_at(p, call, i, after));
    for (size_t j = 0; j < s->output_count; j++)
        store(p, s->outputs[j],
              at(call, &p->loop->outputs[j]) + (size_t)t * bytes_of(p, s->outputs[j]));
    return true;
}

static bool run(const prepared *p, const yg_kernel_call *call, yg_error *error) {
    const yg_loop_spec *s = &p->loop->spec;
    const int64_t first = s->reversed ? s->iterations - 1 : 0;
    for (size_t i = 0; i < s->carry_count; i++)
        memcpy(carry_at(p, call, i, first), call->in[i], bytes_of(p, s->carries[i]));
    for (size_t k = 0; k < s->captured_count; k++)
        fill(p, s->captured[k], call->in[s->carry_count + s->slice_count + k]);
    for (int64_t n = 0; n < s->iterations; n++) {
        if (!run_iteration(p, call, s->reversed ? s->iterations - 1 - n : n, error))
            return false;
    }
    return true;
}

/* Clears the gaps between the parts of the flat result. Only a sum of whole cotangents reads them,
 * and it must not meet garbage such as NaN. */
static void clear_gaps(const yg_loop_op *loop, const yg_kernel_call *call) {
    const size_t parts = 2 * loop->spec.carry_count + loop->spec.output_count;
    const int64_t element = (int64_t)yg_dtype_size(loop->result.dtype);
    for (size_t i = 0; i < parts; i++) {
        const yg_loop_part *part = &loop->finals[i];
        const int64_t end = part->offset + yg_type_count(&part->type);
        const int64_t next = i + 1 < parts ? part[1].offset : loop->result.shape[0];
        memset((char *)call->out + end * element, 0, (size_t)((next - end) * element));
    }
}

bool yg_loop_run(const yg_kernel_call *call, yg_error *error) {
    const prepared *p = call->prepared;
    if (!p)
        return yg_fail(error, YG_ERROR_MEMORY, call->origin,
                       "there was no memory for the body of a loop");
    clear_gaps(p->loop, call);
    return run(p, call, error);
}
