/*
 * Splits: moves examples of the training part to validation or test. They are drawn by seed, and,
 * if asked, in the proportions of the classes. yg_split_off() in source.h says how numbers are
 * rounded.
 */
#include "../graph/random.h"
#include "source.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* An example and the class that it is drawn with (0 without strata). */
typedef struct member {
    int64_t class;
    int64_t index;
} member;

/* A class: members[begin .. end), shuffled. Those before `next` have been drawn. */
typedef struct stratum {
    int64_t begin, end, next;
    int64_t extra; /* 1: its share is rounded up, 0: down */
} stratum;

static int by_class(const void *a, const void *b) {
    const member *x = a, *y = b;
    if (x->class != y->class)
        return x->class < y->class ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

static void shuffle(member *members, int64_t count, uint64_t seed, uint64_t stream) {
    for (int64_t i = count - 1; i > 0; i--) {
        const uint64_t j = yg_random_below(seed, stream, (uint64_t)i, (uint64_t)i + 1);
        const member swap = members[i];
        members[i] = members[j];
        members[j] = swap;
    }
}

/* The remainder of a class's share after rounding down. */
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

/* Chooses the classes whose share is rounded up, so that the part gets `wanted` examples: those
 * with the largest remainders. */
static void spread(stratum *strata, size_t count, double fraction, int64_t wanted, leftover *room) {
    for (size_t s = 0; s < count; s++) {
        const double share = fraction * (double)(strata[s].end - strata[s].begin);
        strata[s].extra = 0;
        room[s] = (leftover){share - floor(share), s};
        wanted -= (int64_t)floor(share);
    }
    qsort(room, count, sizeof *room, largest_first);
    for (size_t s = 0; s < count && wanted > 0; s++, wanted--)
        strata[room[s].stratum].extra = 1;
}

/* Marks a part's examples in `owner`; returns how many. */
static int64_t draw(const member *members, stratum *strata, size_t count, double fraction,
                    int64_t total, unsigned char mark, unsigned char *owner, leftover *room) {
    int64_t drawn = 0;
    spread(strata, count, fraction, (int64_t)floor(fraction * (double)total + 0.5), room);
    for (size_t s = 0; s < count; s++) {
        const int64_t size = strata[s].end - strata[s].begin;
        int64_t share = (int64_t)floor(fraction * (double)size) + strata[s].extra;
        for (; share > 0 && strata[s].next < strata[s].end; share--, drawn++)
            owner[members[strata[s].next++].index] = mark;
    }
    return drawn;
}

/* Moves the examples whose owner is `mark` to `out`. With out == from, closes the gaps. */
static bool gather(const yg_dataset *from, const unsigned char *owner, unsigned char mark,
                   int64_t count, yg_dataset *out, yg_error *error) {
    if (out != from) {
        out->ports = calloc(from->port_count + 1, sizeof *out->ports);
        if (!out->ports)
            return yg_fail_memory(error);
        out->port_count = from->port_count;
    }
    for (size_t p = 0; p < from->port_count; p++) {
        const yg_elements *source = &from->ports[p];
        const size_t bytes = (size_t)source->width * yg_dtype_size(source->dtype);
        if (out != from) {
            out->ports[p] =
                (yg_elements){source->dtype, source->width, calloc((size_t)count * bytes + 8, 1)};
            if (!out->ports[p].data)
                return yg_fail_memory(error);
        }
        char *to = out->ports[p].data;
        for (int64_t e = 0; e < from->count; e++) {
            if (owner[e] != mark)
                continue;
            memmove(to, yg_elements_at(source, e), bytes);
            to += bytes;
        }
    }
    out->count = out != from ? count : out->count;
    return true;
}

/* The class of an example: the first element of the port, which is a whole number. */
static int64_t class_of(const yg_elements *elements, int64_t example) {
    const void *at = yg_elements_at(elements, example);
    return elements->dtype == YG_I64 ? *(const int64_t *)at
                                     : (int64_t)yg_element_get(elements->dtype, at, 0);
}

static size_t find_strata(const member *members, int64_t count, stratum *strata) {
    size_t found = 0;
    for (int64_t i = 0; i < count; i++) {
        if (i == 0 || members[i].class != members[i - 1].class)
            strata[found++] = (stratum){.begin = i, .next = i};
        strata[found - 1].end = i + 1;
    }
    return found;
}

/* One stratification of the examples, from which parts are drawn in turn. */
static bool split_by(yg_dataset *from, const yg_split *parts, size_t count, uint64_t seed,
                     member *members, stratum *strata, leftover *room, unsigned char *owner,
                     yg_error *error) {
    const int64_t total = from->count;
    int64_t kept = total;
    for (size_t i = 0; i < count; i++) {
        if (parts[i].fraction <= 0)
            continue;
        /* Drawn from the examples that no earlier part owns, but a fraction is one of all examples.
         */
        const double rest = (double)kept;
        const double fraction = parts[i].fraction * (double)total / rest;
        int64_t free_count = 0;
        for (int64_t e = 0; e < total; e++) {
            if (owner[e])
                continue;
            members[free_count++] = (member){
                parts[i].stratify == SIZE_MAX ? 0 : class_of(&from->ports[parts[i].stratify], e),
                e};
        }
        qsort(members, (size_t)free_count, sizeof *members, by_class);
        const size_t found = find_strata(members, free_count, strata);
        for (size_t s = 0; s < found; s++)
            shuffle(members + strata[s].begin, strata[s].end - strata[s].begin, seed,
                    yg_random_key("split") + ((uint64_t)i << 32) + s);
        const int64_t drawn = draw(members, strata, found, fraction > 1 ? 1 : fraction, free_count,
                                   (unsigned char)(i + 1), owner, room);
        kept -= drawn;
        if (!drawn || !kept)
            return yg_fail(error, YG_ERROR_DATA, parts[i].origin,
                           "%s of %" PRId64 " examples: the fraction %g leaves no example %s",
                           drawn ? "all" : "none", total, parts[i].fraction,
                           drawn ? "to train on" : "for this part");
        if (!gather(from, owner, (unsigned char)(i + 1), drawn, parts[i].out, error))
            return false;
    }
    const bool good = gather(from, owner, 0, kept, from, error);
    from->count = kept;
    return good;
}

bool yg_split_off(yg_dataset *from, const yg_split *parts, size_t count, uint64_t seed,
                  yg_error *error) {
    const size_t examples = (size_t)from->count;
    member *members = calloc(examples + 1, sizeof *members);
    stratum *strata = calloc(examples + 1, sizeof *strata);
    leftover *room = calloc(examples + 1, sizeof *room);
    unsigned char *owner = calloc(examples + 1, 1);
    const bool good = members && strata && room && owner
                          ? split_by(from, parts, count, seed, members, strata, room, owner, error)
                          : yg_fail_memory(error);
    free(members);
    free(strata);
    free(room);
    free(owner);
    return good;
}
