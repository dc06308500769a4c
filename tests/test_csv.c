/*
 * CSV: records and cells with their places, and files that are wrong.
 */
#include "train/csv.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Opens text as a file. */
static FILE *file_of(const char *text, size_t size) {
    FILE *file = tmpfile();
    fwrite(text, 1, size, file);
    rewind(file);
    return file;
}

/* All records as "a|b|c" lines, the header first; or "line:column: message" of the failure. */
static void read_all(const char *text, size_t size, char delimiter, char *out, size_t room) {
    FILE *file = file_of(text, size);
    yg_error error = {0};
    yg_csv *csv = yg_csv_open(file, "t.csv", delimiter, &error);
    yg_csv_status status = YG_CSV_FAILED;
    out[0] = '\0';
    for (size_t c = 0; csv && c < yg_csv_column_count(csv); c++)
        snprintf(out + strlen(out), room - strlen(out), "%s%s", c ? "|" : "",
                 yg_csv_columns(csv)[c]);
    while (csv && (status = yg_csv_next(csv, &error)) == YG_CSV_ROW) {
        for (size_t c = 0; c < yg_csv_column_count(csv); c++)
            snprintf(out + strlen(out), room - strlen(out), "%s%s", c ? "|" : "/",
                     yg_csv_cell(csv, c));
    }
    if (status == YG_CSV_FAILED)
        snprintf(out, room, "%d:%d: %s", error.line, error.column, error.message);
    yg_csv_close(csv);
    fclose(file);
}

static const struct {
    const char *text, *records;
} files[] = {
    {"a,b\n1,2\n", "a|b/1|2"},
    {"a,b\n1,2", "a|b/1|2"}, /* no line end at the end */
    {"a,b\r\n1,2\r\n3,4\r\n", "a|b/1|2/3|4"},
    {"\xEF\xBB\xBF"
     "a,b\n1,2\n",
     "a|b/1|2"},
    {"a,b\n\n1,2\n\n\n3,4\n\n", "a|b/1|2/3|4"}, /* empty lines are passed over … */
    {"a\n1\n\n2\n", "a/1//2"},                  /* … but not where they may be a value */
    {" a , b\n 1 ,\t2 \n", "a|b/1|2"},
    {"a,b\n\"x, y\",\"say \"\"hi\"\"\"\n", "a|b/x, y|say \"hi\""},
    {"a,b\n\"two\nlines\",\" kept \"\n", "a|b/two\nlines| kept "},
    {"\"a,1\",b\n,\n", "a,1|b/|"},
    {"a,b\n \"1\" , \"2\"\n", "a|b/1|2"},
    {"größe,b\n1,é\n", "größe|b/1|é"},
    {"a,b\n", "a|b"},
    {"a,b\n5\",2\n", "a|b/5\"|2"}, /* a quote inside an unquoted cell is a character */
};

Test(csv, records) {
    char out[300];
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        read_all(files[i].text, strlen(files[i].text), ',', out, sizeof out);
        cr_expect_str_eq(out, files[i].records, "%s\ngave %s", files[i].text, out);
    }
    read_all("a;b\n1,5;2\n", 10, ';', out, sizeof out);
    cr_expect_str_eq(out, "a|b/1,5|2");
    read_all("a\tb\n1\t\n", 7, '\t', out, sizeof out); /* a tab is no blank then */
    cr_expect_str_eq(out, "a|b/1|");
}

static const struct {
    const char *text, *message;
} bad[] = {
    {"", "0:0: the file is empty"},
    {"\n\n", "0:0: the file is empty"},
    {"a,,b\n", "1:3: column 2 has no name"},
    {"a,b,a\n", "1:5: columns 1 and 3 have the same name, 'a'"},
    {"a,b\n1,2\n3\n", "3:0: row 2 has 1 cells; the header names 2 columns"},
    {"a,b\n1,2,3\n", "2:0: row 1 has 3 cells"},
    {"a,b\n1,\"2\n3,4\n", "2:3: this quote is never closed"},
    {"a,b\n1,\"2\"x\n", "2:6: text behind the closing quote"},
    {"a,b\né,\xE9\n", "2:3: this cell is not UTF-8"},
    {"\xEFxyz", "1:1: the file does not start as UTF-8"},
};

Test(csv, wrong_files_are_told_by_line_and_column) {
    char out[1300];
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        read_all(bad[i].text, strlen(bad[i].text), ',', out, sizeof out);
        cr_expect_eq(strncmp(out, bad[i].message, strlen(bad[i].message)), 0, "%s\ngave %s",
                     bad[i].text, out);
    }
    read_all("a,b\n1,\0\n", 9, ',', out, sizeof out);
    cr_expect_not_null(strstr(out, "2:3: a NUL character"), "%s", out);
}

static const struct {
    const char *cell;
    bool number, missing;
    double value;
} cells[] = {
    {"1", true, false, 1},      {"-2.5e-3", true, false, -2.5e-3},
    {"+4", true, false, 4},     {".5", true, false, 0.5},
    {"1e400", false, false, 0}, {"0x10", false, false, 0},
    {"inf", false, false, 0},   {"nan", false, true, 0},
    {"NA", false, true, 0},     {"n/a", false, true, 0},
    {"?", false, true, 0},      {"", false, true, 0},
    {"NULL", false, true, 0},   {"1 2", false, false, 0},
    {"1,5", false, false, 0},   {"setosa", false, false, 0},
    {"1e", false, false, 0},    {"--1", false, false, 0},
};

Test(csv, numbers_and_missing_values) {
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) {
        char text[64];
        yg_error error = {0};
        double value = 0;
        snprintf(text, sizeof text, "x,width\n1,\"%s\"\n", cells[i].cell);
        FILE *file = file_of(text, strlen(text));
        yg_csv *csv = yg_csv_open(file, "t.csv", ',', &error);
        cr_assert_eq(yg_csv_next(csv, &error), YG_CSV_ROW);
        cr_expect_eq(yg_csv_is_missing(csv, 1), cells[i].missing, "'%s'", cells[i].cell);
        cr_expect_eq(yg_csv_number(csv, 1, &value, &error), cells[i].number, "'%s'", cells[i].cell);
        if (cells[i].number) {
            cr_expect_eq(value, cells[i].value, "'%s'", cells[i].cell);
        } else {
            cr_expect_eq(error.line, 2);
            cr_expect_eq(error.column, 3);
            cr_expect_not_null(strstr(error.message, "row 1, column 'width'"), "%s", error.message);
            cr_expect_not_null(
                strstr(error.message, cells[i].missing ? "missing value" : "is not a number"), "%s",
                error.message);
        }
        yg_csv_close(csv);
        fclose(file);
    }
}

Test(csv, a_column_that_is_not_there_is_told_with_the_nearest) {
    FILE *file = file_of("sepal_length,species\n", 21);
    yg_error error = {0};
    yg_csv *csv = yg_csv_open(file, "iris.csv", ',', &error);
    cr_assert_eq(yg_csv_find(csv, "species"), 1);
    cr_assert_eq(yg_csv_find(csv, "sepcies"), SIZE_MAX);
    cr_assert_not(yg_csv_fail_column(csv, "sepcies", YG_NOWHERE, &error));
    cr_expect_str_eq(error.message, "iris.csv has no column 'sepcies'; did you mean 'species'?");
    yg_csv_close(csv);
    fclose(file);
    file = file_of("a;b\n", 4);
    csv = yg_csv_open(file, "t.csv", ',', &error);
    error = (yg_error){0};
    yg_csv_fail_column(csv, "a", YG_NOWHERE, &error);
    cr_expect_not_null(strstr(error.message, "is ',' the right delimiter?"), "%s", error.message);
    yg_csv_close(csv);
    fclose(file);
}
