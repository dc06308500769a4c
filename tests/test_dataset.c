/*
 * The `data:` section: columns, labels, rows, splits, standardisation, and what is wrong.
 */
#include "data/data.h"
#include "workspace.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A model. The arguments are the shapes of its input and its target, and its data section. */
static const char head[] = "format: 1\n"
                           "name: t\n"
                           "inputs: {x: %s}\n"
                           "targets: {y: %s}\n"
                           "graph:\n"
                           "  s: mean(x) + 0 * mean(cast(y, dtype=f32))\n"
                           "outputs: [x]\n"
                           "loss: s\n"
                           "data:\n%s";

static yg_model *model_of(const workspace *w, const char *x, const char *y, const char *data) {
    char text[4000];
    snprintf(text, sizeof text, head, x, y, data);
    return workspace_model(w, "t.yaml", text);
}

/* Element `i` of a port of any type. */
static double at(const yg_part *part, size_t port, int64_t i) {
    const yg_elements *elements = &part->dataset->ports[port];
    double row[8];
    yg_part_read(part, port, i / elements->width, 1, row, NULL);
    return yg_element_get(elements->dtype, row, i % elements->width);
}

/* Checks the first elements of a port. */
static bool same(const yg_part *part, size_t port, const double *values, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (at(part, port, (int64_t)i) != values[i])
            return false;
    return true;
}

static void load(const yg_model *model, yg_data *data) {
    yg_error error = {0};
    cr_assert(yg_data_load(model, YG_F64, data, &error), "%s:%d:%d: %s", error.file, error.line,
              error.column, error.message);
}

static const char small[] = "id,a,b,kind\n1,10,0.5,dog\n2,20,1.5,cat\n3,30,2.5,emu\n4,40,3.5,cat\n";

Test(dataset, columns_by_name_list_and_star) {
    static const struct {
        const char *x, *section;
        double first[3];
        size_t width;
    } cases[] = {
        {"[B, 2]", "  train: {csv: t.csv, x: [b, a], y: kind}\n", {0.5, 10}, 2},
        {"[B, 3]", "  train: {csv: t.csv, x: \"*\", y: kind}\n", {1, 10, 0.5}, 3},
        {"[B]", "  train: {csv: t.csv, x: a, y: kind}\n", {10}, 1},
        {"[B, T]", "  train: {csv: t.csv, x: [a, b], y: kind}\n", {10, 0.5}, 2},
        {"[B, 1, T]", "  train: {csv: t.csv, x: [a, b], y: kind}\n", {10, 0.5}, 2},
    };
    const workspace w = workspace_make();
    workspace_write(&w, "t.csv", small);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        yg_data data;
        yg_model *model =
            model_of(&w, cases[i].x, "{shape: [B], dtype: i32, classes: 3}", cases[i].section);
        load(model, &data);
        cr_assert_eq(data.train.count, 4);
        cr_assert_eq((size_t)data.train.dataset->ports[0].width, cases[i].width);
        for (size_t k = 0; k < cases[i].width; k++)
            cr_assert_eq(at(&data.train, 0, (int64_t)k), cases[i].first[k]);
        /* cat, dog, emu: alphabetical */
        static const double kinds[] = {1, 0, 2, 0};
        cr_assert(same(&data.train, 1, kinds, sizeof kinds / sizeof *kinds));
        cr_assert_eq(data.encoding.ports[1].class_count, 3);
        cr_assert_str_eq(data.encoding.ports[1].classes[2], "emu");
        cr_assert_eq(data.encoding.ports[0].column_count, cases[i].width);
        yg_data_free(&data);
        yg_model_free(model);
    }
    workspace_remove(&w);
}

Test(dataset, classes_in_the_order_that_the_target_lists) {
    const workspace w = workspace_make();
    yg_data data;
    workspace_write(&w, "t.csv", "a,kind\n1,no\n2,yes\n3,no\n");
    yg_model *model = model_of(&w, "[B, 1]", "{shape: [B, 1], classes: [yes, no]}",
                               "  train: {csv: t.csv, x: a, y: kind}\n");
    load(model, &data);
    static const double kinds[] = {1, 0, 1};
    cr_assert(same(&data.train, 1, kinds, sizeof kinds / sizeof *kinds));
    cr_assert_str_eq(data.encoding.ports[1].classes[0], "yes");
    yg_data_free(&data);
    yg_model_free(model);
    workspace_remove(&w);
}

Test(dataset, labels_that_are_class_indices_stay_what_they_are) {
    const workspace w = workspace_make();
    yg_data data;
    workspace_write(&w, "t.csv", "a,kind\n1,9\n2,0\n3,3\n");
    yg_model *model = model_of(&w, "[B, 1]", "{shape: [B], dtype: i32, classes: 10}",
                               "  train: {csv: t.csv, x: a, y: kind}\n");
    load(model, &data);
    static const double kinds[] = {9, 0, 3};
    cr_assert(same(&data.train, 1, kinds, sizeof kinds / sizeof *kinds));
    cr_assert_eq(data.encoding.ports[1].class_count, 0);
    yg_data_free(&data);
    yg_model_free(model);
    workspace_remove(&w);
}

Test(dataset, rows_and_parts_of_their_own) {
    const workspace w = workspace_make();
    yg_data data;
    yg_model *model = model_of(&w, "[B, T]", "[B, 1]",
                               "  train: {x: [[1, 2, 3], [4, 5, 6]], y: [[0], [1]]}\n"
                               "  validation: {x: [[7, 8, 9]], y: [[1]]}\n");
    load(model, &data);
    static const double x[] = {1, 2, 3, 4, 5, 6};
    cr_assert(same(&data.train, 0, x, sizeof x / sizeof *x));
    cr_assert_eq(data.validation.count, 1);
    cr_assert_eq(at(&data.validation, 0, 2), 9);
    cr_assert_eq(data.test.count, 0);
    cr_assert_eq(data.dim_count, 1);
    cr_assert_eq(data.dims[0].size, 3);
    yg_data_free(&data);
    yg_model_free(model);
    workspace_remove(&w);
}

/* 20 of class a, 10 of class b, 5 of class c; x counts 0 to 34. */
static void write_classes(const workspace *w) {
    char text[1000] = "x,kind\n";
    for (int i = 0; i < 35; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%d,%c\n", i,
                 i < 20   ? 'a'
                 : i < 30 ? 'b'
                          : 'c');
    workspace_write(w, "t.csv", text);
}

static void count_classes(const yg_part *part, int counts[3]) {
    memset(counts, 0, 3 * sizeof *counts);
    for (int64_t i = 0; i < part->count; i++)
        counts[(int)at(part, 1, i)]++;
}

Test(dataset, stratified_splits_keep_the_proportions) {
    const workspace w = workspace_make();
    yg_data data, again;
    int counts[3], seen[35] = {0};
    write_classes(&w);
    yg_model *model = model_of(&w, "[B, 1]", "{shape: [B], dtype: i32, classes: 3}",
                               "  train: {csv: t.csv, x: x, y: kind}\n"
                               "  validation: {from: train, fraction: 0.2, stratify: y}\n"
                               "  test: {from: train, fraction: 0.2, stratify: y}\n");
    load(model, &data);
    cr_assert_eq(data.validation.count, 7);
    cr_assert_eq(data.test.count, 7);
    cr_assert_eq(data.train.count, 21);
    count_classes(&data.validation, counts);
    cr_assert(counts[0] == 4 && counts[1] == 2 && counts[2] == 1);
    count_classes(&data.test, counts);
    cr_assert(counts[0] == 4 && counts[1] == 2 && counts[2] == 1);
    const yg_part *parts[] = {&data.train, &data.validation, &data.test};
    for (size_t p = 0; p < 3; p++)
        for (int64_t i = 0; i < parts[p]->count; i++) {
            const int x = (int)at(parts[p], 0, i);
            seen[x]++;
            cr_assert_eq((int)at(parts[p], 1, i), x < 20 ? 0 : x < 30 ? 1 : 2);
            cr_assert(i == 0 || x > (int)at(parts[p], 0, i - 1), "the order is kept");
        }
    for (int i = 0; i < 35; i++)
        cr_assert_eq(seen[i], 1);
    load(model, &again);
    cr_assert_arr_eq(data.test.members, again.test.members, 7 * sizeof(int64_t));
    yg_data_free(&again);
    yg_model_free(model);
    model = model_of(&w, "[B, 1]", "{shape: [B], dtype: i32, classes: 3}",
                     "  train: {csv: t.csv, x: x, y: kind}\n"
                     "  validation: {from: train, fraction: 0.2, stratify: y}\n"
                     "  test: {from: train, fraction: 0.2, stratify: y}\n"
                     "  seed: 1\n");
    load(model, &again);
    cr_assert_neq(memcmp(data.test.members, again.test.members, 7 * sizeof(int64_t)), 0,
                  "another seed draws others");
    yg_data_free(&again);
    yg_data_free(&data);
    yg_model_free(model);
    workspace_remove(&w);
}

Test(dataset, the_largest_remainder_gets_the_example_that_is_left) {
    const workspace w = workspace_make();
    yg_data data;
    int counts[3];
    write_classes(&w);
    /* 0.15 of 35 is 5.25, so 5: of 3, 1.5 and 0.75 the whole parts are 4, and c has the largest
     * remainder. */
    yg_model *model = model_of(&w, "[B, 1]", "{shape: [B], dtype: i32, classes: 3}",
                               "  train: {csv: t.csv, x: x, y: kind}\n"
                               "  test: {from: train, fraction: 0.15, stratify: y}\n");
    load(model, &data);
    count_classes(&data.test, counts);
    cr_assert(counts[0] == 3 && counts[1] == 1 && counts[2] == 1, "%d %d %d", counts[0], counts[1],
              counts[2]);
    yg_data_free(&data);
    yg_model_free(model);
    workspace_remove(&w);
}

Test(dataset, standardisation_is_fitted_on_the_training_part_alone) {
    const workspace w = workspace_make();
    yg_data data;
    yg_model *model = model_of(&w, "[B, 2]", "[B, 1]",
                               "  train: {x: [[1, 5], [2, 5], [3, 5], [6, 5]], y: [[0], [0], [0], "
                               "[0]]}\n"
                               "  test: {x: [[3, 6]], y: [[0]]}\n"
                               "  standardize: [x]\n");
    load(model, &data);
    const yg_port_encoding *x = &data.encoding.ports[0];
    const double deviation = sqrt((4 + 1 + 0 + 9) / 4.0); /* mean 3, of the population */
    cr_assert_eq(x->mean[0], 3);
    cr_assert_float_eq(x->deviation[0], deviation, 1e-15);
    cr_assert_eq(x->deviation[1], 1, "a constant column keeps its scale");
    cr_assert_float_eq(at(&data.train, 0, 0), -2 / deviation, 1e-15);
    cr_assert_eq(at(&data.test, 0, 0), 0);
    cr_assert_eq(at(&data.test, 0, 1), 1);
    yg_data_free(&data);
    yg_model_free(model);
    workspace_remove(&w);
}

Test(dataset, a_transform_comes_before_standardisation_and_reaches_every_part) {
    const workspace w = workspace_make();
    yg_data data;
    yg_model *model =
        model_of(&w, "[B, 2]", "{shape: [B], dtype: i64}",
                 "  train: {x: [[1, 10], [100, 10], [1, 10], [100, 1000]], y: [0, 1, 2, 10]}\n"
                 "  test: {x: [[10, 100]], y: [7]}\n"
                 "  transform:\n"
                 "    x: 2 * log(x) / log(10)\n"
                 "    y: y // 2 + 1\n"
                 "  standardize: [x]\n");
    load(model, &data);
    const yg_port_encoding *x = &data.encoding.ports[0];
    cr_assert_float_eq(x->mean[0], 2, 1e-15); /* of 0, 4, 0, 4 */
    cr_assert_float_eq(x->mean[1], 3, 1e-15); /* of 2, 2, 2, 6 */
    cr_assert_float_eq(x->deviation[0], 2, 1e-15);
    cr_assert_float_eq(at(&data.train, 0, 0), -1, 1e-15);
    cr_assert_float_eq(at(&data.test, 0, 0), 0, 1e-15);
    cr_assert_float_eq(at(&data.test, 0, 1), 1 / x->deviation[1], 1e-15);
    static const double y[] = {1, 1, 2, 6};
    cr_assert(same(&data.train, 1, y, sizeof y / sizeof *y));
    cr_assert_eq(at(&data.test, 1, 0), 4);
    cr_assert_str_eq(x->formula, "2 * log(x) / log(10)");
    yg_data_free(&data);
    yg_model_free(model);
    workspace_remove(&w);
}

/* The compiled formula needs several runs for so many elements, and its last run is not full. */
Test(dataset, a_transform_of_many_examples_gives_each_its_own) {
    enum { COUNT = 5000 };
    const workspace w = workspace_make();
    yg_data data;
    char *text = malloc(32 * COUNT), *end = text + sprintf(text, "a,b,c,k\n");
    for (int i = 0; i < COUNT; i++)
        end += sprintf(end, "%d,%d,%d,0\n", 3 * i, 3 * i + 1, 3 * i + 2);
    workspace_write(&w, "t.csv", text);
    free(text);
    yg_model *model = model_of(&w, "[B, 3]", "[B, 1]",
                               "  train: {csv: t.csv, x: [a, b, c], y: k}\n"
                               "  transform: {x: x * x + 1}\n");
    load(model, &data);
    for (int i = 0; i < 3 * COUNT; i++)
        cr_assert_eq(at(&data.train, 0, i), (double)i * i + 1, "element %d", i);
    yg_data_free(&data);
    yg_model_free(model);
    workspace_remove(&w);
}

#define ROWS "  train: {x: [[1, 2], [3, 4]], y: [[1], [2]]}\n"

/* Mistakes: {x, y, section, csv, "file:line:column: part of the message"}. */
static const struct {
    const char *x, *y, *section, *csv, *place, *message;
} bad[] = {
    {"[B, 1]", "[B, 1]", "  train: {csv: no.csv, x: a, y: b}\n", "", "t.yaml:10:16", "no.csv"},
    {"[B, 1]", "[B, 1]", "  train: {csv: t.csv, x: a, y: b}\n", "", "t.csv:0:0", "empty"},
    {"[B, 1]", "[B, 1]", "  train: {csv: t.csv, x: a, y: b}\n", "a,b\n", "t.csv:0:0", "no rows"},
    {"[B, 1]", "[B, 1]", "  train: {csv: t.csv, x: a, y: target}\n", "a,targt\n1,2\n",
     "t.yaml:10:32", "did you mean 'targt'"},
    {"[B, 1]", "[B, 1]", "  train: {csv: t.csv, x: a, y: b}\n", "a,b\n1,2\n3,x\n", "t.csv:3:3",
     "row 2, column 'b': 'x' is not a number"},
    {"[B, 1]", "[B, 1]", "  train: {csv: t.csv, x: a, y: b}\n", "a,b\n1,2\nNA,1\n", "t.csv:3:1",
     "row 2, column 'a': a missing value ('NA')"},
    {"[B, 1]", "[B, 1]", "  train: {csv: t.csv, x: a, y: b}\n", "a,b\n1,2\n3\n", "t.csv:3:0",
     "row 2 has 1 cells"},
    {"[B, 3]", "[B, 1]", "  train: {csv: t.csv, x: \"*\", y: b}\n", "a,b,c\n1,2,3\n",
     "t.yaml:10:27", "'x' takes 3 columns an example; 2 are given"},
    {"[B, 1]", "[B, 1]", "  train: {csv: t.csv, x: a}\n", "a,b\n1,2\n", "t.yaml:10:10",
     "no columns for target 'y'"},
    {"[B, 1]", "[B, 1]", "  train: {csv: t.csv, x: \"*\", y: \"*\"}\n", "a,b\n1,2\n",
     "t.yaml:10:35", "one input or target only"},
    {"[B, 2]", "[B, 1]", "  train: {csv: t.csv, x: [a, a], y: b}\n", "a,b\n1,2\n", "t.yaml:10:30",
     "listed twice"},
    {"[B, 1]", "[B, 1]", "  train: {csv: t.csv, x: a, z: b}\n", "a,b\n1,2\n", "t.yaml:10:29",
     "no key 'z'"},
    {"[B, 1]", "[B, 1]", "  train: {csv: t.csv, x: a, y: b, delimiter: \"ab\"}\n", "a,b\n1,2\n",
     "t.yaml:10:47", "one character"},
    {"[B, 1]", "{shape: [B], dtype: i32, classes: 2}", "  train: {csv: t.csv, x: a, y: b}\n",
     "a,b\n1,u\n2,v\n3,w\n", "t.csv:4:3", "'w' is label number 3; 'y' has 2 classes"},
    {"[B, 1]", "{shape: [B], dtype: i32, classes: 3}", "  train: {csv: t.csv, x: a, y: b}\n",
     "a,b\n1,u\n2,v\n", "t.yaml:4:11", "3 classes, but the training data have 2"},
    {"[B, 1]", "{shape: [B], dtype: i32, classes: [u, v]}", "  train: {csv: t.csv, x: a, y: b}\n",
     "a,b\n1,u\n2,V\n", "t.csv:3:3", "'V' is not a class of 'y'; did you mean 'v'?"},
    {"[B, 1]", "{shape: [B], dtype: i32, classes: 2}",
     "  train: {csv: t.csv, x: a, y: b}\n  test: {csv: t2.csv}\n", "a,b\n1,0\n2,1\n", "t2.csv:2:3",
     "class 2 is outside 0 to 1"},
    {"[B, 1]", "{shape: [B], dtype: i32}", "  train: {csv: t.csv, x: a, y: b}\n", "a,b\n1,0.5\n",
     "t.csv:2:3", "not a whole number"},
    {"[B, 1]", "{shape: [B, 1], classes: 3}", "  train: {csv: t.csv, x: a, y: b}\n", "a,b\n1,0\n",
     "t.yaml:4:11", "write `dtype: i32`"},
    {"[B, 2]", "[B, 1]", "  train: {x: [[1, 2], [3]], y: [[1], [2]]}\n", "", "t.yaml:10:23",
     "dimension 1 of size 1 here; expected 2"},
    {"[B, 2]", "[B, 1]", "  train: {x: [[1, 2], 3], y: [[1], [2]]}\n", "", "t.yaml:10:23",
     "a list is expected here"},
    {"[B, 2]", "[B, 1]", "  train: {x: [[1, 2], [3, [4]]], y: [[1], [2]]}\n", "", "t.yaml:10:27",
     "'x'"},
    {"[B, 2]", "[B, 1]", "  train: {x: [[1, 2], [3, 4]], y: [[1]]}\n", "", "t.yaml:10:35",
     "'y' has 1 examples; the ones before have 2"},
    {"[B, 2]", "[B, 1]", "  train: {x: [], y: []}\n", "", "t.yaml:10:14", "an empty list"},
    {"[B, 2]", "[B, 1]", "  train: {y: [[1]]}\n", "", "t.yaml:10:10", "no rows for input 'x'"},
    {"[B, 1]", "[B, 1]",
     "  train: {x: [[1], [2]], y: [[1], [2]]}\n  test: {from: train, fraction: 1.5}\n", "",
     "t.yaml:11:33", "`fraction`"},
    {"[B, 1]", "[B, 1]",
     "  train: {x: [[1], [2]], y: [[1], [2]]}\n  test: {from: train, fraction: 0.1}\n", "",
     "t.yaml:11:9", "none of 2 examples"},
    {"[B, 1]", "[B, 1]",
     "  train: {x: [[1], [2]], y: [[1], [2]]}\n  test: {from: trian, fraction: 0.5}\n", "",
     "t.yaml:11:16", "train"},
    {"[B, 1]", "[B, 1]",
     "  train: {x: [[1], [2]], y: [[1], [2]]}\n  test: {from: train, fraction: 0.5, stratify: y}\n",
     "", "t.yaml:11:48", "`stratify` needs classes"},
    {"[B, 1]", "[B, 1]", "  train: {x: [[1]], y: [[1]]}\n  standardize: x\n", "", "t.yaml:11:16",
     "is a list"},
    {"[B, 1]", "{shape: [B], dtype: i32}", "  train: {x: [[1]], y: [1]}\n  standardize: [y]\n", "",
     "t.yaml:11:17", "whole numbers"},
    {"[B, 1]", "[B, 1]", "  train: {x: [[1]], y: [[1]]}\n  standardize: [z]\n", "", "t.yaml:11:17",
     "'z'"},
    {"[B, 1]", "[B, 1]", "  train: {x: [[1e-200], [2e-200]], y: [[1], [2]]}\n  standardize: [x]\n",
     "", "t.yaml:11:17", "too small to compute"},
    {"[B, 1]", "[B, 1]",
     "  train: {x: [[0], [1e-170], [-1e-170]], y: [[1], [2], [3]]}\n  standardize: [x]\n", "",
     "t.yaml:11:17", "too small to compute"},
    {"[B, 1]", "[B, 1]", "  train: {x: [[1e300], [-1e300]], y: [[1], [2]]}\n  standardize: [x]\n",
     "", "t.yaml:11:17", "is not finite"},
    {"[B, 1]", "[B, 1]", "  train: {x: [[1]], y: [[1]]}\n  tset: {from: train}\n", "",
     "t.yaml:11:3", "test"},
    {"[B, 1]", "[B, 1]", "  test: {x: [[1]], y: [[1]]}\n", "", "t.yaml:10:3", "train"},
    {"[B, 2]", "[B, 1]", ROWS "  transform: [x]\n", "", "t.yaml:11:14", "found a list"},
    {"[B, 2]", "[B, 1]", ROWS "  transform: {xx: x}\n", "", "t.yaml:11:15", "did you mean 'x'"},
    {"[B, 2]", "[B, 1]", ROWS "  transform: {x: y / 2}\n", "", "t.yaml:11:18",
     "unknown name 'y'; known: x"},
    {"[B, 2]", "[B, 1]", ROWS "  transform: {x: lgo(x)}\n", "", "t.yaml:11:18", "log"},
    {"[B, 2]", "[B, 1]", ROWS "  transform: {x: x - mean(x)}\n", "", "t.yaml:11:22",
     "from that element alone"},
    {"[B, 2]", "[B, 1]", ROWS "  transform: {x: transpose(x)}\n", "", "t.yaml:11:18",
     "from that element alone"},
    {"[B, 2]", "[B, 1]", ROWS "  transform: {x: \"x * size(x, 0)\"}\n", "", "t.yaml:11:21",
     "'size' is not known here"},
    {"[B, 2]", "[B, 1]", ROWS "  transform: {x: \"dropout(x, 0.5)\"}\n", "", "t.yaml:11:19",
     "it is random"},
    {"[B, 2]", "[B, 1]", ROWS "  transform: {x: 1 / 2}\n", "", "t.yaml:11:18",
     "must keep its shape"},
    {"[B, 2]", "[B, 1]", ROWS "  transform: {x: log(x - 3)}\n", "", "t.yaml:11:18",
     "gives no number for 1 (example 1, element 0)"},
    {"[B, 2]", "[B, 1]", ROWS "  transform: {x: 1 / (x - 4)}\n", "", "t.yaml:11:18",
     "gives an infinite value for 4 (example 2, element 1)"},
    {"[B, 1]", "{shape: [B], dtype: i32}", "  train: {x: [[1]], y: [1]}\n  transform: {y: y / 2}\n",
     "", "t.yaml:11:18", "divide whole numbers by '//'"},
    {"[B, 1]", "{shape: [B], dtype: i32, classes: 2}",
     "  train: {x: [[1]], y: [1]}\n  transform: {y: 1 - y}\n", "", "t.yaml:11:18", "holds classes"},
};

Test(dataset, what_is_wrong_is_told_with_its_place) {
    const workspace w = workspace_make();
    workspace_write(&w, "t2.csv", "a,b\n1,2\n");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        yg_data data;
        yg_error error = {0};
        char place[400];
        workspace_write(&w, "t.csv", bad[i].csv);
        yg_model *model = model_of(&w, bad[i].x, bad[i].y, bad[i].section);
        cr_expect_not(yg_data_load(model, YG_F64, &data, &error), "%s", bad[i].section);
        const char *file = strrchr(error.file, '/') ? strrchr(error.file, '/') + 1 : error.file;
        snprintf(place, sizeof place, "%s:%d:%d", file, error.line, error.column);
        cr_expect_str_eq(place, bad[i].place, "%s%s: %s: %s", bad[i].section, bad[i].csv, place,
                         error.message);
        cr_expect_not_null(strstr(error.message, bad[i].message), "%s: %s", bad[i].section,
                           error.message);
        yg_model_free(model);
    }
    workspace_remove(&w);
}
