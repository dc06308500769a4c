/*
 * yamlgrad keys: describes every key of `data:` and `train:`, from the tables that read them.
 */
#include "../graph/spelling.h"
#include "../models/loader/names.h"
#include "commands.h"
#include "json.h"
#include "key_list.h"
#include "key_search.h"
#include "markdown.h"
#include "schema.h"
#include "session.h"
#include "table.h"
#include "terminal.h"

#include <stdlib.h>
#include <string.h>

/* What is shown: all; the groups of a path; or one key of them. */
typedef struct choice {
    const key_list *list;
    const char *path; /* NULL: all */
} choice;

/* The rest of `path` behind `start` and a point; NULL: it does not begin so. */
static const char *rest_of(const char *path, const char *start) {
    const size_t length = strlen(start);
    return strncmp(path, start, length) == 0 && path[length] == '.' ? path + length + 1 : NULL;
}

static bool shows_group(const choice *c, const yg_setting_group *group) {
    if (!c->path || strcmp(c->path, group->path) == 0)
        return true;
    const char *rest = rest_of(c->path, group->path);
    return rest && group->kind && strcmp(rest, group->kind) == 0;
}

static bool shows(const choice *c, const yg_setting_group *group, const yg_setting *setting) {
    if (setting->hint)
        return false;
    if (shows_group(c, group))
        return true;
    const char *rest = rest_of(c->path, group->path);
    return rest && strcmp(rest, setting->name) == 0;
}

static size_t shown_count(const choice *c, const yg_setting_group *group) {
    size_t count = 0;
    for (size_t i = 0; i < group->count; i++)
        count += shows(c, group, &group->settings[i]);
    return count;
}

/* ------------------------------------------------------------------------------------- texts -- */

static void print_heading(const yg_setting_group *group, bool markdown) {
    const char *quote = markdown ? "`" : "";
    if (!group->doc)
        return;
    terminal_print(stdout, markdown ? "\n" : "");
    if (!markdown)
        terminal_start(stdout, STYLE_BOLD);
    terminal_print(stdout, markdown ? "**" : "");
    terminal_print(stdout, "%s%s%s", quote, group->path, quote);
    if (group->kind)
        terminal_print(stdout, " with %s%s%s", quote, group->kind, quote);
    terminal_print(stdout, markdown ? "**" : "");
    if (!markdown)
        terminal_stop(stdout);
    terminal_print(stdout, ": %s%s\n", group->doc, markdown ? "." : "");
}

static void print_groups(const choice *c) {
    static const char *const headers[] = {"key", "value", "default", "what"};
    bool first = true;
    for (size_t g = 0; g < c->list->count;) {
        table table = {.columns = 4, .headers = headers, .align = "llll"};
        const yg_setting_group *group = &c->list->groups[g];
        size_t rows = 0;
        char text[300];
        if (group->doc && (shows_group(c, group) || shown_count(c, group))) {
            terminal_print(stdout, first ? "" : "\n");
            print_heading(group, false);
            first = false;
        }
        do {
            group = &c->list->groups[g];
            for (size_t i = 0; i < group->count; i++) {
                const yg_setting *s = &group->settings[i];
                if (!shows(c, group, s))
                    continue;
                table_add(&table, "%s", s->name);
                table_add(&table, "%s", key_value_text(s, text, sizeof text));
                table_add(&table, "%s", key_default_text(s));
                table_add(&table, "%s", s->doc);
                rows++;
            }
        } while (++g < c->list->count && !c->list->groups[g].doc);
        if (rows)
            table_print(&table, stdout, 2);
    }
}

static void print_markdown(const choice *c) {
    static const char *const heads[] = {"key", "value", "default", "example", "what"};
    static const char *const lines[] = {"---", "---", "---", "---", "---"};
    for (size_t g = 0; g < c->list->count; g++) {
        const yg_setting_group *group = &c->list->groups[g];
        print_heading(group, true);
        if (group->doc && group->count) {
            terminal_print(stdout, "\n");
            markdown_row(heads, 5);
            markdown_row(lines, 5);
        }
        for (size_t i = 0; i < group->count; i++) {
            const yg_setting *s = &group->settings[i];
            char name[80], value[300], example[200];
            if (s->hint)
                continue;
            snprintf(name, sizeof name, "`%s`", s->name);
            snprintf(example, sizeof example, "`%s`", key_example_text(s));
            const char *const cells[] = {name, key_value_text(s, value, sizeof value),
                                         key_default_text(s), example, s->doc};
            markdown_row(cells, 5);
        }
    }
}

/* -------------------------------------------------------------------------------------- JSON -- */

static void set_text(json_t **object, const char *key, const char *text) {
    if (text)
        json_set(object, key, json_string(text));
}

static json_t *json_of_setting(const yg_setting *s) {
    json_t *object = json_object();
    char text[300];
    set_text(&object, "name", s->name);
    set_text(&object, "value", key_value_text(s, text, sizeof text));
    json_set(&object, "required", json_boolean(s->required));
    set_text(&object, "default", s->fallback);
    set_text(&object, "example", key_example_text(s));
    set_text(&object, "doc", s->doc);
    return object;
}

static json_t *json_of_groups(const choice *c) {
    json_t *list = json_array();
    for (size_t g = 0; g < c->list->count; g++) {
        const yg_setting_group *group = &c->list->groups[g];
        json_t *object = json_object(), *keys = json_array();
        for (size_t i = 0; i < group->count; i++)
            if (shows(c, group, &group->settings[i]))
                json_append(&keys, json_of_setting(&group->settings[i]));
        if (!shows_group(c, group) && !json_array_size(keys)) {
            json_decref(object);
            json_decref(keys);
            continue;
        }
        set_text(&object, "path", group->path);
        set_text(&object, "kind", group->kind);
        set_text(&object, "doc", group->doc);
        json_set(&object, "keys", keys);
        json_append(&list, object);
    }
    return list;
}

/* ----------------------------------------------------------------------------------- command -- */

static bool is_known(const choice *c) {
    for (size_t g = 0; g < c->list->count; g++)
        if (shows_group(c, &c->list->groups[g]) || shown_count(c, &c->list->groups[g]))
            return true;
    return false;
}

/* Suggests paths of groups and of keys, and names alone. */
static int unknown(const choice *c) {
    size_t count = 0, room = 1;
    char hint[400];
    for (size_t g = 0; g < c->list->count; g++)
        room += 1 + 2 * c->list->groups[g].count;
    const char **names = yg_pool_take(c->list->pool, room * sizeof *names);
    for (size_t g = 0; names && g < c->list->count; g++) {
        const yg_setting_group *group = &c->list->groups[g];
        names[count++] = group->path;
        for (size_t i = 0; i < group->count; i++)
            if (!group->settings[i].hint)
                names[count] =
                    yg_pool_format(c->list->pool, "%s.%s", group->path, group->settings[i].name),
                count += names[count] != NULL;
    }
    for (size_t g = 0; names && g < c->list->count; g++)
        for (size_t i = 0; i < c->list->groups[g].count; i++)
            names[count++] = c->list->groups[g].settings[i].name;
    terminal_error("there is no key '%s'%s", c->path,
                   yg_suggest(c->path, names, count, hint, sizeof hint));
    return STATUS_FAILED;
}

static int show(const command_line *line, const choice *c) {
    if (option_given(line, "schema"))
        return schema_print(c->list);
    if (option_given(line, "markdown")) {
        print_markdown(c);
        return STATUS_OK;
    }
    const bool known = !c->path || is_known(c);
    if (!known && !option_given(line, "json") && key_search_print(c->list, c->path))
        return STATUS_OK;
    if (!known)
        return unknown(c);
    if (option_given(line, "json"))
        return json_print(json_of_groups(c), YG_F64);
    print_groups(c);
    return STATUS_OK;
}

static int run(const command_line *line) {
    key_list list;
    const choice c = {.list = &list, .path = operand(line, 0)};
    if (c.path && (option_given(line, "markdown") || option_given(line, "schema"))) {
        terminal_error("--markdown and --schema tell of all keys: leave out '%s'", c.path);
        return STATUS_USAGE;
    }
    const int status = key_list_make(&list) ? show(line, &c) : STATUS_FAILED;
    key_list_free(&list);
    return status;
}

static const option_spec options[] = {
    OPTION_MARKDOWN,
    OPTION_JSON,
    {.name = "schema", .kind = OPTION_FLAG, .doc = "print the JSON Schema of model files"}};

const command command_keys = {
    .name = "keys",
    .operands = "[PATH|WORD]",
    .summary = "list the keys of `data:` and `train:`, or tell about one",
    .details =
        "Lists the keys that the sections `data` and `train` of a model file may have, with\n"
        "what each may be and its default; or those of one mapping, or one key, by its path:\n"
        "train.early_stopping, train.optimizer.adam, data.windows.length. Of another word, such "
        "as\n"
        "lr, the keys that have to do with it are listed, the nearest first.\n",
    .max_operands = 1,
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = run,
};
