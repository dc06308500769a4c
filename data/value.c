/*
 * One value of an example: from text to an element of a port.
 */
#include "../graph/number.h"
#include "source.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <strings.h>

bool yg_text_is_missing(const char *text) {
    static const char *const words[] = {"", "NA", "N/A", "NaN", "null", "?"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcasecmp(text, words[i]) == 0)
            return true;
    return false;
}

/* `true` and `false`, as Python, R and databases write them. */
static bool is_truth(const char *text, int64_t *value) {
    *value = strcasecmp(text, "true") == 0;
    return *value || strcasecmp(text, "false") == 0;
}

/* A value being stored. */
typedef struct value {
    const yg_reading *reading;
    const yg_port *port;
    const char *text;
    const yg_place *place;
    yg_error *error;
} value;

/* "PLACE: 'TEXT' REASON". Always returns false. */
static bool fail(const value *v, const char *reason) {
    char place[300];
    return yg_fail(v->error, YG_ERROR_DATA, v->place->origin, "%s: '%.60s' %s",
                   yg_place_text(v->place, v->port, place, sizeof place), v->text, reason);
}

static bool fail_not_number(const value *v) {
    char place[300];
    if (!v->place->column)
        return yg_fail(v->error, YG_ERROR_DATA, v->place->origin,
                       "'%s' must be a number; found the text '%.60s'", v->port->name, v->text);
    if (!yg_text_is_missing(v->text))
        return fail(v, "is not a number");
    return yg_fail(v->error, YG_ERROR_DATA, v->place->origin,
                   "%s: a missing value (%s%s%s); remove the row or fill it in",
                   yg_place_text(v->place, v->port, place, sizeof place), *v->text ? "'" : "",
                   *v->text ? v->text : "empty", *v->text ? "'" : "");
}

static bool check_class(const value *v, int64_t class) {
    char place[300];
    return (class >= 0 && class < v->port->classes) ||
           yg_fail(v->error, YG_ERROR_DATA, v->place->origin,
                   "%s: class %" PRId64 " is outside 0 to %" PRId64 ", the %" PRId64
                   " classes of '%s'",
                   yg_place_text(v->place, v->port, place, sizeof place), class,
                   v->port->classes - 1, v->port->classes, v->port->name);
}

static bool read_whole(const value *v, int64_t *number) {
    char reason[120];
    switch (yg_number_integer(v->text, strlen(v->text), number)) {
    case YG_WHOLE_EXACT:
        break;
    case YG_WHOLE_NOT:
        return is_truth(v->text, number) || fail_not_number(v);
    case YG_WHOLE_FRACTION:
        snprintf(reason, sizeof reason, "is not a whole number, which '%.60s' takes",
                 v->port->name);
        return fail(v, reason);
    case YG_WHOLE_LARGE:
        return fail(v, "is too large for i64");
    }
    return true;
}

static bool store_whole(const value *v, const yg_elements *to, int64_t index) {
    int64_t number = 0;
    if (!read_whole(v, &number) || (v->port->classes && !check_class(v, number)))
        return false;
    switch (to->dtype) {
    case YG_BOOL:
        if (number != 0 && number != 1)
            return fail(v, "is neither 0 nor 1");
        ((unsigned char *)to->data)[index] = (unsigned char)number;
        break;
    case YG_I32:
        if (number < INT32_MIN || number > INT32_MAX)
            return fail(v, "is too large for i32; declare `dtype: i64`");
        ((int32_t *)to->data)[index] = (int32_t)number;
        break;
    case YG_I64:
        ((int64_t *)to->data)[index] = number;
        break;
    default:
        ((double *)to->data)[index] = (double)number; /* two classes, on a float target */
    }
    return true;
}

bool yg_value_is_kept(const yg_reading *reading, size_t port) {
    const yg_port_encoding *encoding = &reading->data->encoding.ports[port];
    return !encoding->formula && !encoding->standardized;
}

static bool store_float(const value *v, size_t port, const yg_elements *to, int64_t index) {
    double number;
    int64_t truth;
    if (yg_number_parse(v->text, strlen(v->text), &number) == YG_NUMBER_NOT) {
        if (!is_truth(v->text, &truth))
            return fail_not_number(v);
        number = (double)truth;
    }
    if (!isfinite(number))
        return fail(v, "is too large a number for f64");
    if (v->reading->dtype == YG_F32 && !isfinite((float)number) &&
        yg_value_is_kept(v->reading, port))
        return fail(v, "is too large a number for f32; `standardize` or `transform` it, or train "
                       "with `dtype: f64`");
    if (yg_number_is_lost(v->text, strlen(v->text), number))
        return fail(v, "is too small a number for f64");
    /* A run would take it for 0: see "inputs, targets" in the model format. */
    const bool f32 = v->reading->dtype == YG_F32;
    if (number != 0 && fabs(number) < (f32 ? (double)FLT_MIN : DBL_MIN) &&
        yg_value_is_kept(v->reading, port))
        return fail(v, f32 ? "is too small a number for f32, and would count as 0; `transform` it, "
                             "or train with `dtype: f64`"
                           : "is too small a number for f64, and would count as 0; `transform` it");
    ((double *)to->data)[index] = number;
    return true;
}

bool yg_value_store(const yg_reading *reading, size_t port, const char *text, const yg_place *place,
                    const yg_elements *to, int64_t index, yg_error *error) {
    const value v = {reading, yg_model_port(reading->model, port), text, place, error};
    yg_labels *labels = &reading->labels[port];
    int64_t class;
    if (!labels->port)
        return yg_dtype_is_float(v.port->dtype) && !v.port->classes
                   ? store_float(&v, port, to, index)
                   : store_whole(&v, to, index);
    if (yg_names_find(&labels->names, text) == YG_NOT_FOUND && place->column &&
        yg_text_is_missing(text))
        return fail_not_number(&v);
    if (!yg_labels_value(labels, text, place, &class, error))
        return false;
    yg_element_set(to->dtype, to->data, index, (double)class);
    return true;
}
