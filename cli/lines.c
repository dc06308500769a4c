/*
 * Lines of a text in memory: see lines.h.
 */
#include "lines.h"

#include <string.h>

const char *find_line(const char *text, size_t size, int32_t number, size_t *length) {
    const char *end = text + size;
    for (int32_t n = 1; n < number; n++) {
        text = memchr(text, '\n', (size_t)(end - text));
        if (!text)
            return NULL;
        text++;
    }
    const char *stop = memchr(text, '\n', (size_t)(end - text));
    *length = (size_t)((stop ? stop : end) - text);
    if (*length > 0 && text[*length - 1] == '\r')
        --*length;
    return text;
}
