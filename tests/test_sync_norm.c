/*
 * Batch normalisation over all shards of a batch, `sync: true`: against PyTorch
 * (fixtures/sync_norm.json, see generate_sync_norm.py), and against one batch that is not cut.
 */
#include "step_network.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char text[] =
    "format: 1\n"
    "name: net\n"
    "inputs: {x: [B, 3]}\n"
    "targets: {y: [B, 1]}\n"
    "graph:\n"
    "  h: {type: linear, input: x, out_features: 4}\n"
    "  n: {type: batch_norm, activation: tanh, sync: %s}\n"
    "  p: {type: linear, out_features: 1}\n"
    "outputs: [p]\n"
    "loss: mse(p, y)\n"
    "data: {train: {x: %s, y: %s}}\n"
    "train: {dtype: f64, keep: last, optimizer: {type: sgd, lr: 0.1, momentum: 0.9}, %s}\n";

typedef struct net {
    workspace w;
    json_t *fixture;
    char *x, *y;
} net;

static net open_net(void) {
    json_error_t failure;
    net n = {.w = workspace_make()};
    n.fixture = json_load_file(YG_FIXTURES "/sync_norm.json", 0, &failure);
    cr_assert_not_null(n.fixture, "%s", failure.text);
    n.x = json_dumps(json_object_get(n.fixture, "x"), JSON_COMPACT);
    n.y = json_dumps(json_object_get(n.fixture, "y"), JSON_COMPACT);
    return n;
}

static void close_net(net *n) {
    json_decref(n->fixture);
    free(n->x);
    free(n->y);
    workspace_remove(&n->w);
}

/* Trains into a folder, with the fixture's weights at first. */
static bool train(net *n, const char *sync, const char *settings, const char *folder,
                  yg_error *error) {
    char filled[3000];
    yg_tensor_file file = {0};
    const char *name;
    json_t *values;
    cr_assert_lt(snprintf(filled, sizeof filled, text, sync, n->x, n->y, settings),
                 (int)sizeof filled);
    yg_model *model = workspace_model(&n->w, "model.yaml", filled);
    yg_network *network = yg_network_build(
        model, &(yg_network_options){.dims = &(yg_dim){"B", 12}, .dim_count = 1, .dtype = YG_F64},
        error);
    cr_assert_not_null(network, "%s", error->message);
    size_t count;
    const yg_network_parameter *parameters = yg_network_parameters(network, &count);
    json_object_foreach(json_object_get(n->fixture, "initial"), name, values) {
        double data[12] = {0};
        for (size_t k = 0; k < json_array_size(values); k++)
            data[k] = json_number_value(json_array_get(values, k));
        for (size_t i = 0; i < count; i++) {
            const yg_type *type = yg_node_type(yg_network_graph(network), parameters[i].node);
            if (strcmp(parameters[i].name, name) == 0 && type->dtype == YG_F64)
                cr_assert(yg_tensor_file_add(&file, name, type, data, error));
            else if (strcmp(parameters[i].name, name) == 0)
                cr_assert(yg_tensor_file_add(&file, name, type, &(int64_t){0}, error));
        }
    }
    char *initial = strdup(workspace_path(&n->w, "initial.safetensors"));
    cr_assert(yg_safetensors_write(initial, &file, error), "%s", error->message);
    yg_tensor_file_free(&file);
    yg_network_free(network);
    const yg_train_options options = {
        .out = workspace_path(&n->w, folder), .threads = 1, .weights = initial};
    yg_train_result result;
    const bool good = yg_train(model, &options, &result, error);
    yg_train_result_free(&result);
    yg_model_free(model);
    free(initial);
    return good;
}

Test(sync_norm, follows_pytorch) {
    net n = open_net();
    yg_error error = {0};
    const char *name;
    json_t *values;
    cr_assert(train(&n, "true", "epochs: 5, batch_size: 12, shards: 5", "run", &error), "%s",
              error.message);
    yg_tensor_file file = step_network_tensors(&n.w, "run/last.safetensors");
    json_object_foreach(json_object_get(n.fixture, "trained"), name, values) {
        const yg_tensor *tensor = yg_tensor_find(&file, name);
        cr_assert_not_null(tensor, "%s", name);
        cr_assert_eq((size_t)yg_type_count(&tensor->type), json_array_size(values));
        for (size_t k = 0; k < json_array_size(values); k++) {
            const double wanted = json_number_value(json_array_get(values, k));
            const double found = yg_element_get(tensor->type.dtype, tensor->data, (int64_t)k);
            cr_expect_float_eq(found, wanted, 1e-10 * (1 + fabs(wanted)), "%s: %.17g, not %.17g",
                               name, found, wanted);
        }
    }
    yg_tensor_file_free(&file);
    close_net(&n);
}

/* Batches of 5, 5 and 2 examples; shards of one example, too; more shards than examples. In the
 * last batch of 8, 4 shards have programs that they had not before. */
Test(sync_norm, shards_are_one_large_batch) {
    static const struct {
        int batch;
        const char *shards;
    } cases[] = {{5, "2"}, {5, "5"}, {5, "7"}, {5, "3, recompute: true"}, {8, "4"}, {8, "3"}};
    net n = open_net();
    yg_error error = {0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char settings[100];
        snprintf(settings, sizeof settings, "epochs: 4, batch_size: %d", cases[i].batch);
        cr_assert(train(&n, "false", settings, "whole", &error), "%s", error.message);
        snprintf(settings, sizeof settings, "epochs: 4, batch_size: %d, shards: %s", cases[i].batch,
                 cases[i].shards);
        cr_assert(train(&n, "true", settings, "parts", &error), "%s: %s", settings, error.message);
        const double far =
            step_network_difference(&n.w, "parts/last.safetensors", "whole/last.safetensors");
        cr_expect_lt(far, 1e-8, "%s: %g", settings, far); /* x has a mean of 100 */
        workspace_remove_folder(&n.w, "parts");
        workspace_remove_folder(&n.w, "whole");
    }
    close_net(&n);
}

/* What no shard can normalise is said before the first step: in a batch, and in the last one. */
Test(sync_norm, shards_that_are_too_small_are_refused_at_once) {
    static const struct {
        const char *sync, *settings, *message;
    } cases[] = {
        {"false", "epochs: 2, batch_size: 6, shards: 4", "in a shard of 1 of a batch's 6 examples"},
        {"false", "epochs: 2, batch_size: 9, shards: 2", "in a shard of 1 of the last batch"},
        {"true", "epochs: 2, batch_size: 11, shards: 2", "in a shard of 1 of the last batch"},
    };
    net n = open_net();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        yg_error error = {0};
        cr_expect_not(train(&n, cases[i].sync, cases[i].settings, "run", &error));
        cr_expect(strstr(error.message, cases[i].message), "%s: %s", cases[i].settings,
                  error.message);
        cr_expect_eq(error.line, 7);
    }
    close_net(&n);
}
