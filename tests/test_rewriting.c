/*
 * The rewriting of graphs by rules: what a program answers for after it, when a rule is tried, and
 * what a rule sees of others' work.
 */
#include "compiled.h"
#include "graph/rewrite.h"
#include "ops/build.h"
#include "ops/ops.h"

#include <stdlib.h>

/* a - b = a + (-b), which has the same bits. */
static bool matches_subtract(const yg_rewriting *r, yg_node node) {
    return yg_node_op(r->graph, node) == yg_op_find(yg_ops(), "subtract");
}

static yg_node build_sum(const yg_rewriting *r, yg_graph *to, yg_node node, const yg_node *made) {
    const yg_node *operands = yg_node_operands(r->graph, node);
    return yg_add(to, made[operands[0]], yg_negative(to, made[operands[1]]));
}

static yg_node build_scalar(const yg_rewriting *r, yg_graph *to, yg_node node,
                            const yg_node *made) {
    (void)r, (void)node, (void)made;
    return yg_scalar(to, YG_F64, 1);
}

/* A second rule, so that a rewritten graph is rewritten again: a + b = b + a. */
static bool matches_add(const yg_rewriting *r, yg_node node) {
    return yg_node_op(r->graph, node) == yg_op_find(yg_ops(), "add");
}

static yg_node build_swapped(const yg_rewriting *r, yg_graph *to, yg_node node,
                             const yg_node *made) {
    const yg_node *operands = yg_node_operands(r->graph, node);
    return yg_add(to, made[operands[1]], made[operands[0]]);
}

Test(rewriting, a_program_answers_for_the_callers_nodes) {
    const yg_rule first = {.name = "subtraction",
                           .doc = "",
                           .op = yg_op_find(yg_ops(), "subtract"),
                           .matches = matches_subtract,
                           .build = build_sum};
    const yg_rule second = {.name = "exchange",
                            .doc = "",
                            .op = yg_op_find(yg_ops(), "add"),
                            .matches = matches_add,
                            .build = build_swapped};
    const yg_rule *const rules[] = {&first, &second};
    yg_op_set set = *yg_ops();
    set.rules = rules;
    set.rule_count = 2;
    yg_graph *g = yg_graph_new(&set, YG_GRAPH_NO_SIMPLIFY); /* which would undo the rule */
    const yg_type type = type_of(YG_F64, 2, (int64_t[]){1, 2});
    const yg_node unused = yg_input(g, "unused", &type);
    const yg_node x = yg_input(g, "x", &type), p = yg_parameter(g, "p", &type);
    yg_graph_at(g, (yg_origin){"model.yaml", 7, 3});
    const yg_node d = yg_subtract(g, p, x);
    yg_node_set_name(g, d, "difference");
    yg_graph_at(g, YG_NOWHERE);
    const yg_node outputs[] = {d, p, yg_subtract(g, x, p), d};
    const yg_update update = {p, yg_multiply(g, d, d)};
    yg_error error = {0};
    yg_program *program = yg_compile(g, outputs, 4, &update, 1, NULL, &error);
    cr_assert(program, "%s", error.message);

    cr_expect_eq(count_of(program, "subtract"), 0);
    cr_expect_eq(count_of(program, "add"), 2);
    cr_expect_null(yg_program_data(program, unused));
    cr_expect_null(yg_program_data(program, update.value));
    cr_expect_not(yg_program_bind(program, d, yg_program_data(program, d), &error));
    _Alignas(64) double bound[8] = {5, 6};
    cr_assert(yg_program_bind(program, x, bound, NULL));
    memcpy(yg_program_data(program, p), (double[]){1, 10}, 2 * sizeof(double));
    cr_assert(yg_program_run(program, 1, 0, NULL));
    const double *difference = yg_program_data(program, d);
    const double *opposite = yg_program_data(program, outputs[2]);
    const double *parameter = yg_program_data(program, p);
    for (int i = 0; i < 2; i++) {
        cr_expect_eq(difference[i], i ? 4 : -4);
        cr_expect_eq(opposite[i], i ? -4 : 4);
        cr_expect_eq(parameter[i], 16);
    }

    char *text = yg_program_text(program);
    cr_expect(strstr(text, "difference line 7"), "%s", text);
    int found = 0;
    for (size_t i = 0; i < yg_program_get_stats(program).instructions; i++) {
        const size_t nodes = yg_program_instruction(program, i).node_count;
        for (size_t k = 0; k < nodes; k++)
            found += yg_program_instruction_node(program, i, k) == d;
    }
    cr_expect_eq(found, 2, "an addition and a negative were made of %%%u, not %d nodes:\n%s", d,
                 found, text);
    free(text);
    yg_program_free(program);
    yg_graph_free(g);
}

static bool is_wide(const yg_graph *graph, yg_node node) {
    return yg_type_count(yg_node_type(graph, node)) > 4;
}

/* A rule may say which nodes make it worth trying. That question is its own: it does not hold
 * another rule back. */
Test(rewriting, a_graph_without_a_candidate_stays) {
    const yg_rule any = {.name = "subtraction",
                         .doc = "",
                         .op = yg_op_find(yg_ops(), "subtract"),
                         .matches = matches_subtract,
                         .build = build_sum};
    yg_rule wide = any;
    wide.candidate = is_wide;
    const yg_rule *const rules[] = {&wide, &any};
    static const struct {
        int64_t width;
        size_t rule_count;
        int left;
    } cases[] = {{4, 1, 1}, {5, 1, 0}, {4, 2, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        yg_op_set set = *yg_ops();
        set.rules = rules;
        set.rule_count = cases[i].rule_count;
        yg_graph *g = yg_graph_new(&set, YG_GRAPH_NO_SIMPLIFY);
        const yg_type type = type_of(YG_F64, 2, (int64_t[]){1, cases[i].width});
        const yg_node y = yg_subtract(g, yg_input(g, "a", &type), yg_input(g, "b", &type));
        yg_program *program = compile(g, &y, 1, NULL, 0, 0, 1);
        cr_expect_eq(count_of(program, "subtract"), cases[i].left, "case %zu", i);
        yg_program_free(program);
        yg_graph_free(g);
    }
}

Test(rewriting, a_wrong_equivalent_is_an_error) {
    const yg_rule wrong = {.name = "wrong",
                           .doc = "",
                           .op = yg_op_find(yg_ops(), "subtract"),
                           .matches = matches_subtract,
                           .build = build_scalar};
    const yg_rule *const rules[] = {&wrong};
    yg_op_set set = *yg_ops();
    set.rules = rules;
    set.rule_count = 1;
    yg_graph *g = yg_graph_new(&set, 0);
    const yg_type type = type_of(YG_F64, 2, (int64_t[]){1, 2});
    const yg_node x = yg_input(g, "x", &type), y = yg_subtract(g, x, yg_tanh(g, x));
    yg_error error = {0};
    cr_expect_null(yg_compile(g, &y, 1, NULL, 0, NULL, &error));
    cr_expect_str_eq(error.message, "the rule wrong has no equivalent of the same type");

    const char *name = "wrung";
    const yg_compile_options options = {.without = &name, .without_count = 1};
    error = (yg_error){0};
    cr_expect_null(yg_compile(g, &y, 1, NULL, 0, &options, &error));
    cr_expect_str_eq(error.message, "there is no pass 'wrung'; did you mean 'wrong'?");
    yg_graph_free(g);
}

/* Two rules; the first matches only what the second makes. They are wrong on purpose, so that the
 * operators show what they have done. */
static bool is_exp_of_tanh(const yg_rewriting *r, yg_node node) {
    return strcmp(yg_node_op(r->graph, node)->name, "exp") == 0 &&
           strcmp(yg_node_op(r->graph, yg_node_operand(r->graph, node, 0))->name, "tanh") == 0;
}

static yg_node make_cos(const yg_rewriting *r, yg_graph *to, yg_node node, const yg_node *made) {
    return yg_cos(to, made[yg_node_operand(r->graph, node, 0)]);
}

static bool is_sin(const yg_rewriting *r, yg_node node) {
    return strcmp(yg_node_op(r->graph, node)->name, "sin") == 0;
}

static yg_node make_tanh(const yg_rewriting *r, yg_graph *to, yg_node node, const yg_node *made) {
    return yg_tanh(to, made[yg_node_operand(r->graph, node, 0)]);
}

static yg_node make_permuted(const yg_rewriting *r, yg_graph *to, yg_node node,
                             const yg_node *made) {
    return yg_permute(to, made[yg_node_operand(r->graph, node, 0)], (const int64_t[]){1, 0});
}

Test(rewriting, a_rule_uses_what_a_later_one_makes) {
    const yg_op_set *all = yg_ops();
    const yg_rule first = {.name = "exp_of_tanh",
                           .op = yg_op_find(all, "exp"),
                           .matches = is_exp_of_tanh,
                           .build = make_cos};
    const yg_rule second = {
        .name = "sin", .op = yg_op_find(all, "sin"), .matches = is_sin, .build = make_tanh};
    const yg_rule *const rules[] = {&first, &second};
    yg_op_set set = *all;
    set.rules = rules;
    set.rule_count = 2;
    const yg_type type = type_of(YG_F64, 2, (int64_t[]){3, 4});
    yg_graph *g = yg_graph_new(&set, 0);
    const yg_node x = yg_input(g, "x", &type);
    /* The tanh that the second rule makes is there already: one is left. */
    const yg_node y =
        yg_add(g, yg_add(g, yg_exp(g, yg_sin(g, x)), yg_sin(g, x)), yg_sqrt(g, yg_tanh(g, x)));
    yg_program *program = compile(g, &y, 1, NULL, 0, 0, 1);
    cr_expect_eq(count_of(program, "cos"), 1);
    cr_expect_eq(count_of(program, "exp"), 0);
    cr_expect_eq(count_of(program, "sin"), 0);
    cr_expect_eq(count_of(program, "tanh"), 1);
    yg_program_free(program);
    yg_graph_free(g);
}

/* A node that reads an equivalent is built again. So the permutation that a rule makes cancels
 * another. */
Test(rewriting, permutations_that_a_rule_makes_neighbours_cancel) {
    const yg_op_set *all = yg_ops();
    const yg_rule rule = {
        .name = "sin", .op = yg_op_find(all, "sin"), .matches = is_sin, .build = make_permuted};
    const yg_rule *const rules[] = {&rule};
    yg_op_set set = *all;
    set.rules = rules;
    set.rule_count = 1;
    const yg_type type = type_of(YG_F64, 2, (int64_t[]){3, 3});
    yg_graph *g = yg_graph_new(&set, 0);
    const yg_node x = yg_input(g, "x", &type);
    const yg_node y = yg_exp(g, yg_permute(g, yg_sin(g, x), (const int64_t[]){1, 0}));
    yg_program *program = compile(g, &y, 1, NULL, 0, 0, 1);
    cr_expect_eq(count_of(program, "permute"), 0);
    cr_expect_eq(count_of(program, "exp"), 1);
    yg_program_free(program);
    yg_graph_free(g);
}
