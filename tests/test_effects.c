/*
 * Operators with effects (YG_OP_EFFECTS). Test-only operators write to a log. Each of their nodes
 * must run exactly once in each run, in the order of the graph, however the graph is compiled.
 */
#include "graph/definition.h"
#include "graph/loop.h"
#include "graph/plan_verify.h"
#include "graph/random.h"
#include "graph/rewrite.h"
#include "operator_check.h"
#include "ops/build.h"
#include "ops/ops.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* ----------------------------------------------------------------------------- the operators -- */

enum { MOST = 400 };

/* The attribute `id` of each node that has run, in order, and whether another thread ran it. */
static int64_t seen[MOST];
static int seen_count;
static pthread_t caller;
static bool on_other_thread, refuses;

static bool add_to_log(const yg_kernel_call *call, yg_error *error) {
    on_other_thread |= !pthread_equal(pthread_self(), caller);
    cr_assert_lt(seen_count, MOST);
    seen[seen_count++] = call->attrs[0].i;
    return !refuses || yg_fail(error, YG_ERROR_DATA, call->origin, "note: refused");
}

static bool infer_same(const yg_infer *call, yg_type *results, yg_error *error) {
    (void)error;
    results[0] = results[call->op->results > 1] = call->operands[0];
    return true;
}

/* All of its work, and not only units [begin, end). */
static bool note_kernel(const yg_kernel_call *call, yg_error *error) {
    memmove(call->out, call->in[0], (size_t)yg_type_bytes(call->out_type));
    return add_to_log(call, error);
}

static bool pair_kernel(const yg_kernel_call *call, yg_error *error) {
    const double *x = call->in[0];
    double *same = call->out, *twice = call->outs[1];
    for (int64_t i = 0; i < yg_type_count(call->out_type); i++) {
        same[i] = x[i];
        if (twice)
            twice[i] = 2 * x[i];
    }
    return add_to_log(call, error);
}

/* What the operators may not have: work in pieces, and memory of the operand's. */
static void plan(const yg_infer *call, const yg_type *results, yg_op_plan *plan) {
    (void)call;
    plan->units = plan->rows = yg_type_count(results);
    plan->view = 0;
}

static const yg_attr_spec attrs[] = {{.name = "id", .kind = YG_ATTR_INT, .doc = "in the log"}};
static const yg_op note, pair, pure_note;

/* The gradient has effects too. */
static yg_node note_vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)k;
    const yg_attr id = {.i = yg_node_attrs(graph, y)[0].i + 1000};
    return yg_apply(graph, &note, &dy, 1, &id);
}

static yg_node pure_vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)graph, (void)y, (void)k;
    return dy;
}

static yg_node pair_vjp(yg_graph *graph, yg_node y, const yg_node *dy, size_t k) {
    (void)k;
    const yg_attr id = {.i = yg_node_attrs(graph, y)[0].i + 1000};
    yg_node sum = dy[0], results[2];
    if (dy[1] != YG_NONE)
        sum = sum == YG_NONE ? yg_scale(graph, dy[1], 2)
                             : yg_add(graph, sum, yg_scale(graph, dy[1], 2));
    return yg_apply_all(graph, &pair, &sum, 1, &id, results, 2) ? results[0] : YG_NONE;
}

/* The builder must not ask it. */
static yg_node simplify(yg_graph *graph, const yg_infer *call, const yg_node *operands) {
    (void)graph, (void)call;
    return operands[0];
}

static double reference(const yg_reference *r, const int64_t *index) {
    return yg_at(r, 0, index) * (double)(r->result + 1);
}

static const yg_sample samples[] = {{{"f[7]"}, NULL}, {{"f[2, 3]"}, NULL}};

#define OPERATOR                                                                                   \
    .formula = "y = x", .doc = "For tests.", .group = "test", .min_operands = 1,                   \
    .max_operands = 1, .operand_names = {"x"}, .attrs = attrs, .attr_count = 1,                    \
    .infer = infer_same, .plan = plan, .reference = reference, .samples = samples,                 \
    .sample_count = sizeof samples / sizeof *samples

static const yg_op note = {.name = "note",
                           OPERATOR,
                           .flags = YG_OP_EFFECTS | YG_OP_IN_PLACE,
                           .kernel = {[YG_F32] = note_kernel, [YG_F64] = note_kernel},
                           .vjp = note_vjp,
                           .simplify = simplify};

static const yg_op pure_note = {.name = "pure_note",
                                OPERATOR,
                                .flags = YG_OP_EFFECTS,
                                .kernel = {[YG_F64] = note_kernel},
                                .vjp = pure_vjp};

static const yg_op pair = {.name = "pair",
                           OPERATOR,
                           .flags = YG_OP_EFFECTS,
                           .results = 2,
                           .kernel = {[YG_F64] = pair_kernel},
                           .vjp_all = pair_vjp};

/* -------------------------------------------------------------------------------- the graphs -- */

/* A random graph in the making. */
typedef struct drawing {
    yg_graph *g;
    uint64_t seed, draws;
    yg_node leaves[4], pool[200], outputs[16];
    size_t count, output_count, update_count;
    yg_update updates[4];
    int64_t next_id;
} drawing;

static int64_t roll(drawing *d, int64_t bound) {
    return (int64_t)yg_random_below(d->seed, 5, d->draws++, (uint64_t)bound);
}

static yg_node any(drawing *d) {
    return d->pool[d->count - 1 - (size_t)roll(d, d->count < 8 ? (int64_t)d->count : 8)];
}

static yg_node draw_note(drawing *d, yg_node x) {
    const yg_attr id = {.i = roll(d, 4) ? d->next_id++ : 7}; /* some are equal */
    yg_node results[2];
    if (roll(d, 3) > 0)
        return yg_apply(d->g, roll(d, 2) ? &note : &pure_note, &x, 1, &id);
    yg_apply_all(d->g, &pair, &x, 1, &id, results, 2);
    return results[roll(d, 2)];
}

static yg_node draw_node(drawing *d) {
    const yg_node x = any(d), y = any(d);
    const yg_type *type = yg_node_type(d->g, x);
    switch (roll(d, 9)) {
    case 0:
        return yg_tanh(d->g, x);
    case 1:
        return yg_add(d->g, x, y);
    case 2:
        return yg_softmax(d->g, x, -1);
    case 3: /* which rules and row loops like */
        return yg_add(d->g, yg_matmul(d->g, x, y, false, false),
                      yg_matmul(d->g, y, x, true, false));
    case 4:
        return yg_multiply(d->g, yg_sin(d->g, x), y);
    case 5: /* of a constant, which could be folded */
        return yg_multiply(d->g, draw_note(d, yg_full(d->g, type, 0.5)), x);
    case 6: /* which nothing reads */
        draw_note(d, x);
        return yg_exp(d->g, yg_tanh(d->g, y));
    default:
        return draw_note(d, x);
    }
}

static drawing draw(uint64_t seed, int64_t rows, bool updates) {
    drawing d = {.g = yg_graph_new(yg_ops(), YG_GRAPH_F64), .seed = seed, .next_id = 10};
    yg_type type;
    cr_assert(yg_type_make(YG_F64, 2, (const int64_t[]){rows, rows}, &type, NULL));
    for (int i = 0; i < 4; i++)
        d.pool[d.count++] = d.leaves[i] =
            i < 2 ? yg_input(d.g, "x", &type) : yg_parameter(d.g, "w", &type);
    for (int i = 0; i < 30; i++)
        d.pool[d.count++] = draw_node(&d);
    yg_node loss = yg_sum(d.g, any(&d), NULL, 0, false), slopes[4];
    d.outputs[d.output_count++] = loss;
    cr_assert(yg_grad(d.g, loss, YG_NONE, d.leaves, 4, slopes));
    for (int i = 0; i < 4; i++) {
        if (slopes[i] == YG_NONE)
            continue;
        if (i < 2 || !updates)
            d.outputs[d.output_count++] = slopes[i];
        else /* an update that has effects itself now and then */
            d.updates[d.update_count++] =
                (yg_update){d.leaves[i], roll(&d, 2) ? draw_note(&d, d.leaves[i])
                                                     : yg_subtract(d.g, d.leaves[i],
                                                                   yg_scale(d.g, slopes[i], 0.01))};
    }
    cr_assert(!yg_graph_error(d.g), "%s", yg_graph_error(d.g)->message);
    return d;
}

/* ------------------------------------------------------------------------------ how they run -- */

/* The log of one run, by the graph alone. */
static int expected_log(const yg_graph *g, int64_t *log) {
    int count = 0;
    for (yg_node node = 0; node < yg_graph_size(g); node++) {
        if (yg_node_op(g, node)->flags & YG_OP_EFFECTS)
            log[count++] = yg_node_attrs(g, node)[0].i;
    }
    return count;
}

static void fill(const yg_graph *g, yg_program *program) {
    for (yg_node node = 0; node < yg_graph_size(g); node++) {
        const bool leaf = yg_node_is_input(g, node) || yg_node_is_parameter(g, node);
        double *data = leaf ? yg_program_data(program, node) : NULL;
        for (int64_t i = 0; data && i < yg_type_count(yg_node_type(g, node)); i++)
            data[i] = yg_random_normal(3, node, (uint64_t)i) / 8;
    }
}

static void reset_log(void) {
    seen_count = 0;
    on_other_thread = false;
    caller = pthread_self();
}

static yg_program *compile(const drawing *d, const yg_compile_options *options, const char *what) {
    yg_error error = {0};
    yg_program *program =
        yg_compile(d->g, d->outputs, d->output_count, d->updates, d->update_count, options, &error);
    cr_assert(program, "%s: %s", what, error.message);
    return program;
}

/* Runs the graph once. The results are added to `bits`, at most `room` of them. */
static void check_run(const drawing *d, const yg_compile_options *options, const char *what,
                      double *bits, size_t room) {
    yg_program *program = compile(d, options, what);
    int64_t expected[MOST];
    const int count = expected_log(d->g, expected);
    yg_error error = {0};
    fill(d->g, program);
    reset_log();
    cr_assert(yg_program_run(program, 1, 0, &error), "%s: %s", what, error.message);
    cr_expect_eq(seen_count, count, "%s, seed %d: %d effects, not %d", what, (int)d->seed,
                 seen_count, count);
    cr_expect_eq(memcmp(seen, expected, (size_t)count * sizeof *seen), 0, "%s: another order",
                 what);
    cr_expect_not(on_other_thread, "%s: an effect in another thread", what);
    size_t used = 0;
    for (size_t i = 0; i < d->output_count + d->update_count; i++) {
        const yg_node node =
            i < d->output_count ? d->outputs[i] : d->updates[i - d->output_count].parameter;
        const size_t elements = (size_t)yg_type_count(yg_node_type(d->g, node));
        cr_assert_leq(used + elements, room);
        memcpy(bits + used, yg_program_data(program, node), elements * sizeof *bits);
        used += elements;
    }
    yg_program_free(program);
}

enum { RESULTS = 8 * 128 * 128 };
static double bits[2][RESULTS];

/* Whether the results are those of the first way, which `bits[0]` holds. */
static void check_way(const drawing *d, const yg_compile_options *options, const char *what) {
    memset(bits[1], 0, sizeof bits[1]);
    check_run(d, options, what, bits[1], RESULTS);
    cr_expect_eq(memcmp(bits[0], bits[1], sizeof bits[0]), 0, "%s, seed %d: other bits", what,
                 (int)d->seed);
}

/* All passes, each left out, none; threads; recomputing. Rules are left out, since they round. */
static void check_ways(const drawing *d) {
    size_t count;
    const yg_compile_pass *passes = yg_compile_passes(&count);
    const char *without[32];
    size_t rules = 0;
    for (; rules < yg_ops()->rule_count; rules++)
        without[rules] = yg_ops()->rules[rules]->name;
    yg_compile_options options = {
        .threads = 1, .without = without, .without_count = rules, .recompute = true};
    memset(bits[0], 0, sizeof bits[0]);
    check_run(d, &options, "recomputing", bits[0], RESULTS);
    options.recompute = false;
    check_way(d, &options, "all passes");
    options.threads = 3;
    options.flags = YG_PROGRAM_SMALL_PIECES;
    check_way(d, &options, "three threads");
    options.flags = YG_PROGRAM_NO_PLAN;
    check_way(d, &options, "no plan");
    options.flags = YG_PROGRAM_SMALL_PIECES;
    options.without_count = rules + 1;
    for (size_t i = 0; i < count; i++) {
        without[rules] = passes[i].name;
        check_way(d, &options, passes[i].name);
    }
}

Test(effects, run_once_each_in_order) {
    int64_t log[MOST];
    int most = 0;
    for (uint64_t seed = 0; seed < 60; seed++) {
        const drawing d = draw(seed, 6, seed % 2);
        const int count = expected_log(d.g, log);
        most = count > most ? count : most;
        check_ways(&d);
        yg_graph_free(d.g);
    }
    cr_expect_gt(most, 15);
}

/* Large enough for early updates and for stages that threads share. */
Test(effects, run_once_each_in_large_graphs) {
    for (uint64_t seed = 100; seed < 104; seed++) {
        const drawing d = draw(seed, 96, true);
        check_ways(&d);
        yg_graph_free(d.g);
    }
}

/* With rules, which clone the graph and merge equal nodes in the clone. */
Test(effects, survive_rewriting) {
    for (uint64_t seed = 200; seed < 230; seed++) {
        const drawing d = draw(seed, 32, seed % 2);
        for (int threads = 1; threads <= 3; threads += 2)
            check_run(&d, &(yg_compile_options){.threads = threads}, "with rules", bits[0],
                      RESULTS);
        yg_graph_free(d.g);
    }
}

/* The update could be moved in front of the second effect: nothing reads w after the first. */
Test(effects, of_updates_do_not_move) {
    drawing d = {.g = yg_graph_new(yg_ops(), YG_GRAPH_F64), .output_count = 2, .update_count = 1};
    yg_type type;
    cr_assert(yg_type_make(YG_F64, 2, (const int64_t[]){128, 128}, &type, NULL));
    const yg_node x = yg_input(d.g, "x", &type), w = yg_parameter(d.g, "w", &type);
    const yg_node before = yg_softmax(d.g, w, -1);
    d.outputs[0] = yg_apply(d.g, &note, &before, 1, &(yg_attr){.i = 1});
    d.outputs[1] = yg_apply(d.g, &note, &x, 1, &(yg_attr){.i = 2});
    d.updates[0] = (yg_update){w, yg_apply(d.g, &note, &w, 1, &(yg_attr){.i = 3})};
    check_ways(&d);
    yg_graph_free(d.g);
}

Test(effects, of_constants_are_not_folded) {
    drawing d = {.g = yg_graph_new(yg_ops(), YG_GRAPH_F64), .output_count = 2};
    yg_type type;
    cr_assert(yg_type_make(YG_F64, 1, (const int64_t[]){3}, &type, NULL));
    const yg_node constant = yg_constant(d.g, &type, (const double[]){1, 2, 3});
    yg_node results[2];
    reset_log();
    d.outputs[0] = yg_apply(d.g, &pure_note, &constant, 1, &(yg_attr){.i = 1});
    cr_assert_eq(yg_apply_all(d.g, &pair, &constant, 1, &(yg_attr){.i = 2}, results, 2), 2);
    d.outputs[1] = results[1];
    cr_expect_eq(seen_count, 0);
    check_ways(&d);
    yg_graph_free(d.g);
}

/* A program for one output runs all effects of the graph. */
Test(effects, run_whatever_is_asked_for) {
    drawing d = draw(7, 4, false);
    d.output_count = 1;
    d.outputs[0] = d.leaves[0];
    check_run(&d, NULL, "an input", bits[0], RESULTS);
    char *text = yg_graph_text(d.g, d.outputs, 1);
    cr_expect(strstr(text, "note(") && strstr(text, " with effects : f64[4, 4]"), "%s", text);
    free(text);
    yg_graph_free(d.g);
}

Test(effects, of_a_kernel_that_fails_end_the_run) {
    const drawing d = draw(7, 4, false);
    yg_program *program = compile(&d, NULL, "");
    yg_error error = {0};
    reset_log();
    refuses = true;
    cr_expect_not(yg_program_run(program, 1, 0, &error));
    refuses = false;
    cr_expect_eq(seen_count, 1);
    cr_expect_str_eq(error.message, "note: refused");
    yg_program_free(program);
    yg_graph_free(d.g);
}

/* ------------------------------------------------------------------------- what is not done -- */

/* The suite of all operators refuses a descriptor that has effects and needs what they rule out. */
Test(effects, need_a_plain_kernel) {
    const yg_op *const all[] = {&pure_note, &pair};
    for (size_t i = 0; i < 2; i++) {
        char why[WHY_SIZE] = "";
        yg_op op = *all[i];
        cr_expect_eq(op.flags, YG_OP_EFFECTS);
        cr_expect(operator_check_descriptor(&op, why), "%s", why);
        op.flags |= YG_OP_VIEW;
        cr_expect_not(operator_check_descriptor(&op, why));
        op.flags = YG_OP_EFFECTS;
        op.simplify = simplify;
        cr_expect_not(operator_check_descriptor(&op, why));
    }
}

static bool matches_note(const yg_rewriting *r, yg_node node) {
    const yg_op *op = yg_node_op(r->graph, node);
    return op == &note || op == &pair;
}

static yg_node drop_note(const yg_rewriting *r, yg_graph *to, yg_node node, const yg_node *made) {
    (void)to;
    return made[yg_node_operand(r->graph, node, 0)];
}

static const yg_rule drops_notes = {.name = "drops_notes",
                                    .doc = "for tests",
                                    .op = &note,
                                    .matches = matches_note,
                                    .build = drop_note};

Test(effects, are_not_rewritten) {
    const yg_rule *const rules[] = {&drops_notes};
    yg_op_set set = *yg_ops();
    set.rules = rules;
    set.rule_count = 1;
    drawing d = {.g = yg_graph_new(&set, 0), .output_count = 1};
    yg_type type;
    cr_assert(yg_type_make(YG_F64, 1, (const int64_t[]){3}, &type, NULL));
    const yg_node x = yg_input(d.g, "x", &type);
    d.outputs[0] = yg_apply(d.g, &note, &x, 1, &(yg_attr){.i = 5});
    check_run(&d, NULL, "a rule", bits[0], RESULTS);
    yg_graph_free(d.g);
}

static yg_graph *new_graph(yg_node *x, yg_dtype dtype) {
    yg_graph *g = yg_graph_new(yg_ops(), YG_GRAPH_F64);
    yg_type type;
    cr_assert(yg_type_make(dtype, 1, (const int64_t[]){3}, &type, NULL));
    *x = yg_input(g, "x", &type);
    return g;
}

static void expect_error(yg_graph *g, const char *expected) {
    const yg_error *error = yg_graph_error(g);
    cr_expect(error && strstr(error->message, expected), "%s: %s", expected,
              error ? error->message : "no error");
    yg_graph_free(g);
}

static size_t definition_with_note(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                                   yg_node *results) {
    results[0] = yg_apply(graph, &note, operands, 1, call->attrs);
    return 1;
}

static size_t definition(yg_graph *graph, const yg_infer *call, const yg_node *operands,
                         yg_node *results) {
    results[0] = yg_apply(graph, &pure_note, operands, 1, call->attrs);
    return 1;
}

/* Where an effect could get lost or be seen twice, it is refused. */
Test(effects, are_refused_where_they_would_be_wrong) {
    yg_node x, slope;
    yg_graph *g = new_graph(&x, YG_F64);
    yg_op tile = pure_note;
    tile.flags |= YG_OP_ELEMENTWISE;
    cr_expect_eq(yg_apply(g, &tile, &x, 1, NULL), YG_NONE);
    expect_error(g, "pure_note has effects, but no whole-tensor kernel");

    g = new_graph(&x, YG_F32); /* the definition must not stand in for the kernel */
    yg_op defined = pure_note;
    defined.compose = definition;
    cr_expect_eq(yg_apply(g, &defined, &x, 1, NULL), YG_NONE);
    expect_error(g, "pure_note does not take f32 tensors");

    g = new_graph(&x, YG_F64); /* nor be differentiated, if it has effects itself */
    yg_op through = *yg_op_find(yg_ops(), "exp");
    through.compose = definition;
    through.vjp = NULL;
    through.attrs = attrs;
    through.attr_count = 1;
    const yg_node y = yg_apply(g, &through, &x, 1, NULL);
    yg_grad(g, yg_sum(g, y, NULL, 0, false), YG_NONE, &x, 1, &slope);
    cr_expect_not(yg_graph_error(g)); /* its effect is not needed for the derivative */
    yg_graph_free(g);

    g = new_graph(&x, YG_F64);
    through.compose = definition_with_note;
    const yg_node z = yg_apply(g, &through, &x, 1, NULL);
    cr_expect_not(yg_grad(g, yg_sum(g, z, NULL, 0, false), YG_NONE, &x, 1, &slope));
    expect_error(g, "its definition has a node of note");

    g = new_graph(&x, YG_F64);
    cr_expect_eq(yg_jvp(g, yg_apply(g, &note, &x, 1, NULL), &x, &x, 1), YG_NONE);
    expect_error(g, "the gradient has effects (note)");

    g = new_graph(&x, YG_F64);
    yg_node start;
    yg_graph *body = new_graph(&start, YG_F64);
    const yg_node next = yg_apply(body, &note, &start, 1, NULL);
    yg_node final;
    const yg_loop_spec loop = {
        .body = body, .carries = &start, .next = &next, .carry_count = 1, .iterations = 2};
    cr_expect_not(yg_loop(g, &loop, &x, NULL, NULL, &final, NULL));
    expect_error(g, "note has effects: it cannot be in a loop's body");

    g = new_graph(&x, YG_F64); /* an effect in the value alone is right */
    cr_expect_neq(yg_jvp(g, yg_apply(g, &pure_note, &x, 1, NULL), &x, &x, 1), YG_NONE);
    yg_graph_free(g);
}

/* A graph in which equal nodes could be merged is found by the verifier. */
Test(effects, are_verified_in_graphs) {
    yg_node x;
    yg_graph *g = new_graph(&x, YG_F64);
    const yg_node y = yg_apply(g, &note, &x, 1, NULL);
    yg_error error = {0};
    cr_expect(yg_graph_verify(g, &error));
    g->records[y].hash = 1;
    cr_expect_not(yg_graph_verify(g, &error));
    cr_expect(strstr(error.message, "could be merged"), "%s", error.message);
    yg_graph_free(g);
}
