/*
 * The error for a loss that is not finite. It names the step and the node where that begins.
 *
 * When the loss is seen, the cause is gone: a step overwrites the parameters that it was computed
 * from, and a gradient that is not finite shows only in the next step's loss. So the run is
 * repeated from its last checkpoint, or from its start, up to the step that goes wrong. find_nan.h
 * then searches the values of that step. Checkpoints are seconds apart, and only a run that has
 * failed pays for this.
 */
#include "find_nan.h"
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

static bool all_finite(const yg_tensor_file *store, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (!yg_tensor_is_finite(&store->tensors[i]))
            return false;
    return true;
}

static void copy_store(const yg_tensor_file *from, yg_tensor_file *to) {
    for (size_t i = 0; i < from->count; i++)
        if (yg_type_bytes(&from->tensors[i].type))
            // NOLINTNEXTLINE(clang-analyzer-core.NullDereference): copies hold the same tensors
            memcpy(to->tensors[i].data, from->tensors[i].data,
                   (size_t)yg_type_bytes(&from->tensors[i].type));
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
    const bool good = path && yg_run_begin(again, NULL) && (!saved || yg_run_restore(again, NULL));
    free(path);
    return good;
}

/* Repeats steps until one goes wrong, at most up to number `last`. Then the parameters are put back
 * to what they were before that step. NULL: no step went wrong. */
static yg_executable *repeat(yg_run *again, int64_t last, yg_tensor_file *before) {
    while (again->at.steps <= last && !(again->options->stop && *again->options->stop)) {
        copy_store(&again->store, before);
        yg_executable *executable = yg_run_step(again, NULL);
        if (!executable)
            return NULL;
        if (!yg_executable_is_finite(executable) ||
            !all_finite(&again->store, again->parameter_count)) {
            copy_store(before, &again->store);
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

static bool tell(const yg_run *run, double loss, const char *where, yg_origin origin,
                 const char *advice, yg_error *error) {
    return yg_fail(error, YG_ERROR_NUMERIC, origin,
                   "the loss is %s at step %" PRId64 " (epoch %" PRId64
                   ", learning rate %g)%s\ntry %s",
                   isnan(loss) ? "not a number" : "infinite", run->at.steps + 1, run->at.epochs + 1,
                   run->progress.learning_rate, where, advice);
}

static const char *advice_for(const yg_nan_source *source, int64_t step) {
    if (source->gradient)
        return "to keep its operand away from where the derivative is infinite, as in sqrt(x + "
               "1e-8), or a lower learning rate";
    if (step == 0)
        return "`standardize` or `transform` for the data, another `init`, or to keep its operand "
               "where the operator is defined, as in log(x + 1e-8)";
    return "a lower learning rate, `clip_grad_norm: 1`, or `standardize` for the inputs";
}

/* "it begins at step 3: 'h' (exp, model.yaml:7) is infinite" */
static bool tell_source(const yg_run *run, double loss, const yg_run *again,
                        const yg_executable *executable, const yg_nan_source *source,
                        yg_error *error) {
    const yg_graph *graph = yg_network_graph(executable->network);
    const yg_origin origin = yg_node_origin(graph, source->node);
    const char *name = yg_node_name(graph, source->node);
    char where[600], place[300] = "", quoted[110] = "a node";
    if (origin.line)
        snprintf(place, sizeof place, ", %.250s:%d", origin.file ? origin.file : "", origin.line);
    if (*name)
        snprintf(quoted, sizeof quoted, "'%.100s'", name);
    snprintf(where, sizeof where, "\nit begins at step %" PRId64 ": %s (%s%s)%s is %s",
             again->at.steps + 1, quoted, yg_node_op(graph, source->node)->name, place,
             source->gradient ? " among the gradients" : "",
             source->nan ? "not a number" : "infinite");
    return tell(run, loss, where,
                origin.line ? origin : (yg_origin){yg_model_path(run->model), 0, 0},
                advice_for(source, again->at.steps), error);
}

bool yg_run_fail_not_finite(const yg_run *run, yg_error *error) {
    const double loss = run->progress.loss;
    yg_train_result result = {0};
    yg_tensor_file before = {0};
    yg_nan_source source = {.node = YG_NONE};
    yg_run again = {.model = run->model,
                    .options = run->options,
                    .result = &result,
                    .settings = run->settings,
                    .data = run->data, /* borrowed */
                    .examples =
                        yg_stream_open_shuffled(&run->data.train, run->settings.seed, false, NULL),
                    .rates = run->rates};
    result.folder = strdup(run->result->folder);
    yg_executable *executable = result.folder && again.examples &&
                                        yg_stream_bucket(again.examples, &run->data.sequencing,
                                                         run->settings.batch_size, NULL) &&
                                        go_back(run, &again) && make_store(&again.store, &before)
                                    ? repeat(&again, run->at.steps, &before)
                                    : NULL;
    if (executable &&
        yg_find_nan(executable, again.settings.seed, (uint64_t)again.at.steps, &source, NULL) &&
        source.node != YG_NONE)
        tell_source(run, loss, &again, executable, &source, error);
    else /* the search failed, or the user stopped it: the message goes without a node */
        tell(run, loss, "", (yg_origin){yg_model_path(run->model), 0, 0}, advice_for(&source, 1),
             error);
    yg_run_free(&again);
    yg_tensor_file_free(&before);
    yg_train_result_free(&result);
    return false;
}
