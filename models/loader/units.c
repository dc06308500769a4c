/*
 * Outputs and metrics in the units of an input or target, `outputs: {price: {value: h, units: y}}`,
 * and scores of its classes, `outputs: {probability: {value: p, classes: y}}`.
 *
 * A network is trained on the standardised values of a target. So an output that is fitted to it is
 * standardised too, and must be scaled back to be useful. Only the author knows which output that
 * is, so the model must say it. A guess could scale probabilities and classes as well.
 */
#include "units.h"

#include <string.h>

/* The port of that name, among inputs and targets. */
static const yg_port *find_units(const yg_model *model, const yg_output_spec *output,
                                 yg_error *error) {
    for (size_t p = 0; p < model->port_count; p++)
        if (strcmp(model->ports[p].name, output->units) == 0)
            return &model->ports[p];
    yg_names names = {0};
    char hint[400];
    for (size_t p = 0; p < model->port_count; p++)
        if (!yg_names_add(&names, model->pool, model->ports[p].name))
            break;
    yg_fail(error, YG_ERROR_NAME, output->units_origin,
            "`%s` names an input or target; '%s' is none%s", output->scores ? "classes" : "units",
            output->units, yg_names_suggest(&names, output->units, hint, sizeof hint));
    return NULL;
}

static bool resolve(const yg_model *model, const yg_output_spec *outputs, size_t count,
                    yg_error *error) {
    for (size_t i = 0; i < count; i++) {
        const yg_output_spec *output = &outputs[i];
        const yg_port *port = output->units ? find_units(model, output, error) : NULL;
        if (output->units && !port)
            return false;
        if (port && output->scores && !port->classes)
            return yg_fail(error, YG_ERROR_ARGUMENT, output->units_origin,
                           "'%s' has no classes; `units: %s` is for numbers", port->name,
                           port->name);
        if (port && !output->scores && (!yg_dtype_is_float(port->dtype) || port->classes))
            return yg_fail(error, YG_ERROR_ARGUMENT, output->units_origin,
                           "'%s' holds %s, which have no units%s", port->name,
                           port->classes ? "classes" : "whole numbers",
                           port->classes ? "; write `classes` where an output has their scores"
                                         : "");
    }
    return true;
}

bool yg_resolve_units(const yg_model *model, yg_error *error) {
    return resolve(model, model->body.outputs, model->body.output_count, error) &&
           resolve(model, model->metrics, model->metric_count, error);
}

/* The node of an input or target in this network, or YG_NONE where it is left out. */
static yg_node find_node(const yg_tensor_name *list, size_t count, const char *name) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i].name, name) == 0)
            return list[i].node;
    return YG_NONE;
}

/* Whether an output has a number for each of a port's, or a score for each of its classes. One
 * number is the probability of the second of two classes. */
static bool fits(const yg_type *output, const yg_type *port, int64_t classes) {
    const int64_t count = yg_type_count(output), examples = yg_type_count(port);
    if (!output->rank || output->shape[0] != port->shape[0])
        return false;
    if (!classes || (classes == 2 && count == examples))
        return count == examples;
    return output->rank == port->rank + 1 && output->shape[port->rank] == classes &&
           count == examples * classes;
}

static bool check_output(const yg_network *network, const yg_tensor_name *output,
                         const yg_model *model, yg_error *error) {
    char have[YG_TYPE_TEXT], want[YG_TYPE_TEXT];
    const yg_type *type = yg_node_type(network->graph, output->node);
    const int64_t classes = yg_model_port(model, yg_model_find_port(model, output->units))->classes;
    if (!yg_dtype_is_float(type->dtype))
        return yg_fail(error, YG_ERROR_DTYPE, output->origin,
                       "output '%s' is %s; only floating-point numbers %s", output->name,
                       yg_type_text(type, have), classes ? "are scores of classes" : "have units");
    yg_node node = find_node(network->inputs, network->input_count, output->units);
    if (node == YG_NONE)
        node = find_node(network->targets, network->target_count, output->units);
    if (node == YG_NONE)
        return true; /* a network for prediction has no targets; this was checked when loading */
    const yg_type *port = yg_node_type(network->graph, node);
    if (fits(type, port, classes))
        return true;
    if (classes)
        return yg_fail(error, YG_ERROR_SHAPE, output->origin,
                       "output '%s' has shape %s, '%s' has %s; it must have a score for each of "
                       "%lld classes",
                       output->name, yg_shape_text(type, have), output->units,
                       yg_shape_text(port, want), (long long)classes);
    return yg_fail(error, YG_ERROR_SHAPE, output->origin,
                   "output '%s' has shape %s, '%s' has %s; to be in its units, it must have as "
                   "many elements an example",
                   output->name, yg_shape_text(type, have), output->units,
                   yg_shape_text(port, want));
}

bool yg_check_units(const yg_network *network, const yg_model *model, yg_error *error) {
    for (size_t i = 0; i < network->output_count; i++)
        if (network->outputs[i].units && !check_output(network, &network->outputs[i], model, error))
            return false;
    return true;
}
