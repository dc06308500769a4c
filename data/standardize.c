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
#include "source.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Statistics of one example's elements so far. */
typedef struct statistics {
    double *first, *mean, *squares;
    double *spread; /* the largest distance from the first value */
} statistics;

static bool take(statistics *s, const yg_dataset *dataset, size_t port, yg_error *error) {
    const size_t width = (size_t)dataset->ports[port].width;
    const double *values = dataset->ports[port].data;
    s->first = calloc(width + 1, sizeof *s->first);
    s->mean = calloc(width + 1, sizeof *s->mean);
    s->squares = calloc(width + 1, sizeof *s->squares);
    s->spread = calloc(width + 1, sizeof *s->spread);
    if (!s->first || !s->mean || !s->squares || !s->spread)
        return yg_fail_memory(error);
    for (size_t i = 0; i < width && dataset->count > 0; i++)
        s->first[i] = values[i];
    for (int64_t e = 0; e < dataset->count; e++, values += width)
        for (size_t i = 0; i < width; i++) {
            const double x = values[i] - s->first[i], d = x - s->mean[i];
            s->mean[i] += d / (double)(e + 1);
            s->squares[i] += d * (x - s->mean[i]);
            s->spread[i] = fmax(s->spread[i], fabs(x));
        }
    return true;
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

yg_origin yg_standardize_place(const yg_reading *reading, const char *name) {
    const yg_value *section = yg_model_section(reading->model, "data");
    const yg_value *list = section ? yg_value_get(section, "standardize") : NULL;
    for (size_t i = 0; list && list->kind == YG_SEQUENCE && i < list->count; i++)
        if (list->items[i]->kind == YG_SCALAR && strcmp(list->items[i]->text, name) == 0)
            return list->items[i]->origin;
    return YG_NOWHERE;
}

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

bool yg_standardize_fit(const yg_reading *reading, const yg_dataset *dataset, size_t port,
                        yg_error *error) {
    yg_port_encoding *encoding = &reading->data->encoding.ports[port];
    statistics s = {0};
    encoding->width = dataset->ports[port].width;
    const bool good =
        take(&s, dataset, port, error) && keep(reading, &s, (double)dataset->count, encoding,
                                               yg_model_port(reading->model, port)->name, error);
    free(s.first);
    free(s.mean);
    free(s.squares);
    free(s.spread);
    return good;
}

void yg_standardize_apply(const yg_port_encoding *encoding, double *values, int64_t count) {
    if (!encoding->mean)
        return;
    for (int64_t e = 0; e < count; e++, values += encoding->width)
        for (int64_t i = 0; i < encoding->width; i++)
            values[i] = (values[i] - encoding->mean[i]) / encoding->deviation[i];
}
