/*
 * JSON texts: see json_text.h.
 */
#include "json_text.h"

#include <stdbool.h>
#include <stdlib.h>

enum { MEMORY_A_BYTE = 32, MEMORY_AT_LEAST = 4096 };

/* Whether there is as much memory as the parsing of a text may take. */
static bool has_memory(size_t size) {
    void *memory = malloc(MEMORY_A_BYTE * size + MEMORY_AT_LEAST);
    free(memory);
    return memory != NULL;
}

json_t *yg_json_parse(const char *text, size_t size, size_t flags, json_error_t *reason) {
    json_t *value = json_loadb(text, size, flags, reason);
    /* A text that is right fails only once, if memory is there. */
    if (!value && json_error_code(reason) != json_error_out_of_memory && has_memory(size))
        return json_loadb(text, size, flags, reason);
    if (!value)
        reason->text[sizeof reason->text - 1] = (char)json_error_out_of_memory;
    return value;
}

char *yg_json_text(const json_t *value) {
    /* Measured, then written to room of that size. */
    const size_t length = json_dumpb(value, NULL, 0, JSON_COMPACT);
    char *text = length ? malloc(length + 1) : NULL;
    if (!text)
        return NULL;
    if (json_dumpb(value, text, length, JSON_COMPACT) != length) {
        free(text);
        return NULL;
    }
    text[length] = '\0';
    return text;
}
