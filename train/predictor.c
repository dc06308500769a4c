/*
 * Predictors: see predictor.h.
 */
#include "predictor.h"

#include "../graph/threads.h"
#include "predictor_seat.h"
#include "seats.h"
#include "settings.h"
#include "weights.h"

#include <stdlib.h>
#include <string.h>

struct yg_predictor {
    char *path;           /* of the weights */
    yg_tensor_file store; /* the parameters, which all seats read */
    size_t input_count, output_count;
    yg_predictor_tensor *inputs, *outputs;
    int seat_count; /* that were made, or begun */
    yg_seat *seat;  /* [seat_count] */
    yg_seats *free; /* which seats are */
};

/* ---------------------------------------------------------------------------------- opening -- */

static bool check_options(const yg_predictor_options *options, yg_error *error) {
    if (options->batch < 0 || options->seats < 0 || options->threads < 0)
        return yg_fail(error, YG_ERROR_ARGUMENT, YG_NOWHERE,
                       "batch, seats and threads of a predictor cannot be negative");
    return options->seats <= YG_PREDICTOR_SEATS ||
           yg_fail(error, YG_ERROR_ARGUMENT, YG_NOWHERE, "a predictor has %d seats at most",
                   YG_PREDICTOR_SEATS);
}

static bool list_tensors(yg_predictor *predictor, const yg_model *model, yg_error *error) {
    const yg_executable *executable = predictor->seat[0].executable;
    predictor->input_count = executable->feed_count;
    predictor->output_count = executable->output_count;
    predictor->inputs = calloc(predictor->input_count + 1, sizeof *predictor->inputs);
    predictor->outputs = calloc(predictor->output_count + 1, sizeof *predictor->outputs);
    if (!predictor->inputs || !predictor->outputs)
        return yg_fail_memory(error);
    for (size_t i = 0; i < predictor->input_count; i++) {
        const yg_feed *feed = &executable->feeds[i];
        yg_predictor_tensor *input = &predictor->inputs[i];
        input->name = yg_model_port(model, feed->port)->name;
        if (!yg_port_type(&predictor->seat[0].data, yg_model_port(model, feed->port), feed->dtype,
                          executable->batch, &input->type, error))
            return false;
    }
    for (size_t o = 0; o < predictor->output_count; o++)
        predictor->outputs[o] =
            (yg_predictor_tensor){executable->outputs[o].name, executable->outputs[o].type};
    return true;
}

/* Makes the seats. The first one's network tells the parameters. */
static bool make_seats(yg_predictor *predictor, const yg_seat_options *options, int count,
                       yg_error *error) {
    predictor->seat = calloc((size_t)count, sizeof *predictor->seat);
    predictor->free = yg_seats_new(count, error);
    if (!predictor->seat || !predictor->free)
        return yg_fail_memory(error); /* changes no failure that was told */
    while (predictor->seat_count < count) {
        const bool first = predictor->seat_count == 0;
        yg_seat *seat = &predictor->seat[predictor->seat_count++];
        if (!yg_seat_make(options, seat, error) ||
            (first &&
             (!yg_weights_initialize(seat->executable->network, 0, &predictor->store, error) ||
              !yg_weights_assign(options->weights, options->path, predictor->store.count,
                                 &predictor->store, error))) ||
            !yg_executable_bind(seat->executable, &predictor->store, error))
            return false;
    }
    return list_tensors(predictor, options->model, error);
}

static bool open_all(yg_predictor *predictor, const yg_model *model,
                     const yg_predictor_options *options, yg_error *error) {
    yg_tensor_file file = {0};
    yg_seat_options seat = {.model = model,
                            .weights = options->tensors ? options->tensors : &file,
                            .batch = options->batch ? options->batch : 1,
                            .threads = options->threads ? options->threads : 1,
                            .dims = options->dims,
                            .dim_count = options->dim_count};
    int count = options->seats ? options->seats : yg_threads_available();
    if (count > YG_PREDICTOR_SEATS)
        count = YG_PREDICTOR_SEATS;
    predictor->path =
        options->tensors ? strdup("the weights") : yg_weights_path(model, options->weights);
    if (!predictor->path)
        return yg_fail_memory(error);
    seat.path = predictor->path;
    const bool good = check_options(options, error) &&
                      yg_settings_dtype(model, options->dtype, &seat.dtype, error) &&
                      (options->tensors || yg_weights_read(model, predictor->path, &file, error)) &&
                      make_seats(predictor, &seat, count, error);
    yg_tensor_file_free(&file);
    return good;
}

yg_predictor *yg_predictor_open(const yg_model *model, const yg_predictor_options *options,
                                yg_error *error) {
    static const yg_predictor_options defaults = {0};
    yg_predictor *predictor = calloc(1, sizeof *predictor);
    if (!predictor) {
        yg_fail_memory(error);
        return NULL;
    }
    if (open_all(predictor, model, options ? options : &defaults, error))
        return predictor;
    yg_predictor_close(predictor);
    return NULL;
}

void yg_predictor_close(yg_predictor *predictor) {
    if (!predictor)
        return;
    for (int i = 0; i < predictor->seat_count; i++)
        yg_seat_free(&predictor->seat[i]);
    free(predictor->seat);
    yg_seats_free(predictor->free);
    yg_tensor_file_free(&predictor->store);
    free(predictor->inputs);
    free(predictor->outputs);
    free(predictor->path);
    free(predictor);
}

/* ------------------------------------------------------------------------------------- calls -- */

const yg_predictor_tensor *yg_predictor_inputs(const yg_predictor *predictor, size_t *count) {
    *count = predictor->input_count;
    return predictor->inputs;
}

const yg_predictor_tensor *yg_predictor_outputs(const yg_predictor *predictor, size_t *count) {
    *count = predictor->output_count;
    return predictor->outputs;
}

const char *const *yg_predictor_columns(const yg_predictor *predictor, size_t *count) {
    *count = predictor->seat[0].column_count;
    return (const char *const *)predictor->seat[0].columns;
}

/* Runs a seat whose inputs have been filled, if they could be, and gives it back. */
static bool finish(yg_predictor *predictor, int number, bool filled, void *const *outputs,
                   yg_error *error) {
    const yg_seat *seat = &predictor->seat[number];
    const bool good = filled && yg_executable_run(seat->executable, 0, 0, error);
    if (good)
        yg_seat_give(seat, outputs);
    yg_seats_give(predictor->free, number);
    return good;
}

bool yg_predictor_run(yg_predictor *predictor, const void *const *inputs, void *const *outputs,
                      yg_error *error) {
    const int number = yg_seats_take(predictor->free);
    const bool filled = yg_seat_take_tensors(&predictor->seat[number], inputs, error);
    return finish(predictor, number, filled, outputs, error);
}

bool yg_predictor_row(yg_predictor *predictor, const yg_cell *cells, void *const *outputs,
                      yg_error *error) {
    const int number = yg_seats_take(predictor->free);
    const bool filled = yg_seat_take_rows(&predictor->seat[number], cells, error);
    return finish(predictor, number, filled, outputs, error);
}

const char *yg_predictor_label(const yg_predictor *predictor, const void *const *outputs,
                               int64_t example, int64_t *index) {
    const yg_seat *seat = &predictor->seat[0];
    const yg_interpretation *r = &seat->outputs;
    int64_t class = -1;
    if (r->label_count) {
        const size_t output = r->labels[0].output;
        const int64_t width = yg_answer_width(r, seat->executable, output);
        class = yg_answer_class(seat->executable->outputs[output].type.dtype, outputs[output],
                                example * width, width);
    }
    if (index)
        *index = class;
    return class >= 0 && r->labels[0].names ? r->labels[0].names[class] : NULL;
}
