/*
 * The fuzz targets over mutated texts: a few thousand inputs, the same in every
 * run, so that each build shows that no file whatever makes the library crash.
 */
#include "fuzz/fuzz.h"
#include "fuzz/mutate.h"
#include "graph/file.h"
#include "train/train.h"
#include "workspace.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEED_CAP ((size_t)16 * 1024)

/* Runs `target` on a seed, and then on `count` mutants of it. */
static void run(int (*target)(const uint8_t *, size_t), const void *seed, size_t size,
                uint64_t stream, int count) {
    cr_assert(size > 0 && size <= SEED_CAP);
    target(seed, size);
    for (int i = 0; i < count; i++) {
        /* As large as the input: reading beyond its end is seen. */
        uint8_t *room = malloc(size + (size_t)MUTATIONS * MUTATION_BYTES);
        cr_assert_not_null(room);
        memcpy(room, seed, size);
        const size_t mutated = mutate(room, size, (uint64_t)i, stream);
        uint8_t *bytes = malloc(mutated + (mutated == 0));
        cr_assert_not_null(bytes);
        memcpy(bytes, room, mutated);
        free(room);
        target(bytes, mutated);
        free(bytes);
    }
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

Test(mutations, document) {
    run(fuzz_document, model, sizeof model - 1, 0, 10000);
}

Test(mutations, whole_model) {
    run(fuzz_model, model, sizeof model - 1, 1, 2000);
}

Test(mutations, expression) {
    static const char *const seeds[] = {
        "matmul(x, transpose(W1)) + b1",
        "if(use_bias, z + bias, -z ** 2 // 3 % [1, 2.5e-3][0])",
        "split(qkv[:, 0, 1:2:3], 3, dim=-1, mode='mean') @ tok.weight <= blocks.0.up.weight",
    };
    for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++)
        run(fuzz_expression, seeds[i], strlen(seeds[i]), i, 5000);
}

Test(mutations, csv) {
    static const char seed[] = "a,b,label\n1,2.5,\"x, \"\"y\"\"\"\r\n-1e-3,NA,z\n,,\n";
    /* A table that gzip has compressed. Most changes damage it, and must be told. */
    static const uint8_t packed[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03,
                                     0x4b, 0xd4, 0x49, 0xe2, 0x32, 0xd4, 0x31, 0xe2, 0x52, 0xaa,
                                     0x50, 0x50, 0x52, 0xaa, 0x54, 0x52, 0x52, 0xd2, 0x39, 0xbc,
                                     0x92, 0xcb, 0x58, 0xc7, 0x44, 0xcf, 0x94, 0x0b, 0x00, 0xeb,
                                     0xe2, 0x8c, 0x73, 0x1b, 0x00, 0x00, 0x00};
    run(fuzz_csv, seed, sizeof seed - 1, 0, 5000);
    run(fuzz_csv, packed, sizeof packed, 1, 2000);
}

Test(mutations, jsonl) {
    static const char seed[] = "{\"a\":1,\"b\":[2.5,null],\"c\":{\"d\":\"\\u00e9\"}}\r\n\n"
                               "{\"b\":[-1e3,4],\"c\":{\"d\":\"NA\"},\"a\":true}\n";
    run(fuzz_jsonl, seed, sizeof seed - 1, 0, 5000);
}

Test(mutations, text) {
    static const char *const seeds[] = {"one two\r\n\n\xC3\xA9t\xC3\xA9 ?\n", "a b\xE2\x82\xAC c"};
    for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++)
        run(fuzz_text, seeds[i], strlen(seeds[i]), i, 3000);
}

Test(mutations, image) {
    static const char *const names[] = {"palette_transparent.png", "interlaced.png",
                                        "colour_alpha.png", "grey.jpg", "progressive.jpg"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[400];
        uint8_t seed[2000];
        snprintf(path, sizeof path, YG_FIXTURES "/images/%s", names[i]);
        FILE *file = fopen(path, "rb");
        cr_assert_not_null(file);
        const size_t size = fread(seed, 1, sizeof seed, file);
        fclose(file);
        run(fuzz_image, seed, size, i, 600);
    }
}

Test(mutations, sqlite) {
    size_t size;
    char *seed = NULL;
    FILE *file = fopen(YG_SOURCE "/tests/fuzz/corpus/sqlite/rows", "rb");
    cr_assert_not_null(file);
    cr_assert_not_null(seed = malloc(SEED_CAP));
    size = fread(seed, 1, SEED_CAP, file);
    fclose(file);
    run(fuzz_sqlite, seed, size, 0, 500);
    free(seed);
}

/* The inputs that a fuzzer has found, and those that it started from. */
Test(mutations, corpora) {
    static const struct {
        const char *name;
        int (*target)(const uint8_t *, size_t);
    } corpora[] = {
        {"arrays", fuzz_arrays}, {"columns", fuzz_columns}, {"csv", fuzz_csv},
        {"image", fuzz_image},   {"jsonl", fuzz_jsonl},     {"safetensors", fuzz_safetensors},
        {"sqlite", fuzz_sqlite}, {"text", fuzz_text},
    };
    for (size_t i = 0; i < sizeof corpora / sizeof *corpora; i++) {
        char path[600];
        snprintf(path, sizeof path, YG_SOURCE "/tests/fuzz/corpus/%s", corpora[i].name);
        DIR *folder = opendir(path);
        cr_assert_not_null(folder, "%s", path);
        for (const struct dirent *entry; (entry = readdir(folder));) {
            size_t size;
            snprintf(path, sizeof path, YG_SOURCE "/tests/fuzz/corpus/%s/%s", corpora[i].name,
                     entry->d_name);
            char *bytes = entry->d_name[0] == '.' ? NULL : yg_file_read(path, 1 << 20, &size, NULL);
            if (bytes)
                run(corpora[i].target, bytes, size, 0, 0);
            free(bytes);
        }
        closedir(folder);
    }
}

/* The first byte chooses the kinds of columns. */
Test(mutations, columns) {
    static const char *const seeds[] = {
        "\004p,1,2,yes,2020-01-02,u,one two,1\nq,,4,no,2020-03-02,v,two three,2\n,5,8,,"
        "1999-12-31T12:00:00+01:00,v,five six two,\n",
        "\001{\"a\":\"q\",\"b\":null,\"c\":4,\"d\":\"no\",\"e\":\"2020-03-02\",\"f\":\"v\",\"s\":"
        "\"two three\",\"y\":2}\n{\"a\":3,\"b\":2,\"c\":-4e3,\"d\":false,\"e\":null,\"f\":true,"
        "\"s\":\"\",\"y\":0.5}\n",
        "\0021;1.000,5;7;u;1\n2;2;8;v;2\n3;4;9;u;1\n5;6;1;v;2\n8;9;10;u;3\n",
        "\0031,2,3\n4,5,3\n5,6,3\n6,7,3\n7,8,4\n8,9,4\n9,10,4\n",
    };
    for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++)
        run(fuzz_columns, seeds[i], strlen(seeds[i]), i, 150);
}

Test(mutations, safetensors) {
    static const char header[] =
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2,1],\"data_offsets\":[0,8]},"
        "\"b\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[8,16]},"
        "\"__metadata__\":{\"k\":\"v\"}}";
    uint8_t seed[8 + sizeof header - 1 + 16] = {sizeof header - 1};
    memcpy(seed + 8, header, sizeof header - 1);
    run(fuzz_safetensors, seed, sizeof seed, 0, 10000);
}

Test(mutations, arrays) {
    static const char *const names[] = {"columns.npy", "columns.npz", "x_deflated.npz", "x.idx",
                                        "x.idx.gz"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        uint8_t seed[1024];
        char path[512];
        snprintf(path, sizeof path, YG_FIXTURES "/arrays/%s", names[i]);
        FILE *file = fopen(path, "rb");
        cr_assert_not_null(file);
        const size_t size = fread(seed, 1, sizeof seed, file);
        fclose(file);
        run(fuzz_arrays, seed, size, i, 2000);
    }
}

/* A model that can be trained, with labels, dropout, a schedule and standardised columns. */
static const char whole[] =
    "format: 1\n"
    "name: whole\n"
    "vars: {width: 3}\n"
    "inputs: {x: [B, 2]}\n"
    "targets: {y: {shape: [B], dtype: i32, classes: 3}}\n"
    "params: {scale: {shape: [2], init: 1}}\n"
    "graph:\n"
    "  h: {type: linear, input: x * scale, out_features: width, activation: tanh, repeat: 2}\n"
    "  d: dropout(concat([h, x[:, 1:]], dim=-1), 0.2)\n"
    "  z: {type: linear, input: d, out_features: 3}\n"
    "outputs: {p: softmax(z)}\n"
    "loss: cross_entropy(z, y) + 0.01 * mean(square(scale))\n"
    "metrics: {accuracy: \"accuracy(z, y)\"}\n"
    "data:\n"
    "  train: {x: [[0, 1], [2, 3.5], [-1, 1e3]], y: [0, 1, 2]}\n"
    "  transform: {x: log(abs(x) + 1)}\n"
    "  standardize: [x]\n"
    "train: {batch_size: 2, optimizer: {type: adamw, lr: 0.01}, clip_grad_norm: 1}\n";

Test(mutations, trained_step) {
    run(fuzz_step, whole, sizeof whole - 1, 0, 1500);
}

/* The header of a weights file of training, with columns, classes and standardisation. */
Test(mutations, weights) {
    const workspace w = workspace_make();
    yg_error error = {0};
    yg_train_result result = {0};
    workspace_write(&w, "rows.csv", "a,b,label\n1,2,x\n3,5,y\n4,4,x\n");
    yg_model *model = workspace_model(&w, "model.yaml", fuzz_weights_model);
    const yg_train_options options = {.out = workspace_path(&w, "run"), .threads = 1};
    cr_assert(yg_train(model, &options, &result, &error), "%s", error.message);
    yg_train_result_free(&result);
    size_t size = 0;
    char *file = workspace_read(&w, "run/weights.safetensors", &size);
    cr_assert(size > 8);
    const size_t header = (size_t)((uint8_t)file[0] | (uint8_t)file[1] << 8);
    run(fuzz_weights, file + 8, header, 0, 2500);
    free(file);
    yg_model_free(model);
    workspace_remove(&w);
}
