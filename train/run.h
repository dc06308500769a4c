/*
 * A training run in memory: what the loop of train.c works on. Private to train/.
 */
#ifndef YG_TRAIN_RUN_H
#define YG_TRAIN_RUN_H

#include "event_file.h"
#include "executables.h"
#include "history.h"
#include "run_folder.h"
#include "settings.h"
#include "train.h"

#include <stdio.h>
#include <time.h>

/* Where a run stands: what a checkpoint holds besides tensors. */
typedef struct yg_run_position {
    int64_t epochs;     /* whole epochs done */
    int64_t steps;      /* steps done, of the whole run */
    int64_t epoch_step; /* steps done, of the current epoch */
    yg_totals totals;   /* of the current epoch */
    int64_t best_epoch; /* 0: none yet */
    double best;        /* yg_monitor_value() of the best epoch: the lowest */
    double reference;   /* early stopping: the value to improve on by min_delta */
    int64_t waited;     /* early stopping: epochs in a row without such an improvement */
    yg_plateau_state plateau;
} yg_run_position;

enum { YG_RUN_DIGESTS = 3 };

/* The earlier starts of a run that goes on, and the beginning of this one: for run.json. */
typedef struct yg_run_past {
    time_t now;       /* when this start began */
    double clock;     /* the same by yg_clock() */
    char started[40]; /* the date of the first start, as text; "": this is the first */
    double seconds;   /* spent by earlier starts */
    int64_t starts;   /* how many there were */
} yg_run_past;

typedef struct yg_run {
    const yg_model *model;
    const yg_train_options *options;
    yg_train_result *result;
    yg_run_folder folder;
    yg_settings settings;
    yg_data data;
    size_t parameter_count; /* the store's first tensors; its others are optimizer state */
    yg_tensor_file store;   /* the tensors that the programs are bound to */
    yg_tensor_file best;    /* the best parameters */
    void **evaluated;       /* for each parameter, the store's values that are scored and kept */
    yg_executables train, score; /* programs over the store */
    yg_executables parts; /* with `accumulate`, those of all batches of a step but the last */
    const yg_processes *processes; /* that train together; NULL: this one alone */
    bool failed_together; /* all processes have found the same failure; process 0 tells it */
    struct yg_run_shards *shards; /* NULL: a batch is not cut into shards */
    struct yg_run_lbfgs *lbfgs;   /* NULL: the training programs have the updates in them */
    int64_t phase_epoch; /* the programs that train are for the phase of this epoch; 0: of none */
    yg_stream *examples; /* of the training part, shuffled in each epoch */
    yg_rate_plan rates;  /* of the whole run; it also has the numbers of steps */
    yg_run_position at;
    yg_history history;
    yg_event_file events; /* of the history, for TensorBoard */
    FILE *start;          /* the file of weights that the run starts from; NULL: there is none */
    uint64_t digests[YG_RUN_DIGESTS]; /* of the network, the training and the validation data; known
                                         when `identity` is */
    char *identity;                   /* see identity.c; NULL until it is first needed */
    yg_run_past past;
    double started, saved; /* seconds, of a monotonic clock */
    double first_step;     /* seconds from the start until the first step was done */
    double save_cost;      /* seconds that the last save took; 0: none yet */
    bool save_failed;      /* a save could not be written: nothing more is tried */
    bool has_results;      /* this process has written all files, when so many epochs were done: */
    int64_t results_epoch;
    bool cut_off;           /* the run has ended within an epoch, and scored that too */
    int64_t steps_before;   /* done before this process */
    uint64_t draw;          /* what the last program that trained has drawn its random numbers by */
    yg_tensor_file *before; /* the store as it was before the last batch, for a run that is repeated
                               to find a NaN: then a step also ends with a batch of `accumulate`, or
                               a shard, whose gradients are not finite. NULL: it is not kept */
    int64_t batch_begin;    /* the place of its first example in the epoch */
    bool finite;            /* the loss of the last step was */
    yg_train_progress progress;
} yg_run;

/* Reads the settings, opens the folder, loads the data and makes all that a run needs. Where the
 * run is resumed, reads its checkpoint. (prepare.c) */
bool yg_run_prepare(yg_run *run, yg_error *error);

/* A part of that: makes the programs and their tensors. With `start`, they have the values of the
 * run's start; a run that goes on from a checkpoint gets others, and its start may be gone.
 * Settings, data, `examples` and `rates` have been set before. (prepare.c) */
bool yg_run_begin(yg_run *run, bool start, yg_error *error);

/* *advice becomes that of the result, after success; freed by the caller.
 * Fails where yg_train() would refuse to begin: does all that comes before the first step, and
 * writes nothing. (prepare.c) */
bool yg_run_rehearse(const yg_model *model, int threads, char **advice, yg_error *error);

/* Frees what a run holds, except its data, which another run may share, and its result.
 * (prepare.c) */
void yg_run_free(yg_run *run);

/* The number of the last epoch that is scored: how many are done, and one that `steps` has cut
 * off. */
static inline int64_t yg_run_epochs(const yg_run *run) {
    return run->at.epochs + run->cut_off;
}

/* The learning rate of a step: that of the schedule, times the reductions so far. (step.c) */
bool yg_run_rate(const yg_run *run, int64_t step, double *rate, yg_error *error);
/* Sets the inputs that all programs of the step after at.steps have. (step.c) */
void yg_run_set_inputs(const yg_run *run, const yg_executable *executable, double lr);
/* Computes the step after at.steps. Adds its examples to at.totals, and to `progress` with their
 * loss; sets `finite`; the rest of `at` does not change. Returns the executable that was run last,
 * or NULL on failure. If its loss is not finite, the step has ended with that batch; see `before`
 * too. */
yg_executable *yg_run_step(yg_run *run, yg_error *error);
/* Copies the values of a store to another one with the same tensors. (step.c) */
void yg_run_copy_store(const yg_tensor_file *from, yg_tensor_file *to);
/* Fills in the error for a step whose loss is not finite. Always returns false. (not_finite.c) */
bool yg_run_fail_not_finite(yg_run *run, yg_error *error);
/* Fails if a parameter is not finite, as after a step with a finite loss and an infinite gradient.
 * To be called before a checkpoint is written, so that a run can go on from any. (not_finite.c) */
bool yg_run_check_finite(yg_run *run, yg_error *error);

/* Fills in the error for a part whose loss is not finite at the weights that were scored last.
 * Always returns false. (not_finite_scores.c) */
bool yg_run_fail_score(yg_run *run, const char *name, const yg_part *part, double loss,
                       yg_error *error);

/* Copies the values of parameters that are scored to `best`. */
void yg_run_keep_best(yg_run *run);

/* A text of what the run was started with: see identity.c. Belongs to the run; NULL on failure. */
const char *yg_run_identity(yg_run *run, yg_error *error);
/* Fails where two identities differ, and names what differs. `path` is the checkpoint's. */
bool yg_run_check_identity(const char *was, const char *is, const char *path, yg_error *error);

/* The same of what two processes were started with; `rank`: of the second one. */
bool yg_run_check_process(const char *first, const char *is, int rank, yg_error *error);

/* Whether this process writes the run's folder. Of several that train together, process 0 does. All
 * make the calls below; those of the others succeed and do nothing. */
static inline bool yg_run_writes(const yg_run *run) {
    return !run->processes || run->processes->rank == 0;
}

/* Writes all files of the run's folder; `within_epoch`: the checkpoint, and the others only if they
 * are not there yet. Then last.safetensors and run.json are as old as the end of the last epoch.
 * (checkpoint.c) */
bool yg_run_save(yg_run *run, bool within_epoch, yg_error *error);
/* Begins the run's files: moves an older run away, and writes the copy of the model and of the
 * weights that the run starts from. False on failure: then all is as it was. (run_files.c) */
bool yg_run_begin_folder(yg_run *run, yg_error *error);
/* Writes weights and history, but no checkpoint. For a run that has failed or ends within an epoch:
 * a run that goes on must start from the last checkpoint. `last` false: the weights of the last
 * step are not written, because they may not be finite. (run_files.c) */
bool yg_run_save_results(yg_run *run, bool last, yg_error *error);
/* Writes the results of the epochs before a failure, if there are any, as far as that can be done.
 * To be called before anything of the failure is kept: an older run in the folder is moved away
 * with all that stands there. (run_files.c) */
void yg_run_save_reached(yg_run *run);
/* Writes the history in all its forms. A part of that, for steps that are noted within an epoch.
 * (run_files.c) */
bool yg_run_save_history(yg_run *run, yg_error *error);
/* Writes the weights of the epoch that has just ended into the folder's `epochs`. (run_files.c) */
bool yg_run_keep_epoch(yg_run *run, yg_error *error);
/* Notes in the folder how the run has ended. `failure` NULL: it has not failed. A run that has
 * saved nothing leaves the folder as it was. (run_files.c) */
bool yg_run_end(yg_run *run, const yg_error *failure, yg_error *error);
/* Reads the folder's checkpoint into a run whose store has all its tensors. */
bool yg_run_restore(yg_run *run, yg_error *error);

#endif
