/*
 * Values that the command line sets: see override.h.
 *
 * PATH leads through the file's own keys. VALUE is YAML, as it would stand in the file; that of a
 * var is an expression. The tree gets a copy with the new value, so all that reads it later sees no
 * difference, and checks it as it checks the file.
 */
#include "override.h"

#include "../../graph/spelling.h"
#include "document_change.h"
#include "library.h"
#include "override_text.h"
#include "reader.h"

#include <string.h>

typedef struct step {
    const yg_value *whole;
    size_t index;
} step;

/* An override while it is applied. */
typedef struct setting {
    yg_model *model;
    const char *option;           /* "--set PATH=VALUE": the file in messages */
    const char *path, *rest;      /* PATH, and the part of it that has not been walked yet */
    const char *value;            /* the text of VALUE */
    const yg_value **root;        /* the tree that is walked */
    const char *section;          /* the first key of PATH */
    step steps[YG_DEPTH_CAP + 2]; /* the way from the root */
    int depth;
    yg_error *error;
} setting;

static yg_origin place(const setting *s) {
    return (yg_origin){s->option, 0, 0};
}

/* --------------------------------------------------------------------------------- the tree -- */

/* How often a value stands in a tree. An alias and its anchor are one value. */
static size_t count_of(const yg_value *tree, const yg_value *value) {
    size_t count = tree == value;
    for (size_t i = 0; i < tree->count; i++)
        count += count_of(tree->items[i], value);
    return count;
}

/* Fails where an alias stands for the value: in the copy of the file, both would change. */
static bool is_alone(const setting *s, const yg_value *value) {
    return count_of(*s->root, value) < 2 ||
           yg_fail(s->error, YG_ERROR_NAME, place(s),
                   "an alias in the file ties this value to another one; write both out");
}

static bool stands_in_brackets(const setting *s, const yg_value *last) {
    bool flow = last && last->flow;
    for (int i = 0; i < s->depth; i++)
        flow = flow || s->steps[i].whole->flow;
    return flow;
}

/* Replaces the values of the way by copies, from `value` at its end up to the root. */
static bool replace_way(setting *s, const yg_value *value) {
    for (int i = s->depth; value && i-- > 0;)
        value = yg_value_with_item(s->model->pool, s->steps[i].whole, s->steps[i].index, value);
    if (value)
        *s->root = value;
    return value || yg_fail_memory(s->error);
}

/* Forgets the overrides of values within one that is replaced. The value itself may come from an
 * override: then the new one takes its place, which is in the file, and true is returned. */
static bool forget_within(yg_model *model, yg_override override) {
    const yg_value *old = override.old;
    size_t kept = 0;
    bool taken = false;
    for (size_t i = 0; i < model->override_count; i++) {
        yg_override *earlier = &model->overrides[i];
        const bool same = earlier->value == old;
        if (same) {
            earlier->value = override.value;
            earlier->text = override.text;
            taken = true;
        }
        if (same || count_of(old, earlier->value) == 0)
            model->overrides[kept++] = *earlier;
    }
    model->override_count = kept;
    return taken;
}

static bool remember_replaced(yg_model *model, const yg_value *old) {
    const yg_value **grown =
        yg_pool_grow(model->pool, model->replaced, model->replaced_count, sizeof *grown);
    if (!grown)
        return false;
    model->replaced = grown;
    model->replaced[model->replaced_count++] = old;
    return true;
}

/* Notes what a change to the file's text needs. */
static bool note(setting *s, yg_override override) {
    yg_model *model = s->model;
    if (override.old && !remember_replaced(model, override.old))
        return yg_fail_memory(s->error);
    if (override.old && forget_within(model, override))
        return true;
    yg_override *grown =
        yg_pool_grow(model->pool, model->overrides, model->override_count, sizeof *grown);
    if (!grown)
        return yg_fail_memory(s->error);
    model->overrides = grown;
    model->overrides[model->override_count++] = override;
    return true;
}

/* Reads a text as a value. NULL on failure. */
static const yg_value *parse(setting *s, const char *text) {
    return yg_model_keep(s->model, yg_document_parse_option(text, s->option, s->error), s->error);
}

/* `text` in place of `old`, a value at the end of the way. */
static bool replace(setting *s, const yg_value *old, const char *text) {
    const bool empty = old->kind == YG_SCALAR && !old->quoted && old->text[0] == '\0';
    if (text && empty) /* behind the ':' of its key */
        text = yg_pool_format(s->model->pool, " %s", text);
    const yg_value *value = text ? parse(s, text) : NULL;
    if (!text)
        return yg_fail_memory(s->error);
    return value && is_alone(s, old) && replace_way(s, value) &&
           note(s, (yg_override){.old = old, .value = value, .text = text});
}

/* An entry more of the mapping at the end of the way. */
static bool add(setting *s, const yg_value *mapping, const char *key, const char *text) {
    yg_pool *pool = s->model->pool;
    const char *written = yg_override_key(pool, key);
    if (!written || !text)
        return yg_fail_memory(s->error);
    if (mapping->count == 0 && s->depth > 0)
        return replace(s, mapping, yg_pool_format(pool, "{%s: %s}", written, text));
    const yg_value *value = parse(s, text);
    yg_value *name = yg_pool_take(pool, sizeof *name);
    if (!value || !name)
        return value && yg_fail_memory(s->error);
    *name = (yg_value){.kind = YG_SCALAR, .origin = {s->option, -1, 1}, .text = key, .source = key};
    const yg_value *grown = yg_value_with_entry(pool, mapping, name, value);
    if (!grown)
        return yg_fail_memory(s->error);
    return is_alone(s, mapping) && replace_way(s, grown) &&
           note(s, (yg_override){.mapping = mapping, .key = written, .value = value, .text = text});
}

/* --------------------------------------------------------------------------------- messages -- */

/* The part of PATH that has been walked. */
static const char *walked(const setting *s) {
    const size_t length = (size_t)(s->rest - s->path);
    return length ? yg_pool_copy(s->model->pool, s->path, length - 1) : "";
}

static bool fail_unknown(setting *s, const yg_value *mapping, const char *key) {
    const char *way = walked(s);
    const char **names = yg_pool_take(s->model->pool, (mapping->count + 1) * sizeof *names);
    char hint[400];
    if (!way || !names)
        return yg_fail_memory(s->error);
    for (size_t i = 0; i < mapping->count; i++)
        names[i] = mapping->keys[i]->text;
    yg_suggest(key, names, mapping->count, hint, sizeof hint);
    return yg_fail(s->error, YG_ERROR_NAME, place(s), "`%s` has no key '%s' in the file%s", way,
                   key, hint);
}

static bool fail_index(const setting *s, const yg_value *list) {
    const char *way = walked(s);
    if (!way)
        return yg_fail_memory(s->error);
    if (list->count == 0)
        return yg_fail(s->error, YG_ERROR_NAME, place(s), "`%s` is an empty list in the file", way);
    return yg_fail(s->error, YG_ERROR_NAME, place(s),
                   "`%s` is a list of %zu in the file; its first item is `%s.0`", way, list->count,
                   way);
}

static bool fail_scalar(const setting *s, const yg_value *scalar) {
    const char *way = walked(s);
    char found[120];
    if (!way)
        return yg_fail_memory(s->error);
    return yg_fail(s->error, YG_ERROR_NAME, place(s), "`%s` is %s in the file, which has no keys",
                   way, yg_value_describe(scalar, found, sizeof found));
}

/* The path of a key of that name in a section, for a user who gave the last part alone. */
static const char *path_of_key(yg_pool *pool, const char *path, const yg_value *tree,
                               const char *key) {
    for (size_t i = 0; tree && tree->kind == YG_MAPPING && i < tree->count; i++) {
        const char *way = yg_pool_format(pool, "%s.%s", path, tree->keys[i]->text);
        if (!way || strcmp(tree->keys[i]->text, key) == 0)
            return way;
        const char *deeper = path_of_key(pool, way, tree->items[i], key);
        if (deeper)
            return deeper;
    }
    return NULL;
}

/* A name without points is that of a var. */
static bool fail_var(setting *s, const char *name) {
    yg_pool *pool = s->model->pool;
    const yg_value *vars = yg_value_get(s->model->root, "vars");
    const size_t count = vars && vars->kind == YG_MAPPING ? vars->count : 0;
    const char **known = yg_pool_take(pool, (count + 1) * sizeof *known);
    char hint[400] = "; it has no vars at all";
    if (!known)
        return yg_fail_memory(s->error);
    for (size_t i = 0; i < count; i++)
        known[i] = vars->keys[i]->text;
    const char *path = path_of_key(pool, "train", yg_model_section(s->model, "train"), name);
    if (!path)
        path = path_of_key(pool, "data", yg_model_section(s->model, "data"), name);
    if (path && !yg_nearest(name, known, count))
        snprintf(hint, sizeof hint, "; there is `%.300s`", path);
    else if (count > 0)
        yg_suggest(name, known, count, hint, sizeof hint);
    return yg_fail(s->error, YG_ERROR_NAME, place(s), "the model has no var '%s'%s", name, hint);
}

/* ------------------------------------------------------------------------------- the way ---- */

static bool is_settings(const setting *s) {
    return strcmp(s->section, "data") == 0 || strcmp(s->section, "train") == 0;
}

/* Whether VALUE can be set for a key that the file does not have. In `data` and `train` it can, as
 * deep as you like, because the tables of their keys are read after this. Elsewhere a key of a
 * mapping that is there, but none where the order counts. */
static bool can_add(const setting *s) {
    static const char *const ordered[] = {"graph", "trainable", "vars", "define"};
    for (size_t i = 0; s->depth == 1 && i < sizeof ordered / sizeof *ordered; i++)
        if (strcmp(s->section, ordered[i]) == 0)
            return false;
    const char *after = yg_override_next(s->rest, NULL, NULL);
    return is_settings(s) || *after == '\0';
}

/* VALUE as a text for a place within brackets or on a line; NULL on failure. */
static const char *value_text(setting *s, bool flow) {
    const yg_value *value = parse(s, s->value);
    return value ? yg_override_text(s->model->pool, value, s->value, flow, is_settings(s), s->error)
                 : NULL;
}

/* VALUE for the keys of the rest, of which the first one is given by the caller: "{b: {c: 3}}". */
static const char *nested_text(setting *s, const char *rest, bool flow) {
    const char *text = value_text(s, flow || *rest);
    const char *keys[YG_DEPTH_CAP];
    size_t count = 0;
    while (text && *rest && count < YG_DEPTH_CAP)
        rest = yg_override_next(rest, s->model->pool, &keys[count++]);
    while (text && count-- > 0) {
        const char *key = keys[count] ? yg_override_key(s->model->pool, keys[count]) : NULL;
        text = key ? yg_pool_format(s->model->pool, "{%s: %s}", key, text) : NULL;
        if (!text)
            yg_fail_memory(s->error);
    }
    return text;
}

/* The rest of the way leads into a mapping that lacks its first key. */
static bool add_rest(setting *s, const yg_value *mapping) {
    const char *key = NULL;
    const char *rest = yg_override_next(s->rest, s->model->pool, &key);
    if (!key)
        return yg_fail_memory(s->error);
    if (!can_add(s))
        return fail_unknown(s, mapping, key);
    const bool flow = stands_in_brackets(s, mapping) || (mapping->count == 0 && s->depth > 0);
    const char *text = nested_text(s, rest, flow);
    return text && add(s, mapping, key, text);
}

/* A word that is short for a mapping with one key: `optimizer: adam`. */
static const char *long_key(const setting *s) {
    static const struct {
        const char *path, *key;
    } words[] = {{"train.optimizer", "type"}, {"train.schedule", "type"}, {"data.balance", "how"}};
    const char *path = s->path;
    const size_t length = (size_t)(s->rest - path) - 1;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strlen(words[i].path) == length && strncmp(words[i].path, path, length) == 0)
            return words[i].key;
    return strncmp(path, "data.columns.", 13) == 0 && s->depth == 3 ? "kind" : NULL;
}

/* The rest of the way leads into a scalar. */
static bool go_into_scalar(setting *s, const yg_value *scalar) {
    yg_pool *pool = s->model->pool;
    const bool empty = !scalar->quoted && scalar->text[0] == '\0';
    const char *key = long_key(s);
    if (empty ? !can_add(s) : !key)
        return fail_scalar(s, scalar);
    const char *text = nested_text(s, s->rest, true);
    if (!text)
        return false;
    if (!empty) {
        const char *word = yg_override_text(pool, scalar, scalar->text, true, false, s->error);
        text = word ? yg_pool_format(pool, "{%s: %s, %s", key, word, text + 1) : NULL;
    }
    return replace(s, scalar, text);
}

/* The item of a list that the rest of the way begins with; SIZE_MAX: it names none. */
static size_t find_item(const yg_value *list, const char *rest, const char **after) {
    size_t index = 0, digits = 0;
    for (; rest[digits] >= '0' && rest[digits] <= '9' && index < list->count; digits++)
        index = 10 * index + (size_t)(rest[digits] - '0');
    *after = rest + digits + (rest[digits] == '.');
    return digits > 0 && (rest[digits] == '.' || rest[digits] == '\0') && index < list->count
               ? index
               : SIZE_MAX;
}

static bool go(setting *s, const yg_value *value) {
    for (;; s->depth++) {
        size_t index = SIZE_MAX;
        const char *after = s->rest;
        if (*s->rest == '\0')
            break;
        if (value->kind == YG_SCALAR)
            return go_into_scalar(s, value);
        if (value->kind == YG_SEQUENCE)
            index = find_item(value, s->rest, &after);
        else
            index = yg_override_find(value, s->rest, s->model->pool, &after);
        if (index == SIZE_MAX)
            return value->kind == YG_SEQUENCE ? fail_index(s, value) : add_rest(s, value);
        if (s->depth == 0)
            s->section = value->keys[index]->text;
        s->steps[s->depth] = (step){value, index};
        value = value->items[index];
        s->rest = after;
    }
    const char *text = value_text(s, stands_in_brackets(s, NULL));
    return text && replace(s, value, text);
}

/* ------------------------------------------------------------------------------- beginning -- */

static bool fail_section(setting *s, const yg_key *sections, size_t count) {
    const char **names = yg_pool_take(s->model->pool, (count + 1) * sizeof *names);
    size_t known = 0;
    char hint[400] = "";
    if (!names)
        return yg_fail_memory(s->error);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(sections[i].name, s->section) == 0)
            return yg_fail(s->error, YG_ERROR_NAME, place(s), "the file has no section `%s`",
                           s->section);
        if (!sections[i].hint)
            names[known++] = sections[i].name;
    }
    return yg_fail(s->error, YG_ERROR_NAME, place(s), "there is no section `%s`%s", s->section,
                   yg_suggest(s->section, names, known, hint, sizeof hint));
}

static bool is_section(const char *name, const yg_key *sections, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (!sections[i].hint && strcmp(sections[i].name, name) == 0)
            return true;
    return false;
}

/* Chooses the file that the way begins in. A section that neither has goes into the model's. */
static bool choose_root(setting *s, const yg_key *sections, size_t count) {
    yg_model *model = s->model;
    const char *key = NULL, *after = yg_override_next(s->rest, model->pool, &key);
    if (!key)
        return yg_fail_memory(s->error);
    const bool here = yg_value_get(model->root, key) != NULL;
    const bool run = !here && model->run_root && yg_value_get(model->run_root, key);
    s->root = run ? &model->run_root : &model->root;
    s->section = key;
    if (here || run)
        return true;
    if (*after != '\0')
        return is_settings(s) || fail_section(s, sections, count);
    return is_section(key, sections, count) || fail_var(s, key);
}

/* The value of a var is an expression, and no YAML. */
static bool set_var(setting *s, const yg_value *vars, size_t index) {
    const char *text = yg_override_expression(s->model->pool, s->value);
    s->root = &s->model->root;
    s->steps[0] = (step){s->model->root, yg_value_entry(s->model->root, "vars")};
    s->steps[1] = (step){vars, index};
    s->depth = 2;
    return text ? replace(s, vars->items[index], text) : yg_fail_memory(s->error);
}

bool yg_override_value(yg_model *model, const char *text, const yg_key *sections, size_t count,
                       yg_error *error) {
    const char *equals = strchr(text, '=');
    if (!equals || equals == text)
        return yg_fail(error, YG_ERROR_SYNTAX, YG_NOWHERE,
                       "--set %s: the form is NAME=VALUE, as --set hidden=8 or --set "
                       "train.optimizer.lr=0.01",
                       text);
    setting s = {.model = model,
                 .option = yg_pool_format(model->pool, "--set %s", text),
                 .path = yg_pool_copy(model->pool, text, (size_t)(equals - text)),
                 .value = equals + 1,
                 .error = error};
    s.rest = s.path;
    if (!s.option || !s.path)
        return yg_fail_memory(error);
    if (strpbrk(text, "\r\n"))
        return yg_fail(error, YG_ERROR_SYNTAX, place(&s), "the value must stand on one line");
    if (strspn(s.value, " \t") == strlen(s.value))
        return yg_fail(error, YG_ERROR_SYNTAX, place(&s), "a value is missing behind the '='");
    const yg_value *vars = yg_value_get(model->root, "vars");
    const char *name = strncmp(s.rest, "vars.", 5) == 0 ? s.rest + 5 : s.rest;
    const size_t var = vars && vars->kind == YG_MAPPING ? yg_value_entry(vars, name) : SIZE_MAX;
    if (var != SIZE_MAX)
        return set_var(&s, vars, var);
    if (name != s.rest)
        return fail_var(&s, name);
    return choose_root(&s, sections, count) && go(&s, *s.root);
}
