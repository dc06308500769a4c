/*
 * Repeats: examples that come several times in an epoch. Private to the library.
 */
#ifndef YG_DATA_REPEATS_H
#define YG_DATA_REPEATS_H

#include "data.h"
#include "keys.h"

/* How often an epoch has each example of a dataset in a file. */
typedef struct yg_repeats {
    yg_keys keys;   /* for each example of the dataset: an index of `times` */
    int64_t *times; /* 0 for an example of another part */
} yg_repeats;

void yg_repeats_free(yg_repeats *repeats); /* NULL is allowed */
/* How often an epoch of a part has an example of its dataset, which is in a file, or which the part
 * has without a list. */
int64_t yg_part_times(const yg_part *part, int64_t example);

#endif
