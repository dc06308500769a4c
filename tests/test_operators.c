/*
 * Every registered operator is checked from its descriptor, so that a new one is tested by being
 * there; and the checker is checked: each kind of wrong operator is caught.
 */
#include "graph/program.h"
#include "operator_check.h"
#include "ops/build.h"
#include "ops/ops.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <string.h>

ParameterizedTestParameters(operators, each) {
    static size_t numbers[1024];
    const size_t count = yg_ops()->count;
    cr_assert_leq(count, sizeof numbers / sizeof *numbers);
    for (size_t i = 0; i < count; i++)
        numbers[i] = i;
    return cr_make_param_array(size_t, numbers, count);
}

ParameterizedTest(size_t *number, operators, each) {
    const yg_op *op = yg_ops()->ops[*number];
    operator_counts counts;
    char why[WHY_SIZE];
    cr_assert(operator_check(yg_ops(), op, &counts, why), "%s", why);
}

Test(operators, names_are_unique) {
    const yg_op_set *ops = yg_ops();
    cr_assert_gt(ops->count, 0);
    for (size_t i = 0; i < ops->count; i++)
        cr_assert_eq(yg_op_find(ops, ops->ops[i]->name), ops->ops[i], "'%s' is there twice",
                     ops->ops[i]->name);
}

/* ----------------------------------------------------------------- the checker itself is checked:
 * copies of sigmoid with one thing wrong */

static const yg_op *find(const char *name) {
    const yg_op *op = yg_op_find(yg_ops(), name);
    cr_assert_not_null(op, "no operator %s", name);
    return op;
}

static void expect_caught(const yg_op *wrong, const char *message) {
    operator_counts counts;
    char why[WHY_SIZE] = "";
    cr_assert_not(operator_check(yg_ops(), wrong, &counts, why), "not caught; expected: %s",
                  message);
    cr_assert_not_null(strstr(why, message), "caught as '%s', expected '%s'", why, message);
}

/* y instead of y · (1 - y) */
static yg_node wrong_vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)k;
    return yg_multiply(graph, dy, y);
}

Test(checker, catches_a_wrong_derivative) {
    yg_op wrong = *find("sigmoid");
    wrong.vjp = wrong_vjp;
    expect_caught(&wrong, "first order");
}

/* The value of sigmoid. No cotangent passes through it. */
static const yg_op *frozen_sigmoid(void) {
    static yg_op frozen;
    frozen = *find("sigmoid");
    frozen.name = "frozen_sigmoid";
    frozen.vjp = NULL;
    frozen.flags |= YG_OP_NON_DIFFERENTIABLE;
    return &frozen;
}

/* The first derivative is right, but it has no derivative itself. */
static yg_node once_differentiable_vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)k;
    const yg_node x = yg_node_operand(graph, y, 0);
    const yg_node s = yg_apply(graph, frozen_sigmoid(), &x, 1, NULL);
    return yg_multiply(graph, dy, yg_subtract(graph, s, yg_square(graph, s)));
}

Test(checker, catches_a_wrong_second_derivative) {
    yg_op wrong = *find("sigmoid");
    wrong.vjp = once_differentiable_vjp;
    expect_caught(&wrong, "second order");
}

Test(checker, catches_a_wrong_kernel) {
    yg_op wrong = *find("sigmoid");
    wrong.tile[YG_F64] = find("tanh")->tile[YG_F64];
    expect_caught(&wrong, "the reference says");
}

Test(checker, catches_a_wrong_kernel_of_one_type) {
    yg_op wrong = *find("sigmoid");
    wrong.tile[YG_F32] = find("tanh")->tile[YG_F32];
    expect_caught(&wrong, "in f32");
}

Test(checker, catches_a_missing_derivative) {
    yg_op wrong = *find("sigmoid");
    wrong.vjp = NULL;
    expect_caught(&wrong, "YG_OP_NON_DIFFERENTIABLE");
}

Test(checker, catches_missing_samples) {
    static const yg_sample empty[] = {{.operands = {"f[0]"}}};
    yg_op wrong = *find("sigmoid");
    wrong.sample_count = 0;
    expect_caught(&wrong, "no sample");
    wrong.samples = empty;
    wrong.sample_count = 1;
    expect_caught(&wrong, "hold no element");
}

/* A simplification to another function. */
static yg_node careless_simplify(yg_graph *graph, const yg_infer *call, const yg_node *operands) {
    (void)call;
    return yg_tanh(graph, operands[0]);
}

Test(checker, catches_a_wrong_simplification) {
    yg_op wrong = *find("sigmoid");
    wrong.simplify = careless_simplify;
    wrong.reference = find("tanh")->reference; /* so that only the comparison can tell */
    wrong.vjp = find("tanh")->vjp;
    expect_caught(&wrong, "without simplification");
}
