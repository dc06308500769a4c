/*
 * Tables: records of named columns, in order. Private to the library.
 *
 * A *kind* of table reads one sort of place, such as a CSV file; tables.c lists the kinds. A kind
 * gives a record's cells as they stand there. What a cell means is decided by the columns of the
 * ports that read it: see column.h.
 *
 * A kind is used through the functions yg_table_*, which look up columns and count records for all
 * kinds alike.
 */
#ifndef YG_DATA_TABLE_H
#define YG_DATA_TABLE_H

#include "../models/loader/setting.h"
#include "cell.h"

#include <signal.h>
#include <stdint.h>
#include <stdio.h>

/* --------------------------------------------------------------------------------- records --- */

/* Some records, valid until the next call on their table. */
typedef struct yg_records {
    int64_t count;
    const yg_cell *cells; /* [count, columns of the table]: all cells of a record side by side */
} yg_records;

/* Where a record begins, to go there again. A kind gives meaning to all but `record`. */
typedef struct yg_mark {
    int64_t file;   /* of several files: which one */
    int64_t offset; /* in bytes */
    int64_t record; /* records before it in the whole table */
    int64_t line;   /* in the file, from 1; 0: the kind has no lines */
    int64_t row;    /* records before it in its file */
} yg_mark;

/* The place of a value, for messages. */
typedef struct yg_place {
    yg_origin origin;   /* in the file; column in characters */
    int64_t row;        /* the record's number in its file, from 1 */
    const char *column; /* the column's name; NULL: a value of the model file */
} yg_place;

/* ----------------------------------------------------------------------------------- kinds --- */

typedef struct yg_table yg_table;

/* The message of a reading that Ctrl-C ended. */
#define YG_INTERRUPTED "interrupted while the data were read"

typedef struct yg_table_request {
    const char *path; /* of the file */
    FILE *file;       /* an open file or pipe to be read instead; stays the caller's. NULL: `path`
                         is opened */
    const char *name; /* stands for the file in messages; outlives the table */
    yg_origin origin; /* the place that names the path, for the message that it cannot be opened */
    const yg_value *part; /* has the keys of the kind; NULL: none */
    char delimiter;       /* goes before that of `part`; 0: none was asked for */
    /* Columns that the part names, but the file may lack: see yg_csv_format. */
    const char *const *targets;
    size_t target_count;
    struct yg_cell_table *cells; /* of the kind yg_table_cells: the columns and records; NULL: of
                                  * any other */
    const volatile sig_atomic_t *interrupted; /* reading fails soon after it is not 0; NULL:
                                               * nothing interrupts it. It outlives the table */
} yg_table_request;

typedef struct yg_table_kind {
    const char *key;            /* of a part that names its file, as `csv` */
    const char *doc;            /* "a row is …" */
    const yg_setting *settings; /* further keys of such a part, as `delimiter` */
    size_t setting_count;
    const char *const
        *suffixes; /* of paths that are files of this kind, as ".csv"; ends with NULL */
    bool by_path;  /* it is opened by its path only, so it can be no pipe: a folder, a database */
    /* Opens it and reads the columns' names. NULL on failure. */
    yg_table *(*open)(const yg_table_request *request, yg_error *error);
    /* Reads the next records: at least one, at most `limit`, otherwise as many as is convenient.
     * Returns their number; 0 at the end, -1 on failure. A record that is wrong fails the call that
     * would begin with it: the records before it are given first. With `eager`, the call waits for
     * the first record only, and gives what has arrived. */
    int64_t (*next)(yg_table *table, int64_t limit, bool eager, yg_records *records,
                    yg_error *error);
    /* The records that a later call will give, the `number`-th from the last one, from 1: those
     * that another thread has found already. They stay as long as the last ones. False: none are
     * known. NULL: none ever are. */
    bool (*peek)(const yg_table *table, size_t number, yg_records *records);
    /* The place of a cell of the last records: of cells[record * columns + column]. `column` of the
     * place need not be set. It is asked for when an error is told, so it may take its time. */
    yg_place (*place)(const yg_table *table, int64_t record, size_t column);
    /* Where a column's name stands; NULL: nowhere. */
    yg_origin (*heading)(const yg_table *table, size_t column);
    /* Why a name may be missing among the columns, as "…; is ',' the right delimiter?": returns
     * `text`, or NULL if nothing is suspicious. NULL: nothing ever is. */
    const char *(*advice)(const yg_table *table, char *text, size_t size);
    /* Where the next record begins. False where it cannot be gone to again, as in a pipe. NULL: it
     * never can. */
    bool (*tell)(yg_table *table, yg_mark *mark);
    /* Goes to a mark of this table, or of another one that was opened on the same files. */
    bool (*seek)(yg_table *table, const yg_mark *mark, yg_error *error);
    /* More records may come, but have not arrived. NULL: that cannot be. */
    bool (*waits)(yg_table *table);
    /* Lets next() be stopped while it waits for a pipe; false if that is impossible. NULL: next()
     * never waits. */
    bool (*allow_stop)(yg_table *table);
    /* Makes next() fail soon, also where it waits. Called from another thread. */
    void (*stop)(yg_table *table);
    void (*close)(yg_table *table);
} yg_table_kind;

/* The state of a kind begins with it. The kind sets the first four members when it opens. */
struct yg_table {
    const yg_table_kind *kind;
    const char *name; /* of the file, for messages */
    size_t column_count;
    /* Names of the columns. One may be "", and several may be equal: that is an error only where
     * such a column is used. */
    const char *const *columns;
    const bool
        *used; /* [column_count]: whose cells will be looked at; the others may hold anything.
                * NULL: all of them. Set by the reader of the table, whose memory it is */
    struct yg_threads *threads;   /* next() may share its work among them; NULL: none. As `used` */
    struct yg_table_names *names; /* of table.c */
    /* Paths in cells start at the folder of this file. "": at the current folder. NULL: at that of
     * `name`. */
    const char *base;
    const volatile sig_atomic_t *interrupted; /* that of the request */
};

/* Records that the caller sets, each time before it asks for the next ones. No file is of this
 * kind. (table_cells.c) */
typedef struct yg_cell_table {
    size_t column_count;
    const char *const *columns; /* names */
    yg_records given;           /* the next records; none: the end. Taken once */
} yg_cell_table;

extern const yg_table_kind yg_table_cells;
extern const yg_table_kind yg_table_csv, yg_table_jsonl, yg_table_text, yg_table_images,
    yg_table_sqlite;

/* ------------------------------------------------------------------------------ tables.c ----- */

/* The kind of a part, by its keys, or by the name of its file where that is under `file:`. NULL:
 * the part is no table, or NULL itself. */
const yg_table_kind *yg_table_kind_of(const yg_value *part);
/* The kind of a file by the end of its name, ".gz" not counted; NULL: it is no table. */
const yg_table_kind *yg_table_kind_of_path(const char *path);
/* What a part that is a table says of its files: a path, a pattern, or a list of these. NULL: the
 * part names none. */
const yg_value *yg_table_files(const yg_value *part);
/* All kinds; ends with NULL. */
const yg_table_kind *const *yg_table_kinds(void);

/* ------------------------------------------------------------------------------- table.c ----- */

yg_table *yg_table_open(const yg_table_kind *kind, const yg_table_request *request,
                        yg_error *error);
void yg_table_close(yg_table *table); /* NULL is allowed */

/* For a kind that opens others: what yg_table_open() does after kind->open(). */
bool yg_table_index(yg_table *table, yg_error *error);

/* As the functions of a kind. */
int64_t yg_table_next(yg_table *table, int64_t limit, bool eager, yg_records *records,
                      yg_error *error);
bool yg_table_peek(const yg_table *table, size_t number, yg_records *records);
bool yg_table_tell(yg_table *table, yg_mark *mark);
bool yg_table_seek(yg_table *table, const yg_mark *mark, yg_error *error);
bool yg_table_waits(yg_table *table);
bool yg_table_allow_stop(yg_table *table);
void yg_table_stop(yg_table *table);

/* The place of a cell of the last records, with the column's name. */
yg_place yg_table_place(const yg_table *table, int64_t record, size_t column);
/* Where a column's name stands: the name of the file at least. */
yg_origin yg_table_heading(const yg_table *table, size_t column);

/* The first column of that name, or SIZE_MAX. */
size_t yg_table_find(const yg_table *table, const char *column);
/* Finds the only column of that name. Fails if there is none, suggesting the nearest name, or if
 * there are several. `origin` is the place that asks for it. */
bool yg_table_choose(const yg_table *table, const char *column, yg_origin origin, size_t *index,
                     yg_error *error);
/* The same for each column of a list with commas, in order. A column whose name is the whole text
 * comes first: then that is the only one. `use` gets each; false on its failure. */
bool yg_table_choose_each(const yg_table *table, const char *list, yg_origin origin,
                          bool (*use)(void *context, size_t column, yg_error *error), void *context,
                          yg_error *error);
/* Fails where the column has no name, or another one has the same. */
bool yg_table_check_column(const yg_table *table, size_t column, yg_error *error);

/* ------------------------------------------------------------------------- table_files.c ----- */

typedef struct yg_paths {
    size_t count;
    char **items;
} yg_paths;

/* The path of the file that has the last records: one of the paths, or the table's name. */
const char *yg_table_file(const yg_table *table);

/* Several files of a kind as one table, or the only one. The paths, one at least, must outlive the
 * table; `path` of the request is not used. */
yg_table *yg_table_open_files(const yg_table_kind *kind, const yg_table_request *request,
                              const yg_paths *paths, yg_error *error);

#endif
