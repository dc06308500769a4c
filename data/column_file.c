/*
 * Columns in a weights file: see column.h.
 *
 * The options of a column are kept as JSON. JSON is YAML, so they are read back as the mapping that
 * the model file had, and a kind has one way to read its options.
 */
#include "../graph/number.h"
#include "column.h"
#include "json_text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A scalar as JSON: one without quotes stays a number or a truth value, so that it is read back as
 * such. */
static json_t *json_of_scalar(const yg_value *value) {
    const size_t size = strlen(value->text);
    int64_t whole;
    double real;
    if (value->quoted)
        return json_string(value->text);
    if (strcmp(value->text, "true") == 0 || strcmp(value->text, "false") == 0)
        return json_boolean(value->text[0] == 't');
    if (yg_number_integer(value->text, size, &whole) == YG_WHOLE_EXACT)
        return json_integer(whole);
    if (yg_number_parse(value->text, size, &real) != YG_NUMBER_NOT && isfinite(real))
        return json_real(real);
    return json_string(value->text);
}

/* A value of a model file as JSON. NULL when out of memory. Nesting is limited where the file is
 * read. */
static json_t *json_of(const yg_value *value) {
    if (value->kind == YG_SCALAR)
        return json_of_scalar(value);
    json_t *json = value->kind == YG_SEQUENCE ? json_array() : json_object();
    bool good = json != NULL;
    for (size_t i = 0; good && i < value->count; i++) {
        json_t *item = json_of(value->items[i]);
        good = item && (value->kind == YG_SEQUENCE
                            ? json_array_append_new(json, item) == 0
                            : json_object_set_new(json, value->keys[i]->text, item) == 0);
    }
    if (good)
        return json;
    json_decref(json);
    return NULL;
}

/* Options as they are kept: always a mapping. */
static json_t *json_of_options(const yg_value *options) {
    return options->kind == YG_MAPPING ? json_of(options)
                                       : json_pack("{s: s}", "kind", options->text);
}

bool yg_column_save(const yg_column *column, json_t **json) {
    *json = NULL;
    if (!column->options)
        return true;
    json_t *options = json_of_options(column->options);
    json_t *learnt = column->kind->save ? column->kind->save(column) : json_object();
    /* json_pack() takes both over, also when it fails. */
    *json = json_pack("{s: s, s: o, s: o}", "kind", column->kind->name, "options", options,
                      "learnt", learnt);
    const bool good =
        *json &&
        (!column->missing || json_object_set_new(*json, "missing", yg_missing_save(column)) == 0) &&
        (!column->scale || json_object_set_new(*json, "scale", yg_scale_save(column)) == 0);
    if (good)
        return true;
    json_decref(*json);
    *json = NULL;
    return false;
}

/* Takes back what was learnt; see `load` of a kind. */
static bool load_learnt(yg_column *column, const json_t *json, yg_error *error) {
    return (!column->kind->load ||
            column->kind->load(column, json_object_get(json, "learnt"), error)) &&
           (!column->missing || yg_missing_load(column, json_object_get(json, "missing"), error)) &&
           (!column->scale || yg_scale_load(column, json_object_get(json, "scale"), error));
}

static yg_column *fail_format(const char *path, const char *name, yg_error *error) {
    yg_fail(error, YG_ERROR_DATA, (yg_origin){path, 0, 0},
            "what the weights remember of column '%.200s' cannot be read", name);
    return NULL;
}

yg_column *yg_column_load(const yg_column_request *request, const json_t *json, const char *path,
                          yg_error *error) {
    const json_t *options = json_object_get(json, "options");
    const json_t *learnt = json_object_get(json, "learnt");
    if (!json_is_object(options) || !json_is_object(learnt))
        return fail_format(path, request->name, error);
    char *text = yg_json_text(options);
    yg_document *document = text ? yg_document_parse(text, strlen(text), path, error) : NULL;
    if (!text)
        yg_fail_memory(error);
    free(text);
    yg_column *column = document ? yg_column_new(request, yg_document_root(document), error) : NULL;
    if (!column) {
        yg_document_free(document);
        return NULL;
    }
    column->document = document;
    if (load_learnt(column, json, error))
        return column;
    yg_column_free(column);
    return fail_format(path, request->name, error);
}

/* Options for a message: at most what fits. */
static const char *options_text(const json_t *options, char *text, size_t size) {
    char *dump = options ? json_dumps(options, JSON_SORT_KEYS) : NULL;
    snprintf(text, size, "%s", dump ? dump : "none");
    free(dump);
    return text;
}

bool yg_column_check_options(const yg_column *column, const yg_column_request *request,
                             const char *path, yg_error *error) {
    const yg_value *asked = yg_column_options(request);
    json_t *is = asked ? json_of_options(asked) : NULL;
    const yg_value *had = column ? column->options : NULL;
    json_t *was = had ? json_of_options(had) : NULL;
    char now[300], before[300];
    bool good = (is || !asked) && (was || !had) ? true : yg_fail_memory(error);
    if (good && is && !json_equal(is, was))
        good = yg_fail(error, YG_ERROR_DATA, asked ? asked->origin : (yg_origin){path, 0, 0},
                       "the options of column '%.200s' are %s, but the weights in %s were trained "
                       "with %s",
                       request->name, options_text(is, now, sizeof now), path,
                       options_text(was, before, sizeof before));
    json_decref(is);
    json_decref(was);
    return good;
}
