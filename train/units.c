/*
 * The units that outputs are given in: see units.h.
 */
#include "units.h"

#include "../data/column.h"

#include <stdio.h>
#include <string.h>

static bool is_standardized(const yg_model *model, const yg_encoding *encoding, size_t port) {
    if (encoding)
        return yg_encoding_has_units(&encoding->ports[port]);
    const yg_value *data = yg_model_section(model, "data");
    const yg_value *list =
        data && data->kind == YG_MAPPING ? yg_value_get(data, "standardize") : NULL;
    for (size_t i = 0; list && list->kind == YG_SEQUENCE && i < list->count; i++)
        if (strcmp(list->items[i]->text, yg_model_port(model, port)->name) == 0)
            return true;
    return false;
}

static bool is_given_back(const yg_model *model, const char *port) {
    for (size_t i = 0; i < yg_model_output_count(model); i++) {
        const yg_model_output output = yg_model_get_output(model, i);
        if (output.units && strcmp(output.units, port) == 0)
            return true;
    }
    return false;
}

bool yg_units_advice(const yg_model *model, const yg_encoding *encoding, char *text, size_t size) {
    for (size_t p = 0; p < yg_model_port_count(model); p++) {
        const yg_port *port = yg_model_port(model, p);
        if (!port->target || !is_standardized(model, encoding, p) ||
            is_given_back(model, port->name))
            continue;
        snprintf(text, size,
                 "target '%s' is standardised and no output is in its units, so outputs are as the "
                 "network computes them; where one is '%s', write `%s: {value: …, units: %s}` in "
                 "`outputs`",
                 port->name, port->name, yg_model_get_output(model, 0).name, port->name);
        return true;
    }
    return false;
}
