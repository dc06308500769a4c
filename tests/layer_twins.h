/*
 * Models by layers, and the same models by operators.
 */
#ifndef YG_TESTS_LAYER_TWINS_H
#define YG_TESTS_LAYER_TWINS_H

#include <stddef.h>

typedef struct layer_twin {
    const char *name;
    const char *layers, *operators;
    const char *parameters; /* names by layers, in order: "h.weight h.bias" */
} layer_twin;

extern const layer_twin layer_twins[];
extern const size_t layer_twin_count;

#endif
