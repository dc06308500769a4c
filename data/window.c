/*
 * Windows over a dataset in a file: see window.h.
 *
 * A window is known by its epoch and its number there. Two windows are in memory: one that examples
 * are taken from, and one that the thread fills meanwhile. Each has a plan of its own, which is the
 * order of its epoch. What the thread fails to read is read again when it is needed, so an error is
 * told in its place.
 */
#include "window.h"

#include "../graph/random.h"
#include "decoder.h"
#include "fill.h"
#include "repeats.h"
#include "sequences.h"
#include "spool.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 1 << 20, WINDOW_BLOCKS = 16 };

/* The order of an epoch. */
typedef struct plan {
    int64_t epoch; /* -1: none yet */
    int64_t *blocks;
    int64_t *begins; /* [windows + 1]: the number in the epoch of a window's first example */
} plan;

/* Examples in memory. */
typedef struct window {
    int64_t epoch, number; /* -1: nothing has been read */
    plan plan;
    yg_dataset dataset;
    int64_t *order; /* of the part's examples in the dataset */
    int64_t count;  /* how many there are */
    int64_t *room;  /* as much as `order` has, to sort it; NULL: there are no sequences */
} window;

struct yg_windows {
    const yg_part *part;
    uint64_t seed;
    bool shuffled;
    int64_t block_rows, block_count; /* examples of a block; blocks of the dataset */
    int64_t window_blocks, window_count;
    int64_t *counts; /* by block: examples of the part */
    plan plan;       /* of the epoch that examples are taken from */
    window windows[2];
    const window *current; /* examples are taken from it; NULL: none yet */
    window peek;           /* of sequences: the order of a window that need not be read */
    int64_t batch;         /* of sequences: examples of a bucket; 0: there are no buckets */
    int64_t beyond;        /* rows after a block that its last examples take */
    yg_fill_scratch scratch;

    bool threaded; /* a thread may be started */
    bool running;  /* it has been */
    pthread_t thread;
    /* Shared with the thread, under the lock. While `wanted` is set, that window belongs to the
     * thread. */
    pthread_mutex_t lock;
    pthread_cond_t change;
    window *wanted; /* NULL: the thread has nothing to do */
    int64_t wanted_epoch, wanted_number;
    bool stop; /* the thread is to end */
};

/* --------------------------------------------------------------------------------- sizes ----- */

static size_t row_bytes(const yg_elements *elements) {
    return (size_t)yg_elements_row(elements) * yg_elements_size(elements);
}

/* The first row of an example, where it takes sequences; past the last example, the end. */
static int64_t row_of(const yg_dataset *dataset, const yg_elements *elements, int64_t example) {
    const yg_sequences *s = dataset->sequences;
    if (!elements->ragged)
        return example;
    return example < s->count ? s->begins[example] : s->rows;
}

static bool is_read(const yg_windows *w, size_t port) {
    return w->part->dataset->spool->files[port] >= 0;
}

/* A shuffled stream has two windows of a quarter of the memory. The rest is for the streams that
 * are open beside it, which read validation data for example. */
static void choose_sizes(yg_windows *w) {
    const yg_dataset *dataset = w->part->dataset;
    const int64_t memory = dataset->spool->memory / 4;
    const int64_t limit =
        memory / WINDOW_BLOCKS < BLOCK_BYTES ? memory / WINDOW_BLOCKS : BLOCK_BYTES;
    const double steps = dataset->sequences && dataset->count
                             ? (double)dataset->sequences->rows / (double)dataset->count
                             : 1; /* of an example, on average */
    int64_t row = 1;
    for (size_t p = 0; p < dataset->port_count; p++)
        if (is_read(w, p))
            row += (int64_t)((double)row_bytes(&dataset->ports[p]) *
                             (dataset->ports[p].ragged ? steps : 1));
    w->block_rows = limit > row ? limit / row : 1;
    w->block_count = (dataset->count + w->block_rows - 1) / w->block_rows;
    w->window_blocks = w->shuffled ? memory / ((w->block_rows + w->beyond) * row) : 1;
    if (w->window_blocks < 1)
        w->window_blocks = 1;
    if (w->window_blocks > w->block_count)
        w->window_blocks = w->block_count;
    w->window_count =
        w->block_count ? (w->block_count + w->window_blocks - 1) / w->window_blocks : 0;
}

static bool count_members(yg_windows *w, yg_error *error) {
    w->counts = calloc((size_t)w->block_count + 1, sizeof *w->counts);
    if (!w->counts)
        return yg_fail_memory(error);
    for (int64_t e = 0; e < w->part->dataset->count; e++)
        w->counts[e / w->block_rows] += yg_part_times(w->part, e);
    return true;
}

static bool make_plan_room(const yg_windows *w, plan *plan) {
    plan->epoch = -1;
    plan->blocks = calloc((size_t)w->block_count + 1, sizeof *plan->blocks);
    plan->begins = calloc((size_t)w->window_count + 2, sizeof *plan->begins);
    return plan->blocks && plan->begins;
}

static void free_plan(plan *plan) {
    free(plan->blocks);
    free(plan->begins);
}

/* The rows of a window's examples, for as many as it has room for. */
static bool make_sequences(window *window, int64_t examples, int64_t order) {
    yg_sequences *s = window->dataset.sequences = calloc(1, sizeof *s);
    window->room = calloc((size_t)order + 1, sizeof *window->room);
    if (!s || !window->room)
        return false;
    s->capacity = examples;
    s->begins = calloc((size_t)examples + 1, sizeof *s->begins);
    s->lengths = calloc((size_t)examples + 1, sizeof *s->lengths);
    return s->begins && s->lengths;
}

/* With `data`, it has room for what is read. That of sequences grows as they need it. */
static bool make_window(const yg_windows *w, bool data, window *window, yg_error *error) {
    const yg_dataset *dataset = w->part->dataset;
    const int64_t examples = w->block_rows * w->window_blocks;
    const int64_t room = examples < dataset->count ? examples : dataset->count;
    const int64_t rows = room + w->window_blocks * w->beyond;
    int64_t most = 0; /* examples that a block has in an epoch */
    for (int64_t b = 0; b < w->block_count; b++)
        most = w->counts[b] > most ? w->counts[b] : most;
    const int64_t order =
        most > w->part->count / w->window_blocks ? w->part->count : most * w->window_blocks;
    window->dataset.ports = calloc(dataset->port_count + 1, sizeof *window->dataset.ports);
    window->order = calloc((size_t)order + 1, sizeof *window->order);
    if (!window->dataset.ports || !window->order || !make_plan_room(w, &window->plan))
        return yg_fail_memory(error);
    if (dataset->sequences && !make_sequences(window, room, order))
        return yg_fail_memory(error);
    window->dataset.port_count = dataset->port_count;
    for (size_t p = 0; p < dataset->port_count; p++) {
        window->dataset.ports[p] = dataset->ports[p];
        if (data && is_read(w, p) && !dataset->ports[p].ragged &&
            !(window->dataset.ports[p].data =
                  malloc((size_t)rows * row_bytes(&dataset->ports[p]) + 8)))
            return yg_fail_memory(error);
    }
    return true;
}

static void free_window(window *window) {
    for (size_t p = 0; window->dataset.ports && p < window->dataset.port_count; p++)
        free(window->dataset.ports[p].data); /* the decoders belong to the part's dataset */
    free(window->dataset.ports);
    yg_sequences_free(window->dataset.sequences);
    free(window->order);
    free(window->room);
    free_plan(&window->plan);
}

/* -------------------------------------------------------------------------------- the order -- */

static void shuffle(int64_t *numbers, int64_t count, uint64_t seed, uint64_t key) {
    for (int64_t i = count - 1; i > 0; i--) {
        const uint64_t j = yg_random_below(seed, key, (uint64_t)i, (uint64_t)i + 1);
        const int64_t swap = numbers[i];
        numbers[i] = numbers[j];
        numbers[j] = swap;
    }
}

static void make_plan(const yg_windows *w, int64_t epoch, plan *plan) {
    if (plan->epoch == epoch)
        return;
    plan->epoch = epoch;
    for (int64_t b = 0; b < w->block_count; b++)
        plan->blocks[b] = b;
    if (w->shuffled)
        shuffle(plan->blocks, w->block_count, w->seed, yg_random_key("blocks") + (uint64_t)epoch);
    int64_t sum = 0;
    for (int64_t b = 0; b < w->block_count; b++) {
        if (b % w->window_blocks == 0)
            plan->begins[b / w->window_blocks] = sum;
        sum += w->counts[plan->blocks[b]];
    }
    plan->begins[w->window_count] = sum;
}

/* The last window that begins at `position` or before, and is not empty. */
static int64_t find_window(const yg_windows *w, int64_t position) {
    int64_t low = 0, high = w->window_count;
    while (high - low > 1) {
        const int64_t middle = low + (high - low) / 2;
        if (w->plan.begins[middle] <= position)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* ------------------------------------------------------------------------------- reading ----- */

/* The examples of a block, and the rows behind it that its last examples take. */
static int64_t rows_of(const yg_windows *w, int64_t block, int64_t *examples) {
    const int64_t left = w->part->dataset->count - block * w->block_rows;
    *examples = left < w->block_rows ? left : w->block_rows;
    return left < *examples + w->beyond ? left : *examples + w->beyond;
}

/* Appends the examples of a block to a window, without reading them. */
static void list_block(const yg_windows *w, int64_t block, window *window) {
    const yg_sequences *from = w->part->dataset->sequences;
    yg_sequences *to = window->dataset.sequences;
    const int64_t first = block * w->block_rows;
    int64_t count;
    const int64_t rows = rows_of(w, block, &count);
    for (int64_t e = 0; e < count; e++)
        for (int64_t times = yg_part_times(w->part, first + e); times > 0; times--)
            window->order[window->count++] = window->dataset.count + e;
    for (int64_t e = 0; to && e < count; e++) {
        to->begins[to->count] = to->rows + from->begins[first + e] - from->begins[first];
        to->lengths[to->count++] = from->lengths[first + e];
    }
    if (to)
        to->rows += (first + count < from->count ? from->begins[first + count] : from->rows) -
                    from->begins[first];
    window->dataset.count += rows;
}

/* Sorts the examples of a window into batches. The first ones fill up the last batch of the window
 * before, so they stay where they are. */
static void sort_window(const yg_windows *w, int64_t number, window *window) {
    const int64_t head = w->batch - 1 - (window->plan.begins[number] + w->batch - 1) % w->batch;
    const yg_buckets buckets = {w->batch, window->room, w->seed,
                                yg_random_key("buckets") + ((uint64_t)window->plan.epoch << 24) +
                                    (uint64_t)number};
    if (head < window->count)
        yg_buckets_sort(&buckets, window->dataset.sequences, window->order + head,
                        window->count - head);
}

/* The blocks of a window: plan.blocks[begin .. end). */
static int64_t blocks_of(const yg_windows *w, int64_t number, int64_t *end) {
    const int64_t begin = number * w->window_blocks;
    *end = begin + w->window_blocks < w->block_count ? begin + w->window_blocks : w->block_count;
    return begin;
}

/* Finds the order of a window, without reading it. */
static void list_window(const yg_windows *w, int64_t epoch, int64_t number, window *window) {
    int64_t end;
    make_plan(w, epoch, &window->plan);
    window->number = -1;
    window->dataset.count = window->count = 0;
    if (window->dataset.sequences)
        yg_sequences_clear(window->dataset.sequences);
    for (int64_t b = blocks_of(w, number, &end); b < end; b++)
        if (w->counts[window->plan.blocks[b]])
            list_block(w, window->plan.blocks[b], window);
    if (w->shuffled)
        shuffle(window->order, window->count, w->seed,
                yg_random_key("window") + ((uint64_t)epoch << 24) + (uint64_t)number);
    if (w->shuffled && w->batch)
        sort_window(w, number, window);
    window->epoch = epoch;
}

/* Reads a block of a port behind what has been read: `at` are its rows so far. */
static bool read_block(const yg_windows *w, size_t p, int64_t block, int64_t *at, window *window,
                       yg_error *error) {
    const yg_dataset *dataset = w->part->dataset;
    const yg_elements *elements = &dataset->ports[p];
    int64_t examples;
    const int64_t rows = rows_of(w, block, &examples), first = block * w->block_rows;
    const int64_t begin = row_of(dataset, elements, first);
    const int64_t count = row_of(dataset, elements, first + rows) - begin;
    char *to = (char *)window->dataset.ports[p].data + (size_t)*at * row_bytes(elements);
    *at += count;
    return yg_spool_read(dataset, p, begin, count, to, error);
}

static bool read_port(const yg_windows *w, size_t p, int64_t number, window *window,
                      yg_error *error) {
    yg_elements *elements = &window->dataset.ports[p];
    int64_t end, at = 0;
    if (elements->ragged) {
        const size_t bytes = (size_t)window->dataset.sequences->rows * row_bytes(elements);
        void *grown = realloc(elements->data, bytes + 8);
        if (!grown)
            return yg_fail_memory(error);
        elements->data = grown;
    }
    for (int64_t b = blocks_of(w, number, &end); b < end; b++)
        if (w->counts[window->plan.blocks[b]] &&
            !read_block(w, p, window->plan.blocks[b], &at, window, error))
            return false;
    return true;
}

static bool read_window(yg_windows *w, int64_t epoch, int64_t number, window *window,
                        yg_error *error) {
    list_window(w, epoch, number, window);
    for (size_t p = 0; p < window->dataset.port_count; p++)
        if (is_read(w, p) && !read_port(w, p, number, window, error))
            return false;
    window->number = number;
    return true;
}

/* ----------------------------------------------------------------------------- the thread ---- */

static void *run(void *opaque) {
    yg_windows *w = opaque;
    pthread_mutex_lock(&w->lock);
    while (!w->stop) {
        if (!w->wanted) {
            pthread_cond_wait(&w->change, &w->lock);
            continue;
        }
        window *window = w->wanted;
        const int64_t epoch = w->wanted_epoch, number = w->wanted_number;
        pthread_mutex_unlock(&w->lock);
        read_window(w, epoch, number, window, NULL);
        pthread_mutex_lock(&w->lock);
        w->wanted = NULL;
        pthread_cond_broadcast(&w->change);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

/* Starts the thread with all signals blocked, so that a host's handlers run in the host's threads.
 * Without a thread everything works too. */
static void start(yg_windows *w) {
    sigset_t all, before;
    w->threaded = false;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    w->running = pthread_create(&w->thread, NULL, run, w) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* Lets the thread read the window after `now` into the other one. */
static void read_ahead(yg_windows *w, const window *now) {
    if (w->threaded)
        start(w);
    if (!w->running)
        return;
    const bool last = now->number + 1 == w->window_count;
    pthread_mutex_lock(&w->lock);
    w->wanted = &w->windows[now == w->windows];
    w->wanted_epoch = now->epoch + last;
    w->wanted_number = last ? 0 : now->number + 1;
    pthread_cond_broadcast(&w->change);
    pthread_mutex_unlock(&w->lock);
}

/* Waits until the thread has nothing to do: then all belongs to the caller. */
static void wait_for_thread(yg_windows *w) {
    pthread_mutex_lock(&w->lock);
    while (w->wanted)
        pthread_cond_wait(&w->change, &w->lock);
    pthread_mutex_unlock(&w->lock);
}

/* --------------------------------------------------------------------------- the interface --- */

static bool open_windows(yg_windows *w, yg_error *error) {
    const yg_dataset *dataset = w->part->dataset;
    w->windows[0].number = w->windows[1].number = w->peek.number = -1;
    for (size_t p = 0; p < dataset->port_count; p++) {
        const yg_elements *e = &dataset->ports[p];
        const int64_t last = is_read(w, p) && e->row ? e->lead + e->width / e->row - 1 : 0;
        w->beyond = last > w->beyond ? last : w->beyond;
    }
    choose_sizes(w);
    if (!make_plan_room(w, &w->plan))
        return yg_fail_memory(error);
    return count_members(w, error) && make_window(w, true, &w->windows[0], error) &&
           (!w->threaded || make_window(w, true, &w->windows[1], error)) &&
           (!dataset->sequences || make_window(w, false, &w->peek, error)) &&
           yg_fill_scratch_make(w->part, &w->scratch, error);
}

yg_windows *yg_windows_open(const yg_part *part, const uint64_t *seed, bool threaded,
                            yg_error *error) {
    yg_windows *w = calloc(1, sizeof *w);
    if (!w) {
        yg_fail_memory(error);
        return NULL;
    }
    w->part = part;
    w->seed = seed ? *seed : 0;
    w->shuffled = seed != NULL;
    w->threaded = threaded;
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->change, NULL);
    if (open_windows(w, error))
        return w;
    yg_windows_close(w);
    return NULL;
}

void yg_windows_close(yg_windows *w) {
    if (!w)
        return;
    if (w->running) {
        pthread_mutex_lock(&w->lock);
        w->stop = true;
        pthread_cond_broadcast(&w->change);
        pthread_mutex_unlock(&w->lock);
        pthread_join(w->thread, NULL);
    }
    pthread_mutex_destroy(&w->lock);
    pthread_cond_destroy(&w->change);
    free_window(&w->windows[0]);
    free_window(&w->windows[1]);
    free_window(&w->peek);
    yg_fill_scratch_free(&w->scratch);
    free_plan(&w->plan);
    free(w->counts);
    free(w);
}

static window *find_loaded(yg_windows *w, int64_t epoch, int64_t number) {
    for (size_t i = 0; i < 2; i++)
        if (w->windows[i].number == number && w->windows[i].epoch == epoch)
            return &w->windows[i];
    return NULL;
}

/* Makes the window of an example the current one. */
static bool go_to(yg_windows *w, int64_t epoch, int64_t position, yg_error *error) {
    make_plan(w, epoch, &w->plan);
    const int64_t number = find_window(w, position);
    if (w->current && w->current->epoch == epoch && w->current->number == number)
        return true;
    wait_for_thread(w);
    window *found = find_loaded(w, epoch, number);
    w->current = NULL;
    if (!found) {
        found = &w->windows[0];
        if (!read_window(w, epoch, number, found, error))
            return false;
    }
    w->current = found;
    read_ahead(w, found);
    return true;
}

bool yg_windows_read(yg_windows *w, int64_t epoch, int64_t position, const yg_feed *feeds,
                     size_t feed_count, int64_t row, int64_t count, yg_error *error) {
    while (count > 0) {
        if (!go_to(w, epoch, position, error))
            return false;
        const window *window = w->current;
        const int64_t at = position - w->plan.begins[window->number];
        const int64_t left = window->count - at;
        const yg_chosen chosen = {window->order + at, 0, left < count ? left : count};
        yg_fill_feeds(&window->dataset, &chosen, &w->scratch, feeds, feed_count, row);
        position += chosen.count;
        row += chosen.count;
        count -= chosen.count;
    }
    return true;
}

int64_t yg_windows_example(yg_windows *w, int64_t epoch, int64_t position) {
    int64_t end;
    if (!go_to(w, epoch, position, NULL))
        return -1;
    const window *window = w->current;
    int64_t at = window->order[position - w->plan.begins[window->number]];
    for (int64_t b = blocks_of(w, window->number, &end); b < end; b++) {
        const int64_t block = window->plan.blocks[b];
        int64_t examples;
        const int64_t rows = w->counts[block] ? rows_of(w, block, &examples) : 0;
        if (at < rows)
            return block * w->block_rows + at;
        at -= rows;
    }
    return -1;
}

void yg_windows_bucket(yg_windows *w, int64_t batch) {
    w->batch = batch;
}

int64_t yg_windows_longest(yg_windows *w, int64_t epoch, int64_t position, int64_t count) {
    int64_t longest = 0;
    make_plan(w, epoch, &w->plan);
    while (count > 0) {
        const int64_t number = find_window(w, position);
        if (w->peek.number != number || w->peek.epoch != epoch)
            list_window(w, epoch, number, &w->peek);
        w->peek.number = number;
        for (int64_t at = position - w->plan.begins[number]; count > 0 && at < w->peek.count;
             at++, position++, count--) {
            const int32_t length = w->peek.dataset.sequences->lengths[w->peek.order[at]];
            longest = length > longest ? length : longest;
        }
    }
    return longest;
}
