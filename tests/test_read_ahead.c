/*
 * Prediction from pipes and files whose rows are read ahead by a thread: when rows are answered,
 * and what is told of wrong ones.
 */
#include "piping.h"
#include "trained.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void answer_in_pauses(const workspace *w, const yg_model *model, yg_predict_options how) {
    piping p;
    how.weights = workspace_path(w, "run/weights.safetensors");
    piping_begin(&p, model, &how);
    fputs("x\r\n", p.feed);
    int next = 0, expected = 0;
    for (int rows = 1; rows <= 5; rows += 2) { /* 1, 3 and 5 at a time */
        for (int i = 0; i < rows; i++)
            fprintf(p.feed, "%d\r\n", next++);
        fputs("12", p.feed); /* the beginning of a row */
        fflush(p.feed);
        if (expected == 0)
            piping_expect(&p, "h\n");
        for (; expected < next; expected++) {
            char wanted[20];
            snprintf(wanted, sizeof wanted, "%d\n", expected);
            piping_expect(&p, wanted);
        }
        fputs("\r\n", p.feed);
        fflush(p.feed);
        piping_expect(&p, "12\n");
    }
    piping_end(&p);
}

/* If rows were held back, this would wait for ever, and the suite would be ended. In small batches
 * a thread reads ahead. */
Test(read_ahead, rows_of_a_pipe_are_answered_when_it_pauses) {
    const workspace w = workspace_make();
    yg_model *model = exact_model(&w, "x: [B]", "  h: h\n", "x: [1]");
    for (int64_t batch = 0; batch <= 3; batch++)
        for (int threads = 1; threads <= 2; threads++)
            answer_in_pauses(&w, model,
                             (yg_predict_options){.batch_size = batch, .threads = threads});
    yg_model_free(model);
    workspace_remove(&w);
}

static int count_threads(void) {
    int count = 0;
    DIR *tasks = opendir("/proc/self/task");
    for (const struct dirent *task; tasks && (task = readdir(tasks)) != NULL;)
        count += task->d_name[0] != '.';
    if (tasks)
        closedir(tasks);
    return count;
}

/* Rows of three columns, and one cell that is none: of row `wrong`, from 1; 0: none. */
static char *make_rows(int rows, int wrong) {
    char *text = malloc((size_t)rows * 60 + 20), *at = text;
    at += sprintf(at, "x.0,x.1,x.2\n");
    for (int i = 1; i <= rows; i++)
        at += i == wrong ? sprintf(at, "%d,two,%d\n", i, i)
                         : sprintf(at, "%d,%.3f,%g\n", i, i / 7.0, 1e-3 * i * i);
    return text;
}

/* The rows are the same, to the bit, in any batches and with any number of threads. */
Test(read_ahead, reading_ahead_changes_no_bit) {
    const workspace w = workspace_make();
    yg_model *model =
        exact_model(&w, "x: [B, 3]", "  p: h * 0.37\n  q: \"h[:, 1] / 3\"\n", "x: [[1, 2, 3]]");
    char *csv = make_rows(1000, 0), weights[256], *expected = NULL;
    snprintf(weights, sizeof weights, "%s", workspace_path(&w, "run/weights.safetensors"));
    static const int64_t batches[] = {1000, 1001, 7, 1, 250, 256};
    const int before = count_threads();
    for (size_t i = 0; i < 12; i++) {
        const yg_predict_options options = {
            .weights = weights, .batch_size = batches[i / 2], .threads = i % 2 ? 3 : 1};
        yg_error error = {0};
        char *answer;
        size_t size;
        int64_t rows;
        FILE *in = fmemopen(csv, strlen(csv), "rb"), *out = open_memstream(&answer, &size);
        cr_assert(yg_predict(model, &options, in, "in.csv", out, &rows, &error), "%s",
                  error.message);
        fclose(in);
        fclose(out);
        cr_expect_eq(rows, 1000);
        if (!expected)
            expected = strdup(answer);
        cr_expect_str_eq(answer, expected, "batches of %d, %d threads", (int)options.batch_size,
                         options.threads);
        free(answer);
    }
    cr_expect_eq(count_threads(), before);
    free(expected);
    free(csv);
    yg_model_free(model);
    workspace_remove(&w);
}

/* A wrong cell is told with its row and column, whoever reads it. Nothing is written, no header
 * either, if it is in the first batch; batches before its own are. */
Test(read_ahead, a_wrong_row_is_told_wherever_it_is) {
    const workspace w = workspace_make();
    yg_model *model = exact_model(&w, "x: [B, 3]", "  p: \"h[:, 0]\"\n", "x: [[1, 2, 3]]");
    char weights[256], file[256];
    snprintf(weights, sizeof weights, "%s", workspace_path(&w, "run/weights.safetensors"));
    static const int wrong[] = {1, 2, 10, 11, 20, 21, 37, 99, 100};
    const int before = count_threads();
    for (size_t i = 0; i < 4 * sizeof wrong / sizeof *wrong; i++) {
        const int row = wrong[i / 4];
        const yg_predict_options options = {
            .weights = weights, .batch_size = 10, .threads = i % 2 ? 2 : 1};
        char *csv = make_rows(100, row), *answer, text[100], *expected = NULL;
        size_t size, expected_size;
        yg_error error = {0};
        snprintf(file, sizeof file, "%s", workspace_path(&w, "in.csv"));
        workspace_write(&w, "in.csv", csv);
        FILE *in = i % 4 < 2 ? fopen(file, "rb") : fmemopen(csv, strlen(csv), "rb");
        FILE *out = open_memstream(&answer, &size);
        cr_expect_not(yg_predict(model, &options, in, "in.csv", out, NULL, &error));
        fclose(in);
        fclose(out);
        snprintf(text, sizeof text, "row %d, column 'x.1'", row);
        cr_expect_not_null(strstr(error.message, text), "%s: %s", text, error.message);
        cr_expect_eq(error.line, row + 1);
        FILE *kept = open_memstream(&expected, &expected_size);
        if (row > 10)
            fputs("p\n", kept);
        for (int k = 1; k <= (row - 1) / 10 * 10; k++)
            fprintf(kept, "%d\n", k);
        fclose(kept);
        cr_expect_str_eq(answer, expected, "row %d, %d threads", row, options.threads);
        free(expected);
        free(answer);
        free(csv);
    }
    cr_expect_eq(count_threads(), before);
    yg_model_free(model);
    workspace_remove(&w);
}

/* A failure to write ends the thread that reads ahead, also where it waits for a pipe that says
 * nothing. Otherwise this would wait for ever. */
Test(read_ahead, a_thread_that_waits_for_a_pipe_is_ended) {
    const workspace w = workspace_make();
    yg_model *model = exact_model(&w, "x: [B]", "  h: h\n", "x: [1]");
    char weights[256];
    snprintf(weights, sizeof weights, "%s", workspace_path(&w, "run/weights.safetensors"));
    const int before = count_threads();
    for (int rows = 2; rows <= 5; rows++) {
        int to[2];
        cr_assert(pipe(to) == 0);
        FILE *in = fdopen(to[0], "rb"), *out = fopen("/dev/full", "wb");
        setvbuf(out, NULL, _IONBF, 0);
        cr_assert_eq(write(to[1], "x\n1\n2\n3\n4\n5\n6\n", 2 + 2 * (size_t)rows), 2 + 2 * rows);
        yg_error error = {0};
        cr_expect_not(yg_predict(
            model, &(yg_predict_options){.weights = weights, .batch_size = 2, .threads = 2}, in,
            "pipe", out, NULL, &error));
        cr_expect_not_null(strstr(error.message, "cannot write the predictions"), "%s",
                           error.message);
        cr_expect_eq(count_threads(), before);
        close(to[1]);
        fclose(in);
        fclose(out);
    }
    yg_model_free(model);
    workspace_remove(&w);
}

/* The same where it waits in the second of several files. The pipe stays open for writing, and only
 * the name of its column is in it. */
Test(read_ahead, a_thread_that_waits_in_one_of_several_files_is_ended) {
    const workspace w = workspace_make();
    yg_model *model = exact_model(&w, "x: [B]", "  h: h\n", "x: [1]");
    char weights[256], first[256], second[256];
    snprintf(weights, sizeof weights, "%s", workspace_path(&w, "run/weights.safetensors"));
    snprintf(second, sizeof second, "%s", workspace_path(&w, "second.csv"));
    snprintf(first, sizeof first, "%s", workspace_path(&w, "first.csv"));
    workspace_write(&w, "first.csv", "x\n1\n2\n");
    cr_assert_eq(mkfifo(second, 0600), 0);
    const int before = count_threads(), writer = open(second, O_RDWR);
    const char *const files[] = {first, second};
    cr_assert(writer >= 0);
    for (int turn = 0; turn < 20; turn++) {
        cr_assert_eq(write(writer, "x\n", 2), 2);
        FILE *out = fopen("/dev/full", "wb");
        setvbuf(out, NULL, _IONBF, 0);
        yg_error error = {0};
        const yg_predict_options options = {
            .weights = weights, .batch_size = 2, .threads = 2, .files = files, .file_count = 2};
        cr_expect_not(yg_predict(model, &options, NULL, NULL, out, NULL, &error));
        cr_expect_not_null(strstr(error.message, "cannot write the predictions"), "%s",
                           error.message);
        cr_expect_eq(count_threads(), before);
        fclose(out);
        char rest[100];
        fcntl(writer, F_SETFL, O_NONBLOCK);
        while (read(writer, rest, sizeof rest) > 0)
            continue;
    }
    close(writer);
    yg_model_free(model);
    workspace_remove(&w);
}
