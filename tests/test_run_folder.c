/*
 * A run's folder and the files of a run: who may write, what becomes of what was there, and what a
 * failure or a kill leaves.
 */
#include "graph/file.h"
#include "train/history.h"
#include "train/train.h"
#include "workspace.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* What a run leaves: three files of weights, two of the history, its curve, model.yaml, run.json.
 */
enum { RUN_FILES = 9 };

static const char line_model[] =
    "format: 1\n"
    "name: line\n"
    "inputs: {x: [B, 1]}\n"
    "targets: {y: [B, 1]}\n"
    "graph:\n"
    "  p: {type: linear, input: x, out_features: 1}\n"
    "outputs: [p]\n"
    "loss: mse(p, y)\n"
    "data: {train: {x: [[0], [1], [2], [3]], y: [[1], [3], [5], [7]]}}\n"
    "train: {epochs: %d, batch_size: 1, seed: 1, optimizer: {type: sgd, lr: %s}}\n";

static yg_model *make_model(const workspace *w, int epochs, const char *lr) {
    char text[1000];
    snprintf(text, sizeof text, line_model, epochs, lr);
    return workspace_model(w, "line.yaml", text);
}

/* Trains into a folder. The message of the error is "" after success. */
static bool train(const yg_model *model, const char *out, bool resume, yg_error *error,
                  char moved[256]) {
    yg_train_result result;
    const yg_train_options options = {.out = out, .threads = 1, .resume = resume};
    *error = (yg_error){0};
    const bool good = yg_train(model, &options, &result, error);
    snprintf(moved, 256, "%s", result.moved ? result.moved : "");
    yg_train_result_free(&result);
    return good;
}

static int count_files(const char *path) {
    DIR *folder = opendir(path);
    int count = 0;
    for (const struct dirent *entry; folder && (entry = readdir(folder));)
        count += entry->d_name[0] != '.';
    if (folder)
        closedir(folder);
    return folder ? count : -1;
}

Test(run_folder, a_run_leaves_its_files_and_nothing_else) {
    const workspace w = workspace_make();
    char out[256], moved[256];
    snprintf(out, sizeof out, "%s", workspace_path(&w, "run"));
    yg_model *model = make_model(&w, 1, "0.01");
    yg_error error;
    cr_assert(train(model, out, false, &error, moved), "%s", error.message);
    cr_expect_eq(count_files(out), RUN_FILES, "%d files", count_files(out));
    char *picture = workspace_read(&w, "run/loss.svg", NULL);
    cr_expect_not_null(strstr(picture, "<circle"), "one epoch is a point: %s", picture);
    free(picture);
    yg_model_free(model);
    workspace_remove(&w);
}

/* A run that fails at its start has nothing to save. The earlier run stays in its place. */
Test(run_folder, a_failed_start_moves_nothing) {
    const workspace w = workspace_make();
    char out[256], moved[256];
    snprintf(out, sizeof out, "%s", workspace_path(&w, "run"));
    yg_error error;
    yg_model *model = make_model(&w, 3, "0.01");
    cr_assert(train(model, out, false, &error, moved));
    yg_model_free(model);
    char *before = workspace_read(&w, "run/weights.safetensors", NULL);
    (void)before;
    model = make_model(&w, 3, "1e10"); /* infinite in the second step */
    cr_assert_not(train(model, out, false, &error, moved));
    cr_expect_eq(error.code, YG_ERROR_NUMERIC, "%s", error.message);
    cr_expect_not_null(strstr(error.message, "it begins at step"), "%s", error.message);
    cr_expect_str_eq(moved, "");
    cr_expect_not(workspace_has(&w, "run-1"));
    cr_expect_eq(count_files(out), RUN_FILES);
    cr_expect(workspace_has(&w, "run-failed/batch.safetensors")); /* beside it */
    yg_model_free(model);
    /* The older run can still go on. */
    model = make_model(&w, 4, "0.01");
    cr_expect(train(model, out, true, &error, moved), "%s", error.message);
    yg_model_free(model);
    /* And where there was no folder, it has what the failed step was computed from, no more. */
    model = make_model(&w, 3, "1e10");
    snprintf(out, sizeof out, "%s", workspace_path(&w, "other"));
    cr_expect_not(train(model, out, false, &error, moved));
    cr_expect(workspace_has(&w, "other/failed/batch.safetensors"));
    cr_expect_eq(count_files(out), 1);
    yg_model_free(model);
    free(before);
    workspace_remove(&w);
}

Test(run_folder, what_a_killed_run_left_half_written_is_removed) {
    static const char *const left[] = {
        "run/weights.safetensors.12.0.tmp", "run/checkpoint.safetensors.4711.999.tmp",
        "run/history.csv.1.1.tmp", "run/loss.svg.77.0.tmp", "run/model.yaml.5.3.tmp"};
    static const char *const strange[] = {"run/weights.safetensors.tmp",
                                          "run/weights.safetensors.x.0.tmp", "run/notes.12.0.tmp"};
    const workspace w = workspace_make();
    char out[256], moved[256];
    snprintf(out, sizeof out, "%s", workspace_path(&w, "run"));
    yg_error error;
    yg_model *model = make_model(&w, 2, "0.01");
    for (int resume = 0; resume < 2; resume++) {
        cr_assert(train(model, out, false, &error, moved), "%s", error.message);
        for (size_t i = 0; i < sizeof left / sizeof *left; i++)
            workspace_write(&w, left[i], "half");
        workspace_write(&w, "run/run.lock", "99999\n"); /* of a process that is gone */
        cr_expect(train(model, out, resume != 0, &error, moved), "%s", error.message);
        for (size_t i = 0; i < sizeof left / sizeof *left; i++)
            cr_expect_not(workspace_has(&w, left[i]), "%s", left[i]);
        cr_expect_eq(count_files(out), RUN_FILES);
    }
    for (size_t i = 0; i < sizeof strange / sizeof *strange; i++) {
        workspace_write(&w, strange[i], "mine");
        cr_expect_not(train(model, out, false, &error, moved));
        cr_expect(workspace_has(&w, strange[i]), "%s", strange[i]);
        unlink(workspace_path(&w, strange[i]));
    }
    yg_model_free(model);
    workspace_remove(&w);
}

/* If the folder is a link, it stays a link, and results go to the folder that it names. */
Test(run_folder, links_and_the_current_folder) {
    const workspace w = workspace_make();
    char out[256], moved[256], back[512];
    struct stat status;
    yg_error error;
    yg_model *model = make_model(&w, 1, "0.01");
    cr_assert_eq(mkdir(workspace_path(&w, "disk"), 0777), 0);
    cr_assert_eq(symlink("disk", workspace_path(&w, "run")), 0);
    snprintf(out, sizeof out, "%s", workspace_path(&w, "run"));
    for (int i = 0; i < 3; i++) {
        cr_assert(train(model, out, false, &error, moved), "%s", error.message);
        cr_expect(lstat(out, &status) == 0 && S_ISLNK(status.st_mode));
        cr_expect(workspace_has(&w, "disk/weights.safetensors"));
    }
    cr_expect(workspace_has(&w, "disk-1/weights.safetensors"));
    cr_expect(workspace_has(&w, "disk-2/checkpoint.safetensors"));
    cr_assert_not_null(getcwd(back, sizeof back));
    cr_assert_eq(mkdir(workspace_path(&w, "here"), 0777), 0);
    cr_assert_eq(chdir(workspace_path(&w, "here")), 0);
    for (int i = 0; i < 2; i++)
        cr_expect(train(model, ".", false, &error, moved), "%s", error.message);
    cr_expect(workspace_has(&w, "here/weights.safetensors"));
    cr_expect(workspace_has(&w, "here-1/weights.safetensors"));
    cr_assert_eq(chdir(back), 0);
    yg_model_free(model);
    workspace_remove(&w);
}

typedef struct second_run {
    const char *out;
    yg_model *model;
    char message[1300];
} second_run;

static void try_second(void *context, const yg_train_progress *progress) {
    second_run *second = context;
    char moved[256];
    yg_error error;
    if (progress->step != 3 || progress->epoch_end)
        return;
    cr_expect_not(train(second->model, second->out, false, &error, moved));
    snprintf(second->message, sizeof second->message, "%s", error.message);
    cr_expect_not(train(second->model, second->out, true, &error, moved));
}

Test(run_folder, two_runs_do_not_share_a_folder) {
    const workspace w = workspace_make();
    char out[256], moved[256], process[32];
    snprintf(out, sizeof out, "%s", workspace_path(&w, "run"));
    yg_model *model = make_model(&w, 5, "0.01");
    second_run second = {.out = out, .model = model};
    yg_error error = {0};
    yg_train_result result;
    const yg_train_options options = {
        .out = out, .threads = 1, .progress = try_second, .context = &second};
    cr_assert(yg_train(model, &options, &result, &error), "%s", error.message);
    cr_expect_eq(result.steps, 20);
    yg_train_result_free(&result);
    snprintf(process, sizeof process, "(process %ld)", (long)getpid());
    cr_expect_not_null(strstr(second.message, "is in use by another run"), "%s", second.message);
    cr_expect_not_null(strstr(second.message, process), "%s", second.message);
    cr_expect_eq(count_files(out), RUN_FILES);
    cr_expect(train(model, out, false, &error, moved), "%s", error.message);
    yg_model_free(model);
    workspace_remove(&w);
}

/* A digest of all that a run's folder has, to see whether anything has changed. */
static uint64_t digest(const workspace *w, const char *name) {
    static const char *const files[] = {
        "weights.safetensors", "last.safetensors", "checkpoint.safetensors",
        "history.csv",         "metrics.jsonl",    "loss.svg",
        "model.yaml",          "run.json"};
    uint64_t sum = 14695981039346656037u;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char path[300];
        size_t size;
        snprintf(path, sizeof path, "%s/%s", name, files[i]);
        char *bytes = workspace_read(w, path, &size);
        for (size_t k = 0; k < size; k++)
            sum = (sum ^ (unsigned char)bytes[k]) * 1099511628211u;
        free(bytes);
    }
    return sum;
}

Test(run_folder, a_data_file_that_is_gone_leaves_the_run_as_it_was) {
    static const char rows[] = "x,y\n0,1\n1,3\n2,5\n3,7\n";
    const workspace w = workspace_make();
    char out[256], moved[256], text[1000];
    snprintf(out, sizeof out, "%s", workspace_path(&w, "run"));
    const char *data = strstr(line_model, "data: ");
    snprintf(text, sizeof text,
             "%.*sdata: {train: {csv: rows.csv, x: x, y: y}}\n"
             "train: {epochs: 3, seed: 1, optimizer: {type: sgd, lr: 0.01}}\n",
             (int)(data - line_model), line_model);
    workspace_write(&w, "rows.csv", rows);
    yg_model *model = workspace_model(&w, "line.yaml", text);
    yg_error error;
    cr_assert(train(model, out, false, &error, moved), "%s", error.message);
    const uint64_t before = digest(&w, "run");
    cr_assert_eq(unlink(workspace_path(&w, "rows.csv")), 0);
    for (int resume = 0; resume < 2; resume++) {
        cr_expect_not(train(model, out, resume != 0, &error, moved));
        cr_expect_eq(error.code, YG_ERROR_IO);
        cr_expect(strstr(error.message, "rows.csv") || strstr(error.file, "rows.csv"), "%s: %s",
                  error.file, error.message);
        cr_expect_str_eq(moved, "");
        cr_expect_eq(digest(&w, "run"), before, "a file of the run has changed");
        cr_expect_eq(count_files(out), RUN_FILES);
    }
    workspace_write(&w, "rows.csv", rows);
    cr_expect(train(model, out, true, &error, moved), "%s", error.message);
    yg_model_free(model);
    workspace_remove(&w);
}

/* Nobody may write into the folder: the run says so before it reads any data. Root may write
 * anywhere, so the run is another user's. */
Test(run_folder, a_folder_that_is_read_only_is_told) {
    const workspace w = workspace_make();
    char out[256], moved[256];
    snprintf(out, sizeof out, "%s", workspace_path(&w, "run"));
    yg_model *model = make_model(&w, 3, "0.01");
    yg_error error;
    cr_assert(train(model, out, false, &error, moved), "%s", error.message);
    const uint64_t before = digest(&w, "run");
    cr_assert_eq(chmod(w.folder, 0755), 0);
    cr_assert_eq(chmod(out, 0555), 0);
    for (int resume = 0; resume < 2; resume++) {
        const pid_t child = fork();
        if (child == 0) {
            const bool other = geteuid() != 0 || (setgid(65534) == 0 && setuid(65534) == 0);
            const bool good = train(model, out, resume != 0, &error, moved);
            _exit(other && !good && strstr(error.message, "cannot write into '") &&
                          strstr(error.message, "Permission denied")
                      ? 0
                      : 1);
        }
        int status;
        cr_assert_eq(waitpid(child, &status, 0), child);
        cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s", resume ? "resumed" : "new");
    }
    cr_assert_eq(chmod(out, 0755), 0);
    cr_expect_eq(digest(&w, "run"), before, "a file of the run has changed");
    yg_model_free(model);
    workspace_remove(&w);
}

/* ----------------------------------------------------------------------------------- files --- */

static void *read_pipe(void *path) {
    char *text = calloc(1, 64);
    FILE *file = fopen(path, "r");
    cr_assert(file && text && fread(text, 1, 63, file) > 0);
    fclose(file);
    return text;
}

Test(run_folder, files_are_replaced_through_links_and_devices_are_written_to) {
    const workspace w = workspace_make();
    char path[256], target[256];
    struct stat status;
    yg_error error = {0};
    workspace_write(&w, "real.txt", "old");
    cr_assert_eq(chmod(workspace_path(&w, "real.txt"), 0600), 0);
    cr_assert_eq(mkdir(workspace_path(&w, "sub"), 0777), 0);
    cr_assert_eq(symlink("../real.txt", workspace_path(&w, "sub/one")), 0);
    cr_assert_eq(symlink("sub/one", workspace_path(&w, "two")), 0);
    snprintf(path, sizeof path, "%s", workspace_path(&w, "two"));
    snprintf(target, sizeof target, "%s", workspace_path(&w, "real.txt"));
    cr_assert(stat(target, &status) == 0);
    const ino_t inode = status.st_ino;
    cr_assert(yg_file_write(path, "new", 3, &error), "%s", error.message);
    cr_expect(lstat(path, &status) == 0 && S_ISLNK(status.st_mode));
    cr_assert(lstat(target, &status) == 0);
    cr_expect(S_ISREG(status.st_mode));
    cr_expect_eq(status.st_mode & 0777, 0600u, "%o", (unsigned)status.st_mode);
    cr_expect_neq(status.st_ino, inode, "the file was written over in place");
    char *text = workspace_read(&w, "real.txt", NULL);
    cr_expect_str_eq(text, "new");
    free(text);

    /* A link to nothing, and one in a circle. */
    cr_assert_eq(symlink("sub/made", workspace_path(&w, "empty")), 0);
    cr_expect(yg_file_write(workspace_path(&w, "empty"), "x", 1, &error), "%s", error.message);
    cr_expect(workspace_has(&w, "sub/made"));
    cr_assert_eq(symlink("circle", workspace_path(&w, "circle")), 0);
    cr_expect_not(yg_file_write(workspace_path(&w, "circle"), "x", 1, &error));

    snprintf(path, sizeof path, "%s", workspace_path(&w, "pipe"));
    cr_assert_eq(mkfifo(path, 0666), 0);
    pthread_t reader;
    void *got = NULL;
    cr_assert_eq(pthread_create(&reader, NULL, read_pipe, path), 0);
    cr_expect(yg_file_write(path, "through", 7, &error), "%s", error.message);
    pthread_join(reader, &got);
    cr_expect_str_eq(got, "through");
    free(got);
    cr_expect(lstat(path, &status) == 0 && S_ISFIFO(status.st_mode));

    error = (yg_error){0};
    cr_expect_not(yg_file_write("/dev/full", "x", 1, &error));
    cr_expect_not_null(strstr(error.message, "No space left"), "%s", error.message);
    cr_expect(yg_file_write("/dev/null", "x", 1, &error));
    cr_expect(stat("/dev/full", &status) == 0 && S_ISCHR(status.st_mode));
    workspace_remove(&w);
}

/* The picture of any losses is made of numbers that can be drawn. */
Test(run_folder, a_curve_holds_for_any_losses) {
    static const double losses[][3] = {
        {9.2e15, 9.3e15, 9.1e15},
        {9007199254740992, 9007199254740992, 9007199254740992},
        {1e300, 1e-300, 1},
        {1e308, -1e308, 0},
        {5e-324, 1e-320, 3e-310},
        {-1e300, -2e300, -3e300},
        {1.7e308, 1.7e308, 1.7e308},
        {1e-310, 2e-310, -1e-310},
        {0, 0, 0},
        {1.7e308, -1.7e308, 1e308},
        {999999.5, 1e6, 1e5},
    };
    const workspace w = workspace_make();
    for (size_t i = 0; i < sizeof losses / sizeof *losses; i++) {
        yg_history history = {0};
        yg_error error = {0};
        yg_scores scores = {0};
        char path[256];
        snprintf(path, sizeof path, "%s", workspace_path(&w, "loss.svg"));
        cr_assert(yg_history_begin(&history, &scores, false, &error));
        for (int epoch = 1; epoch <= 3; epoch++) {
            scores.loss = losses[i][epoch - 1];
            cr_assert(yg_history_add(&history, epoch, epoch, 0.1, &scores, NULL, &error));
        }
        cr_assert(yg_history_draw(&history, "losses", 2, path, &error), "%s", error.message);
        char *picture = workspace_read(&w, "loss.svg", NULL);
        cr_expect(!strstr(picture, "nan") && !strstr(picture, "inf"), "%zu: %s", i, picture);
        /* No coordinate is longer than four digits before its point. */
        const char *line = strstr(picture, "<polyline");
        cr_expect_not_null(line);
        for (const char *at = line ? strstr(line, "points=\"") + 8 : ""; *at && *at != '"';) {
            const double coordinate = strtod(at, (char **)&at);
            cr_expect(coordinate >= 0 && coordinate <= 640, "%zu: %g", i, coordinate);
            at += strspn(at, " ,\n");
        }
        cr_expect_not_null(strstr(picture, ">best epoch: 2<"));
        const char *ticks = picture;
        int count = 0;
        while ((ticks = strstr(ticks, "stroke=\"#ddd\"")) && ticks++)
            count++;
        cr_expect(count >= 2 && count <= 12, "%zu: %d ticks: %s", i, count, picture);
        free(picture);
        yg_history_free(&history);
    }
    workspace_remove(&w);
}

static void draw(const workspace *w, const double *losses, size_t count, yg_history *history) {
    yg_error error = {0};
    yg_scores scores = {0};
    cr_assert(yg_history_begin(history, &scores, false, &error));
    for (size_t i = 0; i < count; i++) {
        scores.loss = losses[i];
        cr_assert(yg_history_add(history, (int64_t)i + 1, 1, 0.1, &scores, NULL, &error));
    }
    cr_assert(yg_history_draw(history, "losses", 0, workspace_path(w, "loss.svg"), &error));
}

Test(run_folder, ticks_are_round) {
    static const struct {
        double losses[3];
        const char *ticks[4], *none;
    } cases[] = {
        {{0.13, 0.42, 0.57}, {">0.2<", ">0.3<", ">0.4<", ">0.5<"}, ">0.13"},
        {{7, 13, 29}, {">10<", ">15<", ">20<", ">25<"}, ">7<"},
        {{0.0123, 2, 0.5}, {">0.02<", ">0.05<", ">0.1<", ">1<"}, ">0.0123<"},
        {{-4e3, 1e3, 7e3}, {">-4000<", ">0<", ">4000<", ">6000<"}, ">-3000<"},
        {{1e-9, 1, 1e4}, {">0.000001<", ">0.001<", ">1<", ">1000<"}, ">0.01<"},
    };
    const workspace w = workspace_make();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        yg_history history;
        draw(&w, cases[i].losses, 3, &history);
        char *picture = workspace_read(&w, "loss.svg", NULL);
        for (size_t k = 0; k < 4; k++)
            cr_expect(strstr(picture, cases[i].ticks[k]), "%zu: no %s in %s", i, cases[i].ticks[k],
                      picture);
        cr_expect_null(strstr(picture, cases[i].none), "%zu: %s", i, picture);
        cr_expect_null(strstr(picture, "best epoch"));
        free(picture);
        yg_history_free(&history);
    }
    workspace_remove(&w);
}
