/*
 * Classes by their names in expressions: by_class() and class_of().
 */
#include "workspace.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char model_text[] =
    "format: 1\n"
    "inputs: {x: [B, 2], kind: {shape: [B], dtype: i32, classes: 2}}\n"
    "targets: {y: {shape: [B], dtype: i32, classes: [cat, dog, a bird]}}\n"
    "vars: {heavy: 4}\n"
    "define:\n"
    "  weighted: {inputs: {z: [B, C], t: [B]}, graph: {l: \"cross_entropy(z, t, "
    "weight=by_class(t, dog=7))\"}, outputs: [l]}\n"
    "graph: {z: {type: linear, input: x, out_features: 3}, w: {type: weighted, input: {z: z, t: "
    "y}}}\n"
    "outputs: [z]\n"
    "loss: \"%s\"\n"
    "metrics: {m: mean(x) * heavy, n: \"accuracy(z, kind)\", o: w}\n";

/* A loss, and a part of the expanded model, or of the error. */
static const struct {
    const char *loss, *told;
} good[] =
    {
        {"cross_entropy(z, y, weight=by_class(y, dog=2))", "weight=[1, 2, 1]"},
        {"cross_entropy(z, y, weight=by_class(y, 'a bird', 0.5, cat=heavy))", "weight=[4, 1, 0.5]"},
        {"cross_entropy(z, y, weight=by_class(y))", "weight=[1, 1, 1]"},
        {"cross_entropy(z, y, ignore_index=class_of(y, dog))", "ignore_index=1"},
        {"cross_entropy(z, y, ignore_index=class_of(y, 'a bird'))", "ignore_index=2"},
        {"w", "weight=[1, 7, 1]"}, /* within a layer */
},
  bad[] = {
      {"cross_entropy(z, y, weight=by_class(y, dgo=2))",
       "'y' has no class 'dgo'; did you mean 'dog'?"},
      {"cross_entropy(z, y, ignore_index=class_of(y, bird))", "'y' has no class 'bird'"},
      {"cross_entropy(z, y, weight=by_class(y, dog=x))", "a number for each class"},
      {"cross_entropy(z, y, weight=by_class(y, 3))", "a number for each class"},
      {"cross_entropy(z, y, weight=by_class(y, 'dog'))", "a number for each class"},
      {"cross_entropy(z, y, weight=by_class(y, 'dog', 2, dog=1))", "'dog' is given a second time"},
      {"cross_entropy(z, y, weight=by_class(z, dog=2))", "y is an input or target with `classes`"},
      {"cross_entropy(z, y, weight=by_class(kind, dog=2))", "`kind: {…, classes: [a, b]}`"},
      {"cross_entropy(z, y, weight=by_class())", "the input or target comes first"},
      {"cross_entropy(z, y, ignore_index=class_of(y, dog, cat))", "one class, by its name"},
      {"cross_entropy(z, y, weight=by_clas(y, dog=2))", "did you mean 'by_class'?"},
};

Test(class_names, stand_for_numbers) {
    const workspace w = workspace_make();
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        char text[2000];
        yg_error error = {0};
        snprintf(text, sizeof text, model_text, good[i].loss);
        yg_model *model = workspace_model(&w, "m.yaml", text);
        char *expanded = yg_model_expand(model, &error);
        cr_assert_not_null(expanded, "%s: %s", good[i].loss, error.message);
        cr_expect_not_null(strstr(expanded, good[i].told), "%s:\n%s", good[i].loss, expanded);
        free(expanded);
        yg_model_free(model);
    }
    workspace_remove(&w);
}

Test(class_names, what_is_wrong_is_told) {
    const workspace w = workspace_make();
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[2000];
        yg_error error = {0};
        snprintf(text, sizeof text, model_text, bad[i].loss);
        workspace_write(&w, "m.yaml", text);
        cr_expect_null(yg_model_load(workspace_path(&w, "m.yaml"), NULL, &error), "%s",
                       bad[i].loss);
        cr_expect_not_null(strstr(error.message, bad[i].told), "%s: %s", bad[i].loss,
                           error.message);
        cr_expect_eq(error.line, 9, "%s: line %d", bad[i].loss, error.line);
    }
    workspace_remove(&w);
}
