/*
 * What a run has found at its kept weights, as a part of its page.
 */
#include "../data/image.h"
#include "page.h"
#include "report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CELL_BYTES = 160, TABLE_CLASSES = 20, ZOOMED = 96 /* pixels that a picture has at least */ };

static const char *text_at(const json_t *object, const char *key) {
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

/* A class or a number. */
static void add_value(yg_text *page, const json_t *value) {
    if (json_is_string(value))
        page_text(page, json_string_value(value));
    else if (json_is_number(value))
        yg_text_add(page, "%.6g", json_number_value(value));
    else
        yg_text_add(page, "–");
}

/* --------------------------------------------------------------------------------- pictures --- */

/* How the values of a picture stand: a picture is [H, W], [C, H, W] or [H, W, C]. */
typedef struct layout {
    int64_t height, width, channels;
    int64_t row, column, channel; /* steps from one to the next */
} layout;

static bool find_layout(const json_t *shape, layout *l) {
    int64_t sizes[3] = {0};
    const size_t rank = json_array_size(shape);
    for (size_t i = 0; i < rank && i < 3; i++)
        sizes[i] = json_integer_value(json_array_get(shape, i));
    if (rank == 2)
        *l = (layout){sizes[0], sizes[1], 1, sizes[1], 1, 0};
    else if (rank == 3 && (sizes[0] == 1 || sizes[0] == 3))
        *l = (layout){sizes[1], sizes[2], sizes[0], sizes[2], 1, sizes[1] * sizes[2]};
    else if (rank == 3 && (sizes[2] == 1 || sizes[2] == 3))
        *l = (layout){sizes[0], sizes[1], sizes[2], sizes[1] * sizes[2], sizes[2], 1};
    else
        return false;
    return l->height > 1 && l->width > 1;
}

/* The picture's lowest value becomes black, its highest one white. */
static void paint(const layout *l, const json_t *values, int64_t zoom, yg_image *image) {
    double least = (double)INFINITY, most = -(double)INFINITY;
    for (size_t i = 0; i < json_array_size(values); i++) {
        const double value = json_number_value(json_array_get(values, i));
        least = fmin(least, value);
        most = fmax(most, value);
    }
    uint8_t *pixel = image->pixels;
    for (int64_t y = 0; y < l->height * zoom; y++)
        for (int64_t x = 0; x < l->width * zoom; x++)
            for (int64_t c = 0; c < l->channels; c++) {
                const int64_t at = y / zoom * l->row + x / zoom * l->column + c * l->channel;
                const double value = json_number_value(json_array_get(values, (size_t)at));
                *pixel++ =
                    (uint8_t)lround(most > least ? (value - least) / (most - least) * 255 : 0);
            }
}

/* An input that is a picture. Without libpng there is none. */
static void add_picture(yg_text *page, const json_t *input) {
    const json_t *values = json_object_get(input, "values");
    layout l;
    yg_image image = {0};
    size_t size = 0;
    if (!find_layout(json_object_get(input, "shape"), &l) ||
        json_array_size(values) != (size_t)(l.height * l.width * l.channels))
        return;
    const int64_t zoom = 1 + (ZOOMED - 1) / l.height;
    char *bytes = NULL;
    if (yg_image_reserve(&image, l.height * zoom, l.width * zoom, (int)l.channels, "the picture",
                         NULL)) {
        paint(&l, values, zoom, &image);
        bytes = yg_image_encode(&image, &size, NULL);
    }
    yg_image_free(&image);
    if (!bytes)
        return;
    yg_text_add(page, "<img alt=\"\" src=\"data:image/png;base64,");
    page_base64(page, bytes, size);
    yg_text_add(page, "\"> ");
    free(bytes);
}

/* "age 48, sex 1", "0 1", or a picture. */
static void add_input(yg_text *page, json_t *input) {
    const char *name;
    json_t *value;
    bool first = true;
    if (json_object_get(input, "shape")) {
        add_picture(page, input);
        return;
    }
    json_object_foreach(input, name, value) {
        yg_text_add(page, first ? "" : ", ");
        page_text(page, name);
        yg_text_add(page, " ");
        add_value(page, value);
        first = false;
    }
    for (size_t i = 0; i < json_array_size(input); i++) {
        yg_text_add(page, i ? " " : "");
        add_value(page, json_array_get(input, i));
    }
    yg_text_add(page, " ");
}

/* ----------------------------------------------------------------------------------- tables --- */

/* The matrix as a table, where gnuplot could not draw it. */
static void add_confusion(yg_text *page, const json_t *entry) {
    const json_t *rows = json_object_get(entry, "confusion");
    const json_t *classes = json_object_get(entry, "classes");
    const size_t count = json_array_size(rows);
    if (!count || count > TABLE_CLASSES)
        return;
    yg_text_add(page, "<div class=\"scroll\"><table><tr><th>true \\ predicted");
    for (size_t c = 0; c < count; c++) {
        yg_text_add(page, "<th class=\"n\">");
        add_value(page, json_array_get(classes, c));
    }
    for (size_t r = 0; r < count; r++) {
        yg_text_add(page, "\n<tr><td>");
        add_value(page, json_array_get(classes, r));
        for (size_t c = 0; c < count; c++) {
            yg_text_add(page, "<td class=\"n%s\">", c == r ? "" : " dim");
            add_value(page, json_array_get(json_array_get(rows, r), c));
        }
    }
    yg_text_add(page, "\n</table></div>\n");
}

/* Whether there is anything beside the row: a picture, or numbers that come from no column. */
static bool has_inputs(const json_t *worst) {
    return json_object_size(json_object_get(json_array_get(worst, 0), "inputs")) > 0;
}

static void add_inputs(yg_text *page, json_t *inputs) {
    const char *name;
    json_t *input;
    yg_text_add(page, "<td>");
    json_object_foreach(inputs, name, input) {
        add_input(page, input);
    }
}

/* The names of the columns of the file, above its cells. */
static void add_columns(yg_text *page, const json_t *columns) {
    const char *name;
    json_t *cell;
    json_object_foreach((json_t *)columns, name, cell) {
        yg_text_add(page, "<th class=\"cell\">");
        page_text(page, name);
    }
}

/* The cells of an example as they stand in the file, each under its column. Of a long text the
 * beginning is told. */
static void add_cells(yg_text *page, const json_t *columns, const json_t *row) {
    const char *name;
    json_t *cell;
    json_object_foreach((json_t *)columns, name, cell) {
        const char *text = text_at(row, name);
        size_t length = strlen(text);
        if (length > CELL_BYTES)
            for (length = CELL_BYTES; ((unsigned char)text[length] & 0xC0) == 0x80;)
                length--;
        char *shown = strndup(text, length);
        yg_text_add(page, "<td class=\"cell\">");
        if (shown)
            page_text(page, shown);
        yg_text_add(page, text[length] ? "…" : "");
        free(shown);
    }
}

static void add_worst(yg_text *page, const report *report, const finding *finding) {
    const json_t *worst = json_object_get(finding->entry, "worst");
    const bool classes = json_object_get(finding->entry, "classes") ||
                         json_object_get(json_array_get(worst, 0), "probability");
    if (!json_array_size(worst))
        return;
    const bool by_step = json_object_get(finding->entry, "steps") != NULL;
    const json_t *columns = json_object_get(json_array_get(worst, 0), "row");
    const bool inputs = has_inputs(worst);
    yg_text_add(page,
                "<h3>Worst examples</h3>\n<div class=\"scroll\"><table class=\"worst\"><tr>"
                "<th class=\"n\">example%s<th>true<th>predicted<th class=\"n\">%s",
                by_step ? "<th class=\"n\">step" : "",
                classes ? "probability of the true one<th class=\"n\">−log of it" : "distance");
    add_columns(page, columns);
    yg_text_add(page, inputs ? "<th>inputs" : "");
    for (size_t i = 0; i < json_array_size(worst); i++) {
        json_t *row = json_array_get(worst, i);
        yg_text_add(page, "\n<tr><td class=\"n\">");
        add_value(page, json_object_get(row, "example"));
        if (by_step) {
            yg_text_add(page, "<td class=\"n\">");
            add_value(page, json_object_get(row, "step"));
        }
        yg_text_add(page, "<td>");
        add_value(page, json_object_get(row, "true"));
        yg_text_add(page, "<td>");
        add_value(page, json_object_get(row, "predicted"));
        if (classes)
            yg_text_add(page, "<td class=\"n\">%.3g",
                        json_number_value(json_object_get(row, "probability")));
        yg_text_add(page, "<td class=\"n\">%.3g", json_number_value(json_object_get(row, "wrong")));
        add_cells(page, columns, json_object_get(row, "row"));
        if (inputs)
            add_inputs(page, json_object_get(row, "inputs"));
    }
    yg_text_add(page,
                "\n</table></div>\n<p class=\"dim\">One of them, with every number on its way: "
                "<code>yamlgrad explain ");
    page_text(page, report->log.folder);
    yg_text_add(page, "/model.yaml --weights ");
    page_text(page, report->log.folder);
    yg_text_add(page, "/weights.safetensors --part %s --example ", finding->part);
    add_value(page, json_object_get(json_array_get(worst, 0), "example"));
    yg_text_add(page, "</code></p>\n");
}

static void add_finding(yg_text *page, const report *report, const finding *finding) {
    static const char *const kinds[] = {"confusion", "roc", "predicted"};
    const json_t *steps = json_object_get(finding->entry, "steps");
    const json_t *of = steps ? finding->entry : finding->part_entry;
    const double stride = json_number_value(json_object_get(of, "stride"));
    yg_text_add(page, "<h2>");
    page_text(page, text_at(finding->entry, "output"));
    yg_text_add(page, " and %s <span class=\"dim\">on ", text_at(finding->entry, "target"));
    if (steps)
        yg_text_add(page, "%.0f steps of ", json_number_value(steps));
    yg_text_add(page, "%.0f examples of %s, at the kept weights",
                json_number_value(json_object_get(finding->part_entry, "examples")), finding->part);
    if (stride > 1)
        yg_text_add(page, "; curves are of every %.0fth", stride);
    yg_text_add(page, "</span></h2>\n<div class=\"pictures\">\n");
    for (size_t k = 0; k < 3; k++) {
        const plot *picture = report_picture(report, kinds[k], finding->name);
        if (picture)
            report_add_picture(page, picture, false);
    }
    yg_text_add(page, "</div>\n");
    if (!report->drawn)
        add_confusion(page, finding->entry);
    add_worst(page, report, finding);
}

void report_findings_page(yg_text *page, const report *report) {
    finding finding;
    for (size_t i = 0; report_finding(report, i, &finding); i++)
        add_finding(page, report, &finding);
}
