/*
 * Writing safetensors. Tensors stand in the order they were added in, those of wide elements first,
 * and the header is padded with blanks to a multiple of 8 bytes: so each tensor is aligned to its
 * elements, as the format's own writers do it. Nothing depends on time or place: equal tensors give
 * equal bytes.
 */
#include "../graph/file.h"
#include "element_kind.h"
#include "json_text.h"
#include "safetensors.h"
#include "safetensors_stream.h"

#include <stdlib.h>
#include <string.h>

enum { PREFIX = 8 };

static json_t *describe(const yg_tensor *tensor, int64_t begin) {
    json_t *shape = json_array();
    for (int i = 0; i < tensor->type.rank; i++)
        if (json_array_append_new(shape, json_integer(tensor->type.shape[i])) != 0) {
            json_decref(shape); /* out of memory: a shape with fewer dimensions is another one */
            return NULL;
        }
    return json_pack("{s:s, s:o, s:[I, I]}", "dtype",
                     yg_element_of_dtype(tensor->type.dtype)->safetensors, "shape", shape,
                     "data_offsets", (json_int_t)begin,
                     (json_int_t)begin + (json_int_t)yg_type_bytes(&tensor->type));
}

/* The tensors in the order of the file. Freed by the caller. */
static const yg_tensor **in_order(const yg_tensor_file *file) {
    const yg_tensor **order = calloc(file->count + 1, sizeof *order);
    size_t count = 0;
    for (size_t size = 8; order && size; size /= 2)
        for (size_t i = 0; i < file->count; i++)
            if (yg_dtype_size(file->tensors[i].type.dtype) == size)
                order[count++] = &file->tensors[i];
    return order;
}

/* The header's text. */
static char *make_header(const yg_tensor_file *file, const yg_tensor *const *order) {
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
        const int64_t bytes = yg_type_bytes(&order[i]->type);
        good = bytes <= INT64_MAX - at &&
               json_object_set_new(header, order[i]->name, describe(order[i], at)) == 0;
        at += good ? bytes : 0;
    }
    char *text = good ? yg_json_text(header) : NULL;
    json_decref(header);
    return text;
}

/* Prefix and header: what stands before the data. *size becomes its length. Freed by the caller;
 * NULL when out of memory. */
static char *make_head(const yg_tensor_file *file, const yg_tensor *const *order, size_t *size) {
    char *header = make_header(file, order);
    const size_t length = header ? strlen(header) : 0, padded = (length + 7) / 8 * 8;
    const uint64_t prefix = padded;
    *size = PREFIX + padded;
    char *head = header ? malloc(*size) : NULL;
    if (head) {
        memcpy(head, &prefix, PREFIX);
        memset(head + PREFIX, ' ', padded);
        memcpy(head + PREFIX, header, length);
    }
    free(header);
    return head;
}

/* Writes tensors whose data are in memory, or (`spools` not NULL) all of spools[i]. The data are
 * not copied: a copy would double the memory of a run that saves. */
static bool write_file(const char *path, const yg_tensor_file *file, FILE *const *spools,
                       yg_error *error) {
    const yg_tensor **order = in_order(file);
    yg_file_part *parts = calloc(file->count + 1, sizeof *parts);
    size_t size = 0;
    char *head = order && parts ? make_head(file, order, &size) : NULL;
    bool good = head || yg_fail_memory(error);
    if (good) {
        parts[0] = (yg_file_part){.data = head, .size = size};
        for (size_t i = 0; i < file->count; i++) {
            if (spools)
                parts[i + 1].spool = spools[order[i] - file->tensors];
            else
                parts[i + 1] = (yg_file_part){.data = order[i]->data,
                                              .size = (size_t)yg_type_bytes(&order[i]->type)};
        }
        good = yg_file_write_parts(path, parts, file->count + 1, error);
    }
    free(head);
    free(parts);
    free(order);
    return good;
}

bool yg_safetensors_write(const char *path, const yg_tensor_file *file, yg_error *error) {
    return write_file(path, file, NULL, error);
}

bool yg_safetensors_write_spools(const char *path, yg_tensor *tensors, FILE *const *spools,
                                 size_t count, yg_error *error) {
    const yg_tensor_file file = {.count = count, .tensors = tensors};
    return write_file(path, &file, spools, error);
}
