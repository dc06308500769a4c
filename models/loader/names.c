/*
 * Tables of names, and arrays that grow inside a pool.
 */
#include "names.h"

#include "../../graph/random.h"
#include "../../graph/spelling.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void *yg_pool_grow(yg_pool *pool, void *array, size_t count, size_t element_size) {
    const bool full = count == 0 || (count >= 4 && (count & (count - 1)) == 0);
    if (!full)
        return array;
    const size_t room = count == 0 ? 4 : 2 * count;
    if (room > SIZE_MAX / element_size)
        return NULL;
    void *grown = yg_pool_take(pool, room * element_size);
    if (grown && count > 0)
        memcpy(grown, array, count * element_size);
    return grown;
}

const char *yg_pool_text(yg_pool *pool, const char *text) {
    return yg_pool_copy(pool, text, strlen(text));
}

const char *yg_pool_format(yg_pool *pool, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    va_list again;
    va_copy(again, arguments);
    const int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    char *text = length < 0 ? NULL : yg_pool_take(pool, (size_t)length + 1);
    if (text)
        vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    return text;
}

/* The slot that holds `name`, or the free one where it would go. */
static size_t slot_of(const yg_names *names, const char *name) {
    const size_t mask = names->slot_count - 1;
    size_t slot = (size_t)yg_random_key(name) & mask;
    while (names->slots[slot] != 0 && strcmp(names->names[names->slots[slot] - 1], name) != 0)
        slot = (slot + 1) & mask;
    return slot;
}

size_t yg_names_find(const yg_names *names, const char *name) {
    if (names->count == 0)
        return YG_NOT_FOUND;
    const uint32_t held = names->slots[slot_of(names, name)];
    return held == 0 ? YG_NOT_FOUND : held - 1;
}

static bool grow_slots(yg_names *names, yg_pool *pool) {
    const size_t slot_count = names->slot_count == 0 ? 8 : 2 * names->slot_count;
    uint32_t *slots = yg_pool_take(pool, slot_count * sizeof *slots);
    if (!slots)
        return false;
    names->slots = slots;
    names->slot_count = slot_count;
    for (size_t i = 0; i < names->count; i++)
        slots[slot_of(names, names->names[i])] = (uint32_t)i + 1;
    return true;
}

bool yg_names_add(yg_names *names, yg_pool *pool, const char *name) {
    if (2 * (names->count + 1) > names->slot_count && !grow_slots(names, pool))
        return false;
    const char **grown = yg_pool_grow(pool, names->names, names->count, sizeof *grown);
    if (!grown || !name)
        return false;
    names->names = grown;
    names->names[names->count] = name;
    names->slots[slot_of(names, name)] = (uint32_t)names->count + 1;
    names->count++;
    return true;
}

const char *yg_names_suggest(const yg_names *names, const char *name, char *text, size_t size) {
    if (names->count == 0) {
        text[0] = '\0';
        return text;
    }
    return yg_suggest(name, names->names, names->count, text, size);
}

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool yg_is_name(const char *name, bool dots) {
    bool first_segment = true;
    for (const char *c = name;; c++, first_segment = false) {
        const char *start = c;
        while (is_letter(*c) || is_digit(*c))
            c++;
        if (c == start)
            return false;
        if (is_digit(*start)) {
            size_t digits = 0;
            while (is_digit(start[digits]))
                digits++;
            if (first_segment || start + digits != c)
                return false;
        }
        if (*c == '\0')
            return true;
        if (*c != '.' || !dots)
            return false;
    }
}
