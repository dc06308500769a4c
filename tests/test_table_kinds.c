/*
 * Kinds of tables besides CSV (test_csv.c): what their records are, and what is wrong with a file.
 */
#include "data/data.h"
#include "data/table.h"
#include "database.h"
#include "graph/number.h"
#include "workspace.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { ROOM = 4000 };

/* A file, or SQL that makes it, or names of files in a folder; the part's keys; what is read:
 *     COLUMN,COLUMN/CELL|CELL/… and at the end !LINE:COLUMN: MESSAGE for a failure
 * where a cell is - for none, 'TEXT', "LITERAL", WHOLE, ~NUMBER. */
typedef struct sample {
    const char *text, *part, *result;
} sample;

static const sample jsonl[] = {
    {"{\"a\":1,\"b\":2.5}\n{\"b\":-1e3,\"a\":-7}\n", "", "a,b/1|~2.5/-7|~-1000"},
    {"{\"a\":1}", "", "a/1"},
    {"{\"a\":1}\r\n\r\n{\"a\":2}\r\n", "", "a/1/2"},
    {"\n \t\n{\"a\":1}\n\n\n{\"a\":2}\n\n", "", "a/1/2"},
    {"\xEF\xBB\xBF{\"a\":1}\n", "", "a/1"},
    {"  {\"a\" : 1 }  \n", "", "a/1"},
    {"{\"a\":9223372036854775807}\n{\"a\":-9223372036854775808}\n", "",
     "a/9223372036854775807/-9223372036854775808"},
    {"{\"a\":9007199254740993}\n", "", "a/9007199254740993"},
    {"{\"a\":null}\n{\"a\":\"\"}\n{}\n{\"a\":\"NA\"}\n", "", "a/-/''/-/'NA'"},
    {"{\"a\":true}\n{\"a\":false}\n", "", "a/'true'/'false'"},
    {"{\"a\":\"\\u00e9\\n\\\"\"}\n", "", "a/'\xC3\xA9\n\"'"},
    {"{\"u\":{\"n\":\"x\",\"d\":{\"k\":1}},\"v\":2}\n", "", "u.n,u.d.k,v/'x'|1|2"},
    {"{\"p\":[1,2,3]}\n{\"p\":[4,5,6]}\n", "", "p.0,p.1,p.2/1|2|3/4|5|6"},
    {"{\"p\":[1,2]}\n{\"p\":[4]}\n{\"p\":[]}\n{\"p\":3}\n", "",
     "p.0,p.1,p/1|2|-/4|-|-/-|-|-/-|-|3"},
    {"{\"p\":[[1,2],[3,4]]}\n", "", "p.0.0,p.0.1,p.1.0,p.1.1/1|2|3|4"},
    {"{\"p\":[{\"x\":1},{\"x\":2,\"y\":3}]}\n", "", "p.0.x,p.1.x,p.1.y/1|2|3"},
    {"{\"u\":null,\"v\":1}\n{\"u\":{\"n\":1},\"v\":2}\n", "", "v,u.n/1|-/2|1"},
    {"{\"a\":1}\n{\"b\":2}\n", "", "a,b/1|-/-|2"},
    {"{\"\":1,\"a\":2}\n", "", ",a/1|2"},
    {"{}\n{}\n", "", "//"},
    {"{\"a.b\":1}\n{\"a\":{\"b\":2}}\n", "", "a.b/1/2"},
    /* Wrong. */
    {"", "", "!0:0: the file is empty; a line holds an object"},
    {"\n\n", "", "!0:0: the file is empty"},
    {"[1,2]\n", "",
     "!1:1: an element of the list is an object, such as {\"x\": 1}; found a number"},
    {"{}\n[1,2]\n", "", "!2:1: a line holds an object, such as {\"x\": 1}; found a list"},
    {"1\n", "", "found a number"},
    {"2.5\n", "", "found a number"},
    {"\"x\"\n", "", "found a text"},
    {"true\n", "", "found a flag"},
    {"null\n", "", "found null"},
    {"a,b\n1,2\n", "", "!1:1: this line is no JSON object"},
    {"{\n\"a\": 1}\n", "", "!1:1: this line is no JSON object"},
    {"{\"a\":1}\n{\"a\":1\n", "", "a/1!2:"},
    {"{\"a\":1}\n\n{\"a\":1},\n", "", "a/1!3:"},
    {"\n \n{\"a\":1\n", "", "!3:"},
    {"{\"a\":1}\n{\"a\":1}{\"a\":2}\n", "", "a/1!2:"},
    {"{\"a\":1}\n{a:1}\n", "", "a/1!2:2: this line is no JSON object"},
    {"{\"a\":1}\n{'a':1}\n", "", "a/1!2:"},
    {"{\"a\":1}\n{\"a\":NaN}\n", "", "write null for a missing value"},
    {"{\"a\":1}\n{\"a\":-Infinity}\n", "", "a/1!2:"},
    {"{\"a\":1}\n{\"a\":01}\n", "", "a/1!2:"},
    {"{\"a\":1}\n{\"a\":1e999}\n", "", "a/1!2:"},
    {"{\"a\":1}\n{\"a\":9223372036854775808}\n", "", "a/1!2:"},
    {"{\"a\":1}\n{\"a\":\"\xFF\"}\n", "", "a/1!2:"},
    {"{\"a\":1}\n{\"a\":\"\\u0000\"}\n", "", "a/1!2:"},
    {"{\"a\":1}\n{\"a\":\"\\ud800\"}\n", "", "a/1!2:"},
    {"{\"a\":1}\n{\"a\":1,\"a\":2}\n", "", "a/1!2:"},
    {"{\"a.b\":1}\n{\"a\":{\"b\":2},\"a.b\":3}\n", "", "a.b/1!2:1: it has two values for 'a.b'"},
};

static const sample texts[] = {
    {"one\ntwo\n", "", "line/\"one\"/\"two\""},
    {"one\r\n\r\n?\nNA", "", "line/\"one\"/\"\"/\"?\"/\"NA\""},
    {"\n\n", "unit: line", "line/\"\"/\"\""},
    {"", "", "line"},
    {"a b\n\n c\td", "unit: word", "word/\"a\"/\"b\"/\"c\"/\"d\""},
    {"  \n ", "unit: word", "word"},
    {"", "unit: word", "word"},
    {"", "unit: char", "char"},
    {"a\x1F\xC2\x8B\n", "unit: char", "char/\"a\"/\"\x1F\"/\"\xC2\x8B\"/\"\n\""},
    {"a\x1F\x8B\x08", "unit: byte", "byte/97/31/139/8"}, /* not gzip's, though they look so */
    {"a?\n\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80", "unit: char",
     "char/\"a\"/\"?\"/\"\n\"/\"\xC3\xA9\"/\"\xE2\x82\xAC\"/\"\xF0\x9F\x98\x80\""},
    {"a\xFF\n", "unit: byte", "byte/97/255/10"},
    {"", "unit: byte", "byte"},
    /* Wrong. */
    {"a\n\xFF\n", "unit: char", "!2:1: row 3: it is not UTF-8; `unit: byte` reads any file"},
    {"a\n\xC3", "unit: char", "!2:1: row 3: it is not UTF-8"},
    {"a\xC3", "unit: char", "!1:1: row 2: it is not UTF-8"},
    {"a\x80", "unit: char", "!1:1: row 2: it is not UTF-8"},
    {"\xE2\x82", "unit: char", "!1:1: row 1: it is not UTF-8"},
    {"\xED\xA0\x80", "unit: char", "!1:1: row 1: it is not UTF-8"},
    {"a\nb\xFF\n", "", "line/\"a\"!2:1: row 2: it is not UTF-8"},
    {"a\nb \xFF\n", "unit: word", "word/\"a\"/\"b\"!2:1: row 3: it is not UTF-8"},
    {"a\n\n \xFF\n", "unit: word", "word/\"a\"!3:1: row 2: it is not UTF-8"},
    {"a", "unit: letter", "!1:7: `unit`"},
    {"a", "unit: [char]", "!1:7: `unit`"},
};

#define ROWS "CREATE TABLE t (a, b); INSERT INTO t VALUES (1, 2.5), ('x', NULL), ('', -7);"
#define READ "/1|~2.5/'x'|-/''|-7"

static const sample databases[] = {
    {ROWS, "", "a,b" READ},
    {ROWS, "table: t", "a,b" READ},
    {ROWS, "query: select * from t", "a,b" READ},
    {ROWS, "query: 'select b, a as c from t where a <> 1;  '", "b,c/-|'x'/-7|''"},
    {ROWS, "query: select a + 1 as n from t order by b", "n/1/1/2"},
    {ROWS "CREATE TABLE u (c); INSERT INTO u VALUES (1);", "table: u", "c/1"},
    {ROWS "CREATE VIEW v AS SELECT b FROM t;", "table: v", "b/~2.5/-/-7"},
    {"CREATE TABLE t (a PRIMARY KEY, b) WITHOUT ROWID; INSERT INTO t VALUES (3, 1), (2, 4);", "",
     "a,b/2|4/3|1"},
    {"CREATE TABLE t (id INTEGER PRIMARY KEY, b); INSERT INTO t VALUES (30, 1), (-2, 4), (5, 6);",
     "", "id,b/-2|4/5|6/30|1"},
    {"CREATE TABLE t (_rowid_, b); INSERT INTO t VALUES (3, 1), (2, 4);", "", "_rowid_,b/3|1/2|4"},
    {"CREATE TABLE \"a \"\"b\" (c); INSERT INTO \"a \"\"b\" VALUES (1);", "table: 'a \"b'", "c/1"},
    {"CREATE TABLE t (a); INSERT INTO t VALUES (9223372036854775807), (-9223372036854775808);", "",
     "a/9223372036854775807/-9223372036854775808"},
    {"CREATE TABLE t (a);", "", "a"},
    {"CREATE TABLE t (a); INSERT INTO t VALUES (x'89504e470d0a1a0a00'), (x'ffd8ff');", "",
     "a/BLOB of 9/BLOB of 3"},
    {ROWS, "query: select a as c; -- b", "!1:8: the query cannot be run"},
    /* Wrong. */
    {"CREATE TABLE t (a); DROP TABLE t;", "", "!0:0: the database has no table"},
    {ROWS "CREATE TABLE u (c);", "", "!0:0: it has 2 tables: 't', 'u'; choose one with `table:`"},
    {ROWS, "table: tt", "!1:8: the database has no table 'tt'; known: 't'"},
    {ROWS, "table: [t]", "!1:8: `table`"},
    {ROWS, "query: [t]", "!1:8: `query`"},
    {ROWS, "{table: t, query: select 1}", "!1:19: a part has `table` or `query`"},
    {ROWS, "query: selec * from t", "!1:8: the query cannot be run: near"},
    {ROWS, "query: select z from t",
     "!1:8: the query cannot be run: no such column: z\n  select z from t\n         ^"},
    {ROWS, "query: select a from tt",
     "!1:8: the query cannot be run: no such table: tt\n  select a from tt\n                ^"},
    {ROWS, "query: \"select 'ä',\\n\\t'ö', t.q\\nfrom t\"",
     "!1:9: the query cannot be run: no such column: t.q\n   'ö', t.q\n        ^"},
    {ROWS, "query: ''", "!1:9: the query is empty"},
    {ROWS, "query: ' ; '", "!1:9: the query is empty"},
    {ROWS, "query: select 1; select 2",
     "!1:8: a query is one statement: something stands behind it\n  select 1; select 2\n           "
     " ^"},
    {ROWS, "query: delete from t", "!1:8: the query gives no rows; write a `select`"},
    {ROWS, "query: delete from t returning a", "!1:8: the query gives no rows"},
    {ROWS, "query: create table z (a)", "!1:8: the query gives no rows"},
    {ROWS, "query: 'attach \"/dev/null\" as z'", "!1:9: the query gives no rows"},
    {"CREATE TABLE t (a); INSERT INTO t VALUES (1), (x'00ff'), (x'');", "",
     "a/1/BLOB of 2/BLOB of 0"},
    {"CREATE TABLE t (a); INSERT INTO t VALUES (1), (CAST(x'ff' AS TEXT));", "",
     "a/1!0:0: row 2, column 'a': a text that is not UTF-8"},
    {"CREATE TABLE t (a); INSERT INTO t VALUES (1), (CAST(x'610062' AS TEXT));", "",
     "a/1!0:0: row 2, column 'a': a text with a NUL byte"},
    {ROWS, "query: select abs(-9223372036854775808 + (a = 'x') * 0 + (a = 1)) as n from t",
     "n/9223372036854775807!0:0: it cannot be read: integer overflow"},
};

static const sample folders[] = {
    {"a/2.png a/10.png b/1.jpg", "",
     "image,class/\"b/1.jpg\"|\"b\"/\"a/2.png\"|\"a\"/\"a/10.png\"|\"a\""},
    {"1.PNG 2.Jpeg", "", "image,class/\"1.PNG\"|-/\"2.Jpeg\"|-"},
    {"a/x/1.png a/y/z/2.png", "", "image,class/\"a/x/1.png\"|\"a\"/\"a/y/z/2.png\"|\"a\""},
    {"a/1.png a/.2.png .b/3.png a/notes.txt readme", "", "image,class/\"a/1.png\"|\"a\""},
    {"NA/1.png ?/2.png", "", "image,class/\"NA/1.png\"|\"NA\"/\"?/2.png\"|\"?\""},
    {"a-b/1.png a/1.png", "", "image,class/\"a-b/1.png\"|\"a-b\"/\"a/1.png\"|\"a\""},
    /* Wrong. */
    {"notes.txt", "", "!0:0: the folder has no image (.png, .jpg, .jpeg)"},
    {".hidden.png", "", "!0:0: the folder has no image"},
    {"a/1.png b/notes.txt", "", "!0:0: 'b/' is the folder of a class, but has no image"},
    {"a/\xFF.png", "", "has a name that is not UTF-8; rename it"},
};

/* ---------------------------------------------------------------------------------- samples -- */

static void append_cell(const yg_cell *cell, char *out) {
    char number[YG_NUMBER_TEXT];
    const size_t used = strlen(out), room = ROOM - used;
    switch (cell->kind) {
    case YG_CELL_NONE:
        snprintf(out + used, room, "-");
        break;
    case YG_CELL_WHOLE:
        snprintf(out + used, room, "%" PRId64, cell->whole);
        break;
    case YG_CELL_BYTES:
        snprintf(out + used, room, "BLOB of %u", (unsigned)cell->size);
        break;
    case YG_CELL_NUMBER:
        snprintf(out + used, room, "~%s", yg_number_text(cell->number, number));
        break;
    default:
        snprintf(out + used, room, cell->kind == YG_CELL_TEXT ? "'%.*s'" : "\"%.*s\"",
                 (int)cell->size, cell->text);
    }
}

static void append_failure(const yg_error *error, char *out) {
    const size_t used = strlen(out);
    if (error->code != YG_OK)
        snprintf(out + used, ROOM - used, "!%d:%d: %s", error->line, error->column, error->message);
}

/* Appends the records from where the table is. */
static void append_records(yg_table *table, int64_t limit, char *out) {
    yg_error error = {0};
    yg_records records;
    int64_t got;
    while ((got = yg_table_next(table, limit, false, &records, &error)) > 0) {
        cr_assert_leq(got, limit);
        for (size_t i = 0; i < (size_t)got * table->column_count; i++) {
            const size_t column = i % table->column_count;
            const yg_place place =
                yg_table_place(table, (int64_t)(i / table->column_count), column);
            cr_expect_gt(place.row, 0);
            snprintf(out + strlen(out), ROOM - strlen(out), column ? "|" : "/");
            append_cell(&records.cells[i], out);
        }
        for (int64_t i = 0; !table->column_count && i < got; i++)
            snprintf(out + strlen(out), ROOM - strlen(out), "/");
    }
    append_failure(&error, out);
}

static yg_table *open_table(const yg_table_kind *kind, const char *path, const yg_document *part,
                            char *out) {
    yg_error error = {0};
    const yg_table_request request = {
        .path = path, .name = path, .part = part ? yg_document_root(part) : NULL};
    yg_table *table = yg_table_open(kind, &request, &error);
    out[0] = '\0';
    append_failure(&error, out);
    for (size_t i = 0; table && i < table->column_count; i++)
        snprintf(out + strlen(out), ROOM - strlen(out), "%s%s", i ? "," : "", table->columns[i]);
    return table;
}

/* From each mark on, another table gives the rest of what is read in steps of one record. */
static void check_marks(const yg_table_kind *kind, const char *path, const yg_document *part,
                        const char *all) {
    char out[ROOM], rest[ROOM], ignored[ROOM];
    yg_table *steps = open_table(kind, path, part, out);
    yg_records records = {.count = 1};
    while (steps && records.count > 0) {
        yg_mark mark;
        yg_error error = {0};
        yg_table *other = open_table(kind, path, part, ignored); /* it has read nothing yet */
        cr_assert(yg_table_tell(steps, &mark));
        cr_assert(yg_table_seek(other, &mark, &error), "%s", error.message);
        rest[0] = '\0';
        append_records(other, 2, rest);
        yg_table_close(other);
        const size_t length = strlen(all), tail = strlen(rest);
        cr_expect(length >= tail && strcmp(all + length - tail, rest) == 0,
                  "%s: from record %" PRId64 ": %s\nof %s", path, mark.record, rest, all);
        records.count = yg_table_next(steps, 1, false, &records, &error);
    }
    yg_table_close(steps);
}

static void check(const yg_table_kind *kind, const char *path, const sample *s) {
    static const int64_t limits[] = {1000, 1, 2, 3};
    yg_document *part = NULL;
    char out[ROOM], first[ROOM];
    if (*s->part)
        cr_assert_not_null(part = yg_document_parse(s->part, strlen(s->part), "part.yaml", NULL));
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        yg_table *table = open_table(kind, path, part, out);
        if (table)
            append_records(table, limits[i], out);
        yg_table_close(table);
        if (i == 0)
            strcpy(first, out);
        cr_expect_str_eq(out, first, "%s: the same in steps of %" PRId64, s->text, limits[i]);
    }
    const bool whole = !strchr(s->result, '!') && strchr(s->result, '/');
    cr_expect(whole ? strcmp(first, s->result) == 0 : strstr(first, s->result) != NULL,
              "%s {%s}\ngave %s\nnot  %s", s->text, s->part, first, s->result);
    check_marks(kind, path, part, first);
    yg_document_free(part);
}

#define CHECK_ALL(kind, samples, make)                                                             \
    do {                                                                                           \
        const workspace w = workspace_make();                                                      \
        for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {                            \
            char path[100];                                                                        \
            snprintf(path, sizeof path, "%s/%zu", w.folder, i);                                    \
            make(&w, path, samples[i].text);                                                       \
            check(kind, path, &samples[i]);                                                        \
        }                                                                                          \
        workspace_remove(&w);                                                                      \
    } while (0)

static void make_file(const workspace *w, const char *path, const char *text) {
    (void)w;
    FILE *file = fopen(path, "wb");
    cr_assert_not_null(file);
    fputs(text, file);
    fclose(file);
}

static void make_database(const workspace *w, const char *path, const char *sql) {
    (void)w;
    database_make(path, sql);
}

/* Makes empty files, and the folders that they are in. */
static void make_folder(const workspace *w, const char *path, const char *names) {
    char copy[500], full[700];
    snprintf(copy, sizeof copy, "%s", names);
    cr_assert_eq(mkdir(path, 0700), 0);
    for (char *name = strtok(copy, " "); name; name = strtok(NULL, " ")) {
        snprintf(full, sizeof full, "%s/%s", path, name);
        for (char *slash = full + strlen(path) + 1; (slash = strchr(slash, '/')); *slash++ = '/') {
            *slash = '\0';
            mkdir(full, 0700);
        }
        make_file(w, full, "");
    }
}

Test(table_kinds, jsonl) {
    CHECK_ALL(&yg_table_jsonl, jsonl, make_file);
}

Test(table_kinds, text) {
    CHECK_ALL(&yg_table_text, texts, make_file);
}

Test(table_kinds, images) {
    CHECK_ALL(&yg_table_images, folders, make_folder);
}

Test(table_kinds, sqlite) {
    if (!database_can_be_made())
        cr_skip("there is no SQLite");
    CHECK_ALL(&yg_table_sqlite, databases, make_database);
}

/* Files that are not what they are read as. */
Test(table_kinds, of_other_files) {
    const workspace w = workspace_make();
    static const sample plain = {"not a database, but a text", "",
                                 "!0:0: it cannot be read: file is "
                                 "not a database"};
    static const sample other = {"a.txt", "", "!0:0: '"};
    static const sample missing = {"", "", "!0:0: cannot open '"};
    workspace_write(&w, "a.txt", plain.text);
    if (database_can_be_made())
        check(&yg_table_sqlite, workspace_path(&w, "a.txt"), &plain);
    check(&yg_table_images, workspace_path(&w, "a.txt"), &other);
    const yg_table_kind *const *kinds = yg_table_kinds();
    for (size_t i = 0; kinds[i]; i++)
        check(kinds[i], workspace_path(&w, "none"), &missing);
    workspace_remove(&w);
}
