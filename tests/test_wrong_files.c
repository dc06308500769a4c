/*
 * Whole files that are wrong, for every reader: a folder, no file, one that may not be read, an
 * empty one, one that is cut off, another encoding, another kind of file, and one that is cut off
 * while it is read. Each is an error that names the file.
 */
#include "data/array_file.h"
#include "data/data.h"
#include "data/table.h"
#include "database.h"
#include "workspace.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ROWS = 3000, LONG = 200000, NOBODY = 65534 };

typedef enum fault {
    GOOD,
    FOLDER,
    MISSING,
    DENIED, /* without the right to read it */
    EMPTY,
    CUT, /* its first half */
    UTF16,
    PICTURE,
    ARCHIVE, /* .zip, as spreadsheets are */
    DATABASE,
    FAULTS,
} fault;

static const char *const fault_names[FAULTS] = {"good",    "folder", "missing", "denied", "empty",
                                                "cut off", "UTF-16", "picture", "zip",    "SQLite"};

/* A file, the part that names it, and what is said of each fault. NULL: the file is not wrong. */
typedef struct reader {
    const char *file, *part;
    const char *said[FAULTS];
} reader;

#define NONE    "cannot open 'FILE': No such file or directory"
#define SECRET  "cannot open 'FILE': Permission denied"
#define CLOSED  "cannot be read: Is a directory"
#define NO_FILE "arrays are read from files only; this is a folder"
#define WIDE    "it is UTF-16 text; convert it first: iconv"
#define PNG     "it is a picture (PNG); name it with `images:`"
#define ZIP     "it is a zip archive or a spreadsheet; unpack it, or export CSV"
#define SQL     "it is an SQLite database; name it with `sqlite:`"
#define NO_GZ   "the compressed data are damaged: incorrect header check"
#define NO_ZIP  "not a zip archive, or damaged: it has no directory"
#define NO_NPY  "not an array of NumPy: it does not begin with"
#define NO_IDX  "this is no IDX file: it must begin with two zeros"
#define NO_DB   "it cannot be read: file is not a database"
#define NO_ST   "not a safetensors file, or cut off: the header should have"

static const reader readers[] = {
    {"t.csv",
     "{csv: t.csv, x: x, y: y}",
     {NULL, CLOSED, NONE, SECRET, "the file is empty; expected a line of column names, then rows",
      "has 1 cells; the header names 2 columns", WIDE, PNG, ZIP, SQL}},
    {"t.csv.gz",
     "{csv: t.csv.gz, x: x, y: y}",
     {NULL, CLOSED, NONE, SECRET, "the file is empty; expected a line of column names, then rows",
      "the compressed data are cut off", WIDE, PNG, ZIP, SQL}},
    {"t.jsonl",
     "{jsonl: t.jsonl, x: x, y: y}",
     {NULL, CLOSED, NONE, SECRET, "the file is empty; a line holds an object", "is no JSON object",
      WIDE, PNG, ZIP, SQL}},
    {"t.txt",
     "{text: t.txt, x: line, y: line}",
     {NULL, CLOSED, NONE, SECRET, "the file has no rows", NULL, WIDE, PNG, ZIP,
      "this is not a text file: " SQL}},
    {"t.db",
     "{sqlite: t.db, x: x, y: y}",
     {NULL, CLOSED, NONE, "unable to open database file", "the database has no table",
      "it cannot be read: database disk image is malformed", NO_DB, NO_DB, NO_DB, NULL}},
    {"t.npy",
     "{arrays: {x: t.npy, y: y.npy}}",
     {NULL, NO_FILE, NONE, SECRET, NO_NPY, "which takes 12000 bytes, but only", NO_NPY, NO_NPY,
      NO_NPY, NO_NPY}},
    {"t.npz",
     "{arrays: {x: t.npz, y: y4.npy}}",
     {NULL, NO_FILE, NONE, SECRET, NO_ZIP, NO_ZIP, NO_ZIP, NO_ZIP, NULL, NO_ZIP}},
    {"t.idx",
     "{arrays: {x: t.idx, y: y.npy}}",
     {NULL, NO_FILE, NONE, SECRET, "'x' is cut off", "which takes 3000 bytes, but only", NO_IDX,
      NO_IDX, NO_IDX, NO_IDX}},
    {"t.idx.gz",
     "{arrays: {x: t.idx.gz, y: y.npy}}",
     {NULL, NO_FILE, NONE, SECRET, "the compressed data are cut off",
      "the compressed data are cut off", NO_GZ, NO_GZ, NO_GZ, NO_GZ}},
    {"t.safetensors",
     "{arrays: {x: t.safetensors, y: y.npy}}",
     {NULL, NO_FILE, NONE, SECRET, "not a safetensors file: it has 0 bytes",
      "tensor 'x' ends at byte 12000 of the data, which has", NO_ST, NO_ST, NO_ST, NO_ST}},
    {"t.png",
     "{csv: pictures.csv, x: picture, y: y}",
     {NULL, "it is a folder or device, not a picture",
      "t.png': cannot be opened: No such file or directory",
      "t.png': cannot be opened: Permission denied",
      "t.png': it is empty; pictures are PNG or JPEG files", "the PNG file is damaged or cut off",
      "it is no picture", NULL, "it is no picture", "it is no picture"}},
};

/* ---------------------------------------------------------------------------------- files ---- */

static void write_bytes(const workspace *w, const char *name, const void *bytes, size_t size) {
    FILE *file = fopen(workspace_path(w, name), "wb");
    cr_assert_not_null(file, "%s", name);
    cr_assert_eq(fwrite(bytes, 1, size, file), size);
    cr_assert_eq(fclose(file), 0);
}

static char *read_bytes(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    char *bytes = malloc(1 << 20);
    cr_assert(file && bytes, "%s", path);
    *size = fread(bytes, 1, 1 << 20, file);
    fclose(file);
    return bytes;
}

static void compress(const workspace *w, const char *from, const char *to) {
    char command[300];
    snprintf(command, sizeof command, "gzip -nc <%s/%s >%s/%s", w->folder, from, w->folder, to);
    cr_assert_eq(system(command), 0, "%s", command);
}

/* Zeros behind a header. */
static void write_array(const workspace *w, const char *name, const char *header, size_t fixed,
                        size_t size) {
    char bytes[200 + 4 * ROWS] = {0};
    memcpy(bytes, header, fixed);
    write_bytes(w, name, bytes, fixed + size);
}

static void write_numpy(const workspace *w, const char *name, int count) {
    char dictionary[100], header[200] = "\x93NUMPY\1\0v\0";
    snprintf(dictionary, sizeof dictionary,
             "{'descr': '<f4', 'fortran_order': False, 'shape': (%d,), }", count);
    snprintf(header + 10, sizeof header - 10, "%-117s\n", dictionary);
    write_array(w, name, header, 128, 4 * (size_t)count);
}

static void write_arrays(const workspace *w) {
    static const char text[] =
        "@\0\0\0\0\0\0\0"
        "{\"x\":{\"dtype\":\"F32\",\"shape\":[3000],\"data_offsets\":[0,12000]}}   ";
    _Static_assert(sizeof text > 72, "the first bytes say that the header has 64");
    write_numpy(w, "t.npy", ROWS);
    write_numpy(w, "y.npy", ROWS);
    write_numpy(w, "y4.npy", 4);
    write_array(w, "t.idx", "\0\0\x08\1\0\0\x0B\xB8", 8, ROWS);
    compress(w, "t.idx", "t.idx.gz");
    write_array(w, "t.safetensors", text, 72, 4 * (size_t)ROWS);
    size_t size;
    char *archive = read_bytes(YG_FIXTURES "/arrays/x_deflated.npz", &size);
    write_bytes(w, "t.npz", archive, size);
    free(archive);
}

/* Every reader's file, and those that a file may be taken for. */
static void write_files(const workspace *w) {
    char *rows = malloc(ROWS * 80);
    size_t csv = 0, lines = 0, texts = 0, size;
    static const char sql[] = "PRAGMA synchronous = OFF; CREATE TABLE t (x, y); "
                              "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
                              "WHERE i < 3000) INSERT INTO t SELECT i, i FROM n;";
    cr_assert_not_null(rows);
    csv = (size_t)sprintf(rows, "x,y\n");
    for (int i = 0; i < ROWS; i++)
        csv += (size_t)sprintf(rows + csv, "%d,%d\n", 100000 + i, 100000 + i);
    write_bytes(w, "t.csv", rows, csv);
    compress(w, "t.csv", "t.csv.gz");
    for (int i = 0; i < ROWS; i++)
        lines += (size_t)sprintf(rows + lines, "{\"x\":%d,\"y\":%d}\n", 100000 + i, 100000 + i);
    write_bytes(w, "t.jsonl", rows, lines);
    for (int i = 0; i < ROWS; i++)
        texts += (size_t)sprintf(rows + texts, "%d\n", 100000 + i);
    write_bytes(w, "t.txt", rows, texts);
    free(rows);
    if (database_can_be_made())
        database_make(workspace_path(w, "t.db"), sql);
    write_arrays(w);
    workspace_write(w, "pictures.csv", "picture,y\nt.png,0\n");
    char *picture = read_bytes(YG_FIXTURES "/images/grey.png", &size);
    write_bytes(w, "t.png", picture, size);
    free(picture);
}

/* ---------------------------------------------------------------------------------- faults --- */

/* Copies a file, or the first of two parts of it. */
static void copy(const workspace *w, const char *from, const char *to, int parts) {
    size_t size;
    char *bytes = read_bytes(workspace_path(w, from), &size);
    size_t at = parts == 1 ? size : size / 2;
    while (parts > 1 && at > size / 3 && bytes[at - 1] != '\n')
        at--;
    write_bytes(w, to, bytes, parts == 1 ? size : at + 5); /* within a row */
    free(bytes);
}

static void make_fault(const workspace *w, const char *name, fault fault) {
    static const char wide[] = "\xFF\xFEx\0,\0y\0\n\0001\0,\0002\0\n\0001\0,\0002\0\n";
    static const char *const others[FAULTS] = {
        [PICTURE] = "t.png", [ARCHIVE] = "t.npz", [DATABASE] = "t.db"};
    const char *path = workspace_path(w, name);
    char kept[40];
    snprintf(kept, sizeof kept, "kept-%s", name);
    if (fault == DENIED) {
        cr_assert_eq(chmod(path, 0), 0);
        return;
    }
    cr_assert_eq(rename(path, workspace_path(w, kept)), 0);
    switch (fault) {
    case FOLDER:
        cr_assert_eq(mkdir(path, 0700), 0);
        break;
    case EMPTY:
        workspace_write(w, name, "");
        break;
    case UTF16:
        write_bytes(w, name, wide, sizeof wide - 1);
        break;
    case CUT:
        copy(w, kept, name, 2);
        break;
    case PICTURE:
    case ARCHIVE:
    case DATABASE:
        copy(w, strcmp(others[fault], name) == 0 ? kept : others[fault], name, 1);
        break;
    default:
        break;
    }
}

static void mend(const workspace *w, const char *name, fault fault) {
    const char *path = workspace_path(w, name);
    char kept[40];
    snprintf(kept, sizeof kept, "kept-%s", name);
    if (fault == DENIED) {
        cr_assert_eq(chmod(path, 0600), 0);
        return;
    }
    if (fault == FOLDER)
        rmdir(path);
    else
        unlink(path);
    cr_assert_eq(rename(workspace_path(w, kept), path), 0);
}

static bool load(const workspace *w, const reader *r, yg_error *error) {
    const bool picture = strstr(r->file, ".png") != NULL;
    char text[600];
    yg_data data;
    snprintf(text, sizeof text,
             "format: 1\ninputs: {x: %s}\ntargets: {y: [B]}\n"
             "graph: {h: mean(x) + mean(y)}\noutputs: [x]\nloss: h\ndata: {train: %s%s}\n",
             picture                   ? "[B, 6, 7]"
             : strstr(r->file, ".npz") ? "[B, 3]"
                                       : "[B]",
             r->part, picture ? ", columns: {picture: image}" : "");
    yg_model *model = workspace_model(w, "m.yaml", text);
    const bool good = yg_data_load(model, YG_F32, &data, error);
    if (good)
        yg_data_free(&data);
    yg_model_free(model);
    return good;
}

/* Whether a message is `said`, where FILE stands for the path of the file. */
static bool says(const workspace *w, const char *message, const char *said, const char *file) {
    char text[400];
    const char *gap = strstr(said, "FILE'");
    if (!gap)
        return strstr(message, said) != NULL;
    snprintf(text, sizeof text, "%.*s%s/%s%s", (int)(gap - said), said, w->folder, file, gap + 4);
    return strstr(message, text) != NULL;
}

static void check(const workspace *w, const reader *r, fault fault) {
    yg_error error = {0};
    const bool denied = fault == DENIED && geteuid() == 0;
    if (fault != GOOD)
        make_fault(w, r->file, fault);
    if (denied) /* root may read anything */
        cr_assert_eq(seteuid(NOBODY), 0);
    const bool good = load(w, r, &error);
    if (denied)
        cr_assert_eq(seteuid(0), 0);
    if (fault != GOOD)
        mend(w, r->file, fault);
    cr_expect_eq(good, r->said[fault] == NULL, "%s: %s: %s", r->file, fault_names[fault],
                 error.message);
    if (good || !r->said[fault])
        return;
    cr_expect(says(w, error.message, r->said[fault], r->file), "%s: %s: %s\nnot %s", r->file,
              fault_names[fault], error.message, r->said[fault]);
    cr_expect(strstr(error.file, r->file) || strstr(error.message, r->file),
              "%s: %s: %s: %s names no file", r->file, fault_names[fault], error.file,
              error.message);
}

Test(wrong_files, are_told_by_every_reader) {
    const workspace w = workspace_make();
    write_files(&w);
    cr_assert_eq(chmod(w.folder, 0777), 0);
    for (size_t i = 0; i < sizeof readers / sizeof *readers; i++)
        for (fault fault = GOOD; fault < FAULTS; fault++)
            if (database_can_be_made() ||
                (fault != DATABASE && strcmp(readers[i].file, "t.db") != 0))
                check(&w, &readers[i], fault);
    workspace_remove(&w);
}

/* ------------------------------------------------------------------- cut off while read ------ */

/* Shortens a file that has been opened, and reads on. */
static bool read_array_that_shrinks(const workspace *w, const char *name, yg_error *error) {
    char row[16];
    yg_array_file *file = yg_array_file_open(workspace_path(w, name), YG_NOWHERE, error);
    yg_array *array = file ? yg_array_file_find(file, "x", error) : NULL;
    cr_assert(array && yg_array_read(array, 1, row, error), "%s: %s", name, error->message);
    cr_assert_eq(truncate(workspace_path(w, name), 200), 0);
    bool good = true;
    for (int i = 1; good && i < ROWS; i++)
        good = yg_array_read(array, 1, row, error);
    yg_array_file_close(file);
    return good;
}

static int64_t read_table_that_shrinks(const workspace *w, const yg_table_kind *kind,
                                       const char *name, int64_t kept, yg_error *error) {
    const yg_table_request request = {.path = workspace_path(w, name), .name = name};
    yg_table *table = yg_table_open(kind, &request, error);
    yg_records records;
    int64_t got, count = 0;
    cr_assert_not_null(table, "%s: %s", name, error->message);
    while ((got = yg_table_next(table, 1000, false, &records, error)) > 0) {
        if (!count)
            cr_assert_eq(truncate(workspace_path(w, name), kept), 0);
        count += got;
    }
    yg_table_close(table);
    return got < 0 ? -1 : count;
}

/* A table of some MB, which is read in several blocks. */
static void write_long(const workspace *w, const char *name, const char *row, const char *begin) {
    FILE *file = fopen(workspace_path(w, name), "wb");
    cr_assert_not_null(file);
    fputs(begin, file);
    for (int i = 0; i < LONG; i++)
        fprintf(file, row, 100000 + i, 100000 + i);
    cr_assert_eq(fclose(file), 0);
}

Test(wrong_files, arrays_that_are_cut_off_while_they_are_read) {
    static const char *const names[] = {"t.npy", "t.idx", "t.safetensors"};
    const workspace w = workspace_make();
    write_files(&w);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        yg_error error = {0};
        cr_expect_not(read_array_that_shrinks(&w, names[i], &error), "%s", names[i]);
        cr_expect(error.code != YG_OK && error.code != YG_ERROR_INTERNAL);
        cr_expect_not_null(strstr(error.file, names[i]), "%s: %s", error.file, error.message);
    }
    workspace_remove(&w);
}

Test(wrong_files, tables_that_are_cut_off_while_they_are_read) {
    const workspace w = workspace_make();
    yg_error errors[4] = {0};
    write_files(&w);
    write_long(&w, "long.csv", "%d,%d\n", "x,y\n");
    write_long(&w, "long.jsonl", "{\"x\":%d,\"y\":%d}\n", "");
    compress(&w, "long.csv", "long.csv.gz");
    cr_expect_eq(
        read_table_that_shrinks(&w, &yg_table_csv, "long.csv", 4 + 14 * 150000 + 3, &errors[0]),
        -1);
    cr_expect_eq(read_table_that_shrinks(&w, &yg_table_csv, "long.csv.gz", 200000, &errors[1]), -1);
    cr_expect_eq(
        read_table_that_shrinks(&w, &yg_table_jsonl, "long.jsonl", 24 * 150000 + 9, &errors[2]),
        -1);
    cr_expect_not_null(strstr(errors[1].message, "the compressed data are cut off"), "%s",
                       errors[1].message);
    for (int i = 0; i < 3; i++)
        cr_expect_not_null(strstr(errors[i].file, "long."), "%s: %s", errors[i].file,
                           errors[i].message);
    workspace_remove(&w);
}

/* Bytes that begin no file, but a later block of one, say nothing about what the file is. */
Test(wrong_files, a_text_that_goes_wrong_later_is_a_text) {
    enum { LINES = 1000, BLOCK = 512 * 1024 };
    const workspace w = workspace_make();
    const char *path = workspace_path(&w, "long.txt");
    yg_error error = {0};
    yg_records records;
    int64_t got, count = 0;
    FILE *file = fopen(path, "wb");
    cr_assert_not_null(file);
    for (int i = 0; i < LINES; i++)
        fputs("a line.\n", file);
    fputs("\xFF\xFE", file); /* a line that no block holds whole, so it begins one */
    for (int i = 0; i < 2 * BLOCK; i++)
        putc('x', file);
    cr_assert_eq(fclose(file), 0);
    yg_table *table = yg_table_open(&yg_table_text,
                                    &(yg_table_request){.path = path, .name = "long.txt"}, &error);
    cr_assert_not_null(table, "%s", error.message);
    while ((got = yg_table_next(table, 1000, false, &records, &error)) > 0)
        count += got;
    cr_expect_eq(count, LINES);
    cr_expect_not_null(strstr(error.message, "it is not UTF-8; `unit: byte` reads any file"), "%s",
                       error.message);
    cr_expect_eq(error.line, LINES + 1);
    yg_table_close(table);
    workspace_remove(&w);
}

/* A picture that was in the folder when it was listed, but is gone when it is decoded. */
Test(wrong_files, pictures_that_vanish) {
    const workspace w = workspace_make();
    yg_error error = {0};
    yg_data data;
    write_files(&w);
    cr_assert_eq(mkdir(workspace_path(&w, "p"), 0700), 0);
    cr_assert_eq(mkdir(workspace_path(&w, "p/a"), 0700), 0);
    cr_assert_eq(rename(workspace_path(&w, "t.png"), workspace_path(&w, "p/a/1.png")), 0);
    cr_assert_eq(symlink("gone", workspace_path(&w, "p/a/2.png")), 0);
    yg_model *model = workspace_model(
        &w, "m.yaml",
        "format: 1\ninputs: {x: [B, 6, 7]}\n"
        "targets: {y: {shape: [B], dtype: i32, classes: 2}}\n"
        "graph: {h: \"mean(x) + mean(cast(y, float))\"}\noutputs: [x]\nloss: h\n"
        "data: {train: {images: p, x: image, y: class}, columns: {image: image}}\n");
    cr_expect_not(yg_data_load(model, YG_F32, &data, &error));
    cr_expect_not_null(strstr(error.message, "2.png': cannot be opened: No such file"), "%s",
                       error.message);
    cr_expect_not_null(strstr(error.message, "row 2, column 'image'"), "%s", error.message);
    yg_model_free(model);
    workspace_remove(&w);
}
