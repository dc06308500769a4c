/*
 * Parts that are split off by a column of the table: by group, by time, by value.
 */
#include "data/data.h"
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

static const struct {
    const char *section, *place, *message;
} bad[] = {
    {"{from: train, fraction: 0.2, group: wo}", "9:45", "did you mean 'who'"},
    {"{from: train, fraction: 0.2, group: who, time: day}", "9:56", "by one rule"},
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
