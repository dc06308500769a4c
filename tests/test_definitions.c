/*
 * Definitions of primitives, with operators made for the purpose: as a derivative, in place of a
 * kernel, and as what the checker compares with.
 */
#include "graph/program.h"
#include "operator_check.h"
#include "ops/build.h"
#include "ops/ops.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static yg_op copy_of(const char *name) {
    const yg_op *op = yg_op_find(yg_ops(), name);
    cr_assert_not_null(op, "no operator %s", name);
    return *op;
}

static yg_graph *new_graph(void) {
    yg_graph *graph = yg_graph_new(yg_ops(), 0);
    cr_assert_not_null(graph);
    return graph;
}

static yg_node apply(yg_graph *graph, const yg_op *op, yg_node x) {
    return yg_apply(graph, op, &x, 1, NULL);
}

static yg_node input(yg_graph *graph, const char *name, yg_dtype dtype) {
    const yg_type type = {.dtype = dtype, .rank = 1, .shape = {3}};
    return yg_input(graph, name, &type);
}

/* 1 / (1 + exp(-x)) */
static size_t plain_sigmoid(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                            yg_node *results) {
    (void)call;
    const yg_node power = yg_exp(graph, yg_negative(graph, operands[0]));
    results[0] = yg_reciprocal(graph, yg_offset(graph, power, 1));
    return 1;
}

/* ---------------------------------------------------------------------------- the derivative -- */

Test(definitions, are_the_default_derivative) {
    yg_op sigmoid = copy_of("sigmoid");
    sigmoid.vjp = NULL;
    sigmoid.compose = plain_sigmoid;
    operator_counts counts;
    char why[WHY_SIZE];
    cr_assert(operator_check(yg_ops(), &sigmoid, &counts, why), "%s", why);
    cr_assert_gt(counts.gradients, 0);
    cr_assert_gt(counts.defined, 0);
    cr_assert_gt(counts.defined_slopes, 0);
}

static size_t defined_as_exp(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                             yg_node *results) {
    (void)call;
    results[0] = yg_exp(graph, operands[0]);
    return 1;
}

/* The derivative of exp is exp: it uses the node itself and does not compute the definition again.
 */
Test(definitions, results_stand_for_the_definitions) {
    yg_op fused = copy_of("exp");
    fused.vjp = NULL;
    fused.compose = defined_as_exp;
    yg_graph *graph = new_graph();
    const yg_node x = input(graph, "x", YG_F64), dy = input(graph, "dy", YG_F64);
    const yg_node y = apply(graph, &fused, x);
    yg_node slope;
    cr_assert(yg_grad(graph, y, dy, &x, 1, &slope));
    cr_expect_eq(yg_graph_size(graph), 4, "x, dy, y and their product");
    cr_expect_eq(yg_node_op(graph, slope), yg_op_find(yg_ops(), "multiply"));
    cr_expect(yg_node_operand(graph, slope, 0) == y || yg_node_operand(graph, slope, 1) == y);
    yg_graph_free(graph);
}

static size_t defined_as_log(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                             yg_node *results) {
    (void)call;
    results[0] = yg_log(graph, operands[0]);
    return 1;
}

/* In the caller's graph the definition log(exp(a)) would be simplified to a. That does not depend
 * on exp(a), so the derivative would be lost. */
Test(definitions, are_not_simplified_past_their_operands) {
    yg_op fused = copy_of("log");
    fused.vjp = NULL;
    fused.simplify = NULL;
    fused.compose = defined_as_log;
    yg_graph *graph = new_graph();
    const yg_node a = input(graph, "a", YG_F64), dy = input(graph, "dy", YG_F64);
    const yg_node x = yg_exp(graph, a), y = apply(graph, &fused, x);
    yg_node slopes[2];
    cr_assert(yg_grad(graph, y, dy, (const yg_node[]){x, a}, 2, slopes));
    cr_assert(slopes[0] != YG_NONE && slopes[1] != YG_NONE);
    yg_error error = {0};
    yg_program *program = yg_compile(graph, slopes, 2, NULL, 0, NULL, &error);
    cr_assert_not_null(program, "%s", error.message);
    memcpy(yg_program_data(program, a), (const double[]){-1, 0, 2}, 3 * sizeof(double));
    memcpy(yg_program_data(program, dy), (const double[]){1, 2, 3}, 3 * sizeof(double));
    cr_assert(yg_program_run(program, 0, 0, &error), "%s", error.message);
    const double *by_x = yg_program_data(program, slopes[0]);
    const double *by_a = yg_program_data(program, slopes[1]);
    for (int i = 0; i < 3; i++) {
        cr_expect_float_eq(by_x[i], (i + 1) / exp((const double[]){-1, 0, 2}[i]), 1e-12);
        cr_expect_float_eq(by_a[i], i + 1, 1e-12);
    }
    yg_program_free(program);
    yg_graph_free(graph);
}

/* Two operands are the same node, and the derivative by another is not asked for. */
static size_t defined_as_product(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                                 yg_node *results) {
    (void)call;
    results[0] = yg_multiply(graph, operands[0], operands[1]);
    return 1;
}

Test(definitions, take_equal_operands_and_unwanted_ones) {
    yg_op product = copy_of("multiply");
    product.vjp = NULL;
    product.simplify = NULL;
    product.compose = defined_as_product;
    yg_graph *graph = new_graph();
    const yg_node x = input(graph, "x", YG_F64), z = input(graph, "z", YG_F64);
    const yg_node dy = input(graph, "dy", YG_F64);
    const yg_node square = yg_apply(graph, &product, (const yg_node[]){x, x}, 2, NULL);
    yg_node slope;
    cr_assert(yg_grad(graph, square, dy, &x, 1, &slope));
    const size_t before = yg_graph_size(graph);
    const yg_node y = yg_apply(graph, &product, (const yg_node[]){x, z}, 2, NULL);
    yg_node by_z;
    cr_assert(yg_grad(graph, y, dy, &z, 1, &by_z));
    cr_expect_leq(yg_graph_size(graph), before + 2, "y and dy · x, nothing for x");
    const yg_node both[] = {slope, by_z};
    yg_error error = {0};
    yg_program *program = yg_compile(graph, both, 2, NULL, 0, NULL, &error);
    cr_assert_not_null(program, "%s", error.message);
    memcpy(yg_program_data(program, x), (const double[]){-1, 3, 2}, 3 * sizeof(double));
    memcpy(yg_program_data(program, dy), (const double[]){1, 2, 3}, 3 * sizeof(double));
    cr_assert(yg_program_run(program, 0, 0, &error), "%s", error.message);
    const double *by_x = yg_program_data(program, slope);
    cr_expect(by_x[0] == -2 && by_x[1] == 12 && by_x[2] == 12);
    yg_program_free(program);
    yg_graph_free(graph);
}

/* A derivative costs as much as its definition, however large the graph before the node is. */
Test(definitions, of_a_long_chain_cost_as_much_each) {
    yg_op fused = copy_of("exp");
    fused.vjp = NULL;
    fused.compose = defined_as_exp;
    yg_graph *graph = new_graph();
    const yg_node x = input(graph, "x", YG_F64), dy = input(graph, "dy", YG_F64);
    yg_node y = x, slope;
    for (int i = 0; i < 20000; i++)
        y = apply(graph, &fused, y);
    cr_assert(yg_grad(graph, y, dy, &x, 1, &slope));
    cr_expect_eq(yg_graph_size(graph), 2 + 20000 + 20000);
    yg_graph_free(graph);
}

/* ---------------------------------------------------------------------- in place of a kernel -- */

Test(definitions, stand_in_for_a_missing_kernel) {
    yg_op sigmoid = copy_of("sigmoid");
    sigmoid.tile[YG_F32] = NULL;
    sigmoid.compose = plain_sigmoid;
    yg_graph *graph = new_graph();
    const yg_node x = input(graph, "x", YG_F32), wide = input(graph, "wide", YG_F64);
    const yg_node y = apply(graph, &sigmoid, x), z = apply(graph, &sigmoid, wide);
    cr_assert_null(yg_graph_error(graph));
    cr_expect_eq(yg_node_op(graph, z), &sigmoid, "there is a kernel for f64");
    for (yg_node node = 0; node < yg_graph_size(graph); node++)
        cr_expect(node == z || yg_node_op(graph, node) != &sigmoid);
    cr_expect_eq(yg_node_type(graph, y)->dtype, YG_F32);
    yg_node slope;
    const yg_node dy = input(graph, "dy", YG_F32);
    cr_assert(yg_grad(graph, y, dy, &x, 1, &slope));
    const yg_node both[] = {y, slope};
    yg_error error = {0};
    yg_program *program = yg_compile(graph, both, 2, NULL, 0, NULL, &error);
    cr_assert_not_null(program, "%s", error.message);
    const float values[] = {-2, 0, 1};
    memcpy(yg_program_data(program, x), values, sizeof values);
    memcpy(yg_program_data(program, dy), (const float[]){1, 1, 1}, sizeof values);
    cr_assert(yg_program_run(program, 0, 0, &error), "%s", error.message);
    for (int i = 0; i < 3; i++) {
        const double s = 1 / (1 + exp(-(double)values[i]));
        cr_expect_float_eq(((const float *)yg_program_data(program, y))[i], s, 1e-6);
        cr_expect_float_eq(((const float *)yg_program_data(program, slope))[i], s * (1 - s), 1e-6);
    }
    yg_program_free(program);
    yg_graph_free(graph);
}

/* An operator on floats does not take integers because it has a definition. */
Test(definitions, do_not_make_floats_of_integers) {
    yg_op sigmoid = copy_of("sigmoid");
    sigmoid.flags &= ~(unsigned)YG_OP_FLOAT_ONLY; /* which converts operands */
    sigmoid.compose = plain_sigmoid;
    yg_graph *graph = new_graph();
    cr_expect_eq(apply(graph, &sigmoid, input(graph, "x", YG_I32)), YG_NONE);
    const yg_error *error = yg_graph_error(graph);
    cr_assert_not_null(error);
    cr_expect_str_eq(error->message, "sigmoid does not take i32 tensors");
    yg_graph_free(graph);
}

/* ---------------------------------------------------------------------------- wrong ones -- */

static void expect_caught(const yg_op *wrong, const char *message) {
    operator_counts counts;
    char why[WHY_SIZE] = "";
    cr_assert_not(operator_check(yg_ops(), wrong, &counts, why), "not caught; expected: %s",
                  message);
    cr_assert_not_null(strstr(why, message), "caught as '%s', expected '%s'", why, message);
}

static size_t other_function(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                             yg_node *results) {
    (void)call;
    results[0] = yg_tanh(graph, operands[0]);
    return 1;
}

Test(definitions, of_another_function_are_caught) {
    yg_op wrong = copy_of("sigmoid");
    wrong.compose = other_function;
    expect_caught(&wrong, "value, element 0");
    wrong.vjp = NULL;
    expect_caught(&wrong, "first order");
}

/* The value of sigmoid. No cotangent passes through it. */
static const yg_op *frozen_sigmoid(void) {
    static yg_op frozen;
    frozen = copy_of("sigmoid");
    frozen.name = "frozen_sigmoid";
    frozen.vjp = NULL;
    frozen.flags |= YG_OP_NON_DIFFERENTIABLE;
    return &frozen;
}

static size_t frozen_definition(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                                yg_node *results) {
    (void)call;
    results[0] = apply(graph, frozen_sigmoid(), operands[0]);
    return 1;
}

Test(definitions, with_another_derivative_are_caught) {
    yg_op wrong = copy_of("sigmoid");
    wrong.compose = frozen_definition;
    expect_caught(&wrong, "first order, element 0");
}

/* s · (1 - s), where s has no derivative. */
static yg_node first_vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)k;
    const yg_node s = apply(graph, frozen_sigmoid(), yg_node_operand(graph, y, 0));
    return yg_multiply(graph, dy, yg_subtract(graph, s, yg_square(graph, s)));
}

static size_t once_differentiable(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                                  yg_node *results) {
    (void)call;
    static yg_op once;
    once = copy_of("sigmoid");
    once.name = "once";
    once.vjp = first_vjp;
    results[0] = apply(graph, &once, operands[0]);
    return 1;
}

Test(definitions, with_another_second_derivative_are_caught) {
    yg_op wrong = copy_of("sigmoid");
    wrong.compose = once_differentiable;
    expect_caught(&wrong, "second order, element 0");
}

static size_t narrow(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                     yg_node *results) {
    (void)call;
    results[0] = yg_cast(graph, yg_sigmoid(graph, operands[0]), YG_F32);
    return 1;
}

static size_t none(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                   yg_node *results) {
    (void)graph, (void)call, (void)operands, (void)results;
    return 0;
}

Test(definitions, of_other_results_are_caught) {
    yg_op wrong = copy_of("sigmoid");
    wrong.compose = narrow;
    expect_caught(&wrong, "its definition gives f32");
    wrong.compose = none;
    expect_caught(&wrong, "its definition has 0 results, not 1");
}

static yg_op by_itself;

static size_t itself(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                     yg_node *results) {
    (void)call;
    results[0] = apply(graph, &by_itself, operands[0]);
    return 1;
}

/* A definition that uses its own operator ends with an error: as a derivative, and in place of a
 * kernel. */
Test(definitions, by_themselves_are_errors) {
    by_itself = copy_of("sigmoid");
    by_itself.vjp = NULL;
    by_itself.compose = itself;
    by_itself.tile[YG_F32] = NULL;
    for (int way = 0; way < 2; way++) {
        yg_graph *graph = new_graph();
        const yg_node x = input(graph, "x", way ? YG_F64 : YG_F32);
        const yg_node y = apply(graph, &by_itself, x);
        yg_node slope;
        if (way)
            cr_expect_not(yg_grad(graph, y, x, &x, 1, &slope));
        const yg_error *error = yg_graph_error(graph);
        cr_assert_not_null(error);
        cr_expect_str_eq(error->message, "sigmoid: its definition is made of itself");
        yg_graph_free(graph);
    }
}

static size_t random_definition(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                                yg_node *results) {
    const yg_op *dropout_mask = yg_op_find(yg_ops(), "dropout_mask");
    yg_attr attrs[16] = {{0}};
    yg_op_defaults(dropout_mask, attrs);
    attrs[yg_op_attr(dropout_mask, "shape")] =
        (yg_attr){.count = call->operands[0].rank, .ints = {call->operands[0].shape[0]}};
    attrs[yg_op_attr(dropout_mask, "dtype")].i = call->operands[0].dtype;
    const yg_node mask = yg_apply(graph, dropout_mask, NULL, 0, attrs);
    results[0] = yg_multiply(graph, operands[0], mask);
    return 1;
}

/* A definition must not be random: the derivative would draw another mask than the value. */
Test(definitions, that_are_random_are_errors) {
    yg_op wrong = copy_of("relu");
    wrong.vjp = NULL;
    wrong.compose = random_definition;
    yg_graph *graph = new_graph();
    const yg_node x = input(graph, "x", YG_F32), dy = input(graph, "dy", YG_F32);
    yg_node slope;
    cr_expect_not(yg_grad(graph, apply(graph, &wrong, x), dy, &x, 1, &slope));
    const yg_error *error = yg_graph_error(graph);
    cr_assert_not_null(error);
    cr_expect_str_eq(error->message, "relu: its definition has a node of dropout_mask");
    yg_graph_free(graph);
}
