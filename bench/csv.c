/*
 * yamlgrad's side of the workload that reads a table: a CSV file of random numbers of 17 digits,
 * read into memory as 64-bit floating-point numbers. bench/peers/pandas_peer.py reads the same
 * file.
 *
 *   csv ROWS COLUMNS THREADS [ROUND_SECONDS]
 */
#include "../data/source.h"
#include "../graph/version.h"
#include "protocol.h"
#include "synthetic.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct reading {
    yg_model *model;
    int threads;
} reading;

static bool load(const reading *r, yg_data *data, yg_error *error) {
    *data = (yg_data){.threads = r->threads};
    return yg_data_load_known(r->model, YG_F64, data, error);
}

static bool read_once(void *context, yg_error *error) {
    yg_data data;
    if (!load(context, &data, error))
        return false;
    yg_data_free(&data);
    return true;
}

static void write_table(FILE *file, long rows, long columns) {
    for (long i = 0; i < columns; i++)
        fprintf(file, "c%ld%c", i, i + 1 < columns ? ',' : '\n');
    for (long i = 0; i < rows * columns; i++)
        fprintf(file, "%.17g%c", uniform(STREAM_DATA, i), (i + 1) % columns ? ',' : '\n');
}

/* A model whose data section reads all of the table. */
static void write_model(FILE *file, long columns) {
    fprintf(file,
            "format: 1\n"
            "name: table\n"
            "inputs: {x: [B, %ld]}\n"
            "targets: {y: {shape: [B, 1]}}\n"
            "graph:\n"
            "  h: {type: linear, input: x, out_features: 1}\n"
            "outputs: [h]\n"
            "loss: mse(h, y)\n"
            "data: {train: {csv: table.csv, x: \"*\", y: c0}}\n",
            columns - 1);
}

static bool write_files(const char *folder, long rows, long columns, yg_error *error) {
    char path[256];
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, i ? "model.yaml" : "table.csv");
        FILE *file = fopen(path, "w");
        if (!file)
            return yg_fail(error, YG_ERROR_IO, YG_NOWHERE, "cannot write '%s'", path);
        if (i)
            write_model(file, columns);
        else
            write_table(file, rows, columns);
        if (fclose(file) != 0)
            return yg_fail(error, YG_ERROR_IO, YG_NOWHERE, "cannot write '%s'", path);
    }
    return true;
}

static void remove_files(const char *folder) {
    char path[256];
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, i ? "model.yaml" : "table.csv");
        unlink(path);
    }
    rmdir(folder);
}

/* The numbers that all subjects must agree on: how many rows there are, and the sum of all cells.
 */
static bool check(const reading *r, double numbers[2], yg_error *error) {
    yg_data data;
    if (!load(r, &data, error))
        return false;
    numbers[0] = (double)data.train.count;
    for (size_t p = 0; p < data.train.dataset->port_count; p++) {
        const yg_elements *elements = &data.train.dataset->ports[p];
        for (int64_t i = 0; i < data.train.count * elements->width; i++)
            numbers[1] += ((const double *)elements->data)[i];
    }
    yg_data_free(&data);
    return true;
}

static bool run(const char *folder, long rows, long columns, int threads, double round_seconds,
                yg_error *error) {
    char path[256];
    double numbers[2] = {0};
    snprintf(path, sizeof path, "%s/model.yaml", folder);
    if (!write_files(folder, rows, columns, error))
        return false;
    reading r = {yg_model_load(path, NULL, error), threads};
    const bool good = r.model && check(&r, numbers, error) &&
                      serve(yg_version(), numbers, 2, round_seconds, read_once, &r, error);
    yg_model_free(r.model);
    return good;
}

int main(int argc, char **argv) {
    yg_error error = {0};
    long rows, columns, threads;
    if (argc < 4 || argc > 5 || !read_count(argv[1], 1, 1 << 24, &rows) ||
        !read_count(argv[2], 2, 1 << 12, &columns) || !read_count(argv[3], 1, 64, &threads)) {
        fprintf(stderr, "usage: csv ROWS COLUMNS THREADS [ROUND_SECONDS]\n");
        return 2;
    }
    char folder[] = "/tmp/yamlgrad-csv-XXXXXX";
    if (!mkdtemp(folder))
        yg_fail(&error, YG_ERROR_IO, YG_NOWHERE, "cannot make a folder in /tmp");
    const bool done = !error.code && run(folder, rows, columns, (int)threads,
                                         argc > 4 ? strtod(argv[4], NULL) : 0.2, &error);
    remove_files(folder);
    return done ? EXIT_SUCCESS : report_error(&error);
}
