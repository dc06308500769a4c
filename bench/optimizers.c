/*
 * The step of each optimizer on parameters of f32, beside the time that the memory needs to read
 * and write as much: the parameter and its state are read and written once, and the gradient is
 * read once.
 *
 *   optimizers [ELEMENTS[xPARAMETERS] [OPTIMIZER[:OPTION=NUMBER]...]]
 *
 * A parameter is a square matrix if ELEMENTS is a square number, otherwise a row. The memory's time
 * is that of the best of several loops over the very same arrays, in turn with the step. Times are
 * of one thread, the least of some rounds.
 */
#include "../ops/multiversion.h"
#include "../ops/ops.h"
#include "../train/optimizer_update.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROUNDS = 15, STREAMS = 2 + YG_OPTIMIZER_STATES, LOOPS = 2 };

static const double MOST_SECONDS = 1; /* for the rounds of one optimizer */

/* What a step of one parameter moves. */
typedef struct moved {
    yg_node parameter, gradient;
    float *arrays[STREAMS]; /* the first is read only, the others are written too */
    size_t written;         /* arrays but the first */
} moved;

typedef struct bench {
    yg_type type; /* of each parameter */
    size_t count; /* parameters */
    yg_graph *graph;
    yg_program *program;
    moved *moved; /* by parameter */
    yg_optimizer_graph updates;
} bench;

/* Time in which other processes have the core does not count. */
static double thread_seconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* A name of its own for each parameter, without which their states would have the same. */
static yg_node add_parameter(bench *b, size_t i) {
    char name[32];
    snprintf(name, sizeof name, "w%zu", i);
    return yg_parameter(b->graph, name, &b->type);
}

static bool build(bench *b, const yg_optimizer *optimizer, yg_error *error) {
    b->graph = yg_graph_new(yg_ops(), 0);
    b->moved = calloc(b->count, sizeof *b->moved);
    yg_node *parameters = calloc(b->count, sizeof *parameters);
    yg_node *gradients = calloc(b->count, sizeof *gradients);
    bool good = b->graph && b->moved && parameters && gradients;
    for (size_t i = 0; i < b->count && good; i++) {
        parameters[i] = b->moved[i].parameter = add_parameter(b, i);
        gradients[i] = b->moved[i].gradient = yg_input(b->graph, "g", &b->type);
    }
    good = good && yg_optimizer_build(optimizer, b->graph, parameters, gradients, b->count,
                                      &b->updates, error);
    free(parameters);
    free(gradients);
    if (good)
        b->program = yg_compile(b->graph, NULL, 0, b->updates.updates, b->updates.update_count,
                                &(yg_compile_options){.threads = 1}, error);
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

/* Finds the arrays of a parameter: its states are those that are as large and have its name. */
static void find_arrays(bench *b, size_t i) {
    moved *m = &b->moved[i];
    const char *name = yg_node_name(b->graph, m->parameter);
    m->arrays[0] = yg_program_data(b->program, m->gradient);
    m->arrays[1] = yg_program_data(b->program, m->parameter);
    m->written = 1;
    for (size_t k = 0; k < b->updates.state_count; k++) {
        const yg_optimizer_state *state = &b->updates.states[k];
        const char *of = strrchr(state->name, '.');
        if (of && strcmp(of + 1, name) == 0 &&
            yg_type_equal(yg_node_type(b->graph, state->node), &b->type))
            m->arrays[++m->written] = yg_program_data(b->program, state->node);
    }
    fill(m->arrays[0], (size_t)yg_type_count(&b->type));
    fill(m->arrays[1], (size_t)yg_type_count(&b->type));
}

/* y = y · one + x · zero, which leaves y as it is; the compiler does not know that. */
YG_MULTIVERSION static void pass(float *y, const float *x, size_t count) {
    static volatile const float numbers[] = {1, 0};
    const float one = numbers[0], zero = numbers[1];
#pragma omp simd
    for (size_t i = 0; i < count; i++)
        y[i] = one * y[i] + zero * x[i];
}

/* Reads the first array, and reads and writes the others, a block of each in turn: so memory sees
 * all arrays at once as it does in a step. The second loop fetches the next block, too. Stores past
 * the cache are slower than both, and so are longer blocks. */
static void move(const moved *m, size_t count, int loop) {
    enum { BLOCK = 512, LINE = 16 };
    for (size_t first = 0; first < count; first += BLOCK) {
        const size_t length = count - first < BLOCK ? count - first : BLOCK;
        for (size_t k = 0; k <= m->written; k++) {
            for (size_t i = first + BLOCK; loop && i < first + 2 * BLOCK && i < count; i += LINE)
                __builtin_prefetch(m->arrays[k] + i);
            if (k > 0)
                pass(m->arrays[k] + first, m->arrays[0] + first, length);
        }
    }
}

/* The seconds of a step, and of the best loop. */
static bool measure(bench *b, double *step, double *memory, yg_error *error) {
    const size_t count = (size_t)yg_type_count(&b->type);
    for (size_t i = 0; i < b->count; i++)
        find_arrays(b, i);
    set_scalar(b, b->updates.inputs.lr, 1e-3);
    *step = *memory = 1e9;
    const double begin = thread_seconds();
    /* Small steps are measured more often: the clock's own time would count. */
    const int rounds = ROUNDS + (int)(1e6 / (double)(count * b->count));
    for (int round = 0; round < rounds && (round < 2 || thread_seconds() - begin < MOST_SECONDS);
         round++) {
        set_scalar(b, b->updates.inputs.t, round + 1);
        double last = thread_seconds();
        if (!yg_program_run(b->program, 0, (uint64_t)round, error))
            return false;
        *step = fmin(*step, thread_seconds() - last);
        for (int loop = 0; loop < LOOPS; loop++) {
            last = thread_seconds();
            for (size_t i = 0; i < b->count; i++)
                move(&b->moved[i], count, loop);
            *memory = fmin(*memory, thread_seconds() - last);
        }
    }
    return true;
}

/* Makes an optimizer of NAME or NAME:OPTION=NUMBER. */
static bool make(const char *text, yg_optimizer *optimizer, yg_error *error) {
    char name[64] = "", option[64] = "";
    double number = 0;
    const int found = sscanf(text, "%63[^:]:%63[^=]=%lf", name, option, &number);
    if (!yg_optimizer_make(name, 1e-3, optimizer, error))
        return false;
    for (size_t i = 0; i < optimizer->update->option_count && found == 3; i++) {
        const char *known = optimizer->update->options[i].name;
        if (known && strcmp(known, option) == 0) {
            optimizer->options[i] = number;
            return true;
        }
    }
    return found == 1 || yg_fail(error, YG_ERROR_NAME, YG_NOWHERE, "expected NAME:OPTION=NUMBER");
}

static bool run(const char *name, const yg_type *type, size_t count) {
    bench b = {.type = *type, .count = count, .updates.inputs = {YG_NONE, YG_NONE, YG_NONE}};
    yg_error error = {0};
    yg_optimizer optimizer;
    double step, memory;
    bool good = make(name, &optimizer, &error) && build(&b, &optimizer, &error) &&
                measure(&b, &step, &memory, &error);
    if (good) {
        const double bytes =
            (2.0 * (double)b.moved[0].written + 1) * (double)count * (double)yg_type_bytes(type);
        printf("%-20s %7zu %10.4f %10.4f %7.2f %7.2f\n", name,
               yg_program_get_stats(b.program).instructions, step * 1e3, memory * 1e3,
               bytes / memory * 1e-9, step / memory);
        fflush(stdout);
    } else {
        fprintf(stderr, "optimizers: %s: %s\n", name, error.message);
    }
    free(b.moved);
    yg_program_free(b.program);
    yg_optimizer_graph_free(&b.updates);
    yg_graph_free(b.graph);
    return good;
}

/* Reads ELEMENTS[xPARAMETERS]. */
static bool read_size(const char *text, yg_type *type, size_t *count) {
    char *end;
    const long elements = strtol(text, &end, 10);
    const long parameters = *end == 'x' ? strtol(end + 1, &end, 10) : 1;
    if (*end || elements < 1 || elements > 1L << 28 || parameters < 1 || parameters > 1L << 16)
        return false;
    const long side = lround(sqrt((double)elements));
    *count = (size_t)parameters;
    *type = side * side == elements ? (yg_type){YG_F32, 2, {side, side}}
                                    : (yg_type){YG_F32, 1, {elements}};
    return true;
}

int main(int argc, char **argv) {
    yg_type type;
    size_t count;
    bool good = read_size(argc > 1 ? argv[1] : "4194304", &type, &count);
    if (!good)
        fprintf(stderr, "optimizers: expected ELEMENTS or ELEMENTSxPARAMETERS\n");
    printf("%-20s %7s %10s %10s %7s %7s\n", "", "instr.", "step ms", "memory ms", "GB/s", "ratio");
    for (int i = 2; i < argc && good; i++)
        good = run(argv[i], &type, count);
    for (const yg_optimizer_update *const *u = yg_optimizer_updates(); *u && argc < 3 && good; u++)
        good = !(*u)->build || run((*u)->name, &type, count);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
