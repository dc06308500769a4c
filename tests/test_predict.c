/*
 * Prediction and evaluation: columns, labels and units of what is written, and that data are read
 * as the weights remember.
 */
#include "data/safetensors.h"
#include "train/evaluate.h"
#include "train/gradients.h"
#include "train/predict.h"
#include "train/units.h"
#include "trained.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Predicts a CSV text. Returns the predictions, or "line:column: message" of the failure; the
 * caller frees them. */
static char *predict(const workspace *w, const yg_model *model, const char *csv) {
    yg_error error = {0};
    char weights[256], *answer = NULL;
    size_t size;
    snprintf(weights, sizeof weights, "%s", workspace_path(w, "run/weights.safetensors"));
    FILE *in = fmemopen((void *)(uintptr_t)csv, strlen(csv), "rb");
    FILE *out = open_memstream(&answer, &size);
    const bool good = yg_predict(model, &(yg_predict_options){.weights = weights}, in, "in.csv",
                                 out, NULL, &error);
    if (!good) {
        rewind(out);
        fprintf(out, "%d:%d: %s", error.line, error.column, error.message);
    }
    fclose(in);
    fclose(out);
    return answer;
}

/* What is predicted for rows of a table, with columns that are kept. */
static char *predict_files(const workspace *w, const yg_model *model, const char *const *files,
                           size_t file_count, const char *const *keep, size_t keep_count) {
    yg_error error = {0};
    char weights[256], *answer = NULL;
    size_t size;
    snprintf(weights, sizeof weights, "%s", workspace_path(w, "run/weights.safetensors"));
    FILE *out = open_memstream(&answer, &size);
    if (!yg_predict(model,
                    &(yg_predict_options){.weights = weights,
                                          .batch_size = 2,
                                          .files = files,
                                          .file_count = file_count,
                                          .keep = keep,
                                          .keep_count = keep_count},
                    NULL, NULL, out, NULL, &error)) {
        rewind(out);
        fprintf(out, "%s:%d:%d: %s", error.file, error.line, error.column, error.message);
    }
    fclose(out);
    return answer;
}

static const struct {
    const char *files[2], *keep[2], *result;
} kept[] = {
    {{"a.csv"}, {NULL}, "h\n3\n7\n11\n"},
    {{"a.jsonl"}, {NULL}, "h\n3\n7\n11\n"},
    {{"a.csv"}, {"id"}, "id,h\n\"x, \"\"y\"\"\",3\n1.50,7\n,11\n"},
    {{"a.jsonl"}, {"id"}, "id,h\nx,3\n1.5,7\n,11\n"},
    {{"a.csv"}, {"b", "id"}, "b,id,h\n2,\"x, \"\"y\"\"\",3\n4,1.50,7\n6,,11\n"},
    {{"a.csv"}, {"b, id"}, "b,id,h\n2,\"x, \"\"y\"\"\",3\n4,1.50,7\n6,,11\n"},
    {{"a.csv"}, {"b,idd"}, "has no column 'idd'; did you mean 'id'?"},
    {{"a.csv"}, {"b", "b"}, "b,h\n2,3\n4,7\n6,11\n"},
    {{"a.csv"}, {"a", "*"}, "a,id,b,h\n1,\"x, \"\"y\"\"\",2,3\n3,1.50,4,7\n5,,6,11\n"},
    {{"a.csv", "b.csv"}, {"id"}, "id,h\n\"x, \"\"y\"\"\",3\n1.50,7\n,11\nz,15\n"},
    {{"a.csv", "a.csv"}, {"b"}, "b,h\n2,3\n4,7\n6,11\n2,3\n4,7\n6,11\n"},
    {{"a.csv", "a.jsonl"}, {NULL}, "give files of one kind"},
    {{"a.csv"}, {"idd"}, "has no column 'idd'; did you mean 'id'?"},
    {{"c.csv"}, {"h"}, "h,predicted_h\n0,3\n"},
    {{"c.csv"}, {"*"}, "h,a,b,predicted_h\n0,1,2,3\n"},
    {{"c.csv"}, {"a"}, "a,h\n1,3\n"},
    {{"d.csv"}, {"*"}, "h,a,b,predicted_h,predicted_predicted_h\n0,1,2,8,3\n"},
    {{"none.csv"}, {NULL}, "cannot open"},
};

Test(predict, a_file_without_a_header_may_lack_the_target) {
    static const struct {
        const char *text, *result;
    } files[] = {
        {"2,1\n4,3\n", "h\n3\n7\n"},
        {"2,9,1\n", "h\n3\n"},
        {"2\n", "row 1 has 1 cells; `header` names 3 columns"},
        {"2,9,1,5\n", "row 1 has 4 cells; `header` names 3 columns"},
    };
    const workspace w = workspace_make();
    workspace_write(&w, "t.csv", "2,3,1\n4,7,3\n");
    yg_model *model =
        workspace_model(&w, "t.yaml",
                        "format: 1\n"
                        "name: sums\n"
                        "inputs: {x: [B, 2]}\n"
                        "targets: {y: [B]}\n"
                        "params: {p: {shape: [1], init: zeros}}\n"
                        "graph: {h: \"sum(x, dim=-1)\"}\n"
                        "outputs: [h]\n"
                        "loss: mean((h - y) ** 2) + sum(p ** 2)\n"
                        "data: {train: {csv: t.csv, header: [b, y, a], x: [a, b], y: y}}\n"
                        "train: {epochs: 1, optimizer: {type: sgd, lr: 0.1}}\n");
    train(&w, model);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char path[200];
        const char *paths[] = {path};
        workspace_write(&w, "p.csv", files[i].text);
        snprintf(path, sizeof path, "%s", workspace_path(&w, "p.csv"));
        char *answer = predict_files(&w, model, paths, 1, NULL, 0);
        cr_expect_not_null(strstr(answer, files[i].result), "%s gave %s", files[i].text, answer);
        free(answer);
    }
    yg_model_free(model);
    workspace_remove(&w);
}

Test(predict, tables_of_each_kind_and_columns_that_are_kept) {
    const workspace w = workspace_make();
    workspace_write(&w, "t.csv", "a,b,y\n1,2,3\n3,4,7\n");
    workspace_write(&w, "a.csv", "id,a,b\n\"x, \"\"y\"\"\",1,2\n1.50,3,4\n,5,6\n");
    workspace_write(&w, "b.csv", "b,a,id\n8,7,z\n");
    workspace_write(&w, "c.csv", "h,a,b\n0,1,2\n");
    workspace_write(&w, "d.csv", "h,a,b,predicted_h\n0,1,2,8\n");
    workspace_write(&w, "a.jsonl",
                    "{\"id\":\"x\",\"a\":1,\"b\":2}\n{\"id\":1.5,\"a\":3,\"b\":4}\n"
                    "{\"b\":6,\"a\":5,\"id\":null}\n");
    yg_model *model = workspace_model(&w, "t.yaml",
                                      "format: 1\n"
                                      "name: sums\n"
                                      "inputs: {x: [B, 2]}\n"
                                      "targets: {y: [B]}\n"
                                      "params: {p: {shape: [1], init: zeros}}\n"
                                      "graph: {h: \"sum(x, dim=-1)\"}\n"
                                      "outputs: [h]\n"
                                      "loss: mean((h - y) ** 2) + sum(p ** 2)\n"
                                      "data: {train: {csv: t.csv, x: [a, b], y: y}}\n"
                                      "train: {epochs: 1, optimizer: {type: sgd, lr: 0.1}}\n");
    train(&w, model);
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        char paths[2][200];
        const char *files[2];
        size_t count = 0, keep = 0;
        for (; count < 2 && kept[i].files[count]; count++) {
            snprintf(paths[count], sizeof paths[count], "%s",
                     workspace_path(&w, kept[i].files[count]));
            files[count] = paths[count];
        }
        while (keep < 2 && kept[i].keep[keep])
            keep++;
        char *answer = predict_files(&w, model, files, count, kept[i].keep, keep);
        cr_expect_not_null(strstr(answer, kept[i].result), "gave %s\nnot  %s", answer,
                           kept[i].result);
        free(answer);
    }
    yg_model_free(model);
    workspace_remove(&w);
}

Test(predict, predictions_find_their_columns_and_tell_the_class) {
    const workspace w = workspace_make();
    workspace_write(&w, "t.csv",
                    "id,a,b,kind\n"
                    "1,0,5,small\n2,1,5,small\n3,10,6,large\n4,11,6,large\n"
                    "5,2,5,small\n6,12,6,large\n");
    yg_model *model =
        workspace_model(&w, "t.yaml",
                        "format: 1\n"
                        "name: labels\n"
                        "inputs: {x: [B, 2]}\n"
                        "targets: {y: {shape: [B], dtype: i32, classes: 2}}\n"
                        "graph:\n"
                        "  logits: {type: linear, input: x, out_features: 2}\n"
                        "outputs: {p: \"softmax(logits, dim=-1)\"}\n"
                        "loss: cross_entropy(logits, y)\n"
                        "data: {train: {csv: t.csv, x: [a, b], y: kind}, standardize: [x]}\n"
                        "train: {epochs: 50, optimizer: {type: adam, lr: 0.1}}\n");
    train(&w, model);
    /* Other columns, in another order, and no target. */
    char *answer = predict(&w, model, "b,other,a\n5,x,1\n6,y,11\n");
    cr_expect_eq(strncmp(answer, "p.large,p.small,kind\n", 21), 0, "%s", answer);
    char *first = strchr(answer, '\n') + 1, *second = strchr(first, '\n') + 1;
    cr_expect_eq(strncmp(second - 7, ",small\n", 7), 0, "%s", answer);
    cr_expect_not_null(strstr(second, ",large\n"), "%s", answer);
    free(answer);
    static const struct {
        const char *csv, *failure;
    } bad[] = {
        {"a,c\n1,2\n", "1:1: in.csv has no column 'b'"},
        {"a,b\n1,\n", "2:3: row 1, column 'b': a missing value (empty)"},
        {"a,b\n1,2\n3\n", "3:0: row 2 has 1 cells"},
        {"", "0:0: the file is empty"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        answer = predict(&w, model, bad[i].csv);
        cr_expect_eq(strncmp(answer, bad[i].failure, strlen(bad[i].failure)), 0, "%s: %s",
                     bad[i].csv, answer);
        free(answer);
    }
    yg_model_free(model);
    workspace_remove(&w);
}

Test(predict, an_output_in_the_units_of_a_target_is_predicted_in_them) {
    const workspace w = workspace_make();
    yg_model *model =
        workspace_model(&w, "t.yaml",
                        "format: 1\n"
                        "name: units\n"
                        "inputs: {x: [B, 1]}\n"
                        "targets: {y: [B, 1]}\n"
                        "graph:\n"
                        "  a: {type: linear, input: x, out_features: 1}\n"
                        "outputs: {p: {value: a, units: y}}\n"
                        "loss: mean(square(a - y))\n"
                        "data:\n"
                        "  train: {x: [[0], [1], [2], [3]], y: [[1000], [1100], [1200], [1300]]}\n"
                        "  standardize: [x, y]\n"
                        "train: {epochs: 200, optimizer: {type: sgd, lr: 0.1}}\n");
    train(&w, model);
    char *answer = predict(&w, model, "x\n5\n");
    const double value = strtod(strchr(answer, '\n') + 1, NULL);
    cr_expect_float_eq(value, 1500, 0.1, "%s", answer);
    free(answer);
    yg_model_free(model);
    workspace_remove(&w);
}

/* Every output is in the units that the model names, and no other is changed. There are two
 * standardised targets, one of them with several elements. A probability and a truth value stay as
 * they are. */
Test(predict, only_what_has_units_is_turned_back) {
    const workspace w = workspace_make();
    yg_model *model =
        workspace_model(&w, "t.yaml",
                        "format: 1\n"
                        "name: two\n"
                        "inputs: {x: [B, 1]}\n"
                        "targets: {y: [B, 2], t: [B]}\n"
                        "params: {w: {shape: [1], init: zeros}}\n"
                        "graph:\n"
                        "  a: x * w + 1\n"
                        "outputs:\n"
                        "  t: {value: \"a[:, 0]\", units: t}\n"
                        "  raw: a\n"
                        "  y: {value: \"concat([a, -a], dim=1)\", units: y}\n"
                        "  high: a > 0\n"
                        "loss: mean(square(a)) + 0 * mean(y) + 0 * mean(t)\n"
                        "data:\n"
                        "  train: {x: [[0], [1]], y: [[10, 1000], [14, 1008]], t: [5, 7]}\n"
                        "  standardize: [y, t]\n"
                        "train: {epochs: 1, optimizer: {type: sgd, lr: 0}}\n");
    train(&w, model);
    char *answer = predict(&w, model, "x\n5\n");
    cr_expect_str_eq(answer, "t,raw,y.0,y.1,high\n7,1,14,1000,1\n", "%s", answer);
    free(answer);
    yg_model_free(model);
    workspace_remove(&w);
}

/* y = log10(x) / scale. Only the transformed x can give it exactly. */
static const char transform_model[] = "format: 1\n"
                                      "name: transformed\n"
                                      "vars: {scale: %d}\n"
                                      "inputs: {x: [B, 1]}\n"
                                      "targets: {y: [B, 1]}\n"
                                      "graph:\n"
                                      "  a: {type: linear, input: x, out_features: 1}\n"
                                      "outputs: [a]\n"
                                      "loss: mean(square(a - y))\n"
                                      "data:\n"
                                      "  train: {csv: t.csv, delimiter: \";\", x: p, y: q}\n"
                                      "  transform: {x: log(x) / log(10) / scale}\n"
                                      "train: {epochs: 200, optimizer: {type: sgd, lr: 0.3}}\n";

Test(predict, a_transform_is_the_same_in_training_evaluation_prediction_and_gradients) {
    const workspace w = workspace_make();
    char text[1000], weights[256], csv[256];
    snprintf(text, sizeof text, transform_model, 2);
    workspace_write(&w, "t.csv", "p;q\n1;0\n10;0.5\n100;1\n1000;1.5\n");
    yg_model *model = workspace_model(&w, "t.yaml", text);
    cr_assert_lt(train(&w, model), 1e-4);
    snprintf(weights, sizeof weights, "%s", workspace_path(&w, "run/weights.safetensors"));
    snprintf(csv, sizeof csv, "%s", workspace_path(&w, "t.csv"));

    /* A part of the data, the same as a file with the model's delimiter, and their gradients. */
    yg_error error = {0};
    yg_scores part, file;
    yg_gradients gradients;
    cr_assert(yg_evaluate(model, &(yg_evaluate_options){.weights = weights, .dtype = YG_F64}, &part,
                          NULL, &error));
    cr_assert(yg_evaluate(model,
                          &(yg_evaluate_options){.weights = weights, .csv = csv, .dtype = YG_F64},
                          &file, NULL, &error),
              "%s", error.message);
    cr_assert(yg_loss_gradients(model, &(yg_gradients_options){.weights = weights, .dtype = YG_F64},
                                &gradients, &error));
    cr_expect_lt(part.loss, 1e-4);
    cr_expect_eq(part.loss, file.loss);
    cr_expect_eq(part.loss, gradients.loss);
    yg_scores_free(&part);
    yg_scores_free(&file);
    yg_gradients_free(&gradients);

    char *answer = predict(&w, model, "p\n1e4\n");
    cr_expect_float_eq(strtod(strchr(answer, '\n') + 1, NULL), 2, 0.05, "%s", answer);
    free(answer);
    answer = predict(&w, model, "p\n1\n0\n");
    cr_expect_not_null(strstr(answer, "an infinite value for 0 (example 2"), "%s", answer);
    free(answer);

    /* The weights know the formula, so a model without one predicts alike. */
    char *begin = strstr(text, "data:\n");
    snprintf(begin, sizeof text - (size_t)(begin - text), "expect: {parameters: 2}\n");
    begin = strstr(text, "vars: {scale: 2}\n");
    memmove(begin, begin + strlen("vars: {scale: 2}\n"), strlen(begin) - 16);
    yg_model *bare = workspace_model(&w, "bare.yaml", text);
    answer = predict(&w, bare, "p\n1e4\n");
    cr_expect_float_eq(strtod(strchr(answer, '\n') + 1, NULL), 2, 0.05, "%s", answer);
    free(answer);
    /* A model with another formula is refused. */
    snprintf(text, sizeof text, transform_model, 3);
    yg_model *other = workspace_model(&w, "other.yaml", text);
    answer = predict(&w, other, "p\n1e4\n");
    cr_expect_not_null(strstr(answer, "were trained with log(x) / log(10) / 2"), "%s", answer);
    free(answer);

    /* The expanded model has the formula without the var. */
    char *expanded = yg_model_expand(model, &error);
    cr_expect_not_null(strstr(expanded, "log(x) / log(10) / 2"), "%s", expanded);
    free(expanded);
    yg_model_free(model);
    yg_model_free(bare);
    yg_model_free(other);
    workspace_remove(&w);
}

/* A hint is given only if a target is standardised and no output is in its units. */
Test(predict, users_are_told_what_units_outputs_are_in) {
    static const struct {
        const char *outputs, *standardize, *note; /* NULL: none */
    } cases[] = {
        {"[a]", "[x, y]", "target 'y' is standardised and no output is in its units"},
        {"{p: a, q: -a}", "[y]", "write `p: {value: …, units: y}`"},
        {"{p: {value: a, units: y}}", "[x, y]", NULL},
        {"{p: {value: a, units: y}, q: a}", "[x, y]", NULL},
        {"{p: {value: a, units: x}}", "[x, y]", "target 'y'"},
        {"[a]", "[x]", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const workspace w = workspace_make();
        char text[900], advice[600] = "";
        snprintf(text, sizeof text,
                 "format: 1\n"
                 "name: told\n"
                 "inputs: {x: [B, 1]}\n"
                 "targets: {y: [B, 1]}\n"
                 "graph: {a: {type: linear, input: x, out_features: 1}}\n"
                 "outputs: %s\n"
                 "loss: mse(a, y)\n"
                 "data: {train: {x: [[0], [1]], y: [[1], [2]]}, standardize: %s}\n"
                 "train: {epochs: 1, optimizer: {type: sgd, lr: 0.1}}\n",
                 cases[i].outputs, cases[i].standardize);
        yg_model *model = workspace_model(&w, "t.yaml", text);
        cr_expect_eq(yg_units_advice(model, NULL, advice, sizeof advice), cases[i].note != NULL,
                     "case %zu: %s", i, advice);
        if (cases[i].note)
            cr_expect_not_null(strstr(advice, cases[i].note), "%s", advice);
        yg_model_free(model);
        workspace_remove(&w);
    }
}

/* ------------------------------------------------------- what weights remember of their data -- */

/* Trains on t.csv, and evaluates on it with the section as it is now. */
static const char remembered[] = "format: 1\n"
                                 "name: kept\n"
                                 "inputs: {x: [B, 2]}\n"
                                 "targets: {y: {shape: [B], dtype: i32, classes: %s}}\n"
                                 "graph:\n"
                                 "  z: {type: linear, input: x, out_features: 2}\n"
                                 "outputs: [z]\n"
                                 "loss: cross_entropy(z, y)\n"
                                 "data:\n"
                                 "  train: {csv: t.csv, x: %s, y: k}\n"
                                 "%s"
                                 "train: {epochs: 20, optimizer: {type: adam, lr: 0.1}}\n";

static const struct {
    const char *classes, *columns, *standardize; /* now */
    const char *failure;                         /* NULL: the same loss as before */
} now[] = {
    {"2", "[a, b]", "  standardize: [x]\n", NULL},
    {"2", "\"*\"", "  standardize: [x]\n", NULL},
    {"2", "[a, b]", "", NULL}, /* what the weights remember holds */
    {"[no, yes]", "[a, b]", "  standardize: [x]\n", NULL},
    {"2", "[b, a]", "  standardize: [x]\n",
     "element 0 of 'x' is column 'b' here, but the weights were trained with 'a'"},
    {"[yes, no]", "[a, b]", "  standardize: [x]\n", "class 0 of 'y' is 'yes' here"},
    {"2", "[a, b]", "  transform: {x: x * 2}\n", "the transform of 'x' is x * 2, but the weights"},
};

Test(predict, evaluation_reads_data_as_the_weights_remember) {
    const workspace w = workspace_make();
    char text[900], weights[256];
    /* Another spread, another order of columns, one more that "*" would take, and one class only:
     * fitted to this file, everything would differ. Row by row it is the same as before. */
    static const char *const before = "a,b,k\n1,20,no\n2,10,yes\n5,40,no\n9,30,yes\n";
    static const char *const after = "k,b,c,a\nyes,30,0,9\nyes,30,0,9\n";
    workspace_write(&w, "t.csv", before);
    snprintf(text, sizeof text, remembered, "2", "[a, b]", "  standardize: [x]\n");
    yg_model *model = workspace_model(&w, "t.yaml", text);
    train(&w, model);
    snprintf(weights, sizeof weights, "%s", workspace_path(&w, "run/weights.safetensors"));
    yg_model_free(model);
    double expected = NAN;
    for (size_t i = 0; i < sizeof now / sizeof *now; i++) {
        yg_error error = {0};
        yg_scores scores = {0};
        workspace_write(&w, "t.csv", after);
        snprintf(text, sizeof text, remembered, now[i].classes, now[i].columns, now[i].standardize);
        model = workspace_model(&w, "t.yaml", text);
        const bool good =
            yg_evaluate(model, &(yg_evaluate_options){.weights = weights, .split = "train"},
                        &scores, NULL, &error);
        cr_expect_eq(good, now[i].failure == NULL, "%zu: %s", i, error.message);
        if (!good) {
            cr_expect_not_null(strstr(error.message, now[i].failure), "%s", error.message);
        } else {
            yg_gradients gradients;
            expected = i == 0 ? scores.loss : expected;
            cr_expect_eq(scores.loss, expected, "case %zu: %g, not %g", i, scores.loss, expected);
            cr_assert(yg_loss_gradients(model, &(yg_gradients_options){.weights = weights},
                                        &gradients, &error));
            cr_expect_float_eq(gradients.loss, expected, 1e-6, "case %zu", i);
            yg_gradients_free(&gradients);
        }
        yg_scores_free(&scores);
        yg_model_free(model);
    }
    cr_expect_lt(expected, 0.4, "it was learnt that 9, 30 is yes: %g", expected);
    workspace_remove(&w);
}

/* Changes a tensor or a note of a port in the weights. */
Test(predict, kept_statistics_that_make_no_sense_are_refused) {
    static const struct {
        const char *tensor;
        double value;
        const char *failure;
    } cases[] = {
        {"@standardize/x/deviation", 0, "is 0; a deviation is above 0"},
        {"@standardize/x/deviation", -1, "is -1; a deviation is above 0"},
        {"@standardize/x/deviation", NAN, "is not finite"},
        {"@standardize/x/mean", INFINITY, "is not finite"},
    };
    const workspace w = workspace_make();
    char text[900], weights[256];
    workspace_write(&w, "t.csv", "a,b,k\n1,20,no\n2,10,yes\n");
    snprintf(text, sizeof text, remembered, "2", "[a, b]", "  standardize: [x]\n");
    yg_model *model = workspace_model(&w, "t.yaml", text);
    train(&w, model);
    snprintf(weights, sizeof weights, "%s", workspace_path(&w, "run/weights.safetensors"));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        yg_error error = {0};
        yg_tensor_file file;
        yg_scores scores = {0};
        cr_assert(yg_safetensors_read(weights, &file, &error), "%s", error.message);
        const yg_tensor *tensor = yg_tensor_find(&file, cases[i].tensor);
        cr_assert_not_null(tensor);
        const double kept = ((double *)tensor->data)[1];
        ((double *)tensor->data)[1] = cases[i].value;
        cr_assert(yg_safetensors_write(weights, &file, &error));
        cr_expect_not(
            yg_evaluate(model, &(yg_evaluate_options){.weights = weights}, &scores, NULL, &error));
        cr_expect_not_null(strstr(error.message, cases[i].failure), "%s", error.message);
        ((double *)tensor->data)[1] = kept;
        cr_assert(yg_safetensors_write(weights, &file, &error));
        yg_tensor_file_free(&file);
    }
    yg_model_free(model);
    workspace_remove(&w);
}

Test(predict, a_symbolic_size_comes_from_the_columns) {
    static const struct {
        const char *csv, *answer;
    } cases[] = {
        {"x.0,x.1,x.2\n1,2,3\n", "s\n6\n"},
        {"x.2,other,x.0,x.1\n3,100,1,2\n", "s\n6\n"},
        {"x.0,x.1,x.2,x.3,x.4\n1,2,3,4,5\n", "s\n15\n"},
        {"x\n7\n", "s\n7\n"},
        {"p,q\n1,2\n", "s\n3\n"}, /* one input, so all there is */
        {"x.0,x.1,x.3\n1,2,3\n", "1:1: there is a column 'x.3', but none 'x.2'"},
        {"x.1,x.2\n1,2\n", "1:1: there is a column 'x.2', but none 'x.0'"},
    };
    const workspace w = workspace_make();
    yg_model *model = exact_model(&w, "x: [B, T]", "  s: \"sum(h, dim=1)\"\n", "x: [[1, 2]]");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *answer = predict(&w, model, cases[i].csv);
        cr_expect_eq(strncmp(answer, cases[i].answer, strlen(cases[i].answer)), 0, "%s: %s",
                     cases[i].csv, answer);
        free(answer);
    }
    yg_model_free(model);
    workspace_remove(&w);
}

/* The same in evaluation, and for parts that are files beside a training part that is rows. */
Test(predict, a_symbolic_size_of_other_parts_is_checked_by_the_columns) {
    static const struct {
        const char *csv, *failure; /* NULL: none */
    } cases[] = {
        {"x.1,x.0,y\n2,1,5\n4,3,6\n", NULL},
        {"x.0,x.1,x.2,y\n1,2,3,5\n", "'x' takes 2 columns an example; 3 are given"},
        {"x.0,x.2,y\n1,2,3\n", "there is a column 'x.2', but none 'x.1'"},
    };
    const workspace w = workspace_make();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        yg_error error = {0};
        yg_data data;
        workspace_write(&w, "t.csv", cases[i].csv);
        yg_model *model = workspace_model(&w, "t.yaml",
                                          "format: 1\n"
                                          "inputs: {x: [B, T]}\n"
                                          "targets: {y: [B]}\n"
                                          "graph: {h: mean(x) + mean(y)}\n"
                                          "outputs: [x]\n"
                                          "loss: h\n"
                                          "data:\n"
                                          "  train: {x: [[1, 2], [3, 4]], y: [5, 6]}\n"
                                          "  test: {csv: t.csv}\n");
        const bool good = yg_data_load(model, YG_F32, &data, &error);
        cr_expect_eq(good, !cases[i].failure, "%s: %s", cases[i].csv, error.message);
        if (good) {
            float x[4];
            yg_part_read(&data.test, 0, 0, 2, x, NULL);
            cr_expect(x[0] == 1 && x[1] == 2 && x[2] == 3 && x[3] == 4);
            yg_data_free(&data);
        } else if (cases[i].failure) {
            cr_expect_not_null(strstr(error.message, cases[i].failure), "%s", error.message);
        }
        yg_model_free(model);
    }
    workspace_remove(&w);
}

Test(predict, predictions_have_columns_of_different_names) {
    static const struct {
        const char *outputs, *answer;
    } cases[] = {
        {"  p: h\n  q: h\n", "p.0,p.1,q.0,q.1\n"},
        {"  p: h\n  p.1: \"h[:, 0]\"\n",
         "7:3: two columns of the predictions would be called 'p.1': output 'p' and output 'p.1'"},
        {"  p.0: \"h[:, 0]\"\n  p: h\n",
         "7:3: two columns of the predictions would be called 'p.0'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const workspace w = workspace_make();
        yg_model *model = exact_model(&w, "x: [B, 2]", cases[i].outputs, "x: [[1, 2]]");
        char *answer = predict(&w, model, "x.0,x.1\n1,2\n");
        cr_expect_eq(strncmp(answer, cases[i].answer, strlen(cases[i].answer)), 0, "%zu: %s", i,
                     answer);
        free(answer);
        yg_model_free(model);
        workspace_remove(&w);
    }
}

Test(predict, whole_numbers_are_predicted_exactly) {
    const workspace w = workspace_make();
    yg_model *model = exact_model(&w, "x: [B], n: {shape: [B], dtype: i64}",
                                  "  n: n\n  h: h + 0 * cast(n, float)\n", "x: [1], n: [2]");
    char *answer = predict(&w, model, "n,x\n9007199254740993,1\n-9223372036854775808,2\n");
    cr_expect_str_eq(answer, "n,h\n9007199254740993,1\n-9223372036854775808,2\n");
    free(answer);
    yg_model_free(model);
    workspace_remove(&w);
}
