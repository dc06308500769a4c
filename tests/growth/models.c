/*
 * The lists of models as one: see models.h.
 */
#include "models.h"

static const growing_list *const lists[] = {&growing_graphs, &growing_sections, &growing_layers,
                                            &growing_data,   &growing_language, &growing_scans,
                                            &growing_tables};
enum { LISTS = sizeof lists / sizeof *lists };

size_t growing_model_count(void) {
    size_t count = 0;
    for (size_t i = 0; i < LISTS; i++)
        count += lists[i]->count;
    return count;
}

const growing_model *growing_model_at(size_t index) {
    size_t i = 0;
    for (; index >= lists[i]->count; i++)
        index -= lists[i]->count;
    return &lists[i]->models[index];
}
