/*
 * See same_model.h.
 */
#include "same_model.h"

#include "model_text.h"
#include "network_run.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void open_run(const char *name, const yg_model *model, const yg_network_options *options,
                     const yg_compile_options *compiling, network_run *run) {
    yg_error error = {0};
    const bool good = network_run_compile(run, model, options, compiling, &error) &&
                      network_run_initialize(run, 7, &error);
    cr_assert(good, "%s: %s:%d: %s", name, error.file, (int)error.line, error.message);
    network_run_draw(run, 11);
    cr_assert(yg_program_run(run->program, 3, 5, &error), "%s: %s", name, error.message);
}

/* Compares one tensor of both; NaN equals NaN. */
static void compare(const char *name, const char *what, const network_run *a, const network_run *b,
                    double tolerance) {
    size_t count = 0, other = 0;
    double *x = network_run_get(a, what, &count), *y = network_run_get(b, what, &other);
    cr_assert(x && y && count == other, "%s: %s", name, what);
    double largest = 1;
    for (size_t i = 0; i < count; i++)
        if (isfinite(x[i]))
            largest = fmax(largest, fabs(x[i]));
    for (size_t i = 0; i < count; i++) {
        const bool same = tolerance == 0 ? memcmp(&x[i], &y[i], sizeof *x) == 0
                                         : !(fabs(x[i] - y[i]) > tolerance * largest);
        cr_assert(same || (isnan(x[i]) && isnan(y[i])), "%s: %s[%zu] is %.17g and %.17g", name,
                  what, i, x[i], y[i]);
    }
    free(x);
    free(y);
}

static void compare_list(const char *name, const yg_tensor_name *list, size_t count,
                         const network_run *a, const network_run *b, double tolerance) {
    for (size_t i = 0; i < count; i++)
        compare(name, list[i].name, a, b, tolerance);
}

/* Whether there is an update of that name. */
static bool is_updated(const network_run *run, const char *what) {
    size_t count;
    double *values = network_run_get(run, what, &count);
    free(values);
    return values != NULL;
}

/* Compares all tensors of both, and closes both. */
static void compare_runs(const char *name, network_run left, network_run right, double tolerance) {
    size_t count, other;
    const yg_network_parameter *one = yg_network_parameters(left.network, &count);
    const yg_network_parameter *two = yg_network_parameters(right.network, &other);
    cr_assert_eq(count, other, "%s: %zu parameters and %zu", name, count, other);
    const bool loss = yg_network_loss(left.network) != YG_NONE;
    for (size_t i = 0; i < count; i++) {
        char what[8192];
        cr_assert_str_eq(one[i].name, two[i].name, "%s", name);
        cr_assert_eq(one[i].trainable, two[i].trainable, "%s: %s", name, one[i].name);
        snprintf(what, sizeof what, "gradient %s", one[i].name);
        if (loss && one[i].trainable)
            compare(name, what, &left, &right, tolerance);
        snprintf(what, sizeof what, "update %s", one[i].name);
        if (is_updated(&left, what) || is_updated(&right, what))
            compare(name, what, &left, &right, tolerance);
    }
    const yg_tensor_name *list = yg_network_outputs(left.network, &count);
    compare_list(name, list, count, &left, &right, tolerance);
    if (loss)
        compare(name, "loss", &left, &right, tolerance);
    yg_network_metrics(left.network, &count);
    yg_network_metrics(right.network, &other);
    cr_assert_eq(count, other, "%s", name);
    network_run_close(&left);
    network_run_close(&right);
}

void expect_same_model(const char *name, const yg_model *a, const yg_network_options *a_options,
                       const yg_model *b, const yg_network_options *b_options, double tolerance) {
    network_run left, right;
    open_run(name, a, a_options, NULL, &left);
    open_run(name, b, b_options, NULL, &right);
    compare_runs(name, left, right, tolerance);
}

void expect_same_program(const char *name, const yg_model *model, const yg_network_options *options,
                         const yg_compile_options *a, const yg_compile_options *b,
                         double tolerance) {
    network_run left, right;
    open_run(name, model, options, a, &left);
    open_run(name, model, options, b, &right);
    compare_runs(name, left, right, tolerance);
}

void expect_expands(const char *name, const yg_model *model, const yg_network_options *options) {
    yg_error error = {0};
    char *text = yg_model_expand(model, &error);
    cr_assert_not_null(text, "%s: %s", name, error.message);
    yg_model *expanded = model_from_text(text, &error);
    cr_assert_not_null(expanded, "%s, expanded, %d:%d: %s\n%s", name, (int)error.line,
                       (int)error.column, error.message, text);
    expect_same_model(name, model, options, expanded, options, 0);
    char *again = yg_model_expand(expanded, &error);
    cr_assert_not_null(again, "%s: %s", name, error.message);
    cr_expect_str_eq(again, text, "%s", name);
    free(again);
    free(text);
    yg_model_free(expanded);
}
