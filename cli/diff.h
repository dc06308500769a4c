/*
 * What two lists of lines have in common.
 */
#ifndef YG_CLI_DIFF_H
#define YG_CLI_DIFF_H

#include <stdbool.h>
#include <stddef.h>

typedef struct diff_lines {
    char **lines;
    size_t count;
    bool *shared; /* by line: it is in the other list too */
} diff_lines;

/* Marks a longest common subsequence of lines, in both lists; `shared` has been zeroed. Time is the
 * product of the lengths of what lies between common beginnings and ends, memory their sum. False
 * when out of memory. */
bool diff_mark(diff_lines *a, diff_lines *b);

#endif
