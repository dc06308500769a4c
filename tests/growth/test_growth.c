/*
 * Every cost grows linearly: twice the size, at most GROWTH times the work.
 *
 * Each model of models.c has n of one thing. Every command runs on it at n, 2n and 4n: once with 4n
 * at 10 times what people write, and once at 1,000 times.
 *
 * Small models: what is exponential is caught by comparing the work itself. Large models: what
 * every run does, whatever n, would hide much, so the growth from 2n to 4n is compared with that
 * from n to 2n. It is twice that where work is linear, and four times where it is quadratic.
 */
#include "../workspace.h"
#include "commands.h"
#include "models.h"
#include "work.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define GROWTH 2.3

static bool has_word(const char *list, const char *word) {
    const size_t length = strlen(word);
    for (const char *at = list; (at = strstr(at, word)) != NULL; at += length)
        if ((at == list || at[-1] == ' ') && (at[length] == ' ' || at[length] == 0))
            return true;
    return false;
}

static bool takes(const growing_model *model, const char *command) {
    return has_word(model->commands, command);
}

static const counted_command *find_command(const char *name) {
    for (size_t i = 0; i < counted_command_count; i++)
        if (strcmp(counted_commands[i].name, name) == 0)
            return &counted_commands[i];
    return NULL;
}

static void first_line(const char *path, char *line, int size) {
    FILE *file = fopen(path, "r");
    line[0] = 0;
    if (file && fgets(line, size, file))
        line[strcspn(line, "\n")] = 0;
    if (file)
        fclose(file);
}

/* The runs of all commands on a model with n things. */
static void measure(const growing_model *model, int n, counted_run *runs) {
    const workspace w = workspace_make();
    cr_assert_eq(chdir(w.folder), 0);
    model->write(n);
    for (size_t i = 0; i < counted_command_count; i++) {
        const counted_command *command = &counted_commands[i];
        if (!takes(model, command->name))
            continue;
        if (command->trained && !takes(model, "train"))
            count_run(find_command("train"));
        runs[i] = count_run(command);
        char line[400];
        first_line("err", line, sizeof line);
        cr_assert_geq(runs[i].status, 0, "%s, %d of them: %s does not end", model->name, n,
                      command->name);
        cr_expect_eq(runs[i].status, model->status, "%s, %d of them: %s ends with status %d: %s",
                     model->name, n, command->name, runs[i].status, line);
    }
    cr_assert_eq(chdir("/"), 0);
    workspace_remove(&w);
}

/* One command's work on three sizes. */
static bool is_linear(const double *work, bool small) {
    if (small)
        return work[1] <= GROWTH * work[0] && work[2] <= GROWTH * work[1];
    const double first = work[1] - work[0], second = work[2] - work[1];
    return second <= GROWTH * first || second < 1000;
}

static void check(const growing_model *model, int times) {
    const char *only = getenv("YG_GROWTH");
    if (only && !strstr(model->name, only))
        return;
    int most = model->usual * times;
    if (model->most && most > model->most)
        most = model->most;
    const int n = most / 4;
    counted_run runs[3][16] = {0};
    for (int i = 0; i < 3; i++)
        measure(model, n << i, runs[i]);
    for (size_t k = 0; k < counted_command_count; k++) {
        const double work[3] = {(double)runs[0][k].work, (double)runs[1][k].work,
                                (double)runs[2][k].work};
        if (only && work[0] > 0)
            fprintf(stderr, "%-28s %-8s %7d %12.0f %12.0f %6.2f\n", model->name,
                    counted_commands[k].name, n, work[2], (work[2] - work[1]) / (2.0 * n),
                    (work[2] - work[1]) / (work[1] - work[0]));
        /* A few dozen of something are little work: what each run costs anyway is a part of it, and
         * differs from run to run as times and numbers have more or fewer digits. */
        cr_expect(is_linear(work, times < 100 || most < 200),
                  "%s: the work of %s is %.0f for %d of them, %.0f for %d, %.0f for %d",
                  model->name, counted_commands[k].name, work[0], n, work[1], 2 * n, work[2],
                  4 * n);
    }
}

/* A test runs in a process of its own, where pointers mean nothing: its parameter is an index. */
static struct criterion_test_params all_models(void) {
    static size_t indices[1000];
    const size_t count = growing_model_count();
    cr_assert_leq(count, sizeof indices / sizeof *indices);
    for (size_t i = 0; i < count; i++)
        indices[i] = i;
    return cr_make_param_array(size_t, indices, count);
}

ParameterizedTestParameters(growth, at_10_times) {
    return all_models();
}

ParameterizedTest(size_t *index, growth, at_10_times) {
    check(growing_model_at(*index), 10);
}

ParameterizedTestParameters(growth, at_1000_times) {
    return all_models();
}

ParameterizedTest(size_t *index, growth, at_1000_times) {
    check(growing_model_at(*index), 1000);
}
