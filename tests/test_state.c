/*
 * `state:` and `update:`: tensors that are kept with the weights and change by a formula after each
 * training step.
 */
#include "data/safetensors.h"
#include "same_model.h"
#include "train/evaluate.h"
#include "train/gradients.h"
#include "trained.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* Counts steps, swaps two states, and follows the mean of its input. Four steps: two epochs of two
 * batches of two examples, in any order. */
#define COUNTING                                                                                   \
    "format: 1\n"                                                                                  \
    "name: counting\n"                                                                             \
    "inputs: {x: [B, 1]}\n"                                                                        \
    "params: {w: {shape: [1], init: ones}}\n"                                                      \
    "state:\n"                                                                                     \
    "  steps: {shape: [], init: {type: constant, value: 9007199254740992}, dtype: i64}\n"          \
    "  a: {shape: [2], init: zeros}\n"                                                             \
    "  b: {shape: [2], init: ones}\n"                                                              \
    "  seen: {shape: [], init: zeros, dtype: bool}\n"                                              \
    "  total: {shape: [1], init: zeros}\n"                                                         \
    "graph:\n"                                                                                     \
    "  h: x * w + a[0] - total\n"                                                                  \
    "outputs: [h]\n"                                                                               \
    "loss: mean(h)\n"                                                                              \
    "update:\n"                                                                                    \
    "  steps: steps + 1\n"                                                                         \
    "  a: b\n"                                                                                     \
    "  b: a\n"                                                                                     \
    "  seen: true\n"                                                                               \
    "  total: total + sum(x, dim=0)\n"                                                             \
    "data: {train: {x: [[1], [2], [4], [8]]}}\n"                                                   \
    "train: {epochs: %d, batch_size: 2, optimizer: {type: sgd, lr: 0}%s}\n"

static yg_tensor_file weights_of(const workspace *w, const char *folder) {
    char path[100];
    yg_tensor_file file = {0};
    yg_error error = {0};
    snprintf(path, sizeof path, "%s/weights.safetensors", folder);
    cr_assert(yg_safetensors_read(workspace_path(w, path), &file, &error), "%s", error.message);
    return file;
}

static double number_of(const yg_tensor_file *file, const char *name, int64_t index) {
    const yg_tensor *tensor = yg_tensor_find(file, name);
    cr_assert_not_null(tensor, "no tensor '%s'", name);
    return yg_element_get(tensor->type.dtype, tensor->data, index);
}

static int64_t whole_of(const yg_tensor_file *file, const char *name) {
    const yg_tensor *tensor = yg_tensor_find(file, name);
    cr_assert(tensor && tensor->type.dtype == YG_I64, "%s", name);
    return *(const int64_t *)tensor->data;
}

static yg_model *counting(const workspace *w, int epochs, const char *settings) {
    char text[1500];
    snprintf(text, sizeof text, COUNTING, epochs, settings);
    return workspace_model(w, "counting.yaml", text);
}

/* All updates read the values before the step: a and b change places. A whole number is exact, also
 * where a double is not. */
Test(state, changes_with_each_step) {
    static const char *const settings[] = {"", ", recompute: true", ", clip_grad_norm: 1"};
    const workspace w = workspace_make();
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        yg_model *model = counting(&w, 2, settings[i]);
        train(&w, model);
        yg_tensor_file file = weights_of(&w, "run");
        /* `total` grows and lowers the loss, so the last epoch is the best. */
        cr_expect_eq(whole_of(&file, "steps"), 9007199254740992 + 4);
        cr_expect_eq(number_of(&file, "a", 0), 0);
        cr_expect_eq(number_of(&file, "b", 1), 1);
        cr_expect_eq(number_of(&file, "seen", 0), 1);
        cr_expect_eq(number_of(&file, "total", 0), 30);
        yg_tensor_file_free(&file);
        yg_model_free(model);
    }
    workspace_remove(&w);
}

/* Neither a score nor a gradient changes a state, and both use the one of the weights file. */
Test(state, stays_in_evaluation) {
    const workspace w = workspace_make();
    yg_model *model = counting(&w, 2, "");
    train(&w, model);
    char weights[200];
    snprintf(weights, sizeof weights, "%s", workspace_path(&w, "run/weights.safetensors"));
    for (int i = 0; i < 2; i++) {
        yg_error error = {0};
        yg_scores scores;
        const char *split;
        yg_gradients gradients;
        const yg_evaluate_options options = {.weights = weights, .threads = 1};
        cr_assert(yg_evaluate(model, &options, &scores, &split, &error), "%s", error.message);
        cr_expect_eq(scores.loss, 3.75 - 30);
        yg_scores_free(&scores);
        const yg_gradients_options asked = {.weights = weights, .threads = 1};
        cr_assert(yg_loss_gradients(model, &asked, &gradients, &error), "%s", error.message);
        cr_expect_eq(gradients.loss, 3.75 - 30);
        cr_expect_eq(gradients.count, 1);
        yg_gradients_free(&gradients);
    }
    yg_model_free(model);
    workspace_remove(&w);
}

/* The state belongs to the weights: those of the best epoch. */
Test(state, is_that_of_the_best_epoch) {
    static const char text[] = "format: 1\n"
                               "name: best\n"
                               "inputs: {x: [B, 1]}\n"
                               "params: {w: {shape: [1], init: ones}}\n"
                               "state: {n: {shape: [], init: zeros}}\n"
                               "graph: {h: x * w + (n - 3) ** 2}\n"
                               "outputs: [h]\n"
                               "loss: mean(h)\n"
                               "update: {n: n + 1}\n"
                               "data: {train: {x: [[1], [2]]}}\n"
                               "train: {epochs: 9, optimizer: {type: sgd, lr: 0}}\n";
    const workspace w = workspace_make();
    yg_model *model = workspace_model(&w, "best.yaml", text);
    train(&w, model);
    yg_tensor_file file = weights_of(&w, "run");
    cr_expect_eq(number_of(&file, "n", 0), 3);
    yg_tensor_file_free(&file);
    yg_model_free(model);
    workspace_remove(&w);
}

/* A layer that follows the mean of what it is given, and counts its uses. */
#define FOLLOW                                                                                     \
    "define:\n"                                                                                    \
    "  follow:\n"                                                                                  \
    "    args: {momentum: {type: float, default: 0.5}, track: {type: bool, default: true}}\n"      \
    "    inputs: {x: [B, n]}\n"                                                                    \
    "    params: {w: {shape: [n], init: ones}}\n"                                                  \
    "    state:\n"                                                                                 \
    "      running_mean: {shape: [n], init: zeros, if: track}\n"                                   \
    "      uses: {shape: [], init: zeros, dtype: i64, if: track}\n"                                \
    "    graph:\n"                                                                                 \
    "      m: mean(x, dim=0)\n"                                                                    \
    "      y: x * w + if(track, if(training, 0, 1) * running_mean, 1)\n"                           \
    "    update:\n"                                                                                \
    "      running_mean: (1 - momentum) * running_mean + momentum * m\n"                           \
    "      uses: uses + 1\n"                                                                       \
    "    outputs: [y]\n"
#define FOLLOW_REST                                                                                \
    "outputs: [last]\n"                                                                            \
    "loss: mean(last)\n"                                                                           \
    "data: {train: {x: [[1], [3]]}}\n"                                                             \
    "train: {epochs: 1, optimizer: {type: sgd, lr: 0}, dtype: f64}\n"

static const struct {
    const char *name, *graph;
    const char *state;
    double mean;
    int64_t uses;
} shared[] = {
    {"once", "  last: {type: follow, input: x}\n", "last", 1, 1},
    /* 0 → 0.5 · 0 + 0.5 · 2 → 0.5 · 1 + 0.5 · 8 */
    {"shared", "  a: {type: follow, input: x}\n  last: {type: follow, input: 4 * a, share: a}\n",
     "a", 4.5, 2},
    {"all copies share one",
     "  a: {type: follow, input: x}\n  last: {type: follow, input: 4 * a, share: a, repeat: 2}\n",
     "a", 6.25, 3},
    {"copies that share with copies",
     "  a: {type: follow, input: x, repeat: 2}\n"
     "  last: {type: follow, input: 4 * a, share: a, repeat: 2}\n",
     "a.1", 4.5, 2},
    {"in a layer that is shared",
     "  a: {type: residual, input: x, layers: {type: follow}}\n"
     "  last: {type: residual, share: a, layers: {type: follow}}\n",
     "a.branch", 2.5, 2},
};

/* Uses of one state update it one after the other, in the order of the graph. */
Test(state, of_shared_layers_is_updated_in_order) {
    const workspace w = workspace_make();
    for (size_t i = 0; i < sizeof shared / sizeof *shared; i++) {
        char text[2000], name[40];
        snprintf(text, sizeof text,
                 "format: 1\nname: shared\n" FOLLOW "inputs: {x: [B, 1]}\ngraph:\n%s" FOLLOW_REST,
                 shared[i].graph);
        yg_model *model = workspace_model(&w, "shared.yaml", text);
        train(&w, model);
        yg_tensor_file file = weights_of(&w, "run");
        snprintf(name, sizeof name, "%s.running_mean", shared[i].state);
        cr_expect_eq(number_of(&file, name, 0), shared[i].mean, "%s: %g", shared[i].name,
                     number_of(&file, name, 0));
        snprintf(name, sizeof name, "%s.uses", shared[i].state);
        cr_expect_eq(whole_of(&file, name), shared[i].uses, "%s", shared[i].name);
        yg_tensor_file_free(&file);
        yg_model_free(model);
    }
    workspace_remove(&w);
}

/* An expanded model has the same state under the same names, and trains to the same bits. */
Test(state, is_expanded) {
    static const char text[] = "format: 1\n"
                               "name: expanded\n" FOLLOW "inputs: {x: [B, 1]}\n"
                               "graph:\n"
                               "  a: {type: follow, input: x}\n"
                               "  b: {type: follow, input: a, track: false}\n"
                               "  last: {type: follow, input: 4 * b, share: a}\n" FOLLOW_REST;
    static const yg_dim dim = {"B", 3};
    const workspace w = workspace_make();
    yg_error error = {0};
    yg_model *model = workspace_model(&w, "expanded.yaml", text);
    for (int training = 0; training < 2; training++) {
        const yg_network_options options = {
            .dims = &dim, .dim_count = 1, .training = training != 0, .dtype = YG_F64};
        expect_expands("state", model, &options);
        yg_network *network = yg_network_build(model, &options, &error);
        size_t count;
        yg_network_updates(network, &count);
        cr_expect_eq(count, training ? 2 : 0);
        yg_network_free(network);
    }
    train(&w, model);
    size_t size, other_size;
    char *bytes = workspace_read(&w, "run/weights.safetensors", &size);
    char *expanded = yg_model_expand(model, &error);
    cr_assert_not_null(expanded);
    cr_expect_not_null(strstr(expanded, "\nexpect: {parameters: 2}\n"), "%s", expanded);
    yg_model *other = workspace_model(&w, "other.yaml", expanded);
    train(&w, other);
    char *other_bytes = workspace_read(&w, "run/weights.safetensors", &other_size);
    cr_expect(size == other_size && memcmp(bytes, other_bytes, size) == 0);
    free(bytes);
    free(other_bytes);
    free(expanded);
    yg_model_free(model);
    yg_model_free(other);
    workspace_remove(&w);
}

static void stop_at(void *context, const yg_train_progress *progress) {
    if (progress->step == 7)
        *(volatile sig_atomic_t *)context = 1;
}

/* A run that stops in mid-epoch and goes on has the state of one that was not interrupted. */
Test(state, is_resumed) {
    static const char *const files[] = {"weights.safetensors", "checkpoint.safetensors",
                                        "history.csv"};
    static volatile sig_atomic_t stop;
    const workspace w = workspace_make();
    yg_model *model = counting(&w, 6, "");
    yg_error error = {0};
    yg_train_result result;
    train(&w, model);
    char out[200];
    snprintf(out, sizeof out, "%s", workspace_path(&w, "part"));
    yg_train_options options = {
        .out = out, .threads = 1, .progress = stop_at, .context = (void *)&stop, .stop = &stop};
    cr_assert(yg_train(model, &options, &result, &error), "%s", error.message);
    cr_assert(result.interrupted);
    yg_train_result_free(&result);
    cr_assert(yg_train(model, &(yg_train_options){.out = out, .threads = 1, .resume = true},
                       &result, &error),
              "%s", error.message);
    cr_assert_eq(result.steps, 12);
    yg_train_result_free(&result);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char path[100];
        size_t size, other_size;
        snprintf(path, sizeof path, "run/%s", files[i]);
        char *whole = workspace_read(&w, path, &size);
        snprintf(path, sizeof path, "part/%s", files[i]);
        char *parts = workspace_read(&w, path, &other_size);
        cr_expect(size == other_size && memcmp(whole, parts, size) == 0, "%s", files[i]);
        free(whole);
        free(parts);
    }
    yg_model_free(model);
    workspace_remove(&w);
}

/* Another update is another model. */
Test(state, of_another_update_is_refused) {
    const workspace w = workspace_make();
    yg_model *model = counting(&w, 2, "");
    yg_error error = {0};
    yg_train_result result;
    char text[1500], out[200];
    train(&w, model);
    yg_model_free(model);
    snprintf(text, sizeof text, COUNTING, 3, "");
    memcpy(strstr(text, "steps + 1"), "steps + 2", 9);
    model = workspace_model(&w, "other.yaml", text);
    snprintf(out, sizeof out, "%s", workspace_path(&w, "run"));
    cr_expect_not(yg_train(model, &(yg_train_options){.out = out, .threads = 1, .resume = true},
                           &result, &error));
    cr_expect_not_null(strstr(error.message, "update.steps was steps + 1, is steps + 2"), "%s",
                       error.message);
    yg_train_result_free(&result);
    yg_model_free(model);
    workspace_remove(&w);
}

/* Whole numbers in a weights file that the state's type cannot hold are refused. */
Test(state, from_a_file_must_fit) {
    static const struct {
        yg_dtype file, state;
        int64_t value;
        const char *message; /* NULL: it fits */
    } cases[] = {
        {YG_I64, YG_I64, INT64_MAX, NULL},
        {YG_I64, YG_I32, -5, NULL},
        {YG_I64, YG_I32, 2147483648, "tensor 'n' holds 2147483648 (element 0), which i32 cannot"},
        {YG_I64, YG_BOOL, 2, "tensor 'n' holds 2 (element 0), which bool cannot"},
        {YG_I32, YG_I64, 7, NULL},
        {YG_F32, YG_I64, 0, "tensor 'n' is f32[]; this model's is i64[]"},
    };
    const workspace w = workspace_make();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[600];
        snprintf(text, sizeof text,
                 "format: 1\n"
                 "inputs: {x: [B, 1]}\n"
                 "params: {w: {shape: [1], init: ones}}\n"
                 "state: {n: {shape: [], init: zeros, dtype: %s}}\n"
                 "outputs: {y: x * w, n: n}\n"
                 "loss: mean(x * w)\n"
                 "data: {train: {x: [[1]]}}\n",
                 yg_dtype_name(cases[i].state));
        yg_model *model = workspace_model(&w, "m.yaml", text);
        yg_tensor_file file = {0};
        yg_error error = {0};
        const yg_type scalar = {.dtype = cases[i].file}, vector = {.rank = 1, .shape = {1}};
        yg_type float_vector = vector;
        float_vector.dtype = YG_F32;
        const int32_t narrow = (int32_t)cases[i].value;
        const void *data = cases[i].file == YG_I64 ? (const void *)&cases[i].value : &narrow;
        cr_assert(yg_tensor_file_add(&file, "n", &scalar, data, &error) &&
                  yg_tensor_file_add(&file, "w", &float_vector, NULL, &error) &&
                  yg_safetensors_write(workspace_path(&w, "n.safetensors"), &file, &error));
        yg_tensor_file_free(&file);
        const yg_gradients_options options = {.weights = workspace_path(&w, "n.safetensors"),
                                              .threads = 1};
        yg_gradients gradients = {0};
        const bool good = yg_loss_gradients(model, &options, &gradients, &error);
        cr_expect_eq(good, !cases[i].message, "case %zu: %s", i, error.message);
        cr_expect(good || strcmp(error.message, cases[i].message) == 0, "case %zu: %s", i,
                  error.message);
        if (good)
            yg_gradients_free(&gradients);
        yg_model_free(model);
    }
    workspace_remove(&w);
}
