/*
 * Numbers as they are written elsewhere, such as 1.234,5. Private to the library.
 */
#ifndef YG_DATA_CSV_DECIMAL_H
#define YG_DATA_CSV_DECIMAL_H

#include "table.h"

enum { YG_CSV_SIGNS = 16 };

typedef struct yg_csv_marks {
    char decimal;   /* '.' or ',' */
    char thousands; /* between groups of three digits; 0: none. ' ' is any space that does not break
                     */
    char signs[YG_CSV_SIGNS]; /* characters of UTF-8 that may stand before and behind a number, with
                                 or without a blank between, such as "$€%"; "": none */
} yg_csv_marks;

/* Whether numbers are written as they are read anyway. */
bool yg_csv_marks_plain(const yg_csv_marks *marks);

/* False if a cell is a number as others write them, but not with these marks: 1.5 where the decimal
 * mark is a comma. Taken for a number it could be a thousand times too small. */
bool yg_csv_decimal_check(const yg_cell *cell, const yg_csv_marks *marks);

/* Writes a number with these marks as others write it, in its place. A cell that is no such number
 * stays as it is. Its bytes are still as many characters as before. */
void yg_csv_decimal(yg_cell *cell, const yg_csv_marks *marks);

#endif
