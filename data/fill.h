/*
 * Filling a buffer of a program with chosen examples of a dataset in memory. Private to the
 * library.
 */
#ifndef YG_DATA_FILL_H
#define YG_DATA_FILL_H

#include "stream.h"

/* Examples of a dataset: those with the numbers in `order`, or, where it is NULL, those from number
 * `first` on. */
typedef struct yg_chosen {
    const int64_t *order;
    int64_t first, count;
} yg_chosen;

/* Room for examples that wait for their decoder. All zeros have none, and need none where examples
 * are not in an `order`. */
typedef struct yg_fill_scratch {
    char *bytes;
    size_t size;
    const yg_class_weights *weights; /* of the part; NULL: no port has weights */
} yg_fill_scratch;

/* Makes room for one example of the part at least. */
bool yg_fill_scratch_make(const yg_part *part, yg_fill_scratch *scratch, yg_error *error);
void yg_fill_scratch_free(yg_fill_scratch *scratch);

/* Copies the chosen examples to the feeds, from their row `row` on. */
void yg_fill_feeds(const yg_dataset *dataset, const yg_chosen *chosen,
                   const yg_fill_scratch *scratch, const yg_feed *feeds, size_t feed_count,
                   int64_t row);
/* One port's, to `to`, which may be NULL. */
void yg_fill_port(const yg_elements *elements, const yg_chosen *chosen,
                  const yg_fill_scratch *scratch, void *to);

#endif
