/*
 * CSV: records and cells with their places, and files that are wrong.
 */
#include "data/csv.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Opens text as a file. */
static FILE *file_of(const char *text, size_t size) {
    FILE *file = tmpfile();
    fwrite(text, 1, size, file);
    rewind(file);
    return file;
}

/* All records as lines "a|b|c", the header first. After a failure: "line:column: message". */
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
    {"a,b\r1,2\r3,4", "a|b/1|2/3|4"},
    {"\xEF\xBB\xBF\"a\",b\r\n\"1\r\n2\",3", "a|b/1\r\n2|3"},
    {"\xEF\xBB\xBF"
     "a,b\n1,2\n",
     "a|b/1|2"},
    {"a,b\n\n1,2\n\n\n3,4\n\n", "a|b/1|2/3|4"}, /* empty lines are skipped */
    {"a\n1\n\n2\n", "a/1//2"}, /* not where a line is a single value, which may be empty */
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
    {"\x1F\x8B\x08\n", "0:0: this is not a CSV file: it is compressed (gzip); unpack it first"},
    {"PK\x03\x04", "0:0: this is not a CSV file: it is a zip archive"},
    {"\xFF\xFE"
     "a\n",
     "0:0: this is not a CSV file: it is UTF-16 text"},
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

Test(csv, a_column_that_is_not_there_is_told_with_the_nearest) {
    FILE *file = file_of("sepal_length,species\n", 21);
    yg_error error = {0};
    yg_csv *csv = yg_csv_open(file, "iris.csv", ',', &error);
    cr_assert_eq(yg_csv_find(csv, "species"), 1);
    cr_assert_eq(yg_csv_find(csv, "sepcies"), SIZE_MAX);
    size_t index;
    cr_assert_not(yg_csv_choose(csv, "sepcies", YG_NOWHERE, &index, &error));
    cr_expect_str_eq(error.message, "iris.csv has no column 'sepcies'; did you mean 'species'?");
    yg_csv_close(csv);
    fclose(file);
    file = file_of("a;b\n", 4);
    csv = yg_csv_open(file, "t.csv", ',', &error);
    error = (yg_error){0};
    yg_csv_choose(csv, "a", YG_NOWHERE, &index, &error);
    cr_expect_not_null(strstr(error.message, "is ',' the right delimiter?"), "%s", error.message);
    yg_csv_close(csv);
    fclose(file);
}

/* A column that the model does not use may have no name, or the name of another column. */
Test(csv, only_columns_that_are_used_need_a_name_of_their_own) {
    FILE *file = file_of(",a,b,a,b,b,c\n", 13);
    yg_error error = {0};
    size_t index;
    yg_csv *csv = yg_csv_open(file, "t.csv", ',', &error);
    cr_assert_not_null(csv, "%s", error.message);
    cr_expect(yg_csv_choose(csv, "c", YG_NOWHERE, &index, &error));
    cr_expect_eq(index, 6);
    cr_expect_not(yg_csv_choose(csv, "b", YG_NOWHERE, &index, &error));
    cr_expect_str_eq(error.message, "columns 3 and 5 have the same name, 'b'");
    cr_expect_eq(error.column, 8);
    error = (yg_error){0};
    cr_expect_not(yg_csv_check_column(csv, 0, &error));
    cr_expect_eq(strncmp(error.message, "column 1 has no name", 20), 0, "%s", error.message);
    yg_csv_close(csv);
    fclose(file);
}

/* A record of as many bytes as the cap is read. One byte more is refused, in one cell or in
 * several. */
Test(csv, a_row_has_a_largest_size) {
    const size_t cap = (size_t)64 << 20;
    char *text = malloc(cap + 8);
    cr_assert_not_null(text);
    for (int over = 0; over <= 1; over++) {
        yg_error error = {0};
        memset(text, 'x', cap + 8);
        memcpy(text, "a,b\n", 4);
        text[4 + cap / 2] = ',';
        /* Cells are kept with a NUL each: `cap` bytes with both. */
        const size_t size = 4 + cap - 1 + (size_t)over;
        FILE *file = fmemopen(text, size, "r");
        yg_csv *csv = yg_csv_open(file, "t.csv", ',', &error);
        cr_assert_not_null(csv);
        cr_expect_eq(yg_csv_next(csv, &error), over ? YG_CSV_FAILED : YG_CSV_ROW, "%d: %s", over,
                     error.message);
        if (over)
            cr_expect_not_null(strstr(error.message, "more than 64 MiB"), "%s", error.message);
        yg_csv_close(csv);
        fclose(file);
    }
    free(text);
}

/* A complete row can be read, even if a mistake follows it. */
Test(csv, a_pipe_is_read_row_by_row) {
    static const struct {
        const char *write;
        bool ready;
    } steps[] = {{"a,b\r\n1,2\r\n", true}, {"", false}, {"3,", false}, {"\"4\"\n5,6\n", true}};
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    FILE *file = fdopen(ends[0], "rb");
    yg_error error = {0};
    yg_csv *csv = NULL;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        const size_t length = strlen(steps[i].write);
        cr_assert_eq(write(ends[1], steps[i].write, length), (ssize_t)length);
        if (!csv)
            csv = yg_csv_open(file, "pipe", ',', &error);
        cr_assert_eq(yg_csv_ready(csv), steps[i].ready, "step %zu", i);
        if (steps[i].ready)
            cr_assert_eq(yg_csv_next(csv, &error), YG_CSV_ROW);
    }
    cr_assert(yg_csv_ready(csv));
    cr_assert_eq(yg_csv_next(csv, &error), YG_CSV_ROW);
    cr_expect_str_eq(yg_csv_cell(csv, 1), "6");
    cr_expect_not(yg_csv_ready(csv));
    close(ends[1]);
    cr_expect(yg_csv_ready(csv), "the end is there");
    cr_expect_eq(yg_csv_next(csv, &error), YG_CSV_END);
    yg_csv_close(csv);
    fclose(file);
}

/* A few operations for each column take no time. One for each pair of columns would be 9e10, and
 * never end. */
Test(csv, a_header_of_many_columns_is_linear) {
    enum { COUNT = 300000 };
    char *text = malloc((size_t)COUNT * 16), *end = text;
    cr_assert_not_null(text);
    for (int i = 0; i < COUNT; i++)
        end += sprintf(end, "column%d,", i % (COUNT - 1)); /* the last one stands there twice */
    end[-1] = '\n';
    FILE *file = fmemopen(text, (size_t)(end - text), "r");
    yg_error error = {0};
    yg_csv *csv = yg_csv_open(file, "t.csv", ',', &error);
    cr_assert_not_null(csv, "%s", error.message);
    for (size_t i = 1; i < COUNT - 1; i++) {
        size_t index;
        cr_assert(yg_csv_choose(csv, yg_csv_columns(csv)[i], YG_NOWHERE, &index, &error));
        cr_assert_eq(index, i);
    }
    cr_expect_not(yg_csv_check_column(csv, COUNT - 1, &error));
    yg_csv_close(csv);
    fclose(file);
    free(text);
}
