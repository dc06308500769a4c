/*
 * How outputs are read: see interpretation.h.
 */
#include "interpretation.h"

#include "../data/column.h"
#include "../data/series.h"
#include "../ops/registry.h"

#include <stdlib.h>

int64_t yg_answer_width(const yg_interpretation *r, const yg_executable *executable,
                        size_t output) {
    const int64_t answers = executable->batch * (r->steps[output] ? executable->length : 1);
    return answers ? yg_type_count(&executable->outputs[output].type) / answers : 0;
}

int64_t yg_answer_first(const yg_interpretation *r, const yg_executable *executable, size_t output,
                        int64_t example, int64_t step) {
    const int64_t answer = r->steps[output] ? example * executable->length + step : example;
    return answer * yg_answer_width(r, executable, output);
}

double yg_answer_in_units(const yg_interpretation *r, size_t output, int64_t i, double value) {
    const size_t units = r->units[output];
    if (units == SIZE_MAX)
        return value;
    const yg_port_encoding *encoding = &r->data->encoding.ports[units];
    const int64_t width = yg_encoding_width(encoding);
    return yg_encoding_in_units(encoding, r->data->series.length ? i % width : i, value);
}

int64_t yg_answer_class(yg_dtype dtype, const void *scores, int64_t first, int64_t width) {
    int64_t best = 0;
    if (width == 1) /* a sigmoid */
        return yg_element_get(dtype, scores, first) >= 0.5;
    for (int64_t i = 1; i < width; i++)
        if (yg_element_get(dtype, scores, first + i) > yg_element_get(dtype, scores, first + best))
            best = i;
    return best;
}

static bool is_sigmoid(const yg_executable *executable, size_t output) {
    size_t count;
    const yg_tensor_name *outputs = yg_network_outputs(executable->network, &count);
    return yg_node_op(yg_network_graph(executable->network), outputs[output].node) ==
           &yg_op_sigmoid;
}

static bool has_label(const yg_interpretation *r, size_t port) {
    const yg_port *target = yg_model_port(r->model, port);
    int64_t lead, span = 1;
    if (r->data->series.length)
        yg_port_rows(&r->data->series, target, &lead, &span);
    return span == 1 && yg_port_is_label(r->data, target);
}

/* The one target that is a label; SIZE_MAX if none or several are. */
static size_t only_label(const yg_interpretation *r) {
    size_t found = SIZE_MAX;
    for (size_t i = 0; i < yg_model_port_count(r->model); i++) {
        if (!yg_model_port(r->model, i)->target || !has_label(r, i))
            continue;
        if (found != SIZE_MAX)
            return SIZE_MAX;
        found = i;
    }
    return found;
}

/* Whether an output has a score for each class, or one sigmoid for two classes. */
static bool has_scores(const yg_interpretation *r, const yg_executable *executable, size_t port,
                       size_t output) {
    const int64_t classes = yg_model_port(r->model, port)->classes;
    const int64_t width = yg_answer_width(r, executable, output);
    const bool steps = yg_port_is_ragged(r->data, yg_model_port(r->model, port));
    const int rank = executable->outputs[output].type.rank;
    return steps == r->steps[output] &&
           ((rank == (steps ? 3 : 2) && width == classes && classes > 1) ||
            (classes == 2 && width == 1 && is_sigmoid(executable, output)));
}

static void add_label(yg_interpretation *r, size_t port, size_t output) {
    char **names = r->data->encoding.ports[port].classes;
    if (!names)
        names = (char **)yg_model_port(r->model, port)->class_names;
    r->labels[r->label_count++] = (yg_told_class){port, output, names};
}

/* Finds the outputs that decide classes: those that say so with `classes`. Where none does and one
 * target is a label, it is the first output that has scores of its classes. */
static bool find_labels(yg_interpretation *r, const yg_executable *executable, const char *path,
                        yg_error *error) {
    for (size_t i = 0; i < executable->output_count; i++) {
        const size_t port = r->ports[i];
        if (port == SIZE_MAX || !yg_model_port(r->model, port)->classes)
            continue;
        if (!has_scores(r, executable, port, i) && !(yg_model_port(r->model, port)->classes == 2 &&
                                                     yg_answer_width(r, executable, i) == 1))
            return yg_fail(
                error, YG_ERROR_SHAPE, (yg_origin){path, 0, 0},
                "output '%s' should have a score for each of the %lld classes of '%s', "
                "but has %lld elements an example",
                executable->outputs[i].name, (long long)yg_model_port(r->model, port)->classes,
                yg_model_port(r->model, port)->name, (long long)yg_answer_width(r, executable, i));
        add_label(r, port, i);
    }
    const size_t only = r->label_count ? SIZE_MAX : only_label(r);
    for (size_t i = 0; only != SIZE_MAX && i < executable->output_count && !r->label_count; i++)
        if (has_scores(r, executable, only, i))
            add_label(r, only, i);
    return true;
}

const yg_told_class *yg_answer_label(const yg_interpretation *r, size_t output) {
    for (size_t i = 0; i < r->label_count; i++)
        if (r->labels[i].output == output)
            return &r->labels[i];
    return NULL;
}

const char *yg_answer_column(const yg_interpretation *r, size_t output, int64_t i) {
    if (r->ports[output] == SIZE_MAX || r->data->series.length)
        return NULL;
    const yg_port_encoding *encoding = &r->data->encoding.ports[r->ports[output]];
    const bool alike = (int64_t)encoding->column_count == yg_encoding_width(encoding);
    return alike && i < (int64_t)encoding->column_count ? encoding->columns[i] : NULL;
}

/* Finds the port that gives an output's units. A port that is not standardised changes nothing. */
static bool find_units(const yg_interpretation *r, const yg_executable *executable,
                       const char *path, size_t output, yg_error *error) {
    size_t count;
    const char *name = yg_network_outputs(executable->network, &count)[output].units;
    const size_t units = name ? yg_model_find_port(r->model, name) : SIZE_MAX;
    r->ports[output] = units;
    r->units[output] = SIZE_MAX;
    if (units == SIZE_MAX || yg_model_port(r->model, units)->classes ||
        !yg_encoding_has_units(&r->data->encoding.ports[units]))
        return true;
    r->units[output] = units;
    const int64_t width = yg_encoding_width(&r->data->encoding.ports[units]);
    const int64_t answer = yg_answer_width(r, executable, output);
    return answer == width || (r->data->series.length && width > 0 && answer % width == 0) ||
           yg_fail(error, YG_ERROR_SHAPE, (yg_origin){path, 0, 0},
                   "output '%s' is in the units of '%s', but has %lld elements an example; an "
                   "example of '%s' has %lld",
                   executable->outputs[output].name, name, (long long)answer, name,
                   (long long)width);
}

/* An output that grows with the sequences has an answer for each step. */
static void find_steps(yg_interpretation *r, const yg_executable *executable, yg_network *longer) {
    size_t count = 0;
    const yg_tensor_name *outputs = longer ? yg_network_outputs(longer, &count) : NULL;
    for (size_t i = 0; i < count && i < executable->output_count; i++) {
        const yg_type *is = &executable->outputs[i].type;
        const yg_type *other = yg_node_type(yg_network_graph(longer), outputs[i].node);
        r->steps[i] = is->rank > 1 && is->rank == other->rank && is->shape[1] < other->shape[1];
        r->any_steps = r->any_steps || r->steps[i];
    }
}

bool yg_interpretation_make(const yg_model *model, const yg_data *data,
                            const yg_executable *executable, yg_network *longer, const char *path,
                            yg_interpretation *out, yg_error *error) {
    *out = (yg_interpretation){.model = model, .data = data};
    out->ports = calloc(executable->output_count + 1, sizeof *out->ports);
    out->units = calloc(executable->output_count + 1, sizeof *out->units);
    out->steps = calloc(executable->output_count + 1, sizeof *out->steps);
    out->labels = calloc(executable->output_count + 1, sizeof *out->labels);
    if (!out->ports || !out->units || !out->steps || !out->labels)
        return yg_fail_memory(error);
    find_steps(out, executable, longer);
    for (size_t i = 0; i < executable->output_count; i++) {
        if (!executable->outputs[i].type.rank ||
            executable->outputs[i].type.shape[0] != executable->batch)
            return yg_fail(error, YG_ERROR_SHAPE, executable->outputs[i].origin,
                           "output '%s' has no row for each example, so it is no prediction",
                           executable->outputs[i].name);
        if (!find_units(out, executable, path, i, error))
            return false;
    }
    return find_labels(out, executable, path, error);
}

void yg_interpretation_free(yg_interpretation *interpretation) {
    free(interpretation->labels);
    free(interpretation->ports);
    free(interpretation->units);
    free(interpretation->steps);
    *interpretation = (yg_interpretation){0};
}
