/*
 * Words of commands: see shell_word.h.
 */
#include "shell_word.h"

#include <stdlib.h>
#include <string.h>

char *shell_word(const char *word) {
    const size_t length = strlen(word);
    const size_t plain = strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                      "0123456789_-+=./,:@%");
    char *text = malloc(4 * length + 3), *to = text;
    if (!text)
        return NULL;
    if (length && plain == length)
        return memcpy(text, word, length + 1);
    *to++ = '\'';
    for (; *word; word++) {
        const char *escaped = *word == '\'' ? "'\\''" : (const char[]){*word, '\0'};
        for (; *escaped; escaped++)
            *to++ = *escaped;
    }
    *to++ = '\'';
    *to = '\0';
    return text;
}
