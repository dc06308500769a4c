/*
 * The source `arrays:` with IDX files: every element type, with and without gzip, and what is wrong
 * with them.
 */
#include "data/data.h"
#include "workspace.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static void write_bytes(const workspace *w, const char *name, const void *bytes, size_t size) {
    FILE *file = fopen(workspace_path(w, name), "wb");
    cr_assert_not_null(file);
    cr_assert_eq(fwrite(bytes, 1, size, file), size);
    cr_assert_eq(fclose(file), 0);
}

/* Bytes of a file, as a C string holds them. */
#define FILE_OF(bytes) bytes, sizeof(bytes) - 1
#define LABELS         "\0\0\x08\x01\0\0\0\x03\x01\0\x02"

static yg_model *model_of(const workspace *w, const char *file, const char *x, const char *more) {
    static const char text[] = "format: 1\n"
                               "inputs: {x: %s}\n"
                               "targets: {y: {shape: [B], dtype: i32, classes: 3}}\n"
                               "graph:\n"
                               "  s: mean(cast(x, dtype=f32)) + 0 * mean(cast(y, dtype=f32))\n"
                               "outputs: [s]\n"
                               "loss: s\n"
                               "data:\n"
                               "  train: {arrays: {x: %s, y: y.idx}}\n%s";
    char whole[1000];
    snprintf(whole, sizeof whole, text, x, file, more);
    return workspace_model(w, "model.yaml", whole);
}

static const struct {
    const char *name;
    const char *shape;
    const char *bytes;
    size_t size;
    double values[6];
} files[] = {
    {"u8",
     "[B, 2]",
     FILE_OF("\0\0\x08\x02\0\0\0\x03\0\0\0\x02\0\xff\3\4\5\6"),
     {0, 255, 3, 4, 5, 6}},
    {"i8",
     "[B, 2]",
     FILE_OF("\0\0\x09\x02\0\0\0\x03\0\0\0\x02\xff\x80\x7f\4\5\6"),
     {-1, -128, 127, 4, 5, 6}},
    {"i16", "[B]", FILE_OF("\0\0\x0b\x01\0\0\0\x03\xff\xff\x80\0\1\2"), {-1, -32768, 258}},
    {"i32",
     "[B]",
     FILE_OF("\0\0\x0c\x01\0\0\0\x03\xff\xff\xff\xfe\0\1\0\0\x7f\xff\xff\xff"),
     {-2, 65536, 2147483647}},
    {"f32",
     "[B]",
     FILE_OF("\0\0\x0d\x01\0\0\0\x03\xbf\x80\0\0\x3f\xc0\0\0\x40\x49\x0f\xdb"),
     {-1, 1.5, 3.1415927410125732}},
    {"f64",
     "[B, T]",
     FILE_OF("\0\0\x0e\x02\0\0\0\x03\0\0\0\x01\xbf\xf0\0\0\0\0\0\0"
             "\x3f\xf8\0\0\0\0\0\0\x40\x09\x21\xfb\x54\x44\x2d\x18"),
     {-1, 1.5, 3.141592653589793}},
    {"an i64 input from i32",
     "{shape: [B], dtype: i64}",
     FILE_OF("\0\0\x0c\x01\0\0\0\x03\xff\xff\xff\xfe\0\1\0\0\x7f\xff\xff\xff"),
     {-2, 65536, 2147483647}},
};

Test(idx, every_element_type) {
    const workspace w = workspace_make();
    write_bytes(&w, "y.idx", FILE_OF(LABELS));
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        write_bytes(&w, "x.idx", files[i].bytes, files[i].size);
        yg_model *model = model_of(&w, "x.idx", files[i].shape, "");
        yg_data data;
        yg_error error = {0};
        cr_assert(yg_data_load(model, YG_F64, &data, &error), "%s: %s", files[i].name,
                  error.message);
        cr_assert_eq(data.train.count, 3);
        const yg_elements *x = &data.train.dataset->ports[0];
        double numbers[6];
        int32_t classes[3];
        yg_part_read(&data.train, 0, 0, 3, numbers, NULL);
        yg_part_read(&data.train, 1, 0, 3, classes, NULL);
        for (int64_t k = 0; k < 3 * x->width; k++)
            cr_expect_eq(yg_element_get(x->dtype, numbers, k), files[i].values[k], "%s: element %d",
                         files[i].name, (int)k);
        static const int32_t labels[] = {1, 0, 2};
        cr_expect_arr_eq(classes, labels, sizeof labels);
        yg_data_free(&data);
        yg_model_free(model);
    }
    workspace_remove(&w);
}

Test(idx, are_transformed_and_split) {
    const workspace w = workspace_make();
    write_bytes(&w, "y.idx", FILE_OF(LABELS));
    write_bytes(&w, "x.idx", files[0].bytes, files[0].size);
    yg_model *model = model_of(&w, "x.idx", "[B, 2]",
                               "  validation: {from: train, fraction: 0.34}\n"
                               "  transform: {x: x / 255}\n");
    yg_data data;
    yg_error error = {0};
    cr_assert(yg_data_load(model, YG_F64, &data, &error), "%s", error.message);
    cr_assert_eq(data.train.count, 2);
    cr_assert_eq(data.validation.count, 1);
    double numbers[6], largest = 0;
    yg_part_read(&data.train, 0, 0, 2, numbers, NULL);
    yg_part_read(&data.validation, 0, 0, 1, numbers + 4, NULL);
    for (int64_t k = 0; k < 6; k++)
        largest = numbers[k] > largest ? numbers[k] : largest;
    cr_assert_eq(largest, 1);
    yg_data_free(&data);
    yg_model_free(model);
    workspace_remove(&w);
}

/* The bytes of files[0], compressed by Python's gzip. */
static const unsigned char compressed[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02,
                                           0x03, 0x63, 0x60, 0xe0, 0x60, 0x62, 0x60, 0x60, 0x60,
                                           0x06, 0x62, 0x26, 0x86, 0xff, 0xcc, 0x2c, 0xac, 0x6c,
                                           0x00, 0x75, 0x07, 0x3f, 0xf9, 0x12, 0x00, 0x00, 0x00};

Test(idx, compressed_files) {
    const workspace w = workspace_make();
    write_bytes(&w, "y.idx", FILE_OF(LABELS));
    for (size_t size = sizeof compressed; size > 0; size--) {
        write_bytes(&w, "x-ubyte.gz", compressed, size);
        yg_model *model = model_of(&w, "x-ubyte.gz", "[B, 2]", "");
        yg_data data;
        yg_error error = {0};
        const bool good = yg_data_load(model, YG_F64, &data, &error);
        if (!good && strstr(error.message, "zlib"))
            cr_skip_test("there is no zlib");
        if (size == sizeof compressed) {
            cr_assert(good, "%s", error.message);
            double numbers[6];
            yg_part_read(&data.train, 0, 0, 3, numbers, NULL);
            for (int64_t k = 0; k < 6; k++)
                cr_expect_eq(numbers[k], files[0].values[k]);
            yg_data_free(&data);
        } else {
            cr_expect_not(good, "%zu bytes are enough", size);
            cr_expect_str_eq(strrchr(error.file, '/'), "/x-ubyte.gz", "%s", error.message);
        }
        yg_model_free(model);
    }
    workspace_remove(&w);
}

static const struct {
    const char *x;
    size_t x_size;
    const char *y;
    size_t y_size;
    const char *place;
    const char *message;
} bad[] = {
    {FILE_OF("x,y\n1,2\n"), FILE_OF(LABELS), "x.idx:0:0", "this is no IDX file"},
    {FILE_OF("\0\0\x08"), FILE_OF(LABELS), "x.idx:0:0", "'x' is cut off"},
    {FILE_OF("\0\0\x0a\x01\0\0\0\x03\1\2\3"), FILE_OF(LABELS), "x.idx:0:0", "this is no IDX file"},
    {FILE_OF("\0\0\x08\x09\0\0\0\x03\1\2\3"), FILE_OF(LABELS), "x.idx:0:0",
     "of 9 dimensions; 1 to 8 are possible"},
    {FILE_OF("\0\0\x08\x02\0\0\0\x03\0\0"), FILE_OF(LABELS), "x.idx:0:0", "'x' is cut off"},
    {FILE_OF("\0\0\x08\x08\0\0\0\3\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
             "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
     FILE_OF(LABELS), "x.idx:0:0", "more elements than memory can hold"},
    {FILE_OF("\0\0\x08\x02\0\0\0\x03\0\0\0\x02\1\2\3\4\5"), FILE_OF(LABELS), "x.idx:0:0",
     "takes 6 bytes, but only 5 follow"},
    {FILE_OF("\0\0\x08\x02\0\0\0\x03\0\0\0\x02\1\2\3\4\5\6\7"), FILE_OF(LABELS), "x.idx:0:0",
     "goes on after its last element"},
    {FILE_OF("\0\0\x08\x02\0\0\0\x03\0\0\0\x03\1\2\3\4\5\6\7\x08\x09"), FILE_OF(LABELS),
     "x.idx:0:0", "'x' is u8[3, 3] here; the model takes f64[B, 2]"},
    {FILE_OF("\0\0\x08\x02\0\0\0\x02\0\0\0\x02\1\2\3\4"), FILE_OF(LABELS), "y.idx:0:0",
     "'y' has 3 rows, but 'x' has 2"},
    {FILE_OF("\0\0\x08\x02\0\0\0\x03\0\0\0\x02\1\2\3\4\5\6"),
     FILE_OF("\0\0\x08\x01\0\0\0\x03\x01\0\x03"), "y.idx:0:0", "3, outside 0 to 2"},
    {FILE_OF("\0\0\x08\x02\0\0\0\x03\0\0\0\x02\1\2\3\4\5\6"),
     FILE_OF("\0\0\x0d\x01\0\0\0\x01\x3f\xc0\0\0"), "y.idx:0:0", "'y' has 1 rows"},
    {FILE_OF("\0\0\x0d\x02\0\0\0\x01\0\0\0\x02\x7f\xc0\0\0\x3f\x80\0\0"),
     FILE_OF("\0\0\x08\x01\0\0\0\x01\x01"), "x.idx:0:0", "which is no number to compute with"},
    {FILE_OF("\0\0\x08\x02\0\0\0\0\0\0\0\x02"), FILE_OF("\0\0\x08\x01\0\0\0\0"), "model.yaml:9:19",
     "the files hold no examples"},
};

Test(idx, files_that_are_wrong) {
    const workspace w = workspace_make();
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        write_bytes(&w, "x.idx", bad[i].x, bad[i].x_size);
        write_bytes(&w, "y.idx", bad[i].y, bad[i].y_size);
        yg_model *model = model_of(&w, "x.idx", "[B, 2]", "");
        yg_data data;
        yg_error error = {0};
        cr_expect_not(yg_data_load(model, YG_F64, &data, &error), "file %zu", i);
        char place[300];
        const char *file = strrchr(error.file, '/') ? strrchr(error.file, '/') + 1 : error.file;
        snprintf(place, sizeof place, "%s:%d:%d", file, error.line, error.column);
        cr_expect_str_eq(place, bad[i].place, "file %zu: %s", i, error.message);
        cr_expect_not_null(strstr(error.message, bad[i].message), "file %zu: %s", i, error.message);
        yg_model_free(model);
    }
    workspace_remove(&w);
}
