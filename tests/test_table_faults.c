/*
 * Wrong values in tables of every kind that holds numbers and texts: each is told with file, row,
 * column, what was found, and how many rows have the same fault.
 */
#include "data/data.h"
#include "database.h"
#include "workspace.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

enum { ROWS = 5 };

/* A cell that is wrong in rows 2 and 4, as JSON writes it; the column's option; what the message
 * says. The input is a float; the target a whole number or a class. */
static const struct {
    const char *cell, *good, *kind, *result;
} faults[] = {
    {"\"abc\"", "1", "{}", "'abc' is not a number"},
    {"\"1,5\"", "1", "{}", "'1,5' is not a number"},
    {"\"12x\"", "1", "{}", "'12x' is not a number"},
    {"\"--1\"", "1", "{}", "'--1' is not a number"},
    {"\"inf\"", "1", "{}", "'inf'"},
    {"\"\"", "1", "{}", "a missing value"},
    {"\"NA\"", "1", "{}", "a missing value"},
    {"\"?\"", "1", "{}", "a missing value"},
    {"null", "1", "{}", "a missing value"},
    {"1e300", "1", "{}", "is too large a number for f32"},
    {"\"maybe\"", "\"yes\"", "{kind: boolean}", "'maybe' is neither yes nor no"},
    {"7", "1", "{kind: boolean}", "'7' is neither yes nor no"},
    {"null", "1", "{kind: boolean}", "a missing value"},
    {"\"2020-13-01\"", "\"2020-12-01\"", "{kind: date, parts: [year]}", "'2020-13-01'"},
    {"\"2021-02-29\"", "\"2020-02-29\"", "{kind: date, parts: [year]}", "'2021-02-29'"},
    {"\"yesterday\"", "\"2020-02-29\"", "{kind: date, parts: [year]}", "'yesterday'"},
    {"null", "\"2020-02-29\"", "{kind: date, parts: [year]}", "a missing value"},
    {"\"blue\"", "\"red\"", "{kind: category, values: [red, green]}", "'blue'"},
    {"3", "\"red\"", "{kind: category, values: [red, green]}", "'3'"},
    {"0", "1", "{scale: log}", "'0' has no place on the scale 'log'"},
    {"-2.5", "1", "{scale: log, missing: mean}", "'-2.5' has no place on the scale 'log'"},
    {"-1", "1", "{scale: log1p}", "'-1' has no place on the scale 'log1p'"},
    {"\"abc\"", "1", "{scale: standard}", "'abc' is not a number"},
    {"\"abc\"", "1", "{missing: median}", "'abc' is not a number"},
    {"null", "1", "{scale: robust}", "a missing value"},
};

typedef enum format { FORMAT_CSV, FORMAT_JSONL, FORMAT_SQLITE, FORMATS } format;
static const char *const names[] = {"csv", "jsonl", "sqlite"};

/* Writes a cell, which is in JSON's form, as the format has it. */
static void append_cell(format format, const char *cell, char *text, size_t size) {
    const size_t length = strlen(cell), used = strlen(text);
    const bool quoted = cell[0] == '"';
    if (format == FORMAT_SQLITE && quoted)
        snprintf(text + used, size - used, "'%.*s'", (int)length - 2, cell + 1);
    else if (format == FORMAT_CSV && strcmp(cell, "null") == 0)
        return;
    else
        snprintf(text + used, size - used, "%s", cell);
}

static void make_file(format format, const char *path, const char *good, const char *wrong) {
    static const char *const begin[] = {
        "y,x\n", "", "PRAGMA synchronous = OFF; CREATE TABLE t (y, x); INSERT INTO t VALUES "};
    static const char *const row[] = {"0,", "{\"y\":0,\"x\":", "(0, "};
    static const char *const end[] = {"\n", "}\n", ")"};
    char text[2000];
    snprintf(text, sizeof text, "%s", begin[format]);
    for (int i = 1; i <= ROWS; i++) {
        strcat(text, row[format]);
        append_cell(format, i == 2 || i == 4 ? wrong : good, text, sizeof text);
        strcat(text, end[format]);
        if (format == FORMAT_SQLITE)
            strcat(text, i < ROWS ? ", " : ";");
    }
    if (format == FORMAT_SQLITE) {
        database_make(path, text);
        return;
    }
    FILE *file = fopen(path, "wb");
    cr_assert_not_null(file);
    fputs(text, file);
    fclose(file);
}

static void check(const workspace *w, format format, size_t i) {
    char name[40], path[120], text[1000];
    yg_data data;
    yg_error error = {0};
    snprintf(name, sizeof name, "%s%zu", names[format], i);
    snprintf(path, sizeof path, "%s/%s", w->folder, name);
    make_file(format, path, faults[i].good, faults[i].cell);
    snprintf(text, sizeof text,
             "format: 1\n"
             "inputs: {x: [B, n]}\n"
             "targets: {y: [B]}\n"
             "graph: {h: mean(x) + mean(y)}\n"
             "outputs: [x]\n"
             "loss: h\n"
             "data: {train: {%s: %s, x: x, y: y}, columns: {x: %s}}\n",
             names[format], name, faults[i].kind);
    yg_model *model = workspace_model(w, "m.yaml", text);
    const bool good = yg_data_load(model, YG_F32, &data, &error);
    cr_expect(!good, "%s %s %s", names[format], faults[i].cell, faults[i].kind);
    if (good)
        yg_data_free(&data);
    cr_expect_not_null(strstr(error.file, name), "%s", error.file);
    cr_expect_eq(error.line, format == FORMAT_CSV ? 3 : format == FORMAT_JSONL ? 2 : 0);
    const char *const parts[] = {"row 2, column 'x'", faults[i].result,
                                 "the first of 2 such rows among 5"};
    for (size_t k = 0; k < sizeof parts / sizeof *parts; k++)
        cr_expect_not_null(strstr(error.message, parts[k]), "%s %s %s: %s\nlacks %s", names[format],
                           faults[i].cell, faults[i].kind, error.message, parts[k]);
    yg_model_free(model);
}

Test(table_faults, are_told_by_file_row_column_and_number) {
    const workspace w = workspace_make();
    for (int f = 0; f < FORMATS; f++)
        for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
            if (f != FORMAT_SQLITE || database_can_be_made())
                check(&w, (format)f, i);
    workspace_remove(&w);
}

/* Kinds of columns that read no pictures, over BLOBs that are some. */
Test(table_faults, pictures_in_a_database_are_for_columns_of_pictures) {
    static const char *const kinds[] = {"number", "category", "boolean", "label", "text"};
    const workspace w = workspace_make();
    if (!database_can_be_made())
        cr_skip_test("built without SQLite");
    database_make(workspace_path(&w, "p.db"),
                  "CREATE TABLE t (x, y); INSERT INTO t VALUES (1, 0), (x'89504E470D0A1A0A00', 0), "
                  "(1, 1), (x'89504E470D0A1A0A00', 1);");
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const bool label = strcmp(kinds[i], "label") == 0, text = strcmp(kinds[i], "text") == 0;
        char model_text[600], said[100];
        yg_data data;
        yg_error error = {0};
        snprintf(model_text, sizeof model_text,
                 "format: 1\ninputs: {x: %s}\ntargets: {y: %s}\n"
                 "graph: {h: \"mean(cast(x, float)) + mean(cast(y, float))\"}\n"
                 "outputs: [h]\nloss: h\n"
                 "data: {train: {sqlite: p.db, x: %s, y: %s}, columns: {x: {kind: %s%s}}}\n",
                 text ? "{shape: [B, 3], dtype: i32}" : "[B, n]",
                 label ? "{shape: [B], dtype: i32, classes: 3}" : "[B]", label ? "y" : "x",
                 label ? "x" : "y", kinds[i], text ? ", tokens: byte" : "");
        snprintf(said, sizeof said, "row 2, column 'x': a BLOB with a picture is no %s", kinds[i]);
        yg_model *model = workspace_model(&w, "m.yaml", model_text);
        cr_expect_not(yg_data_load(model, YG_F32, &data, &error), "%s", kinds[i]);
        cr_expect_not_null(strstr(error.message, said), "%s: %s", kinds[i], error.message);
        cr_expect_not_null(strstr(error.message, "the first of 2 such rows among 4"), "%s: %s",
                           kinds[i], error.message);
        yg_model_free(model);
    }
    workspace_remove(&w);
}

/* Parts that name tables of other kinds, and what their examples are. */
static const struct {
    const char *part, *result;
} parts[] = {
    {"{jsonl: a.jsonl, x: p, y: y}", "4: 1 2 3 4 5 6 7 8"},
    {"{jsonl: a.jsonl, x: [q.r, y], y: y}", "4: 9 0 8 1 7 0 6 1"},
    {"{file: a.jsonl, x: [p], y: y}", "4: 1 2 3 4 5 6 7 8"},
    {"{jsonl: [b.jsonl, b.jsonl], x: p, y: y}", "2: 3 4 3 4"},
    {"{jsonl: \"?.jsonl\", x: p, y: y}", "5: 1 2 3 4 5 6 7 8 3 4"},
    {"{sqlite: d.db, table: t, x: [u, v], y: y}", "3: 1 2.5 3 4 5 6"},
    {"{file: d.db, query: \"select v, u, y from t where u > 1\", x: \"*\", y: y}", "2: 4 3 6 5"},
    {"{sqlite: d.db, x: [u, v], y: w}", "d.db has no column 'w'"},
    {"{sqlite: d.db, tabel: t, x: [u, v], y: y}", "did you mean 'table'?"},
    {"{csv: d.csv, table: t, x: [u, v], y: y}", "table"},
    {"{jsonl: a.jsonl, x: q, y: y}", "no column 'q'; known: p.0, p.1, q.r, y"},
    {"{jsonl: a.jsonl, x: [p, y], y: y}", "'x' takes 2"},
    {"{jsonl: a.jsonl, x: [p, p.0], y: y}", "column 'p.0' is listed twice"},
    {"{jsonl: a.jsonl, x: [p.1, p], y: y}", "column 'p.1' is listed twice"},
    {"{jsonl: a.jsonl, x: pp, y: y}", "no column 'pp'"},
    {"{jsonl: long.jsonl, x: p, y: y}", "long.jsonl:40001:1: the list 'p' has 3 elements"},
    {"{jsonl: long.jsonl, x: [p.0, y], y: y}", "long.jsonl:40001:1: the list 'p' has 3 elements"},
    {"{jsonl: mixed.jsonl, x: [p, q], y: y}", "mixed.jsonl:2:1: 'p' is an object here"},
    {"{jsonl: mixed.jsonl, x: [q, r], y: y}", "mixed.jsonl:3:1: 'r' is a list here"},
    {"{jsonl: mixed.jsonl, x: [q, s], y: y}", "3: 1 5 2 6 3 7"},
    {"{jsonl: long.jsonl, x: [y, z], y: y}", "long.jsonl has no column 'z'"},
    {"{jsonl: long.jsonl, x: [y, q], y: y}", "40001:"},
    {"{jsonl: a.jsonl, csv: b.csv, x: p, y: y}", "`train` has both"},
    {"{jsonl: none.jsonl, x: p, y: y}", "cannot open"},
    {"{images: [pics], x: [image, class], y: class}", "m.yaml:7:24: cannot open"},
};

static void load(const workspace *w, const char *part, char *result, size_t size) {
    char text[1000];
    yg_data data;
    yg_error error = {0};
    snprintf(text, sizeof text,
             "format: 1\ninputs: {x: [B, 2]}\ntargets: {y: [B]}\ngraph: {h: mean(x) + mean(y)}\n"
             "outputs: [x]\nloss: h\ndata: {train: %s}\n",
             part);
    yg_model *model = workspace_model(w, "m.yaml", text);
    if (!yg_data_load(model, YG_F32, &data, &error)) {
        const char *slash = strrchr(error.file, '/');
        snprintf(result, size, "%s:%d:%d: %s", slash ? slash + 1 : error.file, error.line,
                 error.column, error.message);
    } else {
        static float values[100000];
        snprintf(result, size, "%d:", (int)data.train.count);
        yg_part_read(&data.train, 0, 0, data.train.count, values, NULL);
        for (int64_t i = 0; i < 2 * data.train.count; i++)
            snprintf(result + strlen(result), size - strlen(result), " %g", (double)values[i]);
        yg_data_free(&data);
    }
    yg_model_free(model);
}

Test(table_faults, parts_name_tables_of_each_kind) {
    const workspace w = workspace_make();
    workspace_write(&w, "a.jsonl",
                    "{\"p\":[1,2],\"q\":{\"r\":9},\"y\":0}\n{\"p\":[3,4],\"q\":{\"r\":8},\"y\":1}\n"
                    "{\"p\":[5,6],\"q\":{\"r\":7},\"y\":0}\n{\"y\":1,\"p\":[7,8],\"q\":{\"r\":6}}");
    workspace_write(&w, "b.jsonl", "{\"p\":[3,4],\"y\":1}\n");
    FILE *file = fopen(workspace_path(&w, "long.jsonl"), "wb");
    cr_assert_not_null(file);
    for (int i = 0; i < 40000; i++) /* the first lines tell the columns */
        fputs("{\"p\":[1,2],\"y\":3,\"q\":4}\n", file);
    fputs("{\"p\":[1,2,3],\"y\":3,\"z\":4,\"q\":4}\n", file);
    fclose(file);
    workspace_write(&w, "mixed.jsonl",
                    "{\"p\":4,\"q\":1,\"r\":1,\"s\":5,\"y\":0}\n"
                    "{\"p\":{\"a\":3},\"q\":2,\"r\":1,\"s\":6,\"y\":0}\n"
                    "{\"p\":{\"a\":3},\"q\":3,\"r\":[1,2],\"s\":7,\"y\":1}\n");
    workspace_write(&w, "d.csv", "u,v,y\n1,2,3\n");
    if (database_can_be_made())
        database_make(workspace_path(&w, "d.db"),
                      "CREATE TABLE t (u, v, y); "
                      "INSERT INTO t VALUES (1, 2.5, 0), (3, 4, 1), (5, 6, 0);");
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        char result[1500];
        if (strstr(parts[i].part, ".db") && !database_can_be_made())
            continue;
        load(&w, parts[i].part, result, sizeof result);
        cr_expect_not_null(strstr(result, parts[i].result), "%s\ngave %s\nnot  %s", parts[i].part,
                           result, parts[i].result);
    }
    workspace_remove(&w);
}
