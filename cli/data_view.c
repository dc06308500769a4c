/*
 * What a model's data hold: see data_view.h.
 */
#include "data_view.h"

#include "../data/column.h"
#include "../data/date.h"
#include "../data/stream.h"
#include "reading.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const view_part_names[VIEW_PARTS] = {"train", "validation", "test"};

void data_view_free(data_view *view) {
    for (size_t p = 0; view->ports && p < view->port_count; p++) {
        free(view->ports[p].groups);
        free(view->ports[p].classes);
    }
    free(view->ports);
    yg_summary_free(&view->summary);
    yg_table_close(view->table);
    yg_paths_free(&view->paths);
    yg_data_free(&view->data);
    yg_pool_free(view->pool);
    *view = (data_view){0};
}

/* ---------------------------------------------------------------------------------- names ---- */

const char *view_class_name(const view_port *port, int64_t index, char *text, size_t size) {
    if (index >= 0 && (size_t)index < port->encoding->class_count)
        return port->encoding->classes[index];
    if (port->port->class_names && index >= 0 && index < port->port->classes)
        return port->port->class_names[index];
    snprintf(text, size, "%" PRId64, index);
    return text;
}

const char *view_element_name(const view_port *port, int64_t index, char *text, size_t size) {
    if (*yg_encoding_element(port->encoding, index, text, size))
        return text;
    if (port->width == 1)
        snprintf(text, size, "%s", port->port->name);
    else
        snprintf(text, size, "%s.%" PRId64, port->port->name, index);
    return text;
}

const char *view_readers(const data_view *view, const char *column, char *text, size_t size) {
    size_t used = 0;
    *text = '\0';
    for (size_t p = 0; p < view->port_count && used < size; p++)
        if (yg_names_find(&view->ports[p].columns, column) != YG_NOT_FOUND)
            used += (size_t)snprintf(text + used, size - used, "%s%s", used ? ", " : "",
                                     view->ports[p].port->name);
    return text;
}

const char *view_balance(const data_view *view) {
    switch (view->data.balance.how) {
    case YG_BALANCE_WEIGHTS:
        return "weights";
    case YG_BALANCE_OVERSAMPLE:
        return "oversample";
    default:
        return NULL;
    }
}

double view_deviation(const view_numbers *numbers) {
    return numbers->count ? sqrt(numbers->squares / (double)numbers->count) : 0;
}

/* ------------------------------------------------------------------------------- examples ---- */

bool view_example(const data_view *view, size_t part, size_t port, int64_t example, double *values,
                  yg_error *error) {
    const view_port *p = &view->ports[port];
    const int64_t steps = p->steps ? yg_part_longest(view->parts[part], example, 1) : 1;
    void *raw = calloc((size_t)(steps * p->width) + 1, yg_dtype_size(p->dtype));
    const bool good =
        raw ? yg_part_read(view->parts[part], port, example, 1, raw, error) : yg_fail_memory(error);
    for (int64_t i = 0; good && i < p->width; i++)
        values[i] = yg_element_get(p->dtype, raw, i);
    free(raw);
    return good;
}

/* Welford's update. */
static void add_number(view_numbers *numbers, double x) {
    const double delta = x - numbers->mean;
    numbers->least = numbers->count && numbers->least < x ? numbers->least : x;
    numbers->most = numbers->count && numbers->most > x ? numbers->most : x;
    numbers->mean += delta / (double)++numbers->count;
    numbers->squares += delta * (x - numbers->mean);
}

/* Takes in examples of a part: `raw` has `count` of them. */
static void add_examples(view_port *port, size_t part, const void *raw, int64_t count) {
    for (int64_t i = 0; i < count * port->width; i++) {
        const double x = yg_element_get(port->dtype, raw, i);
        if (port->class_count) {
            if (x >= 0 && x < (double)port->class_count)
                port->classes[(int64_t)part * port->class_count + (int64_t)x]++;
        } else if (part == 0)
            add_number(&port->groups[port->group_count == 1 ? 0 : i % port->width], x);
    }
}

/* Reads the sequences of a part one by one, so that no padding is among their steps. */
static bool read_steps(data_view *view, size_t p, size_t part, yg_error *error) {
    view_port *port = &view->ports[p];
    const yg_part *of = view->parts[part];
    const int64_t longest = yg_part_longest(of, 0, of->count);
    void *raw = calloc((size_t)(longest * port->width) + 1, yg_dtype_size(port->dtype));
    yg_stream *stream = raw ? yg_stream_open(of, error) : NULL;
    bool good = stream || (!raw && yg_fail_memory(error));
    while (good && yg_stream_left(stream) > 0) {
        const int64_t steps = yg_stream_longest(stream, 1);
        const yg_feed feed = {p, port->dtype, steps * port->width, raw};
        good = yg_stream_next(stream, &feed, 1, 0, 1, error);
        if (good)
            add_examples(port, part, raw, steps);
    }
    yg_stream_close(stream);
    free(raw);
    return good;
}

static bool read_port(data_view *view, size_t p, yg_error *error) {
    enum { CHUNK = 256 };
    view_port *port = &view->ports[p];
    const size_t size = yg_dtype_size(port->dtype);
    void *raw = calloc((size_t)port->width * CHUNK + 1, size);
    bool good = raw || yg_fail_memory(error);
    for (size_t part = 0; good && part < VIEW_PARTS; part++) {
        const int64_t total = view->parts[part]->count;
        if (port->steps && total > 0)
            good = read_steps(view, p, part, error);
        if (port->steps)
            continue;
        for (int64_t at = 0; good && at < total; at += CHUNK) {
            const int64_t count = total - at < CHUNK ? total - at : CHUNK;
            good = yg_part_read(view->parts[part], p, at, count, raw, error);
            if (good)
                add_examples(port, part, raw, count);
        }
    }
    free(raw);
    return good;
}

static bool make_port(data_view *view, size_t p, yg_error *error) {
    view_port *port = &view->ports[p];
    const yg_elements *elements = &view->data.train.dataset->ports[p];
    port->port = yg_model_port(view->model, p);
    port->encoding = &view->data.encoding.ports[p];
    port->dtype = elements->dtype;
    port->width = elements->width;
    port->steps = elements->ragged;
    port->class_count =
        port->encoding->class_count ? (int64_t)port->encoding->class_count : port->port->classes;
    if (!port->class_count)
        port->group_count = port->width <= VIEW_ELEMENTS_MAX ? (size_t)port->width : 1;
    port->groups = calloc(port->group_count + 1, sizeof *port->groups);
    port->classes = calloc(VIEW_PARTS * (size_t)port->class_count + 1, sizeof *port->classes);
    return (port->groups && port->classes) ? read_port(view, p, error) : yg_fail_memory(error);
}

/* ---------------------------------------------------------------------------------- table ---- */

static bool note_columns(data_view *view, yg_error *error) {
    view->pool = yg_pool_new();
    for (size_t p = 0; view->pool && p < view->port_count; p++) {
        const yg_port_encoding *encoding = view->ports[p].encoding;
        for (size_t i = 0; i < encoding->column_count; i++)
            if (!yg_names_add(&view->ports[p].columns, view->pool, encoding->columns[i]))
                return yg_fail_memory(error);
    }
    return view->pool || yg_fail_memory(error);
}

static bool read_table(data_view *view, yg_error *error) {
    const yg_value *section = yg_model_section(view->model, "data");
    const yg_value *train = yg_value_get(section, "train");
    const yg_table_kind *kind = yg_table_kind_of(train);
    const yg_reading reading = {.model = view->model, .data = &view->data};
    if (!kind)
        return true;
    const yg_value *files = yg_table_files(train);
    if (!yg_source_paths(&reading, files, kind->key, &view->paths, error))
        return false;
    const yg_table_request request = {
        .name = view->paths.items[0], .origin = files->origin, .part = train};
    view->table = yg_table_open_files(kind, &request, &view->paths, error);
    reading_line line;
    reading_start(&line, &view->paths);
    const bool good =
        view->table && yg_summarize(view->table, reading_show, &line, &view->summary, error);
    reading_end(&line);
    return good;
}

bool data_view_make(const yg_model *model, data_view *view, yg_error *error) {
    *view = (data_view){.model = model};
    if (!yg_data_load(model, YG_F32, &view->data, error))
        return false;
    view->parts[0] = &view->data.train;
    view->parts[1] = &view->data.validation;
    view->parts[2] = &view->data.test;
    view->port_count = yg_model_port_count(model);
    view->ports = calloc(view->port_count + 1, sizeof *view->ports);
    if (!view->ports)
        return yg_fail_memory(error);
    for (size_t p = 0; p < view->port_count; p++)
        if (!make_port(view, p, error))
            return false;
    return note_columns(view, error) && view_sequences_make(view, error) && read_table(view, error);
}

/* -------------------------------------------------------------------------------- columns ---- */

bool view_is_date(const yg_summary *summary, const yg_column_summary *column) {
    const int64_t present = yg_summary_present(summary, column);
    return present > 0 && column->numbers < present && yg_summary_form_of(column) != SIZE_MAX;
}

const char *view_cells(const yg_summary *summary, const yg_column_summary *column, char *text,
                       size_t size) {
    const int64_t present = yg_summary_present(summary, column);
    if (!present)
        snprintf(text, size, "empty");
    else if (column->pictures == present)
        snprintf(text, size, "pictures");
    else if (column->blobs)
        snprintf(text, size, "BLOBs");
    else if (column->numbers == present)
        snprintf(text, size, "%s", column->wholes == present ? "whole numbers" : "numbers");
    else if (view_is_date(summary, column))
        snprintf(text, size, "dates");
    else if (column->truths == present && column->values.count <= 2)
        snprintf(text, size, "yes or no");
    else
        snprintf(text, size, "text");
    return text;
}

static void add_bin(int64_t bins[VIEW_BINS], double least, double most, double x, int64_t count) {
    const double part = most > least ? (x - least) / (most - least) : 0;
    const int bin = (int)(part * VIEW_BINS);
    bins[bin < 0 ? 0 : bin >= VIEW_BINS ? VIEW_BINS - 1 : bin] += count;
}

bool view_histogram(const yg_summary *summary, const yg_column_summary *column,
                    int64_t bins[VIEW_BINS], double *least, double *most) {
    const int64_t present = yg_summary_present(summary, column);
    const bool dates = view_is_date(summary, column);
    const char *format = yg_summary_date_form(yg_summary_form_of(column));
    memset(bins, 0, VIEW_BINS * sizeof *bins);
    *least = dates ? column->earliest : column->least;
    *most = dates ? column->latest : column->most;
    if (!present || (!dates && column->numbers < present))
        return false;
    for (int64_t i = 0; !dates && i < column->sample.count; i++)
        add_bin(bins, *least, *most, column->sample.numbers[i], 1);
    for (size_t i = 0; dates && i < column->values.count; i++) {
        const char *text = column->values.names[i];
        yg_date date;
        if (*format ? yg_date_parse_format(text, strlen(text), format, &date)
                    : yg_date_parse(text, strlen(text), &date))
            add_bin(bins, *least, *most, yg_date_moment(&date), column->counts[i]);
    }
    return true;
}
