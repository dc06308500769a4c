/*
 * Reading safetensors. A file may come from anywhere and is not trusted. Each length, offset and
 * shape is checked before it is used to allocate or copy. The tensors must cover the data exactly:
 * no gap, no overlap, nothing after the last one.
 */
#include "../graph/file.h"
#include "json_text.h"
#include "read_at.h"
#include "safetensors.h"
#include "safetensors_stream.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "safetensors holds little-endian numbers; this reader copies them as they are"
#endif

enum { PREFIX = 8 };

static const size_t FILE_CAP = (size_t)1 << 36;
static const uint64_t HEADER_CAP = 100000000; /* the reference implementation's own limit */

/* The state of reading. */
typedef struct reader {
    const unsigned char *data; /* after the header */
    uint64_t data_size;
    yg_origin origin;
    yg_error *error;
} reader;

/* One entry of the header, before its data are copied. The texts belong to the header. */
typedef struct entry {
    const char *name;
    const char *dtype;               /* as the header spells it */
    const yg_element_format *format; /* NULL: of a type that is not read, such as F8_E4M3 */
    yg_array_type type;              /* without a format, its elements have the size 0 */
    uint64_t begin, end;
} entry;

static bool bad(const reader *in, const char *tensor, const char *what) {
    return yg_fail(in->error, YG_ERROR_DATA, in->origin, "tensor '%s' %s", tensor, what);
}

bool yg_safetensors_refuse(const char *path, const char *tensor, const char *dtype, bool computed,
                           yg_error *error) {
    char known[200];
    yg_element_known(computed, known, sizeof known);
    return yg_fail(error, YG_ERROR_DTYPE, (yg_origin){path, 0, 0},
                   "tensor '%s' has element type '%s'; known: %s", tensor, dtype, known);
}

/* A file may hold tensors that nobody asks for, so another type is no mistake yet. */
static bool read_dtype(const reader *in, const json_t *value, entry *out) {
    out->dtype = json_string_value(value);
    if (!out->dtype)
        return bad(in, out->name, "has no \"dtype\"");
    out->format = yg_element_of_safetensors(out->dtype);
    if (out->format)
        out->type.kind = (yg_element_kind){.kind = out->format->kind, .size = out->format->size};
    return true;
}

static bool read_shape(const reader *in, const json_t *value, entry *out) {
    if (!json_is_array(value))
        return bad(in, out->name, "has no \"shape\"");
    const size_t rank = json_array_size(value);
    if (rank > YG_MAX_RANK)
        return yg_fail(in->error, YG_ERROR_SHAPE, in->origin,
                       "tensor '%s' has %zu dimensions; at most %d are supported", out->name, rank,
                       YG_MAX_RANK);
    out->type.rank = (int)rank;
    for (size_t i = 0; i < rank; i++) {
        const json_t *size = json_array_get(value, i);
        if (!json_is_integer(size) || json_integer_value(size) < 0)
            return bad(in, out->name, "has a dimension that is not a whole number");
        out->type.shape[i] = json_integer_value(size);
    }
    /* A network's type is checked as all of its tensors are. */
    yg_type type;
    yg_error detail = {0};
    if (!yg_type_make(YG_F64, (int)rank, out->type.shape, &type, &detail))
        return yg_fail(in->error, YG_ERROR_SHAPE, in->origin, "tensor '%s': %s", out->name,
                       detail.message);
    return true;
}

static bool read_offsets(const reader *in, const json_t *value, entry *out) {
    const json_t *begin = json_array_get(value, 0), *end = json_array_get(value, 1);
    if (json_array_size(value) != 2 || !json_is_integer(begin) || !json_is_integer(end) ||
        json_integer_value(begin) < 0 || json_integer_value(end) < json_integer_value(begin))
        return bad(in, out->name, "has no \"data_offsets\": two whole numbers, in order");
    out->begin = (uint64_t)json_integer_value(begin);
    out->end = (uint64_t)json_integer_value(end);
    if (out->end > in->data_size)
        return yg_fail(in->error, YG_ERROR_DATA, in->origin,
                       "tensor '%s' ends at byte %" PRIu64 " of the data, which has %" PRIu64
                       " (is the file cut off?)",
                       out->name, out->end, in->data_size);
    int64_t bytes = 0;
    if (!out->format)
        return true;
    if (!yg_array_bytes(&out->type, in->origin.file, &bytes, in->error))
        return false;
    if (out->end - out->begin != (uint64_t)bytes) {
        char text[YG_TYPE_TEXT];
        return yg_fail(in->error, YG_ERROR_DATA, in->origin,
                       "tensor '%s' is %s, which is %" PRId64 " bytes, but has %" PRIu64, out->name,
                       yg_array_text(&out->type, text), bytes, out->end - out->begin);
    }
    return true;
}

static bool read_entry(const reader *in, const char *name, const json_t *value, entry *out) {
    if (!json_is_object(value))
        return bad(in, name, "is not described by an object");
    if (json_object_size(value) != 3)
        return bad(in, name, "must have \"dtype\", \"shape\" and \"data_offsets\", nothing else");
    out->name = name;
    return read_dtype(in, json_object_get(value, "dtype"), out) &&
           read_shape(in, json_object_get(value, "shape"), out) &&
           read_offsets(in, json_object_get(value, "data_offsets"), out);
}

static int by_begin(const void *a, const void *b) {
    const entry *x = a, *y = b;
    if (x->begin != y->begin)
        return x->begin < y->begin ? -1 : 1;
    if (x->end != y->end) /* an empty tensor comes before a tensor that starts at the same byte */
        return x->end < y->end ? -1 : 1;
    return strcmp(x->name, y->name);
}

static bool read_metadata(const reader *in, json_t *notes, yg_tensor_file *file) {
    const char *key;
    json_t *value;
    if (notes && !json_is_object(notes))
        return yg_fail(in->error, YG_ERROR_DATA, in->origin, "\"__metadata__\" is not an object");
    json_object_foreach(notes, key, value) {
        if (!json_is_string(value))
            return yg_fail(in->error, YG_ERROR_DATA, in->origin,
                           "\"__metadata__\": '%s' is not a text", key);
        if (!yg_tensor_file_note(file, key, json_string_value(value), in->error))
            return false;
    }
    return true;
}

/* Sorts the entries by their bytes, and checks that they cover the data. */
static bool check_cover(const reader *in, entry *entries, size_t count) {
    uint64_t at = 0;
    qsort(entries, count, sizeof *entries, by_begin);
    for (size_t i = 0; i < count; i++) {
        if (entries[i].begin != at)
            return yg_fail(in->error, YG_ERROR_DATA, in->origin,
                           "tensor '%s' starts at byte %" PRIu64 " of the data, but the one before "
                           "it ends at %" PRIu64,
                           entries[i].name, entries[i].begin, at);
        at = entries[i].end;
    }
    return at == in->data_size ||
           yg_fail(in->error, YG_ERROR_DATA, in->origin,
                   "%" PRIu64 " bytes behind the last tensor belong to none", in->data_size - at);
}

static bool copy_tensors(const reader *in, const entry *entries, size_t count,
                         yg_tensor_file *file) {
    for (size_t i = 0; i < count; i++) {
        const entry *e = &entries[i];
        yg_type type;
        if (!e->format || e->format->dtype < 0)
            return yg_safetensors_refuse(in->origin.file, e->name, e->dtype, true, in->error);
        if (!yg_type_make((yg_dtype)e->format->dtype, e->type.rank, e->type.shape, &type,
                          in->error))
            return false;
        if (type.dtype == YG_BOOL)
            for (uint64_t b = e->begin; b < e->end; b++)
                if (in->data[b] > 1)
                    return bad(in, e->name, "has a BOOL that is neither 0 nor 1");
        if (!yg_tensor_file_add(file, e->name, &type, in->data + e->begin, in->error))
            return false;
    }
    return true;
}

/* Lists the entries, whose names belong to `header`, in the order of their bytes. Freed by the
 * caller; NULL on failure. */
static entry *list_entries(const reader *in, json_t *header, size_t *count) {
    const char *name;
    json_t *value;
    bool good = true;
    *count = 0;
    entry *entries = calloc(json_object_size(header) + 1, sizeof *entries);
    if (!entries) {
        yg_fail_memory(in->error);
        return NULL;
    }
    json_object_foreach(header, name, value) {
        if (strcmp(name, "__metadata__") != 0)
            good = good && read_entry(in, name, value, &entries[(*count)++]);
    }
    if (good && check_cover(in, entries, *count))
        return entries;
    free(entries);
    return NULL;
}

static bool read_header(const reader *in, json_t *header, yg_tensor_file *file) {
    size_t count;
    if (!read_metadata(in, json_object_get(header, "__metadata__"), file))
        return false;
    entry *entries = list_entries(in, header, &count);
    const bool good = entries && copy_tensors(in, entries, count, file);
    free(entries);
    return good;
}

/* Parses the header's text. NULL on failure. */
static json_t *parse_header(const char *text, uint64_t length, yg_origin origin, yg_error *error) {
    json_error_t json;
    json_t *header = yg_json_parse(text, (size_t)length, JSON_REJECT_DUPLICATES, &json);
    if (!header && json_error_code(&json) == json_error_out_of_memory)
        yg_fail_memory(error);
    else if (!header)
        yg_fail(error, YG_ERROR_SYNTAX, origin, "the header cannot be read as JSON: %s", json.text);
    if (!header || json_is_object(header))
        return header;
    json_decref(header);
    yg_fail(error, YG_ERROR_SYNTAX, origin, "the header is not a JSON object");
    return NULL;
}

/* Reads the prefix of a file of `size` bytes. */
static bool read_length(const unsigned char *prefix, uint64_t size, yg_origin origin,
                        uint64_t *length, yg_error *error) {
    if (size < PREFIX)
        return yg_fail(error, YG_ERROR_DATA, origin,
                       "not a safetensors file: it has %" PRIu64
                       " bytes, and the header's length alone takes 8",
                       size);
    memcpy(length, prefix, PREFIX);
    return (*length <= HEADER_CAP && *length <= size - PREFIX) ||
           yg_fail(error, YG_ERROR_DATA, origin,
                   "not a safetensors file, or cut off: the header should have %" PRIu64
                   " bytes; %" PRIu64 " follow",
                   *length, size - PREFIX);
}

bool yg_safetensors_parse(const void *bytes, size_t size, const char *name, yg_tensor_file *file,
                          yg_error *error) {
    const unsigned char *at = bytes;
    const yg_origin origin = {name, 0, 0};
    uint64_t length = 0;
    *file = (yg_tensor_file){0};
    if (!read_length(at, size, origin, &length, error))
        return false;
    json_t *header = parse_header((const char *)at + PREFIX, length, origin, error);
    if (!header)
        return false;
    const reader in = {at + PREFIX + length, size - PREFIX - length, origin, error};
    const bool good = read_header(&in, header, file);
    json_decref(header);
    if (!good)
        yg_tensor_file_free(file);
    return good;
}

bool yg_safetensors_list(int file, int64_t size, const char *path, yg_safetensors_visit *visit,
                         void *context, yg_error *error) {
    const yg_origin origin = {path, 0, 0};
    unsigned char prefix[PREFIX] = {0};
    uint64_t length = 0;
    if ((size >= PREFIX && !yg_read_at(file, 0, prefix, PREFIX, path, error)) ||
        !read_length(prefix, (uint64_t)size, origin, &length, error))
        return false;
    char *text = malloc((size_t)length + 1);
    if (!text)
        return yg_fail_memory(error);
    json_t *header = yg_read_at(file, PREFIX, text, (size_t)length, path, error)
                         ? parse_header(text, length, origin, error)
                         : NULL;
    free(text);
    const int64_t begin = PREFIX + (int64_t)length;
    const reader in = {NULL, (uint64_t)(size - begin), origin, error};
    size_t count = 0;
    entry *entries = header ? list_entries(&in, header, &count) : NULL;
    bool good = entries != NULL;
    for (size_t i = 0; good && i < count; i++)
        good = visit(context, entries[i].name, entries[i].dtype, &entries[i].type,
                     begin + (int64_t)entries[i].begin, error);
    free(entries);
    json_decref(header);
    return good;
}

bool yg_safetensors_read(const char *path, yg_tensor_file *file, yg_error *error) {
    size_t size = 0;
    *file = (yg_tensor_file){0};
    char *bytes = yg_file_read(path, FILE_CAP, &size, error);
    if (!bytes)
        return false;
    const bool good = yg_safetensors_parse(bytes, size, path, file, error);
    free(bytes);
    return good;
}
