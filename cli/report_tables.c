/*
 * Metrics that are tables, as pictures and as a part of a run's page: those of run.json's
 * `results`.
 */
#include "page.h"
#include "report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TABLE_MAX = 20 /* rows and columns that are told as a table */, CURVES_MAX = 12 };

/* A table of the kept weights. */
typedef struct result_table {
    const char *part, *metric;
    const json_t *table;
    char name[80]; /* its picture is called table_NAME */
} result_table;

/* Table number `index`; false: there are no more. */
static bool find_table(const report *report, size_t index, result_table *found) {
    static const char *const parts[] = {"validation", "test", "train"};
    const json_t *results = json_object_get(report->log.record, "results");
    /* Of the training part only where there is no other. */
    const bool held_out = json_object_get(results, parts[0]) || json_object_get(results, parts[1]);
    for (size_t p = 0; p < (held_out ? 2 : 3); p++) {
        json_t *part = json_object_get(results, parts[p]), *value;
        const char *metric;
        json_object_foreach(part, metric, value) {
            if (!json_is_array(json_object_get(value, "values")) || index-- > 0)
                continue;
            *found = (result_table){.part = parts[p], .metric = metric, .table = value};
            snprintf(found->name, sizeof found->name, "%.60s_%s", metric, parts[p]);
            return true;
        }
    }
    return false;
}

static const char *name_at(const json_t *names, size_t index) {
    const char *name = json_string_value(json_array_get(names, index));
    return name ? name : "";
}

static bool is_a(const result_table *t, const char *function) {
    const char *is = json_string_value(json_object_get(t->table, "function"));
    return is && strcmp(is, function) == 0;
}

/* Curves over the first column. */
static void add_curves(yg_text *script, const result_table *t, yg_text *command) {
    const json_t *rows = json_object_get(t->table, "values");
    const json_t *columns = json_object_get(t->table, "columns");
    const size_t count = json_array_size(json_array_get(rows, 0));
    yg_text_add(script, "set size ratio 1\nset xrange [0:1]\nset yrange [0:1.005]\nset xlabel ");
    plots_text(script, name_at(columns, 0));
    yg_text_add(script,
                "\nset key vertical inside bottom reverse Left samplen 1.5 %s\n$data << END\n",
                is_a(t, "roc_curve") ? "right" : "left");
    for (size_t r = 0; r < json_array_size(rows); r++)
        for (size_t c = 0; c < count; c++) {
            const json_t *value = json_array_get(json_array_get(rows, r), c);
            plots_number(script, json_is_number(value) ? json_number_value(value) : (double)NAN);
            yg_text_add(script, c + 1 < count ? " " : "\n");
        }
    yg_text_add(script, "END\n");
    for (size_t c = 1; c < count && c <= CURVES_MAX; c++) {
        yg_text_add(command, "%s$data using 1:%zu with lines ls %zu title ", c > 1 ? ", " : "plot ",
                    c + 1, (c - 1) % 8 + 1);
        plots_text(command, name_at(columns, c));
    }
}

/* Whether a curve has a point at all: gnuplot would complain. */
static bool has_numbers(const json_t *rows) {
    for (size_t r = 0; r < json_array_size(rows); r++)
        for (size_t c = 1; c < json_array_size(json_array_get(rows, r)); c++)
            if (json_is_number(json_array_get(json_array_get(rows, r), c)))
                return true;
    return false;
}

static void add_plot(report *report, const result_table *t) {
    const bool curves = is_a(t, "roc_curve") || is_a(t, "precision_recall_curve");
    const json_t *rows = json_object_get(t->table, "values");
    char name[120], caption[160];
    yg_text command = {0};
    if (!(curves && has_numbers(rows)) &&
        !(is_a(t, "confusion_matrix") && json_array_size(rows) > 1))
        return;
    snprintf(name, sizeof name, "table_%s", t->name);
    snprintf(caption, sizeof caption, "%.60s, %s", t->metric, t->part);
    yg_text *script = plots_begin(&report->plots, name, caption);
    if (curves)
        add_curves(script, t, &command);
    else
        report_matrix(script, json_object_get(t->table, "rows"), rows, &command);
    char *text = yg_text_take(&command);
    script->failed = script->failed || !text;
    plots_end(&report->plots, text ? text : "");
    free(text);
}

void report_tables(report *report) {
    result_table t;
    for (size_t i = 0; find_table(report, i, &t); i++)
        add_plot(report, &t);
}

/* ------------------------------------------------------------------------------------- page -- */

static void add_cells(yg_text *page, const result_table *t) {
    const json_t *rows = json_object_get(t->table, "values");
    const json_t *row_names = json_object_get(t->table, "rows");
    const json_t *columns = json_object_get(t->table, "columns");
    const size_t count = json_array_size(json_array_get(rows, 0));
    yg_text_add(page, "<h3>");
    page_text(page, t->metric);
    yg_text_add(page,
                " <span class=\"dim\">of %s</span></h3>\n<div class=\"scroll\"><table><tr><th>",
                t->part);
    for (size_t c = 0; c < count && c < TABLE_MAX; c++) {
        yg_text_add(page, "<th class=\"n\">");
        page_text(page, name_at(columns, c));
    }
    for (size_t r = 0; r < json_array_size(rows) && r < TABLE_MAX; r++) {
        yg_text_add(page, "\n<tr><td>");
        page_text(page, name_at(row_names, r));
        for (size_t c = 0; c < count && c < TABLE_MAX; c++) {
            const json_t *value = json_array_get(json_array_get(rows, r), c);
            if (json_is_number(value))
                yg_text_add(page, "<td class=\"n\">%.6g", json_number_value(value));
            else
                yg_text_add(page, "<td class=\"n dim\">–");
        }
    }
    yg_text_add(page, "\n</table></div>\n");
}

void report_tables_page(yg_text *page, const report *report) {
    result_table t;
    bool any = false;
    for (size_t i = 0; find_table(report, i, &t); i++) {
        const plot *picture = report_picture(report, "table", t.name);
        if (!picture)
            continue;
        yg_text_add(page, "%s", any ? "" : "<div class=\"pictures\">\n");
        report_add_picture(page, picture, true);
        any = true;
    }
    yg_text_add(page, "%s", any ? "</div>\n" : "");
    for (size_t i = 0; find_table(report, i, &t); i++)
        if (!report_picture(report, "table", t.name))
            add_cells(page, &t);
}
