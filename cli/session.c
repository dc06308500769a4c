/*
 * Opens the model of a command line: see session.h.
 */
#include "session.h"

#include "terminal.h"

const char *const session_dtypes[3] = {"f32", "f64", NULL};

int session_fail(const yg_error *error) {
    fflush(stdout);
    terminal_report(error);
    return STATUS_FAILED;
}

bool session_open_plugins(const command_line *line, session *session) {
    *session = (struct session){0};
    yg_error error = {0};
    size_t count = 0;
    const char *const *paths = option_texts(line, "plugin", &count);
    if (plugins_open(paths, count, &session->plugins, &error))
        return true;
    session_fail(&error);
    return false;
}

bool session_open(const command_line *line, const char *run_path, session *session) {
    size_t count = 0;
    const char *const *data =
        option_known(line, "data") ? option_texts(line, "data", &count) : NULL;
    return session_open_on(line, run_path, data, count, session);
}

bool session_open_on(const command_line *line, const char *run_path, const char *const *data,
                     size_t data_count, session *session) {
    if (!session_open_plugins(line, session))
        return false;
    yg_error error = {0};
    size_t count = 0;
    const char *const *overrides = option_texts(line, "set", &count);
    const yg_model_options options = {
        .overrides = overrides,
        .override_count = count,
        .data = data,
        .data_count = data_count,
        .run_path = run_path,
        .ops = &session->plugins.set,
    };
    session->model = yg_model_load(operand(line, 0), &options, &error);
    if (session->model)
        return true;
    session_fail(&error);
    session_close(session);
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
