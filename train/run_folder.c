/*
 * A run's folder: see run_folder.h.
 */
#include "run_folder.h"

#include "../graph/file.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char *const own_names[] = {YG_RUN_WEIGHTS, YG_RUN_CHECKPOINT, YG_RUN_HISTORY,
                                        YG_RUN_CURVE,   "model.yaml",      "run.yaml"};

static const size_t MODEL_CAP = (size_t)16 << 20;

char *yg_run_path(const char *folder, const char *name, yg_error *error) {
    const size_t size = strlen(folder) + strlen(name) + 2;
    char *path = malloc(size);
    if (path)
        snprintf(path, size, "%s/%s", folder, name);
    else
        yg_fail_memory(error);
    return path;
}

char *yg_run_folder_name(const yg_model *model, const char *out, yg_error *error) {
    if (out && !*out) {
        yg_fail(error, YG_ERROR_ARGUMENT, YG_NOWHERE, "the run's folder needs a name");
        return NULL;
    }
    char *folder = out ? strdup(out) : yg_run_path("runs", yg_model_name(model), error);
    if (!folder)
        yg_fail_memory(error);
    /* A trailing slash would put the older run inside. */
    for (size_t end = folder ? strlen(folder) : 0; end > 1 && folder[end - 1] == '/'; end--)
        folder[end - 1] = '\0';
    return folder;
}

static bool is_own(const char *name) {
    for (size_t i = 0; i < sizeof own_names / sizeof *own_names; i++)
        if (strcmp(name, own_names[i]) == 0)
            return true;
    return false;
}

/* What a folder holds: whether names of ours, and the first name of others (freed by the caller;
 * NULL: there is none). */
static bool look(const char *folder, bool *own, char **other, yg_error *error) {
    DIR *entries = opendir(folder);
    const struct dirent *entry;
    bool good = true;
    *own = false;
    *other = NULL;
    if (!entries)
        return errno == ENOENT ||
               yg_fail(error, YG_ERROR_IO, YG_NOWHERE, "cannot use '%s' as the run's folder: %s",
                       folder, strerror(errno));
    while (good && (entry = readdir(entries))) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (is_own(entry->d_name))
            *own = true;
        else if (!*other && !(*other = strdup(entry->d_name)))
            good = yg_fail_memory(error);
    }
    closedir(entries);
    return good;
}

static bool move_away(const char *folder, char **moved, yg_error *error) {
    struct stat unused;
    const size_t size = strlen(folder) + 16;
    if (!(*moved = malloc(size)))
        return yg_fail_memory(error);
    for (int number = 1; number < 1000000; number++) {
        snprintf(*moved, size, "%s-%d", folder, number);
        if (lstat(*moved, &unused) == 0)
            continue;
        if (errno == ENOENT && rename(folder, *moved) == 0)
            return true;
        return yg_fail(error, YG_ERROR_IO, YG_NOWHERE, "cannot rename '%s' to '%s': %s", folder,
                       *moved, strerror(errno));
    }
    return yg_fail(error, YG_ERROR_IO, YG_NOWHERE,
                   "'%s' holds an older run, and there is no free name to keep it under", folder);
}

bool yg_run_folder_prepare(const char *folder, char **moved, yg_error *error) {
    bool own;
    char *other = NULL;
    bool good = look(folder, &own, &other, error);
    if (good && own && other)
        good = yg_fail(error, YG_ERROR_IO, YG_NOWHERE,
                       "'%s' holds files that a run would write over, and others, such as '%s'; "
                       "choose another folder",
                       folder, other);
    free(other);
    return good && (!own || move_away(folder, moved, error)) && yg_file_make_folder(folder, error);
}

static bool copy_file(const char *from, const char *folder, const char *name, yg_error *error) {
    size_t size;
    char *text = yg_file_read(from, MODEL_CAP, &size, error);
    char *path = text ? yg_run_path(folder, name, error) : NULL;
    const bool good = path && yg_file_write(path, text, size, error);
    free(path);
    free(text);
    return good;
}

bool yg_run_folder_copy_model(const char *folder, const char *model, const char *run_path,
                              yg_error *error) {
    return copy_file(model, folder, "model.yaml", error) &&
           (!run_path || copy_file(run_path, folder, "run.yaml", error));
}
