/*
 * The training loop over epochs and steps: see train.h. A step is one program (step.c). A run that
 * goes on from a checkpoint continues exactly where that was written, within an epoch too.
 */
#include "train.h"

#include "../graph/clock.h"
#include "findings.h"
#include "run.h"
#include "run_folder.h"
#include "run_shards.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void yg_run_keep_best(yg_run *run) {
    for (size_t i = 0; i < run->parameter_count; i++) {
        const size_t bytes = (size_t)yg_type_bytes(&run->best.tensors[i].type);
        if (bytes)
            memcpy(run->best.tensors[i].data, run->evaluated[i], bytes);
    }
}

static void take_best(yg_run *run) {
    for (size_t i = 0; i < run->parameter_count; i++) {
        const size_t bytes = (size_t)yg_type_bytes(&run->best.tensors[i].type);
        if (bytes)
            memcpy(run->evaluated[i], run->best.tensors[i].data, bytes);
    }
}

/* Several processes stop after the same step. */
static bool stop_asked(const yg_run *run) {
    return run->processes ? run->shards && run->shards->stop
                          : run->options->stop && *run->options->stop;
}

static bool run_over(const yg_run *run) {
    return run->at.steps >= run->rates.steps;
}

/* ------------------------------------------------------------------------------------- steps -- */

static void report(yg_run *run, bool epoch_end) {
    yg_train_progress *p = &run->progress;
    if (!run->options->progress)
        return;
    p->epoch_end = epoch_end;
    p->step = run->at.steps;
    p->seconds = yg_clock() - run->started;
    /* The first step touches all memory for the first time, and tells little about the others. */
    const int64_t done = run->at.steps - run->steps_before, left = run->rates.steps - run->at.steps;
    if (done == 1)
        run->first_step = p->seconds;
    p->remaining = done > 1 ? (p->seconds - run->first_step) / (double)(done - 1) * (double)left
                            : p->seconds * (double)left;
    run->options->progress(run->options->context, p);
}

/* Notes the loss of the batch, if that is asked for. */
static bool note_step(yg_run *run, yg_error *error) {
    const int64_t every = run->settings.log_every;
    const yg_step_line line = {(double)(run->at.epochs + 1), (double)run->at.steps,
                               run->progress.learning_rate, run->progress.loss};
    return !every || run->at.steps % every != 0 || yg_history_add_step(&run->history, line, error);
}

static bool run_step(yg_run *run, yg_error *error) {
    const yg_executable *executable = yg_run_step(run, error);
    if (!executable)
        return false;
    if (!run->finite)
        return yg_run_fail_not_finite(run, error);
    run->at.steps++;
    run->progress.epoch_step = ++run->at.epoch_step;
    report(run, false);
    return note_step(run, error);
}

/* ------------------------------------------------------------------------------------ epochs -- */

static bool is_on_training(const yg_run *run, const yg_monitor *monitor) {
    return run->data.validation.count == 0 || monitor->part == YG_MONITOR_TRAINING;
}

/* Whether the weights of an epoch's end are scored on the training data too, because the best epoch
 * or the learning rate is chosen by that. */
static bool judges_training(const yg_run *run) {
    const yg_settings *s = &run->settings;
    return is_on_training(run, &s->monitor) ||
           (s->plateau.written && is_on_training(run, &s->plateau.monitor));
}

/* Scores a part with the current weights. */
static bool score_part(yg_run *run, const char *name, const yg_part *part, yg_scores *scores,
                       yg_error *error) {
    return yg_executables_score(&run->score, part, run->settings.batch_size, scores, error) &&
           (isfinite(scores->loss) || yg_run_fail_score(run, name, part, scores->loss, error));
}

/* Scores the training part. Where no choice depends on it, the scores are those that were gathered
 * in the epoch: they cost nothing, but each batch was scored at weights that were then updated. */
static bool score_training(yg_run *run, yg_error *error) {
    if (judges_training(run))
        return score_part(run, "train", &run->data.train, &run->progress.training, error);
    return yg_totals_finish(&run->train.options, &run->train.plan, &run->at.totals,
                            &run->train.heads, &run->progress.training, error);
}

static double monitored(const yg_run *run, const yg_monitor *monitor) {
    return yg_monitor_value(monitor, is_on_training(run, monitor) ? &run->progress.training
                                                                  : &run->progress.validation);
}

/* A run that cannot tell its best epoch must not look for it all night. */
static bool check_monitored(const yg_run *run, const yg_monitor *monitor, yg_error *error) {
    const double value = monitored(run, monitor);
    return isfinite(value) || run->at.epochs > 0 ||
           yg_monitor_fail(monitor, run->model, value, error);
}

/* An undefined value (NaN) tells nothing of the epoch: it is not the best, and patience does not
 * count it. An infinite one is never the best either. */
static void compare(yg_run *run, int64_t epoch, double value) {
    yg_run_position *at = &run->at;
    const bool last = run->settings.keeps_last;
    const bool kept = (isfinite(value) && value < at->best) || !at->best_epoch || last;
    run->progress.best = kept && !last; /* `keep: last` looks for no best epoch */
    if (kept) {
        at->best = value;
        at->best_epoch = epoch;
        yg_scores_copy(&run->progress.training, &run->result->training);
        yg_scores_copy(&run->progress.validation, &run->result->validation);
        yg_run_keep_best(run);
    }
    if (isfinite(value) && value < at->reference - run->settings.min_delta) {
        at->reference = value;
        at->waited = 0;
    } else if (!isnan(value)) {
        at->waited++;
    }
}

/* Computes the scores of an epoch, also of one that `steps:` has cut off, and notes them. */
static bool measure(yg_run *run, yg_error *error) {
    const int64_t epoch = run->at.epochs + 1;
    const yg_settings *s = &run->settings;
    yg_train_progress *p = &run->progress;
    double rate;
    if (!yg_run_check_finite(run, error) || !yg_run_compare_weights(run, error) ||
        !score_training(run, error) ||
        (p->has_validation &&
         !score_part(run, "validation", &run->data.validation, &p->validation, error)) ||
        !check_monitored(run, &s->monitor, error) ||
        (s->plateau.written && !check_monitored(run, &s->plateau.monitor, error)))
        return false;
    p->loss = p->training.loss;
    compare(run, epoch, monitored(run, &s->monitor));
    return yg_run_rate(run, run->at.steps - 1, &rate, error) &&
           yg_history_add(&run->history, epoch, run->at.steps, rate, &p->training, &p->validation,
                          error);
}

/* *lowered becomes true if the learning rate of the steps after it is lower. */
static bool end_epoch(yg_run *run, bool *lowered, yg_error *error) {
    const yg_plateau *plateau = &run->settings.plateau;
    if (!measure(run, error))
        return false;
    *lowered =
        plateau->written && yg_plateau_note(plateau, run->rates.lr,
                                            monitored(run, &plateau->monitor), &run->at.plateau);
    run->at.epochs++;
    run->at.epoch_step = 0;
    yg_totals_clear(&run->at.totals);
    const int64_t every = run->settings.keep_every;
    if (every && run->at.epochs % every == 0 && !yg_run_keep_epoch(run, error))
        return false;
    if (*lowered && !run_over(run) &&
        !yg_run_rate(run, run->at.steps, &run->progress.lowered_to, error))
        return false;
    report(run, true);
    run->progress.lowered_to = 0;
    return true;
}

/* Ends a run within an epoch. Its scores and weights are reported and saved like those of a whole
 * epoch. But the checkpoint, which was written before, does not contain them. So a run that goes on
 * from it gets the same results as one that was not interrupted. */
static bool end_cut_epoch(yg_run *run, yg_error *error) {
    if (!measure(run, error))
        return false;
    run->cut_off = true;
    if (!yg_run_save_results(run, true, error))
        return false;
    report(run, true);
    return true;
}

static bool stops_early(const yg_run *run) {
    return run->settings.stops_early && run->at.waited >= run->settings.patience;
}

static bool save_after_step(yg_run *run, yg_error *error) {
    if (run->processes)
        return !run->shards->save || yg_run_save(run, true, error);
    const double waited = yg_clock() - run->saved, asked = run->options->save_seconds;
    const bool due = asked > 0 ? waited > asked
                               : yg_saving_after_step(&run->settings.saving, run->at.steps, waited);
    return !due || yg_run_save(run, true, error);
}

/* A lower learning rate is always saved. A run that is repeated from its checkpoint, to find where
 * a NaN comes from, scores no epochs, and so would not find out that the rate was lowered. */
static bool save_after_epoch(yg_run *run, bool lowered, yg_error *error) {
    const double waited = yg_clock() - run->saved, asked = run->options->save_seconds;
    bool due = asked > 0 ? waited > asked
                         : yg_saving_after_epoch(&run->settings.saving, run->at.epochs, waited,
                                                 run->save_cost);
    if (!yg_run_agree(run, &due, error))
        return false;
    return (!due && !lowered) || yg_run_save(run, false, error);
}

static bool loop(yg_run *run, yg_error *error) {
    while (!run_over(run) && !stops_early(run)) {
        while (run->at.epoch_step < run->rates.epoch_steps && !run_over(run)) {
            if (stop_asked(run)) {
                run->result->interrupted = true;
                return true;
            }
            if (!run_step(run, error) || !save_after_step(run, error))
                return false;
        }
        if (run->at.epoch_step < run->rates.epoch_steps)
            break;
        bool lowered;
        if (!end_epoch(run, &lowered, error))
            return false;
        /* At the end of the run all is saved in any case. */
        if (!run_over(run) && !stops_early(run) && !save_after_epoch(run, lowered, error))
            return false;
    }
    run->result->stopped_early = !run_over(run);
    return true;
}

/* ------------------------------------------------------------------------------------- end ---- */

/* Scores the weights that are kept, which are in the store from here on, on all parts: the numbers
 * at the end of a run are those of one epoch, and evaluating its weights gives them again. */
static bool score_best(yg_run *run, yg_error *error) {
    const yg_data *data = &run->data;
    yg_train_result *r = run->result;
    take_best(run);
    r->has_validation = data->validation.count > 0;
    r->has_test = data->test.count > 0;
    r->scored = score_part(run, "train", &data->train, &r->training, error) &&
                (!r->has_validation ||
                 score_part(run, "validation", &data->validation, &r->validation, error)) &&
                (!r->has_test || score_part(run, "test", &data->test, &r->test, error));
    return r->scored;
}

/* Scores an interrupted run and evaluates it for its report, if that takes no longer than people
 * wait. All is saved, and its record tells of the interruption: another signal may end the process.
 * Without time, or where no epoch is done, the scores are those that the run knows. */
static bool look_at_what_there_is(yg_run *run, yg_error *error) {
    static const double SECONDS = 1.5;
    yg_train_result *r = run->result;
    if (!yg_run_end(run, NULL, error))
        return false;
    /* Several processes would not run out of time at the same batch. */
    if (run->at.best_epoch && !run->processes) {
        run->score.deadline = yg_clock() + SECONDS;
        if (score_best(run, NULL) && run->options->evaluates)
            yg_findings_write(run, NULL);
    }
    r->has_validation = r->has_validation && r->validation.examples > 0;
    r->has_test = r->has_test && r->scored;
    return true;
}

/* Whether a run that failed before its first step was asked to stop. Of several processes one may
 * have noticed it, and the others have failed because of it. */
static bool was_interrupted(const yg_run *run, yg_error *failure) {
    const yg_processes *p = run->processes;
    const bool asked = run->options->stop && *run->options->stop;
    const bool interrupted = asked || (p && failure->code == YG_ERROR_INTERRUPTED);
    if (p && interrupted) {
        failure->code = YG_ERROR_INTERRUPTED;
        p->fail(p->context, failure);
    }
    return interrupted;
}

static bool train(yg_run *run, yg_error *error) {
    yg_error failure = {0};
    if (!yg_run_prepare(run, &failure)) {
        /* Nothing has been computed and nothing written. */
        run->result->interrupted = was_interrupted(run, &failure);
        return run->result->interrupted || yg_fail_as(error, &failure);
    }
    run->started = run->saved = yg_clock();
    if (!loop(run, error)) {
        yg_run_save_reached(run); /* the error is that of the failure */
        return false;
    }
    /* Stopped before a step: the folder stays as it was. */
    if (run->result->interrupted && run->at.steps == run->steps_before)
        return true;
    if (!yg_run_save(run, false, error))
        return false;
    if (run->result->interrupted)
        return look_at_what_there_is(run, error);
    const bool cut = run_over(run) && run->at.epoch_step > 0;
    return (!cut || end_cut_epoch(run, error)) && score_best(run, error) &&
           (!run->options->evaluates || !yg_run_writes(run) || yg_findings_write(run, error));
}

bool yg_train(const yg_model *model, const yg_train_options *options, yg_train_result *result,
              yg_error *error) {
    static const yg_train_options defaults = {0};
    *result = (yg_train_result){0};
    yg_run *run = calloc(1, sizeof *run);
    if (!run)
        return yg_fail_memory(error);
    run->model = model;
    run->options = options ? options : &defaults;
    run->result = result;
    run->folder.lock = -1;
    if (run->options->processes && run->options->processes->size > 1)
        run->processes = run->options->processes;
    const double start = yg_clock();
    yg_error failure = {0};
    bool good = train(run, &failure);
    if (good)
        good = yg_run_end(run, NULL, &failure);
    else
        yg_run_end(run, &failure, NULL);
    if (run->processes && !good && !(run->failed_together && !yg_run_writes(run)))
        run->processes->fail(run->processes->context, &failure);
    if (run->processes) /* their messages are in memory that is freed below */
        run->processes->settle(run->processes->context);
    result->epochs = yg_run_epochs(run);
    result->steps = run->at.steps;
    result->new_steps = run->at.steps - run->steps_before;
    result->best_epoch = run->at.best_epoch;
    result->seconds = yg_clock() - start;
    yg_run_folder_close(&run->folder);
    yg_run_free(run);
    yg_data_free(&run->data);
    free(run);
    return good || yg_fail_as(error, &failure);
}

void yg_train_result_free(yg_train_result *result) {
    yg_scores_free(&result->training);
    yg_scores_free(&result->validation);
    yg_scores_free(&result->test);
    for (size_t i = 0; i < result->unreached_count; i++)
        free(result->unreached[i]);
    free(result->unreached);
    free(result->folder);
    free(result->moved);
    free(result->advice);
    free(result->changed);
    *result = (yg_train_result){0};
}
