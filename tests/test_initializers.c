/*
 * Initialisers: moments, bounds, orthogonality, and that values depend on seed and name alone.
 * Expected deviations and bounds are PyTorch's formulas (torch.nn.init), worked out here for the
 * shape [60, 40, 5]: fan_in 200, fan_out 300.
 */
#include "model_text.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT 12000 /* 60 * 40 * 5 */

/* A model with one parameter "w". `shape` is text of the model file. */
static yg_model *load(const char *shape, const char *init, yg_error *error) {
    char text[500];
    snprintf(text, sizeof text,
             "format: 1\n"
             "inputs: {x: [B]}\n"
             "params: {other: {shape: [3], init: zeros}, w: {shape: %s, init: %s}}\n"
             "outputs:\n  y: sum(x) + sum(w) + sum(other)\n",
             shape, init);
    return model_from_text(text, error);
}

static double *values(const char *shape, const char *init, yg_dtype dtype, int64_t batch,
                      uint64_t seed, size_t *count) {
    yg_error error = {0};
    yg_model *model = load(shape, init, &error);
    cr_assert_not_null(model, "%s: %s", init, error.message);
    const yg_dim dim = {"B", batch};
    const yg_network_options options = {.dims = &dim, .dim_count = 1, .dtype = dtype};
    yg_network *network = yg_network_build(model, &options, &error);
    cr_assert_not_null(network, "%s", error.message);
    size_t parameters;
    const yg_network_parameter *w = &yg_network_parameters(network, &parameters)[1];
    cr_assert_str_eq(w->name, "w");
    const yg_type *type = yg_node_type(yg_network_graph(network), w->node);
    void *data = calloc(1, (size_t)yg_type_bytes(type) + 1);
    cr_assert(yg_network_initialize(network, w, seed, data, &error), "%s", error.message);
    *count = (size_t)yg_type_count(type);
    double *result = malloc((*count + 1) * sizeof *result);
    for (size_t i = 0; i < *count; i++)
        result[i] = yg_element_get(dtype, data, (int64_t)i);
    free(data);
    yg_network_free(network);
    yg_model_free(model);
    return result;
}

static const struct {
    const char *init;
    double mean, deviation;
    double low, high; /* no value lies outside; both 0: open */
} statistics[] = {
    {"zeros", 0, 0, 0, 0},
    {"ones", 1, 0, 0, 0},
    {"{type: constant, value: -2.5}", -2.5, 0, 0, 0},
    {"uniform", 0.5, 0.28867513459481287, 0, 1},
    {"{type: uniform, low: -3, high: -1}", -2, 0.57735026918962573, -3, -1},
    {"normal", 0, 1, 0, 0},
    {"{type: normal, mean: 5, std: 0.5}", 5, 0.5, 0, 0},
    {"{type: normal, std: 0}", 0, 0, 0, 0},
    /* a normal distribution cut at 2 deviations has the deviation 0.8796 of it */
    {"truncated_normal", 0, 0.87962566103423978, -2, 2},
    {"{type: truncated_normal, std: 0.1, low: -0.2, high: 0.2}", 0, 0.087962566103423978, -0.2,
     0.2},
    /* sqrt(6 / 500) and sqrt(2 / 500) */
    {"xavier_uniform", 0, 0.063245553203367588, -0.10954451150103323, 0.10954451150103323},
    {"xavier_normal", 0, 0.063245553203367588, 0, 0},
    {"{type: xavier_normal, gain: 2}", 0, 0.12649110640673518, 0, 0},
    {"{type: xavier_normal, gain: tanh}", 0, 0.063245553203367588 * 5 / 3, 0, 0},
    /* sqrt(2 / 200), sqrt(6 / 200) */
    {"kaiming_normal", 0, 0.1, 0, 0},
    {"kaiming_uniform", 0, 0.1, -0.17320508075688773, 0.17320508075688773},
    {"{type: kaiming_normal, mode: fan_out}", 0, 0.081649658092772609, 0, 0},
    {"{type: kaiming_normal, nonlinearity: linear}", 0, 0.070710678118654757, 0, 0},
    {"{type: kaiming_normal, nonlinearity: relu}", 0, 0.1, 0, 0},
    {"{type: kaiming_normal, nonlinearity: selu}", 0, 0.75 * 0.070710678118654757, 0, 0},
    /* nn.Linear's: a = sqrt(5) gives 1 / sqrt(fan_in) as the bound */
    {"{type: kaiming_uniform, a: 5 ** 0.5}", 0, 0.040824829046386304, -0.070710678118654757,
     0.070710678118654757},
};

Test(initializers, have_the_moments_of_their_definition) {
    for (size_t i = 0; i < sizeof statistics / sizeof *statistics; i++) {
        const char *init = statistics[i].init;
        const double deviation = statistics[i].deviation;
        size_t count;
        double *w = values("[60, 40, 5]", init, YG_F64, 2, 11, &count);
        cr_assert_eq(count, COUNT);
        double mean = 0, square = 0;
        for (size_t k = 0; k < count; k++)
            mean += w[k] / COUNT;
        for (size_t k = 0; k < count; k++) {
            square += (w[k] - mean) * (w[k] - mean) / COUNT;
            if (statistics[i].low < statistics[i].high)
                cr_assert(w[k] >= statistics[i].low && w[k] <= statistics[i].high, "%s: %.17g",
                          init, w[k]);
        }
        /* five standard errors of the mean, and of the deviation of a normal distribution; and
         * the rounding of sums */
        cr_expect(fabs(mean - statistics[i].mean) <= 5 * deviation / sqrt(COUNT) + 1e-11,
                  "%s: mean %.17g", init, mean);
        cr_expect(fabs(sqrt(square) - deviation) <= 5 * deviation / sqrt(2.0 * COUNT) + 1e-11,
                  "%s: deviation %.17g", init, sqrt(square));
        free(w);
    }
}

/* Every initialiser above fills its range: the largest value comes near the bound. */
Test(initializers, uniform_ones_reach_their_bounds) {
    size_t count;
    double *w = values("[60, 40, 5]", "kaiming_uniform", YG_F64, 2, 3, &count), largest = 0;
    for (size_t i = 0; i < count; i++)
        largest = fmax(largest, fabs(w[i]));
    cr_expect(largest > 0.1730, "%.17g", largest);
    free(w);
}

static void check_orthogonal(const char *shape, size_t rows, size_t columns, double gain) {
    char init[80];
    size_t count;
    snprintf(init, sizeof init, "{type: orthogonal, gain: %.17g}", gain);
    double *w = values(shape, init, YG_F64, 2, 5, &count);
    cr_assert_eq(count, rows * columns);
    const bool wide = rows < columns;
    const size_t n = wide ? rows : columns, length = wide ? columns : rows;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) {
            double product = 0;
            for (size_t k = 0; k < length; k++)
                product += wide ? w[i * columns + k] * w[j * columns + k]
                                : w[k * columns + i] * w[k * columns + j];
            cr_expect(fabs(product - (i == j ? gain * gain : 0)) < 1e-13, "%s: %zu·%zu is %.17g",
                      shape, i, j, product);
        }
    free(w);
}

Test(initializers, orthogonal_is_orthogonal) {
    check_orthogonal("[20, 20]", 20, 20, 1);
    check_orthogonal("[7, 30]", 7, 30, 1);
    check_orthogonal("[30, 7]", 30, 7, 2);
    check_orthogonal("[6, 2, 5]", 6, 10, 1);
}

/* The same seed gives the same bits for any batch size. Another seed gives other values. Values in
 * f32 are those in f64, rounded. */
Test(initializers, depend_on_the_seed_alone) {
    static const char *const random[] = {"uniform",        "normal",         "truncated_normal",
                                         "xavier_uniform", "kaiming_normal", "orthogonal"};
    for (size_t i = 0; i < sizeof random / sizeof *random; i++) {
        size_t count;
        double *a = values("[30, 20]", random[i], YG_F64, 2, 1, &count);
        double *b = values("[30, 20]", random[i], YG_F64, 64, 1, &count);
        double *c = values("[30, 20]", random[i], YG_F64, 2, 2, &count);
        double *d = values("[30, 20]", random[i], YG_F32, 2, 1, &count);
        size_t same = 0;
        for (size_t k = 0; k < count; k++) {
            same += a[k] == c[k];
            cr_expect_eq((float)a[k], (float)d[k], "%s", random[i]);
        }
        cr_expect_eq(memcmp(a, b, count * sizeof *a), 0, "%s", random[i]);
        cr_expect(same < 5, "%s: %zu values are the same with another seed", random[i], same);
        free(a);
        free(b);
        free(c);
        free(d);
    }
}

/* A row that is 0 changes no other element, whatever fills the tensor. */
Test(initializers, zero_row) {
    static const struct {
        const char *plain, *with_row;
    } cases[] = {
        {"normal", "{type: normal, zero_row: 1}"},
        {"normal", "{type: normal, zero_row: -3}"},
        {"orthogonal", "{type: orthogonal, zero_row: 1}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t count;
        double *plain = values("[4, 3]", cases[i].plain, YG_F64, 2, 1, &count);
        double *with_row = values("[4, 3]", cases[i].with_row, YG_F64, 2, 1, &count);
        for (size_t k = 0; k < count; k++)
            cr_expect_eq(with_row[k], k / 3 == 1 ? 0 : plain[k], "%s, element %zu",
                         cases[i].with_row, k);
        free(plain);
        free(with_row);
    }
}

static const struct {
    const char *shape, *init, *message;
} mistakes[] = {
    {"[3]", "kaiming_uniform",
     "initialiser 'kaiming_uniform' needs at least two dimensions, the parameter's shape is [3]"},
    {"[3, 2]", "kaiming_unifrom",
     "unknown initialiser 'kaiming_unifrom'; did you mean 'kaiming_uniform'?"},
    {"[3, 2]", "glorot_uniform",
     "unknown initialiser 'glorot_uniform': here it is 'xavier_uniform'"},
    {"[3, 2]", "constant", "initialiser 'constant' needs `value`: {type: constant, value: …}"},
    {"[3, 2]", "{type: normal, stdd: 1}",
     "initialiser 'normal' has no setting 'stdd'; did you mean 'std'?"},
    {"[3, 2]", "{type: zeros, value: 1}",
     "initialiser 'zeros' has no setting 'value'; known: zero_row"},
    {"[3, 2]", "{type: ones, zero_row: 3}",
     "`zero_row`: there is no row 3, the parameter's shape is [3, 2]"},
    {"[3, 2]", "{type: ones, zero_row: -4}",
     "`zero_row`: there is no row -4, the parameter's shape is [3, 2]"},
    {"[]", "{type: ones, zero_row: 0}",
     "`zero_row`: there is no row 0, the parameter's shape is []"},
    {"[3, 2]", "{type: ones, zero_row: 0.5}",
     "`zero_row`: a whole number is expected, found the number 0.5 ('//' divides whole numbers)"},
    {"[3, 2]", "{type: normal, std: -1}", "`std` is at least 0, found -1"},
    {"[3, 2]", "{type: uniform, low: 2}", "uniform: `low` is greater than `high`"},
    {"[3, 2]", "{type: kaiming_normal, mode: fan}",
     "`mode` cannot be 'fan'; known: fan_in, fan_out"},
    {"[3, 2]", "{type: truncated_normal, low: 9, high: 10}",
     "truncated_normal: less than 1 % of the distribution lies between `low` and `high`"},
};

Test(initializers, mistakes) {
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        yg_error error = {0};
        yg_model *model = load(mistakes[i].shape, mistakes[i].init, &error);
        cr_expect_null(model, "%s", mistakes[i].init);
        error.message[strcspn(error.message, "\n")] = '\0';
        cr_expect_str_eq(error.message, mistakes[i].message, "%s", error.message);
        cr_expect_eq(error.line, 3);
        yg_model_free(model);
    }
}
