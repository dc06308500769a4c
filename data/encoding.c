/*
 * What the training data say of each port, in memory: see data.h.
 */
#include "column.h"

#include <stdlib.h>

static void free_texts(char **texts, size_t count) {
    for (size_t i = 0; i < count; i++)
        free(texts[i]);
    free(texts);
}

bool yg_encoding_make(const yg_model *model, yg_encoding *encoding, yg_error *error) {
    encoding->count = yg_model_port_count(model);
    encoding->ports = calloc(encoding->count + 1, sizeof *encoding->ports);
    return encoding->ports || yg_fail_memory(error);
}

void yg_encoding_free(yg_encoding *encoding) {
    for (size_t p = 0; p < encoding->count && encoding->ports; p++) {
        yg_port_encoding *port = &encoding->ports[p];
        for (size_t i = 0; port->encoders && i < port->column_count; i++)
            yg_column_free(port->encoders[i]);
        free(port->encoders);
        free_texts(port->columns, port->column_count);
        free_texts(port->classes, port->class_count);
        free(port->formula);
        yg_transform_free(port->transform);
        free(port->mean);
        free(port->deviation);
    }
    free(encoding->ports);
    *encoding = (yg_encoding){0};
}
