/*
 * The texts of --set PATH=VALUE: the keys of PATH, and VALUE as YAML that fits its place.
 */
#ifndef YG_MODELS_LOADER_OVERRIDE_TEXT_H
#define YG_MODELS_LOADER_OVERRIDE_TEXT_H

#include "../../graph/pool.h"
#include "document.h"

/* The first key of a path, which ends at a '.' or is in quotes. Returns what follows it; *key is
 * the key, NULL when out of memory. With a `pool` of NULL it is not copied. */
const char *yg_override_next(const char *path, yg_pool *pool, const char **key);

/* The entry of a mapping that the path begins with: that of the longest key, because a key may have
 * points in it. *after becomes what follows. SIZE_MAX: there is none. */
size_t yg_override_find(const yg_value *mapping, const char *path, yg_pool *pool,
                        const char **after);

/* A key as YAML. NULL when out of memory. */
const char *yg_override_key(yg_pool *pool, const char *key);

/* `value`, which was read from `text`, as YAML for one line. `flow`: for a place within brackets.
 * Quotes are added where a text needs some there; `settings`: it stands in `data` or `train`, where
 * a formula in quotes is none. NULL on failure. */
const char *yg_override_text(yg_pool *pool, const yg_value *value, const char *text, bool flow,
                             bool settings, yg_error *error);

/* An expression as YAML for any place, in quotes where it needs some. NULL when out of memory. */
const char *yg_override_expression(yg_pool *pool, const char *text);

#endif
