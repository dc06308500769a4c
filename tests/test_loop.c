/*
 * Loops: whether a loop runs as one unit or is unrolled, it gives the same bits, in values, in
 * gradients and in gradients of gradients, with random operators too, on any number of threads and
 * under any passes. A graph in which a caller has written out the iterations gives them as well.
 */
#include "graph/runtime.h"
#include "loop_cells.h"
#include "ops/ops.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The largest difference of an output, relative to its largest value; 0 only for equal bits. */
static double difference(const subject *a, yg_program *one, const subject *b, yg_program *other,
                         size_t output) {
    const yg_type *type = yg_node_type(a->g, a->shown[output]);
    const void *x = yg_program_data(one, a->shown[output]);
    const void *y = yg_program_data(other, b->shown[output]);
    cr_assert(x && y);
    if (memcmp(x, y, (size_t)yg_type_bytes(type)) == 0)
        return 0;
    double apart = 1e-300, largest = 1e-300;
    for (int64_t i = 0; i < yg_type_count(type); i++) {
        const double v = yg_element_get(type->dtype, x, i), w = yg_element_get(type->dtype, y, i);
        cr_assert(isfinite(v) && isfinite(w));
        apart = fmax(apart, fabs(v - w));
        largest = fmax(largest, fabs(v));
    }
    return apart / largest;
}

typedef struct setting {
    const char *name;
    yg_compile_options options;
} setting;

#define WITHOUT(pass)                                                                              \
    { .threads = 1, .without = (const char *const[]){pass}, .without_count = 1 }
static const setting settings[] = {
    {"one thread", {.threads = 1}},
    {"three threads", {.threads = 3}},
    {"small pieces", {.flags = YG_PROGRAM_SMALL_PIECES, .threads = 3}},
    {"no plan", {.flags = YG_PROGRAM_NO_PLAN, .threads = 1}},
    {"recomputing", {.threads = 1, .recompute = true}},
    {"dead", WITHOUT("dead")},
    {"views", WITHOUT("views")},
    {"fuse", WITHOUT("fuse")},
    {"in_place", WITHOUT("in_place")},
    {"row_loops", WITHOUT("row_loops")},
    {"stages", WITHOUT("stages")},
    {"chunk_buffers", WITHOUT("chunk_buffers")},
    {"reuse", WITHOUT("reuse")},
    {"unroll", WITHOUT("unroll")},
};

#define SETTINGS (sizeof settings / sizeof *settings)

static void expect_equal(const subject *a, yg_program *one, const subject *b, yg_program *other,
                         size_t count, double most, const char *c, const char *what) {
    for (size_t k = 0; k < count; k++) {
        const double apart = difference(a, one, b, other, k);
        cr_expect_leq(apart, most, "%s, %s: %s %zu differs by %g", c, what,
                      k < a->value_count                    ? "result"
                      : k < a->value_count + a->first_count ? "gradient"
                                                            : "second gradient",
                      k, apart);
    }
}

/* A unit and the unrolled loop: the same bits, whatever the plan. */
static void compare_ways(const cell *c, int64_t iterations, bool reversed, size_t setting_count) {
    subject unit = loop_subject(c, iterations, reversed, AS_A_UNIT, 2);
    subject copies = loop_subject(c, iterations, reversed, UNROLLED, 2);
    cr_assert_eq(unit.shown_count, copies.shown_count);
    yg_program *first = NULL;
    for (size_t k = 0; k < setting_count; k++) {
        yg_program *one = loop_compute(&unit, &settings[k].options);
        yg_program *other = loop_compute(&copies, &settings[k].options);
        expect_equal(&unit, one, &copies, other, unit.shown_count, 0, c->name, settings[k].name);
        if (!first) {
            first = one;
            cr_expect_lt(yg_program_get_stats(first).instructions,
                         yg_program_get_stats(other).instructions + (iterations < 3 ? 1000 : 0),
                         "%s: it is not unrolled", c->name);
        } else if (!(settings[k].options.flags & YG_PROGRAM_NO_PLAN)) { /* the same rules */
            expect_equal(&unit, first, &unit, one, unit.shown_count, 0, c->name, settings[k].name);
        }
        if (one != first)
            yg_program_free(one);
        yg_program_free(other);
    }
    yg_program_free(first);
    yg_graph_free(unit.g);
    yg_graph_free(copies.g);
}

/* A loop and a graph that is written out, under the plan that applies no rule. */
static void compare_by_hand(const cell *c, int64_t iterations, bool reversed) {
    const yg_compile_options plain = {.flags = YG_PROGRAM_NO_PLAN, .threads = 1};
    subject unit = loop_subject(c, iterations, reversed, AS_A_UNIT, 2);
    subject hand = loop_subject(c, iterations, reversed, WRITTEN_OUT, 2);
    cr_assert_eq(unit.shown_count, hand.shown_count, "%s: %zu gradients and results, not %zu",
                 c->name, unit.shown_count, hand.shown_count);
    yg_program *one = loop_compute(&unit, &plain), *other = loop_compute(&hand, &plain);
    const size_t exact = unit.value_count + (c->sums_differ ? 0 : unit.first_count);
    expect_equal(&unit, one, &hand, other, exact, 0, c->name, "written out");
    expect_equal(&unit, one, &hand, other, unit.shown_count, loop_real == YG_F64 ? 1e-10 : 1e-2,
                 c->name, "written out, roughly");
    yg_program_free(one);
    yg_program_free(other);
    yg_graph_free(unit.g);
    yg_graph_free(hand.g);
}

Test(loop, both_ways_give_the_same_bits) {
    static const int64_t iterations[] = {1, 2, 3, 7};
    for (size_t i = 0; i < loop_cell_count; i++) {
        for (int k = 0; k < 4; k++) {
            compare_ways(&loop_cells[i], iterations[k], k == 2, k == 2 ? SETTINGS : 2);
            compare_by_hand(&loop_cells[i], iterations[k], k == 2);
        }
    }
}

Test(loop, both_ways_give_the_same_bits_in_f32) {
    loop_real = YG_F32;
    for (size_t i = 0; i < loop_cell_count; i++) {
        compare_ways(&loop_cells[i], 6, true, 4);
        compare_by_hand(&loop_cells[i], 6, true);
    }
}

/* ------------------------------------------------------------------------------- long loops -- */

/* Many iterations: the same bits, in values and first gradients. */
Test(loop, long_loops_give_the_same_bits) {
    static const char *const names[] = {"dropping", "lstm"};
    const yg_compile_options options = {.threads = 1};
    const int64_t count = 500;
    for (size_t i = 0; i < loop_cell_count; i++) {
        const cell *c = &loop_cells[i];
        if (strcmp(c->name, names[0]) != 0 && strcmp(c->name, names[1]) != 0)
            continue;
        subject unit = loop_subject(c, count, false, AS_A_UNIT, 1);
        subject copies = loop_subject(c, count, false, UNROLLED, 1);
        yg_program *one = loop_compute(&unit, &options), *other = loop_compute(&copies, &options);
        expect_equal(&unit, one, &copies, other, unit.shown_count, 0, c->name, "long");
        cr_expect_gt(yg_program_get_stats(other).instructions, (size_t)count);
        yg_program_free(one);
        yg_program_free(other);
        yg_graph_free(unit.g);
        yg_graph_free(copies.g);
    }
}

/* The plan of a unit is as long for 500 iterations as for two, and so is the graph. Work and memory
 * grow with them. */
Test(loop, its_plan_does_not_grow) {
    static const int64_t iterations[] = {2, 250, 500};
    const yg_compile_options options = {.threads = 1};
    for (size_t i = 0; i < loop_cell_count; i++) {
        yg_program_stats stats[3];
        size_t nodes[3];
        for (int k = 0; k < 3; k++) {
            subject s = loop_subject(&loop_cells[i], iterations[k], false, AS_A_UNIT, 2);
            yg_program *program = loop_compute(&s, &options);
            stats[k] = yg_program_get_stats(program);
            nodes[k] = yg_graph_size(s.g);
            yg_program_free(program);
            yg_graph_free(s.g);
        }
        cr_expect_eq(stats[2].instructions, stats[0].instructions, "%s", loop_cells[i].name);
        cr_expect_eq(nodes[2], nodes[0], "%s", loop_cells[i].name);
        cr_expect(stats[2].flops <= 2 * stats[1].flops && stats[2].flops > 1.9 * stats[1].flops,
                  "%s: %g and %g FLOPs", loop_cells[i].name, stats[1].flops, stats[2].flops);
        cr_expect_leq(stats[2].arena_bytes, 2 * stats[1].arena_bytes, "%s", loop_cells[i].name);
    }
}

static int count_in(const char *text, const char *part) {
    int found = 0;
    for (const char *at = text; (at = strstr(at, part)) != NULL; at++)
        found++;
    return found;
}

/* The gradient of a weight is one sum, to which each iteration adds its product in place (addmm).
 * So an unrolled loop does not keep the products of all iterations. An iteration of an LSTM has one
 * addmm forward, and one backward for each of its two weights.
 *
 * The backward loop reads the slices that the forward loop has computed, where they are. So only
 * the sequences that are shown are joined: both outputs and the gradient of the input. */
Test(loop, unrolling_adds_to_gradients_in_place) {
    const int iterations = 10;
    subject s = loop_subject(&loop_cells[3], iterations, false, UNROLLED, 1);
    yg_program *program = compile(s.g, s.shown, s.shown_count, NULL, 0, YG_PROGRAM_NO_MEMORY, 1);
    char *text = yg_program_text(program);
    cr_assert(text);
    cr_expect_eq(count_in(text, " = addmm("), 3 * iterations, "%s", text);
    cr_expect_eq(count_in(text, " = concat("), 3, "%s", text);
    free(text);
    yg_program_free(program);
    yg_graph_free(s.g);
}

/* What nothing reads is not computed and takes no memory: values that only gradients would read,
 * and the gradient of a sequence that needs none. */
Test(loop, leaves_out_what_is_not_read) {
    const yg_compile_options options = {.threads = 1};
    const cell *c = &loop_cells[3];
    yg_program_stats stats[3];
    for (int k = 0; k < 3; k++) {
        subject s = loop_subject(c, 100, false, AS_A_UNIT, k > 0);
        if (k == 1) /* without the gradient of the sequence */
            s.shown[s.value_count + 2] = s.shown[0];
        yg_program *program = loop_compute(&s, &options);
        stats[k] = yg_program_get_stats(program);
        yg_program_free(program);
        yg_graph_free(s.g);
    }
    const double product = 2.0 * BATCH * WIDTH * 4 * WIDTH * 100, row = BATCH * WIDTH * 8 * 100;
    cr_expect_geq(stats[2].flops, stats[1].flops + product);
    cr_expect_leq(stats[0].flops, 1.5 * 2 * product);
    /* Two products forward and four backward; the rest is elementwise. The gradient does not
     * compute the body again. */
    cr_expect_lt(stats[2].flops, 8 * product);
    cr_expect_leq(stats[0].arena_bytes, (int64_t)(2.5 * row), "two outputs are collected");
}

/* A large body shares its work among threads. Here nothing else does. */
Test(loop, bodies_use_threads) {
    for (int threads = 1; threads <= 3; threads += 2) {
        const yg_compile_options options = {.flags = YG_PROGRAM_SMALL_PIECES, .threads = threads};
        subject s = loop_subject(&loop_cells[1], 4, false, AS_A_UNIT, 0);
        yg_program *program = loop_compute(&s, &options);
        cr_expect_eq(yg_program_get_stats(program).instructions, 1);
        cr_expect_eq(yg_program_get_stats(program).threads, threads);
        yg_program_free(program);
        yg_graph_free(s.g);
    }
}

/* Where a program uses the memory of another one, the bodies of its loops do not: they run while it
 * is in use. */
Test(loop, bodies_have_memory_of_their_own) {
    for (size_t i = 0; i < loop_cell_count; i++) {
        const cell *c = &loop_cells[i];
        yg_compile_options options = {.flags = YG_PROGRAM_SMALL_PIECES, .threads = 3};
        subject longer = loop_subject(c, 9, false, AS_A_UNIT, 1);
        subject s = loop_subject(c, 6, false, AS_A_UNIT, 1);
        yg_program *large = loop_compute(&longer, &options), *own = loop_compute(&s, &options);
        options.beside = large;
        options.shares_memory = true;
        yg_program *program = loop_compute(&s, &options);
        cr_expect_eq(program->arena, large->arena, "%s", c->name);
        expect_equal(&s, own, &s, program, s.shown_count, 0, c->name, "in another's memory");
        yg_program_free(large);
        yg_program_free(own);
        yg_program_free(program);
        yg_graph_free(longer.g);
        yg_graph_free(s.g);
    }
}

/* Loops that share one pool of threads are never in one stage, even if they do not depend on each
 * other. Those of one thread are. */
Test(loop, bodies_with_threads_run_alone) {
    static const struct {
        size_t cell;
        bool together;
    } cases[] = {{1, false}, {0, true}}; /* dropping, simple: see above */
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        subject s = loop_subject(&loop_cells[cases[i].cell], 4, false, AS_A_UNIT, 0);
        loop_repeat(&s, &loop_cells[cases[i].cell], 4);
        yg_program *program =
            compile(s.g, s.shown, s.shown_count, NULL, 0, YG_PROGRAM_SMALL_PIECES, 3);
        cr_assert_eq(program->unit_count, 2);
        cr_expect_eq(program->units[0].stage == program->units[1].stage, cases[i].together,
                     "case %zu", i);
        run(program);
        yg_program_free(program);
        yg_graph_free(s.g);
    }
}

/* How many instructions a loop becomes that is left to the pass, or not. */
static size_t instructions_of(int64_t iterations, loop_way way) {
    const yg_compile_options options = {.threads = 1};
    subject s = loop_subject(&loop_cells[0], iterations, false, way, 0);
    yg_program *program = loop_compute(&s, &options);
    const size_t instructions = yg_program_get_stats(program).instructions;
    yg_program_free(program);
    yg_graph_free(s.g);
    return instructions;
}

/* The body has five nodes. */
Test(loop, short_ones_are_unrolled) {
    const size_t unit = instructions_of(2, AS_A_UNIT);
    cr_expect_eq(instructions_of(YG_UNROLL_NODES, AS_THE_PASS_LIKES), unit);
    cr_expect_eq(instructions_of(YG_UNROLL_NODES, AS_A_UNIT), unit);
    cr_expect_gt(instructions_of(YG_UNROLL_NODES / 16, AS_THE_PASS_LIKES), unit);
    cr_expect_gt(instructions_of(60, UNROLLED), unit);
    const size_t few = instructions_of(5, AS_THE_PASS_LIKES);
    cr_expect_eq(instructions_of(10, AS_THE_PASS_LIKES) - few,
                 instructions_of(15, AS_THE_PASS_LIKES) - instructions_of(10, AS_THE_PASS_LIKES));
    cr_expect_gt(few, unit);
}
