/*
 * SQLite's functions. Private to the library.
 *
 * SQLite is opened when it is first needed, and not linked, as zlib is.
 */
#ifndef YG_DATA_SQLITE_CALLS_H
#define YG_DATA_SQLITE_CALLS_H

#include "../graph/error.h"

#ifdef YG_SQLITE_SONAME
#include <sqlite3.h>

typedef struct yg_sqlite {
    void *handle;
    __typeof__(sqlite3_open_v2) *open_v2;
    __typeof__(sqlite3_close) *close;
    __typeof__(sqlite3_errmsg) *errmsg;
    __typeof__(sqlite3_prepare_v2) *prepare_v2;
    __typeof__(sqlite3_finalize) *finalize;
    __typeof__(sqlite3_reset) *reset;
    __typeof__(sqlite3_step) *step;
    __typeof__(sqlite3_bind_int64) *bind_int64;
    __typeof__(sqlite3_bind_text) *bind_text;
    __typeof__(sqlite3_stmt_readonly) *stmt_readonly;
    __typeof__(sqlite3_interrupt) *interrupt;
    __typeof__(sqlite3_progress_handler) *progress_handler;
    __typeof__(sqlite3_column_count) *column_count;
    __typeof__(sqlite3_column_name) *column_name;
    __typeof__(sqlite3_column_type) *column_type;
    __typeof__(sqlite3_column_int64) *column_int64;
    __typeof__(sqlite3_column_double) *column_double;
    __typeof__(sqlite3_column_text) *column_text;
    __typeof__(sqlite3_column_bytes) *column_bytes;
    __typeof__(sqlite3_column_blob) *column_blob;
    int (*error_offset)(sqlite3 *); /* NULL before SQLite 3.38 */
} yg_sqlite;

/* `name` stands for the database in messages. */
bool yg_sqlite_open(yg_sqlite *sqlite, const char *name, yg_error *error);
void yg_sqlite_close(yg_sqlite *sqlite); /* also after a failure */

#endif

/* Fails because the library was built without SQLite. Always returns false. */
bool yg_sqlite_fail(const char *name, yg_error *error);

#endif
