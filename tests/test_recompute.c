/*
 * Computing values again instead of keeping them: less memory, the same bits.
 */
#include "graph/program.h"
#include "graph/random.h"
#include "ops/build.h"
#include "ops/ops.h"
#include "train/train.h"
#include "train/training_step.h"
#include "workspace.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LAYERS_MAX 64

/* A training step of a stack of equal layers. */
typedef struct stack {
    yg_graph *graph;
    yg_node loss;
    yg_node weights[2 * LAYERS_MAX];
    yg_update updates[2 * LAYERS_MAX];
    size_t count;
} stack;

typedef struct stack_case {
    const char *what, *activation;
    int layers;
    int64_t batch, width;
    bool drops, residual;
    double memory; /* at most this part of the arena without */
    double work;   /* at most this many times the operations without */
} stack_case;

static const stack_case cases[] = {
    {"relu", "relu", 16, 256, 64, false, false, 0.6, 1.35},
    {"gelu", "gelu", 16, 256, 64, false, false, 0.55, 1.35},
    {"deep", "tanh", 64, 64, 16, false, false, 0.4, 1.4},
    {"dropout", "relu", 16, 256, 32, true, false, 0.6, 1.4},
    {"residual", "silu", 24, 128, 32, false, true, 0.7, 1.5},
    {"weights larger than activations", "relu", 8, 16, 64, false, false, 1.0, 1.35},
};

static yg_node tensor(yg_graph *g, const char *name, int64_t rows, int64_t columns) {
    yg_type type;
    cr_assert(yg_type_make(YG_F32, 2, (int64_t[]){rows, columns}, &type, NULL));
    return yg_parameter(g, name, &type);
}

static yg_node dropout(yg_graph *g, yg_node x) {
    const yg_op *op = yg_op_find(yg_graph_ops(g), "dropout");
    yg_attr attrs[8];
    yg_op_defaults(op, attrs);
    attrs[yg_op_attr(op, "p")].f = 0.25;
    return yg_apply(g, op, &x, 1, attrs);
}

static stack build(const stack_case *c) {
    stack s = {.graph = yg_graph_new(yg_ops(), YG_GRAPH_TRAINING)};
    yg_graph *g = s.graph;
    yg_node x = tensor(g, "x", c->batch, c->width);
    for (int i = 0; i < c->layers; i++) {
        const yg_node w = s.weights[s.count++] = tensor(g, "w", c->width, c->width);
        const yg_node b = s.weights[s.count++] = tensor(g, "b", 1, c->width);
        yg_node y = yg_add(g, yg_matmul(g, x, w, false, false), b);
        y = yg_call(g, c->activation, &y, 1);
        if (c->drops)
            y = dropout(g, y);
        x = c->residual ? yg_add(g, x, y) : y;
    }
    s.loss = yg_mean(g, yg_square(g, x), NULL, 0, false);
    yg_node gradients[2 * LAYERS_MAX];
    cr_assert(yg_grad(g, s.loss, YG_NONE, s.weights, s.count, gradients));
    for (size_t i = 0; i < s.count; i++)
        s.updates[i] = (yg_update){s.weights[i],
                                   yg_subtract(g, s.weights[i], yg_scale(g, gradients[i], 0.05))};
    return s;
}

static yg_program *compile(const stack *s, bool recompute) {
    yg_error error = {0};
    const yg_compile_options options = {.threads = 1, .recompute = recompute};
    yg_program *program = yg_compile(s->graph, &s->loss, 1, s->updates, s->count, &options, &error);
    cr_assert(program, "%s", error.message);
    return program;
}

static void fill(const stack *s, yg_program *program) {
    for (yg_node node = 0; node < yg_graph_size(s->graph); node++) {
        float *data = yg_node_is_parameter(s->graph, node) ? yg_program_data(program, node) : NULL;
        for (int64_t i = 0; data && i < yg_type_count(yg_node_type(s->graph, node)); i++)
            data[i] = (float)yg_random_normal(5, node, (uint64_t)i) * 0.2f;
    }
}

Test(recompute, takes_less_memory_for_the_same_bits) {
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const stack_case *c = &cases[i];
        const stack s = build(c);
        yg_program *plain = compile(&s, false), *again = compile(&s, true);
        const yg_program_stats a = yg_program_get_stats(plain), b = yg_program_get_stats(again);
        cr_expect_leq((double)b.arena_bytes, c->memory * (double)a.arena_bytes,
                      "%s: %ld bytes, %ld without", c->what, (long)b.arena_bytes,
                      (long)a.arena_bytes);
        cr_expect_leq(b.flops, c->work * a.flops, "%s: %g operations, %g without", c->what, b.flops,
                      a.flops);
        cr_expect_eq(a.recomputed, 0);
        cr_expect(c->memory == 1 || b.recomputed > 0, "%s", c->what);
        fill(&s, plain);
        fill(&s, again);
        for (uint64_t step = 0; step < 3; step++) {
            cr_assert(yg_program_run(plain, 9, step, NULL));
            cr_assert(yg_program_run(again, 9, step, NULL));
        }
        for (size_t w = 0; w <= s.count; w++) {
            const yg_node node = w < s.count ? s.weights[w] : s.loss;
            cr_expect_eq(memcmp(yg_program_data(plain, node), yg_program_data(again, node),
                                (size_t)yg_type_bytes(yg_node_type(s.graph, node))),
                         0, "%s: other bits", c->what);
        }
        yg_program_free(plain);
        yg_program_free(again);
        yg_graph_free(s.graph);
    }
}

/* A value that waits could be computed again from a parameter. But if that has been updated
 * meanwhile, its old value would need memory of its own. */
Test(recompute, not_from_a_parameter_that_is_updated_before) {
    for (int early = 0; early < 2; early++) {
        yg_graph *g = yg_graph_new(yg_ops(), 0);
        const yg_node x = tensor(g, "x", 256, 64), w = tensor(g, "w", 256, 64);
        const yg_node waiting = yg_exp(g, yg_multiply(g, x, w));
        yg_node update = early ? yg_scale(g, w, 0.5) : YG_NONE, y = waiting;
        for (int i = 0; i < 2; i++) /* the peak: softmax writes over nothing */
            y = yg_softmax(g, y, i);
        const yg_node wide[] = {y, y, y, y};
        const yg_node peak = yg_softmax(g, yg_concat(g, wide, 4, 0), 1);
        const yg_node small = yg_sum(g, yg_square(g, peak), NULL, 0, false);
        const yg_node out =
            yg_sum(g, yg_softmax(g, yg_multiply(g, waiting, small), 1), NULL, 0, false);
        if (!early)
            update = yg_scale(g, w, 0.5);
        const yg_update updates[] = {{w, update}};
        yg_error error = {0};
        const char *const without[] = {"early_updates"}; /* which would move the late one */
        const yg_compile_options options = {
            .threads = 1, .recompute = true, .without = without, .without_count = 1};
        yg_program *program = yg_compile(g, &out, 1, updates, 1, &options, &error);
        cr_assert(program, "%s", error.message);
        cr_expect_eq(yg_program_get_stats(program).recomputed > 0, !early, "early %d: %zu", early,
                     yg_program_get_stats(program).recomputed);
        yg_program_free(program);
        yg_graph_free(g);
    }
}

/* ---------------------------------------------------------------------------- in model files -- */

/* A model whose values wait for the backward pass: eight layers, and batches larger than the
 * layers. */
static const char model_text[] = "format: 1\n"
                                 "name: tower\n"
                                 "inputs: {x: [B, 3]}\n"
                                 "targets: {y: [B, 1]}\n"
                                 "graph:\n"
                                 "  h: {type: linear, input: x, repeat: 8, out_features: 16,\n"
                                 "      activation: gelu}\n"
                                 "  d: dropout(h, 0.2)\n"
                                 "  out: {type: linear, input: d, out_features: 1}\n"
                                 "outputs: [out]\n"
                                 "loss: mean(square(out - y))\n"
                                 "data: {train: {csv: rows.csv, x: [a, b, c], y: y}}\n"
                                 "train:\n"
                                 "  epochs: 2\n"
                                 "  batch_size: 128\n"
                                 "  optimizer: {type: adam, lr: 0.01}\n"
                                 "  recompute: ";

static void write_rows(const workspace *w) {
    char text[300 * 40] = "a,b,c,y\n";
    size_t used = strlen(text);
    for (uint64_t i = 0; i < 256; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%.4f,%.4f,%.4f,%.4f\n",
                                 yg_random_normal(1, 0, i), yg_random_normal(1, 1, i),
                                 yg_random_normal(1, 2, i), yg_random_normal(1, 3, i));
    workspace_write(w, "rows.csv", text);
}

Test(recompute, trains_to_the_same_bytes) {
    const workspace w = workspace_make();
    write_rows(&w);
    char *weights[2];
    size_t size[2];
    int64_t memory[2];
    for (int on = 0; on < 2; on++) {
        char text[2048], out[16], file[64];
        snprintf(text, sizeof text, "%s%s\n", model_text, on ? "true" : "false");
        yg_model *model = workspace_model(&w, on ? "on.yaml" : "off.yaml", text);
        yg_error error = {0};
        yg_train_result result;
        snprintf(out, sizeof out, "run%d", on);
        const yg_train_options options = {.out = workspace_path(&w, out), .threads = 2};
        cr_assert(yg_train(model, &options, &result, &error), "%s", error.message);
        yg_train_result_free(&result);
        yg_training_step step;
        cr_assert(yg_training_step_make(model, NULL, &step, &error), "%s", error.message);
        memory[on] = yg_program_get_stats(step.program).arena_bytes;
        yg_training_step_free(&step);
        snprintf(file, sizeof file, "%s/weights.safetensors", out);
        weights[on] = workspace_read(&w, file, &size[on]);
        yg_model_free(model);
    }
    cr_expect_lt((double)memory[1], 0.85 * (double)memory[0], "%ld bytes, %ld without",
                 (long)memory[1], (long)memory[0]);
    cr_expect(size[0] == size[1] && memcmp(weights[0], weights[1], size[0]) == 0,
              "the weights differ");
    free(weights[0]);
    free(weights[1]);
    workspace_remove(&w);
}
