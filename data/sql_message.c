/*
 * What is wrong with a query: see sql_message.h.
 */
#include "sql_message.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { SHOWN = 72, BEFORE = 48 }; /* bytes of a line, and of those that stand before the caret */

static bool is_word(char c) {
    return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

size_t yg_sql_find(const char *query, const char *reason) {
    const char *colon = strrchr(reason, ':'), *dot = strrchr(reason, '.');
    const char *word = colon ? colon + 1 + strspn(colon + 1, " ") : "";
    if (dot > word) /* of a column, its own name is looked for */
        word = dot + 1;
    const size_t size = strlen(word), length = strlen(query);
    for (size_t i = 0; size && i + size <= length; i++)
        if (strncasecmp(query + i, word, size) == 0 && !is_word(query[i + size]) &&
            (i == 0 || !is_word(query[i - 1])))
            return i;
    return SIZE_MAX;
}

static bool starts_character(char c) {
    return ((unsigned char)c & 0xC0) != 0x80;
}

bool yg_sql_fail(const char *query, size_t at, yg_origin origin, const char *what,
                 const char *reason, yg_error *error) {
    const size_t length = strlen(query);
    if (at == SIZE_MAX || at > length)
        return yg_fail(error, YG_ERROR_DATA, origin, "%s: %s", what, reason);
    size_t begin = at, end = at, column = 0;
    while (begin > 0 && query[begin - 1] != '\n' &&
           (at - begin < BEFORE || !starts_character(query[begin])))
        begin--;
    while (query[end] && query[end] != '\n' &&
           (end - begin < SHOWN || !starts_character(query[end])))
        end++;
    char line[SHOWN + BEFORE + 16] = "";
    for (size_t i = begin; i < end; i++) {
        const bool blank = (unsigned char)query[i] < 0x20 || query[i] == 0x7F;
        line[i - begin] = blank ? ' ' : query[i];
        column += i < at && starts_character(query[i]);
    }
    line[end - begin] = '\0';
    return yg_fail(error, YG_ERROR_DATA, origin, "%s: %s\n  %s\n  %*s^", what, reason, line,
                   (int)column, "");
}
