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

#include <inttypes.h>
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

/* Checks the keys of a part with examples of its own: where they stand, what the kind of table
 * takes, and the ports. `refused` says what is wrong with some others. */
static bool check_part_keys(const yg_model *model, const yg_value *map, const char *what,
                            const yg_key *refused, size_t refused_count, yg_error *error) {
    const yg_table_kind *const *kinds = yg_table_kinds();
    const yg_table_kind *kind = yg_table_kind_of(map);
    size_t count = 0, room = refused_count + 3 + (kind ? kind->key_count : 0);
    for (size_t i = 0; kinds[i]; i++)
        room++;
    yg_key *keys = calloc(room, sizeof *keys);
    if (!keys)
        return yg_fail_memory(error);
    for (size_t i = 0; kinds[i]; i++)
        keys[count++] = (yg_key){.name = kinds[i]->key};
    keys[count++] = (yg_key){.name = "file"};
    keys[count++] = (yg_key){.name = "arrays"};
    keys[count++] = kind ? (yg_key){.name = "exclude"}
                         : (yg_key){.name = "exclude",
                                    .hint = "it names columns of a table, which this part has not"};
    for (size_t i = 0; kind && i < kind->key_count; i++)
        keys[count++] = kind->keys[i];
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
    static const yg_key keys[] = {{"fraction", false, "`fraction` goes with `from: train`"},
                                  {"stratify", false, "`stratify` goes with `from: train`"}};
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

/* `columns: {sex: {kind: category}}`: the entries are read with the columns. */
static bool check_columns(const yg_value *section, yg_error *error) {
    const yg_value *columns = yg_value_get(section, "columns");
    return !columns ||
           (yg_value_is_mapping(columns, "`columns`", error) &&
            (yg_table_kind_of(yg_value_get(section, "train")) ||
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
    static const yg_key keys[] = {
        {"train", true, NULL},
        {"validation", false, NULL},
        {"test", false, NULL},
        {"transform", false, NULL},
        {"standardize", false, NULL},
        {"columns", false, NULL},
        {"seed", false, NULL},
        {"memory", false, NULL},
        {"windows", false, NULL},
        {"balance", false, NULL},
        {"class_weight", false, "write `balance: weights`"},
        {"sequences", false, NULL},
        {"window", false, "it is `windows` here"},
        {"sequence", false, "it is `sequences` here"},
        {"standardise", false, "it is spelt `standardize` here"},
        {"normalize", false, "it is `standardize: [x]` here"},
        {"val", false, "it is `validation` here"},
        {"valid", false, "it is `validation` here"},
        {"split", false, "write `validation: {from: train, fraction: 0.2}`"}};
    static const yg_key part_keys[] = {
        {"from", false, "`train` is what the other parts are taken from"},
        {"fraction", false, "`train` keeps what the other parts leave"}};
    const char *symbol;
    int64_t seed = 0;
    yg_split splits[2] = {{0}};
    yg_reading reading = {.model = model, .data = data, .dtype = dtype, .training = true};
    if (!yg_value_check_keys(section, "`data`", keys, sizeof keys / sizeof *keys, error) ||
        !check_columns(section, error) || !yg_series_read(model, &data->series, error) ||
        !yg_sequencing_read(model, &data->sequencing, error) ||
        !yg_batch_symbol(model, &symbol, error) || !check_ports(model, error) ||
        (!data->encoding.known && !yg_encoding_make(model, &data->encoding, error)) ||
        !read_transforms(model, yg_value_get(section, "transform"), data, error) ||
        !read_standardized(model, yg_value_get(section, "standardize"), data, error) ||
        !yg_balance_read(model, data, error) || !yg_data_memory(section, &reading.memory, error))
        return false;
    const yg_value *seed_value = yg_value_get(section, "seed");
    const yg_value *train = yg_value_get(section, "train");
    if (seed_value && !yg_value_int(seed_value, "`seed`", 0, INT64_MAX, &seed, error))
        return false;
    if (!check_part_keys(model, train, "`train`", part_keys, sizeof part_keys / sizeof *part_keys,
                         error) ||
        !yg_splits_read(model, section, data, splits, error))
        return false;
    reading.splits = splits;
    reading.split_count = 2;
    reading.seed = (uint64_t)seed;
    if (!read_part(&reading, train, &data->held[0], &data->train, error))
        return false;
    reading.training = false;
    return read_held_out(&reading, section, "validation", &data->held[1], &data->validation,
                         error) &&
           (data->folds ||
            read_held_out(&reading, section, "test", &data->held[2], &data->test, error)) &&
           yg_split_off(data, splits, 2, (uint64_t)seed, error) && standardize(&reading, error) &&
           yg_series_apply(&reading, NULL, error) && yg_sequences_apply(&reading, error) &&
           yg_balance_apply(&reading, error);
}

bool yg_data_load_known(const yg_model *model, yg_dtype dtype, yg_data *data, yg_error *error) {
    const yg_value *section = yg_model_section(model, "data");
    if (!section)
        return yg_fail(error, YG_ERROR_DATA, (yg_origin){yg_model_path(model), 0, 0},
                       "the model has no `data:` section, and no second file gives one");
    if (load(model, dtype, section, data, error))
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
