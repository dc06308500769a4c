/*
 * The shipped models on the shipped data: what they reach on examples they never saw, for five
 * seeds of training on the split that the file draws, and for five other splits. And the network
 * that solves a differential equation, for a fiftieth of its training.
 */
#include "train/train.h"
#include "workspace.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SEEDS = 5 };

static const struct {
    const char *file;
    double accuracy;
    int64_t test_examples;
} models[] = {
    {"iris.yaml", 0.95, 30},
    {"breast_cancer.yaml", 0.94, 114},
};

static double test_accuracy(const workspace *w, const yg_model *model, uint64_t seed,
                            int64_t test_examples) {
    const yg_train_options options = {
        .out = workspace_path(w, "run"), .has_seed = true, .seed = seed, .threads = 1};
    yg_train_result result;
    yg_error error = {0};
    cr_assert(yg_train(model, &options, &result, &error), "%s", error.message);
    cr_assert_str_eq(result.test.metrics[0].name, "accuracy");
    cr_assert_eq(result.test.examples, test_examples);
    const double accuracy = result.test.metrics[0].value;
    yg_train_result_free(&result);
    return accuracy;
}

/* The shipped file with another `seed:` in its data section, in the workspace. */
static yg_model *with_split(const workspace *w, const char *file, int seed) {
    char path[512], number[32];
    size_t size;
    yg_error error = {0};
    snprintf(path, sizeof path, "%s/models/%s", YG_SOURCE, file);
    FILE *in = fopen(path, "rb");
    cr_assert_not_null(in);
    char text[8192] = {0};
    size = fread(text, 1, sizeof text - 64, in);
    fclose(in);
    cr_assert_lt(size, sizeof text - 64);
    char *at = strstr(strstr(text, "\ndata:"), "\n  seed: ");
    cr_assert_not_null(at, "%s draws its split by a seed", file);
    at += strlen("\n  seed: ");
    const size_t digits = strspn(at, "0123456789");
    const int length = snprintf(number, sizeof number, "%d", seed);
    memmove(at + length, at + digits, strlen(at + digits) + 1);
    memcpy(at, number, (size_t)length);
    workspace_write(w, file, text);
    yg_model *model = yg_model_load(workspace_path(w, file), NULL, &error);
    cr_assert_not_null(model, "%s", error.message);
    return model;
}

Test(real_data, five_seeds_of_training) {
    for (size_t m = 0; m < sizeof models / sizeof *models; m++) {
        const workspace w = workspace_make();
        char path[512];
        yg_error error = {0};
        snprintf(path, sizeof path, "%s/models/%s", YG_SOURCE, models[m].file);
        yg_model *model = yg_model_load(path, NULL, &error);
        cr_assert_not_null(model, "%s", error.message);
        for (uint64_t seed = 1; seed <= SEEDS; seed++) {
            const double accuracy = test_accuracy(&w, model, seed, models[m].test_examples);
            printf("%s, seed %d: test accuracy %.4f\n", models[m].file, (int)seed, accuracy);
            cr_expect_geq(accuracy, models[m].accuracy, "%s, seed %d: %g", models[m].file,
                          (int)seed, accuracy);
        }
        yg_model_free(model);
        workspace_remove(&w);
    }
}

Test(real_data, five_splits) {
    for (size_t m = 0; m < sizeof models / sizeof *models; m++) {
        const workspace w = workspace_make();
        double mean = 0;
        cr_assert_eq(symlink(YG_SOURCE "/models/data", workspace_path(&w, "data")), 0);
        for (int seed = 1; seed <= SEEDS; seed++) {
            yg_model *model = with_split(&w, models[m].file, seed);
            const double accuracy =
                test_accuracy(&w, model, (uint64_t)seed, models[m].test_examples);
            printf("%s, split and seed %d: test accuracy %.4f\n", models[m].file, seed, accuracy);
            mean += accuracy / SEEDS;
            yg_model_free(model);
        }
        cr_expect_geq(mean, models[m].accuracy, "%s: mean %g", models[m].file, mean);
        workspace_remove(&w);
    }
}

/* With a wrong term in the equation, as without u u_x, the error stays above 0.6. */
Test(real_data, a_differential_equation) {
    const char *const overrides[] = {"points=200"};
    const yg_model_options options = {.overrides = overrides, .override_count = 1};
    const workspace w = workspace_make();
    yg_error error = {0};
    yg_model *model = yg_model_load(YG_SOURCE "/models/burgers.yaml", &options, &error);
    cr_assert_not_null(model, "%s", error.message);
    const yg_train_options training = {.out = workspace_path(&w, "run"),
                                       .has_seed = true,
                                       .seed = 1,
                                       .has_epochs = true,
                                       .epochs = 20,
                                       .threads = 1};
    yg_train_result result;
    cr_assert(yg_train(model, &training, &result, &error), "%s", error.message);
    cr_assert_str_eq(result.test.metrics[0].name, "relative_error");
    cr_assert_eq(result.test.examples, 1280);
    cr_expect_lt(result.test.metrics[0].value, 0.5, "%g", result.test.metrics[0].value);
    yg_train_result_free(&result);
    yg_model_free(model);
    workspace_remove(&w);
}
