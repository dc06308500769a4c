/*
 * Keeping what a failed step was computed from: see failed_step.h.
 */
#include "failed_step.h"

#include "../graph/file.h"
#include "../graph/text.h"
#include "../models/loader/print.h"
#include "run_folder.h"

#include <stdlib.h>
#include <string.h>

static const char data_section[] = "data:\n  train: {file: batch.safetensors}\n";

static bool save(const char *folder, const char *name, const yg_tensor_file *file,
                 yg_error *error) {
    char *path = yg_run_path(folder, name, error);
    const bool good = path && yg_safetensors_write(path, file, error);
    free(path);
    return good;
}

/* Lends the tensors of some of the network's ports. One that the program does not read is zeros. */
static bool add_ports(const yg_executable *executable, const yg_tensor_name *ports, size_t count,
                      yg_tensor_file *file, yg_error *error) {
    const yg_graph *graph = yg_network_graph(executable->network);
    bool good = true;
    for (size_t i = 0; i < count && good; i++) {
        const yg_type *type = yg_node_type(graph, ports[i].node);
        void *data = yg_program_data(executable->program, ports[i].node);
        good = data ? yg_tensor_file_lend(file, ports[i].name, type, data, error)
                    : yg_tensor_file_add(file, ports[i].name, type, NULL, error);
    }
    return good;
}

static bool save_batch(const char *folder, const yg_executable *executable, yg_error *error) {
    size_t inputs, targets;
    const yg_tensor_name *input = yg_network_inputs(executable->network, &inputs);
    const yg_tensor_name *target = yg_network_targets(executable->network, &targets);
    yg_tensor_file file = {0};
    const bool good = add_ports(executable, input, inputs, &file, error) &&
                      add_ports(executable, target, targets, &file, error) &&
                      save(folder, YG_FAILED_BATCH, &file, error);
    yg_tensor_file_free(&file);
    return good;
}

static bool save_weights(const char *folder, const yg_failed_step *failed, yg_error *error) {
    yg_tensor_file file = {0};
    bool good = true;
    for (size_t i = 0; i < failed->count && good; i++) {
        const yg_tensor *tensor = &failed->store->tensors[i];
        good = yg_tensor_file_lend(&file, tensor->name, &tensor->type,
                                   failed->values ? failed->values[i] : tensor->data, error);
    }
    good = good && save(folder, YG_RUN_WEIGHTS, &file, error);
    yg_tensor_file_free(&file);
    return good;
}

static bool save_model(const char *folder, const yg_model *model, yg_error *error) {
    char *text = yg_model_expand_with(model, data_section, error);
    char *path = text ? yg_run_path(folder, YG_RUN_MODEL, error) : NULL;
    const bool good = path && yg_file_write(path, text, strlen(text), error);
    free(path);
    free(text);
    return good;
}

bool yg_failed_step_save(const yg_failed_step *failed, yg_error *error) {
    const char *folder = failed->folder;
    return yg_file_make_folder(folder, error) && save_batch(folder, failed->executable, error) &&
           save_weights(folder, failed, error) && save_model(folder, failed->model, error);
}
