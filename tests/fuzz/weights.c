/*
 * Any bytes as the header of a weights file: predictions of a model with these weights, or a
 * message. The header's length and the tensors' data are made to fit, so that an input gets beyond
 * them to names, shapes, and the JSON texts among the metadata.
 */
#include "fuzz.h"
#include "require.h"
#include "train/predict.h"

#include <ctype.h>
#include <string.h>
#include <unistd.h>

#define DATA_CAP 4096

const char fuzz_weights_model[] = "format: 1\n"
                                  "name: weighed\n"
                                  "inputs: {x: [B, 2]}\n"
                                  "targets: {y: {shape: [B], dtype: i32, classes: 2}}\n"
                                  "graph: {z: {type: linear, input: x, out_features: 2}}\n"
                                  "outputs: [z]\n"
                                  "loss: cross_entropy(z, y)\n"
                                  "data:\n"
                                  "  train: {csv: rows.csv, x: [a, b], y: label}\n"
                                  "  transform: {x: x / 2}\n"
                                  "  standardize: [x]\n"
                                  "train: {epochs: 1, optimizer: adam}\n";

static const char rows[] = "b,a,label\n1,2,x\n-1e3,0,y\n";

/* Where the last tensor ends: the largest number that stands as the second of a pair. */
static size_t data_size(const uint8_t *header, size_t size) {
    size_t largest = 0;
    for (size_t i = 1; i < size; i++) {
        size_t value = 0, at = i;
        for (; at < size && isdigit(header[at]) && value <= DATA_CAP; at++)
            value = 10 * value + (size_t)(header[at] - '0');
        if (at > i && at < size && header[at] == ']' && header[i - 1] == ',' && value <= DATA_CAP &&
            value > largest)
            largest = value;
    }
    return largest;
}

static void write_weights(char *path, const uint8_t *header, size_t size) {
    const size_t data = data_size(header, size);
    uint8_t *file = calloc(8 + size + data, 1);
    require(file != NULL, "there is memory");
    for (size_t i = 0; i < 8; i++)
        file[i] = (uint8_t)((uint64_t)size >> 8 * i);
    if (size > 0)
        memcpy(file + 8, header, size);
    for (size_t i = 3; i < data; i += 4)
        file[8 + size + i] = 0x3F; /* 0.5 in every float, about 0.0005 in every double */
    fuzz_file(path, file, 8 + size + data);
    free(file);
}

int fuzz_weights(const uint8_t *bytes, size_t size) {
    char model_path[] = "/tmp/yamlgrad-fuzz-XXXXXX", path[] = "/tmp/yamlgrad-fuzz-XXXXXX";
    fuzz_file(model_path, (const uint8_t *)fuzz_weights_model, strlen(fuzz_weights_model));
    write_weights(path, bytes, size);
    yg_error error = {0};
    yg_model *model = yg_model_load(model_path, NULL, &error);
    require(model != NULL, "the model can be loaded");
    char *text = NULL;
    size_t length = 0;
    int64_t count = 0;
    FILE *in = fmemopen((void *)(uintptr_t)rows, sizeof rows - 1, "r");
    FILE *out = open_memstream(&text, &length);
    require(in != NULL && out != NULL, "there is memory");
    const yg_predict_options options = {.weights = path, .threads = 1};
    if (!yg_predict(model, &options, in, "rows.csv", out, &count, &error))
        require_failure(&error);
    else
        require(count == 2, "every row is predicted");
    fclose(in);
    fclose(out);
    free(text);
    yg_model_free(model);
    unlink(model_path);
    unlink(path);
    return 0;
}
