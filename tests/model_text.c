/*
 * See model_text.h.
 */
#include "model_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILES_MAX 8

static bool write_file(const char *path, const char *text) {
    FILE *file = fopen(path, "w");
    if (file == NULL)
        return false;
    const bool written = fputs(text, file) >= 0;
    return fclose(file) == 0 && written;
}

/* Removes every occurrence of `part` (not empty). */
static void cut(char *text, const char *part) {
    const size_t length = strlen(part);
    for (char *found = strstr(text, part); found != NULL; found = strstr(found, part))
        memmove(found, found + length, strlen(found + length) + 1);
}

yg_model *model_from_files(const char *text, const model_file *files, size_t count,
                           const yg_model_options *options, yg_error *error) {
    char folder[] = "/tmp/yamlgrad-test-XXXXXX";
    char paths[FILES_MAX + 1][100], prefix[40];
    if (count > FILES_MAX || mkdtemp(folder) == NULL) {
        yg_fail(error, YG_ERROR_IO, YG_NOWHERE, "cannot make a folder for a test");
        return NULL;
    }
    bool written = true;
    for (size_t i = 0; i <= count; i++) {
        snprintf(paths[i], sizeof paths[i], "%s/%s", folder,
                 i == 0 ? "model.yaml" : files[i - 1].name);
        written = write_file(paths[i], i == 0 ? text : files[i - 1].text) && written;
    }
    yg_model *model = NULL;
    if (written)
        model = yg_model_load(paths[0], options, error);
    else
        yg_fail(error, YG_ERROR_IO, YG_NOWHERE, "cannot write the files of a test");
    for (size_t i = 0; i <= count; i++)
        unlink(paths[i]);
    rmdir(folder);
    if (model == NULL && error != NULL) {
        snprintf(prefix, sizeof prefix, "%s/", folder);
        cut(error->file, prefix);
        cut(error->message, prefix);
    }
    return model;
}

yg_model *model_from_text(const char *text, yg_error *error) {
    return model_from_files(text, NULL, 0, NULL, error);
}
