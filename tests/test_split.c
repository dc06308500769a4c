/*
 * Parts that are split off by a column of the table: by group, by time, by value.
 */
#include "data/source.h"
#include "workspace.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

enum { COUNT = 60, GROUPS = 12 };

/* x is the number of a row. Groups have 5 rows each, spread over the file; days go backwards, two
 * rows a day; `part` names every sixth row. */
static void write_rows(const workspace *w) {
    FILE *file = fopen(workspace_path(w, "t.csv"), "w");
    cr_assert_not_null(file);
    fputs("x,y,who,day,age,part\n", file);
    for (int i = 0; i < COUNT; i++)
        fprintf(file, "%d,0,g%d,2024-%02d-%02d,%d,%s\n", i, i % GROUPS, 12 - (i / 2) / 28,
                28 - (i / 2) % 28, i < 10 ? 9 : 100 - i,
                i % 6 == 0   ? "a b"
                : i % 6 == 1 ? "c"
                             : "");
    fclose(file);
}

static yg_model *model_of(const workspace *w, const char *parts) {
    char text[1000];
    snprintf(text, sizeof text,
             "format: 1\n"
             "inputs: {x: [B]}\n"
             "targets: {y: [B]}\n"
             "graph: {s: mean(x) + mean(y)}\n"
             "outputs: [s]\n"
             "loss: s\n"
             "data:\n"
             "  train: {csv: t.csv, x: x, y: y}\n%s",
             parts);
    return workspace_model(w, "m.yaml", text);
}

/* The part of each row: 't', 'v' or 's' (test). */
static void parts_of(const yg_data *data, char parts[COUNT + 1]) {
    const yg_part *all[] = {&data->train, &data->validation, &data->test};
    memset(parts, '.', COUNT);
    parts[COUNT] = '\0';
    for (int k = 0; k < 3; k++)
        for (int64_t i = 0; i < all[k]->count; i++) {
            double x;
            cr_assert(yg_part_read(all[k], 0, i, 1, &x, NULL));
            cr_assert_eq(parts[(int)x], '.', "row %d is in two parts", (int)x);
            parts[(int)x] = "tvs"[k];
        }
    cr_assert_null(strchr(parts, '.'));
}

/* Loads the data in memory and from a file: the parts must be the same. */
static void load(const workspace *w, const char *section, char parts[COUNT + 1]) {
    for (int i = 0; i < 2; i++) {
        yg_data data;
        yg_error error = {0};
        char text[500], again[COUNT + 1];
        snprintf(text, sizeof text, "%s%s", section, i ? "  memory: 100\n" : "");
        yg_model *model = model_of(w, text);
        cr_assert(yg_data_load(model, YG_F64, &data, &error), "%s: %s", section, error.message);
        cr_assert_eq(data.train.dataset->spool != NULL, i == 1);
        parts_of(&data, i ? again : parts);
        cr_expect(!i || strcmp(parts, again) == 0, "%s: %s, not %s", section, again, parts);
        yg_data_free(&data);
        yg_model_free(model);
    }
}

static int count_of(const char *parts, char part) {
    int count = 0;
    for (; *parts; parts++)
        count += *parts == part;
    return count;
}

Test(split, groups_stay_together) {
    const workspace w = workspace_make();
    char parts[COUNT + 1], other[COUNT + 1];
    write_rows(&w);
    load(&w,
         "  validation: {from: train, fraction: 0.27, group: who}\n"
         "  test: {from: train, fraction: 0.16, group: who}\n",
         parts);
    for (int i = GROUPS; i < COUNT; i++)
        cr_expect_eq(parts[i], parts[i % GROUPS], "%s", parts);
    cr_expect_eq(count_of(parts, 'v'), 15, "%s", parts); /* of 16.2 */
    cr_expect_eq(count_of(parts, 's'), 10, "%s", parts); /* of 9.6 */
    load(&w,
         "  validation: {from: train, fraction: 0.27, group: who}\n"
         "  test: {from: train, fraction: 0.16, group: who}\n  seed: 5\n",
         other);
    cr_expect_str_neq(parts, other, "another seed draws other groups");
    workspace_remove(&w);
}

/* Eight groups of class 0 and four of class 1, by rows and as sequences of rows: each part has two
 * thirds and one third, and the folds too. */
Test(split, groups_are_stratified) {
    static const char *const sections[] = {
        "x: x, k: k}\n  validation: {from: train, fraction: 0.25, group: who, stratify: k}\n"
        "  test: {from: train, fraction: 0.25, stratify: k, group: who}\n",
        "x: x, k: k}\n  validation: {from: train, fraction: 0.25, stratify: k}\n"
        "  test: {from: train, fraction: 0.25, stratify: k}\n  sequences: {by: who}\n"};
    const workspace w = workspace_make();
    FILE *file = fopen(workspace_path(&w, "t.csv"), "w");
    cr_assert_not_null(file);
    fputs("x,k,who\n", file);
    for (int i = 0; i < COUNT; i++)
        fprintf(file, "%d,%d,g%d\n", i, i / 5 % 3 == 0, i / 5);
    fclose(file);
    for (int i = 0; i < 2 * 2 * 5; i++) {
        const int ragged = i % 2, folds = i / 2 % 2 ? 4 : 0;
        char text[900];
        yg_data data = {.folds = folds, .fold = folds ? i / 4 % folds : 0};
        yg_error error = {0};
        snprintf(text, sizeof text,
                 "format: 1\ninputs: {x: [B%s]}\n"
                 "targets: {k: {shape: [B], dtype: i32, classes: 2}}\n"
                 "graph: {s: \"mean(x) + mean(cast(k, dtype=float))\"}\noutputs: [s]\nloss: s\n"
                 "data:\n  seed: %d\n  train: {csv: t.csv, %s",
                 ragged ? ", T" : "", i, sections[ragged]);
        yg_model *model = workspace_model(&w, "m.yaml", text);
        cr_assert(yg_data_load_known(model, YG_F64, &data, &error), "%s: %s", text, error.message);
        const yg_part *parts[] = {&data.train, &data.validation, &data.test};
        for (int k = 0; k < 3; k++) {
            const int64_t all = parts[k]->count * (ragged ? 5 : 1);
            int64_t ones = 0;
            for (int64_t e = 0; e < parts[k]->count; e++) {
                int32_t class;
                cr_assert(yg_part_read(parts[k], 1, e, 1, &class, NULL));
                ones += (int64_t) class * (ragged ? 5 : 1);
            }
            cr_expect(all == (k ? 15 : 30) && ones == (k ? 5 : 10),
                      "%d: part %d has %d rows, %d of class 1", i, k, (int)all, (int)ones);
        }
        yg_data_free(&data);
        yg_model_free(model);
    }
    workspace_remove(&w);
}

/* A fold where no part is split off, of a table whose first input learns its values. */
Test(split, a_fold_alone_is_not_stratified) {
    const workspace w = workspace_make();
    yg_data data = {.folds = 3};
    yg_error error = {0};
    write_rows(&w);
    yg_model *model = model_of(&w, "  columns: {x: {missing: mean, scale: standard}}\n");
    cr_assert(yg_data_load_known(model, YG_F64, &data, &error), "%s", error.message);
    cr_expect_eq(data.test.count, COUNT / 3);
    cr_expect_eq(data.train.count, COUNT - COUNT / 3, "%d", (int)data.train.count);
    yg_data_free(&data);
    yg_model_free(model);
    workspace_remove(&w);
}

Test(split, by_time_the_last_are_the_test) {
    const workspace w = workspace_make();
    char parts[COUNT + 1], expected[COUNT + 1];
    write_rows(&w);
    /* The first rows are the latest. Of equal days the last row is taken first. */
    static const char first[] = "ssssssssvsvvvvtv";
    memset(expected, 't', COUNT);
    memcpy(expected, first, sizeof first - 1);
    expected[COUNT] = '\0';
    load(&w,
         "  validation: {from: train, fraction: 0.1, time: day}\n"
         "  test: {from: train, fraction: 0.15, time: day}\n",
         parts);
    cr_expect_str_eq(parts, expected, "%s", parts);
    /* As numbers: 9 is before 41, which comes last in the file. */
    memset(expected, 't', COUNT);
    memset(expected + 10, 's', 12);
    load(&w, "  test: {from: train, fraction: 0.2, time: age}\n", parts);
    cr_expect_str_eq(parts, expected, "%s", parts);
    workspace_remove(&w);
}

Test(split, by_value_and_the_rest_by_chance) {
    const workspace w = workspace_make();
    char parts[COUNT + 1];
    write_rows(&w);
    load(&w,
         "  validation: {from: train, fraction: 0.2}\n"
         "  test: {from: train, column: part, equals: a b}\n",
         parts);
    for (int i = 0; i < COUNT; i++)
        cr_expect_eq(parts[i] == 's', i % 6 == 0, "%s", parts);
    cr_expect_eq(count_of(parts, 'v'), 12);
    load(&w, "  test: {from: train, column: part, equals: [a b, c, unknown]}\n", parts);
    for (int i = 0; i < COUNT; i++)
        cr_expect_eq(parts[i] == 's', i % 6 < 2, "%s", parts);
    workspace_remove(&w);
}

/* ------------------------------------------------------------------------------- by file ----- */

enum { FILES = 5 };

/* The same rows in files of 12: t0.csv, … */
static void write_files(const workspace *w) {
    for (int f = 0; f < FILES; f++) {
        char name[20];
        snprintf(name, sizeof name, "t%d.csv", f);
        FILE *file = fopen(workspace_path(w, name), "w");
        cr_assert_not_null(file);
        fputs("x,y\n", file);
        for (int i = 0; i < COUNT / FILES; i++)
            fprintf(file, "%d,0\n", f * COUNT / FILES + i);
        fclose(file);
    }
}

/* Loads parts of these files, in memory and from a file; `fold` of `folds` where there are some.
 * parts[f] becomes the part of each file: all of its rows must be in one. */
static void load_files(const workspace *w, const char *section, int64_t fold, int64_t folds,
                       char parts[FILES + 1]) {
    for (int i = 0; i < 2; i++) {
        yg_data data = {.fold = fold, .folds = folds};
        yg_error error = {0};
        char text[900], rows[COUNT + 1];
        snprintf(text, sizeof text,
                 "format: 1\ninputs: {x: [B]}\ntargets: {y: [B]}\ngraph: {s: mean(x) + mean(y)}\n"
                 "outputs: [s]\nloss: s\ndata:\n  train: {csv: \"t?.csv\", x: x, y: y}\n%s%s",
                 section, i ? "  memory: 100\n" : "");
        yg_model *model = workspace_model(w, "m.yaml", text);
        cr_assert(yg_data_load_known(model, YG_F64, &data, &error), "%s: %s", section,
                  error.message);
        cr_assert_eq(data.train.dataset->spool != NULL, i == 1);
        parts_of(&data, rows);
        for (int row = 0; row < COUNT; row++)
            cr_assert_eq(rows[row], rows[row / (COUNT / FILES) * (COUNT / FILES)], "%s", rows);
        for (int f = 0; f < FILES; f++) {
            cr_assert(i == 0 || parts[f] == rows[f * COUNT / FILES], "%s: %s", parts, rows);
            parts[f] = rows[f * COUNT / FILES];
        }
        parts[FILES] = '\0';
        yg_data_free(&data);
        yg_model_free(model);
    }
}

Test(split, by_file) {
    const workspace w = workspace_make();
    char parts[FILES + 1];
    write_files(&w);
    load_files(&w,
               "  validation: {from: train, file: t3.csv}\n"
               "  test: {from: train, file: [t0.csv, \"t[2].csv\"]}\n",
               0, 0, parts);
    cr_expect_str_eq(parts, "stsvt");
    load_files(&w, "  test: {from: train, fraction: 0.4, whole_files: true}\n", 0, 0, parts);
    cr_expect_eq(count_of(parts, 's'), 2, "%s", parts);
    load_files(&w, "  test: {from: train, fraction: 0.4, whole_files: true}\n  seed: 3\n", 0, 0,
               parts);
    cr_expect_eq(count_of(parts, 's'), 2, "%s", parts);
    workspace_remove(&w);
}

Test(split, a_fold_of_files_has_them_whole_and_each_is_in_one) {
    const workspace w = workspace_make();
    int held_out[FILES] = {0};
    write_files(&w);
    for (int fold = 0; fold < 3; fold++) {
        char parts[FILES + 1];
        load_files(&w, "  validation: {from: train, fraction: 0.2, whole_files: true}\n", fold, 3,
                   parts);
        cr_expect_eq(count_of(parts, 'v'), 1, "%s", parts);
        for (int f = 0; f < FILES; f++)
            held_out[f] += parts[f] == 's';
    }
    for (int f = 0; f < FILES; f++)
        cr_expect_eq(held_out[f], 1, "t%d.csv is in %d folds", f, held_out[f]);
    workspace_remove(&w);
}

/* `whole_files: false` is as if it were not there. */
Test(split, files_need_not_stay_whole) {
    const workspace w = workspace_make();
    char parts[COUNT + 1], same[COUNT + 1];
    write_rows(&w);
    load(&w, "  test: {from: train, fraction: 0.4, whole_files: false}\n", parts);
    load(&w, "  test: {from: train, fraction: 0.4}\n", same);
    cr_expect_str_eq(parts, same);
    workspace_remove(&w);
}

static const struct {
    const char *section, *place, *message;
} bad[] = {
    {"{from: train, file: u.csv}", "9:29", "u.csv' is not a file of the training part"},
    {"{from: train, file: \"u*.csv\"}", "9:30", "no file matches"},
    {"{from: train, file: t.csv, fraction: 0.1}", "9:46", "so `fraction` says nothing"},
    {"{from: train, file: t.csv, equals: a}", "9:44", "`equals` goes with `column`"},
    {"{from: train, file: t.csv, whole_files: true}", "9:49", "by one rule"},
    {"{from: train, fraction: 0.2, whole_files: maybe}", "9:51", "true or false"},
    {"{from: train, whole_files: true}", "9:9", "needs `fraction`"},
    {"{from: train, files: t.csv}", "9:23", "it is `file` here"},
    {"{from: train, fraction: 0.5, whole_files: true}", "9:9", "of 60 examples belong"},
    {"{from: train, fraction: 0.2, group: wo}", "9:45", "did you mean 'who'"},
    {"{from: train, fraction: 0.2, group: who, time: day}", "9:56", "by one rule"},
    {"{from: train, fraction: 0.2, stratify: y, time: day}", "9:57", "only `group` and"},
    {"{from: train, fraction: 0.2, time: who}", "9:44", "column 'who' has 'g0'"},
    {"{from: train, fraction: 0.2, time: part}", "9:44", "column 'part' has 'a b'"},
    {"{from: train, column: part}", "9:9", "go together"},
    {"{from: train, equals: a}", "9:9", "go together"},
    {"{from: train, column: part, equals: a, fraction: 0.1}", "9:9", "without `fraction`"},
    {"{from: train, column: part, equals: z}", "9:9", "none of 60 examples belongs"},
    {"{from: train, column: y, equals: 0}", "9:9", "all of 60 examples belong"},
    {"{from: train}", "9:9", "needs `fraction`"},
    {"{from: train, fraction: 0.2, column: [a]}", "9:9", "go together"},
    {"{from: train, fraction: 0.01, group: who}", "9:9", "none of 60 examples belongs"},
};

Test(split, what_is_wrong_is_told_with_its_place) {
    const workspace w = workspace_make();
    write_rows(&w);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        yg_data data;
        yg_error error = {0};
        char section[200], place[20];
        snprintf(section, sizeof section, "  test: %s\n", bad[i].section);
        yg_model *model = model_of(&w, section);
        cr_expect_not(yg_data_load(model, YG_F64, &data, &error), "%s", section);
        snprintf(place, sizeof place, "%d:%d", error.line, error.column);
        cr_expect_str_eq(place, bad[i].place, "%s: %s: %s", section, place, error.message);
        cr_expect_not_null(strstr(error.message, bad[i].message), "%s: %s", section, error.message);
        yg_model_free(model);
    }
    workspace_remove(&w);
}

Test(split, examples_of_the_model_file_are_in_no_other_file) {
    const workspace w = workspace_make();
    yg_data data;
    yg_error error = {0};
    yg_model *model = workspace_model(
        &w, "rows.yaml",
        "format: 1\ninputs: {x: [B]}\ntargets: {y: [B]}\ngraph: {s: mean(x) + mean(y)}\n"
        "outputs: [s]\nloss: s\ndata:\n  train: {x: [1, 2], y: [1, 2]}\n"
        "  test: {from: train, fraction: 0.5, whole_files: true}\n");
    cr_expect_not(yg_data_load(model, YG_F64, &data, &error));
    cr_expect_not_null(strstr(error.message, "only a table consists of files"), "%s",
                       error.message);
    yg_model_free(model);
    workspace_remove(&w);
}

Test(split, examples_of_the_model_file_have_no_columns) {
    const workspace w = workspace_make();
    yg_data data;
    yg_error error = {0};
    yg_model *model = workspace_model(
        &w, "rows.yaml",
        "format: 1\ninputs: {x: [B]}\ntargets: {y: [B]}\ngraph: {s: mean(x) + mean(y)}\n"
        "outputs: [s]\nloss: s\ndata:\n  train: {x: [1, 2], y: [1, 2]}\n"
        "  test: {from: train, fraction: 0.5, group: who}\n");
    cr_expect_not(yg_data_load(model, YG_F64, &data, &error));
    cr_expect_not_null(strstr(error.message, "only a table has a column 'who'"), "%s",
                       error.message);
    yg_model_free(model);
    workspace_remove(&w);
}

/* Ctrl-C ends the pass over the table that draws the parts, and not only the one behind it: the
 * mistake in the last row is not met. */
Test(split, the_pass_that_draws_is_interrupted) {
    const workspace w = workspace_make();
    workspace_write(&w, "t.csv", "x,y,who\n1,2,a\n3,4,b\n5,6\n");
    yg_model *model = model_of(&w, "  test: {from: train, fraction: 0.5, group: who}\n");
    for (int i = 0; i < 2; i++) {
        const volatile sig_atomic_t stop = i;
        yg_data data = {.stop = &stop};
        yg_error error = {0};
        cr_expect_not(yg_data_load_known(model, YG_F64, &data, &error));
        cr_expect_not_null(strstr(error.message, i ? "interrupted while the data were read" : "2"),
                           "%s", error.message);
        cr_expect_eq(error.line, i ? 0 : 4, "%s", error.message);
    }
    yg_model_free(model);
    workspace_remove(&w);
}
