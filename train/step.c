/*
 * One step of a run: its examples, its learning rate and its program. They depend only on the seed
 * and the numbers of the epoch and the step. So a run can be resumed, and a step repeated.
 */
#include "run.h"
#include "run_lbfgs.h"
#include "run_shards.h"
#include "weights.h"

#include <string.h>

bool yg_run_rate(const yg_run *run, int64_t step, double *rate, yg_error *error) {
    if (!yg_schedule_rate(&run->rates, step, rate, error))
        return false;
    *rate *= run->at.plateau.reduction;
    return true;
}

static void set(double *input, double value) {
    if (input)
        *input = value;
}

void yg_run_set_inputs(const yg_run *run, const yg_executable *executable, double lr) {
    const yg_run_position *at = &run->at;
    set(executable->lr, lr);
    set(executable->t, (double)(at->steps + 1));
    set(executable->average_rate,
        yg_average_rate(&run->settings.average, at->steps, run->rates.epoch_steps));
}

/* Computes a batch of the step: `count` examples from number `begin` on. `first`: it begins the
 * step; `all`: how many examples the step has. */
static yg_executable *run_batch(yg_run *run, int64_t begin, int64_t count, bool first, int64_t all,
                                bool last, double lr, yg_error *error) {
    yg_stream_seek(run->examples, run->at.epochs, begin);
    yg_executable *executable = yg_executables_get(last ? &run->train : &run->parts, count,
                                                   yg_stream_longest(run->examples, count), error);
    if (!executable || !yg_executable_fill(executable, run->examples, error))
        return NULL;
    run->batch_begin = begin;
    yg_run_set_inputs(run, executable, lr);
    set(executable->first, first);
    set(executable->weight, (double)count / (double)all);
    const bool good = run->lbfgs
                          ? yg_run_lbfgs_step(run->lbfgs, run, executable, lr, error)
                          : yg_executable_run(executable, run->settings.seed, run->draw, error);
    return good ? executable : NULL;
}

/* Where the examples of the current step end. */
static int64_t end_of_step(const yg_run *run, int64_t begin) {
    const yg_settings *s = &run->settings;
    const int64_t examples = run->data.train.count, whole = s->accumulate * s->batch_size;
    const int64_t used = s->drop_last ? examples - examples % s->batch_size : examples;
    return used - begin < whole ? used : begin + whole;
}

void yg_run_copy_store(const yg_tensor_file *from, yg_tensor_file *to) {
    for (size_t i = 0; i < from->count && i < to->count; i++)
        if (yg_type_bytes(&from->tensors[i].type))
            // NOLINTNEXTLINE(clang-analyzer-core.NullDereference): copies hold the same tensors
            memcpy(to->tensors[i].data, from->tensors[i].data,
                   (size_t)yg_type_bytes(&from->tensors[i].type));
}

/* Whether the gradients that the batches of a step have been summed to are finite. */
static bool sums_are_finite(const yg_run *run) {
    for (size_t i = 0; i < run->store.count; i++)
        if (yg_is_gradient_sum(run->store.tensors[i].name) &&
            !yg_tensor_is_finite(&run->store.tensors[i]))
            return false;
    return true;
}

/* Chooses the programs that leave out what is frozen in the epoch of this step. */
static void enter_phase(yg_run *run) {
    const int64_t epoch = run->at.epochs + 1;
    if (run->phase_epoch == epoch)
        return;
    const int64_t phase = yg_optimizer_phase(&run->settings.optimizer, epoch);
    yg_executables_enter(&run->train, phase);
    yg_executables_enter(&run->parts, phase);
    if (run->shards)
        yg_run_shards_enter(run->shards, phase);
    run->phase_epoch = epoch;
}

yg_executable *yg_run_step(yg_run *run, yg_error *error) {
    const int64_t size = run->settings.batch_size, batches = run->settings.accumulate;
    const int64_t begin = run->at.epoch_step * batches * size, end = end_of_step(run, begin);
    yg_executable *executable = NULL;
    double lr;
    if (!yg_run_rate(run, run->at.steps, &lr, error))
        return NULL;
    enter_phase(run);
    run->progress.learning_rate = lr;
    run->progress.epoch = run->at.epochs + 1;
    run->progress.loss = 0;
    run->finite = true;
    if (run->shards)
        return yg_run_shards_step(run, begin, end, lr, error);
    run->draw = (uint64_t)run->at.steps * (uint64_t)batches;
    for (int64_t at = begin; at < end; at += size, run->draw++) {
        const int64_t count = end - at < size ? end - at : size;
        if (run->before)
            yg_run_copy_store(&run->store, run->before);
        executable =
            run_batch(run, at, count, at == begin, end - begin, at + count == end, lr, error);
        if (!executable)
            return NULL;
        const double loss = yg_result_scalar(&executable->loss);
        if (!yg_executable_is_finite(executable)) {
            run->finite = false;
            run->progress.loss = loss;
            return executable;
        }
        if (run->before && at + count < end && !sums_are_finite(run))
            return executable;
        run->progress.loss += loss * ((double)count / (double)(end - begin));
        run->progress.examples += count;
        yg_totals_add(&run->train.plan, executable, &run->at.totals);
    }
    run->draw--;
    return executable;
}
