/*
 * One step of a run: its examples, its learning rate and its program. They depend only on the seed
 * and the numbers of the epoch and the step. So a run can be resumed, and a step repeated.
 */
#include "run.h"
#include "run_lbfgs.h"

bool yg_run_rate(const yg_run *run, int64_t step, double *rate, yg_error *error) {
    if (!yg_schedule_rate(&run->rates, step, rate, error))
        return false;
    *rate *= run->at.plateau.reduction;
    return true;
}

yg_executable *yg_run_step(yg_run *run, yg_error *error) {
    const int64_t begin = run->at.epoch_step * run->settings.batch_size;
    const int64_t left = run->data.train.count - begin;
    const int64_t count = left < run->settings.batch_size ? left : run->settings.batch_size;
    double lr;
    yg_stream_seek(run->examples, run->at.epochs, begin);
    yg_executable *executable =
        yg_executables_get(&run->train, count, yg_stream_longest(run->examples, count), error);
    if (!executable || !yg_run_rate(run, run->at.steps, &lr, error))
        return NULL;
    run->progress.learning_rate = lr;
    run->progress.epoch = run->at.epochs + 1;
    if (executable->lr)
        *executable->lr = lr;
    if (executable->t)
        *executable->t = (double)(run->at.steps + 1);
    if (executable->epoch)
        *executable->epoch = (double)run->at.epochs;
    if (!yg_executable_fill(executable, run->examples, error) ||
        !(run->lbfgs
              ? yg_run_lbfgs_step(run->lbfgs, run, executable, lr, error)
              : yg_executable_run(executable, run->settings.seed, (uint64_t)run->at.steps, error)))
        return NULL;
    run->progress.loss = yg_result_scalar(&executable->loss);
    return executable;
}
