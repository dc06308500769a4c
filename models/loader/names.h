/*
 * A hash table from names to indices, for scopes, layer types and parameters. Its memory belongs to
 * a pool.
 */
#ifndef YG_MODELS_LOADER_NAMES_H
#define YG_MODELS_LOADER_NAMES_H

#include "../../graph/pool.h"

#include <stdbool.h>
#include <stdint.h>

#define YG_NOT_FOUND SIZE_MAX

/* All zeros is an empty table. names[i] is the name that was added as number i. */
typedef struct yg_names {
    const char **names;
    size_t count;
    uint32_t *slots; /* index + 1, or 0 for a free slot; open addressing, at most half full */
    size_t slot_count;
} yg_names;

/* The name's index, or YG_NOT_FOUND. */
size_t yg_names_find(const yg_names *names, const char *name);

/* Adds a name; its index is the old `count`. The name is not copied, and must not be in the table.
 * False when out of memory. */
bool yg_names_add(yg_names *names, yg_pool *pool, const char *name);

/* "; did you mean …?" among them, as yg_suggest(). Returns `text`. */
const char *yg_names_suggest(const yg_names *names, const char *name, char *text, size_t size);

/* Makes room for one more element in an array of `count` elements that lives in a pool. Its
 * capacity is a power of two; a full array is moved. Returns the array, or NULL when out of memory.
 */
void *yg_pool_grow(yg_pool *pool, void *array, size_t count, size_t element_size);

/* A copy of a NUL-terminated text, or of a formatted one. NULL when out of memory. */
const char *yg_pool_text(yg_pool *pool, const char *text);
const char *yg_pool_format(yg_pool *pool, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* True if `name` is an identifier (letters, digits, '_'; no digit first), or several joined by
 * dots, where those after the first may be numbers: "blocks.0.up". */
bool yg_is_name(const char *name, bool dots);

#endif
