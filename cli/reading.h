/*
 * Shows on a terminal how far a table has been read, where that takes longer than a second.
 */
#ifndef YG_CLI_READING_H
#define YG_CLI_READING_H

#include "../data/summary.h"

typedef struct reading_line {
    const yg_paths *paths; /* of the table's files */
    bool live;             /* stderr is a terminal */
    bool drawn;            /* the line is on it */
    double next;           /* when it may be drawn again */
} reading_line;

void reading_start(reading_line *line, const yg_paths *paths);
/* yg_summary_watch; the context is a `reading_line`. */
void reading_show(void *context, yg_table *table, int64_t rows);
void reading_end(reading_line *line); /* removes it */

#endif
