/*
 * SQLite's functions: see sqlite_calls.h.
 */
#include "sqlite_calls.h"

bool yg_sqlite_fail(const char *name, yg_error *error) {
    return yg_fail(error, YG_ERROR_IO, (yg_origin){name, 0, 0},
                   "it is a database, and yamlgrad was built without SQLite (Debian's package is "
                   "libsqlite3-dev)");
}

#ifdef YG_SQLITE_SONAME
#include <dlfcn.h>
#include <stddef.h>

static const struct {
    const char *name;
    size_t place; /* in yg_sqlite */
} functions[] = {
    {"sqlite3_open_v2", offsetof(yg_sqlite, open_v2)},
    {"sqlite3_close", offsetof(yg_sqlite, close)},
    {"sqlite3_errmsg", offsetof(yg_sqlite, errmsg)},
    {"sqlite3_prepare_v2", offsetof(yg_sqlite, prepare_v2)},
    {"sqlite3_finalize", offsetof(yg_sqlite, finalize)},
    {"sqlite3_reset", offsetof(yg_sqlite, reset)},
    {"sqlite3_step", offsetof(yg_sqlite, step)},
    {"sqlite3_bind_int64", offsetof(yg_sqlite, bind_int64)},
    {"sqlite3_bind_text", offsetof(yg_sqlite, bind_text)},
    {"sqlite3_stmt_readonly", offsetof(yg_sqlite, stmt_readonly)},
    {"sqlite3_interrupt", offsetof(yg_sqlite, interrupt)},
    {"sqlite3_progress_handler", offsetof(yg_sqlite, progress_handler)},
    {"sqlite3_column_count", offsetof(yg_sqlite, column_count)},
    {"sqlite3_column_name", offsetof(yg_sqlite, column_name)},
    {"sqlite3_column_type", offsetof(yg_sqlite, column_type)},
    {"sqlite3_column_int64", offsetof(yg_sqlite, column_int64)},
    {"sqlite3_column_double", offsetof(yg_sqlite, column_double)},
    {"sqlite3_column_text", offsetof(yg_sqlite, column_text)},
    {"sqlite3_column_bytes", offsetof(yg_sqlite, column_bytes)},
    {"sqlite3_column_blob", offsetof(yg_sqlite, column_blob)},
    {"sqlite3_error_offset", offsetof(yg_sqlite, error_offset)},
};

bool yg_sqlite_open(yg_sqlite *sqlite, const char *name, yg_error *error) {
    *sqlite = (yg_sqlite){.handle = dlopen(YG_SQLITE_SONAME, RTLD_NOW | RTLD_LOCAL)};
    bool good = sqlite->handle != NULL;
    for (size_t i = 0; good && i < sizeof functions / sizeof *functions; i++) {
        /* POSIX's way from an object pointer to a function pointer. */
        void **function = (void **)((char *)sqlite + functions[i].place);
        *function = dlsym(sqlite->handle, functions[i].name);
        good = *function != NULL || functions[i].place == offsetof(yg_sqlite, error_offset);
    }
    return good || yg_fail(error, YG_ERROR_IO, (yg_origin){name, 0, 0},
                           "it is a database, and SQLite is not installed (Debian's package is "
                           "libsqlite3-0)");
}

void yg_sqlite_close(yg_sqlite *sqlite) {
    if (sqlite->handle)
        dlclose(sqlite->handle);
    sqlite->handle = NULL;
}

#endif
