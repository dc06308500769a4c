/*
 * Cells of tables, as messages and labels need them: see column.h.
 */
#include "../graph/number.h"
#include "column.h"
#include "image.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool yg_cell_is_picture(const yg_cell *cell) {
    return cell->kind == YG_CELL_BYTES && yg_image_is_encoded(cell->text, cell->size);
}

const char *yg_cell_text(const yg_cell *cell, char *text, size_t size) {
    char number[YG_NUMBER_TEXT];
    switch (cell->kind) {
    case YG_CELL_TEXT:
    case YG_CELL_LITERAL:
        snprintf(text, size, "%.*s", cell->size < size ? (int)cell->size : (int)size, cell->text);
        break;
    case YG_CELL_WHOLE:
        snprintf(text, size, "%" PRId64, cell->whole);
        break;
    case YG_CELL_NUMBER:
        snprintf(text, size, "%s", yg_number_text(cell->number, number));
        break;
    case YG_CELL_BYTES:
        snprintf(text, size, "%s", yg_cell_is_picture(cell) ? "(a picture)" : "(a BLOB)");
        break;
    default:
        snprintf(text, size, "%s", "");
    }
    return text;
}

const char *yg_cell_string(const yg_cell *cell, yg_cell_room *room) {
    const size_t size = (yg_cell_is_text(cell) ? cell->size : YG_NUMBER_TEXT) + (size_t)1;
    if (size > room->size) {
        char *grown = realloc(room->text, 2 * size);
        if (!grown)
            return NULL;
        *room = (yg_cell_room){grown, 2 * size};
    }
    if (!yg_cell_is_text(cell))
        return yg_cell_text(cell, room->text, room->size);
    memcpy(room->text, cell->text, cell->size);
    room->text[cell->size] = '\0';
    return room->text;
}

bool yg_cell_is_missing(const yg_cell *cell) {
    static const char *const words[] = {"NA",      "N/A",   "NaN",   "null",   "?",
                                        "-NaN",    "<NA>",  "#N/A",  "#NA",    "#NULL!",
                                        "#DIV/0!", "#REF!", "#NUM!", "#NAME?", "#VALUE!"};
    if (cell->kind != YG_CELL_TEXT)
        return cell->kind == YG_CELL_NONE ||
               (cell->kind == YG_CELL_NUMBER && cell->number != cell->number);
    if (!cell->size || cell->size > 7 || !memchr("nN?-<#", cell->text[0], 6))
        return !cell->size;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strlen(words[i]) == cell->size && strncasecmp(cell->text, words[i], cell->size) == 0)
            return true;
    return false;
}

bool yg_cell_truth(const yg_cell *cell, int64_t *value) {
    if (!yg_cell_is_text(cell))
        return false;
    *value = cell->size == 4 && strncasecmp(cell->text, "true", 4) == 0;
    return *value || (cell->size == 5 && strncasecmp(cell->text, "false", 5) == 0);
}

bool yg_cell_number(const yg_cell *cell, double *number) {
    int64_t truth;
    if (cell->kind == YG_CELL_WHOLE)
        *number = (double)cell->whole;
    else if (cell->kind == YG_CELL_NUMBER)
        *number = cell->number;
    else if (!yg_cell_is_text(cell))
        return false;
    else if (yg_number_parse(cell->text, cell->size, number) == YG_NUMBER_NOT) {
        if (!yg_cell_truth(cell, &truth))
            return false;
        *number = (double)truth;
    }
    return isfinite(*number);
}

bool yg_column_refuse_missing(const yg_column *column, const yg_cell *cell, const yg_place *place,
                              yg_error *error) {
    char where[300], text[20];
    yg_cell_text(cell, text, sizeof text);
    return yg_fail(error, YG_ERROR_DATA, place->origin,
                   "%s: a missing value (%s%s%s); fill it in, or say what becomes of it: `columns: "
                   "{%.100s: {missing: …}}`",
                   yg_place_text(place, column->port, where, sizeof where), *text ? "'" : "",
                   *text ? text : "empty", *text ? "'" : "",
                   column->name ? column->name : column->port->name);
}
