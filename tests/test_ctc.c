/*
 * ctc beyond what its descriptor's samples hold: lengths and labels out of range, targets that do
 * not fit, empty ones, lengths that are left out, and probabilities that only logarithms can hold.
 */
#include "compiled.h"
#include "ops/build.h"
#include "ops/ops.h"

#include <math.h>
#include <stdlib.h>

enum { MOST = 4 };

/* One call with reduction none, and its gradient by log_probs. */
typedef struct ctc {
    int64_t steps, batch, classes, labels;
    yg_graph *graph;
    yg_program *program;
    yg_node operands[MOST], loss, slope;
} ctc;

static ctc open_ctc(int64_t steps, int64_t batch, int64_t classes, int64_t labels, size_t count) {
    ctc c = {steps, batch, classes, labels, yg_graph_new(yg_ops(), 0), NULL, {0}, 0, 0};
    const yg_type types[MOST] = {
        type_of(YG_F64, 3, (int64_t[]){steps, batch, classes}),
        type_of(YG_I32, 2, (int64_t[]){batch, labels}),
        type_of(YG_I32, 1, (int64_t[]){batch}),
        type_of(YG_I64, 1, (int64_t[]){batch}),
    };
    for (size_t k = 0; k < count; k++)
        c.operands[k] = yg_input(c.graph, "operand", &types[k]);
    const yg_op *op = yg_op_find(yg_ops(), "ctc");
    yg_attr attrs[3];
    yg_op_defaults(op, attrs);
    attrs[0].i = 2; /* none */
    c.loss = yg_apply(c.graph, op, c.operands, count, attrs);
    cr_assert_neq(c.loss, YG_NONE);
    const yg_node ones = yg_full(c.graph, yg_node_type(c.graph, c.loss), 1);
    cr_assert(yg_grad(c.graph, c.loss, ones, c.operands, 1, &c.slope));
    const yg_node outputs[] = {c.loss, c.slope};
    c.program = compile(c.graph, outputs, 2, NULL, 0, 0, 1);
    return c;
}

static void close_ctc(ctc *c) {
    yg_program_free(c->program);
    yg_graph_free(c->graph);
}

static void set(const ctc *c, size_t k, int64_t at, double value) {
    yg_element_set(yg_node_type(c->graph, c->operands[k])->dtype,
                   yg_program_data(c->program, c->operands[k]), at, value);
}

/* Every class is equally likely; targets are 1, 2, 1, 2, …, and all lengths are full. */
static void fill(const ctc *c, size_t count) {
    for (int64_t i = 0; i < c->steps * c->batch * c->classes; i++)
        set(c, 0, i, -log((double)c->classes));
    for (int64_t i = 0; i < c->batch * c->labels; i++)
        set(c, 1, i, 1 + (double)(i % c->labels % 2));
    for (int64_t n = 0; n < c->batch && count == MOST; n++) {
        set(c, 2, n, (double)c->steps);
        set(c, 3, n, (double)c->labels);
    }
}

Test(ctc, refuses_lengths_and_labels_out_of_range) {
    static const struct {
        size_t operand;
        int64_t at;
        double value;
        const char *message;
    } cases[] = {
        {1, 4, 5, "ctc: targets: index 5 at [1, 1] is outside 0..3"},
        {1, 4, -1, "ctc: targets: index -1 at [1, 1] is outside 0..3"},
        {1, 4, 0, "ctc: targets: the label at [1, 1] is the blank"},
        {2, 1, 8, "ctc: input_lengths: index 8 at [1] is outside 0..7"},
        {2, 1, -1, "ctc: input_lengths: index -1 at [1] is outside 0..7"},
        {3, 1, 4, "ctc: target_lengths: index 4 at [1] is outside 0..3"},
    };
    ctc c = open_ctc(7, 2, 4, 3, MOST);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fill(&c, MOST);
        yg_error error = {0};
        cr_assert(yg_program_run(c.program, 0, 0, &error), "%s", error.message);
        set(&c, cases[i].operand, cases[i].at, cases[i].value);
        cr_expect_not(yg_program_run(c.program, 0, 0, &error));
        cr_expect_str_eq(error.message, cases[i].message);
    }
    close_ctc(&c);
}

/* Labels behind the end of a target may be anything, also no class. */
Test(ctc, ignores_what_is_behind_the_end) {
    ctc c = open_ctc(7, 2, 4, 3, MOST);
    fill(&c, MOST);
    set(&c, 3, 1, 1);
    set(&c, 1, 4, -100);
    set(&c, 1, 5, 0);
    run(c.program);
    cr_expect(isfinite(data(c.program, c.loss)[1]));
    close_ctc(&c);
}

/* Three equal labels need five steps. */
Test(ctc, target_that_does_not_fit_has_no_gradient) {
    ctc c = open_ctc(4, 2, 4, 3, MOST);
    fill(&c, MOST);
    for (int64_t i = 0; i < 3; i++)
        set(&c, 1, i, 1);
    run(c.program);
    cr_expect_eq(data(c.program, c.loss)[0], INFINITY);
    cr_expect(isfinite(data(c.program, c.loss)[1]));
    for (int64_t t = 0; t < 4; t++) {
        for (int64_t k = 0; k < 4; k++)
            cr_expect_eq(data(c.program, c.slope)[(t * 2) * 4 + k], 0);
    }
    close_ctc(&c);
}

/* The only path to an empty target is all blanks; to an empty target without steps, the empty one.
 */
Test(ctc, empty_target_is_all_blanks) {
    ctc c = open_ctc(4, 3, 5, 2, MOST);
    fill(&c, MOST);
    for (int64_t n = 0; n < 3; n++)
        set(&c, 3, n, n == 2 ? 1 : 0);
    set(&c, 2, 1, 0);
    set(&c, 2, 2, 0);
    run(c.program);
    const double *loss = data(c.program, c.loss), *slope = data(c.program, c.slope);
    cr_expect_float_eq(loss[0], 4 * log(5), 1e-12);
    cr_expect_eq(loss[1], 0);
    cr_expect_eq(loss[2], INFINITY);
    for (int64_t t = 0; t < 4; t++) {
        for (int64_t k = 0; k < 5; k++)
            cr_expect_float_eq(slope[t * 15 + k], k == 0 ? -1 : 0, 1e-12);
    }
    close_ctc(&c);
}

Test(ctc, lengths_left_out_are_full) {
    ctc with = open_ctc(9, 2, 4, 3, MOST), without = open_ctc(9, 2, 4, 3, 2);
    fill(&with, MOST);
    fill(&without, 2);
    run(with.program);
    run(without.program);
    cr_expect_arr_eq(data(with.program, with.loss), data(without.program, without.loss),
                     2 * sizeof(double));
    cr_expect_arr_eq(data(with.program, with.slope), data(without.program, without.slope),
                     9 * 2 * 4 * sizeof(double));
    close_ctc(&with);
    close_ctc(&without);
}

/* 150 labels in 151 steps, each label of probability 1e-5 beside a blank of nearly 1. The
 * beginnings that reach the end have a share of 1e-750 of all for half of the time: as a fraction
 * it would be 0. The paths are one label a step and a blank at one of 151 places, or one label
 * twice. */
Test(ctc, keeps_what_is_unlikely_for_long) {
    enum { LABELS = 150, STEPS = LABELS + 1 };
    const double label = log(1e-5), blank = log1p(-2e-5);
    ctc c = open_ctc(STEPS, 1, 3, LABELS, MOST);
    fill(&c, MOST);
    for (int64_t i = 0; i < STEPS * 3; i++)
        set(&c, 0, i, i % 3 == 0 ? blank : label);
    run(c.program);
    const double with_blank = log(LABELS + 1) + LABELS * label + blank;
    const double repeated = log(LABELS) + (LABELS + 1) * label;
    const double wanted = -(with_blank + log1p(exp(repeated - with_blank)));
    cr_expect_float_eq(data(c.program, c.loss)[0], wanted, 1e-9 * wanted);
    double blanks = 0, all = 0;
    for (int64_t i = 0; i < STEPS * 3; i++) {
        all -= data(c.program, c.slope)[i];
        blanks -= i % 3 == 0 ? data(c.program, c.slope)[i] : 0;
    }
    cr_expect_float_eq(all, STEPS, 1e-9 * STEPS);
    cr_expect_float_eq(blanks, 1, 1e-4);
    close_ctc(&c);
}
