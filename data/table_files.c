/*
 * Several files of one kind as one table: the records of the first, then those of the second, …
 *
 * The columns are those of the first file. In the others they are found by name, in any order;
 * columns that the first file has not, or that are not used, may be missing. Only one file is open
 * at a time.
 */
#include "table.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

typedef struct files_table {
    yg_table table;
    yg_table_kind own; /* what the table is to its user: `kind` with the functions of this file */
    const yg_table_kind *kind;
    yg_table_request request;
    const yg_paths *paths; /* outlive the table */
    size_t at;             /* paths->items[at] is open */
    yg_table *open;        /* NULL: all have been read */
    int64_t before;        /* records of the files before */
    const char **names;    /* of the columns, copied */
    size_t *from;   /* the column of the open file that each column comes from; NULL: the same */
    yg_cell *cells; /* [room, columns], where `from` is used */
    int64_t room;
    /* stop() comes from another thread, while this one may go from a file to the next. */
    pthread_mutex_t lock; /* of `open` while it changes, and of the following */
    bool stoppable, stopped;
} files_table;

static void close_files(yg_table *table) {
    files_table *state = (files_table *)table;
    yg_table_close(state->open);
    for (size_t i = 0; state->names && i < table->column_count; i++)
        free((void *)(uintptr_t)state->names[i]);
    free(state->names);
    free(state->from);
    free(state->cells);
    pthread_mutex_destroy(&state->lock);
    free(state);
}

/* ---------------------------------------------------------------------------------- columns -- */

static bool keep_columns(files_table *state, yg_error *error) {
    state->names = calloc(state->open->column_count + 1, sizeof *state->names);
    if (!state->names)
        return yg_fail_memory(error);
    state->table.columns = state->names;
    for (size_t i = 0; i < state->open->column_count; i++) {
        if (!(state->names[i] = strdup(state->open->columns[i])))
            return yg_fail_memory(error);
        state->table.column_count++;
    }
    return true;
}

static bool same_columns(const files_table *state) {
    bool same = state->open->column_count == state->table.column_count;
    for (size_t i = 0; same && i < state->table.column_count; i++)
        same = strcmp(state->open->columns[i], state->names[i]) == 0;
    return same;
}

/* Finds the columns of the first file in the one that is open. */
static bool match_columns(files_table *state, yg_error *error) {
    free(state->from);
    state->from = NULL;
    if (same_columns(state))
        return true;
    state->from = calloc(state->table.column_count + 1, sizeof *state->from);
    if (!state->from)
        return yg_fail_memory(error);
    for (size_t i = 0; i < state->table.column_count; i++)
        if (state->table.used && !state->table.used[i])
            state->from[i] = 0;
        else if (!yg_table_choose(state->open, state->names[i], YG_NOWHERE, &state->from[i], error))
            return false;
    return true;
}

static void set_open(files_table *state, yg_table *table) {
    pthread_mutex_lock(&state->lock);
    state->open = table;
    pthread_mutex_unlock(&state->lock);
}

/* A file that is being opened cannot be stopped: opening a pipe waits for who writes to it. */
static bool may_go_on(files_table *state, yg_error *error) {
    pthread_mutex_lock(&state->lock);
    const bool stopped = state->stopped;
    const bool good = !state->stoppable || !state->open || yg_table_allow_stop(state->open);
    pthread_mutex_unlock(&state->lock);
    return (good && !stopped) || yg_fail(error, YG_ERROR_IO, YG_NOWHERE, YG_INTERRUPTED);
}

static bool open_file(files_table *state, size_t at, yg_error *error) {
    yg_table_request request = state->request;
    yg_table *before = state->open;
    set_open(state, NULL);
    yg_table_close(before);
    request.path = request.name = state->paths->items[at];
    state->at = at;
    set_open(state, yg_table_open(state->kind, &request, error));
    if (state->open && !may_go_on(state, error))
        return false;
    if (state->open)
        state->table.base = state->open->base ? state->open->base : state->open->name;
    return state->open && (state->names ? match_columns(state, error) : keep_columns(state, error));
}

/* ---------------------------------------------------------------------------------- records -- */

/* Puts the cells of the open file in the order of the columns. */
static bool arrange(files_table *state, yg_records *records, yg_error *error) {
    const size_t columns = state->table.column_count;
    if (records->count > state->room) {
        yg_cell *grown =
            (size_t)records->count > SIZE_MAX / sizeof *grown / (columns + 1)
                ? NULL
                : realloc(state->cells, ((size_t)records->count * columns + 1) * sizeof *grown);
        if (!grown)
            return yg_fail_memory(error);
        state->cells = grown;
        state->room = records->count;
    }
    for (size_t r = 0; r < (size_t)records->count; r++)
        for (size_t i = 0; i < columns; i++)
            state->cells[r * columns + i] =
                records->cells[r * state->open->column_count + state->from[i]];
    records->cells = state->cells;
    return true;
}

static int64_t next_records(yg_table *table, int64_t limit, bool eager, yg_records *records,
                            yg_error *error) {
    files_table *state = (files_table *)table;
    for (;;) {
        if (state->open)
            state->open->threads = table->threads;
        const int64_t count =
            state->open ? yg_table_next(state->open, limit, eager, records, error) : -1;
        if (count > 0 && state->from && !arrange(state, records, error))
            return -1;
        if (count > 0)
            state->before += count;
        if (count != 0)
            return count;
        if (state->at + 1 == state->paths->count)
            return 0;
        if (!open_file(state, state->at + 1, error))
            return -1;
    }
}

/* Those of the file that is open, where no cell must change its place. */
static bool peek(const yg_table *table, size_t number, yg_records *records) {
    const files_table *state = (const files_table *)table;
    return state->open && !state->from && yg_table_peek(state->open, number, records);
}

static yg_place place(const yg_table *table, int64_t record, size_t column) {
    const files_table *state = (const files_table *)table;
    return yg_table_place(state->open, record, state->from ? state->from[column] : column);
}

static yg_origin heading(const yg_table *table, size_t column) {
    const files_table *state = (const files_table *)table;
    return state->at == 0 && state->open ? yg_table_heading(state->open, column)
                                         : (yg_origin){table->name, 0, 0};
}

static const char *advice(const yg_table *table, char *text, size_t size) {
    const files_table *state = (const files_table *)table;
    return state->open && state->kind->advice ? state->kind->advice(state->open, text, size) : NULL;
}

static bool tell(yg_table *table, yg_mark *mark) {
    files_table *state = (files_table *)table;
    if (!state->open || !yg_table_tell(state->open, mark))
        return false;
    mark->file = (int64_t)state->at;
    mark->record = state->before;
    return true;
}

static bool seek(yg_table *table, const yg_mark *mark, yg_error *error) {
    files_table *state = (files_table *)table;
    if ((!state->open || state->at != (size_t)mark->file) &&
        !open_file(state, (size_t)mark->file, error))
        return false;
    state->before = mark->record;
    return yg_table_seek(state->open, mark, error);
}

static bool waits(yg_table *table) {
    const files_table *state = (const files_table *)table;
    return state->open && yg_table_waits(state->open);
}

static bool allow_stop(yg_table *table) {
    files_table *state = (files_table *)table;
    state->stoppable = true;
    return !state->open || yg_table_allow_stop(state->open);
}

static void stop(yg_table *table) {
    files_table *state = (files_table *)table;
    pthread_mutex_lock(&state->lock);
    state->stopped = true;
    if (state->open)
        yg_table_stop(state->open);
    pthread_mutex_unlock(&state->lock);
}

const char *yg_table_file(const yg_table *table) {
    const files_table *state = (const files_table *)table;
    return table->kind->next == next_records ? state->paths->items[state->at] : table->name;
}

yg_table *yg_table_open_files(const yg_table_kind *kind, const yg_table_request *request,
                              const yg_paths *paths, yg_error *error) {
    yg_table_request own = *request;
    own.path = paths->items[0];
    own.name = own.name ? own.name : own.path;
    if (paths->count == 1)
        return yg_table_open(kind, &own, error);
    files_table *state = calloc(1, sizeof *state);
    if (!state) {
        yg_fail_memory(error);
        return NULL;
    }
    *state = (files_table){.kind = kind, .request = own, .paths = paths};
    pthread_mutex_init(&state->lock, NULL);
    state->own = (yg_table_kind){.key = kind->key,
                                 .next = next_records,
                                 .peek = peek,
                                 .place = place,
                                 .heading = heading,
                                 .advice = advice,
                                 .tell = tell,
                                 .seek = seek,
                                 .waits = waits,
                                 .allow_stop = allow_stop,
                                 .stop = stop,
                                 .close = close_files};
    state->table.kind = &state->own;
    state->table.name = paths->items[0];
    if (open_file(state, 0, error) && yg_table_index(&state->table, error))
        return &state->table;
    yg_table_close(&state->table);
    return NULL;
}
