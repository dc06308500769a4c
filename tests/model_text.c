/*
 * See model_text.h.
 */
#include "model_text.h"

#include "workspace.h"

#include <stdio.h>
#include <string.h>

/* Removes every occurrence of `part` (not empty). */
static void cut(char *text, const char *part) {
    const size_t length = strlen(part);
    for (char *found = strstr(text, part); found != NULL; found = strstr(found, part))
        memmove(found, found + length, strlen(found + length) + 1);
}

yg_model *model_from_files(const char *text, const model_file *files, size_t count,
                           const yg_model_options *options, yg_error *error) {
    const workspace w = workspace_make();
    char prefix[sizeof w.folder + 2];
    workspace_write(&w, "model.yaml", text);
    for (size_t i = 0; i < count; i++)
        workspace_write(&w, files[i].name, files[i].text);
    yg_model *model = yg_model_load(workspace_path(&w, "model.yaml"), options, error);
    workspace_remove(&w);
    if (model == NULL && error != NULL) {
        snprintf(prefix, sizeof prefix, "%s/", w.folder);
        cut(error->file, prefix);
        cut(error->message, prefix);
    }
    return model;
}

yg_model *model_from_text(const char *text, yg_error *error) {
    return model_from_files(text, NULL, 0, NULL, error);
}
