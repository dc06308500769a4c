/*
 * How the values of `data` and `train` are read: see models/loader/section_keys.h.
 */
#include "../models/loader/section_keys.h"

#include "../data/settings.h"
#include "optimizer_update.h"
#include "settings.h"

#include <string.h>

static yg_reading reading_of(const yg_setting *setting) {
    switch (setting->kind) {
    case YG_SETTING_WHOLE:
    case YG_SETTING_NUMBER:
    case YG_SETTING_FLAG:
        return YG_READ_NUMBERS;
    case YG_SETTING_VALUE:
        return setting->forms & YG_FORM_NUMBERS    ? YG_READ_NUMBERS
               : setting->forms & YG_FORM_ANY      ? YG_READ_ANY
               : setting->forms & YG_FORM_FORMULAS ? YG_READ_FORMULAS
                                                   : YG_READ_TEXTS;
    default:
        return YG_READ_TEXTS;
    }
}

static bool find_in(const yg_setting_group *group, const char *key, yg_section_key *found) {
    static const unsigned kinds = YG_FORM_SCALAR | YG_FORM_LIST | YG_FORM_MAPPING;
    for (size_t i = 0; i < group->count; i++) {
        const yg_setting *setting = &group->settings[i];
        if (strcmp(setting->name, key) != 0 || setting->hint)
            continue;
        *found =
            (yg_section_key){reading_of(setting), setting->kind == YG_SETTING_VALUE &&
                                                      (setting->forms & kinds) == YG_FORM_LIST};
        return true;
    }
    return false;
}

/* The options of all optimizers: no two mean a number and a text by one name. */
static bool find_option(const char *key, yg_section_key *found) {
    const yg_optimizer_update *const *updates = yg_optimizer_updates();
    for (size_t u = 0; updates[u]; u++)
        for (size_t i = 0; i < updates[u]->option_count; i++) {
            const yg_option *option = &updates[u]->options[i];
            if (!option->name || strcmp(option->name, key) != 0)
                continue;
            found->reading = option->kind == YG_OPTION_CHOICE ? YG_READ_TEXTS
                             : option->nullable               ? YG_READ_ANY
                                                              : YG_READ_NUMBERS;
            found->list = false;
            return true;
        }
    return false;
}

/* The group of that number, of both sections. */
static bool group_of(size_t index, bool data, yg_setting_group *group) {
    size_t count, optimizer_count;
    const yg_setting_group *const *groups = yg_settings_groups(&count);
    const yg_setting_group *optimizers = yg_optimizer_groups(&optimizer_count);
    if (data)
        return yg_data_settings(index, group);
    if (index >= count + optimizer_count)
        return false;
    *group = index < count ? *groups[index] : optimizers[index - count];
    return true;
}

bool yg_section_key_find(const char *path, const char *key, yg_section_key *found) {
    const bool data = strncmp(path, "data", 4) == 0;
    yg_setting_group group;
    for (size_t i = 0; group_of(i, data, &group); i++)
        if (strcmp(group.path, path) == 0 && find_in(&group, key, found))
            return true;
    return strncmp(path, "train.optimizer", 15) == 0 && find_option(key, found);
}

bool yg_section_has(const char *path) {
    const bool data = strncmp(path, "data", 4) == 0;
    yg_setting_group group;
    for (size_t i = 0; group_of(i, data, &group); i++)
        if (strcmp(group.path, path) == 0)
            return true;
    return false;
}
