/*
 * The files of a run's folder, all but the checkpoint: what a run leaves to be read.
 */
#include "../data/encoding_file.h"
#include "../graph/file.h"
#include "model_copy.h"
#include "run.h"
#include "run_again.h"
#include "run_record.h"
#include "start_weights.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Writes parameters with what is needed to use them: classes, columns, standardisation. `values`
 * NULL: the best ones. */
static bool save_weights(const yg_run *run, void *const *values, const char *name,
                         yg_error *error) {
    yg_tensor_file file = {0};
    char *path = yg_run_path(run->result->folder, name, error);
    bool good = path != NULL;
    for (size_t i = 0; i < run->parameter_count && good; i++) {
        const yg_tensor *best = &run->best.tensors[i];
        good = yg_tensor_file_lend(&file, best->name, &best->type, values ? values[i] : best->data,
                                   error);
    }
    good = good && yg_encoding_save(run->model, &run->data.encoding, &file, error) &&
           yg_safetensors_write(path, &file, error);
    yg_tensor_file_free(&file);
    free(path);
    return good;
}

bool yg_run_save_history(yg_run *run, yg_error *error) {
    char *history = yg_run_path(run->result->folder, YG_RUN_HISTORY, error);
    char *metrics = yg_run_path(run->result->folder, YG_RUN_METRICS, error);
    char *curve = yg_run_path(run->result->folder, YG_RUN_CURVE, error);
    char *events = yg_run_path(run->result->folder, YG_RUN_EVENTS, error);
    const bool good =
        history && metrics && curve && events &&
        yg_event_file_write(&run->events, &run->history, events, run->options->resume, error) &&
        yg_history_write(&run->history, history, error) &&
        yg_history_write_lines(&run->history, metrics, error) &&
        yg_history_draw(&run->history, yg_model_name(run->model), run->at.best_epoch, curve, error);
    free(history);
    free(metrics);
    free(curve);
    free(events);
    return good;
}

/* What was found of the weights that an interrupted start has kept is true no longer. */
static void forget_findings(const yg_run *run) {
    char *path = yg_run_path(run->result->folder, YG_RUN_FINDINGS, NULL);
    if (path)
        unlink(path);
    free(path);
}

/* The model comes first: what stands in the folder is always of that model. It is read before an
 * older run is moved away, because it may be that run's own copy. */
bool yg_run_begin_folder(yg_run *run, yg_error *error) {
    yg_model_copy copy = {0};
    if (run->folder.begun)
        return true;
    bool good =
        yg_run_again_compare(run, error) &&
        yg_model_copy_make(run->model, run->options, yg_start_weights_kept(run), &copy, error) &&
        yg_run_folder_begin(&run->folder, &run->result->moved, error) &&
        yg_start_weights_keep(run, error) && yg_model_copy_write(&copy, run->result->folder, error);
    if (good && run->options->resume)
        forget_findings(run);
    if (!good && run->folder.begun && !run->options->resume)
        yg_run_folder_take_back(&run->folder, &run->result->moved);
    yg_model_copy_free(&copy);
    return good;
}

bool yg_run_save_results(yg_run *run, bool last, yg_error *error) {
    if (!yg_run_writes(run))
        return true;
    return yg_run_begin_folder(run, error) && save_weights(run, NULL, YG_RUN_WEIGHTS, error) &&
           (!last || save_weights(run, run->evaluated, YG_RUN_LAST, error)) &&
           yg_run_save_history(run, error) && yg_run_record_write(run, "running", NULL, error);
}

void yg_run_save_reached(yg_run *run) {
    if (run->at.best_epoch && !run->save_failed)
        yg_run_save_results(run, false, NULL);
}

bool yg_run_keep_epoch(yg_run *run, yg_error *error) {
    /* A run that has files has a checkpoint to go on from. */
    if (!run->folder.begun && !yg_run_save(run, false, error))
        return false;
    char name[64];
    if (!yg_run_writes(run))
        return true;
    snprintf(name, sizeof name, "%s/epoch-%" PRId64 ".safetensors", YG_RUN_EPOCHS, run->at.epochs);
    char *folder = yg_run_path(run->result->folder, YG_RUN_EPOCHS, error);
    const bool good = folder && yg_file_make_folder(folder, error) &&
                      save_weights(run, run->evaluated, name, error);
    free(folder);
    return good;
}

bool yg_run_end(yg_run *run, const yg_error *failure, yg_error *error) {
    const yg_train_result *r = run->result;
    const char *status = failure            ? "failed"
                         : r->interrupted   ? "interrupted"
                         : r->stopped_early ? "stopped early"
                                            : "finished";
    return !run->folder.begun ||
           yg_run_record_write(run, status, failure ? failure->message : NULL, error);
}
