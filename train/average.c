/*
 * Moving averages of weights: see average.h.
 */
#include "average.h"

#include "../graph/number.h"
#include "../ops/build.h"
#include "optimizer_update.h"

#include <inttypes.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const yg_setting settings[] = {
    {"decay", .kind = YG_SETTING_NUMBER, .offset = offsetof(yg_average, decay), .max = 1,
     .above = true, .fallback = "0.999",
     .doc = "the part of the average that a step keeps; 1, with `bias_correction`: the plain mean",
     .example = "0.99"},
    {"bias_correction", .kind = YG_SETTING_FLAG, .offset = offsetof(yg_average, bias_correction),
     .fallback = "false",
     .doc = "weigh the first step as any other, which matters while there are few"},
    {"start", .kind = YG_SETTING_WHOLE, .offset = offsetof(yg_average, start), .fallback = "0",
     .example = "5", .doc = "epochs before the averaging begins"},
};

enum { SETTINGS = sizeof settings / sizeof *settings };

const yg_setting_group yg_average_settings = {
    "train.average", "a moving average of the weights, which is scored and kept in their place",
    settings, SETTINGS, NULL};

bool yg_average_read(const yg_value *value, yg_average *average, yg_error *error) {
    *average = (yg_average){.written = true, .decay = 0.999, .origin = value->origin};
    return yg_setting_read_all(value, "`average`", settings, SETTINGS, average, error) &&
           (average->decay < 1 || average->bias_correction ||
            yg_fail(error, YG_ERROR_ARGUMENT, yg_value_get(value, "decay")->origin,
                    "an average with `decay: 1` never moves; write `bias_correction: true` too for "
                    "the mean of the weights, or a `decay` below 1"));
}

void yg_average_describe(const yg_average *average, yg_text *text) {
    char number[YG_NUMBER_TEXT];
    if (average->written)
        yg_text_add(text,
                    "average.decay %s\naverage.bias_correction %s\naverage.start %" PRId64 "\n",
                    yg_number_text(average->decay, number),
                    average->bias_correction ? "true" : "false", average->start);
}

double yg_average_rate(const yg_average *average, int64_t step, int64_t epoch_steps) {
    const double t = (double)step + 1 - (double)average->start * (double)epoch_steps;
    if (t <= 1)
        return 1;
    if (!average->bias_correction)
        return 1 - average->decay;
    return average->decay < 1 ? (1 - average->decay) / -expm1(t * log(average->decay)) : 1 / t;
}

/* Appends the average of one parameter, whose new value is `value`. */
static bool add_one(yg_graph *graph, yg_node parameter, yg_node value, yg_node rate,
                    yg_optimizer_graph *out, yg_error *error) {
    const yg_type *type = yg_node_type(graph, parameter);
    const char *parameter_name = yg_node_name(graph, parameter);
    const size_t size = sizeof "@" YG_STATE_AVERAGE "." + strlen(parameter_name);
    char *name = malloc(size);
    if (!name)
        return yg_fail_memory(error);
    snprintf(name, size, "@" YG_STATE_AVERAGE ".%s", parameter_name);
    const yg_node state = yg_parameter(graph, name, type), part = yg_cast(graph, rate, type->dtype);
    const yg_node moved =
        yg_add(graph, state, yg_multiply(graph, part, yg_subtract(graph, value, state)));
    out->states[out->state_count++] = (yg_optimizer_state){state, name};
    out->updates[out->update_count++] = (yg_update){state, moved};
    return true;
}

/* The new value of each node that `out` updates, by the node; YG_NONE: it is not updated. Freed by
 * the caller. */
static yg_node *list_values(const yg_graph *graph, const yg_optimizer_graph *out) {
    const size_t count = yg_graph_size(graph);
    yg_node *values = malloc((count + 1) * sizeof *values);
    for (size_t i = 0; values && i < count; i++)
        values[i] = YG_NONE;
    for (size_t i = 0; values && i < out->update_count; i++)
        values[out->updates[i].parameter] = out->updates[i].value;
    return values;
}

static bool check_states(const yg_average *average, const yg_optimizer_graph *out,
                         yg_error *error) {
    static const char prefix[] = "@" YG_STATE_AVERAGE ".";
    for (size_t i = 0; i < out->state_count; i++)
        if (strncmp(out->states[i].name, prefix, sizeof prefix - 1) == 0)
            return yg_fail(error, YG_ERROR_ARGUMENT, average->origin,
                           "the optimizer keeps an average of '%s' itself; leave out `average`",
                           out->states[i].name + sizeof prefix - 1);
    return true;
}

bool yg_average_build(const yg_average *average, yg_graph *graph, const yg_node *parameters,
                      const bool *frozen, size_t count, yg_optimizer_graph *out, yg_node *rate,
                      yg_error *error) {
    const yg_type scalar = yg_type_scalar(YG_F64);
    if (!check_states(average, out, error) || !yg_optimizer_graph_grow(out, count, error))
        return false;
    yg_node *values = list_values(graph, out);
    if (!values)
        return yg_fail_memory(error);
    const yg_origin before = yg_graph_at(graph, average->origin);
    *rate = yg_input(graph, "train.average", &scalar);
    bool good = true;
    for (size_t i = 0; good && i < count; i++) {
        const yg_node value = frozen[i] ? parameters[i] : values[parameters[i]];
        good = value == YG_NONE || add_one(graph, parameters[i], value, *rate, out, error);
    }
    free(values);
    yg_graph_at(graph, before);
    return good && (!yg_graph_error(graph) || yg_fail_as(error, yg_graph_error(graph)));
}
