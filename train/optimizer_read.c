/*
 * Reading an optimizer from the model file.
 */
#include "../graph/spelling.h"
#include "optimizer_update.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const yg_optimizer_update *const updates[] = {&yg_update_sgd,
                                                     &yg_update_adam,
                                                     &yg_update_adamw,
                                                     &yg_update_sparse_adam,
                                                     &yg_update_nadam,
                                                     &yg_update_radam,
                                                     &yg_update_adamax,
                                                     &yg_update_adagrad,
                                                     &yg_update_adadelta,
                                                     &yg_update_rmsprop,
                                                     &yg_update_rprop,
                                                     &yg_update_lion,
                                                     &yg_update_adafactor,
                                                     &yg_update_muon,
                                                     &yg_update_schedule_free_sgd,
                                                     &yg_update_schedule_free_adamw,
                                                     &yg_update_lbfgs,
                                                     NULL};

enum { UPDATES = sizeof updates / sizeof *updates - 1, KEYS = YG_OPTIMIZER_OPTIONS + 5 };

/* The most groups: each pattern is compared with every parameter. */
enum { GROUP_CAP = 1000 };

static const double LR_MAX = 1e10;
static const int64_t FROZEN_MAX = INT64_C(1) << 53; /* as large as a double counts */

const yg_optimizer_update *const *yg_optimizer_updates(void) {
    return updates;
}

static void list_names(const char *names[UPDATES + 1]) {
    for (size_t i = 0; i < UPDATES; i++)
        names[i] = updates[i]->name;
    names[UPDATES] = NULL;
}

static void set_defaults(const yg_optimizer_update *update, yg_optimizer *optimizer) {
    *optimizer = (yg_optimizer){.update = update, .lr = update->lr};
    for (size_t i = 0; i < update->option_count; i++)
        optimizer->options[i] = update->options[i].fallback;
}

static bool is_null(const yg_value *value) {
    return value->kind == YG_SCALAR && strcmp(value->text, "null") == 0;
}

static bool read_number(const yg_value *value, const yg_option *option, const char *what,
                        double *out, yg_error *error) {
    if (option->nullable && is_null(value)) {
        *out = (double)NAN;
        return true;
    }
    const yg_number_range range = {option->min, option->max, option->above, option->below};
    return yg_value_number(value, what, &range, out, error);
}

/* How many numbers a list has: `option` is its first one, and `end` ends the table. */
static size_t list_length(const yg_option *option, const yg_option *end) {
    size_t count = 1;
    while (option + count < end && !option[count].name)
        count++;
    return count;
}

/* "[0.9, 0.999]", the default */
static const char *list_text(const yg_option *option, size_t count, char *text, size_t size) {
    size_t used = 0;
    for (size_t i = 0; i < count && used < size; i++) {
        char number[32];
        snprintf(number, sizeof number, isnan(option[i].fallback) ? "null" : "%g",
                 option[i].fallback);
        used += (size_t)snprintf(text + used, size - used, "%s%s", i ? ", " : "[", number);
    }
    if (used < size)
        snprintf(text + used, size - used, "]");
    return text;
}

static bool read_list(const yg_value *value, const yg_option *option, size_t count,
                      const char *what, double *out, yg_error *error) {
    static const char *const words[] = {"no", "one", "two", "three"};
    char found[80], example[80];
    if (value->kind != YG_SEQUENCE || value->count != count)
        return yg_fail(error, YG_ERROR_ARGUMENT, value->origin,
                       "%s is a list of %s numbers, such as %s; found %s", what,
                       words[count < 3 ? count : 3],
                       list_text(option, count, example, sizeof example),
                       yg_value_describe(value, found, sizeof found));
    for (size_t i = 0; i < count; i++)
        if (!read_number(value->items[i], &option[i], what, &out[i], error))
            return false;
    return true;
}

/* Reads option `k` of the update if the mapping has it. */
static bool read_option(const yg_value *mapping, const yg_optimizer_update *update, size_t k,
                        double *out, yg_error *error) {
    const yg_option *option = &update->options[k], *end = update->options + update->option_count;
    const yg_value *value = option->name ? yg_value_get(mapping, option->name) : NULL;
    char what[64];
    bool flag;
    int choice;
    int64_t whole;
    if (!value)
        return true;
    snprintf(what, sizeof what, "`%s`", option->name);
    switch (option->kind) {
    case YG_OPTION_LIST:
        return read_list(value, option, list_length(option, end), what, out, error);
    case YG_OPTION_FLAG:
        if (!yg_value_bool(value, what, &flag, error))
            return false;
        *out = flag;
        return true;
    case YG_OPTION_WHOLE:
        if (option->nullable && is_null(value)) {
            *out = (double)NAN;
            return true;
        }
        if (!yg_value_int(value, what, (int64_t)option->min, (int64_t)option->max, &whole, error))
            return false;
        *out = (double)whole;
        return true;
    case YG_OPTION_CHOICE:
        if (!yg_value_choice(value, what, option->choices, &choice, error))
            return false;
        *out = choice;
        return true;
    case YG_OPTION_NUMBER:
        break;
    }
    return read_number(value, option, what, out, error);
}

static bool read_type(const yg_value *type, const yg_optimizer_update **update, yg_error *error) {
    const char *names[UPDATES + 1];
    int index;
    list_names(names);
    if (!yg_value_choice(type, "`optimizer`", names, &index, error))
        return false;
    *update = updates[index];
    return true;
}

/* Reads the keys of an optimizer, or of one of its groups, over what `optimizer` holds. */
static bool read_keys(const yg_value *mapping, bool group, yg_optimizer *optimizer,
                      yg_error *error) {
    const yg_optimizer_update *update = optimizer->update;
    yg_key keys[KEYS] = {{"type", !group, NULL, NULL},
                         {"lr", false, NULL, NULL},
                         {"learning_rate", false, "it is `lr` here", NULL}};
    size_t count = 3;
    char what[64];
    keys[count++].name = group ? "frozen_until" : "groups";
    if (update->build)
        keys[count++].name = "maximize";
    for (size_t i = 0; i < update->option_count; i++)
        if (update->options[i].name)
            keys[count++].name = update->options[i].name;
    snprintf(what, sizeof what, "%s '%s'", group ? "a group of optimizer" : "optimizer",
             update->name);
    if (!yg_value_check_keys(mapping, what, keys, count, error))
        return false;
    const yg_value *lr = yg_value_get(mapping, "lr");
    const yg_value *maximize = yg_value_get(mapping, "maximize");
    const yg_value *frozen = group ? yg_value_get(mapping, "frozen_until") : NULL;
    if ((lr && !yg_value_float(lr, "`lr`", 0, LR_MAX, &optimizer->lr, error)) ||
        (maximize && !yg_value_bool(maximize, "`maximize`", &optimizer->maximize, error)) ||
        (frozen &&
         !yg_value_int(frozen, "`frozen_until`", 0, FROZEN_MAX, &optimizer->frozen_until, error)))
        return false;
    for (size_t i = 0; i < update->option_count; i++)
        if (!read_option(mapping, update, i, &optimizer->options[i], error))
            return false;
    return !update->check || update->check(optimizer, error);
}

bool yg_optimizer_group(const yg_optimizer *optimizer, size_t group, yg_optimizer *out,
                        yg_error *error) {
    const yg_value *value = optimizer->groups->items[group];
    char what[80];
    snprintf(what, sizeof what, "the group '%.40s'", optimizer->groups->keys[group]->text);
    if (!yg_value_is_mapping(value, what, error))
        return false;
    const yg_value *type = yg_value_get(value, "type"), *lr = yg_value_get(value, "lr");
    *out = *optimizer;
    if (type) {
        const yg_optimizer_update *update;
        if (!read_type(type, &update, error))
            return false;
        set_defaults(update, out);
        if (!update->build)
            return yg_fail(error, YG_ERROR_ARGUMENT, type->origin,
                           "%s trains all parameters together, so it cannot be that of a group",
                           update->name);
    }
    out->groups = NULL;
    out->origin = value->origin;
    if (!read_keys(value, true, out, error))
        return false;
    /* The rate of a group is that of the optimizer times a fixed ratio. */
    const bool same = out->lr >= optimizer->lr && out->lr <= optimizer->lr;
    return same || optimizer->lr > 0 ||
           yg_fail(error, YG_ERROR_ARGUMENT, lr ? lr->origin : value->origin,
                   "the learning rate of a group follows the optimizer's in proportion, so the "
                   "optimizer's must be above 0");
}

static bool read_groups(const yg_value *groups, yg_optimizer *optimizer, yg_error *error) {
    yg_optimizer group;
    if (!yg_value_is_mapping(groups, "`groups`", error))
        return false;
    if (groups->count > GROUP_CAP)
        return yg_fail(error, YG_ERROR_ARGUMENT, groups->origin,
                       "`groups` has %zu patterns; %d are the most", groups->count, GROUP_CAP);
    if (!optimizer->update->build)
        return yg_fail(error, YG_ERROR_ARGUMENT, groups->origin,
                       "%s trains all parameters together, so it has no groups",
                       optimizer->update->name);
    optimizer->groups = groups->count ? groups : NULL;
    for (size_t i = 0; i < groups->count; i++)
        if (!yg_optimizer_group(optimizer, i, &group, error))
            return false;
    return true;
}

bool yg_optimizer_read(const yg_value *value, yg_optimizer *optimizer, yg_error *error) {
    const char *names[UPDATES + 1];
    char hint[400];
    const yg_optimizer_update *update = NULL;
    const yg_value *type = value->kind == YG_MAPPING ? yg_value_get(value, "type") : value;
    list_names(names);
    if (!type)
        return yg_fail(error, YG_ERROR_ARGUMENT, value->origin, "`optimizer` has no `type`%s",
                       yg_suggest("", names, UPDATES, hint, sizeof hint));
    if (!read_type(type, &update, error))
        return false;
    set_defaults(update, optimizer);
    optimizer->origin = value->origin;
    if (value->kind != YG_MAPPING)
        return true;
    const yg_value *groups = yg_value_get(value, "groups");
    return read_keys(value, false, optimizer, error) &&
           (!groups || read_groups(groups, optimizer, error));
}

bool yg_optimizer_make(const char *type, double lr, yg_optimizer *optimizer, yg_error *error) {
    const char *names[UPDATES + 1];
    char hint[400];
    for (size_t i = 0; i < UPDATES; i++)
        if (strcmp(updates[i]->name, type) == 0) {
            set_defaults(updates[i], optimizer);
            optimizer->lr = lr;
            return true;
        }
    list_names(names);
    return yg_fail(error, YG_ERROR_NAME, YG_NOWHERE, "no optimizer is called '%s'%s", type,
                   yg_suggest(type, names, UPDATES, hint, sizeof hint));
}

const char *yg_optimizer_name(const yg_optimizer *optimizer) {
    return optimizer->update->name;
}
