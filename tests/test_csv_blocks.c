/*
 * CSV and gzip data in pieces: whatever the pieces, and wherever reading begins, the records are
 * the same.
 */
#include "data/csv_scan.h"
#include "data/source.h"
#include "graph/threads.h"
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

/* -------------------------------------------------------------------------------- lanes ------ */

enum { LANE_ROWS = 30000 };

/* About 1.2 MB of rows, some of them with quoted cells that look like rows. `long_cell`: one of
 * those has 300 KB. `bad`: a row with a cell too many; 0: none. */
static void write_quoted(const workspace *w, const char *line_end, bool long_cell, int bad) {
    uint64_t state = 11;
    FILE *file = fopen(workspace_path(w, "lanes.csv"), "w");
    fprintf(file, "a,b,c%s", line_end);
    for (int i = 0; i < LANE_ROWS; i++) {
        fprintf(file, "%d,", i);
        const uint32_t kind = next_random(&state, 40);
        if (kind == 0)
            fprintf(file, "\"1,2,3%s4,\"\"5\"\",6%s\"", line_end, line_end);
        else if (kind == 1)
            fputs("\"say \"\"\xC3\xA4\"\"\"", file);
        else
            fprintf(file, "%u", next_random(&state, 1000000000));
        if (long_cell && i == LANE_ROWS / 3) {
            fputs(",\"", file);
            for (int k = 0; k < 30000; k++)
                fprintf(file, "%d,x,y%s", k % 1000, line_end);
            fprintf(file, "\"%s", line_end);
        } else {
            fprintf(file, ",%.9g%s%s", (double)next_random(&state, 1000000) / 997,
                    i == bad && bad ? ",7" : "", line_end);
        }
        if (kind == 2)
            fputs(line_end, file); /* an empty line */
    }
    fclose(file);
}

/* A digest of all records, with the places of some. The failure at the end goes to
 * *error. */
static uint64_t digest_records(const char *path, yg_threads *threads, int64_t limit,
                               yg_error *error) {
    yg_error open_error = {0};
    uint64_t sum = 1469598103934665603u;
    yg_records records, next;
    int64_t got, at = 0, shown = 0;
    yg_mark mark;
    yg_table *table =
        yg_table_open(&yg_table_csv, &(yg_table_request){.path = path, .name = path}, &open_error);
    cr_assert_not_null(table, "%s", open_error.message);
    table->threads = threads;
    while ((got = yg_table_next(table, limit, false, &records, error)) > 0) {
        cr_assert_leq(got, limit);
        for (int64_t r = 0; r < got; r++, at++) {
            for (size_t c = 0; c < 3; c++) {
                const yg_cell *cell = &records.cells[3 * r + (int64_t)c];
                for (uint32_t b = 0; b < cell->size; b++)
                    sum = (sum ^ (unsigned char)cell->text[b]) * 1099511628211u;
                sum = (sum ^ cell->size) * 1099511628211u;
            }
            if (at % 503 == 0) {
                const yg_place place = yg_table_place(table, r, 2);
                sum = (sum ^ (uint64_t)place.origin.line) * 1099511628211u;
                sum = (sum ^ (uint64_t)place.origin.column) * 1099511628211u;
                sum = (sum ^ (uint64_t)place.row) * 1099511628211u;
            }
        }
        /* The records that are shown of another thread are the next ones: the first cell is the
         * row. */
        if (yg_table_peek(table, 1, &next)) {
            cr_assert(next.count > 0 && yg_table_tell(table, &mark));
            cr_expect_eq(strtol(next.cells[0].text, NULL, 10), mark.row);
            shown++;
        }
    }
    /* Files whose lines end in CR alone are not cut. */
    cr_expect(!threads || limit < 1000 || (error->line && error->line < 1000) || shown > 0,
              "threads find records");
    yg_table_close(table);
    return sum;
}

Test(csv_blocks, lanes_make_no_difference) {
    static const struct {
        const char *line_end;
        bool long_cell;
        int bad;
    } cases[] = {{"\n", false, 0}, {"\r\n", true, 0}, {"\n", true, 29000}, {"\r", false, 100}};
    static const int64_t limits[] = {100000, 1999, 100};
    const workspace w = workspace_make();
    char path[256];
    snprintf(path, sizeof path, "%s", workspace_path(&w, "lanes.csv"));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_quoted(&w, cases[i].line_end, cases[i].long_cell, cases[i].bad);
        yg_error error = {0};
        const uint64_t alone = digest_records(path, NULL, 1000, &error);
        for (int count = 2; count <= 4; count++) {
            yg_threads *threads = yg_threads_new(count, NULL);
            cr_assert_not_null(threads);
            for (size_t l = 0; l < sizeof limits / sizeof *limits; l++) {
                yg_error same = {0};
                cr_expect_eq(digest_records(path, threads, limits[l], &same), alone,
                             "case %zu, %d threads, limit %d", i, count, (int)limits[l]);
                cr_expect_str_eq(same.message, error.message);
                cr_expect_eq(same.line, error.line);
            }
            yg_threads_free(threads);
        }
    }
    workspace_remove(&w);
}

/* A file of one column, whose lines end in CR LF. One of the lengths of the header puts the end of
 * the first block between the two: the LF is no empty line, and so no empty cell. */
Test(csv_blocks, lanes_may_begin_behind_a_return) {
    enum { LINES = 120000 };
    const workspace w = workspace_make();
    yg_threads *threads = yg_threads_new(3, NULL);
    cr_assert_not_null(threads);
    for (int length = 1; length <= 8; length++) {
        const char *path = workspace_path(&w, "r.csv");
        yg_error error = {0};
        yg_records records;
        int64_t got, count = 0;
        yg_place place = {0};
        FILE *file = fopen(path, "w");
        fprintf(file, "%.*s\r\n", length, "abcdefgh");
        for (int i = 0; i < LINES; i++)
            fprintf(file, "%06d\r\n", i);
        fclose(file);
        yg_table *table = yg_table_open(&yg_table_csv,
                                        &(yg_table_request){.path = path, .name = "r.csv"}, &error);
        cr_assert_not_null(table, "%s", error.message);
        table->threads = threads;
        while ((got = yg_table_next(table, LINES, false, &records, &error)) > 0) {
            place = yg_table_place(table, got - 1, 0);
            for (int64_t r = 0; r < got; r++, count++)
                cr_assert_eq(strtol(records.cells[r].text, NULL, 10), count);
        }
        cr_expect_eq(count, LINES, "%s", error.message);
        cr_expect_eq(place.origin.line, LINES + 1);
        yg_table_close(table);
    }
    yg_threads_free(threads);
    workspace_remove(&w);
}
