/*
 * The kinds of columns: what cells become, and what is wrong with those that become nothing. Also
 * after the columns have been written to weights and read back.
 */
#include "data/column.h"
#include "data/encoding_file.h"
#include "workspace.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A column `c` with options, for an input x, and what its elements become: the values of all
 * examples as texts with blanks between, or the end of a message. */
static const struct {
    const char *type, *options, *cells, *expected;
} cases[] = {
    /* category: one-hot, in the order of bytes */
    {"[B, K]", "{kind: category}", "b a b c", "0 1 0, 1 0 0, 0 1 0, 0 0 1"},
    {"[B, K]", "category", "b a", "0 1, 1 0"},
    {"[B, K]", "{kind: category, values: [c, b, a]}", "b a", "0 1 0, 0 0 1"},
    {"[B, K]", "{kind: category, values: [\"1\", \"01\"]}", "01 1", "0 1, 1 0"},
    {"[B, K]", "{kind: category, values: [a, b], unseen: true}", "a z b", "1 0, 0 0, 0 1"},
    {"[B, K]", "{kind: category, unseen: true, min_count: 2}", "a b a c b z",
     "1 0 0, 0 1 0, 1 0 0, 0 0 1, 0 1 0, 0 0 1"},
    {"[B, K]", "{kind: category, unseen: true, min_count: 9}", "a b", "1, 1"},
    /* category: indices */
    {"{shape: [B], dtype: i32}", "{kind: category}", "b a b c", "1, 0, 1, 2"},
    {"{shape: [B], dtype: i64}", "{kind: category, values: [b, a], unseen: true}", "a q b",
     "1, 2, 0"},
    {"{shape: [B], dtype: i32, classes: 3}", "{kind: category, unseen: true}", "b a", "1, 0"},
    {"{shape: [B], dtype: i32, classes: 2}", "{kind: category, unseen: true}", "b a",
     "column 'c' has 2 values and a place for others, but 'x' has 2 classes"},
    {"[B, K]", "{kind: category, values: [low, high]}", "low hihg high hgih",
     "row 2, column 'c': 'hihg' is not one of the values listed; did you mean 'high'?; `unseen: "
     "true` has a place for others (the first of 2 such rows among 4)"},
    {"[B, K]", "{kind: category}", "a NA b", "row 2, column 'c': a missing value ('NA')"},
    {"[B, K]", "{kind: category, values: []}", "a", "`values` is a list of texts"},
    {"[B, K]", "{kind: category, values: [a, a]}", "a", "'a' stands in `values` twice"},
    {"[B, K]", "{kind: category, min_count: 2}", "a", "rare values need a place"},
    {"[B, K]", "{kind: category, unseen: yes}", "a", "`unseen`"},
    {"[B, K]", "{kind: category, unseeen: true}", "a", "did you mean 'unseen'?"},
    {"[B, 3]", "{kind: category}", "a b", "'x' takes 3 numbers an example; 2 are given: c (2)"},
    {"{shape: [B], dtype: bool}", "category", "a b", "'x' holds truth values"},
    /* boolean */
    {"[B]", "boolean", "true FALSE yes No 1 0 t f on off Y n",
     "1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0"},
    {"{shape: [B], dtype: bool}", "boolean", "yes no", "1, 0"},
    {"{shape: [B], dtype: i32, classes: 2}", "{kind: boolean, values: [dead, alive]}", "alive dead",
     "1, 0"},
    {"[B]", "{kind: boolean, values: [dead, alive]}", "alive Dead",
     "row 2, column 'c': 'Dead' is neither 'dead' nor 'alive'"},
    {"[B]", "boolean", "yes maybe",
     "row 2, column 'c': 'maybe' is neither yes nor no; `values: [no, yes]` names other texts"},
    {"[B]", "boolean", "yes ?", "row 2, column 'c': a missing value ('?')"},
    {"[B]", "{kind: boolean, values: [a]}", "a", "`values` names the text for 0"},
    {"[B]", "{kind: boolean, values: [a, a]}", "a", "both of `values` are 'a'"},
    /* date */
    {"[B, K]", "date", "2024-02-29 20230101 1999/12/31", "2024 2 29 3, 2023 1 1 6, 1999 12 31 4"},
    {"[B, K]", "{kind: date, parts: [quarter, week, day_of_year]}", "2021-01-03 2020-12-31",
     "1 53 3, 4 53 366"},
    {"[B, K]", "{kind: date, parts: [hour, minute, second]}", "2024-01-01T13:05:59.25 2024-01-01",
     "13 5 59.25, 0 0 0"},
    {"[B]", "{kind: date, age: 1970-01-01}", "1970-01-02 1969-12-31T12:00 2000-03-01",
     "1, -0.5, 11017"},
    {"[B]", "{kind: date, age: 1970-01-01}", "1970-01-01T06:00:00+06:00 1970-01-01T00:00Z", "0, 0"},
    {"[B, 2]", "{kind: date, cyclic: [day]}", "2024-01-01T06:00 2024-01-01T12:00", "1 0, 0 -1"},
    {"[B, 2]", "{kind: date, cyclic: [year]}", "2023-01-01 2024-01-01", "0 1, 0 1"},
    {"[B, K]", "{kind: date, parts: [year, month, day], format: \"%d.%m.%Y\"}",
     "29.2.2024 01.12.1999", "2024 2 29, 1999 12 1"},
    {"[B, K]", "{kind: date, parts: [month, day, hour], format: \"%b-%d-%y;%I%p\"}",
     "Feb-03-68;12AM december-31-69;1pm", "2 3 0, 12 31 13"},
    {"[B, K]", "{kind: date, parts: [year, day_of_year], format: \"%Y.%j\"}", "2024.366 2023.1",
     "2024 366, 2023 1"},
    {"[B, K]", "{kind: date, parts: [year, month, day, hour], format: \"%s\"}", "0 951782400.5 -1",
     "1970 1 1 0, 2000 2 29 0, 1969 12 31 23"},
    {"[B, 4]", "{kind: date, parts: [year, month, day, hour], format: \"%s\"}", "-1e-12",
     "1969 12 31 23"}, /* beside 86400, so small a number is lost */
    {"[B, K]", "date", "2023-02-29",
     "row 1, column 'c': '2023-02-29' is not a date as 2024-02-29 or 2024-02-29T13:05:59"},
    {"[B, K]", "date", "2023-01-01 01.02.2023 02.02.2023",
     "`format:` tells another form, as \"%d.%m.%Y\", or \"%s\" for seconds since 1970 (the first "
     "of 2 such rows among 3)"},
    {"[B, K]", "{kind: date, format: \"%d.%m.%Y\"}", "1.1.2023 31.4.2023",
     "row 2, column 'c': '31.4.2023' is not a date of the form '%d.%m.%Y'"},
    {"[B, K]", "{kind: date, format: \"%Q\"}", "1", "`format` has the conversion '%Q'"},
    {"[B, K]", "{kind: date, format: \"%d%\"}", "1", "`format` has the conversion '%'"},
    {"[B, K]", "{kind: date, format: iso}", "1", "`format` describes a date"},
    {"[B, K]", "{kind: date, format: \"%s\"}", "9e15",
     "row 1, column 'c': '9e15' seconds since 1970 lie outside the years 1 to 9999"},
    {"[B, K]", "{kind: date, parts: [yaer]}", "2024-01-01", "did you mean 'year'?"},
    {"[B, K]", "{kind: date, parts: [year, year]}", "2024-01-01", "'year' stands in `parts` twice"},
    {"[B, K]", "{kind: date, parts: []}", "2024-01-01", "would give no element"},
    {"[B, K]", "{kind: date, age: today}", "2024-01-01", "`age` is the date from which"},
    {"{shape: [B], dtype: i32}", "date", "2024-01-01", "but 'x' holds whole numbers"},
    /* text: a dot is a word too, and \u00a0 is a blank */
    {"{shape: [B, L], dtype: i32}", "text", "b.a.b b", "2 3 4 3 2, 2 0 0 0 0"},
    {"{shape: [B, L], dtype: i32}", "{kind: text, length: 2}", "b\u00a0a\u00a0b a c",
     "3 2, 2 0, 4 0"},
    {"{shape: [B, L], dtype: i64}", "{kind: text, vocabulary: 3}", "b\u00a0a\u00a0b a",
     "1 2 1, 2 0 0"},
    {"{shape: [B, L], dtype: i32}", "{kind: text, min_count: 2}", "b\u00a0a\u00a0b c",
     "2 1 2, 1 0 0"},
    {"{shape: [B, L], dtype: i32}", "{kind: text, lower: true}", "B\u00a0a b\u00a0É", "2 3, 2 4"},
    {"{shape: [B, L], dtype: i32}", "{kind: text, lower: true}", "A\u00a0Z\u00a0@\u00a0[ a\u00a0z",
     "2 3 4 5, 2 3 0 0"},
    {"{shape: [B, L], dtype: i32}", "{kind: text, tokens: char}", "aba \u00e9a", "2 3 2, 4 2 0"},
    {"{shape: [B, L], dtype: i32}", "{kind: text, tokens: byte}", "a\u00e9 A",
     "99 197 171, 67 0 0"},
    {"{shape: [B, 2], dtype: i32}", "{kind: text, tokens: byte, length: 2}", "abc", "99 100"},
    {"{shape: [B, L], dtype: i32}", "{kind: text, missing: b}", "a\u00a0b NA a", "2 3, 3 0, 2 0"},
    {"{shape: [B, L], dtype: i32}", "{kind: text, missing: b, indicator: true}", "a NA",
     "2 0, 3 1"},
    {"{shape: [B, L], dtype: i32}", "{kind: text, missing: most_frequent}", "a b NA b",
     "3, 2, 2, 2"},
    {"{shape: [B, L], dtype: i32}", "{kind: text, missing: drop}", "a NA b", "2, 3"},
    {"{shape: [B, L], dtype: i32}", "text", "a NA b ?",
     "`columns: {c: {missing: …}}` (the first of 2 such rows among 4)"},
    {"{shape: [B, L], dtype: i32, classes: 4}", "text", "a b", "2, 3"},
    {"{shape: [B, L], dtype: i32, classes: 3}", "text", "a b",
     "column 'c' has 4 indices, but 'x' has 3 classes; `vocabulary` limits the indices"},
    {"{shape: [B, L], dtype: i32, classes: 3}", "{kind: text, vocabulary: 3}", "a b", "2, 1"},
    {"{shape: [B, L], dtype: i32, classes: 257}", "{kind: text, tokens: byte}", "a",
     "column 'c' has 258 indices, but 'x' has 257 classes"},
    {"{shape: [B, 4], dtype: i32}", "{kind: text, length: 3}", "a",
     "'x' takes 4 numbers an example; 3 are given: c (3)"},
    {"[B, L]", "text", "a", "need an input of i32 or i64, but 'x' holds f"},
    {"{shape: [B, L], dtype: bool}", "text", "a", "but 'x' holds bool"},
    {"{shape: [B, L], dtype: i32}", "{kind: text, tokens: words}", "a", "did you mean 'word'?"},
    {"{shape: [B, L], dtype: i32}", "{kind: text, length: 0}", "a", "`length`"},
    {"{shape: [B, L], dtype: i32}", "{kind: text, vocabulary: 2}", "a", "`vocabulary`"},
    {"{shape: [B, L], dtype: i32}", "{kind: text, min_count: 0}", "a", "`min_count`"},
    {"{shape: [B, L], dtype: i32}", "{kind: text, lower: 1}", "a", "`lower`"},
    {"{shape: [B, L], dtype: i32}", "{kind: text, max_length: 3}", "a", "it is `length` here"},
    {"{shape: [B, L], dtype: i32}", "{kind: text, scale: log}", "a", "`scale` is for"},
    {"{shape: [B, L], dtype: i32}", "{kind: text, missing: mean}", "a", "`missing: mean` is for"},
    {"{shape: [B, L], dtype: i32}", "{kind: text, tokens: byte, vocabulary: 9}", "a",
     "`vocabulary` chooses among characters or words; bytes have all 258 indices"},
    /* missing cells */
    {"[B]", "{missing: mean}", "1 NA 5 ? 3", "1, 3, 5, 3, 3"},
    {"[B]", "{missing: median}", "1 NA 50 3", "1, 3, 50, 3"},
    {"[B]", "{missing: median}", "1 4 NA 3 50", "1, 4, 3.5, 3, 50"},
    {"[B]", "{missing: most_frequent}", "2 2 NA 1 1 7", "2, 2, 1, 1, 1, 7"},
    {"[B]", "{missing: 0}", "1 NA", "1, 0"},
    {"[B]", "{missing: drop}", "1 NA 2 ? null 3 NaN", "1, 2, 3"},
    {"[B]", "{missing: drop}", "NA 1", "1"},
    {"[B, 2]", "{missing: mean, indicator: true}", "1 NA 5", "1 0, 3 1, 5 0"},
    {"[B, K]", "{kind: category, missing: most_frequent}", "b a NA b", "0 1, 1 0, 0 1, 0 1"},
    {"[B, K]", "{kind: category, missing: none, indicator: true}", "b NA",
     "1 0 0, 0 1 1"}, /* `none` is a value like the others */
    {"[B, K]", "{kind: date, missing: 2000-01-01}", "2024-02-29 NA", "2024 2 29 3, 2000 1 1 5"},
    {"[B]", "{kind: boolean, missing: \"no\"}", "yes NA", "1, 0"},
    {"{shape: [B], dtype: i64}", "{missing: most_frequent}", "9007199254740993 NA",
     "9.00719925474e+15, 9.00719925474e+15"},
    {"[B]", "{missing: mean}", "NA ?", "column 'c' has no value in any row of the training part"},
    {"[B]", "{missing: maen}", "1 NA",
     "'maen' cannot stand for the missing cells of column 'c': it is no number there"},
    {"[B]", "{missing: NA}", "1", "'NA' is a missing value itself"},
    {"[B]", "{missing: mean, indicator: 1}", "1 NA", "`indicator`"},
    {"[B]", "{indicator: true}", "1", "write `missing:` beside it"},
    {"[B]", "{missing: drop, indicator: true}", "1", "there is nothing to indicate"},
    {"[B, K]", "{kind: category, missing: mean}", "a NA", "`missing: mean` is for numbers"},
    {"{shape: [B], dtype: i32}", "{missing: median}", "1 NA", "'x' holds whole numbers"},
    {"[B]", "{missing: mean}", "1 a NA b",
     "row 2, column 'c': 'a' is not a number (the first of 2 such rows among 4)"},
    /* scales */
    {"[B]", "{scale: standard}", "1 3", "-1, 1"},
    {"[B]", "{scale: standard}", "2 2", "0, 0"},
    {"[B]", "{scale: minmax}", "5 1 3", "1, 0, 0.5"},
    {"[B]", "{scale: robust}", "1 2 3 4 50", "-1, -0.5, 0, 0.5, 23.5"},
    {"[B]", "{scale: quantile}", "10 20 40 20 80", "0, 0.375, 0.75, 0.375, 1"},
    /* Ranks are exact: 15 / 22 * 22 is not 15 in floating-point numbers. */
    {"[B]", "{scale: quantile}", "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 15 15 18 19 20 21 22",
     "0, 0.0454545454545, 0.0909090909091, 0.136363636364, 0.181818181818, 0.227272727273, "
     "0.272727272727, 0.318181818182, 0.363636363636, 0.409090909091, 0.454545454545, 0.5, "
     "0.545454545455, 0.590909090909, 0.636363636364, 0.727272727273, 0.727272727273, "
     "0.727272727273, 0.818181818182, 0.863636363636, 0.909090909091, 0.954545454545, 1"},
    {"[B]", "{scale: log}", "1 2.718281828459045", "0, 1"},
    {"[B]", "{scale: log1p}", "0 1.718281828459045", "0, 1"},
    {"[B, 2]", "{scale: standard, missing: mean, indicator: true}", "1 NA 3", "-1 0, 0 1, 1 0"},
    {"[B]", "{scale: log}", "1 0 2 -1",
     "row 2, column 'c': '0' has no place on the scale 'log'; log takes numbers above 0, log1p "
     "above -1 (the first of 2 such rows among 4)"},
    {"[B]", "{scale: log, missing: 0}", "1 NA 2",
     "row 2, column 'c': '0' has no place on the scale 'log'"},
    {"[B]", "{scale: logg}", "1", "did you mean 'log'?"},
    {"[B, K]", "{kind: category, scale: log}", "a", "`scale` is for floating-point numbers"},
    {"{shape: [B], dtype: i32}", "{scale: log}", "1", "`scale` is for floating-point numbers"},
};

static yg_model *make_model_of(const workspace *w, const char *file, const char *type,
                               const char *options) {
    char text[2000];
    snprintf(text, sizeof text,
             "format: 1\n"
             "name: c\n"
             "inputs: {x: %s}\n"
             "targets: {y: [B]}\n"
             "graph: {h: \"mean(y) + 0 * mean(cast(x, float))\"}\n"
             "outputs: [x]\n"
             "loss: h\n"
             "data:\n"
             "  train: {file: %s, x: c, y: y}\n"
             "  columns: {c: %s}\n",
             type, file, options);
    return workspace_model(w, "c.yaml", text);
}

static yg_model *make_model(const workspace *w, const char *type, const char *options) {
    return make_model_of(w, "c.csv", type, options);
}

/* A file with the cells, which have blanks between them, as the column c. */
static void write_cells(const workspace *w, const char *cells) {
    char text[2000] = "c,y\n", copy[1000];
    snprintf(copy, sizeof copy, "%s", cells);
    for (char *cell = strtok(copy, " "); cell; cell = strtok(NULL, " "))
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s,0\n", cell);
    workspace_write(w, "c.csv", text);
}

/* "1 0, 0 1": all elements of the port x. */
static void write_elements(const yg_data *data, char *text, size_t size) {
    const yg_elements *x = &data->train.dataset->ports[0];
    char *elements = calloc((size_t)(data->train.count * x->width) + 1, 8);
    size_t used = 0;
    yg_part_read(&data->train, 0, 0, data->train.count, elements, NULL);
    text[0] = '\0';
    for (int64_t i = 0; i < data->train.count * x->width && used < size; i++) {
        const double value = yg_element_get(x->dtype, elements, i);
        used += (size_t)snprintf(text + used, size - used, "%s%.12g",
                                 !i             ? ""
                                 : i % x->width ? " "
                                                : ", ",
                                 value < 1e-12 && value > -1e-12 ? 0 : value);
    }
    free(elements);
}

Test(column_kinds, make_elements_of_cells) {
    const workspace w = workspace_make();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char what[700], text[1200];
        yg_data data;
        yg_error error = {0};
        snprintf(what, sizeof what, "%s %s: %s", cases[i].type, cases[i].options, cases[i].cells);
        write_cells(&w, cases[i].cells);
        yg_model *model = make_model(&w, cases[i].type, cases[i].options);
        if (yg_data_load(model, YG_F64, &data, &error)) {
            write_elements(&data, text, sizeof text);
            cr_expect_str_eq(text, cases[i].expected, "%s\ngave %s\nnot  %s", what, text,
                             cases[i].expected);
            yg_data_free(&data);
        } else {
            cr_expect_not_null(strstr(error.message, cases[i].expected), "%s\ngave %s\nnot  %s",
                               what, error.message, cases[i].expected);
            cr_expect(error.file && error.line > 0, "%s: %s has no place", what, error.message);
        }
        yg_model_free(model);
    }
    workspace_remove(&w);
}

/* What was learnt is kept: other data, with weights that remember, become the same elements. */
Test(column_kinds, are_read_back_from_weights) {
    const workspace w = workspace_make();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char first[1200], again[1200];
        yg_data data, other;
        yg_tensor_file file = {0};
        yg_error error = {0};
        write_cells(&w, cases[i].cells);
        yg_model *model = make_model(&w, cases[i].type, cases[i].options);
        if (yg_data_load(model, YG_F64, &data, &error)) {
            write_elements(&data, first, sizeof first);
            cr_assert(yg_encoding_save(model, &data.encoding, &file, &error), "%s", error.message);
            other = (yg_data){0};
            cr_assert(yg_encoding_load(model, &file, "w", &other.encoding, &error), "%s: %s",
                      cases[i].options, error.message);
            cr_assert(yg_data_load_known(model, YG_F64, &other, &error), "%s: %s", cases[i].options,
                      error.message);
            write_elements(&other, again, sizeof again);
            cr_expect_str_eq(first, again, "%s: %s", cases[i].options, again);
            yg_data_free(&other);
            yg_data_free(&data);
            yg_tensor_file_free(&file);
        }
        yg_model_free(model);
    }
    workspace_remove(&w);
}

/* A table of JSON has numbers and texts. Both are read alike. */
static const struct {
    const char *type, *options, *cells[2], *expected;
} typed[] = {
    {"[B, K]", "{kind: date}", {"20240229", "\"20240301\""}, "2024 2 29 3, 2024 3 1 4"},
    {"[B, 1]",
     "{kind: date, parts: [day], format: \"%d%m%Y\"}",
     {"29022024", "\"01032024\""},
     "29, 1"},
    {"[B, 1]", "{kind: date, parts: [year], format: \"%s\"}", {"0", "\"1e9\""}, "1970, 2001"},
    {"[B, K]", "category", {"1", "\"1\""}, "1, 1"},
    {"[B]", "boolean", {"1", "\"no\""}, "1, 0"},
    {"[B]", "boolean", {"true", "false"}, "1, 0"},
    {"[B]", "{missing: mean}", {"null", "\"3\""}, "3, 3"},
    {"[B]", "{missing: most_frequent}", {"7", "null"}, "7, 7"},
    {"{shape: [B, L], dtype: i32}", "text", {"\"a b\"", "12"}, "3 4, 2 0"},
    {"[B, 1]",
     "{kind: date, parts: [day]}",
     {"2.5", "1"},
     "row 1, column 'c': '2.5' is not a date"},
};

Test(column_kinds, read_numbers_and_texts_alike) {
    const workspace w = workspace_make();
    for (size_t i = 0; i < sizeof typed / sizeof *typed; i++) {
        char text[1200];
        yg_data data;
        yg_error error = {0};
        snprintf(text, sizeof text, "{\"c\": %s, \"y\": 0}\n{\"c\": %s, \"y\": 1}\n",
                 typed[i].cells[0], typed[i].cells[1]);
        workspace_write(&w, "c.jsonl", text);
        yg_model *model = make_model_of(&w, "c.jsonl", typed[i].type, typed[i].options);
        if (yg_data_load(model, YG_F64, &data, &error)) {
            write_elements(&data, text, sizeof text);
            yg_data_free(&data);
        } else
            snprintf(text, sizeof text, "%s", error.message);
        cr_expect_eq(strncmp(text, typed[i].expected, strlen(typed[i].expected)), 0,
                     "%s: %s\ngave %s\nnot  %s", typed[i].options, typed[i].cells[0], text,
                     typed[i].expected);
        yg_model_free(model);
    }
    workspace_remove(&w);
}

/* A case of fixtures/columns.json as a file and a model. */
static yg_model *make_fixture(const workspace *w, const json_t *fixture) {
    const json_t *cells = json_object_get(fixture, "cells"), *cell;
    char text[4000] = "c,y\n";
    size_t i;
    json_array_foreach(cells, i, cell) snprintf(text + strlen(text), sizeof text - strlen(text),
                                                "%s,0\n", json_string_value(cell));
    workspace_write(w, "c.csv", text);
    return make_model(w, json_string_value(json_object_get(fixture, "port")),
                      json_string_value(json_object_get(fixture, "options")));
}

static void compare_rows(const json_t *rows, const yg_data *data, const char *what) {
    const yg_elements *x = &data->train.dataset->ports[0];
    char *elements = calloc((size_t)(data->train.count * x->width) + 1, 8);
    cr_assert_eq(data->train.count, (int64_t)json_array_size(rows), "%s", what);
    cr_assert_eq(x->width, (int64_t)json_array_size(json_array_get(rows, 0)), "%s", what);
    cr_assert(yg_part_read(&data->train, 0, 0, data->train.count, elements, NULL));
    for (int64_t i = 0; i < data->train.count * x->width; i++) {
        const json_t *row = json_array_get(rows, (size_t)(i / x->width));
        const double expected = json_number_value(json_array_get(row, (size_t)(i % x->width)));
        const double value = yg_element_get(x->dtype, elements, i);
        cr_expect(fabs(value - expected) <= 1e-9 * (1 + fabs(expected)),
                  "%s: element %d of row %d is %.12g, not %.12g", what, (int)(i % x->width),
                  (int)(i / x->width), value, expected);
    }
    free(elements);
}

/* Random columns become what scikit-learn and pandas make of them. */
Test(column_kinds, agree_with_scikit_learn_and_pandas) {
    const workspace w = workspace_make();
    json_t *fixtures = json_load_file(YG_FIXTURES "/columns.json", 0, NULL), *fixture;
    size_t i;
    cr_assert_geq(json_array_size(fixtures), 25);
    json_array_foreach(fixtures, i, fixture) {
        char what[300];
        yg_data data;
        yg_error error = {0};
        yg_model *model = make_fixture(&w, fixture);
        snprintf(what, sizeof what, "case %d, %s", (int)i,
                 json_string_value(json_object_get(fixture, "options")));
        cr_assert(yg_data_load(model, YG_F64, &data, &error), "%s: %s", what, error.message);
        compare_rows(json_object_get(fixture, "elements"), &data, what);
        yg_data_free(&data);
        yg_model_free(model);
    }
    json_decref(fixtures);
    workspace_remove(&w);
}

/* The inverse of each scale gives the cells back. */
Test(column_kinds, scales_have_an_inverse) {
    static const char *const scales[] = {"standard", "minmax", "robust",
                                         "quantile", "log",    "log1p"};
    static const double cells[] = {3, 0.5, 7.25, 1e-3, 40, 3.5};
    enum { COUNT = sizeof cells / sizeof *cells };
    const workspace w = workspace_make();
    write_cells(&w, "3 0.5 7.25 1e-3 40 3.5");
    for (size_t i = 0; i < sizeof scales / sizeof *scales; i++) {
        char options[60];
        double numbers[COUNT];
        yg_data data;
        yg_error error = {0};
        snprintf(options, sizeof options, "{scale: %s}", scales[i]);
        yg_model *model = make_model(&w, "[B]", options);
        cr_assert(yg_data_load(model, YG_F64, &data, &error), "%s", error.message);
        const yg_port_encoding *x = &data.encoding.ports[0];
        yg_part_read(&data.train, 0, 0, COUNT, numbers, NULL);
        cr_expect(yg_encoding_has_units(x) && yg_encoding_width(x) == 1);
        for (int k = 0; k < COUNT; k++) {
            cr_expect_neq(numbers[k], cells[k], "%s: %g is scaled", scales[i], cells[k]);
            cr_expect_float_eq(yg_encoding_in_units(x, 0, numbers[k]), cells[k], 1e-13, "%s: %g",
                               scales[i], cells[k]);
        }
        yg_data_free(&data);
        yg_model_free(model);
    }
    workspace_remove(&w);
}
