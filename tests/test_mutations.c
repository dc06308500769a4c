/*
 * The fuzz targets over mutated texts: a few thousand inputs, the same in every
 * run, so that each build shows that no file whatever makes the library crash.
 */
#include "fuzz/fuzz.h"
#include "graph/random.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEED_CAP ((size_t)16 * 1024)

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
    uint8_t *bytes; /* room for twice the cap and a piece */
    size_t size;
} input;

/* Replaces `removed` bytes at `at` by `added` ones. */
static void splice(input *in, size_t at, size_t removed, const void *bytes, size_t added) {
    memmove(in->bytes + at + added, in->bytes + at + removed, in->size - at - removed);
    memcpy(in->bytes + at, bytes, added);
    in->size = in->size - removed + added;
}

static void mutate(input *in, dice *d) {
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
        uint8_t copy[200];
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

/* Runs `target` over `count` mutants of a seed. */
static void run(int (*target)(const uint8_t *, size_t), const uint8_t *seed, size_t size,
                uint64_t stream, int count) {
    input in = {malloc(4 * SEED_CAP), 0};
    cr_assert_not_null(in.bytes);
    cr_assert(size > 0 && size <= SEED_CAP);
    for (int i = 0; i < count; i++) {
        dice d = {(uint64_t)i, stream, 0};
        memcpy(in.bytes, seed, size);
        in.size = size;
        for (size_t k = roll(&d, 6) + 1; k > 0; k--)
            mutate(&in, &d);
        target(in.bytes, in.size);
    }
    free(in.bytes);
}

static const char model[] =
    "format: 1\n"
    "name: gate\n"
    "define:\n"
    "  gate:\n"
    "    args: {width: {type: int, min: 1}, act: {type: op, default: sigmoid}}\n"
    "    inputs: {x: [..., n]}\n"
    "    params: {w: {shape: [width, n], init: {type: normal, std: 0.5}}}\n"
    "    graph:\n"
    "      u: matmul(x, w, transpose_b=true)\n"
    "      y: act(u) * u\n"
    "    outputs: [y]\n"
    "vars: {hidden: 3, twice: 2 * hidden}\n"
    "inputs: {x: [B, 2]}\n"
    "targets: {y: {shape: [B, 1]}}\n"
    "graph:\n"
    "  h: {type: gate, input: x, width: twice, repeat: 2}\n"
    "  a, b: split(h, 2, dim=-1)\n"
    "  z: {type: linear, input: a + b[:, 0:3], out_features: 1}\n"
    "outputs: {p: \"sigmoid(z)\"}\n"
    "loss: bce_with_logits(z, y) # mean\n"
    "expect: {shapes: &s {h: [B, 6]}}\n"
    "doc: >\n"
    "  A \"gated\" unit.\n";

Test(mutations, document, .timeout = 60) {
    run(fuzz_document, (const uint8_t *)model, sizeof model - 1, 0, 10000);
}

Test(mutations, whole_model, .timeout = 120) {
    run(fuzz_model, (const uint8_t *)model, sizeof model - 1, 1, 2000);
}

Test(mutations, expression, .timeout = 60) {
    static const char *const seeds[] = {
        "matmul(x, transpose(W1)) + b1",
        "if(use_bias, z + bias, -z ** 2 // 3 % [1, 2.5e-3][0])",
        "split(qkv[:, 0, 1:2:3], 3, dim=-1, mode='mean') @ tok.weight <= blocks.0.up.weight",
    };
    for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++)
        run(fuzz_expression, (const uint8_t *)seeds[i], strlen(seeds[i]), i, 5000);
}

Test(mutations, csv, .timeout = 60) {
    static const char seed[] = "a,b,label\n1,2.5,\"x, \"\"y\"\"\"\r\n-1e-3,NA,z\n,,\n";
    run(fuzz_csv, (const uint8_t *)seed, sizeof seed - 1, 0, 5000);
}

Test(mutations, safetensors, .timeout = 60) {
    static const char header[] =
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2,1],\"data_offsets\":[0,8]},"
        "\"b\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[8,16]},"
        "\"__metadata__\":{\"k\":\"v\"}}";
    uint8_t seed[8 + sizeof header - 1 + 16] = {sizeof header - 1};
    memcpy(seed + 8, header, sizeof header - 1);
    run(fuzz_safetensors, seed, sizeof seed, 0, 10000);
}
