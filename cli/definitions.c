/*
 * Describes built-in definitions from their own YAML files: see definitions.h.
 */
#include "definitions.h"

#include "../graph/spelling.h"
#include "json.h"
#include "markdown.h"
#include "session.h"
#include "table.h"
#include "terminal.h"

#include <stdlib.h>
#include <string.h>

/* The definition inside a file, `define: {NAME: …}`. NULL if the document has no such form,
 * which the library's own tests rule out. */
static const yg_value *find_definition(const yg_document *document, const char *name) {
    const yg_value *define = yg_value_get(yg_document_root(document), "define");
    return define ? yg_value_get(define, name) : NULL;
}

static const char *scalar(const yg_value *mapping, const char *key, const char *otherwise) {
    const yg_value *value = mapping ? yg_value_get(mapping, key) : NULL;
    return value && value->kind == YG_SCALAR ? value->text : otherwise;
}

/* Writes a value in flow style: "[out_features, in_features]". Cut at `size`; returns the full
 * length. */
static size_t flow_text(const yg_value *value, char *text, size_t size) {
    if (value->kind == YG_SCALAR)
        return (size_t)snprintf(text, size, "%s", value->text);
    const bool mapping = value->kind == YG_MAPPING;
    size_t at = (size_t)snprintf(text, size, mapping ? "{" : "[");
    for (size_t i = 0; i < value->count && at < size; i++) {
        at += (size_t)snprintf(text + at, size - at, "%s", i == 0 ? "" : ", ");
        if (mapping && at < size)
            at += (size_t)snprintf(text + at, size - at, "%s: ", value->keys[i]->text);
        if (at < size)
            at += flow_text(value->items[i], text + at, size - at);
    }
    if (at < size)
        at += (size_t)snprintf(text + at, size - at, mapping ? "}" : "]");
    return at;
}

/* Writes the limits of an argument: "min 1, max 8", or its choices. */
static const char *limits_text(const yg_value *argument, char *text, size_t size) {
    size_t at = 0;
    text[0] = '\0';
    for (size_t i = 0; argument->kind == YG_MAPPING && i < argument->count && at < size; i++) {
        const char *key = argument->keys[i]->text;
        if (strcmp(key, "type") == 0 || strcmp(key, "default") == 0 || strcmp(key, "doc") == 0 ||
            strcmp(key, "optional") == 0)
            continue;
        at += (size_t)snprintf(text + at, size - at, "%s%s ", at == 0 ? "" : ", ", key);
        if (at < size)
            at += flow_text(argument->items[i], text + at, size - at);
    }
    return text;
}

/* An argument may be written as its type alone, `width: int`. */
static const char *type_text(const yg_value *argument) {
    return argument->kind == YG_SCALAR ? argument->text : scalar(argument, "type", "");
}

static const char *doc_text(const yg_value *argument) {
    return argument->kind == YG_SCALAR ? "" : scalar(argument, "doc", "");
}

static const char *default_text(const yg_value *argument, char *text, size_t size) {
    const bool bare = argument->kind == YG_SCALAR;
    const yg_value *fallback = bare ? NULL : yg_value_get(argument, "default");
    const bool optional = !bare && strcmp(scalar(argument, "optional", "false"), "true") == 0;
    if (fallback)
        flow_text(fallback, text, size);
    else
        snprintf(text, size, optional ? "(none)" : "(required)");
    return text;
}

static void print_arguments(const yg_value *args) {
    static const char *const headers[] = {"argument", "type", "default", "range", "what"};
    table table = {.columns = 5, .headers = headers, .align = "lllll"};
    char text[256];
    for (size_t i = 0; i < args->count; i++) {
        const yg_value *argument = args->items[i];
        table_add(&table, "%s", args->keys[i]->text);
        table_add(&table, "%s", type_text(argument));
        table_add(&table, "%s", default_text(argument, text, sizeof text));
        table_add(&table, "%s", limits_text(argument, text, sizeof text));
        table_add(&table, "%s", doc_text(argument));
    }
    terminal_print(stdout, "\n");
    table_print(&table, stdout, 2);
}

static void print_section(const yg_value *definition, const char *key) {
    const yg_value *value = yg_value_get(definition, key);
    char text[1000];
    if (!value)
        return;
    flow_text(value, text, sizeof text);
    terminal_print(stdout, "%-9s %s\n", key, text);
}

static void print_one(const shelf *from, const char *name, const yg_value *definition) {
    terminal_start(stdout, STYLE_BOLD);
    terminal_print(stdout, "%s", name);
    terminal_stop(stdout);
    terminal_print(stdout, ": %s\n\n", scalar(definition, "doc", ""));
    print_section(definition, "inputs");
    print_section(definition, "outputs");
    print_section(definition, "where");
    print_section(definition, "rate");
    const yg_value *args = yg_value_get(definition, "args");
    if (args && args->count > 0)
        print_arguments(args);
    terminal_print(stdout, "\nIts file, models/%s/%s.yaml:\n\n%s", from->folder, name,
                   from->text(name));
}

static yg_document *parse(const shelf *from, const char *name, const yg_value **definition) {
    const char *text = from->text(name);
    yg_error error = {0};
    yg_document *document = yg_document_parse(text, strlen(text), name, &error);
    *definition = document ? find_definition(document, name) : NULL;
    if (!*definition) {
        yg_fail(&error, YG_ERROR_INTERNAL, YG_NOWHERE, "the file of the %s '%s' defines no '%s'",
                from->kind, name, name);
        session_fail(&error);
        yg_document_free(document);
        return NULL;
    }
    return document;
}

/* ---------------------------------------------------------------------------------- Markdown -- */

static void print_shapes(const yg_value *definition, const char *key) {
    const yg_value *value = yg_value_get(definition, key);
    char text[1000];
    if (!value)
        return;
    flow_text(value, text, sizeof text);
    terminal_print(stdout, "    %s: %s\n", key, text);
}

/* Parameters or states: the name and the shape of each, and when it exists. */
static void print_tensors(const yg_value *definition, const char *key) {
    const yg_value *tensors = yg_value_get(definition, key);
    for (size_t i = 0; tensors && i < tensors->count; i++) {
        const yg_value *tensor = tensors->items[i];
        const yg_value *shape = tensor->kind == YG_MAPPING ? yg_value_get(tensor, "shape") : tensor;
        const yg_value *condition = tensor->kind == YG_MAPPING ? yg_value_get(tensor, "if") : NULL;
        char text[500] = "", when[200] = "";
        if (shape)
            flow_text(shape, text, sizeof text);
        if (condition)
            flow_text(condition, when, sizeof when);
        terminal_print(stdout, "    %s %s: %s%s%s\n", key, tensors->keys[i]->text, text,
                       condition ? ", if " : "", when);
    }
}

static void print_argument_rows(const yg_value *args) {
    static const char *const heads[] = {"argument", "type", "default", "range", "what"};
    static const char *const lines[] = {"---", "---", "---", "---", "---"};
    terminal_print(stdout, "\n");
    markdown_row(heads, 5);
    markdown_row(lines, 5);
    for (size_t i = 0; i < args->count; i++) {
        char name[80], fallback[300], limits[300];
        const yg_value *argument = args->items[i];
        snprintf(name, sizeof name, "`%s`", args->keys[i]->text);
        const char *const cells[] = {
            name, type_text(argument), default_text(argument, fallback, sizeof fallback),
            limits_text(argument, limits, sizeof limits), doc_text(argument)};
        markdown_row(cells, 5);
    }
}

/* One entry of the page. */
static void print_entry(const char *name, const yg_value *definition) {
    terminal_print(stdout, "\n## %s\n\n", name);
    markdown_paragraph(scalar(definition, "doc", ""));
    terminal_print(stdout, "\n");
    print_shapes(definition, "inputs");
    print_tensors(definition, "params");
    print_tensors(definition, "state");
    print_shapes(definition, "outputs");
    const yg_value *args = yg_value_get(definition, "args");
    if (args && args->count > 0)
        print_argument_rows(args);
    const char *example = scalar(definition, "example", NULL);
    if (example)
        terminal_print(stdout, "\n```yaml\nformat: 1\n%s```\n", example);
}

int definitions_page(const shelf *from) {
    char title[80], command[80];
    snprintf(title, sizeof title, "Built-in %s", from->folder);
    snprintf(command, sizeof command, "%s", from->folder);
    markdown_head(title, command);
    for (size_t i = 0; i < from->count(); i++) {
        const yg_value *definition = NULL;
        yg_document *document = parse(from, from->name(i), &definition);
        if (!document)
            return STATUS_FAILED;
        print_entry(from->name(i), definition);
        yg_document_free(document);
    }
    return STATUS_OK;
}

/* -------------------------------------------------------------------------------------- JSON -- */

static json_t *json_of_value(const yg_value *value) {
    if (value->kind == YG_SCALAR)
        return json_string(value->text);
    json_t *out = value->kind == YG_MAPPING ? json_object() : json_array();
    for (size_t i = 0; i < value->count; i++) {
        json_t *item = json_of_value(value->items[i]);
        if (value->kind == YG_MAPPING)
            json_object_set_new(out, value->keys[i]->text, item);
        else
            json_array_append_new(out, item);
    }
    return out;
}

static json_t *json_of_definition(const char *name, const yg_value *definition) {
    json_t *object = json_of_value(definition);
    json_object_set_new(object, "name", json_string(name));
    return object;
}

/* ----------------------------------------------------------------------------------- command -- */

static int show_list(const shelf *from, bool json) {
    table table = {.columns = 2, .align = "ll"};
    json_t *list = json_array();
    for (size_t i = 0; i < from->count(); i++) {
        const char *name = from->name(i);
        const yg_value *definition = NULL;
        yg_document *document = parse(from, name, &definition);
        if (!document) {
            json_decref(list);
            return STATUS_FAILED;
        }
        if (json) {
            json_array_append_new(list, json_of_definition(name, definition));
        } else {
            table_add(&table, "%s", name);
            table_add(&table, "%s", scalar(definition, "doc", ""));
        }
        yg_document_free(document);
    }
    if (json)
        return json_print(list, YG_F64);
    json_decref(list);
    table_print(&table, stdout, 0);
    return STATUS_OK;
}

static int show_one(const shelf *from, const char *name, bool json) {
    if (!from->text(name)) {
        const size_t count = from->count();
        const char **names = calloc(count + 1, sizeof *names);
        for (size_t i = 0; i < count && names; i++)
            names[i] = from->name(i);
        char hint[512];
        terminal_error("there is no %s '%s'%s", from->kind, name,
                       yg_suggest(name, names, names ? count : 0, hint, sizeof hint));
        free(names);
        return STATUS_FAILED;
    }
    const yg_value *definition = NULL;
    yg_document *document = parse(from, name, &definition);
    if (!document)
        return STATUS_FAILED;
    int status = STATUS_OK;
    if (json)
        status = json_print(json_of_definition(name, definition), YG_F64);
    else
        print_one(from, name, definition);
    yg_document_free(document);
    return status;
}

int definitions_run(const shelf *from, const command_line *line) {
    const bool json = option_given(line, "json");
    const char *name = operand(line, 0);
    return name ? show_one(from, name, json) : show_list(from, json);
}
