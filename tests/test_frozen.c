/*
 * Groups that are frozen until an epoch: what a step then leaves out, and what the run becomes.
 */
#include "data/safetensors.h"
#include "data/source.h"
#include "train/executable.h"
#include "train/train.h"
#include "workspace.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

/* Eleven examples, so that the last batch is smaller. `trainable` and the rest of `train` are
 * filled in. */
static const char model_text[] =
    "format: 1\n"
    "name: halves\n"
    "inputs: {x: [B, 2]}\n"
    "targets: {y: [B, 1]}\n"
    "graph:\n"
    "  a: {type: linear, input: x, out_features: 50, activation: tanh}\n"
    "  n: {type: batch_norm}\n"
    "  z: {type: linear, out_features: 1}\n"
    "outputs: [z]\n"
    "loss: mse(z, y)\n"
    "%s"
    "data:\n"
    "  train:\n"
    "    x: [[0, 1], [1, 3], [2, 1], [3, 5], [4, 2], [5, 5], [6, 1], [7, 2], [8, 0], [9, 4], [1, "
    "1]]\n"
    "    y: [[1], [2], [3], [4], [5], [6], [7], [8], [9], [1], [2]]\n"
    "train: {seed: 3, keep: last, %s}\n";

static yg_model *make_model(const workspace *w, const char *trainable, const char *settings) {
    char text[2000];
    cr_assert_lt(snprintf(text, sizeof text, model_text, trainable, settings), (int)sizeof text);
    return workspace_model(w, "model.yaml", text);
}

/* ------------------------------------------------------------------------------- programs ---- */

static const char grouped[] = "optimizer: {type: adam, groups: {z.weight: {lr: 0.1}, "
                              "\"a.*\": {frozen_until: 5}, \"n.*\": {frozen_until: 2}}}";

static yg_executable *make_step(yg_executable_options *options, int64_t phase) {
    yg_error error = {0};
    options->phase = phase;
    yg_executable *step = yg_executable_new(options, 8, &error);
    cr_assert_not_null(step, "phase %d: %s", (int)phase, error.message);
    return step;
}

static bool updates(const yg_executable *step, const char *name) {
    const yg_graph *graph = yg_network_graph(step->network);
    for (size_t i = 0; i < step->updates.update_count; i++)
        if (strcmp(yg_node_name(graph, step->updates.updates[i].parameter), name) == 0)
            return true;
    return false;
}

/* A step leaves out what its phase does not need: not only the updates, but the backward pass of
 * what is frozen. All phases list the same states, in the same order. */
Test(frozen, a_phase_computes_what_it_trains) {
    static const struct {
        int64_t phase;
        bool a, n; /* are trained */
    } phases[] = {{0, true, true}, {2, false, false}, {5, false, true}};
    const workspace w = workspace_make();
    yg_error error = {0};
    yg_model *model = make_model(&w, "", grouped);
    yg_optimizer optimizer;
    yg_data data = {0};
    const yg_value *section = yg_model_section(model, "train");
    cr_assert(yg_optimizer_read(yg_value_get(section, "optimizer"), &optimizer, &error), "%s",
              error.message);
    cr_assert(yg_data_load_known(model, YG_F32, &data, &error), "%s", error.message);
    yg_executable_options options = {.model = model,
                                     .data = &data,
                                     .dtype = YG_F32,
                                     .threads = 1,
                                     .training = true,
                                     .optimizer = &optimizer};
    yg_executable *all = make_step(&options, 0);
    double flops[3];
    for (size_t i = 0; i < sizeof phases / sizeof *phases; i++) {
        yg_executable *step = make_step(&options, phases[i].phase);
        flops[i] = yg_program_get_stats(step->program).flops;
        cr_expect_eq(updates(step, "a.weight"), phases[i].a);
        cr_expect_eq(updates(step, "@exp_avg.a.weight"), phases[i].a);
        cr_expect_eq(updates(step, "@step.a.*"), phases[i].a);
        cr_expect_eq(updates(step, "n.bias"), phases[i].n);
        cr_expect(updates(step, "z.weight") && updates(step, "n.running_mean"));
        cr_expect_eq(step->unreached_count, 0);
        cr_assert_eq(step->updates.state_count, all->updates.state_count);
        for (size_t k = 0; k < step->updates.state_count; k++)
            cr_expect_str_eq(step->updates.states[k].name, all->updates.states[k].name);
        yg_executable_free(step);
    }
    cr_expect_lt(flops[1], 0.5 * flops[0], "%g of %g", flops[1], flops[0]);
    cr_expect(flops[1] < flops[2] && flops[2] < flops[0], "%g", flops[2]);
    yg_executable_free(all);
    yg_data_free(&data);
    yg_model_free(model);
    workspace_remove(&w);
}

Test(frozen, the_phase_of_an_epoch) {
    static const int64_t phases[] = {2, 2, 5, 5, 5, 0, 0}; /* of the epochs from 1 */
    yg_error error = {0};
    yg_document *document = yg_document_parse(grouped + 11, strlen(grouped + 11), "o.yaml", &error);
    yg_optimizer optimizer;
    cr_assert(document && yg_optimizer_read(yg_document_root(document), &optimizer, &error), "%s",
              error.message);
    for (size_t i = 0; i < sizeof phases / sizeof *phases; i++)
        cr_expect_eq(yg_optimizer_phase(&optimizer, (int64_t)i + 1), phases[i], "epoch %zu", i + 1);
    yg_document_free(document);
    cr_assert(yg_optimizer_make("adam", 0.1, &optimizer, &error));
    cr_expect_eq(yg_optimizer_phase(&optimizer, 1), 0);
}

/* ----------------------------------------------------------------------------------- runs ---- */

static yg_tensor_file run(const workspace *w, const char *trainable, const char *settings) {
    yg_error error = {0};
    yg_train_result result;
    yg_tensor_file kept = {0};
    yg_model *model = make_model(w, trainable, settings);
    const yg_train_options options = {.out = workspace_path(w, "run"), .threads = 1};
    cr_assert(yg_train(model, &options, &result, &error), "%s: %s", settings, error.message);
    cr_assert(yg_safetensors_read(workspace_path(w, "run/weights.safetensors"), &kept, &error));
    yg_train_result_free(&result);
    yg_model_free(model);
    workspace_remove_folder(w, "run");
    return kept;
}

static bool same(const yg_tensor_file *a, const yg_tensor_file *b, const char *name) {
    const yg_tensor *left = yg_tensor_find(a, name), *right = yg_tensor_find(b, name);
    return memcmp(left->data, right->data, (size_t)yg_type_bytes(&left->type)) == 0;
}

/* Until its epoch, a group is as if it were not trainable: it has no part in the norm of clipping,
 * and neither have its sums over batches or shards. */
Test(frozen, a_frozen_group_is_as_if_not_trainable) {
    static const char *const settings[] = {
        "batch_size: 4, clip_grad_norm: 0.1",
        "batch_size: 4, accumulate: 2, clip_grad_norm: 0.1, l2: 0.01",
        "batch_size: 6, shards: 2, clip_grad_norm: 0.1",
        "batch_size: 4, average: {decay: 0.9}",
    };
    const workspace w = workspace_make();
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        char text[300];
        snprintf(text, sizeof text, "epochs: 3, %s, optimizer: {type: adam, lr: 0.1}", settings[i]);
        yg_tensor_file fixed = run(&w, "trainable: {\"a.*\": false}\n", text);
        snprintf(text, sizeof text,
                 "epochs: 3, %s, optimizer: {type: adam, lr: 0.1, groups: {\"a.*\": "
                 "{frozen_until: 3}}}",
                 settings[i]);
        yg_tensor_file frozen = run(&w, "", text);
        for (size_t k = 0; k < fixed.count; k++)
            cr_expect(same(&fixed, &frozen, fixed.tensors[k].name), "%s: %s", settings[i],
                      fixed.tensors[k].name);
        yg_tensor_file_free(&fixed);
        yg_tensor_file_free(&frozen);
    }
    workspace_remove(&w);
}

/* The first epoch that trains a group is the one after those in which it is frozen. */
Test(frozen, a_group_is_trained_from_its_epoch_on) {
    const workspace w = workspace_make();
    yg_tensor_file weights[5] = {{0}};
    for (int epochs = 1; epochs < 5; epochs++) {
        char text[300];
        snprintf(text, sizeof text, "epochs: %d, batch_size: 4, %s", epochs, grouped);
        char *until = strstr(text, "frozen_until: 5");
        until[strlen("frozen_until: ")] = '3';
        weights[epochs] = run(&w, "", text);
    }
    for (int epochs = 2; epochs < 5; epochs++) {
        const yg_tensor_file *before = &weights[epochs - 1], *after = &weights[epochs];
        cr_expect_eq(same(before, after, "a.weight"), epochs <= 3, "a, epoch %d", epochs);
        cr_expect_eq(same(before, after, "n.weight"), epochs <= 2, "n, epoch %d", epochs);
        cr_expect_not(same(before, after, "z.weight"), "z, epoch %d", epochs);
    }
    for (int epochs = 1; epochs < 5; epochs++)
        yg_tensor_file_free(&weights[epochs]);
    workspace_remove(&w);
}
