/*
 * The example of each key of `data` and `train`, as documents show it: it is another value than the
 * default, the table that reads the key takes it, and a whole `train` section with it is read.
 */
#include "cli/key_list.h"
#include "graph/text.h"
#include "model_text.h"
#include "train/settings.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A key that means nothing without another one. */
static const struct {
    const char *kind, *key, *with;
} companions[] = {
    {"sgd", "nesterov", "momentum: 0.9"},
    {NULL, "monitor", "mode: max"},
    {NULL, "mode", "monitor: validation.accuracy"},
};

static bool same(const char *a, const char *b) {
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* The key with its example, and what its mapping cannot do without. */
static void add_entries(yg_text *text, const yg_setting_group *group, size_t index) {
    const yg_setting *setting = &group->settings[index];
    yg_text_add(text, "%s: %s", setting->name, key_example_text(setting));
    for (size_t i = 0; i < group->count; i++)
        if (i != index && group->settings[i].required)
            yg_text_add(text, ", %s: %s", group->settings[i].name,
                        key_example_text(&group->settings[i]));
    for (size_t i = 0; i < sizeof companions / sizeof *companions; i++)
        if (same(companions[i].kind, group->kind) && same(companions[i].key, setting->name))
            yg_text_add(text, ", %s", companions[i].with);
}

/* The table takes the value: its kind, its range, its choices. */
static void check_table(const yg_setting_group *group, size_t index) {
    static char into[1 << 12]; /* larger than any struct that a table fills */
    const yg_setting *setting = &group->settings[index];
    const char *example = key_example_text(setting);
    char text[400];
    yg_error error = {0};
    cr_expect_neq(*example, '\0', "`%s.%s` has no example", group->path, setting->name);
    cr_expect_not(same(example, setting->fallback), "%s.%s: the example `%s` is the default",
                  group->path, setting->name, example);
    cr_assert_lt(setting->offset, sizeof into - 8);
    snprintf(text, sizeof text, "%s: %s\n", setting->name, example);
    yg_document *document = yg_document_parse(text, strlen(text), "example", &error);
    cr_expect(document && yg_setting_read(yg_document_root(document), group->settings, group->count,
                                          into, &error),
              "%s: %s%s", group->path, text, error.message);
    yg_document_free(document);
}

/* Of each key with choices, one that is misspelt is told the right one. */
static size_t check_choices(const yg_setting_group *group, const yg_setting *setting) {
    static char into[1 << 12];
    size_t count = 0;
    for (; setting->kind == YG_SETTING_CHOICE && setting->choices[count]; count++) {
        char text[200], meant[100];
        yg_error error = {0};
        snprintf(text, sizeof text, "%s: %sx\n", setting->name, setting->choices[count]);
        snprintf(meant, sizeof meant, "; did you mean '%s'?", setting->choices[count]);
        yg_document *document = yg_document_parse(text, strlen(text), "example", &error);
        cr_expect_not(document && yg_setting_read(yg_document_root(document), group->settings,
                                                  group->count, into, &error));
        cr_expect_not_null(strstr(error.message, meant), "%s: %s", group->path, error.message);
        yg_document_free(document);
    }
    return count;
}

static const char model_head[] = "format: 1\n"
                                 "inputs: {x: [B, 2]}\n"
                                 "targets: {y: [B, 1]}\n"
                                 "graph: {h: {type: linear, out_features: 1}}\n"
                                 "outputs: [h]\n"
                                 "loss: mse(h, y)\n"
                                 "metrics: {accuracy: \"mae(h, y)\"}\n"
                                 "data:\n"
                                 "  train: {x: [[1, 2], [3, 4]], y: [[1], [2]]}\n"
                                 "  validation: {x: [[1, 2]], y: [[1]]}\n";

/* A `train` section with the example in its place. */
static char *section_of(const yg_setting_group *group, size_t index) {
    const char *path = group->path, *name = group->settings[index].name;
    yg_text text = {0};
    yg_text_add(&text, "%strain:\n", model_head);
    if (strcmp(path, "train") == 0) {
        yg_text_add(&text, "  %s: %s\n", name, key_example_text(&group->settings[index]));
        if (strcmp(name, "epochs") != 0 && strcmp(name, "steps") != 0)
            yg_text_add(&text, "  epochs: 3\n");
        if (strcmp(name, "optimizer") != 0)
            yg_text_add(&text, "  optimizer: adam\n");
        return yg_text_take(&text);
    }
    yg_text_add(&text, "  epochs: 3\n");
    if (strcmp(path, "train.optimizer.groups.PATTERN") == 0) {
        yg_text_add(&text, "  optimizer: {type: adam, groups: {\"*\": {");
        add_entries(&text, group, index);
        yg_text_add(&text, "}}}\n");
        return yg_text_take(&text);
    }
    const char *own = path + strlen("train."), *type = group->kind;
    const bool optimizer = strcmp(own, "optimizer") == 0, schedule = strcmp(own, "schedule") == 0;
    const bool length = schedule && (strcmp(name, "epochs") == 0 || strcmp(name, "steps") == 0);
    if (strcmp(name, "type") == 0 || strcmp(name, "formula") == 0)
        type = NULL;
    else if (!type && schedule)
        type = "cosine";
    yg_text_add(&text, "%s  %s: %s{", optimizer ? "" : "  optimizer: adam\n", own,
                length ? "[" : "");
    if (type)
        yg_text_add(&text, "type: %s, ", type);
    add_entries(&text, group, index);
    yg_text_add(&text, length ? "}, constant]\n" : "}\n");
    return yg_text_take(&text);
}

static bool read_section(const char *text, yg_error *error) {
    yg_model *model = model_from_text(text, error);
    yg_settings settings;
    const bool good = model && yg_settings_read(model, NULL, &settings, error);
    yg_model_free(model);
    return good;
}

Test(key_examples, are_read) {
    key_list list;
    size_t count = 0, whole = 0, choices = 0;
    cr_assert(key_list_make(&list));
    for (size_t g = 0; g < list.count; g++) {
        const yg_setting_group *group = &list.groups[g];
        for (size_t i = 0; i < group->count; i++) {
            yg_error error = {0};
            if (group->settings[i].hint)
                continue;
            count++;
            check_table(group, i);
            choices += check_choices(group, &group->settings[i]);
            if (strncmp(group->path, "train", 5) != 0)
                continue;
            whole++;
            char *text = section_of(group, i);
            cr_expect(read_section(text, &error), "%s\n%s", error.message,
                      text + sizeof model_head - 1);
            free(text);
        }
    }
    cr_expect_gt(count, 200, "%zu", count);
    cr_expect_gt(whole, 120, "%zu", whole);
    cr_expect_gt(choices, 20, "%zu", choices);
    key_list_free(&list);
}
