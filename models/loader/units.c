/*
 * Outputs in the units of an input or target: `outputs: {price: {value: h, units: y}}`.
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
            "`units` names an input or target; '%s' is none%s", output->units,
            yg_names_suggest(&names, output->units, hint, sizeof hint));
    return NULL;
}

bool yg_resolve_units(const yg_model *model, yg_error *error) {
    for (size_t i = 0; i < model->body.output_count; i++) {
        const yg_output_spec *output = &model->body.outputs[i];
        const yg_port *port = output->units ? find_units(model, output, error) : NULL;
        if (output->units && !port)
            return false;
        if (port && (!yg_dtype_is_float(port->dtype) || port->classes))
            return yg_fail(error, YG_ERROR_ARGUMENT, output->units_origin,
                           "'%s' holds %s, which have no units", port->name,
                           port->classes ? "classes" : "whole numbers");
    }
    return true;
}

/* The node of an input or target in this network, or YG_NONE where it is left out. */
static yg_node find_node(const yg_tensor_name *list, size_t count, const char *name) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i].name, name) == 0)
            return list[i].node;
    return YG_NONE;
}

bool yg_check_units(const yg_network *network, yg_error *error) {
    char have[YG_TYPE_TEXT], want[YG_TYPE_TEXT];
    for (size_t i = 0; i < network->output_count; i++) {
        const yg_tensor_name *output = &network->outputs[i];
        if (!output->units)
            continue;
        const yg_type *type = yg_node_type(network->graph, output->node);
        if (!yg_dtype_is_float(type->dtype))
            return yg_fail(error, YG_ERROR_DTYPE, output->origin,
                           "output '%s' is %s; only floating-point numbers have units",
                           output->name, yg_type_text(type, have));
        yg_node node = find_node(network->inputs, network->input_count, output->units);
        if (node == YG_NONE)
            node = find_node(network->targets, network->target_count, output->units);
        if (node == YG_NONE)
            continue; /* a network for prediction has no targets; this was checked when loading */
        const yg_type *port = yg_node_type(network->graph, node);
        if (!type->rank || type->shape[0] != port->shape[0] ||
            yg_type_count(type) != yg_type_count(port))
            return yg_fail(
                error, YG_ERROR_SHAPE, output->origin,
                "output '%s' has shape %s, '%s' has %s; to be in its units, it must have "
                "as many elements an example",
                output->name, yg_shape_text(type, have), output->units, yg_shape_text(port, want));
    }
    return true;
}
