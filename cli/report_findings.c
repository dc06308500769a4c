/*
 * Pictures of what a run has found at its kept weights.
 */
#include "report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LABELLED = 25 /* classes: more names cannot be read */ };

bool report_finding(const report *report, size_t index, finding *finding) {
    const json_t *parts = json_object_get(report->findings, "parts");
    for (size_t p = 0; p < json_array_size(parts); p++) {
        const json_t *part = json_array_get(parts, p), *outputs = json_object_get(part, "outputs");
        const size_t count = json_array_size(outputs);
        if (index >= count) {
            index -= count;
            continue;
        }
        const char *name = json_string_value(json_object_get(part, "part"));
        finding->part = name ? name : "";
        finding->part_entry = part;
        finding->entry = json_array_get(outputs, index);
        const char *output = json_string_value(json_object_get(finding->entry, "output"));
        snprintf(finding->name, sizeof finding->name, count > 1 ? "%.30s_%.40s" : "%.30s",
                 finding->part, output ? output : "");
        return true;
    }
    return false;
}

static yg_text *begin(report *report, const finding *finding, const char *kind,
                      const char *caption) {
    char name[120], title[200];
    const char *output = json_string_value(json_object_get(finding->entry, "output"));
    snprintf(name, sizeof name, "%s_%s", kind, finding->name);
    snprintf(title, sizeof title, "%s of %.60s, %.30s", caption, output ? output : "",
             finding->part);
    return plots_begin(&report->plots, name, title);
}

/* Names of classes at an axis. */
static void add_names(yg_text *script, const char *axis, const json_t *classes) {
    yg_text_add(script, "set %stics %s (", axis, strcmp(axis, "x") == 0 ? "rotate by -35" : "");
    for (size_t i = 0; i < json_array_size(classes); i++) {
        const char *name = json_string_value(json_array_get(classes, i));
        yg_text_add(script, i ? ", " : "");
        plots_text(script, name ? name : "");
        yg_text_add(script, " %zu", i);
    }
    yg_text_add(script, ")\n");
}

void report_matrix(yg_text *script, const json_t *classes, const json_t *rows, yg_text *command) {
    const size_t count = json_array_size(rows);
    const bool named = count <= LABELLED && json_array_size(classes) == count;
    yg_text_add(script,
                "set border 0\nunset grid\nunset key\nunset colorbox\nset tics scale 0\n"
                "set xlabel 'predicted'\nset ylabel 'true'\nset size ratio 1\n"
                "set xrange [-0.5:%zu.5]\nset yrange [%zu.5:-0.5]\nset cbrange [0:1]\n"
                "set palette defined (0 '#f4f7fa', 1 '#1f5f99')\n",
                count - 1, count - 1);
    if (named) {
        add_names(script, "x", classes);
        add_names(script, "y", classes);
    }
    yg_text_add(script, "$data << END\n");
    for (size_t r = 0; r < count; r++) {
        const json_t *row = json_array_get(rows, r);
        double sum = 0;
        for (size_t c = 0; c < count; c++)
            sum += json_number_value(json_array_get(row, c));
        for (size_t c = 0; c < count; c++) {
            const double value = json_number_value(json_array_get(row, c));
            const double share = sum > 0 ? value / sum : 0;
            yg_text_add(script, "%zu %zu %.4f %.6g %d\n", c, r, share, value,
                        share > 0.5 ? 0xFFFFFF
                        : value > 0 ? 0x1D2733
                                    : 0xB8C2CC);
        }
    }
    yg_text_add(script, "END\n");
    yg_text_add(command,
                count <= LABELLED
                    ? "plot $data using 1:2:3 with image pixels, "
                      "$data using 1:2:(sprintf('%%.4g', $4)):5 with labels tc rgb variable"
                    : "plot $data using 1:2:3 with image pixels");
}

static void add_confusion(report *report, const finding *finding) {
    const json_t *rows = json_object_get(finding->entry, "confusion");
    yg_text command = {0};
    if (json_array_size(rows) < 2)
        return;
    yg_text *script = begin(report, finding, "confusion", "confusion matrix");
    report_matrix(script, json_object_get(finding->entry, "classes"), rows, &command);
    char *text = yg_text_take(&command);
    script->failed = script->failed || !text;
    plots_end(&report->plots, text ? text : "");
    free(text);
}

static void add_roc(report *report, const finding *finding) {
    const json_t *curves = json_object_get(finding->entry, "roc");
    const size_t count = json_array_size(curves);
    yg_text command = {0};
    if (!count)
        return;
    yg_text *script = begin(report, finding, "roc", "ROC");
    yg_text_add(script, "set size ratio 1\nset xlabel 'false positive rate'\nset ylabel 'true "
                        "positive rate'\nset xrange [0:1]\nset yrange [0:1.005]\n"
                        "set key vertical inside bottom right reverse Left samplen 1.5\n"
                        "set arrow from 0,0 to 1,1 nohead back ls 21 dt 2\n");
    for (size_t i = 0; i < count; i++) {
        const json_t *curve = json_array_get(curves, i);
        const json_t *points = json_object_get(curve, "points");
        const char *class = json_string_value(json_object_get(curve, "class"));
        yg_text_add(script, "$curve%zu << END\n", i);
        for (size_t k = 0; k < json_array_size(points); k++) {
            const json_t *point = json_array_get(points, k);
            yg_text_add(script, "%.6g %.6g\n", json_number_value(json_array_get(point, 0)),
                        json_number_value(json_array_get(point, 1)));
        }
        yg_text_add(script, "END\n");
        yg_text title = {0};
        yg_text_add(&title, "%s (AUC %.4g)", class ? class : "",
                    json_number_value(json_object_get(curve, "auc")));
        char *text = yg_text_take(&title);
        yg_text_add(&command, "%s$curve%zu using 1:2 with lines ls %zu title ", i ? ", " : "plot ",
                    i, i % 8 + 1);
        plots_text(&command, text ? text : "");
        free(text);
    }
    char *text = yg_text_take(&command);
    script->failed = script->failed || !text;
    plots_end(&report->plots, text ? text : "");
    free(text);
}

/* Predictions over true values. Right ones lie on the diagonal. */
static void add_points(report *report, const finding *finding) {
    const json_t *points = json_object_get(finding->entry, "points");
    double low = (double)INFINITY, high = -(double)INFINITY;
    for (size_t i = 0; i < json_array_size(points); i++)
        for (size_t k = 0; k < 2; k++) {
            const json_t *number = json_array_get(json_array_get(points, i), k);
            const double value = json_number_value(number);
            if (!json_is_number(number) || !(fabs(value) < 1e100))
                continue;
            low = fmin(low, value);
            high = fmax(high, value);
        }
    if (low > high)
        return;
    const double room = fmax(0.03 * (high - low), 1e-6 * fmax(1, fmax(fabs(low), fabs(high))));
    yg_text *script = begin(report, finding, "predicted", "predicted and true values");
    yg_text_add(script,
                "set size ratio 1\nunset key\nset xlabel 'true'\nset ylabel 'predicted'\n"
                "set xrange [%.17g:%.17g]\nset yrange [%.17g:%.17g]\n"
                "set arrow from graph 0,0 to graph 1,1 nohead back ls 21 dt 2\n$data << END\n",
                low - room, high + room, low - room, high + room);
    for (size_t i = 0; i < json_array_size(points); i++) {
        const json_t *point = json_array_get(points, i);
        for (size_t k = 0; k < 2; k++) {
            const json_t *number = json_array_get(point, k);
            plots_number(script, json_is_number(number) ? json_number_value(number) : (double)NAN);
            yg_text_add(script, k ? "\n" : " ");
        }
    }
    yg_text_add(script, "END\n");
    plots_end(&report->plots, "plot $data using 1:2 with points pt 7 ps 0.45 lc rgb '#661f77b4'");
}

void report_findings(report *report) {
    finding finding;
    for (size_t i = 0; report_finding(report, i, &finding); i++) {
        add_confusion(report, &finding);
        add_roc(report, &finding);
        add_points(report, &finding);
    }
}
