/*
 * The memory of a run: what is told before the first step, and what is resident then.
 */
#include "data/data.h"
#include "ops/gemm_library.h"
#include "train/executable.h"
#include "train/train.h"
#include "workspace.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Convolutions keep channels last within, so permutations stand between them. */
static const char pictures[] =
    "format: 1\n"
    "inputs: {x: [B, 3, 8, 8]}\n"
    "targets: {y: {shape: [B], dtype: i32, classes: 4}}\n"
    "graph:\n"
    "  a: {type: conv2d, input: x, out_channels: 4, kernel_size: 3, activation: relu}\n"
    "  b: {type: batch_norm}\n"
    "  c: {type: max_pool2d, kernel_size: 2}\n"
    "  d: {type: conv2d, out_channels: 4, kernel_size: 3, activation: gelu}\n"
    "  e: permute(d, [3, 0, 2, 1])\n"
    "  f: {type: linear, input: \"flatten(permute(e, [1, 0, 2, 3]), 1)\", out_features: 4}\n"
    "outputs: [f]\n"
    "loss: cross_entropy(f, y)\n"
    "metrics: {accuracy: \"accuracy(f, y)\"}\n";

static const char steps[] =
    "format: 1\n"
    "inputs: {x: [B, 20, 3]}\n"
    "targets: {y: {shape: [B], dtype: i32, classes: 4}}\n"
    "graph:\n"
    "  a: {type: lstm, input: x, hidden_size: 4}\n"
    "  all, last, count:\n"
    "    scan: {x_t: a}\n"
    "    carry: {h: \"0 * a[:, 0]\", n: 0.0}\n"
    "    graph:\n"
    "      g: {type: linear, input: \"concat([x_t, h], dim=1)\", out_features: 4}\n"
    "      h: tanh(g + n)\n"
    "      n: n + 1\n"
    "    collect: [h]\n"
    "outputs: [last]\n"
    "loss: cross_entropy(last + all[:, 3], y)\n"
    "metrics: {accuracy: \"accuracy(last, y)\"}\n";

/* Where a score mixes examples and its rows cannot be kept, as within a loop, all examples are one
 * batch, which may take a gigabyte. */
Test(resident, few_operators_mix_examples) {
    static const struct {
        const char *text, *from, *to;
        yg_score_way loss;
    } cases[] = {
        {pictures, "", "", YG_SCORE_PARTS},
        {pictures, "permute(d, [3, 0, 2, 1])", "permute(d - mean(d, dim=0), [3, 0, 2, 1])",
         YG_SCORE_ROWS},
        {pictures, "permute(d, [3, 0, 2, 1])", "permute(flip(d, 0), [3, 0, 2, 1])", YG_SCORE_ROWS},
        {steps, "", "", YG_SCORE_PARTS},
        {steps, "tanh(g + n)", "tanh(g + n + mean(h))", YG_SCORE_WHOLE},
        {steps, "n: n + 1", "n: n + mean(x_t)", YG_SCORE_WHOLE},
        {steps, "tanh(g + n)", "tanh(softmax(g, dim=0))", YG_SCORE_WHOLE},
        {steps, "{x_t: a}", "{x_t: a}\n    reverse: true", YG_SCORE_PARTS},
        {steps, "{x_t: a}", "{x_t: \"a - mean(a, dim=0)\"}", YG_SCORE_WHOLE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const workspace w = workspace_make();
        char text[2048];
        const char *at = strstr(cases[i].text, cases[i].from);
        cr_assert(at);
        snprintf(text, sizeof text, "%.*s%s%s", (int)(at - cases[i].text), cases[i].text,
                 cases[i].to, at + strlen(cases[i].from));
        yg_model *model = workspace_model(&w, "pictures.yaml", text);
        const yg_data data = {0};
        const yg_executable_options options = {
            .model = model, .data = &data, .dtype = YG_F32, .threads = 1};
        yg_score_plan plan;
        yg_error error = {0};
        cr_assert(yg_score_plan_make(&options, 2, &plan, &error), "%s", error.message);
        cr_expect_eq(plan.scores[0].way, cases[i].loss, "%s: %d", cases[i].to,
                     (int)plan.scores[0].way);
        cr_expect_eq(plan.whole, cases[i].loss == YG_SCORE_WHOLE, "%s", cases[i].to);
        yg_score_plan_free(&plan);
        yg_model_free(model);
        workspace_remove(&w);
    }
}

/* Memory that is freed stays resident under AddressSanitizer, and each byte has shadows. */
#if !defined(__SANITIZE_ADDRESS__) && defined(__linux__)

/* A line of /proc/self/status, in bytes; 0: the system does not tell it. */
static double status_bytes(const char *name) {
    char line[256];
    double kib = 0;
    FILE *status = fopen("/proc/self/status", "r");
    while (status && fgets(line, sizeof line, status))
        if (strncmp(line, name, strlen(name)) == 0)
            kib = strtod(line + strlen(name) + 1, NULL);
    if (status)
        fclose(status);
    return 1024 * kib;
}

/* Makes the peak of resident memory what is resident now. */
static bool forget_peak(void) {
    FILE *file = fopen("/proc/self/clear_refs", "w");
    const bool written = file && fputs("5", file) >= 0;
    return file && fclose(file) == 0 && written;
}

typedef struct memory {
    double told, before, library; /* bytes */
} memory;

static void planned(void *context, const yg_program_stats *step, int64_t best_bytes) {
    memory *m = context;
    m->told = (double)step->arena_bytes + (double)step->parameter_bytes +
              (double)step->buffer_bytes + (double)best_bytes +
              (double)yg_gemm_library_resident_bytes() - m->library;
}

/* `examples` zeros of a shape, in NumPy's format. */
static void write_zeros(const workspace *w, const char *name, const char *dtype, int examples,
                        const char *shape, size_t bytes) {
    char head[128];
    snprintf(head, sizeof head, "{'descr': '%s', 'fortran_order': False, 'shape': (%d,%s), }",
             dtype, examples, shape);
    FILE *file = fopen(workspace_path(w, name), "wb");
    cr_assert(file);
    fwrite("\x93NUMPY\x01\x00\x76\x00", 1, 10, file);
    fprintf(file, "%-117s\n", head);
    for (size_t i = 0; i < bytes * (size_t)examples; i++)
        fputc(0, file);
    cr_assert_eq(fclose(file), 0);
}

static void train(const yg_model *model, const char *out, int64_t batch, int threads, memory *m) {
    yg_error error = {0};
    const yg_train_options options = {.out = out,
                                      .has_batch_size = true,
                                      .batch_size = batch,
                                      .threads = threads,
                                      .planned = planned,
                                      .context = m};
    yg_train_result result;
    cr_assert(yg_train(model, &options, &result, &error), "%s", error.message);
    yg_train_result_free(&result);
}

/* A run of whole batches and one that is not whole, with a validation part: four programs. A run of
 * a few examples comes before it, so that the code is resident already. */
static void expect_told(const char *network, const char *width, int64_t batch, int threads,
                        int pixels) {
    const int examples = (int)(5 * batch / 2);
    const workspace w = workspace_make();
    char text[2048], out[256];
    memory m = {0};
    for (int run = 0; run < 2; run++) {
        const int count = run == 0 ? 5 : examples;
        write_zeros(&w, "x.npy", "|u1", count, width, (size_t)pixels);
        write_zeros(&w, "y.npy", "|u1", count, "", 1);
        snprintf(text, sizeof text,
                 "%sdata:\n  train: {arrays: {x: x.npy, y: y.npy}}\n"
                 "  validation: {from: train, fraction: 0.3}\n"
                 "train: {epochs: 1, optimizer: {type: adam, lr: 0.001}}\n",
                 network);
        snprintf(out, sizeof out, "%s", workspace_path(&w, run == 0 ? "first" : "run"));
        yg_model *model = workspace_model(&w, "model.yaml", text);
        cr_assert(forget_peak());
        m = (memory){.before = status_bytes("VmHWM:"),
                     .library = (double)yg_gemm_library_resident_bytes()};
        train(model, out, run == 0 ? 2 : batch, threads, &m);
        yg_model_free(model);
    }
    const double data = (double)pixels * examples; /* kept as bytes */
    const double grown = status_bytes("VmHWM:") - m.before - data;
    workspace_remove(&w);
    cr_expect_gt(m.told, 20e6, "too small a network for this test: %g", m.told);
    cr_expect(grown > 0.9 * m.told - 1e6 && grown < 1.1 * m.told + 1e6,
              "batch %d, %d threads: told %.1f MB, resident %.1f MB more than before", (int)batch,
              threads, m.told / 1e6, grown / 1e6);
}

static const char dense[] =
    "format: 1\n"
    "inputs: {x: [B, 256]}\n"
    "targets: {y: {shape: [B], dtype: i32, classes: 4}}\n"
    "graph:\n"
    "  h: {type: mlp, input: x, hidden_features: [1536, 768], out_features: 4}\n"
    "outputs: [h]\n"
    "loss: cross_entropy(h, y)\n";

/* Each in a process of its own: what one run frees, the next would use again. */
Test(resident, parameters_are_what_was_told) {
    expect_told(dense, " 256", 64, 1, 256);
}

Test(resident, results_are_what_was_told) {
    expect_told(dense, " 256", 1000, 2, 256);
}

Test(resident, pictures_are_what_was_told) {
    expect_told(pictures, " 3, 8, 8", 8000, 1, 192);
}
#endif
