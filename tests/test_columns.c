/*
 * Columns of tables: their options, what is wrong with cells and how often, what the weights
 * remember.
 */
#include "data/column.h"
#include "data/encoding_file.h"
#include "workspace.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

/* A model with one input and one target of given shapes, and a data section. */
static yg_model *model_of(const workspace *w, const char *x, const char *y, const char *data) {
    char text[4000];
    snprintf(text, sizeof text,
             "format: 1\n"
             "name: c\n"
             "inputs: {x: %s}\n"
             "targets: {y: %s}\n"
             "graph: {h: \"mean(cast(x, float)) + 0 * mean(cast(y, float))\"}\n"
             "outputs: [x]\n"
             "loss: h\n"
             "data:\n%s",
             x, y, data);
    return workspace_model(w, "c.yaml", text);
}

/* "file:line:column: message" of a failed load; "" if it did not fail. */
static void load_error(const yg_model *model, char *text, size_t size) {
    yg_data data;
    yg_error error = {0};
    text[0] = '\0';
    if (yg_data_load(model, YG_F32, &data, &error)) {
        yg_data_free(&data);
        return;
    }
    const char *file = strrchr(error.file, '/') ? strrchr(error.file, '/') + 1 : error.file;
    snprintf(text, size, "%s:%d:%d: %s", file, error.line, error.column, error.message);
}

/* --------------------------------------------------------------------------------- counting -- */

/* Faults of cells: {x, y, the file, what the message ends in}. */
static const struct {
    const char *x, *y, *csv, *message;
} faults[] = {
    {"[B]", "[B]", "x,y\n1,1\n,1\n3,1\n",
     "c.csv:3:1: row 2, column 'x': a missing value (empty); fill it in, or say what becomes of "
     "it: `columns: {x: {missing: …}}`"},
    {"[B]", "[B]", "x,y\n1,1\n,1\n3,1\nNA,1\n4,1\n?,1\n",
     "c.csv:3:1: row 2, column 'x': a missing value (empty); fill it in, or say what becomes of "
     "it: `columns: {x: {missing: …}}` (the "
     "first of 3 such rows among 6)"},
    /* Other faults, and the same fault in another column, do not count. */
    {"[B]", "[B]", "x,y\n1,1\na,1\n3,\nNA,1\nb,1\n",
     "c.csv:3:1: row 2, column 'x': 'a' is not a number (the first of 2 such rows among 5)"},
    /* The first in the file, not the first of the first column. */
    {"[B]", "[B]", "x,y\n1,1\n1,\na,1\nb,\n",
     "c.csv:3:3: row 2, column 'y': a missing value (empty); fill it in, or say what becomes of "
     "it: `columns: {y: {missing: …}}` (the "
     "first of 2 such rows among 4)"},
    /* Where both cells of a row are wrong, the input's is told. */
    {"[B]", "[B]", "x,y\n1,1\na,b\n", "c.csv:3:1: row 2, column 'x': 'a' is not a number"},
    {"[B]", "[B]", "x,y\n1,1\n1e39,1\n1e39,1\n",
     "c.csv:3:1: row 2, column 'x': '1e39' is too large a number for f32; `standardize` or "
     "`transform` it, or train with `dtype: f64` (the first of 2 such rows among 3)"},
    {"{shape: [B], dtype: i32}", "[B]", "x,y\n1,1\n0.5,1\n9999999999,1\n0.25,1\n",
     "c.csv:3:1: row 2, column 'x': '0.5' is not a whole number, which 'x' takes (the first of 2 "
     "such rows among 4)"},
    {"[B]", "{shape: [B], dtype: i32, classes: [u, v]}", "x,y\n1,u\n1,w\n1,v\n1,z\n",
     "c.csv:3:3: row 2, column 'y': 'w' is not a class of 'y'; known: u, v (the first of 2 "
     "such rows among 4)"},
    {"[B]", "{shape: [B], dtype: i32, classes: 2}", "x,y\n1,u\n1,v\n1,w\n1,z\n",
     "c.csv:4:3: row 3, column 'y': 'w' is label number 3; 'y' has 2 classes (the others: 'u', …)"},
    /* A row that cannot be read ends the counting. */
    {"[B]", "[B]", "x,y\n1,1\n,1\n,1\n,1,1\n,1\n",
     "c.csv:3:1: row 2, column 'x': a missing value (empty); fill it in, or say what becomes of "
     "it: `columns: {x: {missing: …}}` (the "
     "first of at least 2 such rows among 3)"},
};

Test(columns, tell_how_many_rows_have_the_same_fault) {
    const workspace w = workspace_make();
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        char text[1500];
        workspace_write(&w, "c.csv", faults[i].csv);
        yg_model *model =
            model_of(&w, faults[i].x, faults[i].y, "  train: {csv: c.csv, x: x, y: y}\n");
        load_error(model, text, sizeof text);
        cr_expect_str_eq(text, faults[i].message, "%s\ngave %s", faults[i].csv, text);
        yg_model_free(model);
    }
    workspace_remove(&w);
}

/* The faulty rows are far apart: in different pieces of the file, which are encoded separately. */
Test(columns, count_faults_in_all_of_a_large_file) {
    enum { COUNT = 20000 };
    const workspace w = workspace_make();
    char *text = malloc((size_t)COUNT * 16), *end = text + sprintf(text, "x,y\n"), message[1500];
    for (int i = 1; i <= COUNT; i++)
        end += sprintf(end, i % 1000 == 777 ? ",%d\n" : "1,%d\n", i);
    workspace_write(&w, "c.csv", text);
    free(text);
    yg_model *model = model_of(&w, "[B]", "[B]", "  train: {csv: c.csv, x: x, y: y}\n");
    load_error(model, message, sizeof message);
    cr_expect_not_null(strstr(message, "c.csv:778:1: row 777, column 'x'"), "%s", message);
    cr_expect_not_null(strstr(message, "(the first of 20 such rows among 20000)"), "%s", message);
    yg_model_free(model);
    workspace_remove(&w);
}

/* ---------------------------------------------------------------------------------- options -- */

#define TRAIN "  train: {csv: c.csv, x: [a, b], y: k}\n"

static const struct {
    const char *section, *message; /* "": none */
} options[] = {
    {TRAIN "  columns: {a: {kind: number}}\n", ""},
    {TRAIN "  columns: {a: number, k: {kind: label}}\n", ""},
    {TRAIN "  columns: {\"*\": {kind: number}}\n", ""}, /* not of targets */
    {TRAIN "  columns: {k: number}\n", "c.csv:2:5: row 1, column 'k': 'u' is not a number (the "
                                       "first of 2 such rows among 2)"},
    {TRAIN "  columns: {a: {kind: nubmer}}\n", "did you mean 'number'?"},
    {TRAIN "  columns: {a: lable}\n", "did you mean 'label'?"},
    {TRAIN "  columns: {a: {knid: number}}\n",
     "c.yaml:10:17: column 'a' (number) has no key 'knid'; did you mean 'kind'?"},
    {TRAIN "  columns: {a: {kind: category}}\n",
     "c.yaml:9:26: 'x' takes 2 numbers an example; 3 are given: a (2), b"},
    {"  train: {csv: c.csv, x: \"*\", y: k}\n  columns: {b: {kind: category}}\n",
     "'x' takes 2 numbers an example; 3 are given: \"*\" is a, b (2)"},
    {TRAIN "  columns: {aa: number}\n", "c.yaml:10:13: "},
    {TRAIN "  columns: {aa: number}\n", "has no column 'aa'; did you mean 'a'?"},
    {TRAIN "  columns: [a]\n", "c.yaml:10:12: `columns` must be a mapping"},
    {TRAIN "  columns: {a: label}\n", "c.yaml:10:16: column 'a': a label is the class of an input "
                                      "or target with `classes`, which 'x' has not"},
    {TRAIN "  columns: {a: [number]}\n", "c.yaml:10:16: "},
    {"  train: {csv: c.csv, x: [a, b], y: k}\n  columns: {k: {kind: category}}\n"
     "  test: {from: train, fraction: 0.5, stratify: y}\n",
     "c.yaml:11:9: `stratify` needs values that are known before the examples are split, but those "
     "of column 'k' are learnt"},
    {"  train: {csv: c.csv, x: [a, b], y: k}\n"
     "  columns: {k: {kind: category, values: [u, v]}, a: {missing: mean}}\n"
     "  test: {from: train, fraction: 0.5, stratify: y}\n",
     ""},
    {"  train: {csv: c.csv, x: [a, b], y: k}\n"
     "  columns: {k: {kind: category, values: [u, v], missing: u, indicator: true}, "
     "a: {missing: mean}}\n"
     "  test: {from: train, fraction: 0.5, stratify: y}\n",
     "c.yaml:11:9: `stratify` needs one element an example, but column 'k' gives 2"},
    {"  train: {x: [[1, 2]], y: [u]}\n  columns: {a: number}\n",
     "c.yaml:10:12: `columns` is for the columns of a table"},
};

Test(columns, have_options_that_are_checked) {
    const workspace w = workspace_make();
    workspace_write(&w, "c.csv", "a,b,k\n1,2,u\n3,4,v\n");
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        char text[1500];
        yg_model *model =
            model_of(&w, "[B, 2]", "{shape: [B], dtype: i32, classes: 2}", options[i].section);
        load_error(model, text, sizeof text);
        cr_expect(*options[i].message ? strstr(text, options[i].message) != NULL : !*text,
                  "%s\ngave %s\nnot  %s", options[i].section, text, options[i].message);
        yg_model_free(model);
    }
    workspace_remove(&w);
}

/* --------------------------------------------------------------------------------- learning -- */

/* Each row has a category of its own. So a training example has an element that is 1, and an
 * example of another part, whose category was not learnt, has none. */
static const struct {
    const char *y, *parts;
    int64_t validation, test;
} learnt[] = {
    {"[B]", "  test: {from: train, fraction: 0.25}\n", 0, 50},
    {"[B]",
     "  validation: {from: train, fraction: 0.2}\n  test: {from: train, fraction: 0.3}\n"
     "  seed: 5\n",
     40, 60},
    {"{shape: [B], dtype: i32}", "  test: {from: train, fraction: 0.1, stratify: y}\n", 0, 20},
    {"{shape: [B], dtype: i32, classes: 4}",
     "  validation: {from: train, fraction: 0.35, stratify: y}\n"
     "  test: {from: train, fraction: 0.1, stratify: y}\n",
     70, 20},
    {"{shape: [B], classes: [\"0\", \"1\", \"2\", \"3\"], dtype: i64}",
     "  validation: {from: train, fraction: 0.11, stratify: y}\n", 22, 0},
};

static void check_sums(const yg_part *part, float sum, size_t i) {
    for (int64_t e = 0; e < part->count; e++) {
        float row[200], total = 0;
        const int64_t width = part->dataset->ports[0].width;
        yg_part_read(part, 0, e, 1, row, NULL);
        for (int64_t k = 0; k < width; k++)
            total += row[k];
        cr_assert_eq(total, sum, "case %zu, example %d: %g", i, (int)e, (double)total);
    }
}

Test(columns, learn_from_the_training_part_alone) {
    enum { COUNT = 200 };
    const workspace w = workspace_make();
    char text[COUNT * 12] = "c,y\n", section[600];
    for (int i = 0; i < COUNT; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "v%d,%d\n", i, i % 7 % 4);
    workspace_write(&w, "c.csv", text);
    for (size_t i = 0; i < sizeof learnt / sizeof *learnt; i++) {
        yg_data data;
        yg_error error = {0};
        snprintf(section, sizeof section,
                 "  train: {csv: c.csv, x: c, y: y}\n"
                 "  columns: {c: {kind: category, unseen: true}}\n%s",
                 learnt[i].parts);
        yg_model *model = model_of(&w, "[B, T]", learnt[i].y, section);
        cr_assert(yg_data_load(model, YG_F32, &data, &error), "%zu: %s", i, error.message);
        cr_expect_eq(data.validation.count, learnt[i].validation);
        cr_expect_eq(data.test.count, learnt[i].test);
        cr_expect_eq(data.train.count, COUNT - learnt[i].validation - learnt[i].test);
        cr_expect_eq(data.train.dataset->ports[0].width, data.train.count, "case %zu", i);
        check_sums(&data.train, 1, i);
        check_sums(&data.validation, 0, i);
        check_sums(&data.test, 0, i);
        yg_data_free(&data);
        yg_model_free(model);
    }
    workspace_remove(&w);
}

/* Rows that are dropped count for nothing: neither for the sizes of the parts nor for what is
 * learnt.
 */
Test(columns, learn_nothing_from_rows_that_are_dropped) {
    enum { COUNT = 200 };
    const workspace w = workspace_make();
    char text[COUNT * 12] = "c,y\n";
    for (int i = 0; i < COUNT; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text),
                 i % 10 == 3 ? "v%d,\n" : "v%d,1\n", i);
    workspace_write(&w, "c.csv", text);
    yg_data data;
    yg_error error = {0};
    yg_model *model = model_of(&w, "[B, T]", "[B]",
                               "  train: {csv: c.csv, x: c, y: y}\n"
                               "  test: {from: train, fraction: 0.5}\n"
                               "  columns:\n"
                               "    c: {kind: category, unseen: true}\n"
                               "    y: {missing: drop}\n");
    cr_assert(yg_data_load(model, YG_F32, &data, &error), "%s", error.message);
    cr_expect_eq(data.test.count, 90);
    cr_expect_eq(data.train.count, 90);
    cr_expect_eq(data.train.dataset->ports[0].width, 90);
    check_sums(&data.train, 1, 0);
    check_sums(&data.test, 0, 0);
    yg_data_free(&data);
    yg_model_free(model);
    workspace_remove(&w);
}

/* ---------------------------------------------------------------------------------- weights -- */

/* The section that the weights are read with, after training with `columns: {a: {kind: number}}`.
 */
static const struct {
    const char *columns, *message;
} remembered[] = {
    {"  columns: {a: {kind: number}}\n", ""},
    {"  columns: {a: number}\n", ""}, /* the same, written shorter */
    {"", ""},
    {"  columns: {b: number}\n", "the options of column 'b' are {\"kind\": \"number\"}, but the "
                                 "weights in w were trained with none"},
};

Test(columns, are_kept_with_the_weights) {
    const workspace w = workspace_make();
    char text[1500];
    yg_data data;
    yg_error error = {0};
    yg_tensor_file file = {0};
    workspace_write(&w, "c.csv", "a,b,k\n1,2,5\n3,4,6\n");
    yg_model *model = model_of(&w, "[B, 2]", "[B]", TRAIN "  columns: {a: {kind: number}}\n");
    cr_assert(yg_data_load(model, YG_F32, &data, &error), "%s", error.message);
    cr_assert(yg_encoding_save(model, &data.encoding, &file, &error));
    cr_expect_str_eq(
        yg_metadata_find(&file, "encoding.x"),
        "[{\"kind\":\"number\",\"options\":{\"kind\":\"number\"},\"learnt\":{}},null]");
    cr_expect_null(yg_metadata_find(&file, "encoding.y"), "nothing but the default");
    yg_data_free(&data);
    yg_model_free(model);
    for (size_t i = 0; i < sizeof remembered / sizeof *remembered; i++) {
        yg_encoding encoding;
        error = (yg_error){0};
        snprintf(text, sizeof text, TRAIN "%s", remembered[i].columns);
        model = model_of(&w, "[B, 2]", "[B]", text);
        const bool good = yg_encoding_load(model, &file, "w", &encoding, &error);
        cr_expect_eq(good, !*remembered[i].message, "%s: %s", remembered[i].columns, error.message);
        cr_expect_str_eq(error.message, remembered[i].message);
        if (good) {
            cr_expect_str_eq(encoding.ports[0].encoders[0]->name, "a");
            cr_expect_not_null(encoding.ports[0].encoders[0]->options);
            cr_expect_null(encoding.ports[0].encoders[1]->options);
            yg_encoding_free(&encoding);
        }
        yg_model_free(model);
    }
    yg_tensor_file_free(&file);
    workspace_remove(&w);
}

/* Notes that no yamlgrad wrote. */
static const struct {
    const char *note, *message;
} damaged[] = {
    {"[null]", "the notes 'encoding.x' and 'columns.x' are of different columns"},
    {"{", "the notes 'encoding.x' and 'columns.x' are of different columns"},
    {"[null,1]", "what the weights remember of column 'b' cannot be read"},
    {"[null,{\"options\":{},\"learnt\":[]}]", "what the weights remember of column 'b'"},
    {"[null,{\"options\":{\"kind\":\"nubmer\"},\"learnt\":{}}]", "did you mean 'number'?"},
    {"[null,{\"options\":{\"knid\":1},\"learnt\":{}}]", "did you mean 'kind'?"},
};

Test(columns, of_damaged_weights_are_told) {
    const workspace w = workspace_make();
    yg_model *model = model_of(&w, "[B, 2]", "[B]", TRAIN);
    for (size_t i = 0; i < sizeof damaged / sizeof *damaged; i++) {
        yg_tensor_file file = {0};
        yg_encoding encoding;
        yg_error error = {0};
        cr_assert(yg_tensor_file_note(&file, "encoding", "1", &error));
        cr_assert(yg_tensor_file_note(&file, "columns.x", "[\"a\",\"b\"]", &error));
        cr_assert(yg_tensor_file_note(&file, "encoding.x", damaged[i].note, &error));
        cr_expect_not(yg_encoding_load(model, &file, "w", &encoding, &error), "%s",
                      damaged[i].note);
        cr_expect_not_null(strstr(error.message, damaged[i].message), "%s: %s", damaged[i].note,
                           error.message);
        cr_expect_str_eq(error.file, "w", "%s: %s", damaged[i].note, error.message);
        yg_tensor_file_free(&file);
    }
    yg_model_free(model);
    workspace_remove(&w);
}
