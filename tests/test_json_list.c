/*
 * JSON files that are one list of objects: they have the rows of the same objects, a line each, and
 * what is wrong is told with its line.
 */
#include "data/stream.h"
#include "workspace.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static yg_model *model_of(const workspace *w, const char *file, const char *more) {
    char text[600];
    snprintf(text, sizeof text,
             "format: 1\n"
             "name: m\n"
             "inputs: {x: [B, 2]}\n"
             "targets: {y: {shape: [B], dtype: i32, classes: 3}}\n"
             "graph: {h: \"mean(x) + mean(cast(y, dtype=float))\"}\n"
             "outputs: [x]\n"
             "loss: h\n"
             "data:\n"
             "  train: {jsonl: %s, x: [a, b.c], y: kind}\n%s",
             file, more);
    return workspace_model(w, "m.yaml", text);
}

static void write_object(FILE *file, int i, const char *blank) {
    static const char *const kinds[] = {"] ox", "o\\\"}, {w", "\\\\"};
    fprintf(file, "{%s\"a\":%s%g, \"kind\": \"%s\"%s, \"b\": {\"c\": %d, \"d\": [1, [2]]}}", blank,
            blank, i / 8.0, kinds[i * 7 % 3], blank, i);
}

/* How a list may be laid out: what stands before, between and behind its elements, and in them.
 */
static const struct {
    const char *before, *between, *behind, *within;
} layouts[] = {{"[", ",", "]", ""},
               {"[\n", ",\n", "\n]\n", ""},
               {" \r\n\t[ ", "\n,  ", " ] \n\n", "\n    "},
               {"\xEF\xBB\xBF[", " , ", "]", " "}};

static uint64_t digest_of(const workspace *w, const char *file, const char *more) {
    yg_model *model = model_of(w, file, more);
    yg_error error = {0};
    yg_data data;
    cr_assert(yg_data_load(model, YG_F64, &data, &error), "%s: line %d: %s", file, error.line,
              error.message);
    const uint64_t digest = yg_part_digest(&data.train);
    yg_data_free(&data);
    yg_model_free(model);
    return digest;
}

/* A file of 20,000 objects is read in several blocks, whose ends stand anywhere in an element.
 */
Test(json_list, has_the_rows_of_the_same_lines) {
    static const int counts[] = {3, 4, 257, 20000};
    const workspace w = workspace_make();
    for (size_t k = 0; k < sizeof counts / sizeof *counts; k++) {
        const char *more = counts[k] > 1000 ? "  standardize: [x]\n" : "";
        FILE *lines = fopen(workspace_path(&w, "t.jsonl"), "w");
        for (int i = 0; i < counts[k]; i++) {
            write_object(lines, i, "");
            fputs("\n", lines);
        }
        fclose(lines);
        const uint64_t expected = digest_of(&w, "t.jsonl", more);
        for (size_t l = 0; l < sizeof layouts / sizeof *layouts; l++) {
            FILE *list = fopen(workspace_path(&w, "t.json"), "w");
            for (int i = 0; i < counts[k]; i++) {
                fputs(i ? layouts[l].between : layouts[l].before, list);
                write_object(list, i, layouts[l].within);
            }
            fputs(layouts[l].behind, list);
            fclose(list);
            cr_expect_eq(digest_of(&w, "t.json", more), expected, "%d objects, layout %d",
                         counts[k], (int)l);
        }
    }
    workspace_remove(&w);
}

#define OBJECT "{\"a\": 1, \"kind\": 0, \"b\": {\"c\": 2}}"

Test(json_list, what_is_wrong_is_told_with_its_line) {
    static const struct {
        const char *text, *message;
        int line;
    } mistakes[] = {
        {"[]", "the list is empty", 0},
        {"[\n", "is not closed", 2},
        {"[\n" OBJECT, "is not closed", 2},
        {"[\n" OBJECT ",\n", "is not closed", 3},
        {"[\n" OBJECT "\n" OBJECT "]", "is no JSON object", 3},
        {"[" OBJECT ",\n,\n" OBJECT "]", "an element is missing", 2},
        {"[" OBJECT ",\n]", "an element is missing", 2},
        {"[" OBJECT ",\n" OBJECT "\n]\n\n{}", "more behind the list", 3},
        {"[" OBJECT ",\n[1, 2]]", "found a list", 2},
        {"[" OBJECT ",\n\n 7\n]", "found a number", 3},
        {"[\n\"" OBJECT "\"]", "is no JSON object", 2},
        {"[" OBJECT ",\n{\n\"a\": nix}]", "is no JSON object", 3},
        {"[" OBJECT ",\n{\n\"a\": \"two\", \"kind\": 0, \"b\": {\"c\": 1}}]", "is not a number", 2},
        {"[" OBJECT ",\n{\"a\": \"two]", "is not closed", 2},
    };
    const workspace w = workspace_make();
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        yg_error error = {0};
        yg_data data;
        workspace_write(&w, "t.json", mistakes[i].text);
        yg_model *model = model_of(&w, "t.json", "");
        cr_expect_not(yg_data_load(model, YG_F64, &data, &error), "%s", mistakes[i].text);
        cr_expect_not_null(strstr(error.message, mistakes[i].message), "%s\ngave %s",
                           mistakes[i].text, error.message);
        cr_expect_eq(error.line, mistakes[i].line, "%s: line %d: %s", mistakes[i].text, error.line,
                     error.message);
        yg_model_free(model);
    }
    workspace_remove(&w);
}
