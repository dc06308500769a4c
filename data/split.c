/*
 * Splits: see split.h, and yg_split_off() in source.h.
 */
#include "split.h"

#include "../graph/random.h"
#include "decoder.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

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

int64_t *yg_owners_list(const yg_owners *owners, int owner, int64_t *count, yg_error *error) {
    int64_t found = 0;
    for (int64_t e = 0; e < owners->count; e++)
        found += yg_owners_get(owners, e) == owner;
    int64_t *list = calloc((size_t)found + 1, sizeof *list);
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

/* --------------------------------------------------------------------------------- parts ----- */

/* The class of an example: the first element of the port, which is a whole number. */
static int64_t class_of(const yg_elements *elements, int64_t example) {
    const void *at = yg_elements_at(elements, example);
    if (elements->decoder && elements->decoder->table) {
        const size_t value = yg_decoder_value(elements->decoder, at, 0);
        at = (const char *)elements->decoder->table + value * yg_dtype_size(elements->dtype);
    }
    return elements->dtype == YG_I64 ? *(const int64_t *)at
                                     : (int64_t)yg_element_get(elements->dtype, at, 0);
}

static bool class_keys(const yg_dataset *dataset, size_t port, yg_keys *keys, yg_error *error) {
    for (int64_t e = 0; e < dataset->count; e++)
        if (!yg_keys_add_whole(keys, class_of(&dataset->ports[port], e)))
            return yg_fail_memory(error);
    return true;
}

static bool split_one(yg_part *from, const yg_split *split, int owner, uint64_t seed,
                      yg_owners *owners, yg_error *error) {
    const int64_t total = owners->count, kept = from->count;
    const int64_t wanted = (int64_t)floor(split->fraction * (double)total + 0.5);
    yg_keys keys = {0};
    const bool stratified = split->stratify != SIZE_MAX;
    bool good = (!stratified || class_keys(from->dataset, split->stratify, &keys, error)) &&
                yg_owners_draw(owners, owner, wanted, stratified ? &keys : NULL, seed, error);
    yg_keys_free(&keys);
    if (good && (wanted <= 0 || wanted >= kept))
        good = yg_fail(error, YG_ERROR_DATA, split->origin,
                       "%s of %" PRId64 " examples: the fraction %g leaves no example %s",
                       wanted > 0 ? "all" : "none", total, split->fraction,
                       wanted > 0 ? "to train on" : "for this part");
    split->out->dataset = from->dataset;
    good = good &&
           (split->out->members = yg_owners_list(owners, owner, &split->out->count, error)) != NULL;
    from->count -= split->out->count;
    return good;
}

bool yg_split_off(yg_part *from, const yg_split *parts, size_t count, uint64_t seed,
                  yg_error *error) {
    yg_owners owners = {0};
    bool good = true, any = false;
    for (size_t i = 0; i < count; i++)
        any = any || parts[i].fraction > 0;
    if (!any)
        return true;
    good = yg_owners_make(from->count, &owners, error);
    for (size_t i = 0; good && i < count; i++)
        good =
            parts[i].fraction <= 0 || split_one(from, &parts[i], (int)i + 1, seed, &owners, error);
    good = good && (from->members = yg_owners_list(&owners, 0, &from->count, error)) != NULL;
    yg_owners_free(&owners);
    return good;
}
