/*
 * CSV and gzip data in pieces: whatever the pieces, and wherever reading begins, the records are
 * the same.
 */
#include "data/csv_scan.h"
#include "data/source.h"
#include "workspace.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static uint32_t next_random(uint64_t *state, uint32_t below) {
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 33) % below;
}

/* ------------------------------------------------------------------------------- scanning ---- */

enum { TEXT = 80, OUT = 8000 };

/* Appends the records and where their cells are. */
static void append_records(const yg_csv_scan *scan, char *out) {
    out += strlen(out);
    for (size_t r = 0; r < scan->count; r++) {
        yg_csv_place place = {scan->lines[r].start, scan->lines[r].line, 1};
        for (size_t c = 0; c < 2; c++) {
            const yg_cell *cell = &scan->cells[2 * r + c];
            yg_csv_scan_walk(scan, &place,
                             (size_t)((const unsigned char *)cell->text - scan->bytes));
            out += sprintf(out, "%d:%d<%.*s>", (int)place.line, (int)place.column, (int)cell->size,
                           cell->text);
        }
    }
}

/* Scans a text that comes in pieces, into new memory each time, at most `limit` records in a call.
 */
static void scan_in_pieces(const char *text, size_t size, size_t piece, size_t limit, char *out) {
    yg_csv_scan scan = {.delimiter = ',', .comment = '#', .columns = 2, .line = 1};
    unsigned char *bytes = calloc(1, YG_CSV_SLACK);
    size_t taken = 0;
    scan.bytes = bytes;
    *out = '\0';
    for (;;) {
        yg_csv_scan_run(&scan, limit);
        append_records(&scan, out);
        if (!scan.count && (scan.fault || scan.last))
            break;
        if (scan.count) {
            yg_csv_scan_rewind(&scan);
            yg_csv_scan_clear(&scan);
            continue;
        }
        const size_t from = scan.record, kept = scan.end - from;
        const size_t more = size - taken < piece ? size - taken : piece;
        unsigned char *moved = malloc(kept + more + YG_CSV_SLACK);
        cr_assert_not_null(moved);
        memcpy(moved, bytes + from, kept);
        memcpy(moved + kept, text + taken, more);
        memset(moved + kept + more, '"', YG_CSV_SLACK); /* what is behind must not matter */
        yg_csv_scan_moved(&scan, moved, from);
        scan.end = kept + more;
        scan.last = more == 0;
        taken += more;
        free(bytes);
        bytes = moved;
    }
    yg_csv_place place = {scan.record, scan.line, 1};
    yg_csv_scan_walk(&scan, &place, scan.fault ? scan.place : scan.record);
    sprintf(out + strlen(out), "%d at %d:%d", scan.fault, (int)place.line, (int)place.column);
    yg_csv_scan_free(&scan);
    free(bytes);
}

static size_t random_text(uint64_t *state, char *text) {
    static const char *const pieces[] = {
        "a",    "1", ",",        ",", ",",  "\n",        "\n",    "\r\n",       "\"",
        "\"\"", " ", "\xC3\xA9", "#", "\r", "\"x\"\"\"", "1,2\n", "\"\n\",b\n", "\xC3"};
    const size_t count = sizeof pieces / sizeof *pieces - (next_random(state, 4) > 0);
    size_t size = 0;
    for (uint32_t left = next_random(state, 24); left > 0; left--) {
        const char *piece = pieces[next_random(state, (uint32_t)count)];
        memcpy(text + size, piece, strlen(piece));
        size += strlen(piece);
    }
    return size;
}

/* Every text in pieces of each size, and with records one by one, two by two and all at once. */
Test(csv_blocks, pieces_make_no_difference) {
    uint64_t state = 11;
    for (int i = 0; i < 400; i++) {
        char text[24 * 8], whole[OUT], pieces[OUT];
        const size_t size = random_text(&state, text);
        scan_in_pieces(text, size, size + 1, 1000, whole);
        for (size_t piece = 1; piece <= size; piece += 1 + piece / 12) {
            scan_in_pieces(text, size, piece, 1 + piece % 3, pieces);
            cr_assert_str_eq(pieces, whole, "%.*s\nin pieces of %zu", (int)size, text, piece);
        }
    }
}

/* ----------------------------------------------------------------------------------- gzip ---- */

/* Compresses a file, with the program gzip. */
static void compress(const char *from, const char *to, const char *how) {
    char command[300];
    snprintf(command, sizeof command, "gzip -n %s <%s >>%s", how, from, to);
    cr_assert_eq(system(command), 0, "%s", command);
}

/* A table of `rows` rows "i,text of i" in path.csv. */
static void write_rows(const char *path, int first, int rows) {
    uint64_t state = (uint64_t)first;
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    if (first == 0)
        fputs("i,text\n", file);
    for (int i = first; i < first + rows; i++)
        fprintf(file, "%d,%u %u\n", i, next_random(&state, 100000), next_random(&state, 100000));
    fclose(file);
}

typedef struct opened {
    FILE *file;
    yg_table *table;
} opened;

static opened open_path(const char *path, yg_error *error) {
    opened o = {.file = fopen(path, "rb")};
    cr_assert_not_null(o.file);
    o.table =
        yg_table_open(&yg_table_csv,
                      &(yg_table_request){.file = o.file, .path = path, .name = "t.csv.gz"}, error);
    return o;
}

static void close_path(const opened *o) {
    yg_table_close(o->table);
    fclose(o->file);
}

/* Reads up to `count` records, whose first cells are `first`, … Returns how many there were. */
static int read_rows(yg_table *table, int first, int count, yg_error *error) {
    yg_records records;
    int64_t got = 1;
    int read = 0;
    while (read < count && (got = yg_table_next(table, count - read, false, &records, error)) > 0)
        for (int64_t i = 0; i < got; i++, read++)
            cr_assert_eq(strtol(records.cells[2 * i].text, NULL, 10), first + read);
    return got < 0 ? -1 : read;
}

typedef struct paths {
    char folder[40], plain[60], packed[60];
} paths;

static paths make_paths(void) {
    paths p = {.folder = "/tmp/yamlgrad-test-XXXXXX"};
    cr_assert_not_null(mkdtemp(p.folder));
    snprintf(p.plain, sizeof p.plain, "%s/t.csv", p.folder);
    snprintf(p.packed, sizeof p.packed, "%s/t.csv.gz", p.folder);
    return p;
}

static void remove_paths(const paths *p) {
    unlink(p->plain);
    unlink(p->packed);
    rmdir(p->folder);
}

/* 17 MB in two members, compressed in different ways: there are kept places in the
 * middle of members, where a byte is shared by two blocks, and at a member's beginning. */
Test(csv_blocks, gzip_is_read_from_any_mark) {
    enum { ROWS = 900000, STEP = 50000, MARKS = ROWS / STEP };
    const paths p = make_paths();
    write_rows(p.plain, 0, ROWS / 2);
    compress(p.plain, p.packed, "-1");
    write_rows(p.plain, ROWS / 2, ROWS / 2);
    compress(p.plain, p.packed, "-6");
    yg_error error = {0};
    yg_mark marks[MARKS];
    const opened o = open_path(p.packed, &error);
    cr_assert_not_null(o.table, "%s", error.message);
    for (int i = 0; i < MARKS; i++) {
        cr_assert(yg_table_tell(o.table, &marks[i]));
        cr_assert_eq(marks[i].record, i * STEP);
        cr_assert_eq(marks[i].line, i * STEP + 2);
        cr_assert_eq(read_rows(o.table, i * STEP, STEP, &error), STEP, "%s", error.message);
    }
    cr_assert_eq(read_rows(o.table, ROWS, 1, &error), 0, "%s", error.message);
    for (int i = 0; i < MARKS; i++) {
        const int mark = i * 7 % MARKS;
        cr_assert(yg_table_seek(o.table, &marks[mark], &error), "%s", error.message);
        cr_assert_eq(read_rows(o.table, mark * STEP, 10, &error), 10, "%s", error.message);
    }
    close_path(&o);
    remove_paths(&p);
}

/* What gzip data end in, and what is said of it. */
static const struct {
    const char *change, *message;
} damages[] = {
    {"truncate -s -1 $F", "the compressed data are cut off"},
    {"truncate -s -100 $F", "the compressed data are cut off"},
    {"truncate -s 15 $F", "the compressed data are cut off"},
    {"truncate -s 2 $F", "the compressed data are cut off"},
    {"truncate -s +9 $F", ""}, /* zeros, as on tapes */
    {"echo text >>$F", "bytes follow the compressed data that are not gzip's"},
    {"printf '\\037\\213' >>$F", "the compressed data are cut off"},
    {"printf '\\037text and more' >>$F", "the compressed data are damaged: incorrect header check"},
    {"printf x | dd of=$F bs=1 seek=3000 conv=notrunc status=none",
     "the compressed data are damaged"},
    {"S=$(stat -c %s $F); printf x | dd of=$F bs=1 seek=$((S-8)) conv=notrunc status=none",
     "the compressed data are damaged: incorrect data check"},
};

Test(csv_blocks, damaged_gzip_data_are_told) {
    const paths p = make_paths();
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        char command[400];
        yg_error error = {0};
        unlink(p.packed);
        write_rows(p.plain, 0, 3000);
        compress(p.plain, p.packed, "");
        snprintf(command, sizeof command, "F=%s; %s", p.packed, damages[i].change);
        cr_assert_eq(system(command), 0, "%s", command);
        const opened o = open_path(p.packed, &error);
        const int rows = o.table ? read_rows(o.table, 0, 4000, &error) : -1;
        cr_expect_eq(rows, *damages[i].message ? -1 : 3000, "%s: %d", damages[i].change, rows);
        cr_expect_eq(strncmp(error.message, damages[i].message, strlen(damages[i].message)), 0,
                     "%s: %s", damages[i].change, error.message);
        close_path(&o);
    }
    remove_paths(&p);
}

typedef struct writer {
    int descriptor;
    const char *path;
} writer;

/* Writes a file into a pipe, a few bytes at a time. */
static void *write_slowly(void *context) {
    const writer *w = context;
    FILE *file = fopen(w->path, "rb");
    char bytes[997];
    size_t got;
    while ((got = fread(bytes, 1, sizeof bytes, file)) > 0)
        if (write(w->descriptor, bytes, got) < 0)
            break;
    fclose(file);
    close(w->descriptor);
    return NULL;
}

Test(csv_blocks, gzip_comes_through_a_pipe) {
    const paths p = make_paths();
    int ends[2];
    yg_error error = {0};
    yg_mark mark;
    pthread_t thread;
    write_rows(p.plain, 0, 20000);
    compress(p.plain, p.packed, "");
    cr_assert_eq(pipe(ends), 0);
    writer w = {ends[1], p.packed};
    cr_assert_eq(pthread_create(&thread, NULL, write_slowly, &w), 0);
    FILE *file = fdopen(ends[0], "rb");
    yg_table *table =
        yg_table_open(&yg_table_csv, &(yg_table_request){.file = file, .name = "pipe"}, &error);
    cr_assert_not_null(table, "%s", error.message);
    cr_expect_eq(read_rows(table, 0, 30000, &error), 20000, "%s", error.message);
    cr_expect_not(yg_table_tell(table, &mark), "a pipe has no places");
    cr_expect_not(yg_table_waits(table));
    pthread_join(thread, NULL);
    yg_table_close(table);
    fclose(file);
    remove_paths(&p);
}

/* -------------------------------------------------------------------------------- threads ---- */

enum { THREAD_ROWS = 40000 };

/* Rows of two numbers, a label and a number. Row `bad` has a wrong number in its third column, and
 * later rows have others. */
static void write_numbers(const workspace *w, int bad) {
    uint64_t state = 5;
    FILE *file = fopen(workspace_path(w, "rows.csv"), "w");
    fputs("a,b,y,c\n", file);
    for (int i = 0; i < THREAD_ROWS; i++) {
        const double number = (double)next_random(&state, 1000000) / 997;
        if (bad && i >= bad && i % 3 == bad % 3)
            fprintf(file, "%.17g,%s,l%d,%s\n", number, i == bad ? "x" : "1", i % 5,
                    i == bad ? "1" : "y");
        else
            fprintf(file, "%.17g,%d,l%d,%.9g\n", number, i, i % 5, number / 7);
    }
    fclose(file);
}

Test(csv_blocks, threads_make_no_difference) {
    static const int bad[] = {0, 39000, 38013, 17};
    const workspace w = workspace_make();
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        yg_data data[3] = {{.threads = 1}, {.threads = 2}, {.threads = 5}};
        yg_error errors[3] = {0};
        write_numbers(&w, bad[i]);
        yg_model *model = workspace_model(&w, "model.yaml",
                                          "format: 1\nname: m\ninputs: {x: [B, 3]}\n"
                                          "targets: {y: {shape: [B], dtype: i32, classes: 5}}\n"
                                          "graph: {h: {type: linear, input: x, out_features: 5}}\n"
                                          "outputs: [h]\nloss: cross_entropy(h, y)\n"
                                          "data: {train: {csv: rows.csv, x: \"*\", y: y}}\n");
        for (int t = 0; t < 3; t++) {
            const bool good = yg_data_load_known(model, YG_F64, &data[t], &errors[t]);
            cr_assert_eq(good, bad[i] == 0, "%s", errors[t].message);
            cr_expect_str_eq(errors[t].message, errors[0].message);
            cr_expect_eq(errors[t].line, bad[i] ? bad[i] + 2 : 0, "%s", errors[t].message);
            for (size_t p = 0; good && p < 2; p++) {
                const yg_elements *elements = &data[t].train.dataset->ports[p];
                const size_t size = THREAD_ROWS * (p ? sizeof(int32_t) : 3 * sizeof(double));
                cr_assert_eq(data[t].train.count, THREAD_ROWS);
                cr_expect_eq(memcmp(elements->data, data[0].train.dataset->ports[p].data, size), 0);
            }
        }
        for (int t = 0; t < 3; t++)
            yg_data_free(&data[t]);
        yg_model_free(model);
    }
    workspace_remove(&w);
}
