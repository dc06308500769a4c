/*
 * A cell of a table: one value as it stands there. What it means is decided by the column that
 * reads it.
 */
#ifndef YG_DATA_CELL_H
#define YG_DATA_CELL_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum yg_cell_kind {
    YG_CELL_NONE,   /* no value, as NULL in SQL and null in JSON. An empty text is a text */
    YG_CELL_TEXT,   /* `text`, of `size` bytes */
    YG_CELL_WHOLE,  /* `whole` */
    YG_CELL_NUMBER, /* `number` */
    /* As TEXT, and a value whatever it says: "", "NA" and "?" are not missing. */
    YG_CELL_LITERAL,
    YG_CELL_BYTES, /* `size` bytes at `text` that are no text, such as an encoded picture */
} yg_cell_kind;

typedef struct yg_cell {
    yg_cell_kind kind;
    uint32_t size; /* bytes of `text`, which is UTF-8 and has no NUL, neither in it nor behind it */
    union {
        const char *text;
        int64_t whole;
        double number;
    };
} yg_cell;

static inline bool yg_cell_is_text(const yg_cell *cell) {
    return cell->kind == YG_CELL_TEXT || cell->kind == YG_CELL_LITERAL;
}

/* Cells of values. A text must stay where it is as long as the cell is used; one of 4 GiB or more
 * is cut. */
static inline yg_cell yg_cell_of_number(double number) {
    yg_cell cell;
    cell.kind = YG_CELL_NUMBER;
    cell.size = 0;
    cell.number = number;
    return cell;
}

static inline yg_cell yg_cell_of_whole(int64_t whole) {
    yg_cell cell;
    cell.kind = YG_CELL_WHOLE;
    cell.size = 0;
    cell.whole = whole;
    return cell;
}

static inline yg_cell yg_cell_of_text(const char *text) {
    const size_t size = strlen(text);
    yg_cell cell;
    cell.kind = YG_CELL_TEXT;
    cell.size = size < UINT32_MAX ? (uint32_t)size : UINT32_MAX;
    cell.text = text;
    return cell;
}

/* A missing value. */
static inline yg_cell yg_cell_of_none(void) {
    yg_cell cell;
    cell.kind = YG_CELL_NONE;
    cell.size = 0;
    cell.whole = 0;
    return cell;
}

#ifdef __cplusplus
}
#endif

#endif
