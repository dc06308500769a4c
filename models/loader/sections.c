/*
 * Vars in `data:` and `train:`: `lr: base_lr / 10`.
 *
 * A number can also be written as a formula. A text (a path, a column, a word) may be the name of a
 * var that is a text; then it is replaced. Any other text stays as it is, so that a column may have
 * the name of a var that is a number.
 */
#include "sections.h"

#include "../../graph/number.h"
#include "expander.h"

#include <string.h>

typedef struct resolver {
    yg_expander x;
    yg_scope scope;
    yg_model *model;
    yg_names ports; /* a port's name to its index */
    bool numbers; /* this is `train:`, where is_text_key() knows every key whose value is a text */
} resolver;

static const yg_value *resolve(resolver *r, const yg_value *value, bool text);

/* ------------------------------------------------------------------------------------ values -- */

static yg_value *new_value(resolver *r, yg_kind kind, yg_origin origin, const char *text) {
    yg_value *value = yg_pool_take(r->x.pool, sizeof *value);
    if (!value || !text) {
        yg_fail_memory(r->x.error);
        return NULL;
    }
    *value = (yg_value){.kind = kind, .origin = origin, .text = text, .source = text};
    return value;
}

static const yg_value *value_of_term(resolver *r, const yg_term *term, yg_origin origin);

static const yg_value *value_of_list(resolver *r, const yg_term *list, yg_origin origin) {
    yg_value *value = new_value(r, YG_SEQUENCE, origin, "");
    const yg_value **items = yg_pool_take(r->x.pool, (list->count + 1) * sizeof *items);
    if (!value || !items) {
        yg_fail_memory(r->x.error);
        return NULL;
    }
    for (size_t i = 0; i < list->count; i++) {
        items[i] = value_of_term(r, &list->items[i], origin);
        if (!items[i])
            return NULL;
    }
    value->count = list->count;
    value->items = items;
    return value;
}

static const yg_value *value_of_term(resolver *r, const yg_term *term, yg_origin origin) {
    char number[YG_NUMBER_TEXT];
    yg_value *value;
    switch (term->kind) {
    case YG_TERM_INT:
        return new_value(r, YG_SCALAR, origin,
                         yg_pool_format(r->x.pool, "%lld", (long long)term->i));
    case YG_TERM_FLOAT:
        return new_value(r, YG_SCALAR, origin,
                         yg_pool_text(r->x.pool, yg_number_text(term->f, number)));
    case YG_TERM_BOOL:
        return new_value(r, YG_SCALAR, origin, term->i ? "true" : "false");
    case YG_TERM_TEXT:
        value = new_value(r, YG_SCALAR, origin, term->text);
        if (value)
            value->quoted = true;
        return value;
    default:
        return value_of_list(r, term, origin);
    }
}

/* The value of what is written at `value`. */
static const yg_value *value_in_place(resolver *r, const yg_term *term, const yg_value *value) {
    const yg_value *found = value_of_term(r, term, value->origin);
    yg_value *copy = found ? new_value(r, found->kind, found->origin, "") : NULL;
    if (!copy)
        return NULL;
    *copy = *found;
    copy->written = value;
    return copy;
}

/* ----------------------------------------------------------------------------------- scalars -- */

/* Notes whether a formula names only vars and constants. */
typedef struct mention {
    resolver *r;
    bool var, other;
} mention;

static void look_at(void *context, const char *name) {
    mention *m = context;
    yg_term constant;
    if (yg_scope_find(&m->r->scope, name))
        m->var = true;
    else
        m->other = m->other || !yg_constant_of_name(name, &constant);
}

static void note_used(void *context, const char *name) {
    resolver *r = context;
    if (yg_scope_find(&r->scope, name) &&
        yg_names_find(&r->model->section_vars, name) == YG_NOT_FOUND &&
        !yg_names_add(&r->model->section_vars, r->model->pool, name))
        yg_fail_memory(r->x.error);
}

static const yg_value *resolve_text(resolver *r, const yg_value *value) {
    const yg_binding *var = value->quoted ? NULL : yg_scope_find(&r->scope, value->text);
    if (!var || var->term.kind != YG_TERM_TEXT)
        return value;
    note_used(r, value->text);
    return value_in_place(r, &var->term, value);
}

static const yg_value *resolve_number(resolver *r, const yg_value *value) {
    double number;
    if (value->quoted || value->text[0] == '\0' ||
        yg_number_parse(value->text, strlen(value->text), &number) != YG_NUMBER_NOT)
        return value;
    yg_error ignored = {0};
    const yg_expression *formula =
        yg_expression_parse(r->x.pool, value->source, value->origin, &ignored);
    mention m = {.r = r};
    if (formula)
        yg_visit_names(formula, look_at, &m);
    /* In `data:` a text such as 2024-01-02 or a/b looks like a formula. It is left to the code that
     * reads the section. */
    const bool certain = r->numbers && formula && formula->kind == YG_EXPRESSION_CALL;
    if (!formula || (!certain && (m.other || !m.var)))
        return value;
    yg_term term;
    if (!yg_expand_expression(&r->x, &r->scope, formula, &term))
        return NULL;
    yg_visit_names(formula, note_used, r);
    return value_in_place(r, &term, value);
}

/* --------------------------------------------------------------------------------- positions -- */

bool yg_is_file_key(const char *key) {
    static const char *const keys[] = {"file", "csv", "jsonl", "sqlite", "images", "text"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (strcmp(keys[i], key) == 0)
            return true;
    return false;
}

static bool is_table(const yg_value *part) {
    for (size_t i = 0; i < part->count; i++)
        if (yg_is_file_key(part->keys[i]->text))
            return true;
    return false;
}

/* Keys whose values are texts. The formulas of `transform` and `formula` see vars by themselves. */
static bool is_text_key(const char *key) {
    static const char *const keys[] = {
        "arrays",    "exclude",   "query", "delimiter", "decimal",  "header",
        "comment",   "thousands", "kind",  "from",      "stratify", "standardize",
        "transform", "balance",   "how",   "by",        "into",     "type",
        "mode",      "monitor",   "dtype", "signs",     "formula"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (strcmp(keys[i], key) == 0)
            return true;
    return yg_is_file_key(key);
}

/* Whether a part of the data gives texts for the port `key`: columns of a table, or names of
 * classes. */
static bool is_text_port(const resolver *r, bool table, const char *key) {
    const size_t port = yg_names_find(&r->ports, key);
    return port != YG_NOT_FOUND && (table || r->model->ports[port].class_names);
}

static const yg_value *resolve_parts(resolver *r, const yg_value *value, bool text) {
    const bool mapping = value->kind == YG_MAPPING, table = mapping && is_table(value);
    const yg_value **items = NULL;
    for (size_t i = 0; i < value->count; i++) {
        const char *key = mapping ? value->keys[i]->text : "";
        const yg_value *item =
            resolve(r, value->items[i],
                    text || (mapping && (is_text_key(key) || is_text_port(r, table, key))));
        if (!item)
            return NULL;
        if (item == value->items[i])
            continue;
        if (!items) {
            items = yg_pool_take(r->x.pool, value->count * sizeof *items);
            if (!items) {
                yg_fail_memory(r->x.error);
                return NULL;
            }
            memcpy(items, value->items, value->count * sizeof *items);
        }
        items[i] = item;
    }
    if (!items)
        return value;
    yg_value *copy = new_value(r, value->kind, value->origin, "");
    if (!copy)
        return NULL;
    *copy = *value;
    copy->items = items;
    return copy;
}

static const yg_value *resolve(resolver *r, const yg_value *value, bool text) {
    if (value->kind != YG_SCALAR)
        return resolve_parts(r, value, text);
    return text ? resolve_text(r, value) : resolve_number(r, value);
}

bool yg_resolve_sections(yg_model *model, yg_error *error) {
    resolver r = {
        .x = {.model = model, .pool = model->pool, .constants = true, .error = error},
        .scope = {.prefix = "", .parameter_prefix = "", .parameter_suffix = ""},
        .model = model,
    };
    if (!yg_bind_vars(&r.x, &r.scope))
        return false;
    for (size_t i = 0; i < model->port_count; i++)
        if (!yg_names_add(&r.ports, model->pool, model->ports[i].name))
            return yg_fail_memory(error);
    const yg_value *data = yg_model_section(model, "data");
    const yg_value *train = yg_model_section(model, "train");
    const yg_value *new_data = data ? resolve(&r, data, false) : NULL;
    r.numbers = true;
    const yg_value *new_train = train ? resolve(&r, train, false) : NULL;
    if ((data && !new_data) || (train && !new_train))
        return false;
    model->data = new_data;
    model->train = new_train;
    return true;
}
