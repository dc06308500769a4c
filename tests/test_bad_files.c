/*
 * Wrong model files and data, each with the exact message that its writer gets.
 *
 * tests/bad/NAME.yaml, or tests/bad/NAME/model.yaml with the files that it names, goes with
 * tests/bad/NAME.expected: "file:line:column: message", where paths start at tests/bad. A file
 * that is read without an error fails the test. After a change of messages,
 *
 *     YG_UPDATE_EXPECTED=1 build/release/tests/test_bad_files
 *
 * writes the .expected files anew, to be read through as a user would before they are committed.
 */
#include "data/data.h"
#include "graph/file.h"
#include "models/model.h"
#include "train/gradients.h"
#include "train/settings.h"
#include "train/train.h"
#include "train/training_step.h"
#include "workspace.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FOLDER    YG_SOURCE "/tests/bad/"
#define FILE_CAP  1000
#define NAME_SIZE 128

typedef struct bad_file {
    char name[NAME_SIZE]; /* without its ending */
    bool folder;
} bad_file;

/* ------------------------------------------------------------------------------ the files -- */

static bool ends_with(const char *text, const char *ending) {
    const size_t length = strlen(text), tail = strlen(ending);
    return length > tail && strcmp(text + length - tail, ending) == 0;
}

static int compare_names(const void *a, const void *b) {
    return strcmp(((const bad_file *)a)->name, ((const bad_file *)b)->name);
}

/* All bad files in the order of their names; `files` has room for FILE_CAP. */
static size_t list_files(bad_file *files) {
    DIR *directory = opendir(FOLDER);
    cr_assert_not_null(directory);
    size_t count = 0;
    for (const struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        const char *name = entry->d_name;
        /* Another process may be writing an .expected file, under a temporary name. */
        if (name[0] == '.' || ends_with(name, ".expected") || ends_with(name, ".tmp"))
            continue;
        cr_assert(count < FILE_CAP && strlen(name) < NAME_SIZE);
        bad_file *file = &files[count++];
        memset(file, 0, sizeof *file);
        file->folder = !ends_with(name, ".yaml");
        memcpy(file->name, name, strlen(name) - (file->folder ? 0 : strlen(".yaml")));
    }
    closedir(directory);
    qsort(files, count, sizeof *files, compare_names);
    return count;
}

/* ---------------------------------------------------------------------------- the message -- */

/* Reads the model and its files. Returns the error, or YG_OK. */
static yg_error read_everything(const char *path) {
    yg_error error = {0};
    yg_model *model = yg_model_load(path, NULL, &error);
    if (model != NULL && yg_model_section(model, "train") != NULL) {
        yg_settings settings;
        yg_settings_read(model, NULL, &settings, &error);
    }
    if (model != NULL && error.code == YG_OK && yg_model_section(model, "data") != NULL) {
        yg_data data = {0};
        if (yg_data_load(model, YG_F32, &data, &error))
            yg_data_free(&data);
    }
    yg_model_free(model);
    return error;
}

static void expect_same(const char *path, const char *command, const yg_error *error,
                        const yg_error *expected) {
    cr_expect(error->code == expected->code && error->line == expected->line &&
                  error->column == expected->column &&
                  strcmp(error->message, expected->message) == 0,
              "%s: %s says: %s", path, command, error->message);
}

/* The commands that compute gradients read the data as `train` does. Where its own section is
 * right, they refuse the data with the same words. */
static void compare_readers(const char *path, const yg_model *model, const yg_error *expected) {
    const yg_gradients_options at = {.threads = 1};
    const yg_training_step_options step = {.threads = 1};
    yg_error graded = {0}, stepped = {0};
    yg_settings settings;
    yg_gradients gradients;
    yg_training_step made;
    if (!yg_settings_read(model, NULL, &settings, NULL))
        return;
    if (yg_loss_gradients(model, &at, &gradients, &graded))
        yg_gradients_free(&gradients);
    if (yg_training_step_make(model, &step, &made, &stepped))
        yg_training_step_free(&made);
    expect_same(path, "grad", &graded, expected);
    expect_same(path, "profile", &stepped, expected);
}

/* `train` and `check` read the sections of a file by the same calls. So they refuse it with the
 * same words. Files without both sections are refused by `train` for that. */
static void compare_commands(const char *path, const yg_error *expected) {
    yg_model *model = yg_model_load(path, NULL, NULL);
    if (model && yg_model_section(model, "train") && yg_model_section(model, "data")) {
        const workspace w = workspace_make();
        const yg_train_options options = {.out = workspace_path(&w, "run"), .threads = 1};
        const yg_gradients_options at = {.threads = 1};
        yg_error trained = {0}, checked = {0};
        yg_train_result result;
        yg_gradient_checks checks;
        yg_train(model, &options, &result, &trained);
        yg_train_result_free(&result);
        cr_expect_not(workspace_has(&w, "run"), "%s: train leaves a folder", path);
        if (yg_check_gradients(model, &at, &checks, &checked))
            yg_gradient_checks_free(&checks);
        expect_same(path, "train", &trained, expected);
        expect_same(path, "check", &checked, expected);
        compare_readers(path, model, expected);
        workspace_remove(&w);
    }
    yg_model_free(model);
}

/* Removes the folder's name from a text, everywhere. */
static void strip_folder(char *text) {
    for (char *at; (at = strstr(text, FOLDER)) != NULL;)
        memmove(at, at + strlen(FOLDER), strlen(at + strlen(FOLDER)) + 1);
}

/* A file that fails does not end the test: the next ones are read too. */
static void check(const bad_file *file) {
    char path[1024], expected_path[1024];
    snprintf(path, sizeof path, FOLDER "%s%s", file->name, file->folder ? "/model.yaml" : ".yaml");
    snprintf(expected_path, sizeof expected_path, FOLDER "%s.expected", file->name);

    const yg_error error = read_everything(path);
    cr_expect(error.code != YG_OK, "%s is read without an error", path);
    cr_expect(error.code != YG_ERROR_INTERNAL, "%s shows a bug: %s", path, error.message);
    if (error.code == YG_OK)
        return;
    compare_commands(path, &error);
    char text[2000];
    yg_error_text(&error, text, sizeof text - 1);
    strip_folder(text);
    strcat(text, "\n");

    yg_error ignored = {0};
    if (getenv("YG_UPDATE_EXPECTED") != NULL)
        cr_expect(yg_file_write(expected_path, text, strlen(text), &ignored), "%s",
                  ignored.message);
    size_t size;
    char *expected = yg_file_read(expected_path, sizeof text, &size, &ignored);
    cr_expect_not_null(expected, "%s", ignored.message);
    if (expected)
        cr_expect_str_eq(text, expected, "%s\nfound:    %sexpected: %s", path, text, expected);
    free(expected);
}

/* Test k reads file k and every SHARES-th file after it. A process for each file would cost more
 * than reading the file. */
#define SHARES 8

ParameterizedTestParameters(bad_files, message) {
    static size_t firsts[SHARES];
    for (size_t i = 0; i < SHARES; i++)
        firsts[i] = i;
    return cr_make_param_array(size_t, firsts, SHARES);
}

ParameterizedTest(size_t *first, bad_files, message) {
    static bad_file files[FILE_CAP];
    const size_t count = list_files(files);
    for (size_t i = *first; i < count; i += SHARES)
        check(&files[i]);
}

Test(bad_files, are_enough_and_all_expected) {
    static bad_file files[FILE_CAP];
    const size_t count = list_files(files);
    cr_expect(count >= 80, "only %zu files", count);
    DIR *directory = opendir(FOLDER);
    cr_assert_not_null(directory);
    size_t expectations = 0;
    for (const struct dirent *entry; (entry = readdir(directory)) != NULL;)
        expectations += ends_with(entry->d_name, ".expected");
    closedir(directory);
    cr_expect_eq(expectations, count, "%zu files, %zu .expected", count, expectations);
}
