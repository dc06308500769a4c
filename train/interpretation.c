/*
 * How outputs are read: see interpretation.h.
 */
#include "interpretation.h"

#include "../data/column.h"
#include "../data/series.h"
#include "../ops/registry.h"

#include <stdlib.h>

int64_t yg_answer_width(const yg_executable *executable, size_t output) {
    return executable->batch ? yg_type_count(&executable->outputs[output].type) / executable->batch
                             : 0;
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

/* Finds the output that decides the label: the first with a score for each class, or with one
 * sigmoid for two classes. */
static void find_label(yg_interpretation *r, const yg_executable *executable) {
    r->label_port = only_label(r);
    if (r->label_port == SIZE_MAX)
        return;
    const int64_t classes = yg_model_port(r->model, r->label_port)->classes;
    r->classes = r->data->encoding.ports[r->label_port].classes;
    if (!r->classes)
        r->classes = (char **)yg_model_port(r->model, r->label_port)->class_names;
    for (size_t i = 0; i < executable->output_count; i++) {
        const bool scores =
            executable->outputs[i].type.rank == 2 && yg_answer_width(executable, i) == classes;
        if ((scores && classes > 1) ||
            (classes == 2 && yg_answer_width(executable, i) == 1 && is_sigmoid(executable, i))) {
            r->label_output = i;
            return;
        }
    }
    r->label_port = SIZE_MAX;
}

/* Finds the port that gives an output's units. A port that is not standardised changes nothing. */
static bool find_units(const yg_interpretation *r, const yg_executable *executable,
                       const char *path, size_t output, yg_error *error) {
    size_t count;
    const char *name = yg_network_outputs(executable->network, &count)[output].units;
    const size_t units = name ? yg_model_find_port(r->model, name) : SIZE_MAX;
    r->units[output] = SIZE_MAX;
    if (units == SIZE_MAX || !yg_encoding_has_units(&r->data->encoding.ports[units]))
        return true;
    r->units[output] = units;
    const int64_t width = yg_encoding_width(&r->data->encoding.ports[units]);
    const int64_t answer = yg_answer_width(executable, output);
    return answer == width || (r->data->series.length && width > 0 && answer % width == 0) ||
           yg_fail(error, YG_ERROR_SHAPE, (yg_origin){path, 0, 0},
                   "output '%s' is in the units of '%s', but has %lld elements an example; an "
                   "example of '%s' has %lld",
                   executable->outputs[output].name, name, (long long)answer, name,
                   (long long)width);
}

bool yg_interpretation_make(const yg_model *model, const yg_data *data,
                            const yg_executable *executable, const char *path,
                            yg_interpretation *out, yg_error *error) {
    *out = (yg_interpretation){.model = model, .data = data};
    find_label(out, executable);
    out->units = calloc(executable->output_count + 1, sizeof *out->units);
    if (!out->units)
        return yg_fail_memory(error);
    for (size_t i = 0; i < executable->output_count; i++) {
        if (!executable->outputs[i].type.rank ||
            executable->outputs[i].type.shape[0] != executable->batch)
            return yg_fail(error, YG_ERROR_SHAPE, executable->outputs[i].origin,
                           "output '%s' has no row for each example, so it is no prediction",
                           executable->outputs[i].name);
        if (!find_units(out, executable, path, i, error))
            return false;
    }
    return true;
}

void yg_interpretation_free(yg_interpretation *interpretation) {
    free(interpretation->units);
    *interpretation = (yg_interpretation){0};
}
