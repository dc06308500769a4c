/*
 * The column kind `list`: a cell has any number of numbers, which are the steps of a sequence.
 *
 *     signal: list
 *
 * They stand between blanks, commas or semicolons, as in `1 2.5 3` or `[1, 2.5, 3]`. Brackets count
 * as blanks: of an input [B, T, 2], `[[1, 2], [3, 4]]` and `1 2 3 4` are the same two steps. A list
 * of a JSON Lines file is such a cell if the part names it under `lists:`.
 */
#include "../graph/number.h"
#include "column.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { FAULT_NO_NUMBER = YG_FAULT_OWN };

typedef struct list_column {
    yg_column column;
    yg_cell_room room;
} list_column;

static void free_list(yg_column *column) {
    free(((list_column *)column)->room.text);
}

static bool configure(yg_column *column, yg_error *error) {
    return column->sequence ||
           yg_fail(error, YG_ERROR_ARGUMENT, column->options->origin,
                   "column '%s': a list has any number of elements, so '%s' must be [B, T, …] with "
                   "a name for T, and the section needs `sequences:` without `by`",
                   column->name, column->port->name);
}

/* A row of the port: its dimensions behind T, which the model gives as numbers. */
static int64_t width(const yg_column *column) {
    int64_t elements = 1;
    for (int d = 2; d < column->port->rank; d++)
        if (!column->port->symbols[d] && column->port->shape[d] > 0 &&
            elements <= INT32_MAX / column->port->shape[d])
            elements *= column->port->shape[d];
    return elements;
}

/* Reads a number into the list; `size` are its bytes. */
static bool add_number(const yg_column *column, const char *text, size_t size, yg_list *to,
                       bool *memory) {
    double number;
    int64_t whole;
    const bool floats = yg_dtype_is_float(column->port->dtype);
    if (floats ? yg_number_parse(text, size, &number) == YG_NUMBER_NOT || number - number != 0
               : yg_number_integer(text, size, &whole) != YG_WHOLE_EXACT ||
                     (column->port->dtype == YG_I32 && (whole < INT32_MIN || whole > INT32_MAX)))
        return false;
    if (!yg_list_reserve(to)) {
        *memory = false;
        return false;
    }
    if (floats)
        to->numbers[to->count++] = number;
    else
        to->wholes[to->count++] = whole;
    return true;
}

/* Returns the reason why a cell is refused. *bad becomes what is no number. */
static int read_cell(yg_column *column, const yg_cell *cell, yg_list *to, const char **bad) {
    static const char between[] = " \t,;[]()";
    list_column *l = (list_column *)column;
    bool memory = true;
    if (yg_cell_is_missing(cell))
        return YG_FAULT_MISSING;
    const char *at = yg_cell_string(cell, &l->room);
    if (!at)
        return YG_FAULT_NONE;
    for (at += strspn(at, between); *at; at += strspn(at, between)) {
        const size_t size = strcspn(at, between);
        if (!add_number(column, at, size, to, &memory)) {
            *bad = at;
            return memory ? FAULT_NO_NUMBER : YG_FAULT_NONE;
        }
        at += size;
    }
    *bad = NULL;
    return YG_FAULT_NONE;
}

static bool encode_list(yg_column *column, const yg_cell *cell, yg_list *to) {
    const char *bad = "";
    return read_cell(column, cell, to, &bad) == YG_FAULT_NONE && !bad;
}

static int check(yg_column *column, const yg_cell *cell) {
    yg_list list = {0};
    const char *bad;
    const int fault = read_cell(column, cell, &list, &bad);
    free(list.data);
    return fault;
}

static bool refuse(const yg_column *column, const yg_cell *cell, int fault, const yg_place *place,
                   yg_error *error) {
    char where[300];
    yg_list list = {0};
    const char *bad = "";
    if (fault == YG_FAULT_MISSING)
        return yg_column_refuse_missing(column, cell, place, error);
    read_cell((yg_column *)column, cell, &list, &bad);
    const long long number = list.count + 1;
    free(list.data);
    const bool floats = yg_dtype_is_float(column->port->dtype);
    return yg_fail(error, YG_ERROR_DATA, place->origin,
                   "%s: element %lld of the list is no %s: '%.*s'",
                   yg_place_text(place, column->port, where, sizeof where), number,
                   floats ? "number" : "whole number that fits",
                   (int)(bad ? strcspn(bad, " \t,;[]()") : 0), bad ? bad : "");
}

const yg_column_kind yg_column_list = {
    .name = "list",
    .doc = "a cell is any number of numbers, as the steps of a sequence",
    .size = sizeof(list_column),
    .texts = true,
    .configure = configure,
    .width = width,
    .encode_list = encode_list,
    .check = check,
    .refuse = refuse,
    .free = free_list,
};
