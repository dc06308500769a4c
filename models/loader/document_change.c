/*
 * Copies of values with a part replaced: see document_change.h.
 */
#include "document_change.h"

#include <string.h>

const yg_value *yg_value_with_item(yg_pool *pool, const yg_value *whole, size_t index,
                                   const yg_value *value) {
    yg_value *copy = yg_pool_take(pool, sizeof *copy);
    const yg_value **items = yg_pool_take(pool, whole->count * sizeof *items);
    if (!copy || !items)
        return NULL;
    memcpy(items, whole->items, whole->count * sizeof *items);
    items[index] = value;
    *copy = *whole;
    copy->items = items;
    return copy;
}

const yg_value *yg_value_with_entry(yg_pool *pool, const yg_value *mapping, const yg_value *key,
                                    const yg_value *value) {
    const size_t count = mapping->count;
    yg_value *copy = yg_pool_take(pool, sizeof *copy);
    const yg_value **keys = yg_pool_take(pool, (count + 1) * sizeof *keys);
    const yg_value **items = yg_pool_take(pool, (count + 1) * sizeof *items);
    yg_sorted_key *sorted = yg_pool_take(pool, (count + 1) * sizeof *sorted);
    if (!copy || !keys || !items || !sorted)
        return NULL;
    keys[0] = key;
    items[0] = value;
    if (count > 0) {
        memcpy(keys + 1, mapping->keys, count * sizeof *keys);
        memcpy(items + 1, mapping->items, count * sizeof *items);
    }
    size_t at = 0;
    while (at < count && strcmp(mapping->sorted[at].key->text, key->text) < 0)
        at++;
    for (size_t i = 0; i < count; i++) {
        const yg_sorted_key *old = &mapping->sorted[i];
        sorted[i < at ? i : i + 1] = (yg_sorted_key){old->key, old->entry + 1};
    }
    sorted[at] = (yg_sorted_key){key, 0};
    *copy = *mapping;
    copy->count = count + 1;
    copy->keys = keys;
    copy->items = items;
    copy->sorted = sorted;
    return copy;
}
