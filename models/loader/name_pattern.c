/*
 * Patterns of names: see name_pattern.h.
 */
#include "name_pattern.h"

#include <stddef.h>

/* When a part does not fit, the last `*` takes one character more. */
bool yg_name_matches(const char *pattern, const char *name) {
    const char *star = NULL, *from = NULL;
    while (*name != '\0') {
        if (*pattern == '*') {
            star = pattern++;
            from = name;
        } else if (*pattern == *name) {
            pattern++;
            name++;
        } else if (star) {
            pattern = star + 1;
            name = ++from;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}
