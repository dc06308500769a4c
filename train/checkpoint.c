/*
 * Checkpoints: everything that a run needs to go on as if it had never stopped.
 *
 * A checkpoint is a safetensors file. It holds the parameters by name, the optimizer's state, the
 * best parameters as "@best.NAME", the position as "@run.counts" (i64), "@run.values" and
 * "@run.plateau" (f64), the totals of the epoch as "@run.totals" and "@run.rows.N", the history as
 * "@run.history", and the steps that it has noted as "@run.steps". No name in a model file has an
 * "@", so none of these is taken for a parameter. A note holds the run's identity (identity.c), so
 * that a run does not go on with the checkpoint of another.
 */
#include "../graph/clock.h"
#include "run.h"
#include "run_folder.h"
#include "weights.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { COUNTS = 7, VALUES = 2, PLATEAU = 4 };

/* ---------------------------------------------------------------------------------- saving ---- */

static bool add_list(yg_tensor_file *file, const char *name, yg_dtype dtype, int64_t count,
                     const void *data, yg_error *error) {
    yg_type type;
    return yg_type_make(dtype, 1, &count, &type, error) &&
           yg_tensor_file_add(file, name, &type, data, error);
}

static bool add_position(const yg_run *run, yg_tensor_file *file, yg_error *error) {
    const yg_run_position *at = &run->at;
    const int64_t counts[COUNTS] = {at->epochs,        at->steps,  at->epoch_step,
                                    at->best_epoch,    at->waited, at->totals.examples,
                                    at->totals.batches};
    const double values[VALUES] = {at->best, at->reference};
    const double plateau[PLATEAU] = {at->plateau.best, at->plateau.reduction,
                                     (double)at->plateau.waited, (double)at->plateau.cooling};
    return add_list(file, "@run.counts", YG_I64, COUNTS, counts, error) &&
           add_list(file, "@run.values", YG_F64, VALUES, values, error) &&
           add_list(file, "@run.plateau", YG_F64, PLATEAU, plateau, error) &&
           yg_totals_save(&run->train.plan, &at->totals, file, error);
}

/* The lines of the epochs done, so that a run can go on with its checkpoint alone. */
static bool add_history(const yg_run *run, yg_tensor_file *file, yg_error *error) {
    const yg_history *history = &run->history;
    const int64_t shape[2] = {(int64_t)history->count, (int64_t)history->width};
    const int64_t steps[2] = {(int64_t)history->step_count,
                              sizeof *history->steps / sizeof(double)};
    yg_type type, step_type;
    return yg_type_make(YG_F64, 2, shape, &type, error) &&
           yg_tensor_file_add(file, "@run.history", &type, history->lines, error) &&
           (!history->step_count ||
            (yg_type_make(YG_F64, 2, steps, &step_type, error) &&
             yg_tensor_file_add(file, "@run.steps", &step_type, history->steps, error)));
}

static bool add_best(const yg_run *run, yg_tensor_file *file, yg_error *error) {
    for (size_t i = 0; i < run->parameter_count; i++) {
        const yg_tensor *tensor = &run->best.tensors[i];
        const size_t size = strlen("@best.") + strlen(tensor->name) + 1;
        char *name = malloc(size);
        if (!name)
            return yg_fail_memory(error);
        snprintf(name, size, "@best.%s", tensor->name);
        const bool good = yg_tensor_file_lend(file, name, &tensor->type, tensor->data, error);
        free(name);
        if (!good)
            return false;
    }
    return true;
}

/* Tensors are lent to the file: copies would take as much memory again. */
static bool save_checkpoint(yg_run *run, const char *path, yg_error *error) {
    yg_tensor_file file = {0};
    const char *identity = yg_run_identity(run, error);
    bool good = identity && yg_tensor_file_note(&file, "run", identity, error);
    for (size_t i = 0; i < run->store.count && good; i++)
        good = yg_is_gradient_sum(run->store.tensors[i].name) ||
               yg_tensor_file_lend(&file, run->store.tensors[i].name, &run->store.tensors[i].type,
                                   run->store.tensors[i].data, error);
    good = good && add_best(run, &file, error) && add_position(run, &file, error) &&
           add_history(run, &file, error) && yg_safetensors_write(path, &file, error);
    yg_tensor_file_free(&file);
    return good;
}

/* The checkpoint is the first file of a new run: what fails later, as on a disk that is full,
 * leaves a run to go on with. Where it fails itself, the folder is as it was. */
static bool save_first(yg_run *run, const char *path, yg_error *error) {
    if (!yg_run_begin_folder(run, error))
        return false;
    if (save_checkpoint(run, path, error))
        return true;
    yg_run_folder_take_back(&run->folder, &run->result->moved);
    return false;
}

bool yg_run_save(yg_run *run, bool within_epoch, yg_error *error) {
    const double begun = yg_clock();
    if (!yg_run_check_finite(run, error))
        return false;
    /* Before the end of the first epoch no weights have been judged: the current ones are saved. */
    if (!run->at.best_epoch)
        yg_run_keep_best(run);
    if (!yg_run_writes(run))
        return true;
    char *checkpoint = yg_run_path(run->result->folder, YG_RUN_CHECKPOINT, error);
    /* The best weights and the lines of epochs change at an epoch's end only. */
    const bool same = within_epoch && run->has_results && run->results_epoch == run->at.epochs;
    const bool first = !run->folder.begun && !run->options->resume;
    const bool good = checkpoint && (!first || save_first(run, checkpoint, error)) &&
                      (same ? !run->settings.log_every || yg_run_save_history(run, error)
                            : yg_run_save_results(run, true, error)) &&
                      (first || save_checkpoint(run, checkpoint, error));
    free(checkpoint);
    run->save_failed = !good;
    run->has_results = good;
    run->results_epoch = run->at.epochs;
    run->saved = yg_clock();
    run->save_cost = run->saved - begun;
    return good;
}

/* ------------------------------------------------------------------------------- restoring ---- */

static bool copy_tensor(const yg_tensor_file *file, const char *path, const char *prefix,
                        yg_tensor *to, yg_error *error) {
    const size_t size = strlen(prefix) + strlen(to->name) + 1;
    char *name = malloc(size);
    if (!name)
        return yg_fail_memory(error);
    snprintf(name, size, "%s%s", prefix, to->name);
    const yg_tensor *from = yg_tensor_find(file, name);
    const bool good =
        (from && yg_type_equal(&from->type, &to->type)) ||
        yg_fail(error, YG_ERROR_DATA, (yg_origin){path, 0, 0},
                "the checkpoint has no tensor '%s' of this model's shape and type; the model is "
                "not the one that was trained",
                name);
    const bool finite = !good || yg_tensor_is_finite(from);
    if (good && finite && yg_type_bytes(&to->type))
        memcpy(to->data, from->data, (size_t)yg_type_bytes(&to->type));
    if (!finite)
        yg_fail(error, YG_ERROR_NUMERIC, (yg_origin){path, 0, 0},
                "tensor '%s' holds a value that is not a finite number; the checkpoint is damaged",
                name);
    free(name);
    return good && finite;
}

static const void *numbers(const yg_tensor_file *file, const char *name, yg_dtype dtype,
                           int64_t count) {
    const yg_tensor *tensor = yg_tensor_find(file, name);
    yg_type type;
    return tensor && yg_type_make(dtype, 1, &count, &type, NULL) &&
                   yg_type_equal(&tensor->type, &type)
               ? tensor->data
               : NULL;
}

/* False if the numbers make no sense. */
static bool read_plateau(const double *numbers, yg_plateau_state *state) {
    for (size_t i = 1; i < PLATEAU; i++)
        if (!(numbers[i] >= 0 && numbers[i] <= 1e15))
            return false;
    *state = (yg_plateau_state){.best = numbers[0],
                                .reduction = numbers[1],
                                .waited = (int64_t)numbers[2],
                                .cooling = (int64_t)numbers[3]};
    return !isnan(numbers[0]) && numbers[1] <= 1;
}

static bool read_position(const yg_tensor_file *file, const char *path, yg_run *run,
                          yg_error *error) {
    const int64_t *counts = numbers(file, "@run.counts", YG_I64, COUNTS);
    const double *values = numbers(file, "@run.values", YG_F64, VALUES);
    const double *plateau = numbers(file, "@run.plateau", YG_F64, PLATEAU);
    yg_run_position *at = &run->at;
    if (!counts || !values || !plateau)
        return yg_fail(error, YG_ERROR_DATA, (yg_origin){path, 0, 0},
                       "not a checkpoint of a run: '@run.counts', '@run.values' or '@run.plateau' "
                       "is missing");
    for (size_t i = 0; i < COUNTS; i++)
        if (counts[i] < 0 || counts[2] > run->rates.epoch_steps ||
            !read_plateau(plateau, &at->plateau))
            return yg_fail(error, YG_ERROR_DATA, (yg_origin){path, 0, 0},
                           "the checkpoint's counters make no sense");
    at->epochs = counts[0];
    at->steps = counts[1];
    at->epoch_step = counts[2];
    at->best_epoch = counts[3];
    at->waited = counts[4];
    at->best = values[0];
    at->reference = values[1];
    return yg_totals_restore(&run->train.plan, file, path, counts[5], counts[6], &at->totals,
                             error);
}

static bool read_history(const yg_tensor_file *file, const char *path, yg_run *run,
                         yg_error *error) {
    const yg_tensor *tensor = yg_tensor_find(file, "@run.history");
    const yg_type *type = tensor ? &tensor->type : NULL;
    if (!type || type->dtype != YG_F64 || type->rank != 2 ||
        type->shape[1] != (int64_t)run->history.width)
        return yg_fail(error, YG_ERROR_DATA, (yg_origin){path, 0, 0},
                       "not a checkpoint of this run: '@run.history' is missing, or has another "
                       "number of columns");
    const yg_tensor *steps = yg_tensor_find(file, "@run.steps");
    if (steps && (steps->type.dtype != YG_F64 || steps->type.rank != 2 ||
                  steps->type.shape[1] != sizeof(yg_step_line) / sizeof(double)))
        return yg_fail(error, YG_ERROR_DATA, (yg_origin){path, 0, 0},
                       "the checkpoint's '@run.steps' is damaged");
    return yg_history_restore(&run->history, tensor->data, (size_t)type->shape[0], run->at.epochs,
                              error) &&
           (!steps || yg_history_restore_steps(&run->history, steps->data,
                                               (size_t)steps->type.shape[0], error));
}

static bool read_checkpoint(const yg_tensor_file *file, const char *path, yg_run *run,
                            yg_error *error) {
    const char *note = yg_metadata_find(file, "run");
    const char *identity = yg_run_identity(run, error);
    const bool same = identity && yg_run_check_identity(note ? note : "", identity, path, error);
    if (!same)
        return false;
    for (size_t i = 0; i < run->store.count; i++)
        if (!yg_is_gradient_sum(run->store.tensors[i].name) &&
            !copy_tensor(file, path, "", &run->store.tensors[i], error))
            return false;
    for (size_t i = 0; i < run->best.count; i++)
        if (!copy_tensor(file, path, "@best.", &run->best.tensors[i], error))
            return false;
    if (!read_position(file, path, run, error) || !read_history(file, path, run, error))
        return false;
    run->events.written = run->history.count; /* by the start that saved the checkpoint */
    return true;
}

bool yg_run_restore(yg_run *run, yg_error *error) {
    yg_tensor_file file = {0};
    char *path = yg_run_path(run->result->folder, YG_RUN_CHECKPOINT, error);
    const bool good =
        path &&
        (access(path, F_OK) == 0 ||
         yg_fail(error, YG_ERROR_IO, YG_NOWHERE,
                 "there is no run to go on with: '%s': %s; leave --resume out to begin one", path,
                 strerror(errno))) &&
        yg_safetensors_read(path, &file, error) && read_checkpoint(&file, path, run, error);
    yg_tensor_file_free(&file);
    free(path);
    return good;
}
