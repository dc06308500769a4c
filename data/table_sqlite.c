/*
 * The table `sqlite: PATH`: the rows of a table of an SQLite database, or of a query.
 *
 * The rows of a table come in the order of their rowid, which also is the way back to one. Those of
 * a query, of a view and of a table without rowids come as SQLite gives them; to go back, they are
 * read again from the first one on.
 */
#include "csv_scan.h"
#include "sql_message.h"
#include "sqlite_calls.h"
#include "table.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The keys of a part, as they are written. */
typedef struct sqlite_keys {
    const yg_value *table, *query;
} sqlite_keys;

static const yg_setting settings[] = {
    {"table", .kind = YG_SETTING_VALUE, .form = "a text", .forms = YG_FORM_SCALAR,
     .offset = offsetof(sqlite_keys, table), .fallback = "the only table", .example = "houses",
     .doc = "the table whose rows are read"},
    {"query", .kind = YG_SETTING_VALUE, .form = "a text", .forms = YG_FORM_SCALAR,
     .offset = offsetof(sqlite_keys, query), .fallback = "none",
     .example = "select area, price from houses where price > 0",
     .doc = "an SQL query whose rows are read, in place of `table`"},
};

#ifdef YG_SQLITE_SONAME

enum { RECORDS = 256 };

typedef struct sqlite_table {
    yg_table table;
    yg_sqlite calls;
    sqlite3 *database;
    sqlite3_stmt *rows;
    bool by_rowid; /* column 0 of `rows` is the rowid, and its parameter 1 the one before */
    bool ended;
    const char **names; /* of the columns, copied */
    int64_t row;        /* records that were given */
    int64_t rowid;      /* of the last one, or less than any */
    /* The last records: */
    int64_t given;
    yg_cell *cells; /* [RECORDS, columns] */
    char *texts;
    size_t text_size, text_room;
    yg_error failure; /* of the record behind them; its code is YG_OK: none */
} sqlite_table;

static void close_sqlite(yg_table *table) {
    sqlite_table *state = (sqlite_table *)table;
    if (state->database) {
        state->calls.finalize(state->rows);
        state->calls.close(state->database);
    }
    yg_sqlite_close(&state->calls);
    for (size_t i = 0; state->names && i < table->column_count; i++)
        free((void *)(uintptr_t)state->names[i]);
    free(state->names);
    free(state->cells);
    free(state->texts);
    free(state);
}

static yg_origin origin_of(const sqlite_table *state) {
    return (yg_origin){state->table.name, 0, 0};
}

static bool fail(const sqlite_table *state, yg_origin origin, const char *what, yg_error *error) {
    return yg_fail(error, YG_ERROR_DATA, origin, "%s: %s", what,
                   state->calls.errmsg(state->database));
}

/* ------------------------------------------------------------------------------- statements -- */

static sqlite3_stmt *prepare(const sqlite_table *state, const char *text, const char **rest) {
    sqlite3_stmt *statement = NULL;
    const int status = state->calls.prepare_v2(state->database, text, -1, &statement, rest);
    return status == SQLITE_OK ? statement : NULL;
}

/* FORMAT with %s for a table's name, in quotes; freed by the caller. NULL: no memory. */
static char *with_name(const char *format, const char *name) {
    char *quoted = malloc(2 * strlen(name) + 3), *end = quoted, *text = NULL;
    if (!quoted)
        return NULL;
    *end++ = '"';
    for (; *name; name++) {
        if (*name == '"')
            *end++ = '"';
        *end++ = *name;
    }
    memcpy(end, "\"", 2);
    const size_t size = strlen(format) + strlen(quoted) + 1;
    if ((text = malloc(size)))
        snprintf(text, size, format, quoted);
    free(quoted);
    return text;
}

/* Whether the name is that of a table, whose rows may have a rowid. Those of a view have none, but
 * SQLite says so by NULL only. */
static bool is_table(const sqlite_table *state, const char *name) {
    sqlite3_stmt *found = prepare(state,
                                  "SELECT 1 FROM sqlite_master WHERE type = 'table' AND "
                                  "name = ?1 COLLATE NOCASE",
                                  NULL);
    const bool is = found &&
                    state->calls.bind_text(found, 1, name, -1, SQLITE_STATIC) == SQLITE_OK &&
                    state->calls.step(found) == SQLITE_ROW;
    state->calls.finalize(found);
    return is;
}

/* Whether a column of the table is called _rowid_: it hides the real one. */
static bool hides_rowid(const sqlite_table *state) {
    bool hides = false;
    for (int i = 1; i < state->calls.column_count(state->rows); i++) {
        const char *name = state->calls.column_name(state->rows, i);
        hides = hides || !name || strcmp(name, "_rowid_") == 0;
    }
    return hides;
}

static bool prepare_rows(sqlite_table *state, const char *format, const char *name,
                         yg_error *error) {
    char *text = with_name(format, name);
    if (!text)
        return yg_fail_memory(error);
    state->calls.finalize(state->rows);
    state->rows = prepare(state, text, NULL);
    free(text);
    return true;
}

/* Prepares the rows of a table: by rowid where it has that, otherwise as they come. */
static bool read_table(sqlite_table *state, const char *name, yg_origin origin, yg_error *error) {
    if (is_table(state, name) &&
        !prepare_rows(state, "SELECT _rowid_, * FROM %s WHERE _rowid_ > ?1 ORDER BY _rowid_", name,
                      error))
        return false;
    state->by_rowid = state->rows && !hides_rowid(state);
    if (!state->by_rowid && !prepare_rows(state, "SELECT * FROM %s", name, error))
        return false;
    return state->rows || fail(state, origin, "the table cannot be read", error);
}

/* SQLite knows the place of most mistakes. */
static bool fail_query(const sqlite_table *state, const char *text, yg_origin origin,
                       yg_error *error) {
    const char *reason = state->calls.errmsg(state->database);
    const int offset = state->calls.error_offset ? state->calls.error_offset(state->database) : -1;
    return yg_sql_fail(text, offset >= 0 ? (size_t)offset : yg_sql_find(text, reason), origin,
                       "the query cannot be run", reason, error);
}

static bool read_query(sqlite_table *state, const char *text, yg_origin origin, yg_error *error) {
    const char *rest = "";
    state->rows = prepare(state, text, &rest);
    if (!state->rows && text[strspn(text, " \t\n\r;")])
        return fail_query(state, text, origin, error);
    if (!state->rows)
        return yg_fail(error, YG_ERROR_DATA, origin, "the query is empty");
    if (rest[strspn(rest, " \t\n\r;")])
        return yg_sql_fail(text, (size_t)(rest - text) + strspn(rest, " \t\n\r;"), origin,
                           "a query is one statement", "something stands behind it", error);
    return (state->calls.stmt_readonly(state->rows) &&
            state->calls.column_count(state->rows) > 0) ||
           yg_fail(error, YG_ERROR_DATA, origin, "the query gives no rows; write a `select`");
}

/* Names of tables and views, as "'a', 'b'"; *first becomes the first one's, to be freed. */
static bool list_tables(const sqlite_table *state, char *shown, size_t size, char **first,
                        int *count, yg_error *error) {
    const yg_sqlite *calls = &state->calls;
    sqlite3_stmt *names = prepare(state,
                                  "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') "
                                  "AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name",
                                  NULL);
    int status = names ? SQLITE_ROW : SQLITE_ERROR;
    *count = 0;
    *first = NULL;
    shown[0] = '\0';
    while (status == SQLITE_ROW && (status = calls->step(names)) == SQLITE_ROW) {
        const char *name = (const char *)calls->column_text(names, 0);
        const size_t used = strlen(shown);
        if (name && !*count && !(*first = strdup(name)))
            status = SQLITE_NOMEM;
        if (name && *count < 8)
            snprintf(shown + used, size - used, "%s'%.60s'", *count ? ", " : "", name);
        else if (*count == 8)
            snprintf(shown + used, size - used, ", …");
        ++*count;
    }
    const bool good =
        status == SQLITE_DONE ||
        (status == SQLITE_NOMEM ? yg_fail_memory(error)
                                : fail(state, origin_of(state), "it cannot be read", error));
    calls->finalize(names);
    return good;
}

/* Reads a table of that name; `shown` lists those that there are. */
static bool read_named(sqlite_table *state, const char *name, const char *shown, yg_origin origin,
                       yg_error *error) {
    static const char missing[] = "no such table";
    yg_error detail = {0};
    if (read_table(state, name, origin, &detail))
        return true;
    if (strncmp(state->calls.errmsg(state->database), missing, strlen(missing)) != 0)
        return yg_fail_as(error, &detail);
    return yg_fail(error, YG_ERROR_NAME, origin, "the database has no table '%.200s'%s%s", name,
                   *shown ? "; known: " : "", shown);
}

/* Reads what the part names, or the only table. */
static bool choose_rows(sqlite_table *state, const yg_table_request *request, yg_error *error) {
    sqlite_keys keys = {0};
    char shown[700], *first;
    const char *text;
    int count;
    if ((request->part && !yg_setting_read(request->part, settings,
                                           sizeof settings / sizeof *settings, &keys, error)))
        return false;
    const yg_value *table = keys.table, *query = keys.query;
    if (!list_tables(state, shown, sizeof shown, &first, &count, error)) {
        free(first);
        return false;
    }
    bool good;
    if (table && query)
        good = yg_fail(error, YG_ERROR_ARGUMENT, query->origin, "a part has `table` or `query`");
    else if (query)
        good = yg_value_text(query, "`query`", &text, error) &&
               read_query(state, text, query->origin, error);
    else if (table)
        good = yg_value_text(table, "`table`", &text, error) &&
               read_named(state, text, shown, table->origin, error);
    else if (count == 1)
        good = read_table(state, first, origin_of(state), error);
    else
        good = yg_fail(error, YG_ERROR_DATA, origin_of(state),
                       count ? "it has %d tables: %s; choose one with `table:` (--table of `new`)"
                             : "the database has no table",
                       count, shown);
    free(first);
    return good;
}

/* ---------------------------------------------------------------------------------- opening -- */

static bool keep_columns(sqlite_table *state, yg_error *error) {
    const int from = state->by_rowid;
    const size_t count = (size_t)(state->calls.column_count(state->rows) - from);
    state->names = calloc(count + 1, sizeof *state->names);
    state->cells = calloc(RECORDS * (count + 1), sizeof *state->cells);
    if (!state->names || !state->cells)
        return yg_fail_memory(error);
    state->table.columns = state->names;
    for (size_t i = 0; i < count; i++) {
        const char *name = state->calls.column_name(state->rows, (int)i + from);
        if (!name || !(state->names[i] = strdup(name)))
            return yg_fail_memory(error);
        state->table.column_count++;
    }
    return true;
}

/* Begins the rows anew, behind state->rowid. */
static bool rewind_rows(sqlite_table *state, yg_error *error) {
    state->calls.reset(state->rows);
    state->ended = false;
    state->failure.code = YG_OK;
    return !state->by_rowid || state->calls.bind_int64(state->rows, 1, state->rowid) == SQLITE_OK ||
           fail(state, origin_of(state), "it cannot be read", error);
}

/* SQLite asks this now and then: a query can compute for long before it gives its first row. */
static int is_interrupted(void *flag) {
    return *(const volatile sig_atomic_t *)flag != 0;
}

static bool begin(sqlite_table *state, const yg_table_request *request, yg_error *error) {
    enum { STEPS_BETWEEN = 10000 };
    struct stat status;
    if (!request->path)
        return yg_fail(error, YG_ERROR_IO, (yg_origin){request->name, 0, 0},
                       "a database is read from a file, not from a pipe");
    if (stat(request->path, &status) != 0)
        return yg_fail(error, YG_ERROR_IO, request->origin, "cannot open '%s': %s", request->path,
                       strerror(errno));
    if (S_ISDIR(status.st_mode))
        return yg_fail(error, YG_ERROR_IO, (yg_origin){request->name, 0, 0}, "cannot be read: %s",
                       strerror(EISDIR));
    if (!yg_sqlite_open(&state->calls, request->name, error))
        return false;
    if (state->calls.open_v2(request->path, &state->database, SQLITE_OPEN_READONLY, NULL) !=
        SQLITE_OK)
        return state->database ? fail(state, origin_of(state), "it cannot be opened", error)
                               : yg_fail_memory(error);
    if (request->interrupted)
        state->calls.progress_handler(state->database, STEPS_BETWEEN, is_interrupted,
                                      (void *)(uintptr_t)request->interrupted);
    state->rowid = INT64_MIN; /* no row that SQLite numbers itself has it */
    return choose_rows(state, request, error) && keep_columns(state, error) &&
           rewind_rows(state, error);
}

static yg_table *open_sqlite(const yg_table_request *request, yg_error *error) {
    sqlite_table *state = calloc(1, sizeof *state);
    if (!state) {
        yg_fail_memory(error);
        return NULL;
    }
    state->table.kind = &yg_table_sqlite;
    state->table.name = request->name;
    if (begin(state, request, error))
        return &state->table;
    close_sqlite(&state->table);
    return NULL;
}

/* ---------------------------------------------------------------------------------- records -- */

static bool fail_cell(const sqlite_table *state, size_t column, const char *what, yg_error *error) {
    return yg_fail(error, YG_ERROR_DATA, origin_of(state), "row %" PRId64 ", column '%.200s': %s",
                   state->row + state->given + 1, state->names[column], what);
}

/* Copies bytes. The cell gets their place, since `texts` may be moved. */
static bool keep_bytes(sqlite_table *state, yg_cell_kind kind, const void *bytes, size_t size,
                       yg_cell *cell, yg_error *error) {
    if (state->text_size + size >= state->text_room) {
        const size_t room = 2 * (state->text_size + size) + 1000;
        char *grown = realloc(state->texts, room);
        if (!grown)
            return yg_fail_memory(error);
        state->texts = grown;
        state->text_room = room;
    }
    memcpy(state->texts + state->text_size, bytes, size);
    *cell = (yg_cell){.kind = kind, .size = (uint32_t)size, .whole = (int64_t)state->text_size};
    state->text_size += size;
    return true;
}

static bool keep_text(sqlite_table *state, int index, yg_cell *cell, yg_error *error) {
    const unsigned char *text = state->calls.column_text(state->rows, index);
    const size_t size = (size_t)state->calls.column_bytes(state->rows, index);
    const size_t column = (size_t)(index - state->by_rowid);
    if (!text)
        return yg_fail_memory(error);
    if (memchr(text, 0, size + 1) != text + size)
        return fail_cell(state, column, "a text with a NUL byte", error);
    if (!yg_is_utf8((const char *)text, size))
        return fail_cell(state, column, "a text that is not UTF-8", error);
    return keep_bytes(state, YG_CELL_TEXT, text, size, cell, error);
}

/* The column that reads a BLOB decides what it is. An empty one has no address. */
static bool keep_blob(sqlite_table *state, int index, yg_cell *cell, yg_error *error) {
    const void *blob = state->calls.column_blob(state->rows, index);
    const size_t size = (size_t)state->calls.column_bytes(state->rows, index);
    return keep_bytes(state, YG_CELL_BYTES, blob ? blob : "", blob ? size : 0, cell, error);
}

static bool keep_cell(sqlite_table *state, size_t column, yg_cell *cell, yg_error *error) {
    const yg_sqlite *calls = &state->calls;
    const int index = (int)column + state->by_rowid;
    if (state->table.used && !state->table.used[column]) {
        *cell = (yg_cell){.kind = YG_CELL_NONE};
        return true;
    }
    switch (calls->column_type(state->rows, index)) {
    case SQLITE_INTEGER:
        *cell = (yg_cell){.kind = YG_CELL_WHOLE, .whole = calls->column_int64(state->rows, index)};
        return true;
    case SQLITE_FLOAT:
        *cell =
            (yg_cell){.kind = YG_CELL_NUMBER, .number = calls->column_double(state->rows, index)};
        return true;
    case SQLITE_TEXT:
        return keep_text(state, index, cell, error);
    case SQLITE_BLOB:
        return keep_blob(state, index, cell, error);
    default:
        *cell = (yg_cell){.kind = YG_CELL_NONE};
        return true;
    }
}

/* Reads the row that the statement stands on. */
static bool take_record(sqlite_table *state, yg_error *error) {
    const size_t columns = state->table.column_count;
    const int64_t rowid = state->by_rowid ? state->calls.column_int64(state->rows, 0) : 0;
    if (state->by_rowid && rowid <= state->rowid)
        return yg_fail(error, YG_ERROR_DATA, origin_of(state),
                       "the database is damaged: row %" PRId64 " has no rowid above those before",
                       state->row + state->given + 1);
    for (size_t i = 0; i < columns; i++)
        if (!keep_cell(state, i, &state->cells[(size_t)state->given * columns + i], error))
            return false;
    state->rowid = rowid;
    state->given++;
    return true;
}

/* Goes to the next row; false at the end, and after a failure, whose code is in *error. */
static bool step(sqlite_table *state, yg_error *error) {
    const int status = state->ended ? SQLITE_DONE : state->calls.step(state->rows);
    state->ended = status == SQLITE_DONE;
    if (status != SQLITE_ROW && status != SQLITE_DONE)
        fail(state, origin_of(state), "it cannot be read", error);
    return status == SQLITE_ROW;
}

static int64_t next_records(yg_table *table, int64_t limit, bool eager, yg_records *records,
                            yg_error *error) {
    sqlite_table *state = (sqlite_table *)table;
    const int64_t most = limit < RECORDS ? limit : RECORDS;
    (void)eager;
    state->given = 0;
    state->text_size = 0;
    /* A failure behind some records is told by the call that would begin with it. */
    while (state->failure.code == YG_OK && state->given < most && step(state, &state->failure) &&
           take_record(state, &state->failure))
        continue;
    if (state->failure.code != YG_OK && state->given == 0) {
        yg_fail_as(error, &state->failure);
        return -1;
    }
    for (int64_t i = 0; i < state->given * (int64_t)table->column_count; i++)
        if (state->cells[i].kind == YG_CELL_TEXT || state->cells[i].kind == YG_CELL_BYTES)
            state->cells[i].text = state->texts + state->cells[i].whole;
    state->row += state->given;
    *records = (yg_records){state->given, state->cells};
    return state->given;
}

static yg_place place(const yg_table *table, int64_t record, size_t column) {
    const sqlite_table *state = (const sqlite_table *)table;
    (void)column;
    return (yg_place){.origin = origin_of(state), .row = state->row - state->given + record + 1};
}

/* ----------------------------------------------------------------------------------- places -- */

static bool tell(yg_table *table, yg_mark *mark) {
    const sqlite_table *state = (const sqlite_table *)table;
    *mark = (yg_mark){.offset = state->rowid, .record = state->row, .row = state->row};
    return true;
}

static bool seek(yg_table *table, const yg_mark *mark, yg_error *error) {
    sqlite_table *state = (sqlite_table *)table;
    yg_error wrong = {0};
    state->rowid = mark->offset;
    if (!rewind_rows(state, error))
        return false;
    state->row = mark->row;
    for (int64_t i = 0; !state->by_rowid && i < mark->row; i++)
        if (!step(state, &wrong))
            return wrong.code != YG_OK ? yg_fail_as(error, &wrong)
                                       : yg_fail(error, YG_ERROR_DATA, origin_of(state),
                                                 "it has fewer rows than when it was read before");
    return true;
}

static void stop(yg_table *table) {
    const sqlite_table *state = (const sqlite_table *)table;
    state->calls.interrupt(state->database);
}

#else

static yg_table *open_sqlite(const yg_table_request *request, yg_error *error) {
    yg_sqlite_fail(request->name, error);
    return NULL;
}

#endif

static const char *const suffixes[] = {".sqlite", ".sqlite3", ".db", NULL};

const yg_table_kind yg_table_sqlite = {
    .key = "sqlite",
    .doc = "a row is a row of an SQLite database",
    .settings = settings,
    .setting_count = sizeof settings / sizeof *settings,
    .suffixes = suffixes,
    .by_path = true,
    .open = open_sqlite,
#ifdef YG_SQLITE_SONAME
    .next = next_records,
    .place = place,
    .tell = tell,
    .seek = seek,
    .stop = stop,
    .close = close_sqlite,
#endif
};
