/*
 * Places of values in messages: see source.h.
 */
#include "source.h"

#include <inttypes.h>
#include <stdio.h>

const char *yg_place_text(const yg_place *place, const yg_port *port, char *text, size_t size) {
    if (place->column)
        snprintf(text, size, "row %" PRId64 ", column '%.200s'", place->row, place->column);
    else
        snprintf(text, size, "'%.150s'", port->name);
    return text;
}
