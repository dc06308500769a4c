/*
 * Spreading a sample over a tensor: see spread.h.
 *
 * For each dimension the sample's members stand at equal distances, in a random order of their own.
 * (Statistics calls that a Latin hypercube.) With equal steps over the flat tensor instead, all
 * elements could lie in one column of a weight; drawn freely, they would miss a third of as many
 * columns as there are elements.
 */
#include "spread.h"

#include "../graph/random.h"

#include <stdlib.h>

/* Adds to each member its place along dimension d, scaled by that dimension's stride. */
static void place(const yg_type *type, int d, int64_t stride, uint64_t seed, uint64_t stream,
                  int64_t count, int64_t *order, int64_t *chosen) {
    const int64_t size = type->shape[d];
    const uint64_t own = stream + 2 * (uint64_t)d;
    for (int64_t i = 0; i < count; i++)
        order[i] = i;
    for (int64_t i = count - 1; i > 0; i--) {
        const int64_t k = (int64_t)yg_random_below(seed, own, (uint64_t)i, (uint64_t)i + 1);
        const int64_t kept = order[i];
        order[i] = order[k];
        order[k] = kept;
    }
    for (int64_t i = 0; i < count; i++) {
        /* Stretch k of `count` has the indices [k · size / count, (k + 1) · size / count). Below
         * one index a stretch, stretches share indices. */
        const double begin = (double)order[i] / (double)count * (double)size;
        const double share = yg_random_uniform(seed, own + 1, (uint64_t)i);
        int64_t at = size <= count ? (int64_t)((double)order[i] * (double)size / (double)count)
                                   : (int64_t)(begin + share * (double)size / (double)count);
        at = at < size ? at : size - 1;
        chosen[i] += at * stride;
    }
}

static int by_value(const void *a, const void *b) {
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x == y ? 0 : x < y ? -1 : 1;
}

/* Makes sorted indices below `elements` different: moves the later of equal ones up, then those
 * that this pushes beyond the end down. */
static void separate(int64_t elements, int64_t count, int64_t *chosen) {
    for (int64_t i = 1; i < count; i++)
        if (chosen[i] <= chosen[i - 1])
            chosen[i] = chosen[i - 1] + 1;
    int64_t limit = elements - 1;
    for (int64_t i = count; i-- > 0 && chosen[i] > limit; limit--)
        chosen[i] = limit;
}

bool yg_spread(const yg_type *type, uint64_t seed, uint64_t stream, int64_t count,
               int64_t *chosen) {
    const int64_t elements = yg_type_count(type);
    for (int64_t i = 0; i < count; i++)
        chosen[i] = count == elements ? i : 0;
    if (count == elements)
        return true;
    int64_t *order = calloc((size_t)count + 1, sizeof *order), stride = 1;
    if (!order)
        return false;
    for (int d = type->rank; d-- > 0; stride *= type->shape[d])
        place(type, d, stride, seed, stream, count, order, chosen);
    free(order);
    qsort(chosen, (size_t)count, sizeof *chosen, by_value);
    separate(elements, count, chosen);
    return true;
}
