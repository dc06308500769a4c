/*
 * Why a check failed: see why.h.
 */
#include "why.h"

#include <stdarg.h>
#include <stdio.h>

bool fail(char *why, const char *format, ...) {
    va_list list;
    va_start(list, format);
    vsnprintf(why, WHY_SIZE, format, list);
    va_end(list);
    return false;
}

const char *graph_reason(const yg_graph *graph) {
    if (!graph)
        return "out of memory";
    const yg_error *error = yg_graph_error(graph);
    return error ? error->message : "no result";
}
