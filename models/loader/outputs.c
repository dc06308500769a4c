/*
 * Reads `outputs:` and `metrics:`.
 */
#include "outputs.h"

#include "expression_tree.h"
#include "key_tables.h"
#include "read.h"

#include <string.h>

const char *const yg_join_words[] = {"mean", "sum", "max", "min", NULL};

/* Reads which input or target an output is an estimate of. */
static bool read_port(const yg_value *value, yg_output_spec *spec, yg_error *error) {
    const yg_value *units = yg_value_get(value, "units"), *classes = yg_value_get(value, "classes");
    if (units && classes)
        return yg_fail(error, YG_ERROR_ARGUMENT, classes->origin,
                       "an output has `units` or `classes`, not both: numbers have units, and "
                       "scores belong to classes");
    const yg_value *port = units ? units : classes;
    spec->scores = classes != NULL;
    spec->units_origin = port ? port->origin : value->origin;
    return !port || yg_value_text(port, units ? "`units`" : "`classes`", &spec->units, error);
}

static const yg_key output_keys[] = {{"value", true, NULL, "expression"},
                                     {"units", false, NULL, "text"},
                                     {"classes", false, NULL, "text"}};

const yg_key_table yg_output_keys = {output_keys, sizeof output_keys / sizeof *output_keys};

/* Reads the value of an output: an expression, or `{value: h, units: y}`. */
static bool read_output_value(yg_model *model, const yg_value *value, const char *what,
                              yg_output_spec *spec, yg_error *error) {
    const yg_value *expression = value;
    if (value->kind == YG_MAPPING) {
        if (!yg_value_check_keys(value, what, yg_output_keys.keys, yg_output_keys.count, error) ||
            !read_port(value, spec, error))
            return false;
        expression = yg_value_get(value, "value");
    }
    spec->value = yg_read_expression(model->pool, expression, what, error);
    return spec->value != NULL;
}

/* `ratio: [a, b]` is the quotient a / b; each is summed over all batches first. */
static bool read_ratio(yg_model *model, const yg_value *ratio, const char *what,
                       yg_output_spec *spec, yg_error *error) {
    const yg_expression *sums[2];
    char found[120];
    if (ratio->kind != YG_SEQUENCE || ratio->count != 2)
        return yg_fail(error, YG_ERROR_SYNTAX, ratio->origin,
                       "`ratio`: two expressions are expected, as in [sum(a), sum(b)], found %s",
                       ratio->kind == YG_SEQUENCE && ratio->count
                           ? "another number of them"
                           : yg_value_describe(ratio, found, sizeof found));
    for (size_t i = 0; i < 2; i++)
        if (!(sums[i] = yg_read_expression(model->pool, ratio->items[i], what, error)))
            return false;
    spec->join = YG_JOIN_RATIO;
    spec->value = yg_expression_infix(model->pool, "/", sums[0], sums[1], ratio->origin);
    return spec->value || yg_fail_memory(error);
}

static const yg_key metric_keys[] = {{"value", false, NULL, "expression"},
                                     {"units", false, NULL, "text"},
                                     {"join", false, NULL, "join"},
                                     {"ratio", false, NULL, "ratio"}};

const yg_key_table yg_metric_keys = {metric_keys, sizeof metric_keys / sizeof *metric_keys};

static bool read_metric_value(yg_model *model, const yg_value *value, const char *what,
                              yg_output_spec *spec, yg_error *error) {
    if (value->kind != YG_MAPPING)
        return read_output_value(model, value, what, spec, error);
    if (!yg_value_check_keys(value, what, yg_metric_keys.keys, yg_metric_keys.count, error) ||
        !read_port(value, spec, error))
        return false;
    const yg_value *expression = yg_value_get(value, "value"), *join = yg_value_get(value, "join");
    const yg_value *ratio = yg_value_get(value, "ratio");
    int way = YG_JOIN_PLAN - YG_JOIN_MEAN;
    if (!expression == !ratio || (join && ratio))
        return yg_fail(error, YG_ERROR_SYNTAX, value->origin,
                       "metric '%s': `value`, with or without `join`, or else `ratio` is expected",
                       spec->name);
    if (ratio)
        return read_ratio(model, ratio, what, spec, error);
    if (join && !yg_value_choice(join, "`join`", yg_join_words, &way, error))
        return false;
    spec->join = (yg_join)(YG_JOIN_MEAN + way);
    spec->value = yg_read_expression(model->pool, expression, what, error);
    return spec->value != NULL;
}

typedef bool read_value(yg_model *model, const yg_value *value, const char *what,
                        yg_output_spec *spec, yg_error *error);

static bool read_specs(yg_model *model, const yg_value *value, const char *what, bool list_allowed,
                       read_value *read, yg_output_spec **outputs, size_t *count, yg_error *error) {
    char found[120];
    const bool list = list_allowed && value->kind == YG_SEQUENCE;
    if (!list && value->kind != YG_MAPPING) {
        return yg_fail(error, YG_ERROR_SYNTAX, value->origin,
                       "%s: %sa map from name to expression, such as {p: sigmoid(z)}, is expected, "
                       "found %s",
                       what, list_allowed ? "a list of names or " : "",
                       yg_value_describe(value, found, sizeof found));
    }
    if (list_allowed && value->count == 0) {
        return yg_fail(error, YG_ERROR_SYNTAX, value->origin, "%s: names at least one tensor",
                       what);
    }
    yg_names seen = {0};
    yg_output_spec *specs = yg_pool_take(model->pool, (value->count + 1) * sizeof *specs);
    if (!specs)
        return yg_fail_memory(error);
    for (size_t i = 0; i < value->count; i++) {
        const yg_value *name = list ? value->items[i] : value->keys[i];
        const char *text;
        if (!yg_value_text(name, what, &text, error) ||
            !yg_read_name(name,
                          list ? "a tensor in the list of outputs (a formula is written in "
                                 "a map: `outputs: {name: formula}`)"
                               : "an output",
                          true, error))
            return false;
        if (yg_names_find(&seen, text) != YG_NOT_FOUND) {
            return yg_fail(error, YG_ERROR_NAME, name->origin, "%s: '%s' stands there twice", what,
                           text);
        }
        if (!yg_names_add(&seen, model->pool, text))
            return yg_fail_memory(error);
        specs[i] = (yg_output_spec){.origin = name->origin, .name = text};
        if (list)
            specs[i].value = yg_read_expression(model->pool, value->items[i], what, error);
        if (list ? !specs[i].value : !read(model, value->items[i], what, &specs[i], error))
            return false;
    }
    *outputs = specs;
    *count = value->count;
    return true;
}

bool yg_read_outputs(yg_model *model, const yg_value *value, const char *what, bool list_allowed,
                     yg_output_spec **outputs, size_t *count, yg_error *error) {
    return read_specs(model, value, what, list_allowed, read_output_value, outputs, count, error);
}

bool yg_read_metrics(yg_model *model, const yg_value *value, yg_error *error) {
    return read_specs(model, value, "`metrics`", false, read_metric_value, &model->metrics,
                      &model->metric_count, error);
}

bool yg_refuse_units(const yg_output_spec *outputs, size_t count, const char *what,
                     yg_error *error) {
    for (size_t i = 0; i < count; i++)
        if (outputs[i].units)
            return yg_fail(error, YG_ERROR_ARGUMENT, outputs[i].units_origin,
                           "`%s` belongs to an entry of a model's `outputs`%s; %s has none",
                           outputs[i].scores ? "classes" : "units",
                           outputs[i].scores ? "" : " or `metrics`", what);
    return true;
}
