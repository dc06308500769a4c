/*
 * A table, when only its paths are known: what kind of file it is, and how it is written.
 */
#ifndef YG_CLI_RAW_TABLE_H
#define YG_CLI_RAW_TABLE_H

#include "../data/summary.h"

typedef struct raw_table {
    const char *path; /* of the first file */
    yg_paths paths;   /* of all files */
    const yg_table_kind *kind;
    char keys[4096];       /* lines of a part, such as `delimiter: ";"` */
    yg_document *document; /* of these lines */
    yg_table *table;
    yg_summary summary;
} raw_table;

/* Adds the files of a path or a pattern, in order. False: no file matches, or out of memory. */
bool raw_table_add_files(raw_table *raw, const char *path, yg_error *error);
/* Finds the kind by the first path. False: it has none, and the user was told. */
bool raw_table_find_kind(raw_table *raw);
/* Whether the kind has a key, such as `delimiter`. */
bool raw_table_takes(const raw_table *raw, const char *key);
/* Adds a line to the keys, `KEY: "VALUE"` and what is behind it. False: there is no room. */
bool raw_table_add(raw_table *raw, const char *key, const char *value, const char *behind);

/* Reads all of the table, with the keys that it turns out to need. False on failure; closed by
 * raw_table_close() in either case. */
bool raw_table_read(raw_table *raw, yg_error *error);
/* The same table from its first row on, once it has been read. Closed by yg_table_close(); NULL on
 * failure. */
yg_table *raw_table_again(const raw_table *raw, yg_error *error);
void raw_table_close(raw_table *raw);

#endif
