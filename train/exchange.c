/*
 * Sums over shards: see exchange.h.
 */
#include "exchange.h"

#include "../graph/arena.h"

#include <math.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Tags: those of the calls that all processes make together, then YG_TREE_TAGS for each bucket and
 * each statistic, in turns. */
enum { GATHER_TAG, SPREAD_TAG, FIRST_TAG };

typedef struct bucket {
    yg_dtype dtype;
    int64_t count, frozen_until;
    int tag; /* the first of its tags */
    int slots;
    void **slot;   /* [slots]: partial sums, of `count` elements each */
    void *arrived; /* what another process has sent, before it is added */
    /* Of the step: */
    bool used;     /* the step's phase needs it */
    bool begun;    /* all own shards have given theirs */
    int64_t given; /* of a statistic: own shards that have given theirs */
    size_t moves;  /* of the tree's moves, those that this bucket needs, */
    size_t move;   /* and the next one to make */
    int ticket;    /* of that move, if it receives and has begun; otherwise -1 */
    size_t sent;   /* tickets that are still valid: */
    int *tickets;  /* [ticket_room] */
    size_t ticket_room;
} bucket;

struct yg_exchange {
    const yg_processes *processes; /* NULL: alone */
    size_t bucket_count, statistic_count;
    bucket *buckets, *statistics;
    yg_shard_tree tree;
    int64_t shard;
    size_t *reached; /* by own shard: its next statistic */
    bool paused;
    int64_t spoiler;
};

yg_exchange *yg_exchange_new(const yg_processes *processes, yg_error *error) {
    yg_exchange *exchange = calloc(1, sizeof *exchange);
    if (!exchange) {
        yg_fail_memory(error);
        return NULL;
    }
    exchange->processes = processes && processes->size > 1 ? processes : NULL;
    return exchange;
}

static void free_buckets(bucket *buckets, size_t count) {
    for (size_t i = 0; i < count; i++) {
        for (int k = 0; k < buckets[i].slots; k++)
            free(buckets[i].slot[k]);
        free(buckets[i].slot);
        free(buckets[i].arrived);
        free(buckets[i].tickets);
    }
    free(buckets);
}

void yg_exchange_free(yg_exchange *exchange) {
    if (!exchange)
        return;
    free_buckets(exchange->buckets, exchange->bucket_count);
    free_buckets(exchange->statistics, exchange->statistic_count);
    free(exchange->reached);
    yg_shard_tree_free(&exchange->tree);
    free(exchange);
}

const yg_processes *yg_exchange_processes(const yg_exchange *exchange) {
    return exchange->processes;
}

static int size_of(const yg_exchange *exchange) {
    return exchange->processes ? exchange->processes->size : 1;
}

static int rank_of(const yg_exchange *exchange) {
    return exchange->processes ? exchange->processes->rank : 0;
}

/* ------------------------------------------------------------------------------- waiting ---- */

/* Lets others run: soon after the last try another thread of this machine, later for good. A
 * process that spins holds up the one that it waits for where there are more of them than cores. */
static void pause_for(int64_t tries) {
    const struct timespec moment = {.tv_nsec = 50 * 1000};
    if (tries > 20000)
        nanosleep(&moment, NULL);
    else if (tries > 50)
        sched_yield();
}

static bool wait_for(const yg_exchange *exchange, int ticket, yg_error *error) {
    const yg_processes *p = exchange->processes;
    if (ticket < 0)
        return yg_fail_memory(error);
    for (int64_t tries = 0; !p->done(p->context, ticket); tries++) {
        if (p->failed(p->context, error))
            return false;
        pause_for(tries);
    }
    return true;
}

/* ------------------------------------------------------------------------------- buckets ---- */

static size_t bytes_of(const bucket *b, int64_t count) {
    return (size_t)count * (size_t)yg_dtype_size(b->dtype);
}

static bool make_slots(yg_exchange *exchange, bucket *b, yg_error *error) {
    const size_t bytes = bytes_of(b, b->count);
    const int slots = exchange->tree.slots;
    if (exchange->processes && !b->arrived && !(b->arrived = malloc(bytes + 1)))
        return yg_fail_memory(error);
    if (b->ticket_room < exchange->tree.move_count) {
        int *grown = realloc(b->tickets, exchange->tree.move_count * sizeof *grown);
        if (!grown)
            return yg_fail_memory(error);
        b->tickets = grown;
        b->ticket_room = exchange->tree.move_count;
    }
    if (b->slots >= slots)
        return true;
    void **grown = realloc(b->slot, (size_t)slots * sizeof *grown);
    if (!grown)
        return yg_fail_memory(error);
    b->slot = grown;
    for (; b->slots < slots; b->slots++)
        if (!(b->slot[b->slots] = malloc(bytes + 1)))
            return yg_fail_memory(error);
    return true;
}

/* Adds bucket `index` to a list of *count, or compares it with the one that is there. */
static bool add_bucket(yg_exchange *exchange, bucket **list, size_t *count, size_t index,
                       const bucket *added, yg_error *error) {
    const bucket *there = *list + index;
    if (index < *count)
        return (there->dtype == added->dtype && there->count == added->count &&
                there->frozen_until == added->frozen_until) ||
               yg_fail(error, YG_ERROR_INTERNAL, YG_NOWHERE,
                       "the programs of a step have other gradients than each other");
    bucket *grown = realloc(*list, (index + 1) * sizeof *grown);
    if (!grown)
        return yg_fail_memory(error);
    *list = grown;
    grown[index] = *added;
    *count = index + 1;
    return !exchange->tree.shards || make_slots(exchange, &grown[index], error);
}

bool yg_exchange_bucket(yg_exchange *exchange, size_t index, yg_dtype dtype, int64_t count,
                        int64_t frozen_until, yg_error *error) {
    const bucket added = {.dtype = dtype,
                          .count = count,
                          .frozen_until = frozen_until,
                          .tag = FIRST_TAG + 2 * (int)index * YG_TREE_TAGS,
                          .ticket = -1};
    return add_bucket(exchange, &exchange->buckets, &exchange->bucket_count, index, &added, error);
}

bool yg_exchange_statistic(yg_exchange *exchange, size_t index, yg_dtype dtype, int64_t count,
                           yg_error *error) {
    const bucket added = {.dtype = dtype,
                          .count = count,
                          .tag = FIRST_TAG + (2 * (int)index + 1) * YG_TREE_TAGS,
                          .ticket = -1};
    return add_bucket(exchange, &exchange->statistics, &exchange->statistic_count, index, &added,
                      error);
}

size_t yg_exchange_statistic_count(const yg_exchange *exchange) {
    return exchange->statistic_count;
}

static bool make_all_slots(yg_exchange *exchange, yg_error *error) {
    for (size_t i = 0; i < exchange->bucket_count; i++)
        if (!make_slots(exchange, &exchange->buckets[i], error))
            return false;
    for (size_t i = 0; i < exchange->statistic_count; i++)
        if (!make_slots(exchange, &exchange->statistics[i], error))
            return false;
    const size_t own = (size_t)(exchange->tree.end - exchange->tree.first);
    free(exchange->reached);
    exchange->reached = calloc(own + 1, sizeof *exchange->reached);
    return exchange->reached || yg_fail_memory(error);
}

static void begin_bucket(bucket *b, bool used, bool begun, size_t moves) {
    b->used = used;
    b->begun = used && begun;
    b->given = 0;
    b->moves = moves;
    b->move = b->sent = 0;
    b->ticket = -1;
}

/* A process without shards needs no statistics, so it has no part in them. */
bool yg_exchange_begin(yg_exchange *exchange, int64_t shards, int64_t phase,
                       const yg_shard_tree **tree, yg_error *error) {
    *tree = &exchange->tree;
    if (exchange->tree.shards != shards) {
        yg_shard_tree_free(&exchange->tree);
        if (!yg_shard_tree_make(shards, rank_of(exchange), size_of(exchange), &exchange->tree))
            return yg_fail_memory(error);
        if (!make_all_slots(exchange, error))
            return false;
    }
    const bool idle = exchange->tree.first == exchange->tree.end;
    for (size_t i = 0; i < exchange->bucket_count; i++) {
        bucket *b = &exchange->buckets[i];
        begin_bucket(b, phase == 0 || b->frozen_until < phase, idle, exchange->tree.move_count);
    }
    for (size_t i = 0; i < exchange->statistic_count; i++)
        begin_bucket(&exchange->statistics[i], !idle, false, exchange->tree.owner_moves);
    for (int64_t i = 0; i < exchange->tree.end - exchange->tree.first; i++)
        exchange->reached[i] = 0;
    exchange->paused = false;
    exchange->spoiler = -1;
    return true;
}

void yg_exchange_shard(yg_exchange *exchange, int64_t shard) {
    exchange->shard = shard;
}

/* ---------------------------------------------------------------------------------- sums ---- */

#define YG_SUMS(suffix, type)                                                                      \
    static void set_##suffix(type *restrict to, const type *restrict from, type weight,            \
                             int64_t count) {                                                      \
        for (int64_t i = 0; i < count; i++)                                                        \
            to[i] = weight * from[i];                                                              \
    }                                                                                              \
    static void add_weighted_##suffix(type *restrict to, const type *restrict from, type weight,   \
                                      int64_t count) {                                             \
        for (int64_t i = 0; i < count; i++)                                                        \
            to[i] += weight * from[i];                                                             \
    }                                                                                              \
    static void add_##suffix(type *restrict to, const type *restrict from, int64_t count) {        \
        for (int64_t i = 0; i < count; i++)                                                        \
            to[i] += from[i];                                                                      \
    }

YG_SUMS(f32, float)
YG_SUMS(f64, double)

#undef YG_SUMS

static void *element(const bucket *b, void *slot, int64_t i) {
    return (char *)slot + bytes_of(b, i);
}

/* slot = weight · from, or slot += weight · from, from element `at` on */
static void put(const bucket *b, int slot, int64_t at, const void *from, int64_t count,
                double weight, bool adds) {
    void *to = element(b, b->slot[slot], at);
    if (b->dtype == YG_F32)
        (adds ? add_weighted_f32 : set_f32)(to, from, (float)weight, count);
    else
        (adds ? add_weighted_f64 : set_f64)(to, from, weight, count);
}

static void add(const bucket *b, int slot, int64_t at, const void *from, int64_t count) {
    void *to = element(b, b->slot[slot], at);
    if (b->dtype == YG_F32)
        add_f32(to, from, count);
    else
        add_f64(to, from, count);
}

/* --------------------------------------------------------------------------------- moves ---- */

/* Where a chunk begins. */
static int64_t chunk_at(const yg_exchange *exchange, const bucket *b, int chunk) {
    const int chunks = exchange->tree.chunks;
    return b->count / chunks * chunk + b->count % chunks * chunk / chunks;
}

static bool start_send(const yg_exchange *exchange, bucket *b, const yg_move *move, int tag,
                       int64_t at, int64_t count, yg_error *error) {
    const yg_processes *p = exchange->processes;
    const int ticket = p->send(p->context, move->peer, tag, element(b, b->slot[move->slot], at),
                               bytes_of(b, count));
    if (ticket < 0)
        return yg_fail_memory(error);
    b->tickets[b->sent++] = ticket;
    return true;
}

/* Receives, without waiting. *done: all is there. */
static bool receive(const yg_exchange *exchange, bucket *b, const yg_move *move, int tag, void *to,
                    int64_t count, bool *done, yg_error *error) {
    const yg_processes *p = exchange->processes;
    if (b->ticket < 0)
        b->ticket = p->receive(p->context, move->peer, tag, to, bytes_of(b, count));
    if (b->ticket < 0)
        return yg_fail_memory(error);
    *done = p->done(p->context, b->ticket);
    if (*done)
        b->ticket = -1;
    return true;
}

/* Forgets the tickets of what has left. */
static bool all_sent(const yg_exchange *exchange, bucket *b) {
    const yg_processes *p = exchange->processes;
    size_t left = 0;
    for (size_t i = 0; i < b->sent; i++)
        if (!p->done(p->context, b->tickets[i]))
            b->tickets[left++] = b->tickets[i];
    b->sent = left;
    return left == 0;
}

/* Makes a move, or begins it. *done: the next one can be made. */
static bool make_move(const yg_exchange *exchange, bucket *b, const yg_move *move, bool *done,
                      yg_error *error) {
    const int64_t at = chunk_at(exchange, b, move->first);
    const int64_t count = chunk_at(exchange, b, move->end) - at;
    const int tag = b->tag + move->tag;
    *done = true;
    if (move->kind == YG_MOVE_WAIT)
        *done = !exchange->processes || all_sent(exchange, b);
    if (count == 0 || move->kind == YG_MOVE_WAIT)
        return true;
    switch (move->kind) {
    case YG_MOVE_ADD:
        add(b, move->slot, at, element(b, b->slot[move->from], at), count);
        return true;
    case YG_MOVE_COPY:
        memcpy(element(b, b->slot[move->slot], at), element(b, b->slot[move->from], at),
               bytes_of(b, count));
        return true;
    case YG_MOVE_RECEIVE_ADD:
        if (!receive(exchange, b, move, tag, b->arrived, count, done, error))
            return false;
        if (*done)
            add(b, move->slot, at, b->arrived, count);
        return true;
    case YG_MOVE_RECEIVE_TOTAL:
        return receive(exchange, b, move, tag, element(b, b->slot[0], at), count, done, error);
    default:
        return start_send(exchange, b, move, tag, at, count, error);
    }
}

/* Makes the moves of a bucket that can be made now. */
static bool advance(const yg_exchange *exchange, bucket *b, yg_error *error) {
    bool done = b->begun;
    while (done && b->move < b->moves) {
        if (!make_move(exchange, b, &exchange->tree.moves[b->move], &done, error))
            return false;
        b->move += done;
    }
    return true;
}

static bool advance_all(const yg_exchange *exchange, yg_error *error) {
    for (size_t i = 0; i < exchange->statistic_count; i++)
        if (!advance(exchange, &exchange->statistics[i], error))
            return false;
    for (size_t i = 0; i < exchange->bucket_count; i++)
        if (!advance(exchange, &exchange->buckets[i], error))
            return false;
    return true;
}

/* Adds the current shard's part to the sums. */
static bool add_parts(yg_exchange *exchange, bucket *b, const void *const *parts,
                      const yg_type *const *types, size_t part_count, double weight,
                      yg_error *error) {
    const yg_shard_tree *tree = &exchange->tree;
    const int64_t own = exchange->shard - tree->first;
    const int merges = tree->merges[own];
    int slot = tree->leaf[own];
    int64_t at = 0;
    for (size_t i = 0; i < part_count; i++) {
        put(b, slot, at, parts[i], yg_type_count(types[i]), weight, merges > 0);
        at += yg_type_count(types[i]);
    }
    for (int i = 1; i < merges; i++, slot--)
        add(b, slot - 1, 0, b->slot[slot], b->count);
    b->begun = exchange->shard + 1 == tree->end;
    return !b->begun || advance_all(exchange, error);
}

bool yg_exchange_add(yg_exchange *exchange, size_t index, const void *const *parts,
                     const yg_type *const *types, size_t part_count, double weight,
                     yg_error *error) {
    return add_parts(exchange, &exchange->buckets[index], parts, types, part_count, weight, error);
}

bool yg_exchange_is_finite(const yg_exchange *exchange) {
    const int64_t own = exchange->shard - exchange->tree.first;
    const int merges = exchange->tree.merges[own];
    const int slot = exchange->tree.leaf[own] - (merges > 0 ? merges - 1 : 0);
    for (size_t i = 0; i < exchange->bucket_count; i++)
        for (int64_t k = 0; exchange->buckets[i].used && k < exchange->buckets[i].count; k++)
            if (!isfinite(
                    yg_element_get(exchange->buckets[i].dtype, exchange->buckets[i].slot[slot], k)))
                return false;
    return true;
}

/* Waits until a bucket's sum is there, and copies it to `to`. */
static bool wait_for_total(yg_exchange *exchange, bucket *b, void *to, yg_error *error) {
    const yg_processes *p = exchange->processes;
    for (int64_t tries = 0;; tries++) {
        if (!advance_all(exchange, error))
            return false;
        if (b->move == b->moves && (!p || all_sent(exchange, b)))
            break;
        if (p && p->failed(p->context, error))
            return false;
        pause_for(tries);
    }
    if (b->count)
        memcpy(to, b->slot[0], bytes_of(b, b->count));
    return true;
}

bool yg_exchange_total(yg_exchange *exchange, size_t index, void *to, yg_error *error) {
    return wait_for_total(exchange, &exchange->buckets[index], to, error);
}

/* ---------------------------------------------------------------------------- statistics ---- */

static bool all_finite(const yg_type *type, const void *data) {
    const int64_t count = yg_type_count(type);
    for (int64_t i = 0; i < count; i++)
        if (!isfinite(yg_element_get(type->dtype, data, i)))
            return false;
    return true;
}

bool yg_exchange_mean(yg_exchange *exchange, const void *from, const yg_type *type, double weight,
                      void *to, yg_error *error) {
    const int64_t own = exchange->shard - exchange->tree.first;
    bucket *b = &exchange->statistics[exchange->reached[own]];
    if (b->given == own) { /* this shard's first call */
        b->given++;
        if (exchange->spoiler < 0 && !all_finite(type, from))
            exchange->spoiler = exchange->shard;
        if (!add_parts(exchange, b, &from, &type, 1, weight, error))
            return false;
        /* The last one stops too: it must not run ahead of the others. */
        exchange->paused = exchange->tree.end - exchange->tree.first > 1;
        if (exchange->paused)
            return false;
    }
    if (!wait_for_total(exchange, b, to, error))
        return false;
    exchange->reached[own]++;
    return true;
}

bool yg_exchange_paused(yg_exchange *exchange) {
    const bool paused = exchange->paused;
    exchange->paused = false;
    return paused;
}

int64_t yg_exchange_spoiler(const yg_exchange *exchange) {
    return exchange->spoiler;
}

/* ------------------------------------------------------------------------------ together ---- */

static bool send_now(const yg_exchange *exchange, int to, int tag, const void *data, size_t bytes,
                     yg_error *error) {
    const yg_processes *p = exchange->processes;
    return wait_for(exchange, p->send(p->context, to, tag, data, bytes), error);
}

static bool receive_now(const yg_exchange *exchange, int from, int tag, void *data, size_t bytes,
                        yg_error *error) {
    const yg_processes *p = exchange->processes;
    return wait_for(exchange, p->receive(p->context, from, tag, data, bytes), error);
}

bool yg_exchange_spread(yg_exchange *exchange, void *data, size_t bytes, yg_error *error) {
    const int rank = rank_of(exchange), size = size_of(exchange);
    int bit = 1;
    while (bit < size)
        bit *= 2;
    /* A process receives from the one whose number lacks its lowest bit, and sends to those whose
     * numbers have one more bit below that. */
    for (; bit > 0; bit /= 2) {
        if (rank % (2 * bit) == 0 && rank + bit < size &&
            !send_now(exchange, rank + bit, SPREAD_TAG, data, bytes, error))
            return false;
        if (rank % (2 * bit) == bit &&
            !receive_now(exchange, rank - bit, SPREAD_TAG, data, bytes, error))
            return false;
    }
    return true;
}

bool yg_exchange_gather(yg_exchange *exchange, const size_t *ends, void *all, yg_error *error) {
    const int rank = rank_of(exchange), size = size_of(exchange);
    const size_t begin = rank ? ends[rank - 1] : 0;
    for (int bit = 1; bit < size; bit *= 2) {
        if (rank % (2 * bit) == bit) {
            const int last = rank + bit < size ? rank + bit : size;
            if (!send_now(exchange, rank - bit, GATHER_TAG, (char *)all + begin,
                          ends[last - 1] - begin, error))
                return false;
            break;
        }
        if (rank + bit < size) {
            const int last = rank + 2 * bit < size ? rank + 2 * bit : size;
            const size_t from = ends[rank + bit - 1];
            if (!receive_now(exchange, rank + bit, GATHER_TAG, (char *)all + from,
                             ends[last - 1] - from, error))
                return false;
        }
    }
    return yg_exchange_spread(exchange, all, ends[size - 1], error);
}

bool yg_exchange_meet(yg_exchange *exchange, yg_error *error) {
    const int size = size_of(exchange);
    if (!exchange->processes)
        return true;
    size_t *ends = calloc((size_t)size, sizeof *ends);
    char *all = calloc((size_t)size, 1);
    for (int p = 0; ends && p < size; p++)
        ends[p] = (size_t)p + 1;
    const bool good =
        ends && all ? yg_exchange_gather(exchange, ends, all, error) : yg_fail_memory(error);
    free(ends);
    free(all);
    return good;
}
