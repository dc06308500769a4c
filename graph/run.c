/*
 * Running: the units in order. Nothing is allocated here.
 */
#include "clock.h"
#include "plan.h"
#include "profile.h"
#include "threads.h"

#include <string.h>

static void fill_uniform(char *to, const char *from, size_t element, size_t count) {
    if (element == 4) {
        uint32_t value, *words = (uint32_t *)(void *)to;
        memcpy(&value, from, 4);
        for (size_t i = 0; i < count; i++)
            words[i] = value;
    } else if (element == 8) {
        uint64_t value, *words = (uint64_t *)(void *)to;
        memcpy(&value, from, 8);
        for (size_t i = 0; i < count; i++)
            words[i] = value;
    } else {
        memset(to, *from, count);
    }
}

/* Elements [start, start + count) of a broadcast, run by run along the innermost dimension. */
static void load_tile(const yg_load *load, char *to, int64_t start, int64_t count) {
    int64_t index[YG_MAX_RANK], offset = 0, rest = start;
    const int inner = load->rank - 1;
    for (int i = inner; i >= 0; i--) {
        index[i] = rest % load->shape[i];
        rest /= load->shape[i];
        offset += index[i] * load->strides[i];
    }
    while (count > 0) {
        int64_t length = load->shape[inner] - index[inner];
        if (length > count)
            length = count;
        const char *from = load->source + (size_t)offset * load->element;
        if (load->strides[inner] == 0)
            fill_uniform(to, from, load->element, (size_t)length);
        else
            memcpy(to, from, (size_t)length * load->element);
        to += (size_t)length * load->element;
        count -= length;
        index[inner] += length;
        offset += length * load->strides[inner];
        for (int i = inner; i > 0 && index[i] == load->shape[i]; i--) {
            offset += load->strides[i - 1] - load->shape[i] * load->strides[i];
            index[i] = 0;
            index[i - 1]++;
        }
    }
}

static inline char *at_tile(const yg_place *place, int64_t start, size_t shift) {
    return place->base + (size_t)place->advance * (size_t)start + (place->advance ? 0 : shift);
}

static char *register_base(const yg_program *program, int thread) {
    return program->registers + (size_t)thread * program->register_count * YG_TILE * sizeof(double);
}

/* Tiles of the elements [begin, end). Registers of another thread than 0 lie `shift` bytes on. */
static void run_group(const yg_program *program, const yg_unit *unit, int64_t begin, int64_t end,
                      int thread) {
    char *registers = register_base(program, thread);
    const size_t shift = (size_t)(registers - program->registers);
    const int64_t widest = end - begin < YG_TILE ? end - begin : YG_TILE;
    for (uint32_t i = 0; i < unit->load_count; i++) {
        const yg_load *load = &unit->loads[i];
        if (load->uniform && widest > 0)
            fill_uniform(registers + (size_t)load->target * YG_TILE * sizeof(double), load->source,
                         load->element, (size_t)widest);
    }
    for (int64_t start = begin; start < end; start += YG_TILE) {
        const int64_t left = end - start, count = left < YG_TILE ? left : YG_TILE;
        for (uint32_t i = 0; i < unit->load_count; i++) {
            const yg_load *load = &unit->loads[i];
            if (!load->uniform)
                load_tile(load, registers + (size_t)load->target * YG_TILE * sizeof(double), start,
                          count);
        }
        for (uint32_t i = 0; i < unit->step_count; i++) {
            const yg_step *step = &unit->steps[i];
            const void *in[YG_MAX_OPERANDS];
            for (uint32_t k = 0; k < step->operand_count; k++)
                in[k] = at_tile(&step->in[k], start, shift);
            step->tile(at_tile(&step->out, start, shift), in, (size_t)count, step->attrs);
        }
    }
}

/* A unit that all threads work on. */
typedef struct shared_unit {
    const yg_program *program;
    const yg_unit *unit;
    bool failed[YG_MAX_THREADS];
    yg_error *errors; /* by thread */
} shared_unit;

/* Part `thread` of `count` things in steps of `grain`: the cuts depend on the count only, and a
 * thing's bits do not depend on the cuts. */
static int64_t cut(int64_t count, int64_t grain, int thread, int threads) {
    const int64_t grains = (count + grain - 1) / grain;
    const int64_t at = grains / threads * thread + grains % threads * thread / threads;
    return at * grain < count ? at * grain : count;
}

static void run_share(void *context, int thread) {
    shared_unit *shared = context;
    const yg_program *program = shared->program;
    const yg_unit *unit = shared->unit;
    const int threads = program->threads;
    if (unit->kind == YG_UNIT_GROUP) {
        const int64_t begin = cut(unit->count, YG_TILE, thread, threads);
        const int64_t end = cut(unit->count, YG_TILE, thread + 1, threads);
        run_group(program, unit, begin, end, thread);
        return;
    }
    yg_kernel_call call = unit->call;
    call.begin = cut(unit->work, 1, thread, threads);
    call.end = cut(unit->work, 1, thread + 1, threads);
    call.scratch = program->scratch + (size_t)thread * program->scratch_bytes;
    if (call.begin < call.end)
        shared->failed[thread] = !unit->kernel(&call, &shared->errors[thread]);
}

/* The failure that is reported is that of the earliest work, whatever thread was first. */
static bool run_shared(yg_program *program, const yg_unit *unit, yg_error *error) {
    shared_unit shared = {.program = program, .unit = unit, .errors = program->errors};
    yg_threads_run(program->pool_of_threads, run_share, &shared);
    bool done = true;
    for (int i = 0; i < program->threads; i++) {
        if (!shared.failed[i])
            continue;
        if (done)
            yg_fail_as(error, &program->errors[i]);
        program->errors[i] = (yg_error){0};
        done = false;
    }
    return done;
}

static bool run_unit(yg_program *program, yg_unit *unit, uint64_t seed, uint64_t step,
                     yg_error *error) {
    if (unit->kind == YG_UNIT_COPY) {
        memcpy(unit->copy_to, unit->copy_from, unit->bytes);
        return true;
    }
    unit->call.seed = seed;
    unit->call.step = step;
    if (unit->shared)
        return run_shared(program, unit, error);
    if (unit->kind == YG_UNIT_KERNEL)
        return unit->kernel(&unit->call, error);
    run_group(program, unit, 0, unit->count, 0);
    return true;
}

/* A plain run passes NULL for `seconds`, as a constant, so that nothing of the timing is left in
 * it. */
static inline bool run_units(yg_program *program, uint64_t seed, uint64_t step, double *seconds,
                             yg_error *error) {
    const unsigned before = yg_subnormals_flush();
    bool done = true;
    double last = seconds ? yg_clock() : 0;
    for (size_t u = 0; u < program->unit_count && done; u++) {
        done = run_unit(program, &program->units[u], seed, step, error);
        if (seconds) {
            const double now = yg_clock();
            seconds[u] += now - last;
            last = now;
        }
    }
    yg_subnormals_restore(before);
    return done;
}

bool yg_program_run(yg_program *program, uint64_t seed, uint64_t step, yg_error *error) {
    return run_units(program, seed, step, NULL, error);
}

bool yg_program_run_timed(yg_program *program, uint64_t seed, uint64_t step, double *seconds,
                          yg_error *error) {
    return run_units(program, seed, step, seconds, error);
}
