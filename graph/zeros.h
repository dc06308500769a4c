/*
 * Memory for the tensors of a program.
 */
#ifndef YG_GRAPH_ZEROS_H
#define YG_GRAPH_ZEROS_H

#include <stddef.h>

/* Zeroed bytes at a multiple of YG_ALIGN, to be freed with free(). NULL for 0 bytes, and if memory
 * runs out. Much memory is asked for as huge pages, where it fills whole ones: see zeros.c. */
void *yg_zeros(size_t bytes);

/* What memory is freed by. */
typedef struct yg_untouched {
    void *begin;
    size_t mapped; /* bytes of pages of its own; 0: it came from calloc() */
} yg_untouched;

/* Zeroed bytes at a multiple of YG_ALIGN. Many are pages of their own, which take no memory until
 * they are touched: a buffer that the caller replaces by binding another costs nothing. calloc()
 * would write zeros into memory that was used before. NULL if memory runs out. */
void *yg_zeros_untouched(size_t bytes, yg_untouched *memory);
void yg_untouched_free(yg_untouched *memory); /* what it holds; then it holds nothing */

/* Memory that several programs use in turn. */
typedef struct yg_memory yg_memory;

/* The bytes of yg_zeros(), with one owner. NULL for 0 bytes, and if memory runs out. */
yg_memory *yg_memory_new(size_t bytes);
/* Adds an owner to memory of at least so many bytes and returns it. NULL if it has fewer. Each
 * owner must free it. What it holds is what the others have written. */
yg_memory *yg_memory_share(yg_memory *memory, size_t bytes);
void yg_memory_free(yg_memory *memory); /* NULL is allowed */
char *yg_memory_data(const yg_memory *memory);

#endif
