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
#include "train/settings.h"

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
