/*
 * Runs a program: its direct calls in order, and stages through their row loops and units. Nothing
 * is allocated here.
 */
#include "clock.h"
#include "fused_loop.h"
#include "profile.h"
#include "runtime.h"
#include "shares.h"
#include "threads.h"

#include <string.h>

/* ----------------------------------------------------------------------------------- units -- */

/* One thread of a run. */
typedef struct worker {
    yg_program *program;
    int thread;      /* 0 is the calling thread */
    double *seconds; /* by unit of the stage: time is added here; NULL: the run is not timed */
    yg_error *error;
} worker;

/* A part of a kernel's work. */
typedef struct share {
    int64_t begin, end;         /* units of work */
    yg_scratch kept;            /* what the scratch holds */
    const yg_stretch *prefetch; /* prefetch_count of them */
    size_t prefetch_count;      /* entries of prefetch */
    int64_t first_row;          /* the first row of the chunk */
} share;

/* Rebases a pointer to a chunked buffer. The buffer holds only the rows of the current chunk, from
 * `first_row` on. The result is such that row r of the whole tensor lands on row r - first_row of
 * the chunk. It may lie outside of the buffer itself: never read or write through it directly.
 * Other buffers are returned as they are. */
static void *chunk_of(const worker *w, uint32_t s, int64_t first_row, const void *data) {
    const yg_storage *storage = &w->program->storages[s];
    const intptr_t thread = w->thread * w->program->chunk_bytes;
    if (storage->kind != YG_STORAGE_CHUNK)
        return (void *)(uintptr_t)data;
    return (void *)((intptr_t)data + thread - first_row * storage->chunk.row);
}

/* Rebases those operands and results of a call that are chunked buffers: see chunk_of(). `in` and
 * `outs` are room for the new pointers. A kernel that falls into rows has at most
 * YG_ROW_OPERANDS operands, and no other reads chunks. */
static void point_to_chunks(const worker *w, const yg_unit *unit, int64_t first_row,
                            const void *in[], void *outs[], yg_kernel_call *call) {
    const yg_program *program = w->program;
    const yg_record *record = &program->graph->records[unit->node];
    for (uint32_t k = 0; k < record->operand_count; k++)
        in[k] = chunk_of(w, program->storage_of[record->operands[k]], first_row, call->in[k]);
    call->in = in;
    call->out = chunk_of(w, unit->kernel.target, first_row, call->out);
    for (uint32_t i = 0; i < unit->kernel.result_count; i++)
        outs[i] = unit->kernel.results[i] == YG_NONE
                      ? NULL
                      : chunk_of(w, program->storage_of[unit->kernel.results[i]], first_row,
                                 unit->kernel.outs[i]);
    call->outs = outs;
}

static bool run_kernel(const worker *w, const yg_unit *unit, const share *share) {
    const yg_program *program = w->program;
    yg_kernel_call call = unit->kernel.call;
    call.begin = share->begin;
    call.end = share->end;
    call.seed = program->seed;
    call.step = program->step;
    if (program->scratch) /* C does not define the sum of NULL and 0 */
        call.scratch =
            program->scratch + (size_t)w->thread * program->scratch_bytes + unit->kernel.scratch;
    call.kept = share->kept;
    call.prefetch = share->prefetch;
    call.prefetch_count = share->prefetch_count;
    const void *in[YG_ROW_OPERANDS];
    void *outs[YG_OP_MAX_RESULTS];
    if (unit->kernel.has_chunks)
        point_to_chunks(w, unit, share->first_row, in, outs, &call);
    if (unit->kernel.parts.count > 0)
        call.out = unit->kernel.partial_data;
    return call.begin >= call.end || unit->kernel.run(&call, w->error);
}

/* Runs pieces [begin, end) of a unit that is a row loop by itself. */
static bool run_pieces(const worker *w, const yg_unit *unit, int64_t begin, int64_t end) {
    if (unit->kind == YG_UNIT_KERNEL)
        return run_kernel(w, unit, &(share){.begin = begin, .end = end});
    if (unit->kind == YG_UNIT_COPY) {
        memcpy(unit->copy.target_data, unit->copy.source_data, begin < end ? unit->copy.bytes : 0);
        return true;
    }
    const int64_t last = end * YG_TILE < unit->group.count ? end * YG_TILE : unit->group.count;
    yg_group_run(w->program, unit, begin * YG_TILE, last, w->thread);
    return true;
}

/* Runs rows [begin, end) of a row loop for a kernel. A reduction reduces the parts that lie in
 * these rows; the chunks have been chosen so that only the last part of all can be shorter. */
static bool run_kernel_rows(const worker *w, const yg_unit *unit, int64_t rows, int64_t begin,
                            int64_t end, yg_scratch kept) {
    yg_stretch stretches[YG_MOST_PREFETCHES];
    share share = {.kept = kept,
                   .prefetch = stretches,
                   .prefetch_count = unit->kernel.prefetch_count,
                   .first_row = begin};
    for (uint32_t i = 0; i < unit->kernel.prefetch_count; i++) {
        const yg_prefetch *of = &unit->kernel.prefetches[i];
        stretches[i] = (yg_stretch){of->place->base + begin * of->row, (end - begin) * of->row};
    }
    if (unit->kernel.parts.count == 0) {
        share.begin = unit->kernel.work / rows * begin;
        share.end = unit->kernel.work / rows * end;
    } else {
        const int64_t elements = unit->kernel.reduced / rows;
        share.begin = begin * elements / unit->kernel.parts.elements;
        share.end =
            end == rows ? unit->kernel.parts.count : end * elements / unit->kernel.parts.elements;
    }
    return run_kernel(w, unit, &share);
}

/* Runs rows [begin, end) of a row loop for a unit. */
static bool run_rows(const worker *w, const yg_unit *unit, int64_t rows, int64_t begin, int64_t end,
                     yg_scratch kept) {
    if (unit->kind == YG_UNIT_KERNEL)
        return run_kernel_rows(w, unit, rows, begin, end, kept);
    const int64_t elements = unit->group.count / rows;
    yg_group_run(w->program, unit, begin * elements, end * elements, w->thread);
    return true;
}

/* ---------------------------------------------------------------------- row loops and stages -- */

/* Adds the time since `since` to a unit's time. Returns the time now. */
static inline double note_time(const worker *w, uint32_t unit, double since) {
    const yg_program *program = w->program;
    const yg_stage *stage = &program->stages[program->units[unit].stage];
    const double now = yg_clock();
    w->seconds[unit - program->row_loops[stage->begin].begin] += now - since;
    return now;
}

/* Runs pieces [begin, end) of a row loop: chunks, or pieces of a single unit. `kept` is what the
 * scratch holds at first. */
static bool run_row_loop(const worker *w, const yg_row_loop *row_loop, int64_t begin, int64_t end,
                         yg_scratch kept) {
    const yg_unit *units = w->program->units;
    double last = w->seconds ? yg_clock() : 0;
    if (row_loop->rows == 0) {
        const bool done = run_pieces(w, &units[row_loop->begin], begin, end);
        if (w->seconds)
            note_time(w, row_loop->begin, last);
        return done;
    }
    for (int64_t piece = begin; piece < end; piece++) {
        const int64_t row = piece * row_loop->chunk, next = row + row_loop->chunk;
        const int64_t until = next < row_loop->rows ? next : row_loop->rows;
        for (uint32_t u = row_loop->begin; u < row_loop->end; u++) {
            if (!run_rows(w, &units[u], row_loop->rows, row, until, kept))
                return false;
            if (w->seconds)
                last = note_time(w, u, last);
        }
        kept = YG_SCRATCH_AGAIN;
    }
    return true;
}

/* Finishes the reductions in parts, when all chunks are done. */
static bool finish_row_loop(const worker *w, const yg_row_loop *row_loop) {
    bool done = true;
    double last = w->seconds ? yg_clock() : 0;
    for (uint32_t u = row_loop->begin; u < row_loop->end && done; u++) {
        const yg_unit *unit = &w->program->units[u];
        if (unit->kind != YG_UNIT_KERNEL || unit->kernel.parts.count == 0)
            continue;
        yg_kernel_call call = unit->kernel.call;
        call.in = &unit->kernel.partial_in;
        done = unit->kernel.finish(&call, w->error);
        if (w->seconds)
            last = note_time(w, u, last);
    }
    return done;
}

static uint32_t unit_count(const yg_program *program, const yg_stage *stage) {
    return program->row_loops[stage->end - 1].end - program->row_loops[stage->begin].begin;
}

/* A stage that all threads work on. */
typedef struct shared_stage {
    yg_program *program;
    const yg_stage *stage;
    double *seconds; /* by thread and unit; NULL: the run is not timed */
} shared_stage;

/* Notes that a thread has failed at a slot, and clears *error for what may fail before that slot.
 */
static void note_failure(yg_program *program, int thread, uint32_t slot, yg_error *error) {
    program->failed_at[thread] = slot;
    program->errors[thread] = *error;
    *error = (yg_error){0};
}

static void run_share(void *context, int thread) {
    const shared_stage *shared = context;
    yg_program *program = shared->program;
    const yg_stage *stage = shared->stage;
    const size_t first = (size_t)thread * unit_count(program, stage);
    yg_error error = {0};
    const worker w = {program, thread, shared->seconds ? shared->seconds + first : NULL, &error};
    yg_taken taken, last = {.row_loop = UINT32_MAX};
    while (yg_shares_take(stage, program->row_loops, program->parts, program->left,
                          program->threads, thread, &taken)) {
        const bool goes_on = taken.row_loop == last.row_loop && taken.begin == last.end;
        last = taken;
        if (taken.slot < program->failed_at[thread] &&
            !run_row_loop(&w, &program->row_loops[taken.row_loop], taken.begin, taken.end,
                          goes_on ? YG_SCRATCH_AGAIN : YG_SCRATCH_FIRST))
            note_failure(program, thread, taken.slot, &error);
    }
}

/* Runs a stage in all threads. If several pieces fail, the error of the first is reported. So the
 * same run always reports the same error, whichever threads have run them. */
static bool run_shared(yg_program *program, const yg_stage *stage, double *seconds,
                       yg_error *error) {
    shared_stage shared = {program, stage, seconds};
    yg_shares_begin(stage, program->parts, program->left, program->threads);
    for (int i = 0; i < program->threads; i++)
        program->failed_at[i] = UINT32_MAX;
    yg_threads_help(program->pool_of_threads, run_share, &shared);
    int first = 0;
    for (int i = 1; i < program->threads; i++)
        first = program->failed_at[i] < program->failed_at[first] ? i : first;
    if (program->failed_at[first] == UINT32_MAX)
        return true;
    yg_fail_as(error, &program->errors[first]);
    return false;
}

static bool run_stage(const worker *w, const yg_stage *stage) {
    yg_program *program = w->program;
    bool done = true;
    if (stage->shared) {
        done = run_shared(program, stage, w->seconds, w->error);
    } else {
        for (uint32_t s = stage->begin; s < stage->end && done; s++)
            done = run_row_loop(w, &program->row_loops[s], 0, program->row_loops[s].pieces,
                                YG_SCRATCH_FIRST);
    }
    for (uint32_t s = stage->begin; s < stage->end && done; s++) {
        if (program->row_loops[s].rows > 0)
            done = finish_row_loop(w, &program->row_loops[s]);
    }
    return done;
}

/* ------------------------------------------------------------------------------------- runs -- */

static inline bool run_direct_call(const worker *w, const yg_direct_call *direct) {
    switch (direct->kind) {
    case YG_DIRECT_TILE:
        direct->tile(direct->out, direct->in, direct->count, direct->attrs);
        return true;
    case YG_DIRECT_LOOP:
        direct->loop->loop->run(direct->loop->at, direct->count);
        return true;
    case YG_DIRECT_LOAD:
        yg_load_run(direct->load, direct->out, 0, (int64_t)direct->count);
        return true;
    case YG_DIRECT_FILL:
        yg_fill(direct->out, direct->from, direct->element, direct->count);
        return true;
    case YG_DIRECT_KERNEL:
        direct->call->seed = w->program->seed;
        direct->call->step = w->program->step;
        return direct->kernel(direct->call, w->error);
    case YG_DIRECT_STAGE:
        break;
    }
    return run_stage(w, direct->stage);
}

static bool is_runnable(yg_program *program, yg_error *error) {
    if (!program->arena)
        return yg_fail(error, YG_ERROR_ARGUMENT, YG_NOWHERE,
                       "a program that was compiled without memory cannot be run");
    return yg_program_resolve(program) || yg_fail_memory(error);
}

/* Returns the caller's floating-point state, for yg_float_state_leave(). */
static unsigned begin_run(yg_program *program) {
    if (program->pool_of_threads)
        yg_threads_check_fork(program->pool_of_threads);
    return yg_float_state_enter();
}

static bool run_calls(yg_program *program, size_t begin, yg_error *error) {
    const worker w = {program, 0, NULL, error};
    const unsigned before = begin_run(program);
    size_t i = begin;
    while (i < program->direct_call_count && run_direct_call(&w, &program->direct_calls[i]))
        i++;
    yg_float_state_leave(before);
    program->stopped_at = i;
    return i == program->direct_call_count;
}

bool yg_program_run(yg_program *program, uint64_t seed, uint64_t step, yg_error *error) {
    if (!is_runnable(program, error))
        return false;
    program->seed = seed;
    program->step = step;
    return run_calls(program, 0, error);
}

bool yg_program_go_on(yg_program *program, yg_error *error) {
    return run_calls(program, program->stopped_at, error);
}

/* Runs a stage and adds to each unit's time. Wall time and idle time of the stage are divided among
 * its units in proportion to the threads' time for each. */
static bool run_timed(yg_program *program, const yg_stage *stage, yg_time *times, yg_error *error) {
    const uint32_t count = unit_count(program, stage);
    const uint32_t threads = stage->shared ? (uint32_t)program->threads : 1;
    const yg_unit *first = &program->units[program->row_loops[stage->begin].begin];
    const bool alone = first->kind == YG_UNIT_KERNEL && first->kernel.is_alone;
    double *own = program->own_seconds, sum = 0;
    memset(own, 0, (size_t)count * threads * sizeof *own);
    const worker w = {program, 0, own, error};
    const double start = yg_clock();
    const bool done = run_stage(&w, stage);
    const double wall = yg_clock() - start;
    for (uint32_t i = count; i < count * threads; i++)
        own[i % count] += own[i];
    for (uint32_t i = 0; i < count; i++)
        sum += own[i];
    const double idle = alone || program->threads == 1 ? 0 : program->threads * wall - sum;
    for (uint32_t i = 0; i < count; i++) {
        const double part = sum > 0 ? own[i] / sum : 1.0 / count;
        times[first - program->units + i].seconds += part * wall;
        times[first - program->units + i].idle += part * (idle > 0 ? idle : 0);
    }
    return done;
}

bool yg_program_run_timed(yg_program *program, uint64_t seed, uint64_t step, yg_time *times,
                          yg_error *error) {
    if (!is_runnable(program, error))
        return false;
    program->seed = seed;
    program->step = step;
    const unsigned before = begin_run(program);
    bool done = true;
    for (size_t b = 0; b < program->stage_count && done; b++)
        done = run_timed(program, &program->stages[b], times, error);
    yg_float_state_leave(before);
    return done;
}
