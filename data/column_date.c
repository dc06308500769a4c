/*
 * The column kind `date`: a date, with or without a time, becomes numbers.
 *
 *     when: {kind: date, parts: [year, month, weekday], cyclic: [year, day], age: "2020-01-01"}
 *
 * Each of `parts` is one element. `cyclic` gives the position within a year, month, week or day as
 * two, sine and cosine of the angle, so that December lies beside January. `age` gives the days
 * since a date, with the part of the day. The elements come in this order.
 *
 * Parts are those that are written. Where a zone is written too, only `age` looks at it.
 */
#include "../graph/number.h"
#include "column.h"
#include "date.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum { FAULT_NOT_DATE = YG_FAULT_OWN, FAULT_NO_DAY };

enum { PARTS = 10, CYCLES = 4 };

static const char *const part_names[PARTS + 1] = {"year",   "quarter", "month",       "week",
                                                  "day",    "weekday", "day_of_year", "hour",
                                                  "minute", "second",  NULL};
static const char *const cycle_names[CYCLES + 1] = {"year", "month", "week", "day", NULL};

typedef struct date_column {
    yg_column column;
    const char *format; /* of the options; NULL: ISO 8601 */
    bool from_seconds;  /* numbers are seconds since 1970 */
    int parts[PARTS], part_count;
    int cycles[CYCLES], cycle_count;
    bool has_age;
    double origin; /* of the age, in days since 1970 */
    const char *age_text;
    struct {
        const yg_value *format, *parts, *cyclic, *age;
    } written; /* the options */
} date_column;

/* -------------------------------------------------------------------------------- options ---- */

/* Reads a list of names, none of them twice. */
static bool read_list(const yg_value *list, const char *what, const char *const *names, int *out,
                      int *count, yg_error *error) {
    char found[80], item[60];
    if (!list)
        return true;
    *count = 0;
    if (list->kind != YG_SEQUENCE)
        return yg_fail(error, YG_ERROR_ARGUMENT, list->origin,
                       "%s is a list, such as [%s, %s]; found %s", what, names[0], names[1],
                       yg_value_describe(list, found, sizeof found));
    snprintf(item, sizeof item, "an item of %s", what);
    for (size_t i = 0; i < list->count; i++) {
        int index;
        if (!yg_value_choice(list->items[i], item, names, &index, error))
            return false;
        for (int k = 0; k < *count; k++)
            if (out[k] == index)
                return yg_fail(error, YG_ERROR_NAME, list->items[i]->origin,
                               "'%s' stands in %s twice", names[index], what);
        out[(*count)++] = index;
    }
    return true;
}

static bool read_age(date_column *d, const yg_value *value, yg_error *error) {
    yg_date date;
    if (!value)
        return true;
    if (!yg_value_text(value, "`age`", &d->age_text, error))
        return false;
    if (!yg_date_parse(d->age_text, strlen(d->age_text), &date))
        return yg_fail(error, YG_ERROR_ARGUMENT, value->origin,
                       "`age` is the date from which days are counted, as 2020-01-31; found '%s'",
                       d->age_text);
    d->has_age = true;
    d->origin = yg_date_moment(&date);
    return true;
}

static bool read_format(date_column *d, const yg_value *value, yg_error *error) {
    if (!value)
        return true;
    if (!yg_value_text(value, "`format`", &d->format, error))
        return false;
    const char *unknown = yg_date_unknown_conversion(d->format);
    if (unknown)
        return yg_fail(error, YG_ERROR_ARGUMENT, value->origin,
                       "`format` has the conversion '%.2s'; known: %%Y %%y %%m %%d %%j %%b %%B %%a "
                       "%%A %%H %%I %%p %%M %%S %%f %%z %%s %%%%",
                       unknown);
    if (!strchr(d->format, '%'))
        return yg_fail(error, YG_ERROR_ARGUMENT, value->origin,
                       "`format` describes a date, as \"%%d.%%m.%%Y\"; found '%s'", d->format);
    d->from_seconds = strcmp(d->format, "%s") == 0;
    return true;
}

static bool configure(yg_column *column, yg_error *error) {
    static const int usual[] = {0, 2, 4, 5}; /* year, month, day, weekday */
    date_column *d = (date_column *)column;
    const yg_value *options = column->options;
    if (!yg_dtype_is_float(column->port->dtype) || column->port->classes)
        return yg_fail(error, YG_ERROR_DTYPE, options->origin,
                       "column '%s': a date becomes floating-point numbers, but '%s' holds %s",
                       column->name, column->port->name,
                       column->port->classes ? "classes" : "whole numbers");
    memcpy(d->parts, usual, sizeof usual);
    d->part_count = sizeof usual / sizeof *usual;
    const yg_value *parts = d->written.parts, *cycles = d->written.cyclic, *age = d->written.age;
    if (cycles || age)
        d->part_count = 0;
    if (!read_list(parts, "`parts`", part_names, d->parts, &d->part_count, error) ||
        !read_list(cycles, "`cyclic`", cycle_names, d->cycles, &d->cycle_count, error) ||
        !read_age(d, age, error) || !read_format(d, d->written.format, error))
        return false;
    return d->part_count || d->cycle_count || d->has_age ||
           yg_fail(error, YG_ERROR_ARGUMENT, parts->origin,
                   "column '%s' would give no element; `parts`, `cyclic` and `age` choose some",
                   column->name);
}

/* ------------------------------------------------------------------------------- encoding ---- */

static int64_t width(const yg_column *column) {
    const date_column *d = (const date_column *)column;
    return d->part_count + 2 * d->cycle_count + d->has_age;
}

static double part_of(const yg_date *date, int part) {
    switch (part) {
    case 0:
        return date->year;
    case 1:
        return ceil(date->month / 3.0);
    case 2:
        return date->month;
    case 3:
        return yg_date_week(date);
    case 4:
        return date->day;
    case 5:
        return yg_date_weekday(date);
    case 6:
        return yg_date_day_of_year(date);
    case 7:
        return date->hour;
    case 8:
        return date->minute;
    default:
        return date->second;
    }
}

/* The position within a cycle, in [0, 1). */
static double position_of(const yg_date *date, int cycle) {
    const double part = yg_date_day_part(date);
    switch (cycle) {
    case 0:
        return (yg_date_day_of_year(date) - 1 + part) / (365 + yg_date_is_leap(date->year));
    case 1:
        return (date->day - 1 + part) / yg_date_month_days(date->year, date->month);
    case 2:
        return (yg_date_weekday(date) + part) / 7;
    default:
        return part;
    }
}

static void encode_date(const date_column *d, const yg_date *date, double *to) {
    const double turn = 6.28318530717958647692;
    for (int i = 0; i < d->part_count; i++)
        *to++ = part_of(date, d->parts[i]);
    for (int i = 0; i < d->cycle_count; i++) {
        const double angle = turn * position_of(date, d->cycles[i]);
        *to++ = sin(angle);
        *to++ = cos(angle);
    }
    if (d->has_age)
        *to = yg_date_moment(date) - d->origin;
}

static bool parse(const date_column *d, const char *text, size_t size, yg_date *date) {
    return d->format ? yg_date_parse_format(text, size, d->format, date)
                     : yg_date_parse(text, size, date);
}

static int read_cell(const date_column *d, const yg_cell *cell, yg_date *date) {
    char digits[YG_NUMBER_TEXT]; /* of a number that is a date, as 20240229 */
    double seconds;
    if (yg_cell_is_missing(cell))
        return YG_FAULT_MISSING;
    if (!d->from_seconds) {
        const bool text = yg_cell_is_text(cell);
        const char *at = text ? cell->text : yg_cell_text(cell, digits, sizeof digits);
        return parse(d, at, text ? cell->size : strlen(at), date) ? YG_FAULT_NONE : FAULT_NOT_DATE;
    }
    if (cell->kind == YG_CELL_WHOLE)
        seconds = (double)cell->whole;
    else if (cell->kind == YG_CELL_NUMBER)
        seconds = cell->number;
    else if (yg_number_parse(cell->text, cell->size, &seconds) == YG_NUMBER_NOT)
        return FAULT_NOT_DATE;
    return yg_date_from_seconds(seconds, date) ? YG_FAULT_NONE : FAULT_NO_DAY;
}

static int64_t encode_floats(yg_column *column, const yg_cells *cells, double *to, size_t stride) {
    const date_column *d = (const date_column *)column;
    yg_date date;
    for (int64_t i = 0; i < cells->count; i++) {
        if (read_cell(d, yg_cell_at(cells, i), &date) != YG_FAULT_NONE)
            return i;
        encode_date(d, &date, &to[(size_t)i * stride]);
    }
    return cells->count;
}

static int check(yg_column *column, const yg_cell *cell) {
    yg_date date;
    return read_cell((date_column *)column, cell, &date);
}

static bool refuse(const yg_column *column, const yg_cell *cell, int fault, const yg_place *place,
                   yg_error *error) {
    const date_column *d = (const date_column *)column;
    char where[300], value[61];
    if (fault == YG_FAULT_MISSING)
        return yg_column_refuse_missing(column, cell, place, error);
    yg_place_text(place, column->port, where, sizeof where);
    yg_cell_text(cell, value, sizeof value);
    if (fault == FAULT_NO_DAY)
        return yg_fail(error, YG_ERROR_DATA, place->origin,
                       "%s: '%s' seconds since 1970 lie outside the years 1 to 9999", where, value);
    if (d->format)
        return yg_fail(error, YG_ERROR_DATA, place->origin,
                       "%s: '%s' is not a date of the form "
                       "'%s'",
                       where, value, d->format);
    return yg_fail(error, YG_ERROR_DATA, place->origin,
                   "%s: '%s' is not a date as 2024-02-29 or 2024-02-29T13:05:59; `format:` tells "
                   "another form, as \"%%d.%%m.%%Y\", or \"%%s\" for seconds since 1970",
                   where, value);
}

static const char *element(const yg_column *column, int64_t i, char *text, size_t size) {
    const date_column *d = (const date_column *)column;
    if (i < d->part_count)
        snprintf(text, size, "%s.%s", column->name, part_names[d->parts[i]]);
    else if (i - d->part_count < 2 * d->cycle_count)
        snprintf(text, size, "%s.%s(%s)", column->name, (i - d->part_count) % 2 ? "cos" : "sin",
                 cycle_names[d->cycles[(i - d->part_count) / 2]]);
    else
        snprintf(text, size, "%s.age", column->name);
    return text;
}

#define KEY(member) .kind = YG_SETTING_VALUE, .offset = offsetof(date_column, written.member)

static const yg_setting settings[] = {
    {"format", KEY(format), .form = "a text", .forms = YG_FORM_SCALAR, .fallback = "ISO 8601",
     .example = "\"%d.%m.%Y\"",
     .doc = "how dates are written, with the letters of `strptime`; \"%s\": seconds since 1970"},
    {"parts", KEY(parts), .form = "a list of names", .forms = YG_FORM_LIST,
     .fallback = "[year, month, day, weekday]; none beside `cyclic` or `age`",
     .example = "[year, hour]",
     .doc = "numbers of a date, an element each: year, quarter, month, week, day, weekday, "
            "day_of_year, hour, minute, second"},
    {"cyclic", KEY(cyclic), .form = "a list of names", .forms = YG_FORM_LIST, .fallback = "none",
     .example = "[year, day]",
     .doc = "sine and cosine of the position within each: year, month, week, day"},
    {"age", KEY(age), .form = "a date", .forms = YG_FORM_SCALAR | YG_FORM_ANY, .fallback = "none",
     .example = "\"2020-01-01\"", .doc = "one more element: the days since that date"},
};

#undef KEY

const yg_column_kind yg_column_date = {
    .name = "date",
    .doc = "a cell is a date, with or without a time",
    .settings = settings,
    .setting_count = sizeof settings / sizeof *settings,
    .size = sizeof(date_column),
    .texts = true,
    .configure = configure,
    .width = width,
    .encode_floats = encode_floats,
    .check = check,
    .refuse = refuse,
    .element = element,
};
