/*
 * Files of arrays: see array_file.h.
 */
#include "array_file.h"

#include "array_path.h"
#include "idx.h"
#include "inflate.h"
#include "read_at.h"
#include "safetensors_stream.h"
#include "zip.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct yg_array {
    yg_array_file *file;
    yg_array *next; /* of the file's arrays */
    char *name;
    yg_array_type type;
    int64_t at, end;       /* the bytes of the file that are still to be read */
    int64_t row;           /* the next one */
    int64_t row_bytes;     /* of one row */
    yg_inflater *inflater; /* NULL: the data are not compressed */
    bool gzip;             /* the whole file is compressed */
    bool summed;           /* `checksum` is to be that of the whole entry */
    uint32_t sum, checksum;
    int64_t unsummed; /* bytes of the entry that `sum` does not have yet */
};

/* A tensor of a safetensors file. */
typedef struct place {
    char *name;
    char *dtype; /* as the file spells it */
    yg_array_type type;
    int64_t offset;
} place;

struct yg_array_file {
    int file;
    int64_t size;
    char *path;
    yg_array_format format;
    yg_zip zip;
    size_t place_count;
    place *places;
    yg_array *arrays;
};

static yg_origin origin_of(const yg_array_file *file) {
    return (yg_origin){file->path, 0, 0};
}

/* -------------------------------------------------------------------------------- opening --- */

static bool add_place(void *context, const char *name, const char *dtype, const yg_array_type *type,
                      int64_t offset, yg_error *error) {
    yg_array_file *file = context;
    const size_t count = file->place_count;
    if ((count & (count - 1)) == 0) { /* the capacity is a power of two */
        place *grown = realloc(file->places, (count ? 2 * count : 1) * sizeof *grown);
        if (!grown)
            return yg_fail_memory(error);
        file->places = grown;
    }
    file->places[count] = (place){strdup(name), strdup(dtype), *type, offset};
    file->place_count++;
    return (file->places[count].name && file->places[count].dtype) || yg_fail_memory(error);
}

static bool open_file(yg_array_file *file, yg_origin origin, yg_error *error) {
    struct stat status;
    file->file = open(file->path, O_RDONLY | O_CLOEXEC);
    if (file->file < 0 || fstat(file->file, &status) != 0)
        return yg_fail(error, YG_ERROR_IO, origin, "cannot open '%s': %s", file->path,
                       strerror(errno));
    if (!S_ISREG(status.st_mode))
        return yg_fail(error, YG_ERROR_IO, origin_of(file),
                       "arrays are read from files only; this is %s",
                       S_ISDIR(status.st_mode) ? "a folder" : "a pipe or a device");
    file->size = status.st_size;
    switch (file->format) {
    case YG_ARRAY_NPZ:
        return yg_zip_list(file->file, file->size, file->path, &file->zip, error);
    case YG_ARRAY_SAFETENSORS:
        return yg_safetensors_list(file->file, file->size, file->path, add_place, file, error);
    default:
        return true;
    }
}

yg_array_file *yg_array_file_open(const char *path, yg_origin origin, yg_error *error) {
    yg_array_file *file = calloc(1, sizeof *file);
    if (!file || !(file->path = strdup(path))) {
        free(file);
        yg_fail_memory(error);
        return NULL;
    }
    file->file = -1;
    file->format = yg_array_format_of(path);
    if (open_file(file, origin, error))
        return file;
    yg_array_file_close(file);
    return NULL;
}

static void free_array(yg_array *array) {
    yg_inflater_free(array->inflater);
    free(array->name);
    free(array);
}

void yg_array_file_close(yg_array_file *file) {
    if (!file)
        return;
    for (yg_array *array = file->arrays, *next; array; array = next) {
        next = array->next;
        free_array(array);
    }
    for (size_t i = 0; i < file->place_count; i++) {
        free(file->places[i].name);
        free(file->places[i].dtype);
    }
    free(file->places);
    yg_zip_free(&file->zip);
    if (file->file >= 0)
        close(file->file);
    free(file->path);
    free(file);
}

bool yg_array_file_is_single(const yg_array_file *file) {
    return file->format == YG_ARRAY_NPY || file->format == YG_ARRAY_IDX;
}

/* -------------------------------------------------------------------------------- reading --- */

/* Reads the next bytes of the file as they stand: up to `size`. */
static long read_stored(void *context, unsigned char *bytes, size_t size, yg_error *error) {
    yg_array *array = context;
    const int64_t left = array->end - array->at;
    const size_t count = (uint64_t)left < size ? (size_t)left : size;
    if (!yg_read_at(array->file->file, array->at, bytes, count, array->file->path, error))
        return -1;
    array->at += (int64_t)count;
    return (long)count;
}

/* Reads the next bytes of the entry, decompressed. */
static bool read_bytes(yg_array *array, void *bytes, size_t size, yg_error *error) {
    if (array->inflater) {
        if (!yg_inflater_read(array->inflater, bytes, size, error))
            return false;
    } else {
        const long got = read_stored(array, bytes, size, error);
        if (got < 0)
            return false;
        if (got < (long)size)
            return yg_fail(error, YG_ERROR_DATA, origin_of(array->file), "'%s' is cut off",
                           array->name);
    }
    if (!array->summed)
        return true;
    array->sum = yg_checksum(array->sum, bytes, size);
    array->unsummed -= (int64_t)size;
    return array->unsummed > 0 || array->sum == array->checksum ||
           yg_fail(error, YG_ERROR_DATA, origin_of(array->file),
                   "'%s' is damaged: its checksum is wrong", array->name);
}

/* Steps through the indices of all dimensions but the first, the last one fastest. Returns the
 * position of the current ones where the first index is fastest. */
static int64_t step(const yg_array_type *type, int64_t *indices) {
    int64_t position = 0;
    for (int d = type->rank; d-- > 1;)
        position = position * type->shape[d] + indices[d];
    for (int d = type->rank; d-- > 1;) {
        if (++indices[d] < type->shape[d])
            break;
        indices[d] = 0;
    }
    return position;
}

/* Reads rows of an array in Fortran's order: for each position in a row, its elements in these rows
 * stand together. */
static bool read_columns(yg_array *array, int64_t count, unsigned char *bytes, yg_error *error) {
    const yg_array_type *type = &array->type;
    const size_t size = (size_t)type->kind.size, run = (size_t)count * size;
    const int64_t width = array->row_bytes / (int64_t)size;
    int64_t indices[YG_MAX_RANK] = {0};
    unsigned char *column = malloc(run + 1);
    bool good = column || yg_fail_memory(error);
    for (int64_t k = 0; good && k < width; k++) {
        const int64_t first = step(type, indices) * type->shape[0] + array->row;
        good = yg_read_at(array->file->file, array->at + first * (int64_t)size, column, run,
                          array->file->path, error);
        for (int64_t i = 0; good && i < count; i++)
            memcpy(bytes + (size_t)(i * width + k) * size, column + (size_t)i * size, size);
    }
    free(column);
    return good;
}

bool yg_array_read(yg_array *array, int64_t count, void *bytes, yg_error *error) {
    const size_t size = (size_t)(count * array->row_bytes);
    if (!size)
        return true;
    if (array->type.columns_first ? !read_columns(array, count, bytes, error)
                                  : !read_bytes(array, bytes, size, error))
        return false;
    array->row += count;
    return !array->gzip || array->row < array->type.shape[0] ||
           yg_inflater_finish(array->inflater, error);
}

/* -------------------------------------------------------------------------------- finding --- */

const yg_array_type *yg_array_type_of(const yg_array *array) {
    return &array->type;
}

/* Checks that the data are as long as the type says, and counts a row's bytes. `left` follow. */
static bool measure(yg_array *array, int64_t left, yg_error *error) {
    char text[YG_TYPE_TEXT];
    int64_t bytes;
    if (!yg_array_bytes(&array->type, array->file->path, &bytes, error))
        return false;
    if (bytes > left)
        return yg_fail(error, YG_ERROR_DATA, origin_of(array->file),
                       "'%s' is %s, which takes %lld bytes, but only %lld follow", array->name,
                       yg_array_text(&array->type, text), (long long)bytes, (long long)left);
    array->row_bytes =
        array->type.rank > 0 && array->type.shape[0] > 0 ? bytes / array->type.shape[0] : bytes;
    return true;
}

/* Reads the header of NumPy's format, from an entry or file of `size` bytes. */
static bool read_header(yg_array *array, int64_t size, yg_error *error) {
    unsigned char *bytes = malloc(YG_NPY_PREFIX + YG_NPY_HEADER_CAP + 1);
    const char *path = array->file->path;
    if (!bytes)
        return yg_fail_memory(error);
    const size_t first = size < YG_NPY_PREFIX ? (size_t)size : YG_NPY_PREFIX;
    bool good = read_bytes(array, bytes, first, error);
    const size_t length = good ? yg_npy_length(bytes, first, path, error) : 0;
    good = length > 0;
    if (good && (int64_t)length > size)
        good = yg_fail(error, YG_ERROR_DATA, origin_of(array->file),
                       "the file is cut off in its header");
    /* The shortest header is longer than the prefix. */
    if (good && length < first)
        good = yg_fail(error, YG_ERROR_DATA, origin_of(array->file), "the header is too short");
    good = good && read_bytes(array, bytes + first, length - first, error) &&
           yg_npy_parse(bytes, length, path, &array->type, error) &&
           measure(array, size - (int64_t)length, error);
    free(bytes);
    if (good && array->type.columns_first && array->inflater)
        return yg_fail(error, YG_ERROR_DATA, origin_of(array->file),
                       "'%s' is compressed and in Fortran's order, so that no row can be read "
                       "before all; save numpy.ascontiguousarray() of it",
                       array->name);
    array->summed = array->summed && !array->type.columns_first;
    return good;
}

static bool open_entry(yg_array *array, const yg_zip_entry *entry, yg_error *error) {
    yg_array_file *file = array->file;
    array->at = yg_zip_data_offset(file->file, file->size, file->path, entry, error);
    if (array->at < 0)
        return false;
    array->end = array->at + entry->compressed;
    array->summed = true;
    array->checksum = entry->checksum;
    array->unsummed = entry->size;
    if (entry->deflated &&
        !(array->inflater = yg_inflater_new(read_stored, array, false, file->path, error)))
        return false;
    return read_header(array, entry->size, error);
}

static bool open_place(yg_array *array, const place *p, yg_error *error) {
    int64_t bytes = 0;
    if (!p->type.kind.size)
        return yg_safetensors_refuse(array->file->path, p->name, p->dtype, false, error);
    if (!yg_array_bytes(&p->type, array->file->path, &bytes, error))
        return false;
    array->type = p->type;
    array->at = p->offset;
    array->end = p->offset + bytes;
    return measure(array, bytes, error);
}

static bool open_npy(yg_array *array, yg_error *error) {
    array->end = array->file->size;
    return read_header(array, array->file->size, error);
}

static bool open_idx(yg_array *array, yg_error *error) {
    const char *path = array->file->path;
    unsigned char bytes[YG_IDX_HEADER_CAP];
    array->end = array->file->size;
    array->gzip = yg_path_is_gzip(path);
    if (array->gzip && !(array->inflater = yg_inflater_new(read_stored, array, true, path, error)))
        return false;
    if (!read_bytes(array, bytes, YG_IDX_PREFIX, error))
        return false;
    const size_t length = yg_idx_length(bytes, path, error);
    if (!length || !read_bytes(array, bytes + YG_IDX_PREFIX, length - YG_IDX_PREFIX, error))
        return false;
    yg_idx_parse(bytes, &array->type);
    /* How long compressed data are is known when they have been read. */
    const int64_t left = array->gzip ? INT64_MAX : array->end - array->at;
    if (!measure(array, left, error))
        return false;
    return array->gzip || array->row_bytes * array->type.shape[0] == left ||
           yg_fail(error, YG_ERROR_DATA, origin_of(array->file),
                   "the file goes on after its last element");
}

/* The name that an entry or tensor has for its users: of an archive, without ".npy". Returns its
 * length. */
static size_t name_of(const yg_array_file *file, size_t i, const char **name) {
    *name = file->format == YG_ARRAY_NPZ ? file->zip.entries[i].name : file->places[i].name;
    const size_t length = strlen(*name);
    const bool ending = length > 4 && strcmp(*name + length - 4, ".npy") == 0;
    return file->format == YG_ARRAY_NPZ && ending ? length - 4 : length;
}

static size_t entry_count(const yg_array_file *file) {
    return file->format == YG_ARRAY_NPZ ? file->zip.count : file->place_count;
}

/* Says which names there are. */
static bool fail_missing(const yg_array_file *file, const char *wanted, yg_error *error) {
    char names[400] = "";
    size_t used = 0, shown = 0;
    const size_t count = entry_count(file);
    for (; shown < count; shown++) {
        const char *name;
        const size_t length = name_of(file, shown, &name);
        if (used + length + 8 > sizeof names)
            break;
        used += (size_t)snprintf(names + used, sizeof names - used, "%s%.*s", shown ? ", " : "",
                                 (int)length, name);
    }
    return yg_fail(error, YG_ERROR_NAME, origin_of(file), "there is no array '%s'; there %s %s%s",
                   wanted, count == 1 ? "is" : "are", count ? names : "none",
                   shown < count ? ", …" : "");
}

static bool open_named(yg_array *array, const char *wanted, yg_error *error) {
    yg_array_file *file = array->file;
    const char *name;
    for (size_t i = 0; i < entry_count(file); i++)
        if (name_of(file, i, &name) == strlen(wanted) && strncmp(name, wanted, strlen(wanted)) == 0)
            return file->format == YG_ARRAY_NPZ ? open_entry(array, &file->zip.entries[i], error)
                                                : open_place(array, &file->places[i], error);
    return fail_missing(file, wanted, error);
}

yg_array *yg_array_file_find(yg_array_file *file, const char *name, yg_error *error) {
    yg_array *array = calloc(1, sizeof *array);
    if (!array || !(array->name = strdup(name))) {
        free(array);
        yg_fail_memory(error);
        return NULL;
    }
    array->file = file;
    const bool good = file->format == YG_ARRAY_NPY   ? open_npy(array, error)
                      : file->format == YG_ARRAY_IDX ? open_idx(array, error)
                                                     : open_named(array, name, error);
    if (!good) {
        free_array(array);
        return NULL;
    }
    array->next = file->arrays;
    file->arrays = array;
    return array;
}
