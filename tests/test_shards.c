/*
 * Sums over shards: the tree of train/shard_tree.h, as several processes compute it. Here the
 * processes are threads, which send to each other through a mailbox. The bits must be those of the
 * tree computed by hand, whoever adds what.
 */
#include "train/exchange.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------------------- the mailbox -- */

enum { MOST = 9, TICKETS = 4096, MESSAGES = 20000 };

typedef struct message {
    int from, to, tag;
    size_t bytes;
    void *data;
    bool taken;
} message;

typedef struct mailbox {
    pthread_mutex_t lock;
    size_t count, first; /* those before `first` have been taken */
    message messages[MESSAGES];
    size_t sent[MOST]; /* bytes, by process */
    atomic_bool failed;
    yg_error why;
    int failing;
} mailbox;

typedef struct receipt {
    int from, tag;
    void *to; /* NULL: it was sent, which is done at once */
    size_t bytes;
} receipt;

typedef struct process {
    yg_processes functions;
    mailbox *box;
    int tickets;
    receipt receipts[TICKETS];
    unsigned asked; /* counts, to be late at times */
} process;

/* Criterion's own assertions are for the main thread only. */
static void require(bool good, const char *what) {
    if (good)
        return;
    fprintf(stderr, "not true: %s\n", what);
    abort();
}

static int send_bytes(void *context, int to, int tag, const void *data, size_t bytes) {
    process *p = context;
    pthread_mutex_lock(&p->box->lock);
    require(p->box->count < MESSAGES, "there is room for a message");
    message *m = &p->box->messages[p->box->count++];
    *m = (message){p->functions.rank, to, tag, bytes, malloc(bytes + 1), false};
    memcpy(m->data, data, bytes);
    p->box->sent[p->functions.rank] += bytes;
    pthread_mutex_unlock(&p->box->lock);
    p->receipts[p->tickets % TICKETS] = (receipt){0};
    return p->tickets++;
}

static int receive_bytes(void *context, int from, int tag, void *data, size_t bytes) {
    process *p = context;
    p->receipts[p->tickets % TICKETS] = (receipt){from, tag, data, bytes};
    return p->tickets++;
}

static bool is_done(void *context, int ticket) {
    process *p = context;
    receipt *r = &p->receipts[ticket % TICKETS];
    if (p->asked++ % 3 == (unsigned)p->functions.rank % 3)
        return false;
    if (!r->to)
        return true;
    bool done = false;
    pthread_mutex_lock(&p->box->lock);
    for (size_t i = 0; i < p->box->count && !done; i++) {
        message *m = &p->box->messages[i];
        if (m->taken || m->to != p->functions.rank || m->from != r->from || m->tag != r->tag)
            continue;
        require(m->bytes == r->bytes, "a message has the size that is waited for");
        memcpy(r->to, m->data, m->bytes);
        m->taken = done = true;
    }
    pthread_mutex_unlock(&p->box->lock);
    return done;
}

static bool has_failed(void *context, yg_error *error) {
    process *p = context;
    if (!p->box->failed || p->box->failing == p->functions.rank)
        return false;
    yg_fail_as(error, &p->box->why);
    return true;
}

static mailbox *mailbox_new(void) {
    mailbox *box = calloc(1, sizeof *box);
    cr_assert_not_null(box);
    pthread_mutex_init(&box->lock, NULL);
    return box;
}

/* Every message was received. */
static void mailbox_free(mailbox *box, bool all_taken) {
    for (size_t i = 0; i < box->count; i++) {
        cr_expect(!all_taken || box->messages[i].taken);
        free(box->messages[i].data);
    }
    pthread_mutex_destroy(&box->lock);
    free(box);
}

/* ----------------------------------------------------------------------------- the processes -- */

enum { BUCKETS = 3, STEPS = 3 };
static const yg_dtype dtypes[BUCKETS] = {YG_F32, YG_F64, YG_F32};

typedef struct job {
    mailbox *box;
    int rank, size;
    int64_t shards, counts[BUCKETS];
    double *totals[STEPS][BUCKETS];
    bool good;
    yg_error error;
} job;

/* A number that sums differently in another order. */
static double value_of(int64_t shard, size_t bucket, int64_t i, int step) {
    const int64_t n = (shard * 7919 + i * 104729 + (int64_t)bucket * 31 + step * 17) % 1000;
    return (n % 2 ? 1e4 : 1e-3) * ((double)n / 7 - 50);
}

static double weight_of(int64_t shard) {
    return 1.0 / (double)(shard + 3);
}

static void fill(const job *j, int64_t shard, size_t bucket, int step, void *to) {
    for (int64_t i = 0; i < j->counts[bucket]; i++)
        if (dtypes[bucket] == YG_F32)
            ((float *)to)[i] = (float)value_of(shard, bucket, i, step);
        else
            ((double *)to)[i] = value_of(shard, bucket, i, step);
}

/* Gives a shard's bucket as two tensors. */
static bool add(const job *j, yg_exchange *exchange, int64_t shard, size_t bucket, int step,
                yg_error *error) {
    double memory[64];
    char *bytes = (char *)memory;
    fill(j, shard, bucket, step, bytes);
    const int64_t count = j->counts[bucket], half = count / 3, rest = count - half;
    yg_type types[2];
    yg_type_make(dtypes[bucket], 1, &half, &types[0], NULL);
    yg_type_make(dtypes[bucket], 1, &rest, &types[1], NULL);
    const void *parts[] = {bytes, bytes + yg_type_bytes(&types[0])};
    const yg_type *const pointers[] = {&types[0], &types[1]};
    return yg_exchange_add(exchange, bucket, parts, pointers, 2, weight_of(shard), error);
}

static bool run_step(job *j, yg_exchange *exchange, int step, yg_error *error) {
    const yg_shard_tree *tree;
    /* The last step has fewer shards, as the last batch of an epoch. */
    const int64_t shards = step + 1 < STEPS ? j->shards : (j->shards + 1) / 2;
    if (!yg_exchange_begin(exchange, shards, 0, &tree, error))
        return false;
    for (int64_t s = tree->first; s < tree->end; s++) {
        yg_exchange_shard(exchange, s);
        for (size_t b = 0; b < BUCKETS; b++)
            if (!add(j, exchange, s, b, step, error))
                return false;
    }
    for (size_t b = 0; b < BUCKETS; b++)
        if (!yg_exchange_total(exchange, b, j->totals[step][b], error))
            return false;
    return true;
}

static process *process_new(const job *j) {
    process *p = calloc(1, sizeof *p);
    require(p != NULL, "there is memory");
    p->box = j->box;
    p->functions = (yg_processes){.rank = j->rank,
                                  .size = j->size,
                                  .context = p,
                                  .send = send_bytes,
                                  .receive = receive_bytes,
                                  .done = is_done,
                                  .failed = has_failed};
    return p;
}

static void *run_process(void *context) {
    job *j = context;
    process *p = process_new(j);
    yg_exchange *exchange = yg_exchange_new(&p->functions, &j->error);
    j->good = exchange != NULL;
    for (size_t b = 0; b < BUCKETS && j->good; b++)
        j->good = yg_exchange_bucket(exchange, b, dtypes[b], j->counts[b], 0, &j->error);
    for (int step = 0; step < STEPS && j->good; step++)
        j->good = run_step(j, exchange, step, &j->error);
    yg_exchange_free(exchange);
    free(p);
    return NULL;
}

static void run_all(job *jobs, int size, void *(*function)(void *)) {
    pthread_t threads[MOST];
    for (int p = 0; p < size; p++)
        cr_assert_eq(pthread_create(&threads[p], NULL, function, &jobs[p]), 0);
    for (int p = 0; p < size; p++)
        pthread_join(threads[p], NULL);
}

/* ---------------------------------------------------------------------------------- the tree -- */

static double sum_by_hand(size_t bucket, int64_t i, int step, int64_t lo, int64_t hi) {
    if (hi - lo == 1)
        return dtypes[bucket] == YG_F32
                   ? (double)((float)weight_of(lo) * (float)value_of(lo, bucket, i, step))
                   : weight_of(lo) * value_of(lo, bucket, i, step);
    const int64_t middle = (lo + hi) / 2;
    const double a = sum_by_hand(bucket, i, step, lo, middle);
    const double b = sum_by_hand(bucket, i, step, middle, hi);
    return dtypes[bucket] == YG_F32 ? (double)((float)a + (float)b) : a + b;
}

static void compare(const job *j) {
    for (int step = 0; step < STEPS; step++)
        for (size_t b = 0; b < BUCKETS; b++)
            for (int64_t i = 0; i < j->counts[b]; i++) {
                const int64_t shards = step + 1 < STEPS ? j->shards : (j->shards + 1) / 2;
                const double want = sum_by_hand(b, i, step, 0, shards);
                const double is = dtypes[b] == YG_F32 ? (double)((float *)j->totals[step][b])[i]
                                                      : j->totals[step][b][i];
                cr_assert(memcmp(&is, &want, sizeof is) == 0,
                          "%d shards, process %d of %d, step %d, bucket %zu, element %d: %.17g, "
                          "not %.17g",
                          (int)shards, j->rank, j->size, step, b, (int)i, is, want);
            }
}

static job job_of(mailbox *box, int rank, int size, int64_t shards) {
    job j = {.box = box, .rank = rank, .size = size, .shards = shards, .counts = {37, 2, 0}};
    for (int step = 0; step < STEPS; step++)
        for (size_t b = 0; b < BUCKETS; b++)
            j.totals[step][b] = calloc(40, sizeof(double));
    return j;
}

static void job_free(job *j) {
    for (int step = 0; step < STEPS; step++)
        for (size_t b = 0; b < BUCKETS; b++)
            free(j->totals[step][b]);
}

Test(shards, sums_have_the_bits_of_the_tree) {
    for (int64_t shards = 1; shards <= 13; shards++)
        for (int size = 1; size <= MOST && size <= shards; size++) {
            mailbox *box = mailbox_new();
            job jobs[MOST];
            for (int p = 0; p < size; p++)
                jobs[p] = job_of(box, p, size, shards);
            run_all(jobs, size, run_process);
            for (int p = 0; p < size; p++) {
                cr_assert(jobs[p].good, "%s", jobs[p].error.message);
                compare(&jobs[p]);
                job_free(&jobs[p]);
            }
            mailbox_free(box, true);
        }
}

/* For a power of two, 2 · (P - 1) / P times the bytes of the buckets, from each process. */
Test(shards, every_process_sends_equally_much) {
    for (int size = 2; size <= 8; size *= 2) {
        mailbox *box = mailbox_new();
        job jobs[MOST];
        for (int p = 0; p < size; p++) {
            jobs[p] = job_of(box, p, size, 2 * size); /* and `size` in the last step */
            jobs[p].counts[0] = 32;
            jobs[p].counts[1] = 8;
        }
        run_all(jobs, size, run_process);
        for (int p = 0; p < size; p++) {
            const size_t bytes = STEPS * (32 * sizeof(float) + 8 * sizeof(double));
            cr_expect_eq(box->sent[p], bytes / (size_t)size * 2 * (size_t)(size - 1),
                         "%d processes: %zu", size, box->sent[p]);
            job_free(&jobs[p]);
        }
        mailbox_free(box, true);
    }
}

Test(shards, leaves_of_one_process_need_few_slots) {
    static const struct {
        int64_t shards;
        int slots;
    } cases[] = {{1, 1}, {2, 1}, {4, 2}, {8, 3}, {16, 4}, {1024, 10}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        yg_shard_tree tree;
        cr_assert(yg_shard_tree_make(cases[i].shards, 0, 1, &tree));
        cr_expect_eq(tree.slots, cases[i].slots, "%d shards: %d", (int)cases[i].shards, tree.slots);
        yg_shard_tree_free(&tree);
    }
}

/* ------------------------------------------------------------------------- calls of them all -- */

static void *gather(void *context) {
    job *j = context;
    process *p = process_new(j);
    yg_exchange *exchange = yg_exchange_new(&p->functions, &j->error);
    size_t ends[MOST];
    char all[100] = "", word[8] = "";
    for (int k = 0; k < j->size; k++)
        ends[k] = (k ? ends[k - 1] : 0) + (size_t)(k % 3); /* some give nothing */
    for (size_t i = j->rank ? ends[j->rank - 1] : 0; i < ends[j->rank]; i++)
        all[i] = (char)('a' + j->rank);
    if (j->rank == 0)
        memcpy(word, "ygrad", 6);
    j->good = exchange && yg_exchange_meet(exchange, &j->error) &&
              yg_exchange_gather(exchange, ends, all, &j->error) &&
              yg_exchange_spread(exchange, word, 6, &j->error);
    for (int k = 0; k < j->size; k++)
        for (size_t i = k ? ends[k - 1] : 0; i < ends[k]; i++)
            j->good = j->good && all[i] == 'a' + k;
    j->good = j->good && strcmp(word, "ygrad") == 0;
    yg_exchange_free(exchange);
    free(p);
    return NULL;
}

Test(shards, everybody_gets_what_all_have) {
    for (int size = 1; size <= MOST; size++) {
        mailbox *box = mailbox_new();
        job jobs[MOST] = {0};
        for (int p = 0; p < size; p++)
            jobs[p] = (job){.box = box, .rank = p, .size = size};
        run_all(jobs, size, gather);
        for (int p = 0; p < size; p++)
            cr_expect(jobs[p].good, "process %d of %d: %s", p, size, jobs[p].error.message);
        mailbox_free(box, true);
    }
}

/* --------------------------------------------------------------------------------- failures -- */

/* Process 1 fails in place of its first step. Nobody waits for it for ever. */
static void *fail_or_run(void *context) {
    job *j = context;
    if (j->rank != 1)
        return run_process(j);
    yg_fail(&j->box->why, YG_ERROR_DATA, YG_NOWHERE, "process 1 has had enough");
    j->box->failing = 1;
    j->box->failed = true;
    return NULL;
}

Test(shards, a_failure_ends_all) {
    for (int size = 2; size <= 5; size++) {
        mailbox *box = mailbox_new();
        job jobs[MOST];
        for (int p = 0; p < size; p++)
            jobs[p] = job_of(box, p, size, 8);
        run_all(jobs, size, fail_or_run);
        for (int p = 0; p < size; p++) {
            cr_expect_not(jobs[p].good);
            cr_expect(p == 1 || strcmp(jobs[p].error.message, "process 1 has had enough") == 0);
            job_free(&jobs[p]);
        }
        mailbox_free(box, false);
    }
}

/* Programs that do not agree on the buckets would add numbers of different parameters. */
Test(shards, buckets_of_all_programs_agree) {
    yg_error error = {0};
    yg_exchange *exchange = yg_exchange_new(NULL, &error);
    cr_assert(yg_exchange_bucket(exchange, 0, YG_F32, 5, 0, &error));
    cr_assert(yg_exchange_bucket(exchange, 0, YG_F32, 5, 0, &error));
    cr_expect_not(yg_exchange_bucket(exchange, 0, YG_F64, 5, 0, NULL));
    cr_expect_not(yg_exchange_bucket(exchange, 0, YG_F32, 6, 0, &error));
    cr_expect_not(yg_exchange_bucket(exchange, 0, YG_F32, 5, 1, NULL));
    cr_expect_eq(error.code, YG_ERROR_INTERNAL);
    yg_exchange_free(exchange);
}
