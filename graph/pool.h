/*
 * Memory that is freed all at once: what a graph, a document or a program holds.
 */
#ifndef YG_GRAPH_POOL_H
#define YG_GRAPH_POOL_H

#include <stddef.h>

typedef struct yg_pool yg_pool;

yg_pool *yg_pool_new(void);       /* NULL when out of memory */
void yg_pool_free(yg_pool *pool); /* everything taken from it; NULL is allowed */

/* Zeroed and aligned for any type of that size; addresses stay valid until yg_pool_free(). NULL
 * when out of memory. */
void *yg_pool_take(yg_pool *pool, size_t size);

/* A NUL-terminated copy of text[0 .. length). */
char *yg_pool_copy(yg_pool *pool, const char *text, size_t length);

#endif
