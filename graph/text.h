/*
 * Text that grows: for dumps. Private to graph/.
 */
#ifndef YG_GRAPH_TEXT_H
#define YG_GRAPH_TEXT_H

#include "graph.h"

/* `data` is NUL-terminated, or NULL after an allocation failed: later calls then do nothing. */
typedef struct yg_text {
    char *data;
    size_t used, size;
    bool failed;
} yg_text;

void yg_text_add(yg_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The finished text, owned by the caller; NULL when out of memory. */
char *yg_text_take(yg_text *text);

/* " {dim=[0], keepdim=true}": what differs from the defaults; nothing if all are defaults. */
void yg_text_attrs(yg_text *text, const yg_op *op, const yg_attr *attrs);

#endif
