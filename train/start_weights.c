/*
 * The weights that a run starts from: see start_weights.h.
 */
#include "start_weights.h"

#include "../graph/file.h"
#include "weights.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The path of the file; NULL where there is none, or on failure. A path in a model file starts at
 * the folder of that file. */
static char *path_of(const yg_run *run, yg_error *error) {
    const char *option = run->options->weights, *text;
    const yg_value *value = run->settings.weights;
    char *path = NULL;
    if (option || !value)
        path = option ? strdup(option) : NULL;
    else if (!yg_value_text(value, "`weights`", &text, error))
        return NULL;
    else if (text[0] == '/' || !*yg_model_folder(run->model, "train"))
        path = strdup(text);
    else
        return yg_run_path(yg_model_folder(run->model, "train"), text, error);
    if (!path && (option || value))
        yg_fail_memory(error);
    return path;
}

bool yg_start_weights_load(yg_run *run, yg_error *error) {
    if (!run->options->weights && !run->settings.weights)
        return true;
    yg_tensor_file file = {0};
    char *path = path_of(run, error);
    FILE *open = path ? fopen(path, "rbe") : NULL;
    if (path && !open)
        yg_fail(error, YG_ERROR_IO,
                run->options->weights ? YG_NOWHERE : run->settings.weights->origin,
                "cannot open the weights to start from, '%s': %s", path, strerror(errno));
    const bool good = open && yg_safetensors_read(path, &file, error) &&
                      yg_weights_assign(&file, path, run->parameter_count, &run->store, error);
    yg_tensor_file_free(&file);
    free(path);
    yg_start_weights_close(run);
    run->start = open;
    return good;
}

bool yg_start_weights_keep(const yg_run *run, yg_error *error) {
    if (!run->start)
        return true;
    const yg_file_part part = {.spool = run->start};
    char *path = yg_run_path(run->result->folder, YG_RUN_START, error);
    const bool good = path && yg_file_write_parts(path, &part, 1, error);
    free(path);
    return good;
}

bool yg_start_weights_kept(const yg_run *run) {
    char *path = run->options->resume ? yg_run_path(run->result->folder, YG_RUN_START, NULL) : NULL;
    const bool kept = run->start || (path && access(path, F_OK) == 0);
    free(path);
    return kept;
}

void yg_start_weights_close(yg_run *run) {
    if (run->start)
        fclose(run->start);
    run->start = NULL;
}
