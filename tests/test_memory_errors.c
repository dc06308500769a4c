/*
 * Where memory is not to be had, the message says how much was asked for, for which tensors, and
 * where they stand in the model file.
 */
#include "compiled.h"
#include "ops/build.h"
#include "ops/ops.h"

#include <criterion/criterion.h>
#include <string.h>

/* By default AddressSanitizer ends the process instead of letting malloc() return NULL. */
__attribute__((visibility("default"))) const char *__asan_default_options(void);
const char *__asan_default_options(void) {
    return "allocator_may_return_null=1";
}

static yg_node at_line(yg_graph *g, int32_t line, yg_node (*build)(yg_graph *, yg_node, int64_t),
                       yg_node x, int64_t argument) {
    const yg_origin before = yg_graph_at(g, (yg_origin){"model.yaml", line, 3});
    const yg_node node = build(g, x, argument);
    yg_graph_at(g, before);
    return node;
}

static yg_node running_sum(yg_graph *g, yg_node x, int64_t dim) {
    const yg_attr attrs[] = {{.i = dim}, {.i = 0}};
    return yg_apply(g, yg_op_find(yg_ops(), "cumsum"), &x, 1, attrs);
}

static void expect_refused(const yg_graph *g, yg_node output, unsigned flags, int line,
                           const char *const *parts) {
    yg_error error = {0};
    const yg_compile_options options = {.flags = flags, .threads = 1};
    cr_assert_null(yg_graph_error(g), "%s", yg_graph_error(g)->message);
    yg_program *program = yg_compile(g, &output, 1, NULL, 0, &options, &error);
    cr_assert_null(program);
    cr_expect_eq(error.code, YG_ERROR_MEMORY);
    cr_expect_eq(error.line, line, "line %d: %s", (int)error.line, error.message);
    for (; *parts; parts++)
        cr_expect_not_null(strstr(error.message, *parts), "no '%s' in: %s", *parts, error.message);
}

/* 2^57 bytes are more than any machine can address. */
static const int64_t huge[] = {1 << 20, INT64_C(1) << 35};

static yg_node parameter(yg_graph *g, yg_node unused, int64_t dtype) {
    const yg_type type = type_of((yg_dtype)dtype, 2, huge);
    (void)unused;
    return yg_parameter(g, "dense.weight", &type);
}

Test(memory_errors, name_the_parameter) {
    yg_graph *g = yg_graph_new(yg_ops(), 0);
    const yg_node w = at_line(g, 12, parameter, YG_NONE, YG_F32);
    const yg_node small = yg_input(g, "x", &(yg_type){YG_F32, 2, {1 << 20, 1}});
    const yg_node y = yg_sum(g, yg_multiply(g, w, small), NULL, 0, false);
    expect_refused(
        g, y, 0, 12,
        (const char *const[]){"out of memory: inputs, parameters and outputs need 128.0 PiB",
                              "'dense.weight' f32[1048576, 34359738368], 128.0 PiB, line 12",
                              "; 'x' f32[1048576, 1], 4.0 MiB", NULL});
    yg_graph_free(g);
}

Test(memory_errors, name_the_largest_results) {
    yg_graph *g = yg_graph_new(yg_ops(), YG_GRAPH_F64);
    const yg_type type = type_of(YG_F64, 2, huge), scalar = yg_type_scalar(YG_F64);
    yg_graph_at(g, (yg_origin){"model.yaml", 6, 3});
    const yg_node x = yg_broadcast(g, yg_input(g, "x", &scalar), &type);
    const yg_node a = at_line(g, 7, running_sum, x, 0), b = at_line(g, 8, running_sum, a, 1);
    yg_node_set_name(g, b, "b");
    const yg_node y = yg_sum(g, b, NULL, 0, false);
    for (unsigned flags = 0; flags <= YG_PROGRAM_NO_PLAN; flags += YG_PROGRAM_NO_PLAN)
        expect_refused(
            g, y, flags, 6,
            (const char *const[]){
                "out of memory: the results of a run need ",
                "PiB; the largest: broadcast f64[1048576, 34359738368], 256.0 PiB, line 6",
                "cumsum f64[1048576, 34359738368], 256.0 PiB, line 7",
                "; 'b' f64[1048576, 34359738368], 256.0 PiB, line 8", NULL});
    yg_graph_free(g);
}

/* The bytes of each tensor fit an int64_t; their sum does not. */
Test(memory_errors, of_a_sum_that_overflows) {
    yg_graph *g = yg_graph_new(yg_ops(), YG_GRAPH_F64);
    const yg_type type = type_of(YG_F64, 2, (int64_t[]){INT64_C(1) << 29, INT64_C(1) << 29});
    const yg_type scalar = yg_type_scalar(YG_F64);
    yg_graph_at(g, (yg_origin){"model.yaml", 19, 3});
    yg_node sums[6] = {yg_broadcast(g, yg_input(g, "x", &scalar), &type)};
    for (int i = 0; i < 6; i++)
        sums[i] = at_line(g, 20 + i, running_sum, sums[i > 0 ? i - 1 : 0], i % 2);
    yg_node product = sums[5]; /* reads all, the last first */
    for (int i = 5; i-- > 0;)
        product = yg_multiply(g, product, sums[i]);
    for (unsigned flags = 0; flags <= YG_PROGRAM_NO_MEMORY; flags += YG_PROGRAM_NO_MEMORY)
        expect_refused(
            g, running_sum(g, product, 0), flags, 19,
            (const char *const[]){"EiB; the largest: broadcast f64[536870912, 536870912], "
                                  "2.0 EiB, line 19",
                                  NULL});
    yg_graph_free(g);
}

/* A shape rule finds a type that is too large, but does not know the line. */
Test(memory_errors, of_a_type_tell_operator_and_line) {
    yg_graph *g = yg_graph_new(yg_ops(), 0);
    const yg_node a = yg_input(g, "a", &(yg_type){YG_F32, 2, {INT64_C(1) << 31, 1}});
    const yg_node b = yg_input(g, "b", &(yg_type){YG_F32, 2, {1, INT64_C(1) << 31}});
    yg_graph_at(g, (yg_origin){"model.yaml", 31, 3});
    cr_expect_eq(yg_matmul(g, a, b, false, false), YG_NONE);
    const yg_error *error = yg_graph_error(g);
    cr_assert_not_null(error);
    cr_expect_eq(error->line, 31);
    cr_expect_str_eq(error->message,
                     "matmul: a tensor f32[2147483648, 2147483648] is too large to address");
    yg_graph_free(g);
}
