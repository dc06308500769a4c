/*
 * Named tensors and notes in memory: what a safetensors file holds, before or after its bytes.
 */
#include "safetensors.h"

#include <stdlib.h>
#include <string.h>

/* For rounding sizes up, as aligned_alloc() wants them. */
enum { ALIGNMENT = 64 };

static void *aligned_copy(const void *data, int64_t bytes) {
    if ((uint64_t)bytes > SIZE_MAX - ALIGNMENT)
        return NULL;
    const size_t size = (size_t)bytes;
    const size_t rounded = (size / ALIGNMENT + 1) * ALIGNMENT;
    void *copy = aligned_alloc(ALIGNMENT, rounded);
    if (!copy)
        return NULL;
    memset(copy, 0, rounded);
    if (data && size)
        memcpy(copy, data, size);
    return copy;
}

bool yg_tensor_file_add(yg_tensor_file *file, const char *name, const yg_type *type,
                        const void *data, yg_error *error) {
    if (file->count >= SIZE_MAX / sizeof *file->tensors - 1)
        return yg_fail_memory(error);
    yg_tensor *grown = realloc(file->tensors, (file->count + 1) * sizeof *grown);
    if (!grown)
        return yg_fail_memory(error);
    file->tensors = grown;
    yg_tensor tensor = {strdup(name), *type, aligned_copy(data, yg_type_bytes(type))};
    if (!tensor.name || !tensor.data) {
        free(tensor.name);
        free(tensor.data);
        return yg_fail_memory(error);
    }
    grown[file->count++] = tensor;
    return true;
}

bool yg_tensor_file_note(yg_tensor_file *file, const char *key, const char *value,
                         yg_error *error) {
    if (file->metadata_count >= SIZE_MAX / sizeof *file->metadata - 1)
        return yg_fail_memory(error);
    yg_metadata *grown = realloc(file->metadata, (file->metadata_count + 1) * sizeof *grown);
    if (!grown)
        return yg_fail_memory(error);
    file->metadata = grown;
    yg_metadata note = {strdup(key), strdup(value)};
    if (!note.key || !note.value) {
        free(note.key);
        free(note.value);
        return yg_fail_memory(error);
    }
    grown[file->metadata_count++] = note;
    return true;
}

const yg_tensor *yg_tensor_find(const yg_tensor_file *file, const char *name) {
    for (size_t i = 0; i < file->count; i++)
        if (strcmp(file->tensors[i].name, name) == 0)
            return &file->tensors[i];
    return NULL;
}

const char *yg_metadata_find(const yg_tensor_file *file, const char *key) {
    for (size_t i = 0; i < file->metadata_count; i++)
        if (strcmp(file->metadata[i].key, key) == 0)
            return file->metadata[i].value;
    return NULL;
}

void yg_tensor_file_free(yg_tensor_file *file) {
    if (!file)
        return;
    for (size_t i = 0; i < file->count; i++) {
        free(file->tensors[i].name);
        free(file->tensors[i].data);
    }
    for (size_t i = 0; i < file->metadata_count; i++) {
        free(file->metadata[i].key);
        free(file->metadata[i].value);
    }
    free(file->tensors);
    free(file->metadata);
    *file = (yg_tensor_file){0};
}
