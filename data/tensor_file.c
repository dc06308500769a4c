/*
 * The content of a safetensors file in memory: named tensors and notes.
 */
#include "../graph/number.h"
#include "../graph/zeros.h"
#include "safetensors.h"

#include <stdlib.h>
#include <string.h>

/* A copy of the bytes, or zeros if `data` is NULL. */
static void *aligned_copy(const void *data, int64_t bytes) {
    if (bytes < 0 || (uint64_t)bytes > SIZE_MAX)
        return NULL;
    const size_t size = (size_t)bytes;
    void *copy = yg_zeros(size > 0 ? size : 1); /* never 0 bytes: not NULL */
    if (copy && data && size)
        memcpy(copy, data, size);
    return copy;
}

/* ----------------------------------------------------------------------------------- names --- */

static size_t hash_of(const char *name) {
    uint64_t hash = 14695981039346656037u; /* FNV-1a */
    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * 1099511628211u;
    return (size_t)(hash ^ hash >> 32);
}

/* The slot of a name, or the empty slot where it would go. There always is one, because there are
 * more slots than names. */
static size_t *slot_of(const yg_tensor_file *file, const char *name) {
    size_t at = hash_of(name) & (file->slot_count - 1);
    while (file->slots[at] && strcmp(file->tensors[file->slots[at] - 1].name, name) != 0)
        at = (at + 1) & (file->slot_count - 1);
    return &file->slots[at];
}

/* Room for one more tensor and its name. */
static bool reserve(yg_tensor_file *file) {
    if (file->count == file->capacity) {
        const size_t capacity = file->capacity ? 2 * file->capacity : 16;
        yg_tensor *grown = capacity < SIZE_MAX / sizeof *grown
                               ? realloc(file->tensors, capacity * sizeof *grown)
                               : NULL;
        if (!grown)
            return false;
        file->tensors = grown;
        file->capacity = capacity;
    }
    if (file->slot_count >= 2 * (file->count + 1))
        return true;
    const size_t slot_count = file->slot_count ? 2 * file->slot_count : 32;
    size_t *slots = calloc(slot_count, sizeof *slots);
    if (!slots)
        return false;
    free(file->slots);
    file->slots = slots;
    file->slot_count = slot_count;
    for (size_t i = 0; i < file->count; i++)
        *slot_of(file, file->tensors[i].name) = i + 1;
    return true;
}

/* Adds a tensor. Its data stay the caller's after a failure. */
static bool add(yg_tensor_file *file, const char *name, const yg_type *type, void *data, bool lent,
                yg_error *error) {
    if (strcmp(name, "__metadata__") == 0)
        return yg_fail(error, YG_ERROR_NAME, YG_NOWHERE,
                       "a tensor cannot be called '__metadata__': in safetensors that is the name "
                       "of the notes");
    if (!reserve(file))
        return yg_fail_memory(error);
    size_t *slot = slot_of(file, name);
    if (*slot)
        return yg_fail(error, YG_ERROR_NAME, YG_NOWHERE, "there are two tensors called '%s'", name);
    char *copy = strdup(name);
    if (!copy)
        return yg_fail_memory(error);
    file->tensors[file->count++] =
        (yg_tensor){.name = copy, .type = *type, .data = data, .lent = lent};
    *slot = file->count;
    return true;
}

bool yg_tensor_file_add(yg_tensor_file *file, const char *name, const yg_type *type,
                        const void *data, yg_error *error) {
    void *copy = aligned_copy(data, yg_type_bytes(type));
    if (!copy) {
        char text[YG_TYPE_TEXT], size[YG_BYTES_TEXT];
        return yg_fail(error, YG_ERROR_MEMORY, YG_NOWHERE, "out of memory: '%s' %s takes %s", name,
                       yg_type_text(type, text), yg_bytes_text((double)yg_type_bytes(type), size));
    }
    const bool good = add(file, name, type, copy, false, error);
    if (!good)
        free(copy);
    return good;
}

bool yg_tensor_file_lend(yg_tensor_file *file, const char *name, const yg_type *type, void *data,
                         yg_error *error) {
    return add(file, name, type, data, true, error);
}

/* ----------------------------------------------------------------------------------- notes --- */

/* As slot_of(), for the key of a note. */
static size_t *note_slot_of(const yg_tensor_file *file, const char *key) {
    size_t at = hash_of(key) & (file->note_slot_count - 1);
    while (file->note_slots[at] && strcmp(file->metadata[file->note_slots[at] - 1].key, key) != 0)
        at = (at + 1) & (file->note_slot_count - 1);
    return &file->note_slots[at];
}

/* Makes slots for one more note. */
static bool reserve_note(yg_tensor_file *file) {
    if (file->note_slot_count >= 2 * (file->metadata_count + 1))
        return true;
    const size_t slot_count = file->note_slot_count ? 2 * file->note_slot_count : 32;
    size_t *slots = calloc(slot_count, sizeof *slots);
    if (!slots)
        return false;
    free(file->note_slots);
    file->note_slots = slots;
    file->note_slot_count = slot_count;
    for (size_t i = file->metadata_count; i-- > 0;)
        *note_slot_of(file, file->metadata[i].key) = i + 1; /* of equal keys, the first */
    return true;
}

bool yg_tensor_file_note(yg_tensor_file *file, const char *key, const char *value,
                         yg_error *error) {
    if (file->metadata_count >= SIZE_MAX / sizeof *file->metadata - 1 || !reserve_note(file))
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
    size_t *slot = note_slot_of(file, key);
    grown[file->metadata_count++] = note;
    if (!*slot)
        *slot = file->metadata_count;
    return true;
}

const yg_tensor *yg_tensor_find(const yg_tensor_file *file, const char *name) {
    const size_t index = file->slot_count ? *slot_of(file, name) : 0;
    return index ? &file->tensors[index - 1] : NULL;
}

const char *yg_metadata_find(const yg_tensor_file *file, const char *key) {
    const size_t index = file->note_slot_count ? *note_slot_of(file, key) : 0;
    return index ? file->metadata[index - 1].value : NULL;
}

void yg_tensor_file_free(yg_tensor_file *file) {
    if (!file)
        return;
    for (size_t i = 0; i < file->count; i++) {
        free(file->tensors[i].name);
        if (!file->tensors[i].lent)
            free(file->tensors[i].data);
    }
    for (size_t i = 0; i < file->metadata_count; i++) {
        free(file->metadata[i].key);
        free(file->metadata[i].value);
    }
    free(file->tensors);
    free(file->slots);
    free(file->metadata);
    free(file->note_slots);
    *file = (yg_tensor_file){0};
}
