/*
 * Writing safetensors. Tensors stand in the order they were added in; the header's keys do too, and
 * it is padded with blanks so that the data start at a multiple of 8 bytes, as the format's own
 * writers do. Nothing depends on time or place: equal tensors give equal bytes.
 */
#include "../graph/file.h"
#include "safetensors.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { PREFIX = 8 };

static const char *dtype_name(yg_dtype dtype) {
    static const char *const names[YG_DTYPE_COUNT] = {
        [YG_BOOL] = "BOOL", [YG_I32] = "I32", [YG_I64] = "I64", [YG_F32] = "F32", [YG_F64] = "F64"};
    return names[dtype];
}

static json_t *describe(const yg_tensor *tensor, int64_t begin) {
    json_t *shape = json_array();
    for (int i = 0; i < tensor->type.rank; i++)
        json_array_append_new(shape, json_integer(tensor->type.shape[i]));
    return json_pack("{s:s, s:o, s:[I, I]}", "dtype", dtype_name(tensor->type.dtype), "shape",
                     shape, "data_offsets", (json_int_t)begin,
                     (json_int_t)(begin + yg_type_bytes(&tensor->type)));
}

/* The header's text and, in *data_size, how many bytes of data it describes. */
static char *make_header(const yg_tensor_file *file, int64_t *data_size) {
    json_t *header = json_object();
    int64_t at = 0;
    bool good = header != NULL;
    if (file->metadata_count) {
        json_t *notes = json_object();
        for (size_t i = 0; i < file->metadata_count; i++)
            good = good && json_object_set_new(notes, file->metadata[i].key,
                                               json_string(file->metadata[i].value)) == 0;
        good = json_object_set_new(header, "__metadata__", notes) == 0 && good;
    }
    for (size_t i = 0; i < file->count && good; i++) {
        const int64_t bytes = yg_type_bytes(&file->tensors[i].type);
        good = bytes <= INT64_MAX - at && json_object_set_new(header, file->tensors[i].name,
                                                              describe(&file->tensors[i], at)) == 0;
        at += good ? bytes : 0;
    }
    char *text = good ? json_dumps(header, JSON_COMPACT) : NULL;
    json_decref(header);
    *data_size = at;
    return text;
}

bool yg_safetensors_write(const char *path, const yg_tensor_file *file, yg_error *error) {
    int64_t data_size = 0;
    char *header = make_header(file, &data_size);
    if (!header)
        return yg_fail_memory(error);
    const size_t length = strlen(header);
    const size_t padded = (length + 7) / 8 * 8;
    if ((uint64_t)data_size > SIZE_MAX - PREFIX - padded) {
        free(header);
        return yg_fail_memory(error);
    }
    const size_t size = PREFIX + padded + (size_t)data_size;
    unsigned char *bytes = malloc(size);
    if (!bytes) {
        free(header);
        return yg_fail_memory(error);
    }
    const uint64_t prefix = padded;
    memcpy(bytes, &prefix, PREFIX);
    memset(bytes + PREFIX, ' ', padded);
    memcpy(bytes + PREFIX, header, length);
    unsigned char *at = bytes + PREFIX + padded;
    for (size_t i = 0; i < file->count; i++) {
        const size_t count = (size_t)yg_type_bytes(&file->tensors[i].type);
        if (count)
            memcpy(at, file->tensors[i].data, count);
        at += count;
    }
    const bool good = yg_file_write(path, bytes, size, error);
    free(bytes);
    free(header);
    return good;
}
