/*
 * CSV: records and cells with their places, and files that are wrong.
 */
#include "data/csv.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const yg_csv_format plain = {.delimiter = ',', .marks.decimal = '.'};

/* Opens text as a file. */
static FILE *file_of(const char *text, size_t size) {
    FILE *file = tmpfile();
    fwrite(text, 1, size, file);
    rewind(file);
    return file;
}

/* A table of CSV text; `part` has its keys, as YAML. */
typedef struct open_table {
    FILE *file;
    yg_document *part;
    yg_table *table;
} open_table;

static open_table open_text(const char *part, const char *text, size_t size, yg_error *error) {
    open_table t = {.file = file_of(text, size)};
    if (*part) {
        t.part = yg_document_parse(part, strlen(part), "part.yaml", error);
        cr_assert_not_null(t.part, "%s", error->message);
    }
    t.table = yg_table_open(&yg_table_csv,
                            &(yg_table_request){
                                .file = t.file,
                                .name = "t.csv",
                                .part = t.part ? yg_document_root(t.part) : NULL,
                            },
                            error);
    return t;
}

static void close_text(const open_table *t) {
    yg_table_close(t->table);
    yg_document_free(t->part);
    fclose(t->file);
}

/* Appends all records, from where the table is, as "/a|b|c". */
static int64_t append_records(yg_table *table, int64_t limit, char *out, size_t room,
                              yg_error *error) {
    yg_records records;
    int64_t got;
    while ((got = yg_table_next(table, limit, false, &records, error)) > 0) {
        cr_assert_leq(got, limit);
        for (size_t i = 0; i < (size_t)got * table->column_count; i++)
            snprintf(out + strlen(out), room - strlen(out), "%s%.*s",
                     i % table->column_count ? "|" : "/",
                     records.cells[i].kind == YG_CELL_NONE ? 4 : (int)records.cells[i].size,
                     records.cells[i].kind == YG_CELL_NONE ? "NONE" : records.cells[i].text);
    }
    return got;
}

/* All records as lines "a|b|c", the header first. After a failure: "line:column: message". */
static void read_all(const char *part, const char *text, size_t size, char *out, size_t room) {
    yg_error error = {0};
    const open_table t = open_text(part, text, size, &error);
    out[0] = '\0';
    for (size_t c = 0; t.table && c < t.table->column_count; c++)
        snprintf(out + strlen(out), room - strlen(out), "%s%s", c ? "|" : "", t.table->columns[c]);
    if (!t.table || append_records(t.table, 1000, out, room, &error) < 0)
        snprintf(out, room, "%d:%d: %s", error.line, error.column, error.message);
    close_text(&t);
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
        read_all("", files[i].text, strlen(files[i].text), out, sizeof out);
        cr_expect_str_eq(out, files[i].records, "%s\ngave %s", files[i].text, out);
    }
}

/* Keys of the part, a file, and its records. */
static const struct {
    const char *part, *text, *records;
} written[] = {
    {"delimiter: \";\"", "a;b\n1,5;2\n", "a|b/1,5|2"},
    {"delimiter: tab", "a\tb\n1\t\n \t2\n", "a|b/1|/|2"}, /* a tab is no blank then */
    {"{delimiter: \";\", decimal: \",\"}", "a;b\n1,5;-,5e3\n1;x, y\n", "a|b/1.5|-.5e3/1|x, y"},
    {"{delimiter: \";\", decimal: \",\", thousands: \".\"}",
     "a;b\n1.234,5;1.234.567\n01.02.2020;\"12.345,\"\n", "a|b/1234.5|1234567/01.02.2020|12345."},
    {"{delimiter: \";\", decimal: \",\", thousands: \".\"}", "a;b\n1234.567,5;1.23,5\n",
     "a|b/1234.567,5|1.23,5"},
    {"thousands: \"'\"", "a,b\n1'000.5,1'00\n", "a|b/1000.5|1'00"},
    {"thousands: _", "a,b\n1_000_000,_1\n", "a|b/1000000|_1"},
    {"thousands: \" \"",
     "a,b\n1 000,12\xC2\xA0"
     "345\xE2\x80\xAF"
     "678.5\n",
     "a|b/1000|12345678.5"},
    {"thousands: \",\"", "a,b\n\"1,234\",\"12,34\"\n", "a|b/1234|12,34"},
    {"{signs: \"$%\", thousands: \",\"}", "a,b\n\"$1,234.50\",12 %\n-$5,$-5\n$,1$2\n$x,- $ 7\n",
     "a|b/1234.50|12/-5|-5/$|1$2/$x|-7"},
    {"{delimiter: \";\", decimal: \",\", thousands: \".\", signs: \"\xE2\x82\xAC\"}",
     "a;b\n1.234,50 \xE2\x82\xAC;-\xE2\x82\xAC"
     "2\n\xE2\x82\xAC;5 $\n",
     "a|b/1234.50|-2/\xE2\x82\xAC|5 $"},
    {"{signs: \"$()%\", thousands: \",\"}",
     "a,b\n($5),$(5)\n\"(1,234.5)\",( 5 %)\n(5,5)\n-(5),(-5)\n((5)),()\n(5%),(+5)\n",
     "a|b/-5|-5/-1234.5|-5/(5|5)/-(5)|(-5)/((5))|()/-5|(+5)"},
    {"signs: \"$\"", "a,b\n(5),($5)\n", "a|b/(5)|($5)"},
    {"header: false", "1,2\n3,4\n", "1|2/1|2/3|4"},
    {"header: false", "\n\n\"x\"\"y\",2\n3,4", "1|2/x\"y|2/3|4"},
    {"header: true", "a,b\n3,4\n", "a|b/3|4"},
    {"header: [x, y]", "1,2\n3,4\n", "x|y/1|2/3|4"},
    {"", "sep=;\r\na;b,c\r\n1;2\r\n", "a|b,c/1|2"},
    {"", "sep=;\na;b\n1;2\n", "a|b/1|2"},
    {"delimiter: \"|\"", "\xEF\xBB\xBFsep=\t\ra\tb\r1\t2\r", "a|b/1|2"},
    {"", "sep=,b\n1,2\n", "sep=|b/1|2"},
    {"", "sep=", "sep="},
    {"", "se", "se"},
    {"na_values: \"-\"", "a,b\n-,--\n\"-\",1\n-1,- \n", "a|b/NONE|--/NONE|1/-1|NONE"},
    {"{na_values: [\"-\", \"-9\"], decimal: \",\", delimiter: \";\"}", "a;b\n-;1,5\n-9;-9,5\n",
     "a|b/NONE|1.5/NONE|-9.5"},
    {"{na_values: [1.5], decimal: \",\", delimiter: \";\"}", "a;b\n1.5;1,5\n", "a|b/NONE|1.5"},
    {"comment: \"#\"", "# \"made\n#by,hand\na,b\n#\n1,#2\n# 3,4\n\"#5\",6\n#", "a|b/1|#2/#5|6"},
};

Test(csv, keys_say_how_a_file_is_written) {
    char out[300];
    for (size_t i = 0; i < sizeof written / sizeof *written; i++) {
        read_all(written[i].part, written[i].text, strlen(written[i].text), out, sizeof out);
        cr_expect_str_eq(out, written[i].records, "%s\n%s\ngave %s", written[i].part,
                         written[i].text, out);
    }
}

static const struct {
    const char *part, *text, *message;
} badly_written[] = {
    {"delimiter: ab", "a\n", "1:12: `delimiter` is one character, such as \";\", or tab; found"},
    {"comment: \"//\"", "a\n", "1:11: `comment` is one character"},
    {"comment: \",\"", "a\n", "1:11: `comment` is the delimiter, \",\""},
    {"signs: \"$.\"", "a\n", "1:9: `signs` are characters that stand beside numbers"},
    {"decimal: x", "a\n", "1:10: `decimal` is \",\" or \".\"; found 'x'"},
    {"thousands: \".\"", "a\n",
     "1:13: `decimal` and `thousands` must differ; both are \".\" (`dec"},
    {"na_values: [a, [b]]", "a\n", "1:16: a text of `na_values`"},
    {"", "sep=;\na;b\n1\n", "3:0: row 1 has 1 cells; the header names 2 columns"},
    {"", "sep=;\r\na;b\r\n1;\xFF\r\n", "3:3: this cell is not UTF-8 text"},
    {"", "Report\n\na,b\n1,2\n",
     "3:0: row 2 has 2 cells; the header names one column; if the header is "
     "here, remove what stands before it: tail -n +3 FILE"},
    {"header: 3", "a\n", "1:9: `header` is false, or the names of all columns"},
    {"header: []", "a\n", "1:9: `header` is false, or the names of all columns"},
    {"header: [a, [b]]", "1,2\n", "1:13: a column's name"},
    {"header: [a, b]", "1,2,3\n", "1:0: row 1 has 3 cells; `header` names 2 columns"},
    {"header: false", "1,2\n3\n", "2:0: row 2 has 1 cells; the first row has 2 columns"},
    {"{decimal: \",\", delimiter: \";\"}", "a;b\n1;2\n\"3,5\"; 1.234\n5;6\n",
     "3:8: row 2, column 'b': '1.234' has a point, but `decimal` is \",\"; `thousands: \".\"`"},
    {"{decimal: \",\", delimiter: \";\", thousands: \".\"}", "a;b\n1.000;1.5\n",
     "2:7: row 1, column 'b': '1.5' has a point"},
};

Test(csv, wrong_keys_and_numbers_in_another_form) {
    char out[1300];
    for (size_t i = 0; i < sizeof badly_written / sizeof *badly_written; i++) {
        const char *message = badly_written[i].message;
        read_all(badly_written[i].part, badly_written[i].text, strlen(badly_written[i].text), out,
                 sizeof out);
        cr_expect_eq(strncmp(out, message, strlen(message)), 0, "%s\n%s\ngave %s",
                     badly_written[i].part, badly_written[i].text, out);
    }
}

static const struct {
    const char *text, *message;
} bad[] = {
    {"", "0:0: the file is empty"},
    {"\n\n", "0:0: the file is empty"},
    {"\x1F\x8B\x08\n", "0:0: the compressed data are cut off"},
    {"PK\x03\x04", "0:0: this is not a CSV file: it is a zip archive"},
    {"\xFF\xFE"
     "a\n",
     "0:0: this is not a CSV file: it is UTF-16 text"},
    {"a,b\n1,2\n3\n", "3:0: row 2 has 1 cells; the header names 2 columns"},
    {"a,b\n1,2,3\n", "2:0: row 1 has 3 cells"},
    {"a,b\n1,2\n3\n4,5\n\"6\n,7\",8,9\n\n1\n", "3:0: row 2 has 1 cells; the header names 2 columns "
                                               "(the first of 3 rows with another number of "
                                               "cells)"},
    {"a,b\n3\n4\n\"5",
     "2:0: row 1 has 1 cells; the header names 2 columns (the first of at least 2 "},
    {"a,b\n1,\"2\n3,4\n", "2:3: this quote is never closed"},
    {"a,b\n1,\"2\"x\n", "2:6: text behind the closing quote"},
    {"a,b\n1,\"2\" \"x\"\n", "2:7: text behind the closing quote"},
    {"a,b\n\"\n\"\"é\",\"2\n3,4\n", "3:6: this quote is never closed"},
    {"a,b\r1,2\r3\r", "3:0: row 2 has 1 cells"},
    {"a,b\r\n\r\n1,2\r\n\r\n3\r\n", "5:0: row 2 has 1 cells"},
    {"a,b\n\"x\ny\",2\n3\n", "4:0: row 2 has 1 cells"},
    {"a,b\n\xE9,2,3\n", "2:1: this cell is not UTF-8"}, /* the first fault of a row is told */
    {"a,b\n \"\xE9\",\"2\"3\n", "2:2: this cell is not UTF-8"},
    {"a,b\n1,\xC3\n", "2:3: this cell is not UTF-8"},
    {"a,b\né,\xE9\n", "2:3: this cell is not UTF-8"},
    {"\xEFxyz", "1:1: the file does not start as UTF-8"},
};

Test(csv, wrong_files_are_told_by_line_and_column) {
    char out[1300];
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        read_all("", bad[i].text, strlen(bad[i].text), out, sizeof out);
        cr_expect_eq(strncmp(out, bad[i].message, strlen(bad[i].message)), 0, "%s\ngave %s",
                     bad[i].text, out);
    }
    read_all("", "a,b\n1,\0\n", 9, out, sizeof out);
    cr_expect_not_null(strstr(out, "2:3: a NUL character"), "%s", out);
    read_all("", "a,b\n1,\"\"x\0\n", 12, out, sizeof out);
    cr_expect_not_null(strstr(out, "2:5: text behind the closing quote"), "%s", out);
}

Test(csv, a_column_that_is_not_there_is_told_with_the_nearest) {
    static const struct {
        const char *part, *text, *column, *message;
    } looked_up[] = {
        {"", "sepal_length,species\n", "sepcies",
         "t.csv has no column 'sepcies'; did you mean 'species'?"},
        {"", "a;b\n", "a",
         "t.csv has no column 'a': its first line holds one name, 'a;b'; is ',' the right "
         "delimiter?"},
        {"header: false", "1,2\n", "a",
         "t.csv has no column 'a': `header: false` calls the columns 1, 2, …"},
    };
    for (size_t i = 0; i < sizeof looked_up / sizeof *looked_up; i++) {
        yg_error error = {0};
        size_t index;
        const open_table t =
            open_text(looked_up[i].part, looked_up[i].text, strlen(looked_up[i].text), &error);
        cr_assert_not(yg_table_choose(t.table, looked_up[i].column, YG_NOWHERE, &index, &error));
        cr_expect_str_eq(error.message, looked_up[i].message);
        close_text(&t);
    }
}

/* A column that the model does not use may have no name, or the name of another column. */
Test(csv, only_columns_that_are_used_need_a_name_of_their_own) {
    yg_error error = {0};
    size_t index;
    const open_table t = open_text("", ",a,b,a,b,b,c\n", 13, &error);
    cr_assert_not_null(t.table, "%s", error.message);
    cr_expect(yg_table_choose(t.table, "c", YG_NOWHERE, &index, &error));
    cr_expect_eq(index, 6);
    cr_expect_not(yg_table_choose(t.table, "b", YG_NOWHERE, &index, &error));
    cr_expect_str_eq(error.message, "columns 3 and 5 have the same name, 'b'");
    cr_expect_eq(error.column, 8);
    error = (yg_error){0};
    cr_expect_not(yg_table_check_column(t.table, 0, &error));
    cr_expect_eq(strncmp(error.message, "column 1 has no name", 20), 0, "%s", error.message);
    close_text(&t);
}

/* A file's name says its delimiter, unless a key does. */
Test(csv, tsv_files_have_tabs) {
    static const struct {
        const char *name;
        char delimiter;
        const char *column;
    } named[] = {
        {"t.csv", 0, "a;b\tc"}, {"t.tsv", 0, "a;b"}, {"t.tsv.gz", 0, "a;b"}, {"t.tsv", ';', "a"}};
    for (size_t i = 0; i < sizeof named / sizeof *named; i++) {
        yg_error error = {0};
        FILE *file = file_of("a;b\tc\n", 6);
        yg_table *table =
            yg_table_open(&yg_table_csv,
                          &(yg_table_request){
                              .file = file, .name = named[i].name, .delimiter = named[i].delimiter},
                          &error);
        cr_assert_not_null(table, "%s", error.message);
        cr_expect_str_eq(table->columns[0], named[i].column);
        yg_table_close(table);
        fclose(file);
    }
}

/* A version such as 1.5 is no number in a column that nobody reads. */
Test(csv, only_columns_that_are_used_need_numbers_in_one_form) {
    static const char text[] = "a,version\n\"1,5\",2.5\n";
    static const bool used[] = {true, false};
    yg_error error = {0};
    yg_records records;
    open_table t = open_text("decimal: \",\"", text, sizeof text - 1, &error);
    t.table->used = used;
    cr_assert_eq(yg_table_next(t.table, 10, false, &records, &error), 1, "%s", error.message);
    cr_expect_eq(strncmp(records.cells[0].text, "1.5", 3), 0);
    close_text(&t);
}

/* A cell's place is worked out when it is asked for: also behind cells that were written anew. */
Test(csv, a_cell_has_a_place) {
    static const char text[] = "a,b,c\n1,2,3\n\"é\"\"\n\"\"\", \"1,5\" ,é 7\n";
    static const int places[][2] = {{2, 1}, {2, 3}, {2, 5}, {3, 1}, {4, 6}, {4, 13}};
    yg_error error = {0};
    yg_records records;
    const open_table t = open_text("decimal: \",\"", text, sizeof text - 1, &error);
    cr_assert_eq(yg_table_next(t.table, 10, false, &records, &error), 2, "%s", error.message);
    for (int i = 0; i < 6; i++) {
        const yg_place place = yg_table_place(t.table, i / 3, (size_t)i % 3);
        cr_expect_eq(place.origin.line, places[i][0], "cell %d is in line %d", i,
                     place.origin.line);
        cr_expect_eq(place.origin.column, places[i][1], "cell %d is at %d", i, place.origin.column);
        cr_expect_eq(place.row, i / 3 + 1);
    }
    close_text(&t);
}

/* A record of as many bytes as the cap is read. One byte more is refused, in one cell or in
 * several. */
Test(csv, a_row_has_a_largest_size) {
    const size_t cap = (size_t)64 << 20;
    char *text = malloc(cap + 8);
    cr_assert_not_null(text);
    for (int over = 0; over <= 1; over++) {
        yg_error error = {0};
        yg_records records;
        memset(text, 'x', cap + 8);
        memcpy(text, "a,b\n", 4);
        text[4 + cap / 2] = ',';
        FILE *file = fmemopen(text, 4 + cap - 1 + (size_t)over, "r");
        yg_csv *csv = yg_csv_open(file, "t.csv", &plain, &error);
        cr_assert_not_null(csv);
        cr_expect_eq(yg_csv_next(csv, 1, NULL, NULL, &records, &error), over ? -1 : 1, "%d: %s",
                     over, error.message);
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
    yg_records records;
    yg_csv *csv = NULL;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        const size_t length = strlen(steps[i].write);
        cr_assert_eq(write(ends[1], steps[i].write, length), (ssize_t)length);
        if (!csv)
            csv = yg_csv_open(file, "pipe", &plain, &error);
        cr_assert_eq(yg_csv_ready(csv), steps[i].ready, "step %zu", i);
        if (steps[i].ready)
            cr_assert_eq(yg_csv_next(csv, 1, NULL, NULL, &records, &error), 1);
    }
    yg_mark mark;
    cr_assert_not(yg_csv_tell(csv, &mark), "a pipe has no places");
    cr_assert(yg_csv_ready(csv));
    cr_assert_eq(yg_csv_next(csv, 10, NULL, NULL, &records, &error), 1);
    cr_expect_eq(records.cells[1].text[0], '6');
    cr_expect_not(yg_csv_ready(csv));
    cr_assert_eq(write(ends[1], "7,8\r9,", 6), 6);
    cr_assert_eq(yg_csv_next(csv, 10, NULL, NULL, &records, &error), 1, "a CR ends a row");
    cr_assert_eq(write(ends[1], "\x01\n10,", 5), 5);
    cr_assert_eq(yg_csv_next(csv, 10, NULL, NULL, &records, &error), 1);
    cr_expect_eq(records.cells[1].text[0], 1);
    close(ends[1]);
    cr_expect(yg_csv_ready(csv), "the end is there");
    cr_assert_eq(yg_csv_next(csv, 10, NULL, NULL, &records, &error), 1);
    cr_expect_eq(records.cells[1].size, 0);
    cr_expect_eq(yg_csv_next(csv, 10, NULL, NULL, &records, &error), 0);
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
    yg_table *table =
        yg_table_open(&yg_table_csv, &(yg_table_request){.file = file, .name = "t.csv"}, &error);
    cr_assert_not_null(table, "%s", error.message);
    for (size_t i = 1; i < COUNT - 1; i++) {
        size_t index;
        cr_assert(yg_table_choose(table, table->columns[i], YG_NOWHERE, &index, &error));
        cr_assert_eq(index, i);
    }
    cr_expect_not(yg_table_check_column(table, COUNT - 1, &error));
    yg_table_close(table);
    fclose(file);
    free(text);
}
