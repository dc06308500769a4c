/*
 * CSV records as examples: cells to numbers, by the columns of each port.
 */
#include "source.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct yg_examples {
    const yg_source *source;
    yg_csv *csv;
    size_t port_count;
    yg_columns *columns;
    yg_labels *labels; /* port NULL: not a label */
};

void yg_examples_close(yg_examples *examples) {
    if (!examples)
        return;
    for (size_t p = 0; p < examples->port_count; p++) {
        if (examples->columns)
            free(examples->columns[p].index);
        if (examples->labels)
            yg_labels_end(&examples->labels[p]);
    }
    free(examples->columns);
    free(examples->labels);
    yg_csv_close(examples->csv);
    free(examples);
}

static bool prepare(yg_examples *examples, const yg_value *map, yg_error *error) {
    const yg_source *source = examples->source;
    examples->columns = calloc(examples->port_count + 1, sizeof *examples->columns);
    examples->labels = calloc(examples->port_count + 1, sizeof *examples->labels);
    if (!examples->columns || !examples->labels)
        return yg_fail_memory(error);
    if (!yg_columns_choose(source, examples->csv, map, examples->columns, error))
        return false;
    for (size_t p = 0; p < examples->port_count; p++) {
        const yg_port *port = yg_model_port(source->model, p);
        if (!yg_source_wants(source, p))
            continue;
        if (yg_port_is_label(source->data, port))
            yg_labels_begin(source, p, &examples->labels[p]);
    }
    return true;
}

yg_examples *yg_examples_open(const yg_source *source, FILE *file, const char *name, char delimiter,
                              const yg_value *map, yg_error *error) {
    yg_examples *examples = calloc(1, sizeof *examples);
    if (!examples) {
        yg_fail_memory(error);
        return NULL;
    }
    examples->source = source;
    examples->port_count = yg_model_port_count(source->model);
    examples->csv = yg_csv_open(file, name, delimiter, error);
    if (examples->csv && prepare(examples, map, error))
        return examples;
    yg_examples_close(examples);
    return NULL;
}

static bool read_label(const yg_examples *examples, yg_labels *labels, size_t column, double *value,
                       yg_error *error) {
    const yg_csv *csv = examples->csv;
    char place[300];
    if (!yg_labels_known(labels, yg_csv_cell(csv, column)) && yg_csv_is_missing(csv, column))
        return yg_csv_fail_missing(csv, column, error);
    snprintf(place, sizeof place, "row %" PRId64 ", column '%.200s'", yg_csv_row(csv),
             yg_csv_columns(csv)[column]);
    return yg_labels_value(labels, yg_csv_cell(csv, column), place, yg_csv_cell_origin(csv, column),
                           value, error);
}

static bool read_number(const yg_examples *examples, const yg_port *port, size_t column,
                        double *value, yg_error *error) {
    const yg_csv *csv = examples->csv;
    char place[300];
    if (!yg_csv_is_number(csv, column, value))
        return yg_csv_number(csv, column, value, error);
    if (yg_dtype_is_float(port->dtype) && !port->classes)
        return true; /* any number fits: no text to be made for each cell */
    snprintf(place, sizeof place, "row %" PRId64 ", column '%.200s'", yg_csv_row(csv),
             yg_csv_columns(csv)[column]);
    // NOLINTNEXTLINE(clang-analyzer-core.NullDereference): there is room for each column
    return yg_value_fits(port, *value, place, yg_csv_cell_origin(csv, column), error);
}

yg_csv_status yg_examples_next(yg_examples *examples, double *const *values, yg_error *error) {
    const yg_csv_status status = yg_csv_next(examples->csv, error);
    if (status != YG_CSV_ROW)
        return status;
    for (size_t p = 0; p < examples->port_count; p++) {
        const yg_port *port = yg_model_port(examples->source->model, p);
        const yg_columns *columns = &examples->columns[p];
        for (size_t i = 0; i < columns->count; i++) {
            yg_labels *labels = &examples->labels[p];
            const bool good =
                labels->port ? read_label(examples, labels, columns->index[i], &values[p][i], error)
                             : read_number(examples, port, columns->index[i], &values[p][i], error);
            if (!good)
                return YG_CSV_FAILED;
        }
    }
    return YG_CSV_ROW;
}

bool yg_examples_finish(yg_examples *examples, yg_dataset *dataset, yg_error *error) {
    for (size_t p = 0; p < examples->port_count; p++)
        if (examples->labels[p].port &&
            !yg_labels_finish(&examples->labels[p], dataset->values[p], dataset->count, error))
            return false;
    return true;
}

/* --------------------------------------------------------------------------- whole files ---- */

static bool read_all(const yg_source *source, yg_examples *examples, const char *path,
                     yg_dataset *dataset, yg_error *error) {
    int64_t capacity = 0;
    double **at = calloc(examples->port_count + 1, sizeof *at);
    if (!at)
        return yg_fail_memory(error);
    yg_csv_status status = YG_CSV_ROW;
    while (status == YG_CSV_ROW) {
        if (dataset->count == capacity) {
            capacity = capacity ? 2 * capacity : 256;
            if (!yg_dataset_reserve(source, dataset, capacity, error)) {
                status = YG_CSV_FAILED;
                break;
            }
        }
        for (size_t p = 0; p < examples->port_count; p++)
            at[p] = dataset->values[p] ? dataset->values[p] + dataset->count * dataset->widths[p]
                                       : NULL;
        status = yg_examples_next(examples, at, error);
        dataset->count += status == YG_CSV_ROW;
    }
    free(at);
    if (status == YG_CSV_FAILED)
        return false;
    if (!dataset->count)
        return yg_fail(error, YG_ERROR_DATA, (yg_origin){path, 0, 0},
                       "the file has column names, but no rows");
    return yg_examples_finish(examples, dataset, error);
}

bool yg_read_csv(const yg_source *source, const char *path, yg_origin origin, char delimiter,
                 const yg_value *map, yg_dataset *dataset, yg_error *error) {
    FILE *file = fopen(path, "rb");
    if (!file)
        return yg_fail(error, YG_ERROR_IO, origin, "cannot open '%s': %s", path, strerror(errno));
    yg_examples *examples = yg_examples_open(source, file, path, delimiter, map, error);
    const bool good = examples && read_all(source, examples, path, dataset, error);
    yg_examples_close(examples);
    fclose(file);
    return good;
}
