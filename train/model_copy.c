/*
 * The copy of a model: see model_copy.h.
 */
#define _XOPEN_SOURCE 700 /* realpath() */
#include "model_copy.h"

#include "../data/source.h"
#include "../data/table.h"
#include "../graph/file.h"
#include "../graph/number.h"
#include "../graph/text.h"
#include "model_edit.h"
#include "run_folder.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const size_t MODEL_CAP = (size_t)16 << 20;

enum { FREED_MAX = 32 };

typedef struct copying {
    const yg_model *model;
    const char *texts[2]; /* of the model's files; NULL: there is no second one */
    yg_edits edits;
    const yg_value *freed[FREED_MAX]; /* vars whose only use has become a number */
    size_t freed_count;
    bool failed; /* out of memory */
} copying;

/* ----------------------------------------------------------------------------- collecting ---- */

static void add(copying *c, const yg_value *at, bool insert, char *text) {
    yg_edits_add(&c->edits, at, insert, text);
}

/* The value of the var that a text is given by; NULL: it is given by none. Where it is the name of
 * another var, that one's. */
static const yg_value *var_of(const copying *c, const yg_value *value) {
    const yg_value *vars = yg_model_section(c->model, "vars");
    const yg_value *var = value->written && vars ? yg_value_get(vars, value->written->text) : NULL;
    for (const yg_value *next = var; next; next = yg_value_get(vars, next->text))
        var = next;
    return var;
}

/* Appends a text that stands in double quotes, with `quote` on both sides. */
static void add_escaped(yg_text *out, const char *quote, const char *text) {
    yg_text_add(out, "%s", quote);
    for (const char *at = text; *at; at++)
        yg_text_add(out, *at == '"' || *at == '\\' ? "\\%c" : "%c", *at);
    yg_text_add(out, "%s", quote);
}

static void add_quoted(yg_text *out, const char *quote, const char *text) {
    yg_text_add(out, "\"");
    add_escaped(out, quote, text);
    yg_text_add(out, "\"");
}

/* Another text for a value. Where a var gives it, the var is changed and not its use: a var that
 * nothing uses any more is an error. */
static void set_text(copying *c, const yg_value *value, const char *text) {
    const yg_value *var = var_of(c, value);
    const char *quote = var ? strchr(text, '\'') ? "\\\"" : "'" : "";
    yg_text out = {0};
    add_quoted(&out, quote, text);
    add(c, var ? var : value, false, yg_text_take(&out));
}

static const char word_characters[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";

/* How often a word stands in a text. */
static size_t count_word(const char *text, const char *word, size_t size) {
    size_t count = 0;
    while (*(text += strcspn(text, word_characters))) {
        const size_t length = strspn(text, word_characters);
        count += length == size && strncmp(text, word, size) == 0;
        text += length;
    }
    return count;
}

/* Whether a var is a plain number that is used once. The files' text tells, so a comment that names
 * the var counts as a use. */
static bool is_used_once(const copying *c, const yg_value *var, const char *name, size_t size) {
    char *end;
    if (var->kind != YG_SCALAR || yg_model_section(c->model, "include"))
        return false;
    strtod(var->text, &end);
    size_t count = 0;
    for (size_t i = 0; i < 2 && c->texts[i]; i++)
        count += count_word(c->texts[i], name, size);
    return end != var->text && *end == '\0' && count == 2;
}

/* Frees the vars of a formula that is to become a number. False: one of them is used elsewhere, or
 * that cannot be told; then none is freed. */
static bool free_vars(copying *c, const char *formula) {
    const yg_value *vars = yg_model_section(c->model, "vars");
    const size_t before = c->freed_count;
    while (*(formula += strcspn(formula, word_characters))) {
        const size_t size = strspn(formula, word_characters);
        char *name = strndup(formula, size);
        const yg_value *var = vars && name ? yg_value_get(vars, name) : NULL;
        free(name);
        if (var && (c->freed_count == FREED_MAX || !is_used_once(c, var, formula, size))) {
            c->freed_count = before;
            return false;
        }
        if (var)
            c->freed[c->freed_count++] = var;
        formula += size;
    }
    return true;
}

/* Another number for a value. A formula whose vars have other uses stays beside it, times 0: a var
 * that nothing uses any more is an error, and its other uses must not change. */
static void set_value(copying *c, const yg_value *value, const char *number) {
    yg_text text = {0};
    const bool stays = value->written && !free_vars(c, value->written->text);
    yg_text_add(&text, stays ? "%s + 0 * (%s)" : "%s", number, stays ? value->written->text : "");
    add(c, value, false, yg_text_take(&text));
}

/* Inserts an entry before that of the key `first`. In a mapping of lines it takes a line of its
 * own, indented as the first one is. */
static void insert(copying *c, const yg_value *mapping, const yg_value *first, const char *key,
                   const char *value) {
    yg_text text = {0};
    if (!first)
        return;
    if (mapping->flow)
        yg_text_add(&text, "%s: %s, ", key, value);
    else
        yg_text_add(&text, "%s: %s\n%*s", key, value, first->origin.column - 1 - first->quoted, "");
    add(c, first, true, yg_text_take(&text));
}

/* The first key of a mapping that stands in the mapping's own file. */
static const yg_value *first_key(const yg_value *mapping) {
    for (size_t i = 0; i < mapping->count; i++)
        if (mapping->keys[i]->origin.file == mapping->origin.file)
            return mapping->keys[i];
    return NULL;
}

/* Sets an entry of a mapping: in place of its value, or before the first entry. */
static void set(copying *c, const yg_value *mapping, const char *key, const char *value) {
    const yg_value *old = yg_value_get(mapping, key);
    if (old && (old->origin.line || old->written))
        set_value(c, old, value);
    else
        insert(c, mapping, first_key(mapping), key, value);
}

/* The absolute path of a path in the file. In a pattern, what the folder's own name has of a
 * pattern's characters is escaped. Freed by the caller; NULL where there is nothing to write: the
 * path is absolute, or its folder is gone. */
static char *absolute(copying *c, const yg_value *value, const char *section) {
    const bool given = !value->origin.line; /* on the command line */
    if (value->text[0] == '/' && !given)
        return NULL;
    if (value->text[0] == '/') {
        char *copy = strdup(value->text);
        c->failed = c->failed || !copy;
        return copy;
    }
    char *folder = realpath(given ? "." : yg_model_folder(c->model, section), NULL);
    if (!folder)
        return NULL;
    yg_text path = {0}, plain = {0};
    yg_text_add(&plain, "%s/%s", folder, value->text);
    const bool pattern = strpbrk(value->text, "*?[") && plain.data && access(plain.data, F_OK) != 0;
    for (const char *at = folder; *at; at++)
        yg_text_add(&path, pattern && strchr("*?[]\\", *at) ? "\\%c" : "%c", *at);
    yg_text_add(&path, "/%s", value->text);
    free(folder);
    free(yg_text_take(&plain));
    char *text = yg_text_take(&path);
    c->failed = c->failed || !text;
    return text;
}

static void add_path(copying *c, const yg_value *value, const char *section) {
    char *path = value && value->kind == YG_SCALAR ? absolute(c, value, section) : NULL;
    if (path)
        set_text(c, value, path);
    free(path);
}

/* A list of paths that a var gives: the var gets another list. */
static void set_list(copying *c, const yg_value *files) {
    const yg_value *var = var_of(c, files);
    yg_text text = {0};
    for (size_t i = 0; i < files->count; i++) {
        char *path = absolute(c, files->items[i], "data");
        const char *plain = path ? path : files->items[i]->text;
        const char *quote = strchr(plain, '\'') ? "\\\"" : "'";
        yg_text_add(&text, "%s", i ? ", " : "\"[");
        add_escaped(&text, quote, plain);
        free(path);
    }
    yg_text_add(&text, files->count ? "]\"" : "[]");
    if (var)
        add(c, var, false, yg_text_take(&text));
    else
        free(yg_text_take(&text));
}

/* A path, or a list of them. */
static void add_files(copying *c, const yg_value *files) {
    if (files && files->kind == YG_SEQUENCE && files->written) {
        set_list(c, files);
        return;
    }
    add_path(c, files, "data");
    for (size_t i = 0; files && files->kind == YG_SEQUENCE && i < files->count; i++)
        add_path(c, files->items[i], "data");
}

/* `include` is a path, or a mapping that has one as its `file`. */
static void add_include(copying *c, const yg_value *value) {
    add_path(c, value->kind == YG_MAPPING ? yg_value_get(value, "file") : value, "include");
}

/* A value of a part in one line. Words stay as they are: in quotes, `true` would be a text. */
static void add_value(yg_text *text, const yg_value *value) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
    if (value->kind == YG_SCALAR && !value->quoted && !value->text[strspn(value->text, letters)])
        yg_text_add(text, "%s", value->text);
    else if (value->kind == YG_SCALAR)
        add_quoted(text, "", value->text);
    for (size_t i = 0; value->kind == YG_SEQUENCE && i < value->count; i++) {
        yg_text_add(text, i ? ", " : "[");
        add_value(text, value->items[i]);
    }
    if (value->kind == YG_SEQUENCE)
        yg_text_add(text, value->count ? "]" : "[]");
}

/* The keys that say how the files of a given part are written, as the training part has them. */
static void add_table_keys(const copying *c, const yg_value *part, yg_text *text) {
    const yg_table_kind *kind = yg_table_kind_of(part);
    const yg_value *keys = yg_table_keys_of(c->model, part);
    for (size_t i = 0; kind && keys != part && i < kind->setting_count; i++) {
        const yg_value *value = yg_value_get(keys, kind->settings[i].name);
        if (!value || kind->settings[i].hint)
            continue;
        yg_text_add(text, ", %s: ", kind->settings[i].name);
        add_value(text, value);
    }
}

/* A part that the command line gives takes the place of the one in the file, if there is one. */
static void add_given_part(copying *c, const yg_value *data, const char *name,
                           const yg_value *part) {
    char *path = absolute(c, part->items[0], "data");
    yg_text text = {0};
    yg_text_add(&text, "{%s: ", part->keys[0]->text);
    add_quoted(&text, "", path ? path : "");
    add_table_keys(c, part, &text);
    yg_text_add(&text, "}");
    free(path);
    char *value = yg_text_take(&text);
    if (part->written)
        add(c, part, false, value);
    else if (value)
        set(c, data, name, value);
    if (!part->written)
        free(value);
    c->failed = c->failed || !value;
}

/* The files of a part that is a table. A path of the command line may be of another kind than the
 * one it stands in for: then the key that names the kind becomes `file`. */
static void add_table(copying *c, const yg_value *part) {
    const yg_value *files = yg_table_files(part);
    add_files(c, files);
    for (size_t i = 0; files && !files->origin.line && i < part->count; i++) {
        const yg_table_kind *kind = yg_table_kind_of_path(files->text);
        if (part->items[i] == files && kind && strcmp(part->keys[i]->text, kind->key) != 0)
            add(c, part->keys[i], false, strdup("file"));
    }
}

/* Files of arrays: a path, or one for each input and target, some of which may come from the
 * command line alone. */
static void add_arrays(copying *c, const yg_value *arrays) {
    add_path(c, arrays, "data");
    for (size_t i = 0; arrays && arrays->kind == YG_MAPPING && i < arrays->count; i++) {
        const yg_value *entry = arrays->items[i];
        char *path = entry->origin.line || entry->written ? NULL : absolute(c, entry, "data");
        yg_text text = {0};
        add_quoted(&text, "", path ? path : "");
        char *quoted = yg_text_take(&text);
        if (path && quoted)
            set(c, arrays, arrays->keys[i]->text, quoted);
        else
            add_path(c, entry, "data");
        c->failed = c->failed || !quoted;
        free(quoted);
        free(path);
    }
}

static void add_paths(copying *c) {
    static const char *const parts[] = {"train", "validation", "test"};
    const yg_value *data = yg_model_section(c->model, "data");
    const yg_value *include = yg_model_section(c->model, "include");
    for (size_t i = 0; data && data->kind == YG_MAPPING && i < 3; i++) {
        const yg_value *part = yg_value_get(data, parts[i]);
        if (!part || part->kind != YG_MAPPING)
            continue;
        if (!part->origin.line) {
            add_given_part(c, data, parts[i], part);
            continue;
        }
        add_table(c, part);
        add_arrays(c, yg_value_get(part, "arrays"));
    }
    if (include && include->kind != YG_SEQUENCE)
        add_include(c, include);
    for (size_t i = 0; include && include->kind == YG_SEQUENCE && i < include->count; i++)
        add_include(c, include->items[i]);
}

static void set_number(copying *c, const yg_value *mapping, const char *key, double value) {
    char number[YG_NUMBER_TEXT];
    set(c, mapping, key, yg_number_text(value, number));
}

static void set_count(copying *c, const yg_value *mapping, const char *key, int64_t value) {
    char number[32];
    snprintf(number, sizeof number, "%" PRId64, value);
    set(c, mapping, key, number);
}

/* The run's length, in epochs or in steps. Replaces the other one, since only one may be given. */
static void set_length(copying *c, const yg_value *train, const char *key, int64_t value) {
    static const char *const keys[] = {"epochs", "steps"};
    for (size_t i = 0; i < train->count; i++)
        for (size_t k = 0; k < 2; k++)
            if (strcmp(train->keys[i]->text, keys[k]) == 0 && strcmp(keys[k], key) != 0) {
                char number[32];
                snprintf(number, sizeof number, "%" PRId64, value);
                add(c, train->keys[i], false, strdup(key));
                set_value(c, train->items[i], number);
                return;
            }
    set_count(c, train, key, value);
}

static void add_rate(copying *c, const yg_value *train, double lr) {
    const yg_value *optimizer = yg_value_get(train, "optimizer");
    char number[YG_NUMBER_TEXT];
    yg_text text = {0};
    if (optimizer && optimizer->kind == YG_MAPPING) {
        set_number(c, optimizer, "lr", lr);
    } else if (optimizer) {
        const yg_value *type = optimizer->written ? optimizer->written : optimizer;
        yg_text_add(&text, "{type: %s, lr: %s}", type->text, yg_number_text(lr, number));
        add(c, optimizer, false, yg_text_take(&text));
    }
}

static void add_settings(copying *c, const yg_train_options *options) {
    const yg_value *train = yg_model_section(c->model, "train");
    if (!train || train->kind != YG_MAPPING)
        return;
    if (options->has_epochs)
        set_length(c, train, "epochs", options->epochs);
    if (options->has_steps)
        set_length(c, train, "steps", options->steps);
    if (options->has_batch_size)
        set_count(c, train, "batch_size", options->batch_size);
    if (options->has_seed)
        set_count(c, train, "seed", (int64_t)options->seed);
    const yg_value *dtype = yg_value_get(train, "dtype");
    if (options->has_dtype && dtype && dtype->written)
        set_text(c, dtype, yg_dtype_name(options->dtype));
    else if (options->has_dtype)
        set(c, train, "dtype", yg_dtype_name(options->dtype));
    if (options->has_lr)
        add_rate(c, train, options->lr);
}

/* Names the weights that the run starts from. Where they were not kept, the file's own path stays.
 */
static void add_start(copying *c, bool starts) {
    const yg_value *train = yg_model_section(c->model, "train");
    const yg_value *weights = train ? yg_value_get(train, "weights") : NULL;
    if (!starts)
        add_path(c, weights, "train");
    else if (weights && weights->written)
        set_text(c, weights, YG_RUN_START);
    else if (train && train->kind == YG_MAPPING)
        set(c, train, "weights", YG_RUN_START);
}

/* Writes the overrides in, the last one first: its place may be within the text of an earlier one.
 * That text gets its other changes, such as absolute paths, on the way. */
static void add_overrides(copying *c) {
    size_t count;
    const yg_override *overrides = yg_model_overrides(c->model, &count);
    for (size_t i = count; i-- > 0;) {
        const yg_override *o = &overrides[i];
        char *text = yg_edits_apply(&c->edits, o->value->origin.file, o->text);
        if (o->old)
            add(c, o->old, false, text);
        else if (text)
            insert(c, o->mapping, first_key(o->mapping), o->key, text);
        c->failed = c->failed || !text;
        if (!o->old)
            free(text);
    }
}

/* The value of a file that an override has replaced, or the value itself. */
static const yg_value *in_file(const copying *c, const yg_value *value) {
    size_t count;
    const yg_override *overrides = yg_model_overrides(c->model, &count);
    for (size_t i = 0; i < count; i++)
        if (overrides[i].value == value && overrides[i].old)
            return overrides[i].old;
    return value;
}

static bool is_idle(const copying *c, const yg_value *vars, size_t i) {
    for (size_t k = 0; k < c->freed_count; k++)
        if (c->freed[k] == vars->items[i])
            return true;
    return yg_model_var_is_idle(c->model, vars->keys[i]->text);
}

/* Takes out vars that nothing uses any more, because a number has replaced what did. */
static void drop_vars(copying *c) {
    const yg_value *vars = yg_model_section(c->model, "vars");
    size_t kept = 0;
    for (size_t i = 0; vars && i < vars->count; i++)
        kept += !is_idle(c, vars, i);
    if (vars && vars->count > 0 && kept == 0) {
        add(c, vars, false, strdup("{}"));
        return;
    }
    bool first = true;
    for (size_t i = 0; vars && i < vars->count; i++)
        if (is_idle(c, vars, i))
            yg_edits_remove(&c->edits, vars, i, in_file(c, vars->items[i]), first);
        else
            first = false;
}

/* --------------------------------------------------------------------------------- writing --- */

/* A file's text with its changes. Freed by the caller; NULL on failure. */
static char *edited(const copying *c, const char *path, yg_error *error) {
    size_t size;
    char *text = yg_file_read(path, MODEL_CAP, &size, error);
    char *copy = text ? yg_edits_apply(&c->edits, path, text) : NULL;
    if (text && !copy)
        yg_fail_memory(error);
    free(text);
    return copy;
}

/* Whether a text is a mapping of lines that begin in the first column, and nothing else. */
static bool is_plain_mapping(const yg_value *root, const char *text) {
    bool plain = root->kind == YG_MAPPING && root->count > 0;
    for (size_t i = 0; plain && i < root->count; i++)
        plain = root->keys[i]->origin.column == 1;
    const char *document = strstr(text, "\n---"), *end = strstr(text, "\n...");
    return plain && !document && !end && strncmp(text, "---", 3) != 0;
}

/* Appends the sections of the run's file, in the order in which they stand there. */
static void append_sections(yg_text *out, const yg_value *root, const char *text) {
    for (size_t i = 0; i < root->count; i++) {
        const char *key = root->keys[i]->text;
        if (strcmp(key, "data") != 0 && strcmp(key, "train") != 0)
            continue;
        const size_t begin = yg_edit_place(text, root->keys[i]->origin);
        const size_t end =
            i + 1 < root->count ? yg_edit_place(text, root->keys[i + 1]->origin) : strlen(text);
        yg_text_add(out, "%.*s%s", (int)(end - begin), text + begin,
                    end > begin && text[end - 1] == '\n' ? "" : "\n");
    }
}

/* Both files as one. Freed by the caller; NULL where they do not go together, as they do not with
 * anchors of the same name. */
static char *joined(const char *model, const char *run) {
    yg_document *first = yg_document_parse(model, strlen(model), "model", NULL);
    yg_document *second = yg_document_parse(run, strlen(run), "run", NULL);
    yg_text out = {0};
    const bool plain = first && second && is_plain_mapping(yg_document_root(first), model) &&
                       is_plain_mapping(yg_document_root(second), run);
    if (plain) {
        yg_text_add(&out, "%s%s", model, model[strlen(model) - 1] == '\n' ? "" : "\n");
        append_sections(&out, yg_document_root(second), run);
    }
    yg_document_free(first);
    yg_document_free(second);
    char *text = plain ? yg_text_take(&out) : NULL;
    yg_document *whole = text ? yg_document_parse(text, strlen(text), "both", NULL) : NULL;
    yg_document_free(whole);
    if (whole)
        return text;
    free(text);
    return NULL;
}

bool yg_model_copy_make(const yg_model *model, const yg_train_options *options, bool starts,
                        yg_model_copy *copy, yg_error *error) {
    copying c = {.model = model};
    *copy = (yg_model_copy){0};
    size_t size;
    char *first = yg_file_read(yg_model_path(model), MODEL_CAP, &size, error);
    char *second = first && options->run_path
                       ? yg_file_read(options->run_path, MODEL_CAP, &size, error)
                       : NULL;
    c.texts[0] = first;
    c.texts[1] = second;
    add_paths(&c);
    add_settings(&c, options);
    add_start(&c, starts);
    add_overrides(&c);
    drop_vars(&c);
    bool good = !c.failed && !c.edits.failed ? true : yg_fail_memory(error);
    good = good && (copy->model = edited(&c, yg_model_path(model), error)) &&
           (!options->run_path || (copy->run = edited(&c, options->run_path, error)));
    yg_edits_free(&c.edits);
    free(first);
    free(second);
    char *both = good && copy->run ? joined(copy->model, copy->run) : NULL;
    if (both) {
        yg_model_copy_free(copy);
        copy->model = both;
    }
    return good;
}

static bool write_one(const char *text, const char *folder, const char *name, yg_error *error) {
    char *path = text ? yg_run_path(folder, name, error) : NULL;
    const bool good = !text || (path && yg_file_write(path, text, strlen(text), error));
    free(path);
    return good;
}

bool yg_model_copy_write(const yg_model_copy *copy, const char *folder, yg_error *error) {
    return write_one(copy->model, folder, YG_RUN_MODEL, error) &&
           write_one(copy->run, folder, YG_RUN_SECOND, error);
}

void yg_model_copy_free(yg_model_copy *copy) {
    free(copy->model);
    free(copy->run);
    *copy = (yg_model_copy){0};
}
