/*
 * Warnings of settings that can never happen: see advice.h.
 */
#include "advice.h"

#include "json.h"
#include "terminal.h"

#include <string.h>

/* Takes the next line; false: there are no more. */
static bool next(const char **at, const char **line, int *length) {
    if (!*at || !**at)
        return false;
    *line = *at;
    *length = (int)strcspn(*at, "\n");
    *at += *length + ((*at)[*length] == '\n');
    return true;
}

void advice_print(const char *advice) {
    const char *line;
    int length;
    while (next(&advice, &line, &length))
        terminal_say("warning: %.*s", length, line);
}

json_t *advice_json(const char *advice) {
    json_t *list = json_array();
    const char *line;
    int length;
    while (next(&advice, &line, &length))
        json_append(&list, json_stringn(line, (size_t)length));
    return list;
}
