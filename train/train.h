/*
 * Training: trains a model on the data of its `data:` section as its `train:` section says.
 *
 * A run writes into one folder. Each file gets a temporary name first and is then renamed, so none
 * is ever half written:
 *
 *   weights.safetensors     the best weights, with classes, columns and standardisation
 *   last.safetensors        the weights of the last step, in the same form
 *   checkpoint.safetensors  the last state: weights, optimizer state, counters; for `resume`
 *   epochs/epoch-N.safetensors  the weights of every n epochs, with `keep_every: n`
 *   history.csv             a line an epoch: losses, metrics, learning rate
 *   metrics.jsonl           the same as JSON Lines
 *   tensorboard/            the same as files of events
 *   loss.svg                the same as a picture
 *   model.yaml              the model with all that the options change, and absolute paths: it
 *                           trains again to the same bits. A second file (run_path) is in it, or
 *                           beside it as run.yaml where the two cannot be joined
 *   evaluation.json         if `evaluates`: confusion matrix, ROC, predictions beside true values
 *                           and the worst examples, at the kept weights
 *   run.json                how, where and when it was started, and how it ended
 *
 * The files of an older run in the folder are moved to a new folder beside it (runs/iris-1, or the
 * next free number) when this run saves for the first time, so that no weights are lost. A folder
 * where one of these names stands among files that no run wrote is refused. A folder is locked
 * while a run goes on: a second run there is refused.
 *
 * `early_stopping: monitor` decides which weights are the best: a loss, or a metric with its
 * `mode`. Without it the validation loss decides, or the training loss where there is no validation
 * part. The same seed gives the same bytes. A resumed run gives the same bytes as one that was
 * never interrupted.
 */
#ifndef YG_TRAIN_TRAIN_H
#define YG_TRAIN_TRAIN_H

#include "../graph/program.h"
#include "evaluate.h"
#include "processes.h"

#include <signal.h>

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

typedef struct yg_train_progress {
    bool epoch_end; /* true: an epoch has ended and been validated; false: a step has ended */
    int64_t epoch, epochs; /* the current one, from 1, of so many; 0: the run is counted in steps */
    int64_t step, steps;   /* the current one of the whole run, from 1, and their number */
    int64_t epoch_step, epoch_steps; /* the step within the epoch, from 1, and their number */
    int64_t examples;                /* trained on by this call; one counts again in each epoch */
    double loss;          /* of this step's batch; at an epoch's end, of the epoch's examples */
    bool has_validation;  /* `validation` is filled in; only at an epoch's end */
    yg_scores validation; /* of the validation part */
    yg_scores training;   /* at an epoch's end. Where a monitor is a score of the training part, as
                             without a validation part: at the weights of that end. Otherwise of
                             the epoch's batches, each before the step that it was in */
    double learning_rate; /* of the step */
    double lowered_to; /* at an epoch's end, where `reduce_on_plateau` has just lowered the learning
                          rate: that of the next step; otherwise 0 */
    bool best;         /* at an epoch's end: these weights are the best so far; `keep: last` looks
                          for no best ones */
    double seconds;    /* since the start */
    double remaining;  /* seconds until the end, estimated */
} yg_train_progress;

typedef struct yg_train_options {
    const char *out; /* the run's folder; NULL: runs/NAME */

    /* Override the `train:` section. */
    bool has_seed, has_epochs, has_steps, has_batch_size, has_lr, has_dtype;
    uint64_t seed;
    int64_t epochs, steps, batch_size;
    double lr;
    yg_dtype dtype; /* YG_F32 or YG_F64 */

    /* folds > 0: the test part is fold number `fold`, from 0, of so many folds of the training
     * part. What the model says of its test part tells only whether they are stratified, by group
     * or by time. Of folds by time, the `gap` times before a fold are left out; of blocks of a
     * series, `gap` rows around it. */
    int64_t fold, folds, gap;

    int threads;         /* 0: all cores */
    double save_seconds; /* at least so long between two checkpoints; 0: as `train: checkpoint` */
    bool evaluates;      /* at the end, also write evaluation.json, for the report */
    bool resume; /* continue from checkpoint.safetensors of the folder. It must be the same run:
                    only its length, learning rate, schedule, patience and threads may differ. */
    const char *weights; /* a safetensors file to start from; NULL: initial values */
    /* The model's own options (yg_model_options), for the copy that the run keeps: */
    const char *const *overrides; /* as --set */
    size_t override_count;
    const char *const *command; /* words of a command line, for run.json; NULL: none */
    size_t command_count;
    const char *run_path; /* the second file that the model was loaded with; NULL: none */

    /* Processes that train together, each with the same call of yg_train(): with the same model,
     * data and options. `train: shards` must be at least their number. The results are those of one
     * process, to the bit. Process 0 writes the folder. NULL: this process alone. */
    const yg_processes *processes;

    /* Called once, before the first step, with the memory and work of a step, and the bytes of the
     * best weights, which a run keeps beside it. May be NULL. */
    void (*planned)(void *context, const yg_program_stats *step, int64_t best_bytes);
    /* Called after each step and each epoch. May be NULL. */
    void (*progress)(void *context, const yg_train_progress *progress);
    void *context; /* for the two above */
    /* Where this becomes nonzero, the run saves and ends after the current step. While data are
     * read and before the first step it ends too, and writes nothing. May be NULL. */
    const volatile sig_atomic_t *stop;
} yg_train_options;

typedef struct yg_train_result {
    char *folder;          /* of the run */
    char *moved;           /* the folder that an older run was moved to; NULL: there was none */
    int64_t epochs, steps; /* done, earlier parts of a resumed run included; an epoch that `steps`
                              has cut off counts */
    int64_t new_steps;     /* done by this call */
    int64_t train_examples, validation_examples, test_examples;
    int64_t parameters; /* trainable elements */
    char *advice;  /* settings that can never happen, such as a warm-up that is longer than the run:
                      a line each, with its place; "": none. Known when `planned` is called */
    char *changed; /* the model is the copy in a run's folder, and this run is not that one again:
                      what has changed since, as "the network, the training data"; NULL or "": it is
                      the same, or no such copy, or options have changed it. Known after a save */
    size_t unreached_count; /* trainable parameters that the loss does not reach: they stay as
                               they are */
    char **unreached;       /* the names of these parameters */
    bool interrupted;       /* by `stop` */
    bool stopped_early;     /* by `early_stopping` */
    int64_t best_epoch;     /* weights.safetensors has its weights */
    bool scored; /* all scores are of the weights that are kept, those of the best epoch. False: the
                    run has ended before they were scored; what it knows of the best epoch is filled
                    in */
    bool has_validation, has_test;
    yg_scores training, validation, test;
    double seconds;
} yg_train_result;

/* Trains. `options` may be NULL. False on failure; an interruption by `stop` is a success. A loss
 * that is not finite fails with YG_ERROR_NUMERIC, that of a step as well as that of a part that is
 * scored. A step is repeated from the last checkpoint to find the node that it comes from; the
 * message names the step and that node's place in the model. The files of the epochs before stay.
 *
 * `result` is filled in as far as the run came, also on failure: freed by yg_train_result_free() in
 * either case. Names of metrics in it belong to the model. */
bool yg_train(const yg_model *model, const yg_train_options *options, yg_train_result *result,
              yg_error *error);
void yg_train_result_free(yg_train_result *result); /* what it holds, not the struct */

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
