/*
 * yamlgrad ops: lists and describes the operators, from their descriptors.
 */
#include "../graph/spelling.h"
#include "commands.h"
#include "json.h"
#include "op_page.h"
#include "op_text.h"
#include "session.h"
#include "table.h"
#include "terminal.h"

#include <stdlib.h>
#include <string.h>

static void print_one(const yg_op *op) {
    char text[512];
    terminal_start(stdout, STYLE_BOLD);
    terminal_print(stdout, "%s", op_signature(op, text, sizeof text));
    terminal_stop(stdout);
    terminal_print(stdout, "\n\n  %s\n\n%s\n", op->formula, op->doc);
    terminal_print(stdout, "\ngroup: %s%s%s\n", op->group,
                   yg_op_is_composite(op) ? "; composed of other operators" : "",
                   op_is_differentiable(op) ? "" : "; not differentiable");
    if (op->attr_count == 0)
        return;
    static const char *const headers[] = {"argument", "type", "default", "range", "what"};
    table table = {.columns = 5, .headers = headers, .align = "lllll"};
    for (size_t i = 0; i < op->attr_count; i++) {
        const yg_attr_spec *spec = &op->attrs[i];
        table_add(&table, "%s", spec->name);
        table_add(&table, "%s", op_kind_name(spec->kind));
        table_add(&table, "%s", op_default_text(spec, text, sizeof text));
        table_add(&table, "%s", op_range_text(spec, text, sizeof text));
        table_add(&table, "%s", spec->doc ? spec->doc : "");
    }
    terminal_print(stdout, "\n");
    table_print(&table, stdout, 2);
}

static void print_list(const yg_op_set *set) {
    /* Operators are printed by group. Groups are in the order of their first operators. */
    for (size_t i = 0; i < set->count; i++) {
        const char *group = set->ops[i]->group;
        bool seen = !op_is_listed(set->ops[i]);
        for (size_t j = 0; j < i && !seen; j++)
            seen = op_is_listed(set->ops[j]) && strcmp(set->ops[j]->group, group) == 0;
        if (seen)
            continue;
        terminal_start(stdout, STYLE_BOLD);
        terminal_print(stdout, "%s", group);
        terminal_stop(stdout);
        terminal_print(stdout, "\n");
        table table = {.columns = 2, .align = "ll"};
        for (size_t j = i; j < set->count; j++) {
            if (!op_is_listed(set->ops[j]) || strcmp(set->ops[j]->group, group) != 0)
                continue;
            table_add(&table, "%s", set->ops[j]->name);
            table_add(&table, "%s", set->ops[j]->formula);
        }
        table_print(&table, stdout, 2);
    }
}

/* -------------------------------------------------------------------------------------- JSON -- */

static json_t *json_of_value(const yg_attr_spec *spec, const yg_attr *value) {
    json_t *list = NULL;
    switch (spec->kind) {
    case YG_ATTR_INT:
        return json_integer(value->i);
    case YG_ATTR_FLOAT:
        return json_of_number(value->f);
    case YG_ATTR_BOOL:
        return json_boolean(value->i != 0);
    case YG_ATTR_CHOICE:
        return json_string(spec->choices[value->i]);
    case YG_ATTR_DTYPE:
        return json_string(yg_dtype_name((yg_dtype)value->i));
    case YG_ATTR_TEXT:
        return json_stringn(value->count ? value->text : "", (size_t)value->count);
    case YG_ATTR_INTS:
        if (value->is_word)
            return json_string(spec->choices[value->i]);
        list = json_array();
        for (int64_t i = 0; i < value->count; i++)
            json_array_append_new(list, json_integer(value->ints[i]));
        break;
    case YG_ATTR_FLOATS:
        list = json_array();
        for (int64_t i = 0; i < value->count; i++)
            json_array_append_new(list, json_of_number(value->floats[i]));
        break;
    }
    return list;
}

static json_t *json_of_attr(const yg_attr_spec *spec) {
    json_t *attr =
        json_pack("{s:s, s:s, s:b, s:s?}", "name", spec->name, "type", op_kind_name(spec->kind),
                  "required", spec->required, "doc", spec->doc);
    if (!spec->required)
        json_object_set_new(attr, "default", json_of_value(spec, &spec->fallback));
    if (spec->min < spec->max) {
        json_object_set_new(attr, "min", json_of_number(spec->min));
        if (spec->max < OP_UNBOUNDED)
            json_object_set_new(attr, "max", json_of_number(spec->max));
    }
    if (spec->choices) {
        json_t *choices = json_array();
        for (size_t i = 0; spec->choices[i]; i++)
            json_array_append_new(choices, json_string(spec->choices[i]));
        json_object_set_new(attr, "choices", choices);
    }
    return attr;
}

static json_t *json_of_op(const yg_op *op) {
    json_t *operands = json_array();
    for (int k = 0; k < YG_OP_NAMED_OPERANDS && op->operand_names[k]; k++)
        json_array_append_new(operands, json_string(op->operand_names[k]));
    json_t *most = op->max_operands == YG_ANY_COUNT ? json_null() : json_integer(op->max_operands);
    json_t *attrs = json_array();
    for (size_t i = 0; i < op->attr_count; i++)
        json_array_append_new(attrs, json_of_attr(&op->attrs[i]));
    return json_pack("{s:s, s:s, s:s, s:s, s:i, s:o, s:b, s:b, s:o, s:o}", "name", op->name,
                     "group", op->group, "formula", op->formula, "doc", op->doc, "min_operands",
                     op->min_operands, "max_operands", most, "differentiable",
                     (int)op_is_differentiable(op), "composite", (int)yg_op_is_composite(op),
                     "operands", operands, "arguments", attrs);
}

/* ----------------------------------------------------------------------------------- command -- */

static int unknown_op(const yg_op_set *set, const char *name) {
    const char **names = malloc((set->count + 1) * sizeof *names);
    size_t count = 0;
    for (size_t i = 0; i < set->count && names; i++)
        if (op_is_listed(set->ops[i]))
            names[count++] = set->ops[i]->name;
    char hint[512];
    terminal_error("there is no operator '%s'%s", name,
                   yg_suggest(name, names, count, hint, sizeof hint));
    free(names);
    return STATUS_FAILED;
}

static int show(const command_line *line, const yg_op_set *set) {
    const bool json = option_given(line, "json");
    const bool markdown = option_given(line, "markdown");
    const char *name = operand(line, 0);
    if (name && markdown) {
        terminal_error("--markdown prints the page of all operators: leave out '%s'", name);
        return STATUS_USAGE;
    }
    if (markdown)
        return op_page_print(set);
    if (name) {
        const yg_op *op = yg_op_find(set, name);
        if (!op || !op_is_listed(op))
            return unknown_op(set, name);
        if (json)
            return json_print(json_of_op(op), YG_F64);
        print_one(op);
        return STATUS_OK;
    }
    if (!json) {
        print_list(set);
        return STATUS_OK;
    }
    json_t *list = json_array();
    for (size_t i = 0; i < set->count; i++)
        if (op_is_listed(set->ops[i]))
            json_array_append_new(list, json_of_op(set->ops[i]));
    return json_print(list, YG_F64);
}

static int run(const command_line *line) {
    session session;
    if (!session_open_plugins(line, &session))
        return STATUS_FAILED;
    const int status = show(line, &session.plugins.set);
    session_close(&session);
    return status;
}

static const option_spec options[] = {OPTION_PLUGIN, OPTION_MARKDOWN, OPTION_JSON};

const command command_ops = {
    .name = "ops",
    .operands = "[NAME]",
    .summary = "list the operators, or tell about one",
    .details =
        "Lists the operators that expressions may call, by group, each with its formula; or\n"
        "tells of one what it computes, and its arguments.\n",
    .max_operands = 1,
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = run,
};
