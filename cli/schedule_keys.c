/*
 * The arguments of the built-in schedules as keys: see schedule_keys.h.
 */
#include "schedule_keys.h"

#include "../graph/text.h"
#include "../models/loader/names.h"
#include "../models/model.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *type;
    yg_setting_kind kind;
    unsigned forms;
    const char *form;
} kinds[] = {
    {"int", YG_SETTING_WHOLE, 0, NULL},
    {"float", YG_SETTING_NUMBER, 0, NULL},
    {"bool", YG_SETTING_FLAG, 0, NULL},
    {"choice", YG_SETTING_CHOICE, 0, NULL},
    {"ints", YG_SETTING_VALUE, YG_FORM_LIST | YG_FORM_NUMBERS, "a list of whole numbers"},
    {"floats", YG_SETTING_VALUE, YG_FORM_LIST | YG_FORM_NUMBERS, "a list of numbers"},
};

static const char *word(const yg_value *argument, const char *key) {
    const yg_value *value = argument->kind == YG_MAPPING ? yg_value_get(argument, key) : NULL;
    return value && value->kind == YG_SCALAR ? value->text : NULL;
}

/* A default or an example as it is written; NULL: there is none. */
static const char *written(yg_pool *pool, const yg_value *argument, const char *key) {
    const yg_value *value = argument->kind == YG_MAPPING ? yg_value_get(argument, key) : NULL;
    yg_text text = {0};
    if (!value || value->kind == YG_SCALAR)
        return value ? yg_pool_text(pool, value->text) : NULL;
    for (size_t i = 0; i < value->count; i++)
        yg_text_add(&text, "%s%s", i ? ", " : "[", value->items[i]->text);
    yg_text_add(&text, value->count ? "]" : "[]");
    char *made = yg_text_take(&text);
    const char *copy = made ? yg_pool_text(pool, made) : NULL;
    free(made);
    return copy;
}

static bool read_choices(yg_pool *pool, const yg_value *argument, yg_setting *out) {
    const yg_value *choices = yg_value_get(argument, "choices");
    const size_t count = choices ? choices->count : 0;
    const char **words = yg_pool_take(pool, (count + 1) * sizeof *words);
    for (size_t i = 0; words && i < count; i++)
        words[i] = yg_pool_text(pool, choices->items[i]->text);
    out->choices = words;
    return words != NULL;
}

/* An argument may be written as its type alone, `width: int`. */
static bool read_argument(yg_pool *pool, const char *name, const yg_value *argument,
                          yg_setting *out) {
    const char *type = argument->kind == YG_SCALAR ? argument->text : word(argument, "type");
    const char *min = word(argument, "min"), *max = word(argument, "max");
    const char *doc = word(argument, "doc"), *optional = word(argument, "optional");
    *out = (yg_setting){.name = yg_pool_text(pool, name),
                        .min = min ? strtod(min, NULL) : -1e15,
                        .max = max ? strtod(max, NULL) : 1e15,
                        .fallback = written(pool, argument, "default"),
                        .example = written(pool, argument, "example"),
                        .doc = yg_pool_text(pool, doc ? doc : "")};
    out->required = !out->fallback && !(optional && strcmp(optional, "true") == 0);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (type && strcmp(type, kinds[i].type) == 0) {
            out->kind = kinds[i].kind;
            out->forms = kinds[i].forms;
            out->form = kinds[i].form;
        }
    return out->name && out->doc &&
           (out->kind != YG_SETTING_CHOICE || read_choices(pool, argument, out));
}

/* The doc of a schedule says what its rate is. */
static bool read_schedule(yg_pool *pool, const char *name, const yg_value *schedule,
                          yg_setting_group *group) {
    const yg_value *arguments = yg_value_get(schedule, "args");
    const size_t count = arguments ? arguments->count : 0;
    const char *doc = word(schedule, "doc");
    yg_setting *settings = yg_pool_take(pool, (count + 1) * sizeof *settings);
    *group = (yg_setting_group){"train.schedule", yg_pool_text(pool, doc ? doc : ""), settings,
                                count, yg_pool_text(pool, name)};
    bool good = settings && group->doc && group->kind;
    for (size_t i = 0; good && i < count; i++)
        good = read_argument(pool, arguments->keys[i]->text, arguments->items[i], &settings[i]);
    return good;
}

bool schedule_keys(yg_pool *pool, yg_setting_group *groups) {
    bool good = true;
    for (size_t i = 0; good && i < yg_schedule_count(); i++) {
        const char *name = yg_schedule_name(i), *text = yg_schedule_text(name);
        yg_document *document = yg_document_parse(text, strlen(text), name, NULL);
        const yg_value *define =
            document ? yg_value_get(yg_document_root(document), "define") : NULL;
        const yg_value *schedule = define ? yg_value_get(define, name) : NULL;
        good = schedule && read_schedule(pool, name, schedule, &groups[i]);
        yg_document_free(document);
    }
    return good;
}
