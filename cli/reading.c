/*
 * How far a table has been read: see reading.h.
 */
#include "reading.h"

#include "../graph/clock.h"
#include "terminal.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#define PAUSE 0.2 /* seconds between two lines */

void reading_start(reading_line *line, const yg_paths *paths) {
    *line =
        (reading_line){.paths = paths, .live = terminal_is_live(stderr), .next = yg_clock() + 1};
}

/* Which part of the bytes has been read; negative: that is not known, as of a compressed file. */
static double part_of(const reading_line *line, yg_table *table) {
    double before = 0, all = 0;
    yg_mark mark;
    const bool bytes = strcmp(table->kind->key, yg_table_csv.key) == 0 ||
                       strcmp(table->kind->key, yg_table_jsonl.key) == 0;
    if (!bytes || !yg_table_tell(table, &mark))
        return -1;
    for (size_t i = 0; i < line->paths->count; i++) {
        struct stat status;
        if (stat(line->paths->items[i], &status) != 0)
            return -1;
        all += (double)status.st_size;
        before += (int64_t)i < mark.file ? (double)status.st_size : 0;
    }
    const double part = all > 0 ? (before + (double)mark.offset) / all : -1;
    return part <= 1 ? part : -1;
}

void reading_show(void *context, yg_table *table, int64_t rows) {
    reading_line *line = context;
    const double now = line->live ? yg_clock() : 0;
    if (!line->live || now < line->next)
        return;
    line->next = now + PAUSE;
    line->drawn = true;
    const double part = part_of(line, table);
    if (part < 0)
        terminal_rewrite("reading %s: %" PRId64 " rows", table->name, rows);
    else
        terminal_rewrite("reading %s: %.0f %%, %" PRId64 " rows", table->name, 100 * part, rows);
}

void reading_end(reading_line *line) {
    if (line->drawn)
        terminal_wipe();
    line->drawn = false;
}
