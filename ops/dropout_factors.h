/*
 * The random factors of dropout: 0 with probability p, otherwise 1 / (1 - p). What the kernels of
 * dropout_mask, dropout_factors and attention have in common.
 */
#ifndef YG_OPS_DROPOUT_FACTORS_H
#define YG_OPS_DROPOUT_FACTORS_H

#include "../graph/op.h"

#include <stdint.h>

enum { YG_DROPOUT_FACTORS = 4 }; /* of one call of Philox, which gives four random words */

/* Each row of factors begins with a new call of Philox, so that a block of columns can be computed
 * without those before it. The number of calls for a row of `columns` factors: */
static inline int64_t yg_dropout_words(int64_t columns) {
    return columns / YG_DROPOUT_FACTORS + (columns % YG_DROPOUT_FACTORS != 0);
}

/* An element is dropped if its random 32-bit word is below this limit. The probability of that is
 * p, rounded to a multiple of 2^-32. */
static inline uint64_t yg_drop_limit(double p) {
    return (uint64_t)(p * 0x1p32 + 0.5);
}

static inline double yg_kept_value(double p) {
    return p < 1 ? 1 / (1 - p) : 0;
}

/* The 64-bit key of the two words of a node of random_key. */
static inline uint64_t yg_random_key_of(const int32_t *words) {
    return (uint64_t)(uint32_t)words[0] << 32 | (uint32_t)words[1];
}

/* The factors of `count` elements from the counter (high, low) on, into y. */
void yg_dropout_f32(uint64_t key, uint64_t high, int64_t low, double p, int64_t count, float *y);
void yg_dropout_f64(uint64_t key, uint64_t high, int64_t low, double p, int64_t count, double *y);

/* For a reference: the factor at `column` of a row of `columns`, of the key that is operand k. */
double yg_dropout_reference(const yg_reference *r, size_t k, double p, int64_t row, int64_t columns,
                            int64_t column);

#endif
