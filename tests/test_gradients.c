/*
 * `grad`: the gradients in evaluation and in training mode.
 */
#include "train/gradients.h"
#include "train/train.h"
#include "workspace.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

/* One example, so that the order of a training run's examples does not matter. */
static const char dropping[] =
    "format: 1\n"
    "name: dropping\n"
    "inputs: {x: [B, 16]}\n"
    "params: {w: {shape: [16], init: ones}}\n"
    "graph: {h: \"dropout(x * w, p=0.5)\"}\n"
    "outputs: [h]\n"
    "loss: sum(h)\n"
    "data: {train: {x: [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]]}}\n"
    "train: {epochs: 1, batch_size: 1, seed: 5, optimizer: {type: sgd, lr: 1}, dtype: f64}\n";

static yg_gradients gradients_of(const yg_model *model, yg_gradients_options options) {
    yg_error error = {0};
    yg_gradients gradients;
    options.dtype = YG_F64;
    cr_assert(yg_loss_gradients(model, &options, &gradients, &error), "%s", error.message);
    cr_assert_eq(gradients.count, 1u);
    return gradients;
}

Test(gradients, evaluation_drops_nothing) {
    const workspace w = workspace_make();
    yg_model *model = workspace_model(&w, "d.yaml", dropping);
    yg_gradients gradients = gradients_of(model, (yg_gradients_options){0});
    cr_expect_eq(gradients.loss, 136.0);
    for (int i = 0; i < 16; i++)
        cr_expect_eq(((double *)gradients.parameters[0].data)[i], i + 1.0);
    yg_gradients_free(&gradients);
    yg_model_free(model);
    workspace_remove(&w);
}

/* Notes the loss of a step's batch. */
static void note_loss(void *context, const yg_train_progress *now) {
    if (!now->epoch_end)
        *(double *)context = now->loss;
}

/* With a learning rate of 1, the first step subtracts the gradient. */
Test(gradients, training_computes_what_the_first_step_does) {
    const workspace w = workspace_make();
    yg_model *model = workspace_model(&w, "d.yaml", dropping);
    yg_gradients gradients = gradients_of(model, (yg_gradients_options){.training = true});
    yg_train_result result;
    yg_error error = {0};
    double loss = 0;
    cr_assert(yg_train(model,
                       &(yg_train_options){.out = workspace_path(&w, "run"),
                                           .threads = 1,
                                           .progress = note_loss,
                                           .context = &loss},
                       &result, &error),
              "%s", error.message);
    yg_gradients_options after = {.training = false,
                                  .weights = workspace_path(&w, "run/weights.safetensors")};
    yg_gradients trained = gradients_of(model, after);
    const double *gradient = gradients.parameters[0].data;
    int dropped = 0;
    double sum = 0;
    for (int i = 0; i < 16; i++) {
        cr_expect(gradient[i] == 0 || gradient[i] == 2 * (i + 1.0), "%d: %g", i, gradient[i]);
        dropped += gradient[i] == 0;
        sum += (i + 1.0) * (1 - gradient[i]);
    }
    cr_expect(dropped > 0 && dropped < 16);
    cr_expect_eq(gradients.loss, loss);
    cr_expect_eq(trained.loss, sum);
    cr_expect_eq(result.training.loss, sum);
    yg_train_result_free(&result);
    yg_gradients_free(&gradients);
    yg_gradients_free(&trained);
    yg_model_free(model);
    workspace_remove(&w);
}

Test(gradients, another_seed_drops_other_elements) {
    const workspace w = workspace_make();
    yg_model *model = workspace_model(&w, "d.yaml", dropping);
    yg_gradients own = gradients_of(model, (yg_gradients_options){.training = true});
    yg_gradients same =
        gradients_of(model, (yg_gradients_options){.training = true, .has_seed = true, .seed = 5});
    yg_gradients other =
        gradients_of(model, (yg_gradients_options){.training = true, .has_seed = true, .seed = 6});
    const size_t size = 16 * sizeof(double);
    cr_expect_eq(memcmp(own.parameters[0].data, same.parameters[0].data, size), 0);
    cr_expect_neq(memcmp(own.parameters[0].data, other.parameters[0].data, size), 0);
    yg_gradients_free(&own);
    yg_gradients_free(&same);
    yg_gradients_free(&other);
    yg_model_free(model);
    workspace_remove(&w);
}
