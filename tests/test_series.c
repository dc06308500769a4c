/*
 * Windows over a series: each part has the windows that a plain loop over the rows finds, in memory
 * and from a file.
 */
#include "data/stream.h"
#include "train/predict.h"
#include "train/train.h"
#include "workspace.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 60, WIDEST = 40, GROUPS = 4, NONE = 3 };

typedef struct series_case {
    int length, horizon, stride;
    bool grouped;         /* `by: shop` */
    int gaps[4];          /* rows without a value, which are dropped; 0: no more */
    const char *held_out; /* lines of the section */
    int validation, test; /* so many rows are the last ones; -1: those of shop 1, or of shop 2 */
} series_case;

#define BY_TIME                                                                                    \
    "  validation: {from: train, fraction: 0.2, time: id}\n"                                       \
    "  test: {from: train, fraction: 0.3, time: id}\n"

static const series_case cases[] = {
    {.length = 1, .horizon = 1, .stride = 1},
    {.length = 5, .horizon = 1, .stride = 1},
    {.length = 5, .horizon = 3, .stride = 1},
    {.length = 4, .horizon = 2, .stride = 3},
    {.length = 7, .horizon = 1, .stride = 50},
    {.length = 40, .horizon = 20, .stride = 1}, /* the only one */
    {.length = 5, .horizon = 2, .stride = 1, .grouped = true},
    {.length = 9, .horizon = 3, .stride = 2, .grouped = true}, /* a shop is too short */
    {.length = 4, .horizon = 2, .stride = 1, .gaps = {9, 10, 30}},
    {.length = 3, .horizon = 1, .stride = 2, .grouped = true, .gaps = {13, 25, 59}},
    {.length = 4, .horizon = 2, .stride = 1, .held_out = BY_TIME, .validation = 12, .test = 18},
    {.length = 6,
     .horizon = 3,
     .stride = 2,
     .grouped = true,
     .held_out = BY_TIME,
     .validation = 12,
     .test = 18},
    {.length = 3,
     .horizon = 2,
     .stride = 1,
     .grouped = true,
     .validation = -1,
     .held_out = "  validation: {from: train, column: shop, equals: shop1}\n"},
    {.length = 3,
     .horizon = 2,
     .stride = 1,
     .validation = -1,
     .held_out = "  validation: {from: train, column: shop, equals: shop1}\n"},
    /* Rows of the test part come before those of the validation part. */
    {.length = 5,
     .horizon = 1,
     .stride = 1,
     .validation = 19,
     .test = -1,
     .held_out = "  validation: {from: train, fraction: 0.32, time: id}\n"
                 "  test: {from: train, column: shop, equals: shop2}\n"},
};

/* Shop 2 has 10 rows only. */
static int shop_of(int row) {
    static const int begins[GROUPS] = {0, 14, 31, 41};
    int shop = 0;
    while (shop + 1 < GROUPS && row >= begins[shop + 1])
        shop++;
    return shop;
}

static bool is_gap(const series_case *c, int row) {
    for (int i = 0; i < 4; i++)
        if (c->gaps[i] && c->gaps[i] == row)
            return true;
    return false;
}

static void write_rows(const workspace *w, const series_case *c) {
    FILE *file = fopen(workspace_path(w, "t.csv"), "w");
    cr_assert_not_null(file);
    fputs("id,v,shop\n", file);
    for (int r = 0; r < ROWS; r++) {
        fprintf(file, "%d,", r);
        if (!is_gap(c, r))
            fprintf(file, "%d", 1000 + 3 * r);
        fprintf(file, ",shop%d\n", shop_of(r));
    }
    fclose(file);
}

static yg_model *model_of(const workspace *w, const series_case *c, const char *more) {
    char text[1500];
    snprintf(text, sizeof text,
             "format: 1\n"
             "inputs: {x: [B, T, 2], last: [B]}\n"
             "targets: {y: [B, H], z: [B]}\n"
             "graph: {s: mean(x) + mean(last) + mean(y) + mean(z)}\n"
             "outputs: [s]\n"
             "loss: s\n"
             "data:\n"
             "  train: {csv: t.csv, x: [id, v], last: id, y: id, z: v}\n"
             "  columns: {v: {missing: drop}}\n"
             "  windows: {length: %d, horizon: %d, stride: %d%s}\n%s%s",
             c->length, c->horizon, c->stride, c->grouped ? ", by: shop" : "",
             c->held_out ? c->held_out : "", more);
    return workspace_model(w, "m.yaml", text);
}

/* ------------------------------------------------------------------------ the plain loop ----- */

/* The rows that are not dropped. */
typedef struct plain_rows {
    int count, id[ROWS], run[ROWS], owner[ROWS];
} plain_rows;

static plain_rows rows_of(const series_case *c) {
    plain_rows rows = {0};
    int run = 0;
    for (int r = 0; r < ROWS; r++) {
        run += is_gap(c, r) || (c->grouped && r > 0 && shop_of(r) != shop_of(r - 1));
        if (is_gap(c, r))
            continue;
        rows.id[rows.count] = r;
        rows.run[rows.count++] = run;
    }
    const int test = rows.count - (c->test > 0 ? c->test : 0);
    const int validation = test - (c->validation > 0 ? c->validation : 0);
    for (int i = 0; i < rows.count; i++) {
        const int shop = shop_of(rows.id[i]);
        rows.owner[i] = i >= test || (c->test < 0 && shop == 2)               ? 2
                        : i >= validation || (c->validation < 0 && shop == 1) ? 1
                                                                              : 0;
    }
    return rows;
}

/* The part of the window that begins at a row. */
static int part_of(const series_case *c, const plain_rows *rows, int first) {
    const int end = first + c->length + c->horizon;
    int begin = first, part;
    if (end > rows->count || rows->run[end - 1] != rows->run[first])
        return NONE;
    while (begin > 0 && rows->run[begin - 1] == rows->run[first])
        begin--;
    if ((first - begin) % c->stride != 0)
        return NONE;
    part = rows->owner[end - 1];
    for (int i = first; i < end; i++) {
        if (i >= first + c->length && rows->owner[i] != part)
            return NONE;
        if (part == 0 && rows->owner[i] != 0)
            return NONE;
        if (part == 1 && rows->owner[i] == 2)
            return NONE;
    }
    return part;
}

/* ------------------------------------------------------------------------- what is read ------ */

/* An example, and room for the largest one. */
typedef struct example {
    double x[2 * WIDEST], last, y[WIDEST], z;
} example;

static void read_next(yg_stream *stream, const yg_part *part, example *e) {
    void *to[] = {e->x, &e->last, e->y, &e->z};
    yg_feed feeds[4];
    for (size_t p = 0; p < 4; p++)
        feeds[p] = (yg_feed){p, YG_F64, part->dataset->ports[p].width, to[p]};
    *e = (example){0};
    cr_assert(yg_stream_next(stream, feeds, 4, 0, 1, NULL));
}

static void check_window(const series_case *c, const plain_rows *rows, int first,
                         const example *e) {
    for (int i = 0; i < c->length; i++) {
        cr_expect_eq(e->x[2 * i], rows->id[first + i]);
        cr_expect_eq(e->x[2 * i + 1], 1000 + 3 * rows->id[first + i]);
    }
    for (int i = 0; i < c->horizon; i++)
        cr_expect_eq(e->y[i], rows->id[first + c->length + i]);
    cr_expect_eq(e->last, rows->id[first + c->length - 1]);
    cr_expect_eq(e->z, 1000 + 3 * rows->id[first + c->length + c->horizon - 1]);
}

static void check_part(const series_case *c, const plain_rows *rows, const yg_part *part,
                       int number) {
    yg_stream *stream = part->count ? yg_stream_open(part, NULL) : NULL;
    int64_t count = 0;
    for (int first = 0; first < rows->count; first++) {
        if (part_of(c, rows, first) != number)
            continue;
        count++;
        cr_assert_leq(count, part->count);
        example e;
        read_next(stream, part, &e);
        check_window(c, rows, first, &e);
    }
    cr_assert_eq(count, part->count, "length %d horizon %d part %d: %d, not %d", c->length,
                 c->horizon, number, (int)part->count, (int)count);
    yg_stream_close(stream);
}

/* An epoch has each window once, and goes on in the same order from any place. */
static void check_epoch(const series_case *c, const plain_rows *rows, const yg_part *part,
                        bool threaded) {
    int order[ROWS];
    bool met[ROWS] = {false};
    example e;
    yg_stream *stream = yg_stream_open_shuffled(part, 7, threaded, NULL);
    cr_assert_not_null(stream);
    yg_stream_seek(stream, 1, 0);
    for (int64_t i = 0; i < part->count; i++) {
        read_next(stream, part, &e);
        for (order[i] = 0; rows->id[order[i]] != (int)e.x[0]; order[i]++)
            ;
        cr_assert_not(met[order[i]]);
        cr_assert_eq(part_of(c, rows, order[i]), 0);
        met[order[i]] = true;
        check_window(c, rows, order[i], &e);
    }
    yg_stream_close(stream);
    stream = yg_stream_open_shuffled(part, 7, threaded, NULL);
    yg_stream_seek(stream, 1, part->count / 2);
    for (int64_t i = part->count / 2; i < part->count; i++) {
        read_next(stream, part, &e);
        cr_assert_eq(rows->id[order[i]], (int)e.x[0]);
    }
    yg_stream_close(stream);
}

Test(series, has_the_windows_of_a_plain_loop) {
    static const char *const memories[] = {"", "  memory: 1\n", "  memory: 2000\n"};
    const workspace w = workspace_make();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const series_case *c = &cases[i];
        const plain_rows rows = rows_of(c);
        write_rows(&w, c);
        for (size_t m = 0; m < 3; m++) {
            yg_data data;
            yg_error error = {0};
            yg_model *model = model_of(&w, c, memories[m]);
            cr_assert(yg_data_load(model, YG_F64, &data, &error), "case %zu: %s", i, error.message);
            cr_assert_eq(data.train.dataset->spool != NULL, m > 0);
            cr_assert_eq(data.train.dataset->count, rows.count, "rows are held once");
            check_part(c, &rows, &data.train, 0);
            check_part(c, &rows, &data.validation, 1);
            check_part(c, &rows, &data.test, 2);
            check_epoch(c, &rows, &data.train, m == 1);
            yg_data_free(&data);
            yg_model_free(model);
        }
    }
    workspace_remove(&w);
}

/* Notes the rows of each window of a part. No row may be in two. */
static int64_t note_rows(const series_case *c, const yg_part *part, bool taken[ROWS]) {
    yg_stream *stream = part->count ? yg_stream_open(part, NULL) : NULL;
    example e;
    for (int64_t i = 0; i < part->count; i++) {
        read_next(stream, part, &e);
        for (int k = 0; k < c->length + c->horizon; k++) {
            const int row = (int)(k < c->length ? e.x[2 * k] : e.y[k - c->length]);
            cr_assert_not(taken[row], "row %d is in two windows", row);
            taken[row] = true;
        }
    }
    yg_stream_close(stream);
    return part->count;
}

/* Windows that share no row are drawn as they are: each one that there is belongs to one part. */
Test(series, windows_that_share_no_row_are_drawn_at_random) {
    static const series_case random[] = {
        {.length = 2, .horizon = 1, .stride = 3},
        {.length = 2, .horizon = 1, .stride = 4},
        {.length = 2, .horizon = 2, .stride = 4, .grouped = true},
        {.length = 2, .horizon = 1, .stride = 3, .grouped = true, .gaps = {3, 22, 23, 50}},
    };
    const workspace w = workspace_make();
    for (size_t i = 0; i < sizeof random / sizeof *random; i++)
        for (int m = 0; m < 2; m++) {
            series_case c = random[i];
            int64_t counts[2];
            uint64_t digest = 0;
            write_rows(&w, &c);
            for (int split = 0; split < 3; split++) { /* the last one is the one before again */
                bool taken[ROWS] = {false};
                yg_data data;
                yg_error error = {0};
                c.held_out = split ? "  validation: {from: train, fraction: 0.25}\n"
                                     "  test: {from: train, fraction: 0.5}\n"
                                   : "";
                yg_model *model = model_of(&w, &c, m ? "  memory: 2000\n" : "");
                cr_assert(yg_data_load(model, YG_F64, &data, &error), "%s", error.message);
                counts[split > 0] = note_rows(&c, &data.train, taken) +
                                    note_rows(&c, &data.validation, taken) +
                                    note_rows(&c, &data.test, taken);
                if (split) {
                    const double all = (double)counts[0];
                    cr_assert_eq(counts[0], counts[1]);
                    cr_assert_float_eq((double)data.validation.count, all / 4, 1);
                    cr_assert_float_eq((double)data.test.count, all / 2, 1);
                }
                cr_assert(split < 2 || digest == yg_part_digest(&data.test));
                digest = yg_part_digest(&data.test);
                yg_data_free(&data);
                yg_model_free(model);
            }
        }
    workspace_remove(&w);
}

/* The mean of what is fed can only be that of the training rows, each counted once. */
Test(series, is_standardised_by_the_rows_of_the_training_part) {
    const series_case c = {.length = 6,
                           .horizon = 1,
                           .stride = 1,
                           .held_out = "  validation: {from: train, fraction: 0.5, time: id}\n"
                                       "  standardize: [x]\n"
                                       "  transform: {x: x * 2}\n",
                           .validation = 30};
    const workspace w = workspace_make();
    write_rows(&w, &c);
    for (int m = 0; m < 2; m++) {
        yg_data data;
        yg_error error = {0};
        double x[12];
        yg_model *model = model_of(&w, &c, m ? "  memory: 1\n" : "");
        cr_assert(yg_data_load(model, YG_F64, &data, &error), "%s", error.message);
        const yg_port_encoding *encoding = &data.encoding.ports[0];
        cr_assert_eq(encoding->width, 2);
        cr_expect_float_eq(encoding->mean[0], 29, 1e-12);
        cr_expect_float_eq(encoding->mean[1], 2087, 1e-9);
        cr_assert_eq(data.validation.count, 30);
        cr_assert(yg_part_read(&data.validation, 0, 0, 1, x, &error));
        for (int i = 0; i < 6; i++) {
            cr_expect_float_eq(x[2 * i] * encoding->deviation[0] + 29, 2 * (24 + i), 1e-9);
            cr_expect_float_eq(x[2 * i + 1], x[2 * i], 1e-9);
        }
        yg_data_free(&data);
        yg_model_free(model);
    }
    workspace_remove(&w);
}

/* Equal data have equal digests, and other windows have others: --resume goes by them. */
Test(series, other_windows_have_another_digest) {
    static const series_case two[] = {{.length = 4, .horizon = 2, .stride = 1},
                                      {.length = 4, .horizon = 2, .stride = 2}};
    const workspace w = workspace_make();
    write_rows(&w, &two[0]);
    for (int m = 0; m < 2; m++) {
        uint64_t digests[3];
        for (int i = 0; i < 3; i++) {
            yg_data data;
            yg_model *model = model_of(&w, &two[i / 2], m ? "  memory: 1\n" : "");
            cr_assert(yg_data_load(model, YG_F64, &data, NULL));
            digests[i] = yg_part_digest(&data.train);
            yg_data_free(&data);
            yg_model_free(model);
        }
        cr_expect_eq(digests[0], digests[1]);
        cr_expect_neq(digests[0], digests[2]);
    }
    workspace_remove(&w);
}

/* ----------------------------------------------------------------------- the whole command --- */

static const char sums[] = "format: 1\n"
                           "inputs: {x: [B, 4]}\n"
                           "targets: {y: [B, 2]}\n"
                           "graph:\n"
                           "  h: {type: linear, input: x, out_features: 2}\n"
                           "outputs: {h: {value: h, units: y}}\n"
                           "loss: mse(h, y)\n"
                           "data:\n"
                           "  train: {csv: t.csv, x: v, y: v}\n"
                           "  validation: {from: train, fraction: 0.3, time: id}\n"
                           "  windows: {length: 4, horizon: 2, by: shop}\n"
                           "  columns: {v: {missing: drop}}\n"
                           "  standardize: [x, y]\n%s"
                           "train: {epochs: 4, batch_size: 8, optimizer: {type: sgd, lr: 0.05}}\n";

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

Test(series, a_resumed_run_equals_an_uninterrupted_one) {
    static const char *const memories[] = {"", "  memory: 1500\n"};
    const series_case c = {.gaps = {20}};
    for (int m = 0; m < 2; m++) {
        const workspace w = workspace_make();
        char text[1000];
        yg_train_result result = {0};
        yg_error error = {0};
        write_rows(&w, &c);
        snprintf(text, sizeof text, sums, memories[m]);
        yg_model *model = workspace_model(&w, "m.yaml", text);
        yg_train_options whole = {.out = workspace_path(&w, "whole"), .threads = 2};
        cr_assert(yg_train(model, &whole, &result, &error), "%s", error.message);
        yg_train_result_free(&result);
        stopper s = {0, 6};
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

/* ------------------------------------------------------------------------------ pictures ----- */

enum { FRAMES = 4, PIXELS = 6 * 7 };

static void load_frames(const workspace *w, const char *shape, const char *section, yg_data *data,
                        yg_model **model) {
    yg_error error = {0};
    char text[1000];
    snprintf(text, sizeof text,
             "format: 1\n"
             "inputs: {x: %s}\n"
             "targets: {y: [B]}\n"
             "graph: {s: mean(x) + mean(y)}\n"
             "outputs: [s]\n"
             "loss: s\n"
             "data:\n"
             "  train: {csv: f.csv, x: picture, y: id}\n"
             "  columns: {picture: {kind: image, resize: [6, 7]}}\n"
             "  transform: {x: x / 255}\n"
             "  standardize: [x]\n%s",
             shape, section);
    *model = workspace_model(w, "f.yaml", text);
    cr_assert(yg_data_load(*model, YG_F32, data, &error), "%s%s", section, error.message);
}

/* Pictures are held as bytes, and become numbers when a batch is filled. */
Test(series, pictures_are_frames) {
    static const char *const files[FRAMES] = {"grey.png", "bits.png", "grey.jpg", "deep.png"};
    static const char *const memories[] = {"", "  memory: 100\n"};
    const workspace w = workspace_make();
    FILE *file = fopen(workspace_path(&w, "f.csv"), "w");
    fputs("picture,id\n", file);
    for (int i = 0; i < FRAMES; i++)
        fprintf(file, "%s/tests/fixtures/images/%s,%d\n", YG_SOURCE, files[i], i);
    fclose(file);
    yg_data single;
    yg_model *one;
    static float frames[FRAMES][PIXELS], window[2][PIXELS];
    load_frames(&w, "[B, 6, 7]", "", &single, &one);
    cr_assert(yg_part_read(&single.train, 0, 0, FRAMES, frames, NULL));
    cr_assert_neq(memcmp(frames[0], frames[1], sizeof frames[0]), 0);
    for (int m = 0; m < 2; m++) {
        yg_data data;
        yg_model *model;
        char section[100];
        snprintf(section, sizeof section, "  windows: {length: 2}\n%s", memories[m]);
        load_frames(&w, "[B, 2, 6, 7]", section, &data, &model);
        cr_assert_eq(data.train.count, FRAMES - 2);
        cr_assert_not_null(data.train.dataset->ports[0].decoder);
        for (int i = 0; i < FRAMES - 2; i++) {
            cr_assert(yg_part_read(&data.train, 0, i, 1, window, NULL));
            cr_expect_eq(memcmp(window, frames[i], sizeof window), 0, "%d", i);
        }
        yg_data_free(&data);
        yg_model_free(model);
    }
    yg_data_free(&single);
    yg_model_free(one);
    workspace_remove(&w);
}
