/*
 * Settings: see setting.h.
 */
#include "setting.h"

#include <float.h>
#include <stdio.h>
#include <stdlib.h>

static bool has_end(const yg_setting *setting) {
    return setting->max > setting->min;
}

static bool read_number(const yg_setting *s, const yg_value *value, const char *what, double *out,
                        yg_error *error) {
    const bool ranged = has_end(s) || s->max < s->min || s->above;
    const yg_number_range range = {.min = ranged ? s->min : 0,
                                   .max = !ranged      ? 0
                                          : has_end(s) ? s->max
                                                       : DBL_MAX,
                                   .above = s->above};
    return yg_value_number(value, what, &range, out, error);
}

static bool read_one(const yg_setting *s, const yg_value *value, void *into, yg_error *error) {
    char what[100];
    snprintf(what, sizeof what, "`%s`", s->name);
    void *to = (char *)into + s->offset;
    switch (s->kind) {
    case YG_SETTING_WHOLE:
        return yg_value_int(value, what, (int64_t)s->min, has_end(s) ? (int64_t)s->max : INT64_MAX,
                            to, error);
    case YG_SETTING_NUMBER:
        return read_number(s, value, what, to, error);
    case YG_SETTING_FLAG:
        return yg_value_bool(value, what, to, error);
    case YG_SETTING_CHOICE:
        return yg_value_choice(value, what, s->choices, to, error);
    case YG_SETTING_TEXT:
        return yg_value_text(value, what, to, error);
    default:
        *(const yg_value **)to = value;
        return true;
    }
}

void yg_setting_keys(const yg_setting *settings, size_t count, yg_key *keys) {
    for (size_t i = 0; i < count; i++)
        keys[i] = (yg_key){settings[i].name, settings[i].required, settings[i].hint, NULL};
}

bool yg_setting_read(const yg_value *mapping, const yg_setting *settings, size_t count, void *into,
                     yg_error *error) {
    for (size_t i = 0; i < count; i++) {
        const yg_value *value = settings[i].hint ? NULL : yg_value_get(mapping, settings[i].name);
        if (value && !read_one(&settings[i], value, into, error))
            return false;
    }
    return true;
}

bool yg_setting_read_all(const yg_value *mapping, const char *what, const yg_setting *settings,
                         size_t count, void *into, yg_error *error) {
    yg_key *keys = calloc(count + 1, sizeof *keys);
    if (!keys)
        return yg_fail_memory(error);
    yg_setting_keys(settings, count, keys);
    const bool known = yg_value_check_keys(mapping, what, keys, count, error);
    free(keys);
    return known && yg_setting_read(mapping, settings, count, into, error);
}
