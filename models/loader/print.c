/*
 * Prints the expanded model as a model file, for `expand`.
 */
#include "print.h"

#include "../../graph/number.h"
#include "../../graph/text.h"
#include "copies.h"
#include "outputs.h"
#include "rate.h"

#include <stdlib.h>
#include <string.h>

/* A set of names. */
typedef struct name_set {
    yg_pool *pool;
    yg_names names;
    bool failed;
} name_set;

/* ----------------------------------------------------------------------------------- writing -- */

/* Whether a scalar must be put in quotes, because as plain text it could be read as something else.
 * Numbers and words of letters, digits and a few signs need none, and a number must not have them:
 * in quotes it would be a text. */
static bool needs_quotes(const char *text) {
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.+-/";
    const size_t sign = text[0] == '-' ? 1 : 0;
    return text[sign] == '\0' || text[sign] == '-' || text[strspn(text, plain)] != '\0';
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

/* YAML reads a key only up to 1,024 characters, unless a question mark announces it. In quotes, a
 * character takes up to four. */
static bool is_long_key(size_t length) {
    return length > 250;
}

/* Writes what stands before a key of `length` characters. In block style, `indent` is what a line
 * of the mapping begins with. In flow style it is NULL. */
static void begin_key(yg_text *text, const char *indent, size_t length) {
    yg_text_add(text, "%s%s", indent ? indent : "", is_long_key(length) ? "? " : "");
}

/* Writes what stands between this key and its value. `colon` is ": ", or ":" at the end of a line.
 */
static void end_key(yg_text *text, const char *indent, size_t length, const char *colon) {
    if (!is_long_key(length))
        yg_text_add(text, "%s", colon);
    else if (indent)
        yg_text_add(text, "\n%s%s", indent, colon);
    else
        yg_text_add(text, " : ");
}

static void write_name_key(yg_text *text, const char *indent, const char *name) {
    const size_t length = strlen(name);
    begin_key(text, indent, length);
    yg_text_add(text, "%s", name);
    end_key(text, indent, length, ": ");
}

static void write_scalar_key(yg_text *text, const char *indent, const yg_value *key) {
    const size_t length = strlen(key->text);
    begin_key(text, indent, length);
    write_scalar(text, key->text, key->quoted);
    end_key(text, indent, length, ": ");
}

/* Writes a value of the file, in flow style. */
static void write_value(yg_text *text, const yg_value *value) {
    if (value->kind == YG_SCALAR) {
        write_scalar(text, value->text, value->quoted);
        return;
    }
    const bool mapping = value->kind == YG_MAPPING;
    yg_text_add(text, mapping ? "{" : "[");
    for (size_t i = 0; i < value->count; i++) {
        yg_text_add(text, i > 0 ? ", " : "");
        if (mapping)
            write_scalar_key(text, NULL, value->keys[i]);
        write_value(text, value->items[i]);
    }
    yg_text_add(text, mapping ? "}" : "]");
}

/* Writes `transform` of a data section. The expanded model has no vars, so they are replaced. */
static bool write_transform(yg_text *text, const yg_model *model, const yg_value *value,
                            yg_error *error) {
    yg_text_add(text, "{");
    for (size_t i = 0; i < value->count; i++) {
        char *formula = yg_formula_text(model, value->items[i], error);
        if (!formula)
            return false;
        yg_text_add(text, i > 0 ? ", " : "");
        write_name_key(text, NULL, value->keys[i]->text);
        write_scalar(text, formula, true);
        free(formula);
    }
    yg_text_add(text, "}");
    return true;
}

static bool is_built_in(const yg_model *model, const yg_definition *definition) {
    return definition->library == &model->built_in_schedules;
}

/* The expanded model defines a schedule itself, under its own name: a prefix that an include gave
 * it is gone. Where another schedule of the list has that name too, a number follows. */
static void add_schedule_name(yg_text *text, const yg_model *model, const yg_schedule *schedule) {
    const yg_definition *definition = schedule->definition;
    int number = 1;
    bool before = true;
    for (const yg_schedule *s = model->schedule; s; s = s->next) {
        const yg_definition *other = s->definition;
        before = before && other != definition;
        if (other && other != definition && strcmp(other->name, definition->name) == 0 &&
            !is_built_in(model, definition) && (before || is_built_in(model, other)))
            number++;
    }
    yg_text_add(text, "%s", definition->name);
    if (number > 1)
        yg_text_add(text, "_%d", number);
}

static void write_one_schedule(yg_text *text, const yg_model *model, const yg_schedule *schedule,
                               const yg_value *value) {
    yg_text_add(text, schedule->definition ? "{type: " : "{formula: ");
    if (schedule->definition)
        add_schedule_name(text, model, schedule);
    else
        write_scalar(text, schedule->written, true);
    for (size_t i = 0; value->kind == YG_MAPPING && i < value->count; i++) {
        const char *key = value->keys[i]->text;
        if (strcmp(key, "type") == 0 || strcmp(key, "formula") == 0)
            continue;
        yg_text_add(text, ", ");
        write_name_key(text, NULL, key);
        write_value(text, value->items[i]);
    }
    yg_text_add(text, "}");
}

/* Writes `schedule` of the section `train`. */
static void write_schedule(yg_text *text, const yg_model *model, const yg_value *value) {
    const yg_schedule *schedule = model->schedule;
    if (value->kind != YG_SEQUENCE) {
        write_one_schedule(text, model, schedule, value);
        return;
    }
    yg_text_add(text, "[");
    for (size_t i = 0; i < value->count; i++, schedule = schedule->next) {
        yg_text_add(text, i > 0 ? ", " : "");
        write_one_schedule(text, model, schedule, value->items[i]);
    }
    yg_text_add(text, "]");
}

/* Writes the schedules that `train` uses, unless they are built in. */
static bool write_definitions(yg_text *text, const yg_model *model) {
    bool any = false;
    for (const yg_schedule *s = model->schedule; s; s = s->next) {
        const yg_schedule *first = model->schedule;
        while (first->definition != s->definition)
            first = first->next;
        if (!s->definition || first != s || is_built_in(model, s->definition))
            continue;
        yg_text name = {0};
        add_schedule_name(&name, model, s);
        char *key = yg_text_take(&name);
        if (!key)
            return false;
        yg_text_add(text, any ? "" : "define:\n");
        write_name_key(text, "  ", key);
        write_value(text, s->definition->value);
        yg_text_add(text, "\n");
        free(key);
        any = true;
    }
    return true;
}

/* Writes a section of the file, one line for each entry. */
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
        write_scalar_key(text, "  ", value->keys[i]);
        if (item->kind == YG_MAPPING && strcmp(key, "data") == 0 &&
            strcmp(value->keys[i]->text, "transform") == 0) {
            if (!write_transform(text, model, item, error))
                return false;
        } else if (strcmp(key, "train") == 0 && strcmp(value->keys[i]->text, "schedule") == 0) {
            write_schedule(text, model, item);
        } else {
            write_value(text, item);
        }
        yg_text_add(text, "\n");
    }
    return true;
}

static bool write_expression(yg_text *text, yg_pool *pool, const yg_expression *expression) {
    const char *written = yg_expression_text(pool, expression);
    if (!written)
        return false;
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
        if (first)
            yg_text_add(text, targets ? "targets:\n" : "inputs:\n");
        write_name_key(text, "  ", port->name);
        yg_text_add(text, "{shape: [");
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

static const char *param_shape(const yg_flat_param *param, char *text) {
    yg_type type = {.rank = param->rank};
    memcpy(type.shape, param->shape, sizeof type.shape);
    return yg_shape_text(&type, text);
}

/* Writes `params:`, or `state:`. */
static bool write_params(yg_text *text, yg_pool *pool, const yg_flat *flat, bool states) {
    char shape[YG_TYPE_TEXT];
    bool first = true;
    for (size_t i = 0; i < flat->param_names.count; i++) {
        const yg_flat_param *param = &flat->params[i];
        if (param->state != states)
            continue;
        const char *init = yg_initializer_text(param->init, pool);
        if (!init)
            return false;
        yg_text_add(text, "%s", !first ? "" : states ? "state:\n" : "params:\n");
        first = false;
        write_name_key(text, "  ", param->name);
        yg_text_add(text, "{shape: %s, init: %s%s", param_shape(param, shape), init,
                    param->trainable || states ? "" : ", trainable: false");
        if (!yg_dtype_is_float(param->dtype))
            yg_text_add(text, ", dtype: %s", yg_dtype_name(param->dtype));
        yg_text_add(text, "}\n");
    }
    return true;
}

static bool write_updates(yg_text *text, yg_pool *pool, const yg_flat *flat) {
    for (size_t i = 0; i < flat->update_count; i++) {
        yg_text_add(text, "%s", i == 0 ? "update:\n" : "");
        write_name_key(text, "  ", flat->params[flat->updates[i].param].name);
        if (!write_expression(text, pool, flat->updates[i].value))
            return false;
    }
    return true;
}

static void write_names_key(yg_text *text, const char *indent, const char *const *names,
                            size_t count, const char *colon) {
    size_t length = 0;
    for (size_t k = 0; k < count; k++)
        length += strlen(names[k]) + 2;
    begin_key(text, indent, length);
    for (size_t k = 0; k < count; k++)
        yg_text_add(text, "%s%s", k > 0 ? ", " : "", names[k]);
    end_key(text, indent, length, colon);
}

/* Writes `scan:`. */
static bool write_slices(yg_text *text, yg_pool *pool, const char *indent,
                         const yg_flat_scan *scan) {
    yg_text_add(text, "%sscan:%s\n", indent, scan->slice_count == 0 ? " {}" : "");
    const char *deeper = yg_pool_format(pool, "%s  ", indent);
    for (size_t i = 0; deeper && i < scan->slice_count; i++) {
        write_names_key(text, deeper, &scan->slices[i], 1, ": ");
        if (!write_expression(text, pool, scan->sequences[i]))
            return false;
    }
    return deeper != NULL;
}

static bool write_statements(yg_text *text, yg_pool *pool, const char *indent,
                             const yg_flat_statement *statements, size_t count);

/* Writes one step of a scan. The next carries are given at its end, under the carries' names. */
static bool write_step(yg_text *text, yg_pool *pool, const char *indent, const yg_flat_scan *scan) {
    const char *deeper = yg_pool_format(pool, "%s  ", indent);
    yg_text_add(text, "%sgraph:%s\n", indent,
                scan->statement_count + scan->carry_count == 0 ? " {}" : "");
    if (!deeper || !write_statements(text, pool, deeper, scan->statements, scan->statement_count))
        return false;
    for (size_t i = 0; i < scan->carry_count; i++) {
        write_names_key(text, deeper, &scan->carries[i].name, 1, ": ");
        if (!write_expression(text, pool, scan->carries[i].next))
            return false;
    }
    return true;
}

/* Writes `carry:`. A carry that `lengths` or `truncate` leaves alone is a map. */
static bool write_carries(yg_text *text, yg_pool *pool, const char *indent,
                          const yg_flat_scan *scan) {
    const char *deeper = yg_pool_format(pool, "%s  ", indent);
    yg_text_add(text, "%scarry:\n", indent);
    for (size_t i = 0; deeper && i < scan->carry_count; i++) {
        const yg_flat_carry *carry = &scan->carries[i];
        const bool no_lengths = carry->no_lengths && scan->lengths;
        const bool no_truncate = carry->no_truncate && scan->truncate > 0;
        const bool map = no_lengths || no_truncate;
        write_names_key(text, deeper, &carry->name, 1, map ? ":" : ": ");
        if (map)
            yg_text_add(text, "\n%s  value: ", deeper);
        if (!write_expression(text, pool, carry->start))
            return false;
        if (no_lengths)
            yg_text_add(text, "%s  lengths: false\n", deeper);
        if (no_truncate)
            yg_text_add(text, "%s  truncate: false\n", deeper);
    }
    return deeper != NULL;
}

static bool write_scan_option(yg_text *text, yg_pool *pool, const char *indent, const char *key,
                              const yg_expression *value) {
    if (!value)
        return true;
    yg_text_add(text, "%s%s: ", indent, key);
    return write_expression(text, pool, value);
}

static bool write_scan(yg_text *text, yg_pool *pool, const char *indent, const yg_flat_scan *scan) {
    yg_text_add(text, "\n");
    if (!write_slices(text, pool, indent, scan))
        return false;
    yg_text_add(text, "%sdim: %lld\n", indent, (long long)scan->dim);
    if (!write_scan_option(text, pool, indent, "steps", scan->steps) ||
        !write_scan_option(text, pool, indent, "lengths", scan->lengths))
        return false;
    if (scan->reverse)
        yg_text_add(text, "%sreverse: true\n", indent);
    if (scan->truncate > 0)
        yg_text_add(text, "%struncate: %lld\n", indent, (long long)scan->truncate);
    if (scan->carry_count > 0 && !write_carries(text, pool, indent, scan))
        return false;
    if (!write_step(text, pool, indent, scan))
        return false;
    for (size_t i = 0; i < scan->collected_count; i++) { /* they are names */
        if (i == 0)
            yg_text_add(text, "%scollect: [", indent);
        yg_text_add(text, "%s%s%s", i > 0 ? ", " : "", scan->collected[i]->text,
                    i + 1 == scan->collected_count ? "]\n" : "");
    }
    return true;
}

static bool write_statements(yg_text *text, yg_pool *pool, const char *indent,
                             const yg_flat_statement *statements, size_t count) {
    const char *deeper = yg_pool_format(pool, "%s  ", indent);
    if (!deeper)
        return false;
    for (size_t i = 0; i < count; i++) {
        const yg_flat_statement *statement = &statements[i];
        if (statement->required || statement->hidden)
            continue; /* a model file cannot express it; only networks of this model check it */
        if (statement->scan)
            write_names_key(text, indent, statement->names, statement->name_count, ":");
        else
            write_names_key(text, indent, statement->names, statement->name_count, ": ");
        if (statement->scan ? !write_scan(text, pool, deeper, statement->scan)
                            : !write_expression(text, pool, statement->value))
            return false;
    }
    return true;
}

static bool write_graph(yg_text *text, yg_pool *pool, const yg_flat *flat) {
    bool any = false;
    for (size_t i = 0; i < flat->statement_count; i++)
        any = any || !(flat->statements[i].required || flat->statements[i].hidden);
    yg_text_add(text, "%s", any ? "graph:\n" : "");
    return write_statements(text, pool, "  ", flat->statements, flat->statement_count);
}

static bool write_outputs(yg_text *text, yg_pool *pool, const yg_output_spec *outputs,
                          size_t count) {
    bool names_alone = count > 0;
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
        yg_text_add(text, "outputs:\n");
    for (size_t i = 0; i < count; i++) {
        write_name_key(text, "  ", outputs[i].name);
        yg_text_add(text, outputs[i].units ? "\n    value: " : "");
        if (!write_expression(text, pool, outputs[i].value))
            return false;
        if (outputs[i].units)
            yg_text_add(text, "    %s: %s\n", outputs[i].scores ? "classes" : "units",
                        outputs[i].units);
    }
    return true;
}

/* `{value: …, units: y, join: sum}` or `{ratio: [a, b], units: y}`, line by line. */
static bool write_metric(yg_text *text, yg_pool *pool, const yg_output_spec *metric) {
    const yg_expression *value = metric->value;
    if (metric->join == YG_JOIN_RATIO && value->kind == YG_EXPRESSION_CALL && value->count == 2) {
        yg_text_add(text, "\n    ratio:\n");
        for (size_t i = 0; i < 2; i++) {
            yg_text_add(text, "      - ");
            if (!write_expression(text, pool, value->children[i]))
                return false;
        }
    } else {
        yg_text_add(text, metric->units || metric->join ? "\n    value: " : "");
        if (!write_expression(text, pool, value))
            return false;
        if (metric->join && metric->join != YG_JOIN_RATIO)
            yg_text_add(text, "    join: %s\n", yg_join_words[metric->join - YG_JOIN_MEAN]);
    }
    if (metric->units)
        yg_text_add(text, "    units: %s\n", metric->units);
    return true;
}

static bool write_metrics(yg_text *text, yg_pool *pool, const yg_flat *flat) {
    yg_text_add(text, flat->metric_count > 0 ? "metrics:\n" : "");
    for (size_t i = 0; i < flat->metric_count; i++) {
        write_name_key(text, "  ", flat->metrics[i].name);
        if (!write_metric(text, pool, &flat->metrics[i]))
            return false;
    }
    return true;
}

static void include(void *context, const char *name) {
    name_set *set = context;
    set->failed = set->failed || (yg_names_find(&set->names, name) == YG_NOT_FOUND &&
                                  !yg_names_add(&set->names, set->pool, name));
}

/* Names the parameters that only an unused result of a layer needs: else they would be errors. */
static bool write_expectations(yg_text *text, const yg_model *model, yg_pool *pool) {
    const yg_flat *flat = model->flat;
    name_set used = {.pool = pool};
    char shape[YG_TYPE_TEXT];
    bool first = true;
    for (size_t i = 0; i < flat->statement_count; i++)
        if (!flat->statements[i].required && !flat->statements[i].hidden)
            yg_visit_statements(&flat->statements[i], 1, include, &used);
    for (size_t i = 0; i < model->body.output_count; i++)
        yg_visit_names(flat->outputs[i].value, include, &used);
    for (size_t i = 0; i < flat->metric_count; i++)
        yg_visit_names(flat->metrics[i].value, include, &used);
    yg_visit_names(flat->loss, include, &used);
    for (size_t i = 0; i < flat->update_count; i++) {
        include(&used, flat->params[flat->updates[i].param].name);
        yg_visit_names(flat->updates[i].value, include, &used);
    }
    yg_text_add(text, "expect: {parameters: %lld", (long long)flat->elements);
    for (size_t i = 0; i < flat->param_names.count; i++) {
        if (yg_names_find(&used.names, flat->params[i].name) != YG_NOT_FOUND)
            continue;
        yg_text_add(text, first ? ", shapes: {" : ", ");
        write_name_key(text, NULL, flat->params[i].name);
        yg_text_add(text, "%s", param_shape(&flat->params[i], shape));
        first = false;
    }
    yg_text_add(text, first ? "}\n" : "}}\n");
    return !used.failed;
}

/* `data` stands for the section `data`, as text with a line end; NULL: the model's own. */
static bool write_model(yg_text *text, const yg_model *model, yg_pool *pool, const char *data,
                        yg_error *error) {
    const yg_flat *flat = model->flat;
    yg_text_add(text, "format: %d\n", YG_FORMAT_VERSION);
    if (yg_is_name(model->name, false))
        yg_text_add(text, "name: %s\n", model->name);
    if (model->doc[0] != '\0') {
        yg_text_add(text, "doc: ");
        write_scalar(text, model->doc, true);
        yg_text_add(text, "\n");
    }
    if (!write_ports(text, model, false) || !write_ports(text, model, true) ||
        !write_params(text, pool, flat, false) || !write_params(text, pool, flat, true) ||
        !write_graph(text, pool, flat) || !write_updates(text, pool, flat) ||
        !write_outputs(text, pool, flat->outputs, model->body.output_count))
        return false;
    if (flat->loss) {
        yg_text_add(text, "loss: ");
        if (!write_expression(text, pool, flat->loss))
            return false;
    }
    if (!write_metrics(text, pool, flat) || !write_expectations(text, model, pool) ||
        !write_definitions(text, model))
        return false;
    if (data)
        yg_text_add(text, "%s", data);
    return (data || write_section(text, model, "data", error)) &&
           write_section(text, model, "train", error);
}

/* Fails if the text is larger than a model file may be: it could not be read again. */
static bool check_size(const char *text, yg_error *error) {
    yg_error failure = {0};
    yg_document *document = yg_document_parse(text, strlen(text), "the expanded model", &failure);
    yg_document_free(document);
    return document ||
           yg_fail(error, failure.code, YG_NOWHERE,
                   "the model cannot be written as one file without layers: %s", failure.message);
}

char *yg_model_expand_with(const yg_model *model, const char *data, yg_error *error) {
    yg_pool *pool = yg_pool_new();
    yg_text text = {0};
    yg_model whole;
    const bool written =
        pool && yg_write_out(model, pool, &whole) && write_model(&text, &whole, pool, data, error);
    yg_pool_free(pool);
    char *result = yg_text_take(&text);
    if (!written || !result)
        yg_fail_memory(error);
    else if (check_size(result, error))
        return result;
    free(result);
    return NULL;
}

char *yg_model_expand(const yg_model *model, yg_error *error) {
    return yg_model_expand_with(model, NULL, error);
}
