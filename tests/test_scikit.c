/*
 * Metrics of forty examples, computed in batches, are what scikit-learn computes from all at once:
 * tests/fixtures/scores/scikit.py.
 */
#include "train/train.h"
#include "workspace.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char form[] =
    "format: 1\n"
    "name: scikit\n"
    "inputs: {p0: [B, 3], b0: [B], g0: [B, 2]}\n"
    "targets: {y: {shape: [B], dtype: i32, classes: 3}, q: {shape: [B], dtype: i32}, w: [B], t: "
    "[B, 2]}\n"
    "params:\n"
    "  nothing: {shape: [1], init: zeros}\n"
    "graph:\n"
    "  p: p0 + nothing\n"
    "  b: b0 + nothing\n"
    "  g: g0 + nothing\n"
    "outputs: [p]\n"
    "loss: mse(g, t)\n"
    "metrics:\n"
    "%s"
    "data:\n"
    "  train:\n"
    "%s"
    "train: {epochs: 1, batch_size: %d, seed: 3, dtype: f64, optimizer: {type: sgd, lr: 0}}\n";

static json_t *load(void) {
    json_error_t why;
    json_t *all = json_load_file(YG_FIXTURES "/scores/scikit.json", 0, &why);
    cr_assert(all, "%s", why.text);
    return all;
}

static yg_model *make_model(const workspace *w, const json_t *all, int batch_size) {
    char *metrics = NULL, *data = NULL, *text = NULL;
    size_t sizes[3], i;
    json_t *metric, *value;
    const char *name;
    FILE *out = open_memstream(&metrics, &sizes[0]);
    json_array_foreach(json_object_get(all, "metrics"), i, metric)
        fprintf(out, "  m%zu: \"%s\"\n", i, json_string_value(json_array_get(metric, 0)));
    fclose(out);
    out = open_memstream(&data, &sizes[1]);
    json_object_foreach(json_object_get(all, "data"), name, value) fprintf(
        out, "    %s%s: %s\n", name, strchr("pbg", *name) ? "0" : "", json_string_value(value));
    fclose(out);
    out = open_memstream(&text, &sizes[2]);
    fprintf(out, form, metrics, data, batch_size);
    fclose(out);
    yg_model *model = workspace_model(w, "scikit.yaml", text);
    free(metrics);
    free(data);
    free(text);
    return model;
}

static void expect_value(const char *metric, const char *where, int batch, double found,
                         const json_t *expected) {
    const double value = json_number_value(expected);
    cr_expect(fabs(found - value) <= 1e-10 * fmax(1, fabs(value)),
              "%s, %s in batches of %d: %.12g, scikit-learn has %.12g", metric, where, batch, found,
              value);
}

static void expect_scores(const json_t *all, const yg_scores *scores, const char *where,
                          int batch) {
    size_t i;
    json_t *metric;
    json_array_foreach(json_object_get(all, "metrics"), i, metric) {
        const char *name = json_string_value(json_array_get(metric, 0));
        const json_t *expected = json_array_get(metric, 1);
        const yg_score_table *t = scores->metrics[i].table;
        cr_expect_not(scores->metrics[i].of_batches, "%s", name);
        cr_assert_eq(json_is_array(expected), t != NULL, "%s", name);
        if (!t)
            expect_value(name, where, batch, scores->metrics[i].value, expected);
        for (int64_t k = 0; t && k < t->rows * t->columns; k++)
            expect_value(name, where, batch, t->values[k],
                         json_array_get(json_array_get(expected, (size_t)(k / t->columns)),
                                        (size_t)(k % t->columns)));
    }
}

Test(scikit, metrics_in_any_batches) {
    const workspace w = workspace_make();
    json_t *all = load();
    static const int sizes[] = {40, 1, 7};
    char out[256], weights[300];
    snprintf(out, sizeof out, "%s", workspace_path(&w, "run"));
    snprintf(weights, sizeof weights, "%s/weights.safetensors", out);
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        yg_model *model = make_model(&w, all, sizes[s]);
        yg_error error = {0};
        yg_train_result result;
        const yg_train_options options = {.out = out, .threads = 1};
        cr_assert(yg_train(model, &options, &result, &error), "%s", error.message);
        expect_scores(all, &result.training, "train", sizes[s]);
        yg_train_result_free(&result);
        yg_scores scores;
        const yg_evaluate_options asked = {
            .weights = weights, .batch_size = sizes[s], .dtype = YG_F64, .threads = 1};
        cr_assert(yg_evaluate(model, &asked, &scores, NULL, &error), "%s", error.message);
        expect_scores(all, &scores, "eval", sizes[s]);
        yg_scores_free(&scores);
        yg_model_free(model);
    }
    json_decref(all);
    workspace_remove(&w);
}
