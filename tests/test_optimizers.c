/*
 * Optimizers and clipping against PyTorch's, whose trajectories fixtures/optimizers.json
 * holds (see generate_optimizers.py); and what a model file may write of them.
 */
#include "ops/ops.h"
#include "train/optimizer.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { PARAMETERS = 4 };

static const yg_type types[PARAMETERS] = {
    {YG_F64, 2, {2, 3}}, {YG_F64, 1, {4}}, {YG_F64, 2, {3, 2}}, {YG_F64, 3, {2, 1, 3}}};

static json_t *load_fixture(const char *path) {
    json_error_t error;
    json_t *fixture = json_load_file(path, 0, &error);
    cr_assert_not_null(fixture, "%s", error.text);
    return fixture;
}

static yg_document *parse(const char *text) {
    yg_error error = {0};
    yg_document *document = yg_document_parse(text, strlen(text), "o.yaml", &error);
    cr_assert_not_null(document, "%s", error.message);
    return document;
}

static void copy(double *to, const json_t *list) {
    for (size_t i = 0; i < json_array_size(list); i++)
        to[i] = json_real_value(json_array_get(list, i));
}

/* The step of one optimizer, as a program. */
typedef struct stepper {
    size_t count; /* of parameters: the first ones of the list */
    yg_graph *graph;
    yg_program *program;
    yg_node parameters[PARAMETERS], inputs[PARAMETERS];
    yg_optimizer optimizer;
    yg_optimizer_graph updates;
} stepper;

/* `phase`: see yg_optimizer_phase(). */
static void make_phase(stepper *s, size_t count, const char *text, double clip, int64_t phase) {
    static const char *const names[PARAMETERS] = {"weight", "bias", "tall", "deep"};
    static const char *const input_names[PARAMETERS] = {"d_weight", "d_bias", "d_tall", "d_deep"};
    yg_error error = {0};
    yg_document *document = parse(text);
    cr_assert(yg_optimizer_read(yg_document_root(document), &s->optimizer, &error), "%s: %s", text,
              error.message);
    s->optimizer.phase = phase;
    s->graph = yg_graph_new(yg_ops(), 0);
    yg_node gradients[PARAMETERS];
    s->count = count;
    for (size_t i = 0; i < count; i++) {
        s->parameters[i] = yg_parameter(s->graph, names[i], &types[i]);
        s->inputs[i] = gradients[i] = yg_input(s->graph, input_names[i], &types[i]);
    }
    if (clip > 0)
        cr_assert(yg_clip_grad_norm(s->graph, gradients, count, clip, &error));
    cr_assert(yg_optimizer_build(&s->optimizer, s->graph, s->parameters, gradients, count,
                                 &s->updates, &error),
              "%s: %s", text, error.message);
    s->program = yg_compile(s->graph, NULL, 0, s->updates.updates, s->updates.update_count,
                            &(yg_compile_options){.threads = 1}, &error);
    cr_assert_not_null(s->program, "%s: %s", text, error.message);
    yg_document_free(document);
}

static void make(stepper *s, size_t count, const char *text, double clip) {
    make_phase(s, count, text, clip, 0);
}

static void unmake(stepper *s) {
    yg_program_free(s->program);
    yg_optimizer_graph_free(&s->updates);
    yg_graph_free(s->graph);
}

static void set_scalar(stepper *s, yg_node node, double value) {
    if (node != YG_NONE)
        *(double *)yg_program_data(s->program, node) = value;
}

/* Runs a step, from 1, on gradients[parameter]. */
static void run(stepper *s, double step, const json_t *gradients) {
    yg_error error = {0};
    for (size_t i = 0; i < s->count; i++)
        copy(yg_program_data(s->program, s->inputs[i]), json_array_get(gradients, i));
    set_scalar(s, s->updates.inputs.lr, s->optimizer.lr);
    set_scalar(s, s->updates.inputs.t, step);
    cr_assert(yg_program_run(s->program, 0, (uint64_t)step - 1, &error), "%s", error.message);
}

/* Compares the parameters with lists of numbers. Returns how many it has compared. */
static size_t compare(const stepper *s, const char *text, size_t step, const json_t *expected,
                      double tolerance) {
    size_t compared = 0;
    for (size_t i = 0; i < s->count; i++) {
        const double *now = yg_program_data(s->program, s->parameters[i]);
        const json_t *then = json_array_get(expected, i);
        for (size_t k = 0; k < json_array_size(then); k++, compared++) {
            const double value = json_real_value(json_array_get(then, k));
            cr_assert(fabs(now[k] - value) <= tolerance * fmax(1, fabs(value)),
                      "%s, step %zu, parameter %zu: %.17g, PyTorch has %.17g", text, step, i,
                      now[k], value);
        }
    }
    return compared;
}

/* Compares the averages of parameters, which are evaluated in their place. */
static size_t compare_averages(const stepper *s, const char *text, const json_t *expected) {
    static const char prefix[] = "@average.";
    size_t compared = 0;
    for (size_t i = 0, p = 0; expected && i < s->updates.state_count; i++) {
        const yg_optimizer_state *state = &s->updates.states[i];
        if (strncmp(state->name, prefix, strlen(prefix)) != 0)
            continue;
        const double *now = yg_program_data(s->program, state->node);
        const json_t *then = json_array_get(expected, p++);
        for (size_t k = 0; k < json_array_size(then); k++, compared++)
            cr_assert_float_eq(now[k], json_real_value(json_array_get(then, k)), 1e-10, "%s, %s",
                               text, state->name);
    }
    return compared;
}

static void fill(stepper *s, const json_t *values) {
    for (size_t i = 0; i < s->count; i++)
        copy(yg_program_data(s->program, s->parameters[i]), json_array_get(values, i));
}

Test(optimizers, follow_pytorch) {
    json_t *fixture = load_fixture(YG_FIXTURES "/optimizers.json");
    size_t index, compared = 0;
    json_t *c;
    json_array_foreach(json_object_get(fixture, "cases"), index, c) {
        const char *text = json_string_value(json_object_get(c, "optimizer"));
        stepper s = {0};
        make(&s, 2, text, json_number_value(json_object_get(c, "clip_grad_norm")));
        fill(&s, json_object_get(c, "initial"));
        const json_t *gradients = json_object_get(c, "gradients");
        const json_t *expected = json_object_get(c, "parameters");
        for (size_t step = 0; step < json_array_size(gradients); step++) {
            run(&s, (double)step + 1, json_array_get(gradients, step));
            compared += compare(&s, text, step + 1, json_array_get(expected, step), 1e-12);
        }
        unmake(&s);
    }
    cr_assert_eq(compared, 13 * 12 * 10, "%zu values compared", compared);
    json_decref(fixture);
}

Test(optimizers, follow_pytorch_for_50_steps) {
    json_t *fixture = load_fixture(YG_FIXTURES "/optimizer_steps.json");
    const json_t *gradients = json_object_get(fixture, "gradients");
    const json_t *told = json_object_get(fixture, "told");
    const size_t steps = json_array_size(gradients), points = json_array_size(told);
    size_t index, compared = 0, averages = 0;
    json_t *c;
    json_array_foreach(json_object_get(fixture, "cases"), index, c) {
        const char *text = json_string_value(json_object_get(c, "optimizer"));
        const json_t *means = json_object_get(c, "averages");
        const json_t *expected = json_object_get(c, "parameters");
        stepper s = {0};
        make(&s, PARAMETERS, text, 0);
        fill(&s, json_object_get(fixture, "initial"));
        for (size_t step = 1, point = 0; step <= steps; step++) {
            run(&s, (double)step, json_array_get(gradients, step - 1));
            if ((json_int_t)step != json_integer_value(json_array_get(told, point)))
                continue;
            averages += compare_averages(&s, text, json_array_get(means, point));
            compared += compare(&s, text, step, json_array_get(expected, point++), 1e-10);
        }
        unmake(&s);
    }
    cr_expect_eq(steps, 50);
    cr_expect_eq(compared, index * points * 22, "%zu values compared", compared);
    cr_expect_eq(averages, 4 * points * 22, "%zu averages compared", averages);
    json_decref(fixture);
}

/* The first step of a group that was frozen is that of a new run, whatever the step of the run. */
Test(optimizers, a_group_counts_its_own_steps) {
    static const char text[] = "{type: nadam, groups: {bias: {lr: 0.1, frozen_until: 2}}}";
    json_t *fixture = load_fixture(YG_FIXTURES "/optimizer_steps.json");
    const json_t *gradients = json_object_get(fixture, "gradients");
    stepper frozen = {0}, later = {0}, plain = {0};
    make_phase(&frozen, 2, text, 0, 2);
    make(&later, 2, text, 0);
    make(&plain, 2, "{type: nadam, lr: 0.1}", 0);
    fill(&later, json_object_get(fixture, "initial"));
    fill(&plain, json_object_get(fixture, "initial"));
    const double *moved = yg_program_data(later.program, later.parameters[1]);
    const double *expected = yg_program_data(plain.program, plain.parameters[1]);
    for (size_t step = 1; step <= 6; step++) {
        run(&later, (double)step + 6, json_array_get(gradients, step - 1));
        run(&plain, (double)step, json_array_get(gradients, step - 1));
        for (size_t k = 0; k < 4; k++)
            cr_expect_float_eq(moved[k], expected[k], 1e-14, "step %zu", step);
    }
    cr_expect_eq(frozen.updates.state_count, 2 * 2 + 2 + 1); /* products, and a count of steps */
    cr_expect_eq(later.updates.state_count, frozen.updates.state_count);
    cr_expect_eq(frozen.updates.update_count, 1 + 3); /* of the weight */
    unmake(&frozen);
    unmake(&later);
    unmake(&plain);
    json_decref(fixture);
}

/* The tensors of a parameter's update are read and written once. The scalars that all updates share
 * come first, so they do not split the group. */
Test(optimizers, an_update_is_one_instruction) {
    static const char *const texts[] = {
        "{type: sgd, lr: 0.1}",
        "{type: sgd, lr: 0.1, momentum: 0.9, weight_decay: 0.1, nesterov: true}",
        "{type: sgd, lr: 0.1, momentum: 0.9, dampening: 0.1}",
        "adam",
        "{type: adam, weight_decay: 0.1, amsgrad: true}",
        "adamw",
        "{type: adamw, amsgrad: true}",
        "nadam",
        "{type: nadam, weight_decay: 0.1, decoupled_weight_decay: true}",
        "{type: radam, weight_decay: 0.1}",
        "{type: adamax, weight_decay: 0.1}",
        "{type: adagrad, lr_decay: 0.1, initial_accumulator_value: 0.1}",
        "{type: adadelta, weight_decay: 0.1}",
        "{type: rmsprop, momentum: 0.1, centered: true}",
        "rprop",
        "{type: lion, weight_decay: 0.1}",
        "{type: schedule_free_sgd, weight_decay: 0.1, warmup_steps: 10}",
        "schedule_free_adamw",
        "{type: adam, groups: {bias: {lr: 0.1}}}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        stepper s = {0};
        make(&s, 2, texts[i], 0);
        cr_expect_leq(yg_program_get_stats(s.program).instructions, 1 + 2, "%s: %zu", texts[i],
                      yg_program_get_stats(s.program).instructions);
        unmake(&s);
    }
}

Test(optimizers, a_parameter_without_gradient_has_no_update) {
    yg_error error = {0};
    yg_optimizer adam;
    yg_optimizer_graph updates;
    yg_graph *graph = yg_graph_new(yg_ops(), 0);
    const yg_node parameter = yg_parameter(graph, "w", &types[1]), none = YG_NONE;
    cr_assert(yg_optimizer_make("adam", 0.1, &adam, &error));
    cr_assert(yg_optimizer_build(&adam, graph, &parameter, &none, 1, &updates, &error));
    cr_expect_eq(updates.update_count, 0);
    cr_expect_eq(updates.state_count, 0);
    cr_expect_eq(updates.inputs.lr, YG_NONE);
    yg_optimizer_graph_free(&updates);
    yg_graph_free(graph);
}

/* What a file may write, but not of these parameters; and a part of the error. */
static const struct {
    const char *text, *message;
} refused[] = {
    {"{type: adam, groups: {'*.kernel': {lr: 0.1}}}",
     "no trainable parameter is called '*.kernel'"},
    {"{type: adam, groups: {wieght: {lr: 0.1}}}", "did you mean 'weight'"},
    {"{type: adam, groups: {'*': {}, biass: {}}}", "did you mean 'bias'"},
    {"muon", "muon cannot train 'bias'"},
};

Test(optimizers, what_no_parameter_allows) {
    static const char *const names[] = {"weight", "bias"};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        yg_error error = {0};
        yg_optimizer optimizer;
        yg_optimizer_graph updates;
        yg_document *document = parse(refused[i].text);
        yg_graph *graph = yg_graph_new(yg_ops(), 0);
        yg_node nodes[2];
        for (size_t k = 0; k < 2; k++)
            nodes[k] = yg_parameter(graph, names[k], &types[k]);
        cr_assert(yg_optimizer_read(yg_document_root(document), &optimizer, &error));
        cr_expect_not(yg_optimizer_build(&optimizer, graph, nodes, nodes, 2, &updates, &error),
                      "%s", refused[i].text);
        cr_expect_not_null(strstr(error.message, refused[i].message), "%s: %s", refused[i].text,
                           error.message);
        cr_expect_eq(error.line, 1, "%s: no place", refused[i].text);
        yg_graph_free(graph);
        yg_document_free(document);
    }
}

/* PyTorch's defaults; those of lion and of schedule-free are their authors'. */
static const struct {
    const char *type;
    double lr;
} rates[] = {
    {"sgd", 1e-3},     {"adam", 1e-3},   {"adamw", 1e-3},          {"nadam", 2e-3},
    {"radam", 1e-3},   {"adamax", 2e-3}, {"adagrad", 1e-2},        {"adadelta", 1},
    {"rmsprop", 1e-2}, {"rprop", 1e-2},  {"lion", 1e-4},           {"adafactor", 1e-2},
    {"muon", 1e-3},    {"lbfgs", 1},     {"schedule_free_sgd", 1}, {"schedule_free_adamw", 2.5e-3},
};

Test(optimizers, have_a_learning_rate_of_their_own) {
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        yg_error error = {0};
        yg_optimizer optimizer;
        yg_document *document =
            yg_document_parse(rates[i].type, strlen(rates[i].type), "optimizer", &error);
        cr_assert(yg_optimizer_read(yg_document_root(document), &optimizer, &error), "%s: %s",
                  rates[i].type, error.message);
        cr_expect_eq(optimizer.lr, rates[i].lr, "%s: %g", rates[i].type, optimizer.lr);
        yg_document_free(document);
    }
}

/* Text of a model file, and the expected error; "" if the text is right. */
static const struct {
    const char *text, *message;
} written[] = {
    {"{type: sgd, lr: 0.1, momentum: 0.9, nesterov: true}", ""},
    {"adamw", ""},
    {"sgd", ""},
    {"{type: sgd}", ""},
    {"{type: adma, lr: 0.1}", "adam"},
    {"{lr: 0.1}", "has no `type`"},
    {"{type: adam, lr: -0.1}", "`lr`"},
    {"{type: adam, lr: nan}", "`lr`"},
    {"{type: adam, lr: 0.1, beta: [0.9, 0.99]}", "betas"},
    {"{type: adam, lr: 0.1, betas: 0.9}", "list of two numbers"},
    {"{type: adam, lr: 0.1, betas: [0.9]}", "list of two numbers"},
    {"{type: adam, lr: 0.1, betas: [0.9, 1]}", "below 1"},
    {"{type: adam, lr: 0.1, momentum: 0.9}", "momentum"},
    {"{type: sgd, lr: 0.1, nesterov: true}", "`nesterov` needs a `momentum`"},
    {"{type: sgd, lr: 0.1, momentum: 0.9, nesterov: true, dampening: 0.1}", "no `dampening`"},
    {"{type: sgd, lr: 0.1, momentum: 2}", "`momentum`"},
    {"{type: radm}", "did you mean 'radam'"},
    {"{type: rprop, etas: [1, 1.2]}", "below 1; found the number 1"},
    {"{type: rprop, etas: [0.5, 1]}", "`etas` must be a number above 1"},
    {"{type: rprop, step_sizes: [1, 0.5]}", "above the largest"},
    {"{type: rprop, step_sizes: 1}", "such as [1e-06, 50]"},
    {"{type: adafactor, eps: [null, 1e-3]}", ""},
    {"{type: adafactor, eps: [1e-30, null]}", "`eps`"},
    {"{type: adafactor, eps: 1}", "such as [null, 0.001]"},
    {"{type: adafactor, d: 0.5}", "`d`"},
    {"{type: muon, ns_coefficients: [1, 2]}", "list of three numbers"},
    {"{type: muon, ns_steps: 1.5}", "`ns_steps`"},
    {"{type: muon, adjust_lr_fn: orginal}", "did you mean 'original'"},
    {"{type: schedule_free_sgd, momentum: 0}", "`momentum` must be a number above 0"},
    {"{type: schedule_free_adamw, betas: [1, 0.9]}", "above 0 and below 1"},
    {"{type: adam, groups: {}}", ""},
    {"{type: adam, groups: {bias: {lr: 1, frozen_until: 3, betas: [0, 0]}}}", ""},
    {"{type: adam, groups: {bias: {type: sgd, lr: 1, momentum: 0.5}}}", ""},
    {"{type: adam, groups: bias}", "`groups`"},
    {"{type: adam, groups: {bias: 3}}", "the group 'bias'"},
    {"{type: adam, groups: {bias: {momentum: 3}}}", "momentum"},
    {"{type: adam, groups: {bias: {type: sgd}}}", ""},
    {"{type: adam, groups: {bias: {type: sgdd, lr: 1}}}", "did you mean 'sgd'"},
    {"{type: adam, groups: {bias: {frozen_until: -1}}}", "`frozen_until`"},
    {"{type: adam, groups: {bias: {groups: {}}}}", "groups"},
    {"{type: adam, frozen_until: 1}", "frozen_until"},
    {"{type: lbfgs, maximize: true}", "maximize"},
    {"{type: adam, maximize: 1}", "`maximize`"},
    {"{type: adam, lr: 0, groups: {bias: {lr: 1}}}", "in proportion"},
};

Test(optimizers, what_a_file_may_write) {
    for (size_t i = 0; i < sizeof written / sizeof *written; i++) {
        yg_error error = {0};
        yg_optimizer optimizer;
        yg_document *document = parse(written[i].text);
        const bool good = yg_optimizer_read(yg_document_root(document), &optimizer, &error);
        cr_expect_eq(good, !*written[i].message, "%s: %s", written[i].text, error.message);
        cr_expect_not_null(strstr(error.message, written[i].message), "%s: %s", written[i].text,
                           error.message);
        cr_expect(good || error.line == 1, "%s: no place", written[i].text);
        yg_document_free(document);
    }
}
