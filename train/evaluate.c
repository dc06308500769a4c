/*
 * Evaluation: see evaluate.h.
 */
#include "evaluate.h"

#include "../data/array_path.h"
#include "../data/balance.h"
#include "../data/encoding_file.h"
#include "../data/sequences.h"
#include "../data/series.h"
#include "executables.h"
#include "not_finite_scores.h"
#include "settings.h"
#include "weights.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const yg_part *choose_split(const yg_data *data, const char *asked, const char **name) {
    const struct {
        const char *name;
        const yg_part *part;
    } parts[] = {{"test", &data->test}, {"validation", &data->validation}, {"train", &data->train}};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (parts[i].part->count && (!asked || strcmp(asked, parts[i].name) == 0)) {
            *name = parts[i].name;
            return parts[i].part;
        }
    return NULL;
}

/* Reads a table or a file of arrays into data->test, with the columns, classes and means that the
 * weights remember.
 */
static bool read_csv(const yg_model *model, const yg_tensor_file *weights, const char *path,
                     const char *csv, yg_dtype dtype, yg_data *data, yg_error *error) {
    yg_reading reading = {.model = model, .data = data, .dtype = dtype, .runs = &data->runs[2]};
    const char *symbol;
    if (!yg_data_memory(yg_model_section(model, "data"), &reading.memory, error) ||
        !yg_batch_symbol(model, &symbol, error) || !yg_series_read(model, &data->series, error) ||
        !yg_sequencing_read(model, &data->sequencing, error) ||
        !yg_encoding_load(model, weights, path, &data->encoding, error) ||
        !yg_balance_read(model, data, error))
        return false;
    const yg_table_request request = {0};
    const bool arrays = yg_array_format_of(csv) != YG_ARRAY_NONE;
    if (arrays && data->series.length)
        return yg_fail(error, YG_ERROR_DATA, (yg_origin){csv, 0, 0},
                       "the model reads windows over the rows of a table, and this is none");
    if (arrays && data->sequencing.symbol)
        return yg_fail(error, YG_ERROR_DATA, (yg_origin){csv, 0, 0},
                       "the model reads sequences from a table, and this is none");
    void *state = arrays ? yg_array_source_open(&reading, csv, error)
                         : yg_table_source_of(&reading, &request, &csv, 1, error);
    yg_reader *reader =
        yg_reader_new(&reading, arrays ? &yg_source_array : &yg_source_table, state, error);
    const bool good = reader && yg_reader_all(reader, &data->held[2], error);
    data->test = (yg_part){.count = good ? data->held[2].count : 0, .dataset = &data->held[2]};
    yg_reader_close(reader);
    return good && yg_series_apply(&reading, csv, error) && yg_sequences_apply(&reading, error) &&
           yg_balance_apply(&reading, error);
}

/* Reads the data to score on; *part becomes the chosen one. */
static bool read_data(const yg_model *model, const yg_evaluate_options *options,
                      const yg_tensor_file *weights, const char *path, yg_dtype dtype,
                      yg_data *data, const yg_part **part, const char **name, yg_error *error) {
    if (options->csv) {
        *name = options->csv;
        *part = &data->test;
        return read_csv(model, weights, path, options->csv, dtype, data, error);
    }
    if (!yg_encoding_read_data(model, weights, path, dtype, data, error))
        return false;
    *part = choose_split(data, options->split, name);
    return *part ||
           yg_fail(error, YG_ERROR_ARGUMENT, (yg_origin){yg_model_path(model), 0, 0},
                   "the model's data have no part '%s'; they have train%s%s", options->split,
                   data->validation.count ? ", validation" : "", data->test.count ? ", test" : "");
}

/* Batches of training give the same numbers as training, to the last digit. */
static bool batch_size_of(const yg_model *model, const yg_evaluate_options *options,
                          int64_t examples, int64_t *batch, yg_error *error) {
    enum { WITHOUT_TRAINING = 256 };
    yg_settings settings;
    *batch = options->batch_size;
    if (*batch <= 0) {
        if (!yg_settings_read_step(model, &settings, error))
            return false;
        *batch = yg_model_section(model, "train") ? settings.batch_size : WITHOUT_TRAINING;
    }
    *batch = examples < *batch ? examples : *batch;
    return true;
}

/* Tells the caller of a loss that is not finite, if it wants to know. */
static void tell_not_finite(yg_executables *executables, const yg_evaluate_options *options,
                            yg_data *data, const yg_part *part, const char *name, double loss) {
    char words[200];
    snprintf(words, sizeof words, options->csv ? "data '%.150s'" : "%.150s part",
             !options->csv && strcmp(name, "train") == 0 ? "training" : name);
    const yg_not_finite_part p = {.executables = executables,
                                  .data = data,
                                  .part = part,
                                  .name = name,
                                  .words = words,
                                  .batch_size = executables->batch_size};
    if (options->not_finite && !isfinite(loss))
        yg_not_finite_part_fail(&p, loss, options->not_finite);
}

static bool score(const yg_model *model, const yg_evaluate_options *options,
                  const yg_tensor_file *weights, const char *path, yg_dtype dtype, yg_data *data,
                  const yg_part *part, const char *name, yg_scores *scores, yg_error *error) {
    yg_tensor_file store = {0};
    int64_t batch;
    if (!batch_size_of(model, options, part->count, &batch, error))
        return false;
    yg_executables executables = {
        .options = {.model = model, .data = data, .dtype = dtype, .threads = options->threads},
        .store = &store,
        .batch_size = batch,
        .longest = yg_part_longest(part, 0, part->count)};
    const bool good = yg_executables_plan(&executables, error) &&
                      yg_weights_initialize(executables.plan.network, 0, &store, error) &&
                      yg_weights_assign(weights, path, store.count, &store, error) &&
                      yg_scores_begin(&executables.plan, scores, error) &&
                      yg_executables_score(&executables, part, batch, scores, error);
    if (good)
        tell_not_finite(&executables, options, data, part, name, scores->loss);
    yg_executables_free(&executables);
    yg_tensor_file_free(&store);
    return good;
}

bool yg_evaluate(const yg_model *model, const yg_evaluate_options *options, yg_scores *scores,
                 const char **split, yg_error *error) {
    static const yg_evaluate_options defaults = {0};
    yg_tensor_file weights = {0};
    yg_data data = {0};
    const yg_part *part = NULL;
    const char *name = "";
    yg_dtype dtype;
    if (!options)
        options = &defaults;
    *scores = (yg_scores){0};
    char *path = yg_weights_path(model, options->weights);
    const bool good =
        (path || yg_fail_memory(error)) &&
        yg_settings_dtype(model, options->dtype, &dtype, error) &&
        yg_weights_read(model, path, &weights, error) &&
        read_data(model, options, &weights, path, dtype, &data, &part, &name, error) &&
        score(model, options, &weights, path, dtype, &data, part, name, scores, error);
    if (!good)
        yg_scores_free(scores);
    else if (split)
        *split = name;
    yg_data_free(&data);
    yg_tensor_file_free(&weights);
    free(path);
    return good;
}
