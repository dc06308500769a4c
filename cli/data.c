/*
 * yamlgrad data: what a model is fed with.
 */
#include "../data/date.h"
#include "../graph/file.h"
#include "commands.h"
#include "data_view.h"
#include "json.h"
#include "memory.h"
#include "page.h"
#include "session.h"
#include "table.h"
#include "terminal.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXAMPLES_MAX = 10, CLASSES_SHOWN = 50 };

/* ----------------------------------------------------------------------------- for people ---- */

/* What `balance` does to the classes of the training part. */
static void print_balance(const data_view *view) {
    static const char *const headers[] = {"class", "examples", "each counts"};
    const yg_balance *balance = &view->data.balance;
    table table = {.columns = 3, .headers = headers, .align = "lrr"};
    char name[32];
    if (!view_balance(view))
        return;
    const view_port *by = &view->ports[balance->by];
    terminal_print(stdout, "\nbalance: %s, by %s\n", view_balance(view), by->port->name);
    for (int64_t c = 0; c < balance->class_count && c < CLASSES_SHOWN; c++) {
        if (!balance->counts[c])
            continue;
        table_add(&table, "%s", view_class_name(by, c, name, sizeof name));
        table_add(&table, "%" PRId64, balance->counts[c]);
        if (balance->how == YG_BALANCE_WEIGHTS)
            table_add(&table, "%.4g", balance->weights[c]);
        else
            table_add(&table, "%.4g times", (double)by->classes[c] / (double)balance->counts[c]);
    }
    table_print(&table, stdout, 0);
}

static void print_sequences(const data_view *view) {
    const view_sequences *s = &view->sequences;
    if (!s->count)
        return;
    terminal_print(stdout,
                   "\nsequences of the training part: %" PRId64 " to %" PRId64
                   " steps, %.4g on average\n",
                   s->least, s->most, (double)s->steps / (double)s->count);
    terminal_print(stdout, "of what batches of %" PRId64 " feed, %.1f %% is padding", s->batch,
                   100 * s->padding);
    if (view->data.sequencing.buckets)
        terminal_print(stdout, "; without buckets %.1f %%", 100 * s->unsorted);
    terminal_print(stdout, "\n");
}

static void print_parts(const data_view *view) {
    static const char *const headers[] = {"part", "examples"};
    table table = {.columns = 2, .headers = headers, .align = "lr"};
    for (size_t i = 0; i < VIEW_PARTS; i++) {
        char text[32];
        if (!view->parts[i]->count)
            continue;
        table_add(&table, "%s", view_part_names[i]);
        table_add(&table, "%s", text_of_count((double)view->parts[i]->count, text));
    }
    table_print(&table, stdout, 0);
    print_balance(view);
    print_sequences(view);
}

static const char *day_text(double days, char *text, size_t size) {
    yg_date date = {0};
    yg_date_from_seconds(floor(days) * 86400, &date);
    snprintf(text, size, "%04d-%02d-%02d", date.year, date.month, date.day);
    return text;
}

static void add_range(table *table, const yg_summary *summary, const yg_column_summary *column) {
    const int64_t present = yg_summary_present(summary, column);
    char least[32], most[32];
    if (view_is_date(summary, column)) {
        table_add(table, "%s", day_text(column->earliest, least, sizeof least));
        table_add(table, "%s", "");
        table_add(table, "%s", day_text(column->latest, most, sizeof most));
    } else if (present && column->numbers == present) {
        table_add(table, "%.5g", column->least);
        table_add(table, "%.5g", column->mean);
        table_add(table, "%.5g", column->most);
    } else
        for (int i = 0; i < 3; i++)
            table_add(table, "%s", "");
}

static void print_columns(const data_view *view) {
    static const char *const headers[] = {"column", "cells", "different", "least",
                                          "mean",   "most",  "missing",   "read by"};
    table table = {.columns = 8, .headers = headers, .align = "llrrrrrl"};
    char text[60], readers[200];
    for (size_t i = 0; i < view->summary.count; i++) {
        const yg_column_summary *column = &view->summary.columns[i];
        view_readers(view, column->name, readers, sizeof readers);
        table_add(&table, "%s", column->name);
        table_add(&table, "%s", view_cells(&view->summary, column, text, sizeof text));
        if (column->pictures || column->blobs)
            table_add(&table, "%s", "");
        else
            table_add(&table, "%s%zu", column->many ? ">" : "", column->values.count);
        add_range(&table, &view->summary, column);
        if (column->missing)
            table_add(&table, "%" PRId64, column->missing);
        else
            table_add(&table, "%s", "");
        table_add(&table, "%s", readers);
    }
    terminal_print(stdout, "\n%s", view->table->name);
    if (view->paths.count > 1)
        terminal_print(stdout, " and %zu more %s", view->paths.count - 1,
                       view->paths.count > 2 ? "files" : "file");
    terminal_print(stdout, ", %" PRId64 " rows\n", view->summary.rows);
    table_print(&table, stdout, 0);
}

static void print_classes(const data_view *view, const view_port *port) {
    static const char *const headers[] = {"class", "train", "validation", "test"};
    table table = {.columns = 4, .headers = headers, .align = "lrrr"};
    char name[32];
    for (int64_t i = 0; i < port->class_count && i < CLASSES_SHOWN; i++) {
        table_add(&table, "%s", view_class_name(port, i, name, sizeof name));
        for (size_t part = 0; part < VIEW_PARTS; part++)
            if (view->parts[part]->count)
                table_add(&table, "%" PRId64, port->classes[(int64_t)part * port->class_count + i]);
            else
                table_add(&table, "%s", "");
    }
    table_print(&table, stdout, 0);
    if (port->class_count > CLASSES_SHOWN)
        terminal_print(stdout, "and %" PRId64 " more classes\n", port->class_count - CLASSES_SHOWN);
}

static void print_numbers(const view_port *port) {
    static const char *const headers[] = {"element", "least", "mean", "most", "deviation"};
    table table = {.columns = 5, .headers = headers, .align = "lrrrr"};
    char name[300];
    for (size_t i = 0; i < port->group_count; i++) {
        const view_numbers *numbers = &port->groups[i];
        if (port->group_count == 1 && port->width > 1)
            table_add(&table, "all %" PRId64, port->width);
        else
            table_add(&table, "%s", view_element_name(port, (int64_t)i, name, sizeof name));
        table_add(&table, "%.4g", numbers->least);
        table_add(&table, "%.4g", fabs(numbers->mean) < 5e-7 ? 0 : numbers->mean);
        table_add(&table, "%.4g", numbers->most);
        table_add(&table, "%.4g", view_deviation(numbers));
    }
    table_print(&table, stdout, 0);
}

static void print_port(const data_view *view, const view_port *port) {
    terminal_print(stdout, "\n");
    terminal_start(stdout, STYLE_BOLD);
    terminal_print(stdout, "%s", port->port->name);
    terminal_stop(stdout);
    terminal_print(stdout, ", %s: %s, %" PRId64 " %s %s%s\n",
                   port->port->target ? "a target" : "an input", yg_dtype_name(port->dtype),
                   port->width, port->width == 1 ? "element" : "elements",
                   port->steps ? "a step" : "an example",
                   port->encoding->standardized ? ", standardised"
                   : port->encoding->formula    ? ", transformed"
                                                : "");
    if (port->class_count)
        print_classes(view, port);
    else
        print_numbers(port);
}

/* Examples side by side: a row for each element. */
static bool print_examples(const data_view *view, int64_t count, yg_error *error) {
    static const char *const headers[EXAMPLES_MAX + 1] = {"example", "1", "2", "3", "4", "5",
                                                          "6",       "7", "8", "9", "10"};
    if (count > view->parts[0]->count)
        count = view->parts[0]->count;
    table table = {.columns = (size_t)count + 1, .headers = headers, .align = "lrrrrrrrrrr"};
    bool good = true;
    for (size_t p = 0; good && p < view->port_count; p++) {
        const view_port *port = &view->ports[p];
        const int64_t shown = port->width < VIEW_ELEMENTS_MAX ? port->width : VIEW_ELEMENTS_MAX;
        double *values = calloc((size_t)(port->width * count) + 1, sizeof *values);
        good = values || yg_fail_memory(error);
        for (int64_t e = 0; good && e < count; e++)
            good = view_example(view, 0, p, e, values + e * port->width, error);
        for (int64_t i = 0; good && i < shown; i++) {
            char name[300];
            table_add(&table, "%s", view_element_name(port, i, name, sizeof name));
            for (int64_t e = 0; e < count; e++) {
                const double value = values[e * port->width + i];
                if (port->class_count)
                    table_add(&table, "%s",
                              view_class_name(port, (int64_t)value, name, sizeof name));
                else
                    table_add(&table, "%.4g", value);
            }
        }
        free(values);
    }
    terminal_print(stdout, "\nexamples of the training part, as they are fed%s\n",
                   view->sequences.count ? "; of sequences, the first step" : "");
    table_print(&table, stdout, 0);
    return good;
}

/* ---------------------------------------------------------------------------- for programs --- */

static void set_range(json_t **object, double least, double mean, double most, double deviation) {
    json_set(object, "least", json_of_number(least));
    json_set(object, "mean", json_of_number(mean));
    json_set(object, "most", json_of_number(most));
    json_set(object, "deviation", json_of_number(deviation));
}

static json_t *json_of_columns(const data_view *view) {
    json_t *list = json_array();
    char text[60], readers[200];
    for (size_t i = 0; i < view->summary.count; i++) {
        const yg_column_summary *column = &view->summary.columns[i];
        view_readers(view, column->name, readers, sizeof readers);
        json_t *entry = json_object();
        json_set(&entry, "name", json_string(column->name));
        json_set(&entry, "cells",
                 json_string(view_cells(&view->summary, column, text, sizeof text)));
        json_set(&entry, "different", json_integer((json_int_t)column->values.count));
        json_set(&entry, "more", json_boolean(column->many));
        json_set(&entry, "missing", json_integer((json_int_t)column->missing));
        json_set(&entry, "read_by", *readers ? json_string(readers) : json_null());
        if (column->numbers && column->numbers == yg_summary_present(&view->summary, column))
            set_range(&entry, column->least, column->mean, column->most,
                      yg_summary_deviation(column));
        json_append(&list, entry);
    }
    return list;
}

static json_t *json_of_classes(const view_port *port) {
    json_t *list = json_array();
    for (int64_t i = 0; i < port->class_count; i++) {
        char name[32];
        json_t *entry = json_object();
        json_set(&entry, "class", json_string(view_class_name(port, i, name, sizeof name)));
        for (size_t part = 0; part < VIEW_PARTS; part++)
            json_set(
                &entry, view_part_names[part],
                json_integer((json_int_t)port->classes[(int64_t)part * port->class_count + i]));
        json_append(&list, entry);
    }
    return list;
}

static json_t *json_of_elements(const view_port *port) {
    json_t *list = json_array();
    for (size_t i = 0; i < port->group_count; i++) {
        const view_numbers *numbers = &port->groups[i];
        char name[300] = "*";
        json_t *entry = json_object();
        if (port->group_count > 1 || port->width == 1)
            view_element_name(port, (int64_t)i, name, sizeof name);
        json_set(&entry, "name", json_string(name));
        set_range(&entry, numbers->least, numbers->mean, numbers->most, view_deviation(numbers));
        json_append(&list, entry);
    }
    return list;
}

/* NULL when an example cannot be read. */
static json_t *json_of_examples(const data_view *view, const view_port *port, size_t p,
                                int64_t count) {
    json_t *list = json_array();
    double *values = calloc((size_t)port->width + 1, sizeof *values);
    for (int64_t e = 0; e < count && e < view->parts[0]->count; e++) {
        json_t *example = values && view_example(view, 0, p, e, values, NULL) ? json_array() : NULL;
        for (int64_t i = 0; example && i < port->width; i++)
            json_append(&example, json_of_number(values[i]));
        json_append(&list, example);
    }
    free(values);
    return list;
}

static json_t *json_of_balance(const data_view *view) {
    const yg_balance *balance = &view->data.balance;
    if (!view_balance(view))
        return json_null();
    const view_port *by = &view->ports[balance->by];
    json_t *all = json_object(), *classes = json_array();
    for (int64_t c = 0; c < balance->class_count; c++) {
        char name[32];
        json_t *entry = json_object();
        json_set(&entry, "class", json_string(view_class_name(by, c, name, sizeof name)));
        json_set(&entry, "examples", json_integer((json_int_t)balance->counts[c]));
        json_set(&entry, "weight", json_of_number(balance->weights[c]));
        json_append(&classes, entry);
    }
    json_set(&all, "how", json_string(view_balance(view)));
    json_set(&all, "by", json_string(by->port->name));
    json_set(&all, "examples", json_integer((json_int_t)balance->examples));
    json_set(&all, "classes", classes);
    return all;
}

static json_t *json_of_sequences(const view_sequences *s) {
    json_t *all = json_object();
    json_set(&all, "least", json_integer((json_int_t)s->least));
    json_set(&all, "most", json_integer((json_int_t)s->most));
    json_set(&all, "steps", json_integer((json_int_t)s->steps));
    json_set(&all, "batch_size", json_integer((json_int_t)s->batch));
    json_set(&all, "padding", json_of_number(s->padding));
    json_set(&all, "padding_without_buckets", json_of_number(s->unsorted));
    return all;
}

static json_t *json_of_view(const data_view *view, int64_t examples) {
    json_t *all = json_object(), *parts = json_object(), *ports = json_array();
    for (size_t i = 0; i < VIEW_PARTS; i++)
        json_set(&parts, view_part_names[i], json_integer((json_int_t)view->parts[i]->count));
    for (size_t p = 0; p < view->port_count; p++) {
        const view_port *port = &view->ports[p];
        json_t *entry = json_object();
        json_set(&entry, "name", json_string(port->port->name));
        json_set(&entry, "target", json_boolean(port->port->target));
        json_set(&entry, "dtype", json_string(yg_dtype_name(port->dtype)));
        json_set(&entry, "width", json_integer((json_int_t)port->width));
        json_set(&entry, "elements", json_of_elements(port));
        json_set(&entry, "classes", json_of_classes(port));
        json_set(&entry, "examples", json_of_examples(view, port, p, examples));
        json_append(&ports, entry);
    }
    json_set(&all, "parts", parts);
    json_set(&all, "rows", json_integer((json_int_t)view->summary.rows));
    json_set(&all, "columns", json_of_columns(view));
    json_set(&all, "ports", ports);
    json_set(&all, "balance", json_of_balance(view));
    json_set(&all, "sequences",
             view->sequences.count ? json_of_sequences(&view->sequences) : json_null());
    return all;
}

/* ------------------------------------------------------------------------------- the command - */

static int write_pictures(const data_view *view, const char *path) {
    size_t size = 0;
    char name[32];
    yg_error error = {0};
    view_sheet *sheet = view_sheet_open(view, &error);
    const view_port *rows = sheet ? view_sheet_classes(sheet) : NULL;
    char *picture = sheet ? view_sheet_all(sheet, &size, &error) : NULL;
    const bool good = picture && yg_file_write(path, picture, size, &error);
    free(picture);
    view_sheet_close(sheet);
    if (!good)
        return session_fail(&error);
    for (int64_t i = 0; rows && i < rows->class_count && i < CLASSES_SHOWN; i++)
        terminal_print(stdout, "row %" PRId64 ": %s\n", i + 1,
                       view_class_name(rows, i, name, sizeof name));
    terminal_say("written: %s", path);
    return STATUS_OK;
}

static int show(const command_line *line, const data_view *view) {
    const int64_t examples = option_int(line, "examples", 3);
    yg_error error = {0};
    int status = STATUS_OK;
    if (option_given(line, "html"))
        status = page_write(data_page(view), option_text(line, "html"));
    if (status == STATUS_OK && option_given(line, "pictures"))
        status = write_pictures(view, option_text(line, "pictures"));
    if (status == STATUS_OK && option_given(line, "json"))
        status = json_print(json_of_view(view, examples), YG_F32);
    if (option_given(line, "html") || option_given(line, "pictures") || option_given(line, "json"))
        return status;
    print_parts(view);
    if (view->table)
        print_columns(view);
    for (size_t p = 0; p < view->port_count; p++)
        print_port(view, &view->ports[p]);
    return examples == 0 || print_examples(view, examples, &error) ? STATUS_OK
                                                                   : session_fail(&error);
}

static int run(const command_line *line) {
    session session;
    if (!session_open(line, operand(line, 1), &session))
        return STATUS_FAILED;
    yg_error error = {0};
    data_view view = {0};
    const int status =
        data_view_make(session.model, &view, &error) ? show(line, &view) : session_fail(&error);
    char memory[MEMORY_TEXT];
    const char *peak = memory_peak_text(memory);
    fflush(stdout); /* what was shown comes first */
    if (status == STATUS_OK && peak)
        terminal_say("peak memory: %s", peak);
    data_view_free(&view);
    session_close(&session);
    return status;
}

static const option_spec options[] = {
    {.name = "examples",
     .letter = 'n',
     .kind = OPTION_INT,
     .argument = "N",
     .doc = "show the first N examples (default: 3)",
     .min = 0,
     .max = EXAMPLES_MAX},
    {.name = "html",
     .kind = OPTION_TEXT,
     .argument = "FILE",
     .doc = "write a page with a histogram of each column, and pictures with their classes"},
    {.name = "pictures",
     .kind = OPTION_TEXT,
     .argument = "FILE",
     .doc = "write a PNG file of images as they are fed, a row for each class"},
    OPTION_SET,
    OPTION_DATA,
    OPTION_PLUGIN,
    OPTION_JSON,
};

const command command_data = {
    .name = "data",
    .operands = "MODEL [RUN.yaml]",
    .summary = "what the data hold, and what will be fed",
    .details =
        "Reads the model's data and shows the parts, the columns of the training table as they\n"
        "stand there, and the elements of each input and target as the network gets them. The "
        "page\n"
        "of --html needs no network and no script.\n",
    .min_operands = 1,
    .max_operands = 2,
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = run,
};
