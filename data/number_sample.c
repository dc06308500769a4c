/*
 * A sample of many numbers: see number_sample.h. The choice is Vitter's algorithm R: the n-th
 * number takes the place of a random one among those that are kept, with a probability of limit /
 * n.
 */
#include "number_sample.h"

#include "../graph/random.h"

#include <math.h>
#include <stdlib.h>

void yg_number_sample_free(yg_number_sample *sample) {
    free(sample->numbers);
    *sample = (yg_number_sample){0};
}

static bool make_room(yg_number_sample *sample) {
    if (sample->count < sample->room)
        return true;
    const int64_t room = sample->room ? 2 * sample->room : 1024;
    double *grown = realloc(sample->numbers, (size_t)room * sizeof *grown);
    if (!grown)
        return false;
    sample->numbers = grown;
    sample->room = room;
    return true;
}

bool yg_number_sample_add(yg_number_sample *sample, double number) {
    const int64_t limit = sample->limit ? sample->limit : YG_SAMPLE_LIMIT;
    sample->met++;
    sample->sorted = false;
    if (sample->count < limit) {
        if (!make_room(sample))
            return false;
        sample->numbers[sample->count++] = number;
        return true;
    }
    const uint64_t place =
        yg_random_below(0, yg_random_key("sample"), (uint64_t)sample->met, (uint64_t)sample->met);
    if (place < (uint64_t)limit)
        sample->numbers[place] = number;
    return true;
}

static int by_size(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double yg_number_sample_at(yg_number_sample *sample, double rank) {
    if (!sample->count)
        return 0;
    if (!sample->sorted)
        qsort(sample->numbers, (size_t)sample->count, sizeof *sample->numbers, by_size);
    sample->sorted = true;
    const int64_t below = (int64_t)floor(rank);
    const int64_t above = below + 1 < sample->count ? below + 1 : below;
    const double rest = rank - (double)below;
    const double low = sample->numbers[below], high = sample->numbers[above];
    return rest > 0 ? low + (high - low) * rest : low;
}

double yg_number_sample_quantile(yg_number_sample *sample, double part) {
    return yg_number_sample_at(sample, part * (double)(sample->count - 1));
}
