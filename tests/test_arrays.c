/*
 * Files of arrays: NumPy's are read as NumPy wrote them, ours round, damaged ones refused; and
 * predictions from arrays to arrays.
 */
#include "data/array_file.h"
#include "data/safetensors.h"
#include "data/zip.h"
#include "train/predict.h"
#include "trained.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A fixture's path: valid until the next call. */
static const char *fixture(const char *name) {
    static char path[512];
    snprintf(path, sizeof path, YG_FIXTURES "/arrays/%s", name);
    return path;
}

/* ------------------------------------------------------------------------- NumPy's files ---- */

/* Element `i` as generate_arrays.py makes it. */
static double expected(const char *dtype, int64_t i) {
    return strchr(dtype, 'u')         ? 3.0 * (double)i
           : strchr(dtype, 'f')       ? 0.25 * (double)i - 1
           : strcmp(dtype, "b1") == 0 ? (double)(i % 2)
                                      : 3.0 * (double)i - 4;
}

/* Reads an array a row at a time, and compares. */
static void check_array(yg_array_file *file, const char *name, const char *dtype) {
    yg_error error = {0};
    yg_array *array = yg_array_file_find(file, name, &error);
    cr_assert_not_null(array, "%s: %s", name, error.message);
    const yg_array_type *type = yg_array_type_of(array);
    int64_t width = 1;
    for (int d = 1; d < type->rank; d++)
        width *= type->shape[d];
    unsigned char *row = malloc((size_t)width * 8);
    for (int64_t r = 0; r < type->shape[0]; r++) {
        cr_assert(yg_array_read(array, 1, row, &error), "%s: %s", name, error.message);
        for (int64_t k = 0; k < width; k++) {
            const double value = expected(dtype, r * width + k);
            int64_t whole;
            cr_expect_eq(yg_element_number(&type->kind, row, k), value, "%s[%d, %d]: %g", name,
                         (int)r, (int)k, yg_element_number(&type->kind, row, k));
            cr_expect_eq(yg_element_whole(&type->kind, row, k, &whole), value == floor(value));
            cr_expect(value != floor(value) || (double)whole == value, "%s", name);
        }
    }
    free(row);
}

Test(arrays, every_element_type_is_read_as_numpy_wrote_it) {
    static const char *const archives[] = {"stored.npz", "deflated.npz"};
    static const char *const names[] = {
        "b1", "i1", "i2",     "i4",     "i8",     "u1",     "u2", "u4",     "u8",    "big_i2",
        "f2", "f4", "big_i4", "big_i8", "big_u8", "big_f2", "f8", "big_f4", "big_f8"};
    for (size_t a = 0; a < 2; a++) {
        yg_error error = {0};
        yg_array_file *file = yg_array_file_open(fixture(archives[a]), YG_NOWHERE, &error);
        cr_assert_not_null(file, "%s", error.message);
        for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
            const char *dtype = strncmp(names[i], "big_", 4) == 0 ? names[i] + 4 : names[i];
            check_array(file, names[i], dtype);
        }
        yg_array_file_close(file);
    }
}

Test(arrays, every_element_type_is_read_as_safetensors_wrote_it) {
    static const char *const names[] = {"b1", "i1", "i2", "i4",  "i8", "u1", "u2",
                                        "u4", "u8", "f2", "bf2", "f4", "f8"};
    yg_error error = {0};
    yg_array_file *file = yg_array_file_open(fixture("kinds.safetensors"), YG_NOWHERE, &error);
    cr_assert_not_null(file, "%s", error.message);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char text[YG_TYPE_TEXT];
        check_array(file, names[i], names[i]);
        const yg_array *array = yg_array_file_find(file, names[i], &error);
        const yg_array_type *type = yg_array_type_of(array);
        cr_expect_eq(type->kind.size, names[i][strlen(names[i]) - 1] - '0');
        cr_expect_eq(strncmp(yg_array_text(type, text), "bf16", 4) == 0, i == 10, "%s", text);
    }
    yg_array_file_close(file);
}

Test(arrays, bfloats_have_their_extremes) {
    yg_error error = {0};
    unsigned char bytes[10];
    yg_array_file *file = yg_array_file_open(fixture("kinds.safetensors"), YG_NOWHERE, &error);
    yg_array *array = file ? yg_array_file_find(file, "extremes", &error) : NULL;
    cr_assert_not_null(array, "%s", error.message);
    cr_assert(yg_array_read(array, 5, bytes, &error));
    const yg_element_kind *kind = &yg_array_type_of(array)->kind;
    cr_expect_eq(yg_element_number(kind, bytes, 0), 0x1.fep127);
    cr_expect_eq(yg_element_number(kind, bytes, 1), 0x1p-126);
    cr_expect_eq(yg_element_number(kind, bytes, 2), 0x1p-133);
    cr_expect_eq(yg_element_number(kind, bytes, 3), (double)INFINITY);
    cr_expect(isnan(yg_element_number(kind, bytes, 4)));
    int64_t whole;
    cr_expect_not(yg_element_whole(kind, bytes, 3, &whole) ||
                  yg_element_whole(kind, bytes, 4, &whole));
    yg_array_file_close(file);
}

Test(arrays, either_order_and_version_of_the_header) {
    static const char *const names[] = {"columns.npy", "columns.npz", "version2.npy"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        yg_error error = {0};
        yg_array_file *file = yg_array_file_open(fixture(names[i]), YG_NOWHERE, &error);
        cr_assert_not_null(file, "%s", error.message);
        check_array(file, "x", "f4");
        yg_array_file_close(file);
    }
}

Test(arrays, halves_have_their_extremes) {
    static const double values[] = {0, 0x1p-24, 0x1p-14, 65504};
    yg_error error = {0};
    unsigned char bytes[14];
    yg_array_file *file = yg_array_file_open(fixture("half.npy"), YG_NOWHERE, &error);
    yg_array *array = file ? yg_array_file_find(file, "x", &error) : NULL;
    cr_assert_not_null(array, "%s", error.message);
    cr_assert(yg_array_read(array, 7, bytes, &error));
    const yg_element_kind *kind = &yg_array_type_of(array)->kind;
    for (int i = 0; i < 4; i++)
        cr_expect_float_eq(yg_element_number(kind, bytes, i), values[i], 1e-3 * values[i], "%d: %g",
                           i, yg_element_number(kind, bytes, i));
    cr_expect_eq(yg_element_number(kind, bytes, 4), (double)INFINITY);
    cr_expect_eq(yg_element_number(kind, bytes, 5), -(double)INFINITY);
    cr_expect(isnan(yg_element_number(kind, bytes, 6)));
    int64_t whole;
    cr_expect_not(yg_element_whole(kind, bytes, 4, &whole) ||
                  yg_element_whole(kind, bytes, 6, &whole));
    yg_array_file_close(file);
}

Test(arrays, what_holds_no_numbers_is_refused) {
    static const struct {
        const char *file, *name, *message;
    } cases[] = {
        {"text.npy", "x", "holds text, NumPy's type '<U1'"},
        {"complex.npy", "x", "holds complex numbers, NumPy's type '<c16'"},
        {"record.npy", "x", "the array holds records"},
        {"deep.npy", "x", "more than 8 dimensions"},
        {"columns_deflated.npz", "x", "save numpy.ascontiguousarray()"},
        {"stored.npz", "f16", "there is no array 'f16'; there are b1, i1, i2, "},
        {"columns.npz", "y", "there is no array 'y'; there is x"},
        {"nowhere.npy", "x", "cannot open"},
        {"kinds.safetensors", "e4m3",
         "tensor 'e4m3' has element type 'F8_E4M3'; known: BOOL, U8, "},
        {"kinds.safetensors", "e5m2", "element type 'F8_E5M2'"},
        {"kinds.safetensors", "c8", "element type 'C64'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        yg_error error = {0};
        yg_array_file *file = yg_array_file_open(fixture(cases[i].file), YG_NOWHERE, &error);
        cr_expect(!file || !yg_array_file_find(file, cases[i].name, &error));
        cr_expect_not_null(strstr(error.message, cases[i].message), "%s: %s", cases[i].file,
                           error.message);
        yg_array_file_close(file);
    }
}

/* ------------------------------------------------------------------------ damaged files ---- */

/* Reads all of a file's array "x" (or the only one). False with a message where that fails. */
static bool read_all(const char *path, const char *name, yg_error *error) {
    yg_array_file *file = yg_array_file_open(path, YG_NOWHERE, error);
    yg_array *array = file ? yg_array_file_find(file, name, error) : NULL;
    bool good = array != NULL;
    if (good) {
        const yg_array_type *type = yg_array_type_of(array);
        unsigned char row[4096];
        int64_t bytes = type->kind.size;
        for (int d = 1; d < type->rank; d++)
            bytes *= type->shape[d];
        for (int64_t r = 0; good && bytes <= (int64_t)sizeof row && r < type->shape[0]; r++)
            good = yg_array_read(array, 1, row, error);
    }
    yg_array_file_close(file);
    return good;
}

static char *read_fixture(const char *name, size_t *size) {
    FILE *file = fopen(fixture(name), "rb");
    cr_assert_not_null(file);
    char *bytes = malloc(1 << 16);
    *size = fread(bytes, 1, 1 << 16, file);
    fclose(file);
    return bytes;
}

static void write_bytes(const char *path, const char *bytes, size_t size) {
    FILE *file = fopen(path, "wb");
    cr_assert_not_null(file);
    cr_assert_eq(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

Test(arrays, a_file_that_is_cut_off_is_refused_wherever_it_is) {
    static const struct {
        const char *file, *name;
    } cases[] = {{"columns.npy", "x"},
                 {"version2.npy", "x"},
                 {"columns.npz", "x"},
                 {"deflated.npz", "big_f8"}};
    const workspace w = workspace_make();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t size;
        char *bytes = read_fixture(cases[i].file, &size);
        const char *path = workspace_path(&w, strrchr(cases[i].file, '.'));
        for (size_t kept = 0; kept < size; kept += 1 + kept / 200) {
            yg_error error = {0};
            write_bytes(path, bytes, kept);
            cr_expect_not(read_all(path, cases[i].name, &error), "%s: %zu of %zu bytes",
                          cases[i].file, kept, size);
            cr_expect(error.code != YG_OK && error.code != YG_ERROR_INTERNAL);
        }
        free(bytes);
    }
    workspace_remove(&w);
}

/* Where a bit of the data is wrong, the checksum tells; elsewhere a message does, or nothing is. */
Test(arrays, a_wrong_bit_in_an_archive_is_told) {
    const workspace w = workspace_make();
    size_t size;
    char *bytes = read_fixture("stored.npz", &size);
    const char *path = workspace_path(&w, "x.npz");
    const char *data = bytes;
    while (memcmp(data, "NUMPY", 5) != 0)
        data++;
    bytes[data + 122 - bytes] ^= 1; /* the data of the first array, behind a header of 128 bytes */
    write_bytes(path, bytes, size);
    yg_error error = {0};
    cr_expect_not(read_all(path, "b1", &error));
    cr_expect_not_null(strstr(error.message, "'b1' is damaged: its checksum"), "%s", error.message);
    free(bytes);
    workspace_remove(&w);
}

/* ------------------------------------------------------------------------------ archives ---- */

/* Sizes beyond 32 bits stand in the fields of zip64. Only heads and directory are made. */
Test(arrays, an_archive_of_many_gigabytes_has_its_sizes) {
    const workspace w = workspace_make();
    const int64_t large = (int64_t)5 << 30;
    yg_zip_entry entries[] = {{.name = (char *)(uintptr_t) "a.npy", .size = large},
                              {.name = (char *)(uintptr_t) "b.npy", .size = 7}};
    const yg_zip zip = {2, entries};
    size_t head, directory;
    unsigned char *bytes = yg_zip_head(&entries[0], &head);
    entries[1].offset = (int64_t)head + large;
    FILE *file = fopen(workspace_path(&w, "z.npz"), "wb+");
    cr_assert(file && bytes && fwrite(bytes, 1, head, file) == head);
    free(bytes);
    cr_assert_eq(fseeko(file, (off_t)entries[1].offset, SEEK_SET), 0);
    bytes = yg_zip_head(&entries[1], &head);
    cr_assert(bytes && fwrite(bytes, 1, head, file) == head && fwrite("1234567", 1, 7, file) == 7);
    free(bytes);
    const int64_t begin = entries[1].offset + (int64_t)head + 7;
    bytes = yg_zip_directory(&zip, begin, &directory);
    cr_assert(bytes && fwrite(bytes, 1, directory, file) == directory && fflush(file) == 0);
    free(bytes);
    yg_zip found;
    yg_error error = {0};
    const int64_t size = begin + (int64_t)directory;
    cr_assert(yg_zip_list(fileno(file), size, "z.npz", &found, &error), "%s", error.message);
    cr_assert_eq(found.count, 2u);
    for (size_t i = 0; i < 2; i++) {
        cr_expect_str_eq(found.entries[i].name, entries[i].name);
        cr_expect_eq(found.entries[i].size, entries[i].size);
        cr_expect_eq(found.entries[i].offset, entries[i].offset);
        cr_expect_eq(yg_zip_data_offset(fileno(file), size, "z.npz", &found.entries[i], &error),
                     i ? begin - 7 : 30 + 5 + 20, "%s", error.message);
    }
    yg_zip_free(&found);
    fclose(file);
    workspace_remove(&w);
}

/* --------------------------------------------------------------------------- predictions ---- */

/* Writes arrays as our own archive, and the same as separate .npy files. */
static void write_npy(const workspace *w, const char *name, yg_dtype dtype, int rank,
                      const int64_t *shape, const void *data) {
    yg_type type;
    size_t size;
    cr_assert(yg_type_make(dtype, rank, shape, &type, NULL));
    char *header = yg_npy_header(&type, &size);
    FILE *file = fopen(workspace_path(w, name), "wb");
    cr_assert(header && file && fwrite(header, 1, size, file) == size);
    fwrite(data, 1, (size_t)yg_type_bytes(&type), file);
    fclose(file);
    free(header);
}

static bool predict(const workspace *w, const yg_model *model, const char *from, const char *to,
                    yg_error *error) {
    char weights[256], in[256], out[256];
    snprintf(weights, sizeof weights, "%s", workspace_path(w, "run/weights.safetensors"));
    snprintf(in, sizeof in, "%s", workspace_path(w, from));
    snprintf(out, sizeof out, "%s", workspace_path(w, to));
    const yg_predict_options options = {
        .weights = weights, .batch_size = 2, .in_arrays = in, .out_arrays = out};
    int64_t rows = -1;
    *error = (yg_error){0};
    return yg_predict(model, &options, NULL, NULL, NULL, &rows, error);
}

/* Reads an array of numbers back; the caller frees. */
static double *read_back(const workspace *w, const char *file_name, const char *name,
                         yg_array_type *type) {
    yg_error error = {0};
    yg_array_file *file = yg_array_file_open(workspace_path(w, file_name), YG_NOWHERE, &error);
    yg_array *array = file ? yg_array_file_find(file, name, &error) : NULL;
    cr_assert_not_null(array, "%s", error.message);
    *type = *yg_array_type_of(array);
    int64_t count = 1;
    for (int d = 0; d < type->rank; d++)
        count *= type->shape[d];
    char *bytes = malloc((size_t)(count * 8) + 1);
    double *values = malloc((size_t)(count * 8) + 1);
    cr_assert(yg_array_read(array, type->shape[0], bytes, &error), "%s", error.message);
    for (int64_t i = 0; i < count; i++)
        values[i] = yg_element_number(&type->kind, bytes, i);
    free(bytes);
    yg_array_file_close(file);
    return values;
}

/* The output "z" is in the units of y, whose mean is 20 and whose deviation is 10. */
static yg_model *images_model(const workspace *w) {
    yg_model *model = workspace_model(
        w, "t.yaml",
        "format: 1\n"
        "name: images\n"
        "inputs: {x: [B, 2, 2], k: {shape: [B], dtype: i32}}\n"
        "targets: {y: [B, 1]}\n"
        "params: {w: {shape: [1], init: ones}}\n"
        "graph: {h: x * w, s: \"sum(h, dim=2)\", m: \"sum(s, dim=1, keepdim=true)\"}\n"
        "outputs: {s: s, k: \"k + 1\", z: {value: \"m * 0 + 1\", units: y}}\n"
        "loss: mse(m, y) * 0\n"
        "data:\n"
        "  train: {x: [[[0, 0], [0, 0]], [[0, 0], [0, 0]]], k: [0, 1], y: [[10], [30]]}\n"
        "  standardize: [y]\n"
        "train: {epochs: 1, optimizer: {type: sgd, lr: 0}}\n");
    train(w, model);
    return model;
}

static const double pixels[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};

Test(arrays, several_inputs_and_outputs_by_name) {
    const workspace w = workspace_make();
    yg_model *model = images_model(&w);
    yg_error error;
    yg_tensor_file inputs = {0};
    yg_type x, k;
    static const int64_t kinds[] = {2, 0, 1};
    cr_assert(yg_type_make(YG_F64, 3, (int64_t[]){3, 2, 2}, &x, NULL));
    cr_assert(yg_type_make(YG_I64, 1, (int64_t[]){3}, &k, NULL));
    cr_assert(yg_tensor_file_add(&inputs, "k", &k, kinds, NULL));
    cr_assert(yg_tensor_file_add(&inputs, "x", &x, pixels, NULL));
    cr_assert(yg_safetensors_write(workspace_path(&w, "in.safetensors"), &inputs, NULL));
    yg_tensor_file_free(&inputs);
    static const char *const to[] = {"out.npz", "out.safetensors"};
    for (size_t i = 0; i < 2; i++) {
        cr_assert(predict(&w, model, "in.safetensors", to[i], &error), "%s", error.message);
        yg_array_type type;
        double *s = read_back(&w, to[i], "s", &type);
        cr_expect(type.rank == 2 && type.shape[0] == 3 && type.shape[1] == 2);
        cr_expect(type.kind.kind == 'f' && type.kind.size == 4);
        for (int n = 0; n < 6; n++)
            cr_expect_eq(s[n], 4.0 * n + 3);
        free(s);
        double *next = read_back(&w, to[i], "k", &type);
        cr_expect(type.rank == 1 && type.kind.kind == 'i' && type.kind.size == 4);
        cr_expect(next[0] == 3 && next[1] == 1 && next[2] == 2);
        free(next);
        double *z = read_back(&w, to[i], "z", &type);
        cr_expect(z[0] == 30 && z[1] == 30 && z[2] == 30, "%g", z[0]);
        free(z);
    }
    /* What was written can be read as safetensors are. */
    yg_tensor_file file;
    cr_assert(yg_safetensors_read(workspace_path(&w, "out.safetensors"), &file, &error));
    cr_expect_eq(file.count, 3u);
    yg_tensor_file_free(&file);
    yg_model_free(model);
    workspace_remove(&w);
}

Test(arrays, one_input_and_one_output_need_no_name) {
    const workspace w = workspace_make();
    yg_model *model = exact_model(&w, "x: [B, 4]", "  h: h\n", "x: [[1, 2, 3, 4]]");
    yg_error error;
    yg_array_type type;
    write_npy(&w, "x.npy", YG_F64, 2, (int64_t[]){3, 4}, pixels);
    cr_assert(predict(&w, model, "x.npy", "y.npy", &error), "%s", error.message);
    double *h = read_back(&w, "y.npy", "any", &type);
    cr_expect(type.rank == 2 && type.shape[0] == 3 && type.shape[1] == 4);
    for (int i = 0; i < 12; i++)
        cr_expect_eq(h[i], pixels[i]);
    free(h);
    /* No rows give no predictions, in the right shape. */
    write_npy(&w, "x.npy", YG_F64, 2, (int64_t[]){0, 4}, pixels);
    cr_assert(predict(&w, model, "x.npy", "y.npy", &error), "%s", error.message);
    h = read_back(&w, "y.npy", "any", &type);
    cr_expect(type.shape[0] == 0 && type.shape[1] == 4);
    free(h);
    yg_model_free(model);
    workspace_remove(&w);
}

Test(arrays, a_symbolic_size_comes_from_the_shape) {
    const workspace w = workspace_make();
    yg_model *model = workspace_model(&w, "t.yaml",
                                      "format: 1\n"
                                      "inputs: {x: [B, T, 2]}\n"
                                      "params: {w: {shape: [1], init: ones}}\n"
                                      "graph: {h: \"sum(x * w, dim=1)\"}\n"
                                      "outputs: [h]\n"
                                      "loss: mean(h) * 0\n"
                                      "data: {train: {x: [[[1, 2], [3, 4]]]}}\n"
                                      "train: {epochs: 1, optimizer: {type: sgd, lr: 0}}\n");
    train(&w, model);
    yg_error error;
    yg_array_type type;
    write_npy(&w, "x.npy", YG_F64, 3, (int64_t[]){2, 3, 2}, pixels);
    cr_assert(predict(&w, model, "x.npy", "y.npy", &error), "%s", error.message);
    double *h = read_back(&w, "y.npy", "h", &type);
    cr_expect(h[0] == 9 && h[1] == 12 && h[2] == 27 && h[3] == 30);
    free(h);
    yg_model_free(model);
    workspace_remove(&w);
}

/* Each mistake names the file, the array, what was found and what was expected, and leaves no file.
 */
Test(arrays, mistakes_are_told_and_leave_no_file) {
    static const double odd[] = {1, 2, 3, 4, 5, 1e39, 1e-42, (double)NAN};
    static const int64_t kinds[] = {0, 1, 2, 3000000000};
    static const double fractions[] = {0, 0.5};
    const workspace w = workspace_make();
    yg_model *one = exact_model(&w, "x: [B, 4]", "  h: h\n  g: h + 1\n", "x: [[1, 2, 3, 4]]");
    yg_model *classes = workspace_model(&w, "c.yaml",
                                        "format: 1\n"
                                        "inputs: {k: {shape: [B], dtype: i32}}\n"
                                        "params: {w: {shape: [1], init: ones}}\n"
                                        "graph: {h: k * w}\n"
                                        "outputs: [h]\n"
                                        "loss: mean(h) * 0\n"
                                        "data: {train: {k: [0, 1]}}\n"
                                        "train: {epochs: 1, optimizer: {type: sgd, lr: 0}}\n");
    write_npy(&w, "narrow.npy", YG_F64, 2, (int64_t[]){2, 3}, odd);
    write_npy(&w, "flat.npy", YG_F32, 1, (int64_t[]){8}, odd);
    write_npy(&w, "odd.npy", YG_F64, 2, (int64_t[]){2, 4}, odd);
    write_npy(&w, "tiny.npy", YG_F64, 2, (int64_t[]){1, 4}, (double[]){1, 1e-42, 1, 1});
    write_npy(&w, "nan.npy", YG_F64, 2, (int64_t[]){1, 4}, (double[]){1, 1, (double)NAN, 1});
    write_npy(&w, "kinds.npy", YG_I64, 1, (int64_t[]){4}, kinds);
    write_npy(&w, "fractions.npy", YG_F64, 1, (int64_t[]){2}, fractions);
    const struct {
        const yg_model *model;
        const char *from, *to, *message;
        const char *file; /* that the message names first; NULL: none */
    } cases[] = {
        {one, "narrow.npy", "y.npz", "'x' is f64[2, 3] here; the model takes f32[B, 4]",
         "narrow.npy"},
        {one, "flat.npy", "y.npz", "'x' is f32[8] here; the model takes f32[B, 4]", "flat.npy"},
        {one, "odd.npy", "y.npz", "element [1, 1] of 'x' is 1e+39, too large a number for f32",
         "odd.npy"},
        {one, "tiny.npy", "y.npz", "element [0, 1] of 'x' is 1e-42, too small a number for f32",
         "tiny.npy"},
        {one, "nan.npy", "y.npz", "element [0, 2] of 'x' is nan, which is no number", "nan.npy"},
        {one, "odd.npy", "y.npy", "a .npy file holds one array, but the model has 2 outputs",
         "y.npy"},
        {one, "odd.npy", "nowhere/y.npz", "cannot write", NULL},
        {one, "t.safetensors", "y.npz", "cannot open", NULL},
    };
    yg_error error;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cr_expect_not(predict(&w, cases[i].model, cases[i].from, cases[i].to, &error));
        cr_expect_not_null(strstr(error.message, cases[i].message), "%s: %s", cases[i].from,
                           error.message);
        cr_expect(!cases[i].file || strstr(error.file, cases[i].file), "%s", error.file);
        cr_expect_not(workspace_has(&w, cases[i].to));
    }
    train(&w, classes);
    cr_expect_not(predict(&w, classes, "kinds.npy", "y.npy", &error));
    cr_expect_not_null(strstr(error.message, "element [3] of 'k' is 3000000000, too large for i32"),
                       "%s", error.message);
    cr_expect_not(predict(&w, classes, "fractions.npy", "y.npy", &error));
    cr_expect_not_null(strstr(error.message, "element [1] of 'k' is 0.5, which is not a whole"),
                       "%s", error.message);
    cr_expect_not(workspace_has(&w, "y.npy"));
    yg_model_free(one);
    yg_model_free(classes);
    workspace_remove(&w);
}
