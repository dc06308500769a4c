/*
 * A training run in memory: what the loop of train.c works on. Private to train/.
 */
#ifndef YG_TRAIN_RUN_H
#define YG_TRAIN_RUN_H

#include "executables.h"
#include "history.h"
#include "run_folder.h"
#include "settings.h"
#include "train.h"

/* Where a run stands: what a checkpoint holds besides tensors. */
typedef struct yg_run_position {
    int64_t epochs;     /* whole ones done */
    int64_t steps;      /* done, of the whole run */
    int64_t epoch_step; /* done, of the epoch that is under way */
    yg_totals totals;   /* of that epoch */
    int64_t best_epoch; /* 0: none yet */
    double best;        /* the lowest of yg_monitor_value() */
    double reference;   /* early stopping: the value to improve on … */
    int64_t waited;     /* … and for how many epochs it was not */
} yg_run_position;

typedef struct yg_run {
    const yg_model *model;
    const yg_train_options *options;
    yg_train_result *result;
    yg_run_folder folder;
    yg_settings settings;
    yg_data data;
    size_t parameter_count;      /* the store's first tensors; its others are optimizer state */
    yg_tensor_file store;        /* what the programs work on */
    yg_tensor_file best;         /* the best parameters */
    yg_executables train, score; /* programs over the store */
    yg_stream *examples;         /* those of the training part, in another order each epoch */
    int64_t epoch_steps;         /* steps an epoch */
    int64_t total_steps;         /* of the whole run */
    yg_run_position at;
    yg_history history;
    char *identity;        /* see identity.c; NULL until it is first needed */
    double started, saved; /* seconds, of a monotonic clock */
    int64_t steps_before;  /* done before this process */
    yg_train_progress progress;
    yg_scores judged; /* an epoch's end, on the training data, where the best is told by them */
} yg_run;

/* The programs and the tensors that they share, as at the run's start: settings, data, `examples`
 * and the numbers of steps are given. (train.c) */
bool yg_run_begin(yg_run *run, yg_error *error);

/* What a run holds, but not its data, which another run may share, nor its result. */
void yg_run_free(yg_run *run);

/* The learning rate of a step, from 0. */
double yg_run_rate(const yg_run *run, int64_t step);
/* Computes the step after at.steps, and leaves `at` as it is: progress tells its loss. The program
 * that was run, or NULL on failure. */
yg_executable *yg_run_step(yg_run *run, yg_error *error);
/* The failure of that step's loss, which is not finite. Always returns false. (not_finite.c) */
bool yg_run_fail_not_finite(const yg_run *run, yg_error *error);

/* Copies the parameters to `best`. */
void yg_run_keep_best(yg_run *run);

/* What the run was started with: see identity.c. The run's own; NULL on failure. */
const char *yg_run_identity(yg_run *run, yg_error *error);
/* Fails where two differ, and tells in what. `path` is the checkpoint's. */
bool yg_run_check_identity(const char *was, const char *is, const char *path, yg_error *error);

/* Writes all files of the run's folder. */
bool yg_run_save(yg_run *run, yg_error *error);
/* Only weights and history, without the checkpoint: after a failure in mid-step. */
bool yg_run_save_results(yg_run *run, yg_error *error);
/* Reads the folder's checkpoint into a run whose store has all its tensors. */
bool yg_run_restore(yg_run *run, yg_error *error);

#endif
