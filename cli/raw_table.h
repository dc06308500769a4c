/*
 * A table of which nothing is known but its path: what kind of file it is, and how it is written.
 */
#ifndef YG_CLI_RAW_TABLE_H
#define YG_CLI_RAW_TABLE_H

#include "../data/summary.h"

typedef struct raw_table {
    const char *path;
    const yg_table_kind *kind;
    char keys[300];        /* lines of a part, such as `delimiter: ";"` */
    yg_document *document; /* of these lines */
    yg_table *table;
    yg_summary summary;
} raw_table;

/* Finds the kind by the path. False: it has none, and the user was told. */
bool raw_table_find_kind(raw_table *raw);
/* Whether the kind has a key, such as `delimiter`. */
bool raw_table_takes(const raw_table *raw, const char *key);
/* Adds a line to the keys; `format` has one %s. */
void raw_table_add(raw_table *raw, const char *format, const char *value);

/* Reads all of the table, with the keys that it turns out to need. False on failure; closed by
 * raw_table_close() in either case. */
bool raw_table_read(raw_table *raw, yg_error *error);
void raw_table_close(raw_table *raw);

#endif
