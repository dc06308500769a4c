/*
 * Reads a scan node: see scan_head.h. `graph:` is read by the reader of graphs, which calls this.
 */
#include "scan_head.h"

#include "key_tables.h"
#include "outputs.h"
#include "read.h"

static const yg_key carry_keys[] = {{"value", true, NULL, "expression"},
                                    {"lengths", false, NULL, "truth"},
                                    {"truncate", false, NULL, "truth"}};

const yg_key_table yg_carry_keys = {carry_keys, sizeof carry_keys / sizeof *carry_keys};

/* Reads the value of a name; that of a carry can be a map, `{value: 0, lengths: false}`. */
static bool read_value(yg_model *model, const yg_value *value, bool is_carry, yg_scan_name *name,
                       yg_error *error) {
    const yg_value *start = value;
    if (is_carry && value->kind == YG_MAPPING) {
        if (!yg_value_check_keys(value, "a carry", yg_carry_keys.keys, yg_carry_keys.count, error))
            return false;
        start = yg_value_get(value, "value");
        const yg_value *lengths = yg_value_get(value, "lengths");
        const yg_value *truncate = yg_value_get(value, "truncate");
        if (lengths)
            name->lengths = yg_read_truth(model->pool, lengths, "`lengths` of a carry", error);
        if (truncate)
            name->truncate = yg_read_truth(model->pool, truncate, "`truncate` of a carry", error);
        if ((lengths && !name->lengths) || (truncate && !name->truncate))
            return false;
    }
    name->value = yg_read_expression(model->pool, start, name->name, error);
    return name->value != NULL;
}

/* `scan: {x_t: x}` or `carry: {h: h_0}`. */
static bool read_names(yg_model *model, const yg_value *value, bool is_carry, yg_scan_name **names,
                       size_t *count, yg_error *error) {
    char found[120];
    *count = 0;
    if (!value)
        return true;
    if (value->kind != YG_MAPPING) {
        return yg_fail(error, YG_ERROR_SYNTAX, value->origin,
                       "`%s`: a map from a name in the body to a tensor, such as %s, is expected, "
                       "found %s",
                       is_carry ? "carry" : "scan", is_carry ? "{h: h_0}" : "{x_t: x}",
                       yg_value_describe(value, found, sizeof found));
    }
    *names = yg_pool_take(model->pool, (value->count + 1) * sizeof **names);
    if (!*names)
        return yg_fail_memory(error);
    for (size_t i = 0; i < value->count; i++) {
        yg_scan_name *name = &(*names)[i];
        *name = (yg_scan_name){.origin = value->keys[i]->origin, .name = value->keys[i]->text};
        if (!yg_read_name(value->keys[i], "a tensor in the body of a scan", true, error) ||
            !read_value(model, value->items[i], is_carry, name, error))
            return false;
        (*count)++;
    }
    return true;
}

/* Reads an optional formula. */
static bool read_option(yg_model *model, const yg_value *value, const char *key,
                        const yg_expression **option, yg_error *error) {
    const yg_value *given = yg_value_get(value, key);
    const char *what = yg_pool_format(model->pool, "`%s`", key);
    if (!what)
        return yg_fail_memory(error);
    if (!given)
        return true;
    *option = yg_read_expression(model->pool, given, what, error);
    return *option != NULL;
}

static bool read_collect(yg_model *model, const yg_value *value, yg_body *body, yg_error *error) {
    return !value || (yg_read_outputs(model, value, "`collect`", true, &body->outputs,
                                      &body->output_count, error) &&
                      yg_refuse_units(body->outputs, body->output_count, "a scan", error));
}

static const yg_key scan_keys[] = {
    {"scan", true, NULL, "expressions"},
    {"carry", false, NULL, "carries"},
    {"graph", true, NULL, "graph"},
    {"collect", false, NULL, "named"},
    {"dim", false, NULL, "whole"},
    {"steps", false, NULL, "whole"},
    {"reverse", false, NULL, "truth"},
    {"lengths", false, NULL, "expression"},
    {"truncate", false, NULL, "whole"},
    {"type", false, "a layer stands in the scan's `graph`, in a node of its own", NULL},
    {"params", false, "parameters belong to the layer type or to the model around the scan", NULL},
    {"outputs", false, "a scan has `collect`", NULL},
    {"repeat", false, "a scan has `steps`", NULL},
    {"state", false, "`state` belongs to the layer type or to the model around the scan", NULL},
    {"update", false, "`update` belongs to the layer type or to the model around the scan", NULL},
    {"loss", false, "`losses` belongs to a layer type; a layer of it may stand in the scan", NULL},
};

const yg_key_table yg_scan_keys = {scan_keys, sizeof scan_keys / sizeof *scan_keys};

yg_scan_use *yg_read_scan_head(yg_model *model, const yg_value *value, yg_error *error) {
    yg_scan_use *scan = yg_pool_take(model->pool, sizeof *scan);
    if (!scan) {
        yg_fail_memory(error);
        return NULL;
    }
    if (!yg_value_check_keys(value, "a scan", yg_scan_keys.keys, yg_scan_keys.count, error))
        return NULL;
    const yg_value *slices = yg_value_get(value, "scan"), *carries = yg_value_get(value, "carry");
    *scan = (yg_scan_use){.origin = slices->origin};
    const bool good = read_names(model, slices, false, &scan->slices, &scan->slice_count, error) &&
                      read_names(model, carries, true, &scan->carries, &scan->carry_count, error) &&
                      read_collect(model, yg_value_get(value, "collect"), &scan->body, error) &&
                      read_option(model, value, "dim", &scan->dim, error) &&
                      read_option(model, value, "steps", &scan->steps, error) &&
                      read_option(model, value, "reverse", &scan->reverse, error) &&
                      read_option(model, value, "lengths", &scan->lengths, error) &&
                      read_option(model, value, "truncate", &scan->truncate, error);
    if (!good)
        return NULL;
    if (scan->body.output_count + scan->carry_count == 0) {
        yg_fail(error, YG_ERROR_ARGUMENT, slices->origin,
                "a scan gives nothing without `carry` and without `collect`");
        return NULL;
    }
    return scan;
}
