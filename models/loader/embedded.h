/*
 * The files of models/layers/ and models/schedules/, as the build embeds them (cmake/embed.cmake).
 */
#ifndef YG_MODELS_LOADER_EMBEDDED_H
#define YG_MODELS_LOADER_EMBEDDED_H

#include <stddef.h>

typedef struct yg_embedded_file {
    const char *name; /* "linear", for models/layers/linear.yaml */
    const char *text; /* the file's text */
} yg_embedded_file;

/* In alphabetical order, with one entry of NULLs after the last. */
extern const yg_embedded_file yg_embedded_layers[];
extern const size_t yg_embedded_layers_count;
extern const yg_embedded_file yg_embedded_schedules[];
extern const size_t yg_embedded_schedules_count;

#endif
