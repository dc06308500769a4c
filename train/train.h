/*
 * Training: what a model's `train:` section says, done to what its `data:` section names.
 *
 * A run writes into one folder, each file under a temporary name first:
 *
 *   weights.safetensors     the best weights, with classes, columns and standardisation
 *   checkpoint.safetensors  the last state: weights, optimizer state, counters; for `resume`
 *   history.csv             a line an epoch: losses, metrics, learning rate
 *   loss.svg                the same as a picture
 *   model.yaml, run.yaml    copies of what was trained
 *
 * A folder that holds an older run is renamed first (runs/iris to runs/iris-1, or the next free
 * number), so that no weights are lost. A folder where one of these names stands among files that
 * no run wrote is refused.
 *
 * Best is judged by `early_stopping: monitor` (a loss, or a metric with its `mode`), or else by the
 * validation loss, or by the training loss where there is no validation part. The same seed gives
 * the same bytes, and a resumed run the same as one that was never interrupted.
 */
#ifndef YG_TRAIN_TRAIN_H
#define YG_TRAIN_TRAIN_H

#include "../graph/program.h"
#include "evaluate.h"

#include <signal.h>

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

typedef struct yg_train_progress {
    bool epoch_end;            /* true: an epoch is over, and validated; false: a step is */
    int64_t epoch, epochs;     /* from 1; epochs 0: the run is counted in steps */
    int64_t step, steps;       /* of the whole run, from 1 */
    double loss;               /* of this step's batch; at an epoch's end its mean */
    bool has_validation;       /* at an epoch's end: */
    yg_scores validation;      /* valid if has_validation */
    yg_scores training;        /* of the epoch's examples, each as it was trained on */
    double learning_rate;      /* of the step */
    bool best;                 /* at an epoch's end: the best so far */
    double seconds, remaining; /* since the start; estimated until the end */
} yg_train_progress;

typedef struct yg_train_options {
    const char *out; /* the run's folder; NULL: runs/NAME */

    /* Override the `train:` section. */
    bool has_seed, has_epochs, has_steps, has_batch_size, has_lr, has_dtype;
    uint64_t seed;
    int64_t epochs, steps, batch_size;
    double lr;
    yg_dtype dtype; /* YG_F32 or YG_F64 */

    int threads;         /* 0: all cores */
    double save_seconds; /* between checkpoints of a run that goes on; 0: 20 */
    bool resume; /* continue from checkpoint.safetensors of the folder; only the run's length
                    and the learning rate with its schedule may be others than they were */
    const char *weights; /* start from these instead of initial values; NULL: do not */
    /* What the model was loaded with, for the copy that the run keeps: yg_model_options.overrides,
     * and the second file. */
    const char *const *overrides;
    size_t override_count;
    const char *run_path; /* the second file that the model was loaded with, to copy; or NULL */

    /* Called once, before the first step, with what the program of a step needs. NULL: not. */
    void (*planned)(void *context, const yg_program_stats *step);
    void (*progress)(void *context, const yg_train_progress *progress); /* NULL: quiet */
    void *context;
    const volatile sig_atomic_t *stop; /* nonzero: end after the current step, all saved; or NULL */
} yg_train_options;

typedef struct yg_train_result {
    char *folder;
    char *moved;           /* where an older run of that folder went; NULL if there was none */
    int64_t epochs, steps; /* done, earlier parts of a resumed run included */
    int64_t train_examples, validation_examples, test_examples;
    int64_t parameters;     /* trainable elements */
    size_t unreached_count; /* trainable parameters that the loss does not reach: they stay as
                               they are … */
    char **unreached;       /* … and their names */
    bool interrupted;       /* by `stop` */
    bool stopped_early;     /* by `early_stopping` */
    int64_t best_epoch;     /* whose weights are in weights.safetensors */
    yg_scores training;     /* of the last epoch */
    bool has_validation, has_test;
    yg_scores validation; /* of the best epoch */
    yg_scores test;       /* of the best weights */
    double seconds;
} yg_train_result;

/* `options` may be NULL. False on failure: a NaN or infinite loss (YG_ERROR_NUMERIC, naming the
 * step and, at its place in the model, the node that it comes from, for which the run is repeated
 * from its last checkpoint) leaves the files of the epochs before. An interruption is a success.
 * `result` is filled as far as the run came, also on failure: freed by yg_train_result_free(). The
 * names in it belong to the model. */
bool yg_train(const yg_model *model, const yg_train_options *options, yg_train_result *result,
              yg_error *error);
void yg_train_result_free(yg_train_result *result); /* what it holds, not the struct */

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
