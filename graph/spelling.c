/*
 * "did you mean": see spelling.h. The distance of two names is the restricted Damerau-Levenshtein
 * distance: insertions, deletions, substitutions and swaps of neighbours, where a swapped pair is
 * not edited again. It is computed by the usual table; only three of its rows are kept.
 */
#include "spelling.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Longer names get no suggestion. */
#define LONGEST 128

/* Makes characters equal that are easily mixed up: upper and lower case, '-' and '_'. ASCII only,
 * so that the result does not depend on the locale. */
static char fold(char c) {
    if (c >= 'A' && c <= 'Z')
        return (char)(c - 'A' + 'a');
    return c == '-' ? '_' : c;
}

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

static size_t distance(const char *a, size_t length_a, const char *b, size_t length_b) {
    size_t rows[3][LONGEST + 1];
    for (size_t j = 0; j <= length_b; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= length_a; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i + 2) % 3];
        row[0] = i;
        for (size_t j = 1; j <= length_b; j++) {
            const bool same = fold(a[i - 1]) == fold(b[j - 1]);
            row[j] = smaller(above[j - 1] + (same ? 0 : 1), smaller(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) &&
                fold(a[i - 2]) == fold(b[j - 1]))
                row[j] = smaller(row[j], rows[(i + 1) % 3][j - 2] + 1);
        }
    }
    return rows[length_a % 3][length_b];
}

const char *yg_nearest(const char *name, const char *const *candidates, size_t count) {
    const size_t length = strlen(name);
    if (length == 0 || length > LONGEST)
        return NULL;
    const size_t allowed = length < 6 ? 1 : length / 3;
    const char *nearest = NULL;
    size_t best = allowed + 1;
    for (size_t i = 0; i < count; i++) {
        const size_t other = strlen(candidates[i]);
        if (other > LONGEST || other > length + allowed || length > other + allowed)
            continue;
        const size_t edits = distance(name, length, candidates[i], other);
        /* Names without a common character are never near, although short ones differ by little. */
        if (edits < best && edits < (other > length ? other : length)) {
            best = edits;
            nearest = candidates[i];
        }
    }
    return nearest;
}

const char *yg_suggest(const char *name, const char *const *candidates, size_t count, char *text,
                       size_t size) {
    if (size == 0)
        return text;
    text[0] = '\0';
    if (count == 0)
        return text;
    const char *nearest = yg_nearest(name, candidates, count);
    if (nearest != NULL) {
        snprintf(text, size, "; did you mean '%s'?", nearest);
        return text;
    }
    /* Keeps room for the closing note: "… and " (8 bytes), 20 digits, " more", NUL. */
    const size_t reserve = 40;
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        const char *separator = i == 0 ? "; known: " : ", ";
        const size_t needed = strlen(separator) + strlen(candidates[i]);
        const size_t spare = i + 1 < count ? reserve : 1;
        if (used + needed + spare > size) {
            if (i > 0)
                snprintf(text + used, size - used, " … and %zu more", count - i);
            return text;
        }
        used += (size_t)snprintf(text + used, size - used, "%s%s", separator, candidates[i]);
    }
    return text;
}
