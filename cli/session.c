/*
 * Opens the model of a command line: see session.h.
 */
#include "session.h"

#include "../train/run_folder.h"
#include "terminal.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

const char *const session_dtypes[3] = {"f32", "f64", NULL};

int session_fail(const yg_error *error) {
    fflush(stdout);
    terminal_report(error);
    return STATUS_FAILED;
}

static bool load_plugins(const command_line *line, session *session, yg_error *error) {
    *session = (struct session){0};
    size_t count = 0;
    const char *const *paths = option_texts(line, "plugin", &count);
    return plugins_open(paths, count, &session->plugins, error);
}

bool session_open_plugins(const command_line *line, session *session) {
    yg_error error = {0};
    if (load_plugins(line, session, &error))
        return true;
    session_fail(&error);
    return false;
}

/* "FOLDER/NAME" where there is such a file; otherwise NULL. */
static char *file_in(const char *folder, const char *name) {
    char *path = yg_run_path(folder, name, NULL);
    if (path && access(path, F_OK) == 0)
        return path;
    free(path);
    return NULL;
}

/* A run's folder stands for the model that it keeps, and for its second file, if it has one. */
static yg_model *load(const char *path, yg_model_options options, yg_error *error) {
    struct stat status;
    const bool folder = stat(path, &status) == 0 && S_ISDIR(status.st_mode);
    char *kept = folder ? file_in(path, YG_RUN_MODEL) : NULL;
    char *second = kept && !options.run_path ? file_in(path, YG_RUN_SECOND) : NULL;
    if (second)
        options.run_path = second;
    yg_model *model = yg_model_load(kept ? kept : path, &options, error);
    free(kept);
    free(second);
    return model;
}

static bool load_on(const command_line *line, const char *run_path, const char *const *data,
                    size_t data_count, session *session, yg_error *error) {
    size_t count = 0;
    const char *const *overrides = option_texts(line, "set", &count);
    if (!load_plugins(line, session, error))
        return false;
    const yg_model_options options = {
        .overrides = overrides,
        .override_count = count,
        .data = data,
        .data_count = data_count,
        .run_path = run_path,
        .ops = &session->plugins.set,
    };
    session->model = load(operand(line, 0), options, error);
    if (!session->model)
        session_close(session);
    return session->model != NULL;
}

bool session_load(const command_line *line, const char *run_path, session *session,
                  yg_error *error) {
    size_t count = 0;
    const char *const *data =
        option_known(line, "data") ? option_texts(line, "data", &count) : NULL;
    return load_on(line, run_path, data, count, session, error);
}

bool session_open(const command_line *line, const char *run_path, session *session) {
    yg_error error = {0};
    if (session_load(line, run_path, session, &error))
        return true;
    session_fail(&error);
    return false;
}

bool session_open_on(const command_line *line, const char *run_path, const char *const *data,
                     size_t data_count, session *session) {
    yg_error error = {0};
    if (load_on(line, run_path, data, data_count, session, &error))
        return true;
    session_fail(&error);
    return false;
}

void session_close(session *session) {
    yg_model_free(session->model);
    session->model = NULL;
    plugins_close(&session->plugins);
}

yg_dtype session_dtype(const command_line *line) {
    const int choice = option_choice(line, "dtype", -1);
    return choice < 0 ? (yg_dtype)0 : choice == 0 ? YG_F32 : YG_F64;
}
