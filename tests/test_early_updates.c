/*
 * The pass `early_updates`: an update is computed right after its gradient and after the last
 * reader of its parameter, not before, and is written over the parameter as before. It takes less
 * memory, and no bit changes. The same holds together with `recompute`.
 */
#include "compiled.h"
#include "ops/build.h"
#include "ops/ops.h"
#include "train/optimizer.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A weight of this width takes 100 KiB in f32. That is enough for the pass to move its update. */
enum { LAYERS = 4, WIDTH = 160, BATCH = 8, NODES = 24 };
#define WEIGHT (WIDTH * WIDTH * (int64_t)sizeof(float))

typedef struct subject {
    yg_graph *g;
    int64_t batch;
    yg_node x, y; /* inputs: [batch, first width], [batch, last width] */
    yg_node w[LAYERS], d[LAYERS], loss;
    yg_node leaves[NODES]; /* parameters and inputs */
    size_t leaf_count;
    yg_node outputs[NODES];
    size_t output_count;
    yg_update updates[NODES];
    size_t update_count;
    yg_optimizer_graph optimizer;
} subject;

static const int64_t equal[LAYERS + 1] = {WIDTH, WIDTH, WIDTH, WIDTH, WIDTH};

static yg_node leaf(subject *s, const char *kind, int number, int64_t rows, int64_t columns) {
    char name[16];
    snprintf(name, sizeof name, "%s%d", kind, number);
    const yg_type type = type_of(YG_F32, 2, (int64_t[]){rows, columns});
    const bool is_input = kind[0] == 'x';
    const yg_node node = is_input ? yg_input(s->g, name, &type) : yg_parameter(s->g, name, &type);
    s->leaves[s->leaf_count++] = node;
    return node;
}

static void output(subject *s, yg_node node) {
    cr_assert_neq(node, YG_NONE);
    s->outputs[s->output_count++] = node;
}

static void update(subject *s, yg_node parameter, yg_node value) {
    cr_assert_neq(value, YG_NONE);
    s->updates[s->update_count++] = (yg_update){parameter, value};
}

/* Builds layers of these widths, a loss and its gradients. Layer i has weight i. Layer `tied` has
 * the weight of the layer before it. */
static void build_layers(subject *s, const int64_t *widths, int tied) {
    yg_node h = s->x = leaf(s, "x", 0, s->batch, widths[0]);
    s->y = leaf(s, "x", 1, s->batch, widths[LAYERS]);
    for (int i = 0; i < LAYERS; i++) {
        s->w[i] = i == tied ? s->w[i - 1] : leaf(s, "w", i, widths[i], widths[i + 1]);
        h = yg_tanh(s->g, yg_scale(s->g, yg_matmul(s->g, h, s->w[i], false, false), 0.1));
    }
    const yg_node error = yg_square(s->g, yg_subtract(s->g, h, s->y));
    output(s, s->loss = yg_mean(s->g, error, NULL, 0, false));
    cr_assert(yg_grad(s->g, s->loss, YG_NONE, s->w, LAYERS, s->d));
}

/* m = 0.9 m + d, w = w - 0.1 m */
static yg_node momentum_step(subject *s, int i) {
    const yg_type *type = yg_node_type(s->g, s->w[i]);
    const yg_node m = leaf(s, "m", i, type->shape[0], type->shape[1]);
    const yg_node next = yg_add(s->g, yg_scale(s->g, m, 0.9), s->d[i]);
    update(s, m, next);
    return yg_subtract(s->g, s->w[i], yg_scale(s->g, next, 0.1));
}

static void step_all(subject *s) {
    for (int i = 0; i < LAYERS; i++) {
        if (i == 0 || s->w[i] != s->w[i - 1])
            update(s, s->w[i], momentum_step(s, i));
    }
}

/* ------------------------------------------------------------------------------------ graphs -- */

static void momentum(subject *s) {
    build_layers(s, equal, LAYERS);
    step_all(s);
}

static void optimizer(subject *s, const char *name) {
    static const int64_t widths[LAYERS + 1] = {160, 144, 176, 130, 180};
    yg_optimizer of;
    build_layers(s, widths, LAYERS);
    cr_assert(yg_optimizer_make(name, 0.1, &of, NULL));
    cr_assert(yg_optimizer_build(&of, s->g, s->w, s->d, LAYERS, &s->optimizer, NULL));
    for (size_t i = 0; i < s->optimizer.update_count; i++)
        s->updates[s->update_count++] = s->optimizer.updates[i];
}

static void adam(subject *s) {
    optimizer(s, "adam");
}

static void sgd(subject *s) {
    optimizer(s, "sgd");
}

/* Layer 2 has the weight of layer 1. Its update waits for the backward pass of both layers. */
static void tied(subject *s) {
    build_layers(s, equal, 2);
    step_all(s);
}

/* The weight is read once more, long after its gradient is computed. */
static void read_again(subject *s) {
    build_layers(s, equal, LAYERS);
    output(s, yg_matmul(s->g, s->d[0], s->w[3], false, false));
    step_all(s);
}

static void read_as_a_view(subject *s) {
    const yg_type wide = type_of(YG_F32, 2, (int64_t[]){WIDTH / 2, 2 * WIDTH});
    const yg_type tall = type_of(YG_F32, 2, (int64_t[]){2 * WIDTH, WIDTH / 2});
    build_layers(s, equal, LAYERS);
    const yg_node view = yg_reshape(s->g, s->w[3], &tall);
    output(s, yg_matmul(s->g, yg_reshape(s->g, s->d[0], &wide), view, false, false));
    step_all(s);
}

static void clipped(subject *s) {
    build_layers(s, equal, LAYERS);
    cr_assert(yg_clip_grad_norm(s->g, s->d, LAYERS, 0.01, NULL));
    step_all(s);
}

static void fetched(subject *s) {
    build_layers(s, equal, LAYERS);
    output(s, s->d[2]);
    step_all(s);
}

/* The new weight is an output: it stays where it is. */
static void fetched_value(subject *s) {
    build_layers(s, equal, LAYERS);
    step_all(s);
    for (size_t i = 0; i < s->update_count; i++) {
        if (s->updates[i].parameter == s->w[3])
            output(s, s->updates[i].value);
    }
}

/* The update of weights 1 and 2 needs both of their gradients. */
static void shared(subject *s) {
    build_layers(s, equal, LAYERS);
    const yg_node way = yg_tanh(s->g, yg_add(s->g, s->d[1], s->d[2]));
    update(s, s->w[1], yg_subtract(s->g, s->w[1], way));
    update(s, s->w[2], yg_add(s->g, s->w[2], yg_square(s->g, way)));
    update(s, s->w[3], momentum_step(s, 3));
    update(s, s->w[0], momentum_step(s, 0));
}

/* Copies of parameters: the old value, a mean of new ones, and two that are exchanged. */
static void other_parameters(subject *s) {
    build_layers(s, equal, LAYERS);
    const yg_node old = leaf(s, "old", 0, WIDTH, WIDTH), mean = leaf(s, "mean", 0, WIDTH, WIDTH);
    const yg_node next = momentum_step(s, 3);
    update(s, s->w[3], next);
    update(s, old, s->w[3]);
    update(s, mean, yg_add(s->g, yg_scale(s->g, mean, 0.9), yg_scale(s->g, next, 0.1)));
    update(s, s->w[0], momentum_step(s, 0));
    update(s, s->w[1], s->w[2]);
    update(s, s->w[2], s->w[1]);
}

/* A node that no update reads is not moved: a row that is broadcast for a product in the last
 * layer. */
static void stretched(subject *s) {
    s->batch = 512;
    build_layers(s, equal, LAYERS);
    const yg_type table = *yg_node_type(s->g, s->x);
    const yg_node row = leaf(s, "row", 0, 1, WIDTH);
    output(s, yg_matmul(s->g, s->d[0], yg_broadcast(s->g, row, &table), false, true));
    step_all(s);
}

/* ------------------------------------------------------------------------------------- cases -- */

typedef struct update_case {
    const char *name;
    void (*build)(subject *s);
    const char *earlier, *later; /* parameters: which is written over first */
    int copies;                  /* of values that cannot be written over their parameters */
    double spared;               /* of planned memory, at least: weights */
} update_case;

static const update_case cases[] = {
    {"momentum", momentum, "w3", "w0", 0, 2},
    {"adam", adam, "w3", "w0", 0, 2},
    {"sgd", sgd, "w3", "w0", 0, -0.01}, /* which has no gradients in memory, but some scalars */
    {"tied", tied, "w3", "w1", 0, 1},
    {"read again", read_again, "w2", "w3", 0, 0},
    {"read as a view", read_as_a_view, "w2", "w3", 0, 0},
    {"clipped", clipped, "w0", "w3", 0, 0},
    {"fetched", fetched, "w2", "w1", 0, 1},
    {"fetched value", fetched_value, "w2", "w0", 1, 0},
    {"shared", shared, "w3", "w2", 0, 0},
    {"other parameters", other_parameters, "mean0", "w0", 7, 0},
    {"stretched", stretched, "w3", "w0", 0, 0},
};

#define CASES (sizeof cases / sizeof *cases)

static void set_scalar(yg_program *program, yg_node node, double value) {
    double *data = node == YG_NONE ? NULL : yg_program_data(program, node);
    if (data)
        *data = value;
}

static yg_program *compute(const subject *s, const yg_compile_options *options) {
    yg_error error = {0};
    yg_program *program =
        yg_compile(s->g, s->outputs, s->output_count, s->updates, s->update_count, options, &error);
    cr_assert(program, "%s", error.message);
    for (size_t i = 0; i < s->leaf_count; i++)
        fill_leaf(s->g, program, s->leaves[i]);
    for (int step = 1; step < 3; step++) {
        if (s->optimizer.update_count > 0) {
            set_scalar(program, s->optimizer.inputs.lr, 0.01);
            set_scalar(program, s->optimizer.inputs.t, step);
        }
        run(program);
    }
    return program;
}

/* Where the plan's text writes over a parameter. */
static long place(const char *text, const char *parameter) {
    char wanted[32];
    snprintf(wanted, sizeof wanted, " %s = ", parameter);
    const char *at = strstr(text, wanted);
    cr_assert(at, "%s is not written", parameter);
    return at - text;
}

static int count_copies(const char *text) {
    int count = 0;
    for (const char *at = text; (at = strstr(at, " = copy(")); at++)
        count++;
    return count;
}

static void expect_same_results(const subject *s, yg_program *a, yg_program *b, const char *what) {
    for (size_t i = 0; i < s->output_count; i++)
        expect_same(s->g, a, b, s->outputs[i], what);
    for (size_t i = 0; i < s->update_count; i++)
        expect_same(s->g, a, b, s->updates[i].parameter, what);
}

static void check(const subject *s, const update_case *test, int threads) {
    const char *pass = "early_updates";
    yg_program *late =
        compute(s, &(yg_compile_options){.threads = threads, .without = &pass, .without_count = 1});
    yg_program *early = compute(s, &(yg_compile_options){.threads = threads});
    yg_program *again = compute(s, &(yg_compile_options){.threads = threads, .recompute = true});
    expect_same_results(s, late, early, test->name);
    expect_same_results(s, late, again, test->name);
    char *text = yg_program_text(early);
    cr_expect_lt(place(text, test->earlier), place(text, test->later), "%s: %s before %s",
                 test->name, test->earlier, test->later);
    cr_expect_eq(count_copies(text), test->copies, "%s: %d copies", test->name, count_copies(text));
    const int64_t before = yg_program_get_stats(late).arena_bytes;
    const int64_t after = yg_program_get_stats(early).arena_bytes;
    cr_expect_leq((double)after, (double)before - test->spared * (double)WEIGHT,
                  "%s: %lld bytes, %lld without", test->name, (long long)after, (long long)before);
    free(text);
    yg_program_free(late);
    yg_program_free(early);
    yg_program_free(again);
}

Test(early_updates, updates_a_parameter_when_its_gradient_is_there) {
    for (size_t c = 0; c < CASES; c++) {
        subject s = {.g = yg_graph_new(yg_ops(), 0), .batch = BATCH};
        cases[c].build(&s);
        cr_assert(yg_graph_verify(s.g, NULL));
        check(&s, &cases[c], 1);
        check(&s, &cases[c], 3);
        if (s.optimizer.update_count > 0)
            yg_optimizer_graph_free(&s.optimizer);
        yg_graph_free(s.g);
    }
}
