/*
 * Data when memory runs out, wherever that happens, and when the file of larger data is cut off.
 */
#include "data/spool.h"
#include "data/stream.h"
#include "fault_injection.h"
#include "workspace.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { COUNT = 40 };

static yg_model *model_of(const workspace *w, const char *columns, const char *more) {
    char text[1000];
    FILE *file = fopen(workspace_path(w, "t.csv"), "w");
    cr_assert_not_null(file);
    fputs("a,b,who,half,kind,list\n", file);
    for (int i = 0; i < COUNT; i++)
        fprintf(file, "%d,%d.5,%d,%d,%s,%d 1%s\n", i, i * 7 % 10, i % 9, i / 20,
                i % 3 ? "cat" : "dog", i, i % 4 ? " 2 3 4 5" : "");
    fclose(file);
    const bool sequences = strstr(more, "sequences"), rows = strstr(more, "{by: half");
    snprintf(text, sizeof text,
             "format: 1\n"
             "inputs: {x: %s}\n"
             "targets: {y: {shape: %s, dtype: i32, classes: 2}}\n"
             "graph:\n  s: mean(x) + 0 * mean(cast(y, dtype=f32))\n"
             "outputs: [s]\n"
             "loss: s\n"
             "data:\n"
             "  train: {csv: t.csv, x: %s, y: kind}\n"
             "  standardize: [x]\n"
             "  transform: {x: x / 2}\n%s",
             sequences ? "[B, T, 2]" : "[B, 2]", rows ? "[B, T]" : "[B]", columns, more);
    return workspace_model(w, "t.yaml", text);
}

/* Loads the data and reads two epochs of them. */
static bool use(const yg_model *model, yg_error *error) {
    static float x[8 * 2 * COUNT];
    static int32_t y[8 * COUNT];
    yg_data data;
    if (!yg_data_load(model, YG_F32, &data, error))
        return false;
    yg_stream *stream = yg_stream_open_shuffled(&data.train, 3, true, error);
    bool good = stream && yg_stream_bucket(stream, &data.sequencing, 8, error);
    for (int64_t epoch = 0; good && epoch < 2; epoch++) {
        yg_stream_seek(stream, epoch, 0);
        while (good && yg_stream_left(stream) > 0) {
            const int64_t left = yg_stream_left(stream), count = left < 8 ? left : 8;
            const int64_t longest = yg_stream_longest(stream, count), steps = longest ? longest : 1;
            const bool each = data.train.dataset->ports[1].ragged;
            const yg_feed feeds[] = {{0, YG_F32, 2 * steps, x}, {1, YG_I32, each ? steps : 1, y}};
            good = yg_stream_next(stream, feeds, 2, 0, count, error);
        }
    }
    yg_stream_close(stream);
    yg_data_free(&data);
    return good;
}

Test(allocation_data, any_allocation_may_fail) {
    /* Of windows, both elements of x are rows of one column. */
    static const struct {
        const char *columns, *section;
    } cases[] = {
        {"[a, b]", "  validation: {from: train, fraction: 0.2, stratify: y}\n"
                   "  balance: oversample\n"},
        {"[a, b]", "  validation: {from: train, fraction: 0.2, group: who}\n  memory: 200\n"
                   "  balance: oversample\n"},
        {"[a, b]", "  validation: {from: train, fraction: 0.2, time: a}\n"
                   "  test: {from: train, column: who, equals: [1, 2]}\n"},
        {"a", "  validation: {from: train, fraction: 0.2, time: a}\n  windows: {length: 2}\n"},
        {"a", "  windows: {length: 2, by: half}\n  memory: 200\n"},
        {"[a, b]", "  sequences: {by: half}\n"},
        {"[a, b]", "  validation: {from: train, fraction: 0.5}\n"
                   "  sequences: {by: half, max_length: 9, longer: truncate}\n  memory: 200\n"},
        {"list", "  validation: {from: train, fraction: 0.2, stratify: y}\n"
                 "  columns: {list: list}\n  sequences: {max_length: 9}\n"},
        {"list", "  columns: {list: list}\n  sequences: {max_length: 9}\n  memory: 200\n"},
    };
    const workspace w = workspace_make();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        yg_model *model = model_of(&w, cases[i].columns, cases[i].section);
        uint64_t n = 1;
        for (;; n++) {
            yg_error error = {0};
            fault_injection_begin(n);
            const bool good = use(model, &error);
            const fault_report report = fault_injection_end();
            cr_assert_eq(report.left, 0, "%sallocation %d: %d are left", cases[i].section, (int)n,
                         (int)report.left);
            if (!report.failed) {
                cr_assert(good, "%s", error.message);
                break;
            }
            /* Without a thread it goes on; everything else is an error. */
            cr_expect(good || error.code == YG_ERROR_MEMORY, "%sallocation %d: %s",
                      cases[i].section, (int)n, error.message);
        }
        cr_expect_gt(n, 50);
        yg_model_free(model);
    }
    workspace_remove(&w);
}

Test(allocation_data, a_file_that_is_cut_off_fails_where_it_is_read) {
    const workspace w = workspace_make();
    float x[1][2];
    const yg_feed feed = {0, YG_F32, 2, x};
    yg_model *model = model_of(&w, "[a, b]", "  memory: 200\n");
    for (int threaded = 0; threaded < 2; threaded++) {
        yg_data data;
        yg_error error = {0};
        int64_t read = 0;
        cr_assert(yg_data_load(model, YG_F32, &data, &error), "%s", error.message);
        yg_stream *stream = yg_stream_open(&data.train, &error);
        /* The last example is no longer there. */
        cr_assert_eq(
            ftruncate(data.train.dataset->spool->files[0], (COUNT - 1) * 2 * (off_t)sizeof(float)),
            0);
        while (yg_stream_left(stream) > 0 && yg_stream_next(stream, &feed, 1, 0, 1, &error))
            read++;
        cr_expect(read > COUNT / 2 && read < COUNT, "%d", (int)read);
        cr_expect_not_null(strstr(error.message, "can no longer be read: it was cut off"), "%s",
                           error.message);
        yg_stream_close(stream);
        stream = yg_stream_open_shuffled(&data.train, 1, threaded, &error);
        error = (yg_error){0};
        for (read = 0; read < COUNT && yg_stream_next(stream, &feed, 1, 0, 1, &error);)
            read++;
        cr_expect_lt(read, COUNT);
        cr_expect_eq(error.code, YG_ERROR_IO);
        yg_stream_close(stream);
        yg_data_free(&data);
    }
    yg_model_free(model);
    workspace_remove(&w);
}
