/*
 * The source of tables: the records of a file as examples, by the columns of each port.
 */
#include "column.h"
#include "decoder.h"
#include "owners.h"
#include "sequences.h"
#include "series.h"
#include "table_encode.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    LEARNT_AT_ONCE = 1024,
    THREADS_FROM = 64 * 1024 /* cells */,
    COSTLY_FROM = 32 /* records */,
    PIECES = 8
};

typedef struct table_state {
    yg_table *table;
    const yg_table_kind *kind;
    yg_table_request request;
    yg_paths paths; /* of the files; none: request.file is read */
    size_t port_count;
    yg_columns *columns;
    const char **targets; /* of the request; NULL: none */
    bool *used;           /* of the table's columns: one of `columns` reads it */
    int64_t count;        /* records so far */
    int64_t examples;     /* those of them that were not dropped */
    yg_run_finder runs;   /* of windows over a series, and of sequences */
    yg_row_check equal;   /* of what the rows of a sequence have in common */
    bool (*seen)[256];    /* by port and byte: it has been checked. Of ports that hold bytes */
    yg_threads *threads;  /* NULL: not started */
} table_state;

static void close_table(void *opaque) {
    table_state *state = opaque;
    for (size_t p = 0; state->columns && p < state->port_count; p++)
        yg_columns_free(&state->columns[p]);
    free(state->columns);
    free(state->targets);
    free(state->used);
    free(state->seen);
    yg_run_finder_free(&state->runs);
    yg_row_check_free(&state->equal);
    yg_threads_free(state->threads);
    yg_table_close(state->table);
    yg_paths_free(&state->paths);
    free(state);
}

/* Says where the paths of the table's last records start from. */
static void note_base(const table_state *state) {
    for (size_t p = 0; p < state->port_count; p++)
        for (size_t i = 0; i < state->columns[p].count; i++)
            state->columns[p].columns[i]->base =
                state->table->base ? state->table->base : state->table->name;
}

/* ----------------------------------------------------------------------------------- faults -- */

/* Counts the records from the refused one on whose cell in that column has the same fault. Returns
 * false if a later record cannot be read at all. */
static bool count_faults(table_state *state, const yg_records *first, const yg_refusal *r,
                         int fault, int64_t *same, int64_t *total) {
    yg_records records = *first;
    yg_column *column = state->columns[r->port].columns[r->entry];
    const size_t index = state->columns[r->port].index[r->entry];
    yg_error error = {0};
    int64_t at = r->record;
    while (records.count > 0) {
        for (; at < records.count; at++, ++*total) {
            const yg_cell *cell = &records.cells[(size_t)at * state->table->column_count + index];
            *same += yg_column_check(column, cell) == fault;
        }
        at = 0;
        records.count = yg_table_next(state->table, LEARNT_AT_ONCE, false, &records, &error);
        note_base(state);
    }
    return records.count == 0;
}

/* Fails for a refused cell. Of data that are read as a whole, it tells how many rows have the
 * fault.
 */
static bool refuse(table_state *state, const yg_reading *reading, const yg_records *records,
                   const yg_refusal *r, yg_error *error) {
    yg_column *column = state->columns[r->port].columns[r->entry];
    const size_t index = state->columns[r->port].index[r->entry];
    const yg_place place = yg_table_place(state->table, r->record, index);
    yg_error first = {0};
    int fault;
    int64_t same = 0, total = state->count + r->record;
    yg_column_refuse(column,
                     &records->cells[(size_t)r->record * state->table->column_count + index],
                     &place, &fault, &first);
    if (reading->inputs_only || fault == YG_FAULT_NONE || fault >= YG_FAULT_ALONE)
        return yg_fail_as(error, &first);
    const bool all = count_faults(state, records, r, fault, &same, &total);
    if (same < 2)
        return yg_fail_as(error, &first);
    return yg_fail(error, first.code, place.origin,
                   "%s (the first of %s%" PRId64 " such rows among %" PRId64 ")", first.message,
                   all ? "" : "at least ", same, total);
}

/* --------------------------------------------------------------------------------- learning -- */

/* Learns from records begin .. begin + count. */
static bool learn_some(table_state *state, const yg_reading *reading, const yg_records *records,
                       int64_t begin, int64_t count, yg_error *error) {
    yg_refusal first = {.record = begin + count};
    for (size_t p = 0; p < state->port_count; p++)
        for (size_t i = 0; i < state->columns[p].count; i++) {
            yg_column *column = state->columns[p].columns[i];
            const size_t stride = state->table->column_count;
            const yg_cells cells = {records->cells + (size_t)begin * stride +
                                        state->columns[p].index[i],
                                    stride, first.record - begin};
            if (!column->learning || !yg_column_learns(column))
                continue;
            const int64_t good = yg_column_learn(column, &cells);
            if (good < cells.count)
                first = (yg_refusal){begin + good, p, i};
        }
    return first.record == begin + count || refuse(state, reading, records, &first, error);
}

/* Learns from those of the records that stay in the training part. They are its examples from
 * number state->count on. */
static bool learn_records(table_state *state, const yg_reading *reading, const yg_records *records,
                          int64_t begin, int64_t count, const yg_owners *owners, yg_error *error) {
    if (owners->bits && state->count + count > owners->count)
        return yg_fail(error, YG_ERROR_IO, (yg_origin){state->table->name, 0, 0},
                       "the file has grown while it was read");
    for (int64_t i = 0; i < count; i++) {
        int64_t some = 0;
        while (i + some < count &&
               (!owners->bits || !yg_owners_get(owners, state->count + i + some)))
            some++;
        if (some > 0 && !learn_some(state, reading, records, begin + i, some, error))
            return false;
        i += some; /* the one after them belongs to another part */
    }
    state->count += count;
    return true;
}

/* A file can be read twice, a pipe cannot. */
static bool can_be_read_again(const table_state *state) {
    bool can = state->paths.count > 0;
    for (size_t i = 0; can && i < state->paths.count; i++) {
        struct stat status;
        can = stat(state->paths.items[i], &status) == 0 && !S_ISFIFO(status.st_mode) &&
              !S_ISCHR(status.st_mode) && !S_ISSOCK(status.st_mode);
    }
    return can;
}

static bool open_files(table_state *state, yg_error *error) {
    yg_table_close(state->table);
    state->table = state->paths.count
                       ? yg_table_open_files(state->kind, &state->request, &state->paths, error)
                       : yg_table_open(state->kind, &state->request, error);
    if (state->table)
        state->table->used = state->used;
    return state->table != NULL;
}

/* Tells the table which columns will be looked at. */
static bool note_used(table_state *state, const yg_reading *reading, yg_error *error) {
    state->used = calloc(state->table->column_count + 1, sizeof *state->used);
    if (!state->used)
        return yg_fail_memory(error);
    for (size_t p = 0; p < state->port_count; p++)
        for (size_t i = 0; i < state->columns[p].count; i++)
            state->used[state->columns[p].index[i]] = true;
    for (size_t s = 0; s < (reading->training ? reading->split_count : 0); s++) {
        const yg_split *split = &reading->splits[s];
        size_t index;
        if (!split->column)
            continue;
        if (!yg_table_choose(state->table, split->column, split->column_origin, &index, error))
            return false;
        state->used[index] = true;
    }
    for (size_t i = 0; reading->keep && i < reading->keep->count; i++)
        state->used[reading->keep->index[i]] = true;
    const yg_series *series = &reading->data->series;
    const yg_sequencing *sequencing = &reading->data->sequencing;
    const char *by = series->length ? series->by : sequencing->by;
    state->runs.column = SIZE_MAX;
    if (by) {
        if (!yg_table_choose(state->table, by,
                             series->length ? series->by_origin : sequencing->by_origin,
                             &state->runs.column, error))
            return false;
        state->used[state->runs.column] = true;
    }
    state->table->used = state->used;
    return true;
}

static bool learn_all(table_state *state, const yg_reading *reading, const yg_owners *owners,
                      yg_error *error) {
    yg_records records = {.count = 1};
    while (records.count > 0) {
        records.count = yg_table_next(state->table, LEARNT_AT_ONCE, false, &records, error);
        if (records.count < 0)
            return false;
        for (int64_t i = 0; i < records.count; i++) {
            const int64_t used =
                yg_columns_used(state->columns, state->port_count, state->table, &records, i);
            if (!learn_records(state, reading, &records, i, used, owners, error))
                return false;
            i += used;
        }
    }
    state->count = 0;
    for (size_t p = 0; p < state->port_count; p++)
        for (size_t i = 0; i < state->columns[p].count; i++) {
            yg_column *column = state->columns[p].columns[i];
            if (column->learning && yg_column_learns(column) && !yg_column_settle(column, error))
                return false;
        }
    return true;
}

/* Whether the records of the training data tell which part they belong to. */
static bool goes_by_table(const yg_reading *reading) {
    for (size_t s = 0; reading->training && s < reading->split_count; s++)
        if (yg_split_needs_table(&reading->splits[s]))
            return true;
    return false;
}

/* Reads the table for the columns that must learn, and for splits, then opens it again. What is
 * split off is drawn here, because columns learn from the rows that stay. */
static bool learn(table_state *state, const yg_reading *reading, yg_error *error) {
    yg_owners owners = {0};
    bool split = false;
    if (!can_be_read_again(state))
        return yg_fail(
            error, YG_ERROR_DATA, (yg_origin){state->table->name, 0, 0},
            "it can be read once only, but columns are to be learnt, or parts split off, from "
            "all rows first; write it to a file");
    for (size_t s = 0; s < reading->split_count; s++)
        split = split || reading->splits[s].rule != YG_SPLIT_NONE;
    bool good = !split || (yg_records_draw(reading, state->table, state->columns, &owners, error) &&
                           open_files(state, error));
    good = good && learn_all(state, reading, &owners, error) && open_files(state, error);
    if (good && split && (reading->data->owners = calloc(1, sizeof *reading->data->owners))) {
        *reading->data->owners = owners;
        return true;
    }
    yg_owners_free(&owners);
    return good && (!split || yg_fail_memory(error));
}

/* ---------------------------------------------------------------------------------- opening -- */

static bool begin(table_state *state, const yg_reading *reading, const yg_value *map,
                  yg_error *error) {
    bool learns;
    if (reading->inputs_only) { /* a prediction needs no target */
        if (!yg_target_columns(reading, &state->targets, &state->request.target_count, error))
            return false;
        state->request.targets = state->targets;
    }
    return open_files(state, error) &&
           (!reading->keep || yg_keep_choose(reading->keep, state->table, error)) &&
           yg_columns_choose(reading, state->table, map, state->columns, error) &&
           note_used(state, reading, error) &&
           yg_columns_make(reading, state->table, state->columns, &learns, error) &&
           ((!learns && !goes_by_table(reading)) || learn(state, reading, error)) &&
           yg_columns_bind(reading, state->table, map, state->columns, error);
}

void *yg_table_source_make(const yg_reading *reading, const yg_table_kind *kind,
                           const yg_table_request *request, yg_paths paths, const yg_value *map,
                           yg_error *error) {
    table_state *state = calloc(1, sizeof *state);
    if (!state) {
        yg_paths_free(&paths);
        yg_fail_memory(error);
        return NULL;
    }
    *state = (table_state){.kind = kind,
                           .request = *request,
                           .paths = paths,
                           .port_count = yg_model_port_count(reading->model)};
    state->request.interrupted = reading->data->stop;
    state->columns = calloc(state->port_count + 1, sizeof *state->columns);
    if (state->columns ? begin(state, reading, map, error) : yg_fail_memory(error))
        return state;
    close_table(state);
    return NULL;
}

static void *open_table(const yg_reading *reading, const yg_value *part, yg_error *error) {
    const yg_table_kind *kind = yg_table_kind_of(part);
    const yg_value *files = yg_table_files(part);
    const yg_table_request request = {.origin = files->origin,
                                      .part = yg_table_keys_of(reading->model, part)};
    yg_paths paths;
    if (yg_source_paths(reading, files, kind->key, &paths, error))
        return yg_table_source_make(reading, kind, &request, paths, part, error);
    yg_paths_free(&paths);
    return NULL;
}

/* ---------------------------------------------------------------------------------- reading -- */

static yg_table_encoder encoder_of(const table_state *state) {
    return (yg_table_encoder){state->columns, state->port_count, state->table->column_count,
                              state->threads};
}

/* Threads are worth starting for a table that is not small, or has pictures. */
static void start_threads(table_state *state, const yg_reading *reading) {
    const int count = reading->data->threads;
    const yg_table_encoder encoder = encoder_of(state);
    const bool costly = count > 1 && !state->threads && yg_table_is_costly(&encoder);
    if (count > 1 && !state->threads &&
        state->count > (costly ? COSTLY_FROM : THREADS_FROM / (int64_t)encoder.stride))
        state->threads = yg_threads_new(count, NULL); /* without them it takes longer */
    state->table->threads = state->threads;
}

/* Checks each byte that occurs in what is held as bytes, when it is first met. */
static bool check_held(table_state *state, const yg_reading *reading, const yg_dataset *chunk,
                       int64_t row, int64_t count, yg_error *error) {
    for (size_t p = 0; p < state->port_count; p++) {
        const yg_elements *elements = &chunk->ports[p];
        const uint8_t *bytes = elements->decoder ? yg_elements_at(elements, row) : NULL;
        if (!bytes)
            continue;
        if (!state->seen && !(state->seen = calloc(state->port_count, sizeof *state->seen)))
            return yg_fail_memory(error);
        for (int64_t i = 0; i < count * elements->width; i++) {
            const uint8_t value = bytes[i];
            if (!state->seen[p][value] &&
                !yg_decoder_check(elements->decoder, reading, p, value,
                                  state->examples * elements->width + i, error))
                return false;
            state->seen[p][value] = true;
        }
    }
    return true;
}

/* What is wrong with the cell of a record that is to be a sequence. */
static yg_wrong_sequence wrong_sequence(const table_state *state, const yg_reading *reading,
                                        int64_t record, size_t p) {
    return (yg_wrong_sequence){yg_table_place(state->table, record, state->columns[p].index[0]),
                               yg_model_port(reading->model, p)};
}

/* Encodes a record's cell that is a sequence. *length becomes its rows; 0: no port has told yet. */
static bool encode_sequence(table_state *state, const yg_reading *reading,
                            const yg_records *records, int64_t record, size_t p,
                            yg_sequences *sequences, int64_t *length, yg_error *error) {
    const yg_columns *columns = &state->columns[p];
    yg_list *list = &sequences->lists[p];
    const yg_sequencing *s = &reading->data->sequencing;
    const int64_t first = list->count;
    const yg_cell *cell =
        &records->cells[(size_t)record * state->table->column_count + columns->index[0]];
    if (!yg_column_encode_list(columns->columns[0], cell, list)) {
        const yg_refusal refusal = {record, p, 0};
        return refuse(state, reading, records, &refusal, error);
    }
    const int64_t width = yg_port_width(reading->data, yg_model_port(reading->model, p));
    int64_t rows = width > 0 ? (list->count - first) / width : 0;
    if (s->max_length && rows > s->max_length && s->truncate)
        rows = s->max_length;
    if (width > 1 && (list->count - first) % width != 0) {
        const yg_wrong_sequence wrong = wrong_sequence(state, reading, record, p);
        return yg_sequence_fail_steps(&wrong, list->count - first, width, error);
    }
    if (rows == 0 || (*length > 0 && rows != *length) || (s->max_length && rows > s->max_length) ||
        rows > INT32_MAX) {
        const yg_wrong_sequence wrong = wrong_sequence(state, reading, record, p);
        return yg_sequence_fail_length(&wrong, rows, *length, s->max_length, error);
    }
    list->count = first + rows * width;
    *length = rows;
    return true;
}

/* Encodes the cells of records begin .. begin + count that are sequences. */
static bool encode_sequences(table_state *state, const yg_reading *reading,
                             const yg_records *records, int64_t begin, int64_t count,
                             yg_sequences *sequences, yg_error *error) {
    for (int64_t r = begin; r < begin + count; r++) {
        int64_t length = 0;
        for (size_t p = 0; p < state->port_count; p++)
            if (state->columns[p].count && state->columns[p].columns[0]->sequence &&
                !encode_sequence(state, reading, records, r, p, sequences, &length, error))
                return false;
        if (!yg_sequences_add(sequences, sequences->rows, length, error))
            return false;
        sequences->rows += length;
    }
    return true;
}

/* Takes in records begin .. begin + count, which have become examples of the chunk from `row` on.
 */
static bool note_examples(table_state *state, const yg_reading *reading, const yg_records *records,
                          int64_t begin, int64_t count, const yg_dataset *chunk, int64_t row,
                          yg_error *error) {
    const size_t stride = state->table->column_count;
    const yg_records some = {count, records->cells + (size_t)begin * stride};
    if (chunk->sequences &&
        !encode_sequences(state, reading, records, begin, count, chunk->sequences, error))
        return false;
    if (chunk->kept && !yg_kept_add(chunk->kept, reading->keep, &some, stride))
        return yg_fail_memory(error);
    if (reading->runs && !yg_run_finder_add(&state->runs, state->table, records, begin, count,
                                            state->examples, reading->runs, error))
        return false;
    /* Where a row is dropped: windows do not go over it, sequences do. */
    state->runs.broken =
        state->runs.broken || (begin + count < records->count && reading->data->series.length);
    if (!check_held(state, reading, chunk, row, count, error))
        return false;
    if (reading->data->sequencing.by &&
        !yg_row_check_add(&state->equal, reading, state->table, state->columns, chunk, row, begin,
                          count, state->examples, error))
        return false;
    state->examples += count;
    return true;
}

/* Encodes all records that are not dropped. Nothing is dropped where an answer is expected for
 * each record. Returns the number of examples, or -1. */
static int64_t encode_all(table_state *state, const yg_reading *reading, const yg_records *records,
                          const yg_dataset *chunk, int64_t row, yg_error *error) {
    const yg_table_encoder encoder = encoder_of(state);
    const int64_t begin = row;
    for (int64_t i = 0; i < records->count; i++) {
        const int64_t used =
            reading->inputs_only && !reading->data->series.length && !reading->data->sequencing.by
                ? records->count - i
                : yg_columns_used(state->columns, state->port_count, state->table, records, i);
        const yg_records some = {used, records->cells + (size_t)i * encoder.stride};
        yg_refusal first;
        if (!yg_table_encode(&encoder, &some, chunk, row, &first)) {
            first.record += i;
            refuse(state, reading, records, &first, error);
            return -1;
        }
        if (!note_examples(state, reading, records, i, used, chunk, row, error))
            return -1;
        row += used;
        i += used;
    }
    state->count += records->count;
    return row - begin;
}

/* Collects the records that other threads have found, behind those of pieces[0], in whole pieces,
 * and returns how many pieces there are. Of records that may be dropped, only the first piece:
 * their place in the chunk is not known. */
static size_t find_pieces(const table_state *state, const yg_reading *reading, int64_t limit,
                          yg_piece *pieces) {
    size_t count = 1;
    int64_t row = pieces[0].row + pieces[0].records.count;
    if (!state->threads || reading->inputs_only ||
        yg_columns_drop(state->columns, state->port_count))
        return count;
    while (count < PIECES && yg_table_peek(state->table, count, &pieces[count].records) &&
           row + pieces[count].records.count <= limit) {
        pieces[count].row = row;
        row += pieces[count++].records.count;
    }
    return count;
}

/* The same for several pieces, none of whose records is dropped. */
static int64_t encode_pieces(table_state *state, const yg_reading *reading, yg_piece *pieces,
                             size_t count, const yg_dataset *chunk, yg_error *error) {
    const yg_table_encoder encoder = encoder_of(state);
    int64_t total = 0;
    yg_table_encode_pieces(&encoder, pieces, count, chunk);
    for (size_t i = 0; i < count; i++) {
        yg_records *records = &pieces[i].records;
        /* The table must stand at the piece, so that it can tell places. */
        if (i > 0 && yg_table_next(state->table, records->count, false, records, error) < 0)
            return -1;
        if (pieces[i].refusal.record < records->count) {
            refuse(state, reading, records, &pieces[i].refusal, error);
            return -1;
        }
        if (!note_examples(state, reading, records, 0, records->count, chunk, pieces[i].row, error))
            return -1;
        state->count += records->count;
        total += records->count;
    }
    return total;
}

static int64_t next_examples(void *opaque, const yg_reading *reading, const yg_dataset *chunk,
                             int64_t limit, yg_error *error) {
    table_state *state = opaque;
    int64_t count = 0, most = 0; /* of several pieces at once */
    yg_piece pieces[PIECES] = {{.records.count = 1}};
    yg_records *records = &pieces[0].records;
    /* A chunk that has no room for as many pieces again is full: each thread should get one. */
    while ((most ? count + most <= limit : count < limit) &&
           !(count > 0 && reading->eager && yg_table_waits(state->table))) {
        start_threads(state, reading);
        records->count = yg_table_next(state->table, limit - count, reading->eager, records, error);
        if (records->count < 0)
            return -1;
        if (records->count == 0)
            break;
        note_base(state);
        pieces[0].row = count;
        const size_t some = find_pieces(state, reading, limit, pieces);
        const int64_t used = some > 1 ? encode_pieces(state, reading, pieces, some, chunk, error)
                                      : encode_all(state, reading, records, chunk, count, error);
        if (used < 0)
            return -1;
        most = some > 1 && used > most ? used : most;
        count += used;
        if (count == 0 && reading->eager && yg_table_waits(state->table))
            return YG_EXAMPLES_LATER;
    }
    if (!state->count && !reading->inputs_only) {
        yg_fail(error, YG_ERROR_DATA, (yg_origin){state->table->name, 0, 0},
                "the file has %sno rows", state->table->kind->heading ? "column names, but " : "");
        return -1;
    }
    return count;
}

static const yg_element_kind *kind_of(const void *opaque, size_t port) {
    const yg_columns *columns = &((const table_state *)opaque)->columns[port];
    return columns->count == 1 ? yg_column_held(columns->columns[0]) : NULL;
}

static bool finish(void *opaque, const yg_reading *reading, const yg_dataset *dataset,
                   yg_error *error) {
    return yg_columns_finish(reading, ((const table_state *)opaque)->columns, dataset, error);
}

static bool waits(void *opaque) {
    return yg_table_waits(((table_state *)opaque)->table);
}

static bool allow_stop(void *opaque) {
    return yg_table_allow_stop(((table_state *)opaque)->table);
}

static void stop(void *opaque) {
    yg_table_stop(((table_state *)opaque)->table);
}

bool yg_table_source_place(void *opaque, int64_t example, yg_place *place, yg_error *error) {
    table_state *state = opaque;
    yg_records records = {.count = 1};
    while (records.count > 0) {
        records.count = yg_table_next(state->table, LEARNT_AT_ONCE, false, &records, error);
        for (int64_t i = 0; i < records.count; i++) {
            const int64_t used =
                yg_columns_used(state->columns, state->port_count, state->table, &records, i);
            if (example < used) {
                *place = yg_table_place(state->table, i + example, 0);
                return true;
            }
            example -= used;
            i += used; /* the one after them is dropped */
        }
    }
    return false;
}

const yg_source yg_source_table = {
    .open = open_table,
    .kind = kind_of,
    .next = next_examples,
    .finish = finish,
    .waits = waits,
    .allow_stop = allow_stop,
    .stop = stop,
    .close = close_table,
};
