/*
 * Makes SQLite databases: see database.h.
 */
#include "database.h"

#include "data/sqlite_calls.h"

#include <stdio.h>
#include <stdlib.h>

#ifdef YG_SQLITE_SONAME

bool database_can_be_made(void) {
    yg_sqlite calls;
    const bool there = yg_sqlite_open(&calls, "", NULL);
    yg_sqlite_close(&calls);
    return there;
}

static void require(bool holds, const char *what, const char *reason) {
    if (holds)
        return;
    fprintf(stderr, "%s: %s\n", what, reason);
    abort();
}

static void run(const yg_sqlite *calls, sqlite3 *database, const char *sql) {
    while (*sql) {
        sqlite3_stmt *statement = NULL;
        const char *rest;
        require(calls->prepare_v2(database, sql, -1, &statement, &rest) == SQLITE_OK, sql,
                calls->errmsg(database));
        int status = statement ? SQLITE_ROW : SQLITE_DONE;
        while (status == SQLITE_ROW)
            status = calls->step(statement);
        require(status == SQLITE_DONE, sql, calls->errmsg(database));
        calls->finalize(statement);
        sql = rest;
    }
}

void database_make(const char *path, const char *sql) {
    yg_sqlite calls;
    sqlite3 *database;
    require(yg_sqlite_open(&calls, path, NULL), path, "there is no SQLite");
    require(calls.open_v2(path, &database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) ==
                SQLITE_OK,
            path, "cannot be opened");
    run(&calls, database, "PRAGMA synchronous = OFF;");
    run(&calls, database, sql);
    calls.close(database);
    yg_sqlite_close(&calls);
}

#else

bool database_can_be_made(void) {
    return false;
}

void database_make(const char *path, const char *sql) {
    (void)path;
    (void)sql;
    abort();
}

#endif
