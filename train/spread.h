/*
 * Which elements of a tensor stand for all of them. Private to the gradient check.
 */
#ifndef YG_TRAIN_SPREAD_H
#define YG_TRAIN_SPREAD_H

#include "../graph/type.h"

/* Chooses `count` different elements of a tensor, at least 1 and at most as many as it has, and
 * writes their row-major indices to `chosen`, sorted. They are spread over each dimension: a
 * dimension of at most `count` indices has each of them in one element at least, and a longer one
 * has an element in each of `count` equal stretches. Where two elements coincide, the second gives
 * way to a free neighbour. The same seed and stream choose the same. False when out of memory. */
bool yg_spread(const yg_type *type, uint64_t seed, uint64_t stream, int64_t count, int64_t *chosen);

#endif
