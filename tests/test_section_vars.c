/*
 * A var in place of a value of `data` or `train` reads as the value: for every key of every table
 * of keys, whatever it is, and for the items of its lists.
 */
#include "data/settings.h"
#include "graph/number.h"
#include "graph/pool.h"
#include "graph/text.h"
#include "model_text.h"
#include "train/settings.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where a mapping of a path stands in a file: before its entry. */
static const struct {
    const char *path, *before;
} places[] = {
    {"data", "data:\n  "},
    {"data.part", "data:\n  train:\n    "},
    {"data.split", "data:\n  validation:\n    "},
    {"data.columns.NAME", "data:\n  columns:\n    c:\n      "},
    {"train", "train:\n  "},
    {"train.schedule", "train:\n  schedule:\n  - "},
    {"train.optimizer.groups.PATTERN",
     "train:\n  optimizer:\n    groups:\n      \"*.bias\":\n        "},
};

/* The section with an entry; "train.early_stopping" stands where its path says. */
static char *section_of(const char *path, const char *entry) {
    yg_text text = {0};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (strcmp(places[i].path, path) == 0)
            yg_text_add(&text, "%s%s\n", places[i].before, entry);
    if (!text.data) {
        const char *point = strchr(path, '.');
        cr_assert(point && !strchr(point + 1, '.'), "where does `%s` stand?", path);
        yg_text_add(&text, "%.*s:\n  %s:\n    %s\n", (int)(point - path), path, point + 1, entry);
    }
    if (strcmp(path, "train.schedule") == 0) {
        const bool length = strncmp(entry, "steps", 5) == 0 || strncmp(entry, "epochs", 6) == 0;
        yg_text_add(&text, "%s%s  - cosine\n",
                    strncmp(entry, "type", 4) == 0 ? "" : "    type: cosine\n",
                    length ? "" : "    steps: 5\n");
    }
    if (strcmp(path, "data.split") == 0 && strncmp(entry, "from", 4) != 0)
        yg_text_add(&text, "    from: train\n");
    return yg_text_take(&text);
}

/* A value as an expression of `vars`. */
static void add_expression(yg_text *out, const yg_value *value) {
    double number;
    if (value->kind == YG_SEQUENCE) {
        yg_text_add(out, "[");
        for (size_t i = 0; i < value->count; i++) {
            yg_text_add(out, i ? ", " : "");
            add_expression(out, value->items[i]);
        }
        yg_text_add(out, "]");
        return;
    }
    const bool plain =
        !value->quoted &&
        (yg_number_parse(value->text, strlen(value->text), &number) != YG_NUMBER_NOT ||
         strcmp(value->text, "true") == 0 || strcmp(value->text, "false") == 0);
    const char *quote = plain ? "" : strchr(value->text, '\'') ? "\"" : "'";
    yg_text_add(out, "%s%s%s", quote, value->text, quote);
}

static bool same_text(const char *a, const char *b) {
    double x, y;
    return strcmp(a, b) == 0 || (yg_number_parse(a, strlen(a), &x) != YG_NUMBER_NOT &&
                                 yg_number_parse(b, strlen(b), &y) != YG_NUMBER_NOT && x == y);
}

static bool same_value(const yg_value *a, const yg_value *b) {
    if (!a || !b || a->kind != b->kind || a->count != b->count || !same_text(a->text, b->text))
        return false;
    for (size_t i = 0; i < a->count; i++)
        if ((a->keys && strcmp(a->keys[i]->text, b->keys[i]->text) != 0) ||
            !same_value(a->items[i], b->items[i]))
            return false;
    return true;
}

static yg_model *load(const char *vars, const char *section, const char *what) {
    static const char rest[] = "inputs: {x: [B, 2]}\ntargets: {y: [B, 1]}\n"
                               "graph: {h: {type: linear, out_features: 1}}\n"
                               "outputs: [h]\nloss: mse(h, y)\n";
    yg_text text = {0};
    yg_error error = {0};
    yg_text_add(&text, "format: 1\n%s%s%s\n", vars, rest, section);
    char *whole = yg_text_take(&text);
    yg_model *model = model_from_text(whole, &error);
    cr_assert_not_null(model, "%s: %s\n%s", what, error.message, whole);
    free(whole);
    return model;
}

/* The values of the section are the same, although `entry` has a var. */
static void expect_same(const char *path, const char *vars, const char *value, const char *entry) {
    char *with_value = section_of(path, value), *with_var = section_of(path, entry);
    const char *name = strncmp(path, "data", 4) == 0 ? "data" : "train";
    yg_model *a = load("", with_value, value), *b = load(vars, with_var, entry);
    cr_expect(same_value(yg_model_section(a, name), yg_model_section(b, name)), "%s with %s%s",
              with_value, vars, with_var);
    yg_model_free(a);
    yg_model_free(b);
    free(with_value);
    free(with_var);
}

/* The same for each item of a list, with the others as they are. */
static void check_items(const char *path, const char *key, const char *value,
                        const yg_value *list) {
    for (size_t i = 0; i < list->count; i++) {
        yg_text vars = {0}, entry = {0};
        yg_text_add(&vars, "vars:\n  v: >-\n    ");
        add_expression(&vars, list->items[i]);
        yg_text_add(&vars, "\n");
        yg_text_add(&entry, "%s: [", key);
        for (size_t k = 0; k < list->count; k++)
            yg_text_add(&entry, "%s%s", k ? ", " : "", k == i ? "v" : list->items[k]->text);
        yg_text_add(&entry, "]");
        char *v = yg_text_take(&vars), *e = yg_text_take(&entry);
        expect_same(path, v, value, e);
        free(v);
        free(e);
    }
}

static size_t check_key(const char *path, const yg_setting *setting) {
    const char *example = setting->example ? setting->example : setting->fallback;
    yg_error error = {0};
    if (setting->hint || setting->forms & YG_FORM_FORMULAS) /* such a formula sees vars by itself */
        return 0;
    cr_assert_not_null(example, "`%s.%s` has no example", path, setting->name);
    yg_document *document = yg_document_parse(example, strlen(example), "example", &error);
    cr_assert_not_null(document, "%s: %s", example, error.message);
    const yg_value *value = yg_document_root(document);
    if (value->kind == YG_MAPPING) { /* its keys have a table of their own, or are names */
        yg_document_free(document);
        return 0;
    }
    yg_text vars = {0}, with_value = {0}, with_var = {0};
    yg_text_add(&vars, "vars:\n  v: >-\n    ");
    add_expression(&vars, value);
    yg_text_add(&vars, "\n");
    yg_text_add(&with_value, "%s: %s", setting->name, example);
    yg_text_add(&with_var, "%s: v", setting->name);
    char *v = yg_text_take(&vars), *a = yg_text_take(&with_value), *b = yg_text_take(&with_var);
    expect_same(path, v, a, b);
    if (value->kind == YG_SEQUENCE)
        check_items(path, setting->name, a, value);
    free(v);
    free(a);
    free(b);
    yg_document_free(document);
    return 1;
}

static size_t check_group(const yg_setting_group *group) {
    size_t count = 0;
    for (size_t i = 0; i < group->count; i++)
        count += check_key(group->path, &group->settings[i]);
    return count;
}

Test(section_vars, reach_every_key_of_data) {
    size_t count = 0;
    yg_setting_group group;
    for (size_t i = 0; yg_data_settings(i, &group); i++)
        count += check_group(&group);
    cr_expect_gt(count, 50, "%zu", count);
}

Test(section_vars, reach_every_key_of_train) {
    size_t count = 0, groups = 0;
    yg_pool *pool = yg_pool_new();
    const yg_setting_group *all = yg_train_settings(pool, &groups);
    cr_assert_not_null(all);
    for (size_t i = 0; i < groups; i++)
        count += check_group(&all[i]);
    cr_expect_gt(count, 80, "%zu", count);
    yg_pool_free(pool);
}

/* What stands in the section, with these vars; and what is read there. */
static const struct {
    const char *vars, *section, *read;
} cases[] = {
    /* Formulas where a number or a truth value is expected, with functions too. */
    {"n: 8", "train: {epochs: n // 3}", "train: {epochs: 2}"},
    {"n: 8", "train: {batch_size: 'n', epochs: n}", "train: {batch_size: 'n', epochs: 8}"},
    {"n: 8", "train: {drop_last: n > 3}", "train: {drop_last: true}"},
    {"n: 4.0", "data: {validation: {from: train, fraction: 1 / sqrt(n)}}",
     "data: {validation: {from: train, fraction: 0.5}}"},
    {"", "data: {validation: {from: train, fraction: 1 / 4}}",
     "data: {validation: {from: train, fraction: 0.25}}"},
    {"n: 3", "data: {sequences: {pad: {x: -n}}}", "data: {sequences: {pad: {x: -3}}}"},
    /* A column may have the name of a var that is a number. */
    {"n: 3", "data: {train: {csv: a.csv, x: [n, m], y: n}, seed: n}",
     "data: {train: {csv: a.csv, x: [n, m], y: n}, seed: 3}"},
    {"n: 3", "data: {train: {csv: a.csv, exclude: n}, windows: {length: n, by: n}}",
     "data: {train: {csv: a.csv, exclude: n}, windows: {length: 3, by: n}}"},
    /* Lists of columns, and a text in quotes, which is only itself. */
    {"c: \"['a', 'b']\", d: \"'e'\"", "data: {train: {csv: d, x: c, y: [d, f], exclude: \"d\"}}",
     "data: {train: {csv: e, x: [a, b], y: [e, f], exclude: \"d\"}}"},
    {"k: \"'category'\"", "data: {columns: {k: k, l: {kind: k, values: [k, m]}}}",
     "data: {columns: {k: category, l: {kind: category, values: [category, m]}}}"},
    /* An item of a list is no list. */
    {"n: \"[1, 2]\"", "data: {standardize: [n, x], columns: {a: {kind: category, values: n}}}",
     "data: {standardize: [n, x], columns: {a: {kind: category, values: [1, 2]}}}"},
    /* Rows, texts that are no formulas, and what may be either. */
    {"n: 3", "data: {train: {x: [[n, -n], [n / 2, 1]], y: [[n], [0]]}}",
     "data: {train: {x: [[3, -3], [1.5, 1]], y: [[3], [0]]}}"},
    {"year: 3", "data: {test: {from: train, column: year, equals: [year, 2024-01-02, a/b]}}",
     "data: {test: {from: train, column: year, equals: [3, 2024-01-02, a/b]}}"},
    {"m: \"'mean'\", n: 2", "data: {columns: {a: {missing: m}, b: {missing: n + 1}}}",
     "data: {columns: {a: {missing: mean}, b: {missing: 3}}}"},
    {"m: \"'5 MB'\"", "data: {memory: m}", "data: {memory: 5 MB}"},
    /* Options of optimizers and of their groups, and arguments of schedules. */
    {"b: \"[0.5, 0.25]\", z: 0",
     "train: {optimizer: {type: adam, betas: b, groups: {\"*\": {betas: [z, 1 "
     "- 2 ** -3], lr: z}}}}",
     "train: {optimizer: {type: adam, betas: [0.5, 0.25], groups: {\"*\": {betas: [0, 0.875], lr: "
     "0}}}}"},
    {"s: \"'step'\", n: 5", "train: {schedule: {type: s, step_size: n, warmup_steps: n - 3}}",
     "train: {schedule: {type: step, step_size: 5, warmup_steps: 2}}"},
};

Test(section_vars, texts_and_numbers) {
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char vars[200];
        snprintf(vars, sizeof vars, "vars: {%s, unused: 1}\nexpect: {parameters: 3 + 0 * unused}\n",
                 cases[i].vars);
        const char *name = strncmp(cases[i].section, "data", 4) == 0 ? "data" : "train";
        yg_model *a = load(*cases[i].vars ? vars : "", cases[i].section, cases[i].section);
        yg_model *b = load("", cases[i].read, cases[i].read);
        cr_expect(same_value(yg_model_section(a, name), yg_model_section(b, name)), "%s",
                  cases[i].section);
        yg_model_free(a);
        yg_model_free(b);
    }
}
