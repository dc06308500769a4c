/*
 * From records of a table to elements of ports: see table_encode.h.
 */
#include "table_encode.h"

enum {
    TILE = 64,            /* records that are encoded together: their cells stay in the cache */
    SHARES = 64,          /* threads that are used at most */
    WORTH_SHARING = 4096, /* cells */
    COSTLY = 4            /* records of a column that is costly */
};

typedef enum which { ALL, SHARED, ALONE } which;

typedef struct work {
    const yg_table_encoder *encoder;
    const yg_records *records;
    const yg_dataset *chunk;
    int64_t row;
    int shares;
    yg_refusal refusals[SHARES]; /* of each share */
} work;

static bool is_earlier(const yg_refusal *a, const yg_refusal *b) {
    if (a->record != b->record)
        return a->record < b->record;
    return a->port != b->port ? a->port < b->port : a->entry < b->entry;
}

/* Encodes records begin .. end of one column. */
static void encode_column(const work *w, size_t port, size_t entry, int64_t begin, int64_t end,
                          yg_refusal *first) {
    const yg_table_encoder *encoder = w->encoder;
    const yg_columns *columns = &encoder->columns[port];
    const yg_elements *to = &w->chunk->ports[port];
    const yg_cells cells = {w->records->cells + (size_t)begin * encoder->stride +
                                columns->index[entry],
                            encoder->stride, end - begin};
    const int64_t good = yg_column_encode(columns->columns[entry], &cells, to,
                                          (w->row + begin) * to->width + columns->at[entry]);
    const yg_refusal refusal = {begin + good, port, entry};
    if (good < cells.count && is_earlier(&refusal, first))
        *first = refusal;
}

/* Encodes records begin .. end of some columns, up to the first that is refused. */
static void encode_rows(const work *w, which which, int64_t begin, int64_t end, yg_refusal *first) {
    for (; begin < end && begin <= first->record; begin += TILE) {
        int64_t last = end - begin < TILE ? end : begin + TILE;
        for (size_t p = 0; p < w->encoder->port_count; p++) {
            const yg_columns *columns = &w->encoder->columns[p];
            for (size_t i = 0; i < columns->count; i++) {
                if (columns->columns[i]->sequence)
                    continue; /* its cells give no fixed number of elements */
                if (which != ALL && yg_column_can_share(columns->columns[i]) != (which == SHARED))
                    continue;
                encode_column(w, p, i, begin, last, first);
                /* Of later columns, only cells before the refused one matter. */
                last = first->record < last ? first->record + 1 : last;
            }
        }
    }
}

static void encode_share(void *context, int thread) {
    work *w = context;
    const int64_t count = w->records->count;
    if (thread < w->shares)
        encode_rows(w, SHARED, count * thread / w->shares, count * (thread + 1) / w->shares,
                    &w->refusals[thread]);
}

bool yg_table_is_costly(const yg_table_encoder *encoder) {
    for (size_t p = 0; p < encoder->port_count; p++)
        for (size_t i = 0; i < encoder->columns[p].count; i++)
            if (yg_column_is_costly(encoder->columns[p].columns[i]))
                return true;
    return false;
}

/* Whether records are worth several threads: 100 µs of work. */
static bool is_worth_sharing(const yg_table_encoder *encoder, int64_t count) {
    return (size_t)count * encoder->stride >= WORTH_SHARING ||
           (count >= COSTLY && yg_table_is_costly(encoder));
}

bool yg_table_encode(const yg_table_encoder *encoder, const yg_records *records,
                     const yg_dataset *chunk, int64_t row, yg_refusal *refusal) {
    work w = {.encoder = encoder, .records = records, .chunk = chunk, .row = row};
    const int threads = encoder->threads ? yg_threads_count(encoder->threads) : 1;
    *refusal = (yg_refusal){.record = records->count};
    if (threads == 1 || !is_worth_sharing(encoder, records->count)) {
        encode_rows(&w, ALL, 0, records->count, refusal);
        return refusal->record == records->count;
    }
    w.shares = threads < SHARES ? threads : SHARES;
    for (int i = 0; i < w.shares; i++)
        w.refusals[i] = *refusal;
    yg_threads_check_fork(encoder->threads);
    yg_threads_run(encoder->threads, encode_share, &w);
    for (int i = 0; i < w.shares; i++)
        if (is_earlier(&w.refusals[i], refusal))
            *refusal = w.refusals[i];
    const int64_t end = refusal->record < records->count ? refusal->record + 1 : records->count;
    encode_rows(&w, ALONE, 0, end, refusal);
    return refusal->record == records->count;
}

typedef struct piece_work {
    const yg_table_encoder *encoder;
    const yg_dataset *chunk;
    yg_piece *pieces;
    size_t count;
} piece_work;

static void encode_piece(const piece_work *all, yg_piece *piece, which which) {
    const work w = {.encoder = all->encoder,
                    .records = &piece->records,
                    .chunk = all->chunk,
                    .row = piece->row};
    const int64_t count = piece->records.count, refused = piece->refusal.record;
    encode_rows(&w, which, 0, refused < count ? refused + 1 : count, &piece->refusal);
}

static void encode_own_pieces(void *context, int thread) {
    const piece_work *all = context;
    const size_t threads = (size_t)yg_threads_count(all->encoder->threads);
    for (size_t i = (size_t)thread; i < all->count; i += threads)
        encode_piece(all, &all->pieces[i], SHARED);
}

void yg_table_encode_pieces(const yg_table_encoder *encoder, yg_piece *pieces, size_t count,
                            const yg_dataset *chunk) {
    piece_work all = {encoder, chunk, pieces, count};
    for (size_t i = 0; i < count; i++)
        pieces[i].refusal = (yg_refusal){.record = pieces[i].records.count};
    yg_threads_check_fork(encoder->threads);
    yg_threads_run(encoder->threads, encode_own_pieces, &all);
    bool good = true;
    for (size_t i = 0; i < count && good; i++) {
        encode_piece(&all, &pieces[i], ALONE);
        good = pieces[i].refusal.record == pieces[i].records.count;
    }
}
