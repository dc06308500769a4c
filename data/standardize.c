/*
 * Standardisation: mean 0 and standard deviation 1 for each element of a port, by the training
 * examples alone.
 *
 * Statistics take one pass, by Welford's recurrence over each element's distance from its first
 * value. The distance of equal numbers is exactly 0 and that of close ones exact, so a constant
 * element has deviation 0, and a small one around a large mean keeps its digits:
 *
 *   d = x - first - m;  m += d / n;  squares += d · (x - first - m)
 */
#include "decoder.h"
#include "spool.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Statistics of one example's elements so far. */
typedef struct statistics {
    double *first, *mean, *squares;
    double *spread; /* the largest distance from the first value */
    double *row;    /* an example that had to be decoded */
} statistics;

/* Takes an example in; `count` examples were taken before. */
static void take(statistics *s, const double *values, size_t width, double count) {
    for (size_t i = 0; i < width; i++) {
        if (count == 0)
            s->first[i] = values[i];
        const double x = values[i] - s->first[i], d = x - s->mean[i];
        s->mean[i] += d / (count + 1);
        s->squares[i] += d * (x - s->mean[i]);
        s->spread[i] = fmax(s->spread[i], fabs(x));
    }
}

static bool take_all(statistics *s, const yg_part *part, size_t port, double *taken,
                     yg_error *error) {
    const yg_elements *elements = &part->dataset->ports[port];
    const size_t width = (size_t)elements->width;
    s->first = calloc(width + 1, sizeof *s->first);
    s->mean = calloc(width + 1, sizeof *s->mean);
    s->squares = calloc(width + 1, sizeof *s->squares);
    s->spread = calloc(width + 1, sizeof *s->spread);
    s->row = calloc(width + 1, sizeof *s->row);
    if (!s->first || !s->mean || !s->squares || !s->spread || !s->row)
        return yg_fail_memory(error);
    yg_rows rows = {.part = part, .port = port};
    bool good = true;
    for (int64_t e = 0; good && e < part->count; e++) {
        const void *at = yg_rows_next(&rows, error);
        good = at != NULL;
        for (int64_t k = 0; good && k < rows.length; k++, ++*taken) {
            const char *row = (const char *)at + (size_t)k * width * yg_elements_size(elements);
            if (elements->decoder)
                yg_decode_numbers(elements->decoder, row, 1, s->row);
            take(s, elements->decoder ? s->row : (const void *)row, width, *taken);
        }
    }
    yg_rows_free(&rows);
    return good;
}

/* Whether an element counts as constant: its spread is below the distance of neighbouring doubles.
 * Such a spread is a rounding error of the program that wrote the numbers, as of 0.1 + 0.2 beside
 * 0.3. Dividing by it would blow that error up to the size of real data. The recurrence's own
 * rounding does not grow with the number of examples, so the limit does not depend on it. */
static bool is_constant(double deviation, double mean) {
    return deviation <= DBL_EPSILON * fabs(mean);
}

/* Below this, squares of distances lose digits or become 0, and a deviation would be wrong. */
#define SPREAD_MIN 1e-145

static bool fail_deviation(const yg_reading *reading, const yg_port_encoding *encoding,
                           const char *name, size_t i, const char *what, yg_error *error) {
    const bool column = encoding->column_count > i;
    return yg_fail(error, YG_ERROR_NUMERIC, yg_standardize_place(reading, name),
                   "'%s' cannot be standardised: the deviation of element %zu%s%s is %s", name, i,
                   column ? ", column " : "", column ? encoding->columns[i] : "", what);
}

static bool keep(const yg_reading *reading, const statistics *s, double count,
                 yg_port_encoding *encoding, const char *name, yg_error *error) {
    const size_t width = (size_t)encoding->width;
    encoding->mean = calloc(width + 1, sizeof *encoding->mean);
    encoding->deviation = calloc(width + 1, sizeof *encoding->deviation);
    if (!encoding->mean || !encoding->deviation)
        return yg_fail_memory(error);
    for (size_t i = 0; i < width; i++) {
        const double mean = s->first[i] + s->mean[i], deviation = sqrt(s->squares[i] / count);
        if (!isfinite(mean) || !isfinite(deviation))
            return fail_deviation(reading, encoding, name, i,
                                  "not finite; `transform` it to smaller numbers", error);
        if (s->spread[i] < SPREAD_MIN && !is_constant(s->spread[i], mean))
            return fail_deviation(reading, encoding, name, i,
                                  "too small to compute; `transform` it to larger numbers", error);
        encoding->mean[i] = mean;
        encoding->deviation[i] = is_constant(deviation, mean) ? 1 : deviation;
    }
    return true;
}

bool yg_standardize_fit(const yg_reading *reading, const yg_part *part, size_t port,
                        yg_error *error) {
    yg_port_encoding *encoding = &reading->data->encoding.ports[port];
    statistics s = {0};
    encoding->width = part->dataset->ports[port].width;
    double taken = 0; /* examples, or rows of sequences */
    const bool good =
        take_all(&s, part, port, &taken, error) &&
        keep(reading, &s, taken, encoding, yg_model_port(reading->model, port)->name, error);
    free(s.first);
    free(s.mean);
    free(s.squares);
    free(s.spread);
    free(s.row);
    return good;
}

void yg_standardize_apply(const yg_port_encoding *encoding, double *values, int64_t count) {
    if (!encoding->mean)
        return;
    for (int64_t e = 0; e < count; e++, values += encoding->width)
        for (int64_t i = 0; i < encoding->width; i++)
            values[i] = (values[i] - encoding->mean[i]) / encoding->deviation[i];
}
