/*
 * Models that grow in their data, for each way that data take to the network: windows, sequences,
 * several files, databases, JSON Lines, images, folds.
 */
#include "../database.h"
#include "model_file.h"
#include "models.h"

#include <sys/stat.h>

#define PRODUCT PORTS WEIGHT "graph:\n  p: x @ w\n" OUTPUT LOSS TRAIN

/* Rows of `a` and `b`, the target y, and an id that ten rows share; `question.csv` has the same. */
static void write_table(const char *name, int rows) {
    FILE *file = begin_file(name);
    fputs("id,a,b,y\n", file);
    for (int i = 0; i < rows; i++)
        fprintf(file, "%d,%d.5,%d.25,%d\n", i / 10, i % 7, i % 5, i % 2);
    end_file(file);
}

static void write_both(int rows) {
    write_table("train.csv", rows);
    write_table("question.csv", rows);
}

static void windows(int n) {
    end_model(begin_model(PRODUCT), "data:\n  train: {csv: train.csv, x: a, y: y}\n"
                                    "  windows: {length: 2}\n");
    write_both(n);
}

static void grouped_windows(int n) {
    end_model(begin_model(PRODUCT), "data:\n  train: {csv: train.csv, x: a, y: y}\n"
                                    "  windows: {length: 2, by: id}\n");
    write_both(10 * n);
}

/* The second half is for the test, or folds follow each other. */
static void times(int n) {
    end_model(begin_model(PRODUCT),
              "data:\n  train: {csv: train.csv, x: [a, b], y: y}\n"
              "  test: {from: train, fraction: 0.5, time: id}\n  standardize: [x]\n");
    write_both(10 * n);
}

static void groups(int n) {
    end_model(begin_model(PRODUCT),
              "data:\n  train: {csv: train.csv, x: [a, b], y: y}\n"
              "  test: {from: train, fraction: 0.5, group: id}\n"
              "  columns: {a: {missing: median, scale: quantile}, b: {scale: robust}}\n");
    write_both(10 * n);
}

static void sequences(int n) {
    end_model(begin_model("inputs: {x: [B, T, 2]}\ntargets: {y: [B, T]}\n" WEIGHT
                          "graph:\n  p: \"(x @ w)[:, :, 0]\"\n" OUTPUT LOSS TRAIN),
              "data:\n  train: {csv: train.csv, x: [a, b], y: y}\n"
              "  sequences: {by: id}\n");
    write_both(10 * n);
}

static void files(int n) {
    end_model(begin_model(PRODUCT), "data:\n  train: {csv: \"part-*.csv\", x: [a, b], y: y}\n"
                                    "  test: {from: train, fraction: 0.5, whole_files: true}\n");
    write_table("question.csv", n);
    for (int i = 0; i < n; i++) {
        char name[32];
        snprintf(name, sizeof name, "part-%06d.csv", i);
        write_table(name, 2);
    }
}

static void json_rows(int n) {
    end_model(begin_model(PRODUCT), "data:\n  train: {jsonl: train.jsonl, x: [a, b], y: y}\n");
    FILE *file = begin_file("train.jsonl");
    for (int i = 0; i < n; i++)
        fprintf(file, "{\"a\": %d.5, \"b\": %d, \"y\": %d}\n", i % 7, i % 5, i % 2);
    end_file(file);
    write_table("question.csv", n);
}

/* Of a table of CSV where there is no SQLite. */
static void database_rows(int n) {
    const bool made = database_can_be_made();
    end_model(begin_model(PRODUCT), made ? "data:\n  train: {sqlite: t.db, x: [a, b], y: y}\n"
                                         : "data:\n  train: {csv: train.csv, x: [a, b], y: y}\n");
    write_both(n);
    char sql[300];
    snprintf(sql, sizeof sql,
             "CREATE TABLE t (a, b, y); WITH RECURSIVE r(i) AS (SELECT 0 UNION ALL SELECT i + 1 "
             "FROM r WHERE i < %d) INSERT INTO t SELECT i %% 7, i %% 5, i %% 2 FROM r",
             n - 1);
    if (made)
        database_make("t.db", sql);
}

/* A PNG file of one grey pixel. */
static const unsigned char pixel[] = {
    0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0x00, 0x00, 0x00, 0x0D, 0x49, 0x48,
    0x44, 0x52, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x01, 0x08, 0x00, 0x00, 0x00,
    0x00, 0x3A, 0x7E, 0x9B, 0x55, 0x00, 0x00, 0x00, 0x0A, 0x49, 0x44, 0x41, 0x54, 0x78,
    0x9C, 0x63, 0x68, 0x00, 0x00, 0x00, 0x82, 0x00, 0x81, 0x77, 0xCD, 0x72, 0xB6, 0x00,
    0x00, 0x00, 0x00, 0x49, 0x45, 0x4E, 0x44, 0xAE, 0x42, 0x60, 0x82};

static void images(int n) {
    end_model(begin_model("inputs: {x: [B, 1, 1, 1]}\n"
                          "targets: {y: {shape: [B], dtype: i32, classes: [a, b]}}\n"
                          "params: {w: {shape: [1], init: ones}}\n"
                          "graph:\n  p: x[:, 0, 0, 0] * w\n" OUTPUT
                          "loss: mse(p, 0.1 * y)\n" TRAIN),
              "data:\n  train: {images: photos, x: image, y: class}\n"
              "  columns: {image: image}\n  transform: {x: x / 255}\n");
    mkdir("photos", 0700);
    mkdir("photos/a", 0700);
    mkdir("photos/b", 0700);
    for (int i = 0; i < n; i++) {
        char name[40];
        snprintf(name, sizeof name, "photos/%c/%06d.png", i % 2 ? 'b' : 'a', i);
        FILE *file = begin_file(name);
        fwrite(pixel, 1, sizeof pixel, file);
        end_file(file);
    }
}

static const growing_model models[] = {
    {"rows of windows", windows, 20, 0, 0, TABLE},
    {"groups of windows", grouped_windows, 4, 1000, 0, "train eval predict data"},
    {"times of a split", times, 4, 1000, 0, TABLE},
    {"groups of a split", groups, 4, 1000, 0, TABLE},
    {"sequences", sequences, 4, 1000, 0, TABLE},
    {"files", files, 4, 400, 0, TABLE},
    {"rows of JSON Lines", json_rows, 20, 0, 0, TABLE},
    {"rows of a database", database_rows, 20, 0, 0, TABLE},
    {"images", images, 4, 400, 0, "train data cv"},
};

const growing_list growing_tables = {models, sizeof models / sizeof *models};
