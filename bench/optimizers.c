/*
 * The step of each optimizer on one parameter of SIDE x SIDE elements of f32, beside the time that
 * the memory needs to read and write as much: the parameter and its state are read and written
 * once, and the gradient is read once.
 *
 *   optimizers [SIDE [OPTIMIZER...]]
 *
 * The memory's time is that of a loop over as many arrays, measured in turn with the step. Times
 * are of one thread, the least of some rounds.
 */
#include "../ops/ops.h"
#include "../train/optimizer_update.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SIDE = 2048, ROUNDS = 15, STREAMS = 2 + YG_OPTIMIZER_STATES };

static const double MOST_SECONDS = 2; /* for the rounds of one optimizer */

typedef struct bench {
    int64_t side;
    yg_graph *graph;
    yg_program *program;
    yg_node parameter, gradient;
    yg_optimizer_graph updates;
    size_t written;         /* arrays as large as the parameter: it, and its states */
    float *arrays[STREAMS]; /* those of the loop; the first is read only */
} bench;

/* Time in which other processes have the core does not count. */
static double thread_seconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static bool build(bench *b, const yg_optimizer *optimizer, yg_error *error) {
    const yg_type type = {YG_F32, 2, {b->side, b->side}};
    b->graph = yg_graph_new(yg_ops(), 0);
    if (!b->graph)
        return false;
    b->parameter = yg_parameter(b->graph, "w", &type);
    b->gradient = yg_input(b->graph, "g", &type);
    if (!yg_optimizer_build(optimizer, b->graph, &b->parameter, &b->gradient, 1, &b->updates,
                            error))
        return false;
    b->program = yg_compile(b->graph, NULL, 0, b->updates.updates, b->updates.update_count,
                            &(yg_compile_options){.threads = 1}, error);
    b->written = 1;
    for (size_t i = 0; i < b->updates.state_count; i++)
        b->written += yg_type_equal(yg_node_type(b->graph, b->updates.states[i].node), &type);
    return b->program != NULL;
}

static void set_scalar(const bench *b, yg_node node, double value) {
    double *data = node == YG_NONE ? NULL : yg_program_data(b->program, node);
    if (data)
        *data = value;
}

/* Small numbers of both signs, of which none is 0. */
static void fill(float *to, size_t count) {
    uint32_t state = 1;
    for (size_t i = 0; i < count; i++) {
        state = state * 1664525u + 1013904223u;
        to[i] = ((float)(state >> 9) - 4194304.5f) / 4194304.0f;
    }
}

/* Reads the first array, and reads and writes the others. Blocks of a few kilobytes let the
 * compiler have simple loops, while memory sees all arrays at once as it does in a step. */
static void pass(const bench *b, size_t count) {
    enum { BLOCK = 1024 };
    for (size_t first = 0; first < count; first += BLOCK) {
        const size_t end = first + BLOCK < count ? first + BLOCK : count;
        for (size_t k = 1; k <= b->written; k++)
            for (size_t i = first; i < end; i++)
                b->arrays[k][i] = 0.5f * b->arrays[k][i] + b->arrays[0][i];
    }
}

static bool measure(bench *b, double times[2], yg_error *error) {
    const size_t count = (size_t)(b->side * b->side);
    for (size_t k = 0; k <= b->written; k++) {
        if (!(b->arrays[k] = aligned_alloc(64, (count + 16) / 16 * 64)))
            return yg_fail_memory(error);
        fill(b->arrays[k], count);
    }
    fill(yg_program_data(b->program, b->parameter), count);
    fill(yg_program_data(b->program, b->gradient), count);
    set_scalar(b, b->updates.inputs.lr, 1e-3);
    times[0] = times[1] = 1e9;
    const double begin = thread_seconds();
    for (int round = 0; round < ROUNDS && (!round || thread_seconds() - begin < MOST_SECONDS);
         round++) {
        set_scalar(b, b->updates.inputs.t, round + 1);
        const double start = thread_seconds();
        if (!yg_program_run(b->program, 0, (uint64_t)round, error))
            return false;
        const double between = thread_seconds();
        pass(b, count);
        const double end = thread_seconds();
        times[0] = between - start < times[0] ? between - start : times[0];
        times[1] = end - between < times[1] ? end - between : times[1];
    }
    return true;
}

static bool run(const char *name, int64_t side) {
    bench b = {.side = side, .updates.inputs = {YG_NONE, YG_NONE, YG_NONE}};
    yg_error error = {0};
    yg_optimizer optimizer;
    double times[2] = {0, 0};
    bool good = yg_optimizer_make(name, 1e-3, &optimizer, &error) &&
                build(&b, &optimizer, &error) && measure(&b, times, &error);
    if (good) {
        const double bytes = (2.0 * (double)b.written + 1) * (double)(side * side) * sizeof(float);
        printf("%-20s %7zu %10.3f %10.3f %7.2f %7.2f\n", name,
               yg_program_get_stats(b.program).instructions, times[0] * 1e3, times[1] * 1e3,
               bytes / times[1] * 1e-9, times[0] / times[1]);
        fflush(stdout);
    } else {
        fprintf(stderr, "optimizers: %s: %s\n", name, error.message);
    }
    for (size_t k = 0; k < STREAMS; k++)
        free(b.arrays[k]);
    yg_program_free(b.program);
    yg_optimizer_graph_free(&b.updates);
    yg_graph_free(b.graph);
    return good;
}

int main(int argc, char **argv) {
    const int64_t side = argc > 1 ? strtoll(argv[1], NULL, 10) : SIDE;
    bool good = side > 0 && side <= 1 << 14;
    if (!good)
        fprintf(stderr, "optimizers: SIDE is a number from 1 to 16384\n");
    printf("%-20s %7s %10s %10s %7s %7s\n", "", "instr.", "step ms", "memory ms", "GB/s", "ratio");
    for (int i = 2; i < argc && good; i++)
        good = run(argv[i], side);
    for (const yg_optimizer_update *const *u = yg_optimizer_updates(); *u && argc < 3 && good; u++)
        good = !(*u)->build || run((*u)->name, side);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
