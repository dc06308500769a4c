/*
 * What the `data:` section says of parts that are split off: see yg_splits_read() in source.h.
 */
#include "../graph/spelling.h"
#include "source.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

bool yg_port_find(const yg_model *model, const yg_value *value, const char *what, size_t *port,
                  yg_error *error) {
    const size_t count = yg_model_port_count(model);
    const char *name;
    char advice[200] = "";
    if (!yg_value_text(value, what, &name, error))
        return false;
    for (*port = 0; *port < count; ++*port)
        if (strcmp(yg_model_port(model, *port)->name, name) == 0)
            return true;
    const char **names = calloc(count + 1, sizeof *names);
    for (size_t p = 0; names && p < count; p++)
        names[p] = yg_model_port(model, p)->name;
    if (names)
        yg_suggest(name, names, count, advice, sizeof advice);
    free(names);
    return yg_fail(error, YG_ERROR_NAME, value->origin, "%s names no input or target: '%s'%s", what,
                   name, advice);
}

/* The fraction of a part, which all rules need except the one by a value. */
static bool read_fraction(const yg_value *map, yg_split *split, yg_error *error) {
    const yg_value *fraction = yg_value_get(map, "fraction");
    if (!fraction)
        return yg_fail(
            error, YG_ERROR_ARGUMENT, map->origin,
            "a part that is split off needs `fraction`, or `column` and `equals`, or `file`");
    return (split->fraction > 0 && split->fraction < 1) ||
           yg_fail(error, YG_ERROR_ARGUMENT, fraction->origin,
                   "`fraction` must lie between 0 and 1, neither included; found %g",
                   split->fraction);
}

static bool read_stratify(const yg_model *model, const yg_value *stratify, yg_split *split,
                          yg_error *error) {
    if (!yg_port_find(model, stratify, "`stratify`", &split->stratify, error))
        return false;
    const yg_port *port = yg_model_port(model, split->stratify);
    return port->classes || !yg_dtype_is_float(port->dtype) ||
           yg_fail(error, YG_ERROR_ARGUMENT, stratify->origin,
                   "`stratify` needs classes, which '%s' has not; declare `classes:` there, or "
                   "leave `stratify` out",
                   port->name);
}

/* `file: b.csv` and `whole_files: true`; *unused becomes one that says false, or NULL. */
static bool read_files(const yg_value *map, yg_split *split, const yg_value **unused,
                       yg_error *error) {
    const yg_value *file = yg_value_get(map, "file"), *whole = yg_value_get(map, "whole_files");
    *unused = split->by_file ? NULL : whole;
    split->by_file = split->by_file || file;
    if (file && split->equals)
        return yg_fail(error, YG_ERROR_ARGUMENT, split->equals->origin,
                       "`equals` goes with `column`; `file` names the files itself");
    if (file)
        split->equals = file;
    return true;
}

/* A part by a value or by files needs no fraction: it takes all that have them. */
static bool check_value(const yg_value *map, const yg_split *split, yg_error *error) {
    const bool by_value = split->rule == YG_SPLIT_EQUAL;
    const yg_value *fraction = yg_value_get(map, "fraction");
    if (by_value && split->by_file && fraction)
        return yg_fail(error, YG_ERROR_ARGUMENT, fraction->origin,
                       "`file` takes all examples of its files, so `fraction` says nothing; with "
                       "`whole_files: true` in place of `file`, files are drawn");
    return (by_value == (split->equals != NULL) && !(by_value && fraction)) ||
           yg_fail(error, YG_ERROR_ARGUMENT, map->origin,
                   "`column` and `equals` go together, and without `fraction`");
}

/* The mapping as it is written. */
typedef struct written {
    int from;
    double fraction;
    const yg_value *stratify, *group, *time, *column, *equals, *file;
    bool whole_files;
} written;

static const char *const sources[] = {"train", NULL};

#define KEY(member) .kind = YG_SETTING_VALUE, .offset = offsetof(written, member)

static const yg_setting settings[] = {
    {"from", .kind = YG_SETTING_CHOICE, .offset = offsetof(written, from), .required = true,
     .choices = sources, .example = "train", .doc = "the part that examples are taken from"},
    {"fraction", .kind = YG_SETTING_NUMBER, .offset = offsetof(written, fraction), .max = 1,
     .example = "0.2",
     .doc = "how many of all examples, between 0 and 1; needed unless a value or files say it"},
    {"stratify", KEY(stratify), .form = "the name of an input or target", .forms = YG_FORM_SCALAR,
     .fallback = "none", .example = "y",
     .doc = "each class gives in proportion; beside `group`, groups do"},
    {"group", KEY(group), .form = "a column", .forms = YG_FORM_SCALAR, .fallback = "none",
     .example = "patient", .doc = "examples of one value stay together"},
    {"time", KEY(time), .form = "a column", .forms = YG_FORM_SCALAR, .fallback = "none",
     .example = "date", .doc = "the last examples by that column"},
    {"column", KEY(column), .form = "a column", .forms = YG_FORM_SCALAR, .fallback = "none",
     .example = "year", .doc = "examples whose cell `equals` a value"},
    {"equals", KEY(equals), .form = "a value, or a list of values",
     .forms = YG_FORM_SCALAR | YG_FORM_LIST | YG_FORM_ANY, .fallback = "none",
     .example = "[2023, 2024]", .doc = "the values of `column`"},
    {"file", KEY(file), .form = "a file or a pattern, or a list of them",
     .forms = YG_FORM_SCALAR | YG_FORM_LIST, .fallback = "none", .example = "\"2024-*.csv\"",
     .doc = "all examples of these files of the training part"},
    {"whole_files", .kind = YG_SETTING_FLAG, .offset = offsetof(written, whole_files),
     .fallback = "false", .example = "true", .doc = "examples of one file stay together"},
    {"files", .hint = "it is `file` here, or `whole_files: true`"},
};

#undef KEY

const yg_setting_group yg_split_settings = {
    "data.split", "a part that is split off from the training part: `validation: {from: train, …}`",
    settings, sizeof settings / sizeof *settings, NULL};

/* `{from: train, fraction: 0.15, stratify: y}`, or with another rule in place of `stratify`. */
static bool read_split(const yg_model *model, const yg_value *map, yg_split *split,
                       yg_error *error) {
    static const struct {
        const char *key;
        yg_split_rule rule;
    } rules[] = {{"stratify", YG_SPLIT_RANDOM}, {"group", YG_SPLIT_GROUP},
                 {"time", YG_SPLIT_TIME},       {"column", YG_SPLIT_EQUAL},
                 {"file", YG_SPLIT_EQUAL},      {"whole_files", YG_SPLIT_GROUP}};
    const yg_value *named = NULL, *unused;
    written w = {0};
    if (!yg_setting_read_all(map, "a part that is split off", settings,
                             sizeof settings / sizeof *settings, &w, error))
        return false;
    *split = (yg_split){.rule = YG_SPLIT_RANDOM,
                        .stratify = SIZE_MAX,
                        .fraction = w.fraction,
                        .by_file = w.whole_files,
                        .equals = w.equals,
                        .origin = map->origin,
                        .out = split->out};
    if (!read_files(map, split, &unused, error))
        return false;
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        const yg_value *value = yg_value_get(map, rules[i].key);
        if (!value || value == unused)
            continue;
        const bool beside = named == w.stratify && rules[i].rule == YG_SPLIT_GROUP;
        if (named && !beside)
            return yg_fail(error, YG_ERROR_ARGUMENT, value->origin,
                           "a part is split off by one rule: one of `stratify`, `group`, `time`, "
                           "`column`, `file` and `whole_files`; only `group` and `whole_files` "
                           "may stand beside `stratify`");
        split->rule = rules[i].rule;
        named = value;
    }
    if (!check_value(map, split, error) ||
        (split->rule != YG_SPLIT_EQUAL && !read_fraction(map, split, error)))
        return false;
    if (w.stratify && !read_stratify(model, w.stratify, split, error))
        return false;
    if (split->rule == YG_SPLIT_RANDOM)
        return true;
    split->column_origin = named->origin;
    return split->by_file || yg_value_text(named, "the column of a split", &split->column, error);
}

bool yg_split_is(const yg_value *map) {
    return map && map->kind == YG_MAPPING && yg_value_get(map, "from");
}

/* The rows before a target's own, which a window may take from the past. */
static int64_t rows_before_targets(const yg_model *model, const yg_series *series) {
    int64_t before = INT64_MAX, lead, span;
    for (size_t p = 0; p < yg_model_port_count(model); p++)
        if (yg_model_port(model, p)->target) {
            yg_port_rows(series, yg_model_port(model, p), &lead, &span);
            before = lead < before ? lead : before;
        }
    return before < INT64_MAX ? before : 0;
}

/* A fold of windows that share rows: whole groups, or else a block of the series. No window of a
 * block shares a row with one that is trained on, so those before it end where its first inputs
 * begin. */
static void fold_windows(const yg_model *model, const yg_data *data, yg_split *split) {
    const yg_series *series = &data->series;
    const int64_t before = rows_before_targets(model, series);
    split->rule = series->by ? YG_SPLIT_GROUP : YG_SPLIT_BLOCK;
    split->column = series->by;
    split->column_origin = split->origin = series->by ? series->by_origin : series->origin;
    split->before = data->gap > before ? data->gap : before;
}

/* The fold of `yg_data.fold` in place of the test part: stratified, by group or by time where that,
 * or else the validation part, is. */
static bool read_fold(const yg_value *test, const yg_data *data, yg_split splits[2],
                      yg_error *error) {
    yg_split *split = &splits[1];
    if (!yg_split_is(test)) {
        const bool same = splits[0].rule != YG_SPLIT_NONE && splits[0].rule != YG_SPLIT_EQUAL;
        yg_part *out = split->out;
        *split = same ? splits[0] : (yg_split){.rule = YG_SPLIT_RANDOM, .stratify = SIZE_MAX};
        split->out = out;
    }
    split->fraction = 1 / (double)data->folds;
    split->fold = data->fold;
    split->folds = data->folds;
    split->gap = data->gap;
    return split->rule != YG_SPLIT_EQUAL ||
           yg_fail(error, YG_ERROR_ARGUMENT, split->origin,
                   "folds take turns as the test part, so they cannot go by one value or file; "
                   "`{from: train, fraction: 0.2, %s}` makes folds of whole %s",
                   split->by_file ? "whole_files: true" : "group: COLUMN",
                   split->by_file ? "files" : "groups");
}

/* Fails where a gap would say nothing. */
static bool check_gap(const yg_data *data, const yg_split *fold, yg_error *error) {
    return !data->folds || !data->gap || fold->rule == YG_SPLIT_TIME ||
           fold->rule == YG_SPLIT_BLOCK ||
           yg_fail(error, YG_ERROR_ARGUMENT, fold->origin,
                   "a gap of %" PRId64
                   " lies between folds by `time`, or blocks of a series; these "
                   "folds are drawn %s",
                   data->gap, fold->rule == YG_SPLIT_GROUP ? "by group" : "at random");
}

/* Neighbouring windows that share rows must not be drawn at random: what is held out would be known
 * from the training. Those that share none are drawn as they are. */
static bool check_rule(const yg_model *model, const yg_data *data, yg_split *split,
                       yg_error *error) {
    const yg_series *series = &data->series;
    const yg_origin origin = split->origin.line ? split->origin : series->origin;
    int64_t rows = series->length;
    if (!series->length || split->rule != YG_SPLIT_RANDOM)
        return true;
    for (size_t p = 0; p < yg_model_port_count(model); p++)
        if (yg_model_port(model, p)->target)
            rows = series->length + series->horizon;
    if (split->folds && split->stratify == SIZE_MAX && series->stride < rows) {
        fold_windows(model, data, split);
        return true;
    }
    if (split->stratify != SIZE_MAX)
        return yg_fail(error, YG_ERROR_ARGUMENT, origin,
                       "windows cannot be stratified; leave `stratify` out, or split them off by "
                       "`time`, `group`, `column` or `file`");
    split->rule = YG_SPLIT_WINDOWS;
    return series->stride >= rows ||
           yg_fail(error, YG_ERROR_ARGUMENT, origin,
                   "windows that are drawn at random would share rows with those of the training "
                   "part; split them off by `time`, `group`, `column` or `file`, or let each begin "
                   "behind the one before: `stride: %" PRId64 "`",
                   rows);
}

/* Sequences of rows are drawn whole, each by the class that its rows share. */
static bool draw_sequences(const yg_model *model, const yg_data *data, yg_split *split,
                           yg_error *error) {
    if (!data->sequencing.by || split->rule != YG_SPLIT_RANDOM)
        return true;
    if (split->stratify != SIZE_MAX &&
        yg_port_is_ragged(data, yg_model_port(model, split->stratify)))
        return yg_fail(
            error, YG_ERROR_ARGUMENT, split->origin,
            "`stratify` goes by a class of the whole sequence; '%s' has one for each row",
            yg_model_port(model, split->stratify)->name);
    split->rule = YG_SPLIT_GROUP;
    split->column = data->sequencing.by;
    split->column_origin = data->sequencing.by_origin;
    return true;
}

bool yg_splits_read(const yg_model *model, const yg_value *section, yg_data *data,
                    yg_split splits[2], yg_error *error) {
    const yg_value *validation = yg_value_get(section, "validation");
    const yg_value *test = yg_value_get(section, "test");
    splits[0].out = &data->validation;
    splits[1].out = &data->test;
    return (!yg_split_is(validation) || read_split(model, validation, &splits[0], error)) &&
           (!yg_split_is(test) || read_split(model, test, &splits[1], error)) &&
           (!data->folds || read_fold(test, data, splits, error)) &&
           draw_sequences(model, data, &splits[0], error) &&
           draw_sequences(model, data, &splits[1], error) &&
           check_rule(model, data, &splits[0], error) &&
           check_rule(model, data, &splits[1], error) && check_gap(data, &splits[1], error);
}
