/*
 * Text that grows as it is written, for dumps of graphs and programs. Private to graph/.
 */
#ifndef YG_GRAPH_TEXT_H
#define YG_GRAPH_TEXT_H

#include "graph.h"

/* Starts as {0}. `data` is NUL-terminated. After an allocation has failed, `failed` is true, data
 * is NULL and later calls do nothing. */
typedef struct yg_text {
    char *data;
    size_t used, size;
    bool failed;
} yg_text;

void yg_text_put(yg_text *text, const char *more); /* as it is */
void yg_text_add(yg_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The finished text, to be freed by the caller; NULL if an allocation has failed. */
char *yg_text_take(yg_text *text);

/* Adds the attributes that differ from their defaults, as " {dim=[0], keepdim=true}"; nothing if
 * none does. */
void yg_text_attrs(yg_text *text, const yg_op *op, const yg_attr *attrs);

#endif
