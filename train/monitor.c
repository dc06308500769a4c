/*
 * Monitors: see monitor.h.
 */
#include "monitor.h"

#include "../graph/spelling.h"
#include "../graph/text.h"
#include "undefined.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const parts[] = {"validation", "train"};

/* The text after the dot of choice `i`. Choices are PART.LABEL: those of the loss first, then those
 * of each metric, and the validation part before the training part. */
static const char *label_of(const yg_model *model, size_t i) {
    return i < 2 ? "loss" : yg_model_metric(model, i / 2 - 1);
}

static bool is_choice(const yg_model *model, size_t i, const char *text) {
    const size_t length = strlen(parts[i % 2]);
    return strncmp(text, parts[i % 2], length) == 0 && text[length] == '.' &&
           strcmp(text + length + 1, label_of(model, i)) == 0;
}

static bool fail_unknown(const yg_value *value, const char *found, const yg_model *model,
                         size_t count, yg_error *error) {
    yg_text names = {0}; /* one after the other */
    size_t *at = calloc(count + 1, sizeof *at);
    const char **list = calloc(count + 1, sizeof *list);
    char hint[500];
    for (size_t i = 0; at && i < count; i++) {
        at[i] = names.used;
        yg_text_add(&names, "%s.%s%c", parts[i % 2], label_of(model, i), '\0');
    }
    char *text = yg_text_take(&names);
    for (size_t i = 0; at && list && text && i < count; i++)
        list[i] = text + at[i];
    if (at && list && text)
        yg_fail(error, YG_ERROR_NAME, value->origin, "`monitor` knows no '%s'%s", found,
                yg_suggest(found, list, count, hint, sizeof hint));
    else
        yg_fail_memory(error);
    free(text);
    free(at);
    free(list);
    return false;
}

static bool read_name(const yg_model *model, const yg_value *value, yg_monitor *monitor,
                      yg_error *error) {
    const size_t count = 2 * (1 + yg_model_metric_count(model));
    const char *text;
    if (!yg_value_text(value, "`monitor`", &text, error))
        return false;
    for (size_t i = 0; i < count; i++)
        if (is_choice(model, i, text)) {
            monitor->part = i % 2 ? YG_MONITOR_TRAINING : YG_MONITOR_VALIDATION;
            monitor->metric = i < 2 ? SIZE_MAX : i / 2 - 1;
            monitor->name = text;
            monitor->origin = value->origin;
            return true;
        }
    return fail_unknown(value, text, model, count, error);
}

/* A metric's name does not say whether high or low is better, so `mode` is required. */
static bool read_mode(const yg_value *mode, yg_monitor *monitor, yg_error *error) {
    static const char *const modes[] = {"min", "max", NULL};
    const bool metric = monitor->metric != SIZE_MAX;
    int index = 0;
    if (mode && !yg_value_choice(mode, "`mode`", modes, &index, error))
        return false;
    if (metric && !mode)
        return yg_fail(error, YG_ERROR_ARGUMENT, monitor->origin,
                       "`monitor: %s` needs `mode: max` if higher is better, or `mode: min`",
                       monitor->name);
    if (!metric && index)
        return yg_fail(error, YG_ERROR_ARGUMENT, mode->origin,
                       "`mode: max` goes with a metric; the best loss is the lowest");
    monitor->highest = index == 1;
    return true;
}

bool yg_monitor_read(const yg_model *model, const yg_value *name, const yg_value *mode,
                     yg_monitor *monitor, yg_error *error) {
    *monitor = YG_MONITOR_DEFAULT;
    return (!name || read_name(model, name, monitor, error)) && read_mode(mode, monitor, error);
}

bool yg_monitor_check(const yg_monitor *monitor, bool has_validation, yg_error *error) {
    return monitor->part != YG_MONITOR_VALIDATION || has_validation ||
           yg_fail(error, YG_ERROR_ARGUMENT, monitor->origin,
                   "`monitor: %s`, but `data:` has no `validation`", monitor->name);
}

bool yg_monitor_check_number(const yg_monitor *monitor, const yg_scores *scores, yg_error *error) {
    return monitor->metric == SIZE_MAX || !scores->metrics[monitor->metric].table ||
           yg_fail(error, YG_ERROR_ARGUMENT, monitor->origin,
                   "`monitor: %s`: this metric is a table; an epoch is judged by one number",
                   monitor->name);
}

double yg_monitor_value(const yg_monitor *monitor, const yg_scores *scores) {
    const double value =
        monitor->metric == SIZE_MAX ? scores->loss : scores->metrics[monitor->metric].value;
    return monitor->highest ? -value : value;
}

bool yg_monitor_fail(const yg_monitor *monitor, const yg_model *model, double value,
                     yg_error *error) {
    const char *function =
        monitor->metric == SIZE_MAX ? NULL : yg_model_get_metric(model, monitor->metric).function;
    const char *reason = yg_score_undefined(function);
    const bool undefined = isnan(value);
    return yg_fail(error, YG_ERROR_NUMERIC, monitor->origin,
                   "`monitor: %s` is %s in the first epoch%s%s, so no epoch can be judged by it; "
                   "monitor another score",
                   monitor->name, undefined ? "undefined" : "infinite",
                   undefined && reason ? ": " : "", undefined && reason ? reason : "");
}
