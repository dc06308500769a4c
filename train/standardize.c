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

/* Statistics of one example's elements so far. */
typedef struct statistics {
    double *first, *mean, *squares;
} statistics;

static bool take(statistics *s, const yg_dataset *dataset, size_t port, yg_error *error) {
    const size_t width = (size_t)dataset->ports[port].width;
    const double *values = dataset->ports[port].data;
    s->first = calloc(width + 1, sizeof *s->first);
    s->mean = calloc(width + 1, sizeof *s->mean);
    s->squares = calloc(width + 1, sizeof *s->squares);
    if (!s->first || !s->mean || !s->squares)
        return yg_fail_memory(error);
    for (size_t i = 0; i < width && dataset->count > 0; i++)
        s->first[i] = values[i];
    for (int64_t e = 0; e < dataset->count; e++, values += width)
        for (size_t i = 0; i < width; i++) {
            const double x = values[i] - s->first[i], d = x - s->mean[i];
            s->mean[i] += d / (double)(e + 1);
            s->squares[i] += d * (x - s->mean[i]);
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

static bool keep(const statistics *s, double count, yg_port_encoding *encoding, const char *name,
                 yg_error *error) {
    const size_t width = (size_t)encoding->width;
    encoding->mean = calloc(width + 1, sizeof *encoding->mean);
    encoding->deviation = calloc(width + 1, sizeof *encoding->deviation);
    if (!encoding->mean || !encoding->deviation)
        return yg_fail_memory(error);
    for (size_t i = 0; i < width; i++) {
        const double mean = s->first[i] + s->mean[i], deviation = sqrt(s->squares[i] / count);
        if (!isfinite(mean) || !isfinite(deviation))
            return yg_fail(error, YG_ERROR_NUMERIC, YG_NOWHERE,
                           "'%s' cannot be standardised: the deviation of element %zu%s%s is not "
                           "finite; `transform` it to smaller numbers",
                           name, i, encoding->column_count > i ? ", column " : "",
                           encoding->column_count > i ? encoding->columns[i] : "");
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
        take(&s, dataset, port, error) && keep(&s, (double)dataset->count, encoding,
                                               yg_model_port(reading->model, port)->name, error);
    free(s.first);
    free(s.mean);
    free(s.squares);
    return good;
}

void yg_standardize_apply(const yg_port_encoding *encoding, double *values, int64_t count) {
    if (!encoding->mean)
        return;
    for (int64_t e = 0; e < count; e++, values += encoding->width)
        for (int64_t i = 0; i < encoding->width; i++)
            values[i] = (values[i] - encoding->mean[i]) / encoding->deviation[i];
}
