/*
 * `check`: right gradients pass, wherever they are looked at; wrong ones are found.
 */
#include "ops/build.h"
#include "ops/ops.h"
#include "ops/registry.h"
#include "train/gradients.h"
#include "train/spread.h"
#include "workspace.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------------ planted mistakes -- */

/* relu(x), whose derivative is twice too large. */
static yg_node twice_vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)k;
    const yg_node zero = yg_scalar(graph, yg_node_type(graph, y)->dtype, 0);
    return yg_where(graph, yg_less_equal(graph, y, zero), zero, yg_scale(graph, dy, 2));
}

/* relu(x), whose derivative is wrong at 0 alone. */
static yg_node corner_vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)k;
    const yg_node x = yg_node_operand(graph, y, 0);
    const yg_node zero = yg_scalar(graph, yg_node_type(graph, y)->dtype, 0);
    return yg_where(graph, yg_equal(graph, x, zero), yg_scale(graph, dy, 7),
                    yg_where(graph, yg_less(graph, x, zero), zero, dy));
}

/* abs(x), whose derivative has the wrong sign; at 0 it is 0, as it should be. */
static yg_node flipped_vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)k;
    const yg_node sign = yg_sign(graph, yg_node_operand(graph, y, 0));
    return yg_negative(graph, yg_multiply(graph, dy, sign));
}

/* sin(x), whose derivative is wrong at 0 alone: that is no kink. */
static yg_node sine_vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)k;
    const yg_node x = yg_node_operand(graph, y, 0);
    return yg_multiply(graph, yg_multiply(graph, dy, yg_cos(graph, x)),
                       yg_abs(graph, yg_sign(graph, x)));
}

/* square(x), whose derivative leaves out index 5 of a dimension of 64: the last one, or the first.
 */
static yg_node lost_vjp(yg_graph *graph, yg_node y, yg_node dy, bool row) {
    double mask[64];
    yg_type type;
    for (int i = 0; i < 64; i++)
        mask[i] = i != 5;
    yg_type_make(YG_F64, 2, row ? (int64_t[]){64, 1} : (int64_t[]){1, 64}, &type, NULL);
    const yg_node whole = yg_multiply(graph, dy, yg_scale(graph, yg_node_operand(graph, y, 0), 2));
    return yg_multiply(graph, whole, yg_constant(graph, &type, mask));
}

static yg_node column_vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)k;
    return lost_vjp(graph, y, dy, false);
}

static yg_node row_vjp(yg_graph *graph, yg_node y, yg_node dy, size_t k) {
    (void)k;
    return lost_vjp(graph, y, dy, true);
}

static const struct {
    const char *name;
    const yg_op *of;
    yg_node (*vjp)(yg_graph *graph, yg_node y, yg_node dy, size_t k);
} plants[] = {
    {"twice_relu", &yg_op_relu, twice_vjp},     {"corner_relu", &yg_op_relu, corner_vjp},
    {"flipped_abs", &yg_op_abs, flipped_vjp},   {"pointed_sine", &yg_op_sin, sine_vjp},
    {"lost_column", &yg_op_square, column_vjp}, {"lost_row", &yg_op_square, row_vjp},
};
enum { PLANTS = sizeof plants / sizeof *plants };

typedef struct garden {
    yg_op ops[PLANTS];
    const yg_op **list;
    yg_op_set set;
} garden;

static void make_garden(garden *g) {
    g->set = *yg_ops();
    g->list = calloc(g->set.count + PLANTS, sizeof *g->list);
    cr_assert_not_null(g->list);
    memcpy(g->list, g->set.ops, g->set.count * sizeof *g->list);
    for (size_t i = 0; i < PLANTS; i++) {
        g->ops[i] = *plants[i].of;
        g->ops[i].name = plants[i].name;
        g->ops[i].simplify = NULL;
        g->ops[i].vjp = plants[i].vjp;
        g->list[g->set.count++] = &g->ops[i];
    }
    g->set.ops = g->list;
}

/* --------------------------------------------------------------------------------- cases ---- */

static const char form[] = "format: 1\n"
                           "name: kinks\n"
                           "inputs: {x: [B, 4]}\n"
                           "params:\n"
                           "  w: {shape: [3, 4], init: {type: normal, std: 1}}\n"
                           "  v: {shape: [3, 3], init: {type: normal, std: 1}}\n"
                           "  b: {shape: [3], init: zeros}\n"
                           "  c: {shape: [3], init: zeros}\n"
                           "  o: {shape: [3], init: ones}\n"
                           "  s: {shape: [2, 64], init: {type: normal, std: 1}}\n"
                           "  t: {shape: [64, 2], init: {type: normal, std: 1}}\n"
                           "graph: {z: x @ transpose(w) + b}\n"
                           "outputs: {z: z, v: v, c: c, o: o, s: s, t: t}\n"
                           "%s"
                           "data: {train: {x: [[0, 0, 0, 0], [0, 1, 0, 2], [0, 0, 0, 0]]}}\n";

/* Checks the model with that text in place of the loss. */
static yg_gradient_checks check(const workspace *w, const garden *g, const char *loss,
                                const yg_gradients_options *options) {
    char text[2000];
    yg_error error = {0};
    yg_gradient_checks checks;
    snprintf(text, sizeof text, form, loss);
    workspace_write(w, "m.yaml", text);
    yg_model *model = yg_model_load(workspace_path(w, "m.yaml"),
                                    &(yg_model_options){.ops = g ? &g->set : NULL}, &error);
    cr_assert_not_null(model, "%s: %s", loss, error.message);
    cr_assert(yg_check_gradients(model, options, &checks, &error), "%s: %s", loss, error.message);
    yg_model_free(model);
    return checks;
}

static int64_t left_out(const yg_gradient_checks *checks) {
    int64_t count = 0;
    for (size_t i = 0; i < checks->count; i++)
        count += checks->parameters[i].kinks;
    return count;
}

#define LOSS(text) "loss: " text "\n"

Test(check, right_gradients_at_kinks_pass) {
    static const struct {
        const char *loss;
        bool left_out; /* some elements are */
    } cases[] = {
        {LOSS("sum(relu(o - 1))"), true},
        {LOSS("sum(abs(o - 1))"), false}, /* its gradient is 0, and so is the central difference */
        {LOSS("sum(maximum(b, c))"), false},
        {LOSS("sum(relu(o - 0.5))"), false},
        {LOSS("mean(z) + sum(square(o))"), false},
        /* Equal elements share a gradient, which no difference along one of them shows. */
        {LOSS("min(concat([b, c], dim=0)) * max(concat([o, o + b], dim=0))"), true},
        /* Dark inputs and a zero bias. */
        {LOSS("sum(relu(z))"), true},
        {LOSS("sum(relu(relu(z) @ v + c))"), true},
        {LOSS("mean(max(relu(z) @ v + c, dim=1))"), true},
        {LOSS("mean(square(concat([relu(z), relu(-z)], dim=1) @ concat([v, -0.6 * v]) + 1))"),
         true},
        /* A step that crosses a kink which is near, but not here. */
        {LOSS("sum(relu(o - 1.000001)) + sum(abs(b - 0.0000003))"), false},
        /* A loss that is defined only near the parameters. */
        {LOSS("sum(sqrt(o - 0.9999)) + sum(relu(b))"), true},
    };
    const workspace w = workspace_make();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        yg_gradient_checks checks = check(&w, NULL, cases[i].loss, NULL);
        cr_expect(checks.passed, "%s", cases[i].loss);
        cr_expect_eq(left_out(&checks) > 0, cases[i].left_out, "%s: %d", cases[i].loss,
                     (int)left_out(&checks));
        for (size_t p = 0; p < checks.count; p++) {
            const yg_gradient_check *c = &checks.parameters[p];
            const int64_t looked_at = c->elements < 64 ? c->elements : 64;
            cr_expect_eq(c->compared + c->kinks, looked_at, "%s: %s", cases[i].loss, c->name);
        }
        yg_gradient_checks_free(&checks);
    }
    workspace_remove(&w);
}

/* Differences have what a stop_gradient stops. What does not pass one is checked as always. */
Test(check, what_a_stop_gradient_hides_is_left_out) {
    static const struct {
        const char *loss;
        bool passed;
        int64_t stopped;
    } cases[] = {
        {LOSS("sum(o + stop_gradient(square(o) - o)) + sum(square(c))"), true, 3},
        {LOSS("sum(stop_gradient(exp(o)) * square(c + 1))"), true, 3},
        {LOSS("sum(stop_gradient(exp(o)) + twice_relu(c + 1))"), false, 3},
        {LOSS("sum(stop_gradient(x @ transpose(w))) + sum(square(o))"), true, 6},
    };
    const workspace w = workspace_make();
    garden g;
    make_garden(&g);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        yg_gradient_checks checks = check(&w, &g, cases[i].loss, NULL);
        int64_t stopped = 0;
        for (size_t p = 0; p < checks.count; p++)
            stopped += checks.parameters[p].stopped;
        cr_expect_eq(checks.passed, cases[i].passed, "%s", cases[i].loss);
        cr_expect_eq(stopped, cases[i].stopped, "%s: %d", cases[i].loss, (int)stopped);
        yg_gradient_checks_free(&checks);
    }
    free(g.list);
    workspace_remove(&w);
}

Test(check, wrong_gradients_are_found_at_kinks_and_away) {
    static const struct {
        const char *loss, *parameter; /* that disagrees */
    } cases[] = {
        {LOSS("sum(twice_relu(o))"), "o"},
        {LOSS("sum(twice_relu(o - 1))"), "o"}, /* every element is at the kink */
        {LOSS("sum(twice_relu(z))"), "b"},
        {LOSS("sum(flipped_abs(b))"), "b"}, /* the gradient 0 is right here */
        {LOSS("sum(relu(b) + flipped_abs(b))"), "b"},
        {LOSS("sum(corner_relu(b))"), "b"},  /* wrong at the kink alone */
        {LOSS("sum(pointed_sine(b))"), "b"}, /* wrong at a point that is no kink */
        {LOSS("sum(relu(b) + pointed_sine(c))"), "c"},
        {LOSS("sqrt(sum(square(b)))"), "b"}, /* NaN */
        {LOSS("sum(lost_column(s))"), "s"},
        {LOSS("sum(lost_row(t))"), "t"},
    };
    const workspace w = workspace_make();
    garden g;
    make_garden(&g);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        yg_gradient_checks checks = check(&w, &g, cases[i].loss, NULL);
        cr_expect_not(checks.passed, "%s", cases[i].loss);
        for (size_t p = 0; p < checks.count; p++)
            cr_expect(strcmp(checks.parameters[p].name, cases[i].parameter) != 0 ||
                          !checks.parameters[p].passed,
                      "%s: %s", cases[i].loss, checks.parameters[p].name);
        yg_gradient_checks_free(&checks);
    }
    free(g.list);
    workspace_remove(&w);
}

/* ------------------------------------------------------------------------ without a loss ---- */

Test(check, a_model_without_a_loss_is_checked_by_random_factors) {
    const workspace w = workspace_make();
    garden g;
    make_garden(&g);
    yg_gradient_checks checks = check(&w, &g, "", NULL);
    cr_expect(checks.passed && !checks.has_loss);
    cr_expect_eq(checks.count, 7u);
    /* Each element has a gradient of its own: a plain sum would give equal ones for b. */
    cr_expect_eq(checks.parameters[0].compared, 12);
    yg_gradient_checks_free(&checks);

    char text[400];
    static const char *const outputs[] = {"twice_relu(z)", "twice_relu(softmax(z, dim=1))"};
    for (size_t i = 0; i < 2; i++) {
        yg_error error = {0};
        snprintf(text, sizeof text,
                 "format: 1\ninputs: {x: [B, 4]}\n"
                 "graph: {z: {type: linear, out_features: 3}}\n"
                 "outputs:\n  x: \"%s\"\n  index: argmax(z, dim=1)\n",
                 outputs[i]);
        workspace_write(&w, "m.yaml", text);
        yg_model *model =
            yg_model_load(workspace_path(&w, "m.yaml"), &(yg_model_options){.ops = &g.set}, &error);
        cr_assert_not_null(model, "%s", error.message);
        cr_assert(yg_check_gradients(model, NULL, &checks, &error), "%s", error.message);
        cr_expect(!checks.passed && checks.random_data, "%s", outputs[i]);
        yg_gradient_checks_free(&checks);
        yg_model_free(model);
    }
    free(g.list);
    workspace_remove(&w);
}

Test(check, outputs_without_gradients_and_models_without_parameters_are_valid) {
    static const char *const graphs[] = {
        "graph: {z: {type: linear, out_features: 3}}\noutputs: {index: \"argmax(z, dim=1)\"}\n",
        "graph: {z: x * 2}\noutputs: [z]\n",
    };
    const workspace w = workspace_make();
    for (size_t i = 0; i < 2; i++) {
        char text[300];
        snprintf(text, sizeof text, "format: 1\ninputs: {x: [B, 4]}\n%s", graphs[i]);
        yg_model *model = workspace_model(&w, "m.yaml", text);
        yg_error error = {0};
        yg_gradient_checks checks;
        cr_assert(yg_check_gradients(model, NULL, &checks, &error), "%s", error.message);
        cr_expect(checks.passed);
        cr_expect_eq(checks.count, i ? 0u : 2u);
        yg_gradient_checks_free(&checks);
        yg_model_free(model);
    }
    workspace_remove(&w);
}

/* Without data, examples are made up. A length must then be one that its sequence has. */
Test(check, lengths_that_are_made_up_fit) {
    const workspace w = workspace_make();
    yg_model *model = workspace_model(
        &w, "m.yaml",
        "format: 1\ninputs: {x: [B, 4, 2], n: {shape: [B], dtype: i32}}\n"
        "graph: {h: {type: rnn, input: {x: x, lengths: n}, hidden_size: 2}}\noutputs: [h]\n");
    yg_error error = {0};
    yg_gradient_checks checks;
    cr_assert(yg_check_gradients(model, NULL, &checks, &error), "%s", error.message);
    cr_expect(checks.passed);
    yg_gradient_checks_free(&checks);
    yg_model_free(model);
    workspace_remove(&w);
}

Test(check, training_mode_drops_the_same_elements_each_time) {
    const workspace w = workspace_make();
    const yg_gradients_options options = {.training = true, .has_seed = true, .seed = 3};
    yg_gradient_checks checks =
        check(&w, NULL, LOSS("mean(square(dropout(z, p=0.5) + o))"), &options);
    const double loss = checks.loss;
    cr_expect(checks.passed);
    yg_gradient_checks_free(&checks);
    checks = check(&w, NULL, LOSS("mean(square(dropout(z, p=0.5) + o))"),
                   &(yg_gradients_options){.has_seed = true, .seed = 3});
    cr_expect(checks.passed);
    cr_expect_neq(checks.loss, loss);
    yg_gradient_checks_free(&checks);
    workspace_remove(&w);
}

/* ------------------------------------------------------------------------------- samples ---- */

/* Counts how many elements of a sample have index `at` in dimension `d`. */
static int in_place(const yg_type *type, const int64_t *chosen, int64_t count, int d, int64_t at) {
    int64_t strides[YG_MAX_RANK];
    int found = 0;
    yg_type_strides(type, strides);
    for (int64_t i = 0; i < count; i++)
        found += chosen[i] / strides[d] % type->shape[d] == at;
    return found;
}

Test(check, a_sample_meets_each_index_of_each_dimension) {
    static const int64_t shapes[][3] = {{1000, 64, 1}, {64, 64, 1}, {8, 40, 16}, {3, 5, 7},
                                        {64, 2, 1},    {1, 1, 900}, {25, 6, 25}, {512, 512, 512}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (uint64_t seed = 0; seed < 20; seed++) {
            enum { COUNT = 64 };
            int64_t chosen[COUNT];
            yg_type type;
            cr_assert(yg_type_make(YG_F64, 3, shapes[i], &type, NULL));
            cr_assert(yg_spread(&type, seed, 1, COUNT, chosen));
            for (int64_t k = 0; k < COUNT; k++)
                cr_expect(chosen[k] < yg_type_count(&type) && chosen[k] > (k ? chosen[k - 1] : -1),
                          "%zu: %lld", i, (long long)chosen[k]);
            for (int d = 0; d < 3; d++)
                for (int64_t at = 0; at < shapes[i][d] && shapes[i][d] <= COUNT; at++)
                    cr_expect(in_place(&type, chosen, COUNT, d, at) > 0,
                              "shape %zu, seed %d: nothing in dimension %d at %d", i, (int)seed, d,
                              (int)at);
        }
}

Test(check, another_seed_takes_other_elements) {
    int64_t chosen[2][64];
    yg_type type;
    cr_assert(yg_type_make(YG_F64, 2, (int64_t[]){100, 100}, &type, NULL));
    cr_assert(yg_spread(&type, 0, 7, 64, chosen[0]) && yg_spread(&type, 0, 7, 64, chosen[1]));
    cr_expect_eq(memcmp(chosen[0], chosen[1], sizeof chosen[0]), 0);
    cr_assert(yg_spread(&type, 1, 7, 64, chosen[1]));
    cr_expect_neq(memcmp(chosen[0], chosen[1], sizeof chosen[0]), 0);
}
