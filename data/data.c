/*
 * The `data:` section: see data.h.
 */
#include "data.h"

#include "../graph/number.h"
#include "balance.h"
#include "owners.h"
#include "repeats.h"
#include "sequences.h"
#include "series.h"
#include "source.h"
#include "spool.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Checks the keys of a mapping that has an entry for each port, and perhaps `own` ones. */
static bool check_port_keys(const yg_model *model, const yg_value *map, const char *what,
                            const yg_key *own, size_t own_count, yg_error *error) {
    const size_t ports = yg_model_port_count(model);
    yg_key *keys = calloc(own_count + ports + 1, sizeof *keys);
    if (!keys)
        return yg_fail_memory(error);
    for (size_t i = 0; i < own_count; i++)
        keys[i] = own[i];
    for (size_t p = 0; p < ports; p++)
        keys[own_count + p] = (yg_key){.name = yg_model_port(model, p)->name};
    const bool good = yg_value_check_keys(map, what, keys, own_count + ports, error);
    free(keys);
    return good;
}

/* Fails where a part names its files in two ways, or in one that says not how to read them. */
static bool check_files(const yg_value *map, const char *what, yg_error *error) {
    const yg_table_kind *const *kinds = yg_table_kinds();
    const yg_value *file = yg_value_get(map, "file");
    const char *first = file ? "file" : yg_value_get(map, "arrays") ? "arrays" : NULL;
    char endings[300] = "";
    if (file && yg_value_get(map, "arrays"))
        return yg_fail(error, YG_ERROR_ARGUMENT, yg_value_get(map, "arrays")->origin,
                       "%s has both `file` and `arrays`", what);
    for (size_t i = 0; kinds[i]; i++) {
        const yg_value *value = yg_value_get(map, kinds[i]->key);
        if (value && first)
            return yg_fail(error, YG_ERROR_ARGUMENT, value->origin, "%s has both `%s` and `%s`",
                           what, first, kinds[i]->key);
        first = value ? kinds[i]->key : first;
        for (size_t k = 0; kinds[i]->suffixes && kinds[i]->suffixes[k]; k++)
            snprintf(endings + strlen(endings), sizeof endings - strlen(endings), "%s, ",
                     kinds[i]->suffixes[k]);
    }
    if (!file || yg_table_kind_of(map) || yg_source_of(map) == &yg_source_array)
        return true;
    char found[80];
    return yg_fail(error, YG_ERROR_ARGUMENT, file->origin,
                   "the end of a name tells how `file` is read (%s.npy, .npz, .safetensors, .idx), "
                   "but not that of %s; write `%s:` in place of `file:` for example",
                   endings, yg_value_describe(file, found, sizeof found), yg_table_csv.key);
}

#define PATHS                                                                                      \
    .kind = YG_SETTING_VALUE, .form = "a path or a pattern, or a list of them",                    \
    .forms = YG_FORM_SCALAR | YG_FORM_LIST, .fallback = "none"

/* The keys of a part with examples of its own, besides inputs and targets and what the kind of
 * table takes. */
static const yg_setting part_settings[] = {
    {"exclude", .kind = YG_SETTING_VALUE, .form = "a column, or a list of columns",
     .forms = YG_FORM_SCALAR | YG_FORM_LIST, .fallback = "none", .example = "[id, note]",
     .doc = "what \"*\" leaves out"},
    {"csv", PATHS, .example = "data/train.csv", .doc = "CSV files; see data.part.csv"},
    {"jsonl", PATHS, .example = "data/train.jsonl", .doc = "JSON Lines; see data.part.jsonl"},
    {"sqlite", PATHS, .example = "houses.db", .doc = "an SQLite database; see data.part.sqlite"},
    {"text", PATHS, .example = "book.txt", .doc = "plain text; see data.part.text"},
    {"images", PATHS, .example = "photos", .doc = "a folder of PNG and JPEG files"},
    {"file", PATHS, .example = "data/train.csv",
     .doc = "files of any of these kinds, or of arrays: the end of the name tells which"},
    {"arrays", .kind = YG_SETTING_VALUE,
     .form = "a path, or a mapping from input or target to paths",
     .forms = YG_FORM_SCALAR | YG_FORM_LIST | YG_FORM_MAPPING, .fallback = "none",
     .example = "{x: images.npy, y: labels.npy}", .doc = "files of arrays"},
};

#undef PATHS

const yg_setting_group yg_part_settings = {
    "data.part",
    "a part with examples of its own: `train`, `validation` or `test`. Each input and target is a "
    "key "
    "too: the column it is read from, a list of columns, \"*\" for all that no other one names; or "
    "the rows themselves",
    part_settings, sizeof part_settings / sizeof *part_settings, NULL};

/* Checks the keys of a part with examples of its own: where they stand, what the kind of table
 * takes, and the ports. `refused` says what is wrong with some others. */
static bool check_part_keys(const yg_model *model, const yg_value *map, const char *what,
                            const yg_key *refused, size_t refused_count, yg_error *error) {
    const yg_table_kind *kind = yg_table_kind_of(map);
    enum { PART_SETTINGS = sizeof part_settings / sizeof *part_settings };
    size_t count = PART_SETTINGS;
    const size_t room = count + refused_count + (kind ? kind->setting_count : 0);
    yg_key *keys = calloc(room, sizeof *keys);
    if (!keys)
        return yg_fail_memory(error);
    yg_setting_keys(part_settings, PART_SETTINGS, keys);
    if (!kind)
        keys[0].hint = "it names columns of a table, which this part has not";
    if (kind) {
        yg_setting_keys(kind->settings, kind->setting_count, keys + count);
        for (size_t i = 0; i < kind->setting_count; i++) {
            keys[count] = keys[PART_SETTINGS + i];
            /* An input may have a name that says elsewhere how a file is written. */
            count += !keys[count].hint || yg_model_find_port(model, keys[count].name) == SIZE_MAX;
        }
    }
    for (size_t i = 0; i < refused_count; i++)
        keys[count++] = refused[i];
    const bool good =
        check_port_keys(model, map, what, keys, count, error) && check_files(map, what, error);
    free(keys);
    return good;
}

/* Reads a part with examples of its own. */
static bool read_part(const yg_reading *reading, const yg_value *map, yg_dataset *dataset,
                      yg_part *part, yg_error *error) {
    const yg_source *source = yg_source_of(map);
    yg_reading own = *reading;
    own.runs = &reading->data->runs[dataset - reading->data->held];
    if (reading->data->series.length && source != &yg_source_table)
        return yg_fail(error, YG_ERROR_DATA, map->origin,
                       "`windows` go over the rows of a table, but this part is none");
    if (reading->data->sequencing.symbol && source != &yg_source_table)
        return yg_fail(error, YG_ERROR_DATA, map->origin,
                       "`sequences` are rows or cells of a table, but this part is none");
    const yg_port *lengths =
        reading->data->sequencing.symbol && reading->data->sequencing.lengths != SIZE_MAX
            ? yg_model_port(reading->model, reading->data->sequencing.lengths)
            : NULL;
    const yg_value *given = lengths ? yg_value_get(map, lengths->name) : NULL;
    if (given)
        return yg_fail(error, YG_ERROR_ARGUMENT, given->origin,
                       "'%s' is fed with the lengths of the sequences, and reads no column",
                       lengths->name);
    yg_reader *reader = yg_reader_new(&own, source, source->open(&own, map, error), error);
    const bool good = reader && yg_reader_all(reader, dataset, error);
    yg_reader_close(reader);
    *part = (yg_part){.count = good ? dataset->count : 0, .dataset = dataset};
    return good;
}

static bool read_held_out(const yg_reading *reading, const yg_value *section, const char *key,
                          yg_dataset *dataset, yg_part *part, yg_error *error) {
    static const yg_key keys[] = {{"fraction", false, "`fraction` goes with `from: train`", NULL},
                                  {"stratify", false, "`stratify` goes with `from: train`", NULL}};
    const yg_value *map = yg_value_get(section, key);
    if (!map)
        return true;
    if (yg_split_is(map))
        return true;
    char what[40];
    snprintf(what, sizeof what, "`%s`", key);
    return check_part_keys(reading->model, map, what, keys, sizeof keys / sizeof *keys, error) &&
           read_part(reading, map, dataset, part, error);
}

/* Notes `transform: {x: x / 255}`. A formula that the weights remember is the model's already. */
static bool read_transforms(const yg_model *model, const yg_value *map, yg_data *data,
                            yg_error *error) {
    if (map && !check_port_keys(model, map, "`transform`", NULL, 0, error))
        return false;
    for (size_t p = 0; map && p < data->encoding.count; p++) {
        const yg_port *port = yg_model_port(model, p);
        const yg_value *formula = yg_value_get(map, port->name);
        yg_port_encoding *encoding = &data->encoding.ports[p];
        if (!formula)
            continue;
        if (port->classes)
            return yg_fail(error, YG_ERROR_ARGUMENT, formula->origin,
                           "'%s' holds classes, which are not transformed", port->name);
        encoding->formula_value = formula;
        encoding->formula_origin = formula->origin;
        if (!encoding->formula && !(encoding->formula = yg_formula_text(model, formula, error)))
            return false;
    }
    return true;
}

static bool check_standardized(const yg_model *model, const yg_value *value, size_t p,
                               yg_error *error) {
    const yg_port *port = yg_model_port(model, p);
    if (!yg_dtype_is_float(port->dtype) || port->classes)
        return yg_fail(error, YG_ERROR_ARGUMENT, value->origin,
                       "'%s' holds %s, which are not standardised", port->name,
                       port->classes ? "classes" : "whole numbers");
    return true;
}

/* Notes `standardize: [x, y]`. */
static bool read_standardized(const yg_model *model, const yg_value *list, yg_data *data,
                              yg_error *error) {
    bool *listed = calloc(data->encoding.count + 1, sizeof *listed);
    bool good = listed || yg_fail_memory(error);
    if (good && list && list->kind != YG_SEQUENCE) {
        char found[80];
        good = yg_fail(error, YG_ERROR_ARGUMENT, list->origin,
                       "`standardize` is a list of inputs and targets, such as [x]; found %s",
                       yg_value_describe(list, found, sizeof found));
    }
    for (size_t i = 0; good && list && i < list->count; i++) {
        size_t p;
        good = yg_port_find(model, list->items[i], "`standardize`", &p, error) &&
               check_standardized(model, list->items[i], p, error);
        if (good && listed[p])
            good = yg_fail(error, YG_ERROR_NAME, list->items[i]->origin,
                           "'%s' is listed twice in `standardize`", yg_model_port(model, p)->name);
        if (good)
            listed[p] = data->encoding.ports[p].standardized = true;
    }
    free(listed);
    return good;
}

/* Fits on the training part what is not known yet, and applies it to all that is held. */
static bool standardize(const yg_reading *reading, yg_error *error) {
    yg_data *data = reading->data;
    for (size_t p = 0; p < data->encoding.count; p++) {
        const yg_port_encoding *encoding = &data->encoding.ports[p];
        if (!encoding->standardized || encoding->mean)
            continue;
        if (!yg_standardize_fit(reading, &data->train, p, error))
            return false;
        for (size_t k = 0; k < sizeof data->held / sizeof *data->held; k++)
            if (data->held[k].count && !yg_dataset_settle(reading, &data->held[k], p, error))
                return false;
    }
    return true;
}

/* Labels on a float port are 0 and 1, so there must be two, and one element to hold them. */
static bool check_ports(const yg_model *model, yg_error *error) {
    for (size_t p = 0; p < yg_model_port_count(model); p++) {
        const yg_port *port = yg_model_port(model, p);
        if (yg_dtype_is_float(port->dtype) && port->classes && port->classes != 2)
            return yg_fail(error, YG_ERROR_DTYPE, port->origin,
                           "'%s' has %" PRId64 " classes, but floating-point elements, which stand "
                           "for two classes (0 and 1); write `dtype: i32`",
                           port->name, port->classes);
    }
    return true;
}

/* The section as it is written. */
typedef struct written {
    const yg_value *train, *validation, *test, *transform, *standardize, *columns, *memory,
        *windows, *sequences, *balance;
    int64_t seed;
} written;

#define KEY(member) .kind = YG_SETTING_VALUE, .offset = offsetof(written, member)

static const yg_setting settings[] = {
    {"train", KEY(train), .required = true, .form = "a part", .forms = YG_FORM_MAPPING,
     .example = "{csv: train.csv, x: \"*\", y: price}", .doc = "what is trained on; see data.part"},
    {"validation", KEY(validation), .form = "a part, or one that is split off",
     .forms = YG_FORM_MAPPING, .fallback = "none", .example = "{from: train, fraction: 0.2}",
     .doc = "what judges each epoch; see data.part and data.split"},
    {"test", KEY(test), .form = "a part, or one that is split off", .forms = YG_FORM_MAPPING,
     .fallback = "none", .example = "{csv: test.csv, x: \"*\", y: price}",
     .doc = "what judges the finished network"},
    {"columns", KEY(columns), .form = "a mapping from column to kind or options",
     .forms = YG_FORM_MAPPING, .fallback = "{}",
     .example = "{sex: category, age: {missing: median}}",
     .doc = "how cells become elements; \"*\": columns of inputs without an entry"},
    {"transform", KEY(transform), .form = "a mapping from input or target to a formula",
     .forms = YG_FORM_MAPPING | YG_FORM_FORMULAS, .fallback = "{}", .example = "{x: x / 255}",
     .doc = "what is computed from each example's elements"},
    {"standardize", KEY(standardize), .form = "a list of inputs and targets", .forms = YG_FORM_LIST,
     .fallback = "[]", .example = "[x]",
     .doc = "whose elements become (x - mean) / deviation, by the training part"},
    {"seed", .kind = YG_SETTING_WHOLE, .offset = offsetof(written, seed), .fallback = "0",
     .example = "7",
     .doc = "of what is drawn: parts that are split off, and `balance: oversample`"},
    {"memory", KEY(memory), .form = "a number of bytes, or one with KB, MB, GB, KiB, MiB or GiB",
     .forms = YG_FORM_SCALAR | YG_FORM_ANY, .fallback = "1 GiB", .example = "500 MB",
     .doc = "how much data is held; what is larger is read again in each epoch"},
    {"windows", KEY(windows), .form = "a mapping", .forms = YG_FORM_MAPPING, .fallback = "none",
     .example = "{length: 24}", .doc = "examples are windows over rows"},
    {"sequences", KEY(sequences), .form = "a mapping", .forms = YG_FORM_MAPPING, .fallback = "none",
     .example = "{by: patient}", .doc = "examples are sequences of differing length"},
    {"balance", KEY(balance), .form = "weights or oversample, or a mapping",
     .forms = YG_FORM_SCALAR | YG_FORM_MAPPING, .fallback = "none", .example = "oversample",
     .doc = "makes up for rare classes"},
    {"class_weight", .hint = "write `balance: weights`"},
    {"window", .hint = "it is `windows` here"},
    {"sequence", .hint = "it is `sequences` here"},
    {"standardise", .hint = "it is spelt `standardize` here"},
    {"normalize", .hint = "it is `standardize: [x]` here"},
    {"val", .hint = "it is `validation` here"},
    {"valid", .hint = "it is `validation` here"},
    {"split", .hint = "write `validation: {from: train, fraction: 0.2}`"},
};

#undef KEY

const yg_setting_group yg_section_settings = {"data", "where the examples come from", settings,
                                              sizeof settings / sizeof *settings, NULL};

/* `columns: {sex: {kind: category}}`: the entries are read with the columns. */
static bool check_columns(const yg_value *columns, const yg_value *train, yg_error *error) {
    return !columns ||
           (yg_value_is_mapping(columns, "`columns`", error) &&
            (yg_table_kind_of(train) ||
             yg_fail(error, YG_ERROR_DATA, columns->origin,
                     "`columns` is for the columns of a table, but the part `train` names none")));
}

/* `memory: 64 MB`, or a number of bytes. */
bool yg_data_memory(const yg_value *section, int64_t *bytes, yg_error *error) {
    static const struct {
        const char *name;
        double bytes;
    } units[] = {{"", 1},     {"B", 1},      {"KB", 1e3},      {"MB", 1e6},
                 {"GB", 1e9}, {"KiB", 1024}, {"MiB", 1 << 20}, {"GiB", 1 << 30}};
    const yg_value *value =
        section && section->kind == YG_MAPPING ? yg_value_get(section, "memory") : NULL;
    const char *text;
    double number;
    *bytes = (int64_t)1 << 30;
    if (!value)
        return true;
    if (!yg_value_text(value, "`memory`", &text, error))
        return false;
    const size_t digits = yg_number_span(text), blanks = strspn(text + digits, " ");
    for (size_t i = 0; i < sizeof units / sizeof *units && digits; i++)
        if (strcmp(text + digits + blanks, units[i].name) == 0 &&
            yg_number_parse(text, digits, &number) != YG_NUMBER_NOT &&
            number * units[i].bytes >= 1 && number * units[i].bytes < 9e18) {
            *bytes = (int64_t)(number * units[i].bytes);
            return true;
        }
    return yg_fail(error, YG_ERROR_ARGUMENT, value->origin,
                   "`memory` is a number of bytes, or one with KB, MB, GB, KiB, MiB or GiB, as in "
                   "500 MB; found '%.60s'",
                   text);
}

static bool load(const yg_model *model, yg_dtype dtype, const yg_value *section, yg_data *data,
                 yg_error *error) {
    static const yg_key part_keys[] = {
        {"from", false, "`train` is what the other parts are taken from", NULL},
        {"fraction", false, "`train` keeps what the other parts leave", NULL}};
    const char *symbol;
    written w = {0};
    yg_split splits[2] = {{0}};
    yg_reading reading = {.model = model, .data = data, .dtype = dtype, .training = true};
    if (!yg_setting_read_all(section, "`data`", settings, sizeof settings / sizeof *settings, &w,
                             error) ||
        !check_columns(w.columns, w.train, error) || !yg_series_read(model, &data->series, error) ||
        !yg_sequencing_read(model, &data->sequencing, error) ||
        !yg_batch_symbol(model, &symbol, error) || !check_ports(model, error) ||
        (!data->encoding.known && !yg_encoding_make(model, &data->encoding, error)) ||
        !read_transforms(model, w.transform, data, error) ||
        !read_standardized(model, w.standardize, data, error) ||
        !yg_balance_read(model, data, error) || !yg_data_memory(section, &reading.memory, error))
        return false;
    if (!check_part_keys(model, w.train, "`train`", part_keys, sizeof part_keys / sizeof *part_keys,
                         error) ||
        !yg_splits_read(model, section, data, splits, error))
        return false;
    reading.splits = splits;
    reading.split_count = 2;
    reading.seed = (uint64_t)w.seed;
    if (!read_part(&reading, w.train, &data->held[0], &data->train, error))
        return false;
    reading.training = false;
    return read_held_out(&reading, section, "validation", &data->held[1], &data->validation,
                         error) &&
           (data->folds ||
            read_held_out(&reading, section, "test", &data->held[2], &data->test, error)) &&
           yg_split_off(data, splits, 2, (uint64_t)w.seed, error) && standardize(&reading, error) &&
           yg_series_apply(&reading, NULL, error) && yg_sequences_apply(&reading, error) &&
           yg_balance_apply(&reading, error);
}

bool yg_data_load_known(const yg_model *model, yg_dtype dtype, yg_data *data, yg_error *error) {
    const yg_value *section = yg_model_section(model, "data");
    if (!section)
        return yg_fail(error, YG_ERROR_DATA, (yg_origin){yg_model_path(model), 0, 0},
                       "the model has no `data:` section, and no second file gives one");
    const bool good = load(model, dtype, section, data, error);
    /* From now on the same signal asks a run to save and end, and it may read for that. */
    for (size_t i = 0; good && i < sizeof data->held / sizeof *data->held; i++)
        if (data->held[i].spool)
            data->held[i].spool->stop = NULL;
    if (good)
        return true;
    yg_data_free(data);
    return false;
}

void yg_data_free(yg_data *data) {
    free(data->train.members);
    free(data->validation.members);
    free(data->test.members);
    for (size_t i = 0; i < sizeof data->held / sizeof *data->held; i++)
        yg_dataset_free(&data->held[i]);
    for (size_t i = 0; i < sizeof data->runs / sizeof *data->runs; i++)
        free(data->runs[i].begins);
    if (data->owners)
        yg_owners_free(data->owners);
    free(data->owners);
    free(data->balance.counts);
    free(data->balance.weights);
    yg_repeats_free(data->balance.repeats);
    yg_encoding_free(&data->encoding);
    free(data->dims);
    *data = (yg_data){0};
}

bool yg_data_load(const yg_model *model, yg_dtype dtype, yg_data *data, yg_error *error) {
    *data = (yg_data){0};
    return yg_data_load_known(model, dtype, data, error);
}
