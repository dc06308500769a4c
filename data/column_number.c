/*
 * The column kind `number`: a cell is a number, or `true` or `false`, which are 1 and 0.
 *
 * Whole numbers of integer ports are exact. A number that the port's type cannot hold is refused,
 * and so is one that a run would take for 0: see "Numbers" in docs/model-format.md.
 */
#include "../graph/number.h"
#include "column.h"
#include "csv_guess.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    FAULT_NOT_NUMBER = YG_FAULT_OWN,
    FAULT_FRACTION,
    FAULT_LARGE_I64,
    FAULT_LARGE_I32,
    FAULT_NO_BIT,
    FAULT_CLASS,
    FAULT_LARGE_F64,
    FAULT_LARGE_F32,
    FAULT_LOST,
    FAULT_SMALL,
};

static int not_a_number(const yg_cell *cell) {
    return yg_cell_is_missing(cell) ? YG_FAULT_MISSING : FAULT_NOT_NUMBER;
}

/* ----------------------------------------------------------------------------------- floats -- */

/* What a column's port asks of a number; the same for all cells. */
typedef struct limits {
    double largest, smallest;
    bool kept;
} limits;

static limits limits_of(const yg_column *column) {
    const bool f32 = column->dtype == YG_F32;
    return (limits){.largest = f32 ? (double)FLT_MAX : DBL_MAX,
                    .smallest = f32 ? (double)FLT_MIN : DBL_MIN,
                    .kept = column->kept};
}

/* Whether the number is one that a port of this type keeps as it is: this is the common case. */
static bool is_plain(const limits *limits, double number) {
    const double size = fabs(number);
    return size <= limits->largest && size >= limits->smallest;
}

/* The number of a cell; returns what is wrong with it. */
static int read_float(const limits *limits, const yg_cell *cell, double *number) {
    int64_t truth;
    if (cell->kind == YG_CELL_WHOLE)
        *number = (double)cell->whole;
    else if (cell->kind == YG_CELL_NUMBER && cell->number == cell->number)
        *number = cell->number;
    else if (!yg_cell_is_text(cell))
        return YG_FAULT_MISSING;
    else if (yg_number_parse(cell->text, cell->size, number) == YG_NUMBER_NOT) {
        if (!yg_cell_truth(cell, &truth))
            return not_a_number(cell);
        *number = (double)truth;
    }
    if (is_plain(limits, *number))
        return YG_FAULT_NONE;
    if (!isfinite(*number))
        return FAULT_LARGE_F64;
    if (yg_cell_is_text(cell) && yg_number_is_lost(cell->text, cell->size, *number))
        return FAULT_LOST;
    if (!limits->kept || *number == 0)
        return YG_FAULT_NONE;
    if (fabs(*number) < limits->smallest)
        return FAULT_SMALL; /* a run would take it for 0 */
    return isfinite((float)*number) ? YG_FAULT_NONE : FAULT_LARGE_F32;
}

static int64_t encode_floats(yg_column *column, const yg_cells *cells, double *to, size_t stride) {
    const limits limits = limits_of(column);
    for (int64_t i = 0; i < cells->count; i++)
        if (read_float(&limits, yg_cell_at(cells, i), &to[(size_t)i * stride]) != YG_FAULT_NONE)
            return i;
    return cells->count;
}

/* ----------------------------------------------------------------------------------- wholes -- */

static int read_whole(const yg_cell *cell, int64_t *number) {
    if (cell->kind == YG_CELL_WHOLE) {
        *number = cell->whole;
        return YG_FAULT_NONE;
    }
    if (cell->kind == YG_CELL_NUMBER && cell->number == cell->number) {
        if (cell->number != floor(cell->number))
            return FAULT_FRACTION;
        if (!(fabs(cell->number) < 0x1p63))
            return FAULT_LARGE_I64;
        *number = (int64_t)cell->number;
        return YG_FAULT_NONE;
    }
    if (!yg_cell_is_text(cell))
        return YG_FAULT_MISSING;
    switch (yg_number_integer(cell->text, cell->size, number)) {
    case YG_WHOLE_EXACT:
        return YG_FAULT_NONE;
    case YG_WHOLE_FRACTION:
        return FAULT_FRACTION;
    case YG_WHOLE_LARGE:
        return FAULT_LARGE_I64;
    default:
        return yg_cell_truth(cell, number) ? YG_FAULT_NONE : not_a_number(cell);
    }
}

/* The same, and whether the port's classes and type allow the number. */
static int read_fitting(const yg_port *port, const yg_cell *cell, int64_t *number) {
    const int fault = read_whole(cell, number);
    if (fault != YG_FAULT_NONE)
        return fault;
    if (port->classes && (*number < 0 || *number >= port->classes))
        return FAULT_CLASS;
    if (port->dtype == YG_BOOL && *number != 0 && *number != 1)
        return FAULT_NO_BIT;
    if (port->dtype == YG_I32 && (*number < INT32_MIN || *number > INT32_MAX))
        return FAULT_LARGE_I32;
    return YG_FAULT_NONE;
}

static int64_t encode_wholes(yg_column *column, const yg_cells *cells, int64_t *to, size_t stride) {
    for (int64_t i = 0; i < cells->count; i++)
        if (read_fitting(column->port, yg_cell_at(cells, i), &to[(size_t)i * stride]) !=
            YG_FAULT_NONE)
            return i;
    return cells->count;
}

/* Two classes on a port of floating-point numbers are 0 and 1. */
static int64_t encode_floating(yg_column *column, const yg_cells *cells, double *to,
                               size_t stride) {
    int64_t number;
    if (!column->port->classes)
        return encode_floats(column, cells, to, stride);
    for (int64_t i = 0; i < cells->count; i++) {
        if (read_fitting(column->port, yg_cell_at(cells, i), &number) != YG_FAULT_NONE)
            return i;
        to[(size_t)i * stride] = (double)number;
    }
    return cells->count;
}

/* --------------------------------------------------------------------------------- messages -- */

static int check(yg_column *column, const yg_cell *cell) {
    const limits limits = limits_of(column);
    double number;
    int64_t whole;
    return yg_dtype_is_float(column->port->dtype) && !column->port->classes
               ? read_float(&limits, cell, &number)
               : read_fitting(column->port, cell, &whole);
}

static bool refuse_class(const yg_column *column, const yg_cell *cell, const yg_place *place,
                         yg_error *error) {
    char where[300];
    int64_t class = 0;
    read_whole(cell, &class);
    return yg_fail(error, YG_ERROR_DATA, place->origin,
                   "%s: class %" PRId64 " is outside 0 to %" PRId64 ", the %" PRId64
                   " classes of '%s'",
                   yg_place_text(place, column->port, where, sizeof where), class,
                   column->port->classes - 1, column->port->classes, column->port->name);
}

/* What follows the value in the message of a fault. */
static const char *reason_of(const yg_column *column, int fault, char *text, size_t size) {
    switch (fault) {
    case FAULT_FRACTION:
        snprintf(text, size, "is not a whole number, which '%.60s' takes", column->port->name);
        return text;
    case FAULT_LARGE_I64:
        return "is too large for i64";
    case FAULT_LARGE_I32:
        return "is too large for i32; declare `dtype: i64`";
    case FAULT_NO_BIT:
        return "is neither 0 nor 1";
    case FAULT_LARGE_F64:
        return "is too large a number for f64";
    case FAULT_LARGE_F32:
        return "is too large a number for f32; `standardize` or `transform` it, or train with "
               "`dtype: f64`";
    case FAULT_LOST:
        return "is too small a number for f64";
    case FAULT_SMALL:
        return column->dtype == YG_F32
                   ? "is too small a number for f32, and would count as 0; `transform` it, or "
                     "train with `dtype: f64`"
                   : "is too small a number for f64, and would count as 0; `transform` it";
    default:
        return "is not a number";
    }
}

/* Which keys of a CSV file would read a cell as a number; "" where none would. */
static const char *advice(const yg_cell *cell, char *text, size_t size) {
    yg_csv_marks marks;
    *text = '\0';
    if (cell->kind != YG_CELL_TEXT || !yg_csv_guess(cell->text, cell->size, &marks))
        return text;
    const struct {
        const char *key, *value;
    } keys[] = {{"signs", marks.signs},
                {"decimal", marks.decimal == ',' ? "," : ""},
                {"thousands", (const char[]){marks.thousands, '\0'}}};
    size_t used = (size_t)snprintf(text, size, "; a CSV file with such numbers needs `");
    for (size_t i = 0, shown = 0; i < sizeof keys / sizeof *keys && used < size; i++)
        if (*keys[i].value)
            used += (size_t)snprintf(text + used, size - used, "%s%s: \"%s\"", shown++ ? ", " : "",
                                     keys[i].key, keys[i].value);
    if (used < size)
        snprintf(text + used, size - used, "` in its part");
    return text;
}

static bool refuse(const yg_column *column, const yg_cell *cell, int fault, const yg_place *place,
                   yg_error *error) {
    char where[300], value[61], reason[120], hint[160] = "";
    yg_cell_text(cell, value, sizeof value);
    if (!place->column && (fault == YG_FAULT_MISSING || fault == FAULT_NOT_NUMBER))
        return yg_fail(error, YG_ERROR_DATA, place->origin,
                       "'%s' must be a number; found the text '%s'", column->port->name, value);
    if (fault == YG_FAULT_MISSING)
        return yg_column_refuse_missing(column, cell, place, error);
    if (fault == FAULT_CLASS)
        return refuse_class(column, cell, place, error);
    return yg_fail(error, YG_ERROR_DATA, place->origin, "%s: '%s' %s%s",
                   yg_place_text(place, column->port, where, sizeof where), value,
                   reason_of(column, fault, reason, sizeof reason),
                   fault == FAULT_NOT_NUMBER ? advice(cell, hint, sizeof hint) : "");
}

const yg_column_kind yg_column_number = {
    .name = "number",
    .doc = "a cell is a number, or true or false",
    .size = sizeof(yg_column),
    .shared = true,
    .encode_floats = encode_floating,
    .encode_wholes = encode_wholes,
    .check = check,
    .refuse = refuse,
};
