/*
 * Splits: a part of the examples set aside, drawn by seed, in the proportions of the classes. The
 * rounding is in source.h.
 */
#include "../graph/random.h"
#include "source.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* An example and the class that it is drawn with (0 without strata). */
typedef struct member {
    double class;
    int64_t index;
} member;

/* A class: members[begin .. end), shuffled; those before `next` are given away. */
typedef struct stratum {
    int64_t begin, end, next;
    int64_t extra; /* 1: it gives one more than the floor of its share */
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

static double remainder_of(const stratum *s, double fraction) {
    const double share = fraction * (double)(s->end - s->begin);
    return share - floor(share);
}

/* Which strata give one more, so that the part gets `wanted`. */
static void spread(stratum *strata, size_t count, double fraction, int64_t wanted) {
    for (size_t s = 0; s < count; s++) {
        strata[s].extra = 0;
        wanted -= (int64_t)floor(fraction * (double)(strata[s].end - strata[s].begin));
    }
    for (; wanted > 0; wanted--) {
        stratum *best = NULL;
        for (size_t s = 0; s < count; s++)
            if (!strata[s].extra &&
                (!best || remainder_of(&strata[s], fraction) > remainder_of(best, fraction)))
                best = &strata[s];
        if (!best)
            return;
        best->extra = 1;
    }
}

/* Marks a part's examples in `owner`; returns how many. */
static int64_t draw(const member *members, stratum *strata, size_t count, double fraction,
                    int64_t total, unsigned char mark, unsigned char *owner) {
    int64_t drawn = 0;
    spread(strata, count, fraction, (int64_t)floor(fraction * (double)total + 0.5));
    for (size_t s = 0; s < count; s++) {
        const int64_t size = strata[s].end - strata[s].begin;
        int64_t share = (int64_t)floor(fraction * (double)size) + strata[s].extra;
        for (; share > 0 && strata[s].next < strata[s].end; share--, drawn++)
            owner[members[strata[s].next++].index] = mark;
    }
    return drawn;
}

/* Moves what belongs to `mark` to `out`; with out == from, only closes the gaps. */
static bool gather(const yg_model *model, const yg_dataset *from, const unsigned char *owner,
                   unsigned char mark, int64_t count, yg_dataset *out, yg_error *error) {
    if (out != from) {
        out->port_count = from->port_count;
        out->values = calloc(from->port_count + 1, sizeof *out->values);
        out->widths = calloc(from->port_count + 1, sizeof *out->widths);
        if (!out->values || !out->widths)
            return yg_fail_memory(error);
    }
    for (size_t p = 0; p < yg_model_port_count(model); p++) {
        const size_t width = (size_t)from->widths[p];
        if (out != from) {
            out->widths[p] = from->widths[p];
            out->values[p] = calloc((size_t)count * width + 1, sizeof **out->values);
            if (!out->values[p])
                return yg_fail_memory(error);
        }
        double *to = out->values[p];
        for (int64_t e = 0; e < from->count; e++) {
            if (owner[e] != mark)
                continue;
            memmove(to, from->values[p] + (size_t)e * width, width * sizeof *to);
            to += width;
        }
    }
    out->count = out != from ? count : out->count;
    return true;
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
static bool split_by(const yg_model *model, yg_dataset *from, const yg_split *parts, size_t count,
                     uint64_t seed, member *members, stratum *strata, unsigned char *owner,
                     yg_error *error) {
    const int64_t total = from->count;
    int64_t kept = total;
    for (size_t i = 0; i < count; i++) {
        if (parts[i].fraction <= 0)
            continue;
        /* Only what no earlier part owns can be drawn; shares are of all examples. */
        const double rest = (double)kept;
        const double fraction = parts[i].fraction * (double)total / rest;
        int64_t free_count = 0;
        for (int64_t e = 0; e < total; e++) {
            if (owner[e])
                continue;
            members[free_count++] =
                (member){parts[i].stratify == SIZE_MAX
                             ? 0
                             : from->values[parts[i].stratify][e * from->widths[parts[i].stratify]],
                         e};
        }
        qsort(members, (size_t)free_count, sizeof *members, by_class);
        const size_t found = find_strata(members, free_count, strata);
        for (size_t s = 0; s < found; s++)
            shuffle(members + strata[s].begin, strata[s].end - strata[s].begin, seed,
                    yg_random_key("split") + ((uint64_t)i << 32) + s);
        const int64_t drawn = draw(members, strata, found, fraction > 1 ? 1 : fraction, free_count,
                                   (unsigned char)(i + 1), owner);
        kept -= drawn;
        if (!drawn || !kept)
            return yg_fail(error, YG_ERROR_DATA, parts[i].origin,
                           "%s of %" PRId64 " examples: the fraction %g leaves no example %s",
                           drawn ? "all" : "none", total, parts[i].fraction,
                           drawn ? "to train on" : "for this part");
        if (!gather(model, from, owner, (unsigned char)(i + 1), drawn, parts[i].out, error))
            return false;
    }
    const bool good = gather(model, from, owner, 0, kept, from, error);
    from->count = kept;
    return good;
}

bool yg_split_off(const yg_model *model, yg_dataset *from, const yg_split *parts, size_t count,
                  uint64_t seed, yg_error *error) {
    const size_t examples = (size_t)from->count;
    member *members = calloc(examples + 1, sizeof *members);
    stratum *strata = calloc(examples + 1, sizeof *strata);
    unsigned char *owner = calloc(examples + 1, 1);
    const bool good = members && strata && owner
                          ? split_by(model, from, parts, count, seed, members, strata, owner, error)
                          : yg_fail_memory(error);
    free(members);
    free(strata);
    free(owner);
    return good;
}
