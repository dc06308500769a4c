/*
 * What a weights file keeps besides parameters: see encoding_file.h.
 */
#include "encoding_file.h"

#include "column.h"
#include "json_text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* PREFIX, PORT and SUFFIX in a row. */
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
    char *text = json_array_size(list) == count ? yg_json_text(list) : NULL;
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
    char *key = key_of("@standardize/", port, suffix);
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

/* How the columns of a port are encoded, where any of them has options. */
static bool save_columns(const char *name, const yg_port_encoding *port, yg_tensor_file *file,
                         yg_error *error) {
    json_t *list = json_array();
    bool good = list || yg_fail_memory(error), any = false;
    for (size_t i = 0; good && port->encoders && i < port->column_count; i++) {
        json_t *json;
        good = yg_column_save(port->encoders[i], &json) &&
               json_array_append_new(list, json ? json : json_null()) == 0;
        any = any || (good && json);
        if (!good)
            yg_fail_memory(error);
    }
    char *key = good && any ? key_of("encoding.", name, "") : NULL;
    char *text = key ? yg_json_text(list) : NULL;
    if (good && any)
        good = text ? yg_tensor_file_note(file, key, text, error) : yg_fail_memory(error);
    json_decref(list);
    free(text);
    free(key);
    return good;
}

bool yg_encoding_save(const yg_model *model, const yg_encoding *encoding, yg_tensor_file *file,
                      yg_error *error) {
    if (!yg_tensor_file_note(file, "encoding", "1", error))
        return false;
    for (size_t p = 0; p < encoding->count; p++) {
        const yg_port_encoding *port = &encoding->ports[p];
        const char *name = yg_model_port(model, p)->name;
        if (!save_texts("classes.", name, port->classes, port->class_count, file, error) ||
            !save_texts("columns.", name, port->columns, port->column_count, file, error) ||
            !save_columns(name, port, file, error) ||
            !save_formula(name, port->formula, file, error))
            return false;
        if (port->mean &&
            (!save_numbers(name, "/mean", port->mean, port->width, file, error) ||
             !save_numbers(name, "/deviation", port->deviation, port->width, file, error)))
            return false;
    }
    return true;
}

/* A note as JSON. Of one that is no JSON, *list becomes NULL. False when out of memory. */
static bool parse_note(const char *note, json_t **list, yg_error *error) {
    json_error_t reason;
    *list = yg_json_parse(note, strlen(note), JSON_REJECT_DUPLICATES, &reason);
    return *list || json_error_code(&reason) != json_error_out_of_memory || yg_fail_memory(error);
}

static bool load_texts(const yg_tensor_file *file, const char *path, const char *prefix,
                       const char *port, char ***texts, size_t *count, yg_error *error) {
    char *key = key_of(prefix, port, "");
    if (!key)
        return yg_fail_memory(error);
    const char *note = yg_metadata_find(file, key);
    free(key);
    if (!note)
        return true;
    json_t *list;
    if (!parse_note(note, &list, error))
        return false;
    const size_t size = json_array_size(list);
    bool good = size > 0;
    if (good && !(*texts = calloc(size, sizeof **texts))) {
        json_decref(list);
        return yg_fail_memory(error);
    }
    for (size_t i = 0; i < size && good; i++) {
        const char *text = json_string_value(json_array_get(list, i));
        good = text != NULL;
        if (good && !((*texts)[i] = strdup(text))) {
            json_decref(list);
            return yg_fail_memory(error);
        }
        *count += good;
    }
    json_decref(list);
    return good || yg_fail(error, YG_ERROR_DATA, (yg_origin){path, 0, 0},
                           "the note '%s%s' is not a list of texts", prefix, port);
}

static bool load_numbers(const yg_tensor_file *file, const char *path, const char *port,
                         const char *suffix, int64_t *width, double **values, yg_error *error) {
    char *key = key_of("@standardize/", port, suffix);
    if (!key)
        return yg_fail_memory(error);
    const yg_tensor *tensor = yg_tensor_find(file, key);
    free(key);
    if (!tensor)
        return true;
    const int64_t count = yg_type_count(&tensor->type);
    if (!yg_dtype_is_float(tensor->type.dtype) || tensor->type.rank != 1 ||
        (*width > 0 && *width != count))
        return yg_fail(
            error, YG_ERROR_SHAPE, (yg_origin){path, 0, 0},
            "tensor '@standardize/%s%s' is not a list of floating-point numbers, one for "
            "each element",
            port, suffix);
    *values = calloc((size_t)count + 1, sizeof **values);
    if (!*values)
        return yg_fail_memory(error);
    for (int64_t i = 0; i < count; i++) {
        (*values)[i] = yg_element_get(tensor->type.dtype, tensor->data, i);
        if (!isfinite((*values)[i]))
            return yg_fail(error, YG_ERROR_DATA, (yg_origin){path, 0, 0},
                           "element %lld of '@standardize/%s%s' is not finite", (long long)i, port,
                           suffix);
    }
    *width = count;
    return true;
}

/* Takes back what save_columns() kept of a port: `list` has an entry for each column. */
static bool take_columns(const yg_model *model, yg_encoding *encoding, size_t p, const json_t *list,
                         const char *path, yg_error *error) {
    yg_port_encoding *port = &encoding->ports[p];
    if (json_array_size(list) != port->column_count)
        return yg_fail(error, YG_ERROR_DATA, (yg_origin){path, 0, 0},
                       "the notes 'encoding.%s' and 'columns.%s' are of different columns",
                       yg_model_port(model, p)->name, yg_model_port(model, p)->name);
    port->encoders = calloc(port->column_count + 1, sizeof(yg_column *));
    if (!port->encoders)
        return yg_fail_memory(error);
    for (size_t i = 0; i < port->column_count; i++) {
        const yg_column_request request = {.model = model,
                                           .encoding = encoding,
                                           .port = p,
                                           .name = port->columns[i],
                                           .alone = port->column_count == 1};
        const json_t *json = json_array_get(list, i);
        port->encoders[i] = json_is_null(json) ? yg_column_new(&request, NULL, error)
                                               : yg_column_load(&request, json, path, error);
        if (!port->encoders[i])
            return false;
    }
    return true;
}

/* Fails where the model asks for other options of columns than the weights remember. */
static bool check_columns(const yg_model *model, yg_encoding *encoding, size_t p, const char *path,
                          yg_error *error) {
    const yg_port_encoding *port = &encoding->ports[p];
    for (size_t i = 0; encoding->known && i < port->column_count; i++) {
        const yg_column_request request = {
            .model = model, .encoding = encoding, .port = p, .name = port->columns[i]};
        if (!yg_column_check_options(port->encoders ? port->encoders[i] : NULL, &request, path,
                                     error))
            return false;
    }
    return true;
}

static bool load_columns(const yg_model *model, const yg_tensor_file *file, const char *path,
                         yg_encoding *encoding, size_t p, yg_error *error) {
    char *key = key_of("encoding.", yg_model_port(model, p)->name, "");
    if (!key)
        return yg_fail_memory(error);
    const char *note = yg_metadata_find(file, key);
    free(key);
    json_t *list = NULL;
    if (note && !parse_note(note, &list, error))
        return false;
    const bool good = !note || take_columns(model, encoding, p, list, path, error);
    json_decref(list);
    return good && check_columns(model, encoding, p, path, error);
}

/* What the model's `data:` says under a key; NULL: nothing. */
static const yg_value *data_entry(const yg_model *model, const char *key) {
    const yg_value *section = yg_model_section(model, "data");
    return section && section->kind == YG_MAPPING ? yg_value_get(section, key) : NULL;
}

/* Takes the formula of the weights file. Where the model has one too, they must be equal. Weights
 * of another program have no encoding: then the model's formula is taken. */
static bool load_formula(const yg_model *model, const yg_tensor_file *file, const char *path,
                         const char *port, yg_port_encoding *out, yg_error *error) {
    const yg_value *map = data_entry(model, "transform");
    const yg_value *value = map && map->kind == YG_MAPPING ? yg_value_get(map, port) : NULL;
    char *key = key_of("transform.", port, "");
    if (!key)
        return yg_fail_memory(error);
    const char *note = yg_metadata_find(file, key);
    free(key);
    if (value) {
        out->formula = yg_formula_text(model, value, error);
        out->formula_origin = value->origin;
    } else if (note) {
        out->formula = strdup(note);
        out->formula_origin = (yg_origin){path, 0, 0};
    } else {
        return true;
    }
    if (!out->formula)
        return yg_fail_memory(error);
    if (note ? strcmp(out->formula, note) == 0 : !yg_metadata_find(file, "encoding"))
        return true;
    return yg_fail(error, YG_ERROR_DATA, out->formula_origin,
                   "the transform of '%s' is %s, but the weights in %s were trained with %s", port,
                   out->formula, path, note ? note : "none");
}

/* Whether `data: standardize` lists a port. */
static bool wants_standardization(const yg_model *model, const char *port) {
    const yg_value *list = data_entry(model, "standardize");
    for (size_t i = 0; list && list->kind == YG_SEQUENCE && i < list->count; i++)
        if (strcmp(list->items[i]->text, port) == 0)
            return true;
    return false;
}

static bool check_standardization(const yg_model *model, const char *path, const char *name,
                                  const yg_port_encoding *port, yg_error *error) {
    const yg_origin origin = {path, 0, 0};
    if (!port->mean != !port->deviation)
        return yg_fail(error, YG_ERROR_DATA, origin,
                       "'@standardize/%s/mean' and '…/deviation' do not stand together", name);
    for (int64_t i = 0; port->deviation && i < port->width; i++)
        if (!(port->deviation[i] > 0))
            return yg_fail(
                error, YG_ERROR_DATA, origin,
                "element %lld of '@standardize/%s/deviation' is %g; a deviation is above "
                "0",
                (long long)i, name, port->deviation[i]);
    return port->mean || !wants_standardization(model, name) ||
           yg_fail(
               error, YG_ERROR_DATA, origin,
               "the model standardises '%s', but these weights do not hold its mean and "
               "deviation (tensors '@standardize/%s/mean' and '…/deviation'); were they trained "
               "by `yamlgrad train`?",
               name, name);
}

/* Fails where the model lists other classes than the weights: an index would mean another class. */
static bool check_classes(const char *path, const yg_port *port, const yg_port_encoding *encoding,
                          yg_error *error) {
    if (!encoding->class_count)
        return true;
    if ((int64_t)encoding->class_count != port->classes)
        return yg_fail(error, YG_ERROR_DATA, (yg_origin){path, 0, 0},
                       "the weights remember %zu classes of '%s'; the model has %lld",
                       encoding->class_count, port->name, (long long)port->classes);
    for (size_t i = 0; port->class_names && i < encoding->class_count; i++)
        if (strcmp(port->class_names[i], encoding->classes[i]) != 0)
            return yg_fail(
                error, YG_ERROR_DATA, port->origin,
                "class %zu of '%s' is '%s' here, but the weights in %s were trained with "
                "'%s'",
                i, port->name, port->class_names[i], path, encoding->classes[i]);
    return true;
}

static bool load_port(const yg_model *model, const yg_tensor_file *file, const char *path,
                      const yg_port *port, yg_port_encoding *out, yg_error *error) {
    const char *name = port->name;
    if (!load_texts(file, path, "classes.", name, &out->classes, &out->class_count, error) ||
        !load_texts(file, path, "columns.", name, &out->columns, &out->column_count, error) ||
        !load_formula(model, file, path, name, out, error) ||
        !load_numbers(file, path, name, "/mean", &out->width, &out->mean, error) ||
        !load_numbers(file, path, name, "/deviation", &out->width, &out->deviation, error) ||
        !check_standardization(model, path, name, out, error))
        return false;
    out->standardized = out->mean != NULL;
    return check_classes(path, port, out, error);
}

bool yg_encoding_load(const yg_model *model, const yg_tensor_file *file, const char *path,
                      yg_encoding *encoding, yg_error *error) {
    *encoding = (yg_encoding){0};
    if (!(encoding->ports = calloc(yg_model_port_count(model) + 1, sizeof *encoding->ports)))
        return yg_fail_memory(error);
    encoding->count = yg_model_port_count(model);
    encoding->known = yg_metadata_find(file, "encoding") != NULL;
    for (size_t p = 0; p < encoding->count; p++)
        if (!load_port(model, file, path, yg_model_port(model, p), &encoding->ports[p], error) ||
            !load_columns(model, file, path, encoding, p, error)) {
            yg_encoding_free(encoding);
            return false;
        }
    return true;
}

bool yg_encoding_read_data(const yg_model *model, const yg_tensor_file *file, const char *path,
                           yg_dtype dtype, yg_data *data, yg_error *error) {
    if (!yg_metadata_find(file, "encoding"))
        return yg_data_load(model, dtype, data, error);
    *data = (yg_data){0};
    return yg_encoding_load(model, file, path, &data->encoding, error) &&
           yg_data_load_known(model, dtype, data, error);
}

bool yg_encoding_load_data(const yg_model *model, const char *path, yg_dtype dtype, yg_data *data,
                           yg_error *error) {
    yg_tensor_file file = {0};
    *data = (yg_data){0};
    if (!path)
        return yg_data_load(model, dtype, data, error);
    const bool good = yg_safetensors_read(path, &file, error) &&
                      yg_encoding_read_data(model, &file, path, dtype, data, error);
    yg_tensor_file_free(&file);
    return good;
}
