/*
 * A run's history as a picture: loss over epochs, in SVG, which any browser shows.
 *
 * The vertical axis is logarithmic where all losses are positive and span more than a decade. Long
 * runs are drawn by at most one point a horizontal pixel.
 */
#include "../graph/file.h"
#include "history.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    WIDTH = 640,
    HEIGHT = 360,
    LEFT = 70,
    RIGHT = 20,
    TOP = 40,
    BOTTOM = 48,
    EPOCH = 0,
    LOSS = 3
};

static const int TICKS = 5;

typedef struct axes {
    double first, last; /* epochs */
    double low, high;   /* losses, or their logarithms */
    bool logarithmic;
} axes;

static double value_at(const yg_history *history, size_t line, size_t column) {
    return history->lines[line * history->width + column];
}

static size_t validation_column(const yg_history *history) {
    return LOSS + history->part_width;
}

static axes find_axes(const yg_history *history) {
    axes a = {value_at(history, 0, EPOCH), value_at(history, history->count - 1, EPOCH),
              (double)INFINITY, -(double)INFINITY, false};
    for (size_t l = 0; l < history->count; l++)
        for (int part = 0; part < (history->has_validation ? 2 : 1); part++) {
            const double loss = value_at(history, l, part ? validation_column(history) : LOSS);
            if (!isfinite(loss))
                continue;
            a.low = loss < a.low ? loss : a.low;
            a.high = loss > a.high ? loss : a.high;
        }
    a.logarithmic = a.low > 0 && a.high > 10 * a.low;
    if (a.logarithmic) {
        a.low = log10(a.low);
        a.high = log10(a.high);
    }
    if (!(a.high >= a.low)) /* no finite loss at all */
        a.low = a.high = 0;
    if (!(a.high > a.low)) { /* one value: it stands in the middle, however large it is */
        const double room = 0.5 * fmax(1, fabs(a.low));
        a.low = fmax(a.low - room, -DBL_MAX);
        a.high = fmin(a.high + room, DBL_MAX);
    }
    return a;
}

static double x_of(const axes *a, double epoch) {
    const double part = a->last > a->first ? (epoch - a->first) / (a->last - a->first) : 0;
    return LEFT + part * (WIDTH - LEFT - RIGHT);
}

static double y_of(const axes *a, double loss) {
    const double value = a->logarithmic ? log10(loss) : loss;
    /* In halves: the difference of two large numbers may be too large. */
    const double part = (a->high / 2 - value / 2) / (a->high / 2 - a->low / 2);
    return TOP + (isfinite(part) ? part : 0.5) * (HEIGHT - TOP - BOTTOM);
}

/* A number with `digits` decimals, with a point in every locale. It is a coordinate or has few
 * digits. One that is too large for a whole number of such parts is written as the largest. */
static void print_decimal(FILE *out, double value, int digits) {
    int64_t scale = 1;
    for (int i = 0; i < digits; i++)
        scale *= 10;
    const double parts = round(fmin(fabs(value) * (double)scale, 1e15));
    const int64_t whole = (int64_t)parts;
    fprintf(out, "%s%" PRId64, value < 0 && whole > 0 ? "-" : "", whole / scale);
    if (digits)
        fprintf(out, ".%0*" PRId64, digits, whole % scale);
}

/* About three digits: 0.0123, 1.23e-08. */
static void print_loss(FILE *out, double value) {
    const int exponent = value != 0 ? (int)floor(log10(fabs(value))) : 0;
    if (exponent >= -4 && exponent < 6) {
        print_decimal(out, value, exponent > 2 ? 1 : 2 - (exponent < 0 ? exponent : 0));
    } else {
        /* In two parts: 10^-320 is no normal number. */
        const int half = exponent / 2;
        print_decimal(out, value / pow(10, half) / pow(10, exponent - half), 2);
        fprintf(out, "e%d", exponent);
    }
}

/* A line across the picture at a loss, with its number before it. `digits` of its decimals are
 * written; < 0: about three digits are. */
static void print_tick(const axes *a, double loss, int digits, FILE *out) {
    const int y = (int)lround(y_of(a, loss));
    fprintf(out, "<path d=\"M%d %dH%d\" stroke=\"#ddd\"/>\n", LEFT, y, WIDTH - RIGHT);
    fprintf(out, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">", LEFT - 6, y + 4);
    if (digits >= 0 && digits < 8 && fabs(loss) < 1e6)
        print_decimal(out, loss, digits);
    else
        print_loss(out, loss);
    fputs("</text>\n", out);
}

/* 1, 2 or 5 times a power of ten, of which at most `parts` fit into the range; 0: there is none. */
static double round_step(double range, int parts) {
    static const double factors[] = {1, 2, 5, 10};
    const double least = range / parts, unit = pow(10, floor(log10(least)));
    for (size_t i = 0; i < sizeof factors / sizeof *factors; i++)
        if (isnormal(unit) && factors[i] * unit >= least)
            return factors[i] * unit;
    return 0;
}

static void print_linear_ticks(const axes *a, FILE *out) {
    const double step = round_step(a->high - a->low, TICKS + 2);
    const double first = step > 0 ? ceil(a->low / step) : (double)INFINITY;
    if (!(fabs(first) < 1e9)) { /* too large, too small or too close to each other */
        for (int t = 0; t < TICKS; t++) {
            const double share = (double)t / (TICKS - 1);
            print_tick(a, a->low * (1 - share) + a->high * share, -1, out);
        }
        return;
    }
    const int digits = step < 1 ? (int)ceil(-log10(step) - 1e-9) : 0;
    for (double i = first; i * step <= a->high && i < first + 2 * TICKS; i++)
        print_tick(a, i * step, digits, out);
}

/* Powers of ten, and twice and five times these where there are few. */
static void print_logarithmic_ticks(const axes *a, FILE *out) {
    static const double factors[] = {1, 2, 5};
    const double stride = floor((a->high - a->low) / TICKS) + 1;
    const size_t count = a->high - a->low < 2.5 ? 3 : 1;
    for (double e = floor(a->low / stride) * stride; e <= a->high; e += stride)
        for (size_t i = 0; i < count; i++) {
            const double level = e + log10(factors[i]);
            if (level >= a->low && level <= a->high)
                print_tick(a, factors[i] * pow(10, e), e < 0 ? (int)-e : 0, out);
        }
}

static void print_axes(const axes *a, FILE *out) {
    const int y = HEIGHT - BOTTOM + 18;
    if (a->logarithmic)
        print_logarithmic_ticks(a, out);
    else
        print_linear_ticks(a, out);
    const double step = fmax(1, round_step(a->last - a->first, 2 * TICKS));
    for (double e = ceil(a->first / step) * step; e <= a->last; e += step) {
        fputs("<text x=\"", out);
        print_decimal(out, x_of(a, e), 1);
        fprintf(out, "\" y=\"%d\" text-anchor=\"middle\">%.0f</text>\n", y, e);
    }
    fprintf(out, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">epoch</text>\n",
            (LEFT + WIDTH - RIGHT) / 2, y + 16);
}

/* A line from top to bottom at the best epoch. */
static void print_best(const axes *a, double best, FILE *out) {
    if (!(best >= a->first && best <= a->last))
        return;
    const double x = x_of(a, best);
    fputs("<path stroke=\"#777\" stroke-dasharray=\"2 3\" d=\"M", out);
    print_decimal(out, x, 1);
    fprintf(out, " %dV%d\"/>\n<text x=\"", TOP, HEIGHT - BOTTOM);
    print_decimal(out, x, 1);
    fprintf(out, "\" y=\"%d\" text-anchor=\"%s\" fill=\"#777\">best epoch: %.0f</text>\n", TOP - 4,
            x > WIDTH / 2.0 ? "end" : "start", best);
}

/* A line is drawn from point to point: one that has no finite neighbour would not be seen. */
static void print_lone_points(const yg_history *history, const axes *a, size_t column,
                              const char *colour, FILE *out) {
    for (size_t l = 0; l < history->count; l++) {
        const bool before = l > 0 && isfinite(value_at(history, l - 1, column));
        const bool after = l + 1 < history->count && isfinite(value_at(history, l + 1, column));
        if (before || after || !isfinite(value_at(history, l, column)))
            continue;
        fputs("<circle cx=\"", out);
        print_decimal(out, x_of(a, value_at(history, l, EPOCH)), 1);
        fputs("\" cy=\"", out);
        print_decimal(out, y_of(a, value_at(history, l, column)), 1);
        fprintf(out, "\" r=\"3\" fill=\"%s\"/>\n", colour);
    }
}

static void print_curve(const yg_history *history, const axes *a, size_t column, const char *colour,
                        FILE *out) {
    const size_t pixels = WIDTH - LEFT - RIGHT;
    const size_t stride = history->count / pixels + 1;
    fprintf(out, "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"1.5\" points=\"", colour);
    for (size_t l = 0; l < history->count; l += stride) {
        if (l + stride >= history->count)
            l = history->count - 1;
        if (!isfinite(value_at(history, l, column)))
            continue;
        print_decimal(out, x_of(a, value_at(history, l, EPOCH)), 1);
        fputc(',', out);
        print_decimal(out, y_of(a, value_at(history, l, column)), 1);
        fputc(' ', out);
    }
    fputs("\"/>\n", out);
    print_lone_points(history, a, column, colour, out);
}

static void print_text(FILE *out, const char *text) {
    for (; *text; text++) {
        if (*text == '<' || *text == '&')
            fputs(*text == '<' ? "&lt;" : "&amp;", out);
        else
            fputc(*text, out);
    }
}

static void print_picture(const yg_history *history, const char *title, int64_t best, FILE *out) {
    static const char *const colours[] = {"#1f77b4", "#d62728"};
    const axes a = find_axes(history);
    fprintf(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
            "viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" font-size=\"12\">\n"
            "<rect width=\"%d\" height=\"%d\" fill=\"white\"/>\n"
            "<text x=\"%d\" y=\"22\" font-size=\"14\">",
            WIDTH, HEIGHT, WIDTH, HEIGHT, WIDTH, HEIGHT, LEFT);
    print_text(out, title);
    fprintf(out, ": loss%s</text>\n", a.logarithmic ? " (logarithmic)" : "");
    print_axes(&a, out);
    print_best(&a, (double)best, out);
    print_curve(history, &a, LOSS, colours[0], out);
    fprintf(out, "<text x=\"%d\" y=\"22\" fill=\"%s\">training</text>\n", WIDTH - 160, colours[0]);
    if (history->has_validation) {
        print_curve(history, &a, validation_column(history), colours[1], out);
        fprintf(out, "<text x=\"%d\" y=\"22\" fill=\"%s\">validation</text>\n", WIDTH - 90,
                colours[1]);
    }
    fputs("</svg>\n", out);
}

bool yg_history_draw(const yg_history *history, const char *title, int64_t best, const char *path,
                     yg_error *error) {
    char *text = NULL;
    size_t size = 0;
    if (!history->count)
        return true;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return yg_fail_memory(error);
    print_picture(history, title, best, out);
    const bool written = !ferror(out);
    const bool good = fclose(out) == 0 && written ? yg_file_write(path, text, size, error)
                                                  : yg_fail_memory(error);
    free(text);
    return good;
}
