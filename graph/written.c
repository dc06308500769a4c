/*
 * Which write touched which bytes last: a segment tree. See plan_verify.h.
 *
 * The cuts divide memory into pieces; the leaves of the tree are the pieces. An inner node stands
 * for all pieces below it. If one write has touched all of them, it holds that write's number, and
 * its children are not looked at. Otherwise it holds YG_WRITTEN_BY_SEVERAL, and the children know.
 */
#include "plan_verify.h"

#include <stdlib.h>
#include <string.h>

struct yg_written {
    int64_t *cuts; /* sorted, each once; pieces + 1 of them */
    size_t pieces; /* piece i is [cuts[i], cuts[i + 1]) */
    size_t leaves; /* of the tree: a power of two, at least `pieces` */
    uint32_t *by; /* by node of the tree: its writer. The root is 1, children of i are 2i, 2i + 1 */
};

static int compare(const void *a, const void *b) {
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

yg_written *yg_written_new(const int64_t *cuts, size_t count) {
    yg_written *w = calloc(1, sizeof *w);
    if (!w || !(w->cuts = malloc((count + 1) * sizeof *w->cuts))) {
        free(w);
        return NULL;
    }
    if (count > 0)
        memcpy(w->cuts, cuts, count * sizeof *cuts);
    qsort(w->cuts, count, sizeof *w->cuts, compare);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || w->cuts[kept - 1] != w->cuts[i])
            w->cuts[kept++] = w->cuts[i];
    }
    w->pieces = kept > 0 ? kept - 1 : 0;
    for (w->leaves = 1; w->leaves < w->pieces; w->leaves *= 2)
        continue;
    w->by = malloc(2 * w->leaves * sizeof *w->by);
    if (!w->by) {
        yg_written_free(w);
        return NULL;
    }
    memset(w->by, 0xff, 2 * w->leaves * sizeof *w->by); /* YG_WRITTEN_BY_NONE */
    return w;
}

void yg_written_free(yg_written *w) {
    if (!w)
        return;
    free(w->cuts);
    free(w->by);
    free(w);
}

/* The index of the piece that begins at `cut`. */
static size_t piece_at(const yg_written *w, int64_t cut) {
    size_t low = 0, high = w->pieces;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (w->cuts[middle] < cut)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Pieces of the tree's node `at`, which are [first, first + count). */
static void note(yg_written *w, size_t at, size_t first, size_t count, size_t begin, size_t end,
                 uint32_t writer) {
    if (begin >= first + count || end <= first)
        return;
    if (begin <= first && first + count <= end) {
        w->by[at] = writer;
        return;
    }
    if (w->by[at] != YG_WRITTEN_BY_SEVERAL)
        w->by[2 * at] = w->by[2 * at + 1] = w->by[at];
    note(w, 2 * at, first, count / 2, begin, end, writer);
    note(w, 2 * at + 1, first + count / 2, count / 2, begin, end, writer);
    w->by[at] = w->by[2 * at] == w->by[2 * at + 1] ? w->by[2 * at] : YG_WRITTEN_BY_SEVERAL;
}

void yg_written_note(yg_written *w, int64_t begin, int64_t end, uint32_t writer) {
    note(w, 1, 0, w->leaves, piece_at(w, begin), piece_at(w, end), writer);
}

/* YG_WRITTEN_BY_SEVERAL is also said of two halves by different writers. */
static bool agree(const yg_written *w, size_t at, size_t first, size_t count, size_t begin,
                  size_t end, bool *any, uint32_t *writer) {
    if (begin >= first + count || end <= first)
        return true;
    if (w->by[at] == YG_WRITTEN_BY_SEVERAL)
        return agree(w, 2 * at, first, count / 2, begin, end, any, writer) &&
               agree(w, 2 * at + 1, first + count / 2, count / 2, begin, end, any, writer);
    if (*any)
        return *writer == w->by[at];
    *any = true;
    *writer = w->by[at];
    return true;
}

uint32_t yg_written_by(const yg_written *w, int64_t begin, int64_t end) {
    bool any = false;
    uint32_t writer = YG_WRITTEN_BY_NONE;
    return agree(w, 1, 0, w->leaves, piece_at(w, begin), piece_at(w, end), &any, &writer)
               ? writer
               : YG_WRITTEN_BY_SEVERAL;
}
