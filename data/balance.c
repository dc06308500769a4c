/*
 * Balance: see balance.h.
 */
#include "balance.h"

#include "../graph/random.h"
#include "owners.h"
#include "repeats.h"
#include "spool.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* ----------------------------------------------------------------------------- the section --- */

#define INTO "weight" /* the target that weights go to, unless another one is named */

static bool is_label(const yg_model *model, const yg_data *data, size_t port) {
    return yg_port_is_label(data, yg_model_port(model, port));
}

/* The class that examples are balanced by: the one that is named, or the only target with classes.
 */
static bool find_class(const yg_model *model, const yg_value *named, yg_data *data,
                       yg_error *error) {
    yg_balance *balance = &data->balance;
    size_t found = SIZE_MAX;
    if (named && !yg_port_find(model, named, "`by`", &balance->by, error))
        return false;
    if (named)
        return is_label(model, data, balance->by) ||
               yg_fail(error, YG_ERROR_ARGUMENT, named->origin,
                       "'%s' has no `classes`, or several elements an example, so no example "
                       "belongs to one class by it",
                       yg_model_port(model, balance->by)->name);
    for (size_t p = 0; p < yg_model_port_count(model); p++) {
        if (!yg_model_port(model, p)->target || !is_label(model, data, p))
            continue;
        if (found != SIZE_MAX)
            return yg_fail(error, YG_ERROR_ARGUMENT, balance->origin,
                           "the targets '%s' and '%s' both have classes; say which one counts, as "
                           "in `balance: {how: oversample, by: %s}`",
                           yg_model_port(model, found)->name, yg_model_port(model, p)->name,
                           yg_model_port(model, found)->name);
        found = p;
    }
    balance->by = found;
    return found != SIZE_MAX ||
           yg_fail(error, YG_ERROR_ARGUMENT, balance->origin,
                   "`balance` needs a target with `classes` and one element an example, such as "
                   "`y: {shape: [B], dtype: i32, classes: 3}`");
}

/* Fails where a part gives values to the target of weights. */
static bool check_parts(const yg_model *model, const char *name, yg_error *error) {
    static const char *const parts[] = {"train", "validation", "test"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        const yg_value *part = yg_value_get(yg_model_section(model, "data"), parts[i]);
        if (!part || part->kind != YG_MAPPING)
            continue;
        const yg_value *arrays = yg_value_get(part, "arrays"), *value = yg_value_get(part, name);
        if (!value && arrays && arrays->kind == YG_MAPPING)
            value = yg_value_get(arrays, name);
        if (value)
            return yg_fail(error, YG_ERROR_ARGUMENT, value->origin,
                           "'%s' gets the weights that `balance` computes, so it cannot be read "
                           "from data too",
                           name);
    }
    return true;
}

/* The target that weights go to. */
static bool find_weights(const yg_model *model, const yg_value *named, yg_data *data,
                         yg_error *error) {
    yg_balance *balance = &data->balance;
    size_t p = 0;
    if (named && !yg_port_find(model, named, "`into`", &p, error))
        return false;
    while (!named && p < yg_model_port_count(model) &&
           strcmp(yg_model_port(model, p)->name, INTO) != 0)
        p++;
    const yg_port *port = p < yg_model_port_count(model) ? yg_model_port(model, p) : NULL;
    const yg_origin place = named ? named->origin : balance->origin;
    if (!port || !port->target || port->classes || !yg_dtype_is_float(port->dtype) ||
        yg_port_width(data, port) != 1)
        return yg_fail(error, YG_ERROR_ARGUMENT, place,
                       "weights go into a target of one floating-point number an example: write "
                       "`" INTO ": [B]` under `targets`, and use it in the loss, as in "
                       "`mean(" INTO " * cross_entropy(logits, y, reduction=none))`");
    if (data->encoding.ports[p].formula || data->encoding.ports[p].standardized)
        return yg_fail(error, YG_ERROR_ARGUMENT, place,
                       "'%s' gets weights, which are neither transformed nor standardised",
                       port->name);
    balance->into = p;
    return check_parts(model, port->name, error);
}

/* The mapping as it is written. */
typedef struct written {
    int how;
    const yg_value *by, *into;
} written;

static const char *const ways[] = {"weights", "oversample", NULL};

static const yg_setting settings[] = {
    {"how", .kind = YG_SETTING_CHOICE, .offset = offsetof(written, how), .required = true,
     .choices = ways, .example = "weights",
     .doc = "weights: a target gets the weight of each example's class; oversample: examples of "
            "rare classes come more often"},
    {"by", .kind = YG_SETTING_VALUE, .offset = offsetof(written, by),
     .form = "the name of an input or target", .forms = YG_FORM_SCALAR,
     .fallback = "the only target with classes", .example = "y",
     .doc = "whose classes are balanced"},
    {"into", .kind = YG_SETTING_VALUE, .offset = offsetof(written, into),
     .form = "the name of a target", .forms = YG_FORM_SCALAR, .fallback = INTO,
     .doc = "the target that gets the weights", .example = "importance"},
};

const yg_setting_group yg_balance_settings = {
    "data.balance", "makes up for rare classes; `balance: weights` is `{how: weights}`", settings,
    sizeof settings / sizeof *settings, NULL};

bool yg_balance_read(const yg_model *model, yg_data *data, yg_error *error) {
    const yg_value *section = yg_model_section(model, "data");
    const yg_value *value = section ? yg_value_get(section, "balance") : NULL;
    written w = {0};
    if (!value)
        return true;
    data->balance.origin = value->origin;
    const bool read = value->kind == YG_MAPPING
                          ? yg_setting_read_all(value, "`balance`", settings,
                                                sizeof settings / sizeof *settings, &w, error)
                          : yg_value_choice(value, "`balance`", ways, &w.how, error);
    if (!read || !find_class(model, w.by, data, error))
        return false;
    data->balance.how = w.how == 0 ? YG_BALANCE_WEIGHTS : YG_BALANCE_OVERSAMPLE;
    if (w.how == 0)
        return find_weights(model, w.into, data, error);
    return !w.into || yg_fail(error, YG_ERROR_ARGUMENT, w.into->origin,
                              "`into` names a target for `how: weights`; oversampling has none");
}

/* -------------------------------------------------------------------------------- counting --- */

/* The class of the part's next example; -1 where it has none, -2 on failure. */
static int64_t next_class(const yg_balance *balance, yg_rows *rows, yg_error *error) {
    const void *at = yg_rows_next(rows, error);
    const int64_t class = at ? yg_rows_class(rows, at) : -2;
    return class >= balance->class_count || (at && class < 0) ? -1 : class;
}

static bool count_classes(yg_data *data, const yg_model *model, yg_error *error) {
    yg_balance *balance = &data->balance;
    yg_rows rows = {.part = &data->train, .port = balance->by};
    balance->class_count = yg_model_port(model, balance->by)->classes;
    balance->counts = calloc((size_t)balance->class_count + 1, sizeof *balance->counts);
    balance->weights = calloc((size_t)balance->class_count + 1, sizeof *balance->weights);
    bool good = (balance->counts && balance->weights) || yg_fail_memory(error);
    int64_t total = 0, present = 0;
    for (int64_t i = 0; good && i < data->train.count; i++) {
        const int64_t class = next_class(balance, &rows, error);
        good = class > -2;
        if (class >= 0) {
            present += balance->counts[class]++ == 0;
            total++;
        }
    }
    yg_rows_free(&rows);
    for (int64_t c = 0; good && c < balance->class_count; c++) {
        const double all = (double)present * (double)balance->counts[c];
        balance->weights[c] = all > 0 ? (double)total / all : 1;
    }
    return good;
}

/* --------------------------------------------------------------------------------- repeats --- */

/* Walks over the training part, and tells how often each example comes. */
typedef struct walk {
    const yg_balance *balance;
    yg_rows rows;
    int64_t largest; /* examples of the largest class */
    int64_t *left;   /* by class: examples that are still to come */
    int64_t *wanted; /* of them, those that come once more than the others */
    uint64_t seed;
} walk;

static bool begin_walk(const yg_reading *reading, walk *w, yg_error *error) {
    const yg_balance *balance = &reading->data->balance;
    *w = (walk){.balance = balance,
                .rows = {.part = &reading->data->train, .port = balance->by},
                .left = calloc((size_t)balance->class_count + 1, sizeof *w->left),
                .wanted = calloc((size_t)balance->class_count + 1, sizeof *w->wanted),
                .seed = reading->seed};
    if (!w->left || !w->wanted)
        return yg_fail_memory(error);
    for (int64_t c = 0; c < balance->class_count; c++)
        w->largest = balance->counts[c] > w->largest ? balance->counts[c] : w->largest;
    for (int64_t c = 0; c < balance->class_count; c++) {
        w->left[c] = balance->counts[c];
        w->wanted[c] = balance->counts[c] ? w->largest % balance->counts[c] : 0;
    }
    return true;
}

static void end_walk(walk *w) {
    free(w->left);
    free(w->wanted);
    yg_rows_free(&w->rows);
}

/* How often the part's next example comes, which is number `example` of the dataset; -1 on failure.
 * Selection sampling draws those that come once more. */
static int64_t next_times(walk *w, int64_t example, yg_error *error) {
    const int64_t class = next_class(w->balance, &w->rows, error);
    if (class < 0)
        return class == -1 ? 1 : -1;
    const uint64_t key = yg_random_key("oversample");
    const bool more = w->wanted[class] > 0 &&
                      (int64_t)yg_random_below(w->seed, key, (uint64_t)example,
                                               (uint64_t)w->left[class]) < w->wanted[class];
    w->left[class]--;
    w->wanted[class] -= more;
    return w->largest / w->balance->counts[class] + more;
}

/* The number of examples in an epoch, or -1 where it is too large to count. */
static int64_t repeated_count(const walk *w, int64_t examples) {
    int64_t total = examples;
    for (int64_t c = 0; c < w->balance->class_count; c++) {
        const int64_t added = w->balance->counts[c] ? w->largest - w->balance->counts[c] : 0;
        if (added > INT64_MAX / 16 - total)
            return -1;
        total += added;
    }
    return total;
}

/* In memory, examples are listed as often as they come. */
static bool repeat_members(walk *w, int64_t total, yg_part *part, yg_error *error) {
    int64_t *members = calloc((size_t)total + 1, sizeof *members), count = 0;
    if (!members)
        return yg_fail_memory(error);
    for (int64_t i = 0; i < part->count; i++) {
        const int64_t example = part->members ? part->members[i] : i;
        const int64_t times = next_times(w, example, error);
        if (times < 0) {
            free(members);
            return false;
        }
        for (int64_t k = 0; k < times; k++)
            members[count++] = example;
    }
    free(part->members);
    part->members = members;
    part->count = count;
    return true;
}

static bool note_times(yg_repeats *repeats, int64_t example, int64_t times) {
    if (!yg_keys_add_whole(&repeats->keys, times))
        return false;
    repeats->times[yg_keys_get(&repeats->keys, example)] = times;
    return true;
}

/* Examples in a file are not listed; how often each comes takes a byte. */
static bool repeat_in_file(walk *w, int64_t total, yg_data *data, yg_error *error) {
    yg_part *part = &data->train;
    yg_repeats *repeats = data->balance.repeats = calloc(1, sizeof *repeats);
    /* Each class has two numbers of times. 0 and 1 are those of examples in no class. */
    const size_t different = 2 * (size_t)data->balance.class_count + 2;
    if (!repeats || !(repeats->times = calloc(different, sizeof *repeats->times)))
        return yg_fail_memory(error);
    for (int64_t e = 0; e < part->dataset->count; e++) {
        const bool member = !part->owners || yg_owners_get(part->owners, e) == part->owner;
        const int64_t times = member ? next_times(w, e, error) : 0;
        if (times < 0)
            return false;
        if (!note_times(repeats, e, times))
            return yg_fail_memory(error);
    }
    part->repeats = repeats;
    part->count = total;
    return true;
}

static bool oversample(const yg_reading *reading, yg_error *error) {
    yg_data *data = reading->data;
    walk w;
    bool good = begin_walk(reading, &w, error);
    const int64_t total = good ? repeated_count(&w, data->train.count) : 0;
    good = good && (total >= 0 || yg_fail_memory(error)) &&
           (data->train.dataset->spool ? repeat_in_file(&w, total, data, error)
                                       : repeat_members(&w, total, &data->train, error));
    end_walk(&w);
    return good;
}

/* -------------------------------------------------------------------------------- applying --- */

/* Gives each dataset the target of weights, which is not stored. */
static void add_weights(const yg_reading *reading) {
    yg_data *data = reading->data;
    yg_part *const parts[] = {&data->train, &data->validation, &data->test};
    yg_balance *balance = &data->balance;
    for (size_t k = 0; k < sizeof data->held / sizeof *data->held; k++)
        if (data->held[k].ports)
            data->held[k].ports[balance->into] = (yg_elements){.dtype = reading->dtype, .width = 1};
    balance->by_class = (yg_class_weights){.port = balance->into,
                                           .by = balance->by,
                                           .count = balance->class_count,
                                           .values = balance->weights};
    balance->ones = balance->by_class;
    balance->ones.count = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        parts[i]->weights = i == 0 ? &balance->by_class : &balance->ones;
}

bool yg_balance_apply(const yg_reading *reading, yg_error *error) {
    yg_data *data = reading->data;
    yg_balance *balance = &data->balance;
    if (balance->how == YG_BALANCE_NONE)
        return true;
    balance->examples = data->train.count;
    if (data->train.count > 0 && data->train.dataset->ports[balance->by].width != 1)
        return yg_fail(error, YG_ERROR_SHAPE, balance->origin,
                       "a window has several classes, so none to be balanced by");
    if (data->train.count > 0 && !count_classes(data, reading->model, error))
        return false;
    if (balance->how == YG_BALANCE_WEIGHTS)
        add_weights(reading);
    return balance->how == YG_BALANCE_WEIGHTS || !data->train.count || oversample(reading, error);
}
