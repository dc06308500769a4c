/*
 * The error for a loss or parameters that are not finite. It names the step, the node where that
 * begins, the values of its operands and the example, and keeps the batch.
 *
 * When the loss is seen, the cause is gone: a step overwrites the parameters that it was computed
 * from, and a gradient that is not finite shows only in the next step's loss. So the run is
 * repeated from its last checkpoint, or from its start, up to the step that goes wrong. find_nan.h
 * then searches the values of that step. Checkpoints are seconds apart, and only a run that has
 * failed pays for this.
 */
#include "nan_report.h"
#include "run.h"
#include "run_folder.h"
#include "weights.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ------------------------------------------------------------------------------- repeating ---- */

/* Whether all trainable parameters are finite. A state may hold an infinity on purpose, as a
 * running minimum does. */
static bool all_finite(const yg_run *run) {
    size_t count;
    const yg_network_parameter *parameters = yg_network_parameters(run->train.plan.network, &count);
    for (size_t i = 0; i < count; i++)
        if (parameters[i].trainable && !yg_tensor_is_finite(&run->store.tensors[i]))
            return false;
    return true;
}

static bool make_store(const yg_tensor_file *like, yg_tensor_file *store) {
    for (size_t i = 0; i < like->count; i++)
        if (!yg_tensor_file_add(store, like->tensors[i].name, &like->tensors[i].type, NULL, NULL))
            return false;
    return true;
}

/* Puts `again` into the state of the last checkpoint, or of the start. */
static bool go_back(const yg_run *run, yg_run *again) {
    const bool own = run->folder.begun || run->options->resume; /* otherwise an older run's */
    char *path = yg_run_path(again->result->folder, YG_RUN_CHECKPOINT, NULL);
    const bool saved = own && path && access(path, R_OK) == 0;
    const bool good =
        path && yg_run_begin(again, !saved, NULL) && (!saved || yg_run_restore(again, NULL));
    free(path);
    return good;
}

/* Whether a program of that role is one of `run->parts`. */
static bool is_part(yg_batch_role role) {
    return role == YG_BATCH_PART || role == YG_BATCH_SHARD;
}

/* Repeats steps until one goes wrong, at most up to number `last`. Then all is put back to what it
 * was before the batch that went wrong. NULL: no step went wrong. */
static yg_executable *repeat(yg_run *again, int64_t last, yg_tensor_file *before) {
    again->before = before;
    while (again->at.steps <= last && !(again->options->stop && *again->options->stop)) {
        yg_executable *executable = yg_run_step(again, NULL);
        if (!executable)
            return NULL;
        const bool ended = !is_part(executable->role); /* the step has its last batch */
        if (!ended || !again->finite || !all_finite(again)) {
            yg_run_copy_store(before, &again->store);
            return executable;
        }
        again->at.steps++;
        if (++again->at.epoch_step == again->rates.epoch_steps) {
            again->at.epoch_step = 0;
            again->at.epochs++;
        }
    }
    return NULL;
}

/* --------------------------------------------------------------------------------- telling ---- */

/* What is found of a step that went wrong. */
typedef struct failure {
    const yg_run *run; /* the run that failed */
    yg_run *again;     /* the one that repeats it, at that step */
    yg_nan_report report;
} failure;

static void tell_loss(failure *f) {
    const yg_run *run = f->run;
    const double loss = run->progress.loss;
    yg_text *text = &f->report.text;
    if (isfinite(loss))
        yg_text_add(text, "parameters are no longer finite after step %" PRId64, run->at.steps);
    else
        yg_text_add(
            text, "the loss is %s at step %" PRId64 " (epoch %" PRId64 ", learning rate %g)",
            yg_nan_kind(loss), run->at.steps + 1, run->at.epochs + 1, run->progress.learning_rate);
}

static void tell_example(failure *f) {
    yg_run *again = f->again;
    const int64_t example = f->report.source.example;
    const yg_example_at at = {again->model, &again->data, &again->data.train, "train",
                              again->settings.dtype};
    if (example >= 0)
        yg_nan_tell_example(
            &f->report, &at,
            yg_stream_example(again->examples, again->at.epochs, again->batch_begin + example));
}

/* Keeps the step, and tells how to look at it. */
static void keep(failure *f) {
    const yg_run *again = f->again;
    yg_error error = {0};
    char *folder = yg_run_folder_failed(&f->run->folder, &error);
    const yg_failed_step failed = {.folder = folder,
                                   .model = again->model,
                                   .store = &again->store,
                                   .count = again->parameter_count,
                                   .executable = f->report.executable};
    yg_nan_tell_kept(&f->report, &failed, "grad");
    free(folder);
}

/* Finds the source and tells all that is known of it. */
static void look_into(failure *f) {
    const uint64_t seed = f->again->settings.seed, step = f->again->draw;
    char when[60];
    snprintf(when, sizeof when, "at step %" PRId64, f->again->at.steps + 1);
    yg_nan_look(&f->report,
                is_part(f->report.executable->role) ? &f->again->parts.options
                                                    : &f->again->train.options,
                seed, step, when);
    tell_example(f);
    yg_nan_tell_advice(&f->report, f->again->at.steps == 0);
    keep(f);
}

bool yg_run_fail_not_finite(yg_run *run, yg_error *error) {
    run->failed_together = true;
    if (!yg_run_writes(run)) /* process 0 tells more */
        return yg_fail(error, YG_ERROR_NUMERIC, YG_NOWHERE,
                       "the loss or parameters are not finite");
    yg_train_result result = {0};
    yg_tensor_file before = {0};
    yg_run_save_reached(run);
    yg_pool *pool = yg_pool_new();
    yg_run again = {.model = run->model,
                    .options = run->options,
                    .result = &result,
                    .settings = run->settings,
                    .data = run->data, /* borrowed */
                    .examples =
                        yg_stream_open_shuffled(&run->data.train, run->settings.seed, false, NULL),
                    .rates = run->rates};
    failure f = {.run = run, .again = &again};
    yg_nan_report_begin(&f.report, run->model);
    result.folder = strdup(run->result->folder);
    tell_loss(&f);
    if (pool && result.folder && again.examples &&
        yg_stream_bucket(again.examples, &run->data.sequencing, run->settings.batch_size, NULL) &&
        go_back(run, &again) && make_store(&again.store, &before))
        f.report.executable = repeat(&again, run->at.steps, &before);
    if (f.report.executable &&
        yg_node_names_make(f.report.executable->network, pool, &f.report.names))
        look_into(&f);
    else /* the search failed, or the user stopped it: the message goes without a node */
        yg_nan_tell_advice(&f.report, false);
    yg_nan_report_fail(&f.report, error);
    yg_run_free(&again);
    yg_tensor_file_free(&before);
    yg_train_result_free(&result);
    yg_pool_free(pool);
    return false;
}

bool yg_run_check_finite(yg_run *run, yg_error *error) {
    return all_finite(run) || yg_run_fail_not_finite(run, error);
}
