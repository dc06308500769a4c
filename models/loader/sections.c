/*
 * Vars in `data:` and `train:`: `lr: base_lr / 10`.
 *
 * A number can also be written as a formula. A text (a path, a column, a word) may be the name of a
 * var that is a text or a list of texts; then it is replaced. Any other text stays as it is, so
 * that a column may have the name of a var that is a number. Which of the two a value is, the
 * tables of keys tell (section_keys.h).
 */
#include "sections.h"

#include "../../graph/number.h"
#include "expander.h"
#include "section_keys.h"

#include <string.h>

typedef struct resolver {
    yg_expander x;
    yg_scope scope;
    yg_model *model;
    yg_names ports;       /* a port's name to its index */
    const yg_value *part; /* the part of the data that was asked last, and the answer */
    bool part_is_table;
} resolver;

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

/* Notes whether a formula names only vars, constants and functions. */
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
        m->other = m->other ||
                   !(yg_constant_of_name(name, &constant) || yg_op_find(m->r->model->ops, name));
}

static void note_used(void *context, const char *name) {
    resolver *r = context;
    if (yg_scope_find(&r->scope, name) &&
        yg_names_find(&r->model->section_vars, name) == YG_NOT_FOUND &&
        !yg_names_add(&r->model->section_vars, r->model->pool, name))
        yg_fail_memory(r->x.error);
}

static bool is_texts(const yg_term *term) {
    bool texts = term->kind == YG_TERM_LIST;
    for (size_t i = 0; texts && i < term->count; i++)
        texts = term->items[i].kind == YG_TERM_TEXT;
    return texts || term->kind == YG_TERM_TEXT;
}

/* `list`: nothing but a list can stand here, so that the name of one is no text. */
static const yg_value *resolve_text(resolver *r, const yg_value *value, bool list) {
    const yg_binding *var = value->quoted ? NULL : yg_scope_find(&r->scope, value->text);
    if (!var || !(is_texts(&var->term) || (list && var->term.kind == YG_TERM_LIST)))
        return value;
    note_used(r, value->text);
    return value_in_place(r, &var->term, value);
}

/* `certain`: nothing but a number or truth value can stand here. */
static const yg_value *resolve_number(resolver *r, const yg_value *value, bool certain) {
    yg_error ignored = {0};
    const yg_expression *formula =
        yg_expression_parse(r->x.pool, value->source, value->origin, &ignored);
    mention m = {.r = r};
    if (formula)
        yg_visit_names(formula, look_at, &m);
    /* A text such as 2024-01-02 or a/b looks like a formula. A word is left to the code that reads
     * the section, which knows what fits. */
    certain = certain && formula && formula->kind == YG_EXPRESSION_CALL;
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

/* Whether a part reads a table. It is asked for each of its keys, so the answer is kept. */
static bool is_table(resolver *r, const yg_value *part) {
    if (r->part == part)
        return r->part_is_table;
    r->part = part;
    r->part_is_table = false;
    for (size_t i = 0; i < part->count && !r->part_is_table; i++)
        r->part_is_table = yg_is_file_key(part->keys[i]->text);
    return r->part_is_table;
}

static const yg_value *resolve(resolver *r, const yg_value *value, const char *path,
                               yg_section_key as);

/* Whether a part of the data gives texts for the port `key`: columns of a table, or names of
 * classes. */
static bool is_text_port(const resolver *r, bool table, const char *key) {
    const size_t port = yg_names_find(&r->ports, key);
    return port != YG_NOT_FOUND && (table || r->model->ports[port].class_names);
}

/* How an entry of a mapping is read. `path` NULL: as all of the mapping, because its keys are names
 * of the user's. */
static yg_section_key key_in(resolver *r, const yg_value *mapping, const char *path,
                             const char *key, yg_section_key as) {
    yg_section_key found = {.reading = YG_READ_ANY};
    if (!path)
        return as;
    if (strcmp(path, "data.columns") == 0) /* `age: category` */
        found.reading = YG_READ_TEXTS;
    else if (!yg_section_key_find(path, key, &found) && strcmp(path, "data.part") == 0 &&
             is_text_port(r, is_table(r, mapping), key))
        found.reading = YG_READ_TEXTS;
    return found;
}

/* The path of an entry that is a mapping. NULL: there is no table of its keys. False when out of
 * memory. */
static bool path_in(resolver *r, const char *path, const char *key, const yg_value *value,
                    const char **inner) {
    static const char *const parts[] = {"train", "validation", "test"};
    static const char *const named[][2] = {
        {"data.columns", "data.columns.NAME"},
        {"train.optimizer.groups", "train.optimizer.groups.PATTERN"},
    };
    *inner = NULL;
    if (!path)
        return true;
    for (size_t i = 0; i < 3; i++)
        if (strcmp(path, "data") == 0 && strcmp(key, parts[i]) == 0) {
            *inner = yg_value_get(value, "from") ? "data.split" : "data.part";
            return true;
        }
    for (size_t i = 0; i < sizeof named / sizeof *named; i++)
        if (strcmp(path, named[i][0]) == 0) {
            *inner = named[i][1];
            return true;
        }
    const char *whole = yg_pool_format(r->x.pool, "%s.%s", path, key);
    if (!whole)
        return yg_fail_memory(r->x.error);
    for (size_t i = 0; i < sizeof named / sizeof *named; i++)
        if (strcmp(whole, named[i][0]) == 0)
            *inner = whole;
    if (yg_section_has(whole))
        *inner = whole;
    return true;
}

/* Whether vars could change a value. A file may have many numbers, which vars do not change. */
static bool is_open(const yg_value *value) {
    double number;
    return value->kind != YG_SCALAR ||
           (!value->quoted && value->text[0] != '\0' &&
            yg_number_parse(value->text, strlen(value->text), &number) == YG_NUMBER_NOT);
}

static const yg_value *resolve_part(resolver *r, const yg_value *whole, size_t i, const char *path,
                                    yg_section_key as) {
    const yg_value *value = whole->items[i];
    const char *inner = path;
    if (!is_open(value))
        return value;
    if (whole->kind == YG_SEQUENCE) {
        as.list = false;
        return resolve(r, value, path, as);
    }
    const char *key = whole->keys[i]->text;
    if (value->kind != YG_SCALAR && !path_in(r, path, key, value, &inner))
        return NULL;
    return resolve(r, value, inner, key_in(r, whole, path, key, as));
}

static const yg_value *resolve_parts(resolver *r, const yg_value *value, const char *path,
                                     yg_section_key as) {
    const yg_value **items = NULL;
    for (size_t i = 0; i < value->count; i++) {
        const yg_value *item = resolve_part(r, value, i, path, as);
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

static const yg_value *resolve(resolver *r, const yg_value *value, const char *path,
                               yg_section_key as) {
    if (value->kind != YG_SCALAR)
        return resolve_parts(r, value, path, as);
    switch (as.reading) {
    case YG_READ_TEXTS:
        return resolve_text(r, value, as.list);
    case YG_READ_FORMULAS:
        return value;
    default:
        return resolve_number(r, value, as.reading == YG_READ_NUMBERS);
    }
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
    const yg_section_key any = {.reading = YG_READ_ANY};
    const yg_value *new_data = data && is_open(data) ? resolve(&r, data, "data", any) : data;
    const yg_value *new_train = train && is_open(train) ? resolve(&r, train, "train", any) : train;
    if ((data && !new_data) || (train && !new_train))
        return false;
    model->data = new_data;
    model->train = new_train;
    return true;
}
