/*
 * Sequences of differing length: each part has the sequences that a plain loop over the rows finds,
 * padded, in buckets, and in the same order however a run is cut.
 */
#include "data/sequences.h"
#include "data/stream.h"
#include "sequence_table.h"
#include "train/evaluate.h"
#include "train/gradients.h"
#include "train/predict.h"
#include "train/train.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const sequence_case cases[] = {
    {.buckets = true, .padded = -100},
    {.split = true, .padded = 7, .pad = "{t: 7, x: -2.5}"},
    {.split = true, .buckets = true, .max_length = 9, .padded = -100},
    {.gaps = true, .buckets = true, .split = true, .padded = -100},
    {.text = true, .buckets = true, .padded = -100},
    {.text = true, .split = true, .padded = -1, .pad = "{t: -1}"},
    {.text = true, .split = true, .buckets = true, .max_length = 9, .padded = -100},
};

/* ------------------------------------------------------------------------ the plain loop ----- */

/* The rows of a group that are read. */
static int rows_of(const sequence_case *c, int group, int rows[2 * LONGEST]) {
    int count = 0;
    const int length =
        c->text ? 2 * length_of(group) - 1 : length_of(group); /* blanks are tokens */
    for (int r = 0; r < length && (!c->max_length || count < c->max_length); r++)
        if (c->text || !is_gap(c, group, r))
            rows[count++] = r;
    return count;
}

typedef struct example {
    double x[8 * LONGEST], t[4 * LONGEST], all, n;
} example;

/* The next example, with room for `steps` steps. */
static void read_next(yg_stream *stream, const yg_part *part, int64_t steps, example *e) {
    const yg_elements *ports = part->dataset->ports;
    static int32_t whole[2][4 * LONGEST];
    int64_t n;
    const bool text = ports[0].dtype == YG_I32;
    yg_feed feeds[4] = {{0, ports[0].dtype, steps * ports[0].width, text ? (void *)whole[0] : e->x},
                        {1, YG_I64, 1, &n},
                        {2, YG_I32, steps, whole[1]},
                        {3, YG_F64, 1, &e->all}};
    cr_assert(yg_stream_next(stream, feeds, 4, 0, 1, NULL));
    e->n = (double)n;
    for (int64_t i = 0; i < steps; i++) {
        if (text)
            e->x[i] = whole[0][i];
        e->t[i] = whole[1][i];
    }
}

/* Whether all is that of a group, with padding behind it. Tokens are compared among each other. */
static void check_group(const sequence_case *c, int group, int64_t steps, const example *e) {
    int rows[2 * LONGEST];
    const int count = rows_of(c, group, rows);
    const double pad = c->pad && !c->text ? -2.5 : 0;
    cr_expect_eq(e->n, count, "group %d: %g, not %d", group, e->n, count);
    cr_expect_eq(e->all, c->text ? part_of(group) : 3 * group);
    for (int64_t i = 0; i < steps; i++) {
        if (i >= count)
            cr_expect_eq(e->t[i], c->padded);
        if (c->text) {
            cr_expect(i < count ? e->x[i] >= 2 : e->x[i] == 0);
            cr_expect(i >= count || e->t[i] == e->x[i]);
            continue;
        }
        cr_expect_eq(e->x[2 * i], i < count ? a_of(group, rows[i]) : pad);
        cr_expect_eq(e->x[2 * i + 1], i < count ? b_of(group, rows[i]) : pad);
        cr_expect(i >= count || e->t[i] == b_of(group, rows[i]));
    }
}

static void check_part(const sequence_case *c, const yg_part *part, int number) {
    yg_stream *stream = part->count ? yg_stream_open(part, NULL) : NULL;
    int64_t count = 0;
    for (int g = 0; g < GROUPS; g++) {
        int rows[2 * LONGEST];
        if ((c->split ? part_of(g) : 0) != number)
            continue;
        cr_assert_lt(count++, part->count);
        cr_assert_eq(yg_stream_longest(stream, 1), rows_of(c, g, rows));
        example e = {0};
        read_next(stream, part, 50, &e);
        check_group(c, g, 50, &e);
    }
    cr_assert_eq(count, part->count);
    yg_stream_close(stream);
}

/* -------------------------------------------------------------------------------- an epoch --- */

static int group_of(const sequence_case *c, const example *e, const bool *met) {
    for (int g = 0; g < GROUPS; g++) {
        int rows[2 * LONGEST];
        if (met[g] || (c->split && part_of(g)))
            continue;
        if (c->text ? e->n == rows_of(c, g, rows) : e->x[0] == a_of(g, 0))
            return g;
    }
    return -1;
}

/* Each example once; the same again from any place. Returns the steps of all padded batches. */
static int64_t check_epoch(const sequence_case *c, const yg_data *data, int64_t batch, bool buckets,
                           int64_t epoch) {
    yg_sequencing sequencing = data->sequencing;
    sequencing.buckets = buckets;
    bool met[GROUPS] = {false};
    int64_t order[GROUPS], steps = 0;
    const yg_part *part = &data->train;
    yg_stream *stream = yg_stream_open_shuffled(part, 7, false, NULL);
    cr_assert(stream && yg_stream_bucket(stream, &sequencing, batch, NULL));
    yg_stream_seek(stream, epoch, 0);
    for (int64_t i = 0; i < part->count; i++) {
        example e = {0};
        if (i % batch == 0) {
            const int64_t count = part->count - i < batch ? part->count - i : batch;
            steps += count * yg_stream_longest(stream, count);
        }
        read_next(stream, part, 50, &e);
        const int group = group_of(c, &e, met);
        cr_assert_geq(group, 0);
        met[group] = true;
        order[i] = (int64_t)e.n;
    }
    yg_stream_close(stream);
    for (int64_t from = 0; from < part->count; from += 5) {
        stream = yg_stream_open_shuffled(part, 7, true, NULL);
        cr_assert(stream && yg_stream_bucket(stream, &sequencing, batch, NULL));
        yg_stream_seek(stream, epoch, from);
        for (int64_t i = from; i < part->count; i++) {
            example e = {0};
            read_next(stream, part, 50, &e);
            cr_assert_eq(order[i], (int64_t)e.n);
        }
        yg_stream_close(stream);
    }
    return steps;
}

Test(sequences, has_the_rows_of_a_plain_loop) {
    static const char *const memories[] = {"", "  memory: 1\n", "  memory: 800\n",
                                           "  memory: 4500\n"};
    const workspace w = workspace_make();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const sequence_case *c = &cases[i];
        write_table(&w, c);
        for (size_t m = 0; m < sizeof memories / sizeof *memories; m++) {
            yg_data data;
            yg_error error = {0};
            yg_model *model = model_of(&w, c, memories[m]);
            cr_assert(yg_data_load(model, YG_F64, &data, &error), "case %zu: %s", i, error.message);
            cr_assert(m == 3 || (data.train.dataset->spool != NULL) == (m > 0));
            check_part(c, &data.train, 0);
            check_part(c, &data.validation, 1);
            check_part(c, &data.test, 2);
            for (size_t b = 0; b < 4; b++) {
                static const int64_t batches[] = {1, 2, 6, 11};
                const int64_t batch = batches[b];
                const int64_t steps = check_epoch(c, &data, batch, true, batch);
                const int64_t without = check_epoch(c, &data, batch, false, batch);
                /* A window of the file must hold several batches for buckets to help. */
                const bool helps = !c->max_length && batch > 1 && (m == 0 || (m == 3 && b == 1));
                cr_expect(helps        ? steps < without
                          : batch == 1 ? steps == without
                                       : true,
                          "case %zu, batches of %d: %d steps, %d without buckets", i, (int)batch,
                          (int)steps, (int)without);
            }
            yg_data_free(&data);
            yg_model_free(model);
        }
    }
    workspace_remove(&w);
}

/* Batches of one length do not come at one place of every epoch, in memory or in a file. */
Test(sequences, batches_of_an_epoch_come_in_an_order_of_its_own) {
    static const char *const memories[] = {"", "  memory: 4500\n"};
    const sequence_case c = {.buckets = true};
    const workspace w = workspace_make();
    write_table(&w, &c);
    for (int m = 0; m < 2; m++) {
        yg_data data;
        yg_error error = {0};
        int64_t padded[3][GROUPS] = {{0}};
        yg_model *model = model_of(&w, &c, memories[m]);
        cr_assert(yg_data_load(model, YG_F64, &data, &error), "%s", error.message);
        for (int epoch = 0; epoch < 3; epoch++) {
            yg_stream *stream = yg_stream_open_shuffled(&data.train, 7, false, NULL);
            cr_assert(stream && yg_stream_bucket(stream, &data.sequencing, 2, NULL));
            for (int64_t i = 0; i + 2 <= data.train.count; i += 2) {
                yg_stream_seek(stream, epoch, i);
                padded[epoch][i] =
                    yg_sequences_padded(&data.sequencing, yg_stream_longest(stream, 2));
            }
            yg_stream_close(stream);
        }
        cr_expect(memcmp(padded[0], padded[1], sizeof padded[0]) != 0 &&
                      memcmp(padded[1], padded[2], sizeof padded[0]) != 0,
                  "the same lengths at the same places");
        yg_data_free(&data);
        yg_model_free(model);
    }
    workspace_remove(&w);
}

/* Lengths that a batch is padded to: never shorter, at most a quarter longer, and few. */
Test(sequences, are_padded_to_one_of_few_lengths) {
    const yg_sequencing any = {0}, limited = {.max_length = 50};
    int64_t before = 0, sizes = 0;
    for (int64_t length = 1; length <= 1 << 16; length++) {
        const int64_t padded = yg_sequences_padded(&any, length);
        cr_assert_geq(padded, length);
        cr_assert_lt(padded, length + (length + 3) / 4);
        cr_assert_geq(padded, before);
        cr_assert_eq(yg_sequences_padded(&any, padded), padded);
        sizes += padded != before;
        before = padded;
    }
    cr_expect_eq(sizes, 8 + 4 * 13, "%d", (int)sizes);
    cr_expect_eq(yg_sequences_padded(&limited, 49), 50);
    cr_expect_eq(yg_sequences_padded(&limited, 50), 50);
}

/* Lists of numbers, of CSV and of JSON Lines, in memory and in a file: the mean is that of all
 * steps of the training part. */
Test(sequences, lists_are_standardised_by_their_steps) {
    static const char *const memories[] = {"", "  memory: 200\n"};
    const workspace w = workspace_make();
    FILE *csv = fopen(workspace_path(&w, "l.csv"), "w");
    FILE *lines = fopen(workspace_path(&w, "l.jsonl"), "w");
    double mean[2] = {0}, squares[2] = {0}, steps = 0;
    fputs("v,i,y\n", csv);
    for (int g = 0; g < GROUPS; g++) {
        fprintf(lines, "{\"in\": {\"v\": [");
        for (int r = 0; r < length_of(g); r++) {
            fprintf(csv, "%s%d.5 %d", r ? " " : "", a_of(g, r), b_of(g, r));
            fprintf(lines, "%s[%d.5, %d]", r ? ", " : "", a_of(g, r), b_of(g, r));
        }
        fprintf(lines, "]}, \"i\": [%d", g);
        fprintf(csv, ",\"%d", g);
        for (int r = 1; r < length_of(g); r++) {
            fprintf(lines, ", %d", g + r);
            fprintf(csv, ",%d", g + r);
        }
        fprintf(csv, "\",%d\n", g);
        fprintf(lines, "], \"y\": %d}\n", g);
    }
    fclose(csv);
    fclose(lines);
    for (int g = 0; g < GROUPS; g++)
        for (int r = 0; r < length_of(g); r++, steps++)
            for (int k = 0; k < 2; k++) {
                const double x = k ? b_of(g, r) : a_of(g, r) + 0.5;
                mean[k] += x;
                squares[k] += x * x;
            }
    for (int i = 0; i < 8; i++) {
        const bool json = i % 2, f32 = i / 4 % 2;
        char text[1000];
        yg_data data;
        yg_error error = {0};
        snprintf(text, sizeof text,
                 "format: 1\n"
                 "inputs: {x: [B, T, 2], i: {shape: [B, T], dtype: i64}}\n"
                 "targets: {y: [B]}\n"
                 "graph: {s: \"mean(x) + mean(y) + mean(cast(i, dtype=float))\"}\n"
                 "outputs: [s]\n"
                 "loss: s\n"
                 "data:\n"
                 "  train: {%s, x: %sv, i: i, y: y}\n"
                 "  columns: {%sv: list, i: list}\n"
                 "  standardize: [x]\n"
                 "  sequences: {pad: {i: -5}}\n%s",
                 json ? "jsonl: l.jsonl, lists: [in.v, i]" : "csv: l.csv", json ? "in." : "",
                 json ? "in." : "", memories[i / 2 % 2]);
        yg_model *model = workspace_model(&w, "l.yaml", text);
        cr_assert(yg_data_load(model, f32 ? YG_F32 : YG_F64, &data, &error), "%s", error.message);
        cr_assert_eq(data.train.dataset->spool != NULL, i / 2 % 2);
        yg_stream *stream = yg_stream_open(&data.train, NULL);
        for (int g = 0; g < GROUPS; g++) {
            double x[2 * 30];
            int64_t whole[30];
            const yg_feed feeds[] = {{0, f32 ? YG_F32 : YG_F64, 60, x}, {1, YG_I64, 30, whole}};
            cr_assert(yg_stream_next(stream, feeds, 2, 0, 1, NULL));
            for (int k = 0; k < 60; k++) {
                const double m = mean[k % 2] / steps;
                const double deviation = sqrt(squares[k % 2] / steps - m * m);
                const double value = k % 2 ? b_of(g, k / 2) : a_of(g, k / 2) + 0.5;
                const bool padding = k / 2 >= length_of(g);
                cr_expect_float_eq(f32 ? (double)((float *)x)[k] : x[k],
                                   padding ? 0 : (value - m) / deviation, f32 ? 1e-5 : 1e-9);
                cr_expect_eq(whole[k / 2], padding ? -5 : g + k / 2);
            }
        }
        yg_stream_close(stream);
        yg_data_free(&data);
        yg_model_free(model);
    }
    workspace_remove(&w);
}

/* ----------------------------------------------------------------------- the whole command --- */

static const char sums[] = "format: 1\n"
                           "inputs: {x: [B, T, 2], n: {shape: [B], dtype: i64}}\n"
                           "targets: {t: [B, T], all: [B]}\n"
                           "graph:\n"
                           "  h, last: {type: gru, input: {x: x, lengths: n}, hidden_size: 3}\n"
                           "  o: {type: linear, input: h, out_features: 1}\n"
                           "  each: squeeze(o, -1)\n"
                           "  one: {type: linear, input: \"last[0]\", out_features: 1}\n"
                           "  whole: squeeze(one, -1)\n"
                           "  mask: \"cast(arange(size(x, 1)) < unsqueeze(n, 1), dtype=float)\"\n"
                           "outputs: {%s}\n"
                           "loss: sum(mask * (each - t) ** 2) / sum(mask) + mse(whole, all)\n"
                           "data:\n"
                           "  train: {csv: t.csv, x: [a, b], t: b, all: all}\n"
                           "  validation: {from: train, fraction: 0.3}\n"
                           "  columns: {a: {missing: drop}}\n"
                           "  sequences: {by: id, lengths: n}\n"
                           "  standardize: [x, t, all]\n%s"
                           "train: {epochs: 3, batch_size: 5, dtype: f64, "
                           "optimizer: {type: sgd, lr: 0.05}}\n";

static yg_model *sums_model(const workspace *w, const char *outputs, const char *more) {
    char text[2000];
    const sequence_case c = {.gaps = true};
    write_table(w, &c);
    snprintf(text, sizeof text, sums, outputs, more);
    return workspace_model(w, "m.yaml", text);
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

Test(sequences, a_resumed_run_equals_an_uninterrupted_one) {
    static const char *const memories[] = {"", "  memory: 3000\n"};
    for (int m = 0; m < 2; m++) {
        const workspace w = workspace_make();
        yg_train_result result = {0};
        yg_error error = {0};
        yg_model *model = sums_model(&w, "whole: whole", memories[m]);
        yg_train_options whole = {.out = workspace_path(&w, "whole"), .threads = 2};
        cr_assert(yg_train(model, &whole, &result, &error), "%s", error.message);
        yg_train_result_free(&result);
        stopper s = {0, 8};
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

/* Scores do not depend on padding: batches of any size give the same loss. */
Test(sequences, scores_do_not_depend_on_the_batches) {
    const workspace w = workspace_make();
    yg_train_result result = {0};
    yg_error error = {0};
    yg_model *model = sums_model(&w, "whole: whole", "");
    yg_train_options options = {.out = workspace_path(&w, "run")};
    double losses[4];
    cr_assert(yg_train(model, &options, &result, &error), "%s", error.message);
    yg_train_result_free(&result);
    for (int i = 0; i < 4; i++) {
        static const int64_t batches[] = {1, 2, 7, 100};
        const yg_evaluate_options evaluate = {.weights =
                                                  workspace_path(&w, "run/weights.safetensors"),
                                              .split = "train",
                                              .batch_size = batches[i],
                                              .dtype = YG_F64};
        yg_scores scores;
        cr_assert(yg_evaluate(model, &evaluate, &scores, NULL, &error), "%s", error.message);
        cr_expect_not(scores.loss_of_batches);
        losses[i] = scores.loss;
        cr_expect_float_eq(losses[i], losses[0], 1e-12 * losses[0]);
        yg_scores_free(&scores);
    }
    yg_model_free(model);
    workspace_remove(&w);
}

/* The loss of one sequence is that of the same rows in a model without sequences: the same bits
 * where nothing is padded, otherwise but for rounding. */
Test(sequences, one_alone_has_the_loss_of_its_rows) {
    static const char graph[] =
        "targets: {t: [B, T]}\n"
        "params: {w: {shape: [2, 3], init: {type: uniform, low: -1, high: 1}}}\n"
        "graph:\n"
        "  h, last: {type: gru, input: {x: x, lengths: n}, hidden_size: 3}\n"
        "  o: {type: linear, input: h, out_features: 1}\n"
        "  mask: \"cast(arange(size(x, 1)) < unsqueeze(n, 1), dtype=float)\"\n"
        "outputs: [last]\n"
        "loss: sum(mask * (squeeze(o, -1) + sum(matmul(x, w), dim=-1) - t) ** 2) / sum(mask)\n";
    const workspace w = workspace_make();
    for (int length = 1; length <= 20; length += length < 9 ? 1 : 3) {
        char text[4000], rows[1500] = "", targets[700] = "";
        double losses[2];
        FILE *file = fopen(workspace_path(&w, "one.csv"), "w");
        fputs("id,a,b,t\n", file);
        for (int r = 0; r < length; r++) {
            const double a = sin(r + 1), b = cos(3 * r), t = sin(5 * r);
            fprintf(file, "x,%.17g,%.17g,%.17g\n", a, b, t);
            snprintf(rows + strlen(rows), sizeof rows - strlen(rows), "%s[%.17g, %.17g]",
                     r ? ", " : "", a, b);
            snprintf(targets + strlen(targets), sizeof targets - strlen(targets), "%s%.17g",
                     r ? ", " : "", t);
        }
        fclose(file);
        for (int i = 0; i < 2; i++) {
            yg_error error = {0};
            if (i)
                snprintf(text, sizeof text,
                         "format: 1\ninputs: {x: [B, T, 2], n: {shape: [B], dtype: i64}}\n%s"
                         "data:\n  train: {x: [[%s]], n: [%d], t: [[%s]]}\n",
                         graph, rows, length, targets);
            else
                snprintf(text, sizeof text,
                         "format: 1\ninputs: {x: [B, T, 2], n: {shape: [B], dtype: i64}}\n%s"
                         "data:\n  train: {csv: one.csv, x: [a, b], t: t}\n"
                         "  sequences: {by: id, lengths: n}\n",
                         graph);
            yg_model *model = workspace_model(&w, "one.yaml", text);
            yg_gradients gradients;
            const yg_gradients_options options = {.dtype = YG_F64};
            cr_assert(yg_loss_gradients(model, &options, &gradients, &error), "%s", error.message);
            losses[i] = gradients.loss;
            yg_gradients_free(&gradients);
            yg_model_free(model);
        }
        const yg_sequencing any = {0};
        if (yg_sequences_padded(&any, length) == length)
            cr_expect_eq(losses[0], losses[1], "%d: %.17g, %.17g", length, losses[0], losses[1]);
        cr_expect_float_eq(losses[0], losses[1], 1e-12, "%d: %.17g, %.17g", length, losses[0],
                           losses[1]);
    }
    workspace_remove(&w);
}

/* ----------------------------------------------------------------------------- predictions --- */

/* Answers come in the order of the file, whatever the batches: one for each row where the network
 * has one for each step, otherwise one for each sequence. */
Test(sequences, are_answered_in_the_order_of_the_file) {
    static const char *const outputs[] = {"whole: whole", "each: each, whole: whole"};
    static const char *const keep[] = {"id", "b"};
    const sequence_case c = {.gaps = true};
    for (int o = 0; o < 2; o++) {
        const workspace w = workspace_make();
        yg_error error = {0};
        yg_train_result result = {0};
        yg_model *model = sums_model(&w, outputs[o], "");
        yg_train_options options = {.out = workspace_path(&w, "run")};
        cr_assert(yg_train(model, &options, &result, &error), "%s", error.message);
        yg_train_result_free(&result);
        for (int64_t batch = 3; batch < 100; batch += 40) {
            const char *file = workspace_path(&w, "t.csv");
            const yg_predict_options predict = {.weights =
                                                    workspace_path(&w, "run/weights.safetensors"),
                                                .files = &file,
                                                .file_count = 1,
                                                .keep = keep,
                                                .keep_count = 2,
                                                .batch_size = batch};
            char *text = NULL, *line, *rest;
            size_t size;
            int64_t answers, lines = 0;
            FILE *out = open_memstream(&text, &size);
            cr_assert(yg_predict(model, &predict, NULL, NULL, out, &answers, &error), "%s",
                      error.message);
            fclose(out);
            line = strtok_r(text, "\n", &rest);
            cr_expect_str_eq(line, o ? "id,b,each,whole" : "id,b,whole");
            for (int g = 0; g < GROUPS; g++) {
                int rows[2 * LONGEST];
                const int count = rows_of(&c, g, rows);
                for (int r = o ? 0 : count - 1; r < count; r++, lines++) {
                    char expected[40];
                    snprintf(expected, sizeof expected, "g%d,%d,", g, b_of(g, rows[r]));
                    line = strtok_r(NULL, "\n", &rest);
                    cr_assert(line && strncmp(line, expected, strlen(expected)) == 0, "%s: %s",
                              expected, line);
                }
            }
            cr_expect_null(strtok_r(NULL, "\n", &rest));
            cr_expect_eq(answers, lines);
            free(text);
        }
        yg_model_free(model);
        workspace_remove(&w);
    }
}
