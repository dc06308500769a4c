/*
 * Any bytes as the cells of columns of every kind: examples whose numbers are finite, or a message.
 * What was learnt is kept as weights keep it; read back, it gives the same examples. The first byte
 * chooses how the table is read.
 */
#include "data/encoding_file.h"
#include "data/source.h"
#include "fuzz.h"
#include "require.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

enum { PORTS = 3, MOST_BYTES = 1 << 14 };

#define MODEL(inputs, second, targets)                                                             \
    "format: 1\n"                                                                                  \
    "inputs: {" inputs "}\n"                                                                       \
    "targets: {" targets "}\n"                                                                     \
    "graph: {h: \"mean(x) + mean(cast(" second ", float))\"}\n"                                    \
    "outputs: [h]\n"                                                                               \
    "loss: h + mean(cast(y, float))\n"                                                             \
    "data:\n"

#define ALL_KINDS                                                                                  \
    "  columns:\n"                                                                                 \
    "    a: {kind: category, unseen: true, min_count: 2, missing: most_frequent, indicator: "      \
    "true}\n"                                                                                      \
    "    b: {missing: median, scale: quantile}\n"                                                  \
    "    c: {missing: mean, scale: robust, indicator: true}\n"                                     \
    "    d: {kind: boolean, missing: \"no\"}\n"                                                    \
    "    e: {kind: date, parts: [year], cyclic: [month], age: 2000-01-01, missing: "               \
    "2001-01-01}\n"                                                                                \
    "    f: {kind: category}\n"                                                                    \
    "    s: {kind: text, min_count: 1, missing: drop}\n"                                           \
    "    y: {missing: drop, scale: log1p}\n"

/* A way to read a table: the model, with the file's path for %s, and what the file begins with. */
typedef struct way {
    const char *model, *begin;
} way;

static const way ways[] = {
    {MODEL("x: [B, W], t: {shape: [B, L], dtype: i32}", "t",
           "y: [B, 1]") "  train: {csv: \"%s\", x: [a, b, c, d, e, f], t: s, y: y}\n" ALL_KINDS,
     "a,b,c,d,e,f,s,y\n"},
    {MODEL("x: [B, W], t: {shape: [B, L], dtype: i32}", "t",
           "y: [B, 1]") "  train: {jsonl: \"%s\", x: [a, b, c, d, e, f], t: s, y: y}\n"
                        "  test: {from: train, fraction: 0.25}\n" ALL_KINDS,
     "{\"a\":\"u\",\"b\":1,\"c\":2.5,\"d\":true,\"e\":\"2020-01-31\",\"f\":\"v\",\"s\":\"o p\","
     "\"y\":3}\n"},
    {MODEL("x: [B, 2], k: {shape: [B], dtype: i64}", "k",
           "y: {shape: [B], dtype: i32, classes: 2}") "  train: {csv: \"%s\", decimal: \",\", "
                                                      "thousands: \".\", delimiter: \";\", x: [a, "
                                                      "b], "
                                                      "k: k, y: y}\n"
                                                      "  validation: {from: train, fraction: 0.2, "
                                                      "stratify: y}\n"
                                                      "  test: {from: train, fraction: 0.2, group: "
                                                      "g}\n"
                                                      "  standardize: [x]\n"
                                                      "  memory: 64\n",
     "a;b;k;y;g\n1;2;3;u;1\n"},
    {MODEL("x: [B, 2, 1], k: {shape: [B, 2], dtype: i32}", "k",
           "y: [B, 1]") "  train: {csv: \"%s\", header: false, x: \"1\", k: \"2\", y: \"1\"}\n"
                        "  test: {from: train, fraction: 0.3, time: \"2\"}\n"
                        "  windows: {length: 2, horizon: 1, by: \"3\"}\n",
     ""},
};

static yg_model *loaded[sizeof ways / sizeof *ways];
static char path[] = "/tmp/yamlgrad-fuzz-XXXXXX";

static void remove_file(void) {
    unlink(path);
}

/* The file is the same for all inputs, so that a model is loaded once. */
static const yg_model *model_of(const way *way) {
    yg_model **made = &loaded[way - ways];
    char text[3000], model[] = "/tmp/yamlgrad-fuzz-XXXXXX";
    yg_error error = {0};
    if (*made)
        return *made;
    if (strchr(path, 'X') && strcmp(path + strlen(path) - 6, "XXXXXX") == 0) {
        fuzz_file(path, (const uint8_t *)"", 0);
        atexit(remove_file);
    }
    const int size = snprintf(text, sizeof text, way->model, path);
    require(size > 0 && (size_t)size < sizeof text, "there is room for the model");
    fuzz_file(model, (const uint8_t *)text, (size_t)size);
    *made = yg_model_load(model, NULL, &error);
    unlink(model);
    if (!*made)
        fprintf(stderr, "%s\n", error.message);
    require(*made != NULL, "the model can be loaded");
    return *made;
}

static void write_table(const way *way, const uint8_t *bytes, size_t size) {
    FILE *file = fopen(path, "wb");
    require(file != NULL && fputs(way->begin, file) >= 0 && fwrite(bytes, 1, size, file) == size &&
                fclose(file) == 0,
            "the table can be written");
}

static void check_finite(const yg_elements *port, const char *elements, int64_t count) {
    for (int64_t i = 0; port->dtype == YG_F64 && i < count * port->width; i++) {
        double number;
        memcpy(&number, elements + (size_t)i * sizeof number, sizeof number);
        require(isfinite(number), "a number that is fed is finite");
    }
}

/* The bytes of all examples of a part; *used: how many. NULL after a failure. */
static char *read_part(const yg_part *part, size_t *used, yg_error *error) {
    size_t size = 1;
    for (size_t p = 0; p < PORTS; p++)
        size += (size_t)(part->count * part->dataset->ports[p].width) *
                yg_dtype_size(part->dataset->ports[p].dtype);
    char *bytes = calloc(size, 1), *at = bytes;
    require(bytes != NULL, "there is memory");
    for (size_t p = 0; p < PORTS; p++) {
        const yg_elements *port = &part->dataset->ports[p];
        if (!yg_part_read(part, p, 0, part->count, at, error)) {
            free(bytes);
            return NULL;
        }
        check_finite(port, at, part->count);
        at += (size_t)(part->count * port->width) * yg_dtype_size(port->dtype);
    }
    *used = (size_t)(at - bytes);
    return bytes;
}

/* Keeps what was learnt, and reads the table again by that. */
static void repeat(const yg_model *model, const yg_data *data) {
    yg_data again = {0};
    yg_tensor_file file = {0};
    yg_error error = {0};
    size_t size = 0, same = 0;
    char *first = read_part(&data->train, &size, &error);
    require(first || data->train.dataset->spool, "what is in memory can be read");
    require(yg_encoding_save(model, &data->encoding, &file, &error), "what was learnt is kept");
    require(yg_encoding_load(model, &file, "weights", &again.encoding, &error), "and read back");
    const bool good = yg_data_load_known(model, YG_F64, &again, &error);
    if (!good)
        fprintf(stderr, "%s:%d: %s\n", error.file, error.line, error.message);
    require(good, "the same table is read again");
    char *second = read_part(&again.train, &same, &error);
    require(first && second && size == same && memcmp(first, second, size) == 0,
            "the same examples come from it");
    free(first);
    free(second);
    yg_tensor_file_free(&file);
    yg_data_free(&again);
}

int fuzz_columns(const uint8_t *bytes, size_t size) {
    if (size == 0 || size > MOST_BYTES)
        return 0;
    const way *way = &ways[bytes[0] % (sizeof ways / sizeof *ways)];
    const yg_model *model = model_of(way);
    yg_data data = {0};
    yg_error error = {0};
    write_table(way, bytes + 1, size - 1);
    if (!yg_data_load(model, YG_F64, &data, &error)) {
        require_failure(&error);
        return 0;
    }
    repeat(model, &data);
    yg_data_free(&data);
    return 0;
}
