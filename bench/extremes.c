/*
 * Whether an operator's time depends on its data: microseconds of each elementwise operator and of
 * its gradient on ordinary numbers, and how many times as long it takes for |x| up to 8, 20, 100,
 * 1e4 and 1e30, and where one element in a thousand is infinite or NaN. A vector function that
 * computes such elements one by one shows here.
 *
 *   extremes [MOST [OPERATOR…]]
 *
 * Only lines with a ratio above MOST are printed (all, if it is 0 or left out). Fails if there are
 * such lines and MOST is not 0. Times are of this thread alone, the best of some rounds. An operand
 * whose domain is bounded, such as a probability, keeps to it, except the first.
 */
#include "../graph/program.h"
#include "../ops/ops.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ELEMENTS = 8192, RARE = 1000, ROUNDS = 5, MOST_ATTRS = 16, MOST_OPERANDS = 4 };

/* |x| is at most `most`; some elements are `strange` if that is not 0. The first is the standard.
 */
typedef struct spread {
    const char *name;
    double most, strange;
} spread;

static const spread spreads[] = {
    {"usual", 1, 0}, {"8", 8, 0},       {"20", 20, 0},        {"100", 100, 0},
    {"1e4", 1e4, 0}, {"1e30", 1e30, 0}, {"inf", 1, INFINITY}, {"-inf", 1, -(double)INFINITY},
    {"nan", 1, NAN},
};
enum { SPREADS = sizeof spreads / sizeof *spreads };

/* A call in a program, forward or with its gradient. */
typedef struct subject {
    yg_graph *graph;
    yg_program *program;
    yg_node inputs[MOST_OPERANDS + 1]; /* the last one is the cotangent */
    size_t operand_count;
} subject;

static double thread_seconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void subject_free(subject *subject) {
    yg_program_free(subject->program);
    yg_graph_free(subject->graph);
}

/* False if the operator has no such call: it takes other types, or has no gradient. */
static bool subject_new(subject *subject, const yg_op *op, yg_dtype dtype, bool gradient) {
    const yg_sample *sample = &op->samples[0];
    const yg_type type = {.dtype = dtype, .rank = 1, .shape = {ELEMENTS}};
    yg_attr attrs[MOST_ATTRS];
    yg_node outputs[MOST_OPERANDS];
    size_t count = 0;
    *subject = (struct subject){.graph = yg_graph_new(yg_ops(), 0)};
    if (!subject->graph || op->attr_count > MOST_ATTRS)
        return false;
    for (; count < MOST_OPERANDS && sample->operands[count]; count++) {
        char name[16];
        if (sample->operands[count][0] != 'f')
            return false;
        snprintf(name, sizeof name, "x%zu", count);
        subject->inputs[count] = yg_input(subject->graph, name, &type);
    }
    subject->operand_count = count;
    yg_op_defaults(op, attrs);
    const yg_node y =
        yg_apply(subject->graph, op, subject->inputs, count, sample->attrs ? sample->attrs : attrs);
    if (y == YG_NONE || !yg_type_equal(yg_node_type(subject->graph, y), &type))
        return false;
    size_t output_count = 1;
    outputs[0] = y;
    if (gradient) {
        const yg_node dy = yg_input(subject->graph, "dy", &type);
        yg_node gradients[MOST_OPERANDS];
        subject->inputs[count] = dy;
        if ((op->flags & YG_OP_NON_DIFFERENTIABLE) ||
            !yg_grad(subject->graph, y, dy, subject->inputs, count, gradients))
            return false;
        output_count = 0;
        for (size_t k = 0; k < count; k++) {
            if (gradients[k] != YG_NONE)
                outputs[output_count++] = gradients[k];
        }
    }
    const yg_compile_options options = {.threads = 1};
    yg_error error = {0};
    if (output_count > 0)
        subject->program =
            yg_compile(subject->graph, outputs, output_count, NULL, 0, &options, &error);
    return subject->program;
}

/* Evenly spread, in an order without pattern. */
static void fill(const subject *subject, yg_node node, double low, double high, double strange) {
    void *data = yg_program_data(subject->program, node);
    const yg_dtype dtype = yg_node_type(subject->graph, node)->dtype;
    for (int64_t i = 0; data && i < ELEMENTS; i++) {
        const double u = ((double)(i * 5003 % ELEMENTS) + 0.5) / ELEMENTS;
        const bool is_strange = strange != 0 && i % RARE == RARE / 2;
        yg_element_set(dtype, data, i, is_strange ? strange : low + (high - low) * u);
    }
}

static void fill_all(const subject *subject, const yg_op *op, const spread *spread) {
    for (size_t k = 0; k < subject->operand_count; k++) {
        const yg_domain domain = op->domain[k];
        const bool any = domain.low >= domain.high, keeps = !any && k > 0;
        const double low = !any && domain.low >= 0 ? domain.low : -spread->most;
        if (keeps)
            fill(subject, subject->inputs[k], domain.low, domain.high, 0);
        else
            fill(subject, subject->inputs[k], low, low < spread->most ? spread->most : low + 1,
                 k == 0 ? spread->strange : 0);
    }
    if (subject->inputs[subject->operand_count])
        fill(subject, subject->inputs[subject->operand_count], -1, 1, 0);
}

/* The best time for each spread. They take turns, so that a busy machine slows all of them. */
static bool measure(const subject *subject, const yg_op *op, double best[SPREADS]) {
    yg_error error = {0};
    for (int round = 0; round < ROUNDS; round++) {
        for (int s = 0; s < SPREADS; s++) {
            fill_all(subject, op, &spreads[s]);
            for (int i = 0; i < 6; i++) { /* the first fills the caches */
                const double start = thread_seconds();
                if (!yg_program_run(subject->program, 0, 0, &error))
                    return false;
                const double seconds = thread_seconds() - start;
                if ((round == 0 && i == 0) || seconds < best[s])
                    best[s] = seconds;
            }
        }
    }
    return true;
}

/* Prints a line if a ratio is above `most`. Returns whether one is. */
static bool report(const yg_op *op, yg_dtype dtype, bool gradient, double most) {
    double best[SPREADS];
    bool above = false;
    subject subject;
    if (subject_new(&subject, op, dtype, gradient) && measure(&subject, op, best)) {
        for (int s = 1; s < SPREADS; s++)
            above = above || best[s] > most * best[0];
        if (above || most == 0) {
            printf("%-20s %s %s %8.1f", op->name, yg_dtype_name(dtype), gradient ? "g" : "f",
                   best[0] * 1e6);
            for (int s = 1; s < SPREADS; s++)
                printf(" %6.2f", best[s] / best[0]);
            printf("\n");
            fflush(stdout);
        }
    }
    subject_free(&subject);
    return above;
}

static bool is_asked_for(const char *name, int argc, char **argv) {
    for (int i = 2; i < argc; i++) {
        if (strcmp(argv[i], name) == 0)
            return true;
    }
    return argc <= 2;
}

int main(int argc, char **argv) {
    const yg_op_set *set = yg_ops();
    const double most = argc > 1 ? strtod(argv[1], NULL) : 0;
    bool above = false;
    printf("%-20s %3s %s %8s", "operator", "", " ", "us");
    for (int s = 1; s < SPREADS; s++)
        printf(" %6s", spreads[s].name);
    printf("\n");
    for (size_t i = 0; i < set->count; i++) {
        const yg_op *op = set->ops[i];
        const bool is_elementwise = op->flags & YG_OP_ELEMENTWISE;
        if (!(is_elementwise || strcmp(op->group, "elementwise") == 0) ||
            !is_asked_for(op->name, argc, argv))
            continue;
        for (yg_dtype dtype = YG_F32; dtype <= YG_F64; dtype++) {
            above = report(op, dtype, false, most) || above;
            above = report(op, dtype, true, most) || above;
        }
    }
    return above && most > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
