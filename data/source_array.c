/*
 * The source of arrays: `arrays: {image: PATH, y: PATH}` names a file for each input and target,
 * and `predict` is given one file with all inputs by name. The examples are the rows.
 *
 * A value must fit its port as one of a CSV file must: a fraction is no class, 1e39 is no f32.
 */
#include "../graph/number.h"
#include "array_file.h"
#include "array_path.h"
#include "decoder.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct open_file {
    yg_array_file *file;
    char *path;
} open_file;

/* What a port is read from. */
typedef struct port_array {
    yg_array *array; /* NULL: the port is not read */
    const char *path;
    bool *seen; /* by value: it has been checked. Of a port with a decoder that has tables */
} port_array;

typedef struct array_state {
    size_t port_count, file_count;
    open_file *files; /* one for each port, or one for all */
    port_array *ports;
    int64_t count, at; /* examples, and those that were given out so far */
    void *bytes;       /* of some rows of one array */
    size_t room;
} array_state;

static void close_arrays(void *opaque) {
    array_state *state = opaque;
    for (size_t i = 0; i < state->file_count; i++) {
        yg_array_file_close(state->files[i].file);
        free(state->files[i].path);
    }
    for (size_t p = 0; state->ports && p < state->port_count; p++)
        free(state->ports[p].seen);
    free(state->files);
    free(state->ports);
    free(state->bytes);
    free(state);
}

/* -------------------------------------------------------------------------------- opening --- */

/* "f32[B, 784]" */
static const char *port_text(const yg_port *port, yg_dtype dtype, char *text, size_t size) {
    size_t used = (size_t)snprintf(
        text, size, "%s[", yg_dtype_name(yg_dtype_is_float(port->dtype) ? dtype : port->dtype));
    for (int d = 0; d < port->rank && used < size; d++)
        used += port->symbols[d] ? (size_t)snprintf(text + used, size - used, "%s%s", d ? ", " : "",
                                                    port->symbols[d])
                                 : (size_t)snprintf(text + used, size - used, "%s%" PRId64,
                                                    d ? ", " : "", port->shape[d]);
    if (used < size)
        snprintf(text + used, size - used, "]");
    return text;
}

/* Checks an array's shape, and binds the sizes of the port's dimensions. */
static bool check_shape(const yg_reading *reading, const char *path, const yg_port *port,
                        const yg_array_type *type, yg_error *error) {
    const yg_origin origin = {path, 0, 0};
    char wanted[200], found[YG_TYPE_TEXT];
    bool fits = type->rank == port->rank;
    for (int d = 1; fits && d < port->rank; d++)
        fits = port->symbols[d] || port->shape[d] == type->shape[d];
    if (!fits)
        return yg_fail(error, YG_ERROR_SHAPE, origin, "'%s' is %s here; the model takes %s",
                       port->name, yg_array_text(type, found),
                       port_text(port, reading->dtype, wanted, sizeof wanted));
    for (int d = 1; d < port->rank; d++)
        if (!yg_dimension_bind(reading, port, d, type->shape[d], origin, error))
            return false;
    return true;
}

static array_state *new_state(const yg_reading *reading, yg_error *error) {
    array_state *state = calloc(1, sizeof *state);
    if (!state) {
        yg_fail_memory(error);
        return NULL;
    }
    state->port_count = yg_model_port_count(reading->model);
    state->files = calloc(state->port_count + 1, sizeof *state->files);
    state->ports = calloc(state->port_count + 1, sizeof *state->ports);
    if (state->files && state->ports)
        return state;
    close_arrays(state);
    yg_fail_memory(error);
    return NULL;
}

/* Opens a file, and notes it in the state. Owns `path` from now on; `origin` is the place that
 * names it. NULL on failure. */
static const open_file *add_file(array_state *state, char *path, yg_origin origin,
                                 yg_error *error) {
    open_file *file = &state->files[state->file_count];
    if (!path)
        return NULL;
    state->file_count++;
    file->path = path;
    file->file = yg_array_file_open(path, origin, error);
    return file->file ? file : NULL;
}

/* Finds a port's array, which must have as many rows as that of `first` (NULL: there is none yet).
 */
static bool find_array(const yg_reading *reading, array_state *state, size_t p,
                       const open_file *file, const yg_port *first, yg_error *error) {
    const yg_port *port = yg_model_port(reading->model, p);
    yg_array *array = yg_array_file_find(file->file, port->name, error);
    if (!array || !check_shape(reading, file->path, port, yg_array_type_of(array), error))
        return false;
    const int64_t count = yg_array_type_of(array)->shape[0];
    if (first && count != state->count)
        return yg_fail(error, YG_ERROR_SHAPE, (yg_origin){file->path, 0, 0},
                       "'%s' has %" PRId64 " rows, but '%s' has %" PRId64, port->name, count,
                       first->name, state->count);
    state->count = count;
    state->ports[p] = (port_array){array, file->path, NULL};
    return true;
}

static bool find_arrays(const yg_reading *reading, array_state *state, const open_file *file,
                        yg_error *error) {
    const yg_port *first = NULL;
    for (size_t p = 0; p < state->port_count; p++) {
        const yg_port *port = yg_model_port(reading->model, p);
        if (!yg_reading_wants(reading, p))
            continue;
        if (first && yg_array_file_is_single(file->file))
            return yg_fail(error, YG_ERROR_DATA, (yg_origin){file->path, 0, 0},
                           "the model takes several arrays, '%s' and '%s' among them; a .npz or "
                           ".safetensors file holds them by name",
                           first->name, port->name);
        if (!find_array(reading, state, p, file, first, error))
            return false;
        first = first ? first : port;
    }
    return first || yg_fail(error, YG_ERROR_DATA, (yg_origin){file->path, 0, 0},
                            "the model takes no input, so it reads no arrays");
}

void *yg_array_source_open(const yg_reading *reading, const char *path, yg_error *error) {
    array_state *state = new_state(reading, error);
    if (!state)
        return NULL;
    char *copy = strdup(path);
    if (!copy)
        yg_fail_memory(error);
    const open_file *file = add_file(state, copy, YG_NOWHERE, error);
    if (file && find_arrays(reading, state, file, error))
        return state;
    close_arrays(state);
    return NULL;
}

/* `arrays: {…}` has an entry for each port that is read, and no other. */
static bool check_entries(const yg_reading *reading, const yg_value *entries, yg_error *error) {
    const size_t count = yg_model_port_count(reading->model);
    yg_key *keys = calloc(count + 1, sizeof *keys);
    if (!keys)
        return yg_fail_memory(error);
    for (size_t p = 0; p < count; p++)
        keys[p] = (yg_key){.name = yg_model_port(reading->model, p)->name};
    const bool good = yg_value_check_keys(entries, "`arrays`", keys, count, error);
    free(keys);
    for (size_t p = 0; good && p < count; p++) {
        const yg_port *port = yg_model_port(reading->model, p);
        if (yg_reading_wants(reading, p) && !yg_value_get(entries, port->name))
            return yg_fail(error, YG_ERROR_DATA, entries->origin, "no file for %s '%s'",
                           port->target ? "target" : "input", port->name);
    }
    return good;
}

static bool open_entry(const yg_reading *reading, array_state *state, const yg_value *entry,
                       size_t p, const yg_port *first, yg_error *error) {
    const yg_port *port = yg_model_port(reading->model, p);
    char *path = yg_source_path(reading, entry, port->name, error);
    if (path && yg_array_format_of(path) == YG_ARRAY_NONE) {
        yg_fail(error, YG_ERROR_DATA, entry->origin,
                "'%s' is no file of arrays: these end in .npy, .npz, .safetensors, .idx or -ubyte "
                "(with .gz or without)",
                path);
        free(path);
        return false;
    }
    const open_file *file = add_file(state, path, entry->origin, error);
    return file && find_array(reading, state, p, file, first, error);
}

/* `file: PATH`, with all arrays by name. */
static void *open_single(const yg_reading *reading, const yg_value *file, yg_error *error) {
    char *path = yg_source_path(reading, file, "file", error);
    void *state = path ? yg_array_source_open(reading, path, error) : NULL;
    free(path);
    return state;
}

static void *open_entries(const yg_reading *reading, const yg_value *part, yg_error *error) {
    const yg_value *entries = yg_value_get(part, "arrays");
    if (!entries)
        return open_single(reading, yg_value_get(part, "file"), error);
    array_state *state = new_state(reading, error);
    const yg_port *first = NULL;
    bool good = state && check_entries(reading, entries, error);
    for (size_t p = 0; good && p < state->port_count; p++) {
        const yg_port *port = yg_model_port(reading->model, p);
        if (!yg_reading_wants(reading, p))
            continue;
        good = open_entry(reading, state, yg_value_get(entries, port->name), p, first, error);
        first = first ? first : port;
    }
    if (good && state->count == 0)
        good = yg_fail(error, YG_ERROR_DATA, entries->origin, "the files hold no examples");
    if (good)
        return state;
    if (state)
        close_arrays(state);
    return NULL;
}

/* -------------------------------------------------------------------------------- storing --- */

/* One port's part of a chunk, being stored. */
typedef struct storing {
    const yg_reading *reading;
    array_state *state;
    const yg_port *port;
    yg_array *array;
    const char *path;
    const yg_array_type *type;
    const yg_elements *to;
    int64_t rows;
    void *bytes;      /* [rows] as the file has them */
    bool kept;        /* values are stored as they are read: yg_value_is_kept() */
    char outside[80]; /* why a number that is no class is refused */
    yg_error *error;
} storing;

/* What is wrong with a number; NULL: nothing is. */
static const char *float_fault(const storing *s, int64_t index, double *number) {
    const bool f32 = s->reading->dtype == YG_F32;
    *number = yg_element_number(&s->type->kind, s->bytes, index);
    if (!isfinite(*number))
        return "which is no number to compute with";
    if (s->kept && f32 && !isfinite((float)*number))
        return "too large a number for f32; use --dtype f64";
    if (s->kept && *number != 0 && fabs(*number) < (f32 ? (double)FLT_MIN : DBL_MIN))
        return f32 ? "too small a number for f32, and would count as 0"
                   : "too small a number for f64, and would count as 0";
    return NULL;
}

static const char *whole_fault(const storing *s, int64_t index, int64_t *number) {
    if (!yg_element_whole(&s->type->kind, s->bytes, index, number))
        return "which is not a whole number that fits";
    if (s->port->classes && (*number < 0 || *number >= s->port->classes))
        return s->outside;
    if (s->to->dtype == YG_BOOL && *number != 0 && *number != 1)
        return "neither 0 nor 1";
    if (s->to->dtype == YG_I32 && (*number < INT32_MIN || *number > INT32_MAX))
        return "too large for i32; declare `dtype: i64`";
    return NULL;
}

static bool is_float(const storing *s) {
    return yg_dtype_is_float(s->port->dtype) && !s->port->classes;
}

static const char *fault(const storing *s, int64_t index) {
    double number;
    int64_t whole;
    return is_float(s) ? float_fault(s, index, &number) : whole_fault(s, index, &whole);
}

/* How many elements from one on have the fault that it has, to the end of the array, which is read
 * into s->bytes. False: it cannot be read so far. */
static bool count_faults(const storing *s, int64_t index, const char *reason, int64_t *same) {
    int64_t rows = s->rows;
    for (int64_t row = s->state->at; row < s->state->count; index = 0) {
        for (; index < rows * s->to->width; index++) {
            const char *other = fault(s, index);
            *same += other && strcmp(other, reason) == 0;
        }
        row += rows;
        rows = s->state->count - row < s->rows ? s->state->count - row : s->rows;
        if (rows > 0 && !yg_array_read(s->array, rows, s->bytes, NULL))
            return false;
    }
    return true;
}

/* "element [3, 2] of 'x' is VALUE, REASON (the first of 5 such elements)" */
static bool refuse(const storing *s, int64_t index, const char *reason) {
    char place[YG_TYPE_TEXT] = "", value[YG_NUMBER_TEXT], count[60] = "";
    int64_t left = index, indices[YG_MAX_RANK], whole, same = 0;
    size_t used = 0;
    for (int d = s->type->rank; d-- > 1; left /= s->type->shape[d])
        indices[d] = left % s->type->shape[d];
    indices[0] = left + s->state->at;
    for (int d = 0; d < s->type->rank; d++)
        used += (size_t)snprintf(place + used, sizeof place - used, "%s%" PRId64, d ? ", " : "",
                                 indices[d]);
    if (yg_element_whole(&s->type->kind, s->bytes, index, &whole))
        snprintf(value, sizeof value, "%" PRId64, whole);
    else
        yg_number_text(yg_element_number(&s->type->kind, s->bytes, index), value);
    const bool all = count_faults(s, index, reason, &same);
    if (same > 1)
        snprintf(count, sizeof count, " (the first of %s%" PRId64 " such elements)",
                 all ? "" : "at least ", same);
    return yg_fail(s->error, YG_ERROR_DATA, (yg_origin){s->path, 0, 0},
                   "element [%s] of '%s' is %s, %s%s", place, s->port->name, value, reason, count);
}

static bool store(const storing *s, int64_t index) {
    double number;
    int64_t whole;
    if (is_float(s)) {
        const char *reason = float_fault(s, index, &number);
        if (reason)
            return refuse(s, index, reason);
        ((double *)s->to->data)[index] = number;
        return true;
    }
    const char *reason = whole_fault(s, index, &whole);
    if (reason)
        return refuse(s, index, reason);
    switch (s->to->dtype) {
    case YG_BOOL:
        ((unsigned char *)s->to->data)[index] = (unsigned char)whole;
        break;
    case YG_I32:
        ((int32_t *)s->to->data)[index] = (int32_t)whole;
        break;
    case YG_I64:
        ((int64_t *)s->to->data)[index] = whole;
        break;
    default:
        ((double *)s->to->data)[index] = (double)whole; /* two classes, on a float port */
    }
    return true;
}

/* Reads rows of one port to where they are held, as they stand. Each value that occurs is checked
 * when it is first met; elements that have no table are all checked. */
static bool hold_port(storing *s, size_t p, int64_t count) {
    const yg_decoder *decoder = s->to->decoder;
    port_array *port = &s->state->ports[p];
    const int64_t elements = count * s->to->width;
    s->bytes = s->to->data;
    if (decoder->value_count && !port->seen &&
        !(port->seen = calloc(decoder->value_count, sizeof *port->seen)))
        return yg_fail_memory(s->error);
    if (!yg_array_read(port->array, count, s->to->data, s->error))
        return false;
    for (int64_t i = 0; i < elements; i++) {
        const size_t value = port->seen ? yg_decoder_value(decoder, s->bytes, i) : 0;
        if (port->seen && port->seen[value])
            continue;
        const char *reason = fault(s, i);
        if (reason)
            return refuse(s, i, reason);
        if (!port->seen)
            continue;
        port->seen[value] = true;
        if (!yg_decoder_check(decoder, s->reading, p, value, s->state->at * s->to->width + i,
                              s->error))
            return false;
    }
    return true;
}

static bool store_port(array_state *state, const yg_reading *reading, size_t p,
                       const yg_elements *to, int64_t count, yg_error *error) {
    storing s = {.reading = reading,
                 .state = state,
                 .port = yg_model_port(reading->model, p),
                 .array = state->ports[p].array,
                 .path = state->ports[p].path,
                 .type = yg_array_type_of(state->ports[p].array),
                 .to = to,
                 .rows = count,
                 .kept = yg_value_is_kept(reading, p),
                 .error = error};
    snprintf(s.outside, sizeof s.outside, "outside 0 to %" PRId64 ", the classes",
             s.port->classes - 1);
    if (to->decoder)
        return hold_port(&s, p, count);
    const int64_t elements = count * to->width;
    const size_t bytes = (size_t)elements * (size_t)s.type->kind.size;
    if (bytes > state->room) {
        free(state->bytes);
        state->bytes = malloc(bytes);
        state->room = state->bytes ? bytes : 0;
    }
    if (bytes && !state->bytes)
        return yg_fail_memory(error);
    if (!yg_array_read(state->ports[p].array, count, state->bytes, error))
        return false;
    s.bytes = state->bytes;
    for (int64_t i = 0; i < elements; i++)
        if (!store(&s, i))
            return false;
    return true;
}

static int64_t next_rows(void *opaque, const yg_reading *reading, const yg_dataset *chunk,
                         int64_t limit, yg_error *error) {
    array_state *state = opaque;
    const int64_t left = state->count - state->at, count = left < limit ? left : limit;
    for (size_t p = 0; p < state->port_count; p++)
        if (state->ports[p].array && !store_port(state, reading, p, &chunk->ports[p], count, error))
            return -1;
    state->at += count;
    return count;
}

static int64_t count_rows(const void *opaque) {
    return ((const array_state *)opaque)->count;
}

static const yg_element_kind *kind_of(const void *opaque, size_t port) {
    const yg_array *array = ((const array_state *)opaque)->ports[port].array;
    return array ? &yg_array_type_of(array)->kind : NULL;
}

const yg_source yg_source_array = {
    .open = open_entries,
    .count = count_rows,
    .kind = kind_of,
    .next = next_rows,
    .close = close_arrays,
};
