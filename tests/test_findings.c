/*
 * evaluation.json: what a run finds at its kept weights, of predictions that are known beforehand.
 */
#include "train/train.h"
#include "workspace.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The outputs are the inputs: the only parameter stays 1. */
static const char head[] = "format: 1\n"
                           "name: known\n"
                           "inputs: {x: [B, 2], v: [B, 1]}\n"
                           "targets: {y: {shape: [B], dtype: i32, classes: [no, \"y\\\"s\"]}, "
                           "z: [B, 1]}\n"
                           "params: {w: {shape: [], init: ones}}\n"
                           "graph: {p: x * w, q: v * w}\n"
                           "outputs: {p: p, q: {value: q, units: z}}\n"
                           "loss: 0 * mse(q, z) + 0 * cross_entropy(p, y)\n"
                           "train: {epochs: 1, seed: 1, optimizer: {type: sgd, lr: 1e-20}}\n";

/* Rows of x, y, v, z; the scores of class 1 are -0.27, 0.03, -0.02, 0.43, 0.03, 0.03. */
static const char rows[] = "  train: {csv: rows.csv, x: [a, b], y: y, v: v, z: z}\n"
                           "  standardize: [z]\n";
static const char table[] = "a,b,y,v,z\n"
                            "0,-0.27,no,0,10\n"
                            "0,0.03,no,1,20\n"
                            "0,-0.02,\"y\"\"s\",-1,30\n"
                            "0,0.43,\"y\"\"s\",0,40\n"
                            "0,0.03,\"y\"\"s\",0,60\n"
                            "0,0.03,no,0,80\n";

static json_t *find(const workspace *w, const char *model_text, bool evaluates) {
    yg_error error = {0};
    yg_train_result result = {0};
    char out[256];
    snprintf(out, sizeof out, "%s", workspace_path(w, "run"));
    yg_model *model = workspace_model(w, "known.yaml", model_text);
    const yg_train_options options = {.out = out, .threads = 1, .evaluates = evaluates};
    cr_assert(yg_train(model, &options, &result, &error), "%s", error.message);
    yg_train_result_free(&result);
    yg_model_free(model);
    if (!workspace_has(w, "run/evaluation.json"))
        return NULL;
    size_t size;
    json_error_t wrong;
    char *text = workspace_read(w, "run/evaluation.json", &size);
    json_t *found = json_loadb(text, size, JSON_REJECT_DUPLICATES, &wrong);
    cr_assert_not_null(found, "%s\n%s", wrong.text, text);
    free(text);
    return found;
}

static double number(const json_t *value) {
    cr_assert(json_is_number(value));
    return json_number_value(value);
}

/* A number of a list of lists. */
static double at(const json_t *rows, size_t row, size_t column) {
    return number(json_array_get(json_array_get(rows, row), column));
}

static void expect_row(const json_t *worst, const char *wanted) {
    char *row = json_dumps(json_object_get(worst, "row"), JSON_COMPACT);
    cr_expect(row && strcmp(row, wanted) == 0, "%s", row ? row : "there is no row");
    free(row);
}

/* The rows that are told are those of the examples: their target is the true number. */
static void expect_rows_of_examples(const json_t *part) {
    const json_t *q = json_array_get(json_object_get(part, "outputs"), 1);
    const json_t *worst = json_object_get(q, "worst");
    cr_expect_gt(json_array_size(worst), 0);
    for (size_t i = 0; i < json_array_size(worst); i++) {
        const json_t *one = json_array_get(worst, i);
        const char *z = json_string_value(json_object_get(json_object_get(one, "row"), "z"));
        cr_assert_not_null(z);
        cr_expect_float_eq(number(json_object_get(one, "true")), atof(z), 1e-3, "%s", z);
    }
}

static void expect_examples(const json_t *worst, const int *wanted, size_t count) {
    cr_assert_eq(json_array_size(worst), count);
    for (size_t i = 0; i < count; i++)
        cr_expect_eq(number(json_object_get(json_array_get(worst, i), "example")), wanted[i],
                     "worst example %zu", i);
}

static json_t *find_known(const workspace *w) {
    char text[2000];
    workspace_write(w, "rows.csv", table);
    snprintf(text, sizeof text, "%sdata:\n%s", head, rows);
    return find(w, text, true);
}

Test(findings, classes_of_an_output) {
    static const int order[] = {1, 5, 2, 4, 0, 3};
    const workspace w = workspace_make();
    json_t *found = find_known(&w);
    cr_assert_not_null(found);
    const json_t *part = json_array_get(json_object_get(found, "parts"), 0);
    cr_expect_eq(json_array_size(json_object_get(found, "parts")), 1);
    cr_expect_str_eq(json_string_value(json_object_get(part, "part")), "train");
    cr_expect_eq(number(json_object_get(part, "examples")), 6);
    cr_expect_eq(number(json_object_get(part, "stride")), 1);
    const json_t *p = json_array_get(json_object_get(part, "outputs"), 0);
    cr_expect_str_eq(json_string_value(json_object_get(p, "kind")), "classes");
    cr_expect_str_eq(json_string_value(json_object_get(p, "target")), "y");
    const json_t *classes = json_object_get(p, "classes");
    cr_expect_str_eq(json_string_value(json_array_get(classes, 1)), "y\"s");
    /* Of "no", one is taken for "no" and two for the other; of "y's", one and two. */
    const json_t *confusion = json_object_get(p, "confusion");
    cr_expect(at(confusion, 0, 0) == 1 && at(confusion, 0, 1) == 2);
    cr_expect(at(confusion, 1, 0) == 1 && at(confusion, 1, 1) == 2);
    /* Of nine pairs, five are in the right order and two are equal. */
    const json_t *roc = json_object_get(p, "roc"), *curve = json_array_get(roc, 0);
    cr_assert_eq(json_array_size(roc), 1);
    cr_expect_float_eq(number(json_object_get(curve, "auc")), 6.0 / 9, 1e-12);
    const json_t *points = json_object_get(curve, "points");
    static const double wanted[][2] = {
        {0, 0}, {0, 1.0 / 3}, {2.0 / 3, 2.0 / 3}, {2.0 / 3, 1}, {1, 1}};
    cr_assert_eq(json_array_size(points), 5);
    for (size_t i = 0; i < 5; i++)
        for (size_t k = 0; k < 2; k++)
            cr_expect_float_eq(at(points, i, k), wanted[i][k], 1e-5, "point %zu", i);
    const json_t *worst = json_object_get(p, "worst"), *first = json_array_get(worst, 0);
    expect_examples(worst, order, 6);
    cr_expect_str_eq(json_string_value(json_object_get(first, "true")), "no");
    cr_expect_str_eq(json_string_value(json_object_get(first, "predicted")), "y\"s");
    cr_expect_float_eq(number(json_object_get(first, "probability")), 1 / (1 + exp(0.03)), 1e-6);
    cr_expect_float_eq(number(json_object_get(first, "wrong")), log(1 + exp(0.03)), 1e-6);
    /* The cells as they stand in the file, in the order of inputs and targets. */
    expect_row(first, "{\"a\":\"0\",\"b\":\"0.03\",\"v\":\"1\",\"y\":\"no\",\"z\":\"20\"}");
    expect_row(json_array_get(worst, 5),
               "{\"a\":\"0\",\"b\":\"0.43\",\"v\":\"0\",\"y\":\"y\\\"s\",\"z\":\"40\"}");
    cr_expect_eq(json_object_size(json_object_get(first, "inputs")), 0);
    json_decref(found);
    workspace_remove(&w);
}

Test(findings, numbers_in_the_units_of_their_target) {
    /* Predictions are the mean, 40, and a deviation more or less. */
    static const double truth[] = {10, 20, 30, 40, 60, 80};
    static const int order[] = {1, 5, 0, 4, 2, 3};
    static const double v[] = {0, 1, -1, 0, 0, 0};
    const workspace w = workspace_make();
    json_t *found = find_known(&w);
    cr_assert_not_null(found);
    const json_t *part = json_array_get(json_object_get(found, "parts"), 0);
    const json_t *q = json_array_get(json_object_get(part, "outputs"), 1);
    double squares = 0;
    for (size_t i = 0; i < 6; i++)
        squares += (truth[i] - 40) * (truth[i] - 40);
    const double deviation = sqrt(squares / 6);
    cr_expect_str_eq(json_string_value(json_object_get(q, "kind")), "numbers");
    const json_t *points = json_object_get(q, "points");
    cr_assert_eq(json_array_size(points), 6);
    for (size_t i = 0; i < 6; i++) {
        cr_expect_float_eq(at(points, i, 0), truth[i], 1e-3, "true %zu", i);
        cr_expect_float_eq(at(points, i, 1), 40 + v[i] * deviation, 1e-3, "predicted %zu", i);
    }
    const json_t *worst = json_object_get(q, "worst");
    expect_examples(worst, order, 6);
    cr_expect_float_eq(number(json_object_get(json_array_get(worst, 1), "true")), 80, 1e-3);
    json_decref(found);
    workspace_remove(&w);
}

Test(findings, parts_that_are_held_out_and_none) {
    const workspace w = workspace_make();
    char text[2000];
    workspace_write(&w, "rows.csv", table);
    snprintf(text, sizeof text,
             "%sdata:\n%s  validation: {from: train, fraction: 0.34}\n"
             "  test: {from: train, fraction: 0.34}\n",
             head, rows);
    json_t *found = find(&w, text, true);
    const json_t *parts = json_object_get(found, "parts");
    cr_assert_eq(json_array_size(parts), 2);
    cr_expect_str_eq(json_string_value(json_object_get(json_array_get(parts, 1), "part")), "test");
    cr_expect_eq(number(json_object_get(json_array_get(parts, 1), "examples")), 2);
    expect_rows_of_examples(json_array_get(parts, 0));
    expect_rows_of_examples(json_array_get(parts, 1));
    json_decref(found);
    /* Nothing is asked for. The older file goes with its run. */
    cr_expect_null(find(&w, text, false));
    cr_expect(workspace_has(&w, "run-1/evaluation.json"));
    /* An output that is no prediction. */
    char *outputs = strstr(text, "outputs: {p: p, q: {value: q, units: z}}");
    memcpy(outputs, "outputs: {p: mean(q)} #", 23);
    cr_expect_null(find(&w, text, true));
    workspace_remove(&w);
}

/* More examples than are kept: every one counts in the matrix, every third for the curve. */
Test(findings, many_examples_are_thinned_out) {
    enum { ROWS = 50000 };
    const workspace w = workspace_make();
    char text[2000];
    FILE *file = fopen(workspace_path(&w, "rows.csv"), "w");
    cr_assert_not_null(file);
    fputs("a,b,y,v,z\n", file);
    for (int i = 0; i < ROWS; i++)
        fprintf(file, "0,%d,%s,%d,%d\n", i % 7 - 3, i % 2 ? "no" : "\"y\"\"s\"", i % 5, i % 11);
    fclose(file);
    snprintf(text, sizeof text, "%sdata:\n%s", head, rows);
    json_t *found = find(&w, text, true);
    const json_t *part = json_array_get(json_object_get(found, "parts"), 0);
    cr_expect_eq(number(json_object_get(part, "stride")), 3);
    expect_rows_of_examples(part);
    const json_t *outputs = json_object_get(part, "outputs");
    const json_t *confusion = json_object_get(json_array_get(outputs, 0), "confusion");
    double sum = 0;
    for (size_t r = 0; r < 2; r++)
        for (size_t c = 0; c < 2; c++)
            sum += at(confusion, r, c);
    cr_expect_eq(sum, ROWS);
    const size_t points = json_array_size(json_object_get(json_array_get(outputs, 1), "points"));
    cr_expect(points > 1000 && points <= 2001, "%zu points", points);
    json_decref(found);
    workspace_remove(&w);
}

/* An answer for each step is compared with the target's steps: padding and other targets with
 * steps do not count. The batch has 2 examples, of 3 and 1 steps, and the last one has 2 steps. */
Test(findings, sequences_that_are_answered_by_step) {
    static const char text[] =
        "format: 1\n"
        "name: known\n"
        "inputs: {x: [B, T, 1], v: [B, T, 2]}\n"
        "targets: {t: [B, T, 1], c: {shape: [B, T], dtype: i32, classes: [no, yes]}}\n"
        "params: {w: {shape: [], init: ones}}\n"
        "graph: {s: x * w, p: v * w}\n"
        "outputs: {s: {value: s, units: t}, p: p}\n"
        "loss: 0 * mse(s, t) + 0 * cross_entropy(p, c)\n"
        "data:\n"
        "  train: {csv: rows.csv, x: [a], v: [u, v], t: [t], c: c}\n"
        "  sequences: {by: id, pad: {t: 99, c: 0}}\n"
        "train: {epochs: 1, seed: 1, batch_size: 2, optimizer: {type: sgd, lr: 1e-20}}\n";
    static const double points[][2] = {{1, 1}, {5, 2}, {3, 3}, {2, 4}, {5, 5}, {7, 6}};
    static const int worst[][2] = {{0, 1}, {1, 0}, {2, 1}};
    const workspace w = workspace_make();
    workspace_write(&w, "rows.csv",
                    "id,a,u,v,t,c\nk,1,0,1,1,yes\nk,2,0,1,5,yes\nk,3,0,1,3,no\nl,4,1,0,2,no\n"
                    "m,5,1,0,5,yes\nm,6,1,0,7,no\n");
    json_t *found = find(&w, text, true);
    cr_assert_not_null(found);
    const json_t *part = json_array_get(json_object_get(found, "parts"), 0);
    const json_t *outputs = json_object_get(part, "outputs");
    cr_assert_eq(json_array_size(outputs), 2);
    const json_t *s = json_array_get(outputs, 0), *p = json_array_get(outputs, 1);
    cr_expect_eq(number(json_object_get(s, "steps")), 6);
    cr_assert_eq(json_array_size(json_object_get(s, "points")), 6);
    for (size_t i = 0; i < 6; i++)
        for (size_t k = 0; k < 2; k++)
            cr_expect_float_eq(at(json_object_get(s, "points"), i, k), points[i][k], 1e-5, "%zu",
                               i);
    for (size_t i = 0; i < 3; i++) {
        const json_t *one = json_array_get(json_object_get(s, "worst"), i);
        cr_expect_eq(number(json_object_get(one, "example")), worst[i][0], "%zu", i);
        cr_expect_eq(number(json_object_get(one, "step")), worst[i][1], "%zu", i);
    }
    static const double confusion[2][2] = {{2, 1}, {1, 2}};
    for (size_t i = 0; i < 2; i++)
        for (size_t k = 0; k < 2; k++)
            cr_expect_eq(at(json_object_get(p, "confusion"), i, k), confusion[i][k], "%zu %zu", i,
                         k);
    cr_expect_eq(json_array_size(json_object_get(p, "roc")), 1);
    json_decref(found);
    workspace_remove(&w);
}

/* Scores for each element of a target are answers by step too. */
Test(findings, labels_of_several_elements) {
    static const char text[] =
        "format: 1\n"
        "name: known\n"
        "inputs: {x: [B, 2, 2]}\n"
        "targets: {c: {shape: [B, 2], dtype: i32, classes: [no, yes]}}\n"
        "params: {w: {shape: [], init: ones}}\n"
        "graph: {p: x * w}\n"
        "outputs: [p]\n"
        "loss: 0 * cross_entropy(p, c)\n"
        "data:\n"
        "  train: {x: [[[0, 1], [0, 2]], [[3, 0], [0, 1]], [[1, 0], [4, 0]]], c: [[1, 0], [0, 1], "
        "[0, 0]]}\n"
        "train: {epochs: 1, seed: 1, batch_size: 2, optimizer: {type: sgd, lr: 1e-20}}\n";
    static const double confusion[2][2] = {{3, 1}, {0, 2}};
    const workspace w = workspace_make();
    json_t *found = find(&w, text, true);
    cr_assert_not_null(found);
    const json_t *part = json_array_get(json_object_get(found, "parts"), 0);
    const json_t *p = json_array_get(json_object_get(part, "outputs"), 0);
    cr_expect_eq(number(json_object_get(p, "steps")), 6);
    for (size_t i = 0; i < 2; i++)
        for (size_t k = 0; k < 2; k++)
            cr_expect_eq(at(json_object_get(p, "confusion"), i, k), confusion[i][k], "%zu %zu", i,
                         k);
    const json_t *worst = json_array_get(json_object_get(p, "worst"), 0);
    cr_expect_eq(number(json_object_get(worst, "example")), 0);
    cr_expect_eq(number(json_object_get(worst, "step")), 1);
    json_decref(found);
    workspace_remove(&w);
}

/* An answer for each sequence is compared; one for each of its steps has no target here. */
Test(findings, sequences_that_are_answered_as_a_whole) {
    static const char text[] = "format: 1\n"
                               "name: known\n"
                               "inputs: {x: [B, T, 1]}\n"
                               "targets: {t: [B, 1]}\n"
                               "params: {w: {shape: [], init: ones}}\n"
                               "graph: {s: x * w, p: \"sum(s, dim=[1])\"}\n"
                               "outputs: {s: s, p: p}\n"
                               "loss: 0 * mse(p, t)\n"
                               "data:\n"
                               "  train: {csv: rows.csv, x: [a], t: t}\n"
                               "  sequences: {by: id}\n"
                               "train: {epochs: 1, seed: 1, batch_size: 2, optimizer: {type: sgd, "
                               "lr: 1e-20}}\n";
    static const double points[][2] = {{7, 6}, {5, 5}, {1, 9}};
    const workspace w = workspace_make();
    workspace_write(&w, "rows.csv", "id,a,t\nu,1,7\nu,2,7\nu,3,7\nv,5,5\nw,4,1\nw,5,1\n");
    json_t *found = find(&w, text, true);
    cr_assert_not_null(found);
    const json_t *part = json_array_get(json_object_get(found, "parts"), 0);
    const json_t *outputs = json_object_get(part, "outputs"), *p = json_array_get(outputs, 0);
    cr_assert_eq(json_array_size(outputs), 1);
    cr_expect_str_eq(json_string_value(json_object_get(p, "output")), "p");
    cr_assert_eq(json_array_size(json_object_get(p, "points")), 3);
    for (size_t i = 0; i < 3; i++)
        for (size_t k = 0; k < 2; k++)
            cr_expect_float_eq(at(json_object_get(p, "points"), i, k), points[i][k], 1e-5, "%zu",
                               i);
    expect_examples(json_object_get(p, "worst"), (const int[]){2, 0, 1}, 3);
    json_decref(found);
    workspace_remove(&w);
}
