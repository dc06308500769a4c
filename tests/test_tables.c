/*
 * Parts that are tables: which files they name, which columns they take, and what is wrong with
 * that.
 */
#include "data/data.h"
#include "data/safetensors.h"
#include "data/table.h"
#include "graph/number.h"
#include "workspace.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const struct {
    const char *name, *text;
} files[] = {
    {"a1.csv", "id,u,v,y\n7,1,2,0\n8,3,4,1\n"},
    {"a2.csv", "y,v,u,id,more\n0,6,5,9,x\n"}, /* other columns, in another order */
    {"a10.csv", "id,u,v,y\n10,7,8,1\n"},      /* "a10" is before "a2", by bytes */
    {"b1.csv", "id,u,y\n7,1,0\n"},            /* has no v */
    {"b2.csv", "id,u,v,y\n11,1,NA,0\n11,2,NA,0\n"},
    {"c.csv", "id,u,v,y\n"}, /* no rows */
    {"d[1].csv", "id,u,v,y\n1,10,20,0\n"},
    {"e.csv", ",u,v,y,u\n1,10,20,0,1\n"}, /* no name; u twice */
    {"f.csv", ",u,v,y,\n1,10,20,0,1\n"},  /* two without a name */
    {"g.tsv", "u,v,y\n1,2,0\n"},
    {"h.data", "u,v,y\n1,2,0\n"},
};

/* The values of x, and then of y: "1 2 3 4|0 1"; or "file:line:column: message". */
static const struct {
    const char *part, *result;
} parts[] = {
    /* Several files. */
    {"{csv: a1.csv, x: [u, v], y: y}", "1 2 3 4|0 1"},
    {"{csv: [a1.csv], x: [u, v], y: y}", "1 2 3 4|0 1"},
    {"{csv: [a1.csv, a2.csv], x: [u, v], y: y}", "1 2 3 4 5 6|0 1 0"},
    {"{csv: [a2.csv, a1.csv], x: [u, v], y: y}", "5 6 1 2 3 4|0 0 1"},
    {"{csv: \"a*.csv\", x: [u, v], y: y}", "1 2 3 4 7 8 5 6|0 1 1 0"},
    {"{csv: \"a?.csv\", x: [u, v], y: y}", "1 2 3 4 5 6|0 1 0"},
    {"{csv: [c.csv, \"a[12].csv\", c.csv], x: [u, v], y: y}", "1 2 3 4 5 6|0 1 0"},
    {"{csv: \"d[1].csv\", x: [u, v], y: y}", "10 20|0"}, /* the file of that name */
    {"{csv: [a1.csv, a2.csv], x: \"*\", y: y, exclude: id}", "1 2 3 4 5 6|0 1 0"},
    {"{csv: [a2.csv, a1.csv], x: \"*\", y: y, exclude: [id, more]}", "6 5 2 1 4 3|0 0 1"},
    {"{csv: [], x: u, y: y}", "t.yaml:8:16: `csv` names no file"},
    {"{csv: [a1.csv, [a2.csv]], x: u, y: y}", "t.yaml:8:25: `csv` must be a text"},
    {"{csv: \"z*.csv\", x: u, y: y}", "t.yaml:8:17: no file matches 'z*.csv'"},
    {"{csv: [a1.csv, z.csv], x: [u, v], y: y}", "t.yaml:8:16: cannot open"},
    {"{csv: [a1.csv, b1.csv], x: [u, v], y: y}", ":0:0: "},
    {"{csv: [a1.csv, b1.csv], x: [u, v], y: y}", "b1.csv has no column 'v'; known: id, u, y"},
    {"{csv: [a1.csv, b2.csv], x: [u, v], y: y}",
     "b2.csv:2:6: row 1, column 'v': a missing value ('NA'); fill it in, or say what becomes of "
     "it: `columns: {v: {missing: …}}` (the "
     "first of 2 such rows among 4)"},
    {"{csv: [c.csv, c.csv], x: [u, v], y: y}", "c.csv:0:0: the file has column names, but no rows"},
    /* The kind by the end of the name. */
    {"{file: a1.csv, x: [u, v], y: y}", "1 2 3 4|0 1"},
    {"{file: [a1.csv, a2.csv], x: [u, v], y: y}", "1 2 3 4 5 6|0 1 0"},
    {"{file: \"a*.csv\", x: [u, v], y: y, delimiter: \",\"}", "1 2 3 4 7 8 5 6|0 1 1 0"},
    {"{file: g.tsv, x: [u, v], y: y, delimiter: \",\"}", "1 2|0"},
    {"{csv: h.data, x: [u, v], y: y}", "1 2|0"},
    {"{file: h.data, x: [u, v], y: y}", "t.yaml:8:17: the end of a name tells how `file` is read "
                                        "(.csv, "},
    {"{file: a1.csv, csv: a1.csv, x: [u, v], y: y}",
     "t.yaml:8:30: `train` has both `file` and `csv`"},
    {"{csv: a1.csv, arrays: {x: a.npy}, x: [u, v], y: y}",
     "t.yaml:8:16: `train` has both `arrays` and `csv`"},
    {"{file: no.npz}", "no.npz"},
    /* Columns. */
    {"{csv: a1.csv, x: \"*\", y: y, exclude: [id]}", "1 2 3 4|0 1"},
    {"{csv: a1.csv, x: \"*\", y: y, exclude: [id, v, u]}",
     "t.yaml:8:28: 'x' takes 2 columns an example; 0 are given"},
    {"{csv: a1.csv, x: \"*\", y: y, exclude: [idd]}", "t.yaml:8:48: "},
    {"{csv: a1.csv, x: \"*\", y: y, exclude: [idd]}", "no column 'idd'; did you mean 'id'?"},
    {"{csv: a1.csv, x: \"*\", y: y, exclude: [id, id]}",
     "t.yaml:8:52: column 'id' is excluded twice"},
    {"{csv: a1.csv, x: \"*\", y: y, exclude: [y]}",
     "t.yaml:8:48: column 'y' is excluded, but 'y' reads it"},
    {"{csv: a1.csv, x: [u, v], y: y, exclude: [id]}",
     "t.yaml:8:50: `exclude` says what \"*\" leaves out, but no input or target is \"*\""},
    {"{csv: a1.csv, x: \"*\", y: y, exclude: {id: 1}}", "t.yaml:8:47: `exclude` must be a text"},
    {"{x: [[1, 2]], y: [0], exclude: id}", "it names columns of a table, which this part has not"},
    {"{csv: e.csv, x: \"*\", y: y, exclude: [\"\", u, v]}",
     "'x' takes 2 columns an example; 0 are given"},
    {"{csv: f.csv, x: \"*\", y: y, exclude: \"\"}", "10 20|0"},
    {"{csv: f.csv, x: \"*\", y: y}", "f.csv:1:1: column 1 has no name; name every column that is "
                                     "used, or leave those without a name out of \"*\": `exclude: "
                                     "[\"\"]`"},
    {"{csv: a1.csv, x: \"*\", y: y, exclude: \"\"}", "a1.csv has no column without a name"},
};

/* All elements of a part, port by port. */
static void describe(const yg_part *part, char *text, size_t size) {
    char number[YG_NUMBER_TEXT];
    text[0] = '\0';
    for (size_t p = 0; part->count && p < part->dataset->port_count; p++) {
        const int64_t count = part->count * part->dataset->ports[p].width;
        float *values = calloc((size_t)count + 1, sizeof *values); /* all ports are f32 */
        cr_assert_not_null(values);
        yg_part_read(part, p, 0, part->count, values, NULL);
        for (int64_t i = 0; i < count; i++)
            snprintf(text + strlen(text), size - strlen(text), "%s%s",
                     i   ? " "
                     : p ? "|"
                         : "",
                     yg_number_text((double)values[i], number));
        free(values);
    }
}

/* Loads the data of a model whose training part is that. */
static void load(const workspace *w, const char *part, char *result, size_t size) {
    char text[1000];
    yg_data data;
    yg_error error = {0};
    snprintf(text, sizeof text,
             "format: 1\n"
             "inputs: {x: [B, 2]}\n"
             "targets: {y: [B]}\n"
             "graph: {h: mean(x) + mean(y)}\n"
             "outputs: [x]\n"
             "loss: h\n"
             "data:\n"
             "  train: %s\n",
             part);
    yg_model *model = workspace_model(w, "t.yaml", text);
    if (yg_data_load(model, YG_F32, &data, &error)) {
        describe(&data.train, result, size);
        yg_data_free(&data);
    } else {
        const char *slash = strrchr(error.file, '/');
        snprintf(result, size, "%s:%d:%d: %s", slash ? slash + 1 : error.file, error.line,
                 error.column, error.message);
    }
    yg_model_free(model);
}

Test(tables, name_files_and_columns) {
    const workspace w = workspace_make();
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        workspace_write(&w, files[i].name, files[i].text);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        char result[1500];
        load(&w, parts[i].part, result, sizeof result);
        cr_expect_not_null(strstr(result, parts[i].result), "%s\ngave %s\nnot  %s", parts[i].part,
                           result, parts[i].result);
    }
    workspace_remove(&w);
}

/* The values of `--data`, and the examples of each part, or the message. "@" is the folder. */
static const struct {
    const char *data[3];
    const char *result;
} given[] = {
    {{NULL}, "1 2 3 4|0 1; ; "},
    {{"train=@/a2.csv"}, "5 6|0; ; "},
    {{"test=@/a2.csv"}, "1 2 3 4|0 1; ; 5 6|0"},
    {{"test=@/a2.csv", "validation=@/a10.csv"}, "1 2 3 4|0 1; 7 8|1; 5 6|0"},
    {{"test=@/a2.csv", "test=@/a10.csv"}, "1 2 3 4|0 1; ; 7 8|1"},
    {{"train=@/a?.csv"}, "1 2 3 4 5 6|0 1 0; ; "},
    {{"train=@/none.csv"}, "--data:0:0: cannot open"},
    {{"test=@/h.data"}, "--data:0:0: the end of a name tells how `file` is read"},
    {{"train=@/h.data"}, "1 2|0; ; "}, /* it stands in for a CSV file */
    {{"tset=@/a2.csv"}, "'tset' is no part of the data, input or target; did you mean 'test'?"},
    {{"x=@/a.npy"}, "the part `train` has no `arrays:` that name a file for 'x'"},
    {{"test.x=@/a.npy"}, "the part `test` has no `arrays:` that name a file for 'x'"},
    {{"test.z=@/a.npy"}, "'test.z' is no part of the data"},
    {{"@/a2.csv"}, "the form is NAME=PATH"},
    {{"train="}, "the form is NAME=PATH"},
};

Test(tables, are_replaced_by_files_that_are_given_with_the_model) {
    const workspace w = workspace_make();
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        workspace_write(&w, files[i].name, files[i].text);
    workspace_write(&w, "t.yaml",
                    "format: 1\n"
                    "inputs: {x: [B, 2]}\n"
                    "targets: {y: [B]}\n"
                    "graph: {h: mean(x) + mean(y)}\n"
                    "outputs: [x]\n"
                    "loss: h\n"
                    "data: {train: {csv: a1.csv, x: [u, v], y: y}}\n");
    for (size_t i = 0; i < sizeof given / sizeof *given; i++) {
        char texts[3][300], result[1500], part[300];
        const char *values[3];
        yg_error error = {0};
        yg_data data;
        size_t count = 0;
        for (; count < 3 && given[i].data[count]; count++) {
            const char *text = given[i].data[count], *at = strchr(text, '@');
            snprintf(texts[count], sizeof texts[count], "%.*s%s%s",
                     (int)(at ? at - text : (ptrdiff_t)strlen(text)), text, at ? w.folder : "",
                     at ? at + 1 : "");
            values[count] = texts[count];
        }
        const yg_model_options options = {.data = values, .data_count = count};
        yg_model *model = yg_model_load(workspace_path(&w, "t.yaml"), &options, &error);
        if (model && yg_data_load(model, YG_F32, &data, &error)) {
            describe(&data.train, result, sizeof result);
            describe(&data.validation, part, sizeof part);
            snprintf(result + strlen(result), sizeof result - strlen(result), "; %s; ", part);
            describe(&data.test, part, sizeof part);
            snprintf(result + strlen(result), sizeof result - strlen(result), "%s", part);
            yg_data_free(&data);
        } else {
            snprintf(result, sizeof result, "%s:%d:%d: %s", error.file, error.line, error.column,
                     error.message);
        }
        cr_expect_not_null(strstr(result, given[i].result), "%s\ngave %s\nnot  %s",
                           count ? texts[0] : "nothing", result, given[i].result);
        yg_model_free(model);
    }
    workspace_remove(&w);
}

/* The characters of patterns mean nothing in the folder of the model file. */
Test(tables, are_found_in_a_folder_of_any_name) {
    const workspace w = workspace_make();
    char folder[100], path[200], text[300];
    snprintf(folder, sizeof folder, "%s/a[b]*", w.folder);
    cr_assert_eq(mkdir(folder, 0700), 0);
    workspace_write(&w, "a[b]*/a1.csv", files[0].text);
    workspace_write(&w, "a[b]*/m.yaml",
                    "format: 1\n"
                    "inputs: {x: [B, 2]}\n"
                    "graph: {h: mean(x)}\n"
                    "outputs: [x]\n"
                    "loss: h\n"
                    "data: {train: {csv: \"a*.csv\", x: [u, v]}}\n");
    snprintf(path, sizeof path, "%s/m.yaml", folder);
    yg_error error = {0};
    yg_data data;
    yg_model *model = yg_model_load(path, NULL, &error);
    cr_assert_not_null(model, "%s", error.message);
    cr_assert(yg_data_load(model, YG_F32, &data, &error), "%s", error.message);
    describe(&data.train, text, sizeof text);
    cr_expect_str_eq(text, "1 2 3 4");
    yg_data_free(&data);
    yg_model_free(model);
    workspace_remove(&w);
}

/* In other parts "*" stands for the columns of the training part, whatever else the file has. */
Test(tables, of_other_parts_need_not_exclude_again) {
    const workspace w = workspace_make();
    char text[1000], result[300];
    workspace_write(&w, "a1.csv", files[0].text);
    workspace_write(&w, "a2.csv", files[1].text);
    static const char *const tests[] = {"{csv: a2.csv, x: \"*\", y: y}", "{csv: a2.csv}",
                                        "{file: a2.csv, x: \"*\", y: y, exclude: [id, more]}"};
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
        yg_error error = {0};
        yg_data data;
        snprintf(text, sizeof text,
                 "format: 1\n"
                 "inputs: {x: [B, 2]}\n"
                 "targets: {y: [B]}\n"
                 "graph: {h: mean(x) + mean(y)}\n"
                 "outputs: [x]\n"
                 "loss: h\n"
                 "data:\n"
                 "  train: {csv: a1.csv, x: \"*\", y: y, exclude: id}\n"
                 "  test: %s\n",
                 tests[i]);
        yg_model *model = workspace_model(&w, "t.yaml", text);
        cr_assert(yg_data_load(model, YG_F32, &data, &error), "%s", error.message);
        describe(&data.test, result, sizeof result);
        cr_expect_str_eq(result, "5 6|0", "%s: %s", tests[i], result);
        yg_data_free(&data);
        yg_model_free(model);
    }
    workspace_remove(&w);
}

/* Writes a file with x, [2, 2], and y, [2], which count from `first`. */
static void write_arrays(const workspace *w, const char *name, float first) {
    const float x[] = {first, first + 1, first + 2, first + 3}, y[] = {first + 4, first + 5};
    yg_tensor_file file = {0};
    yg_error error = {0};
    yg_type x_type, y_type;
    cr_assert(yg_type_make(YG_F32, 2, (int64_t[]){2, 2}, &x_type, &error));
    cr_assert(yg_type_make(YG_F32, 1, (int64_t[]){2}, &y_type, &error));
    cr_assert(yg_tensor_file_add(&file, "x", &x_type, x, &error));
    cr_assert(yg_tensor_file_add(&file, "y", &y_type, y, &error));
    cr_assert(yg_safetensors_write(workspace_path(w, name), &file, &error), "%s", error.message);
    yg_tensor_file_free(&file);
}

/* A section, a value of `--data` (NULL: none), and train; test. */
static const struct {
    const char *section, *data, *result;
} arrays[] = {
    {"  train: {file: a.safetensors}\n", NULL, "0 1 2 3|4 5; "},
    {"  train: {file: a.safetensors}\n", "train=@/b.safetensors", "10 11 12 13|14 15; "},
    {"  train: {file: a.safetensors}\n", "test=@/b.safetensors", "0 1 2 3|4 5; 10 11 12 13|14 15"},
    {"  train: {file: a.safetensors}\n", "x=@/b.safetensors", "has no `arrays:`"},
    {"  train: {arrays: {x: a.safetensors, y: a.safetensors}}\n", "x=@/b.safetensors",
     "10 11 12 13|4 5; "},
    {"  train: {arrays: {x: a.safetensors, y: a.safetensors}}\n"
     "  test: {arrays: {x: a.safetensors, y: b.safetensors}}\n",
     "test.x=@/b.safetensors", "0 1 2 3|4 5; 10 11 12 13|14 15"},
    {"  train: {arrays: {x: a.safetensors, y: a.safetensors}}\n", "train=@/b.safetensors",
     "10 11 12 13|14 15; "},
    {"  train: {arrays: {x: a.safetensors, y: a.safetensors}}\n", "test=@/a1.csv",
     "has no column 'x.0'"},
};

Test(tables, are_arrays_where_the_name_of_the_file_says_so) {
    const workspace w = workspace_make();
    write_arrays(&w, "a.safetensors", 0);
    write_arrays(&w, "b.safetensors", 10);
    workspace_write(&w, "a1.csv", files[0].text);
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
        char text[800], value[300], result[1500], test[300];
        const char *values[] = {value}, *given_text = arrays[i].data;
        const char *at = given_text ? strchr(given_text, '@') : NULL;
        yg_error error = {0};
        yg_data data;
        if (at)
            snprintf(value, sizeof value, "%.*s%s%s", (int)(at - given_text), given_text, w.folder,
                     at + 1);
        snprintf(text, sizeof text,
                 "format: 1\n"
                 "inputs: {x: [B, 2]}\n"
                 "targets: {y: [B]}\n"
                 "graph: {h: mean(x) + mean(y)}\n"
                 "outputs: [x]\n"
                 "loss: h\n"
                 "data:\n%s",
                 arrays[i].section);
        workspace_write(&w, "t.yaml", text);
        const yg_model_options options = {.data = values, .data_count = at ? 1 : 0};
        yg_model *model = yg_model_load(workspace_path(&w, "t.yaml"), &options, &error);
        snprintf(result, sizeof result, "%s", error.message);
        if (model && yg_data_load(model, YG_F32, &data, &error)) {
            describe(&data.train, result, sizeof result);
            describe(&data.test, test, sizeof test);
            snprintf(result + strlen(result), sizeof result - strlen(result), "; %s", test);
            yg_data_free(&data);
        } else {
            snprintf(result, sizeof result, "%s", error.message);
        }
        cr_expect_not_null(strstr(result, arrays[i].result), "%s%s\ngave %s\nnot  %s",
                           arrays[i].section, at ? value : "", result, arrays[i].result);
        yg_model_free(model);
    }
    workspace_remove(&w);
}

/* ----------------------------------------------------------------------------------- marks -- */

/* "FILE:LINE:COLUMN row N: a|b|c" of one record, the cells in the order of the columns. */
static void describe_record(const yg_table *table, const yg_records *records, int64_t record,
                            char *text, size_t size) {
    const yg_place place = yg_table_place(table, record, table->column_count - 1);
    const char *slash = strrchr(place.origin.file, '/');
    snprintf(text, size, "%s:%d:%d row %d:", slash ? slash + 1 : place.origin.file,
             place.origin.line, place.origin.column, (int)place.row);
    for (size_t c = 0; c < table->column_count; c++) {
        const yg_cell *cell = &records->cells[(size_t)record * table->column_count + c];
        cr_assert_eq(cell->kind, YG_CELL_TEXT);
        snprintf(text + strlen(text), size - strlen(text), "%s%.*s", c ? "|" : " ", (int)cell->size,
                 cell->text);
    }
}

/* Each record of one file or several can be gone back to, in any order, and is the same with the
 * same place: also behind quotes, empty lines, and where one file ends and the next begins. */
Test(tables, can_be_read_from_any_record) {
    enum { MOST = 400 };
    static const char *const texts[] = {
        "a,b,c\n1,2,3\n\"4\n4\",5,\"6,\"\"6\"\n\n7,8,9\n",
        "c,b,a\r\n30,20,10\r\n\r\n33,22,11\r\n",
        "a,b,c\n",
        "b,a,x,c\n200,100,no,300\n",
    };
    static const size_t counts[] = {1, 2, 5};
    const workspace w = workspace_make();
    char names[5][200], *items[5], large[20000] = "a,b,c\n";
    for (int i = 0; i < 300; i++)
        snprintf(large + strlen(large), sizeof large - strlen(large), "%d,\"x%d\ny\",%d\n", i, i,
                 i * i);
    for (size_t i = 0; i < 5; i++) {
        snprintf(names[i], sizeof names[i], "%d.csv", (int)i);
        workspace_write(&w, names[i], i < 4 ? texts[i] : large);
        snprintf(names[i], sizeof names[i], "%s/%d.csv", w.folder, (int)i);
        items[i] = names[i];
    }
    for (size_t k = 0; k < sizeof counts / sizeof *counts; k++) {
        const yg_paths paths = {counts[k], items};
        const yg_table_request request = {0};
        static char first[MOST][200];
        static yg_mark marks[MOST];
        char again[200];
        yg_error error = {0};
        yg_records records;
        int64_t count = 0;
        yg_table *table = yg_table_open_files(&yg_table_csv, &request, &paths, &error);
        cr_assert_not_null(table, "%s", error.message);
        for (bool more = true; more; count += more) {
            cr_assert(count < MOST && yg_table_tell(table, &marks[count]));
            cr_assert_eq(marks[count].record, count);
            more = yg_table_next(table, 1, false, &records, &error) == 1;
            if (more)
                describe_record(table, &records, 0, first[count], sizeof first[count]);
        }
        cr_assert_eq(error.code, YG_OK, "%s", error.message);
        cr_assert_eq(count, k == 0 ? 3 : k == 1 ? 5 : 306);
        for (int64_t i = 0; i < 3 * count; i++) {
            const int64_t to = (i * 7919 + i / count) % count;
            const int64_t limit = 1 + i % 5;
            cr_assert(yg_table_seek(table, &marks[to], &error), "%s", error.message);
            const int64_t got = yg_table_next(table, limit, false, &records, &error);
            cr_assert(got >= 1 && got <= limit, "%s", error.message);
            for (int64_t r = 0; r < got; r++) {
                describe_record(table, &records, r, again, sizeof again);
                cr_assert_str_eq(again, first[to + r]);
            }
        }
        yg_table_close(table);
    }
    workspace_remove(&w);
}
