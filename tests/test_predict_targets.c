/*
 * Predictions of models with several targets: each output has the names, units and classes of the
 * target that it is an estimate of.
 */
#include "train/predict.h"
#include "trained.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is predicted from a and b, or the failure; freed by the caller. */
static char *predict(const workspace *w, const char *outputs) {
    char text[2000], weights[256], *answer = NULL;
    size_t size;
    yg_error error = {0};
    workspace_write(w, "t.csv",
                    "a,b,long,wide,wet,dry,shade,number\n"
                    "1,2,10,3,yes,no,red,two\n2,1,30,5,no,yes,green,one\n"
                    "5,5,20,4,yes,yes,green,three\n");
    snprintf(text, sizeof text,
             "format: 1\nname: several\ninputs: {x: [B, 2]}\n"
             "targets:\n  body: [B, 2]\n  is: [B, 2]\n"
             "  k: {shape: [B], dtype: i32, classes: [red, green]}\n"
             "  m: {shape: [B], dtype: i32, classes: [one, two, three]}\n"
             "params: {p: {shape: [1], init: zeros}}\n"
             "graph:\n  zero: x * 0\n  three: \"concat([x, x[:, 0:1]], dim=1)\"\n"
             "outputs:\n%s"
             "loss: sum(p ** 2) + mse(zero, body) + mse(zero, is) + 0 * (cross_entropy(x, k) + "
             "cross_entropy(three, m))\n"
             "data:\n"
             "  train: {csv: t.csv, x: [a, b], body: [long, wide], is: [wet, dry], k: shade, "
             "m: number}\n"
             "  columns: {wet: boolean, dry: boolean}\n"
             "  standardize: [body]\n"
             "train: {epochs: 1, optimizer: {type: sgd, lr: 0.1}}\n",
             outputs);
    yg_model *model = workspace_model(w, "t.yaml", text);
    train(w, model);
    snprintf(weights, sizeof weights, "%s", workspace_path(w, "run/weights.safetensors"));
    FILE *in = fmemopen((void *)(uintptr_t) "b,a\n2,1\n0,4\n", 12, "rb");
    FILE *out = open_memstream(&answer, &size);
    if (!yg_predict(model, &(yg_predict_options){.weights = weights}, in, "in.csv", out, NULL,
                    &error)) {
        rewind(out);
        fprintf(out, "%s", error.message);
    }
    fclose(in);
    fclose(out);
    yg_model_free(model);
    return answer;
}

static const struct {
    const char *outputs, *answer;
} cases[] = {
    /* Numbers in their units, by the names of their columns. */
    {"  body: {value: zero, units: body}\n", "body.long,body.wide\n20,4\n20,4\n"},
    {"  body: zero\n", "body.0,body.1\n0,0\n0,0\n"},
    /* What has no units to be converted to has the names of its columns all the same. */
    {"  is: {value: x, units: is}\n", "is.wet,is.dry\n1,2\n4,0\n"},
    /* Classes of one of two targets, of both, in the order of the outputs, and of neither. */
    {"  q: {value: x, classes: k}\n", "q.red,q.green,shade\n1,2,green\n4,0,red\n"},
    {"  q: {value: three, classes: m}\n  r: {value: x, classes: k}\n",
     "q.one,q.two,q.three,r.red,r.green,number,shade\n"
     "1,2,1,1,2,two,green\n4,0,4,4,0,one,red\n"},
    {"  q: x\n  r: three\n", "q.0,q.1,r.0,r.1,r.2\n1,2,1,2,1\n4,0,4,0,4\n"},
    /* One number is the probability of the second of two classes, sigmoid or not. */
    {"  q: {value: \"x[:, 0] / 8\", classes: k}\n", "q,shade\n0.125,red\n0.5,green\n"},
    /* Names that meet. */
    {"  shade: {value: \"x[:, 0]\", classes: k}\n",
     "two columns of the predictions would be called 'shade': output 'shade' and the class that "
     "output 'shade' decides; rename one in `outputs`"},
    {"  q: {value: x, classes: k}\n  r: {value: x, classes: k}\n",
     "two columns of the predictions would be called 'shade': the class that output 'q' decides "
     "and the class that output 'r' decides; rename one in `outputs`"},
};

Test(predict_targets, each_output_has_names_units_and_classes_of_its_target) {
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const workspace w = workspace_make();
        char *answer = predict(&w, cases[i].outputs);
        cr_expect_str_eq(answer, cases[i].answer, "%zu: %s", i, answer);
        free(answer);
        workspace_remove(&w);
    }
}
