/*
 * Which part each example of the training data belongs to. Private to the library.
 *
 * It takes two bits an example, and one pass to draw: selection sampling takes an example with the
 * probability (still wanted) / (still to come), and so ends with the number that is wanted.
 */
#ifndef YG_DATA_OWNERS_H
#define YG_DATA_OWNERS_H

#include "keys.h"
#include "source.h"

/* The owner of an example: 0 for the part that the others are taken from, or 1 to 3. */
typedef struct yg_owners {
    int64_t count;
    uint8_t *bits; /* two of each example; all zeros in the beginning */
} yg_owners;

bool yg_owners_make(int64_t count, yg_owners *owners, yg_error *error);
void yg_owners_free(yg_owners *owners); /* what it holds, not the struct */
int yg_owners_get(const yg_owners *owners, int64_t example);
void yg_owners_set(yg_owners *owners, int64_t example, int owner);

/* Gives `wanted` of the examples that the owner 0 still has to another one. They are drawn by seed.
 * With `strata`, the keys of all examples, each key gives in proportion to its examples, rounded
 * down. The keys with the largest remainders (the first, among equals) give one more, until that
 * number is reached. False when out of memory. */
bool yg_owners_draw(yg_owners *owners, int owner, int64_t wanted, const yg_keys *strata,
                    uint64_t seed, yg_error *error);

/* The owners of a training table's records, by the splits of the reading: reads all of the table.
 * Freed by yg_owners_free(), also after a failure. (draw.c) */
bool yg_records_draw(const yg_reading *reading, yg_table *table, const yg_columns *columns,
                     yg_owners *owners, yg_error *error);

/* The same with whole keys: they are taken in random order, each if it brings the number nearer to
 * `wanted`. With `strata`, the number of each stratum is brought near to its share; a group belongs
 * to the stratum of its first example. */
bool yg_owners_draw_groups(yg_owners *owners, int owner, int64_t wanted, const yg_keys *groups,
                           const yg_keys *strata, uint64_t seed, yg_error *error);
/* The same with the last examples in the order of their keys, which are numbers or dates such as
 * 2024-01-31; among equal keys, the last in the file. *wrong becomes the first key that is neither,
 * or NULL; then nothing has been given. */
bool yg_owners_take_last(yg_owners *owners, int owner, int64_t wanted, const yg_keys *times,
                         const char **wrong, yg_error *error);
/* Gives all examples with one of the keys `texts`. */
bool yg_owners_take_equal(yg_owners *owners, int owner, const yg_keys *keys,
                          const char *const *texts, size_t count, yg_error *error);

/* An owner that is no part: an example that a fold leaves out of all of them. */
enum { YG_OWNER_NOBODY = 3 };

typedef struct yg_fold {
    int64_t number, count; /* number `number`, from 0, of so many */
    const yg_keys *strata; /* of all examples; NULL: none */
    const yg_keys *groups; /* of all examples, which stay whole; NULL: none */
    int64_t gap;           /* of folds in time: so many times before it are left out */
    int64_t before, after; /* of blocks: so many examples around it are left out */
} yg_fold;

/* Gives a fold of all examples. No example may have been given before. The folds of one seed have
 * no example in common, and together they have all. Their sizes differ by at most 1; those of
 * groups by more. Each fold takes from what the folds before it leave, so those are drawn too.
 * (owners_fold.c) */
bool yg_owners_draw_fold(yg_owners *owners, int owner, const yg_fold *fold, uint64_t seed,
                         yg_error *error);
/* Gives a fold in time: what comes before it is left to train on, and what comes after it belongs
 * to nobody. The last floor(n / (count + 1)) · count of the n examples are cut into folds of one
 * size, as in scikit-learn's TimeSeriesSplit. Examples of one time stay together: all go where the
 * first of them goes. No example may have been given before. *wrong is as in yg_owners_take_last().
 * (owners_by_key.c) */
bool yg_owners_take_fold_in_time(yg_owners *owners, int owner, const yg_fold *fold,
                                 const yg_keys *times, const char **wrong, yg_error *error);
/* Gives a fold of examples beside each other, in their own order. What is around it is left to
 * train on, except for fold->before and fold->after examples. (owners_fold.c) */
void yg_owners_take_block(yg_owners *owners, int owner, const yg_fold *fold);

int64_t yg_owners_count(const yg_owners *owners, int owner);
/* The numbers of an owner's examples, and how many they are. Freed by the caller; NULL when out of
 * memory. */
int64_t *yg_owners_list(const yg_owners *owners, int owner, int64_t *count, yg_error *error);

#endif
