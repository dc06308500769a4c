/*
 * Loading operators from shared objects, `--plugin FILE.so`. ops/plugin.h says how one is written.
 */
#ifndef YG_CLI_PLUGINS_H
#define YG_CLI_PLUGINS_H

#include "../graph/op.h"

/* The built-in operators and those of plug-ins. Models and graphs point into the shared objects, so
 * these stay loaded until plugins_close(). */
typedef struct plugins {
    yg_op_set set;
    const yg_op **ops;
    void **handles;
    size_t handle_count;
} plugins;

bool plugins_open(const char *const *paths, size_t count, plugins *out, yg_error *error);
void plugins_close(plugins *plugins); /* a zeroed struct is allowed */

#endif
