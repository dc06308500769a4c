/*
 * A folder of a test's own: see workspace.h.
 */
#include "workspace.h"

#include "graph/file.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

workspace workspace_make(void) {
    workspace w = {"/tmp/yamlgrad-test-XXXXXX"};
    cr_assert_not_null(mkdtemp(w.folder));
    return w;
}

static void remove_tree(const char *path) {
    struct stat status;
    if (lstat(path, &status) != 0)
        return;
    if (!S_ISDIR(status.st_mode)) {
        unlink(path);
        return;
    }
    DIR *folder = opendir(path);
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        char inner[1024];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name);
        remove_tree(inner);
    }
    if (folder)
        closedir(folder);
    rmdir(path);
}

void workspace_remove(const workspace *w) {
    remove_tree(w->folder);
}

void workspace_remove_folder(const workspace *w, const char *name) {
    remove_tree(workspace_path(w, name));
}

const char *workspace_path(const workspace *w, const char *name) {
    static char paths[8][256];
    static size_t next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", w->folder, name);
    return path;
}

void workspace_write(const workspace *w, const char *name, const char *text) {
    yg_error error = {0};
    cr_assert(yg_file_write(workspace_path(w, name), text, strlen(text), &error), "%s",
              error.message);
}

char *workspace_read(const workspace *w, const char *name, size_t *size) {
    yg_error error = {0};
    size_t unused;
    char *text =
        yg_file_read(workspace_path(w, name), (size_t)1 << 26, size ? size : &unused, &error);
    cr_assert_not_null(text, "%s: %s", name, error.message);
    return text;
}

bool workspace_has(const workspace *w, const char *name) {
    return access(workspace_path(w, name), F_OK) == 0;
}

yg_model *workspace_model(const workspace *w, const char *name, const char *text) {
    yg_error error = {0};
    workspace_write(w, name, text);
    yg_model *model = yg_model_load(workspace_path(w, name), NULL, &error);
    cr_assert_not_null(model, "%s:%d:%d: %s", error.file, error.line, error.column, error.message);
    return model;
}
