/*
 * Repeats: see repeats.h.
 */
#include "repeats.h"

#include "owners.h"

#include <stdlib.h>

void yg_repeats_free(yg_repeats *repeats) {
    if (!repeats)
        return;
    yg_keys_free(&repeats->keys);
    free(repeats->times);
    free(repeats);
}

int64_t yg_part_times(const yg_part *part, int64_t example) {
    if (part->repeats)
        return part->repeats->times[yg_keys_get(&part->repeats->keys, example)];
    return !part->owners || yg_owners_get(part->owners, example) == part->owner;
}
