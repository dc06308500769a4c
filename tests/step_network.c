/*
 * A small network that tests train: see step_network.h.
 */
#include "step_network.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>

yg_train_result step_network_train_text(const workspace *w, const char *text, const char *folder) {
    yg_error error = {0};
    yg_train_result result;
    yg_model *model = workspace_model(w, "model.yaml", text);
    const yg_train_options options = {.out = workspace_path(w, folder), .threads = 1};
    cr_assert(yg_train(model, &options, &result, &error), "%s in\n%s", error.message, text);
    yg_model_free(model);
    return result;
}

yg_tensor_file step_network_tensors(const workspace *w, const char *name) {
    yg_error error = {0};
    yg_tensor_file file = {0};
    cr_assert(yg_safetensors_read(workspace_path(w, name), &file, &error), "%s", error.message);
    return file;
}

/* The largest difference of two files' tensors. */
double step_network_difference(const workspace *w, const char *a, const char *b) {
    yg_tensor_file left = step_network_tensors(w, a), right = step_network_tensors(w, b);
    double most = 0;
    cr_assert_eq(left.count, right.count);
    for (size_t i = 0; i < left.count; i++) {
        const yg_tensor *other = yg_tensor_find(&right, left.tensors[i].name);
        cr_assert(other && yg_type_equal(&other->type, &left.tensors[i].type));
        const yg_dtype dtype = other->type.dtype;
        for (int64_t k = 0; k < yg_type_count(&other->type); k++)
            most = fmax(most, fabs(yg_element_get(dtype, left.tensors[i].data, k) -
                                   yg_element_get(dtype, other->data, k)));
    }
    yg_tensor_file_free(&left);
    yg_tensor_file_free(&right);
    return most;
}

const char step_network_text[] =
    "format: 1\n"
    "name: net\n"
    "inputs: {x: [B, 2]}\n"
    "targets: {y: [B, 1]}\n"
    "graph:\n"
    "  h: {type: linear, input: x, out_features: 4, activation: tanh}\n"
    "  z: {type: linear, out_features: 1}\n"
    "outputs: [z]\n"
    "loss: mse(z, y)\n"
    "metrics: {far: mean(abs(z - y))}\n"
    "data:\n"
    "  train:\n"
    "    x: [[0, 0], [0, 1], [1, 0], [1, 1], [2, 0], [0, 2], [2, 1], [1, 2], [3, 1], [1, 3], [2, "
    "2]]\n"
    "    y: [[1], [0], [2], [1], [0], [1], [2], [0], [1], [1], [3]]\n"
    "  validation: {x: [[0, 0.1], [0.5, 0.8], [1, 0.2]], y: [[0], [1], [1]]}\n"
    "train: {dtype: f64, seed: 4, %s}\n";

yg_train_result step_network_train(const workspace *w, const char *settings, const char *folder) {
    char text[2000];
    snprintf(text, sizeof text, step_network_text, settings);
    return step_network_train_text(w, text, folder);
}
