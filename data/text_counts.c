/*
 * Counts of texts: see text_counts.h.
 */
#include "text_counts.h"

bool yg_text_counts_add(yg_text_counts *counts, yg_pool *pool, const char *text) {
    const size_t known = yg_names_find(&counts->names, text);
    if (known != YG_NOT_FOUND) {
        counts->counts[known]++;
        return true;
    }
    const size_t count = counts->names.count;
    int64_t *grown = yg_pool_grow(pool, counts->counts, count, sizeof *grown);
    const char *copy = grown ? yg_pool_text(pool, text) : NULL;
    if (!copy)
        return false;
    counts->counts = grown;
    grown[count] = 1;
    return yg_names_add(&counts->names, pool, copy);
}
