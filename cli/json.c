/*
 * JSON on stdout, by jansson.
 */
#include "json.h"

#include "options.h"
#include "terminal.h"

#include <math.h>
#include <unistd.h>

void json_append(json_t **list, json_t *value) {
    if (json_array_append_new(*list, value) == 0)
        return;
    json_decref(*list);
    *list = NULL;
}

void json_set(json_t **object, const char *key, json_t *value) {
    if (json_object_set_new(*object, key, value) == 0)
        return;
    json_decref(*object);
    *object = NULL;
}

json_t *json_of_number(double value) {
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *element(const yg_type *type, const void *data, int64_t index) {
    const double value = yg_element_get(type->dtype, data, index);
    if (type->dtype == YG_BOOL)
        return json_boolean(value != 0);
    return yg_dtype_is_float(type->dtype) ? json_of_number(value) : json_integer((json_int_t)value);
}

/* The list for dimension `dim` and those after it. *index is the next element, row-major. The
 * recursion is at most YG_MAX_RANK deep. */
static json_t *nested(const yg_type *type, const void *data, int dim, int64_t *index) {
    if (dim == type->rank)
        return element(type, data, (*index)++);
    json_t *list = json_array();
    for (int64_t i = 0; i < type->shape[dim] && list; i++) {
        if (json_array_append_new(list, nested(type, data, dim + 1, index)) != 0) {
            json_decref(list);
            list = NULL;
        }
    }
    return list;
}

json_t *json_of_tensor(const yg_type *type, const void *data) {
    int64_t index = 0;
    return nested(type, data, 0, &index);
}

int json_print(json_t *value, yg_dtype precision) {
    if (!value) {
        terminal_error("out of memory");
        return STATUS_FAILED;
    }
    const size_t digits = precision == YG_F64 ? 17 : 9;
    /* On a terminal all characters beyond ASCII are escaped, because a terminal obeys some of them.
     */
    const size_t form = isatty(STDOUT_FILENO) ? JSON_ENSURE_ASCII : 0;
    const int failed = json_dumpf(value, stdout, JSON_REAL_PRECISION(digits) | form);
    json_decref(value);
    if (failed && !ferror(stdout)) {
        terminal_error("out of memory");
        return STATUS_FAILED;
    }
    terminal_print(stdout, "\n");
    return terminal_finish_output(STATUS_OK);
}
