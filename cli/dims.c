/*
 * --dim NAME=N: see dims.h.
 */
#include "dims.h"

#include "terminal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Reads "T=128". The dimension's name is a part of `text`, which is changed. */
static bool read_dim(char *text, yg_dim *dim) {
    char *equals = strchr(text, '=');
    char *end = NULL;
    if (!equals)
        return false;
    *equals = '\0';
    *dim = (yg_dim){.name = text, .size = strtoimax(equals + 1, &end, 10)};
    return end != equals + 1 && *end == '\0' && dim->size > 0 && dim->size <= INT32_MAX;
}

/* Whether a port of the model has a symbolic dimension of that name. */
static bool has_symbol(const yg_model *model, const char *name) {
    for (size_t i = 0; i < yg_model_port_count(model); i++) {
        const yg_port *port = yg_model_port(model, i);
        for (int d = 0; d < port->rank; d++)
            if (port->symbols[d] && strcmp(port->symbols[d], name) == 0)
                return true;
    }
    return false;
}

bool dims_read(const command_line *line, const yg_model *model, given_dims *out) {
    size_t given = 0;
    const char *const *values = option_texts(line, "dim", &given);
    for (size_t i = 0; i < given; i++) {
        if (out->count == DIMS_MAX) {
            terminal_error("too many --dim");
            return false;
        }
        char *text = strdup(values[i]);
        if (!text) {
            terminal_error("out of memory");
            return false;
        }
        yg_dim *dim = &out->dims[out->count];
        out->names[out->count++] = text;
        if (!read_dim(text, dim)) {
            terminal_error("--dim takes NAME=SIZE with a size from 1, not '%s'", values[i]);
            return false;
        }
        if (!has_symbol(model, dim->name)) {
            terminal_error("the model has no symbolic dimension '%s'", dim->name);
            return false;
        }
    }
    return true;
}

void dims_free(given_dims *dims) {
    for (size_t i = 0; i < dims->count; i++)
        free(dims->names[i]);
    *dims = (given_dims){0};
}
