/*
 * Setting a run up: its settings, folder, data, programs and tensors, and where it goes on from.
 */
#include "../data/source.h"
#include "../graph/threads.h"
#include "advice.h"
#include "optimizer_update.h"
#include "run.h"
#include "run_lbfgs.h"
#include "run_record.h"
#include "run_shards.h"
#include "start_weights.h"
#include "untrained.h"
#include "weights.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool plan_steps(yg_run *run, yg_error *error) {
    yg_settings *s = &run->settings;
    if (!yg_settings_plan(run->model, run->data.train.count, s, &run->rates, error))
        return false;
    run->progress.epochs = s->epochs;
    run->progress.steps = run->rates.steps;
    run->progress.epoch_steps = run->rates.epoch_steps;
    run->progress.has_validation = run->data.validation.count > 0;
    const int threads = run->options->threads;
    run->examples = yg_stream_open_shuffled(
        &run->data.train, s->seed, (threads > 0 ? threads : yg_threads_available()) > 1, error);
    return run->examples &&
           yg_stream_bucket(run->examples, &run->data.sequencing, s->batch_size, error) &&
           yg_monitor_check(&s->monitor, run->data.validation.count > 0, error) &&
           (!s->plateau.written ||
            yg_monitor_check(&s->plateau.monitor, run->data.validation.count > 0, error));
}

/* Makes the structs that scores are written to. A run that is only repeated to find a NaN has none
 * in its result. */
static bool make_scores(yg_run *run, yg_error *error) {
    const yg_score_plan *plan = &run->train.plan;
    int64_t memory;
    return yg_data_memory(yg_model_section(run->model, "data"), &memory, error) &&
           yg_totals_begin(plan, run->data.train.count, memory, &run->at.totals, error) &&
           yg_scores_begin(plan, &run->progress.training, error) &&
           yg_scores_begin(plan, &run->progress.validation, error) &&
           yg_scores_begin(plan, &run->result->training, error) &&
           yg_scores_begin(plan, &run->result->validation, error) &&
           yg_scores_begin(plan, &run->result->test, error) &&
           yg_monitor_check_number(&run->settings.monitor, &run->progress.training, error) &&
           yg_monitor_check_number(&run->settings.plateau.monitor, &run->progress.training,
                                   error) &&
           yg_history_begin(&run->history, &run->progress.training, run->data.validation.count > 0,
                            error);
}

/* Notes which values are scored, when the optimizer's state is in the store. */
static bool list_evaluated(yg_run *run, yg_error *error) {
    run->evaluated = calloc(run->parameter_count + 1, sizeof *run->evaluated);
    if (!run->evaluated)
        return yg_fail_memory(error);
    for (size_t i = 0; i < run->parameter_count; i++) {
        const yg_tensor *tensor =
            yg_evaluated_tensor(&run->store, run->store.tensors[i].name, error);
        if (!tensor)
            return false;
        run->evaluated[i] = tensor->data;
    }
    return true;
}

/* Makes the programs and the tensors that they share. The program of the longest sequences, which
 * trains all groups, comes first: it needs the most memory, and the others use that too. */
static bool make_programs(yg_run *run, yg_error *error) {
    const yg_settings *s = &run->settings;
    const yg_executable_options common = {.model = run->model,
                                          .data = &run->data,
                                          .dtype = s->dtype,
                                          .threads = run->options->threads};
    run->train = run->score =
        (yg_executables){.options = common,
                         .store = &run->store,
                         .batch_size = yg_run_program_batch(run),
                         .longest = yg_part_longest(&run->data.train, 0, run->data.train.count)};
    run->score.beside = &run->train;
    run->score.batch_size = s->batch_size;
    run->score.exchange = run->processes ? run->shards->exchange : NULL;
    run->train.options.training = true;
    const bool in_program = s->optimizer.update->build != NULL;
    run->train.options.optimizer = in_program ? &s->optimizer : NULL;
    run->train.options.gradients = !in_program;
    run->train.options.terms = s->terms;
    run->train.options.average = s->average.written ? &s->average : NULL;
    run->train.options.role = run->shards         ? YG_BATCH_LAST_SHARD
                              : s->accumulate > 1 ? YG_BATCH_LAST
                                                  : YG_BATCH_WHOLE;
    run->train.options.exchange = run->shards ? run->shards->exchange : NULL;
    run->train.options.recompute = s->recompute;
    /* The plan's network gives names, types and initial values. */
    bool good = yg_executables_plan(&run->train, error) &&
                yg_weights_initialize(run->train.plan.network, s->seed, &run->store, error) &&
                make_scores(run, error);
    run->parameter_count = run->store.count;
    for (size_t i = 0; i < run->parameter_count && good; i++)
        good = yg_tensor_file_add(&run->best, run->store.tensors[i].name,
                                  &run->store.tensors[i].type, NULL, error);
    size_t count = 0;
    const yg_network_parameter *p =
        good ? yg_network_parameters(run->train.plan.network, &count) : NULL;
    for (size_t i = 0; i < count; i++)
        run->result->parameters += p[i].trainable ? yg_type_count(&run->store.tensors[i].type) : 0;
    /* Making a training executable adds the optimizer's state to the store. */
    const yg_executable *step =
        good ? yg_executables_get(&run->train, yg_run_program_batch(run), run->train.longest, error)
             : NULL;
    run->parts = run->train;
    run->parts.options.role = run->shards ? YG_BATCH_SHARD : YG_BATCH_PART;
    run->parts.batch_size = 0; /* the plan of scores is that of the others */
    run->parts.beside = &run->train;
    run->parts.count = 0;
    run->parts.executables = NULL;
    run->parts.planned = false;
    return step && (in_program || (run->lbfgs = yg_run_lbfgs_new(run, step, error))) &&
           list_evaluated(run, error);
}

void yg_run_free(yg_run *run) {
    yg_executables_free(&run->train);
    yg_executables_free(&run->parts);
    yg_executables_free(&run->score);
    yg_tensor_file_free(&run->store);
    yg_tensor_file_free(&run->best);
    free(run->evaluated);
    yg_run_shards_free(run->shards);
    yg_run_lbfgs_free(run->lbfgs);
    yg_history_free(&run->history);
    yg_event_file_free(&run->events);
    yg_totals_free(&run->at.totals);
    yg_scores_free(&run->progress.training);
    yg_scores_free(&run->progress.validation);
    yg_stream_close(run->examples);
    free(run->identity);
    yg_start_weights_close(run);
}

bool yg_run_begin(yg_run *run, bool start, yg_error *error) {
    run->at.best = run->at.reference = (double)INFINITY;
    yg_plateau_begin(&run->at.plateau);
    bool good;
    run->shards = yg_run_shards_new(run, &good, error);
    return good && make_programs(run, error) && (!start || yg_start_weights_load(run, error));
}

/* Notes in the result the names of parameters that the loss does not depend on. */
static bool tell_unreached(const yg_executable *step, yg_train_result *result, yg_error *error) {
    result->unreached = calloc(step->unreached_count + 1, sizeof *result->unreached);
    if (!result->unreached)
        return yg_fail_memory(error);
    for (size_t i = 0; i < step->unreached_count; i++) {
        if (!(result->unreached[i] = strdup(step->unreached[i])))
            return yg_fail_memory(error);
        result->unreached_count = i + 1;
    }
    return true;
}

/* Stops soon if that is asked for: a large file takes long to read. */
static bool load_data(yg_run *run, yg_error *error) {
    const int threads = run->options->threads;
    run->data.threads = threads > 0 ? threads : yg_threads_available();
    run->data.stop = run->options->stop;
    run->data.fold = run->options->fold;
    run->data.folds = run->options->folds;
    run->data.gap = run->options->gap;
    return yg_data_load_known(run->model, run->settings.dtype, &run->data, error);
}

/* Tells the host what the run takes in memory, now that all is allocated. */
static void tell_memory(const yg_run *run, const yg_executable *step) {
    const yg_program_stats stats = yg_program_get_stats(step->program);
    int64_t best_bytes = 0;
    for (size_t i = 0; i < run->best.count; i++)
        best_bytes += yg_type_bytes(&run->best.tensors[i].type);
    run->options->planned(run->options->context, &stats, best_bytes);
}

static bool advise(const yg_run *run, yg_error *error) {
    yg_text text = {0};
    yg_text_add(&text, "%s", "");
    yg_settings_advice(run->model, &run->settings, &run->rates, &text);
    run->result->advice = yg_text_take(&text);
    return run->result->advice || yg_fail_memory(error);
}

/* Makes a run of the settings that have been read. */
static bool set_up(yg_run *run, yg_error *error) {
    return load_data(run, error) && plan_steps(run, error) && advise(run, error) &&
           yg_run_begin(run, !run->options->resume, error);
}

static bool blame_batch(const yg_error *failure, const char *words, yg_error *error) {
    if (failure->code != YG_ERROR_SHAPE)
        return yg_fail_as(error, failure);
    return yg_fail(error, failure->code, (yg_origin){failure->file, failure->line, failure->column},
                   "%s\n  in %s", failure->message, words);
}

/* Makes the program of an epoch's last batch where that is smaller, and looks whether the shards of
 * each batch can be computed. What needs several examples, as batch_norm does, may refuse it, and
 * that must be known before the first step and not when an epoch of hours ends. */
static bool check_batches(yg_run *run, yg_error *error) {
    const yg_settings *s = &run->settings;
    const int64_t examples = run->data.train.count, rest = examples % s->batch_size;
    int64_t size = 0;
    char words[400];
    yg_error failure = {0};
    if (run->shards && !yg_run_shards_fit(run, s->batch_size, &size, &failure)) {
        snprintf(words, sizeof words,
                 "a shard of %" PRId64 " of a batch's %" PRId64
                 " examples; `batch_size` must be larger, or `shards` smaller",
                 size, s->batch_size);
        return blame_batch(&failure, words, error);
    }
    if (s->drop_last || rest == 0 || rest == examples || run->rates.steps < run->rates.epoch_steps)
        return true;
    if (run->shards ? yg_run_shards_fit(run, rest, &size, &failure)
                    : yg_executables_get(&run->train, rest, run->train.longest, &failure) != NULL)
        return true;
    size_t used = 0;
    if (run->shards)
        used = (size_t)snprintf(words, sizeof words, "a shard of %" PRId64 " of ", size);
    snprintf(words + used, sizeof words - used,
             "the last batch of an epoch, which has %" PRId64 " of %" PRId64
             " examples; `drop_last: true` leaves it out",
             rest, examples);
    return blame_batch(&failure, words, error);
}

static const yg_executable *first_step(yg_run *run, yg_error *error) {
    if (!check_batches(run, error))
        return NULL;
    return yg_executables_get(&run->train, yg_run_program_batch(run), run->train.longest, error);
}

bool yg_run_rehearse(const yg_model *model, int threads, char **advice, yg_error *error) {
    const yg_train_options options = {.threads = threads};
    yg_train_result result = {0};
    yg_run run = {.model = model, .options = &options, .result = &result};
    bool good = yg_settings_read(model, &options, &run.settings, error) && set_up(&run, error);
    const yg_executable *step = good ? first_step(&run, error) : NULL;
    good =
        step && (yg_model_is_untrained(model) || yg_executable_check_trainable(step, model, error));
    if (good) {
        *advice = result.advice;
        result.advice = NULL;
    }
    yg_run_free(&run);
    yg_data_free(&run.data);
    yg_train_result_free(&result);
    return good;
}

bool yg_run_prepare(yg_run *run, yg_error *error) {
    yg_train_result *r = run->result;
    if (run->options->resume && run->options->weights)
        return yg_fail(error, YG_ERROR_ARGUMENT, YG_NOWHERE,
                       "a run goes on from its checkpoint or starts from given weights, not both");
    if (yg_model_is_untrained(run->model))
        return yg_untrained_refuse(run->model, error);
    if (!yg_settings_read(run->model, run->options, &run->settings, error) ||
        !(r->folder = yg_run_folder_name(run->model, run->options->out, error)) ||
        (yg_run_writes(run) &&
         !yg_run_folder_open(r->folder, run->options->resume, &run->folder, error)))
        return false;
    yg_run_record_begin(run);
    if (!set_up(run, error))
        return false;
    r->train_examples = run->data.train.count;
    r->validation_examples = run->data.validation.count;
    r->test_examples = run->data.test.count;
    /* Process 0 has the folder in order by now. */
    if (!yg_run_meet(run, error) || (run->options->resume && !yg_run_restore(run, error)) ||
        !yg_run_compare_identities(run, error) || !yg_run_compare_weights(run, error))
        return false;
    run->steps_before = run->at.steps;
    const yg_executable *step = first_step(run, error);
    if (step && run->options->planned)
        tell_memory(run, step);
    return step && yg_executable_check_trainable(step, run->model, error) &&
           tell_unreached(step, r, error);
}
