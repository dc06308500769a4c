/*
 * Building loops: random numbers that no two loops share, and what is refused.
 */
#include "loop_cells.h"
#include "ops/build.h"
#include "ops/ops.h"

#include <criterion/criterion.h>
#include <string.h>

/* --------------------------------------------------------------------------- random numbers -- */

/* A loop that collects masks, [2, BATCH, WIDTH]. */
static yg_node masks(yg_graph *g, yg_node start, yg_loop_unroll unroll) {
    const yg_type row = loop_type('r');
    yg_graph *body = yg_graph_new(yg_ops(), 0);
    const yg_node h = yg_input(body, "h", &row), drawn = loop_mask(body, 0);
    const yg_node next = yg_add(body, h, drawn);
    const yg_loop_spec spec = {.body = body,
                               .carries = &h,
                               .next = &next,
                               .carry_count = 1,
                               .outputs = &drawn,
                               .output_count = 1,
                               .iterations = 2,
                               .unroll = unroll};
    yg_node last, made;
    cr_assert(yg_loop(g, &spec, &start, NULL, NULL, &last, &made));
    return made;
}

/* A caller may pass no error, also where loops are trimmed. */
Test(loop_building, compiles_without_an_error_to_fill_in) {
    const yg_type row = loop_type('r');
    yg_graph *g = yg_graph_new(yg_ops(), 0);
    const yg_node made = masks(g, yg_parameter(g, "start", &row), YG_UNROLL_NEVER);
    yg_program *program = yg_compile(g, &made, 1, NULL, 0, NULL, NULL);
    cr_expect_not_null(program);
    yg_program_free(program);
    yg_graph_free(g);
}

/* Each loop of a graph draws other numbers, and each iteration. */
Test(loop_building, no_two_draw_the_same_numbers) {
    const yg_type row = loop_type('r');
    const size_t bytes = (size_t)yg_type_bytes(&row);
    for (int unroll = YG_UNROLL_ALWAYS; unroll <= YG_UNROLL_NEVER; unroll++) {
        yg_graph *g = yg_graph_new(yg_ops(), 0);
        const yg_node start = yg_parameter(g, "start", &row);
        yg_node shown[8];
        for (int n = 0; n < 3; n++)
            shown[n] = masks(g, start, (yg_loop_unroll)unroll);
        shown[3] = loop_mask(g, yg_loop_stream(0, 1));
        shown[4] = loop_mask(g, yg_loop_stream(yg_loop_stream(0, 1), -1));
        shown[5] = loop_mask(g, yg_loop_stream(yg_loop_stream(0, 0), -2));
        yg_program *program = compile(g, shown, 6, NULL, 0, 0, 1);
        run(program);
        const char *drawn[6];
        for (int n = 0; n < 3; n++) {
            drawn[2 * n] = yg_program_data(program, shown[n]);
            drawn[2 * n + 1] = drawn[2 * n] + bytes;
        }
        for (int i = 0; i < 6; i++) {
            for (int k = 0; k < i; k++)
                cr_expect_neq(memcmp(drawn[i], drawn[k], bytes), 0, "%d and %d", i, k);
        }
        cr_expect_eq(memcmp(drawn[1], yg_program_data(program, shown[3]), bytes), 0);
        cr_expect_eq(memcmp(drawn[3], yg_program_data(program, shown[4]), bytes), 0);
        cr_expect_eq(memcmp(drawn[4], yg_program_data(program, shown[5]), bytes), 0);
        yg_program_free(program);
        yg_graph_free(g);
    }
}

/* ------------------------------------------------------------------------------ wrong loops -- */

typedef struct wrong_case {
    const char *name, *expected;
} wrong_case;

/* A graph of `depth` loops, one in the other, around a mask. */
static yg_graph *nest(int depth, yg_node *h, yg_node *next) {
    const yg_type row = loop_type('r');
    yg_graph *g = yg_graph_new(yg_ops(), 0);
    *h = yg_input(g, "h", &row);
    if (depth == 0) {
        *next = yg_multiply(g, *h, loop_mask(g, 1));
        return g;
    }
    yg_node inner, made;
    yg_graph *body = nest(depth - 1, &inner, &made);
    const yg_loop_spec spec = {
        .body = body, .carries = &inner, .next = &made, .carry_count = 1, .iterations = 2};
    *next = YG_NONE;
    yg_loop(g, &spec, h, NULL, NULL, next, NULL);
    return g;
}

Test(loop_building, rejects_what_does_not_fit) {
    static const wrong_case cases[] = {{"no iteration", "an iteration at least"},
                                       {"a short sequence", "does not fit"},
                                       {"another carry", "of another type after an iteration"},
                                       {"an input that is not listed", "no carry, slice or"},
                                       {"an input that is listed twice", "listed twice"},
                                       {"no such output", "does not compute output 0"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const yg_type row = loop_type('r'),
                      rows = type_of(loop_real, 3, (int64_t[]){4, BATCH, WIDTH});
        yg_graph *g = yg_graph_new(yg_ops(), 0), *body = yg_graph_new(yg_ops(), 0);
        const yg_node start = yg_parameter(g, "h", &row), sequence = yg_parameter(g, "x", &rows);
        const yg_node h = yg_input(body, "h", &row), x = yg_input(body, "x", &row);
        yg_node next = yg_add(body, h, x), last, made, output = i == 5 ? 1000 : next;
        if (i == 2)
            next = yg_sum(body, next, NULL, 0, false);
        if (i == 3)
            next = yg_add(body, next, yg_input(body, "forgotten", &row));
        const yg_loop_spec spec = {.body = body,
                                   .carries = &h,
                                   .next = &next,
                                   .carry_count = 1,
                                   .slices = i == 4 ? &h : &x,
                                   .slice_count = 1,
                                   .outputs = &output,
                                   .output_count = 1,
                                   .iterations = i == 0   ? 0
                                                 : i == 1 ? 5
                                                          : 4};
        cr_expect_not(yg_loop(g, &spec, &start, &sequence, NULL, &last, &made), "%s",
                      cases[i].name);
        cr_assert(yg_graph_error(g), "%s", cases[i].name);
        cr_expect(strstr(yg_graph_error(g)->message, cases[i].expected), "%s: %s", cases[i].name,
                  yg_graph_error(g)->message);
        yg_graph_free(g);
    }
}

/* The attribute that tells nested iterations apart has room for YG_MAX_RANK of them. */
Test(loop_building, rejects_random_loops_that_are_nested_too_deep) {
    for (int depth = YG_MAX_RANK - 1; depth <= YG_MAX_RANK + 1; depth++) {
        yg_node h, next;
        yg_graph *g = nest(depth, &h, &next);
        const yg_error *error = yg_graph_error(g);
        cr_expect_eq(error == NULL, depth <= YG_MAX_RANK, "%d: %s", depth,
                     error ? error->message : "no error");
        if (error)
            cr_expect(strstr(error->message, "nested too deep"), "%s", error->message);
        if (!error) {
            yg_program *program = compile(g, &next, 1, NULL, 0, 0, 1);
            run(program);
            yg_program_free(program);
        }
        yg_graph_free(g);
    }
}
