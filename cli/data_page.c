/*
 * The page of `yamlgrad data --html`: see data_view.h. All is in one file, with pictures as SVG, so
 * that it can be read offline and sent to others.
 */
#include "../data/date.h"
#include "../graph/text.h"
#include "data_view.h"
#include "page.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 360, HEIGHT = 120, BARS_MAX = 20, BAR = 18, NAME_WIDTH = 130 };

static const char style[] =
    ".cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(370px, 1fr));\n"
    "  gap: 1em; }\n"
    ".card { background: var(--card); border: 1px solid var(--line); border-radius: 6px;\n"
    "  padding: .7em .9em; overflow: hidden; }\n"
    ".card h3 { font-size: 1em; margin: 0; overflow-wrap: anywhere; }\n"
    ".card p { margin: 0 0 .4em; font-size: .9em; color: var(--dim); }\n"
    ".pictures { display: flex; flex-wrap: wrap; gap: .5em; margin-bottom: .5em; }\n"
    "figure { margin: 0; max-width: 12em; } figure img { display: block; max-width: 100%; }\n"
    "figcaption { font-size: .8em; color: var(--dim); overflow-wrap: anywhere; }\n"
    "svg { display: block; max-width: 100%; height: auto; } svg rect { fill: var(--bar); }\n"
    "svg text { font: 12px system-ui, sans-serif; fill: var(--ink); }\n"
    "svg .axis { fill: var(--dim); } svg line { stroke: var(--line); }\n";

/* Adds at most `most` characters of a text. */
static void add_short(yg_text *page, const char *text, size_t most) {
    size_t size = 0, characters = 0;
    for (; text[size] && characters < most; size++)
        characters += ((unsigned char)text[size + 1] & 0xC0) != 0x80;
    char *copy = strndup(text, size);
    page->failed = page->failed || !copy;
    page_text(page, copy ? copy : "");
    if (text[size])
        yg_text_add(page, "…");
    free(copy);
}

static void add_value(yg_text *page, double value, bool date) {
    yg_date day = {0};
    if (date && yg_date_from_seconds(floor(value) * 86400, &day))
        yg_text_add(page, "%04d-%02d-%02d", day.year, day.month, day.day);
    else
        yg_text_add(page, "%.5g", value);
}

static void add_histogram(yg_text *page, const int64_t bins[VIEW_BINS], double least, double most,
                          bool date) {
    const double width = (double)WIDTH / VIEW_BINS;
    int64_t highest = 1;
    for (int i = 0; i < VIEW_BINS; i++)
        highest = bins[i] > highest ? bins[i] : highest;
    yg_text_add(page, "<svg viewBox=\"0 0 %d %d\" width=\"%d\" role=\"img\">\n", WIDTH, HEIGHT + 18,
                WIDTH);
    for (int i = 0; i < VIEW_BINS; i++) {
        const double height = (double)bins[i] / (double)highest * (HEIGHT - 4);
        const double from = least + (most - least) * i / VIEW_BINS;
        if (!bins[i])
            continue;
        yg_text_add(page,
                    "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"><title>%" PRId64
                    " from ",
                    i * width + 0.5, HEIGHT - height, width - 1, height, bins[i]);
        add_value(page, from, date);
        yg_text_add(page, "</title></rect>\n");
    }
    yg_text_add(page,
                "<line x1=\"0\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/><text class=\"axis\" y=\"%d\">",
                HEIGHT, WIDTH, HEIGHT, HEIGHT + 14);
    add_value(page, least, date);
    yg_text_add(page, "</text><text class=\"axis\" x=\"%d\" y=\"%d\" text-anchor=\"end\">", WIDTH,
                HEIGHT + 14);
    add_value(page, most, date);
    yg_text_add(page, "</text></svg>\n");
}

/* A bar with its name and its count. */
static void add_bar(yg_text *page, int row, const char *name, int64_t count, int64_t highest) {
    const double room = WIDTH - NAME_WIDTH - 60;
    const double length = highest ? room * (double)count / (double)highest : 0;
    yg_text_add(page, "<text y=\"%d\">", row * BAR + 13);
    add_short(page, name, 18);
    yg_text_add(page,
                "</text><rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\"/>"
                "<text class=\"axis\" x=\"%.1f\" y=\"%d\">%" PRId64 "</text>\n",
                NAME_WIDTH, row * BAR + 2, length, BAR - 4, NAME_WIDTH + length + 5, row * BAR + 13,
                count);
}

static void begin_bars(yg_text *page, int rows) {
    yg_text_add(page, "<svg viewBox=\"0 0 %d %d\" width=\"%d\" role=\"img\">\n", WIDTH,
                rows * BAR + 2, WIDTH);
}

/* The most frequent values of a column. */
static void add_values(yg_text *page, const yg_column_summary *column) {
    const size_t count = column->values.count;
    bool *used = calloc(count + 1, sizeof *used);
    const int rows = count < BARS_MAX ? (int)count : BARS_MAX;
    int64_t highest = 0;
    page->failed = page->failed || !used;
    begin_bars(page, rows);
    for (int row = 0; used && row < rows; row++) {
        size_t best = SIZE_MAX;
        for (size_t i = 0; i < count; i++)
            if (!used[i] && (best == SIZE_MAX || column->counts[i] > column->counts[best]))
                best = i;
        used[best] = true;
        highest = row ? highest : column->counts[best];
        add_bar(page, row, column->values.names[best], column->counts[best], highest);
    }
    yg_text_add(page, "</svg>\n");
    free(used);
    if (count > BARS_MAX)
        yg_text_add(page, "<p>and %s%zu more values</p>\n", column->many ? "more than " : "",
                    count - BARS_MAX);
}

static void add_column(yg_text *page, const data_view *view, const yg_column_summary *column) {
    int64_t bins[VIEW_BINS];
    double least, most;
    char text[60], readers[200];
    yg_text_add(page, "<div class=\"card\"><h3>");
    page_text(page, *column->name ? column->name : "(no name)");
    yg_text_add(page, "</h3><p>%s", view_cells(&view->summary, column, text, sizeof text));
    if (column->numbers && column->numbers == yg_summary_present(&view->summary, column))
        yg_text_add(page, ", mean %.5g ± %.4g", column->mean, yg_summary_deviation(column));
    else
        yg_text_add(page, ", %s%zu different", column->many ? "more than " : "",
                    column->values.count);
    yg_text_add(page, ", %" PRId64 " missing; ", column->missing);
    view_readers(view, column->name, readers, sizeof readers);
    yg_text_add(page, *readers ? "read by %s</p>\n" : "not used</p>\n", readers);
    if (view_histogram(&view->summary, column, bins, &least, &most))
        add_histogram(page, bins, least, most, view_is_date(&view->summary, column));
    else if (column->values.count)
        add_values(page, column);
    yg_text_add(page, "</div>\n");
}

static void add_classes(yg_text *page, const data_view *view, const view_port *port) {
    int64_t highest = 1;
    char name[32];
    for (int64_t i = 0; i < VIEW_PARTS * port->class_count; i++)
        highest = port->classes[i] > highest ? port->classes[i] : highest;
    yg_text_add(page, "<div class=\"cards\">\n");
    for (size_t part = 0; part < VIEW_PARTS; part++) {
        const int64_t rows = port->class_count < 100 ? port->class_count : 100;
        if (!view->parts[part]->count)
            continue;
        yg_text_add(page, "<div class=\"card\"><h3>%s</h3>\n", view_part_names[part]);
        begin_bars(page, (int)rows);
        for (int64_t i = 0; i < rows; i++)
            add_bar(page, (int)i, view_class_name(port, i, name, sizeof name),
                    port->classes[(int64_t)part * port->class_count + i], highest);
        yg_text_add(page, "</svg></div>\n");
    }
    yg_text_add(page, "</div>\n");
}

static void add_elements(yg_text *page, const view_port *port) {
    char name[300];
    yg_text_add(page, "<table><tr><th>element<th class=\"n\">least<th class=\"n\">mean"
                      "<th class=\"n\">most<th class=\"n\">deviation\n");
    for (size_t i = 0; i < port->group_count; i++) {
        const view_numbers *numbers = &port->groups[i];
        yg_text_add(page, "<tr><td>");
        if (port->group_count == 1 && port->width > 1)
            yg_text_add(page, "all %" PRId64, port->width);
        else
            page_text(page, view_element_name(port, (int64_t)i, name, sizeof name));
        yg_text_add(page,
                    "<td class=\"n\">%.4g<td class=\"n\">%.4g<td class=\"n\">%.4g"
                    "<td class=\"n\">%.4g\n",
                    numbers->least, fabs(numbers->mean) < 5e-7 ? 0 : numbers->mean, numbers->most,
                    view_deviation(numbers));
    }
    yg_text_add(page, "</table>\n");
}

static void add_port(yg_text *page, const data_view *view, const view_port *port) {
    yg_text_add(page,
                "<h2>%s <span class=\"dim\">%s of %s, %" PRId64 " %s an example</span></h2>\n",
                port->port->name, port->port->target ? "target" : "input",
                yg_dtype_name(port->dtype), port->width, port->width == 1 ? "element" : "elements");
    if (port->class_count)
        add_classes(page, view, port);
    else
        add_elements(page, port);
}

/* ------------------------------------------------------------------------------- pictures ---- */

static bool add_figure(yg_text *page, const view_sheet *sheet, int64_t row, int64_t column,
                       yg_error *error) {
    const view_port *classes = view_sheet_classes(sheet);
    size_t size;
    char *picture = view_sheet_picture(sheet, row, column, &size, error), name[32];
    if (!picture)
        return false;
    yg_text_add(page, "<figure><img alt=\"\" src=\"data:image/png;base64,");
    page_base64(page, picture, size);
    yg_text_add(page, "\"><figcaption>");
    page_text(page, classes ? view_class_name(classes, row, name, sizeof name) : "");
    yg_text_add(page, "</figcaption></figure>\n");
    free(picture);
    return true;
}

/* Each picture has its class below it, which a picture file of all has not. */
static void add_pictures(yg_text *page, const data_view *view) {
    yg_error error = {0};
    view_sheet *sheet = view_sheet_open(view, &error);
    bool good = sheet != NULL;
    if (!good && error.code == YG_ERROR_SHAPE)
        return;
    yg_text_add(page, "<h2>Pictures <span class=\"dim\">of the training part, as they are fed"
                      "</span></h2>\n");
    for (int64_t row = 0; good && row < view_sheet_rows(sheet); row++) {
        yg_text_add(page, "<div class=\"pictures\">\n");
        for (int64_t i = 0; good && i < view_sheet_used(sheet, row); i++)
            good = add_figure(page, sheet, row, i, &error);
        yg_text_add(page, "</div>\n");
    }
    if (!good) {
        yg_text_add(page, "<p class=\"dim\">");
        page_text(page, error.message);
        yg_text_add(page, "</p>\n");
    }
    view_sheet_close(sheet);
}

char *data_page(const data_view *view) {
    yg_text page = {0};
    page_begin(&page, yg_model_name(view->model), "data", yg_model_doc(view->model), style);
    yg_text_add(&page, "<table><tr><th>part<th class=\"n\">examples\n");
    for (size_t i = 0; i < VIEW_PARTS; i++)
        if (view->parts[i]->count)
            yg_text_add(&page, "<tr><td>%s<td class=\"n\">%" PRId64 "\n", view_part_names[i],
                        view->parts[i]->count);
    yg_text_add(&page, "</table>\n");
    if (view->table) {
        yg_text_add(&page, "<h2>The table <span class=\"dim\">");
        page_text(&page, view->table->name);
        yg_text_add(&page, ", %" PRId64 " rows</span></h2>\n<div class=\"cards\">\n",
                    view->summary.rows);
        for (size_t i = 0; i < view->summary.count; i++)
            add_column(&page, view, &view->summary.columns[i]);
        yg_text_add(&page, "</div>\n");
    }
    for (size_t p = 0; p < view->port_count; p++)
        add_port(&page, view, &view->ports[p]);
    add_pictures(&page, view);
    return page_end(&page);
}
