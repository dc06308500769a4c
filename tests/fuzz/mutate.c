/*
 * Mutations that hurt parsers, drawn from a seed.
 */
#include "mutate.h"

#include "graph/random.h"

#include <string.h>

/* What hurts parsers: brackets, marks of YAML, sizes at the edges of their types. */
static const char *const pieces[] = {
    "[",
    "]",
    "{",
    "}",
    "(",
    ")",
    "&a ",
    "*a",
    ": ",
    ":",
    ",",
    "- ",
    "\n",
    "\n  ",
    "\t",
    "#",
    "'",
    "\"",
    "|\n",
    "%",
    "!!int ",
    "<<: ",
    "---\n",
    "-1",
    "0",
    "2147483648",
    "-9e999",
    "nan",
    "1e-400",
    "9223372036854775807",
    "\xFF",
    "\xC3",
    "\xE2\x80",
    "\\x00",
    "repeat: 1000000\n",
    "[B, 0]",
    "[99999999, 99999999]",
    "** ",
    "@",
    "x[::-1]",
    "type: ",
    "\r",
    "...",
    "..",
    "if(",
};

/* A sequence of its own for each input, so that any one can be run alone. */
typedef struct dice {
    uint64_t seed;
    uint64_t stream;
    uint64_t used;
} dice;

static size_t roll(dice *d, size_t sides) {
    return (size_t)yg_random_below(d->seed, d->stream, d->used++, sides);
}

typedef struct input {
    uint8_t *bytes;
    size_t size;
} input;

/* Replaces `removed` bytes at `at` by `added` ones. */
static void splice(input *in, size_t at, size_t removed, const void *bytes, size_t added) {
    memmove(in->bytes + at + added, in->bytes + at + removed, in->size - at - removed);
    memcpy(in->bytes + at, bytes, added);
    in->size = in->size - removed + added;
}

static void mutate_once(input *in, dice *d) {
    const size_t at = roll(d, in->size + 1);
    const size_t left = in->size - at;
    switch (roll(d, 6)) {
    case 0: /* another byte */
        if (left > 0)
            in->bytes[at] = (uint8_t)roll(d, 256);
        return;
    case 1: /* cut a range */
        splice(in, at, roll(d, (left < 40 ? left : 40) + 1), "", 0);
        return;
    case 2: { /* repeat a range elsewhere */
        uint8_t copy[MUTATION_BYTES];
        const size_t length = roll(d, (left < sizeof copy ? left : sizeof copy) + 1);
        memcpy(copy, in->bytes + at, length);
        splice(in, roll(d, in->size + 1), 0, copy, length);
        return;
    }
    case 3: /* end early */
        if (roll(d, 8) == 0)
            in->size = at;
        return;
    default: { /* a piece, in place of some bytes or between them */
        const char *piece = pieces[roll(d, sizeof pieces / sizeof *pieces)];
        splice(in, at, roll(d, (left < 4 ? left : 4) + 1), piece, strlen(piece));
        return;
    }
    }
}

size_t mutate(uint8_t *bytes, size_t size, uint64_t seed, uint64_t stream) {
    dice d = {seed, stream, 0};
    input in = {bytes, size};
    for (size_t k = roll(&d, MUTATIONS) + 1; k > 0; k--)
        mutate_once(&in, &d);
    return in.size;
}
