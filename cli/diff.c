/*
 * Longest common subsequences by halving: Hirschberg, A linear space algorithm for computing
 * maximal common subsequences, Communications of the ACM 18 (1975).
 */
#include "diff.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef struct context {
    diff_lines *a, *b;
    uint64_t *a_hash, *b_hash; /* by line: hashes, compared before texts */
    uint32_t *down, *up;       /* by line of b: see measure_down() and measure_up() */
} context;

/* FNV-1a */
static uint64_t hash(const char *text) {
    uint64_t value = 14695981039346656037u;
    for (; *text != '\0'; text++)
        value = (value ^ (unsigned char)*text) * 1099511628211u;
    return value;
}

static bool equal(const context *c, size_t i, size_t j) {
    return c->a_hash[i] == c->b_hash[j] && strcmp(c->a->lines[i], c->b->lines[j]) == 0;
}

/* down[j] becomes the length of a longest common subsequence of a[first, last) and
 * b[begin, begin + j). */
static void measure_down(const context *c, size_t first, size_t last, size_t begin, size_t end) {
    memset(c->down, 0, (end - begin + 1) * sizeof *c->down);
    for (size_t i = first; i < last; i++) {
        uint32_t corner = 0;
        for (size_t j = begin; j < end; j++) {
            uint32_t *here = &c->down[j - begin + 1];
            const uint32_t above = *here, left = here[-1];
            *here = equal(c, i, j) ? corner + 1 : above > left ? above : left;
            corner = above;
        }
    }
}

/* up[j]: the same for a[first, last) and b[begin + j, end). */
static void measure_up(const context *c, size_t first, size_t last, size_t begin, size_t end) {
    memset(c->up, 0, (end - begin + 1) * sizeof *c->up);
    for (size_t i = last; i-- > first;) {
        uint32_t corner = 0;
        for (size_t j = end; j-- > begin;) {
            uint32_t *here = &c->up[j - begin];
            const uint32_t below = *here, right = here[1];
            *here = equal(c, i, j) ? corner + 1 : below > right ? below : right;
            corner = below;
        }
    }
}

static void mark(const context *c, size_t first, size_t last, size_t begin, size_t end) {
    while (first < last && begin < end && equal(c, first, begin))
        c->a->shared[first++] = c->b->shared[begin++] = true;
    while (first < last && begin < end && equal(c, last - 1, end - 1))
        c->a->shared[--last] = c->b->shared[--end] = true;
    if (first == last || begin == end)
        return;
    if (last - first == 1) {
        for (size_t j = begin; j < end; j++) {
            if (equal(c, first, j)) {
                c->a->shared[first] = c->b->shared[j] = true;
                return;
            }
        }
        return;
    }
    const size_t half = first + (last - first) / 2;
    measure_down(c, first, half, begin, end);
    measure_up(c, half, last, begin, end);
    size_t cut = 0;
    for (size_t j = 1; j <= end - begin; j++)
        if (c->down[j] + c->up[j] > c->down[cut] + c->up[cut])
            cut = j;
    mark(c, first, half, begin, begin + cut);
    mark(c, half, last, begin + cut, end);
}

bool diff_mark(diff_lines *a, diff_lines *b) {
    context c = {.a = a, .b = b};
    c.a_hash = calloc(a->count + 1, sizeof *c.a_hash);
    c.b_hash = calloc(b->count + 1, sizeof *c.b_hash);
    c.down = calloc(b->count + 1, sizeof *c.down);
    c.up = calloc(b->count + 1, sizeof *c.up);
    const bool room = c.a_hash && c.b_hash && c.down && c.up;
    for (size_t i = 0; i < a->count && room; i++)
        c.a_hash[i] = hash(a->lines[i]);
    for (size_t j = 0; j < b->count && room; j++)
        c.b_hash[j] = hash(b->lines[j]);
    if (room)
        mark(&c, 0, a->count, 0, b->count);
    free(c.a_hash);
    free(c.b_hash);
    free(c.down);
    free(c.up);
    return room;
}
