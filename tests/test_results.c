/*
 * Primitives with several results: one kernel, a node for each result. A test-only operator has
 * three: a product, whether the operands are in order (an integer), and a sum of squares.
 */
#include "gradient_check.h"
#include "graph/program.h"
#include "operator_check.h"
#include "ops/build.h"
#include "ops/ops.h"
#include "piece_check.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { PRODUCT, ORDER, SQUARES };

static bool infer(const yg_infer *call, yg_type *results, yg_error *error) {
    const yg_type *x = &call->operands[0];
    if (!yg_type_equal(x, &call->operands[1]))
        return yg_fail(error, YG_ERROR_SHAPE, call->origin, "trio: the operands differ in type");
    results[PRODUCT] = results[SQUARES] = *x;
    results[ORDER] = yg_type_with_dtype(x, YG_I32);
    return true;
}

#define TRIO_KERNEL(function, real)                                                                \
    static bool function(const yg_kernel_call *call, yg_error *error) {                            \
        (void)error;                                                                               \
        const real *a = call->in[0], *b = call->in[1];                                             \
        real *product = (real *)call->outs[PRODUCT], *squares = (real *)call->outs[SQUARES];       \
        int32_t *order = (int32_t *)call->outs[ORDER];                                             \
        for (int64_t i = call->begin; i < call->end; i++) {                                        \
            product[i] = a[i] * b[i];                                                              \
            if (order)                                                                             \
                order[i] = a[i] < b[i];                                                            \
            if (squares)                                                                           \
                squares[i] = a[i] * a[i] + b[i] * b[i];                                            \
        }                                                                                          \
        return true;                                                                               \
    }
TRIO_KERNEL(trio_f32, float)
TRIO_KERNEL(trio_f64, double)

static void plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    (void)call;
    plan->units = plan->rows = yg_type_count(results);
}

static yg_node vjp(yg_graph *graph, yg_node y, const yg_node *dy, size_t k) {
    const yg_node own = yg_node_operand(graph, y, k), other = yg_node_operand(graph, y, 1 - k);
    yg_node part = YG_NONE;
    if (dy[PRODUCT] != YG_NONE)
        part = yg_multiply(graph, dy[PRODUCT], other);
    if (dy[SQUARES] == YG_NONE)
        return part;
    const yg_node squares = yg_multiply(graph, dy[SQUARES], yg_scale(graph, own, 2));
    return part == YG_NONE ? squares : yg_add(graph, part, squares);
}

static double reference(const yg_reference *r, const int64_t *index) {
    const double a = yg_at(r, 0, index), b = yg_at(r, 1, index);
    return r->result == PRODUCT ? a * b : r->result == ORDER ? a < b : a * a + b * b;
}

static const yg_sample samples[] = {
    {.operands = {"f[7]", "f[7]"}},
    {.operands = {"f[30, 40]", "f[30, 40]"}},
    {.operands = {"f[]", "f[]"}},
    {.operands = {"f[0]", "f[0]"}},
};

static const yg_op trio = {
    .name = "trio",
    .formula = "p = a b, o = a < b, s = a² + b²",
    .doc = "For tests.",
    .group = "test",
    .min_operands = 2,
    .max_operands = 2,
    .operand_names = {"a", "b"},
    .results = 3,
    .infer = infer,
    .kernel = {[YG_F32] = trio_f32, [YG_F64] = trio_f64},
    .plan = plan,
    .vjp_all = vjp,
    .reference = reference,
    .samples = samples,
    .sample_count = sizeof samples / sizeof *samples,
};

Test(results, operator_suite) {
    operator_counts counts;
    char why[WHY_SIZE] = "";
    cr_assert(operator_check(yg_ops(), &trio, &counts, why), "%s", why);
    cr_expect_gt(counts.gradients, 2);
    piece_counts pieces;
    cr_assert(piece_check(yg_ops(), &trio, &pieces, why), "%s", why);
    cr_expect_gt(pieces.rows, 0);
}

typedef struct subject {
    yg_graph *g;
    yg_type type;
    yg_node a, b, y[3];
} subject;

static subject start(unsigned flags, int64_t count) {
    subject s = {.g = yg_graph_new(yg_ops(), flags)};
    cr_assert(yg_type_make(YG_F64, 1, &count, &s.type, NULL));
    s.a = yg_input(s.g, "a", &s.type);
    s.b = yg_input(s.g, "b", &s.type);
    const yg_node operands[] = {s.a, s.b};
    cr_assert_eq(yg_apply_all(s.g, &trio, operands, 2, NULL, s.y, 3), 3);
    return s;
}

static yg_program *run(const subject *s, const yg_node *outputs, size_t count,
                       const yg_compile_options *options) {
    yg_error error = {0};
    yg_program *program = yg_compile(s->g, outputs, count, NULL, 0, options, &error);
    cr_assert_not_null(program, "%s", error.message);
    double *a = yg_program_data(program, s->a), *b = yg_program_data(program, s->b);
    for (int64_t i = 0; i < s->type.shape[0]; i++) {
        if (a)
            a[i] = (double)(i % 5);
        if (b)
            b[i] = (double)(i % 3) + 0.5;
    }
    cr_assert(yg_program_run(program, 0, 0, &error), "%s", error.message);
    return program;
}

Test(results, equal_calls_are_one_node_each) {
    subject s = start(0, 4);
    const size_t size = yg_graph_size(s.g);
    const yg_node operands[] = {s.a, s.b};
    yg_node again[3];
    cr_assert_eq(yg_apply_all(s.g, &trio, operands, 2, NULL, again, 3), 3);
    cr_expect_eq(memcmp(again, s.y, sizeof again), 0);
    cr_expect_eq(yg_graph_size(s.g), size);
    for (size_t i = 0; i < 3; i++)
        cr_expect_eq(yg_node_result(s.g, s.y[0], i), s.y[i]);
    cr_expect_eq(yg_node_result(s.g, s.y[0], 3), YG_NONE);
    yg_graph_free(s.g);
}

Test(results, constants_are_folded) {
    yg_graph *g = yg_graph_new(yg_ops(), 0);
    const double a[] = {1, 4}, b[] = {2, 3};
    const yg_type type = {.dtype = YG_F64, .rank = 1, .shape = {2}};
    const yg_node operands[] = {yg_constant(g, &type, a), yg_constant(g, &type, b)};
    yg_node y[3];
    cr_assert_eq(yg_apply_all(g, &trio, operands, 2, NULL, y, 3), 3);
    const double *product = yg_node_constant(g, y[PRODUCT]), *squares = yg_node_constant(g, y[2]);
    const int32_t *order = yg_node_constant(g, y[ORDER]);
    cr_assert(product && squares && order);
    cr_expect(product[1] == 12 && squares[1] == 25 && order[0] == 1 && order[1] == 0);
    yg_graph_free(g);
}

/* Every subset of the results is read, under every plan. A result that is not read costs no memory.
 */
Test(results, any_of_them_may_be_unread) {
    const yg_compile_options ways[] = {
        {.threads = 1},
        {.flags = YG_PROGRAM_NO_PLAN, .threads = 1},
        {.flags = YG_PROGRAM_SMALL_PIECES, .threads = 3},
        {.threads = 1, .without = (const char *const[]){"dead"}, .without_count = 1},
        {.threads = 1, .without = (const char *const[]){"views"}, .without_count = 1},
    };
    int64_t least = 0;
    for (size_t w = 0; w < sizeof ways / sizeof *ways; w++) {
        for (unsigned chosen = 1; chosen < 8; chosen++) {
            subject s = start(0, 1000);
            yg_node outputs[3];
            size_t count = 0;
            for (size_t i = 0; i < 3; i++) {
                if (chosen >> i & 1) /* a view of it, too */
                    outputs[count++] =
                        i == ORDER ? yg_cast(s.g, s.y[i], YG_F64) : yg_square(s.g, s.y[i]);
            }
            yg_program *program = run(&s, outputs, count, &ways[w]);
            for (size_t o = 0, i = 0; i < 3; i++) {
                if (!(chosen >> i & 1))
                    continue;
                const double *found = yg_program_data(program, outputs[o++]);
                for (int64_t j = 0; j < 1000; j++) {
                    const double a = (double)(j % 5), b = (double)(j % 3) + 0.5;
                    const double p = a * b, q = a * a + b * b;
                    const double wanted = i == PRODUCT ? p * p : i == ORDER ? a < b : q * q;
                    cr_assert_eq(found[j], wanted, "way %zu, chosen %u, result %zu", w, chosen, i);
                }
            }
            const int64_t bytes = yg_program_get_stats(program).arena_bytes;
            if (w == 0 && chosen == 1)
                least = bytes;
            cr_expect(w > 0 || chosen == 1 || bytes > least || chosen == 2 || chosen == 4);
            yg_program_free(program);
            yg_graph_free(s.g);
        }
    }
}

/* One vjp gets two cotangents. A result that nothing depends on has none. */
Test(results, cotangents_of_all_results_meet) {
    subject s = start(YG_GRAPH_F64, 3);
    const yg_node sum = yg_sum(
        s.g, yg_add(s.g, yg_square(s.g, s.y[PRODUCT]), yg_exp(s.g, yg_negative(s.g, s.y[SQUARES]))),
        NULL, 0, false);
    double a[] = {0.3, -0.7, 0.9}, b[] = {0.5, 0.4, -0.2};
    const gradient_leaf leaves[] = {{.node = s.a, .data = a}, {.node = s.b, .data = b}};
    char why[WHY_SIZE] = "";
    cr_expect(gradient_check(s.g, sum, leaves, 2, 1, why), "%s", why);

    yg_node out[3];
    const yg_node wrt[] = {s.a, s.y[SQUARES], s.y[PRODUCT]};
    cr_assert(yg_grad(s.g, yg_sum(s.g, s.y[SQUARES], NULL, 0, false), YG_NONE, wrt, 3, out));
    cr_expect_neq(out[0], YG_NONE);
    cr_expect_neq(out[1], YG_NONE);
    cr_expect_eq(out[2], YG_NONE);
    const yg_node steps = yg_cast(s.g, s.y[ORDER], YG_F64);
    cr_assert(yg_grad(s.g, yg_sum(s.g, steps, NULL, 0, false), YG_NONE, wrt, 1, out));
    cr_expect_eq(out[0], YG_NONE, "an integer result passes nothing on");
    yg_graph_free(s.g);
}

/* The program makes a graph of its own with copies of nodes: for rules, and for recomputing. */
Test(results, cloned_graphs_compute_the_same) {
    subject s = start(0, 4000);
    yg_node x = s.y[SQUARES];
    yg_node kept[12];
    for (size_t i = 0; i < 12; i++) {
        const yg_node operands[] = {x, yg_tanh(s.g, s.y[PRODUCT])};
        yg_node y[3];
        cr_assert_eq(yg_apply_all(s.g, &trio, operands, 2, NULL, y, 3), 3);
        kept[i] = yg_tanh(s.g, y[SQUARES]);
        x = yg_add(s.g, kept[i], yg_tanh(s.g, y[PRODUCT]));
    }
    for (size_t i = 12; i-- > 0;)
        x = yg_multiply(s.g, yg_add(s.g, x, kept[i]), yg_square(s.g, kept[i]));
    const yg_compile_options plain = {.flags = YG_PROGRAM_NO_PLAN, .threads = 1};
    const yg_compile_options again = {.recompute = true, .threads = 1};
    yg_program *wanted = run(&s, &x, 1, &plain), *found = run(&s, &x, 1, &again);
    cr_expect_gt(yg_program_get_stats(found).recomputed, 0);
    cr_expect_eq(memcmp(yg_program_data(wanted, x), yg_program_data(found, x), 4000 * 8), 0);
    yg_program_free(wanted);
    yg_program_free(found);
    yg_graph_free(s.g);
}

Test(results, are_shown) {
    subject s = start(0, 4);
    char *text = yg_graph_text(s.g, s.y, 3);
    cr_expect_not_null(strstr(text, "%3 = result(%2) {index=1} : i32[4]"), "%s", text);
    cr_expect_not_null(strstr(text, "%4 = result(%2) {index=2} : f64[4]"), "%s", text);
    free(text);
    yg_program *program = run(&s, &s.y[SQUARES], 1, NULL);
    text = yg_program_text(program);
    cr_expect_not_null(strstr(text, ", -, @"), "%s", text);
    free(text);
    yg_program_free(program);
    yg_error error = {0};
    cr_expect(yg_graph_verify(s.g, &error), "%s", error.message);
    cr_expect_eq(yg_apply(s.g, &trio, (const yg_node[]){s.a, s.b}, 2, NULL), YG_NONE);
    cr_expect_not_null(strstr(yg_graph_error(s.g)->message, "has 3 results here, not one"));
    yg_graph_free(s.g);
}
