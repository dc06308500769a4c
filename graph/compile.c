/*
 * Compiles a graph to a program: yg_compile() and the steps that are no passes. The order of steps
 * and passes is in passes.def.
 */
#include "plan_verify.h"
#include "shares.h"
#include "threads.h"
#include "zeros.h"

#include <stdlib.h>
#include <string.h>

static size_t round_up(size_t bytes) {
    return (bytes + YG_ALIGN - 1) / YG_ALIGN * YG_ALIGN;
}

/* Checks outputs and updates. Sets updated[node] for each parameter that is updated. */
static bool check_request(yg_compiler *c, bool *updated) {
    const size_t size = c->graph->size;
    for (size_t i = 0; i < c->output_count; i++) {
        if (c->outputs[i] >= size)
            return yg_fail(c->error, YG_ERROR_ARGUMENT, YG_NOWHERE,
                           "output %zu is not a node of this graph", i);
    }
    for (size_t i = 0; i < c->update_count; i++) {
        const yg_update *update = &c->updates[i];
        if (update->parameter >= size || update->value >= size ||
            !yg_node_is_parameter(c->graph, update->parameter))
            return yg_fail(c->error, YG_ERROR_ARGUMENT, YG_NOWHERE,
                           "update %zu does not name a parameter and a node of this graph", i);
        const yg_type *to = yg_node_type(c->graph, update->parameter);
        const yg_type *from = yg_node_type(c->graph, update->value);
        char a[YG_TYPE_TEXT], b[YG_TYPE_TEXT];
        if (updated[update->parameter])
            return yg_fail(c->error, YG_ERROR_ARGUMENT, yg_node_origin(c->graph, update->parameter),
                           "%s is updated twice", yg_node_name(c->graph, update->parameter));
        updated[update->parameter] = true;
        if (!yg_type_equal(to, from))
            return yg_fail(c->error, YG_ERROR_SHAPE, yg_node_origin(c->graph, update->parameter),
                           "the update of %s is %s, the parameter %s",
                           yg_node_name(c->graph, update->parameter), yg_type_text(from, a),
                           yg_type_text(to, b));
    }
    return true;
}

bool yg_plan_check(yg_compiler *c) {
    bool *updated = calloc(c->graph->size + 1, sizeof *updated);
    const bool good = updated ? check_request(c, updated) : yg_fail_memory(c->error);
    free(updated);
    return good;
}

/* Allocates what the compiler knows of each node. It is freed when the program is done. */
bool yg_plan_nodes(yg_compiler *c) {
    const size_t size = c->graph->size + 1;
    yg_program *program = c->program;
    c->nodes = malloc(size * sizeof *c->nodes);
    program->storage_of = yg_pool_take_unset(program->pool, size * sizeof(uint32_t));
    program->visible = yg_pool_take(program->pool, size * sizeof(bool));
    if (!c->nodes || !program->storage_of || !program->visible)
        return yg_fail_memory(c->error);
    for (size_t i = 0; i < size; i++)
        c->nodes[i] = (yg_plan_node){.root = (yg_node)i,
                                     .overwrites = YG_NONE,
                                     .unit = YG_NO_UNIT,
                                     .last_unit = YG_NO_UNIT,
                                     .other_unit = YG_NO_UNIT,
                                     .skew_unit = YG_NO_UNIT};
    memset(program->storage_of, 0xff, size * sizeof(uint32_t)); /* YG_NO_STORAGE */
    for (size_t i = 0; i < c->update_count; i++)
        c->nodes[c->updates[i].parameter].updated = true;
    return true;
}

/* Where a unit's scratch begins: after that of the units before it in the row loop. They must not
 * overlap, because each keeps its scratch from one chunk to the next. */
static size_t scratch_before(const yg_program *program, const yg_unit *unit) {
    const yg_row_loop *row_loop = &program->row_loops[unit->row_loop];
    size_t end = 0;
    for (const yg_unit *u = &program->units[row_loop->begin]; u < unit; u++)
        end =
            u->kind == YG_UNIT_KERNEL && u->kernel.scratch_end > end ? u->kernel.scratch_end : end;
    return end;
}

static bool plan_kernel(yg_compiler *c, yg_unit *unit) {
    yg_program *program = c->program;
    const yg_record *record = &c->graph->records[unit->node];
    const uint32_t count = record->operand_count;
    const void **in = yg_pool_take(program->pool, (count + 1) * sizeof *in);
    const yg_type **in_types = yg_pool_take_unset(program->pool, (count + 1) * sizeof *in_types);
    if (!in || !in_types)
        return yg_fail_memory(c->error);
    for (uint32_t k = 0; k < count; k++)
        in_types[k] = c->graph->records[record->operands[k]].type;
    const yg_dtype key = count ? in_types[count - 1]->dtype : record->type->dtype;
    unit->kernel.run =
        unit->kernel.parts.count > 0 ? unit->kernel.parts.reduce : record->op->kernel[key];
    unit->kernel.finish = unit->kernel.parts.finish;
    unit->kernel.target = program->storage_of[unit->node];
    unit->kernel.call = (yg_kernel_call){
        .in = in,
        .in_types = in_types,
        .out_type = record->type,
        .operand_count = count,
        .attrs = record->attrs,
        .end = unit->kernel.work,
        .origin = record->origin,
        .prepared = unit->kernel.call.prepared,
    };
    const int64_t scratch = yg_plan_of_unit(c, unit)->scratch_bytes;
    if (scratch > 0) {
        unit->kernel.scratch = scratch_before(program, unit);
        unit->kernel.scratch_end = unit->kernel.scratch + round_up((size_t)scratch);
        if (unit->kernel.scratch_end > program->scratch_bytes)
            program->scratch_bytes = unit->kernel.scratch_end;
    }
    return true;
}

bool yg_plan_calls(yg_compiler *c) {
    yg_program *program = c->program;
    program->touched =
        yg_pool_take(program->pool, (program->storage_count + 1) * sizeof *program->touched);
    if (!program->touched)
        return yg_fail_memory(c->error);
    for (size_t u = 0; u < program->unit_count; u++) {
        yg_unit *unit = &program->units[u];
        if (unit->kind == YG_UNIT_GROUP) {
            if (!yg_plan_group(c, unit))
                return false;
        } else if (unit->kind == YG_UNIT_KERNEL) {
            if (!plan_kernel(c, unit))
                return false;
        } else if (unit->copy.is_view) { /* a view that has become a copy */
            const yg_record *record = &c->graph->records[unit->node];
            unit->copy.target = program->storage_of[unit->node];
            unit->copy.source = program->storage_of[unit->copy.from];
            unit->copy.bytes = (size_t)yg_type_bytes(record->type);
        }
        program->stats.flops += unit->flops;
    }
    return true;
}

/* Gives each thread its part of each shared stage. False when out of memory. */
static bool divide_stages(yg_compiler *c) {
    yg_program *program = c->program;
    size_t loops = 0, bytes; /* of shared stages */
    for (size_t b = 0; b < program->stage_count; b++) {
        yg_stage *stage = &program->stages[b];
        stage->first_part = loops * (size_t)program->threads;
        loops += stage->shared ? stage->end - stage->begin : 0;
    }
    if (__builtin_mul_overflow(loops, (size_t)program->threads * sizeof *program->parts, &bytes))
        return false;
    program->parts = yg_pool_take(program->pool, bytes);
    for (size_t b = 0; program->parts && b < program->stage_count; b++) {
        const yg_stage *stage = &program->stages[b];
        if (stage->shared)
            yg_shares_divide(stage, program->row_loops, program->threads, program->parts);
    }
    return program->parts != NULL;
}

bool yg_plan_threads(yg_compiler *c) {
    yg_program *program = c->program;
    const yg_compile_options *options = c->options;
    int threads = options ? options->threads : 0;
    if (threads <= 0)
        threads = yg_threads_available();
    if (threads > YG_MAX_THREADS)
        threads = YG_MAX_THREADS;
    program->threads = 1;
    if (threads == 1 || !yg_plan_share(c))
        return true;
    program->threads = threads;
    if (c->flags & YG_PROGRAM_NO_MEMORY)
        return true;
    program->errors = yg_pool_take(program->pool, (size_t)threads * sizeof *program->errors);
    program->failed_at = yg_pool_take(program->pool, (size_t)threads * sizeof *program->failed_at);
    const size_t bytes = (size_t)threads * sizeof *program->left;
    program->left = aligned_alloc(_Alignof(yg_stretch_left), bytes);
    if (!program->errors || !program->failed_at || !program->left || !divide_stages(c))
        return yg_fail_memory(c->error);
    yg_threads *others = options && options->beside ? options->beside->pool_of_threads : NULL;
    if (!others && c->beside)
        others = c->beside->pool_of_threads;
    program->pool_of_threads = others && yg_threads_count(others) == threads
                                   ? yg_threads_share(others)
                                   : yg_threads_new(threads, c->error);
    return program->pool_of_threads != NULL;
}

/* Adds the chunks of all threads, and the bodies of loops, to the program's memory. */
static bool plan_chunks(yg_compiler *c) {
    yg_program *program = c->program;
    int64_t bytes;
    return (!__builtin_mul_overflow(program->chunk_bytes, (int64_t)program->threads, &bytes) &&
            !__builtin_add_overflow(program->body_bytes, bytes, &bytes) &&
            !__builtin_add_overflow(program->arena_bytes, bytes, &program->stats.arena_bytes)) ||
           yg_plan_fail_arena(c, 0);
}

/* Counts what is not in the arena. A sum that is too large is found when it is allocated. */
static void count_leaves(yg_compiler *c) {
    yg_program *program = c->program;
    const size_t each = program->scratch_bytes + program->register_count * YG_TILE * sizeof(double);
    program->stats.buffer_bytes = (int64_t)(each * (size_t)program->threads);
    for (size_t s = 0; s < program->storage_count; s++) {
        const yg_storage *storage = &program->storages[s];
        if (storage->kind != YG_STORAGE_LEAF)
            continue;
        if (yg_node_is_parameter(c->graph, storage->owner))
            program->stats.parameter_bytes += storage->bytes;
        else
            program->stats.buffer_bytes += storage->bytes;
    }
}

/* Gives the program memory: another one's, if that is large enough, or its own. NULL for 0 bytes,
 * and if memory runs out. */
static char *take_memory(yg_memory *others, size_t bytes, yg_memory **memory) {
    *memory = others ? yg_memory_share(others, bytes) : NULL;
    if (!*memory)
        *memory = yg_memory_new(bytes);
    return *memory ? yg_memory_data(*memory) : NULL;
}

/* The units of a stage, as run.c counts them. */
static size_t units_of(const yg_program *program, const yg_stage *stage) {
    return program->row_loops[stage->end - 1].end - program->row_loops[stage->begin].begin;
}

static bool allocate_times(yg_program *program) {
    size_t most = 0;
    for (size_t b = 0; b < program->stage_count; b++) {
        const yg_stage *stage = &program->stages[b];
        const size_t threads = stage->shared ? (size_t)program->threads : 1;
        const size_t count = units_of(program, stage) * threads;
        most = count > most ? count : most;
    }
    program->own_seconds = yg_pool_take(program->pool, most * sizeof *program->own_seconds);
    return program->own_seconds != NULL;
}

static bool allocate_program(yg_compiler *c) {
    static const yg_program none = {0};
    yg_program *program = c->program;
    const bool shares = c->options && c->options->beside && c->options->shares_memory;
    const yg_program *beside = shares ? c->options->beside : &none;
    for (size_t s = 0; s < program->storage_count; s++) {
        yg_storage *storage = &program->storages[s];
        if (storage->kind != YG_STORAGE_LEAF)
            continue;
        storage->data = yg_zeros_untouched((size_t)storage->bytes, &storage->memory);
        if (!storage->data)
            return yg_plan_fail_leaves(c);
    }
    const size_t threads = (size_t)program->threads;
    program->arena = take_memory(beside->arena_memory, (size_t)program->arena_bytes + 1,
                                 &program->arena_memory); /* never 0 bytes: not NULL */
    program->chunks = take_memory(beside->chunk_memory, (size_t)program->chunk_bytes * threads,
                                  &program->chunk_memory); /* see plan_chunks() */
    program->registers = yg_zeros(program->register_count * YG_TILE * sizeof(double) * threads);
    size_t scratch;
    if (__builtin_mul_overflow(program->scratch_bytes, threads, &scratch))
        return yg_fail_memory(c->error);
    program->scratch = take_memory(beside->scratch_memory, scratch, &program->scratch_memory);
    if (!program->arena || (program->chunk_bytes && !program->chunks) ||
        (program->register_count && !program->registers) ||
        (program->scratch_bytes && !program->scratch))
        return yg_plan_fail_arena(c, (double)program->stats.arena_bytes + (double)scratch);
    for (size_t s = 0; s < program->storage_count; s++) {
        yg_storage *storage = &program->storages[s];
        if (storage->kind == YG_STORAGE_CHUNK)
            storage->data = program->chunks + storage->chunk.shift;
        else if (storage->kind == YG_STORAGE_ARENA)
            storage->data = program->arena + storage->offset;
    }
    return (allocate_times(program) && yg_program_resolve(program)) || yg_fail_memory(c->error);
}

bool yg_plan_memory(yg_compiler *c) {
    return plan_chunks(c) && (c->flags & YG_PROGRAM_NO_MEMORY || allocate_program(c));
}

#ifdef YG_VERIFY
enum { VERIFIES = true };
#else
enum { VERIFIES = false };
#endif

/* Fills in what a caller may ask of the program. */
static void finish(yg_compiler *c, const yg_request *request) {
    yg_program *program = c->program;
    for (size_t i = 0; i < request->output_count; i++)
        program->visible[yg_program_node(program, request->outputs[i])] = true;
    count_leaves(c);
    program->stats.instructions = program->unit_count;
    program->stats.threads =
        program->threads > program->body_threads ? program->threads : program->body_threads;
}

static yg_program *compile(yg_compiler *c, const yg_request *r) {
    if (yg_graph_error(r->graph)) {
        yg_fail_as(c->error, yg_graph_error(r->graph));
        return NULL;
    }
    if (c->verifies && !yg_graph_verify(r->graph, c->error))
        return NULL;
    yg_program *program = calloc(1, sizeof *program);
    if (!program || !(program->pool = yg_pool_new())) {
        free(program);
        yg_fail_memory(c->error);
        return NULL;
    }
    program->graph = c->graph = r->graph;
    program->node_count = r->graph->size;
    c->program = program;
    c->flags = c->options ? c->options->flags : 0;
    c->outputs = r->outputs;
    c->output_count = r->output_count;
    c->updates = r->updates;
    c->update_count = r->update_count;
    const bool done = yg_plan_make(c);
    if (done && c->part != YG_COMPILE_GRAPH)
        finish(c, r);
    free(c->nodes);
    free(c->units);
    free(c->storages);
    if (!done) {
        yg_program_free(program);
        return NULL;
    }
    return program;
}

yg_program *yg_compile(const yg_graph *graph, const yg_node *outputs, size_t output_count,
                       const yg_update *updates, size_t update_count,
                       const yg_compile_options *options, yg_error *error) {
    const yg_request request = {.graph = graph,
                                .outputs = outputs,
                                .output_count = output_count,
                                .updates = updates,
                                .update_count = update_count};
    yg_compiler c = {.options = options, .verifies = VERIFIES, .error = error};
    return compile(&c, &request);
}

yg_program *yg_compile_watched(const yg_request *request, const yg_compile_options *options,
                               const yg_plan_watch *watch, yg_error *error) {
    yg_compiler c = {.options = options, .verifies = true, .watch = watch, .error = error};
    return compile(&c, request);
}

yg_program *yg_compile_part(const yg_request *request, const yg_compile_options *options,
                            yg_compiling part, yg_error *error) {
    yg_compiler c = {.options = options, .part = part, .verifies = VERIFIES, .error = error};
    return compile(&c, request);
}
