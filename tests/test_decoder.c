/*
 * Arrays that are held in the type of their file: the numbers that a batch gets are those that one
 * gets by computing all at once in f64 and rounding once, and every value is checked when it is
 * loaded.
 */
#include "data/decoder.h"
#include "data/stream.h"
#include "graph/random.h"
#include "workspace.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COUNT = 61, WIDTH = 3 };

static void write_npy(const workspace *w, const char *name, const char *descr, int64_t width,
                      const void *bytes, size_t size) {
    char header[128];
    FILE *file = fopen(workspace_path(w, name), "wb");
    cr_assert_not_null(file);
    memset(header, ' ', sizeof header);
    memcpy(header, "\x93NUMPY\1\0\x76\0", 10);
    char text[110];
    const int length =
        width ? snprintf(text, sizeof text,
                         "{'descr': '%s', 'fortran_order': False, 'shape': (%d, "
                         "%d), }",
                         descr, COUNT, (int)width)
              : snprintf(text, sizeof text,
                         "{'descr': '%s', 'fortran_order': False, 'shape': (%d,), }", descr, COUNT);
    memcpy(header + 10, text, (size_t)length);
    header[127] = '\n';
    cr_assert_eq(fwrite(header, 1, sizeof header, file), sizeof header);
    cr_assert_eq(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

/* What a formula makes of an element. */
static double plain(double x) {
    return x;
}

static double affine(double x) {
    return (x / 7 - 0.286) / 0.353;
}

/* The same as safetensors, which have types that NumPy has not. */
static void write_safetensors(const workspace *w, const char *name, const char *dtype,
                              const void *bytes, size_t size) {
    char text[200];
    const uint64_t length = (uint64_t)snprintf(
        text, sizeof text, "{\"x\":{\"dtype\":\"%s\",\"shape\":[%d,%d],\"data_offsets\":[0,%zu]}}",
        dtype, COUNT, WIDTH, size);
    FILE *file = fopen(workspace_path(w, name), "wb");
    cr_assert_not_null(file);
    cr_assert_eq(fwrite(&length, 1, sizeof length, file), sizeof length);
    cr_assert_eq(fwrite(text, 1, length, file), length);
    cr_assert_eq(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

/* Of NumPy's types, or of those of safetensors. */
static const struct {
    const char *descr;
    yg_element_kind kind;
    bool held_f32, held_f64; /* held in the file's type, for a network of that type */
} kinds[] = {
    {"|u1", {'u', 1, false}, true, true},   {"|i1", {'i', 1, false}, true, true},
    {"<u2", {'u', 2, false}, true, true},   {"<i2", {'i', 2, false}, true, true},
    {">i2", {'i', 2, true}, true, true},    {"<f2", {'f', 2, false}, true, true},
    {">f2", {'f', 2, true}, true, true},    {"<f4", {'f', 4, false}, false, true},
    {">f4", {'f', 4, true}, false, false},  {"<i4", {'i', 4, false}, false, false},
    {"<f8", {'f', 8, false}, false, false}, {"BF16", {'g', 2, false}, true, true},
    {"U8", {'u', 1, false}, true, true},    {"F16", {'f', 2, false}, true, true},
    {"I16", {'i', 2, false}, true, true},   {"U32", {'u', 4, false}, false, false},
};

static const struct {
    const char *formula;
    double (*apply)(double x);
} formulas[] = {{NULL, plain}, {"(x / 7 - 0.286) / 0.353", affine}};

/* Random elements, without infinities, NaN and what is too small for a network. */
static void make_elements(size_t k, unsigned char *bytes, double *numbers) {
    for (int64_t i = 0; i < COUNT * WIDTH; i++) {
        unsigned char *at = bytes + i * kinds[k].kind.size;
        for (uint64_t attempt = 0;; attempt++) {
            for (int b = 0; b < kinds[k].kind.size; b++)
                at[b] = (unsigned char)yg_random_below(k, attempt, (uint64_t)(8 * i + b), 256);
            numbers[i] = yg_element_number(&kinds[k].kind, bytes, i);
            if (fabs(numbers[i]) > 1e-30 && fabs(numbers[i]) < 1e30)
                break;
        }
    }
}

static yg_model *model_of(const workspace *w, const char *x, const char *formula, bool standardized,
                          bool spooled) {
    char text[800], transform[120] = "";
    if (formula)
        snprintf(transform, sizeof transform, "  transform: {x: \"%s\"}\n", formula);
    snprintf(text, sizeof text,
             "format: 1\n"
             "inputs: {x: [B, 3]}\n"
             "targets: {id: {shape: [B], dtype: i32}}\n"
             "graph:\n  s: mean(x) + 0 * mean(cast(id, dtype=f32))\n"
             "outputs: [s]\n"
             "loss: s\n"
             "data:\n"
             "  train: {arrays: {x: %s, id: id.npy}}\n"
             "  validation: {from: train, fraction: 0.3}\n%s%s%s",
             x, transform, standardized ? "  standardize: [x]\n" : "",
             spooled ? "  memory: 100\n" : "");
    return workspace_model(w, "m.yaml", text);
}

static bool is_number(yg_dtype dtype, const void *data, int64_t i, double expected) {
    return dtype == YG_F64 ? ((const double *)data)[i] == expected
                           : ((const float *)data)[i] == (float)expected;
}

/* Reads a part in batches, and compares each example. Marks those that it has. */
static void check_part(const yg_part *part, yg_dtype dtype, const double *expected, bool *met,
                       const char *what) {
    double x[7 * WIDTH];
    int32_t id[7];
    yg_error error = {0};
    const yg_feed feeds[] = {{0, dtype, WIDTH, x}, {1, YG_I32, 1, id}};
    yg_stream *stream = yg_stream_open_shuffled(part, 3, false, &error);
    cr_assert_not_null(stream);
    while (yg_stream_left(stream) > 0) {
        const int64_t count = yg_stream_left(stream) < 7 ? yg_stream_left(stream) : 7;
        /* The last example of the batch by itself, behind the others. */
        cr_assert(yg_stream_next(stream, feeds, 2, 0, count - 1, &error));
        cr_assert(yg_stream_next(stream, feeds, 2, count - 1, 1, &error));
        for (int64_t i = 0; i < count; i++) {
            cr_assert(id[i] >= 0 && id[i] < COUNT && !met[id[i]], "%s: example %d", what, id[i]);
            met[id[i]] = true;
            for (int64_t j = 0; j < WIDTH; j++)
                cr_expect(is_number(dtype, x, i * WIDTH + j, expected[id[i] * WIDTH + j]),
                          "%s: element %d of example %d", what, (int)j, id[i]);
        }
    }
    yg_stream_close(stream);
}

static void check_kind(const workspace *w, size_t k, size_t f, bool standardized, yg_dtype dtype,
                       bool spooled) {
    unsigned char bytes[COUNT * WIDTH * 8];
    double numbers[COUNT * WIDTH];
    bool met[COUNT] = {false};
    char what[100];
    yg_data data;
    yg_error error = {0};
    snprintf(what, sizeof what, "%s as %s, %s%s%s", kinds[k].descr, yg_dtype_name(dtype),
             formulas[f].formula ? "transformed" : "", standardized ? "standardised" : "",
             spooled ? ", in a file" : "");
    make_elements(k, bytes, numbers);
    const size_t size = (size_t)(COUNT * WIDTH) * (size_t)kinds[k].kind.size;
    const bool numpy = strchr("|<>", kinds[k].descr[0]) != NULL;
    if (numpy)
        write_npy(w, "x.npy", kinds[k].descr, WIDTH, bytes, size);
    else
        write_safetensors(w, "x.safetensors", kinds[k].descr, bytes, size);
    yg_model *model =
        model_of(w, numpy ? "x.npy" : "x.safetensors", formulas[f].formula, standardized, spooled);
    cr_assert(yg_data_load(model, dtype, &data, &error), "%s: %s", what, error.message);
    const bool held = dtype == YG_F32
                          ? kinds[k].held_f32
                          : kinds[k].held_f64 && !(kinds[k].kind.size == 4 && formulas[f].formula);
    cr_assert_eq(data.train.dataset->spool != NULL, spooled);
    cr_expect(spooled || (data.train.dataset->ports[0].decoder != NULL) == held, "%s", what);
    const yg_port_encoding *x = &data.encoding.ports[0];
    for (int64_t i = 0; i < COUNT * WIDTH; i++) {
        numbers[i] = formulas[f].apply(numbers[i]);
        if (standardized)
            numbers[i] = (numbers[i] - x->mean[i % WIDTH]) / x->deviation[i % WIDTH];
    }
    check_part(&data.train, dtype, numbers, met, what);
    check_part(&data.validation, dtype, numbers, met, what);
    cr_expect_eq(data.train.count + data.validation.count, COUNT);
    /* The same where the mean is known from the beginning. */
    yg_data known = {.encoding = data.encoding};
    known.encoding.known = true;
    data.encoding = (yg_encoding){0};
    memset(met, 0, sizeof met);
    cr_assert(yg_data_load_known(model, dtype, &known, &error), "%s: %s", what, error.message);
    check_part(&known.train, dtype, numbers, met, what);
    yg_data_free(&known);
    yg_data_free(&data);
    yg_model_free(model);
}

Test(decoder, gives_the_bits_of_computing_all_at_once) {
    const workspace w = workspace_make();
    unsigned char ids[COUNT];
    for (int i = 0; i < COUNT; i++)
        ids[i] = (unsigned char)i;
    write_npy(&w, "id.npy", "|u1", 0, ids, sizeof ids);
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        for (size_t f = 0; f < 2; f++)
            for (int s = 0; s < 2; s++)
                for (int spooled = 0; spooled < 2; spooled++) {
                    check_kind(&w, k, f, s, YG_F32, spooled);
                    check_kind(&w, k, f, s, YG_F64, spooled);
                }
    workspace_remove(&w);
}

/* {descr, size of an element, the element, data section, message}. Element 7, which is element 1 of
 * the third example, is the wrong one. */
static const struct {
    const char *descr;
    int size;
    const char *element;
    const char *formula;
    bool standardized;
    const char *message;
} wrong[] = {
    {"<f2", 2, "\x00\x7c", NULL, false,
     "element [2, 1] of 'x' is inf, which is no number to compute with (the first of 4 such "
     "elements)"},
    {"<f2", 2, "\x01\x7e", NULL, true,
     "element [2, 1] of 'x' is nan, which is no number to compute with (the first of 4 such "
     "elements)"},
    {"<f4", 4, "\x00\x00\xc0\x7f", NULL, true,
     "element [2, 1] of 'x' is nan, which is no number to compute with (the first of 4 such "
     "elements)"},
    {"|u1", 1, "\x05", "1 / (x - 5)", false,
     "gives an infinite value for 5 (example 3, element 1)"},
    {"|u1", 1, "\x05", "log(4 - x)", true, "gives no number for 5 (example 3, element 1)"},
    {"<i2", 2, "\x05\x00", "exp(x * 20)", false, "element 1 of row 3 is 2.68812e+43 after"},
};

Test(decoder, a_value_that_no_network_can_read_is_refused_at_its_first_place) {
    const workspace w = workspace_make();
    unsigned char ids[COUNT] = {0};
    write_npy(&w, "id.npy", "|u1", 0, ids, sizeof ids);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        unsigned char bytes[COUNT * WIDTH * 4] = {0};
        yg_data data;
        yg_error error = {0};
        for (int e = 7; e < COUNT * WIDTH; e += 50)
            memcpy(bytes + e * wrong[i].size, wrong[i].element, (size_t)wrong[i].size);
        write_npy(&w, "x.npy", wrong[i].descr, WIDTH, bytes,
                  (size_t)(COUNT * WIDTH * wrong[i].size));
        yg_model *model = model_of(&w, "x.npy", wrong[i].formula, wrong[i].standardized, i % 2);
        cr_expect_not(yg_data_load(model, YG_F32, &data, &error), "case %zu", i);
        cr_expect_not_null(strstr(error.message, wrong[i].message), "case %zu: %s", i,
                           error.message);
        yg_model_free(model);
    }
    workspace_remove(&w);
}

/* A formula may have no value where the data have no element. */
Test(decoder, a_formula_is_asked_only_for_values_that_occur) {
    const workspace w = workspace_make();
    unsigned char bytes[COUNT * WIDTH], ids[COUNT] = {0};
    yg_data data;
    yg_error error = {0};
    memset(bytes, 7, sizeof bytes);
    write_npy(&w, "id.npy", "|u1", 0, ids, sizeof ids);
    write_npy(&w, "x.npy", "|u1", WIDTH, bytes, sizeof bytes);
    yg_model *model = model_of(&w, "x.npy", "log(x - 5)", false, false);
    cr_assert(yg_data_load(model, YG_F64, &data, &error), "%s", error.message);
    double row[WIDTH];
    yg_part_read(&data.train, 0, 0, 1, row, NULL);
    cr_expect_eq(row[0], log(2));
    yg_data_free(&data);
    yg_model_free(model);
    workspace_remove(&w);
}

/* The deviation is that of the training part, where all elements are equal. An element of the
 * validation part can still be too large. */
Test(decoder, a_value_that_standardisation_leaves_too_large_is_refused) {
    const workspace w = workspace_make();
    unsigned char bytes[COUNT * WIDTH] = {0}, ids[COUNT] = {0};
    yg_data data;
    yg_error error = {0};
    char message[100];
    write_npy(&w, "id.npy", "|u1", 0, ids, sizeof ids);
    write_npy(&w, "x.npy", "|u1", WIDTH, bytes, sizeof bytes);
    yg_model *model = model_of(&w, "x.npy", "exp(x * 20)", true, false);
    cr_assert(yg_data_load(model, YG_F32, &data, &error), "%s", error.message);
    const int64_t held_out = data.validation.members[0];
    yg_data_free(&data);
    bytes[held_out * WIDTH + 2] = 5;
    write_npy(&w, "x.npy", "|u1", WIDTH, bytes, sizeof bytes);
    cr_assert_not(yg_data_load(model, YG_F32, &data, &error));
    snprintf(message, sizeof message, "element 2 of row %d is 2.68812e+43 after transform and",
             (int)held_out + 1);
    cr_expect_not_null(strstr(error.message, message), "%s", error.message);
    yg_model_free(model);
    workspace_remove(&w);
}
