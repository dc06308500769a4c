/*
 * Reads `inputs:` and `targets:` of a model.
 */
#include "ports.h"

#include "../../graph/spelling.h"
#include "key_tables.h"
#include "read.h"

static bool read_dtype(const yg_value *value, yg_dtype *dtype, yg_error *error) {
    static const char *const names[] = {"bool", "i32", "i64", "f32", "f64"};
    const char *text;
    if (!yg_value_text(value, "`dtype`", &text, error))
        return false;
    if (!yg_dtype_parse(text, dtype)) {
        char hint[120];
        return yg_fail(error, YG_ERROR_DTYPE, value->origin, "unknown dtype '%s'%s", text,
                       yg_suggest(text, names, sizeof names / sizeof *names, hint, sizeof hint));
    }
    return true;
}

/* `classes: 10`, or `classes: [benign, malignant]`. */
static bool read_classes(yg_model *model, const yg_value *value, yg_port_spec *port,
                         yg_error *error) {
    if (value->kind != YG_SEQUENCE) {
        port->classes = yg_read_expression(model->pool, value, "`classes`", error);
        return port->classes != NULL;
    }
    if (value->count < 2) {
        return yg_fail(error, YG_ERROR_ARGUMENT, value->origin,
                       "`classes`: at least 2 names are expected, found %zu", value->count);
    }
    const char **names = yg_pool_take(model->pool, value->count * sizeof *names);
    yg_names seen = {0};
    if (!names)
        return yg_fail_memory(error);
    for (size_t i = 0; i < value->count; i++) {
        const yg_value *item = value->items[i];
        if (!yg_value_text(item, "a name in `classes`", &names[i], error))
            return false;
        if (yg_names_find(&seen, names[i]) != YG_NOT_FOUND) {
            return yg_fail(error, YG_ERROR_NAME, item->origin, "`classes`: '%s' stands there twice",
                           names[i]);
        }
        if (!yg_names_add(&seen, model->pool, names[i]))
            return yg_fail_memory(error);
    }
    port->class_names = names;
    port->class_name_count = value->count;
    return true;
}

static const yg_key port_keys[] = {{"shape", true, NULL, "shape"},
                                   {"dtype", false, NULL, "dtype"},
                                   {"classes", false, NULL, "classes"}};

const yg_key_table yg_port_keys = {port_keys, sizeof port_keys / sizeof *port_keys};

static bool read_port(yg_model *model, const yg_value *key, const yg_value *value, bool target,
                      yg_port_spec *port, yg_error *error) {
    const char *kind = target ? "target" : "input";
    const char *what = yg_pool_format(model->pool, "%s `%s`", kind, key->text);
    if (!what)
        return yg_fail_memory(error);
    if (!yg_read_name(key, target ? "a target" : "an input", false, error))
        return false;
    *port =
        (yg_port_spec){.origin = key->origin, .name = key->text, .dtype = YG_F32, .target = target};
    if (value->kind != YG_MAPPING)
        return yg_read_shape(model->pool, value, what, false, &port->shape, error);
    if (!yg_value_check_keys(value, what, yg_port_keys.keys, yg_port_keys.count, error) ||
        !yg_read_shape(model->pool, yg_value_get(value, "shape"), what, false, &port->shape, error))
        return false;
    const yg_value *dtype = yg_value_get(value, "dtype");
    const yg_value *classes = yg_value_get(value, "classes");
    return (!dtype || read_dtype(dtype, &port->dtype, error)) &&
           (!classes || read_classes(model, classes, port, error));
}

bool yg_read_ports(yg_model *model, const yg_value *inputs, const yg_value *targets,
                   yg_error *error) {
    if (!yg_value_is_mapping(inputs, "`inputs`", error) ||
        (targets && !yg_value_is_mapping(targets, "`targets`", error)))
        return false;
    const size_t input_count = inputs->count;
    const size_t count = input_count + (targets ? targets->count : 0);
    if (input_count == 0) {
        return yg_fail(error, YG_ERROR_ARGUMENT, inputs->origin,
                       "`inputs`: at least one is needed, such as `x: [B, 2]`");
    }
    model->port_specs = yg_pool_take(model->pool, count * sizeof *model->port_specs);
    if (!model->port_specs)
        return yg_fail_memory(error);
    for (size_t i = 0; i < count; i++) {
        const bool target = i >= input_count;
        const yg_value *from = target ? targets : inputs;
        const size_t k = target ? i - input_count : i;
        if (!read_port(model, from->keys[k], from->items[k], target, &model->port_specs[i], error))
            return false;
    }
    model->port_count = count;
    return true;
}
