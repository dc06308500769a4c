/*
 * The copy of a model: see model_copy.h.
 *
 * The places to change are known from the values that were read: each has its line and column. So
 * the text around them stays as it is.
 */
#define _XOPEN_SOURCE 700 /* realpath() */
#include "model_copy.h"

#include "../graph/file.h"
#include "../graph/number.h"
#include "../graph/text.h"
#include "run_folder.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const size_t MODEL_CAP = (size_t)16 << 20;

/* A change to the file's text at the place of a value: replaces the value, or inserts before it. */
typedef struct edit {
    const yg_value *at;
    bool insert;
    char *text;
} edit;

typedef struct copying {
    const yg_model *model;
    size_t count, capacity;
    edit *edits;
    bool failed; /* out of memory */
} copying;

/* ----------------------------------------------------------------------------- collecting ---- */

/* Takes `text`, which is NULL when out of memory. The last text for a value counts. */
static void add(copying *c, const yg_value *at, bool insert, char *text) {
    if (text && c->count == c->capacity) {
        const size_t capacity = c->capacity ? 2 * c->capacity : 16;
        edit *grown = realloc(c->edits, capacity * sizeof *grown);
        if (grown) {
            c->edits = grown;
            c->capacity = capacity;
        }
    }
    if (!text || c->count == c->capacity) {
        free(text);
        c->failed = true;
        return;
    }
    c->edits[c->count++] = (edit){at->written ? at->written : at, insert, text};
}

/* The value of the var that a text is given by; NULL: it is given by none. */
static const yg_value *var_of(const copying *c, const yg_value *value) {
    const yg_value *vars = yg_model_section(c->model, "vars");
    return value->written && vars ? yg_value_get(vars, value->written->text) : NULL;
}

/* Another text for a value. Where a var gives it, the var is changed and not its use: a var that
 * nothing uses any more is an error. */
static void set_text(copying *c, const yg_value *value, const char *text) {
    const yg_value *var = var_of(c, value);
    const char *quote = var ? strchr(text, '\'') ? "\\\"" : "'" : "";
    yg_text out = {0};
    yg_text_add(&out, "\"%s", quote);
    for (const char *at = text; *at; at++)
        yg_text_add(&out, *at == '"' || *at == '\\' ? "\\%c" : "%c", *at);
    yg_text_add(&out, "%s\"", quote);
    add(c, var ? var : value, false, yg_text_take(&out));
}

static void add_path(copying *c, const yg_value *value, const char *section) {
    if (!value || value->kind != YG_SCALAR || value->text[0] == '/')
        return;
    char *folder = realpath(yg_model_folder(c->model, section), NULL);
    if (!folder)
        return; /* the folder is gone: the path means nothing any more */
    yg_text path = {0};
    yg_text_add(&path, "%s/%s", folder, value->text);
    char *text = yg_text_take(&path);
    if (text)
        set_text(c, value, text);
    c->failed = c->failed || !text;
    free(text);
    free(folder);
}

/* `include` is a path, or a mapping that has one as its `file`. */
static void add_include(copying *c, const yg_value *value) {
    add_path(c, value->kind == YG_MAPPING ? yg_value_get(value, "file") : value, "include");
}

static void add_paths(copying *c) {
    static const char *const parts[] = {"train", "validation", "test"};
    const yg_value *data = yg_model_section(c->model, "data");
    const yg_value *include = yg_model_section(c->model, "include");
    for (size_t i = 0; data && data->kind == YG_MAPPING && i < 3; i++) {
        const yg_value *part = yg_value_get(data, parts[i]);
        const bool mapping = part && part->kind == YG_MAPPING;
        const yg_value *arrays = mapping ? yg_value_get(part, "arrays") : NULL;
        if (mapping)
            add_path(c, yg_value_get(part, "csv"), "data");
        for (size_t k = 0; arrays && arrays->kind == YG_MAPPING && k < arrays->count; k++)
            add_path(c, arrays->items[k], "data");
    }
    if (include && include->kind != YG_SEQUENCE)
        add_include(c, include);
    for (size_t i = 0; include && include->kind == YG_SEQUENCE && i < include->count; i++)
        add_include(c, include->items[i]);
}

/* Another number for a value. A formula stays beside it, times 0: a var that nothing uses any more
 * is an error, and its other uses must not change. */
static void set_value(copying *c, const yg_value *value, const char *number) {
    yg_text text = {0};
    yg_text_add(&text, value->written ? "%s + 0 * (%s)" : "%s", number,
                value->written ? value->written->text : "");
    add(c, value, false, yg_text_take(&text));
}

/* Sets an entry of a mapping: in place of its value, or before the first entry. */
static void set(copying *c, const yg_value *mapping, const char *key, const char *value) {
    const yg_value *old = yg_value_get(mapping, key);
    yg_text text = {0};
    if (old) {
        set_value(c, old, value);
        return;
    }
    if (!mapping->count)
        return;
    /* In a mapping of lines the entry takes a line of its own, indented as the first one is. */
    const int column = mapping->keys[0]->origin.column;
    const bool lines =
        mapping->origin.line == mapping->keys[0]->origin.line && mapping->origin.column == column;
    if (lines)
        yg_text_add(&text, "%s: %s\n%*s", key, value, column - 1, "");
    else
        yg_text_add(&text, "%s: %s, ", key, value);
    add(c, mapping->keys[0], true, yg_text_take(&text));
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

static void add_vars(copying *c, const yg_train_options *options) {
    const yg_value *vars = yg_model_section(c->model, "vars");
    for (size_t v = 0; vars && vars->kind == YG_MAPPING && v < vars->count; v++)
        for (size_t i = options->override_count; i-- > 0;) { /* the last one counts */
            const char *text = options->overrides[i], *equals = strchr(text, '=');
            const size_t length = equals ? (size_t)(equals - text) : 0;
            if (equals && strlen(vars->keys[v]->text) == length &&
                strncmp(vars->keys[v]->text, text, length) == 0) {
                add(c, vars->items[v], false, strdup(equals + 1));
                break;
            }
        }
}

/* --------------------------------------------------------------------------------- writing --- */

/* Where each line of the text begins; freed by the caller, NULL when out of memory. */
static const char **lines_of(const char *text, int *count) {
    size_t lines = 1;
    for (const char *at = text; *at; at++)
        lines += *at == '\n';
    const char **begin = malloc(lines * sizeof *begin);
    *count = 0;
    for (const char *at = text; begin && at; at = strchr(at, '\n')) {
        at += *count > 0;
        begin[(*count)++] = at;
    }
    return begin;
}

/* Where a value begins in the text. Columns count characters. */
static size_t place_of(const char *text, const char *const *lines, int count, yg_origin origin) {
    const char *at = lines[origin.line <= count ? origin.line - 1 : count - 1];
    for (int column = 1; column < origin.column && *at && *at != '\n'; column++)
        do
            at++;
        while (((unsigned char)*at & 0xC0) == 0x80);
    return (size_t)(at - text);
}

/* Where a scalar ends that begins at `begin`; quotes are part of it, and *begin goes to the first.
 */
static size_t end_of(const char *text, const yg_value *value, size_t *begin) {
    if (!value->quoted)
        return *begin + strlen(value->source);
    const char quote = text[--*begin];
    size_t at = *begin + 1;
    while (text[at] && (text[at] != quote || (quote == '\'' && text[at + 1] == quote)))
        at += text[at] == '\\' && quote == '"' && text[at + 1] ? 2 : text[at] == quote ? 2 : 1;
    return at + (text[at] == quote);
}

typedef struct cut {
    size_t begin, end;
    const edit *by;
} cut;

/* What is inserted comes before what is replaced; the last edit of a value comes last. */
static int by_begin(const void *a, const void *b) {
    const cut *x = a, *y = b;
    if (x->begin != y->begin)
        return x->begin < y->begin ? -1 : 1;
    if (x->by->insert != y->by->insert)
        return x->by->insert ? -1 : 1;
    return (x->by > y->by) - (x->by < y->by);
}

/* True where a later edit of the same value follows. */
static bool is_replaced(const cut *cuts, size_t count, size_t i) {
    return i + 1 < count && !cuts[i].by->insert && cuts[i + 1].by->at == cuts[i].by->at;
}

/* The text with the edits of its file; freed by the caller, NULL when out of memory. */
static char *edited(const copying *c, const char *path, const char *text) {
    cut *cuts = calloc(c->count + 1, sizeof *cuts);
    int line_count;
    const char **lines = lines_of(text, &line_count);
    yg_text out = {0};
    size_t count = 0, at = 0;
    for (size_t i = 0; cuts && lines && i < c->count; i++) {
        const edit *e = &c->edits[i];
        if (!e->at->origin.file || strcmp(e->at->origin.file, path) != 0)
            continue;
        size_t begin = place_of(text, lines, line_count, e->at->origin);
        const size_t end = e->insert ? begin : end_of(text, e->at, &begin);
        cuts[count++] = (cut){begin, end, e};
    }
    if (cuts)
        qsort(cuts, count, sizeof *cuts, by_begin);
    for (size_t i = 0; i < count; i++) {
        if (is_replaced(cuts, count, i))
            continue;
        yg_text_add(&out, "%.*s%s", (int)(cuts[i].begin - at), text + at, cuts[i].by->text);
        at = cuts[i].end;
    }
    yg_text_add(&out, "%s", text + at);
    const bool good = cuts && lines;
    free(cuts);
    free(lines);
    char *result = yg_text_take(&out);
    if (good)
        return result;
    free(result);
    return NULL;
}

static bool copy_file(const copying *c, const char *from, const char *folder, const char *name,
                      yg_error *error) {
    size_t size;
    char *text = yg_file_read(from, MODEL_CAP, &size, error);
    char *path = text ? yg_run_path(folder, name, error) : NULL;
    char *copy = path ? edited(c, from, text) : NULL;
    if (path && !copy)
        yg_fail_memory(error);
    const bool good = copy && yg_file_write(path, copy, strlen(copy), error);
    free(copy);
    free(path);
    free(text);
    return good;
}

bool yg_model_copy(const yg_model *model, const yg_train_options *options, const char *folder,
                   yg_error *error) {
    copying c = {.model = model};
    add_vars(&c, options);
    add_paths(&c);
    add_settings(&c, options);
    const bool good = c.failed ? yg_fail_memory(error)
                               : copy_file(&c, yg_model_path(model), folder, YG_RUN_MODEL, error) &&
                                     (!options->run_path ||
                                      copy_file(&c, options->run_path, folder, "run.yaml", error));
    for (size_t i = 0; i < c.count; i++)
        free(c.edits[i].text);
    free(c.edits);
    return good;
}
