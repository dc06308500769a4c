/*
 * The step of each optimizer on parameters of f32, beside the time that the memory needs to read
 * and write as much: the parameter and its state are read and written once, and the gradient is
 * read once.
 *
 *   optimizers [ELEMENTS[xPARAMETERS] [OPTIMIZER[:OPTION=NUMBER]...]]
 *   optimizers --rounds ELEMENTS[xPARAMETERS] OPTIMIZER[:OPTION=NUMBER]
 *
 * A parameter is a square matrix if ELEMENTS is a square number, otherwise a row. The memory's time
 * is that of the best of several loops over the very same arrays, in turn with the step. Times are
 * of one thread, the least of some rounds.
 *
 * muon is bound by its matrix products, so for it the "memory" is a program of just these.
 *
 * With --rounds a round is done for each line of standard input. It prints the step's and the
 * memory's seconds, and the bytes that were moved. So another program can take its rounds between
 * these, and what disturbs the machine disturbs both.
 */
#include "../ops/build.h"
#include "../ops/multiversion.h"
#include "../ops/ops.h"
#include "../train/optimizer_update.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROUNDS = 15, STREAMS = 2 + YG_OPTIMIZER_STATES, LOOPS = 3 };

static const double MOST_SECONDS = 1; /* for the rounds of one optimizer */

/* A round measures as often as it takes to move so many elements, and at least twice: the first
 * step reads what another program has driven out of the cache. */
static const double ROUND_ELEMENTS = 4e6;
static const int ROUND_LEAST = 2;

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
    yg_graph *product_graph; /* of muon's products alone, or NULL */
    yg_program *products;
    uint64_t step; /* steps done */
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

/* The same for 16 elements of each array in turn, which are fetched ahead. */
YG_MULTIVERSION static void move_lines(const moved *m, size_t count) {
    enum { AHEAD = 512, LINE = 16 };
    static volatile const float numbers[] = {1, 0};
    const float one = numbers[0], zero = numbers[1];
    float *const x = m->arrays[0];
    for (size_t i = 0; i < count; i += LINE) {
        const size_t length = count - i < LINE ? count - i : LINE;
        __builtin_prefetch((const void *)((uintptr_t)x + (i + AHEAD) * sizeof(float)));
        for (size_t k = 1; k <= m->written; k++) {
            float *const y = m->arrays[k];
            __builtin_prefetch((const void *)((uintptr_t)y + (i + AHEAD) * sizeof(float)));
#pragma omp simd
            for (size_t j = i; j < i + length; j++)
                y[j] = one * y[j] + zero * x[j];
        }
    }
}

/* Reads the first array, and reads and writes the others, a block of each in turn: so memory sees
 * all arrays at once as it does in a step. The second loop fetches the next block, too. The third
 * takes a line of each array in turn. Stores past the cache are slower, and so are longer blocks.
 */
static void move(const moved *m, size_t count, int loop) {
    enum { BLOCK = 512, LINE = 16 };
    if (loop == 2) {
        move_lines(m, count);
        return;
    }
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

/* The products of muon's iteration on a matrix, and nothing else. */
static bool build_products(bench *b, yg_error *error) {
    enum { ITERATIONS = 5 };
    b->product_graph = yg_graph_new(yg_ops(), 0);
    yg_node x = yg_input(b->product_graph, "x", &b->type);
    for (int i = 0; i < ITERATIONS; i++) {
        const yg_node gram = yg_matmul(b->product_graph, x, x, false, true);
        const yg_node square = yg_matmul(b->product_graph, gram, gram, false, false);
        x = yg_matmul(b->product_graph, square, x, false, false);
    }
    b->products =
        yg_compile(b->product_graph, &x, 1, NULL, 0, &(yg_compile_options){.threads = 1}, error);
    return b->products != NULL;
}

/* Measures the step once, and each loop, and keeps the least. */
static bool measure_once(bench *b, double *step, double *memory, yg_error *error) {
    const size_t count = (size_t)yg_type_count(&b->type);
    set_scalar(b, b->updates.inputs.t, (double)++b->step);
    double last = thread_seconds();
    if (!yg_program_run(b->program, 0, b->step - 1, error))
        return false;
    *step = fmin(*step, thread_seconds() - last);
    last = thread_seconds();
    if (b->products && !yg_program_run(b->products, 0, 0, error))
        return false;
    if (b->products)
        *memory = fmin(*memory, (double)b->count * (thread_seconds() - last));
    for (int loop = 0; loop < LOOPS && !b->products; loop++) {
        last = thread_seconds();
        for (size_t i = 0; i < b->count; i++)
            move(&b->moved[i], count, loop);
        *memory = fmin(*memory, thread_seconds() - last);
    }
    return true;
}

static void begin(bench *b) {
    for (size_t i = 0; i < b->count; i++)
        find_arrays(b, i);
    set_scalar(b, b->updates.inputs.lr, 1e-3);
}

/* The seconds of a step, and of the best loop: the least of some rounds. */
static bool measure(bench *b, double *step, double *memory, yg_error *error) {
    const double elements = (double)yg_type_count(&b->type) * (double)b->count;
    /* Small steps are measured more often: the clock's own time would count. */
    const int rounds = ROUNDS + (int)(1e6 / elements);
    const double first = thread_seconds();
    *step = *memory = 1e9;
    for (int round = 0; round < rounds && (round < 2 || thread_seconds() - first < MOST_SECONDS);
         round++) {
        if (!measure_once(b, step, memory, error))
            return false;
    }
    return true;
}

static double moved_bytes(const bench *b) {
    return (2.0 * (double)b->moved[0].written + 1) * (double)b->count *
           (double)yg_type_bytes(&b->type);
}

/* A round for each line of standard input. */
static bool serve(bench *b, yg_error *error) {
    const double elements = (double)yg_type_count(&b->type) * (double)b->count;
    char line[16];
    while (fgets(line, sizeof line, stdin)) {
        double step = 1e9, memory = 1e9;
        for (int i = 0; i < ROUND_LEAST || i * elements < ROUND_ELEMENTS; i++) {
            if (!measure_once(b, &step, &memory, error))
                return false;
        }
        printf("%.9f %.9f %.0f\n", step, memory, moved_bytes(b));
        fflush(stdout);
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

static bool measure_and_print(bench *b, const char *name, yg_error *error) {
    double step, memory;
    if (!measure(b, &step, &memory, error))
        return false;
    printf("%-20s %7zu %10.4f %10.4f %7.2f %7.2f\n", name,
           yg_program_get_stats(b->program).instructions, step * 1e3, memory * 1e3,
           moved_bytes(b) / memory * 1e-9, step / memory);
    fflush(stdout);
    return true;
}

static bool run(const char *name, const yg_type *type, size_t count, bool serves) {
    bench b = {.type = *type, .count = count, .updates.inputs = {YG_NONE, YG_NONE}};
    yg_error error = {0};
    yg_optimizer optimizer;
    bool good = make(name, &optimizer, &error) && build(&b, &optimizer, &error);
    if (good && optimizer.update == &yg_update_muon)
        good = build_products(&b, &error);
    if (good) {
        begin(&b);
        good = serves ? serve(&b, &error) : measure_and_print(&b, name, &error);
    }
    if (!good)
        fprintf(stderr, "optimizers: %s: %s\n", name, error.message);
    free(b.moved);
    yg_program_free(b.products);
    yg_graph_free(b.product_graph);
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
    const bool serves = argc == 4 && strcmp(argv[1], "--rounds") == 0;
    const int at = serves ? 2 : 1; /* where the size stands */
    yg_type type;
    size_t count;
    bool good = read_size(argc > at ? argv[at] : "4194304", &type, &count);
    if (!good)
        fprintf(stderr, "optimizers: expected ELEMENTS or ELEMENTSxPARAMETERS\n");
    if (serves)
        return good && run(argv[3], &type, count, true) ? EXIT_SUCCESS : EXIT_FAILURE;
    printf("%-20s %7s %10s %10s %7s %7s\n", "", "instr.", "step ms", "memory ms", "GB/s", "ratio");
    for (int i = 2; i < argc && good; i++)
        good = run(argv[i], &type, count, false);
    for (const yg_optimizer_update *const *u = yg_optimizer_updates(); *u && argc < 3 && good; u++)
        good = !(*u)->build || (*u)->rows_only || run((*u)->name, &type, count, false);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
