/*
 * Sequences of rows that arrive: see sequence_reader.h.
 *
 * Rows are read into `rows`. What a batch gives is copied from there, because a thread may read on
 * while the batch is in use.
 */
#include "sequence_reader.h"

#include "decoder.h"
#include "keep.h"
#include "sequences.h"

#include <stdlib.h>
#include <string.h>

struct yg_sequence_reader {
    const yg_reading *reading;
    yg_reader *reader;
    const char *name;
    int64_t limit;
    bool by_step;
    yg_dataset rows;     /* those that have been read and not given */
    int64_t room;        /* rows that it has room for */
    int64_t at;          /* the first row of `rows` that has not been looked at */
    int64_t begin;       /* where the sequence begins that this row may belong to */
    size_t kept_at;      /* the texts of that first row of the sequence, in rows.kept */
    int64_t passed;      /* rows of the table before those in `rows` */
    int64_t begun;       /* of reading->runs: those that begin before row `at` */
    bool any, ended;     /* there was a row; there are no more */
    yg_dataset given[2]; /* batches, in turn */
    int64_t *given_room; /* [2 · ports]: elements that a batch's ports have room for */
};

void yg_sequence_reader_free(yg_sequence_reader *s) {
    if (!s)
        return;
    yg_dataset_free(&s->rows);
    yg_dataset_free(&s->given[0]);
    yg_dataset_free(&s->given[1]);
    free(s->given_room);
    free(s);
}

/* ------------------------------------------------------------------------------- making ------ */

static bool make_batch(yg_sequence_reader *s, yg_dataset *given, yg_error *error) {
    if (!yg_dataset_begin(s->reading, given, error))
        return false;
    for (size_t p = 0; p < given->port_count; p++) {
        const yg_port *port = yg_model_port(s->reading->model, p);
        yg_elements *elements = &given->ports[p];
        if (!yg_reading_wants(s->reading, p))
            continue;
        *elements = (yg_elements){.dtype = s->rows.ports[p].dtype,
                                  .width = s->rows.ports[p].width,
                                  .ragged = yg_port_is_ragged(s->reading->data, port),
                                  .pad = yg_port_pad(s->reading->data, port)};
    }
    given->sequences = calloc(1, sizeof *given->sequences);
    return (given->sequences &&
            (!s->reading->keep || (given->kept = calloc(1, sizeof *given->kept)))) ||
           yg_fail_memory(error);
}

static bool make(yg_sequence_reader *s, yg_error *error) {
    s->room = 2 * s->limit;
    if (!yg_dataset_reserve(s->reading, &s->rows, s->room, error))
        return false;
    s->given_room = calloc(2 * s->rows.port_count + 1, sizeof *s->given_room);
    return ((s->given_room &&
             (!s->reading->keep || (s->rows.kept = calloc(1, sizeof *s->rows.kept)))) ||
            yg_fail_memory(error)) &&
           make_batch(s, &s->given[0], error) && make_batch(s, &s->given[1], error);
}

yg_sequence_reader *yg_sequence_reader_new(const yg_reading *reading, yg_reader *reader,
                                           const char *name, int64_t limit, bool by_step,
                                           yg_error *error) {
    yg_sequence_reader *s = calloc(1, sizeof *s);
    if (!s) {
        yg_fail_memory(error);
        return NULL;
    }
    *s = (yg_sequence_reader){
        .reading = reading, .reader = reader, .name = name, .limit = limit, .by_step = by_step};
    if (make(s, error))
        return s;
    yg_sequence_reader_free(s);
    return NULL;
}

/* ----------------------------------------------------------------------------------- rows ---- */

static size_t row_size(const yg_elements *elements) {
    return (size_t)elements->width * yg_elements_size(elements);
}

/* Forgets the rows of sequences that have been given: the others move to the front. That moves each
 * row once, because a sequence that goes on leaves nothing to forget. */
static void forget(yg_sequence_reader *s) {
    const int64_t gone = s->begin, stay = s->rows.count - gone;
    if (gone == 0)
        return;
    for (size_t p = 0; p < s->rows.port_count; p++) {
        const yg_elements *elements = &s->rows.ports[p];
        if (elements->data)
            memmove(elements->data, (char *)elements->data + (size_t)gone * row_size(elements),
                    (size_t)stay * row_size(elements));
    }
    if (s->rows.kept && s->kept_at) {
        s->rows.kept->size -= s->kept_at;
        memmove(s->rows.kept->texts, s->rows.kept->texts + s->kept_at, s->rows.kept->size);
    }
    s->kept_at = 0;
    s->passed += gone;
    s->at -= gone;
    s->begin = 0;
    s->rows.count = stay;
}

/* Reads more rows, when all have been looked at. Returns as yg_reader_next(). */
static int64_t read_rows(yg_sequence_reader *s, yg_error *error) {
    if (s->rows.count + s->limit > s->room) {
        if (!yg_dataset_reserve(s->reading, &s->rows, 2 * s->room, error))
            return -1;
        s->room *= 2;
    }
    s->reading->runs->count = s->begun = 0;
    const int64_t count = yg_reader_next(s->reader, &s->rows, s->limit, error);
    s->any = s->any || count > 0;
    s->ended = count == 0;
    return count;
}

/* ------------------------------------------------------------------------------ sequences ---- */

/* Adds the texts that are kept of a sequence, which ends before row `end`. */
static bool add_texts(yg_sequence_reader *s, yg_kept *to, int64_t length, int64_t end,
                      yg_error *error) {
    const size_t count = s->reading->keep->count;
    bool good = true;
    for (int64_t k = 0; good && k < end - s->begin; k++) {
        const char *texts = s->rows.kept->texts + s->kept_at;
        const size_t size = yg_kept_size(texts, count);
        if (k < length && (s->by_step || k == length - 1))
            good = yg_kept_add_texts(to, texts, size);
        s->kept_at += size;
    }
    return good || yg_fail_memory(error);
}

/* The sequence ends before row `end`: adds it to the batch. Its rows are told by their number in
 * `rows`; copy() moves them. */
static bool add_sequence(yg_sequence_reader *s, yg_dataset *given, int64_t end, yg_error *error) {
    yg_sequences *sequences = given->sequences;
    if (!yg_sequences_add_run(s->reading, sequences, s->begin, end, s->passed, error))
        return false;
    const int64_t length = sequences->lengths[sequences->count - 1];
    if (given->kept && !add_texts(s, given->kept, length, end, error))
        return false;
    s->begin = end;
    return true;
}

/* Looks at row `at`: does a sequence begin with it? */
static bool look(yg_sequence_reader *s, yg_dataset *given, yg_error *error) {
    const yg_runs *runs = s->reading->runs;
    const int64_t row = s->at++;
    if (s->begun == runs->count || runs->begins[s->begun] != s->passed + row)
        return true;
    s->begun++;
    return row == s->begin || add_sequence(s, given, row, error);
}

/* Elements of a batch's port. */
static bool reserve(yg_sequence_reader *s, int turn, size_t p, int64_t rows, yg_error *error) {
    yg_elements *elements = &s->given[turn].ports[p];
    int64_t *room = &s->given_room[2 * p + (size_t)turn];
    if (elements->data && rows <= *room)
        return true;
    const int64_t wanted = rows + rows / 2;
    free(elements->data);
    elements->data = calloc((size_t)wanted + 1, row_size(elements) + 1);
    *room = wanted;
    return elements->data || yg_fail_memory(error);
}

/* Copies the rows of the batch's sequences, which are beside each other: all of them, or, of ports
 * without T, the first of each, because they are equal. */
static bool copy(yg_sequence_reader *s, int turn, yg_error *error) {
    yg_dataset *given = &s->given[turn];
    yg_sequences *sequences = given->sequences;
    const int64_t count = sequences->count;
    for (size_t p = 0; p < given->port_count; p++) {
        const yg_elements *from = &s->rows.ports[p];
        yg_elements *to = &given->ports[p];
        const size_t size = row_size(from);
        if (!yg_reading_wants(s->reading, p))
            continue;
        if (!reserve(s, turn, p, to->ragged ? s->begin : count, error))
            return false;
        if (to->ragged)
            memcpy(to->data, from->data, (size_t)s->begin * size);
        for (int64_t e = 0; !to->ragged && e < count; e++)
            memcpy((char *)to->data + (size_t)e * size,
                   (const char *)from->data + (size_t)sequences->begins[e] * size, size);
    }
    sequences->rows = s->begin;
    given->count = count;
    return true;
}

static bool next_sequences(void *state, int64_t n, int64_t limit, yg_batch_read *batch,
                           yg_error *error) {
    yg_sequence_reader *s = state;
    const int turn = (int)(n % 2);
    yg_dataset *given = &s->given[turn];
    bool waits = false;
    forget(s);
    yg_sequences_clear(given->sequences);
    if (given->kept)
        given->kept->size = 0;
    while (given->sequences->count < limit && !waits && !s->ended) {
        int64_t count = 1;
        if (s->at == s->rows.count && (count = read_rows(s, error)) == -1)
            return false;
        while (s->at < s->rows.count && given->sequences->count < limit)
            if (!look(s, given, error))
                return false;
        if (s->ended && s->begin < s->rows.count && !add_sequence(s, given, s->rows.count, error))
            return false;
        waits = count == YG_EXAMPLES_LATER ||
                (count > 0 && s->at == s->rows.count && yg_reader_waits(s->reader));
    }
    if (!s->any && s->ended)
        return yg_fail(error, YG_ERROR_DATA, (yg_origin){s->name, 0, 0},
                       "there is no row, so there is no sequence");
    *batch = (yg_batch_read){
        .dataset = given, .count = given->sequences->count, .paused = waits && !s->ended};
    return copy(s, turn, error);
}

yg_batch_source yg_sequence_reader_batches(yg_sequence_reader *s) {
    return (yg_batch_source){.next = next_sequences, .state = s, .reader = s->reader};
}
