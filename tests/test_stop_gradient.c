/*
 * stop_gradient: no gradient passes, of any order; and a program in which it stands is the one
 * without it.
 */
#include "compiled.h"
#include "ops/build.h"
#include "ops/ops.h"

#include <math.h>
#include <stdlib.h>

enum { COUNT = 5000 };

static yg_node stopped(yg_graph *g, yg_node x) {
    return yg_call(g, "stop_gradient", &x, 1);
}

/* The slope of x · stop(x) is stop(x), and that of stop(x) is none. */
Test(stop_gradient, passes_no_gradient) {
    yg_graph *g = yg_graph_new(yg_ops(), YG_GRAPH_F64);
    const yg_type type = type_of(YG_F64, 1, (int64_t[]){COUNT});
    const yg_node x = yg_input(g, "x", &type), ones = yg_full(g, &type, 1);
    const yg_node held = stopped(g, yg_exp(g, x));
    yg_node slope, none, curve;
    cr_assert(yg_grad(g, yg_multiply(g, x, held), ones, &x, 1, &slope));
    cr_assert(yg_grad(g, yg_square(g, held), ones, &x, 1, &none));
    cr_assert(yg_grad(g, slope, ones, &x, 1, &curve));
    cr_expect_eq(none, YG_NONE);
    cr_expect_eq(curve, YG_NONE);
    yg_program *program = compile(g, &slope, 1, NULL, 0, 0, 1);
    fill_leaf(g, program, x);
    run(program);
    for (int i = 0; i < COUNT; i++)
        cr_assert_float_eq(data(program, slope)[i], exp(data(program, x)[i]), 1e-12);
    yg_program_free(program);
    yg_graph_free(g);
}

/* What tanh(f(exp(x))) · x takes, where f is stop_gradient or nothing. */
static yg_program_stats cost(bool stops, const char *without) {
    yg_graph *g = yg_graph_new(yg_ops(), 0);
    const yg_type type = type_of(YG_F32, 1, (int64_t[]){COUNT});
    const yg_node x = yg_input(g, "x", &type), e = yg_exp(g, x);
    const yg_node y = yg_multiply(g, yg_tanh(g, stops ? stopped(g, e) : e), x);
    yg_program *program = compile_without(g, &y, 1, NULL, 0, without, 1);
    fill_leaf(g, program, x);
    run(program);
    for (int i = 0; i < COUNT; i++) {
        const float at = ((const float *)yg_program_data(program, x))[i];
        cr_assert_float_eq(((const float *)yg_program_data(program, y))[i], tanhf(expf(at)) * at,
                           1e-5);
    }
    const yg_program_stats stats = yg_program_get_stats(program);
    yg_program_free(program);
    yg_graph_free(g);
    return stats;
}

/* The rule makes it one loop without memory for exp(x), as if stop_gradient were not there. */
Test(stop_gradient, costs_nothing) {
    const yg_program_stats with = cost(true, NULL), without = cost(false, NULL);
    cr_expect_eq(with.instructions, without.instructions);
    cr_expect_eq(with.arena_bytes, without.arena_bytes);
    cr_expect_eq(with.flops, without.flops);
    const yg_program_stats unruled = cost(true, "remove_stop_gradient");
    cr_expect_gt(unruled.arena_bytes, without.arena_bytes);
}
