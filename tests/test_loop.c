/*
 * Loops: one node that runs a body T times is the unrolled graph, in values, gradients and
 * gradients of gradients, with random operators too; and its plan does not grow with T.
 */
#include "compiled.h"
#include "graph/loop.h"
#include "graph/runtime.h"
#include "ops/build.h"
#include "ops/ops.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 3, WIDTH = 5 };

/* The cell h' = tanh(x w + h v) · mask, y = h' · x, with its operands and its results. */
typedef struct cell {
    yg_node h, x, w, v; /* given */
    yg_node next, y;    /* made */
    int64_t stream;     /* of the mask; -1: none */
} cell;

static yg_type wide(int rank) {
    return type_of(YG_F64, rank, rank == 2 ? (int64_t[]){BATCH, WIDTH} : (int64_t[]){WIDTH, WIDTH});
}

static yg_node mask(yg_graph *g, int64_t stream) {
    const yg_op *op = yg_op_find(yg_ops(), "dropout_mask");
    const yg_attr attrs[] = {
        {.i = YG_F64}, {.count = 2, .ints = {BATCH, WIDTH}}, {.f = 0.4}, {.i = stream}};
    return yg_apply(g, op, NULL, 0, attrs);
}

static void build_cell(yg_graph *g, cell *c) {
    const yg_node sum =
        yg_add(g, yg_matmul(g, c->x, c->w, false, false), yg_matmul(g, c->h, c->v, false, false));
    c->next = yg_tanh(g, sum);
    if (c->stream >= 0)
        c->next = yg_multiply(g, c->next, mask(g, c->stream));
    c->y = yg_multiply(g, c->next, c->x);
}

typedef struct loop_case {
    int64_t iterations;
    bool reversed, random;
} loop_case;

/* A graph with a loop, or with as many cells. */
typedef struct subject {
    yg_graph *g;
    yg_node h, x, w, v; /* parameters: x is [T, BATCH, WIDTH] */
    yg_node last, y;    /* y is [T, BATCH, WIDTH] */
    yg_node outputs[16];
    size_t output_count;
} subject;

static void with_a_loop(subject *s, const loop_case *test) {
    const yg_type row = wide(2), square = type_of(YG_F64, 2, (int64_t[]){WIDTH, WIDTH});
    yg_graph *body = yg_graph_new(yg_ops(), 0);
    cell c = {.stream = test->random ? 7 : -1};
    c.h = yg_input(body, "h", &row);
    c.x = yg_input(body, "x", &row);
    c.w = yg_input(body, "w", &square);
    c.v = yg_input(body, "v", &square);
    build_cell(body, &c);
    const yg_node captured[] = {c.w, c.v}, given[] = {s->w, s->v};
    const yg_loop_spec spec = {.body = body,
                               .carries = &c.h,
                               .next = &c.next,
                               .carry_count = 1,
                               .slices = &c.x,
                               .slice_count = 1,
                               .captured = captured,
                               .captured_count = 2,
                               .outputs = &c.y,
                               .output_count = 1,
                               .iterations = test->iterations,
                               .reversed = test->reversed};
    cr_assert(yg_loop(s->g, &spec, &s->h, &s->x, given, &s->last, &s->y), "%s",
              yg_graph_error(s->g) ? yg_graph_error(s->g)->message : "");
}

static yg_node slice_of(subject *s, int64_t t) {
    const int64_t start[] = {t, 0, 0}, stop[] = {t + 1, BATCH, WIDTH}, step[] = {1, 1, 1};
    const yg_type row = wide(2);
    return yg_reshape(s->g, yg_slice(s->g, s->x, start, stop, step), &row);
}

/* T rows as one tensor. They are joined two by two, because a list of operands is not that long. */
static yg_node stacked(subject *s, yg_node *rows, int64_t count) {
    const yg_type one = type_of(YG_F64, 3, (int64_t[]){1, BATCH, WIDTH});
    for (int64_t t = 0; t < count; t++)
        rows[t] = yg_reshape(s->g, rows[t], &one);
    while (count > 1) {
        int64_t made = 0;
        for (int64_t t = 0; t < count; t += 32)
            rows[made++] = yg_concat(s->g, rows + t, (size_t)(count - t < 32 ? count - t : 32), 0);
        count = made;
    }
    return rows[0];
}

static void unrolled(subject *s, const loop_case *test) {
    yg_node *rows = malloc((size_t)test->iterations * sizeof *rows);
    cr_assert(rows);
    cell c = {.h = s->h, .w = s->w, .v = s->v, .stream = -1};
    for (int64_t n = 0; n < test->iterations; n++) {
        const int64_t t = test->reversed ? test->iterations - 1 - n : n;
        c.x = slice_of(s, t);
        if (test->random)
            c.stream = yg_loop_stream(7, t);
        build_cell(s->g, &c);
        rows[t] = c.y;
        c.h = c.next;
    }
    s->last = c.next;
    s->y = stacked(s, rows, test->iterations);
    free(rows);
}

static void output(subject *s, yg_node node) {
    cr_assert_neq(node, YG_NONE, "%s",
                  yg_graph_error(s->g) ? yg_graph_error(s->g)->message : "no gradient");
    s->outputs[s->output_count++] = node;
}

/* Compares values, the gradients of a loss, and the gradients of their squared length. */
static void make(subject *s, const loop_case *test, void (*build)(subject *, const loop_case *)) {
    const yg_type row = wide(2), square = type_of(YG_F64, 2, (int64_t[]){WIDTH, WIDTH});
    const yg_type rows = type_of(YG_F64, 3, (int64_t[]){test->iterations, BATCH, WIDTH});
    *s = (subject){.g = yg_graph_new(yg_ops(), 0)};
    s->h = yg_parameter(s->g, "h", &row);
    s->x = yg_parameter(s->g, "x", &rows);
    s->w = yg_parameter(s->g, "w", &square);
    s->v = yg_parameter(s->g, "v", &square);
    build(s, test);
    output(s, s->last);
    output(s, s->y);
    const yg_node loss = yg_add(s->g, yg_sum(s->g, yg_sin(s->g, s->last), NULL, 0, false),
                                yg_sum(s->g, yg_square(s->g, s->y), NULL, 0, false));
    const yg_node wrt[] = {s->h, s->x, s->w, s->v};
    yg_node first[4], second[4], length = YG_NONE;
    cr_assert(yg_grad(s->g, loss, YG_NONE, wrt, 4, first), "%s",
              yg_graph_error(s->g) ? yg_graph_error(s->g)->message : "");
    for (int i = 0; i < 4; i++) {
        output(s, first[i]);
        const yg_node part = yg_sum(s->g, yg_square(s->g, first[i]), NULL, 0, false);
        length = i == 0 ? part : yg_add(s->g, length, part);
    }
    cr_assert(yg_grad(s->g, length, YG_NONE, wrt, 4, second), "%s",
              yg_graph_error(s->g) ? yg_graph_error(s->g)->message : "");
    for (int i = 0; i < 4; i++)
        output(s, second[i]);
}

static yg_program *compute(const subject *s, unsigned flags, int threads) {
    yg_program *program = compile(s->g, s->outputs, s->output_count, NULL, 0, flags, threads);
    const yg_node leaves[] = {s->h, s->x, s->w, s->v};
    for (size_t i = 0; i < 4; i++)
        fill_leaf(s->g, program, leaves[i]);
    run(program);
    return program;
}

/* The largest difference, relative to the largest value. */
static double difference(const subject *a, yg_program *one, const subject *b, yg_program *other,
                         size_t output) {
    const int64_t count = yg_type_count(yg_node_type(a->g, a->outputs[output]));
    const double *x = data(one, a->outputs[output]), *y = data(other, b->outputs[output]);
    double apart = 0, largest = 1e-300;
    for (int64_t i = 0; i < count; i++) {
        apart = fmax(apart, fabs(x[i] - y[i]));
        largest = fmax(largest, fabs(x[i]));
        cr_assert(isfinite(x[i]) && isfinite(y[i]));
    }
    return apart / largest;
}

Test(loop, is_the_unrolled_graph) {
    static const loop_case cases[] = {
        {1, false, false}, {2, false, false}, {7, false, false}, {7, true, false},
        {7, false, true},  {7, true, true},   {60, false, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        subject loop, flat;
        make(&loop, &cases[i], with_a_loop);
        make(&flat, &cases[i], unrolled);
        cr_assert_eq(loop.output_count, flat.output_count);
        yg_program *expected = compute(&flat, 0, 1), *found = compute(&loop, 0, 1);
        yg_program *others[] = {compute(&loop, 0, 3), compute(&loop, YG_PROGRAM_NO_PLAN, 1)};
        for (size_t k = 0; k < loop.output_count; k++) {
            const double apart = difference(&loop, found, &flat, expected, k);
            cr_expect_leq(apart, k < 2 ? 0 : 1e-11, "case %zu, output %zu: %g", i, k, apart);
            for (size_t o = 0; o < 2; o++)
                expect_same(loop.g, found, others[o], loop.outputs[k], "another way");
        }
        yg_program_free(others[0]);
        yg_program_free(others[1]);
        yg_program_free(expected);
        yg_program_free(found);
        yg_graph_free(loop.g);
        yg_graph_free(flat.g);
    }
}

/* The plan is as long for 500 iterations as for two; work and memory grow with them. */
Test(loop, its_plan_does_not_grow) {
    yg_program_stats stats[3];
    static const int64_t iterations[] = {2, 250, 500};
    for (int i = 0; i < 3; i++) {
        subject s;
        make(&s, &(loop_case){iterations[i], false, true}, with_a_loop);
        yg_program *program = compute(&s, 0, 1);
        stats[i] = yg_program_get_stats(program);
        yg_program_free(program);
        yg_graph_free(s.g);
    }
    cr_expect_eq(stats[2].instructions, stats[0].instructions);
    cr_expect_leq(stats[2].flops, 2.01 * stats[1].flops);
    cr_expect_leq(stats[2].arena_bytes, 2 * stats[1].arena_bytes + 4096);
}

/* A loop whose types do not fit is an error of the graph. */
Test(loop, rejects_what_does_not_fit) {
    static const struct {
        const char *name, *expected;
    } cases[] = {{"no iteration", "an iteration at least"},
                 {"a short sequence", "does not fit"},
                 {"another carry", "of another type after an iteration"},
                 {"a loop that draws in a loop", "told apart"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const yg_type row = wide(2), rows = type_of(YG_F64, 3, (int64_t[]){4, BATCH, WIDTH});
        yg_graph *g = yg_graph_new(yg_ops(), 0), *body = yg_graph_new(yg_ops(), 0);
        const yg_node start = yg_parameter(g, "h", &row), sequence = yg_parameter(g, "x", &rows);
        const yg_node h = yg_input(body, "h", &row), x = yg_input(body, "x", &row);
        yg_node next = yg_add(body, h, x), last, made;
        if (i == 2)
            next = yg_sum(body, next, NULL, 0, false);
        if (i == 3) { /* the body is a loop itself, and draws */
            yg_graph *inner = yg_graph_new(yg_ops(), 0);
            const yg_node carry = yg_input(inner, "h", &row);
            const yg_node drawn = yg_multiply(inner, carry, mask(inner, 1));
            const yg_loop_spec spec = {.body = inner,
                                       .carries = &carry,
                                       .next = &drawn,
                                       .carry_count = 1,
                                       .iterations = 2};
            cr_assert(yg_loop(body, &spec, &next, NULL, NULL, &made, NULL));
            next = made;
        }
        const yg_loop_spec spec = {.body = body,
                                   .carries = &h,
                                   .next = &next,
                                   .carry_count = 1,
                                   .slices = &x,
                                   .slice_count = 1,
                                   .iterations = i == 0   ? 0
                                                 : i == 1 ? 5
                                                          : 4};
        cr_expect_not(yg_loop(g, &spec, &start, &sequence, NULL, &last, NULL), "%s", cases[i].name);
        cr_assert(yg_graph_error(g), "%s", cases[i].name);
        cr_expect(strstr(yg_graph_error(g)->message, cases[i].expected), "%s: %s", cases[i].name,
                  yg_graph_error(g)->message);
        yg_graph_free(g);
    }
}
