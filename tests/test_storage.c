/*
 * Which nodes share bytes: slices that are read where they lie, parameters that are written over,
 * values that are computed where they go, and when none of that may be.
 */
#include "compiled.h"
#include "graph/program.h"
#include "graph/random.h"
#include "ops/build.h"
#include "ops/ops.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static yg_node cut(yg_graph *g, yg_node x, int64_t start, int64_t stop) {
    const int64_t step = 1;
    return yg_slice(g, x, &start, &stop, &step);
}

/* A contiguous part of a tensor is read in its place. It needs no instruction and no memory. */
Test(storage, slices_share_memory) {
    yg_graph *g = yg_graph_new(yg_ops(), 0);
    const yg_type type = type_of(YG_F64, 1, (int64_t[]){80});
    const yg_node x = yg_input(g, "x", &type), p = yg_parameter(g, "p", &type);
    const yg_node h = yg_call(g, "square", &x, 1);
    const yg_node y =
        yg_sum(g, yg_multiply(g, cut(g, h, 3, 43), cut(g, p, 40, 80)), NULL, 0, false);
    const yg_node outputs[] = {y, cut(g, h, 1, 3), cut(g, p, 8, 10)};
    yg_program *program = compile(g, outputs, 3, NULL, 0, 0, 1);
    yg_program *plain = compile(g, outputs, 3, NULL, 0, YG_PROGRAM_NO_PLAN, 1);
    cr_expect_lt(yg_program_get_stats(program).instructions,
                 yg_program_get_stats(plain).instructions);
    for (int i = 0; i < 80; i++) {
        data(program, x)[i] = data(plain, x)[i] = i;
        data(program, p)[i] = data(plain, p)[i] = 100 - i;
    }
    run(program);
    run(plain);
    cr_expect_eq(*data(program, y), *data(plain, y));
    for (int o = 1; o < 3; o++) {
        cr_expect_eq((uintptr_t)data(program, outputs[o]) % 64, 0, "output %d", o);
        cr_expect_arr_eq(data(program, outputs[o]), data(plain, outputs[o]), 2 * sizeof(double));
    }
    cr_expect_eq(data(program, outputs[2]), data(program, p) + 8, "aligned: where it lies");
    yg_program_free(program);
    yg_program_free(plain);
    yg_graph_free(g);
}

static yg_node row_of(yg_graph *g, yg_node x, int64_t row) {
    const int64_t start[] = {row, 0}, step[] = {1, 1};
    const int64_t stop[] = {row + 1, yg_node_type(g, x)->shape[1]};
    return yg_slice(g, x, start, stop, step);
}

/* A parameter cannot be written over row by row while another reader needs other rows of it. */
Test(storage, update_waits_for_slices) {
    yg_graph *g = yg_graph_new(yg_ops(), 0);
    const yg_type type = type_of(YG_F64, 2, (int64_t[]){40, 50});
    const yg_node p = yg_parameter(g, "p", &type);
    const yg_update update = {p, yg_subtract(g, p, row_of(g, p, 0))};
    yg_program *program = compile(g, NULL, 0, &update, 1, 0, 1);
    for (int i = 0; i < 2000; i++)
        data(program, p)[i] = i;
    run(program);
    for (int i = 0; i < 2000; i++)
        cr_assert_eq(data(program, p)[i], i - i % 50, "%d", i);
    yg_program_free(program);
    yg_graph_free(g);
}

/* The unit that writes over the parameter also reads a slice of it, in other rows. So does an
 * earlier unit, for a later node. */
Test(storage, update_minds_every_slice) {
    yg_graph *g = yg_graph_new(yg_ops(), 0);
    const yg_type two = type_of(YG_F64, 2, (int64_t[]){2, 300});
    const yg_type four = type_of(YG_F64, 2, (int64_t[]){4, 300});
    const yg_node x = yg_input(g, "x", &two), w = yg_parameter(g, "w", &four);
    const yg_node early = yg_exp(g, x);
    const yg_node value = yg_subtract(g, w, row_of(g, w, 0));
    const yg_node late = yg_add(g, early, row_of(g, w, 1));
    yg_program *program = compile(g, &late, 1, &(yg_update){w, value}, 1, 0, 1);
    for (int i = 0; i < 1200; i++)
        data(program, w)[i] = 1 + i / 300;
    run(program);
    for (int i = 0; i < 1200; i++)
        cr_expect_eq(data(program, w)[i], i / 300, "%d", i);
    for (int i = 0; i < 600; i++)
        cr_expect_eq(data(program, late)[i], 3, "%d", i);
    yg_program_free(program);
    yg_graph_free(g);
}

/* One thread makes a copy at the end of a stage that threads share. */
Test(storage, a_shared_copy_is_done) {
    yg_graph *g = yg_graph_new(yg_ops(), 0);
    const yg_type few = type_of(YG_F64, 1, (int64_t[]){300});
    const yg_type many = type_of(YG_F64, 1, (int64_t[]){200000});
    const yg_type square = type_of(YG_F64, 2, (int64_t[]){5, 5});
    const yg_node x = yg_input(g, "x", &few), z = yg_input(g, "z", &many);
    const yg_node h = yg_softmax(g, x, 0);
    const yg_node late = yg_exp(g, yg_add(g, z, yg_sum(g, h, NULL, 0, false)));
    const yg_node outputs[] = {late, yg_reshape(g, cut(g, h, 101, 126), &square)};
    yg_program *program = compile(g, outputs, 2, NULL, 0, 0, 2);
    char *text = yg_program_text(program);
    cr_assert(strstr(text, "at once:") && strstr(text, " = copy("), "%s", text);
    free(text);
    run(program);
    for (int i = 0; i < 25; i++)
        cr_expect_float_eq(data(program, outputs[1])[i], 1 / 300.0, 1e-15, "%d", i);
    yg_program_free(program);
    yg_graph_free(g);
}

/* An operand of concat is computed in its place in the result, unless it is read later or is not in
 * the arena. The values are right in every case. */
Test(storage, joined_values_are_computed_in_place) {
    for (int seen = 0; seen < 2; seen++) {
        yg_graph *g = yg_graph_new(yg_ops(), 0);
        const yg_type type = type_of(YG_F64, 2, (int64_t[]){2, 8});
        const yg_node x = yg_input(g, "x", &type), a = yg_tanh(g, x), b = yg_sin(g, x);
        const yg_node first = yg_exp(g, x), between = yg_matmul(g, a, b, true, false);
        const yg_node parts[] = {first, a, x, b, b, yg_matmul(g, x, between, false, false)};
        const yg_node nested[] = {yg_concat(g, parts, 6, 0), yg_square(g, x)};
        const yg_node all = yg_concat(g, nested, 2, 0);
        const yg_node y = yg_matmul(g, all, all, true, false);
        const yg_node z = yg_matmul(g, y, y, false, false);
        const yg_node late = yg_add(g, yg_matmul(g, a, z, false, false), a);
        const yg_node list[] = {seen ? late : z};
        yg_program *planned = compile(g, list, 1, NULL, 0, 0, 2);
        yg_program *plain = compile(g, list, 1, NULL, 0, YG_PROGRAM_NO_PLAN, 1);
        for (int i = 0; i < 16; i++)
            data(planned, x)[i] = data(plain, x)[i] = 0.1 * i - 0.7;
        for (int step = 0; step < 2; step++) {
            run(planned);
            run(plain);
        }
        cr_expect_eq(memcmp(data(planned, list[0]), data(plain, list[0]),
                            (size_t)yg_type_bytes(yg_node_type(g, list[0]))),
                     0);
        char *text = yg_program_text(planned);
        cr_expect(strstr(text, "+384 = "), "a stretch of the joined values is a result:\n%s", text);
        free(text);
        yg_program_free(planned);
        yg_program_free(plain);
        yg_graph_free(g);
    }
}

/* A kernel that may write over its first operand does so only if no later unit reads it, and if no
 * other operand is the same node. */
Test(storage, kernels_write_over_what_is_not_read_again) {
    enum { LAST, LATER, OPERAND, PART, INPUT, CASES };
    static const int64_t start[] = {3, 0}, stop[] = {6, 6}, step[] = {1, 1};
    for (int i = 0; i < CASES; i++) {
        yg_graph *g = yg_graph_new(yg_ops(), 0);
        const yg_op *addmm = yg_op_find(yg_ops(), "addmm");
        const yg_type type = type_of(YG_F64, 2, (int64_t[]){6, 6});
        const yg_type half = type_of(YG_F64, 2, (int64_t[]){6, 3});
        const yg_node x = yg_input(g, "x", &type), w = yg_input(g, "w", &half);
        const yg_node made = yg_matmul(g, x, x, false, true), c = i == INPUT ? x : made;
        const yg_node part = yg_slice(g, c, start, stop, step);
        const yg_node a = i == OPERAND ? c : i == PART ? w : yg_matmul(g, x, x, true, false);
        const yg_node b = i == PART ? part : x;
        const yg_node sum = yg_apply(g, addmm, (const yg_node[]){c, a, b}, 3, NULL);
        const yg_node y = i == LATER ? yg_matmul(g, sum, c, false, false) : yg_softmax(g, sum, 0);
        yg_program *planned = compile(g, &y, 1, NULL, 0, 0, 2);
        yg_program *plain = compile(g, &y, 1, NULL, 0, YG_PROGRAM_NO_PLAN, 1);
        const yg_node inputs[] = {x, w};
        for (size_t k = 0; k < 2; k++) {
            double *to[] = {yg_program_data(planned, inputs[k]), yg_program_data(plain, inputs[k])};
            for (int e = 0; to[0] && e < (k ? 18 : 36); e++)
                to[0][e] = to[1][e] = yg_random_normal(3, k, (uint64_t)e);
        }
        for (int again = 0; again < 2; again++) {
            run(planned);
            run(plain);
        }
        cr_expect_eq(memcmp(data(planned, y), data(plain, y), (size_t)yg_type_bytes(&type)), 0,
                     "case %d", i);
        char *text = yg_program_text(planned);
        const char *line = strstr(text, " = addmm(@");
        if (i == LAST) {
            char out[32], in[32];
            cr_assert(line);
            while (line > text && line[-1] != ' ')
                line--;
            cr_assert_eq(sscanf(line, "@%31[0-9] = addmm(@%31[0-9]", out, in), 2, "%s", text);
            cr_expect_str_eq(out, in, "%s", text);
        }
        free(text);
        yg_program_free(planned);
        yg_program_free(plain);
        yg_graph_free(g);
    }
}
