/*
 * Moving averages of weights: their formula, and that they are scored and kept.
 */
#include "step_network.h"
#include "train/average.h"
#include "train/evaluate.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>

enum { EPOCHS = 12 };

/* Reads the f64 weights of an epoch, one after the other. */
static size_t read_epoch(const workspace *w, const char *folder, int epoch, double *values) {
    char name[80];
    size_t count = 0;
    snprintf(name, sizeof name, "%s/epochs/epoch-%d.safetensors", folder, epoch);
    yg_tensor_file file = step_network_tensors(w, name);
    for (size_t i = 0; i < file.count; i++)
        for (int64_t k = 0; k < yg_type_count(&file.tensors[i].type); k++)
            values[count++] = ((const double *)file.tensors[i].data)[k];
    yg_tensor_file_free(&file);
    return count;
}

/* One step an epoch: the weights of epochs are those of steps, so a second run tells what is
 * averaged. */
static void check_average(const char *settings, double decay, bool corrected, int start) {
    static const char rest[] =
        "epochs: 12, batch_size: 11, keep_every: 1, optimizer: {type: adam, lr: 1.5}";
    const workspace w = workspace_make();
    char text[400];
    double plain[32], found[32], average[32], product = 1;
    yg_train_result a = step_network_train(&w, rest, "plain");
    snprintf(text, sizeof text, "%s, average: %s", rest, settings);
    yg_train_result b = step_network_train(&w, text, "average");
    for (int epoch = 1; epoch <= EPOCHS; epoch++) {
        const size_t count = read_epoch(&w, "plain", epoch, plain);
        cr_assert_eq(count, 17);
        cr_assert_eq(read_epoch(&w, "average", epoch, found), count);
        const int t = epoch - start;
        double rate = t <= 1 ? 1 : 1 - decay;
        if (t >= 1)
            product *= decay;
        if (t > 1 && corrected)
            rate = decay < 1 ? (1 - decay) / (1 - product) : 1.0 / t;
        for (size_t i = 0; i < count; i++) {
            average[i] = rate >= 1 ? plain[i] : average[i] + rate * (plain[i] - average[i]);
            cr_expect_float_eq(found[i], average[i], 1e-12, "%s, epoch %d, weight %zu: %g, not %g",
                               settings, epoch, i, found[i], average[i]);
            cr_expect(rate < 1 || found[i] == plain[i], "%s, epoch %d", settings, epoch);
        }
    }
    yg_train_result_free(&a);
    yg_train_result_free(&b);
    workspace_remove(&w);
}

Test(averages, averages_follow_their_formula) {
    check_average("{}", 0.999, false, 0);
    check_average("{decay: 0.8}", 0.8, false, 0);
    check_average("{decay: 0.8, bias_correction: true}", 0.8, true, 0);
    check_average("{decay: 0.7, start: 4}", 0.7, false, 4);
    check_average("{decay: 1, bias_correction: true, start: 3}", 1, true, 3);
    check_average("{decay: 0.9, start: 20}", 0.9, false, 20);
}

/* With bias correction all weights so far count as their age says: Σ decay^age w / Σ decay^age. */
Test(averages, bias_correction_weighs_by_age) {
    const yg_average average = {.decay = 0.9, .bias_correction = true};
    double found = 0, above = 0, below = 0;
    for (int64_t step = 0; step < 50; step++) {
        const double value = sin((double)step);
        found += yg_average_rate(&average, step, 7) * (value - found);
        above = 0.9 * above + value;
        below = 0.9 * below + 1;
        cr_expect_float_eq(found, above / below, 1e-14, "step %d", (int)step);
    }
}

/* The best epoch is the one whose averages score best, and its averages are kept. */
Test(averages, averages_are_scored_and_kept) {
    const workspace w = workspace_make();
    yg_train_result result = step_network_train(
        &w,
        "epochs: 12, batch_size: 4, keep_every: 1, keep: best, optimizer: {type: sgd, lr: 0.4}, "
        "average: {decay: 0.5}",
        "run");
    char name[80];
    double least = (double)INFINITY;
    int best = 0;
    yg_error error = {0};
    yg_model *model = yg_model_load(workspace_path(&w, "run/model.yaml"), NULL, &error);
    cr_assert_not_null(model, "%s", error.message);
    for (int epoch = 1; epoch <= EPOCHS; epoch++) {
        yg_scores scores;
        snprintf(name, sizeof name, "run/epochs/epoch-%d.safetensors", epoch);
        const yg_evaluate_options options = {.weights = workspace_path(&w, name),
                                             .split = "validation"};
        cr_assert(yg_evaluate(model, &options, &scores, NULL, &error), "%s", error.message);
        if (scores.loss < least) {
            least = scores.loss;
            best = epoch;
        }
        yg_scores_free(&scores);
    }
    cr_expect_eq(result.best_epoch, best, "%d, not %d", (int)result.best_epoch, best);
    cr_expect_lt(best, EPOCHS, "the last epoch is the best, so nothing is told");
    cr_expect_float_eq(result.validation.loss, least, 1e-14);
    snprintf(name, sizeof name, "run/epochs/epoch-%d.safetensors", best);
    cr_expect_eq(step_network_difference(&w, "run/weights.safetensors", name), 0);
    yg_model_free(model);
    yg_train_result_free(&result);
    workspace_remove(&w);
}
