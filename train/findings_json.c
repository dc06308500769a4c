/*
 * Findings as JSON: see findings.h.
 */
#include "../data/column.h"
#include "../data/source.h"
#include "findings.h"
#include "json_text.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

enum { CURVES_MAX = 10, CURVE_POINTS = 200, PAIRS = 2000, LISTED = 16, PICTURE = 3 * 64 * 64 };
/* Of an example, so many inputs are told: nobody reads more, and each is read by itself. */
enum { INPUTS = 32 };

/* A number as it is read by people: its last digits are those of float32. */
static void add_number(yg_text *out, double value) {
    if (isfinite(value))
        yg_text_add(out, "%.7g", value);
    else
        yg_text_add(out, "null");
}

static void add_class(const yg_finding *item, int64_t class, yg_text *out) {
    if (item->names)
        yg_json_string(out, item->names[class]);
    else
        yg_text_add(out, "\"%" PRId64 "\"", class);
}

static void add_confusion(const yg_finding *item, yg_text *out) {
    yg_text_add(out, ",\n \"classes\": [");
    for (int64_t c = 0; c < item->classes; c++) {
        yg_text_add(out, c ? ", " : "");
        add_class(item, c, out);
    }
    yg_text_add(out, "],\n \"confusion\": [");
    for (int64_t c = 0; c < item->classes; c++) {
        yg_text_add(out, c ? ",\n  [" : "\n  [");
        for (int64_t k = 0; k < item->classes; k++)
            yg_text_add(out, "%s%" PRId64, k ? ", " : "", item->confusion[c * item->classes + k]);
        yg_text_add(out, "]");
    }
    yg_text_add(out, "]");
}

/* ------------------------------------------------------------------------------------- ROC --- */

typedef struct ranked {
    double score;
    bool positive;
} ranked;

static int by_score(const void *a, const void *b) {
    const ranked *x = a, *y = b;
    return (x->score < y->score) - (x->score > y->score);
}

typedef struct rates {
    double x, y; /* of false and of true positives */
} rates;

/* The curve of examples that have been sorted: a point for each score, equal ones together. Returns
 * how many points there are; *area becomes what is below them. */
static int64_t trace(const ranked *all, int64_t count, double positives, rates *points,
                     double *area) {
    const double negatives = (double)count - positives;
    double true_ones = 0, false_ones = 0;
    int64_t made = 0;
    points[made++] = (rates){0, 0};
    *area = 0;
    for (int64_t i = 0; i < count; i++) {
        true_ones += all[i].positive;
        false_ones += !all[i].positive;
        if (i + 1 < count && all[i + 1].score >= all[i].score)
            continue;
        const rates p = {false_ones / negatives, true_ones / positives};
        const rates before = points[made - 1];
        *area += (p.x - before.x) * (p.y + before.y) / 2;
        /* The middle one of three points on a line says nothing. */
        if (made > 1 && ((p.x <= before.x && before.x <= points[made - 2].x) ||
                         (p.y <= before.y && before.y <= points[made - 2].y)))
            made--;
        points[made++] = p;
    }
    return made;
}

/* The curve of one class against all others. Without examples of either there is none. */
static bool add_curve(const yg_finding *item, int64_t class, bool *any, yg_text *out,
                      yg_error *error) {
    ranked *all = calloc((size_t)item->count + 1, sizeof *all);
    rates *points = calloc((size_t)item->count + 2, sizeof *points);
    double positives = 0, area = 0;
    for (int64_t i = 0; all && points && i < item->count; i++) {
        const double *row = item->predicted + i * item->width;
        all[i] = (ranked){item->width > 1 ? row[class]
                          : class         ? row[0]
                                          : 1 - row[0],
                          item->truth[i] == (double)class};
        positives += all[i].positive;
    }
    if (all && points && positives > 0 && positives < (double)item->count) {
        qsort(all, (size_t)item->count, sizeof *all, by_score);
        const int64_t made = trace(all, item->count, positives, points, &area);
        yg_text_add(out, *any ? ",\n  {\"class\": " : "\n  {\"class\": ");
        *any = true;
        add_class(item, class, out);
        yg_text_add(out, ", \"auc\": ");
        yg_json_number(out, area);
        yg_text_add(out, ", \"points\": [");
        const int64_t step = made / CURVE_POINTS + 1;
        for (int64_t i = 0; i < made; i++)
            if (i % step == 0 || i + 1 == made)
                yg_text_add(out, "%s[%.6g, %.6g]", i ? ", " : "", points[i].x, points[i].y);
        yg_text_add(out, "]}");
    }
    const bool good = all && points;
    free(all);
    free(points);
    return good || yg_fail_memory(error);
}

/* Of two classes, one curve says all. */
static bool add_curves(const yg_finding *item, yg_text *out, yg_error *error) {
    bool any = false;
    if (item->classes > CURVES_MAX)
        return true;
    yg_text_add(out, ",\n \"roc\": [");
    for (int64_t c = item->classes == 2; c < item->classes; c++)
        if (!add_curve(item, c, &any, out, error))
            return false;
    yg_text_add(out, "]");
    return true;
}

/* ------------------------------------------------------------------------------ worst ones --- */

/* The values of an input, under the names of its columns where it has them. Those of a picture have
 * their shape. */
static void add_values(const yg_run *run, size_t p, const double *values, int64_t width,
                       yg_text *out) {
    const yg_port_encoding *encoding = &run->data.encoding.ports[p];
    const yg_port *port = yg_model_port(run->model, p);
    const bool named = width <= LISTED && encoding->column_count == (size_t)width;
    const bool units =
        width <= LISTED && yg_encoding_has_units(encoding) && yg_encoding_width(encoding) == width;
    if (width > LISTED) {
        yg_text_add(out, "{\"shape\": [");
        for (int d = 1; d < port->rank; d++)
            yg_text_add(out, "%s%" PRId64, d > 1 ? ", " : "", port->shape[d]);
        yg_text_add(out, "], \"values\": ");
    }
    yg_text_add(out, named ? "{" : "[");
    for (int64_t i = 0; i < width; i++) {
        const double value = units ? yg_encoding_in_units(encoding, i, values[i]) : values[i];
        yg_text_add(out, i ? ", " : "");
        if (named) {
            yg_json_string(out, encoding->columns[i]);
            yg_text_add(out, ": ");
        }
        if (isfinite(value))
            yg_text_add(out, width > LISTED ? "%.4g" : "%.6g", value);
        else
            yg_text_add(out, "null");
    }
    yg_text_add(out, named ? "}" : "]");
    yg_text_add(out, width > LISTED ? "}" : "");
}

/* Whether a port's values are told: a few numbers, or a picture. */
static bool is_told(const yg_port *port, int64_t width) {
    bool picture = port->rank >= 3 && width <= PICTURE && port->shape[port->rank - 1] > 1;
    for (int d = 1; d < port->rank; d++)
        picture = picture && port->shape[d] > 0;
    return !port->target && width > 0 && (width <= LISTED || picture);
}

/* The cells of an example as they stand in the file. False if they are not known. */
static bool add_row(const yg_findings *f, int64_t example, yg_text *out) {
    if (!f->cells.columns || !yg_example_cell(&f->cells, example, 0))
        return false;
    yg_text_add(out, ", \"row\": {");
    for (size_t c = 0; c < f->cells.columns; c++) {
        yg_text_add(out, c ? ", " : "");
        yg_json_string(out, f->cells.names[c]);
        yg_text_add(out, ": ");
        yg_json_string(out, yg_example_cell(&f->cells, example, c));
    }
    yg_text_add(out, "}");
    return true;
}

/* Inputs whose cells are told as a row are left out, but for pictures. */
static bool add_inputs(const yg_run *run, const yg_findings *f, int64_t example, yg_text *out,
                       yg_error *error) {
    const bool row = add_row(f, example, out);
    int told = 0;
    bool good = true;
    yg_text_add(out, ", \"inputs\": {");
    for (size_t p = 0; good && told < INPUTS && p < yg_model_port_count(run->model); p++) {
        const yg_port *port = yg_model_port(run->model, p);
        const yg_elements *elements = &f->part->dataset->ports[p];
        const bool in_row =
            row && run->data.encoding.ports[p].column_count && elements->width <= LISTED;
        if (run->data.series.length || in_row || elements->ragged ||
            !is_told(port, elements->width))
            continue;
        const size_t width = (size_t)elements->width;
        double *values = calloc(2 * width, sizeof *values);
        void *raw = values ? values + width : NULL;
        good = values ? yg_part_read(f->part, p, example, 1, raw, error) : yg_fail_memory(error);
        for (size_t i = 0; good && i < width; i++)
            values[i] = yg_element_get(elements->dtype, raw, (int64_t)i);
        if (good) {
            yg_text_add(out, told++ ? ", " : "");
            yg_json_string(out, port->name);
            yg_text_add(out, ": ");
            add_values(run, p, values, elements->width, out);
        }
        free(values);
    }
    yg_text_add(out, "}");
    return good;
}

static bool add_worst(const yg_run *run, const yg_findings *f, const yg_finding *item, yg_text *out,
                      yg_error *error) {
    yg_text_add(out, ",\n \"worst\": [");
    for (size_t i = 0; i < item->worst_count; i++) {
        const yg_worst *worst = &item->worst[i];
        yg_text_add(out, "%s\n  {\"example\": %" PRId64, i ? "," : "", worst->example);
        if (item->by_step)
            yg_text_add(out, ", \"step\": %" PRId64, worst->step);
        yg_text_add(out, ", \"true\": ");
        if (item->classes) {
            add_class(item, (int64_t)worst->truth, out);
            yg_text_add(out, ", \"predicted\": ");
            add_class(item, (int64_t)worst->predicted, out);
            yg_text_add(out, ", \"probability\": ");
            add_number(out, worst->probability);
        } else {
            add_number(out, worst->truth);
            yg_text_add(out, ", \"predicted\": ");
            add_number(out, worst->predicted);
        }
        yg_text_add(out, ", \"wrong\": ");
        add_number(out, worst->wrong);
        if (!add_inputs(run, f, worst->example, out, error))
            return false;
        yg_text_add(out, "}");
    }
    yg_text_add(out, "]");
    return true;
}

/* ------------------------------------------------------------------------------------- all --- */

/* Pairs of true and predicted numbers, spread over all of them. A step that the width divides would
 * meet the same element each time. */
static void add_points(const yg_finding *item, yg_text *out) {
    const int64_t all = item->count * item->width;
    int64_t step = all / PAIRS + 1;
    step += step > 1 && item->width > 1 && step % item->width == 0;
    yg_text_add(out, ",\n \"points\": [");
    for (int64_t i = 0; i < all; i += step) {
        yg_text_add(out, i ? ", [" : "[");
        add_number(out, item->truth[i]);
        yg_text_add(out, ", ");
        add_number(out, item->predicted[i]);
        yg_text_add(out, "]");
    }
    yg_text_add(out, "]");
}

static bool add_item(const yg_run *run, const yg_findings *f, const yg_finding *item, yg_text *out,
                     yg_error *error) {
    yg_text_add(out, "\n{\"kind\": \"%s\", \"output\": ", item->classes ? "classes" : "numbers");
    yg_json_string(out, item->name);
    yg_text_add(out, ", \"target\": ");
    yg_json_string(out, yg_model_port(run->model, item->port)->name);
    if (item->by_step)
        yg_text_add(out, ", \"steps\": %" PRId64 ", \"stride\": %" PRId64, item->rows,
                    item->stride);
    if (item->confusion)
        add_confusion(item, out);
    if (!item->classes)
        add_points(item, out);
    if (item->classes && !add_curves(item, out, error))
        return false;
    if (!add_worst(run, f, item, out, error))
        return false;
    yg_text_add(out, "}");
    return true;
}

bool yg_findings_json(const yg_run *run, const yg_findings *f, yg_text *out, yg_error *error) {
    yg_text_add(out,
                "{\"part\": \"%s\", \"examples\": %" PRId64 ", \"stride\": %" PRId64
                ", \"outputs\": [",
                f->part_name, f->part->count, f->stride);
    for (size_t i = 0; i < f->count; i++) {
        yg_text_add(out, i ? "," : "");
        if (!add_item(run, f, &f->items[i], out, error))
            return false;
    }
    yg_text_add(out, "]}");
    return true;
}
