/*
 * Scales of a column: see column.h. A scale is a function of each number that the column's kind
 * gives, and its inverse for outputs in the target's units.
 *
 *     scale:     standard  (x - mean) / deviation
 *                minmax    (x - smallest) / (largest - smallest)
 *                robust    (x - median) / (third - first quartile)
 *                quantile  the part of the training values below x, in [0, 1]
 *                log       ln x
 *                log1p     ln(1 + x)
 *
 * A column that is constant keeps its scale: it is divided by 1.
 */
#include "column.h"
#include "number_sample.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef enum yg_scale_way { STANDARD, MINMAX, ROBUST, QUANTILE, LOG, LOG1P } yg_scale_way;

enum { QUANTILES = 1000 };

struct yg_scale {
    yg_scale_way way;
    bool settled;
    double center, spread; /* of the ways that subtract and divide */
    double *quantiles;     /* [quantile_count], never falling; owned */
    int64_t quantile_count;
    /* While learning: */
    int64_t count;
    double first, mean, squares; /* Welford's, of the distance from the first value */
    double smallest, largest;
    yg_number_sample sample;
};

static const char *const ways[] = {"standard", "minmax", "robust", "quantile",
                                   "log",      "log1p",  NULL};

const yg_setting yg_scale_settings[YG_SCALE_SETTINGS] = {
    {"scale", .kind = YG_SETTING_CHOICE, .choices = ways, .fallback = "none", .example = "robust",
     .doc = "of a number: what is computed from it, by the training part"},
};

void yg_scale_free(yg_column *column) {
    struct yg_scale *s = column->scale;
    if (!s)
        return;
    free(s->quantiles);
    yg_number_sample_free(&s->sample);
    free(s);
    column->scale = NULL;
}

bool yg_scale_configure(yg_column *column, yg_error *error) {
    const bool listed = column->options && column->options->kind == YG_MAPPING;
    const yg_value *value = listed ? yg_value_get(column->options, "scale") : NULL;
    int way = 0;
    if (!value)
        return true;
    if (column->kind != &yg_column_number || !yg_dtype_is_float(column->port->dtype) ||
        column->port->classes)
        return yg_fail(error, YG_ERROR_ARGUMENT, value->origin,
                       "`scale` is for floating-point numbers; column '%s' is a %s of '%s', which "
                       "holds %s",
                       column->name, column->kind->name, column->port->name,
                       column->port->classes ? "classes" : yg_dtype_name(column->port->dtype));
    if (!yg_setting_read(column->options, yg_scale_settings, YG_SCALE_SETTINGS, &way, error))
        return false;
    column->scale = calloc(1, sizeof *column->scale);
    if (!column->scale)
        return yg_fail_memory(error);
    *column->scale = (struct yg_scale){
        .way = (yg_scale_way)way, .settled = way == LOG || way == LOG1P, .spread = 1};
    return true;
}

/* ------------------------------------------------------------------------------- learning ---- */

bool yg_scale_learns(const yg_column *column) {
    return column->scale && !column->scale->settled;
}

bool yg_scale_learn(yg_column *column, const yg_cell *cell) {
    struct yg_scale *s = column->scale;
    double number;
    if (!yg_cell_number(cell, &number))
        return true; /* it is told where the cell is encoded */
    if (!s->count++)
        s->first = s->smallest = s->largest = number;
    const double x = number - s->first, d = x - s->mean;
    s->mean += d / (double)s->count;
    s->squares += d * (x - s->mean);
    s->smallest = number < s->smallest ? number : s->smallest;
    s->largest = number > s->largest ? number : s->largest;
    return (s->way != ROBUST && s->way != QUANTILE) || yg_number_sample_add(&s->sample, number);
}

static bool settle_quantiles(struct yg_scale *s) {
    s->quantile_count = s->sample.count < QUANTILES ? s->sample.count : QUANTILES;
    s->quantiles = calloc((size_t)s->quantile_count + 1, sizeof *s->quantiles);
    for (int64_t i = 0; s->quantiles && i < s->quantile_count; i++)
        /* The product comes first, so that a rank that is a whole number is exact. */
        s->quantiles[i] = yg_number_sample_at(&s->sample, i ? (double)(i * (s->sample.count - 1)) /
                                                                  (double)(s->quantile_count - 1)
                                                            : 0);
    return s->quantiles != NULL;
}

bool yg_scale_settle(yg_column *column, yg_error *error) {
    struct yg_scale *s = column->scale;
    if (!s->count)
        return yg_fail(error, YG_ERROR_DATA, column->options->origin,
                       "column '%s' has no value in any row of the training part; `exclude` it",
                       column->name);
    switch (s->way) {
    case STANDARD:
        s->center = s->first + s->mean;
        s->spread = sqrt(s->squares / (double)s->count);
        break;
    case MINMAX:
        s->center = s->smallest;
        s->spread = s->largest - s->smallest;
        break;
    case ROBUST:
        s->center = yg_number_sample_quantile(&s->sample, 0.5);
        s->spread = yg_number_sample_quantile(&s->sample, 0.75) -
                    yg_number_sample_quantile(&s->sample, 0.25);
        break;
    default:
        if (!settle_quantiles(s))
            return yg_fail_memory(error);
    }
    if (!isfinite(s->center) || !isfinite(s->spread))
        return yg_fail(error, YG_ERROR_NUMERIC, column->options->origin,
                       "column '%s' cannot be scaled: its numbers are too large", column->name);
    /* A spread that is a rounding error of the numbers, as of 0.1 + 0.2 beside 0.3, is none. */
    if (s->spread <= DBL_EPSILON * fabs(s->center))
        s->spread = 1;
    s->settled = true;
    yg_number_sample_free(&s->sample);
    return true;
}

/* ------------------------------------------------------------------------------- applying ---- */

/* How many quantiles are below x, or with `equal` not above it. */
static int64_t count_quantiles(const struct yg_scale *s, double x, bool equal) {
    int64_t low = 0, high = s->quantile_count;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (s->quantiles[middle] < x || (equal && s->quantiles[middle] == x))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The part below x. Of equal quantiles the middle counts, as in scikit-learn. */
static double part_below(const struct yg_scale *s, double x) {
    const double steps = (double)(s->quantile_count - 1);
    if (x <= s->quantiles[0])
        return 0;
    if (x >= s->quantiles[s->quantile_count - 1])
        return 1;
    const int64_t first = count_quantiles(s, x, false), last = count_quantiles(s, x, true) - 1;
    if (first <= last)
        return (double)(first + last) / 2 / steps;
    const double low = s->quantiles[last], high = s->quantiles[last + 1];
    return ((double)last + (x - low) / (high - low)) / steps;
}

static double quantile_at(const struct yg_scale *s, double part) {
    const double at = fmin(fmax(part, 0), 1) * (double)(s->quantile_count - 1);
    const int64_t below = (int64_t)floor(at);
    const int64_t above = below + 1 < s->quantile_count ? below + 1 : below;
    const double rest = at - (double)below;
    return s->quantiles[below] + (s->quantiles[above] - s->quantiles[below]) * rest;
}

double yg_scale_apply(const yg_column *column, double x) {
    const struct yg_scale *s = column->scale;
    switch (s->way) {
    case QUANTILE:
        return part_below(s, x);
    case LOG:
        return log(x);
    case LOG1P:
        return log1p(x);
    default:
        return (x - s->center) / s->spread;
    }
}

double yg_scale_invert(const yg_column *column, double x) {
    const struct yg_scale *s = column->scale;
    switch (s->way) {
    case QUANTILE:
        return quantile_at(s, x);
    case LOG:
        return exp(x);
    case LOG1P:
        return expm1(x);
    default:
        return x * s->spread + s->center;
    }
}

void yg_scale_inverse(const yg_column *column, yg_inverse *inverse) {
    const struct yg_scale *s = column->scale;
    switch (s->way) {
    case QUANTILE:
        inverse->way = YG_INVERSE_QUANTILE;
        inverse->quantiles = s->quantiles;
        inverse->quantile_count = s->quantile_count;
        break;
    case LOG:
        inverse->way = YG_INVERSE_EXP;
        break;
    case LOG1P:
        inverse->way = YG_INVERSE_EXPM1;
        break;
    default:
        inverse->factor *= s->spread;
        inverse->offset = inverse->offset * s->spread + s->center;
    }
}

/* -------------------------------------------------------------------------------- weights ---- */

json_t *yg_scale_save(const yg_column *column) {
    const struct yg_scale *s = column->scale;
    json_t *quantiles = json_array();
    for (int64_t i = 0; i < s->quantile_count; i++)
        json_array_append_new(quantiles, json_real(s->quantiles[i]));
    if (json_array_size(quantiles) != (size_t)s->quantile_count) {
        json_decref(quantiles);
        return NULL;
    }
    return json_pack("{s:f, s:f, s:o}", "center", s->center, "spread", s->spread, "quantiles",
                     quantiles);
}

bool yg_scale_load(yg_column *column, const json_t *json, yg_error *error) {
    struct yg_scale *s = column->scale;
    const json_t *quantiles = json_object_get(json, "quantiles");
    s->center = json_number_value(json_object_get(json, "center"));
    s->spread = json_number_value(json_object_get(json, "spread"));
    s->quantile_count = (int64_t)json_array_size(quantiles);
    s->quantiles = calloc((size_t)s->quantile_count + 1, sizeof *s->quantiles);
    if (!s->quantiles)
        return yg_fail_memory(error);
    bool good = s->spread > 0 && (s->way != QUANTILE || s->quantile_count > 0);
    for (int64_t i = 0; good && i < s->quantile_count; i++) {
        s->quantiles[i] = json_number_value(json_array_get(quantiles, (size_t)i));
        good = i == 0 || s->quantiles[i] >= s->quantiles[i - 1];
    }
    s->settled = good;
    return good;
}
