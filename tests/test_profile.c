/*
 * What a program says of its instructions: their nodes, their costs, their times.
 */
#include "graph/profile.h"
#include "model_text.h"
#include "ops/build.h"
#include "ops/ops.h"
#include "train/training_step.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static yg_program *compile(const yg_graph *g, yg_node output, const yg_update *update) {
    yg_error error = {0};
    const yg_compile_options options = {.threads = 1};
    yg_program *program = yg_compile(g, &output, 1, update, update ? 1 : 0, &options, &error);
    cr_assert(program, "%s", error.message);
    return program;
}

static void expect_cost(const yg_program *program, size_t index, size_t nodes, double flops,
                        int64_t bytes_read, int64_t bytes_written) {
    cr_assert_lt(index, yg_program_get_stats(program).instructions);
    const yg_instruction found = yg_program_instruction(program, index);
    cr_expect_eq(found.node_count, nodes, "instruction %zu: %zu nodes", index, found.node_count);
    cr_expect_eq(found.flops, flops, "instruction %zu: %g FLOPs", index, found.flops);
    cr_expect_eq(found.bytes_read, bytes_read, "instruction %zu reads %lld", index,
                 (long long)found.bytes_read);
    cr_expect_eq(found.bytes_written, bytes_written, "instruction %zu writes %lld", index,
                 (long long)found.bytes_written);
}

/* relu(x wᵀ + b)² with x [4, 3], w [5, 3], b [5]: a product, and a group of three. */
Test(profile, costs_by_hand) {
    yg_graph *g = yg_graph_new(yg_ops(), 0);
    yg_type types[3];
    cr_assert(yg_type_make(YG_F32, 2, (int64_t[]){4, 3}, &types[0], NULL));
    cr_assert(yg_type_make(YG_F32, 2, (int64_t[]){3, 5}, &types[1], NULL));
    cr_assert(yg_type_make(YG_F32, 1, (int64_t[]){5}, &types[2], NULL));
    const yg_node x = yg_input(g, "x", &types[0]), w = yg_parameter(g, "w", &types[1]);
    const yg_node b = yg_parameter(g, "b", &types[2]);
    const yg_node z = yg_matmul(g, x, w, false, false);
    const yg_node h = yg_call(g, "relu", (yg_node[]){yg_add(g, z, b)}, 1);
    const yg_node y = yg_multiply(g, h, h);
    yg_program *program = compile(g, y, NULL);
    cr_assert_eq(yg_program_get_stats(program).instructions, 2);
    expect_cost(program, 0, 1, 2. * 4 * 3 * 5, 4 * (12 + 15), 4 * 20);
    /* z and b are read, h stays in registers, y is written. */
    expect_cost(program, 1, 3, 3. * 20, 4 * (20 + 5), 4 * 20);
    cr_expect_eq(yg_program_instruction_node(program, 0, 0), z);
    cr_expect_eq(yg_program_instruction_node(program, 1, 1), h);
    cr_expect_eq(yg_program_instruction_node(program, 1, 2), y);
    yg_program_free(program);
    yg_graph_free(g);
}

/* A parameter that is updated in place is read once and written once. A tensor that two steps of a
 * group read counts once. A product and a sum in one step (multiply_add) count as two operations.
 */
Test(profile, memory_is_counted_once) {
    yg_graph *g = yg_graph_new(yg_ops(), 0);
    yg_type type;
    cr_assert(yg_type_make(YG_F64, 1, (int64_t[]){1000}, &type, NULL));
    const yg_node p = yg_parameter(g, "p", &type), x = yg_input(g, "x", &type);
    const yg_node s = yg_add(g, yg_multiply(g, p, x), x);
    const yg_node next = yg_subtract(g, p, s);
    yg_program *program = compile(g, s, &(yg_update){p, next});
    cr_assert_eq(yg_program_get_stats(program).instructions, 1);
    expect_cost(program, 0, 2, 3000, 2 * 8000, 2 * 8000); /* p, x; s, p */
    yg_program_free(program);
    yg_graph_free(g);
}

/* A real step: the instructions add up to the program, their nodes are nodes of the graph, and a
 * timed run computes what a plain run does. */
Test(profile, adds_up_to_the_program) {
    yg_error error = {0};
    yg_model *model = yg_model_load(YG_SOURCE "/models/iris.yaml", NULL, &error);
    cr_assert(model, "%s", error.message);
    yg_training_step step, other;
    cr_assert(yg_training_step_make(model, NULL, &step, &error), "%s", error.message);
    cr_assert(yg_training_step_make(model, NULL, &other, &error), "%s", error.message);
    const yg_program_stats stats = yg_program_get_stats(step.program);
    yg_time *times = calloc(stats.instructions, sizeof *times);
    double flops = 0;
    cr_assert_gt(stats.instructions, 10);
    cr_assert_lt(step.forward_end, step.backward_end);
    cr_assert_lt(step.backward_end, yg_graph_size(step.graph));
    for (size_t i = 0; i < stats.instructions; i++) {
        const yg_instruction instruction = yg_program_instruction(step.program, i);
        flops += instruction.flops;
        cr_expect_gt(instruction.node_count, 0);
        cr_expect_gt(instruction.bytes_written, 0);
        for (size_t k = 0; k < instruction.node_count; k++) {
            const yg_node node = yg_program_instruction_node(step.program, i, k);
            cr_assert_lt(node, yg_graph_size(step.graph));
            cr_expect_gt(yg_node_origin(step.graph, node).line, 0);
        }
    }
    cr_expect_eq(flops, stats.flops);
    for (int run = 0; run < 20; run++) {
        cr_assert(yg_program_run_timed(step.program, step.seed, 0, times, &error));
        cr_assert(yg_program_run(other.program, other.seed, 0, &error));
    }
    for (size_t i = 0; i < stats.instructions; i++)
        cr_expect_gt(times[i].seconds, 0, "instruction %zu", i);
    size_t compared = 0;
    for (yg_node node = 0; node < yg_graph_size(step.graph); node++) {
        if (!yg_node_is_parameter(step.graph, node) || !yg_program_data(step.program, node))
            continue;
        const size_t bytes = (size_t)yg_type_bytes(yg_node_type(step.graph, node));
        cr_expect_eq(memcmp(yg_program_data(step.program, node),
                            yg_program_data(other.program, node), bytes),
                     0, "%s", yg_node_name(step.graph, node));
        compared++;
    }
    cr_expect_gt(compared, 4);
    free(times);
    yg_training_step_free(&step);
    yg_training_step_free(&other);
    yg_model_free(model);
}

/* Two threads share a large product. The sum of three numbers after it is a stage of one thread:
 * the other one has nothing to do for as long. */
Test(profile, threads_that_wait) {
    yg_graph *g = yg_graph_new(yg_ops(), 0);
    yg_error error = {0};
    yg_type type;
    cr_assert(yg_type_make(YG_F32, 2, (int64_t[]){240, 240}, &type, NULL));
    const yg_node x = yg_input(g, "x", &type);
    const yg_node y = yg_sum(g, yg_matmul(g, x, x, false, false), NULL, 0, false);
    const yg_node z = yg_call(g, "exp", (yg_node[]){y}, 1);
    for (int threads = 1; threads <= 2; threads++) {
        const yg_compile_options options = {.threads = threads};
        yg_program *program = yg_compile(g, &z, 1, NULL, 0, &options, &error);
        cr_assert(program, "%s", error.message);
        const size_t count = yg_program_get_stats(program).instructions;
        yg_time times[8] = {0};
        cr_assert(count > 1 && count <= 8);
        cr_assert(yg_program_run_timed(program, 1, 0, times, &error));
        const yg_instruction product = yg_program_instruction(program, 0);
        const yg_instruction last = yg_program_instruction(program, count - 1);
        cr_expect_eq(product.shared, threads == 2);
        cr_expect_gt(product.pieces, 1);
        cr_expect_eq(product.stage, 0);
        cr_expect_eq(last.shared, false);
        cr_expect_eq(last.stage, count - 1);
        for (size_t i = 0; i < count; i++) {
            const double idle = times[i].idle, seconds = times[i].seconds;
            cr_expect(threads == 1 ? idle == 0 : idle >= 0 && idle <= 2 * seconds, "%zu: %g of %g",
                      i, idle, seconds);
        }
        if (threads == 2)
            cr_expect_geq(times[count - 1].idle, 0.999 * times[count - 1].seconds);
        yg_program_free(program);
    }
    yg_graph_free(g);
}

/* Batches of any size, with data and without. The default is the model's batch size. */
Test(profile, steps_of_any_batch) {
    static const char text[] = "format: 1\nname: t\ninputs: {x: [B, T, 2]}\n"
                               "targets: {y: {shape: [B, T], dtype: i32, classes: 3}}\n"
                               "graph: {h: {type: linear, input: x, out_features: 3}}\n"
                               "outputs: [h]\nloss: cross_entropy(h, y)\n";
    yg_error error = {0};
    yg_model *without = model_from_text(text, &error);
    cr_assert(without, "%s", error.message);
    yg_model *with = yg_model_load(YG_SOURCE "/models/iris.yaml", NULL, &error);
    cr_assert(with, "%s", error.message);
    const yg_dim dim = {.name = "T", .size = 5};
    const struct {
        yg_model *model;
        int64_t asked, expected;
        bool random;
    } cases[] = {{with, 0, 16, false},
                 {with, 1000, 1000, false},
                 {without, 0, 32, true},
                 {without, 7, 7, true}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const yg_training_step_options options = {
            .batch_size = cases[i].asked, .threads = 1, .dims = &dim, .dim_count = 1};
        yg_training_step step;
        cr_assert(yg_training_step_make(cases[i].model, &options, &step, &error), "%s",
                  error.message);
        cr_expect_eq(step.batch_size, cases[i].expected, "case %zu: %lld", i,
                     (long long)step.batch_size);
        cr_expect_eq(step.random_data, cases[i].random);
        cr_expect(yg_program_run(step.program, step.seed, 0, &error), "%s", error.message);
        yg_training_step_free(&step);
    }
    yg_model_free(with);
    yg_model_free(without);
}
