/*
 * Keys of examples: see keys.h.
 */
#include "keys.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t get(const void *numbers, int size, int64_t i) {
    return size == 1   ? ((const uint8_t *)numbers)[i]
           : size == 2 ? ((const uint16_t *)numbers)[i]
                       : ((const uint32_t *)numbers)[i];
}

static void set(void *numbers, int size, int64_t i, size_t number) {
    if (size == 1)
        ((uint8_t *)numbers)[i] = (uint8_t)number;
    else if (size == 2)
        ((uint16_t *)numbers)[i] = (uint16_t)number;
    else
        ((uint32_t *)numbers)[i] = (uint32_t)number;
}

/* Makes room for one more example, whose key is among the names. */
static bool reserve(yg_keys *keys) {
    const size_t largest = keys->names.count - 1;
    const int size = largest < 1 << 8 ? 1 : largest < 1 << 16 ? 2 : 4;
    if (largest >= UINT32_MAX)
        return false;
    if (keys->count < keys->capacity && size <= keys->size)
        return true;
    const int64_t capacity = keys->count + keys->count / 2 + 64;
    void *grown = malloc((size_t)capacity * (size_t)size);
    if (!grown)
        return false;
    for (int64_t i = 0; i < keys->count; i++)
        set(grown, size, i, get(keys->numbers, keys->size, i));
    free(keys->numbers);
    keys->numbers = grown;
    keys->capacity = capacity;
    keys->size = size;
    return true;
}

static size_t number_of(yg_keys *keys, const char *text) {
    const size_t known = yg_names_find(&keys->names, text);
    if (known != YG_NOT_FOUND)
        return known;
    if (!keys->pool && !(keys->pool = yg_pool_new()))
        return YG_NOT_FOUND;
    const char *copy = yg_pool_text(keys->pool, text);
    return copy && yg_names_add(&keys->names, keys->pool, copy) ? keys->names.count - 1
                                                                : YG_NOT_FOUND;
}

bool yg_keys_add(yg_keys *keys, const char *text) {
    /* Files are often sorted by what their rows belong to. */
    const bool same = keys->count > 0 && strcmp(keys->names.names[keys->recent], text) == 0;
    const size_t number = same ? keys->recent : number_of(keys, text);
    if (number == YG_NOT_FOUND || !reserve(keys))
        return false;
    keys->recent = number;
    set(keys->numbers, keys->size, keys->count++, number);
    return true;
}

bool yg_keys_add_whole(yg_keys *keys, int64_t key) {
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, key);
    return yg_keys_add(keys, text);
}

size_t yg_keys_get(const yg_keys *keys, int64_t example) {
    return get(keys->numbers, keys->size, example);
}

void yg_keys_free(yg_keys *keys) {
    free(keys->numbers);
    yg_pool_free(keys->pool);
    *keys = (yg_keys){0};
}
