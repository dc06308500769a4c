/*
 * The copy of a model: see model_copy.h.
 */
#include "model_copy.h"

#include "../graph/file.h"
#include "run_folder.h"

#include <stdlib.h>

static const size_t MODEL_CAP = (size_t)16 << 20;

static bool copy_file(const char *from, const char *folder, const char *name, yg_error *error) {
    size_t size;
    char *text = yg_file_read(from, MODEL_CAP, &size, error);
    char *path = text ? yg_run_path(folder, name, error) : NULL;
    const bool good = path && yg_file_write(path, text, size, error);
    free(path);
    free(text);
    return good;
}

bool yg_model_copy(const yg_model *model, const char *run_path, const char *folder,
                   yg_error *error) {
    return copy_file(yg_model_path(model), folder, YG_RUN_MODEL, error) &&
           (!run_path || copy_file(run_path, folder, "run.yaml", error));
}
