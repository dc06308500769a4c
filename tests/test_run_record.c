/*
 * run.json and metrics.jsonl: what a run tells of itself.
 */
#include "train/git_commit.h"
#include "train/train.h"
#include "workspace.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char model_text[] =
    "format: 1\n"
    "name: told\n"
    "vars: {width: 2, rate: 1}\n"
    "inputs: {x: [B, 1]}\n"
    "targets: {y: [B, 1]}\n"
    "graph:\n"
    "  h: {type: linear, input: x, out_features: width}\n"
    "  p: {type: linear, out_features: 1}\n"
    "outputs: [p]\n"
    "loss: rate * mse(p, y)\n"
    "metrics: {mae: \"mae(p, y)\", other: \"mse(p, y)\"}\n"
    "data:\n"
    "  train: {x: [[0], [1], [2], [3]], y: [[1], [3], [5], [7]]}\n"
    "  validation: {x: [[4]], y: [[9]]}\n"
    "train: {epochs: 3, batch_size: 1, seed: 1, dtype: f64, optimizer: {type: sgd, lr: 0.01}}\n";

static json_t *read_record(const workspace *w) {
    size_t size;
    json_error_t wrong;
    char *text = workspace_read(w, "run/run.json", &size);
    json_t *record = json_loadb(text, size, JSON_REJECT_DUPLICATES, &wrong);
    cr_assert_not_null(record, "%s\n%s", wrong.text, text);
    free(text);
    return record;
}

static const char *text_at(const json_t *record, const char *key) {
    const char *text = json_string_value(json_object_get(record, key));
    return text ? text : "(none)";
}

static bool train(const workspace *w, const yg_model *model, yg_train_options options) {
    yg_error error = {0};
    yg_train_result result = {0};
    char out[256];
    snprintf(out, sizeof out, "%s", workspace_path(w, "run"));
    options.out = out;
    options.threads = 1;
    const bool good = yg_train(model, &options, &result, &error);
    yg_train_result_free(&result);
    return good;
}

Test(run_record, it_tells_settings_results_and_starts) {
    static const char *const words[] = {"yamlgrad", "train", "a \"b\"\\\n", "\xff"};
    static const char *const sets[] = {"width=3", "rate=2", "width=4"};
    const workspace w = workspace_make();
    yg_error error = {0};
    workspace_write(&w, "told.yaml", model_text);
    const yg_model_options given = {.overrides = sets, .override_count = 3};
    yg_model *model = yg_model_load(workspace_path(&w, "told.yaml"), &given, &error);
    cr_assert_not_null(model, "%s", error.message);
    yg_train_options options = {.command = words,
                                .command_count = 4,
                                .overrides = sets,
                                .override_count = 3,
                                .has_epochs = true,
                                .epochs = 2,
                                .has_lr = true,
                                .lr = 0.005};
    cr_assert(train(&w, model, options));
    json_t *record = read_record(&w);
    cr_expect_str_eq(text_at(record, "status"), "finished");
    cr_expect_str_eq(text_at(record, "model"), "told");
    cr_expect_str_eq(text_at(record, "dtype"), "f64");
    cr_expect_str_eq(text_at(record, "monitor"), "validation.loss");
    cr_expect_str_eq(text_at(record, "file"), workspace_path(&w, "told.yaml"));
    const json_t *command = json_object_get(record, "command");
    cr_expect_eq(json_array_size(command), 4);
    cr_expect_str_eq(json_string_value(json_array_get(command, 2)), words[2]);
    cr_expect_str_eq(json_string_value(json_array_get(command, 3)), "\xef\xbf\xbd");
    const json_t *set = json_object_get(record, "set");
    cr_expect_eq(json_object_size(set), 2);
    cr_expect_str_eq(text_at(set, "width"), "4");
    const json_t *options_told = json_object_get(record, "options");
    cr_expect_eq(json_object_size(options_told), 2);
    cr_expect_eq(json_number_value(json_object_get(options_told, "lr")), 0.005);
    cr_expect_eq(json_integer_value(json_object_get(record, "epochs")), 2);
    cr_expect_eq(json_integer_value(json_object_get(record, "steps")), 8);
    cr_expect_eq(json_integer_value(json_object_get(record, "starts")), 1);
    const json_t *results = json_object_get(record, "results");
    const json_t *validation = json_object_get(results, "validation");
    cr_expect_gt(json_number_value(json_object_get(validation, "loss")), 0);
    cr_expect_null(json_object_get(results, "test"));
    char started[40];
    snprintf(started, sizeof started, "%s", text_at(record, "started"));
    cr_expect_eq(strlen(started), strlen("2026-11-28T19:35:38Z"));
    json_decref(record);

    /* A run that goes on keeps its beginning. */
    options.epochs = 3;
    options.resume = true;
    cr_assert(train(&w, model, options));
    record = read_record(&w);
    cr_expect_eq(json_integer_value(json_object_get(record, "starts")), 2);
    cr_expect_str_eq(text_at(record, "started"), started);
    cr_expect_eq(json_integer_value(json_object_get(record, "epochs")), 3);
    json_decref(record);
    yg_model_free(model);
    workspace_remove(&w);
}

static void stop_later(void *context, const yg_train_progress *progress) {
    if (progress->step == 5)
        *(sig_atomic_t *)context = 1;
}

Test(run_record, it_tells_how_a_run_has_ended) {
    const workspace w = workspace_make();
    yg_model *model = workspace_model(&w, "told.yaml", model_text);
    sig_atomic_t stop = 0;
    cr_assert(train(&w, model,
                    (yg_train_options){.progress = stop_later, .context = &stop, .stop = &stop}));
    json_t *record = read_record(&w);
    cr_expect_str_eq(text_at(record, "status"), "interrupted");
    cr_expect_eq(json_integer_value(json_object_get(record, "steps")), 5);
    /* Scored all the same: there was time. */
    cr_expect_not_null(json_object_get(json_object_get(record, "results"), "train"));
    json_decref(record);
    yg_model_free(model);
    /* A loss that becomes infinite after the first checkpoint. */
    char text[2000];
    const char *lr = strstr(model_text, "0.01}");
    snprintf(text, sizeof text, "%.*s1e9}}\n", (int)(lr - model_text), model_text);
    model = workspace_model(&w, "told.yaml", text);
    cr_assert_not(train(&w, model, (yg_train_options){.save_seconds = 1e-9}));
    record = read_record(&w);
    cr_expect_str_eq(text_at(record, "status"), "failed");
    cr_expect_not_null(strstr(text_at(record, "message"), "is infinite at step 4"), "%s",
                       text_at(record, "message"));
    json_decref(record);
    yg_model_free(model);
    workspace_remove(&w);
}

Test(run_record, metrics_are_lines_of_json) {
    const workspace w = workspace_make();
    yg_model *model = workspace_model(&w, "told.yaml", model_text);
    cr_assert(train(&w, model, (yg_train_options){0}));
    char *text = workspace_read(&w, "run/metrics.jsonl", NULL);
    char *csv = workspace_read(&w, "run/history.csv", NULL);
    char *row = csv;
    int lines = 0;
    for (char *line = text; *line; lines++) {
        const size_t length = strcspn(line, "\n");
        json_t *entry = json_loadb(line, length, JSON_REJECT_DUPLICATES, NULL);
        cr_assert_not_null(entry, "%s", line);
        double epoch, step, lr, loss, mae;
        row += strcspn(row, "\n") + 1;
        cr_assert_eq(sscanf(row, "%lf,%lf,%lf,%lf,%lf", &epoch, &step, &lr, &loss, &mae), 5);
        const json_t *part = json_object_get(entry, "train");
        cr_expect_eq(json_integer_value(json_object_get(entry, "epoch")), lines + 1);
        cr_expect_eq(json_number_value(json_object_get(entry, "step")), step);
        cr_expect_eq(json_number_value(json_object_get(entry, "lr")), lr);
        cr_expect_eq(json_number_value(json_object_get(part, "loss")), loss);
        cr_expect_eq(json_number_value(json_object_get(part, "mae")), mae);
        part = json_object_get(entry, "validation");
        cr_expect_eq(json_object_size(part), 3);
        json_decref(entry);
        line += length + 1;
    }
    cr_expect_eq(lines, 3);
    free(csv);
    free(text);
    yg_model_free(model);
    workspace_remove(&w);
}

static void stop_at_7(void *context, const yg_train_progress *progress) {
    if (progress->step == 7)
        *(sig_atomic_t *)context = 1;
}

static void count_lines(const workspace *w, int *epochs, int *steps, double *last) {
    char *text = workspace_read(w, "run/metrics.jsonl", NULL);
    *epochs = *steps = 0;
    for (char *line = text; *line; line += strcspn(line, "\n") + 1) {
        json_t *entry = json_loadb(line, strcspn(line, "\n"), JSON_REJECT_DUPLICATES, NULL);
        cr_assert_not_null(entry, "%s", line);
        const double step = json_number_value(json_object_get(entry, "step"));
        const bool epoch = json_object_get(entry, "train") != NULL;
        cr_expect(step >= *last || line == text, "the lines are in order: %s", text);
        cr_expect(epoch || json_is_number(json_object_get(entry, "loss")), "%s", line);
        *epochs += epoch;
        *steps += !epoch;
        *last = step;
        json_decref(entry);
    }
    free(text);
}

Test(run_record, steps_are_noted_where_that_is_asked_for) {
    const workspace w = workspace_make();
    char text[2000];
    int epochs, steps;
    double last = 0;
    const char *seed = strstr(model_text, "seed: 1");
    snprintf(text, sizeof text, "%.*slog_every: 3, %s", (int)(seed - model_text), model_text, seed);
    yg_model *model = workspace_model(&w, "told.yaml", text);
    sig_atomic_t stop = 0;
    cr_assert(train(&w, model,
                    (yg_train_options){.progress = stop_later, .context = &stop, .stop = &stop}));
    count_lines(&w, &epochs, &steps, &last);
    cr_expect(epochs == 1 && steps == 1, "%d epochs, %d steps", epochs, steps);
    /* A checkpoint within an epoch brings them too. */
    stop = 0;
    cr_assert(train(&w, model,
                    (yg_train_options){.resume = true,
                                       .save_seconds = 1e-9,
                                       .progress = stop_at_7,
                                       .context = &stop,
                                       .stop = &stop}));
    count_lines(&w, &epochs, &steps, &last);
    cr_expect(epochs == 1 && steps == 2, "%d epochs, %d steps", epochs, steps);
    stop = 0;
    cr_assert(train(&w, model, (yg_train_options){.resume = true}));
    count_lines(&w, &epochs, &steps, &last);
    cr_expect(epochs == 3 && steps == 4, "%d epochs, %d steps", epochs, steps);
    char *resumed = workspace_read(&w, "run/metrics.jsonl", NULL);
    cr_assert(train(&w, model, (yg_train_options){0}));
    char *whole = workspace_read(&w, "run/metrics.jsonl", NULL);
    cr_expect_str_eq(resumed, whole);
    free(resumed);
    free(whole);
    yg_model_free(model);
    workspace_remove(&w);
}

Test(run_record, the_commit_of_a_repository) {
    static const char one[] = "0123456789abcdef0123456789abcdef01234567\n";
    static const char two[] = "# pack-refs with: peeled\n"
                              "89abcdef0123456789abcdef0123456789abcdef refs/heads/other\n"
                              "fedcba9876543210fedcba9876543210fedcba98 refs/heads/main\n"
                              "^0000000000000000000000000000000000000000\n";
    static const char *const folders[] = {
        "r",     "r/.git",           "r/.git/refs",        "r/.git/refs/heads",
        "r/sub", "r/.git/worktrees", "r/.git/worktrees/t", "t"};
    const workspace w = workspace_make();
    char commit[YG_COMMIT_TEXT] = "", sub[256], tree[256], link[512];
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        cr_assert_eq(mkdir(workspace_path(&w, folders[i]), 0777), 0);
    snprintf(sub, sizeof sub, "%s", workspace_path(&w, "r/sub"));
    snprintf(tree, sizeof tree, "%s", workspace_path(&w, "t"));
    workspace_write(&w, "r/.git/HEAD", "ref: refs/heads/main\n");
    cr_expect_not(yg_git_commit(sub, commit), "there is no commit yet");
    workspace_write(&w, "r/.git/packed-refs", two);
    cr_expect(yg_git_commit(sub, commit));
    cr_expect_str_eq(commit, "fedcba9876543210fedcba9876543210fedcba98");
    workspace_write(&w, "r/.git/refs/heads/main", one);
    cr_expect(yg_git_commit(sub, commit));
    cr_expect(strncmp(commit, one, 40) == 0, "%s", commit);
    /* A second work tree, at a commit without a name. */
    snprintf(link, sizeof link, "gitdir: %s\n", workspace_path(&w, "r/.git/worktrees/t"));
    workspace_write(&w, "t/.git", link);
    workspace_write(&w, "r/.git/worktrees/t/commondir", "../..\n");
    workspace_write(&w, "r/.git/worktrees/t/HEAD", "89abcdef0123456789abcdef0123456789abcdef\n");
    cr_expect(yg_git_commit(tree, commit));
    cr_expect_str_eq(commit, "89abcdef0123456789abcdef0123456789abcdef");
    workspace_write(&w, "r/.git/worktrees/t/HEAD", "ref: refs/heads/main\n");
    cr_expect(yg_git_commit(tree, commit));
    cr_expect(strncmp(commit, one, 40) == 0, "%s", commit);
    workspace_write(&w, "r/.git/HEAD", "nonsense\n");
    cr_expect_not(yg_git_commit(sub, commit));
    workspace_remove(&w);
}
