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

enum { PARAMETERS = 2 };

static const yg_type types[PARAMETERS] = {{YG_F64, 2, {2, 3}}, {YG_F64, 1, {4}}};

static json_t *load_fixture(void) {
    json_error_t error;
    json_t *fixture = json_load_file(YG_FIXTURES "/optimizers.json", 0, &error);
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
    yg_graph *graph;
    yg_program *program;
    yg_node parameters[PARAMETERS], inputs[PARAMETERS];
    yg_optimizer optimizer;
    yg_optimizer_graph updates;
} stepper;

static void make(stepper *s, const char *text, double clip) {
    static const char *const names[PARAMETERS] = {"weight", "bias"};
    static const char *const input_names[PARAMETERS] = {"d_weight", "d_bias"};
    yg_error error = {0};
    yg_document *document = parse(text);
    cr_assert(yg_optimizer_read(yg_document_root(document), &s->optimizer, &error), "%s: %s", text,
              error.message);
    s->graph = yg_graph_new(yg_ops(), 0);
    yg_node gradients[PARAMETERS];
    for (size_t i = 0; i < PARAMETERS; i++) {
        s->parameters[i] = yg_parameter(s->graph, names[i], &types[i]);
        s->inputs[i] = gradients[i] = yg_input(s->graph, input_names[i], &types[i]);
    }
    if (clip > 0)
        cr_assert(yg_clip_grad_norm(s->graph, gradients, PARAMETERS, clip, &error));
    cr_assert(yg_optimizer_build(&s->optimizer, s->graph, s->parameters, gradients, PARAMETERS,
                                 &s->updates, &error),
              "%s: %s", text, error.message);
    s->program = yg_compile(s->graph, NULL, 0, s->updates.updates, s->updates.update_count,
                            &(yg_compile_options){.threads = 1}, &error);
    cr_assert_not_null(s->program, "%s: %s", text, error.message);
    yg_document_free(document);
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

Test(optimizers, follow_pytorch) {
    json_t *fixture = load_fixture();
    size_t index, compared = 0;
    json_t *c;
    json_array_foreach(json_object_get(fixture, "cases"), index, c) {
        const char *text = json_string_value(json_object_get(c, "optimizer"));
        stepper s = {0};
        make(&s, text, json_number_value(json_object_get(c, "clip_grad_norm")));
        for (size_t i = 0; i < PARAMETERS; i++)
            copy(yg_program_data(s.program, s.parameters[i]),
                 json_array_get(json_object_get(c, "initial"), i));
        const json_t *gradients = json_object_get(c, "gradients");
        const json_t *expected = json_object_get(c, "parameters");
        for (size_t step = 0; step < json_array_size(gradients); step++) {
            yg_error error = {0};
            for (size_t i = 0; i < PARAMETERS; i++)
                copy(yg_program_data(s.program, s.inputs[i]),
                     json_array_get(json_array_get(gradients, step), i));
            set_scalar(&s, s.updates.inputs.lr, s.optimizer.lr);
            set_scalar(&s, s.updates.inputs.t, (double)step + 1);
            cr_assert(yg_program_run(s.program, 0, step, &error), "%s", error.message);
            for (size_t i = 0; i < PARAMETERS; i++) {
                const double *now = yg_program_data(s.program, s.parameters[i]);
                const json_t *then = json_array_get(json_array_get(expected, step), i);
                for (size_t k = 0; k < json_array_size(then); k++, compared++) {
                    const double value = json_real_value(json_array_get(then, k));
                    cr_assert(fabs(now[k] - value) <= 1e-12 * fmax(1, fabs(value)),
                              "%s, step %zu: %.17g, PyTorch has %.17g", text, step, now[k], value);
                }
            }
        }
        unmake(&s);
    }
    cr_assert_eq(compared, 13 * 12 * 10, "%zu values compared", compared);
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
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        stepper s = {0};
        make(&s, texts[i], 0);
        cr_expect_leq(yg_program_get_stats(s.program).instructions, 1 + PARAMETERS, "%s: %zu",
                      texts[i], yg_program_get_stats(s.program).instructions);
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

/* Text of a model file, and the expected error; "" if the text is right. */
static const struct {
    const char *text, *message;
} written[] = {
    {"{type: sgd, lr: 0.1, momentum: 0.9, nesterov: true}", ""},
    {"adamw", ""},
    {"sgd", "needs a learning rate"},
    {"{type: sgd}", "lr"},
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
