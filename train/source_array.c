/*
 * The source of arrays: each input is an array of a file, by its name, and the examples are the
 * rows.
 *
 * A value must fit its port as one of a CSV file must: a fraction is no class, 1e39 is no f32.
 */
#include "../graph/number.h"
#include "array_file.h"
#include "source.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct array_state {
    yg_array_file *file;
    char *path;
    yg_array **arrays; /* by port; NULL: it is not read */
    int64_t count, at; /* examples, and those that were given out so far */
    void *bytes;       /* of some rows of one array */
    size_t room;
} array_state;

static void close_arrays(void *opaque) {
    array_state *state = opaque;
    yg_array_file_close(state->file);
    free(state->arrays);
    free(state->path);
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
static bool check_shape(const yg_reading *reading, const array_state *state, const yg_port *port,
                        const yg_array_type *type, yg_error *error) {
    const yg_origin origin = {state->path, 0, 0};
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

static bool find_arrays(const yg_reading *reading, array_state *state, yg_error *error) {
    const yg_port *first = NULL;
    for (size_t p = 0; p < yg_model_port_count(reading->model); p++) {
        const yg_port *port = yg_model_port(reading->model, p);
        if (!yg_reading_wants(reading, p))
            continue;
        if (first && yg_array_file_is_single(state->file))
            return yg_fail(error, YG_ERROR_DATA, (yg_origin){state->path, 0, 0},
                           "the model takes several arrays, '%s' and '%s' among them; a .npz or "
                           ".safetensors file holds them by name",
                           first->name, port->name);
        if (!(state->arrays[p] = yg_array_file_find(state->file, port->name, error)) ||
            !check_shape(reading, state, port, yg_array_type_of(state->arrays[p]), error))
            return false;
        const int64_t count = yg_array_type_of(state->arrays[p])->shape[0];
        if (first && count != state->count)
            return yg_fail(error, YG_ERROR_SHAPE, (yg_origin){state->path, 0, 0},
                           "'%s' has %" PRId64 " rows, but '%s' has %" PRId64, port->name, count,
                           first->name, state->count);
        state->count = count;
        first = first ? first : port;
    }
    return first || yg_fail(error, YG_ERROR_DATA, (yg_origin){state->path, 0, 0},
                            "the model takes no input, so it reads no arrays");
}

void *yg_array_source_open(const yg_reading *reading, const char *path, yg_error *error) {
    array_state *state = calloc(1, sizeof *state);
    if (!state) {
        yg_fail_memory(error);
        return NULL;
    }
    state->arrays = calloc(yg_model_port_count(reading->model) + 1, sizeof *state->arrays);
    state->path = strdup(path);
    if (!state->arrays || !state->path)
        yg_fail_memory(error);
    else if ((state->file = yg_array_file_open(path, error)) && find_arrays(reading, state, error))
        return state;
    close_arrays(state);
    return NULL;
}

/* -------------------------------------------------------------------------------- storing --- */

/* One port's part of a chunk, being stored. */
typedef struct storing {
    const yg_reading *reading;
    const array_state *state;
    const yg_port *port;
    const yg_array_type *type;
    const yg_elements *to;
    bool kept; /* values are stored as they are read: yg_value_is_kept() */
    yg_error *error;
} storing;

/* "element [3, 2] of 'x' is VALUE, REASON" */
static bool refuse(const storing *s, int64_t index, const char *reason) {
    char place[YG_TYPE_TEXT] = "", value[YG_NUMBER_TEXT];
    int64_t left = index, indices[YG_MAX_RANK], whole;
    size_t used = 0;
    for (int d = s->type->rank; d-- > 1; left /= s->type->shape[d])
        indices[d] = left % s->type->shape[d];
    indices[0] = left + s->state->at;
    for (int d = 0; d < s->type->rank; d++)
        used += (size_t)snprintf(place + used, sizeof place - used, "%s%" PRId64, d ? ", " : "",
                                 indices[d]);
    if (yg_array_whole(&s->type->kind, s->state->bytes, index, &whole))
        snprintf(value, sizeof value, "%" PRId64, whole);
    else
        yg_number_text(yg_array_number(&s->type->kind, s->state->bytes, index), value);
    return yg_fail(s->error, YG_ERROR_DATA, (yg_origin){s->state->path, 0, 0},
                   "element [%s] of '%s' is %s, %s", place, s->port->name, value, reason);
}

static bool store_float(const storing *s, int64_t index) {
    const bool f32 = s->reading->dtype == YG_F32;
    const double number = yg_array_number(&s->type->kind, s->state->bytes, index);
    if (!isfinite(number))
        return refuse(s, index, "which is no number to compute with");
    if (s->kept && f32 && !isfinite((float)number))
        return refuse(s, index, "too large a number for f32; use --dtype f64");
    if (s->kept && number != 0 && fabs(number) < (f32 ? (double)FLT_MIN : DBL_MIN))
        return refuse(s, index,
                      f32 ? "too small a number for f32, and would count as 0"
                          : "too small a number for f64, and would count as 0");
    ((double *)s->to->data)[index] = number;
    return true;
}

static bool store_whole(const storing *s, int64_t index) {
    int64_t number;
    char reason[120];
    if (!yg_array_whole(&s->type->kind, s->state->bytes, index, &number))
        return refuse(s, index, "which is not a whole number that fits");
    if (s->port->classes && (number < 0 || number >= s->port->classes)) {
        snprintf(reason, sizeof reason, "outside 0 to %" PRId64 ", the classes",
                 s->port->classes - 1);
        return refuse(s, index, reason);
    }
    switch (s->to->dtype) {
    case YG_BOOL:
        if (number != 0 && number != 1)
            return refuse(s, index, "neither 0 nor 1");
        ((unsigned char *)s->to->data)[index] = (unsigned char)number;
        break;
    case YG_I32:
        if (number < INT32_MIN || number > INT32_MAX)
            return refuse(s, index, "too large for i32; declare `dtype: i64`");
        ((int32_t *)s->to->data)[index] = (int32_t)number;
        break;
    case YG_I64:
        ((int64_t *)s->to->data)[index] = number;
        break;
    default:
        ((double *)s->to->data)[index] = (double)number; /* two classes, on a float port */
    }
    return true;
}

static bool store_port(array_state *state, const yg_reading *reading, size_t p,
                       const yg_elements *to, int64_t count, yg_error *error) {
    const storing s = {reading,
                       state,
                       yg_model_port(reading->model, p),
                       yg_array_type_of(state->arrays[p]),
                       to,
                       yg_value_is_kept(reading, p),
                       error};
    const int64_t elements = count * to->width;
    const size_t bytes = (size_t)elements * (size_t)s.type->kind.size;
    if (bytes > state->room) {
        free(state->bytes);
        state->bytes = malloc(bytes);
        state->room = state->bytes ? bytes : 0;
    }
    if (bytes && !state->bytes)
        return yg_fail_memory(error);
    if (!yg_array_read(state->arrays[p], count, state->bytes, error))
        return false;
    const bool is_float = yg_dtype_is_float(s.port->dtype) && !s.port->classes;
    for (int64_t i = 0; i < elements; i++)
        if (!(is_float ? store_float(&s, i) : store_whole(&s, i)))
            return false;
    return true;
}

static int64_t next_rows(void *opaque, const yg_reading *reading, const yg_dataset *chunk,
                         int64_t limit, yg_error *error) {
    array_state *state = opaque;
    const int64_t left = state->count - state->at, count = left < limit ? left : limit;
    for (size_t p = 0; p < yg_model_port_count(reading->model); p++)
        if (state->arrays[p] && !store_port(state, reading, p, &chunk->ports[p], count, error))
            return -1;
    state->at += count;
    return count;
}

const yg_source yg_source_array = {
    .next = next_rows,
    .close = close_arrays,
};
