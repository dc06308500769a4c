/*
 * `balance:` of the data: classes that count alike, by weights or by repeating their examples, in
 * memory and in a file.
 */
#include "data/source.h"
#include "data/stream.h"
#include "train/evaluate.h"
#include "train/train.h"
#include "workspace.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COUNT = 200, CLASSES = 4 };

/* Class 3 has no example in the data. */
static int class_of(int row) {
    return row % 25 == 7 ? 2 : row % 3 == 0 ? 1 : 0;
}

/* x is the number of a row; `part` is "v" in every fifth one. w is the weight by hand, of the rows
 * that are left. */
static void write_rows(const workspace *w) {
    int counts[CLASSES] = {0}, total = 0;
    FILE *file = fopen(workspace_path(w, "t.csv"), "w");
    cr_assert_not_null(file);
    for (int i = 0; i < COUNT; i++)
        if (i % 5 != 0) {
            counts[class_of(i)]++;
            total++;
        }
    fputs("x,y,part,w\n", file);
    for (int i = 0; i < COUNT; i++)
        fprintf(file, "%d,%d,%s,%.17g\n", i, class_of(i), i % 5 ? "t" : "v",
                i % 5 ? total / (3.0 * counts[class_of(i)]) : 1);
    fclose(file);
}

static yg_model *model_of(const workspace *w, const char *data) {
    char text[2000];
    snprintf(text, sizeof text,
             "format: 1\n"
             "name: m\n"
             "inputs: {x: [B]}\n"
             "targets: {y: {shape: [B], dtype: i32, classes: 4}, w: [B]}\n"
             "graph:\n"
             "  z: {type: linear, input: \"unsqueeze(x / 200, 1)\", out_features: 4}\n"
             "outputs: [z]\n"
             "loss: mean(w * cross_entropy(z, y, reduction=none))\n"
             "data:\n%s"
             "train: {epochs: 3, batch_size: 16, seed: 2, optimizer: {type: sgd, lr: 0.5}}\n",
             data);
    return workspace_model(w, "m.yaml", text);
}

#define WEIGHTS                                                                                    \
    "  train: {csv: t.csv, x: x, y: y}\n"                                                          \
    "  validation: {from: train, column: part, equals: v}\n"                                       \
    "  balance: {how: weights, into: w}\n"
#define OVERSAMPLE                                                                                 \
    "  train: {csv: t.csv, x: x, y: y, w: w}\n"                                                    \
    "  validation: {from: train, column: part, equals: v}\n"                                       \
    "  balance: oversample\n"

/* Twice: in memory and in a file of several windows. */
static const char *const memories[] = {"", "  memory: 600\n"};

static void load(const workspace *w, const char *section, int memory, yg_model **model,
                 yg_data *data) {
    char text[1000];
    yg_error error = {0};
    snprintf(text, sizeof text, "%s%s", section, memories[memory]);
    *model = model_of(w, text);
    cr_assert(yg_data_load(*model, YG_F64, data, &error), "%s: %s", section, error.message);
    cr_assert_eq(data->train.dataset->spool != NULL, memory == 1);
}

static void unload(yg_model *model, yg_data *data) {
    yg_data_free(data);
    yg_model_free(model);
}

/* ------------------------------------------------------------------------------- weights ----- */

Test(balance, weights_are_those_of_scikit_learn) {
    const workspace w = workspace_make();
    write_rows(&w);
    for (int memory = 0; memory < 2; memory++) {
        yg_model *model;
        yg_data data;
        load(&w, WEIGHTS, memory, &model, &data);
        const yg_part *parts[] = {&data.train, &data.validation};
        for (int k = 0; k < 2; k++)
            for (int64_t i = 0; i < parts[k]->count; i++) {
                double x, weight;
                int32_t class;
                cr_assert(yg_part_read(parts[k], 0, i, 1, &x, NULL));
                cr_assert(yg_part_read(parts[k], 1, i, 1, &class, NULL));
                cr_assert(yg_part_read(parts[k], 2, i, 1, &weight, NULL));
                /* 160 rows are left: 101, 51 and 8 of the classes. */
                static const double counts[] = {101, 51, 8};
                const double expected = k ? 1 : 160 / (3 * counts[class]);
                cr_assert_float_eq(weight, expected, 1e-12, "row %g: %g, not %g", x, weight,
                                   expected);
            }
        unload(model, &data);
    }
    workspace_remove(&w);
}

static char *train(const workspace *w, const char *section, const char *out, size_t *size) {
    char path[300];
    yg_error error = {0};
    yg_train_result result;
    snprintf(path, sizeof path, "%s", workspace_path(w, out));
    yg_model *model = model_of(w, section);
    const yg_train_options options = {.out = path, .threads = 1};
    cr_assert(yg_train(model, &options, &result, &error), "%s: %s", section, error.message);
    yg_train_result_free(&result);
    yg_model_free(model);
    snprintf(path, sizeof path, "%s/history.csv", out);
    return workspace_read(w, path, size);
}

/* Computed weights do what a column with the same numbers does, epoch for epoch. */
Test(balance, weights_train_as_a_column_of_them_does) {
    const workspace w = workspace_make();
    size_t size;
    write_rows(&w);
    char *computed = train(&w, WEIGHTS, "a", &size);
    char *column = train(&w,
                         "  train: {csv: t.csv, x: x, y: y, w: w}\n"
                         "  validation: {from: train, column: part, equals: v}\n",
                         "b", &size);
    cr_expect_str_eq(computed, column);
    cr_expect_gt(size, 50);
    free(computed);
    free(column);
    workspace_remove(&w);
}

/* Another file has neither the weights nor the column of the split. */
Test(balance, another_file_is_scored_with_weights_of_1) {
    const workspace w = workspace_make();
    size_t size;
    yg_error error = {0};
    yg_scores scores[2];
    char weights[300], other[300];
    write_rows(&w);
    free(train(&w, WEIGHTS, "run", &size));
    FILE *file = fopen(workspace_path(&w, "other.csv"), "w");
    cr_assert_not_null(file);
    fputs("y,x\n", file);
    for (int i = 0; i < COUNT; i += 5)
        fprintf(file, "%d,%d\n", class_of(i), i);
    fclose(file);
    snprintf(weights, sizeof weights, "%s", workspace_path(&w, "run/weights.safetensors"));
    snprintf(other, sizeof other, "%s", workspace_path(&w, "other.csv"));
    yg_model *model = model_of(&w, WEIGHTS);
    for (int i = 0; i < 2; i++) {
        const yg_evaluate_options options = {
            .weights = weights, .csv = i ? other : NULL, .split = i ? NULL : "validation"};
        cr_assert(yg_evaluate(model, &options, &scores[i], NULL, &error), "%s", error.message);
    }
    cr_expect_eq(scores[0].loss, scores[1].loss, "%g, not %g", scores[1].loss, scores[0].loss);
    yg_scores_free(&scores[0]);
    yg_scores_free(&scores[1]);
    yg_model_free(model);
    workspace_remove(&w);
}

/* ---------------------------------------------------------------------------- oversampling --- */

/* Reads an epoch of the training part, from an example on. x[i] is the row of each. */
static int64_t read_epoch(const yg_data *data, int64_t epoch, int64_t from, bool threaded,
                          int *rows) {
    yg_error error = {0};
    yg_stream *stream = yg_stream_open_shuffled(&data->train, 9, threaded, &error);
    cr_assert(stream, "%s", error.message);
    yg_stream_seek(stream, epoch, from);
    const int64_t left = yg_stream_left(stream);
    for (int64_t i = 0; i < left; i += 7) {
        double x[7];
        const yg_feed feed = {0, YG_F64, 1, x};
        const int64_t count = left - i < 7 ? left - i : 7;
        cr_assert(yg_stream_next(stream, &feed, 1, 0, count, &error), "%s", error.message);
        for (int64_t k = 0; k < count; k++)
            rows[i + k] = (int)x[k];
    }
    yg_stream_close(stream);
    return left;
}

enum { LARGEST = 101, EPOCH = 3 * LARGEST }; /* examples of the largest class */

Test(balance, an_epoch_has_each_class_as_often_and_its_examples_alike) {
    const workspace w = workspace_make();
    int times[2][COUNT] = {{0}}, other[COUNT] = {0};
    write_rows(&w);
    for (int memory = 0; memory < 3; memory++) { /* the third one has another seed */
        int rows[EPOCH], again[EPOCH], classes[CLASSES] = {0},
                                       *met = memory < 2 ? times[memory] : other;
        yg_model *model;
        yg_data data;
        load(&w, memory < 2 ? OVERSAMPLE : OVERSAMPLE "  seed: 5\n", memory % 2, &model, &data);
        cr_assert_eq(data.train.count, EPOCH);
        cr_assert_eq(data.validation.count, COUNT / 5);
        cr_assert_eq(read_epoch(&data, 1, 0, false, rows), EPOCH);
        for (int i = 0; i < EPOCH; i++) {
            cr_assert(rows[i] % 5 != 0, "row %d is of the validation part", rows[i]);
            met[rows[i]]++;
            classes[class_of(rows[i])]++;
        }
        for (int c = 0; c < 3; c++)
            cr_expect_eq(classes[c], LARGEST, "class %d has %d", c, classes[c]);
        static const int least[] = {1, 1, 12}; /* 101 / 101, 101 / 51, 101 / 8 */
        for (int i = 0; i < COUNT; i++)
            cr_expect(i % 5 == 0 || met[i] == least[class_of(i)] ||
                          (class_of(i) && met[i] == least[class_of(i)] + 1),
                      "row %d of class %d comes %d times", i, class_of(i), met[i]);
        /* From the middle, with and without the thread, the same order follows. */
        cr_assert_eq(read_epoch(&data, 1, 100, true, again), EPOCH - 100);
        cr_expect_arr_eq(again, rows + 100, (EPOCH - 100) * sizeof *rows);
        cr_assert_eq(read_epoch(&data, 2, 0, true, again), EPOCH);
        cr_expect(memcmp(again, rows, sizeof rows) != 0, "epochs have one order");
        unload(model, &data);
    }
    cr_expect_arr_eq(times[0], times[1], sizeof times[0]);
    cr_expect(memcmp(times[0], other, sizeof other) != 0, "the seed draws nothing");
    workspace_remove(&w);
}

typedef struct stopper {
    volatile sig_atomic_t stop;
    int64_t after;
} stopper;

static void stop_after(void *context, const yg_train_progress *progress) {
    stopper *s = context;
    if (!progress->epoch_end && progress->step == s->after)
        s->stop = 1;
}

static void expect_same(const workspace *w, const char *a, const char *b) {
    size_t sizes[2];
    char *x = workspace_read(w, a, &sizes[0]), *y = workspace_read(w, b, &sizes[1]);
    cr_expect(sizes[0] == sizes[1] && memcmp(x, y, sizes[0]) == 0, "%s, %s", a, b);
    free(x);
    free(y);
}

Test(balance, a_resumed_run_equals_an_uninterrupted_one) {
    static const char *const sections[] = {OVERSAMPLE, WEIGHTS};
    for (int c = 0; c < 4; c++) {
        const workspace w = workspace_make();
        char text[1000];
        yg_train_result result = {0};
        yg_error error = {0};
        write_rows(&w);
        snprintf(text, sizeof text, "%s%s", sections[c / 2], memories[c % 2]);
        yg_model *model = model_of(&w, text);
        yg_train_options whole = {.out = workspace_path(&w, "whole"), .threads = 2};
        cr_assert(yg_train(model, &whole, &result, &error), "%s", error.message);
        yg_train_result_free(&result);
        stopper s = {0, 14};
        yg_train_options part = {.out = workspace_path(&w, "part"),
                                 .threads = 1,
                                 .progress = stop_after,
                                 .context = &s,
                                 .stop = &s.stop};
        cr_assert(yg_train(model, &part, &result, &error), "%s", error.message);
        cr_assert(result.interrupted);
        yg_train_result_free(&result);
        yg_train_options rest = {.out = part.out, .threads = 1, .resume = true};
        cr_assert(yg_train(model, &rest, &result, &error), "%s", error.message);
        yg_train_result_free(&result);
        expect_same(&w, "whole/weights.safetensors", "part/weights.safetensors");
        expect_same(&w, "whole/history.csv", "part/history.csv");
        yg_model_free(model);
        workspace_remove(&w);
    }
}

/* --------------------------------------------------------------------------- other sources --- */

/* Examples in the model file, windows over a series, and folds. */
Test(balance, of_rows_windows_and_folds) {
    static const struct {
        const char *inputs, *data;
        int64_t folds, examples, count; /* of the training part, before and after */
        double least;                   /* the smallest weight or number of classes */
    } cases[] = {
        {"x: [B]",
         "  train: {x: [1, 2, 3, 4], y: [0, 0, 0, 1]}\n  balance: {how: weights, into: w}\n", 0, 4,
         4, 4 / (2 * 3.0)},
        {"x: [B]",
         "  train: {x: [1, 2, 3, 4], y: [0, 0, 0, 1], w: [1, 1, 1, 1]}\n  balance: oversample\n", 0,
         4, 6, 1},
        {"x: [B, 2]",
         "  train: {csv: t.csv, x: x, y: y, w: w}\n  balance: oversample\n"
         "  windows: {length: 2}\n",
         0, 198, 3 * 126, 1},
        {"x: [B, 2]",
         "  train: {csv: t.csv, x: x, y: y}\n  balance: {how: weights, into: w}\n"
         "  windows: {length: 2}\n  memory: 500\n",
         0, 198, 198, 198 / (3 * 126.0)},
        {"x: [B]", "  train: {csv: t.csv, x: x, y: y, w: w}\n  balance: oversample\n", 4, 150, 0,
         1},
    };
    const workspace w = workspace_make();
    write_rows(&w);
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        char text[1000];
        yg_error error = {0};
        yg_data data = {.folds = cases[c].folds};
        snprintf(text, sizeof text,
                 "format: 1\ninputs: {%s}\n"
                 "targets: {y: {shape: [B], dtype: i32, classes: 4}, w: [B]}\n"
                 "graph: {s: \"mean(x) + mean(w) + mean(cast(y, float))\"}\noutputs: [s]\nloss: s\n"
                 "data:\n%s",
                 cases[c].inputs, cases[c].data);
        yg_model *model = workspace_model(&w, "m.yaml", text);
        cr_assert(yg_data_load_known(model, YG_F64, &data, &error), "%s: %s", text, error.message);
        cr_expect_eq(data.balance.examples, cases[c].examples, "case %zu: %d examples", c,
                     (int)data.balance.examples);
        cr_expect(!cases[c].count || data.train.count == cases[c].count, "case %zu: %d", c,
                  (int)data.train.count);
        double least = 1e9;
        int counts[CLASSES] = {0};
        for (int64_t i = 0; i < data.train.count; i++) {
            double weight;
            int32_t class;
            cr_assert(yg_part_read(&data.train, 1, i, 1, &class, NULL));
            cr_assert(yg_part_read(&data.train, 2, i, 1, &weight, NULL));
            least = data.balance.how == YG_BALANCE_WEIGHTS ? fmin(least, weight) : 1;
            counts[class]++;
        }
        cr_expect_float_eq(least, cases[c].least, 1e-12, "case %zu: %g", c, least);
        for (int k = 1; k < CLASSES && data.balance.how == YG_BALANCE_OVERSAMPLE; k++)
            cr_expect(!counts[k] || counts[k] == counts[0], "case %zu: class %d", c, k);
        yg_data_free(&data);
        yg_model_free(model);
    }
    workspace_remove(&w);
}

/* Sequences of differing length come as often as rows would, the same in memory and in a file. */
Test(balance, sequences_come_again_whole) {
    enum { SEQUENCES = 60, RARE = 6, TOTAL = 2 * (SEQUENCES - RARE) };
    const workspace w = workspace_make();
    int64_t lengths[2][TOTAL];
    FILE *file = fopen(workspace_path(&w, "s.csv"), "w");
    cr_assert_not_null(file);
    fputs("id,v,y\n", file);
    for (int i = 0; i < SEQUENCES; i++)
        for (int k = 0; k < 2 + i % 7; k++)
            fprintf(file, "%d,%d,%d\n", i, i, i % 10 == 3);
    fclose(file);
    for (int memory = 0; memory < 2; memory++) {
        char text[1000], out[300];
        yg_error error = {0};
        yg_data data;
        yg_train_result result;
        int rare = 0;
        snprintf(text, sizeof text,
                 "format: 1\nname: m\ninputs: {x: [B, T, 1]}\n"
                 "targets: {y: {shape: [B], dtype: i32, classes: 2}}\n"
                 "graph: {h: {type: linear, input: \"mean(x, dim=1)\", out_features: 2}}\n"
                 "outputs: [h]\nloss: cross_entropy(h, y)\n"
                 "data:\n  train: {csv: s.csv, x: [v], y: y}\n  sequences: {by: id}\n"
                 "  balance: oversample\n%s"
                 "train: {epochs: 2, batch_size: 8, optimizer: {type: sgd, lr: 0.01}}\n",
                 memories[memory]);
        yg_model *model = workspace_model(&w, "s.yaml", text);
        cr_assert(yg_data_load(model, YG_F32, &data, &error), "%s", error.message);
        cr_assert_eq(data.train.count, TOTAL);
        cr_assert_eq(yg_part_longest(&data.train, 0, TOTAL), 8);
        for (int64_t i = 0; i < TOTAL; i++) {
            float x[8];
            int32_t class;
            lengths[memory][i] = yg_part_longest(&data.train, i, 1);
            cr_assert(yg_part_read(&data.train, 0, i, 1, x, NULL));
            cr_assert(yg_part_read(&data.train, 1, i, 1, &class, NULL));
            cr_expect_eq(lengths[memory][i], 2 + (int)x[0] % 7);
            rare += class;
        }
        cr_expect_eq(rare, TOTAL / 2);
        yg_data_free(&data);
        snprintf(out, sizeof out, "%s", workspace_path(&w, memory ? "b" : "a"));
        const yg_train_options options = {.out = out, .threads = 2};
        cr_assert(yg_train(model, &options, &result, &error), "%s", error.message);
        yg_train_result_free(&result);
        yg_model_free(model);
    }
    cr_expect_arr_eq(lengths[0], lengths[1], sizeof lengths[0]);
    workspace_remove(&w);
}
