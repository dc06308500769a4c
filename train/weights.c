/*
 * Weights: see weights.h.
 */
#include "weights.h"

#include "../graph/spelling.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *yg_weights_path(const yg_model *model, const char *weights) {
    static const char *const form = "runs/%s/weights.safetensors";
    if (weights)
        return strdup(weights);
    const size_t size = strlen(form) + strlen(yg_model_name(model)) + 1;
    char *path = malloc(size);
    if (path)
        snprintf(path, size, form, yg_model_name(model));
    return path;
}

bool yg_weights_read(const yg_model *model, const char *path, yg_tensor_file *file,
                     yg_error *error) {
    if (access(path, F_OK) != 0 && errno == ENOENT)
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
        if (!yg_tensor_file_add(store, parameters[i].name, type, NULL, error) ||
            !yg_network_initialize(network, &parameters[i], seed,
                                   store->tensors[store->count - 1].data, error))
            return false;
    }
    return true;
}

static bool is_extra(const char *name) {
    return strncmp(name, "standardize.", strlen("standardize.")) == 0;
}

/* Fails on a tensor that no parameter is called like. */
static bool check_known(const yg_tensor_file *file, const char *path, size_t count,
                        const yg_tensor_file *store, yg_error *error) {
    const char **names = calloc(count + 1, sizeof *names);
    bool good = true;
    char hint[400];
    if (!names)
        return yg_fail_memory(error);
    for (size_t i = 0; i < count; i++)
        names[i] = store->tensors[i].name;
    for (size_t i = 0; i < file->count && good; i++) {
        const char *name = file->tensors[i].name;
        bool known = is_extra(name);
        for (size_t k = 0; k < count && !known; k++)
            known = strcmp(names[k], name) == 0;
        if (!known)
            good = yg_fail(error, YG_ERROR_NAME, (yg_origin){path, 0, 0},
                           "tensor '%s' is no parameter of this model%s", name,
                           yg_suggest(name, names, count, hint, sizeof hint));
    }
    free(names);
    return good;
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
    const int64_t count = yg_type_count(&to->type);
    for (int64_t i = 0; i < count; i++)
        yg_element_set(to->type.dtype, to->data, i,
                       yg_element_get(from->type.dtype, from->data, i));
    return true;
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

/* ------------------------------------------------------------------------------- encoding ---- */

/* "PREFIX.PORT.SUFFIX" */
static char *key_of(const char *prefix, const char *port, const char *suffix) {
    const size_t size = strlen(prefix) + strlen(port) + strlen(suffix) + 1;
    char *key = malloc(size);
    if (key)
        snprintf(key, size, "%s%s%s", prefix, port, suffix);
    return key;
}

static bool save_texts(const char *prefix, const char *port, char *const *texts, size_t count,
                       yg_tensor_file *file, yg_error *error) {
    if (!count)
        return true;
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, json_string(texts[i]));
    char *key = key_of(prefix, port, "");
    char *text = json_array_size(list) == count ? json_dumps(list, JSON_COMPACT) : NULL;
    const bool good =
        key && text ? yg_tensor_file_note(file, key, text, error) : yg_fail_memory(error);
    json_decref(list);
    free(text);
    free(key);
    return good;
}

static bool save_numbers(const char *port, const char *suffix, const double *values, int64_t width,
                         yg_tensor_file *file, yg_error *error) {
    yg_type type;
    char *key = key_of("standardize.", port, suffix);
    const bool good = key ? yg_type_make(YG_F64, 1, &width, &type, error) &&
                                yg_tensor_file_add(file, key, &type, values, error)
                          : yg_fail_memory(error);
    free(key);
    return good;
}

static bool save_formula(const char *port, const char *formula, yg_tensor_file *file,
                         yg_error *error) {
    if (!formula)
        return true;
    char *key = key_of("transform.", port, "");
    const bool good = key ? yg_tensor_file_note(file, key, formula, error) : yg_fail_memory(error);
    free(key);
    return good;
}

bool yg_encoding_save(const yg_model *model, const yg_encoding *encoding, yg_tensor_file *file,
                      yg_error *error) {
    for (size_t p = 0; p < encoding->count; p++) {
        const yg_port_encoding *port = &encoding->ports[p];
        const char *name = yg_model_port(model, p)->name;
        if (!save_texts("classes.", name, port->classes, port->class_count, file, error) ||
            !save_texts("columns.", name, port->columns, port->column_count, file, error) ||
            !save_formula(name, port->formula, file, error))
            return false;
        if (port->mean &&
            (!save_numbers(name, ".mean", port->mean, port->width, file, error) ||
             !save_numbers(name, ".deviation", port->deviation, port->width, file, error)))
            return false;
    }
    return true;
}

static bool load_texts(const yg_tensor_file *file, const char *path, const char *prefix,
                       const char *port, char ***texts, size_t *count, yg_error *error) {
    char *key = key_of(prefix, port, "");
    const char *note = key ? yg_metadata_find(file, key) : NULL;
    free(key);
    if (!note)
        return true;
    json_t *list = json_loads(note, JSON_REJECT_DUPLICATES, NULL);
    const size_t size = json_array_size(list);
    bool good = size > 0;
    if (good && !(*texts = calloc(size, sizeof **texts))) {
        json_decref(list);
        return yg_fail_memory(error);
    }
    for (size_t i = 0; i < size && good; i++) {
        const char *text = json_string_value(json_array_get(list, i));
        good = text && ((*texts)[i] = strdup(text)) != NULL;
        *count += good;
    }
    json_decref(list);
    return good || yg_fail(error, YG_ERROR_DATA, (yg_origin){path, 0, 0},
                           "the note '%s%s' is not a list of texts", prefix, port);
}

static bool load_numbers(const yg_tensor_file *file, const char *path, const char *port,
                         const char *suffix, int64_t *width, double **values, yg_error *error) {
    char *key = key_of("standardize.", port, suffix);
    const yg_tensor *tensor = key ? yg_tensor_find(file, key) : NULL;
    free(key);
    if (!tensor)
        return true;
    const int64_t count = yg_type_count(&tensor->type);
    if (!yg_dtype_is_float(tensor->type.dtype) || tensor->type.rank != 1 ||
        (*width > 0 && *width != count))
        return yg_fail(error, YG_ERROR_SHAPE, (yg_origin){path, 0, 0},
                       "tensor 'standardize.%s%s' is not a list of floating-point numbers, one for "
                       "each element",
                       port, suffix);
    *values = calloc((size_t)count + 1, sizeof **values);
    if (!*values)
        return yg_fail_memory(error);
    for (int64_t i = 0; i < count; i++)
        (*values)[i] = yg_element_get(tensor->type.dtype, tensor->data, i);
    *width = count;
    return true;
}

/* What the model's `data:` says under a key; NULL: nothing. */
static const yg_value *data_entry(const yg_model *model, const char *key) {
    const yg_value *section = yg_model_section(model, "data");
    return section && section->kind == YG_MAPPING ? yg_value_get(section, key) : NULL;
}

/* The weights' formula, which must be the model's if that has one, or else the model's. */
static bool load_formula(const yg_model *model, const yg_tensor_file *file, const char *path,
                         const char *port, yg_port_encoding *out, yg_error *error) {
    const yg_value *map = data_entry(model, "transform");
    const yg_value *value = map && map->kind == YG_MAPPING ? yg_value_get(map, port) : NULL;
    char *key = key_of("transform.", port, "");
    const char *note = key ? yg_metadata_find(file, key) : NULL;
    free(key);
    if (!value && !note)
        return true;
    out->formula = value ? yg_formula_text(model, value, error) : strdup(note);
    out->formula_origin = value ? value->origin : (yg_origin){path, 0, 0};
    if (!out->formula)
        return yg_fail_memory(error);
    return !note || strcmp(out->formula, note) == 0 ||
           yg_fail(error, YG_ERROR_DATA, out->formula_origin,
                   "the transform of '%s' is %s, but the weights in %s were trained with %s", port,
                   out->formula, path, note);
}

/* Whether `data: standardize` lists a port. */
static bool wants_standardization(const yg_model *model, const char *port) {
    const yg_value *list = data_entry(model, "standardize");
    for (size_t i = 0; list && list->kind == YG_SEQUENCE && i < list->count; i++)
        if (strcmp(list->items[i]->text, port) == 0)
            return true;
    return false;
}

static bool load_port(const yg_model *model, const yg_tensor_file *file, const char *path,
                      const yg_port *port, yg_port_encoding *out, yg_error *error) {
    const char *name = port->name;
    const yg_origin origin = {path, 0, 0};
    if (!load_texts(file, path, "classes.", name, &out->classes, &out->class_count, error) ||
        !load_texts(file, path, "columns.", name, &out->columns, &out->column_count, error) ||
        !load_formula(model, file, path, name, out, error) ||
        !load_numbers(file, path, name, ".mean", &out->width, &out->mean, error) ||
        !load_numbers(file, path, name, ".deviation", &out->width, &out->deviation, error))
        return false;
    if (!out->mean != !out->deviation)
        return yg_fail(error, YG_ERROR_DATA, origin,
                       "'standardize.%s.mean' and '.deviation' do not stand together", name);
    for (int64_t i = 0; out->deviation && i < out->width; i++)
        if (!(out->deviation[i] > 0))
            return yg_fail(error, YG_ERROR_DATA, origin,
                           "'standardize.%s.deviation' is not above 0 everywhere", name);
    if (!out->mean && wants_standardization(model, name))
        return yg_fail(error, YG_ERROR_DATA, origin,
                       "the model standardises '%s', but these weights do not hold its mean and "
                       "deviation (tensors 'standardize.%s.mean' and '.deviation'); were they "
                       "trained by `yamlgrad train`?",
                       name, name);
    if (out->class_count && (int64_t)out->class_count != port->classes)
        return yg_fail(error, YG_ERROR_DATA, origin,
                       "the weights remember %zu classes of '%s'; the model has %lld",
                       out->class_count, name, (long long)port->classes);
    return true;
}

bool yg_encoding_load(const yg_model *model, const yg_tensor_file *file, const char *path,
                      yg_encoding *encoding, yg_error *error) {
    *encoding = (yg_encoding){0};
    if (!(encoding->ports = calloc(yg_model_port_count(model) + 1, sizeof *encoding->ports)))
        return yg_fail_memory(error);
    encoding->count = yg_model_port_count(model);
    for (size_t p = 0; p < encoding->count; p++)
        if (!load_port(model, file, path, yg_model_port(model, p), &encoding->ports[p], error)) {
            yg_encoding_free(encoding);
            return false;
        }
    return true;
}
