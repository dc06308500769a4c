/*
 * Comparing two lists of lines, as diff does, for `show --pass`.
 */
#ifndef YG_CLI_DIFF_H
#define YG_CLI_DIFF_H

#include <stdbool.h>
#include <stddef.h>

typedef struct diff_lines {
    char **lines;
    size_t count;
    bool *shared; /* by line: the other list has it too */
} diff_lines;

/* Marks a longest common subsequence of lines in both lists; `shared` must be all false before.
 * Common lines at both ends are cheap. For m and n lines between them, time grows with m · n and
 * memory with m + n. False when out of memory. */
bool diff_mark(diff_lines *a, diff_lines *b);

#endif
