/*
 * Random examples, so that a model without data can be checked and timed.
 */
#include "../graph/random.h"
#include "source.h"

#include <string.h>

/* Gives every symbolic dimension except the batch's a size. */
static bool invent_dimensions(const yg_reading *reading, const yg_invention *invention,
                              yg_error *error) {
    for (size_t p = 0; p < yg_model_port_count(reading->model); p++) {
        const yg_port *port = yg_model_port(reading->model, p);
        for (int d = 1; d < port->rank; d++) {
            bool known = !port->symbols[d];
            for (size_t i = 0; !known && i < reading->data->dim_count; i++)
                known = strcmp(reading->data->dims[i].name, port->symbols[d]) == 0;
            int64_t size = invention->otherwise;
            for (size_t i = 0; !known && i < invention->dim_count; i++)
                if (strcmp(invention->dims[i].name, port->symbols[d]) == 0)
                    size = invention->dims[i].size;
            if (!known && !yg_dimension_bind(reading, port, d, size, port->origin, error))
                return false;
        }
    }
    return true;
}

/* Draws one element. A class is any of the classes; another integer is 0 or 1. But the one integer
 * of an example's input is 1: it may be a length, and no sequence has the length 0. A float target
 * lies in (0, 1), where every loss is defined. A float input is normally distributed. */
static double invent(const yg_port *port, uint64_t stream, uint64_t index) {
    if (port->classes)
        return (double)yg_random_below(0, stream, index, (uint64_t)port->classes);
    const bool integer = port->dtype == YG_I32 || port->dtype == YG_I64;
    if (integer && port->rank == 1 && !port->target)
        return 1;
    if (!yg_dtype_is_float(port->dtype))
        return (double)yg_random_below(0, stream, index, 2);
    if (port->target)
        return 0.05 + 0.9 * yg_random_uniform(0, stream, index);
    return yg_random_normal(0, stream, index);
}

bool yg_data_invent(const yg_model *model, yg_dtype dtype, const yg_invention *invention,
                    yg_data *data, yg_error *error) {
    const yg_reading reading = {.model = model, .data = data, .dtype = dtype, .training = true};
    const int64_t count = invention->examples;
    const char *symbol;
    if (!yg_batch_symbol(model, &symbol, error) ||
        !yg_encoding_make(model, &data->encoding, error) ||
        !invent_dimensions(&reading, invention, error) ||
        !yg_dataset_reserve(&reading, &data->held[0], count, error))
        return false;
    data->held[0].count = count;
    data->train = (yg_part){.count = count, .dataset = &data->held[0]};
    for (size_t p = 0; p < yg_model_port_count(model); p++) {
        const yg_port *port = yg_model_port(model, p);
        const yg_elements *elements = &data->held[0].ports[p];
        const uint64_t stream = yg_random_key(port->name);
        for (int64_t i = 0; i < count * elements->width; i++)
            yg_element_set(elements->dtype, elements->data, i, invent(port, stream, (uint64_t)i));
    }
    return true;
}
