/*
 * Commands that read data where memory runs out: each ends with status 1 and a message, or does all
 * it does otherwise. No file is left half-written, and nothing stays allocated.
 */
#include "fault_injection.h"
#include "workspace.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <dirent.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* cli/main.c's main(), under another name. */
int yamlgrad_main(int argc, char **argv);

enum { ARGUMENTS = 12 };

typedef struct sample {
    char arguments[ARGUMENTS][40];
    char output[40]; /* the file that it writes: whole, or not at all; "": only stdout */
} sample;

static const sample samples[] = {
    {{"new", "t.csv", "--target", "y", "-o", "out.yaml"}, "out.yaml"},
    {{"new", "t.jsonl", "--target", "y"}, ""},
    {{"new", "pictures", "--target", "class"}, ""},
    {{"data", "m.yaml"}, ""},
    {{"data", "m.yaml", "--json"}, ""},
    {{"data", "m.yaml", "--html", "out.html"}, "out.html"},
    {{"data", "p.yaml", "--pictures", "out.png"}, "out.png"},
    {{"cv", "m.yaml", "--folds", "2", "-o", "folds", "--threads", "1", "--json"}, ""},
    {{"predict", "m.yaml", "t.csv", "-o", "out.csv", "--keep", "a", "--threads", "1"}, "out.csv"},
    {{"predict", "m.yaml", "t.jsonl", "-o", "out.npz", "--threads", "1"}, "out.npz"},
    {{"predict", "p.yaml", "pictures", "-o", "out.csv", "--threads", "1"}, "out.csv"},
    {{"eval", "m.yaml", "--threads", "1", "--json"}, ""},
    {{"eval", "m.yaml", "--data", "t.jsonl", "--threads", "1"}, ""},
};

static const char table_model[] =
    "format: 1\n"
    "name: m\n"
    "inputs: {x: [B, 5]}\n"
    "targets: {y: {shape: [B], dtype: i32, classes: [u, v]}}\n"
    "graph: {z: {type: linear, input: x, out_features: 2}}\n"
    "outputs: {p: \"softmax(z)\"}\n"
    "loss: cross_entropy(z, y)\n"
    "metrics: {accuracy: \"accuracy(z, y)\"}\n"
    "data:\n"
    "  train: {csv: t.csv, x: [a, b, c], y: y}\n"
    "  validation: {from: train, fraction: 0.2, stratify: y}\n"
    "  columns:\n"
    "    a: {missing: median, scale: standard}\n"
    "    b: {kind: category, unseen: true}\n"
    "    c: {kind: date, parts: [year, month]}\n"
    "train: {epochs: 1, batch_size: 4, seed: 1, optimizer: {type: adam, lr: 0.05}}\n";

static const char picture_model[] =
    "format: 1\n"
    "name: p\n"
    "inputs: {x: [B, 4, 4]}\n"
    "targets: {y: {shape: [B], dtype: i32, classes: 2}}\n"
    "graph: {f: \"flatten(x, start_dim=1)\", z: {type: linear, input: f, out_features: 2}}\n"
    "outputs: [z]\n"
    "loss: cross_entropy(z, y)\n"
    "data:\n"
    "  train: {images: pictures, x: image, y: class}\n"
    "  columns: {image: {kind: image, resize: [4, 4]}}\n"
    "  transform: {x: x / 255}\n"
    "train: {epochs: 1, batch_size: 2, seed: 1, optimizer: {type: sgd, lr: 0.01}}\n";

/* ------------------------------------------------------------------------------ a workspace -- */

static void write_tables(const workspace *w) {
    FILE *csv = fopen(workspace_path(w, "t.csv"), "w");
    FILE *jsonl = fopen(workspace_path(w, "t.jsonl"), "w");
    cr_assert(csv && jsonl);
    fputs("a,b,c,y\n", csv);
    for (int i = 0; i < 12; i++) {
        const char *b = i % 3 ? "red" : "blue", *y = i % 2 ? "u" : "v";
        if (i != 5) /* one is missing */
            fprintf(csv, "%d.5", i);
        fprintf(csv, ",%s,2020-0%d-03,%s\n", b, i % 9 + 1, y);
        fprintf(jsonl, "{\"a\":%d,\"b\":\"%s\",\"c\":\"2021-0%d-04\",\"y\":\"%s\"}\n", i, b,
                i % 9 + 1, y);
    }
    fclose(csv);
    fclose(jsonl);
}

static void write_pictures(const workspace *w) {
    static const char *const names[] = {"a/colour.png", "a/grey.jpg", "b/grey.png", "b/colour.jpg"};
    char path[200], from[300];
    mkdir(workspace_path(w, "pictures"), 0700);
    mkdir(workspace_path(w, "pictures/a"), 0700);
    mkdir(workspace_path(w, "pictures/b"), 0700);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(from, sizeof from, YG_FIXTURES "/images/%s", names[i] + 2);
        snprintf(path, sizeof path, "%s/pictures/%s", w->folder, names[i]);
        cr_assert_eq(symlink(from, path), 0);
    }
}

/* -------------------------------------------------------------------------------- a command -- */

/* What is printed goes to the files `printed` and `told` of the current folder. */
static int run(const char *const *arguments) {
    char *argv[ARGUMENTS + 2] = {(char *)(uintptr_t) "yamlgrad"};
    int argc = 1;
    for (; argc <= ARGUMENTS && arguments[argc - 1] && *arguments[argc - 1]; argc++)
        argv[argc] = (char *)(uintptr_t)arguments[argc - 1];
    fflush(NULL);
    const int out = dup(STDOUT_FILENO), err = dup(STDERR_FILENO);
    const int printed = open("printed", O_WRONLY | O_CREAT | O_TRUNC, 0600);
    const int told = open("told", O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dup2(printed, STDOUT_FILENO);
    dup2(told, STDERR_FILENO);
    const int status = yamlgrad_main(argc, argv);
    fflush(NULL);
    clearerr(stdout);
    dup2(out, STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    close(printed);
    close(told);
    close(out);
    close(err);
    return status;
}

static int run_sample(const sample *s) {
    const char *arguments[ARGUMENTS + 1] = {NULL};
    for (size_t i = 0; i < ARGUMENTS; i++)
        arguments[i] = s->arguments[i];
    return run(arguments);
}

/* What a command has printed and written, as one text. */
static char *results_of(const workspace *w, const sample *s, size_t *size) {
    size_t printed_size, written_size = 0;
    char *printed = workspace_read(w, "printed", &printed_size), *written = NULL;
    if (*s->output)
        written = workspace_read(w, s->output, &written_size);
    char *all = malloc(printed_size + written_size + 1);
    cr_assert_not_null(all);
    memcpy(all, printed, printed_size);
    if (written)
        memcpy(all + printed_size, written, written_size);
    *size = printed_size + written_size;
    free(printed);
    free(written);
    return all;
}

static void remove_results(const workspace *w, const sample *s) {
    if (*s->output)
        unlink(s->output);
    workspace_remove_folder(w, "folds");
}

/* The command line, for messages. */
static const char *name_of(const sample *s) {
    static char name[500];
    name[0] = '\0';
    for (size_t i = 0; i < ARGUMENTS && *s->arguments[i]; i++)
        snprintf(name + strlen(name), sizeof name - strlen(name), " %s", s->arguments[i]);
    return name;
}

/* No temporary file and no lock is left. */
static void expect_clean(const char *folder, const char *what, uint64_t n) {
    DIR *entries = opendir(folder);
    for (const struct dirent *entry; entries && (entry = readdir(entries));)
        cr_expect(!strstr(entry->d_name, ".tmp") && !strstr(entry->d_name, ".lock"),
                  "%s: allocation %d leaves %s", what, (int)n, entry->d_name);
    if (entries)
        closedir(entries);
}

static void expect_failure(const workspace *w, const sample *s, int status, uint64_t n) {
    size_t size;
    char *told = workspace_read(w, "told", &size);
    cr_expect_eq(status, 1, "%s: allocation %d: status %d", name_of(s), (int)n, status);
    cr_expect(strstr(told, "out of memory") || strstr(told, "Cannot allocate memory"),
              "%s: allocation %d: %s", name_of(s), (int)n, told);
    cr_expect(!*s->output || access(s->output, F_OK) != 0, "%s: allocation %d: %s is there",
              name_of(s), (int)n, s->output);
    expect_clean(".", name_of(s), n);
    expect_clean("folds", name_of(s), n);
    free(told);
}

static void check(const workspace *w, const sample *s) {
    size_t size, other;
    fault_report report = {.failed = true};
    remove_results(w, s);
    cr_assert_eq(run_sample(s), 0);
    char *wanted = results_of(w, s, &size);
    uint64_t n = 1;
    /* It allocates thousands of times, and trains each time: a fifth of them must do. */
    const bool trains = strcmp(s->arguments[0], "cv") == 0;
    for (; report.failed; n += trains ? 5 : 1) {
        remove_results(w, s);
        fault_injection_begin(n);
        const int status = run_sample(s);
        report = fault_injection_end();
        /* Some texts that C functions allocate are freed, but not counted. */
        cr_expect_leq(report.left, 0, "%s: allocation %d: %d are left", name_of(s), (int)n,
                      (int)report.left);
        if (status != 0) {
            cr_expect(report.failed, "%s: allocation %d: status %d", name_of(s), (int)n, status);
            expect_failure(w, s, status, n);
            continue;
        }
        char *results = results_of(w, s, &other);
        /* `cv` may score a batch at a time where there is no memory for all: the last digits
         * differ.
         */
        cr_expect(strcmp(s->arguments[0], "cv") == 0 ||
                      (size == other && memcmp(wanted, results, size) == 0),
                  "%s: allocation %d: other results", name_of(s), (int)n);
        free(results);
    }
    cr_expect_gt(n, 30, "%s: only %d", name_of(s), (int)n);
    free(wanted);
}

/* A process a command. */
ParameterizedTestParameters(allocation_commands, each_tells_that_memory_ran_out) {
    static sample all[sizeof samples / sizeof *samples];
    memcpy(all, samples, sizeof samples);
    return cr_make_param_array(sample, all, sizeof samples / sizeof *samples);
}

ParameterizedTest(sample *s, allocation_commands, each_tells_that_memory_ran_out) {
    static const char *const models[] = {"m.yaml", "p.yaml"};
    const workspace w = workspace_make();
    write_tables(&w);
    write_pictures(&w);
    workspace_write(&w, "m.yaml", table_model);
    workspace_write(&w, "p.yaml", picture_model);
    cr_assert_eq(chdir(w.folder), 0);
    setenv("TMPDIR", w.folder, 1);
    /* jansson's own allocations fail, too, but where it parses: it ends the process then. */
    if (strcmp(s->arguments[0], "eval") != 0 && strcmp(s->arguments[0], "predict") != 0)
        json_set_alloc_funcs(malloc, free);
    for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
        const char *train[] = {"train", models[i], "--quiet", "--threads", "1", NULL};
        cr_assert_eq(run(train), 0);
    }
    check(&w, s);
    cr_assert_eq(chdir("/"), 0);
    workspace_remove(&w);
}
