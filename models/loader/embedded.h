/*
 * The files of models/layers/, as the build embeds them (cmake/embed_layers.cmake).
 */
#ifndef YG_MODELS_LOADER_EMBEDDED_H
#define YG_MODELS_LOADER_EMBEDDED_H

#include <stddef.h>

typedef struct yg_embedded_layer {
    const char *name; /* "linear", for models/layers/linear.yaml */
    const char *text; /* the file's text */
} yg_embedded_layer;

/* In alphabetical order, with one entry of NULLs after the last. */
extern const yg_embedded_layer yg_embedded_layers[];
extern const size_t yg_embedded_layer_count;

#endif
