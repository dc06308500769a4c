/*
 * Weights: see weights.h.
 */
#include "weights.h"

#include "../graph/spelling.h"
#include "failed_step.h"
#include "run_folder.h"
#include "untrained.h"

#include <errno.h>
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* "FOLDER/NAME", the folder being the model's, where there is such a file; otherwise NULL. */
static char *beside(const yg_model *model, const char *name) {
    const char *path = yg_model_path(model), *slash = strrchr(path, '/');
    const int folder = slash ? (int)(slash - path) + 1 : 0;
    const size_t size = (size_t)folder + strlen(name) + 1;
    char *found = malloc(size);
    if (found)
        snprintf(found, size, "%.*s%s", folder, path, name);
    if (found && access(found, F_OK) == 0)
        return found;
    free(found);
    return NULL;
}

/* Whether the model is the copy that a run, or a step that failed, keeps with its weights. */
static bool is_kept(const yg_model *model) {
    const char *path = yg_model_path(model), *slash = strrchr(path, '/');
    char *record = beside(model, YG_RUN_RECORD), *batch = beside(model, YG_FAILED_BATCH);
    const bool kept = (record || batch) && strcmp(slash ? slash + 1 : path, YG_RUN_MODEL) == 0;
    free(record);
    free(batch);
    return kept;
}

char *yg_weights_path(const yg_model *model, const char *weights) {
    static const char *const form = "runs/%s/weights.safetensors";
    if (weights)
        return strdup(weights);
    char *own = is_kept(model) ? beside(model, YG_RUN_WEIGHTS) : NULL;
    if (own)
        return own;
    const size_t size = strlen(form) + strlen(yg_model_name(model)) + 1;
    char *path = malloc(size);
    if (path)
        snprintf(path, size, form, yg_model_name(model));
    return path;
}

/* Whether it is the path that is taken where the user names none. */
static bool is_default(const yg_model *model, const char *path) {
    char *own = yg_weights_path(model, NULL);
    const bool is = own && strcmp(own, path) == 0;
    free(own);
    return is;
}

bool yg_weights_read(const yg_model *model, const char *path, yg_tensor_file *file,
                     yg_error *error) {
    const bool none = access(path, F_OK) != 0 && errno == ENOENT;
    if (none && yg_model_is_untrained(model) && is_default(model, path))
        return yg_untrained_weights(model, file, error);
    if (none)
        return yg_fail(
            error, YG_ERROR_IO, YG_NOWHERE,
            "there are no weights '%s'; train first, `yamlgrad train %s`, or name a file "
            "with --weights",
            path, yg_model_path(model));
    return yg_safetensors_read(path, file, error);
}

/* ----------------------------------------------------------------------------- parameters ---- */

bool yg_weights_initialize(const yg_network *network, uint64_t seed, yg_tensor_file *store,
                           yg_error *error) {
    yg_network *built = (yg_network *)network; /* only to read its graph */
    size_t count;
    const yg_network_parameter *parameters = yg_network_parameters(network, &count);
    for (size_t i = 0; i < count; i++) {
        const yg_type *type = yg_node_type(yg_network_graph(built), parameters[i].node);
        if (strcmp(parameters[i].name, "__metadata__") == 0)
            return yg_fail(error, YG_ERROR_NAME, parameters[i].origin,
                           "a parameter cannot be called '__metadata__': in the weights file that "
                           "is the name of the notes");
        yg_error failure = {0};
        if (!yg_tensor_file_add(store, parameters[i].name, type, NULL, &failure))
            return yg_fail(error, failure.code, parameters[i].origin, "%s", failure.message);
        if (!yg_network_initialize(network, &parameters[i], seed,
                                   store->tensors[store->count - 1].data, error))
            return false;
    }
    return true;
}

/* Without a branch in the loop, so that it takes no longer than reading does: a run asks at the end
 * of each epoch. */
bool yg_tensor_is_finite(const yg_tensor *tensor) {
    const int64_t count = yg_type_count(&tensor->type);
    const float *singles = tensor->data;
    const double *doubles = tensor->data;
    int wrong = 0;
    for (int64_t i = 0; tensor->type.dtype == YG_F32 && i < count; i++)
        wrong |= !(fabsf(singles[i]) <= FLT_MAX);
    for (int64_t i = 0; tensor->type.dtype == YG_F64 && i < count; i++)
        wrong |= !(fabs(doubles[i]) <= DBL_MAX);
    return !wrong;
}

static bool is_extra(const char *name) {
    return name[0] == '@';
}

static bool fail_unknown(const char *name, const char *path, size_t count,
                         const yg_tensor_file *store, yg_error *error) {
    const char **names = calloc(count + 1, sizeof *names);
    char hint[400];
    if (!names)
        return yg_fail_memory(error);
    for (size_t i = 0; i < count; i++)
        names[i] = store->tensors[i].name;
    yg_fail(error, YG_ERROR_NAME, (yg_origin){path, 0, 0},
            "tensor '%s' is no parameter of this model%s", name,
            yg_suggest(name, names, count, hint, sizeof hint));
    free(names);
    return false;
}

/* Fails on a tensor whose name none of the store's first `count` tensors, the parameters, has. */
static bool check_known(const yg_tensor_file *file, const char *path, size_t count,
                        const yg_tensor_file *store, yg_error *error) {
    for (size_t i = 0; i < file->count; i++) {
        const char *name = file->tensors[i].name;
        const yg_tensor *known = yg_tensor_find(store, name);
        if (!is_extra(name) && !(known && (size_t)(known - store->tensors) < count))
            return fail_unknown(name, path, count, store, error);
    }
    return true;
}

/* The error for a value that does not fit its type, or is NaN or infinite. Training never writes
 * those, so the file is damaged. */
static bool fail_value(const yg_tensor *from, const yg_tensor *to, int64_t index, const char *path,
                       yg_error *error) {
    const double value = yg_element_get(from->type.dtype, from->data, index);
    const yg_origin origin = {path, 0, 0};
    if (isnan(value) || isinf(value))
        return yg_fail(error, YG_ERROR_NUMERIC, origin,
                       "tensor '%s' holds %s (element %" PRId64 "); weights are finite numbers",
                       from->name, isnan(value) ? "NaN" : "an infinity", index);
    return yg_fail(error, YG_ERROR_NUMERIC, origin,
                   "tensor '%s' holds %g (element %" PRId64 "), which %s cannot; compute in "
                   "float64: `dtype: f64` in `train`, or --dtype f64",
                   from->name, value, index, yg_dtype_name(to->type.dtype));
}

static int64_t whole_at(const yg_tensor *tensor, int64_t index) {
    switch (tensor->type.dtype) {
    case YG_BOOL:
        return ((const bool *)tensor->data)[index];
    case YG_I32:
        return ((const int32_t *)tensor->data)[index];
    default:
        return ((const int64_t *)tensor->data)[index];
    }
}

/* Copies whole numbers exactly, which a double could not. */
static bool assign_whole(const yg_tensor *from, yg_tensor *to, const char *path, yg_error *error) {
    const yg_dtype dtype = to->type.dtype;
    const int64_t low = dtype == YG_BOOL ? 0 : dtype == YG_I32 ? INT32_MIN : INT64_MIN;
    const int64_t high = dtype == YG_BOOL ? 1 : dtype == YG_I32 ? INT32_MAX : INT64_MAX;
    const int64_t count = yg_type_count(&to->type);
    for (int64_t i = 0; i < count; i++) {
        const int64_t value = whole_at(from, i);
        if (value < low || value > high)
            return yg_fail(error, YG_ERROR_NUMERIC, (yg_origin){path, 0, 0},
                           "tensor '%s' holds %" PRId64 " (element %" PRId64 "), which %s cannot",
                           from->name, value, i, yg_dtype_name(dtype));
        if (dtype == YG_I64)
            ((int64_t *)to->data)[i] = value;
        else
            yg_element_set(dtype, to->data, i, (double)value);
    }
    return true;
}

/* Copies and converts. */
static bool assign_values(const yg_tensor *from, yg_tensor *to, const char *path, yg_error *error) {
    const int64_t count = yg_type_count(&to->type);
    if (!yg_dtype_is_float(to->type.dtype))
        return assign_whole(from, to, path, error);
    for (int64_t i = 0; i < count; i++) {
        yg_element_set(to->type.dtype, to->data, i,
                       yg_element_get(from->type.dtype, from->data, i));
        if (!isfinite(yg_element_get(to->type.dtype, to->data, i)))
            return fail_value(from, to, i, path, error);
    }
    return true;
}

static bool assign_one(const yg_tensor_file *file, const char *path, yg_tensor *to,
                       yg_error *error) {
    const yg_tensor *from = yg_tensor_find(file, to->name);
    const yg_origin origin = {path, 0, 0};
    char have[YG_TYPE_TEXT], want[YG_TYPE_TEXT];
    if (!from)
        return yg_fail(error, YG_ERROR_NAME, origin,
                       "the weights have no tensor '%s', which this model needs (of shape %s)",
                       to->name, yg_shape_text(&to->type, want));
    if (!yg_shape_equal(&from->type, &to->type))
        return yg_fail(error, YG_ERROR_SHAPE, origin,
                       "tensor '%s' has shape %s; this model's has %s; weights fit the model file, "
                       "and the --set values, that they were trained with",
                       to->name, yg_shape_text(&from->type, have), yg_shape_text(&to->type, want));
    if (yg_dtype_is_float(from->type.dtype) != yg_dtype_is_float(to->type.dtype))
        return yg_fail(error, YG_ERROR_DTYPE, origin, "tensor '%s' is %s; this model's is %s",
                       to->name, yg_type_text(&from->type, have), yg_type_text(&to->type, want));
    return assign_values(from, to, path, error);
}

bool yg_weights_assign(const yg_tensor_file *file, const char *path, size_t count,
                       yg_tensor_file *store, yg_error *error) {
    if (!check_known(file, path, count, store, error))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!assign_one(file, path, &store->tensors[i], error))
            return false;
    return true;
}
