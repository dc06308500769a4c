/*
 * The graph: building, merging, broadcasting, differentiating, verifying, printing.
 */
#include "graph/graph.h"
#include "graph/program.h"
#include "graph/store.h"
#include "ops/build.h"
#include "ops/ops.h"
#include "ops/registry.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

static yg_type type_of(yg_dtype dtype, int rank, const int64_t *shape) {
    yg_type type;
    cr_assert(yg_type_make(dtype, rank, shape, &type, NULL));
    return type;
}

static yg_node matrix(yg_graph *g, const char *name, int64_t rows, int64_t columns) {
    const yg_type type = type_of(YG_F64, 2, (int64_t[]){rows, columns});
    return yg_input(g, name, &type);
}

static const char *failure(const yg_graph *g) {
    return yg_graph_error(g) ? yg_graph_error(g)->message : "";
}

/* Takes small and large pieces in turn, over several blocks. No two pieces may overlap. */
Test(pool, what_is_taken_is_zeroed_aligned_and_apart) {
    yg_pool *pool = yg_pool_new();
    for (size_t i = 0; i < 20000; i++) {
        const size_t size = i % 1000 == 999 ? 100000 : 1 + i * 7 % 41;
        const bool zeroed = i % 3 != 1;
        unsigned char *bytes = zeroed ? yg_pool_take(pool, size) : yg_pool_take_unset(pool, size);
        cr_assert(bytes);
        cr_assert_eq((uintptr_t)bytes % (size <= 8 ? 8 : alignof(max_align_t)), 0, "%zu", size);
        for (size_t k = 0; k < size && zeroed; k++)
            cr_assert_eq(bytes[k], 0, "byte %zu of %zu", k, size);
        memset(bytes, 0xff, size);
    }
    yg_pool_free(pool);
}

Test(graph, equal_nodes_are_built_once) {
    yg_graph *g = yg_graph_new(yg_ops(), 0);
    const yg_node x = matrix(g, "x", 2, 3), y = matrix(g, "x", 2, 3);
    cr_expect_neq(x, y, "two inputs are never one");
    cr_expect_eq(yg_sigmoid(g, x), yg_sigmoid(g, x));
    cr_expect_neq(yg_sigmoid(g, x), yg_sigmoid(g, y));
    cr_expect_eq(yg_scalar(g, YG_F64, 1.5), yg_scalar(g, YG_F64, 1.5));
    cr_expect_neq(yg_scalar(g, YG_F64, 1.5), yg_scalar(g, YG_F32, 1.5));
    const size_t before = yg_graph_size(g);
    yg_add(g, yg_sigmoid(g, x), yg_sigmoid(g, y));
    yg_add(g, yg_sigmoid(g, x), yg_sigmoid(g, y));
    cr_expect_eq(yg_graph_size(g), before + 1);
    cr_expect(yg_graph_verify(g, NULL));
    yg_graph_free(g);
}

/* Two attributes are equal if the bytes that their kind uses are equal. */
Test(graph, what_an_attribute_does_not_use_does_not_tell_nodes_apart) {
    yg_graph *g = yg_graph_new(yg_ops(), 0);
    const yg_node x = matrix(g, "x", 2, 3);
    yg_attr clean = {.i = YG_F32}, dirty = {.i = YG_F32};
    dirty.ints[3] = 7;
    dirty.count = 5;
    cr_expect_eq(yg_apply(g, yg_ops()->cast, &x, 1, &clean),
                 yg_apply(g, yg_ops()->cast, &x, 1, &dirty));
    clean = dirty = (yg_attr){.count = 3, .ints = {4, 2, 3}};
    dirty.ints[5] = 1;
    cr_expect_eq(yg_apply(g, yg_ops()->broadcast, &x, 1, &clean),
                 yg_apply(g, yg_ops()->broadcast, &x, 1, &dirty));
    yg_graph_free(g);
}

/* Constants are compared by their bits. */
Test(graph, zeros_of_two_signs_are_two_constants_and_nan_is_one) {
    yg_graph *g = yg_graph_new(yg_ops(), 0);
    cr_expect_neq(yg_scalar(g, YG_F64, 0.0), yg_scalar(g, YG_F64, -0.0));
    cr_expect_eq(yg_scalar(g, YG_F64, (double)NAN), yg_scalar(g, YG_F64, (double)NAN));
    yg_graph_free(g);
}

Test(graph, integers_up_to_2_to_the_53_are_stored_exactly) {
    const double values[] = {0x1p52 + 1, 0x1p53 - 1, -0x1p52 - 1, 0.49999999999999994, 2.5, -2.5};
    const int64_t expected[] = {
        ((int64_t)1 << 52) + 1, ((int64_t)1 << 53) - 1, -((int64_t)1 << 52) - 1, 0, 3, -3};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        int64_t stored;
        yg_element_set(YG_I64, &stored, 0, values[i]);
        cr_expect_eq(stored, expected[i], "%.17g: %lld", values[i], (long long)stored);
    }
}

Test(graph, operands_come_before_their_users_and_broadcasts_are_nodes) {
    yg_graph *g = yg_graph_new(yg_ops(), 0);
    const yg_node x = matrix(g, "x", 4, 3), row = matrix(g, "row", 1, 3);
    const yg_node sum = yg_add(g, row, x);
    cr_assert_neq(sum, YG_NONE);
    cr_expect_eq(yg_node_op(g, yg_node_operand(g, sum, 0)), yg_ops()->broadcast);
    cr_expect_eq(yg_node_operand(g, sum, 1), x);
    cr_expect(yg_type_equal(yg_node_type(g, sum), yg_node_type(g, x)));
    yg_graph_free(g);
}

Test(graph, the_first_failure_sticks) {
    yg_graph *g = yg_graph_new(yg_ops(), 0);
    const yg_node x = matrix(g, "x", 4, 3), y = matrix(g, "y", 2, 3);
    yg_graph_at(g, (yg_origin){"net.yaml", 7, 9});
    cr_expect_eq(yg_add(g, x, y), YG_NONE);
    cr_assert(yg_graph_error(g));
    cr_expect_eq(yg_graph_error(g)->code, YG_ERROR_SHAPE);
    cr_expect_eq(yg_graph_error(g)->line, 7);
    cr_expect_eq(yg_graph_error(g)->column, 9);
    cr_expect_str_eq(yg_graph_error(g)->file, "net.yaml");
    cr_expect(strstr(failure(g), "f64[4, 3] and f64[2, 3]"), "%s", failure(g));
    const size_t size = yg_graph_size(g);
    cr_expect_eq(yg_sigmoid(g, x), YG_NONE, "later calls pass the failure on");
    cr_expect_eq(yg_call(g, "nothing", NULL, 0), YG_NONE);
    cr_expect_eq(yg_graph_size(g), size);
    cr_expect(strstr(failure(g), "f64[4, 3] and f64[2, 3]"), "the first one is kept");
    yg_graph_free(g);
}

Test(graph, unknown_operators_get_the_nearest_name) {
    yg_graph *g = yg_graph_new(yg_ops(), 0);
    const yg_node x = matrix(g, "x", 4, 3);
    cr_expect_eq(yg_call(g, "sigmiod", &x, 1), YG_NONE);
    cr_expect(strstr(failure(g), "'sigmoid'"), "%s", failure(g));
    yg_graph_free(g);
}

Test(graph, arity_is_checked) {
    yg_graph *g = yg_graph_new(yg_ops(), 0);
    const yg_node x[2] = {matrix(g, "x", 4, 3), matrix(g, "y", 4, 3)};
    cr_expect_eq(yg_call(g, "sigmoid", x, 2), YG_NONE);
    cr_expect_str_eq(failure(g), "sigmoid takes 1 operand, not 2");
    yg_graph_free(g);
}

Test(graph, nodes_of_another_graph_are_refused) {
    yg_graph *g = yg_graph_new(yg_ops(), 0);
    cr_expect_eq(yg_sigmoid(g, 12), YG_NONE);
    cr_expect_eq(yg_graph_error(g)->code, YG_ERROR_ARGUMENT);
    yg_graph_free(g);
}

Test(graph, types_are_checked_for_size) {
    yg_type type;
    yg_error error = {0};
    cr_expect_not(yg_type_make(YG_F32, 3, (int64_t[]){INT64_MAX, 2, 0}, &type, &error));
    cr_expect_eq(error.code, YG_ERROR_SHAPE);
    cr_expect_not(yg_type_make(YG_F32, 1, (int64_t[]){-1}, &type, NULL));
    cr_expect_not(yg_type_make(YG_F32, -1, NULL, &type, NULL));
    /* Bytes up to 2^62 - 1 leave room for rounding up; a dimension of 0 does not hide the others.
     */
    static const struct {
        yg_dtype dtype;
        int64_t shape[2];
        bool fits;
    } sizes[] = {
        {YG_BOOL, {INT64_MAX / 2, 1}, true}, {YG_BOOL, {INT64_MAX / 2 + 1, 1}, false},
        {YG_F64, {INT64_MAX / 16, 1}, true}, {YG_F64, {INT64_MAX / 16 + 1, 1}, false},
        {YG_F32, {0, INT64_MAX / 8}, true},  {YG_F32, {0, INT64_MAX / 8 + 1}, false},
        {YG_I32, {1 << 30, 1 << 29}, true},  {YG_I32, {1 << 30, 1 << 30}, false},
    };
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        cr_expect_eq(yg_type_make(sizes[i].dtype, 2, sizes[i].shape, &type, NULL), sizes[i].fits,
                     "size %zu", i);
    cr_expect_not(yg_type_make(YG_F32, 9, (int64_t[9]){1}, &type, NULL));
    yg_graph *g = yg_graph_new(yg_ops(), 0);
    const int64_t huge = (int64_t)1 << 40;
    const yg_node tall = matrix(g, "tall", huge, 1), wide = matrix(g, "wide", 1, huge);
    cr_expect_eq(yg_add(g, tall, wide), YG_NONE, "a broadcast that does not fit is an error");
    cr_expect_eq(yg_graph_error(g)->code, YG_ERROR_SHAPE);
    yg_graph_free(g);
}

Test(graph, element_types_are_promoted) {
    yg_graph *g = yg_graph_new(yg_ops(), 0);
    const yg_type ints = type_of(YG_I32, 1, (int64_t[]){3});
    const yg_type floats = type_of(YG_F32, 1, (int64_t[]){3});
    const yg_node i = yg_input(g, "i", &ints), f = yg_input(g, "f", &floats);
    cr_expect_eq(yg_node_type(g, yg_add(g, i, f))->dtype, YG_F32);
    cr_expect_eq(yg_node_type(g, yg_add(g, i, i))->dtype, YG_I32);
    cr_expect_eq(yg_node_type(g, yg_sigmoid(g, i))->dtype, YG_F32);
    yg_graph_free(g);
    g = yg_graph_new(yg_ops(), YG_GRAPH_F64);
    cr_expect_eq(yg_node_type(g, yg_sigmoid(g, yg_input(g, "i", &ints)))->dtype, YG_F64);
    yg_graph_free(g);
}

Test(graph, constants_are_folded_unless_switched_off) {
    yg_graph *g = yg_graph_new(yg_ops(), 0);
    const yg_node two = yg_scalar(g, YG_F64, 2), three = yg_scalar(g, YG_F64, 3);
    double value = 0;
    cr_expect(yg_node_is_scalar(g, yg_multiply(g, two, three), &value));
    cr_expect_eq(value, 6);
    const yg_type shape = type_of(YG_F64, 2, (int64_t[]){100, 100});
    const yg_node full = yg_add(g, yg_full(g, &shape, 1), yg_full(g, &shape, 2));
    cr_expect(yg_node_is_scalar(g, full, &value), "stretched scalars fold as scalars");
    cr_expect_eq(value, 3);
    yg_graph_free(g);
    g = yg_graph_new(yg_ops(), YG_GRAPH_NO_SIMPLIFY);
    const yg_node product = yg_multiply(g, yg_scalar(g, YG_F64, 2), yg_scalar(g, YG_F64, 3));
    cr_expect_eq(yg_node_op(g, product), &yg_op_multiply);
    yg_graph_free(g);
}

/* Algebra and folding, each without the other: -(-x) is x, and 2 · 3 is a constant. */
Test(graph, algebra_and_folding_are_switched_off_one_by_one) {
    static const unsigned flags[] = {0, YG_GRAPH_NO_ALGEBRA, YG_GRAPH_NO_FOLD,
                                     YG_GRAPH_NO_SIMPLIFY};
    for (size_t f = 0; f < 4; f++) {
        yg_graph *g = yg_graph_new(yg_ops(), flags[f]);
        const yg_node x = matrix(g, "x", 2, 3), two = yg_scalar(g, YG_F64, 2);
        const yg_node again = yg_negative(g, yg_negative(g, x));
        const yg_node product = yg_multiply(g, two, yg_scalar(g, YG_F64, 3));
        cr_expect_eq(again == x, !(flags[f] & YG_GRAPH_NO_ALGEBRA), "flags %u", flags[f]);
        cr_expect_eq(yg_node_constant(g, product) != NULL, !(flags[f] & YG_GRAPH_NO_FOLD),
                     "flags %u", flags[f]);
        cr_expect_eq(yg_negative(g, x), yg_negative(g, x), "equal nodes are merged");
        yg_graph_free(g);
    }
}

/* A program flushes subnormal numbers to zero; so does folding. */
Test(graph, folding_gives_the_bits_of_a_run) {
    double results[2];
    for (int i = 0; i < 2; i++) {
        yg_graph *g = yg_graph_new(yg_ops(), i ? YG_GRAPH_NO_SIMPLIFY : 0);
        const yg_node tiny = yg_scalar(g, YG_F64, 1e-160), y = yg_multiply(g, tiny, tiny);
        cr_expect_eq(yg_node_constant(g, y) == NULL, i == 1);
        yg_program *program = yg_compile(g, &y, 1, NULL, 0, NULL, NULL);
        cr_assert(program && yg_program_run(program, 0, 0, NULL));
        results[i] = *(double *)yg_program_data(program, y);
        yg_program_free(program);
        yg_graph_free(g);
    }
    cr_expect_eq(memcmp(&results[0], &results[1], sizeof(double)), 0, "%g and %g", results[0],
                 results[1]);
}

Test(gradient, no_path_is_no_node) {
    yg_graph *g = yg_graph_new(yg_ops(), 0);
    const yg_node x = matrix(g, "x", 1, 1), y = matrix(g, "y", 1, 1);
    const yg_node wrt[3] = {x, y, yg_sigmoid(g, x)};
    yg_node out[3];
    cr_assert(yg_grad(g, yg_sigmoid(g, x), YG_NONE, wrt, 3, out));
    cr_expect_neq(out[0], YG_NONE);
    cr_expect_eq(out[1], YG_NONE);
    double one = 0;
    cr_expect(yg_node_is_scalar(g, out[2], &one) && one == 1, "of itself: ones");
    yg_graph_free(g);
}

Test(gradient, a_tensor_needs_a_cotangent) {
    yg_graph *g = yg_graph_new(yg_ops(), 0);
    const yg_node x = matrix(g, "x", 2, 3);
    yg_node out;
    cr_expect_not(yg_grad(g, yg_sigmoid(g, x), YG_NONE, &x, 1, &out));
    cr_expect_eq(yg_graph_error(g)->code, YG_ERROR_GRADIENT);
    cr_expect(strstr(failure(g), "f64[2, 3] is not a scalar"), "%s", failure(g));
    yg_graph_free(g);
}

Test(gradient, comparisons_pass_nothing) {
    yg_graph *g = yg_graph_new(yg_ops(), 0);
    const yg_node x = matrix(g, "x", 1, 1);
    const yg_node step = yg_cast(g, yg_greater(g, x, yg_scalar(g, YG_F64, 0)), YG_F64);
    yg_node out;
    cr_expect(yg_grad(g, step, YG_NONE, &x, 1, &out), "%s", failure(g));
    cr_expect_eq(out, YG_NONE);
    yg_graph_free(g);
}

/* A target may stand behind a step, through which nothing passes, and be asked for more than once.
 */
Test(gradient, targets_may_be_steps_repeated_or_the_output) {
    yg_graph *g = yg_graph_new(yg_ops(), 0);
    const yg_node x = matrix(g, "x", 1, 1), step = yg_sign(g, x), y = yg_multiply(g, x, step);
    const yg_node wrt[] = {x, step, x, y};
    yg_node out[4];
    cr_assert(yg_grad(g, y, YG_NONE, wrt, 4, out), "%s", failure(g));
    cr_expect_eq(out[0], step);
    cr_expect_eq(out[1], x);
    cr_expect_eq(out[2], step);
    double one = 0;
    cr_expect(yg_node_is_scalar(g, out[3], &one) && one == 1);
    cr_assert(yg_grad(g, x, YG_NONE, &x, 1, out), "a leaf: %s", failure(g));
    cr_expect(yg_node_is_scalar(g, out[0], &one) && one == 1);
    yg_graph_free(g);
}

Test(gradient, a_cotangent_or_tangent_that_is_no_node_is_refused) {
    yg_graph *g = yg_graph_new(yg_ops(), 0);
    const yg_node x = matrix(g, "x", 2, 3), missing = 1000000;
    yg_node out;
    cr_expect_not(yg_grad(g, yg_sigmoid(g, x), missing, &x, 1, &out));
    cr_expect(strstr(failure(g), "cotangent is not a node"), "%s", failure(g));
    yg_graph_free(g);
    g = yg_graph_new(yg_ops(), 0);
    const yg_node z = matrix(g, "z", 2, 3);
    cr_expect_eq(yg_jvp(g, yg_sigmoid(g, z), &z, &missing, 1), YG_NONE);
    cr_expect(strstr(failure(g), "tangent is not a node"), "%s", failure(g));
    yg_graph_free(g);
}

/* A tangent may be "no derivative". It adds nothing. */
Test(gradient, no_tangent_is_none) {
    yg_graph *g = yg_graph_new(yg_ops(), 0);
    const yg_node wrt[2] = {matrix(g, "x", 1, 1), matrix(g, "w", 1, 1)};
    const yg_node t = matrix(g, "t", 1, 1), y = yg_multiply(g, wrt[0], wrt[1]);
    cr_expect_eq(yg_jvp(g, y, wrt, (yg_node[]){t, YG_NONE}, 2), yg_multiply(g, t, wrt[1]));
    cr_expect_eq(yg_jvp(g, y, wrt, (yg_node[]){YG_NONE, YG_NONE}, 2), YG_NONE);
    cr_expect_null(yg_graph_error(g), "%s", failure(g));
    yg_graph_free(g);
}

/* The tangent of a target that y does not depend on adds nothing, first or last in the list. */
Test(gradient, tangents_of_what_is_not_reached_add_nothing) {
    yg_graph *g = yg_graph_new(yg_ops(), 0);
    const yg_node before = matrix(g, "before", 2, 3), x = matrix(g, "x", 1, 1);
    const yg_node w = matrix(g, "w", 1, 1), y = yg_multiply(g, x, w);
    const yg_node after = matrix(g, "after", 1, 1), behind_step = yg_sign(g, w);
    const yg_node t = matrix(g, "t", 1, 1), u = matrix(g, "u", 1, 1), v = matrix(g, "v", 2, 3);
    const yg_node wrt[] = {before, x, after, behind_step, w};
    const yg_node tangents[] = {v, t, u, u, u};
    const yg_node along_both = yg_jvp(g, y, wrt, tangents, 5);
    cr_expect_eq(along_both, yg_jvp(g, y, (yg_node[]){x, w}, (yg_node[]){t, u}, 2));
    cr_expect_eq(yg_jvp(g, y, wrt, tangents, 4), yg_multiply(g, t, w));
    cr_expect_eq(yg_jvp(g, y, wrt, tangents, 1), YG_NONE);
    cr_expect_null(yg_graph_error(g), "%s", failure(g));
    yg_graph_free(g);
}

Test(gradient, adjoints_point_at_the_line_of_their_node) {
    yg_graph *g = yg_graph_new(yg_ops(), 0);
    const yg_node x = matrix(g, "x", 1, 1);
    yg_graph_at(g, (yg_origin){"net.yaml", 12, 5});
    const yg_node y = yg_sigmoid(g, x);
    yg_graph_at(g, YG_NOWHERE);
    yg_node dx;
    cr_assert(yg_grad(g, y, YG_NONE, &x, 1, &dx));
    cr_expect_eq(yg_node_origin(g, dx).line, 12);
    yg_graph_free(g);
}

/* A gradient visits only nodes before the output. Later nodes cost nothing. */
Test(gradient, only_what_is_needed_is_built) {
    yg_graph *g = yg_graph_new(yg_ops(), 0);
    const yg_node x = matrix(g, "x", 1, 1), w = matrix(g, "w", 1, 1);
    yg_node beside = w;
    for (int i = 0; i < 100; i++)
        beside = yg_sigmoid(g, beside);
    const yg_node y = yg_multiply(g, yg_sigmoid(g, x), beside);
    const size_t before = yg_graph_size(g);
    yg_node dx;
    cr_assert(yg_grad(g, y, YG_NONE, &x, 1, &dx));
    cr_expect_lt(yg_graph_size(g) - before, 10);
    yg_graph_free(g);
}

/* Leaves are never merged and have equal records. If the table kept them all in one slot, this test
 * would take minutes. */
Test(graph, many_leaves_are_added_in_linear_time) {
    yg_graph *g = yg_graph_new(yg_ops(), 0);
    yg_node last = YG_NONE;
    for (int i = 0; i < 300000; i++)
        last = matrix(g, "x", 2, 2);
    cr_expect_eq(last, 299999, "%s", failure(g));
    yg_graph_free(g);
}

/* The users of one node have similar hashes. They must not crowd one place of the table. */
Test(graph, many_users_of_one_node_are_merged_in_linear_time) {
    enum { USERS = 200000 };
    yg_graph *g = yg_graph_new(yg_ops(), 0);
    for (int i = 0; i < USERS; i++)
        matrix(g, "x", 2, 2);
    const yg_node shared = matrix(g, "shared", 2, 2);
    for (int round = 0; round < 2; round++) {
        for (yg_node x = 0; x < USERS; x++)
            cr_assert_eq(yg_add(g, x, shared), shared + 1 + x, "user %u, %s: %s", x,
                         round ? "again" : "built", failure(g));
    }
    cr_expect_eq(yg_graph_size(g), 2 * USERS + 1);
    yg_graph_free(g);
}

/* d²/dx² of a chain. Nothing recurses, and each link adds the same number of nodes. */
Test(gradient, long_chains_grow_linearly) {
    size_t sizes[2];
    for (int round = 0; round < 2; round++) {
        yg_graph *g = yg_graph_new(yg_ops(), 0);
        const yg_node x = matrix(g, "x", 1, 1);
        yg_node y = x, d = YG_NONE, dd = YG_NONE;
        for (int i = 0; i < 20000 * (round + 1); i++)
            y = yg_sin(g, y);
        cr_assert(yg_grad(g, y, YG_NONE, &x, 1, &d) && yg_grad(g, d, YG_NONE, &x, 1, &dd), "%s",
                  failure(g));
        sizes[round] = yg_graph_size(g);
        yg_graph_free(g);
    }
    cr_expect_lt((double)sizes[1], 2.01 * (double)sizes[0]);
    cr_expect_gt((double)sizes[1], 1.99 * (double)sizes[0]);
}

Test(verifier, finds_what_is_broken) {
    yg_graph *g = yg_graph_new(yg_ops(), 0);
    const yg_node x = matrix(g, "x", 2, 3), y = yg_sigmoid(g, x);
    cr_assert(yg_graph_verify(g, NULL));

    const yg_record good = g->records[y];
    const yg_type other = type_of(YG_F64, 2, (int64_t[]){3, 2});
    yg_error error = {0};
    g->records[y].type = &other;
    cr_expect_not(yg_graph_verify(g, &error), "a stored type that the shape rule does not give");
    cr_expect_eq(error.code, YG_ERROR_INTERNAL);

    g->records[y] = good;
    g->records[y].operands = &y;
    cr_expect_not(yg_graph_verify(g, NULL), "an operand that is not before its user");

    g->records[y] = good;
    g->records[y].operand_count = 0;
    cr_expect_not(yg_graph_verify(g, NULL), "a missing operand");

    g->records[y] = good;
    cr_expect(yg_graph_verify(g, NULL));
    yg_graph_free(g);
}

Test(dump, a_node_a_line) {
    yg_graph *g = yg_graph_new(yg_ops(), 0);
    const yg_node x = matrix(g, "x", 2, 3);
    yg_graph_at(g, (yg_origin){"models/net.yaml", 4, 3});
    const yg_node y = yg_sum(g, yg_sigmoid(g, x), (int64_t[]){1}, 1, true);
    yg_node_set_name(g, y, "h");
    yg_sigmoid(g, y);
    char *text = yg_graph_text(g, &y, 1);
    cr_assert(text);
    cr_expect_str_eq(text, "%0 = input : f64[2, 3]  # x\n"
                           "%1 = sigmoid(%0) : f64[2, 3]  # net.yaml:4\n"
                           "%2 = sum(%1) {dim=[1], keepdim=true} : f64[2, 1]  # h net.yaml:4\n");
    free(text);
    char *dot = yg_graph_dot(g, &y, 1);
    cr_assert(dot);
    cr_expect(strstr(dot, "digraph") && strstr(dot, "n0 -> n1") && strstr(dot, "n1 -> n2"));
    cr_expect_not(strstr(dot, "n3"), "only what the root needs");
    free(dot);
    yg_graph_free(g);
}
