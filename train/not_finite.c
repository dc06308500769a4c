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
#include "../data/source.h"
#include "../graph/text.h"
#include "failed_step.h"
#include "find_nan.h"
#include "node_names.h"
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
        if (!yg_executable_is_finite(executable) || !all_finite(again)) {
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

static const double ORDINARY = 1e3; /* the size of values that have not grown out of hand */

/* What is found of a step that went wrong. */
typedef struct failure {
    const yg_run *run; /* the run that failed */
    yg_run *again;     /* the one that repeats it, at that step */
    yg_executable *executable;
    yg_nan_source source; /* its node is YG_NONE where nothing was found */
    yg_node_names names;  /* of nodes, for people */
    yg_origin origin;     /* the place that the message is for */
    yg_text text;
} failure;

static const char *kind_of(double value) {
    return isnan(value) ? "not a number" : "infinite";
}

static void tell_loss(failure *f) {
    const yg_run *run = f->run;
    const double loss = run->progress.loss;
    if (isfinite(loss))
        yg_text_add(&f->text, "parameters are no longer finite after step %" PRId64, run->at.steps);
    else
        yg_text_add(
            &f->text, "the loss is %s at step %" PRId64 " (epoch %" PRId64 ", learning rate %g)",
            kind_of(loss), run->at.steps + 1, run->at.epochs + 1, run->progress.learning_rate);
}

/* "'h'", or "log(h)" for a node without a name of its own. */
static void tell_node(failure *f, yg_node node) {
    const char *name = (size_t)node < f->names.size ? f->names.names[node] : NULL;
    const char *expression = name ? name : yg_node_expression(&f->names, node);
    const yg_graph *graph = yg_network_graph(f->executable->network);
    if (name && strlen(name) <= 100)
        yg_text_add(&f->text, "'%s'", name);
    else if (*expression && strlen(expression) <= 60)
        yg_text_add(&f->text, "`%s`", expression);
    else
        yg_text_add(&f->text, "a node (%s)", yg_node_op(graph, node)->name);
}

/* "; 'h' is from -3 to 2 there" */
static void tell_range(failure *f, const yg_nan_range *range) {
    const yg_graph *graph = yg_network_graph(f->executable->network);
    if (yg_node_constant(graph, range->node) || range->elements == 0)
        return;
    yg_text_add(&f->text, "\n  operand ");
    tell_node(f, range->node);
    if (range->finite == 0)
        yg_text_add(&f->text, ": no value is finite");
    else if (range->low == range->high)
        yg_text_add(&f->text, ": %.6g", range->low);
    else
        yg_text_add(&f->text, ": from %.6g to %.6g", range->low, range->high);
    if (range->finite > 0 && range->finite < range->elements)
        yg_text_add(&f->text, ", and %" PRId64 " of %" PRId64 " not finite",
                    range->elements - range->finite, range->elements);
}

/* "it begins at step 3: 's' (log, model.yaml:7) is infinite", and its operands. */
static void tell_source(failure *f) {
    const yg_graph *graph = yg_network_graph(f->executable->network);
    const yg_origin origin = yg_node_origin(graph, f->source.node);
    const char *name = yg_node_name(graph, f->source.node);
    yg_text_add(&f->text, "\nit begins at step %" PRId64 ": ", f->again->at.steps + 1);
    if (*name)
        yg_text_add(&f->text, "'%.100s' (%s", name, yg_node_op(graph, f->source.node)->name);
    else
        yg_text_add(&f->text, "a node (%s", yg_node_op(graph, f->source.node)->name);
    if (origin.line)
        yg_text_add(&f->text, ", %.250s", origin.file ? origin.file : "");
    if (origin.line > 0) /* -1: it comes from the command line */
        yg_text_add(&f->text, ":%d", origin.line);
    yg_text_add(&f->text, ")%s is %s", f->source.gradient ? " among the gradients" : "",
                f->source.nan ? "not a number" : "infinite");
    for (size_t k = 0; k < f->source.operand_count; k++)
        tell_range(f, &f->source.operands[k]);
    if (origin.line)
        f->origin = origin;
}

/* "in example 2 of the batch, counted from 0: rows.csv:18" */
static void tell_example(failure *f) {
    const yg_nan_source *source = &f->source;
    char place[300];
    yg_run *again = f->again;
    if (source->example < 0)
        return;
    const int64_t number =
        yg_stream_example(again->examples, again->at.epochs, again->batch_begin + source->example);
    const char *where = number >= 0
                            ? yg_example_place(again->model, &again->data, again->settings.dtype,
                                               number, place, sizeof place)
                            : NULL;
    const bool all = source->examples == f->executable->batch && source->examples > 1;
    yg_text_add(&f->text, "\n%s example %" PRId64 " of the batch, counted from 0",
                all                ? "in every example, as in"
                : source->examples ? "in"
                                   : "its largest operand is that of",
                source->example);
    if (where)
        yg_text_add(&f->text, ": %s", where);
    else if (number >= 0)
        yg_text_add(&f->text, ": number %" PRId64 " of the data", number);
    if (source->examples > 1 && !all)
        yg_text_add(&f->text, "; and in %" PRId64 " of the %" PRId64 " others",
                    source->examples - 1, f->executable->batch - 1);
}

/* Whether the operands are of ordinary size, so that the operator is not defined there, as log(-1)
 * is not. Otherwise values have grown too large. */
static bool is_undefined(const yg_nan_source *source) {
    bool ordinary = source->operand_count > 0;
    for (size_t k = 0; k < source->operand_count; k++) {
        const yg_nan_range *range = &source->operands[k];
        ordinary = ordinary && range->finite == range->elements && range->low > -ORDINARY &&
                   range->high < ORDINARY;
    }
    return ordinary;
}

static void tell_advice(failure *f) {
    const bool first = f->executable && (f->again->at.steps == 0 || is_undefined(&f->source));
    yg_text_add(&f->text, "\ntry %s",
                f->source.gradient
                    ? "to keep its operand away from where the derivative is infinite, as in "
                      "sqrt(x + 1e-8), or a lower learning rate"
                : first ? "`standardize` or `transform` for the data, another `init`, or to keep "
                          "its operand where the operator is defined, as in log(x + 1e-8)"
                        : "a lower learning rate, `clip_grad_norm: 1`, or `standardize` for the "
                          "inputs");
}

/* Keeps the step, and tells how to look at it. */
static void keep(failure *f) {
    yg_error error = {0};
    const char *folder = f->again->result->folder;
    if (!yg_failed_step_save(f->again, f->executable, &error)) {
        yg_text_add(&f->text, "\nthe batch could not be kept: %s", error.message);
        return;
    }
    yg_text_add(&f->text, "\nthe batch and the weights are kept; to look at them:\n  yamlgrad ");
    yg_text_add(&f->text, f->source.example >= 0 ? "explain" : "grad");
    yg_text_add(&f->text, " %s/failed/model.yaml --weights %s/failed/weights.safetensors", folder,
                folder);
    if (f->source.example >= 0)
        yg_text_add(&f->text, " --example %" PRId64, f->source.example);
}

/* Finds the source and tells all that is known of it. */
static void look_into(failure *f) {
    const uint64_t seed = f->again->settings.seed, step = f->again->draw;
    if (!yg_find_nan(f->executable, seed, step, &f->source, NULL))
        f->source.node = YG_NONE;
    if (f->source.node != YG_NONE) {
        yg_nan_describe(f->executable,
                        f->executable->role == YG_BATCH_PART ? &f->again->parts.options
                                                             : &f->again->train.options,
                        seed, step, &f->source);
        tell_source(f);
        tell_example(f);
    }
    tell_advice(f);
    keep(f);
}

static bool fail(failure *f, yg_error *error) {
    char *text = yg_text_take(&f->text);
    const bool failed =
        text ? yg_fail(error, YG_ERROR_NUMERIC, f->origin, "%s", text) : yg_fail_memory(error);
    free(text);
    return failed;
}

bool yg_run_fail_not_finite(const yg_run *run, yg_error *error) {
    yg_train_result result = {0};
    yg_tensor_file before = {0};
    yg_pool *pool = yg_pool_new();
    yg_run again = {.model = run->model,
                    .options = run->options,
                    .result = &result,
                    .settings = run->settings,
                    .data = run->data, /* borrowed */
                    .examples =
                        yg_stream_open_shuffled(&run->data.train, run->settings.seed, false, NULL),
                    .rates = run->rates};
    failure f = {.run = run,
                 .again = &again,
                 .source = {.node = YG_NONE, .example = -1},
                 .origin = {yg_model_path(run->model), 0, 0}};
    result.folder = strdup(run->result->folder);
    tell_loss(&f);
    if (pool && result.folder && again.examples &&
        yg_stream_bucket(again.examples, &run->data.sequencing, run->settings.batch_size, NULL) &&
        go_back(run, &again) && make_store(&again.store, &before))
        f.executable = repeat(&again, run->at.steps, &before);
    if (f.executable && yg_node_names_make(f.executable->network, pool, &f.names))
        look_into(&f);
    else /* the search failed, or the user stopped it: the message goes without a node */
        tell_advice(&f);
    fail(&f, error);
    yg_run_free(&again);
    yg_tensor_file_free(&before);
    yg_train_result_free(&result);
    yg_pool_free(pool);
    return false;
}

bool yg_run_check_finite(const yg_run *run, yg_error *error) {
    return all_finite(run) || yg_run_fail_not_finite(run, error);
}
