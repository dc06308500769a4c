/*
 * Runs over every kind of source that are killed within an epoch, by a signal that no process can
 * catch, and go on from their last checkpoint: the same bytes as an uninterrupted run.
 */
#include "database.h"
#include "train/train.h"
#include "workspace.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROWS = 60 };

/* The beginnings of models, with what their data are. */
#define TABLE(source)                                                                              \
    "inputs: {x: [B, 6]}\ntargets: {y: {shape: [B], dtype: i32, classes: 2}}\ngraph:\n"            \
    "  h: {type: linear, input: x, out_features: 4, activation: tanh}\n"                           \
    "  z: {type: linear, input: \"dropout(h, 0.2)\", out_features: 2}\n"                           \
    "outputs: [z]\nloss: cross_entropy(z, y)\n"                                                    \
    "data:\n  train: {" source ", x: [a, b, k], y: y}\n"                                           \
    "  validation: {from: train, fraction: 0.2, stratify: y}\n"                                    \
    "  columns: {b: {missing: median, indicator: true}, k: {kind: category, unseen: true}}\n"

#define IMAGES                                                                                     \
    "inputs: {x: [B, 1, 6, 7]}\ntargets: {y: {shape: [B], dtype: i32, classes: 2}}\ngraph:\n"      \
    "  f: {type: random_flip, input: x}\n"                                                         \
    "  z: {type: linear, input: \"reshape(f, [-1, 42]) / 255\", out_features: 2}\n"                \
    "outputs: [z]\nloss: cross_entropy(z, y)\n"                                                    \
    "data:\n  train: {images: p, x: image, y: class}\n  columns: {image: image}\n"                 \
    "  validation: {from: train, fraction: 0.2}\n"

#define WINDOWS                                                                                    \
    "inputs: {x: [B, 4]}\ntargets: {next: [B, 1]}\ngraph:\n"                                       \
    "  z: {type: linear, input: \"dropout(x, 0.1)\", out_features: 1}\n"                           \
    "outputs: [z]\nloss: mse(z, next)\n"                                                           \
    "data:\n  train: {csv: t.csv, x: a, next: a}\n"                                                \
    "  windows: {length: 4, horizon: 1, by: g}\n"

#define SEQUENCES                                                                                  \
    "inputs: {x: [B, T], n: {shape: [B], dtype: i64}}\ntargets: {s: [B]}\ngraph:\n"                \
    "  h, last: {type: gru, input: {x: \"unsqueeze(x, 2)\", lengths: n}, hidden_size: 3}\n"        \
    "  z: {type: linear, input: \"dropout(last[0], 0.1)\", out_features: 1}\n"                     \
    "  w: squeeze(z, -1)\n"                                                                        \
    "outputs: [w]\nloss: mse(w, s)\n"                                                              \
    "data:\n  train: {csv: t.csv, x: a, s: s}\n  sequences: {by: u, lengths: n}\n"

/* Everything that a step and an epoch leave behind: sums of gradients are none. */
#define EVERYTHING                                                                                 \
    "inputs: {x: [B, 6]}\ntargets: {y: {shape: [B], dtype: i32, classes: 2}}\ngraph:\n"            \
    "  h: {type: linear, input: x, out_features: 5}\n  n: {type: batch_norm}\n  a: tanh(n)\n"      \
    "  z: {type: linear, input: \"dropout(a, 0.3)\", out_features: 2}\n"                           \
    "outputs: [z]\nloss: cross_entropy(z, y)\nmetrics: {accuracy: \"accuracy(z, y)\"}\n"           \
    "data:\n  train: {csv: t.csv, x: [a, b, k], y: y}\n"                                           \
    "  validation: {from: train, fraction: 0.2, stratify: y}\n"                                    \
    "  columns: {b: {missing: median, indicator: true}, k: {kind: category, unseen: true}}\n"

#define EVERYTHING_TRAINED                                                                         \
    "accumulate: 3, average: {decay: 0.9, bias_correction: true, start: 1}, keep_every: 2, l1: "   \
    "1e-4, clip_grad_value: 0.5, reduce_on_plateau: {factor: 0.5, patience: 0, threshold: 0.2}, "  \
    "early_stopping: {monitor: validation.accuracy, mode: max, patience: 4}, schedule: "           \
    "[{type: linear, start_factor: 0.1, end_factor: 1, steps: 5}, one_cycle]"

static const struct {
    const char *name, *model, *end;
    const char *train; /* what else `train` says */
} cases[] = {
    {"csv in a file", TABLE("csv: t.csv"), "  memory: 500\n", NULL},
    {"several files", TABLE("csv: [t.csv, t.csv]"), "  memory: 900\n", NULL},
    {"gzip", TABLE("csv: t.csv.gz"), "", NULL},
    {"gzip in a file", TABLE("csv: t.csv.gz"), "  memory: 500\n", NULL},
    {"json lines in a file", TABLE("jsonl: t.jsonl"), "  memory: 500\n", NULL},
    {"sqlite in a file", TABLE("sqlite: t.db"), "  memory: 500\n", NULL},
    {"repeated examples in a file", TABLE("csv: t.csv"), "  balance: oversample\n  memory: 500\n",
     NULL},
    {"images", IMAGES, "", NULL},
    {"images in a file", IMAGES, "  memory: 2000\n", NULL},
    {"windows", WINDOWS, "", NULL},
    {"windows in a file", WINDOWS, "  memory: 300\n", NULL},
    {"sequences", SEQUENCES, "", NULL},
    {"sequences in a file", SEQUENCES, "  memory: 400\n", NULL},
    {"sequences, several batches a step", SEQUENCES, "", "accumulate: 2, average: {decay: 0.8}"},
    {"sequences in shards", SEQUENCES, "", "shards: 3, average: {decay: 0.8}"},
    {"everything", EVERYTHING, "", EVERYTHING_TRAINED},
    {"everything, in a file", EVERYTHING, "  memory: 500\n", EVERYTHING_TRAINED},
};

static void copy(const char *from, const char *to) {
    char command[400];
    snprintf(command, sizeof command, "cp %s %s", from, to);
    cr_assert_eq(system(command), 0, "%s", command);
}

/* Rows of an index, two numbers, the second of which lacks at times, a word, a class, a group, a
 * sequence and its number. */
static void write_files(const workspace *w) {
    char command[300], sql[8000] = "PRAGMA synchronous = OFF; CREATE TABLE t (a, b, k, y);";
    FILE *csv = fopen(workspace_path(w, "t.csv"), "w");
    FILE *jsonl = fopen(workspace_path(w, "t.jsonl"), "w");
    cr_assert(csv && jsonl);
    fputs("a,b,k,y,g,u,s\n", csv);
    for (int i = 0; i < ROWS; i++) {
        const int a = i * 37 % 23 - 11, b = i * 17 % 29;
        const char k = "uvw"[i * 5 % 7 % 3], y = "pqq"[i * 11 % 13 % 3];
        char cell[8], value[8];
        snprintf(cell, sizeof cell, i % 10 ? "%d" : "", b);
        snprintf(value, sizeof value, i % 10 ? "%d" : "null", b);
        fprintf(csv, "%d,%s,%c,%c,%d,%d,%d\n", a, cell, k, y, i / 20, i * i / 100, i * i / 100);
        fprintf(jsonl, "{\"a\":%d,\"b\":%s,\"k\":\"%c\",\"y\":\"%c\"}\n", a, value, k, y);
        snprintf(sql + strlen(sql), sizeof sql - strlen(sql),
                 "INSERT INTO t VALUES (%d, %s, '%c', '%c');", a, value, k, y);
    }
    fclose(csv);
    fclose(jsonl);
    if (database_can_be_made())
        database_make(workspace_path(w, "t.db"), sql);
    snprintf(command, sizeof command, "gzip -nc <%s/t.csv >%s/t.csv.gz", w->folder, w->folder);
    cr_assert_eq(system(command), 0, "%s", command);
    mkdir(workspace_path(w, "p"), 0700);
    mkdir(workspace_path(w, "p/a"), 0700);
    mkdir(workspace_path(w, "p/b"), 0700);
    for (int i = 0; i < 24; i++) {
        char name[20];
        snprintf(name, sizeof name, "p/%c/%d.png", i % 3 ? 'a' : 'b', i);
        copy(i % 4 < 2 ? YG_FIXTURES "/images/grey.png" : YG_FIXTURES "/images/bits.png",
             workspace_path(w, name));
    }
}

/* Ends the process when a step is done. */
static void kill_after(void *context, const yg_train_progress *progress) {
    if (!progress->epoch_end && progress->step == *(const int64_t *)context)
        kill(getpid(), SIGKILL);
}

static void train(const yg_model *model, const yg_train_options *options) {
    yg_train_result result = {0};
    yg_error error = {0};
    cr_assert(yg_train(model, options, &result, &error), "%s", error.message);
    yg_train_result_free(&result);
}

/* Trains in a process of its own, with a checkpoint after each step, until it is killed. */
static void train_and_kill(const yg_model *model, const char *out, int64_t step, bool resume) {
    const pid_t child = fork();
    cr_assert_geq(child, 0);
    if (child == 0) {
        yg_train_result result = {0};
        yg_error error = {0};
        yg_train(model,
                 &(yg_train_options){.out = out,
                                     .threads = 1,
                                     .save_seconds = 1e-9,
                                     .resume = resume,
                                     .progress = kill_after,
                                     .context = &step},
                 &result, &error);
        fprintf(stderr, "%s\n", error.message);
        _exit(1);
    }
    int status;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "status %d", status);
}

static void expect_same(const workspace *w, const char *name, const char *file) {
    char a[60], b[60];
    size_t sizes[2];
    snprintf(a, sizeof a, "whole/%s", file);
    snprintf(b, sizeof b, "part/%s", file);
    char *x = workspace_read(w, a, &sizes[0]), *y = workspace_read(w, b, &sizes[1]);
    cr_expect(sizes[0] == sizes[1] && memcmp(x, y, sizes[0]) == 0, "%s: %s differs", name, file);
    free(x);
    free(y);
}

/* Within the first and the second epoch: each has at least 4 steps. */
static const int64_t killed_after[] = {2, 7};

Test(resume, a_killed_run_over_any_source_equals_an_uninterrupted_one) {
    const workspace w = workspace_make();
    write_files(&w);
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        char text[3000];
        if (strstr(cases[c].name, "sqlite") && !database_can_be_made())
            continue;
        snprintf(text, sizeof text,
                 "format: 1\nname: m\n%s%strain: {epochs: %d, batch_size: 4, seed: 3, optimizer: "
                 "{type: adam, lr: 0.01}%s%s}\n",
                 cases[c].model, cases[c].end, cases[c].train ? 8 : 3, cases[c].train ? ", " : "",
                 cases[c].train ? cases[c].train : "");
        yg_model *model = workspace_model(&w, "m.yaml", text);
        const char *whole = workspace_path(&w, "whole"), *part = workspace_path(&w, "part");
        train(model, &(yg_train_options){.out = whole, .threads = 2});
        for (size_t k = 0; k < sizeof killed_after / sizeof *killed_after; k++)
            train_and_kill(model, part, killed_after[k], k > 0);
        cr_assert(workspace_has(&w, "part/checkpoint.safetensors"), "%s", cases[c].name);
        train(model, &(yg_train_options){.out = part, .threads = 1, .resume = true});
        expect_same(&w, cases[c].name, "weights.safetensors");
        expect_same(&w, cases[c].name, "history.csv");
        expect_same(&w, cases[c].name, "checkpoint.safetensors");
        yg_model_free(model);
        workspace_remove_folder(&w, "whole");
        workspace_remove_folder(&w, "part");
    }
    workspace_remove(&w);
}
