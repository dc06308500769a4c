/*
 * Keys: for each example a number that says what it belongs to, such as its class or its group.
 * Equal keys have equal numbers, from 0 in the order of first appearance. Private to the library.
 */
#ifndef YG_DATA_KEYS_H
#define YG_DATA_KEYS_H

#include "../models/loader/names.h"

/* All zeros are the keys of no example. A number takes one byte, or two or four once there are more
 * keys than that can hold. */
typedef struct yg_keys {
    int64_t count; /* examples */
    int64_t capacity;
    int size; /* bytes of a number */
    void *numbers;
    yg_names names;
    yg_pool *pool; /* holds the names */
    size_t recent; /* the number that was given last */
} yg_keys;

/* Adds the key of the next example. False when out of memory. */
bool yg_keys_add(yg_keys *keys, const char *text);
bool yg_keys_add_whole(yg_keys *keys, int64_t key);
size_t yg_keys_get(const yg_keys *keys, int64_t example);
void yg_keys_free(yg_keys *keys); /* what it holds, not the struct */

#endif
