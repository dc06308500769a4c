/*
 * Owners of examples: see owners.h.
 */
#include "owners.h"

#include "../graph/random.h"

#include <math.h>
#include <stdlib.h>

/* --------------------------------------------------------------------------------- owners ---- */

bool yg_owners_make(int64_t count, yg_owners *owners, yg_error *error) {
    *owners = (yg_owners){count, calloc((size_t)count / 4 + 1, 1)};
    return owners->bits || yg_fail_memory(error);
}

void yg_owners_free(yg_owners *owners) {
    free(owners->bits);
    *owners = (yg_owners){0};
}

int yg_owners_get(const yg_owners *owners, int64_t example) {
    return owners->bits[example / 4] >> 2 * (example % 4) & 3;
}

void yg_owners_set(yg_owners *owners, int64_t example, int owner) {
    const int shift = 2 * (int)(example % 4);
    uint8_t *bits = &owners->bits[example / 4];
    *bits = (uint8_t)((*bits & ~(3 << shift)) | owner << shift);
}

int64_t yg_owners_count(const yg_owners *owners, int owner) {
    int64_t count = 0;
    for (int64_t e = 0; e < owners->count; e++)
        count += yg_owners_get(owners, e) == owner;
    return count;
}

int64_t *yg_owners_list(const yg_owners *owners, int owner, int64_t *count, yg_error *error) {
    int64_t *list = calloc((size_t)yg_owners_count(owners, owner) + 1, sizeof *list);
    *count = 0;
    if (!list)
        yg_fail_memory(error);
    for (int64_t e = 0; list && e < owners->count; e++)
        if (yg_owners_get(owners, e) == owner)
            list[(*count)++] = e;
    return list;
}

/* -------------------------------------------------------------------------------- drawing ---- */

/* The examples of one key, of those that can still be drawn. */
typedef struct stratum {
    int64_t size;
    int64_t left;   /* of them, those that are still to come */
    int64_t wanted; /* how many of those are to be drawn */
} stratum;

/* What is left of a stratum's share after rounding down. */
typedef struct leftover {
    double part;
    size_t stratum;
} leftover;

static int largest_first(const void *a, const void *b) {
    const leftover *x = a, *y = b;
    if (x->part != y->part)
        return x->part > y->part ? -1 : 1;
    return x->stratum < y->stratum ? -1 : x->stratum > y->stratum;
}

/* Shares `wanted` among the strata. `room` holds one for each stratum. */
static void share(stratum *strata, size_t count, int64_t total, int64_t wanted, leftover *room) {
    int64_t missing = wanted;
    for (size_t s = 0; s < count; s++) {
        const double share = (double)wanted / (double)total * (double)strata[s].size;
        strata[s].left = strata[s].size;
        strata[s].wanted = (int64_t)floor(share);
        room[s] = (leftover){share - floor(share), s};
        missing -= strata[s].wanted;
    }
    qsort(room, count, sizeof *room, largest_first);
    for (size_t s = 0; s < count && missing > 0; s++, missing--)
        strata[room[s].stratum].wanted++;
}

static size_t stratum_of(const yg_keys *strata, int64_t example) {
    return strata ? yg_keys_get(strata, example) : 0;
}

bool yg_owners_draw(yg_owners *owners, int owner, int64_t wanted, const yg_keys *strata,
                    uint64_t seed, yg_error *error) {
    const size_t count = strata ? strata->names.count : 1;
    const uint64_t key = yg_random_key("split") + (uint64_t)owner;
    stratum *all = calloc(count + 1, sizeof *all);
    leftover *room = calloc(count + 1, sizeof *room);
    int64_t total = 0;
    for (int64_t e = 0; all && room && e < owners->count; e++)
        if (!yg_owners_get(owners, e)) {
            all[stratum_of(strata, e)].size++;
            total++;
        }
    const bool good = (all && room) || yg_fail_memory(error);
    if (good && total > 0)
        share(all, count, total, wanted < total ? wanted : total, room);
    for (int64_t e = 0; good && e < owners->count; e++) {
        if (yg_owners_get(owners, e))
            continue;
        stratum *of = &all[stratum_of(strata, e)];
        if (of->wanted > 0 &&
            (int64_t)yg_random_below(seed, key, (uint64_t)e, (uint64_t)of->left) < of->wanted) {
            yg_owners_set(owners, e, owner);
            of->wanted--;
        }
        of->left--;
    }
    free(all);
    free(room);
    return good;
}
