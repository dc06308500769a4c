/*
 * grad(y, x) in a model file: values against formulas, to any order and in every place where an
 * expression can stand; and a loss that is made of them.
 */
#include "model_text.h"
#include "network_run.h"
#include "same_model.h"
#include "train/gradients.h"
#include "trained.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define B 5

typedef struct gradient_case {
    const char *name;
    const char *graph; /* of inputs x and z [B, 2] and a parameter w [2], which is
                        * 1.5 and 0.5; `g` is the output */
    double (*value)(const double *x, const double *z, size_t index); /* of element `index` of g */
    size_t count;
} gradient_case;

static double w_of(size_t i) {
    return i % 2 == 0 ? 1.5 : 0.5;
}

static double cosine(const double *x, const double *z, size_t i) {
    (void)z;
    return w_of(i) * cos(w_of(i) * x[i]);
}

static double minus_sine(const double *x, const double *z, size_t i) {
    (void)z;
    return -pow(w_of(i), 3) * cos(w_of(i) * x[i]);
}

static double by_weight(const double *x, const double *z, size_t i) {
    double sum = 0;
    for (size_t b = 0; b < B; b++)
        sum += x[2 * b + i] * z[2 * b + i] * cos(w_of(i) * x[2 * b + i]);
    return sum;
}

static double softmax_of(const double *x, size_t i) {
    const size_t row = i / 2 * 2;
    return exp(x[i]) / (exp(x[row]) + exp(x[row + 1]));
}

static double inverse_softmax(const double *x, const double *z, size_t i) {
    (void)z;
    return 1 / softmax_of(x, i);
}

static double bce_of_probability(const double *x, const double *z, size_t i) {
    const double p = 1 / (1 + exp(-x[i]));
    return (p - z[i]) / (p * (1 - p)) / (2 * B);
}

static double two_paths(const double *x, const double *z, size_t i) {
    (void)x;
    return z[i] + 1;
}

static double doubled(const double *x, const double *z, size_t i) {
    (void)z;
    return 2 * x[i];
}

static double one(const double *x, const double *z, size_t i) {
    (void)x;
    (void)z;
    (void)i;
    return 1;
}

static const gradient_case cases[] = {
    {"of an input", "  y: sin(w * x)\n  g: grad(y, x)\n", cosine, 2 * B},
    {"third order", "  y: sin(w * x)\n  a: grad(y, x)\n  b: grad(a, x)\n  g: grad(b, x)\n",
     minus_sine, 2 * B},
    {"within an expression", "  g: grad(grad(grad(sin(w * x), x), x), x)\n", minus_sine, 2 * B},
    {"of a parameter", "  y: sin(w * x) * z\n  g: grad(y, w)\n", by_weight, 2},
    /* The builder turns log(softmax(x)) into a function of x, and the loss below into one of x. */
    {"past a simplification", "  p: softmax(x, dim=-1)\n  l: log(p)\n  g: grad(l, p)\n",
     inverse_softmax, 2 * B},
    {"past a simplified loss", "  p: sigmoid(x)\n  l: bce(p, z)\n  g: grad(l, p)\n",
     bce_of_probability, 2 * B},
    /* q is x, but y depends on x also without it. */
    {"of another name", "  q: identity(x)\n  y: q * z + q + x\n  g: grad(y, q)\n", two_paths,
     2 * B},
    {"of itself", "  q: x * w\n  g: grad(q, q)\n", one, 2 * B},
    {"in an if", "  y: x ** 2\n  g: if(2 > 1, grad(y, x), grad(z, x))\n", doubled, 2 * B},
    {"in a layer", "  y: x ** 2\n  g: {type: slope, input: [y, x]}\n", doubled, 2 * B},
    {"of what a layer computes", "  g: {type: own_slope, input: x}\n", doubled, 2 * B},
    {"of one of several results",
     "  a, b: split(x, 2, dim=1)\n  c: grad(a ** 2, a)\n  d: grad(b ** 2 + a, b)\n"
     "  g: concat([c, d], dim=1)\n",
     doubled, 2 * B},
    {"in a scan",
     "  g:\n"
     "    scan: {x_t: x}\n"
     "    dim: 0\n"
     "    graph:\n"
     "      v: exp(log(x_t))\n"
     "      y: v ** 2\n"
     "      s: grad(y, v)\n"
     "    collect: [s]\n",
     doubled, 2 * B},
};

#define HEAD                                                                                       \
    "format: 1\n"                                                                                  \
    "name: gradient\n"                                                                             \
    "define:\n"                                                                                    \
    "  slope:\n"                                                                                   \
    "    inputs: {y: [...], x: [...]}\n"                                                           \
    "    graph: {g: \"grad(y, x)\"}\n"                                                             \
    "    outputs: [g]\n"                                                                           \
    "  own_slope:\n"                                                                               \
    "    inputs: {x: [...]}\n"                                                                     \
    "    graph: {v: identity(x), y: v ** 2, g: \"grad(y, v)\"}\n"                                  \
    "    outputs: [g]\n"                                                                           \
    "  both: {inputs: {x: [...]}, graph: {a: {type: own_slope}, b: {type: slope, input: [a, "      \
    "x]}}, "                                                                                       \
    "outputs: [b]}\n"                                                                              \
    "inputs: {x: [B, 2], z: [B, 2]}\n"                                                             \
    "params: {w: {shape: [2], init: ones}}\n"                                                      \
    "graph:\n"                                                                                     \
    "  used: {type: both, input: x}\n"

static void check_case(const gradient_case *c, bool training) {
    static const yg_dim dims[] = {{"B", B}};
    static const double weight[] = {1.5, 0.5};
    char text[2500];
    snprintf(text, sizeof text, HEAD "%soutputs: {g: g, rest: used + sum(x) + sum(z) + sum(w)}\n",
             c->graph);
    const yg_network_options options = {
        .dims = dims, .dim_count = 1, .training = training, .dtype = YG_F64};
    double x[2 * B], z[2 * B];
    for (size_t i = 0; i < 2 * B; i++) {
        x[i] = 0.3 + 0.17 * (double)i;
        z[i] = 0.9 - 0.07 * (double)i;
    }
    yg_error error = {0};
    network_run run;
    yg_model *model = model_from_text(text, &error);
    cr_assert_not_null(model, "%s: %d:%d: %s", c->name, error.line, error.column, error.message);
    cr_assert(network_run_open(&run, model, &options, &error), "%s", error.message);
    cr_assert(network_run_set(&run, "x", x), "%s", c->name);
    cr_assert(network_run_set(&run, "z", z), "%s", c->name);
    cr_assert(network_run_set(&run, "w", weight), "%s", c->name);
    cr_assert(yg_program_run(run.program, 0, 0, &error), "%s", error.message);
    size_t count;
    double *g = network_run_get(&run, "g", &count);
    cr_assert_eq(count, c->count, "%s: %zu elements", c->name, count);
    for (size_t i = 0; i < count; i++) {
        const double expected = c->value(x, z, i);
        cr_expect(fabs(g[i] - expected) <= 1e-12 * fmax(1, fabs(expected)),
                  "%s: element %zu is %.17g, expected %.17g", c->name, i, g[i], expected);
    }
    free(g);
    network_run_close(&run);
    expect_expands(c->name, model, &options);
    yg_model_free(model);
}

Test(language_grad, agrees_with_formulas) {
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int training = 0; training < 2; training++)
            check_case(&cases[i], training != 0);
}

/* Burgers' equation: a network whose loss is its residual at points inside, and the initial and
 * boundary values. */
static const char burgers[] =
    "format: 1\n"
    "name: burgers\n"
    "vars: {nu: 0.1}\n"
    "inputs: {t: [B, 1], x: [B, 1]}\n"
    "targets: {u_0: [B, 1]}\n"
    "graph:\n"
    "  h: {type: mlp, input: \"concat([t, x], dim=1)\", hidden_features: [8, 8], out_features: 1,\n"
    "      activation: tanh}\n"
    "  u: h\n"
    "  u_t: grad(u, t)\n"
    "  u_x: grad(u, x)\n"
    "  u_xx: grad(u_x, x)\n"
    "  f: u_t + u * u_x - nu * u_xx\n"
    "outputs: {u: u, slope: u_x}\n"
    "loss: mean(f ** 2) + mean(where(t == 0, (u - u_0) ** 2, 0))\n"
    "metrics: {residual: mean(f ** 2)}\n"
    "data:\n"
    "  train:\n"
    "    t: [[0], [0], [0], [0], [0], [0.3], [0.5], [0.7], [0.4], [0.9]]\n"
    "    x: [[-1], [-0.5], [0], [0.5], [1], [-0.4], [0.1], [0.6], [-0.8], [0.3]]\n"
    "    u_0: [[0], [1], [0], [-1], [0], [0], [0], [0], [0], [0]]\n"
    "train: {epochs: 300, batch_size: 10, seed: 1, optimizer: {type: adam, lr: 0.02}}\n";

Test(language_grad, a_loss_of_gradients_is_trained) {
    const workspace w = workspace_make();
    yg_model *model = workspace_model(&w, "burgers.yaml", burgers);
    yg_error error = {0};
    yg_gradient_checks checks;
    cr_assert(yg_check_gradients(model, NULL, &checks, &error), "%s", error.message);
    cr_expect(checks.passed);
    cr_expect_gt(checks.loss, 0.1);
    for (size_t i = 0; i < checks.count; i++)
        cr_expect_gt(checks.parameters[i].compared, 0, "%s", checks.parameters[i].name);
    yg_gradient_checks_free(&checks);
    cr_expect_lt(train(&w, model), 0.01);
    yg_model_free(model);
    workspace_remove(&w);
}
