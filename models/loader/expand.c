/*
 * The expanded model: a model file in operators only, with the same parameters.
 */
#include "../../graph/number.h"
#include "../../graph/text.h"
#include "builder.h"

#include <stdlib.h>
#include <string.h>

bool yg_expand_statement(yg_builder *builder, const char **names, size_t count,
                         const yg_expression *value) {
    yg_expansion *expansion = builder->expansion;
    if (!expansion)
        return true;
    yg_expanded *grown = yg_pool_grow(builder->pool, expansion->statements,
                                      expansion->statement_count, sizeof *grown);
    const char **copy = yg_pool_take(builder->pool, count * sizeof *copy);
    if (!grown || !copy)
        return yg_fail_memory(builder->error);
    memcpy(copy, names, count * sizeof *copy);
    expansion->statements = grown;
    expansion->statements[expansion->statement_count++] =
        (yg_expanded){.names = copy, .name_count = count, .value = value};
    return true;
}

/* --------------------------------------------------------------------------- what is not needed --
 */

typedef struct wanted {
    yg_pool *pool;
    yg_names names;
    bool failed;
} wanted;

static void want(void *context, const char *name) {
    wanted *w = context;
    w->failed = w->failed || (yg_names_find(&w->names, name) == YG_NOT_FOUND &&
                              !yg_names_add(&w->names, w->pool, name));
}

/* Drops statements that nothing uses: second outputs of layers, say. False when out of memory. */
static bool drop_unused(yg_pool *pool, const yg_model *model, yg_expansion *expansion) {
    wanted w = {.pool = pool};
    for (size_t i = 0; i < model->body.output_count; i++)
        yg_visit_names(expansion->outputs[i].value, want, &w);
    for (size_t i = 0; i < model->metric_count; i++)
        yg_visit_names(expansion->metrics[i].value, want, &w);
    yg_visit_names(expansion->loss, want, &w);
    size_t kept = expansion->statement_count;
    for (size_t i = expansion->statement_count; i-- > 0;) {
        const yg_expanded *statement = &expansion->statements[i];
        bool used = false;
        for (size_t k = 0; k < statement->name_count; k++)
            used = used || yg_names_find(&w.names, statement->names[k]) != YG_NOT_FOUND;
        if (used) {
            yg_visit_names(statement->value, want, &w);
            expansion->statements[--kept] = *statement;
        }
    }
    expansion->statements += kept;
    expansion->statement_count -= kept;
    return !w.failed;
}

/* ------------------------------------------------------------------------------------ writing --
 */

/* True where plain text would be read as something else than this scalar. */
static bool needs_quotes(const char *text) {
    if (text[0] == '\0' || strchr("-?:,[]{}#&*!|>'\"%@` ", text[0]))
        return true;
    for (const char *c = text; *c != '\0'; c++) {
        const unsigned char byte = (unsigned char)*c;
        if (byte < 0x20 || byte == 0x7f || strchr(",[]{}", *c) ||
            (*c == ':' && (c[1] == ' ' || c[1] == '\0')) || (*c == ' ' && c[1] == '#') ||
            (*c == ' ' && c[1] == '\0'))
            return true;
    }
    return false;
}

static void write_scalar(yg_text *text, const char *scalar, bool quoted) {
    if (!quoted && !needs_quotes(scalar)) {
        yg_text_add(text, "%s", scalar);
        return;
    }
    yg_text_add(text, "\"");
    for (const char *c = scalar; *c != '\0'; c++) {
        const unsigned char byte = (unsigned char)*c;
        if (byte < 0x20 || byte == 0x7f)
            yg_text_add(text, "\\x%02x", byte);
        else
            yg_text_add(text, byte == '"' || byte == '\\' ? "\\%c" : "%c", *c);
    }
    yg_text_add(text, "\"");
}

/* A value of the file as it is, in flow style. */
static void write_value(yg_text *text, const yg_value *value) {
    if (value->kind == YG_SCALAR) {
        write_scalar(text, value->text, value->quoted);
        return;
    }
    const bool mapping = value->kind == YG_MAPPING;
    yg_text_add(text, mapping ? "{" : "[");
    for (size_t i = 0; i < value->count; i++) {
        yg_text_add(text, i > 0 ? ", " : "");
        if (mapping) {
            write_scalar(text, value->keys[i]->text, value->keys[i]->quoted);
            yg_text_add(text, ": ");
        }
        write_value(text, value->items[i]);
    }
    yg_text_add(text, mapping ? "}" : "]");
}

/* `transform` of a data section: the expanded model has no vars, so they are replaced. */
static bool write_transform(yg_text *text, const yg_model *model, const yg_value *value,
                            yg_error *error) {
    yg_text_add(text, "{");
    for (size_t i = 0; i < value->count; i++) {
        char *formula = yg_formula_text(model, value->items[i], error);
        if (!formula)
            return false;
        yg_text_add(text, "%s%s: ", i > 0 ? ", " : "", value->keys[i]->text);
        write_scalar(text, formula, true);
        free(formula);
    }
    yg_text_add(text, "}");
    return true;
}

/* A section of the file, an entry a line. */
static bool write_section(yg_text *text, const yg_model *model, const char *key, yg_error *error) {
    const yg_value *value = yg_model_section(model, key);
    if (!value)
        return true;
    yg_text_add(text, "%s:", key);
    if (value->kind != YG_MAPPING || value->count == 0) {
        yg_text_add(text, " ");
        write_value(text, value);
        yg_text_add(text, "\n");
        return true;
    }
    yg_text_add(text, "\n");
    for (size_t i = 0; i < value->count; i++) {
        const yg_value *item = value->items[i];
        yg_text_add(text, "  ");
        write_scalar(text, value->keys[i]->text, value->keys[i]->quoted);
        yg_text_add(text, ": ");
        if (item->kind == YG_MAPPING && strcmp(key, "data") == 0 &&
            strcmp(value->keys[i]->text, "transform") == 0) {
            if (!write_transform(text, model, item, error))
                return false;
        } else {
            write_value(text, item);
        }
        yg_text_add(text, "\n");
    }
    return true;
}

static bool write_expression(yg_text *text, yg_pool *pool, const yg_expression *expression) {
    const size_t length = yg_expression_text(expression, NULL, 0);
    char *written = yg_pool_take(pool, length + 1);
    if (!written)
        return false;
    yg_expression_text(expression, written, length + 1);
    /* Commas and brackets are plain in block style, where an expression does not begin with one. */
    const bool plain = !strchr("-[\"'", written[0]) && !strstr(written, ": ");
    if (plain) {
        yg_text_add(text, "%s\n", written);
    } else {
        write_scalar(text, written, true);
        yg_text_add(text, "\n");
    }
    return true;
}

static bool write_ports(yg_text *text, const yg_model *model, bool targets) {
    bool first = true;
    for (size_t i = 0; i < model->port_count; i++) {
        const yg_port *port = &model->ports[i];
        if (port->target != targets)
            continue;
        yg_text_add(text, "%s  %s: {shape: [", first ? (targets ? "targets:\n" : "inputs:\n") : "",
                    port->name);
        first = false;
        for (int d = 0; d < port->rank; d++) {
            yg_text_add(text, d > 0 ? ", " : "");
            if (port->symbols[d])
                yg_text_add(text, "%s", port->symbols[d]);
            else
                yg_text_add(text, "%lld", (long long)port->shape[d]);
        }
        yg_text_add(text, "], dtype: %s", yg_dtype_name(port->dtype));
        if (port->class_names) {
            yg_text_add(text, ", classes: [");
            for (int64_t k = 0; k < port->classes; k++) {
                yg_text_add(text, k > 0 ? ", " : "");
                write_scalar(text, port->class_names[k], true);
            }
            yg_text_add(text, "]");
        } else if (port->classes > 0) {
            yg_text_add(text, ", classes: %lld", (long long)port->classes);
        }
        yg_text_add(text, "}\n");
    }
    return true;
}

static bool write_params(yg_text *text, const yg_network *network) {
    char shape[YG_TYPE_TEXT];
    const size_t count = network->parameter_names.count;
    if (count > 0)
        yg_text_add(text, "params:\n");
    for (size_t i = 0; i < count; i++) {
        const yg_network_parameter *parameter = &network->parameters[i];
        const char *init = yg_initializer_text(parameter->init, network->pool);
        if (!init)
            return false;
        yg_text_add(text, "  %s: {shape: %s, init: %s%s}\n", parameter->name,
                    yg_shape_text(yg_node_type(network->graph, parameter->node), shape), init,
                    parameter->trainable ? "" : ", trainable: false");
    }
    return true;
}

static bool write_graph(yg_text *text, yg_pool *pool, const yg_expansion *expansion) {
    if (expansion->statement_count > 0)
        yg_text_add(text, "graph:\n");
    for (size_t i = 0; i < expansion->statement_count; i++) {
        const yg_expanded *statement = &expansion->statements[i];
        for (size_t k = 0; k < statement->name_count; k++)
            yg_text_add(text, "%s%s", k == 0 ? "  " : ", ", statement->names[k]);
        yg_text_add(text, ": ");
        if (!write_expression(text, pool, statement->value))
            return false;
    }
    return true;
}

static bool write_outputs(yg_text *text, yg_pool *pool, const char *key,
                          const yg_output_spec *outputs, size_t count) {
    bool names_alone = count > 0 && strcmp(key, "outputs") == 0;
    for (size_t i = 0; i < count; i++) {
        names_alone = names_alone && !outputs[i].units &&
                      outputs[i].value->kind == YG_EXPRESSION_NAME &&
                      strcmp(outputs[i].value->text, outputs[i].name) == 0;
    }
    if (names_alone) {
        for (size_t i = 0; i < count; i++)
            yg_text_add(text, "%s%s", i == 0 ? "outputs: [" : ", ", outputs[i].name);
        yg_text_add(text, "]\n");
        return true;
    }
    if (count > 0)
        yg_text_add(text, "%s:\n", key);
    for (size_t i = 0; i < count; i++) {
        yg_text_add(text, outputs[i].units ? "  %s:\n    value: " : "  %s: ", outputs[i].name);
        if (!write_expression(text, pool, outputs[i].value))
            return false;
        if (outputs[i].units)
            yg_text_add(text, "    units: %s\n", outputs[i].units);
    }
    return true;
}

static bool write_model(yg_text *text, const yg_model *model, const yg_network *network,
                        const yg_expansion *expansion, yg_error *error) {
    yg_pool *pool = network->pool;
    yg_text_add(text, "format: %d\n", YG_FORMAT_VERSION);
    if (yg_is_name(model->name, false))
        yg_text_add(text, "name: %s\n", model->name);
    if (model->doc[0] != '\0') {
        yg_text_add(text, "doc: ");
        write_scalar(text, model->doc, true);
        yg_text_add(text, "\n");
    }
    if (!write_ports(text, model, false) || !write_ports(text, model, true) ||
        !write_params(text, network) || !write_graph(text, pool, expansion) ||
        !write_outputs(text, pool, "outputs", expansion->outputs, model->body.output_count))
        return false;
    if (expansion->loss) {
        yg_text_add(text, "loss: ");
        if (!write_expression(text, pool, expansion->loss))
            return false;
    }
    if (!write_outputs(text, pool, "metrics", expansion->metrics, model->metric_count))
        return false;
    int64_t elements = 0;
    for (size_t i = 0; i < network->parameter_names.count; i++)
        elements += yg_type_count(yg_node_type(network->graph, network->parameters[i].node));
    yg_text_add(text, "expect: {parameters: %lld}\n", (long long)elements);
    return write_section(text, model, "data", error) && write_section(text, model, "train", error);
}

char *yg_model_expand(const yg_model *model, yg_error *error) {
    yg_expansion expansion = {0};
    yg_network *network = yg_network_try(model, 2, true, &expansion, error);
    if (!network)
        return NULL;
    yg_text text = {0};
    const bool written = drop_unused(network->pool, model, &expansion) &&
                         write_model(&text, model, network, &expansion, error);
    yg_network_free(network);
    char *result = yg_text_take(&text);
    if (!written || !result) {
        free(result);
        yg_fail_memory(error);
        return NULL;
    }
    return result;
}
