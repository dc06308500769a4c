/*
 * Values of examples: what a cell or a row's number becomes in a port's type, at the limits of the
 * types, and what is refused; statistics that standardise them; labels.
 */
#include "data/data.h"
#include "graph/number.h"
#include "workspace.h"

#include <criterion/criterion.h>
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A model with one input of a given type, and a data section. */
static yg_model *model_of(const workspace *w, const char *port, const char *data) {
    char text[4000];
    snprintf(text, sizeof text,
             "format: 1\n"
             "name: v\n"
             "inputs: {x: {shape: [B], dtype: %s}}\n"
             "params: {w: {shape: [1], init: ones}}\n"
             "graph: {h: \"cast(x, float) * w\"}\n"
             "outputs: [h]\n"
             "loss: mean(h)\n"
             "data:\n%s",
             port, data);
    return workspace_model(w, "v.yaml", text);
}

/* ------------------------------------------------------------------------------ one value ---- */

/* A cell, or the same text in a row, for a port of a type, in a network of f32 or f64. */
static const struct {
    const char *port, *text;
    yg_dtype network;
    int64_t whole;       /* the value in an integer port */
    double real;         /* the value in a float port */
    const char *failure; /* NULL: none */
} values[] = {
    {"i64", "9007199254740993", YG_F32, 9007199254740993, 0, NULL},
    {"i64", "-9007199254740993", YG_F32, -9007199254740993, 0, NULL},
    {"i64", "9223372036854775807", YG_F32, INT64_MAX, 0, NULL},
    {"i64", "-9223372036854775808", YG_F32, INT64_MIN, 0, NULL},
    {"i64", "9007199254740993.0", YG_F32, 9007199254740993, 0, NULL},
    {"i64", "+12e2", YG_F32, 1200, 0, NULL},
    {"i64", "true", YG_F32, 1, 0, NULL},
    {"i64", "9223372036854775808", YG_F32, 0, 0, "too large for i64"},
    {"i64", "1e300", YG_F32, 0, 0, "too large for i64"},
    {"i64", "1e400", YG_F32, 0, 0, "too large for i64"},
    {"i64", "0.5", YG_F32, 0, 0, "not a whole number"},
    {"i64", "abc", YG_F32, 0, 0, "number"},
    {"i32", "2147483647", YG_F32, INT32_MAX, 0, NULL},
    {"i32", "-2147483648", YG_F32, INT32_MIN, 0, NULL},
    {"i32", "2147483648", YG_F32, 0, 0, "too large for i32"},
    {"i32", "-2147483649", YG_F32, 0, 0, "too large for i32"},
    {"bool", "True", YG_F32, 1, 0, NULL},
    {"bool", "FALSE", YG_F32, 0, 0, NULL},
    {"bool", "1.0", YG_F32, 1, 0, NULL},
    {"bool", "2", YG_F32, 0, 0, "neither 0 nor 1"},
    {"f32", "0.1", YG_F32, 0, 0.1f, NULL},
    {"f32", "0.1", YG_F64, 0, 0.1, NULL},
    {"f32", "False", YG_F32, 0, 0, NULL},
    {"f32", "16777217", YG_F32, 0, 16777216, NULL}, /* the nearest float */
    {"f32", "16777217", YG_F64, 0, 16777217, NULL},
    {"f32", "9007199254740993", YG_F64, 0, 9007199254740992, NULL},
    {"f32", "3.4028234e38", YG_F32, 0, FLT_MAX, NULL},
    {"f32", "-1e39", YG_F32, 0, 0, "too large a number for f32"},
    {"f32", "1e39", YG_F64, 0, 1e39, NULL},
    {"f32", "1.7976931348623157e308", YG_F64, 0, DBL_MAX, NULL},
    {"f32", "1e400", YG_F64, 0, 0, "too large a number for f64"},
    {"f32", "1e-400", YG_F32, 0, 0, "too small a number for f64"},
    {"f32", "-0.00001e-400", YG_F64, 0, 0, "too small a number for f64"},
    {"f32", "1e-310", YG_F64, 0, 0, "too small a number for f64"},
    {"f32", "1e-39", YG_F32, 0, 0, "too small a number for f32"},
    {"f32", "1e-39", YG_F64, 0, 1e-39, NULL},
    {"f32", "1.2e-38", YG_F32, 0, 1.2e-38f, NULL},
    {"f32", "0e-400", YG_F32, 0, 0, NULL},
    {"f32", "-0.000", YG_F32, 0, 0, NULL},
    {"f32", "infinity", YG_F32, 0, 0, "number"},
    {"f32", "0x1p3", YG_F32, 0, 0, "number"},
};

static void check_value(size_t i, bool csv, const yg_data *data) {
    const yg_elements *x = &data->train.dataset->ports[0];
    const char *how = csv ? "cell" : "row";
    cr_expect_eq(data->train.count, 2, "%s %s", how, values[i].text);
    if (strcmp(values[i].port, "f32") == 0) {
        cr_expect_eq(x->dtype, values[i].network);
        cr_expect_eq(yg_element_get(x->dtype, x->data, 1), values[i].real, "%s %s", how,
                     values[i].text);
    } else if (x->dtype == YG_I64) {
        cr_expect_eq(((const int64_t *)x->data)[1], values[i].whole, "%s %s", how, values[i].text);
    } else {
        cr_expect_str_eq(yg_dtype_name(x->dtype), values[i].port);
        cr_expect_eq(yg_element_get(x->dtype, x->data, 1), (double)values[i].whole, "%s %s", how,
                     values[i].text);
    }
}

Test(values, are_exact_in_the_type_of_their_port_or_refused) {
    for (size_t i = 0; i < 2 * (sizeof values / sizeof *values); i++) {
        const bool csv = i % 2 == 0;
        const workspace w = workspace_make();
        char text[300];
        yg_data data;
        yg_error error = {0};
        snprintf(text, sizeof text, "c\n0\n%s\n", values[i / 2].text);
        workspace_write(&w, "v.csv", text);
        snprintf(text, sizeof text, "  train: {x: [0, %s]}\n", values[i / 2].text);
        yg_model *model =
            model_of(&w, values[i / 2].port, csv ? "  train: {csv: v.csv, x: c}\n" : text);
        const bool good = yg_data_load(model, values[i / 2].network, &data, &error);
        cr_expect_eq(good, values[i / 2].failure == NULL, "%s as %s: %s", values[i / 2].text,
                     values[i / 2].port, error.message);
        if (good) {
            check_value(i / 2, csv, &data);
            yg_data_free(&data);
        } else {
            cr_expect_not_null(strstr(error.message, values[i / 2].failure), "%s", error.message);
            cr_expect_eq(error.line, csv ? 3 : 9, "%s", error.message);
            cr_expect(!csv || strstr(error.message, "row 2, column 'c'"), "%s", error.message);
        }
        yg_model_free(model);
        workspace_remove(&w);
    }
}

/* A value that a transform or standardisation makes small enough is allowed. One that stays too
 * large is an error. */
Test(values, are_looked_at_after_transform_and_standardisation) {
    static const struct {
        const char *section, *failure;
    } cases[] = {
        {"  transform: {x: x / 1e30}\n", NULL},
        {"  standardize: [x]\n", NULL},
        {"  transform: {x: x / 1e5}\n  standardize: [x]\n", NULL},
        {"  transform: {x: x * 1e5}\n", "element 0 of row 2, column 'c' is 4e+44"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const workspace w = workspace_make();
        char text[300];
        yg_data data;
        yg_error error = {0};
        workspace_write(&w, "v.csv", "c\n2e30\n4e39\n");
        snprintf(text, sizeof text, "  train: {csv: v.csv, x: c}\n%s", cases[i].section);
        yg_model *model = model_of(&w, "f32", text);
        const bool good = yg_data_load(model, YG_F32, &data, &error);
        cr_expect_eq(good, cases[i].failure == NULL, "%zu: %s", i, error.message);
        if (good)
            yg_data_free(&data);
        else
            cr_expect_not_null(strstr(error.message, cases[i].failure), "%s", error.message);
        yg_model_free(model);
        workspace_remove(&w);
    }
}

/* ----------------------------------------------------------------------------- statistics ---- */

/* `count` values: base + step * (i % period). */
static const struct {
    double base, step;
    int period, count;
    double deviation; /* 1: constant */
} columns[] = {
    {14.62, 0, 1, 442, 1},      {0.1, 0, 1, 100000, 1},
    {-1e-300, 0, 1, 1000, 1},   {1e300, 0, 1, 1000, 1},
    {1e9, 1e-3, 2, 1000, 5e-4}, {1e9, 1e-3, 2, 100000, 5e-4},
    {1e15, 1, 2, 1000, 0.5},    {1e-9, 1e-15, 2, 1000, 5e-16},
    {0.3, 0x1p-54, 2, 1000, 1}, /* the last bit: 0.1 + 0.2 beside 0.3 */
    {-5, 10, 2, 1000, 5},       {0, 1, 3, 3000, 0.81649658092772603},
};

Test(values, are_standardised_by_their_spread_however_large_they_are) {
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        const workspace w = workspace_make();
        char *text = malloc((size_t)columns[i].count * YG_NUMBER_TEXT + 100);
        char *end = text + sprintf(text, "c\n"), number[YG_NUMBER_TEXT];
        for (int k = 0; k < columns[i].count; k++)
            end +=
                sprintf(end, "%s\n",
                        yg_number_text(columns[i].base + columns[i].step * (k % columns[i].period),
                                       number));
        workspace_write(&w, "v.csv", text);
        free(text);
        yg_model *model = model_of(&w, "f32", "  train: {csv: v.csv, x: c}\n  standardize: [x]\n");
        yg_data data;
        yg_error error = {0};
        cr_assert(yg_data_load(model, YG_F32, &data, &error), "%s", error.message);
        const double deviation = data.encoding.ports[0].deviation[0];
        cr_expect(fabs(deviation / columns[i].deviation - 1) < 1e-3, "%g by %g: %.17g, not %g",
                  columns[i].base, columns[i].step, deviation, columns[i].deviation);
        for (int64_t k = 0; k < data.train.count; k++) {
            const float x = ((const float *)data.train.dataset->ports[0].data)[k];
            cr_assert(fabsf(x) < 10, "%g", (double)x);
        }
        cr_expect_eq(data.train.dataset->ports[0].dtype, YG_F32);
        yg_data_free(&data);
        yg_model_free(model);
        workspace_remove(&w);
    }
}

Test(values, whose_spread_is_no_number_are_refused) {
    const workspace w = workspace_make();
    workspace_write(&w, "v.csv", "c\n-1e200\n1e200\n");
    yg_model *model = model_of(&w, "f32", "  train: {csv: v.csv, x: c}\n  standardize: [x]\n");
    yg_data data;
    yg_error error = {0};
    cr_assert_not(yg_data_load(model, YG_F64, &data, &error));
    cr_expect_not_null(strstr(error.message, "'x' cannot be standardised"), "%s", error.message);
    yg_model_free(model);
    workspace_remove(&w);
}

/* --------------------------------------------------------------------------------- labels ---- */

static const struct {
    const char *classes, *cells;
    int expected[6];   /* -1: the end */
    const char *names; /* "": indices */
    const char *failure;
} labels[] = {
    {"3", "2\n0\n1\n", {2, 0, 1, -1}, "", NULL},
    {"3", "3\n1\n2\n", {2, 0, 1, -1}, "1 2 3 ", NULL},
    {"3", "01\n02\n03\n", {0, 1, 2, -1}, "01 02 03 ", NULL},
    {"3", "0.0\n2.0\n1.0\n", {0, 2, 1, -1}, "0.0 1.0 2.0 ", NULL},
    {"2", "True\nFalse\nTrue\n", {1, 0, 1, -1}, "False True ", NULL},
    {"2", "+1\n-1\n", {0, 1, -1}, "+1 -1 ", NULL},
    {"2",
     "9007199254740993\n9007199254740992\n",
     {1, 0, -1},
     "9007199254740992 9007199254740993 ",
     NULL},
    {"3", "01\n1\n2\n", {-1}, "", "row 2, column 'c': the labels '1' and '01' of 'x' are the same"},
    {"3", "1\n1.0\n2\n", {-1}, "", "'1.0' and '1'"},
    {"3", "1\n\" 1\"\n2\n", {-1}, "", "' 1' and '1'"},
    {"3", "2\n1\n+1\n", {-1}, "", "'+1' and '1'"},
    {"3", "1e3\n1000\n2\n", {-1}, "", "'1000' and '1e3'"},
    {"[\"01\", \"1\", \"2\"]", "1\n01\n2\n", {1, 0, 2, -1}, "01 1 2 ", NULL},
    {"[a, b]", "b\na\nA\n", {-1}, "", "row 3, column 'c': 'A' is not a class"},
    {"3", "a\nb\n", {-1}, "", "3 classes, but the training data have 2 different labels"},
    {"2", "a\nb\nc\n", {-1}, "", "'c' is label number 3"},
    {"2", "a\nNA\n", {-1}, "", "a missing value ('NA')"},
};

Test(values, that_are_labels_are_texts_unless_they_all_are_indices) {
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
        const workspace w = workspace_make();
        char text[900], names[200] = "";
        yg_data data;
        yg_error error = {0};
        snprintf(text, sizeof text, "c\n%s", labels[i].cells);
        workspace_write(&w, "v.csv", text);
        snprintf(text, sizeof text,
                 "format: 1\n"
                 "name: v\n"
                 "inputs: {u: [B]}\n"
                 "targets: {x: {shape: [B], dtype: i64, classes: %s}}\n"
                 "graph: {h: u * 2}\n"
                 "outputs: [h]\n"
                 "loss: \"mean(h) + mean(cast(x, float))\"\n"
                 "data: {train: {csv: v.csv, x: c, u: c}, transform: {u: 0 * u}}\n",
                 labels[i].classes);
        /* The input only has to be there: its cells are not numbers, so it gets another column. */
        char *u = strstr(text, "u: c}");
        memcpy(u, "u: d}", 5);
        char cells[300] = "c,d\n";
        const char *cell = labels[i].cells;
        while (*cell) {
            const size_t length = strcspn(cell, "\n");
            snprintf(cells + strlen(cells), sizeof cells - strlen(cells), "%.*s,0\n", (int)length,
                     cell);
            cell += length + 1;
        }
        workspace_write(&w, "v.csv", cells);
        yg_model *model = workspace_model(&w, "v.yaml", text);
        const bool good = yg_data_load(model, YG_F32, &data, &error);
        cr_expect_eq(good, labels[i].failure == NULL, "%zu: %s", i, error.message);
        if (good) {
            const yg_port_encoding *x = &data.encoding.ports[1];
            for (int k = 0; labels[i].expected[k] >= 0; k++)
                cr_expect_eq(((const int64_t *)data.train.dataset->ports[1].data)[k],
                             labels[i].expected[k], "case %zu, row %d", i, k + 1);
            for (size_t k = 0; k < x->class_count; k++)
                snprintf(names + strlen(names), sizeof names - strlen(names), "%s ", x->classes[k]);
            cr_expect_str_eq(names, labels[i].names);
            yg_data_free(&data);
        } else if (labels[i].failure) {
            cr_expect_not_null(strstr(error.message, labels[i].failure), "%zu: %s", i,
                               error.message);
        }
        yg_model_free(model);
        workspace_remove(&w);
    }
}

/* An operation for each of 60,000 labels takes no time. One for each pair, 4e9, would take minutes.
 * The names are stored with the weights, found for each row, and used to draw by class. */
Test(values, of_many_classes_are_read_and_split_in_linear_time) {
    enum { COUNT = 60000 };
    const workspace w = workspace_make();
    char *text = malloc((size_t)COUNT * 24), *end = text;
    cr_assert_not_null(text);
    end += sprintf(end, "c,y\n");
    for (int i = 0; i < COUNT; i++)
        end += sprintf(end, "%d,l%d\n", i, COUNT - 1 - i);
    workspace_write(&w, "v.csv", text);
    free(text);
    char model_text[600];
    snprintf(model_text, sizeof model_text,
             "format: 1\n"
             "name: v\n"
             "inputs: {x: [B]}\n"
             "targets: {y: {shape: [B], dtype: i32, classes: %d}}\n"
             "graph: {h: x * 2}\n"
             "outputs: [h]\n"
             "loss: \"mean(h) + mean(cast(y, float))\"\n"
             "data:\n"
             "  train: {csv: v.csv, x: c, y: y}\n"
             "  test: {from: train, fraction: 0.5, stratify: y}\n",
             COUNT);
    yg_model *model = workspace_model(&w, "v.yaml", model_text);
    yg_data data;
    yg_error error = {0};
    cr_assert(yg_data_load(model, YG_F32, &data, &error), "%s", error.message);
    cr_expect_eq(data.train.count + data.test.count, COUNT);
    cr_expect_eq(data.test.count, COUNT / 2);
    const yg_port_encoding *y = &data.encoding.ports[1];
    cr_assert_eq(y->class_count, COUNT);
    for (int64_t i = 0; i < data.test.count; i++) {
        float x;
        int32_t class;
        yg_part_read(&data.test, 0, i, 1, &x, NULL);
        yg_part_read(&data.test, 1, i, 1, &class, NULL);
        cr_assert_eq(atoi(y->classes[class] + 1), COUNT - 1 - (int)x);
    }
    yg_data_free(&data);
    yg_model_free(model);
    workspace_remove(&w);
}
