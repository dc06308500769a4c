/*
 * Schedules: the built-in ones against PyTorch's (fixtures/optimizers.json and schedules.json, see
 * generate_optimizers.py and generate_schedules.py), and plain ones against their closed forms to
 * the last bit; lists of schedules; schedules of a user's.
 */
#include "graph/file.h"
#include "schedule_model.h"
#include "train/gradients.h"
#include "train/schedule.h"
#include "train/settings.h"
#include "train/train.h"
#include "workspace.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -------------------------------------------------------------------------------- built in -- */

Test(schedules, follow_pytorch) {
    json_error_t failure;
    json_t *fixture = json_load_file(YG_FIXTURES "/optimizers.json", 0, &failure);
    cr_assert_not_null(fixture, "%s", failure.text);
    size_t index, step, compared = 0;
    json_t *c, *rate;
    json_array_foreach(json_object_get(fixture, "schedules"), index, c) {
        const char *text = json_string_value(json_object_get(c, "schedule"));
        yg_model *model = schedule_model("", text);
        const yg_rate_plan plan = {.schedule = yg_model_schedule(model),
                                   .lr = json_real_value(json_object_get(c, "lr")),
                                   .steps = json_integer_value(json_object_get(c, "steps")),
                                   .epoch_steps =
                                       json_integer_value(json_object_get(c, "epoch_steps"))};
        json_array_foreach(json_object_get(c, "rates"), step, rate) {
            const double value = rate_of(&plan, (int64_t)step);
            cr_assert(fabs(value - json_real_value(rate)) <= 1e-14,
                      "%s, step %zu: %.17g, not %.17g", text, step, value, json_real_value(rate));
            compared++;
        }
        yg_model_free(model);
    }
    cr_assert_eq(compared, 100);
    json_decref(fixture);
}

/* The schedules of PyTorch that models/schedules/ has and optimizers.json has not, formulas in
 * place of a schedule, and lists. */
Test(schedules, follow_pytorch_over_50_steps) {
    json_error_t failure;
    json_t *fixture = json_load_file(YG_FIXTURES "/schedules.json", 0, &failure);
    cr_assert_not_null(fixture, "%s", failure.text);
    size_t index, step, compared = 0;
    json_t *c, *rate;
    json_array_foreach(json_object_get(fixture, "schedules"), index, c) {
        const char *text = json_string_value(json_object_get(c, "schedule"));
        yg_model *model = schedule_model("", text);
        const yg_rate_plan plan = {.schedule = yg_model_schedule(model),
                                   .lr = json_real_value(json_object_get(c, "lr")),
                                   .steps = json_integer_value(json_object_get(fixture, "steps")),
                                   .epoch_steps =
                                       json_integer_value(json_object_get(c, "epoch_steps"))};
        yg_error error = {0};
        cr_expect(yg_schedule_check(&plan, &error), "%s: %s", text, error.message);
        json_array_foreach(json_object_get(c, "rates"), step, rate) {
            const double value = rate_of(&plan, (int64_t)step), wanted = json_real_value(rate);
            cr_expect(fabs(value - wanted) <= 1e-12, "%s, step %zu: %.17g, not %.17g", text, step,
                      value, wanted);
            compared++;
        }
        yg_model_free(model);
    }
    cr_assert_eq(compared, 50 * 22);
    json_decref(fixture);
}

/* The closed forms. `n` steps are left after the warm-up; this is step `i` of them. */
static double constant(double lr, double i, double n, int64_t epoch) {
    (void)i, (void)n, (void)epoch;
    return lr;
}
static double step_3(double lr, double i, double n, int64_t epoch) {
    (void)i, (void)n;
    return lr * pow(0.7, floor((double)epoch / 3));
}
static double step_default(double lr, double i, double n, int64_t epoch) {
    (void)i, (void)n;
    return lr * pow(0.1, floor((double)epoch / 2));
}
static double exponential(double lr, double i, double n, int64_t epoch) {
    (void)i, (void)n;
    return lr * pow(0.93, (double)epoch);
}
static double cosine(double lr, double i, double n, int64_t epoch) {
    (void)epoch;
    const double min_lr = 0.003;
    return min_lr + (lr - min_lr) * (1 + cos(3.14159265358979323846 * (i / n))) / 2;
}
static double linear(double lr, double i, double n, int64_t epoch) {
    (void)epoch;
    return lr * (1 + (0.25 - 1) * (i / n));
}

static const struct {
    const char *text;
    double (*form)(double lr, double i, double n, int64_t epoch);
} forms[] = {
    {"constant", constant},
    {"{type: step, step_size: 3, gamma: 0.7}", step_3},
    {"{type: step, step_size: 2}", step_default},
    {"{type: exponential, gamma: 0.93}", exponential},
    {"{type: cosine, min_lr: 0.003}", cosine},
    {"{type: linear, end_factor: 0.25}", linear},
};

Test(schedules, have_the_bits_of_their_closed_forms) {
    static const int64_t lengths[][2] = {{1, 1}, {7, 2}, {100, 9}, {10007, 313}}; /* steps, epoch */
    static const double lrs[] = {0.1, 1e-3, 3, 0};
    for (size_t f = 0; f < sizeof forms / sizeof *forms; f++) {
        yg_model *model = schedule_model("", forms[f].text);
        for (size_t k = 0; k < 16; k++) {
            const yg_rate_plan plan = {.schedule = yg_model_schedule(model),
                                       .lr = lrs[k / 4],
                                       .steps = lengths[k % 4][0],
                                       .epoch_steps = lengths[k % 4][1]};
            for (int64_t i = 0; i < plan.steps; i++) {
                const double expected =
                    forms[f].form(plan.lr, (double)i, (double)plan.steps, i / plan.epoch_steps);
                const double rate = rate_of(&plan, i);
                cr_assert(memcmp(&rate, &expected, sizeof rate) == 0,
                          "%s, step %d of %d: %.17g, not %.17g", forms[f].text, (int)i,
                          (int)plan.steps, rate, expected);
            }
        }
        yg_model_free(model);
    }
}

Test(schedules, a_warm_up_rises_to_the_rate_and_the_schedule_follows) {
    static const double expected[] = {0.25, 0.5, 0.75, 1, 1, 0.85355339059327378, 0.5};
    yg_model *model = schedule_model("", "{type: cosine, warmup_steps: 4}");
    const yg_rate_plan plan = {
        .schedule = yg_model_schedule(model), .lr = 1, .steps = 8, .epoch_steps = 2};
    for (int64_t step = 0; step < 7; step++)
        cr_expect_float_eq(rate_of(&plan, step), expected[step], 1e-15);
    yg_model_free(model);
}

/* Steps and epochs are counted from the warm-up's end. */
Test(schedules, a_warm_up_is_no_epoch) {
    static const double expected[] = {1.0 / 3, 2.0 / 3, 1, 1, 1, 0.5, 0.5, 0.25, 0.25, 0.125};
    yg_model *model = schedule_model("", "{type: exponential, gamma: 0.5, warmup_steps: 3}");
    const yg_rate_plan plan = {
        .schedule = yg_model_schedule(model), .lr = 1, .steps = 10, .epoch_steps = 2};
    for (int64_t step = 0; step < 10; step++)
        cr_expect_float_eq(rate_of(&plan, step), expected[step], 1e-15, "step %d: %g", (int)step,
                           rate_of(&plan, step));
    yg_model_free(model);
}

/* A warm-up as long as the run, or longer: the formula, which would divide by 0, is not asked. */
Test(schedules, a_warm_up_may_take_the_whole_run) {
    yg_model *model = schedule_model("", "{type: cosine, warmup_steps: 8}");
    for (int64_t steps = 3; steps <= 8; steps++) {
        const yg_rate_plan plan = {
            .schedule = yg_model_schedule(model), .lr = 1, .steps = steps, .epoch_steps = 2};
        yg_error error = {0};
        cr_expect(yg_schedule_check(&plan, &error), "%s", error.message);
        cr_expect_float_eq(rate_of(&plan, steps - 1), (double)steps / 8, 1e-15);
    }
    yg_model_free(model);
}

/* Each file of models/schedules/ has a test above, and says what it does. */
Test(schedules, all_built_in_ones_are_tested) {
    char *fixture = yg_file_read(YG_FIXTURES "/schedules.json", 1 << 20, &(size_t){0}, NULL);
    cr_assert_not_null(fixture);
    cr_assert_geq(yg_schedule_count(), 10);
    for (size_t i = 0; i < yg_schedule_count(); i++) {
        const char *name = yg_schedule_name(i);
        bool found = strstr(fixture, name) != NULL;
        for (size_t f = 0; f < sizeof forms / sizeof *forms; f++)
            found = found || strstr(forms[f].text, name) != NULL;
        cr_expect(found, "no test uses '%s'", name);
        cr_expect_not_null(strstr(yg_schedule_text(name), "doc:"), "%s", name);
    }
    free(fixture);
    cr_expect_null(yg_schedule_text("no_such_schedule"));
    cr_expect_null(yg_schedule_name(yg_schedule_count()));
}

/* ------------------------------------------------------------------------------ a user's own -- */

/* Formulas, and their value for lr = 0.1 at step 5 of 12, with epochs of 4 steps. */
static const struct {
    const char *formula;
    double value;
} formulas[] = {
    {"lr", 0.1},
    {"step", 5},
    {"steps", 12},
    {"epoch", 1},
    {"a", 2.5},
    {"n", 3},
    {"if(fast, 1, 2)", 1},
    {"if(curve == 'low', 1, 2)", 2},
    {"if(step < n, 1, if(epoch >= 1, 20, 30))", 20},
    {"if(step < n, step / (epoch - 1), lr)", 0.1}, /* only the chosen branch is computed */
    {"if(logical_and(step > 3, step < 6), 7, 8)", 7},
    {"lr - step - steps + 20 - epoch", 0.1 - 5 - 12 + 20 - 1},
    {"2 ** -step", 1.0 / 32},
    {"(-step) % 3", 1},
    {"step // 2 * 100 + step % 2", 201},
    {"maximum(step - 100, 4)", 4},
    {"minimum(a, step / steps)", 5.0 / 12},
    {"clip(step, min=-1, max=4) + clip(-step, -2)", 2},
    {"abs(step - steps) + square(n)", 16},
    {"floor(step / 2) + ceil(step / 2)", 5},
    {"lr * exp(log(2) * (step % 3))", 0.1 * 4},
    {"sqrt(step * step) + tanh(0) + round(a + 0.1)", 8},
    {"9007199254740993 - 9007199254740992", 1}, /* whole numbers stay whole */
    {"maximum(9007199254740993, step) - 9007199254740992", 1},
    {"(((((step + 1) * (step + 2)) + 1) * 2) + ((step + 1) + (step + (step + (step + 1)))))", 108},
    {"pi * 0 + 1", 1},
};

Test(schedules, of_a_users_own_are_formulas) {
    for (size_t i = 0; i < sizeof formulas / sizeof *formulas; i++) {
        char define[1000];
        snprintf(define, sizeof define,
                 "define:\n"
                 "  mine:\n"
                 "    args:\n"
                 "      a: {type: float, default: 2.5}\n"
                 "      n: {type: int, min: 1, default: 3}\n"
                 "      fast: {type: bool, default: true}\n"
                 "      curve: {type: choice, choices: [low, high], default: low}\n"
                 "    rate: %s + 0 * if(fast, a, n) + if(curve == 'low', 0, 0)\n",
                 formulas[i].formula);
        yg_model *model = schedule_model(define, "{type: mine, curve: high}");
        const yg_rate_plan plan = {
            .schedule = yg_model_schedule(model), .lr = 0.1, .steps = 12, .epoch_steps = 4};
        cr_expect_float_eq(rate_of(&plan, 5), formulas[i].value, 1e-14, "%s: %.17g, not %.17g",
                           formulas[i].formula, rate_of(&plan, 5), formulas[i].value);
        yg_model_free(model);
    }
}

/* A chain of any length, and a call in a call: no step count may double with each. */
Test(schedules, of_long_formulas_are_linear, .timeout = 60) {
    const size_t terms = 7000, calls = 40;
    char *define = malloc(16 * terms), *at = define;
    at += sprintf(define, "define:\n  mine:\n    rate: lr");
    for (size_t i = 0; i < terms; i++)
        at += sprintf(at, " + step");
    for (size_t i = 0; i < calls; i++)
        at += sprintf(at, i ? "abs(" : " + abs(");
    at += sprintf(at, "step");
    for (size_t i = 0; i < calls; i++)
        at += sprintf(at, ")");
    sprintf(at, "\n");
    char *text = malloc(strlen(define) + sizeof model_form + 100);
    sprintf(text, model_form, define, "mine");
    yg_error error = {0};
    yg_model *model = model_from_text(text, &error);
    cr_assert_not_null(model, "%s", error.message);
    const yg_rate_plan plan = {
        .schedule = yg_model_schedule(model), .lr = 0, .steps = 10, .epoch_steps = 4};
    cr_expect_float_eq(rate_of(&plan, 2), 2 * ((double)terms + 1), 1e-9);
    yg_model_free(model);
    free(text);
    free(define);
}

/* The rules of a layer type: included files, prefixes, a name of one's own before a built-in one.
 */
Test(schedules, are_found_as_layer_types_are) {
    const model_file file = {"mine.yaml", "format: 1\n"
                                          "define:\n"
                                          "  cosine: {rate: lr * 3}\n"
                                          "  other: {args: {a: float}, rate: lr * a}\n"};
    static const struct {
        const char *define, *schedule;
        double rate;
    } cases[] = {
        {"include: mine.yaml\n", "cosine", 0.3},
        {"include: mine.yaml\n", "{type: other, a: 5}", 0.5},
        {"include: {file: mine.yaml, as: my}\n", "my.cosine", 0.3},
        {"include: {file: mine.yaml, as: my}\n", "cosine", 0.1},
        {"define:\n  linear: {rate: lr * 7}\n", "linear", 0.7}, /* the layer `linear` stays */
        {"vars: {v: 2}\ninclude: mine.yaml\n", "{type: other, a: v * sqrt(4)}", 0.4},
        {"vars: {v: 2}\ninclude: mine.yaml\n", "{type: other, a: sqrt(4 * v / v)}", 0.2},
        {"vars: {v: other}\ninclude: mine.yaml\n", "{type: v, a: 3}", 0.3},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        yg_error error = {0};
        char define[300], *quoted = strstr(cases[i].define, "v: other");
        snprintf(define, sizeof define, "%s", cases[i].define);
        if (quoted)
            snprintf(define, sizeof define, "vars: {v: \"'other'\"}\ninclude: mine.yaml\n");
        yg_model *model = schedule_model_with(define, cases[i].schedule, &file, 1, &error);
        cr_assert_not_null(model, "%zu: %s", i, error.message);
        const yg_rate_plan plan = {
            .schedule = yg_model_schedule(model), .lr = 0.1, .steps = 10, .epoch_steps = 5};
        cr_expect_float_eq(rate_of(&plan, 0), cases[i].rate, 1e-15, "%zu: %g", i,
                           rate_of(&plan, 0));
        yg_model_free(model);
    }
}

/* Waves that end where a wave begins: no rounding may count a wave too much or too little. */
Test(schedules, waves_of_growing_length_begin_with_their_step) {
    yg_model *model = schedule_model("", "{type: cosine_restarts, period: 7, factor: 3}");
    const yg_rate_plan plan = {.schedule = yg_model_schedule(model),
                               .lr = 1,
                               .steps = INT64_C(1000000000000000),
                               .epoch_steps = 1};
    for (int64_t begin = 0, length = 7; begin < plan.steps; begin += length, length *= 3) {
        cr_expect_float_eq(rate_of(&plan, begin), 1, 1e-12, "step %lld: %.17g", (long long)begin,
                           rate_of(&plan, begin));
        if (begin)
            cr_expect_lt(rate_of(&plan, begin - 1), 0.5, "step %lld: %.17g", (long long)begin - 1,
                         rate_of(&plan, begin - 1));
    }
    yg_model_free(model);
}

/* A run that ends within a schedule of the list, or before one: the formulas are those of the list.
 * The last one has the steps that are left. */
Test(schedules, a_list_does_not_depend_on_the_length_of_the_run) {
    yg_model *model =
        schedule_model("", "[{type: linear, steps: 10}, {type: constant, epochs: 2}, linear]");
    for (int64_t steps = 1; steps <= 40; steps++) {
        const yg_rate_plan plan = {
            .schedule = yg_model_schedule(model), .lr = 1, .steps = steps, .epoch_steps = 5};
        yg_error error = {0};
        cr_expect(yg_schedule_check(&plan, &error), "%s", error.message);
        for (int64_t i = 0; i < steps; i++) {
            const double wanted = i < 10   ? 1 - (double)i / 10
                                  : i < 20 ? 1
                                           : 1 - (double)(i - 20) / (double)(steps - 20);
            cr_expect_float_eq(rate_of(&plan, i), wanted, 1e-14, "step %d of %d", (int)i,
                               (int)steps);
        }
    }
    yg_model_free(model);
}

/* A step of a later schedule of the list is looked at too, and its place in the list is told. */
Test(schedules, a_wrong_rate_in_a_list_is_told) {
    yg_model *model = schedule_model("", "[{formula: lr, steps: 30}, {formula: lr - 0.01 * step}]");
    const yg_rate_plan plan = {
        .schedule = yg_model_schedule(model), .lr = 0.1, .steps = 60, .epoch_steps = 7};
    yg_error error = {0};
    cr_expect_not(yg_schedule_check(&plan, &error));
    cr_expect_not_null(strstr(error.message, "at step 42 of 60: found -0.01"), "%s", error.message);
    cr_expect_not_null(strstr(error.message, "step = 11, steps = 30, epoch = 1"), "%s",
                       error.message);
    cr_expect_eq(error.column, 40, "column %d", error.column);
    yg_model_free(model);
}

/* `where` gives formulas names; one that is a number may stand where a number must. */
Test(schedules, formulas_have_names) {
    static const struct {
        const char *where, *rate;
        double value; /* at step 5 of 12, with epochs of 4 steps */
    } cases[] = {
        {"{a: step * 2, b: a + a}", "b * b", 400},
        {"{a: 3, b: a * a}", "clip(step * 10, max=b)", 9},
        {"{a: epoch >= 1}", "if(a, 7, 8)", 7},
        {"{a: 'sum(n)'}", "a + step", 11},
        {"{a: step, b: a + 1, c: b + a, d: c + b}", "d", 17},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[500];
        snprintf(text, sizeof text,
                 "define:\n  mine:\n    args: {n: {type: ints, default: [2, 4]}}\n"
                 "    where: %s\n    rate: \"%s + 0 * sum(n)\"\n",
                 cases[i].where, cases[i].rate);
        yg_model *model = schedule_model(text, "mine");
        const yg_rate_plan plan = {
            .schedule = yg_model_schedule(model), .lr = 0.1, .steps = 12, .epoch_steps = 4};
        cr_expect_float_eq(rate_of(&plan, 5), cases[i].value, 1e-14, "%s: %g", cases[i].rate,
                           rate_of(&plan, 5));
        yg_model_free(model);
    }
}

/* A sum over lists, of numbers that are known and of those that a step knows. */
Test(schedules, sums_over_lists) {
    static const struct {
        const char *formula;
        double value; /* as above */
        const char *message;
    } cases[] = {
        {"sum([1, 2, 3])", 6, NULL},
        {"sum([1, 2.5] * step)", 17.5, NULL},
        {"sum([1, 2] * [3, 4])", 11, NULL},
        {"sum([])", 0, NULL},
        {"sum(if(step >= v, 1, 0))", 2, NULL},
        {"sum(v) + v[0]", 15, NULL},
        {"sum(v * v[1])", 56, NULL},
        {"sum([1, 2] * v)", 0, "lists of 2 and of 3 items"},
        {"sum(step)", 0, "has no list in it"},
        {"sum(sum(v))", 0, "stands in no other sum"},
        {"sum(v, 1)", 0, "takes one argument"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char schedule[100];
        yg_error error = {0};
        snprintf(schedule, sizeof schedule, "{formula: '%s'}", cases[i].formula);
        yg_model *model = schedule_model_with("vars: {v: [1, 4, 9]}\n", schedule, NULL, 0, &error);
        if (strchr(cases[i].formula, 'v') == NULL) {
            yg_model_free(model);
            model = schedule_model_with("", schedule, NULL, 0, &error);
        }
        cr_assert_eq(model != NULL, cases[i].message == NULL, "%s: %s", cases[i].formula,
                     error.message);
        cr_expect(!cases[i].message || strstr(error.message, cases[i].message), "%s: %s",
                  cases[i].formula, error.message);
        if (!model)
            continue;
        const yg_rate_plan plan = {
            .schedule = yg_model_schedule(model), .lr = 0.1, .steps = 12, .epoch_steps = 4};
        cr_expect_float_eq(rate_of(&plan, 5), cases[i].value, 1e-14, "%s: %g", cases[i].formula,
                           rate_of(&plan, 5));
        yg_model_free(model);
    }
}

/* The rates of the schedule of a model, and of what the model expands to. */
static void expect_same_rates(const yg_model *model, const char *hint) {
    yg_error error = {0};
    char *expanded = yg_model_expand(model, &error);
    cr_assert_not_null(expanded, "%s", error.message);
    yg_model *again = model_from_text(expanded, &error);
    cr_assert_not_null(again, "%s: %s in\n%s", hint, error.message, expanded);
    const yg_rate_plan a = {
        .schedule = yg_model_schedule(model), .lr = 0.1, .steps = 30, .epoch_steps = 5};
    yg_rate_plan b = a;
    b.schedule = yg_model_schedule(again);
    for (int64_t step = 0; step < 30; step++)
        cr_expect_eq(rate_of(&a, step), rate_of(&b, step), "%s: step %d", hint, (int)step);
    yg_model_free(again);
    free(expanded);
}

/* Formulas in place have their vars replaced. Schedules of a list may have one name: a prefix is
 * gone in the expanded model. */
Test(schedules, lists_and_formulas_expand) {
    const model_file files[] = {
        {"mine.yaml", "format: 1\ndefine: {cosine: {rate: lr * 3}, ramp: {rate: lr * step}}\n"},
        {"other.yaml", "format: 1\ndefine: {cosine: {rate: lr * 5}, ramp: {rate: lr * 7}}\n"}};
    static const char *const cases[] = {
        "[{formula: 'lr * k ** epoch + most', warmup_steps: 3, steps: 9}, {type: a.cosine, steps: "
        "3}, {formula: k, steps: 4}, {formula: 'maximum(lr, k - step + most)', steps: 3}, {type: "
        "ramp}]",
        "[{type: a.cosine, steps: 4}, {type: b.cosine, steps: 3}, {type: cosine, steps: 5}, "
        "{type: a.cosine, steps: 2}, {type: ramp, steps: 2}, {type: b.ramp, warmup_steps: 2, "
        "steps: 3}, "
        "{formula: k + most}]",
        "[{type: ramp, epochs: 2}, {type: multi_step, milestones: [1, 2], epochs: 1}, "
        "{type: polynomial, power: k + most}]",
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        yg_error error = {0};
        yg_model *model =
            schedule_model_with("vars: {k: 0.7, most: k * 2}\n"
                                "include: [{file: mine.yaml, as: a}, {file: other.yaml, as: b}]\n"
                                "define: {ramp: {rate: lr / (1 + step)}}\n",
                                cases[i], files, 2, &error);
        cr_assert_not_null(model, "%s: %s", cases[i], error.message);
        expect_same_rates(model, cases[i]);
        yg_model_free(model);
    }
}

/* In a formula lr is the learning rate, whatever var is called so. */
Test(schedules, the_numbers_of_a_formula_hide_vars) {
    yg_error error = {0};
    yg_model *model = schedule_model_with(
        "vars: {lr: 2}\n", "[{formula: lr + 0 * step, steps: 2}, {type: polynomial, power: lr}]",
        NULL, 0, &error);
    cr_assert_not_null(model, "%s", error.message);
    const yg_rate_plan plan = {
        .schedule = yg_model_schedule(model), .lr = 0.1, .steps = 12, .epoch_steps = 4};
    cr_expect_float_eq(rate_of(&plan, 1), 0.1, 1e-15);
    cr_expect_float_eq(rate_of(&plan, 7), 0.1 * 0.25, 1e-15);
    yg_model_free(model);
}

/* The expanded model has the schedule in it, and gives the same rates. */
Test(schedules, are_part_of_an_expanded_model) {
    const model_file file = {
        "mine.yaml", "format: 1\n"
                     "define:\n"
                     "  ramp:\n"
                     "    doc: \"a # sign, and: a colon\"\n"
                     "    args: {a: {type: float, default: -1, min: -3}, curve: {type: choice, "
                     "choices: [low, high], default: low}}\n"
                     "    rate: if(curve == 'high', clip(lr * step, max=5) - a, lr)\n"
                     "  unused: {rate: lr}\n"};
    yg_error error = {0};
    yg_model *model = schedule_model_with("vars: {v: 2}\ninclude: {file: mine.yaml, as: my}\n",
                                          "{type: my.ramp, a: -v, curve: high, warmup_steps: 1}",
                                          &file, 1, &error);
    cr_assert_not_null(model, "%s", error.message);
    char *expanded = yg_model_expand(model, &error);
    cr_assert_not_null(expanded, "%s", error.message);
    yg_model *again = model_from_text(expanded, &error);
    cr_assert_not_null(again, "%s in\n%s", error.message, expanded);
    cr_expect_null(strstr(expanded, "unused"));
    yg_rate_plan plan = {
        .schedule = yg_model_schedule(model), .lr = 0.1, .steps = 10, .epoch_steps = 5};
    const double rate = rate_of(&plan, 4);
    cr_expect_float_eq(rate, 2.3, 1e-15);
    plan.schedule = yg_model_schedule(again);
    cr_expect_eq(rate_of(&plan, 4), rate);
    yg_model_free(model);
    yg_model_free(again);
    free(expanded);
}
