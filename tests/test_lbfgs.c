/*
 * L-BFGS against torch.optim.LBFGS, whose points fixtures/lbfgs.json holds (see generate_lbfgs.py).
 */
#include "train/lbfgs.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>

enum { COUNT = 6, STEPS = 50 };

/* The valley of generate_lbfgs.py. */
typedef struct valley {
    double c;
    json_int_t evaluations;
} valley;

static bool evaluate(void *context, const double *x, double *loss, double *gradient,
                     yg_error *error) {
    valley *v = context;
    (void)error;
    v->evaluations++;
    *loss = 0;
    for (size_t i = 0; i < COUNT; i++)
        gradient[i] = 0;
    for (size_t i = 0; i + 1 < COUNT; i++) {
        const double off = x[i + 1] - x[i] * x[i], left = 1 - x[i];
        *loss += v->c * off * off + left * left;
        gradient[i + 1] += 2 * v->c * off;
        gradient[i] -= 4 * v->c * off * x[i] + 2 * left;
    }
    return true;
}

static double number(const json_t *of, const char *name) {
    return json_number_value(json_object_get(of, name));
}

static yg_lbfgs make(const json_t *c, valley *v) {
    yg_error error = {0};
    const size_t history = (size_t)number(c, "history_size");
    yg_lbfgs lbfgs = {
        .count = COUNT,
        .options = {.max_iter = (int64_t)number(c, "max_iter"),
                    .max_eval = (int64_t)number(c, "max_eval"),
                    .history_size = (int64_t)history,
                    .tolerance_grad = number(c, "tolerance_grad"),
                    .tolerance_change = number(c, "tolerance_change"),
                    .strong_wolfe = json_is_true(json_object_get(c, "strong_wolfe"))},
        .state = {.direction = calloc(COUNT, sizeof(double)),
                  .last_gradient = calloc(COUNT, sizeof(double)),
                  .gradient_changes = calloc(COUNT * history, sizeof(double)),
                  .steps = calloc(COUNT * history, sizeof(double)),
                  .ro = calloc(history, sizeof(double)),
                  .scalars = calloc(YG_LBFGS_SCALARS, sizeof(double))},
        .evaluate = evaluate,
        .context = v,
    };
    cr_assert(yg_lbfgs_begin(&lbfgs, &error), "%s", error.message);
    return lbfgs;
}

static void unmake(yg_lbfgs *lbfgs) {
    free(lbfgs->state.direction);
    free(lbfgs->state.last_gradient);
    free(lbfgs->state.gradient_changes);
    free(lbfgs->state.steps);
    free(lbfgs->state.ro);
    free(lbfgs->state.scalars);
    yg_lbfgs_end(lbfgs);
}

static json_t *load_fixture(void) {
    json_error_t error;
    json_t *fixture = json_load_file(YG_FIXTURES "/lbfgs.json", 0, &error);
    cr_assert_not_null(fixture, "%s", error.text);
    return fixture;
}

Test(lbfgs, follows_pytorch_for_50_steps) {
    json_t *fixture = load_fixture();
    const json_t *told = json_object_get(fixture, "told");
    const json_t *start = json_object_get(fixture, "start");
    size_t index, compared = 0;
    json_t *c;
    json_array_foreach(json_object_get(fixture, "cases"), index, c) {
        valley v = {.c = number(c, "c")};
        yg_lbfgs lbfgs = make(c, &v);
        double x[COUNT], loss;
        for (size_t i = 0; i < COUNT; i++)
            x[i] = json_number_value(json_array_get(start, i));
        for (json_int_t step = 1, at = 0; step <= STEPS; step++) {
            yg_error error = {0};
            cr_assert(yg_lbfgs_step(&lbfgs, number(c, "lr"), x, &loss, &error));
            if (json_integer_value(json_array_get(told, (size_t)at)) != step)
                continue;
            const json_t *point = json_array_get(json_object_get(c, "points"), (size_t)at++);
            for (size_t i = 0; i < COUNT; i++, compared++)
                cr_assert_float_eq(x[i], json_real_value(json_array_get(point, i)), 1e-8,
                                   "case %zu, step %d, x[%zu]: %.17g, PyTorch has %.17g", index,
                                   (int)step, i, x[i], json_real_value(json_array_get(point, i)));
        }
        cr_expect_eq(v.evaluations, json_integer_value(json_object_get(c, "evaluations")),
                     "case %zu: %d evaluations", index, (int)v.evaluations);
        unmake(&lbfgs);
    }
    cr_expect_eq(compared, 8 * 7 * COUNT, "%zu numbers compared", compared);
    json_decref(fixture);
}
