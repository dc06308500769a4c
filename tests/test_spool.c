/*
 * Data that are larger than `memory:`: their examples are those that memory would hold, each comes
 * once in an epoch, and the order depends on nothing but seed, epoch and data.
 */
#include "data/stream.h"
#include "data/window.h"
#include "workspace.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COUNT = 1000, BATCH = 37 };

/* id is the number of a row; x depends on it; the labels first appear as dog, cat, emu. */
static void write_rows(const workspace *w, const char *name) {
    FILE *file = fopen(workspace_path(w, name), "w");
    cr_assert_not_null(file);
    fputs("id,a,b,kind\n", file);
    for (int i = 0; i < COUNT; i++)
        fprintf(file, "%d,%d.25,%d,%s\n", i, i * 7 % 100, i % 5 - 2,
                i % 4 == 0 ? "dog"
                : i % 3    ? "cat"
                           : "emu");
    fclose(file);
}

static yg_model *model_of(const workspace *w, const char *data) {
    char text[1500];
    snprintf(text, sizeof text,
             "format: 1\n"
             "inputs: {x: [B, 2], id: {shape: [B], dtype: i64}}\n"
             "targets: {y: {shape: [B], dtype: i32, classes: 3}}\n"
             "graph:\n"
             "  s: mean(x) + 0 * mean(cast(y, dtype=f32)) + 0 * mean(cast(id, dtype=f32))\n"
             "outputs: [s]\n"
             "loss: s\n"
             "data:\n"
             "  train: {csv: t.csv, x: [a, b], id: id, y: kind}\n%s",
             data);
    return workspace_model(w, "t.yaml", text);
}

static void load(const workspace *w, const char *section, yg_dtype dtype, yg_data *data,
                 yg_model **model) {
    yg_error error = {0};
    *model = model_of(w, section);
    cr_assert(yg_data_load(*model, dtype, data, &error), "%s: %s", section, error.message);
}

typedef struct example {
    float x[2];
    int64_t id;
    int32_t y;
} example;

/* Reads examples of an epoch from a position on, in batches. */
static void read_epoch(yg_stream *stream, int64_t epoch, int64_t position, example *to) {
    float x[BATCH][2];
    int64_t id[BATCH];
    int32_t y[BATCH];
    yg_error error = {0};
    const yg_feed feeds[] = {{0, YG_F32, 2, x}, {1, YG_I64, 1, id}, {2, YG_I32, 1, y}};
    yg_stream_seek(stream, epoch, position);
    while (yg_stream_left(stream) > 0) {
        const int64_t left = yg_stream_left(stream), count = left < BATCH ? left : BATCH;
        cr_assert(yg_stream_next(stream, feeds, 3, 0, count, &error), "%s", error.message);
        for (int64_t i = 0; i < count; i++)
            *to++ = (example){{x[i][0], x[i][1]}, id[i], y[i]};
    }
}

static bool equal(const example *a, const example *b) {
    return memcmp(a->x, b->x, sizeof a->x) == 0 && a->id == b->id && a->y == b->y;
}

static const char *const sections[] = {
    "",
    "  standardize: [x]\n",
    "  standardize: [x]\n  transform: {x: x * x + 1}\n",
    "  validation: {from: train, fraction: 0.2, stratify: y}\n  standardize: [x]\n",
    "  validation: {from: train, fraction: 0.31}\n  test: {from: train, fraction: 0.5}\n",
};

/* All examples of a part by their id, in memory or not. */
static void by_id(const yg_part *part, example *all, bool *met) {
    yg_error error = {0};
    example *list = calloc((size_t)part->count + 1, sizeof *list);
    yg_stream *stream = yg_stream_open(part, &error);
    cr_assert_not_null(stream);
    read_epoch(stream, 0, 0, list);
    for (int64_t i = 0; i < part->count; i++) {
        cr_assert(!met[list[i].id]);
        cr_assert(i == 0 || list[i].id > list[i - 1].id, "without a seed the order is the file's");
        met[list[i].id] = true;
        all[list[i].id] = list[i];
    }
    yg_stream_close(stream);
    free(list);
}

static void check_part(const yg_part *held, const yg_part *spooled, const char *section) {
    static example a[COUNT], b[COUNT];
    bool in_a[COUNT] = {false}, in_b[COUNT] = {false};
    cr_assert_eq(held->count, spooled->count, "%s", section);
    if (!held->count)
        return;
    by_id(held, a, in_a);
    by_id(spooled, b, in_b);
    for (int i = 0; i < COUNT; i++) {
        cr_expect_eq(in_a[i], in_b[i], "%sexample %d", section, i);
        cr_expect(!in_a[i] || equal(&a[i], &b[i]), "%sexample %d: x %g %g, y %d, not %g %g, %d",
                  section, i, (double)b[i].x[0], (double)b[i].x[1], b[i].y, (double)a[i].x[0],
                  (double)a[i].x[1], a[i].y);
    }
}

Test(spool, has_the_examples_that_memory_would_hold) {
    static const char *const limits[] = {"1", "3000", "10 KB"};
    const workspace w = workspace_make();
    write_rows(&w, "t.csv");
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
        for (size_t k = 0; k < sizeof limits / sizeof *limits; k++) {
            yg_data held, spooled;
            yg_model *a, *b;
            char section[300];
            snprintf(section, sizeof section, "%s  memory: %s\n", sections[i], limits[k]);
            load(&w, sections[i], YG_F32, &held, &a);
            load(&w, section, YG_F32, &spooled, &b);
            cr_assert(!held.train.dataset->spool && spooled.train.dataset->spool, "%s", section);
            check_part(&held.train, &spooled.train, section);
            check_part(&held.validation, &spooled.validation, section);
            check_part(&held.test, &spooled.test, section);
            cr_expect_eq(spooled.encoding.ports[2].class_count, 3);
            cr_expect_str_eq(spooled.encoding.ports[2].classes[0], "cat");
            const yg_port_encoding *x = &held.encoding.ports[0], *y = &spooled.encoding.ports[0];
            for (int e = 0; x->mean && e < 2; e++)
                cr_expect(x->mean[e] == y->mean[e] && x->deviation[e] == y->deviation[e]);
            yg_data_free(&held);
            yg_data_free(&spooled);
            yg_model_free(a);
            yg_model_free(b);
        }
    workspace_remove(&w);
}

/* Reads an epoch from the beginning, and again from several places on, each in a new stream. */
static void check_epoch(const yg_part *part, int64_t epoch, example *all) {
    static example rest[COUNT];
    static const int64_t places[] = {1, 36, 500, 799};
    yg_error error = {0};
    yg_stream *stream = yg_stream_open_shuffled(part, 5, true, &error);
    cr_assert_not_null(stream, "%s", error.message);
    read_epoch(stream, epoch, 0, all);
    yg_stream_close(stream);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        stream = yg_stream_open_shuffled(part, 5, i % 2 == 0, &error);
        cr_assert_not_null(stream);
        read_epoch(stream, epoch, places[i], rest);
        for (int64_t e = places[i]; e < part->count; e++)
            cr_expect(equal(&rest[e - places[i]], &all[e]), "epoch %d from %d: example %d",
                      (int)epoch, (int)places[i], (int)e);
        yg_stream_close(stream);
    }
}

Test(spool, an_epoch_has_each_example_once_in_an_order_of_its_own) {
    static const char *const limits[] = {"1", "3 KB", "8000", "15 KB"};
    static example epochs[3][COUNT], again[COUNT];
    const workspace w = workspace_make();
    write_rows(&w, "t.csv");
    for (size_t k = 0; k < sizeof limits / sizeof *limits; k++) {
        yg_data data;
        yg_model *model;
        yg_error error = {0};
        char section[300];
        snprintf(section, sizeof section, "%s  memory: %s\n", sections[3], limits[k]);
        load(&w, section, YG_F32, &data, &model);
        for (int epoch = 0; epoch < 3; epoch++) {
            bool met[COUNT] = {false};
            int64_t in_place = 0;
            check_epoch(&data.train, epoch, epochs[epoch]);
            for (int64_t i = 0; i < data.train.count; i++) {
                cr_expect(!met[epochs[epoch][i].id]);
                met[epochs[epoch][i].id] = true;
                in_place += epoch > 0 && equal(&epochs[epoch][i], &epochs[epoch - 1][i]);
            }
            cr_expect_lt(in_place, 20, "epochs have orders of their own");
        }
        /* One epoch after the other, and back. */
        yg_stream *stream = yg_stream_open_shuffled(&data.train, 5, true, &error);
        static const int order[] = {0, 1, 2, 1, 0};
        for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
            read_epoch(stream, order[i], 0, again);
            for (int64_t e = 0; e < data.train.count; e++)
                cr_expect(equal(&again[e], &epochs[order[i]][e]), "epoch %d", order[i]);
        }
        yg_stream_close(stream);
        yg_data_free(&data);
        yg_model_free(model);
    }
    workspace_remove(&w);
}

/* A block of many and a window of several blocks: examples that are neighbours in the file must not
 * stay together. */
Test(spool, examples_of_distant_blocks_are_mixed) {
    static example all[COUNT];
    const workspace w = workspace_make();
    yg_data data;
    yg_model *model;
    int64_t neighbours = 0, farthest = 0;
    write_rows(&w, "t.csv");
    load(&w, "  memory: 15 KB\n", YG_F32, &data, &model);
    check_epoch(&data.train, 0, all);
    for (int64_t i = 1; i < COUNT; i++) {
        const int64_t distance = llabs(all[i].id - all[i - 1].id);
        neighbours += distance == 1;
        farthest = distance > farthest ? distance : farthest;
    }
    cr_expect_lt(neighbours, 40, "%d", (int)neighbours);
    cr_expect_gt(farthest, COUNT / 2, "%d", (int)farthest);
    yg_data_free(&data);
    yg_model_free(model);
    workspace_remove(&w);
}

Test(spool, a_folder_that_cannot_be_written_is_an_error) {
    const workspace w = workspace_make();
    yg_data data;
    yg_error error = {0};
    write_rows(&w, "t.csv");
    yg_model *model = model_of(&w, "  memory: 2 KB\n");
    setenv("TMPDIR", workspace_path(&w, "missing"), 1);
    cr_expect_not(yg_data_load(model, YG_F32, &data, &error));
    cr_expect_not_null(strstr(error.message, "cannot be kept in a file in "), "%s", error.message);
    cr_expect_not_null(strstr(error.message, strerror(ENOENT)), "%s", error.message);
    yg_model_free(model);
    workspace_remove(&w);
}

/* Something else than `memory:` takes. */
static const struct {
    const char *value, *message;
} bad[] = {
    {"many", "`memory` is a number of bytes"},
    {"10 TB", "found '10 TB'"},
    {"-5", "found '-5'"},
    {"0", "found '0'"},
    {"[1]", "`memory`"},
    {"0.1", "found '0.1'"},
};

Test(spool, memory_is_a_number_of_bytes) {
    const workspace w = workspace_make();
    write_rows(&w, "t.csv");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        yg_data data;
        yg_error error = {0};
        char section[100];
        snprintf(section, sizeof section, "  memory: %s\n", bad[i].value);
        yg_model *model = model_of(&w, section);
        cr_expect_not(yg_data_load(model, YG_F32, &data, &error), "%s", bad[i].value);
        cr_expect_eq(error.line, 10, "%s", error.message);
        cr_expect_not_null(strstr(error.message, bad[i].message), "%s", error.message);
        yg_model_free(model);
    }
    workspace_remove(&w);
}
