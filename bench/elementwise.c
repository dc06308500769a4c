/*
 * Elementwise operators alone: nanoseconds an element of each tile kernel, f32 and f64, on operands
 * in the L1 cache and in the operator's own domain. An operator that is far slower than similar
 * ones has not been vectorised.
 *
 *   elementwise [OPERATOR…]
 *
 * Times are of this thread alone, the best of some rounds.
 */
#include "../ops/ops.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ELEMENTS = 512, ROUNDS = 50, MOST_ATTRS = 8 };
static const double ROUND_SECONDS = 0.0005;

static double thread_seconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* The operand as the operator's first sample has it: f, i or b. */
static yg_dtype dtype_of(const char *sample, yg_dtype real) {
    return *sample == 'b' ? YG_BOOL : *sample == 'i' ? YG_I32 : real;
}

/* Evenly spread over the domain. */
static void fill(void *operand, yg_dtype dtype, yg_domain domain) {
    const double low = domain.low < domain.high ? domain.low : -2;
    const double high = domain.low < domain.high ? domain.high : 2;
    for (int i = 0; i < ELEMENTS; i++) {
        const double value = low + (high - low) * (i * 37 % ELEMENTS + 0.5) / ELEMENTS;
        if (dtype == YG_F32)
            ((float *)operand)[i] = (float)value;
        else if (dtype == YG_F64)
            ((double *)operand)[i] = value;
        else if (dtype == YG_I32)
            ((int32_t *)operand)[i] = (int32_t)value;
        else
            ((uint8_t *)operand)[i] = i * 37 % ELEMENTS > ELEMENTS / 2;
    }
}

/* Nanoseconds an element, or a negative number where there is no such tile. */
static double measure(const yg_op *op, yg_dtype real) {
    static const size_t bytes = ELEMENTS * sizeof(double);
    const yg_sample *sample = &op->samples[0];
    yg_attr attrs[MOST_ATTRS];
    const void *in[YG_SAMPLE_OPERANDS];
    size_t count = 0;
    char *memory = aligned_alloc(64, (YG_SAMPLE_OPERANDS + 1) * bytes);
    yg_dtype last = real;
    for (; memory && count < YG_SAMPLE_OPERANDS && sample->operands[count]; count++) {
        char *operand = memory + (count + 1) * bytes;
        last = dtype_of(sample->operands[count], real);
        fill(operand, last, count < YG_OP_NAMED_OPERANDS ? op->domain[count] : (yg_domain){0, 0});
        in[count] = operand;
    }
    const yg_tile tile = op->tile[last];
    if (!memory || !tile || op->attr_count > MOST_ATTRS) {
        free(memory);
        return -1;
    }
    yg_op_defaults(op, attrs);
    const yg_attr *given = sample->attrs ? sample->attrs : attrs;
    double best = 1;
    long repetitions = 1;
    for (int round = 0; round < ROUNDS;) {
        const double start = thread_seconds();
        for (long i = 0; i < repetitions; i++)
            tile(memory, in, ELEMENTS, given);
        const double seconds = thread_seconds() - start;
        if (seconds < ROUND_SECONDS) {
            repetitions *= 2;
            continue;
        }
        best = seconds / (double)repetitions < best ? seconds / (double)repetitions : best;
        round++;
    }
    free(memory);
    return best / ELEMENTS * 1e9;
}

static bool is_asked_for(const char *name, int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], name) == 0)
            return true;
    }
    return argc == 1;
}

int main(int argc, char **argv) {
    const yg_op_set *set = yg_ops();
    bool any = false;
    printf("%-20s %8s %8s\n", "ns an element", "f32", "f64");
    for (size_t i = 0; i < set->count; i++) {
        const yg_op *op = set->ops[i];
        if (!(op->flags & YG_OP_ELEMENTWISE) || !is_asked_for(op->name, argc, argv))
            continue;
        any = true;
        printf("%-20s", op->name);
        for (yg_dtype real = YG_F32; real <= YG_F64; real++) {
            const double time = measure(op, real);
            time < 0 ? printf(" %8s", "-") : printf(" %8.2f", time);
        }
        printf("\n");
        fflush(stdout);
    }
    if (!any)
        fprintf(stderr, "elementwise: no such operator\n");
    return any ? EXIT_SUCCESS : EXIT_FAILURE;
}
