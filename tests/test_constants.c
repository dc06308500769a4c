/*
 * Arithmetic of numbers in a model file: `//` and `%` give what Python 3 gives, digit for digit.
 */
#include "model_text.h"
#include "network_run.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Computes an expression of numbers, added to a tensor of zeros. Returns its values; NULL on
 * failure. */
static double *evaluate(const char *expression, yg_error *error) {
    char text[400];
    snprintf(text, sizeof text,
             "format: 1\ninputs: {x: [B]}\noutputs:\n  y: x + (%s)\ntrain: {dtype: f64}\n",
             expression);
    const yg_dim dim = {"B", 1};
    const yg_network_options options = {.dims = &dim, .dim_count = 1, .dtype = YG_F64};
    yg_model *model = model_from_text(text, error);
    if (!model)
        return NULL;
    network_run run = {0};
    double *y = NULL;
    const double zero = -0.0; /* the sign of a zero result stays */
    size_t count;
    if (network_run_open(&run, model, &options, error)) {
        network_run_set(&run, "x", &zero);
        if (yg_program_run(run.program, 0, 0, error))
            y = network_run_get(&run, "y", &count);
    }
    network_run_close(&run);
    yg_model_free(model);
    return y;
}

/* The right column holds the results of Python 3.11. */
static const struct {
    const char *expression;
    double value;
} divisions[] = {
    {"10 // 0.1", 99.0},
    {"14 % 0.4", 0.39999999999999925},
    {"0.3 // 0.1", 2.0},
    {"0.3 % 0.1", 0.09999999999999998},
    {"0.7 // 0.1", 6.0},
    {"1.5 % 0.1", 0.09999999999999992},
    {"-7.5 // 2", -4.0},
    {"-7.5 % 2", 0.5},
    {"7.5 // -2", -4.0},
    {"7.5 % -2", -0.5},
    {"-1 // 0.1", -10.0},
    {"-1 % 0.1", 5.551115123125783e-17},
    {"1 % -0.1", -5.551115123125783e-17},
    {"6.0 // -3", -2.0},
    {"5.5 // 5.5", 1.0},
    {"2 ** 0.5 // 0.001", 1414.0},
    {"-0.5 % 1e-20", 6.6357271047843214e-21},
    {"1e300 // 3", 3.3333333333333335e+299},
    {"1 // 1e-300", 9.999999999999999e+299},
    {"1e16 // 0.7", 1.4285714285714286e+16},
    {"1e16 % 0.7", 0.4344131569286609},
    {"9007199254740991 // 2.0", 4503599627370495.0},
    {"7 // 2", 3},
    {"-7 // 2", -4},
    {"7 // -2", -4},
    {"-7 // -2", 3},
    {"7 % -2", -1},
    {"-7 % 2", 1},
    {"-7 % -2", -1},
    {"6 % -2", 0},
    {"7 // -1", -7},
    {"7 % -1", 0},
    {"(-2) ** 62 // 3", 1537228672809129301.0},
    {"(-2) ** 62 % -3", -2.0},
    {"(-2) ** 63 // 10", -922337203685477581.0},
    {"(-2) ** 63 % 10", 2.0},
    {"(-2) ** 63 % -1", 0.0},
    {"2 ** -2", 0.25},
    {"(-2) ** -1 // 1", -1.0},
};

Test(constants, divide_as_python_does) {
    for (size_t i = 0; i < sizeof divisions / sizeof *divisions; i++) {
        yg_error error = {0};
        double *found = evaluate(divisions[i].expression, &error);
        cr_assert_not_null(found, "%s: %s", divisions[i].expression, error.message);
        cr_expect_eq(*found, divisions[i].value, "%s is %.17g, Python has %.17g",
                     divisions[i].expression, *found, divisions[i].value);
        free(found);
    }
}

static const struct {
    const char *expression, *message;
} refusals[] = {
    {"1 // 0", "division by zero"},
    {"1 % 0", "division by zero"},
    {"1.5 // 0", "division by zero"},
    {"1 % 0.0", "division by zero"},
    {"1 // -0.0", "division by zero"},
    {"(-2) ** 63 // -1", "too large for a whole number"},
    {"1e300 // 1e-300", "not a finite number"},
};

Test(constants, refuse_what_has_no_quotient) {
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        yg_error error = {0};
        double *found = evaluate(refusals[i].expression, &error);
        cr_expect_null(found, "%s", refusals[i].expression);
        cr_expect_not_null(strstr(error.message, refusals[i].message), "%s: %s",
                           refusals[i].expression, error.message);
        free(found);
    }
}
