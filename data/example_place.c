/*
 * Where an example of the data stands: see source.h.
 */
#include "sequences.h"
#include "source.h"

#include <stdio.h>

/* The row of a table at which the example begins, if it has several. */
static int64_t row_of(const yg_data *data, const yg_dataset *dataset, int64_t example) {
    const yg_sequences *sequences = dataset->sequences;
    return sequences && data->sequencing.by ? sequences->begins[example] : example;
}

static const char *place_in_table(const yg_reading *reading, const yg_value *part, int64_t row,
                                  char *text, size_t size) {
    void *state =
        yg_source_reopens(reading, part) ? yg_source_table.open(reading, part, NULL) : NULL;
    yg_place place;
    const bool found = state && yg_table_source_place(state, row, &place, NULL);
    if (found && place.origin.line)
        snprintf(text, size, "%s:%d", place.origin.file, place.origin.line);
    else if (found)
        snprintf(text, size, "%s, row %lld", place.origin.file, (long long)place.row);
    if (state)
        yg_source_table.close(state);
    return found ? text : NULL;
}

/* The line of the model file, where the examples stand in it. */
static const char *place_in_model(const yg_model *model, const yg_value *part, int64_t example,
                                  char *text, size_t size) {
    const yg_value *rows = yg_value_get(part, yg_model_port(model, 0)->name);
    if (!rows || rows->kind != YG_SEQUENCE || example >= (int64_t)rows->count)
        return NULL;
    const yg_origin origin = rows->items[example]->origin;
    snprintf(text, size, "%s:%d:%d", origin.file, origin.line, origin.column);
    return text;
}

const char *yg_example_place(const yg_model *model, yg_data *data, const yg_part *part,
                             const char *name, yg_dtype dtype, int64_t example, char *text,
                             size_t size) {
    const yg_value *section = yg_model_section(model, "data");
    const bool split = part->dataset == data->train.dataset; /* from the training part */
    const yg_value *value = section ? yg_value_get(section, split ? "train" : name) : NULL;
    const yg_reading reading = {.model = model, .data = data, .dtype = dtype};
    const yg_source *source = value ? yg_source_of(value) : NULL;
    if (source == &yg_source_table)
        return place_in_table(&reading, value, row_of(data, part->dataset, example), text, size);
    return source == &yg_source_rows ? place_in_model(model, value, example, text, size) : NULL;
}
