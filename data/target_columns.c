/*
 * Columns that only targets are read from: see source.h.
 */
#include "source.h"

#include <stdlib.h>
#include <string.h>

static bool is_read_by(const yg_reading *reading, const char *column, bool target) {
    const yg_encoding *encoding = &reading->data->encoding;
    for (size_t p = 0; p < encoding->count; p++)
        for (size_t i = 0; i < encoding->ports[p].column_count; i++)
            if (yg_model_port(reading->model, p)->target == target &&
                strcmp(encoding->ports[p].columns[i], column) == 0)
                return true;
    return false;
}

bool yg_target_columns(const yg_reading *reading, const char ***names, size_t *count,
                       yg_error *error) {
    const yg_encoding *encoding = &reading->data->encoding;
    size_t room = 1;
    *count = 0;
    for (size_t p = 0; p < encoding->count; p++)
        if (yg_model_port(reading->model, p)->target)
            room += encoding->ports[p].column_count;
    if (!(*names = calloc(room, sizeof **names)))
        return yg_fail_memory(error);
    for (size_t p = 0; p < encoding->count; p++)
        for (size_t i = 0; i < encoding->ports[p].column_count; i++) {
            const char *column = encoding->ports[p].columns[i];
            if (yg_model_port(reading->model, p)->target && !is_read_by(reading, column, false))
                (*names)[(*count)++] = column;
        }
    return true;
}
