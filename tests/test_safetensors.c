/*
 * safetensors: a file that Python's library wrote, our own files read back, and bytes that are not
 * to be trusted.
 */
#include "data/safetensors.h"
#include "graph/file.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const double weight[] = {1.5, -2.25, 3, 4.0e-3, 0, 1.0e30}, bias[] = {0.1, -0.2, 0.3},
                    count[] = {7}, labels[] = {2, 0, -1}, mask[] = {1, 0, 1};

/* The tensors that generate_safetensors.py has written. */
static const struct {
    const char *name;
    yg_type type;
    const double *values;
} written[] = {
    {"a.weight", {YG_F32, 2, {3, 2}}, weight}, {"a.bias", {YG_F64, 1, {3}}, bias},
    {"count", {YG_I64, 0, {0}}, count},        {"labels", {YG_I32, 1, {3}}, labels},
    {"mask", {YG_BOOL, 1, {3}}, mask},         {"empty", {YG_F32, 2, {0, 4}}, NULL},
};

enum { WRITTEN = sizeof written / sizeof *written };

static void check_content(const yg_tensor_file *file) {
    cr_assert_eq(file->count, WRITTEN);
    for (size_t i = 0; i < WRITTEN; i++) {
        const yg_tensor *tensor = yg_tensor_find(file, written[i].name);
        cr_assert_not_null(tensor, "%s", written[i].name);
        cr_assert(yg_type_equal(&tensor->type, &written[i].type), "%s", written[i].name);
        cr_assert_eq((uintptr_t)tensor->data % 64, 0);
        for (int64_t k = 0; k < yg_type_count(&tensor->type); k++) {
            double expected = written[i].values[k];
            if (tensor->type.dtype == YG_F32)
                expected = (float)expected;
            cr_assert_eq(yg_element_get(tensor->type.dtype, tensor->data, k), expected, "%s[%d]",
                         written[i].name, (int)k);
        }
    }
    cr_assert_str_eq(yg_metadata_find(file, "classes.y"), "[\"no\", \"yes\"]");
    cr_assert_str_eq(yg_metadata_find(file, "note"), "grüße");
    cr_assert_null(yg_metadata_find(file, "notes"));
    cr_assert_null(yg_tensor_find(file, "a.weights"));
}

Test(safetensors, reads_what_python_wrote) {
    yg_error error = {0};
    yg_tensor_file file;
    cr_assert(yg_safetensors_read(YG_FIXTURES "/python.safetensors", &file, &error), "%s",
              error.message);
    check_content(&file);
    yg_tensor_file_free(&file);
}

Test(safetensors, reads_back_what_it_wrote_and_writes_the_same_bytes) {
    yg_error error = {0};
    yg_tensor_file file, again;
    char path[] = "/tmp/yamlgrad-safetensors-XXXXXX";
    close(mkstemp(path));
    cr_assert(yg_safetensors_read(YG_FIXTURES "/python.safetensors", &file, &error));
    cr_assert(yg_safetensors_write(path, &file, &error), "%s", error.message);
    cr_assert(yg_safetensors_read(path, &again, &error), "%s", error.message);
    check_content(&again);
    size_t size, size_again;
    char *bytes = yg_file_read(path, 1 << 20, &size, &error);
    cr_assert(yg_safetensors_write(path, &again, &error));
    char *bytes_again = yg_file_read(path, 1 << 20, &size_again, &error);
    cr_assert_eq(size, size_again);
    cr_assert_arr_eq(bytes, bytes_again, size);
    uint64_t header;
    memcpy(&header, bytes, sizeof header);
    cr_assert_eq(header % 8, 0, "the data start at a multiple of 8");
    free(bytes);
    free(bytes_again);
    yg_tensor_file_free(&file);
    yg_tensor_file_free(&again);
    unlink(path);
}

Test(safetensors, every_cut_file_is_refused) {
    yg_error error = {0};
    size_t size;
    char *bytes = yg_file_read(YG_FIXTURES "/python.safetensors", 1 << 20, &size, &error);
    cr_assert_not_null(bytes);
    for (size_t length = 0; length < size; length++) {
        yg_tensor_file file;
        yg_error cut = {0};
        char *part = malloc(length + 1); /* of its own, so that a read past the end is seen */
        memcpy(part, bytes, length);
        cr_assert_not(yg_safetensors_parse(part, length, "cut", &file, &cut), "%zu bytes", length);
        cr_assert_neq(cut.code, YG_OK);
        free(part);
    }
    free(bytes);
}

/* A header, the number of bytes of data, and a part of the message. */
static const struct {
    const char *header;
    size_t data;
    const char *message;
} bad[] = {
    {"", 0, "JSON"},
    {"[]", 0, "not a JSON object"},
    {"{\"a\":1}", 0, "not described by an object"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4, "nothing else"},
    {"{\"a\":{\"dtype\":\"F16\",\"shape\":[1],\"data_offsets\":[0,2]}}", 2, "element type 'F16'"},
    {"{\"a\":{\"dtype\":7,\"shape\":[1],\"data_offsets\":[0,2]}}", 2, "no \"dtype\""},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":1,\"data_offsets\":[0,4]}}", 4, "no \"shape\""},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}", 4, "whole number"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1.5],\"data_offsets\":[0,4]}}", 4, "whole number"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1,1,1,1],\"data_offsets\":[0,4]}}", 4,
     "9 dimensions"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[9223372036854775807,3],\"data_offsets\":[0,4]}}", 4,
     "tensor 'a'"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,0]}}", 4, "in order"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0]}}", 4, "data_offsets"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 4, "cut off"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}", 4,
     "is 8 bytes, but has 4"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", 8, "starts at byte 4"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
     "\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}",
     4, "starts at byte 0 of the data, but the one before it ends at 4"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 5, "belong to none"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]},"
     "\"a\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}}",
     0, "JSON"},
    {"{\"a\":{\"dtype\":\"BOOL\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1, "neither 0 nor 1"},
    {"{\"__metadata__\":{\"a\":1}}", 0, "'a' is not a text"},
    {"{\"__metadata__\":[]}", 0, "not an object"},
};

Test(safetensors, bad_headers_are_refused_with_a_reason) {
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const uint64_t length = strlen(bad[i].header);
        const size_t size = 8 + length + bad[i].data;
        unsigned char *bytes = malloc(size);
        yg_tensor_file file;
        yg_error error = {0};
        memcpy(bytes, &length, 8);
        memcpy(bytes + 8, bad[i].header, length);
        memset(bytes + 8 + length, 7, bad[i].data);
        cr_expect_not(yg_safetensors_parse(bytes, size, "bad.safetensors", &file, &error), "%s",
                      bad[i].header);
        cr_expect_not_null(strstr(error.message, bad[i].message), "%s: %s", bad[i].header,
                           error.message);
        cr_expect_str_eq(error.file, "bad.safetensors");
        free(bytes);
    }
}

Test(safetensors, a_header_longer_than_the_file_is_refused) {
    static const uint64_t lengths[] = {3, 100, 1ull << 40, UINT64_MAX};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        unsigned char bytes[10] = {0};
        yg_tensor_file file;
        yg_error error = {0};
        memcpy(bytes, &lengths[i], 8);
        cr_expect_not(yg_safetensors_parse(bytes, sizeof bytes, "x", &file, &error));
        cr_expect_not_null(strstr(error.message, "not a safetensors file"));
    }
}

/* Tensors that are lent are written like copies, and stay the lender's. */
Test(safetensors, lent_tensors) {
    yg_error error = {0};
    yg_tensor_file file = {0}, again = {0};
    float values[] = {1, 2, 3};
    const int64_t count = 3;
    yg_type type;
    cr_assert(yg_type_make(YG_F32, 1, &count, &type, &error));
    cr_assert(yg_tensor_file_lend(&file, "a", &type, values, &error), "%s", error.message);
    cr_expect_not(yg_tensor_file_lend(&file, "a", &type, values, &error));
    cr_expect_str_eq(error.message, "there are two tensors called 'a'");
    cr_expect_eq(yg_tensor_find(&file, "a")->data, values, "no copy");
    values[1] = 5;
    char path[] = "/tmp/yamlgrad-safetensors-XXXXXX";
    close(mkstemp(path));
    cr_assert(yg_safetensors_write(path, &file, &error), "%s", error.message);
    yg_tensor_file_free(&file);
    cr_assert(yg_safetensors_read(path, &again, &error), "%s", error.message);
    cr_expect_arr_eq(yg_tensor_find(&again, "a")->data, values, sizeof values);
    yg_tensor_file_free(&again);
    unlink(path);
}
