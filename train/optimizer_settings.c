/*
 * The keys of `train:` for documents: the tables of settings.c, and those of each optimizer, which
 * are made from its options.
 */
#include "../graph/number.h"
#include "../models/loader/names.h"
#include "optimizer_update.h"
#include "settings.h"

#include <math.h>

enum { COMMON = 4 };

static const yg_setting common[COMMON] = {
    {"type", .kind = YG_SETTING_VALUE, .form = "an optimizer's name", .forms = YG_FORM_SCALAR,
     .required = true, .example = "adam", .doc = "which optimizer"},
    {"lr", .kind = YG_SETTING_NUMBER, .max = 1e10, .example = "0.01",
     .fallback = "the optimizer's own", .doc = "the learning rate"},
    {"maximize", .kind = YG_SETTING_FLAG, .fallback = "false",
     .doc = "makes the loss larger, not smaller: gradients count with the opposite sign (not with "
            "`lbfgs`)"},
    {"groups", .kind = YG_SETTING_VALUE, .form = "a mapping from pattern to keys",
     .forms = YG_FORM_MAPPING, .fallback = "{}", .example = "{\"*.bias\": {weight_decay: 0}}",
     .doc = "other settings for parameters whose names match a pattern"},
};

static const yg_setting of_groups[COMMON] = {
    {"type", .kind = YG_SETTING_VALUE, .form = "an optimizer's name", .forms = YG_FORM_SCALAR,
     .fallback = "that of the optimizer", .example = "sgd", .doc = "which optimizer"},
    {"lr", .kind = YG_SETTING_NUMBER, .max = 1e10, .fallback = "that of the optimizer",
     .example = "0.001",
     .doc = "the learning rate, which keeps its ratio to the optimizer's in all steps"},
    {"maximize", .kind = YG_SETTING_FLAG, .fallback = "that of the optimizer",
     .doc = "makes the loss larger by these parameters, while others make it smaller"},
    {"frozen_until", .kind = YG_SETTING_WHOLE, .fallback = "0", .example = "5",
     .doc = "how many epochs pass before these parameters are trained"},
};

/* What all optimizers have, and what a group of parameters has. */
static const yg_setting_group optimizer_groups[] = {
    {"train.optimizer", "how a step changes the parameters", common, COMMON, NULL},
    {"train.optimizer.groups.PATTERN",
     "what is different for parameters whose names match the pattern; the options of the optimizer "
     "are keys here too",
     of_groups, COMMON, NULL},
};

const yg_setting_group *yg_optimizer_groups(size_t *count) {
    *count = sizeof optimizer_groups / sizeof *optimizer_groups;
    return optimizer_groups;
}

static const char *number_text(yg_pool *pool, double number) {
    char text[YG_NUMBER_TEXT];
    return isnan(number) ? "null" : yg_pool_text(pool, yg_number_text(number, text));
}

/* The default of an option; that of a list is the numbers of this entry and the next ones. */
static const char *default_text(yg_pool *pool, const yg_option *option, size_t count) {
    const char *text = number_text(pool, option->fallback);
    switch (option->kind) {
    case YG_OPTION_FLAG:
        return option->fallback > 0 ? "true" : "false";
    case YG_OPTION_CHOICE:
        return option->choices[(size_t)option->fallback];
    case YG_OPTION_LIST:
        for (size_t i = 1; text && i < count; i++) {
            const char *next = number_text(pool, option[i].fallback);
            text = next ? yg_pool_format(pool, "%s, %s", text, next) : NULL;
        }
        return text ? yg_pool_format(pool, "[%s]", text) : NULL;
    default:
        return text;
    }
}

/* `count` entries of the table belong to the option. */
static bool add_option(yg_pool *pool, const yg_option *option, size_t count, yg_setting *out) {
    *out = (yg_setting){.name = option->name,
                        .min = option->min,
                        .max = option->max,
                        .above = option->above,
                        .choices = option->choices,
                        .fallback = default_text(pool, option, count),
                        .example = option->example,
                        .doc = option->doc};
    switch (option->kind) {
    case YG_OPTION_FLAG:
        out->kind = YG_SETTING_FLAG;
        break;
    case YG_OPTION_WHOLE:
        out->kind = YG_SETTING_WHOLE;
        break;
    case YG_OPTION_CHOICE:
        out->kind = YG_SETTING_CHOICE;
        break;
    case YG_OPTION_LIST:
        out->form = "a list of numbers";
        out->forms = YG_FORM_LIST | YG_FORM_NUMBERS;
        break;
    default:
        out->kind = option->nullable ? YG_SETTING_VALUE : YG_SETTING_NUMBER;
        out->form = "a number, or null";
        out->forms = YG_FORM_SCALAR | YG_FORM_ANY;
    }
    return out->fallback != NULL;
}

static bool add_optimizer(yg_pool *pool, const yg_optimizer_update *update,
                          yg_setting_group *group) {
    yg_setting *settings = yg_pool_take(pool, (update->option_count + 1) * sizeof *settings);
    const char *lr = number_text(pool, update->lr);
    const char *doc = lr ? yg_pool_format(pool, "%s; lr is %s by default", update->doc, lr) : NULL;
    *group = (yg_setting_group){"train.optimizer", doc, settings, 0, update->name};
    for (size_t i = 0, next; settings && i < update->option_count; i = next) {
        for (next = i + 1; next < update->option_count && !update->options[next].name;)
            next++;
        if (!add_option(pool, &update->options[i], next - i, &settings[group->count++]))
            return false;
    }
    return settings && doc;
}

const yg_setting_group *yg_train_settings(yg_pool *pool, size_t *count) {
    const yg_optimizer_update *const *updates = yg_optimizer_updates();
    size_t own, optimizers = 0;
    const yg_setting_group *const *groups = yg_settings_groups(&own);
    while (updates[optimizers])
        optimizers++;
    yg_setting_group *all = yg_pool_take(pool, (own + optimizers + 2) * sizeof *all);
    bool good = all != NULL;
    *count = 0;
    for (size_t i = 0; good && i < own; i++)
        all[(*count)++] = *groups[i];
    if (good)
        all[(*count)++] = optimizer_groups[0];
    for (size_t i = 0; good && i < optimizers; i++)
        good = add_optimizer(pool, updates[i], &all[(*count)++]);
    if (good)
        all[(*count)++] = optimizer_groups[1];
    return good ? all : NULL;
}
