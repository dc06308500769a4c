/*
 * All keys of `data:` and `train:`: see key_list.h.
 */
#include "key_list.h"

#include "../data/settings.h"
#include "../graph/number.h"
#include "../models/model.h"
#include "../train/settings.h"
#include "schedule_keys.h"
#include "terminal.h"

#include <stdio.h>
#include <string.h>

static bool collect(key_list *list) {
    yg_setting_group group;
    size_t data = 0, train = 0;
    const yg_setting_group *of_train = yg_train_settings(list->pool, &train);
    while (yg_data_settings(data, &group))
        data++;
    const size_t schedules = yg_schedule_count();
    list->groups = yg_pool_take(list->pool, (data + train + schedules) * sizeof *list->groups);
    if (!of_train || !list->groups)
        return false;
    for (size_t i = 0; i < data; i++)
        yg_data_settings(i, &list->groups[i]);
    list->count = data;
    /* The schedules come behind what all of them have. */
    for (size_t i = 0; i < train; i++) {
        list->groups[list->count++] = of_train[i];
        if (strcmp(of_train[i].path, "train.schedule") == 0) {
            if (!schedule_keys(list->pool, list->groups + list->count))
                return false;
            list->count += schedules;
        }
    }
    return true;
}

bool key_list_make(key_list *list) {
    *list = (key_list){.pool = yg_pool_new()};
    if (list->pool && collect(list))
        return true;
    terminal_error("out of memory");
    return false;
}

void key_list_free(key_list *list) {
    yg_pool_free(list->pool);
}

/* ------------------------------------------------------------------------------------- texts -- */

static void add_range(const yg_setting *s, char *text, size_t size) {
    char low[YG_NUMBER_TEXT], high[YG_NUMBER_TEXT];
    const size_t at = strlen(text);
    const bool high_end = s->max > s->min && s->max<1e9, low_end = s->min> - 1e9;
    const char *from = yg_number_text(s->min, low), *to = yg_number_text(s->max, high);
    if (high_end && !low_end)
        snprintf(text + at, size - at, ", at most %s", to);
    else if (high_end)
        snprintf(text + at, size - at, s->above ? ", above %s, at most %s" : ", %s to %s", from,
                 to);
    else if (s->above)
        snprintf(text + at, size - at, ", above %s", from);
    else if (low_end && (s->kind == YG_SETTING_WHOLE || s->max > s->min))
        snprintf(text + at, size - at, ", at least %s", from);
}

const char *key_value_text(const yg_setting *s, char *text, size_t size) {
    switch (s->kind) {
    case YG_SETTING_WHOLE:
    case YG_SETTING_NUMBER:
        snprintf(text, size, "%s", s->kind == YG_SETTING_WHOLE ? "a whole number" : "a number");
        add_range(s, text, size);
        break;
    case YG_SETTING_CHOICE:
        text[0] = '\0';
        for (size_t i = 0; s->choices[i]; i++)
            snprintf(text + strlen(text), size - strlen(text), "%s%s",
                     i == 0              ? ""
                     : s->choices[i + 1] ? ", "
                                         : " or ",
                     s->choices[i]);
        break;
    default:
        snprintf(text, size, "%s",
                 s->kind == YG_SETTING_FLAG   ? "true or false"
                 : s->kind == YG_SETTING_TEXT ? "a text"
                                              : s->form);
    }
    return text;
}

const char *key_default_text(const yg_setting *setting) {
    return setting->fallback ? setting->fallback : setting->required ? "(required)" : "(none)";
}

const char *key_example_text(const yg_setting *setting) {
    const char *fallback = setting->fallback ? setting->fallback : "";
    if (setting->example)
        return setting->example;
    if (setting->kind == YG_SETTING_FLAG)
        return strcmp(fallback, "true") == 0 ? "false" : "true";
    if (setting->kind != YG_SETTING_CHOICE)
        return fallback;
    return setting->choices[strcmp(fallback, setting->choices[0]) == 0 && setting->choices[1]];
}
