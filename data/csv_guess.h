/*
 * How a number in a text may be meant: which marks of a CSV file would read it. Private to the
 * library.
 */
#ifndef YG_DATA_CSV_GUESS_H
#define YG_DATA_CSV_GUESS_H

#include "csv_decimal.h"

/* Finds marks that read a text as a number: a comma before the fraction or between thousands, and
 * signs beside it, such as $, € and %. A unit in letters may stand behind the number, and a
 * currency of three capitals before it. False: no marks do; *marks is then undefined. A comma
 * before three digits, as in 1,234, is taken for one between thousands. */
bool yg_csv_guess(const char *text, size_t size, yg_csv_marks *marks);

/* Adds signs to others. False: there is no room for all, and nothing was added. */
bool yg_csv_signs_join(char *signs, const char *more);

#endif
