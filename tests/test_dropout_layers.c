/*
 * The layers that drop something, in training: dropout, of channels and of examples.
 */
#include "model_text.h"
#include "network_run.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define HEAD "format: 1\n"

/* Runs a model with one output y in training, of an input of threes. Freed by the caller. */
static double *run_training(const char *text, size_t input, size_t *count) {
    network_run run;
    yg_error error = {0};
    static const yg_dim batch = {"B", 3};
    const yg_network_options options = {
        .dims = &batch, .dim_count = 1, .training = true, .dtype = YG_F64};
    yg_model *model = model_from_text(text, &error);
    cr_assert(model && network_run_open(&run, model, &options, &error), "%s", error.message);
    double *x = malloc(input * sizeof *x);
    for (size_t i = 0; i < input; i++)
        x[i] = 3;
    cr_assert(network_run_set(&run, "x", x));
    cr_assert(yg_program_run(run.program, 1, 0, &error));
    double *y = network_run_get(&run, "y", count);
    free(x);
    network_run_close(&run);
    yg_model_free(model);
    return y;
}

/* In training, dropout sets about a share p to zero and divides the rest by 1 - p. Each layer does
 * what its operator does. */
Test(dropout_layers, drop_in_training) {
    static const struct {
        const char *layer, *operation, *shape;
        size_t size, units; /* of an example; what is dropped as a whole */
    } cases[] = {
        {"dropout", "dropout(x, 0.25)", "4000", 4000, 4000},
        {"dropout1d", "dropout(x, 0.25, unit=channel)", "2000, 3", 6000, 2000},
        {"dropout2d", "dropout(x, 0.25, unit=channel)", "2000, 3, 2", 12000, 2000},
        {"dropout3d", "dropout(x, 0.25, unit=channel)", "2000, 3, 2, 1", 12000, 2000},
        {"drop_path", "drop_path(x, 0.25)", "4000", 4000, 1},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        char layer[300], operation[300];
        snprintf(layer, sizeof layer,
                 HEAD "inputs: {x: [B, %s]}\ngraph: {y: {type: %s, p: 0.25}}\noutputs: [y]\n",
                 cases[c].shape, cases[c].layer);
        snprintf(operation, sizeof operation,
                 HEAD "inputs: {x: [B, %s]}\ngraph:\n  y: %s\noutputs: [y]\n", cases[c].shape,
                 cases[c].operation);
        size_t count, dropped = 0, other_count;
        double *y = run_training(layer, 3 * cases[c].size, &count);
        double *other = run_training(operation, 3 * cases[c].size, &other_count);
        cr_assert_eq(count, 3 * cases[c].size);
        cr_assert_eq(other_count, count);
        cr_expect_arr_eq(y, other, count * sizeof *y, "%s is not its operator", cases[c].layer);
        for (size_t i = 0; i < count; i++) {
            dropped += y[i] == 0;
            cr_assert(y[i] == 0 || fabs(y[i] - 4) < 1e-12);
        }
        const double units = 3 * (double)cases[c].units, share = (double)dropped / (double)count;
        cr_expect(fabs(share - 0.25) <= 3 * sqrt(0.1875 / units), "%s: %zu of %zu are dropped",
                  cases[c].layer, dropped, count);
        free(y);
        free(other);
    }
}
