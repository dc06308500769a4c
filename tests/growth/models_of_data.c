/*
 * Models that grow in their data and their training.
 */
#include "model_file.h"
#include "models.h"

#include <stdbool.h>

static void inline_rows(int n) {
    FILE *file = begin_model(PORTS WEIGHT "graph:\n  p: x @ w\n" OUTPUT LOSS TRAIN
                                          "data:\n  train:\n    x: [");
    write_times(file, n - 1, "[1, 2], ");
    fputs("[2, 1]]\n    y: [", file);
    write_times(file, n - 1, "[1], ");
    end_model(file, "[0]]\n");
}

static void wide_rows(int n) {
    FILE *file = begin_model("");
    fprintf(file,
            "inputs: {x: [B, %d]}\ntargets: {y: [B, 1]}\n"
            "graph:\n  p: {type: linear, out_features: 1}\n" OUTPUT LOSS TRAIN
            "data:\n  train:\n    y: [[1]]\n    x: [[",
            n);
    write_times(file, n - 1, "1, ");
    end_model(file, "1]]\n");
    write_question(n, "x.%d");
}

/* `labels`: every row has another. */
static void write_rows(const char *name, int rows, int columns, bool labels) {
    FILE *file = begin_file(name);
    write_list(file, columns, ",", "c%d");
    fputs(",y\n", file);
    for (int i = 0; i < rows; i++) {
        for (int j = 0; j < columns; j++)
            fprintf(file, "%d.5,", (i + j) % 10);
        if (labels)
            fprintf(file, "label%d\n", i * 7919 % rows);
        else
            fprintf(file, "%d\n", i % 2);
    }
    end_file(file);
}

static void write_table(int rows, int columns, bool labels) {
    write_rows("train.csv", rows, columns, labels);
    write_rows("question.csv", rows, columns, labels);
}

#define CSV_DATA                                                                                   \
    "data:\n  train: {csv: train.csv, x: \"*\", y: y}\n"                                           \
    "  validation: {from: train, fraction: 0.25}\n  standardize: [x]\n"                            \
    "  transform: {x: x / 2}\n"

static void csv_rows(int n) {
    FILE *file = begin_model(PORTS WEIGHT "graph:\n  p: x @ w\n");
    end_model(file, OUTPUT LOSS TRAIN CSV_DATA);
    write_table(n, 2, false);
}

static void csv_columns(int n) {
    FILE *file = begin_model("");
    fprintf(file,
            "inputs: {x: [B, %d]}\ntargets: {y: [B, 1]}\n"
            "graph:\n  p: {type: linear, out_features: 1}\n",
            n);
    end_model(file, OUTPUT LOSS TRAIN CSV_DATA);
    write_table(8, n, false);
}

static void named_columns(int n) {
    FILE *file = begin_model("");
    fprintf(file,
            "inputs: {x: [B, %d]}\ntargets: {y: [B, 1]}\n"
            "graph:\n  p: {type: linear, out_features: 1}\n" OUTPUT LOSS TRAIN
            "data:\n  train:\n    csv: train.csv\n    y: y\n    x: [",
            n);
    write_list(file, n, ", ", "c%d");
    end_model(file, "]\n");
    write_table(8, n, false);
}

static void csv_columns_of_ports(int n) {
    FILE *file = begin_model("inputs:\n");
    write_list(file, n, "", "  x%d: [B, 1]\n");
    fputs("targets: {y: [B, 1]}\nparams: {w: {shape: [1, 1], init: ones}}\ngraph:\n", file);
    write_sum(file, n, "x%d @ w");
    fputs(OUTPUT LOSS TRAIN "data:\n  standardize: [", file);
    write_list(file, n, ", ", "x%d");
    fputs("]\n  transform:\n", file);
    write_list(file, n, "", "    x%d: x%d / 2\n");
    fputs("  train:\n    csv: train.csv\n    y: y\n", file);
    write_list(file, n, "", "    x%d: c%d\n");
    end_file(file);
    write_table(8, n, false);
}

/* A score for each class would make the work of n examples quadratic by itself. */
#define LABELLED                                                                                   \
    "params: {w: {shape: [1], init: ones}}\ngraph:\n  p: x[:, 0] * w\n" OUTPUT                     \
    "loss: mse(p, 0.1 * y)\n" TRAIN

static void labels(int n) {
    FILE *file = begin_model("inputs: {x: [B, 1]}\n");
    fprintf(file,
            "targets: {y: {shape: [B], dtype: i32, classes: %d}}\n" LABELLED
            "data: {train: {csv: train.csv, x: c0, y: y}}\n",
            n);
    end_file(file);
    write_table(n, 1, true);
}

static void class_names(int n) {
    FILE *file = begin_model("inputs: {x: [B, 1]}\ntargets:\n  y:\n    shape: [B]\n"
                             "    dtype: i32\n    classes: [");
    write_list(file, n, ", ", "label%d");
    fputs("]\n" LABELLED "data:\n  train: {csv: train.csv, x: c0, y: y}\n", file);
    end_file(file);
    write_table(n, 1, true);
    /* Predictions of many rows would be of numbers with more digits, as more steps train them. */
    write_question(1, "c%d");
}

static void strata(int n) {
    FILE *file = begin_model("inputs: {x: [B, 1]}\n");
    fprintf(file,
            "targets: {y: {shape: [B], dtype: i32, classes: %d}}\n" LABELLED
            "data:\n  train: {csv: train.csv, x: c0, y: y}\n"
            "  validation: {from: train, fraction: 0.25, stratify: y}\n",
            n);
    end_file(file);
    write_question(1, "c%d");
    file = begin_file("train.csv");
    fputs("c0,y\n", file);
    for (int i = 0; i < 4 * n; i++)
        fprintf(file, "%d,label%d\n", i % 5, i % n);
    end_file(file);
}

static void epochs(int n) {
    FILE *file =
        begin_model(PORTS WEIGHT "graph:\n  p: x @ w\n" OUTPUT LOSS "metrics: {m: mean(p)}\n" DATA);
    fprintf(file, "train: {epochs: %d, batch_size: 3, seed: 1, optimizer: {type: sgd, lr: 0.01}}\n",
            n);
    end_file(file);
}

static const growing_model models[] = {
    {"rows in the file", inline_rows, 4, 0, 0, ALL},
    {"elements of a row", wide_rows, 8, 0, 0, BUT_CHECK},
    {"rows of a CSV file", csv_rows, 20, 0, 0, ALL " cv data new"},
    {"columns of a CSV file", csv_columns, 8, 0, 0, BUT_CHECK " cv new"},
    {"columns by name", named_columns, 8, 0, 0, BUT_CHECK},
    {"columns of ports", csv_columns_of_ports, 2, 1000, 0, ALL},
    {"labels", labels, 4, 0, 0, ALL},
    {"names of classes", class_names, 4, 0, 0, ALL},
    {"classes of a split", strata, 4, 0, 0, ALL},
    {"epochs", epochs, 8, 0, 0, "train"},
};

const growing_list growing_data = {models, sizeof models / sizeof *models};
