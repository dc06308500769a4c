/*
 * Copies of values with a part replaced. A document itself never changes.
 */
#ifndef YG_MODELS_LOADER_DOCUMENT_CHANGE_H
#define YG_MODELS_LOADER_DOCUMENT_CHANGE_H

#include "../../graph/pool.h"
#include "document.h"

/* A copy of a list or mapping in which the item or entry number `index` has another value. NULL
 * when out of memory. */
const yg_value *yg_value_with_item(yg_pool *pool, const yg_value *whole, size_t index,
                                   const yg_value *value);

/* A copy of a mapping with one entry more, which is its first: there a file's text is easily given
 * one too. `key` is a scalar that the mapping does not have. NULL when out of memory. */
const yg_value *yg_value_with_entry(yg_pool *pool, const yg_value *mapping, const yg_value *key,
                                    const yg_value *value);

#endif
