/*
 * safetensors: named tensors in a file that many tools read.
 *
 * The format (https://huggingface.co/docs/safetensors): the header's length as 8 bytes, little
 * endian; the header, a JSON object from each tensor's name to {"dtype", "shape", "data_offsets"},
 * and "__metadata__" to a map of strings; the data, row-major and little endian, without gaps.
 * A file is not trusted: every length, offset and shape is checked before use.
 */
#ifndef YG_DATA_SAFETENSORS_H
#define YG_DATA_SAFETENSORS_H

#include "../graph/type.h"

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

typedef struct yg_tensor {
    char *name;
    yg_type type;
    void *data; /* row-major, yg_type_bytes() long, 64-byte aligned; owned by the file */
    bool lent;  /* by yg_tensor_file_lend(): `data` is the lender's */
} yg_tensor;

typedef struct yg_metadata {
    char *key;
    char *value;
} yg_metadata;

/* The content of a file, in memory. All zeros is an empty one. Only yg_tensor_file_add() and
 * yg_tensor_file_note() may add to it, since they keep the table of names. */
typedef struct yg_tensor_file {
    size_t count;
    yg_tensor *tensors; /* in the order of their data */
    size_t metadata_count;
    yg_metadata *metadata; /* the entries of "__metadata__" */
    size_t capacity;       /* of `tensors` */
    size_t slot_count;     /* a hash table of the names: indices into `tensors`, plus 1 */
    size_t *slots;
    size_t note_slot_count; /* the same of the keys of `metadata` */
    size_t *note_slots;
} yg_tensor_file;

/* Reads BOOL, I32, I64, F32 and F64. False on failure, which names the tensor to blame. On success
 * the caller frees with yg_tensor_file_free(). */
bool yg_safetensors_read(const char *path, yg_tensor_file *file, yg_error *error);
/* The same from memory; `name` stands for it in messages. */
bool yg_safetensors_parse(const void *bytes, size_t size, const char *name, yg_tensor_file *file,
                          yg_error *error);
/* Writes under a temporary name, then renames. The same tensors give the same bytes. */
bool yg_safetensors_write(const char *path, const yg_tensor_file *file, yg_error *error);
void yg_tensor_file_free(yg_tensor_file *file); /* what it holds, not the struct */

/* The tensor, or the entry's value, of that name; NULL if there is none. They belong to the file.
 */
const yg_tensor *yg_tensor_find(const yg_tensor_file *file, const char *name);
const char *yg_metadata_find(const yg_tensor_file *file, const char *key);

/* Adds a tensor, whose name and `data` are copied (`data` NULL: zeros), or an entry, whose key and
 * value are copied. False on failure: a tensor of that name exists, or it is "__metadata__", under
 * which a file keeps its entries. */
bool yg_tensor_file_add(yg_tensor_file *file, const char *name, const yg_type *type,
                        const void *data, yg_error *error);
/* The same, but `data` is not copied: it must outlive the file. For writing large tensors. */
bool yg_tensor_file_lend(yg_tensor_file *file, const char *name, const yg_type *type, void *data,
                         yg_error *error);
bool yg_tensor_file_note(yg_tensor_file *file, const char *key, const char *value, yg_error *error);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
