/*
 * A small curve of text: see curve.h.
 */
#include "curve.h"

#include "terminal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { ROWS = 7, WIDEST = 60, NARROWEST = 10, LABEL = 8, LEAST_POINTS = 3 };

static const char *const marks[CURVE_SERIES] = {"•", "∘"};
static const char *const names[CURVE_SERIES] = {"train.loss", "validation.loss"};

/* ------------------------------------------------------------------------------- collecting --- */

/* Joins each two points to one. */
static void halve(curve *curve) {
    for (int s = 0; s < CURVE_SERIES; s++) {
        double *sum = curve->series[s].sum;
        int64_t *count = curve->series[s].count;
        for (size_t i = 0; i < CURVE_POINTS / 2; i++) {
            sum[i] = sum[2 * i] + sum[2 * i + 1];
            count[i] = count[2 * i] + count[2 * i + 1];
        }
        memset(sum + CURVE_POINTS / 2, 0, CURVE_POINTS / 2 * sizeof *sum);
        memset(count + CURVE_POINTS / 2, 0, CURVE_POINTS / 2 * sizeof *count);
    }
    curve->stride *= 2;
}

void curve_add(curve *curve, int64_t epoch, double training, double validation) {
    const double losses[CURVE_SERIES] = {training, validation};
    if (!curve->stride) {
        curve->stride = 1;
        curve->first = epoch;
    }
    if (curve->epochs == curve->stride * CURVE_POINTS)
        halve(curve);
    const int64_t point = curve->epochs++ / curve->stride;
    for (int s = 0; s < CURVE_SERIES; s++)
        if (isfinite(losses[s])) {
            curve->series[s].sum[point] += losses[s];
            curve->series[s].count[point]++;
        }
}

/* --------------------------------------------------------------------------------- drawing ---- */

typedef struct plot {
    const curve *curve;
    int points, width; /* columns */
    double low, high;  /* losses, or their logarithms */
    bool logarithmic;
    unsigned char cells[ROWS][WIDEST]; /* a bit for each series that has a point there */
} plot;

/* NaN where no epoch of the point has a finite loss, or their sum is too large. */
static double point_at(const curve *curve, int series, int point) {
    const int64_t count = curve->series[series].count[point];
    const double sum = curve->series[series].sum[point];
    return count && isfinite(sum) ? sum / (double)count : (double)NAN;
}

/* The loss at a column, on the straight line between the two points around it. */
static double loss_at(const plot *plot, int series, int column) {
    const double x = (double)column * (plot->points - 1) / (plot->width - 1);
    const int before = (int)x;
    const double from = point_at(plot->curve, series, before);
    if (before + 1 >= plot->points || x <= before)
        return from;
    return from + (x - before) * (point_at(plot->curve, series, before + 1) - from);
}

static void find_range(plot *plot) {
    double low = (double)INFINITY, high = -(double)INFINITY;
    for (int s = 0; s < CURVE_SERIES; s++)
        for (int i = 0; i < plot->points; i++) {
            const double loss = point_at(plot->curve, s, i);
            low = loss < low ? loss : low;
            high = loss > high ? loss : high;
        }
    plot->logarithmic = low > 0 && high > 10 * low;
    plot->low = plot->logarithmic ? log10(low) : low;
    plot->high = plot->logarithmic ? log10(high) : high;
}

/* The row of a loss, from the top. In halves, because the difference of two large numbers may be
 * too large. */
static int row_of(const plot *plot, double loss) {
    const double value = plot->logarithmic ? log10(loss) : loss;
    const double range = plot->high / 2 - plot->low / 2;
    const double part = range > 0 ? (plot->high / 2 - value / 2) / range : 0.5;
    return (int)lround(fmin(fmax(part, 0), 1) * (ROWS - 1));
}

static void fill(plot *plot) {
    for (int s = 0; s < CURVE_SERIES; s++)
        for (int c = 0; c < plot->width; c++) {
            const double loss = loss_at(plot, s, c);
            if (isfinite(loss))
                plot->cells[row_of(plot, loss)][c] |= (unsigned char)(1u << s);
        }
}

static void print_row(const plot *plot, int row, FILE *to) {
    char label[32] = "";
    const double share = (double)row / (ROWS - 1);
    const double level = plot->high * (1 - share) + plot->low * share;
    const bool labelled = row == 0 || row == ROWS / 2 || row == ROWS - 1;
    if (labelled)
        snprintf(label, sizeof label, "%.3g", plot->logarithmic ? pow(10, level) : level);
    int end = plot->width;
    while (end > 0 && !plot->cells[row][end - 1])
        end--;
    terminal_print(to, "  %*s %s", LABEL, label, labelled ? "┤" : "│");
    for (int c = 0; c < end; c++) {
        const unsigned char cell = plot->cells[row][c];
        if (cell & 2)
            terminal_start(to, STYLE_GREEN);
        terminal_print(to, "%s", cell & 2 ? marks[1] : cell ? marks[0] : " ");
        if (cell & 2)
            terminal_stop(to);
    }
    terminal_print(to, "\n");
}

static void print_axis(const plot *plot, FILE *to) {
    const curve *curve = plot->curve;
    char first[40], last[40];
    bool any = false;
    terminal_print(to, "  %*s └", LABEL, "");
    for (int c = 0; c < plot->width; c++)
        terminal_print(to, "─");
    snprintf(first, sizeof first, "epoch %lld", (long long)curve->first);
    snprintf(last, sizeof last, "%lld", (long long)(curve->first + curve->epochs - 1));
    const int between = plot->width - (int)strlen(first) - (int)strlen(last);
    terminal_print(to, "\n  %*s  %s%*s%s\n  %*s  ", LABEL, "", first, between > 1 ? between : 1, "",
                   last, LABEL, "");
    for (int s = 0; s < CURVE_SERIES; s++) {
        bool shown = false;
        for (int i = 0; i < plot->points && !shown; i++)
            shown = isfinite(point_at(curve, s, i));
        if (shown)
            terminal_print(to, "%s%s %s", any ? "  " : "", marks[s], names[s]);
        any = any || shown;
    }
    terminal_print(to, "%s\n", plot->logarithmic ? " (logarithmic)" : "");
}

void curve_print(const curve *curve, FILE *to) {
    plot plot = {.curve = curve};
    if (curve->epochs < LEAST_POINTS)
        return;
    plot.points = (int)((curve->epochs + curve->stride - 1) / curve->stride);
    plot.width = terminal_width(to) - LABEL - 5;
    plot.width = plot.width > WIDEST ? WIDEST : plot.width;
    find_range(&plot);
    if (plot.width < NARROWEST || !(plot.high >= plot.low))
        return;
    fill(&plot);
    for (int row = 0; row < ROWS; row++)
        print_row(&plot, row, to);
    print_axis(&plot, to);
}
