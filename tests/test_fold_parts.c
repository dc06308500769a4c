/*
 * Folds of a model's data: which rows, or windows, a fold is scored on and trained on. The lists
 * were written down by hand.
 */
#include "data/source.h"
#include "workspace.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

enum { ROWS = 24, FOLDS = 3 };

/* Rows 0 … 23 in three shops of eight. Times are the same as `id`, except `week`, with four rows
 * each. */
static void write_rows(const workspace *w) {
    FILE *file = fopen(workspace_path(w, "t.csv"), "w");
    cr_assert_not_null(file);
    fputs("id,week,shop\n", file);
    for (int r = 0; r < ROWS; r++)
        fprintf(file, "%d,%d,shop%d\n", r, r / 4, r / 8);
    fclose(file);
}

static yg_model *model_of(const workspace *w, bool windows, const char *section) {
    char text[900];
    snprintf(text, sizeof text,
             "format: 1\n"
             "inputs: {x: [B%s]}\n"
             "targets: {y: [B%s]}\n"
             "graph: {s: mean(x) + mean(y)}\n"
             "outputs: [s]\n"
             "loss: s\n"
             "data:\n"
             "  train: {csv: t.csv, x: id, y: id}\n%s",
             windows ? ", T" : "", windows ? ", H" : "", section);
    return workspace_model(w, "m.yaml", text);
}

typedef struct parts {
    const char *train, *validation, *test; /* first rows, as "0-3 8" */
} parts;

/* Adds the run from `first` to `last`, if it is one. */
static void add_run(char *text, size_t size, int first, int last) {
    const size_t used = strlen(text);
    if (first < 0)
        return;
    if (first == last)
        snprintf(text + used, size - used, "%s%d", used ? " " : "", first);
    else
        snprintf(text + used, size - used, "%s%d-%d", used ? " " : "", first, last);
}

static void first_rows(const yg_part *part, char text[200]) {
    int first = -1, last = -1;
    text[0] = '\0';
    for (int64_t i = 0; i < part->count; i++) {
        double x[8];
        yg_error error = {0};
        cr_assert(yg_part_read(part, 0, i, 1, x, &error), "%s", error.message);
        if ((int)x[0] != last + 1 || first < 0) {
            add_run(text, 200, first, last);
            first = (int)x[0];
        }
        last = (int)x[0];
    }
    add_run(text, 200, first, last);
}

#define WINDOWS "  windows: {length: 3, horizon: 2}\n"

static const struct {
    const char *section;
    bool windows;
    int64_t gap;
    parts expected[FOLDS];
} cases[] = {
    /* Six rows a fold, after six to begin with. */
    {"  test: {from: train, fraction: 0.2, time: id}\n",
     false,
     0,
     {{"0-5", "", "6-11"}, {"0-11", "", "12-17"}, {"0-17", "", "18-23"}}},
    {"  test: {from: train, fraction: 0.2, time: id}\n",
     false,
     2,
     {{"0-3", "", "6-11"}, {"0-9", "", "12-17"}, {"0-15", "", "18-23"}}},
    /* Whole weeks; the second fold, which begins in one, begins with the next. */
    {"  test: {from: train, fraction: 0.2, time: week}\n",
     false,
     0,
     {{"0-7", "", "8-11"}, {"0-11", "", "12-19"}, {"0-19", "", "20-23"}}},
    {"  test: {from: train, fraction: 0.2, time: week}\n",
     false,
     1,
     {{"0-3", "", "8-11"}, {"0-7", "", "12-19"}, {"0-15", "", "20-23"}}},
    /* The validation part takes a quarter of what is before the fold, the last ones. */
    {"  validation: {from: train, fraction: 0.25, time: id}\n",
     false,
     0,
     {{"0-3", "4-5", "6-11"}, {"0-8", "9-11", "12-17"}, {"0-12", "13-17", "18-23"}}},
    /* Rows of the past are known when a forecast is made, so windows reach back. */
    {"  test: {from: train, fraction: 0.2, time: id}\n" WINDOWS,
     true,
     0,
     {{"0-1", "", "3-7"}, {"0-7", "", "9-13"}, {"0-13", "", "15-19"}}},
    {"  test: {from: train, fraction: 0.2, time: id}\n" WINDOWS,
     true,
     1,
     {{"0", "", "3-7"}, {"0-6", "", "9-13"}, {"0-12", "", "15-19"}}},
    /* Blocks of eight rows. No window of a fold shares a row with one that is trained on. */
    {WINDOWS, true, 0, {{"8-19", "", "0-3"}, {"0 16-19", "", "5-11"}, {"0-8", "", "13-19"}}},
    {WINDOWS, true, 2, {{"10-19", "", "0-3"}, {"0 18-19", "", "5-11"}, {"0-8", "", "13-19"}}},
    /* A whole shop each; which one is drawn by seed. */
    {"  windows: {length: 3, horizon: 2, by: shop}\n",
     true,
     0,
     {{"0-3 8-11", "", "16-19"}, {"8-11 16-19", "", "0-3"}, {"0-3 16-19", "", "8-11"}}},
};

static void check(const workspace *w, size_t i, int64_t fold, bool in_file) {
    char section[400], found[3][200];
    yg_data data = {.fold = fold, .folds = FOLDS, .gap = cases[i].gap};
    yg_error error = {0};
    snprintf(section, sizeof section, "%s%s", cases[i].section, in_file ? "  memory: 10\n" : "");
    yg_model *model = model_of(w, cases[i].windows, section);
    cr_assert(yg_data_load_known(model, YG_F64, &data, &error), "case %d: %s", (int)i,
              error.message);
    cr_assert_eq(data.train.dataset->spool != NULL, in_file);
    first_rows(&data.train, found[0]);
    first_rows(&data.validation, found[1]);
    first_rows(&data.test, found[2]);
    const char *const expected[] = {cases[i].expected[fold].train,
                                    cases[i].expected[fold].validation,
                                    cases[i].expected[fold].test};
    for (int k = 0; k < 3; k++)
        cr_expect_str_eq(found[k], expected[k], "case %d, fold %d, part %d: %s, not %s", (int)i,
                         (int)fold, k, found[k], expected[k]);
    yg_data_free(&data);
    yg_model_free(model);
}

Test(fold_parts, are_those_written_down) {
    const workspace w = workspace_make();
    write_rows(&w);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int64_t fold = 0; fold < FOLDS; fold++)
            for (int in_file = 0; in_file < 2; in_file++)
                check(&w, i, fold, in_file);
    workspace_remove(&w);
}

static const struct {
    const char *section;
    bool windows;
    int64_t folds, gap;
    const char *message;
} refused[] = {
    {"  test: {from: train, column: week, equals: 3}\n", false, 3, 0,
     "folds take turns as the test part, so they cannot go by one value or file; `{from: train, "
     "fraction: 0.2, group: COLUMN}` makes folds of whole groups"},
    {"  test: {from: train, file: t.csv}\n", false, 3, 0,
     "folds take turns as the test part, so they cannot go by one value or file; `{from: train, "
     "fraction: 0.2, whole_files: true}` makes folds of whole files"},
    {"", false, 3, 2,
     "a gap of 2 lies between folds by `time`, or blocks of a series; these folds are drawn at "
     "random"},
    {"  windows: {length: 3, horizon: 2, by: shop}\n", true, 3, 1,
     "a gap of 1 lies between folds by `time`, or blocks of a series; these folds are drawn by "
     "group"},
    {"  windows: {length: 3, horizon: 2, by: shop}\n", true, 4, 0,
     "fold 4 of 4 gets no example: there are 24 examples in too few groups; take fewer folds"},
    {"  test: {from: train, fraction: 0.2, time: week}\n", false, 6, 0,
     "fold 2 of 6 gets no example: there are 24 examples of too few times; take fewer folds"},
    {"  test: {from: train, fraction: 0.2, time: id}\n", false, 3, 6,
     "fold 1 of 3 leaves no example to train on: there are 24 examples of too few times; take "
     "fewer folds, or a smaller gap"},
    {"  test: {from: train, fraction: 0.2, time: shop}\n", false, 3, 0,
     "column 'shop' has 'shop0'; `time` needs numbers, or dates such as 2024-01-31, in all rows"},
};

Test(fold_parts, that_cannot_be_are_refused) {
    const workspace w = workspace_make();
    write_rows(&w);
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        bool good = true;
        yg_error error = {0};
        yg_model *model = model_of(&w, refused[i].windows, refused[i].section);
        for (int64_t fold = 0; good && fold < refused[i].folds; fold++) {
            yg_data data = {.fold = fold, .folds = refused[i].folds, .gap = refused[i].gap};
            good = yg_data_load_known(model, YG_F64, &data, &error);
            if (good)
                yg_data_free(&data);
        }
        cr_expect(!good, "case %d", (int)i);
        cr_expect_str_eq(error.message, refused[i].message, "case %d: %s", (int)i, error.message);
        cr_expect(error.line > 0 || !refused[i].section[0], "case %d has no place", (int)i);
        yg_model_free(model);
    }
    workspace_remove(&w);
}
