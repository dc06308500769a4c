/*
 * --set PATH=VALUE: a model with a value set is the model whose file has that value.
 */
#include "model_text.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char base[] = "format: 1\n"
                           "vars: {n: 4, rate: 0.5, half: rate / 2, file: \"'a.csv'\"}\n"
                           "inputs:\n  x: [B, 2]\n"
                           "targets: {y: [B, 1]}\n"
                           "graph:\n"
                           "  h: {type: linear, out_features: n, activation: tanh}\n"
                           "  p:\n"
                           "    type: linear\n"
                           "    out_features: 1\n"
                           "outputs: [p]\n"
                           "loss: mse(p, y)\n"
                           "metrics: {error: \"l1(p, y)\"}\n"
                           "data:\n"
                           "  train: {csv: file, x: [a, b.c], y: d}\n"
                           "  columns:\n"
                           "    b.c: boolean\n"
                           "  balance: oversample\n"
                           "train:\n"
                           "  epochs: 3 # some\n"
                           "  early_stopping:\n"
                           "  optimizer: {type: adam, lr: half, groups: {\"*.bias\": {lr: 0.5}}}\n";

#define SETS 3

static const struct {
    const char *sets[SETS];
    const char *old, *new; /* what stands in the file, and what stands there instead */
} same[] = {
    {{"n=8"}, "n: 4", "n: 8"},
    {{"vars.n=2 * 3"}, "n: 4", "n: 2 * 3"},
    {{"file='b.csv'"}, "'a.csv'", "'b.csv'"},
    {{"n=maximum(2, 3)"}, "n: 4", "n: \"maximum(2, 3)\""},
    {{"train.epochs=5"}, "epochs: 3", "epochs: 5"},
    {{"train.epochs=n + 1"}, "epochs: 3", "epochs: n + 1"},
    {{"train.epochs=5", "train.epochs=6"}, "epochs: 3", "epochs: 6"},
    {{"train.clip_grad_norm=1"}, "train:\n  ", "train:\n  clip_grad_norm: 1\n  "},
    {{"train.early_stopping.patience=2"}, "early_stopping:", "early_stopping: {patience: 2}"},
    {{"train.early_stopping.patience=2", "train.early_stopping.min_delta=0.5"},
     "early_stopping:",
     "early_stopping: {min_delta: 0.5, patience: 2}"},
    {{"data.windows.length=3"}, "data:\n", "data:\n  windows: {length: 3}\n"},
    {{"train.optimizer.groups.*.bias.lr=0.25"}, "lr: 0.5", "lr: 0.25"},
    {{"train.optimizer.groups.\"*.bias\".lr=0.25"}, "lr: 0.5", "lr: 0.25"},
    {{"train.'epochs'=4"}, "epochs: 3", "epochs: 4"},
    {{"train.optimizer.groups.\"h.*\".lr=0.25"}, "{\"*.bias\"", "{\"h.*\": {lr: 0.25}, \"*.bias\""},
    {{"train.optimizer.betas=[0.5, 0.75]"}, "{type: adam,", "{betas: [0.5, 0.75], type: adam,"},
    {{"train.optimizer.betas=[0.5, 0.75]", "train.optimizer.betas.1=0.125"},
     "{type: adam,",
     "{betas: [0.5, 0.125], type: adam,"},
    {{"data.balance.by=y"}, "balance: oversample", "balance: {how: oversample, by: y}"},
    {{"data.columns.b.c.missing=drop"}, "b.c: boolean", "b.c: {kind: boolean, missing: drop}"},
    {{"data.train.x.1=\"e, f\""}, "b.c]", "\"e, f\"]"},
    {{"data.train.x=a, b"}, "[a, b.c]", "\"a, b\""},
    {{"data.train.y=n"}, "y: d", "y: n"},
    {{"graph.h.out_features=16", "n=2"}, "vars: {n: 4,", "vars: {n: 2,"},
    {{"graph.h.activation=relu"}, "tanh", "relu"},
    {{"graph.p.use_bias=false"}, "type: linear\n", "use_bias: false\n    type: linear\n"},
    {{"graph.p={type: linear, out_features: 1}"}, "p:\n", "p:\n"},
    {{"metrics.error=mse(p, y)"}, "l1(p, y)", "mse(p, y)"},
    {{"metrics.more=mse(p, y)"}, "{error", "{more: \"mse(p, y)\", error"},
    {{"loss=l1(p, y)"}, "mse(p, y)", "l1(p, y)"},
    {{"outputs.0=h"}, "outputs: [p]", "outputs: [h]"},
    {{"inputs.x.1=3"}, "x: [B, 2]", "x: [B, 3]"},
    {{"doc=A line"}, "format: 1\n", "doc: A line\nformat: 1\n"},
};

static char *expanded(const char *text, const char *const *sets, size_t count) {
    const yg_model_options options = {.overrides = sets, .override_count = count};
    yg_error error = {0};
    yg_model *model = model_from_files(text, NULL, 0, &options, &error);
    cr_assert_not_null(model, "%s:%d: %s\n%s", error.file, error.line, error.message, text);
    char *result = yg_model_expand(model, &error);
    cr_assert_not_null(result, "%s", error.message);
    yg_model_free(model);
    return result;
}

Test(overrides, are_as_if_they_stood_in_the_file) {
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        size_t count = 0;
        while (count < SETS && same[i].sets[count])
            count++;
        const char *at = strstr(base, same[i].old);
        cr_assert_not_null(at, "%s", same[i].old);
        char text[2000];
        snprintf(text, sizeof text, "%.*s%s%s", (int)(at - base), base, same[i].new,
                 at + strlen(same[i].old));
        /* The sets that the text has in it already change nothing in it. */
        const bool partly = strstr(same[i].sets[0], "graph.h.out") != NULL;
        char *set = expanded(base, same[i].sets, count);
        char *written = expanded(text, same[i].sets, partly ? 1 : 0);
        cr_expect_str_eq(set, written, "%s", same[i].sets[0]);
        char *before = expanded(base, NULL, 0);
        cr_expect(strcmp(set, before) != 0 || strstr(same[i].sets[0], "graph.p={"),
                  "%s changes nothing", same[i].sets[0]);
        free(before);
        free(set);
        free(written);
    }
}

/* A var that only the replaced value used is not an error, and the model knows it. */
Test(overrides, a_var_may_become_idle) {
    static const char *const sets[] = {"train.optimizer.lr=0.125", "n=2"};
    const yg_model_options options = {.overrides = sets, .override_count = 2};
    yg_error error = {0};
    yg_model *model = model_from_files(base, NULL, 0, &options, &error);
    cr_assert_not_null(model, "%s", error.message);
    cr_expect(yg_model_var_is_idle(model, "rate"));
    cr_expect(yg_model_var_is_idle(model, "half"));
    cr_expect_not(yg_model_var_is_idle(model, "n"));
    cr_expect_not(yg_model_var_is_idle(model, "file"));
    size_t count = 0;
    const yg_override *overrides = yg_model_overrides(model, &count);
    cr_assert_eq(count, 2);
    cr_expect_str_eq(overrides[0].old->text, "half");
    cr_expect_str_eq(overrides[0].text, "0.125");
    cr_expect_str_eq(overrides[0].value->origin.file, "--set train.optimizer.lr=0.125");
    yg_model_free(model);
}

/* Of an override within a value that a later one replaces nothing is left. */
Test(overrides, a_later_one_replaces_those_within) {
    static const char *const sets[] = {"train.optimizer.lr=0.1", "train.optimizer.eps=0.5",
                                       "train.optimizer={type: sgd, lr: 1}",
                                       "train.optimizer=adam"};
    const yg_model_options options = {.overrides = sets, .override_count = 4};
    yg_error error = {0};
    yg_model *model = model_from_files(base, NULL, 0, &options, &error);
    cr_assert_not_null(model, "%s", error.message);
    size_t count = 0;
    const yg_override *overrides = yg_model_overrides(model, &count);
    cr_assert_eq(count, 1);
    cr_expect_str_eq(overrides[0].text, "adam");
    yg_model_free(model);
}

static const struct {
    const char *set, *message;
} wrong[] = {
    {"n", "--set n: the form is NAME=VALUE, as --set hidden=8 or --set train.optimizer.lr=0.01"},
    {"=3", "--set =3: the form is NAME=VALUE, as --set hidden=8 or --set train.optimizer.lr=0.01"},
    {"n=", "a value is missing behind the '='"},
    {"n=1\n2", "the value must stand on one line"},
    {"m=2", "the model has no var 'm'; known: n, rate, half, file"},
    {"vars.m=2", "the model has no var 'm'; known: n, rate, half, file"},
    {"lr=2", "the model has no var 'lr'; there is `train.optimizer.lr`"},
    {"something=2", "the model has no var 'something'; known: n, rate, half, file"},
    {"trian.lr=2", "there is no section `trian`; did you mean 'train'?"},
    {"state.a.shape=[2]", "the file has no section `state`"},
    {"graph.hh.type=gru", "`graph` has no key 'hh' in the file; did you mean 'h'?"},
    {"inputs.z.dtype=i32", "`inputs` has no key 'z' in the file; known: x"},
    {"graph.q=x", "`graph` has no key 'q' in the file; known: h, p"},
    {"graph.h.out_feature=3",
     "layer type 'linear' has no argument 'out_feature'; did you mean 'out_features'?"},
    {"graph.h.activation.x=3",
     "`graph.h.activation` is the text 'tanh' in the file, which has no keys"},
    {"train.epochs.0=3", "`train.epochs` is the number 3 in the file, which has no keys"},
    {"data.train.x.2=a",
     "`data.train.x` is a list of 2 in the file; its first item is `data.train.x.0`"},
    {"data.train.x.a=a",
     "`data.train.x` is a list of 2 in the file; its first item is `data.train.x.0`"},
    {"train.epochs=a: b", "a mapping is written as {name: value}"},
    {"outputs=- h", "a list is written as [a, b]"},
    {"outputs=[h] # x", "a list is written as [a, b]"},
    {"outputs=[h", "this '[' is not closed; expected ']' before the end of the file"},
    {"train.optimizer.lr=maximum(1, 2)",
     "the place is within brackets in the file, where a formula cannot have a comma or brackets of "
     "its own; make it a var"},
    {"loss=mse(p, q)", "unknown name 'q'; known: n, rate, half, file, B, x, y, h, p"},
};

Test(overrides, mistakes_are_told_with_the_option) {
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const yg_model_options options = {.overrides = &wrong[i].set, .override_count = 1};
        yg_error error = {0};
        yg_model *model = model_from_files(base, NULL, 0, &options, &error);
        cr_expect_null(model, "%s", wrong[i].set);
        char option[200];
        snprintf(option, sizeof option, "--set %s", wrong[i].set);
        cr_expect_str_eq(error.message, wrong[i].message, "%s: %s", wrong[i].set, error.message);
        cr_expect(error.line <= 0, "%d", error.line);
        cr_expect_str_eq(error.file, i < 2 ? "" : option);
        yg_model_free(model);
    }
}

/* An alias and its anchor are one value: in the file, both would change. */
Test(overrides, an_alias_is_not_changed) {
    static const char text[] = "format: 1\n"
                               "inputs: {x: [B, 2]}\n"
                               "graph:\n"
                               "  h: &layer {type: linear, out_features: 4}\n"
                               "  p: *layer\n"
                               "outputs: [h, p]\n";
    static const char *const sets[] = {"graph.h.out_features=3", "graph.p.out_features=3",
                                       "graph.p.use_bias=false", "graph.h={type: mlp}"};
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        const yg_model_options options = {.overrides = &sets[i], .override_count = 1};
        yg_error error = {0};
        cr_expect_null(model_from_files(text, NULL, 0, &options, &error), "%s", sets[i]);
        cr_expect_str_eq(error.message, "an alias in the file ties this value to another one; "
                                        "write both out");
    }
}
