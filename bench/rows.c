/*
 * Operators that work by rows alone: nanoseconds an element of each kernel, f32 and f64, for rows
 * of several lengths, in the L1 cache and with random logits. Where short rows cost many times what
 * long ones do, they are not vectorised.
 *
 *   rows [OPERATOR…]
 *
 * Times are of this thread alone, the best of some rounds.
 */
#include "../ops/ops.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ELEMENTS = 2048, ROUNDS = 50, MOST_ATTRS = 8 };
static const double ROUND_SECONDS = 0.0005;
static const int lengths[] = {1, 2, 5, 10, 16, 24, 33, 64, 128, 1024};
enum { LENGTHS = sizeof lengths / sizeof *lengths };

/* The operand before the one with the rows: none, another one with rows, or a class for each row.
 */
typedef enum first { NONE, ROWS, CLASSES } first;
static const struct {
    const char *name;
    first first;
} operators[] = {{"softmax", NONE},
                 {"log_softmax", NONE},
                 {"logsumexp", NONE},
                 {"soft_cross_entropy", ROWS},
                 {"index_cross_entropy", CLASSES},
                 {"softmax_minus_one_hot", CLASSES}};

static double thread_seconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* Seconds for one call. */
static double best_of(yg_kernel kernel, const yg_kernel_call *call) {
    double best = 1;
    long repetitions = 1;
    for (int round = 0; round < ROUNDS;) {
        yg_error error = {0};
        const double start = thread_seconds();
        for (long i = 0; i < repetitions; i++)
            if (!kernel(call, &error))
                return -1;
        const double seconds = thread_seconds() - start;
        if (seconds < ROUND_SECONDS) {
            repetitions *= 2;
            continue;
        }
        best = seconds / (double)repetitions < best ? seconds / (double)repetitions : best;
        round++;
    }
    return best;
}

/* Nanoseconds an element, or a negative number after a failure. */
static double measure(const yg_op *op, first first, yg_dtype real, int length) {
    static _Alignas(64) double memory[3][ELEMENTS];
    const int64_t rows = ELEMENTS / length, elements = rows * length;
    const size_t count = first == NONE ? 1 : 2;
    yg_type types[2] = {{.dtype = real, .rank = 2, .shape = {rows, length}}};
    types[1] = types[0];
    if (first == CLASSES)
        types[0] = (yg_type){.dtype = YG_I32, .rank = 1, .shape = {rows}};
    for (int64_t i = 0; i < elements; i++) {
        yg_element_set(real, memory[0], i, (double)(i * 37 % 401) / 50 - 4);
        yg_element_set(types[0].dtype, memory[1], i, first == CLASSES ? (double)(i % length) : 0.1);
    }
    yg_attr attrs[MOST_ATTRS];
    yg_op_defaults(op, attrs);
    if (strcmp(op->name, "logsumexp") == 0)
        attrs[0] = (yg_attr){.count = 1, .ints = {-1}};
    const yg_infer infer = {.op = op, .operands = types, .operand_count = count, .attrs = attrs};
    yg_type result;
    yg_error error = {0};
    if (!op->infer(&infer, &result, &error))
        return -1;
    const void *in[2] = {memory[first != NONE], memory[0]};
    if (first == NONE)
        in[0] = memory[0];
    const yg_type *in_types[2] = {&types[0], &types[1]};
    yg_op_plan plan = yg_op_plan_of(&infer, &result, true);
    const yg_kernel_call call = {.out = memory[2],
                                 .in = in,
                                 .out_type = &result,
                                 .in_types = in_types,
                                 .operand_count = count,
                                 .attrs = attrs,
                                 .prepared = plan.prepared,
                                 .end = rows};
    const double seconds = best_of(op->kernel[real], &call);
    yg_op_plan_release(&plan);
    return seconds / (double)elements * 1e9;
}

static bool is_asked_for(const char *name, int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], name) == 0)
            return true;
    }
    return argc == 1;
}

int main(int argc, char **argv) {
    bool any = false;
    printf("%-26s", "ns an element, rows of");
    for (int l = 0; l < LENGTHS; l++)
        printf(" %6d", lengths[l]);
    printf("\n");
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
        const yg_op *op = yg_op_find(yg_ops(), operators[i].name);
        if (!op || !is_asked_for(op->name, argc, argv))
            continue;
        any = true;
        for (yg_dtype real = YG_F32; real <= YG_F64; real++) {
            printf("%-22s %s", op->name, yg_dtype_name(real));
            for (int l = 0; l < LENGTHS; l++)
                printf(" %6.2f", measure(op, operators[i].first, real, lengths[l]));
            printf("\n");
            fflush(stdout);
        }
    }
    if (!any)
        fprintf(stderr, "rows: no such operator\n");
    return any ? EXIT_SUCCESS : EXIT_FAILURE;
}
