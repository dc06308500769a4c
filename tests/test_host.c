/*
 * What the library leaves alone of its host: locale, floating point, signals, other threads' work,
 * children of a fork, the process's settings.
 */
#include "compiled.h"
#include "graph/version.h"
#include "models/model.h"
#include "ops/build.h"
#include "ops/ops.h"
#include "train/predict.h"
#include "train/train.h"
#include "workspace.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <fenv.h>
#include <locale.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* A step of a network that is large enough to be shared by threads. */
typedef struct step {
    yg_graph *graph;
    yg_node x, w, loss;
    yg_program *program;
} step;

static step make_step(int threads) {
    step s = {.graph = yg_graph_new(yg_ops(), 0)};
    const yg_type rows = type_of(YG_F64, 2, (int64_t[]){256, 128});
    const yg_type weight = type_of(YG_F64, 2, (int64_t[]){128, 128});
    s.x = yg_input(s.graph, "x", &rows);
    s.w = yg_parameter(s.graph, "w", &weight);
    s.loss = yg_sum(s.graph, yg_tanh(s.graph, yg_matmul(s.graph, s.x, s.w, false, false)), NULL, 0,
                    false);
    yg_node dw;
    cr_assert(yg_grad(s.graph, s.loss, YG_NONE, &s.w, 1, &dw));
    const yg_update update = {s.w, yg_subtract(s.graph, s.w, yg_scale(s.graph, dw, 0.01))};
    s.program = compile(s.graph, &s.loss, 1, &update, 1, 0, threads);
    cr_assert_eq(yg_program_get_stats(s.program).threads, threads);
    fill_leaf(s.graph, s.program, s.x);
    fill_leaf(s.graph, s.program, s.w);
    return s;
}

static void free_step(step *s) {
    yg_program_free(s->program);
    yg_graph_free(s->graph);
}

/* The loss after some steps. */
static double run_steps(step *s, int count) {
    for (int i = 0; i < count; i++)
        run(s->program);
    return *data(s->program, s->loss);
}

static double loss_of_steps(int threads, int count) {
    step s = make_step(threads);
    const double loss = run_steps(&s, count);
    free_step(&s);
    return loss;
}

Test(host, version_of_the_library) {
    char text[32];
    snprintf(text, sizeof text, "%d.%d.%d", YG_VERSION_MAJOR, YG_VERSION_MINOR, YG_VERSION_PATCH);
    cr_expect_str_eq(yg_version(), text);
    cr_expect_str_eq(yg_version(), YG_VERSION_TEXT);
    cr_expect(YG_VERSION_NUMBER < YG_VERSION_OF(YG_VERSION_MAJOR, YG_VERSION_MINOR + 1, 0));
    cr_expect(YG_VERSION_OF(0, 2, 0) > YG_VERSION_OF(0, 1, 999));
}

/* ------------------------------------------------------------------------------------ locale -- */

/* Makes a locale with a decimal comma, and sets it for the process. */
static void set_comma_locale(const workspace *w) {
    static const char source[] =
        "comment_char %\nescape_char /\nLC_NUMERIC\ndecimal_point \"<U002C>\"\n"
        "thousands_sep \"<U002E>\"\ngrouping 3;3\nEND LC_NUMERIC\n";
    char command[400];
    workspace_write(w, "comma.src", source);
    /* It warns of the categories that are left out, and returns 1. */
    snprintf(command, sizeof command, "cd %s && localedef -c -i comma.src ./comma 2>comma.log",
             w->folder);
    cr_assert_geq(system(command), 0);
    setenv("LOCPATH", w->folder, 1);
    cr_assert_not_null(setlocale(LC_NUMERIC, "comma"), "localedef made no locale");
    snprintf(command, sizeof command, "%.1f", 0.5);
    cr_assert_str_eq(command, "0,5");
}

static const char line_model[] =
    "format: 1\n"
    "name: line\n"
    "vars: {rate: 0.25}\n"
    "inputs: {x: [B, 1]}\n"
    "targets: {y: [B, 1]}\n"
    "graph:\n"
    "  h: {type: linear, input: x * 0.5, out_features: 8, activation: tanh}\n"
    "  d: dropout(h, rate)\n"
    "  a: {type: linear, input: d, out_features: 1}\n"
    "outputs: [a]\n"
    "loss: mean(square(a - y))\n"
    "data:\n"
    "  train: {csv: rows.csv, x: x, y: y}\n"
    "  validation: {from: train, fraction: 0.25}\n"
    "  transform: {x: x / 1.5}\n"
    "  standardize: [x]\n"
    "train: {epochs: 2, batch_size: 3, seed: 7, optimizer: {type: adam, lr: 0.0125}}\n";

static const char *const run_files[] = {"weights.safetensors", "checkpoint.safetensors",
                                        "history.csv", "loss.svg"};
#define RUN_FILES (sizeof run_files / sizeof *run_files)

/* Trains and predicts in the folder; returns the predictions, freed by the caller. */
static char *train_and_predict(const workspace *w, const char *run) {
    workspace_write(w, "rows.csv",
                    "x,y\n0.5,1.25\n1.5,3\n2.25,5e-1\n-3,1e1\n4,2\n5.125,0\n6,1\n7,2.5\n");
    yg_model *model = workspace_model(w, "line.yaml", line_model);
    yg_error error = {0};
    yg_train_result result = {0};
    const yg_train_options train = {.out = workspace_path(w, run), .threads = 1};
    cr_assert(yg_train(model, &train, &result, &error), "%s", error.message);
    yg_train_result_free(&result);
    yg_train_result_free(&result);
    char file[64], *text = NULL;
    size_t size = 0;
    snprintf(file, sizeof file, "%s/weights.safetensors", run);
    FILE *in = fopen(workspace_path(w, "rows.csv"), "r"), *out = open_memstream(&text, &size);
    const yg_predict_options predict = {.weights = workspace_path(w, file), .threads = 1};
    cr_assert(yg_predict(model, &predict, in, "rows.csv", out, NULL, &error), "%s", error.message);
    fclose(in);
    fclose(out);
    yg_model_free(model);
    return text;
}

/* Numbers in files, predictions and messages have a point where the host's locale has a comma. */
Test(host, decimal_comma) {
    const workspace w = workspace_make();
    char *expected = train_and_predict(&w, "point");
    set_comma_locale(&w);
    char *found = train_and_predict(&w, "comma");
    cr_expect_str_eq(found, expected);
    for (size_t i = 0; i < RUN_FILES; i++) {
        char names[2][64];
        size_t sizes[2];
        snprintf(names[0], sizeof names[0], "point/%s", run_files[i]);
        snprintf(names[1], sizeof names[1], "comma/%s", run_files[i]);
        char *a = workspace_read(&w, names[0], &sizes[0]),
             *b = workspace_read(&w, names[1], &sizes[1]);
        cr_expect(sizes[0] == sizes[1] && memcmp(a, b, sizes[0]) == 0, "%s", run_files[i]);
        free(a);
        free(b);
    }
    yg_error error = {0};
    yg_fail(&error, YG_ERROR_DATA, YG_NOWHERE, "%g", 0.5);
    cr_expect_str_eq(error.message, "0.5");
    yg_graph *g = yg_graph_new(yg_ops(), 0);
    const yg_node half = yg_scalar(g, YG_F64, 0.5);
    char *text = yg_graph_text(g, &half, 1);
    cr_expect_not_null(strstr(text, "0.5"), "%s", text);
    char now[16];
    snprintf(now, sizeof now, "%.1f", 0.5);
    cr_expect_str_eq(now, "0,5", "the host's locale is left as it was");
    free(text);
    yg_graph_free(g);
    free(found);
    free(expected);
    workspace_remove(&w);
}

/* ------------------------------------------------------------------------------- the process -- */

extern char **environ;

/* State of the process and of the calling thread, which the library must not change. */
typedef struct state {
    struct sigaction actions[65];
    sigset_t blocked;
    mode_t mask;
    char folder[1024], locale[256], environment[65536];
    int rounding, exceptions, threads, files;
} state;

static int count_entries(const char *path) {
    int count = 0;
    DIR *folder = opendir(path);
    cr_assert_not_null(folder);
    while (readdir(folder))
        count++;
    closedir(folder);
    return count;
}

static void read_state(state *s) {
    memset(s, 0, sizeof *s);
    for (int i = 1; i <= 64; i++)
        sigaction(i, NULL, &s->actions[i]);
    pthread_sigmask(SIG_SETMASK, NULL, &s->blocked);
    s->mask = umask(0);
    umask(s->mask);
    cr_assert_not_null(getcwd(s->folder, sizeof s->folder));
    snprintf(s->locale, sizeof s->locale, "%s", setlocale(LC_ALL, NULL));
    for (size_t i = 0, at = 0; environ[i] && at < sizeof s->environment; i++)
        at += (size_t)snprintf(s->environment + at, sizeof s->environment - at, "%s\n", environ[i]);
    s->rounding = fegetround();
    s->exceptions = fetestexcept(FE_ALL_EXCEPT);
    s->threads = count_entries("/proc/self/task");
    s->files = count_entries("/proc/self/fd");
}

/* Trains, predicts and computes with threads. The process is then as it was before. */
Test(host, process_is_left_as_it_was) {
    const workspace w = workspace_make();
    state *before = malloc(sizeof *before), *after = malloc(sizeof *after);
    cr_assert(before && after);
    umask(027);
    fesetround(FE_UPWARD);
    feclearexcept(FE_ALL_EXCEPT);
    read_state(before);
    free(train_and_predict(&w, "run"));
    loss_of_steps(2, 3);
    read_state(after);
    for (int i = 1; i <= 64; i++)
        cr_expect_eq(before->actions[i].sa_handler, after->actions[i].sa_handler, "signal %d", i);
    cr_expect_eq(memcmp(&before->blocked, &after->blocked, sizeof before->blocked), 0);
    cr_expect_eq(before->mask, after->mask);
    cr_expect_str_eq(before->folder, after->folder);
    cr_expect_str_eq(before->locale, after->locale);
    cr_expect_str_eq(before->environment, after->environment);
    cr_expect_eq(before->rounding, after->rounding);
    cr_expect_eq(before->threads, after->threads);
    cr_expect_eq(before->files, after->files);
    fesetround(FE_TONEAREST);
    free(before);
    free(after);
    workspace_remove(&w);
}

/* The host's rounding mode and its treatment of subnormal numbers do not matter, and do not change.
 * If the host has exceptions of floating point reported, it gets none from a run. */
Test(host, floating_point) {
    const double expected = loss_of_steps(2, 3);
    step s = make_step(2);
    fesetround(FE_DOWNWARD);
    feclearexcept(FE_ALL_EXCEPT);
    const double found = run_steps(&s, 3);
    cr_expect_eq(fegetround(), FE_DOWNWARD);
    cr_expect_eq(fetestexcept(FE_ALL_EXCEPT), 0);
    fesetround(FE_TONEAREST);
    cr_expect_eq(memcmp(&found, &expected, sizeof found), 0, "%.17g, not %.17g", found, expected);
    volatile double tiny = 1e-308;
    tiny /= 16;
    cr_expect(tiny > 0, "subnormal numbers are the host's again");
    free_step(&s);
}

/* ----------------------------------------------------------------------------------- threads -- */

static pthread_t handled_by;
static volatile sig_atomic_t handled;

static void on_signal(int signal) {
    (void)signal;
    handled_by = pthread_self();
    handled = 1;
}

/* The process gets a signal that the main thread blocks: no thread of the library takes it. */
Test(host, signals_are_the_hosts) {
    step s = make_step(2);
    run(s.program);
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGUSR1, &action, NULL);
    sigset_t user, before, pending;
    sigemptyset(&user);
    sigaddset(&user, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &user, &before);
    kill(getpid(), SIGUSR1);
    run_steps(&s, 20);
    sigpending(&pending);
    cr_expect(sigismember(&pending, SIGUSR1) == 1 && !handled, "it waits for the host's thread");
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    cr_expect(handled && pthread_equal(handled_by, pthread_self()));
    free_step(&s);
}

static void *run_in_thread(void *loss) {
    *(double *)loss = loss_of_steps(2, 20);
    return NULL;
}

/* Several threads build and run programs at once. Each computes the same as alone. */
Test(host, programs_in_several_threads) {
    const double expected = loss_of_steps(2, 20);
    pthread_t threads[3];
    double losses[3];
    for (int i = 0; i < 3; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, run_in_thread, &losses[i]), 0);
    for (int i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
        cr_expect_eq(memcmp(&losses[i], &expected, sizeof expected), 0, "thread %d", i);
    }
}

/* A child of a fork has none of its parent's threads. It computes the same, frees the parent's
 * objects, and may compile programs with threads of its own. The parent goes on too. */
Test(host, fork) {
    const double expected = loss_of_steps(2, 6);
    step s = make_step(2);
    run_steps(&s, 3);
    /* The workers fall asleep meanwhile: then the lock has waiters, too. */
    nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    const pid_t child = fork();
    if (child == 0) {
        alarm(40); /* a child that waits for ever must not outlive the test */
        const double inherited = run_steps(&s, 3);
        free_step(&s);
        const double own = loss_of_steps(2, 6);
        _exit((inherited == expected ? 0 : 1) + (own == expected ? 0 : 2));
    }
    int status = -1;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %d", status);
    cr_expect_eq(run_steps(&s, 3), expected);
    free_step(&s);
}
