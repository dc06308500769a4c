/*
 * Tables of each kind where memory runs out, wherever that happens: the load fails and says so, or
 * it gives the same examples. Nothing is left.
 */
#include "data/encoding_file.h"
#include "data/source.h"
#include "database.h"
#include "fault_injection.h"
#include "workspace.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ROOM = 1 << 16 };

#define CLASSES "{y: {shape: [B], dtype: i32, classes: 2}}"

/* What a table is read for: inputs and targets of the model, and the lines of its `data`. */
static const struct {
    const char *name, *inputs, *targets, *data;
} cases[] = {
    {"csv", "{x: [B]}", CLASSES, "  train: {csv: packed, x: x, y: y}\n"},
    {"csv_marks", "{x: [B]}", "{y: [B]}",
     "  train: {csv: marks.csv, delimiter: \";\", decimal: \",\", thousands: \".\", header: [p, "
     "q], "
     "x: p, y: q}\n"},
    {"csv_files", "{x: [B, 2]}", "{y: [B]}",
     "  train: {csv: [one.csv, two.csv], x: [a, b], y: c}\n"},
    {"jsonl", "{x: [B, 3]}", CLASSES,
     "  train: {jsonl: t.jsonl, x: [p, u.n], y: y}\n"
     "  columns: {p.0: {missing: mean}}\n"
     "  validation: {from: train, fraction: 0.3, stratify: y}\n"},
    {"jsonl_text", "{x: {shape: [B, L], dtype: i32}}", "{y: [B]}",
     "  train: {jsonl: t.jsonl, x: s, y: u.n}\n"
     "  columns: {s: text, u.n: {missing: drop}}\n"},
    {"sqlite", "{x: [B, 3]}", "{y: [B]}",
     "  train: {sqlite: t.db, table: t, x: [a, b], y: c}\n"
     "  columns: {b: {kind: category, values: [u, v]}}\n"},
    {"sqlite_query", "{x: [B]}", "{y: [B]}",
     "  train: {sqlite: t.db, query: \"select a, c from t order by a desc\", x: a, y: c}\n"
     "  test: {from: train, fraction: 0.3, time: a}\n"},
    {"sqlite_pictures", "{x: [B, 2, 2]}", "{y: [B]}",
     "  train: {sqlite: t.db, table: p, x: i, y: n}\n"
     "  columns: {i: {kind: image, resize: [2, 2]}}\n"},
    {"text", "{x: {shape: [B, 3], dtype: i32}}", "{y: {shape: [B], dtype: i32}}",
     "  train: {text: t.txt, unit: char, x: char, y: char}\n"
     "  columns: {char: {kind: category}}\n"
     "  windows: {length: 3, stride: 2}\n"},
    {"text_lines", "{x: {shape: [B, L], dtype: i64}}", "{y: {shape: [B, 2], dtype: i32}}",
     "  train: {text: t.txt, x: line, y: line}\n"
     "  columns: {line: {kind: text, tokens: char, length: 2}}\n"},
    {"images", "{x: [B, 3, 4, 4]}", CLASSES,
     "  train: {images: pictures, x: image, y: class}\n"
     "  columns: {image: {kind: image, resize: 5, crop: center}}\n"
     "  memory: 100\n"},
    {"dates", "{x: [B, 5]}", "{y: [B]}",
     "  train: {csv: dates.csv, x: d, y: n}\n"
     "  columns: {d: {kind: date, format: \"%d.%m.%Y\", parts: [year, week], cyclic: [month], "
     "age: 2020-01-01}}\n"
     "  test: {from: train, column: n, equals: [1, 4]}\n"},
    {"arrays", "{x: [B, 3]}", "{y: [B, 3, 2]}",
     "  train: {arrays: {x: " YG_FIXTURES "/arrays/x_deflated.npz, y: " YG_FIXTURES
     "/arrays/columns.npy}}\n"},
    {"windows", "{x: [B, 2, 1]}", "{y: [B]}",
     "  train: {jsonl: t.jsonl, x: u.n, y: u.n}\n"
     "  columns: {u.n: {missing: 0}}\n"
     "  windows: {length: 2, by: y}\n"
     "  memory: 30\n"},
};

/* "x,y", and 12 rows, by gzip. */
static const unsigned char packed[] = {
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xab, 0xd0, 0xa9, 0xe4, 0x32,
    0xd0, 0x29, 0xe5, 0x32, 0xd4, 0x29, 0xe3, 0x32, 0x02, 0xd2, 0xc6, 0x40, 0xda, 0x04, 0x48,
    0x9b, 0x02, 0x69, 0x33, 0x20, 0x6d, 0x0e, 0xa4, 0x2d, 0x80, 0xb4, 0x25, 0x90, 0x36, 0x04,
    0x2b, 0x04, 0xa9, 0x04, 0x00, 0x3e, 0xc3, 0x8d, 0xca, 0x36, 0x00, 0x00, 0x00};

static void write_pictures(const workspace *w) {
    static const char *const names[] = {"colour.png", "grey.jpg", "palette.png", "colour.jpg"};
    char path[120], from[300];
    for (int class = 0; class < 2; class ++) {
        snprintf(path, sizeof path, "%s/pictures%s", w->folder, class ? "/b" : "");
        mkdir(path, 0700);
        snprintf(path, sizeof path, "%s/pictures/%c", w->folder, 'a' + class);
        mkdir(path, 0700);
        for (int i = 0; i < 2; i++) {
            const char *name = names[2 * class + i];
            snprintf(from, sizeof from, YG_FIXTURES "/images/%s", name);
            snprintf(path, sizeof path, "%s/pictures/%c/%s", w->folder, 'a' + class, name);
            cr_assert_eq(symlink(from, path), 0);
        }
    }
}

static void write_files(const workspace *w) {
    FILE *file = fopen(workspace_path(w, "packed"), "wb");
    cr_assert_not_null(file);
    cr_assert_eq(fwrite(packed, 1, sizeof packed, file), sizeof packed);
    fclose(file);
    workspace_write(w, "marks.csv", "1.000,5;2\n-3;4,5\n\"7\";8\n");
    workspace_write(w, "one.csv", "a,b,c\n1,2,3\n4,5,6\n");
    workspace_write(w, "two.csv", "c,d,b,a\n9,0,8,7\n");
    workspace_write(w, "t.jsonl",
                    "{\"p\":[1,2],\"u\":{\"n\":1},\"s\":\"one two\",\"y\":\"v\"}\n"
                    "{\"p\":[null,4],\"u\":{\"n\":2},\"s\":\"two\",\"y\":\"v\"}\n"
                    "{\"p\":[5,6.5],\"u\":{\"n\":3},\"s\":\"three\",\"y\":\"v\"}\n"
                    "{\"y\":\"w\",\"u\":{\"n\":0},\"p\":[1,8],\"s\":\"\\u00e9 two\"}\n"
                    "{\"y\":\"w\",\"u\":{\"n\":4},\"p\":[1,9],\"s\":\"four\"}\n"
                    "{\"y\":\"w\",\"u\":{\"n\":5},\"p\":[2,9],\"s\":\"?!\"}\n");
    workspace_write(w, "t.txt", "ab\ncab\n\xC3\xA9 b\n");
    workspace_write(w, "dates.csv", "d,n\n29.02.2024,1\n1.1.1999,2\n31.12.2020,3\n05.06.2021,4\n");
    write_pictures(w);
    if (database_can_be_made())
        database_make(workspace_path(w, "t.db"),
                      "CREATE TABLE t (a, b, c); INSERT INTO t VALUES (1, 'u', 2.5), (2, 'v', 3), "
                      "(3, 'u', 4); CREATE TABLE p (i, n); INSERT INTO p VALUES "
                      "(x'89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b55"
                      "0000000a4944415478da6368000000820081da45083b0000000049454e44ae426082', 1);");
}

static yg_model *model_of(const workspace *w, size_t i) {
    char text[2000];
    snprintf(text, sizeof text,
             "format: 1\ninputs: %s\ntargets: %s\ngraph: {h: \"mean(cast(x, float))\"}\n"
             "outputs: [h]\nloss: h + mean(cast(y, float))\ndata:\n%s",
             cases[i].inputs, cases[i].targets, cases[i].data);
    return workspace_model(w, "model.yaml", text);
}

/* Appends the examples of a part. */
static bool read_part(const yg_part *part, char *bytes, size_t *used, yg_error *error) {
    for (size_t p = 0; part->count && p < 2; p++) {
        const yg_elements *port = &part->dataset->ports[p];
        const size_t size = (size_t)(part->count * port->width) * yg_dtype_size(port->dtype);
        cr_assert_leq(*used + size, ROOM);
        if (!yg_part_read(part, p, 0, part->count, bytes + *used, error))
            return false;
        *used += size;
    }
    return true;
}

/* Loads the data, keeps what was learnt as weights do, and loads the data again by that. */
static bool use(const yg_model *model, char *bytes, size_t *used, yg_error *error) {
    yg_data data, again = {0};
    yg_tensor_file file = {0};
    *used = 0;
    if (!yg_data_load(model, YG_F64, &data, error))
        return false;
    bool good = read_part(&data.train, bytes, used, error) &&
                read_part(&data.validation, bytes, used, error) &&
                read_part(&data.test, bytes, used, error) &&
                yg_encoding_save(model, &data.encoding, &file, error) &&
                yg_encoding_load(model, &file, "w", &again.encoding, error);
    if (good && (good = yg_data_load_known(model, YG_F64, &again, error))) {
        good = read_part(&again.train, bytes, used, error);
        yg_data_free(&again);
    }
    yg_tensor_file_free(&file);
    yg_data_free(&data);
    return good;
}

static void check(const workspace *w, size_t i) {
    static char first[ROOM], bytes[ROOM];
    size_t wanted, size;
    yg_model *model = model_of(w, i);
    yg_error error = {0};
    fault_report report = {.failed = true};
    uint64_t n = 1;
    cr_assert(use(model, first, &wanted, &error), "%s: %s", cases[i].name, error.message);
    for (; report.failed; n++) {
        error = (yg_error){0};
        fault_injection_begin(n);
        const bool good = use(model, bytes, &size, &error);
        report = fault_injection_end();
        cr_expect_eq(report.left, 0, "%s: allocation %d: %d are left", cases[i].name, (int)n,
                     (int)report.left);
        cr_expect(good || (report.failed && error.code == YG_ERROR_MEMORY), "%s: allocation %d: %s",
                  cases[i].name, (int)n, error.message);
        cr_expect(!good || (size == wanted && memcmp(first, bytes, size) == 0),
                  "%s: allocation %d: other examples", cases[i].name, (int)n);
    }
    cr_expect_gt(n, 50, "%s: only %d", cases[i].name, (int)n);
    yg_model_free(model);
}

Test(allocation_tables, each_kind_tells_that_memory_ran_out) {
    const workspace w = workspace_make();
    write_files(&w);
    json_set_alloc_funcs(malloc, free); /* those of this file, which fail */
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (database_can_be_made() || !strstr(cases[i].data, ".db"))
            check(&w, i);
    workspace_remove(&w);
}
