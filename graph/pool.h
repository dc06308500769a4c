/*
 * A pool: memory that is taken in small pieces and freed all at once. A graph, a document and a
 * program have one each.
 */
#ifndef YG_GRAPH_POOL_H
#define YG_GRAPH_POOL_H

#include <stddef.h>

typedef struct yg_pool yg_pool;

yg_pool *yg_pool_new(void);       /* NULL when out of memory */
void yg_pool_free(yg_pool *pool); /* frees everything taken from it; NULL is allowed */

/* Takes `size` bytes: zeroed, and aligned for any type of that size. The address stays valid until
 * yg_pool_free(). NULL when out of memory. */
void *yg_pool_take(yg_pool *pool, size_t size);

/* The same, but the bytes hold anything: for what is filled in at once. */
void *yg_pool_take_unset(yg_pool *pool, size_t size);

/* Takes a copy of text[0 .. length), with a NUL at its end. NULL when out of memory. */
char *yg_pool_copy(yg_pool *pool, const char *text, size_t length);

#endif
