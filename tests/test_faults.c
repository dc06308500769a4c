/*
 * Memory that runs out, disks that fill up, renames that fail and processes that are killed: each
 * ends in a clean error or a complete file, the last checkpoint stays, and a run that goes on comes
 * to the same bits.
 */
#include "data/encoding_file.h"
#include "fault_injection.h"
#include "file_faults.h"
#include "graph/random.h"
#include "train/gradients.h"
#include "train/predict.h"
#include "train/train.h"
#include "workspace.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char model_text[] =
    "format: 1\n"
    "name: small\n"
    "inputs: {x: [B, 2]}\n"
    "targets: {y: {shape: [B], dtype: i32, classes: 2}}\n"
    "params: {cw: {shape: [2], init: ones, trainable: false}}\n"
    "graph:\n"
    "  h: {type: linear, input: x, out_features: 3, activation: tanh}\n"
    "  z: {type: linear, out_features: 2}\n"
    "outputs: [z]\n"
    "loss: cross_entropy(z, y, cw)\n"
    "metrics: {accuracy: \"accuracy(z, y)\"}\n"
    "data:\n"
    "  train: {x: [[0, 0], [0, 1], [1, 0], [1, 1], [2, 1]], y: [0, 1, 1, 0, 1]}\n"
    "  validation: {from: train, fraction: 0.2}\n"
    "  standardize: [x]\n"
    "train: {epochs: 4, batch_size: 2, seed: 1, optimizer: {type: adam, lr: 0.05}}\n";

typedef struct job {
    workspace w;
    yg_model *model;
    char out[256], weights[256];
    char answer[4000]; /* of the last call of gradients() or predict() that succeeded */
} job;

static job make_job(void) {
    job j = {.w = workspace_make()};
    j.model = workspace_model(&j.w, "small.yaml", model_text);
    snprintf(j.out, sizeof j.out, "%s", workspace_path(&j.w, "run"));
    snprintf(j.weights, sizeof j.weights, "%s", workspace_path(&j.w, "run/weights.safetensors"));
    return j;
}

static void end_job(const job *j) {
    yg_model_free(j->model);
    workspace_remove(&j->w);
}

static bool train(const job *j, const char *out, bool resume, int64_t epochs, yg_error *error) {
    yg_train_result result;
    const yg_train_options options = {.out = out,
                                      .threads = 1,
                                      .resume = resume,
                                      .has_epochs = epochs > 0,
                                      .epochs = epochs,
                                      .evaluates = true};
    const bool good = yg_train(j->model, &options, &result, error);
    yg_train_result_free(&result);
    return good;
}

static bool gradients(job *j, yg_error *error) {
    yg_gradients result;
    const yg_gradients_options options = {.weights = j->weights, .threads = 1};
    const bool good = yg_loss_gradients(j->model, &options, &result, error);
    if (good) {
        size_t used = (size_t)snprintf(j->answer, sizeof j->answer, "%.17g", result.loss);
        for (size_t i = 0; i < result.count; i++)
            used += (size_t)snprintf(j->answer + used, sizeof j->answer - used, " %s %.9g",
                                     result.parameters[i].name,
                                     yg_element_get(YG_F32, result.parameters[i].data, 0));
        yg_gradients_free(&result);
    }
    return good;
}

static bool predict(job *j, yg_error *error) {
    static const char csv[] = "a,b\n1,2\n0,1\n2,2\n";
    char *answer = NULL;
    size_t size;
    FILE *in = fmemopen((void *)(uintptr_t)csv, strlen(csv), "rb");
    FILE *out = open_memstream(&answer, &size);
    if (!out) { /* the fault came here */
        fclose(in);
        return yg_fail_memory(error);
    }
    const yg_predict_options options = {.weights = j->weights, .threads = 1};
    const bool good = yg_predict(j->model, &options, in, "in.csv", out, NULL, error);
    fclose(in);
    fclose(out);
    if (good)
        snprintf(j->answer, sizeof j->answer, "%s", answer);
    free(answer);
    return good;
}

/* Checks that no temporary file and no lock is left. */
static void expect_clean(const job *j, const char *what, int64_t n) {
    DIR *folder = opendir(j->out);
    for (const struct dirent *entry; folder && (entry = readdir(folder));)
        cr_expect(!strstr(entry->d_name, ".tmp") && strcmp(entry->d_name, "run.lock") != 0,
                  "%s %d leaves %s", what, (int)n, entry->d_name);
    if (folder)
        closedir(folder);
}

static void expect_same_run(const job *j, const char *what, int64_t n) {
    static const char *const files[] = {"weights.safetensors", "checkpoint.safetensors",
                                        "history.csv"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char a[64], b[64];
        size_t size_a, size_b;
        snprintf(a, sizeof a, "whole/%s", files[i]);
        snprintf(b, sizeof b, "run/%s", files[i]);
        char *x = workspace_read(&j->w, a, &size_a), *y = workspace_read(&j->w, b, &size_b);
        cr_expect(size_a == size_b && memcmp(x, y, size_a) == 0, "%s %d: %s differs", what, (int)n,
                  files[i]);
        free(x);
        free(y);
    }
}

/* The n-th fault to try: every fault if `total` is small, or else a random sample. */
static int64_t choose(int64_t i, int64_t tries, int64_t total) {
    if (total <= tries)
        return i + 1;
    const int64_t each = total / tries;
    return i * each + 1 + (int64_t)yg_random_below(1, 2, (uint64_t)i, (uint64_t)each);
}

Test(faults, memory_may_run_out_anywhere) {
    enum { TRIES = 300 };
    static const char *const names[] = {"train", "grad", "predict"};
    job j = make_job();
    yg_error error = {0};
    char whole[256], answer[sizeof j.answer];
    snprintf(whole, sizeof whole, "%s", workspace_path(&j.w, "whole"));
    cr_assert(train(&j, whole, false, 0, &error), "%s", error.message);
    cr_assert(train(&j, j.out, false, 0, &error), "%s", error.message);
    for (int what = 0; what < 3; what++) {
        fault_injection_begin(0);
        cr_assert(what == 0   ? train(&j, j.out, true, 5, &error)
                  : what == 1 ? gradients(&j, &error)
                              : predict(&j, &error),
                  "%s", error.message);
        const int64_t total = (int64_t)fault_injection_end().asked;
        cr_assert_gt(total, 100);
        memcpy(answer, j.answer, sizeof answer);
        for (int64_t i = 0; i < (total < TRIES ? total : TRIES); i++) {
            const int64_t n = choose(i, TRIES, total);
            error = (yg_error){0};
            fault_injection_begin((uint64_t)n);
            const bool good = what == 0   ? train(&j, j.out, true, 6, &error)
                              : what == 1 ? gradients(&j, &error)
                                          : predict(&j, &error);
            const bool failed = fault_injection_end().failed;
            cr_expect(good || error.message[0], "%s, allocation %d: no message", names[what],
                      (int)n);
            cr_expect(good || failed, "%s, allocation %d: %s", names[what], (int)n, error.message);
            cr_expect(!good || strcmp(j.answer, answer) == 0, "%s, allocation %d: %s", names[what],
                      (int)n, j.answer);
            expect_clean(&j, names[what], n);
        }
    }
    /* After all that, the run goes on as one that never failed. */
    error = (yg_error){0};
    cr_assert(train(&j, j.out, true, 8, &error), "%s", error.message);
    cr_assert(train(&j, whole, true, 8, &error), "%s", error.message);
    expect_same_run(&j, "allocations", 0);
    end_job(&j);
}

static const char encoded_text[] =
    "format: 1\n"
    "name: encoded\n"
    "inputs: {x: [B, 2]}\n"
    "targets: {y: {shape: [B], dtype: i32, classes: 2}}\n"
    "graph: {z: {type: linear, input: x, out_features: 2}}\n"
    "outputs: [z]\n"
    "loss: cross_entropy(z, y)\n"
    "data:\n"
    "  train: {csv: rows.csv, x: [a, b], y: label}\n"
    "  transform: {x: x / 2}\n"
    "  standardize: [x]\n"
    "train: {epochs: 1, batch_size: 2, seed: 1, optimizer: {type: sgd, lr: 0.1}}\n";

static bool are_there(char *const *texts, size_t count, size_t wanted) {
    for (size_t i = 0; i < count; i++) {
        if (!texts[i])
            return false;
    }
    return count == wanted;
}

static void expect_whole(const yg_encoding *encoding, int n) {
    const yg_port_encoding *x = &encoding->ports[0], *y = &encoding->ports[1];
    cr_expect(are_there(x->columns, x->column_count, 2), "allocation %d: columns of x are lost", n);
    cr_expect(are_there(y->columns, y->column_count, 1), "allocation %d: y's column is lost", n);
    cr_expect(are_there(y->classes, y->class_count, 2), "allocation %d: classes are lost", n);
    cr_expect(x->formula, "allocation %d: the formula is lost", n);
    cr_expect(x->mean && x->deviation, "allocation %d: means are lost", n);
}

static const char tables_text[] =
    "format: 1\n"
    "name: tables\n"
    "inputs: {x: [B, T]}\n"
    "targets: {y: {shape: [B], dtype: i32, classes: 2}}\n"
    "graph: {h: \"mean(x) + 0 * mean(cast(y, float))\"}\n"
    "outputs: [x]\n"
    "loss: h\n"
    "data:\n"
    "  train: {csv: \"rows?.csv\", x: \"*\", y: label, exclude: [id]}\n"
    "  test: {from: train, fraction: 0.25, stratify: y}\n"
    "  columns:\n"
    "    a: {kind: category, unseen: true}\n"
    "    b: {kind: number, missing: mean}\n"
    "  standardize: [x]\n";

/* Several files with other columns, columns that learn, splits: loaded as a whole or not at all. */
Test(faults, tables_are_read_or_it_is_told_that_memory_ran_out) {
    const workspace w = workspace_make();
    workspace_write(&w, "rows1.csv", "id,a,b,label\n1,u,1,no\n2,v,,yes\n3,u,3,no\n4,w,2,no\n");
    workspace_write(&w, "rows2.csv", "label,more,b,a\nyes,1,4,u\nno,1,5,v\nyes,1,7,v\nno,1,,u\n");
    yg_model *model = workspace_model(&w, "tables.yaml", tables_text);
    bool failed = true, known = false;
    float whole[24];
    for (int n = 1; failed; n++) {
        yg_data data;
        yg_error error = {0};
        fault_injection_begin((uint64_t)n);
        bool good = yg_data_load(model, YG_F32, &data, &error);
        float x[24] = {0}; /* 6 examples of 4 elements: 2 categories seen at least, unseen, b */
        if (good) {
            cr_expect_eq(data.train.count, 6);
            cr_expect_eq(data.test.count, 2);
            cr_assert_leq(data.train.dataset->ports[0].width, 4);
            good = yg_part_read(&data.train, 0, 0, 6, x, &error);
            yg_data_free(&data);
        }
        const fault_report report = fault_injection_end();
        failed = report.failed;
        cr_expect_eq(report.left, 0, "allocation %d: %d are not freed", n, (int)report.left);
        cr_expect(good || (failed && error.code == YG_ERROR_MEMORY), "allocation %d: %s", n,
                  error.message);
        /* Where the library can do without, the examples are the same. */
        if (good && !known)
            memcpy(whole, x, sizeof whole);
        cr_expect(!good || memcmp(whole, x, sizeof whole) == 0, "allocation %d: other examples", n);
        known = known || good;
    }
    cr_expect(known);
    yg_model_free(model);
    workspace_remove(&w);
}

/* Without a part of the encoding, predictions would silently be wrong. */
Test(faults, no_part_of_the_encoding_is_lost) {
    const workspace w = workspace_make();
    workspace_write(&w, "rows.csv", "a,b,label\n1,2,no\n2,1,yes\n0,1,no\n");
    yg_model *model = workspace_model(&w, "encoded.yaml", encoded_text);
    yg_error error = {0};
    yg_train_result result;
    char out[256], path[256];
    snprintf(out, sizeof out, "%s", workspace_path(&w, "run"));
    snprintf(path, sizeof path, "%s", workspace_path(&w, "run/weights.safetensors"));
    const yg_train_options options = {.out = out, .threads = 1};
    cr_assert(yg_train(model, &options, &result, &error), "%s", error.message);
    yg_train_result_free(&result);
    yg_tensor_file file = {0};
    cr_assert(yg_safetensors_read(path, &file, &error), "%s", error.message);
    int n = 1;
    for (;; n++) {
        yg_encoding encoding;
        error = (yg_error){0};
        fault_injection_begin((uint64_t)n);
        const bool good = yg_encoding_load(model, &file, path, &encoding, &error);
        const bool failed = fault_injection_end().failed;
        if (good) {
            expect_whole(&encoding, n);
            yg_encoding_free(&encoding);
        } else {
            cr_expect_eq(error.code, YG_ERROR_MEMORY, "allocation %d: %s", n, error.message);
        }
        if (!failed)
            break;
    }
    cr_expect_gt(n, 15);
    yg_tensor_file_free(&file);
    yg_model_free(model);
    workspace_remove(&w);
}

Test(faults, disks_fill_up_and_renames_fail) {
    static const fault_kind kinds[] = {FAULT_WRITE, FAULT_SYNC, FAULT_RENAME};
    static const char *const names[] = {"write", "sync", "rename"};
    const job j = make_job();
    yg_error error = {0};
    char whole[256];
    snprintf(whole, sizeof whole, "%s", workspace_path(&j.w, "whole"));
    cr_assert(train(&j, whole, false, 0, &error), "%s", error.message);
    for (size_t k = 0; k < 3; k++) {
        int64_t faults = 0;
        for (int64_t n = 1; n < 100; n++) {
            error = (yg_error){0};
            fault_at(FAULT_WRITE, 0);
            cr_assert(train(&j, j.out, false, 2, &error), "%s", error.message);
            fault_at(kinds[k], n);
            const bool good = train(&j, j.out, true, 0, &error);
            const bool came = fault_came();
            fault_at(FAULT_WRITE, 0);
            cr_expect(good == !came, "%s %d: %s", names[k], (int)n, error.message);
            cr_expect(good || strstr(error.message, "cannot write"), "%s", error.message);
            expect_clean(&j, names[k], n);
            error = (yg_error){0};
            cr_expect(train(&j, j.out, true, 0, &error), "%s", error.message);
            expect_same_run(&j, names[k], n);
            if (!came)
                break;
            faults++;
        }
        cr_expect_geq(faults, 4, "%s: %d faults", names[k], (int)faults);
    }
    end_job(&j);
}

/* The first save of a new run fails, and so does all that is written after it. Then the folder is
 * as it was, or holds a run to go on with. */
Test(faults, a_first_save_that_fails_leaves_nothing_or_a_run_to_go_on_with) {
    static const fault_kind kinds[] = {FAULT_WRITE, FAULT_SYNC};
    const job j = make_job();
    yg_error error = {0};
    char whole[256];
    snprintf(whole, sizeof whole, "%s", workspace_path(&j.w, "whole"));
    cr_assert(train(&j, whole, false, 0, &error), "%s", error.message);
    for (int older = 0; older < 2; older++)
        for (size_t k = 0; k < 2; k++) {
            int nothing = 0, something = 0;
            bool came = true;
            for (int64_t n = 1; came && n < 40; n++) {
                size_t size = 0, now_size;
                char *before = NULL;
                error = (yg_error){0};
                fault_at(kinds[k], 0);
                if (older) {
                    cr_assert(train(&j, j.out, false, 1, &error), "%s", error.message);
                    before = workspace_read(&j.w, "run/checkpoint.safetensors", &size);
                    workspace_remove_folder(&j.w, "run-1");
                }
                fault_at(kinds[k], -n);
                const bool good = train(&j, j.out, false, 2, &error);
                came = fault_came();
                fault_at(kinds[k], 0);
                cr_expect(good == !came, "%d: %s", (int)n, error.message);
                const bool moved = workspace_has(&j.w, "run-1");
                const bool begun =
                    older ? moved : workspace_has(&j.w, "run/checkpoint.safetensors");
                nothing += !begun;
                something += begun && came;
                if (begun) {
                    error = (yg_error){0};
                    cr_expect(train(&j, j.out, true, 0, &error), "%d: %s", (int)n, error.message);
                    expect_same_run(&j, "first save", n);
                } else if (older) {
                    char *now = workspace_read(&j.w, "run/checkpoint.safetensors", &now_size);
                    cr_expect(size == now_size && memcmp(before, now, size) == 0, "%d", (int)n);
                    cr_expect(workspace_has(&j.w, "run/weights.safetensors"), "%d", (int)n);
                    cr_expect(workspace_has(&j.w, "run/model.yaml"), "%d", (int)n);
                    free(now);
                } else {
                    cr_expect_not(workspace_has(&j.w, "run"), "%d leaves a folder", (int)n);
                }
                free(before);
                workspace_remove_folder(&j.w, "run-1");
                if (!older || begun)
                    workspace_remove_folder(&j.w, "run");
            }
            cr_expect_geq(nothing, 2);
            cr_expect_geq(something, 4);
        }
    end_job(&j);
}

/* A new run replaces an older one. Whichever rename fails, neither run is lost. */
Test(faults, an_older_run_survives_a_failed_move) {
    const job j = make_job();
    yg_error error = {0};
    cr_assert(train(&j, j.out, false, 0, &error), "%s", error.message);
    size_t size;
    char *before = workspace_read(&j.w, "run/checkpoint.safetensors", &size);
    for (int64_t n = 1; n <= 5; n++) {
        error = (yg_error){0};
        fault_at(FAULT_RENAME, n);
        cr_expect_not(train(&j, j.out, false, 2, &error));
        cr_expect(fault_came(), "rename %d", (int)n);
        fault_at(FAULT_RENAME, 0);
        size_t now_size;
        char *now = workspace_read(&j.w, "run/checkpoint.safetensors", &now_size);
        cr_expect(size == now_size && memcmp(before, now, size) == 0, "rename %d", (int)n);
        cr_expect_not(workspace_has(&j.w, "run-1"), "rename %d", (int)n);
        free(now);
    }
    free(before);
    end_job(&j);
}

/* The process is killed at each rename, in a run that goes on and in a new one. */
Test(faults, a_killed_run_goes_on_to_the_same_bits) {
    const job j = make_job();
    yg_error error = {0};
    char whole[256];
    snprintf(whole, sizeof whole, "%s", workspace_path(&j.w, "whole"));
    cr_assert(train(&j, whole, false, 0, &error), "%s", error.message);
    bool killed = true;
    for (int64_t n = 1; killed && n < 50; n++) {
        cr_assert(train(&j, j.out, false, 2, &error), "%s", error.message);
        const pid_t child = fork();
        if (child == 0) {
            fault_at(FAULT_KILL, n);
            train(&j, j.out, true, 0, &error);
            _exit(0);
        }
        int status;
        cr_assert_eq(waitpid(child, &status, 0), child);
        cr_assert(WIFEXITED(status) &&
                  (WEXITSTATUS(status) == FAULT_STATUS || WEXITSTATUS(status) == 0));
        killed = WEXITSTATUS(status) == FAULT_STATUS;
        cr_expect(killed || n > 4, "only %d renames", (int)n);
        error = (yg_error){0};
        cr_expect(train(&j, j.out, true, 0, &error), "killed at %d: %s", (int)n, error.message);
        expect_clean(&j, "kill", n);
        expect_same_run(&j, "kill", n);
        /* And a new run may begin. */
        cr_expect(train(&j, j.out, false, 1, &error), "killed at %d: %s", (int)n, error.message);
    }
    end_job(&j);
}

/* A new run is killed at each rename, of which the first ones move the older run away. The next
 * start finds the older run whole: it goes on, or is moved away whole. */
Test(faults, a_killed_move_is_taken_back) {
    const job j = make_job();
    yg_error error = {0};
    size_t size;
    cr_assert(train(&j, j.out, false, 3, &error), "%s", error.message);
    char *before = workspace_read(&j.w, "run/checkpoint.safetensors", &size);
    int moves = 0;
    bool killed = true;
    for (int64_t n = 1; killed && n < 50; n++) {
        const pid_t child = fork();
        if (child == 0) {
            fault_at(FAULT_KILL, n);
            train(&j, j.out, false, 2, &error);
            _exit(0);
        }
        int status;
        cr_assert_eq(waitpid(child, &status, 0), child);
        cr_assert(WIFEXITED(status));
        killed = WEXITSTATUS(status) == FAULT_STATUS;
        const bool moving = workspace_has(&j.w, "run/run.moving");
        moves += moving;
        if (n == 1) /* in place of the note's rename: nothing is there yet */
            cr_expect_not(workspace_has(&j.w, "run-1"));
        /* While the move is not over, going on goes on with the older run. */
        if (moving && n % 2 == 0)
            cr_expect(train(&j, j.out, true, 3, &error), "killed at %d: %s", (int)n, error.message);
        cr_expect(train(&j, j.out, false, 1, &error), "killed at %d: %s", (int)n, error.message);
        expect_clean(&j, "kill", n);
        cr_expect_not(workspace_has(&j.w, "run/run.moving"));
        if (moving) {
            size_t now_size;
            char *now = workspace_read(&j.w, "run-1/checkpoint.safetensors", &now_size);
            cr_expect(size == now_size && memcmp(before, now, size) == 0, "killed at %d", (int)n);
            free(now);
            for (size_t i = 0; i < 4; i++) {
                static const char *const names[] = {"run-1/weights.safetensors",
                                                    "run-1/history.csv", "run-1/loss.svg",
                                                    "run-1/model.yaml"};
                cr_expect(workspace_has(&j.w, names[i]), "killed at %d: no %s", (int)n, names[i]);
            }
        }
        if (moving || n == 1)
            cr_expect_not(workspace_has(&j.w, "run-2"), "killed at %d", (int)n);
        workspace_remove_folder(&j.w, "run");
        workspace_remove_folder(&j.w, "run-1");
        workspace_remove_folder(&j.w, "run-2");
        cr_assert(train(&j, j.out, false, 3, &error), "%s", error.message);
    }
    cr_expect_geq(moves, 4);
    free(before);
    end_job(&j);
}

static void end_at_step_7(void *context, const yg_train_progress *progress) {
    (void)context;
    if (progress->step == 7 && !progress->epoch_end)
        _exit(FAULT_STATUS);
}

/* A run that is killed goes on from its last periodic checkpoint, not from its start. */
Test(faults, a_run_saves_while_it_goes_on) {
    const job j = make_job();
    yg_error error = {0};
    char whole[256];
    snprintf(whole, sizeof whole, "%s", workspace_path(&j.w, "whole"));
    cr_assert(train(&j, whole, false, 0, &error), "%s", error.message);
    const pid_t child = fork();
    if (child == 0) {
        yg_train_result result;
        const yg_train_options options = {
            .out = j.out, .threads = 1, .save_seconds = 1e-9, .progress = end_at_step_7};
        yg_train(j.model, &options, &result, &error);
        _exit(0);
    }
    int status;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == FAULT_STATUS);
    cr_assert(workspace_has(&j.w, "run/checkpoint.safetensors"));
    /* As many steps as were saved are not done again. */
    yg_train_result result;
    const yg_train_options options = {
        .out = j.out, .threads = 1, .resume = true, .has_steps = true, .steps = 1};
    cr_assert(yg_train(j.model, &options, &result, &error), "%s", error.message);
    cr_expect_eq(result.steps, 6, "%d steps were saved", (int)result.steps);
    yg_train_result_free(&result);
    cr_assert(train(&j, j.out, true, 0, &error), "%s", error.message);
    expect_same_run(&j, "periodic checkpoint", 0);
    end_job(&j);
}
