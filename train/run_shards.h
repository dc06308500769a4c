/*
 * A run whose batches are cut into shards, by one process or several: `shards: n`. Private to
 * train/.
 *
 * A batch of B examples is cut into s = min(n, B) shards. Shard j has the examples from B · j / s
 * to B · (j + 1) / s. A process computes its shards one after the other, each by a program of that
 * many examples. See shard_tree.h for who computes which, and shard_operators.h for the programs.
 *
 * Where a program takes statistics of the whole batch (shard_statistics.h), each shard of a process
 * has a program and memory of its own, and they take turns: each runs up to the next statistic, and
 * the first goes on when the last has come as far.
 *
 * After each step every process gets what all shards have to tell: their loss and what scores are
 * made of. Each adds it in the order of the shards. So all of them know the same, and decide alike
 * whether a run stops early, lowers its learning rate, or has found a better epoch.
 */
#ifndef YG_TRAIN_RUN_SHARDS_H
#define YG_TRAIN_RUN_SHARDS_H

#include "run.h"

typedef struct yg_run_shards {
    yg_exchange *exchange;
    yg_executables idle; /* the programs of steps in which this process has no shard */
    size_t turn_count;
    yg_executables *turns; /* those of shards that take turns, all own ones but the last */
    yg_executable **now;   /* by own shard: its program in this step */
    yg_totals batch;       /* of one shard */
    size_t room;           /* of `all` */
    char *all;             /* what the shards of a step tell */
    size_t *ends;          /* [processes] where in `all` that of each process ends */
    bool stop;             /* some process was asked to stop before the last step ended */
    bool save;             /* process 0 has found then that it is time to save */
} yg_run_shards;

/* Fails where there are more processes than shards. NULL where there are no shards, or on failure;
 * *good tells. */
yg_run_shards *yg_run_shards_new(const yg_run *run, bool *good, yg_error *error);
void yg_run_shards_free(yg_run_shards *shards); /* NULL is allowed */

/* Whether the network can be built for all shards of a batch of so many examples. *size: of the
 * first one for which it cannot. */
bool yg_run_shards_fit(const yg_run *run, int64_t count, int64_t *size, yg_error *error);

/* The most examples that a program of the run is for. */
int64_t yg_run_program_batch(const yg_run *run);

/* The programs of all shards but a process's last become those of a phase: yg_executables_enter().
 */
void yg_run_shards_enter(yg_run_shards *shards, int64_t phase);

/* As yg_run_step(), of the examples from number `begin` to `end`. */
yg_executable *yg_run_shards_step(yg_run *run, int64_t begin, int64_t end, double lr,
                                  yg_error *error);

/* The next functions do nothing where this process is alone. */

/* Waits for all processes. */
bool yg_run_meet(const yg_run *run, yg_error *error);
/* Fails where a process trains another model, or with other data or settings, than process 0. */
bool yg_run_compare_identities(yg_run *run, yg_error *error);
/* Fails where a process has other parameters than process 0. */
bool yg_run_compare_weights(const yg_run *run, yg_error *error);
/* *flag becomes that of process 0. */
bool yg_run_agree(const yg_run *run, bool *flag, yg_error *error);

#endif
