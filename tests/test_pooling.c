/*
 * Pooling: what its operators build, and how they end in a channels-last program.
 */
#include "graph/program.h"
#include "graph/random.h"
#include "ops/build.h"
#include "ops/ops.h"
#include "ops/pooling.h"
#include "ops/registry.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static yg_node input(yg_graph *graph, int rank, const int64_t *shape) {
    yg_type type;
    cr_assert(yg_type_make(YG_F32, rank, shape, &type, NULL));
    return yg_input(graph, "x", &type);
}

static yg_node max_pool(yg_graph *graph, yg_node x, int64_t kernel, int64_t stride,
                        int64_t padding) {
    yg_attr attrs[YG_MAX_POOL_ATTRS];
    yg_op_defaults(&yg_op_max_pool2d, attrs);
    const int64_t values[] = {kernel, stride, padding};
    for (int i = 0; i < 3; i++)
        attrs[i] = (yg_attr){.count = 1, .ints = {values[i]}};
    return yg_apply(graph, &yg_op_max_pool2d, &x, 1, attrs);
}

/* Random numbers. One in eight is 0. */
static void fill(yg_program *program, yg_node x, int64_t count) {
    float *data = yg_program_data(program, x);
    for (int64_t i = 0; i < count; i++) {
        const double value = 2 * yg_random_uniform(1, 2, (uint64_t)i) - 1;
        data[i] = i % 8 == 0 ? 0 : (float)value;
    }
}

/* max_pool2d(relu(x)), and the same behind a function that the operator does not look through. The
 * results and the gradients must have the same bits. */
Test(pooling, relu_moves_behind_the_maximum) {
    const int64_t shape[] = {2, 3, 9, 8}, count = 2 * 3 * 9 * 8;
    yg_graph *graph = yg_graph_new(yg_ops(), 0);
    const yg_node x = input(graph, 4, shape);
    const yg_node moved = max_pool(graph, yg_relu(graph, x), 3, 2, 1);
    const yg_node zero = yg_scalar(graph, YG_F32, 0);
    const yg_node positive =
        yg_where(graph, yg_less_equal(graph, x, zero), zero, x); /* the definition of relu */
    const yg_node plain = max_pool(graph, positive, 3, 2, 1);
    cr_assert_eq(yg_node_op(graph, moved), &yg_op_relu);
    yg_node outputs[4] = {moved, plain};
    const yg_node total[] = {yg_sum(graph, yg_square(graph, moved), NULL, 0, false),
                             yg_sum(graph, yg_square(graph, plain), NULL, 0, false)};
    cr_assert(yg_grad(graph, total[0], YG_NONE, &x, 1, &outputs[2]));
    cr_assert(yg_grad(graph, total[1], YG_NONE, &x, 1, &outputs[3]));
    yg_error error = {0};
    yg_program *program = yg_compile(graph, outputs, 4, NULL, 0, NULL, &error);
    cr_assert_not_null(program, "%s", error.message);
    fill(program, x, count);
    cr_assert(yg_program_run(program, 0, 0, &error), "%s", error.message);
    for (int i = 0; i < 4; i += 2) {
        const size_t bytes = (size_t)yg_type_bytes(yg_node_type(graph, outputs[i]));
        cr_assert(memcmp(yg_program_data(program, outputs[i]),
                         yg_program_data(program, outputs[i + 1]), bytes) == 0,
                  "output %d", i);
    }
    yg_program_free(program);
    yg_graph_free(graph);
}

/* A window that lies in the padding, which only dilation can make: nothing is its maximum, and its
 * gradient goes nowhere. */
Test(pooling, a_window_without_pixels) {
    const int64_t shape[] = {1, 1, 3};
    yg_graph *graph = yg_graph_new(yg_ops(), 0);
    const yg_node x = input(graph, 3, shape);
    const yg_attr attrs[] = {{.count = 1, .ints = {2}},
                             {.count = 1, .ints = {1}},
                             {.count = 1, .ints = {1}},
                             {.count = 1, .ints = {4}},
                             {0},
                             {0}};
    const yg_node y = yg_apply(graph, &yg_op_max_pool1d, &x, 1, attrs);
    yg_node outputs[] = {y, YG_NONE};
    cr_assert(yg_grad(graph, yg_sum(graph, y, NULL, 0, false), YG_NONE, &x, 1, &outputs[1]));
    yg_error error = {0};
    yg_program *program = yg_compile(graph, outputs, 2, NULL, 0, NULL, &error);
    cr_assert_not_null(program, "%s", error.message);
    fill(program, x, 3);
    cr_assert(yg_program_run(program, 0, 0, &error), "%s", error.message);
    const float *found = yg_program_data(program, y), *slope = yg_program_data(program, outputs[1]);
    cr_assert(isinf(found[0]) && found[0] < 0, "%g", (double)found[0]);
    for (int i = 0; i < 3; i++)
        cr_assert_eq(slope[i], 0);
    yg_program_free(program);
    yg_graph_free(graph);
}
