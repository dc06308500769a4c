/*
 * Tables of text with aligned columns.
 */
#include "table.h"

#include "terminal.h"

#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

void table_add(table *table, const char *format, ...) {
    if (table->count == table->room) {
        const size_t room = table->room == 0 ? 64 : 2 * table->room;
        char **cells = realloc(table->cells, room * sizeof *cells);
        if (!cells) {
            table->failed = true;
            return;
        }
        table->cells = cells;
        table->room = room;
    }
    va_list arguments;
    va_start(arguments, format);
    const int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    char *cell = length < 0 ? NULL : malloc((size_t)length + 1);
    if (cell) {
        va_start(arguments, format);
        vsnprintf(cell, (size_t)length + 1, format, arguments);
        va_end(arguments);
    }
    /* A cell is made printable now, so that its width is that of the printed text, on one line. */
    char *word = cell ? terminal_word(cell) : NULL;
    table->failed = table->failed || !word;
    table->cells[table->count++] = word;
    free(cell);
}

/* The width of UTF-8 text on a screen, if it has no wide or combining characters. */
static int width_of(const char *text) {
    int width = 0;
    for (; *text != '\0'; text++)
        width += ((unsigned char)*text & 0xC0) != 0x80;
    return width;
}

static const char *cell_text(const table *table, size_t index) {
    return index < table->count && table->cells[index] ? table->cells[index] : "";
}

/* Prints a cell, padded to the column's width, except for blanks at the end of a line. */
static void print_cell(FILE *to, const char *text, int width, char align, bool last) {
    const int pad = width - width_of(text);
    const int before = align == 'r' && *text != '\0' ? pad : 0;
    terminal_print(to, "%*s%s%*s", before, "", text, last ? 0 : pad - before, "");
    terminal_print(to, "%s", last ? "" : "  ");
}

static void print_row(const table *table, FILE *to, int indent, const int *widths,
                      const char *const *texts) {
    size_t columns = table->columns;
    while (columns > 1 && *texts[columns - 1] == '\0')
        columns--;
    terminal_print(to, "%*s", indent, "");
    for (size_t i = 0; i < columns; i++)
        print_cell(to, texts[i], widths[i], table->align[i], i + 1 == columns);
}

void table_print(table *table, FILE *to, int indent) {
    int widths[TABLE_COLUMNS_MAX] = {0};
    const size_t columns = table->columns;
    assert(columns > 0 && columns <= TABLE_COLUMNS_MAX);
    for (size_t i = 0; i < columns && table->headers; i++)
        widths[i] = width_of(table->headers[i]);
    for (size_t i = 0; i < table->count; i++) {
        const int width = width_of(cell_text(table, i));
        if (width > widths[i % columns])
            widths[i % columns] = width;
    }
    if (table->headers) {
        terminal_start(to, STYLE_BOLD);
        print_row(table, to, indent, widths, table->headers);
        terminal_stop(to);
        terminal_print(to, "\n");
    }
    if (table->failed)
        terminal_out_of_memory();
    for (size_t i = 0; i < table->count && !table->failed; i += columns) {
        const char *texts[TABLE_COLUMNS_MAX];
        for (size_t k = 0; k < columns; k++)
            texts[k] = cell_text(table, i + k);
        print_row(table, to, indent, widths, texts);
        terminal_print(to, "\n");
    }
    for (size_t i = 0; i < table->count; i++)
        free(table->cells[i]);
    free(table->cells);
    table->cells = NULL;
    table->count = table->room = 0;
    table->failed = false;
}

const char *text_of_count(double count, char *text) {
    char digits[32];
    const int length = snprintf(digits, sizeof digits, "%.0f", count);
    char *out = text;
    for (int i = 0; i < length && i < 20; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            *out++ = ',';
        *out++ = digits[i];
    }
    *out = '\0';
    return text;
}

double number_shown(double value) {
    return isnan(value) ? (double)NAN : value;
}

const char *text_of_digits(double value, char *text) {
    if (value >= 999.5)
        return text_of_count(value, text);
    snprintf(text, 32, "%.*f", value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2, value);
    return text;
}

const char *text_of_duration(double seconds, char *text) {
    static const char *const units[] = {"s", "ms", "\xC2\xB5s", "ns"}; /* µs */
    char digits[32];
    size_t unit = 0;
    while (seconds < 0.9995 && unit + 1 < sizeof units / sizeof *units) {
        seconds *= 1000;
        unit++;
    }
    snprintf(text, 32, "%.24s %s", text_of_digits(seconds, digits), units[unit]);
    return text;
}
