/*
 * Memory for the tensors of a program.
 */
#ifndef YG_GRAPH_ZEROS_H
#define YG_GRAPH_ZEROS_H

#include <stddef.h>

/* Zeroed bytes at a multiple of YG_ALIGN, to be freed with free(). NULL for 0 bytes, and if memory
 * runs out. Much memory is asked for as huge pages: see zeros.c. */
void *yg_zeros(size_t bytes);

/* Zeroed bytes at a multiple of YG_ALIGN; *memory is what to free. Large ones come from calloc() as
 * pages that take no memory until they are touched. So a buffer that the caller replaces by binding
 * another costs nothing. */
void *yg_zeros_untouched(size_t bytes, void **memory);

#endif
