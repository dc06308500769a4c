/*
 * Predictions of windows over a series while its rows arrive: each window is answered when its last
 * row has come, as a plain loop over the rows says.
 */
#include "piping.h"
#include "trained.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LENGTH = 3, ROWS = 23 };

typedef struct row {
    int shop, value; /* a value that is not there: -1 */
} row;

/* Shop 2 is shorter than a window, shop 3 has one of its length, and rows without a value are
 * dropped: no window goes over them. */
static const row rows[ROWS] = {{1, 4}, {1, 7}, {1, 1},  {1, 9},  {1, 2}, {1, 5},  {2, 8}, {2, 3},
                               {3, 6}, {3, 1}, {3, 4},  {4, 2},  {4, 8}, {4, -1}, {4, 7}, {4, 7},
                               {4, 3}, {4, 5}, {4, -1}, {4, -1}, {5, 9}, {5, 6},  {5, 2}};

/* Writes the answer that comes with row `i`, with `keep` its day before it. False: there is none.
 */
static bool answer_of(int i, bool keep, char *line, size_t size) {
    int value = 0;
    for (int k = 0, scale = 1; k < LENGTH; k++, scale *= 10) {
        const row *other = i - k >= 0 ? &rows[i - k] : NULL;
        if (!other || other->shop != rows[i].shop || other->value < 0)
            return false;
        value += scale * other->value;
    }
    if (keep)
        snprintf(line, size, "\"day %d\",%d\n", i, value);
    else
        snprintf(line, size, "%d\n", value);
    return true;
}

static void write_rows(FILE *to, int begin, int end) {
    for (int i = begin; i < end && i < ROWS; i++) {
        fprintf(to, "day %d,%d,", i, rows[i].shop);
        fprintf(to, rows[i].value < 0 ? "\n" : "%d\n", rows[i].value);
    }
}

static yg_model *digits_model(const workspace *w, int length) {
    char text[900];
    FILE *file = fopen(workspace_path(w, "t.csv"), "w");
    fputs("day,shop,value\n", file);
    write_rows(file, 0, ROWS);
    fclose(file);
    snprintf(text, sizeof text,
             "format: 1\n"
             "name: digits\n"
             "inputs: {x: [B, %d]}\n"
             "params: {w: {shape: [1], init: ones}}\n"
             "graph: {h: x * w}\n"
             "outputs: {p: \"100 * h[:, 0] + 10 * h[:, 1] + h[:, 2]\"}\n"
             "loss: mean(h)\n"
             "data:\n"
             "  train: {csv: t.csv, x: value}\n"
             "  windows: {length: %d, by: shop}\n"
             "  columns: {value: {missing: drop}}\n"
             "train: {epochs: 1, optimizer: {type: sgd, lr: 0}}\n",
             length, length);
    yg_model *model = workspace_model(w, "t.yaml", text);
    train(w, model);
    return model;
}

static const char *const day[] = {"day"};

static yg_predict_options options_of(const workspace *w, int64_t batch, bool keep) {
    return (yg_predict_options){.weights = workspace_path(w, "run/weights.safetensors"),
                                .batch_size = batch,
                                .threads = 1,
                                .keep = day,
                                .keep_count = keep};
}

/* ------------------------------------------------------------------------------- one piece --- */

Test(series_reader, answers_as_a_plain_loop) {
    const workspace w = workspace_make();
    yg_model *model = digits_model(&w, LENGTH);
    for (int64_t batch = 0; batch < 20; batch++)
        for (int keep = 0; keep < 2; keep++) {
            char *answers, *expected, line[100];
            size_t size, expected_size;
            int64_t count, expected_count = 0;
            yg_error error = {0};
            yg_predict_options options = options_of(&w, batch / 2, keep);
            options.threads = batch % 2 ? 3 : 1;
            FILE *in = fopen(workspace_path(&w, "t.csv"), "rb");
            FILE *out = open_memstream(&answers, &size);
            FILE *plain = open_memstream(&expected, &expected_size);
            cr_assert(yg_predict(model, &options, in, "t.csv", out, &count, &error), "%s",
                      error.message);
            fputs(keep ? "day,p\n" : "p\n", plain);
            for (int i = 0; i < ROWS; i++)
                if (answer_of(i, keep, line, sizeof line) && ++expected_count)
                    fputs(line, plain);
            fclose(in);
            fclose(out);
            fclose(plain);
            cr_expect_eq(count, expected_count);
            cr_expect_str_eq(answers, expected, "batches of %d", (int)options.batch_size);
            free(answers);
            free(expected);
        }
    yg_model_free(model);
    workspace_remove(&w);
}

/* Nothing is written where there is no window, and the table is counted. */
Test(series_reader, a_table_without_a_window_is_told) {
    static const struct {
        int begin, end;
        const char *told;
    } tables[] = {{0, 0, "the longest run of the table's 0 rows has 0"},
                  {0, 2, "the longest run of the table's 2 rows has 2"},
                  {3, 5, "the longest run of the table's 2 rows has 2"},
                  {12, 16, "the longest run of the table's 3 rows has 2"},
                  {4, 10, "the longest run of the table's 6 rows has 2"}};
    const workspace w = workspace_make();
    yg_model *model = digits_model(&w, LENGTH);
    for (size_t t = 0; t < sizeof tables / sizeof *tables; t++)
        for (int64_t batch = 0; batch < 4; batch++) {
            char *answers;
            size_t size;
            yg_error error = {0};
            const yg_predict_options options = options_of(&w, batch, false);
            FILE *file = fopen(workspace_path(&w, "few.csv"), "w");
            fputs("day,shop,value\n", file);
            write_rows(file, tables[t].begin, tables[t].end);
            fclose(file);
            FILE *in = fopen(workspace_path(&w, "few.csv"), "rb");
            FILE *out = open_memstream(&answers, &size);
            cr_expect_not(yg_predict(model, &options, in, "few.csv", out, NULL, &error));
            fclose(in);
            fclose(out);
            cr_expect_not_null(strstr(error.message, tables[t].told), "%s: %s", tables[t].told,
                               error.message);
            cr_expect_str_eq(answers, "");
            free(answers);
        }
    yg_model_free(model);
    workspace_remove(&w);
}

/* --------------------------------------------------------------------------------- a pipe ---- */

/* Writes `some` rows at a time, and waits for the answers that they have before it goes on. */
static void answer_in_pauses(const workspace *w, const yg_model *model, int64_t batch, bool keep,
                             int some, int threads) {
    yg_predict_options options = options_of(w, batch, keep);
    piping p;
    char wanted[100];
    bool started = false;
    options.threads = threads;
    piping_begin(&p, model, &options);
    fputs("day,shop,value\n", p.feed);
    for (int begin = 0; begin < ROWS; begin += some) {
        write_rows(p.feed, begin, begin + some);
        fflush(p.feed);
        for (int i = begin; i < begin + some && i < ROWS; i++) {
            if (!answer_of(i, keep, wanted, sizeof wanted))
                continue;
            if (!started)
                piping_expect(&p, keep ? "day,p\n" : "p\n");
            started = true;
            piping_expect(&p, wanted);
        }
    }
    piping_end(&p);
}

/* Also where a thread reads ahead: batches of one window are full, and so it is started. */
Test(series_reader, answers_a_pipe_when_it_pauses) {
    const workspace w = workspace_make();
    yg_model *model = digits_model(&w, LENGTH);
    for (int64_t batch = 0; batch <= 4; batch++)
        for (int some = 1; some <= 9; some++)
            answer_in_pauses(&w, model, batch, some % 2, some, 1 + some / 2 % 2);
    yg_model_free(model);
    workspace_remove(&w);
}
