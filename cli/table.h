/*
 * Prints tables of text with aligned columns, and numbers for people.
 */
#ifndef YG_CLI_TABLE_H
#define YG_CLI_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define TABLE_COLUMNS_MAX 16

typedef struct table {
    size_t columns;
    const char *const *headers; /* an entry for each column; NULL: no heading */
    const char *align;          /* a letter for each column: 'l' or 'r' */
    char **cells;               /* row-major */
    size_t count, room;
    bool failed; /* memory ran out */
} table;

/* Appends a cell, in reading order. When out of memory, table_print() says so in place of the rows.
 */
void table_add(table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Prints all rows, each indented, and frees the cells. */
void table_print(table *table, FILE *to, int indent);

/* "1234567" as "1,234,567", "12.3 µs": numbers for people (sizes: yg_bytes_text()). Return `text`,
 * of at least 32 bytes. */
const char *text_of_count(double count, char *text);
const char *text_of_duration(double seconds, char *text);

/* The same number for printf(), which would write some NaNs as "-nan": which ones depends on the
 * processor. */
double number_shown(double value);

/* A number with three digits: "1.23", "12.3", "123", "1,230". */
const char *text_of_digits(double value, char *text);

#endif
