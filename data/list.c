/*
 * Lists of elements: see source.h.
 */
#include "source.h"

#include <stdlib.h>

bool yg_list_reserve(yg_list *list) {
    if (list->count < list->capacity)
        return true;
    const int64_t capacity = list->capacity ? 2 * list->capacity : 256;
    void *grown = realloc(list->data, (size_t)capacity * sizeof *list->wholes);
    if (!grown)
        return false;
    list->data = grown;
    list->capacity = capacity;
    return true;
}
