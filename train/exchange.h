/*
 * Sums over shards, by one process or several: see shard_tree.h for the order. Private to train/.
 *
 * What is summed are buckets of numbers: gradients, and new states of the model. The operators of
 * shard_operators.h call this from within a step's program, one bucket after the other. Sending
 * begins as soon as a process's last shard has given a bucket, and goes on while the program
 * computes the rest.
 *
 * Statistics are means over the shards that the rest of each shard's program needs, as those of a
 * batch normalization with `sync: true`. A program cannot go on before all shards have given
 * theirs. Where a process owns several, their programs take turns: yg_exchange_mean().
 *
 * All sums are computed in calls from a program's kernels, because there subnormal numbers count as
 * 0 (see yg_program_run()). Sums computed elsewhere could differ.
 */
#ifndef YG_TRAIN_EXCHANGE_H
#define YG_TRAIN_EXCHANGE_H

#include "../graph/type.h"
#include "processes.h"
#include "shard_tree.h"

typedef struct yg_exchange yg_exchange;

/* `processes` NULL: this one alone. NULL when out of memory. */
yg_exchange *yg_exchange_new(const yg_processes *processes, yg_error *error);
void yg_exchange_free(yg_exchange *exchange); /* NULL is allowed */

/* NULL: this process is alone. */
const yg_processes *yg_exchange_processes(const yg_exchange *exchange);

/* Makes room for a bucket of so many elements, YG_F32 or YG_F64, at its first call, and compares at
 * later ones: all programs must have the same buckets. In a phase (optimizer.h) of at most
 * `frozen_until`, the bucket is neither filled nor summed. */
bool yg_exchange_bucket(yg_exchange *exchange, size_t bucket, yg_dtype dtype, int64_t count,
                        int64_t frozen_until, yg_error *error);

/* The same for a statistic. They are numbered in the order in which each program asks for them. */
bool yg_exchange_statistic(yg_exchange *exchange, size_t statistic, yg_dtype dtype, int64_t count,
                           yg_error *error);
size_t yg_exchange_statistic_count(const yg_exchange *exchange);

/* Begins a step of so many shards. Afterwards *tree is that of this process. */
bool yg_exchange_begin(yg_exchange *exchange, int64_t shards, int64_t phase,
                       const yg_shard_tree **tree, yg_error *error);
/* The shard, one of this process's, that the next calls of yg_exchange_add() are for. */
void yg_exchange_shard(yg_exchange *exchange, int64_t shard);

/* Adds weight · parts to a bucket: `part_count` tensors of counts[i] elements one after the other.
 * To be called for each own shard in order, and in each for every bucket in the same order. */
bool yg_exchange_add(yg_exchange *exchange, size_t bucket, const void *const *parts,
                     const yg_type *const *types, size_t part_count, double weight,
                     yg_error *error);
/* to = Σ over all shards of weight · from, for the next statistic of the current shard. Where this
 * process has several shards, the first call only takes `from`. It fails without an error, and
 * yg_exchange_paused() is true then, once. The call is to be repeated when all of them have made
 * theirs, in their order. */
bool yg_exchange_mean(yg_exchange *exchange, const void *from, const yg_type *type, double weight,
                      void *to, yg_error *error);
bool yg_exchange_paused(yg_exchange *exchange);
/* The first own shard that has given a statistic that is not finite in this step; -1: none. */
int64_t yg_exchange_spoiler(const yg_exchange *exchange);
/* Whether the sums that hold the last shard are finite. */
bool yg_exchange_is_finite(const yg_exchange *exchange);
/* Waits until a bucket's sum is there, and copies it to `to`. */
bool yg_exchange_total(yg_exchange *exchange, size_t bucket, void *to, yg_error *error);

/* Every process gives its part of `all`, and gets the others'. `ends`: where the part of each
 * process ends; each begins where the one before it ends, the first at 0. */
bool yg_exchange_gather(yg_exchange *exchange, const size_t *ends, void *all, yg_error *error);
/* Waits until every process has called it. */
bool yg_exchange_meet(yg_exchange *exchange, yg_error *error);
/* Every process gets what process 0 has in `data`. */
bool yg_exchange_spread(yg_exchange *exchange, void *data, size_t bytes, yg_error *error);

#endif
