/*
 * The order of sequences: see sequences.h.
 */
#include "../graph/random.h"
#include "sequences.h"

#include <stdlib.h>
#include <string.h>

enum { BATCHES = 100, SIZES = 128 };

/* The number of a size that batches are padded to, from the shortest on. Examples of one size need
 * not be told apart: a batch of them needs no more room in any order. */
static int size_of(int64_t length) {
    int power = 0;
    int64_t first = length;
    for (; first >= 8; first /= 2)
        power++;
    const int64_t step = (int64_t)1 << power;
    return (int)((length + step - 1) / step) + 4 * power;
}

/* Counting sort, which keeps the order of equals. */
void yg_sequences_sort(const yg_sequences *sequences, int64_t *order, int64_t count,
                       int64_t *room) {
    int64_t begins[SIZES + 1] = {0};
    for (int64_t i = 0; i < count; i++)
        begins[size_of(sequences->lengths[order[i]]) + 1]++;
    for (int i = 0; i < SIZES; i++)
        begins[i + 1] += begins[i];
    for (int64_t i = 0; i < count; i++)
        room[begins[size_of(sequences->lengths[order[i]])]++] = order[i];
    memcpy(order, room, (size_t)count * sizeof *order);
}

/* Swaps whole batches, drawn by seed. All have `size` examples. */
static void shuffle(const yg_buckets *buckets, int64_t *order, int64_t batches) {
    const size_t bytes = (size_t)buckets->batch * sizeof *order;
    for (int64_t i = batches - 1; i > 0; i--) {
        const int64_t j =
            (int64_t)yg_random_below(buckets->seed, buckets->key, (uint64_t)i, (uint64_t)i + 1);
        int64_t *a = order + i * buckets->batch, *b = order + j * buckets->batch;
        memcpy(buckets->room, a, bytes);
        memmove(a, b, bytes);
        memcpy(b, buckets->room, bytes);
    }
}

/* Of sorted examples, `rest` fill no batch. They become the last ones. Which they are is drawn, so
 * that it is not always the longest. */
static void put_behind(const yg_buckets *buckets, int64_t *order, int64_t batches, int64_t rest) {
    const int64_t at = buckets->batch * (int64_t)yg_random_below(buckets->seed, buckets->key,
                                                                 UINT64_MAX, (uint64_t)batches + 1);
    const size_t bytes = (size_t)rest * sizeof *order;
    memcpy(buckets->room, order + at, bytes);
    memmove(order + at, order + at + rest, (size_t)(batches * buckets->batch - at) * sizeof *order);
    memcpy(order + batches * buckets->batch, buckets->room, bytes);
}

void yg_buckets_sort(const yg_buckets *buckets, const yg_sequences *sequences, int64_t *order,
                     int64_t count) {
    const int64_t size = buckets->batch;
    if (!size)
        return;
    const int64_t batches = count / size, rest = count % size;
    for (int64_t at = 0; at < batches; at += BATCHES) {
        const int64_t some = batches - at < BATCHES ? batches - at : BATCHES;
        const bool last = at + some == batches;
        yg_sequences_sort(sequences, order + at * size, some * size + (last ? rest : 0),
                          buckets->room);
        if (last && rest)
            put_behind(buckets, order + at * size, some, rest);
    }
    shuffle(buckets, order, batches);
}
