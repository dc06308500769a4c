/*
 * Sequences of differing length: see sequences.h.
 */
#include "sequences.h"

#include "decoder.h"
#include "owners.h"
#include "spool.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------------------ the section -- */

static size_t port_named(const yg_model *model, const char *name) {
    size_t p = 0;
    while (p < yg_model_port_count(model) && strcmp(yg_model_port(model, p)->name, name) != 0)
        p++;
    return p;
}

/* The ports that take sequences are those of shape [B, T, …]. */
static bool find_symbol(const yg_model *model, yg_sequencing *s, yg_error *error) {
    const yg_port *first = NULL;
    for (size_t p = 0; p < yg_model_port_count(model); p++) {
        const yg_port *port = yg_model_port(model, p);
        const char *symbol = port->rank > 1 ? port->symbols[1] : NULL;
        if (symbol && first && strcmp(symbol, first->symbols[1]) != 0)
            return yg_fail(error, YG_ERROR_SHAPE, port->origin,
                           "dimension 1 is %s here and %s at '%s'; with `sequences` all have one "
                           "name for it, because their sequences have the same lengths",
                           symbol, first->symbols[1], first->name);
        first = symbol && !first ? port : first;
    }
    for (size_t p = 0; first && p < yg_model_port_count(model); p++) {
        const yg_port *port = yg_model_port(model, p);
        for (int d = 2; d < port->rank; d++)
            if (port->symbols[d] && strcmp(port->symbols[d], first->symbols[1]) == 0)
                return yg_fail(error, YG_ERROR_SHAPE, port->origin,
                               "'%s' has the dimension %s of the sequences as dimension %d; it can "
                               "be dimension 1 only",
                               port->name, first->symbols[1], d);
    }
    s->symbol = first ? first->symbols[1] : NULL;
    return first || yg_fail(error, YG_ERROR_SHAPE, s->origin,
                            "no input or target takes sequences: dimension 1 of such a one is a "
                            "name, as in [B, T] or [B, T, 3]");
}

static bool read_lengths(const yg_model *model, const yg_value *value, yg_sequencing *s,
                         yg_error *error) {
    const char *name;
    s->lengths = SIZE_MAX;
    if (!value)
        return true;
    if (!yg_value_text(value, "`lengths`", &name, error))
        return false;
    s->lengths = port_named(model, name);
    if (s->lengths == yg_model_port_count(model))
        return yg_fail(error, YG_ERROR_NAME, value->origin,
                       "`lengths` names no input: '%s'; declare it as %s: {shape: [B], dtype: i64}",
                       name, name);
    const yg_port *port = yg_model_port(model, s->lengths);
    return (!port->target && port->rank == 1 && !port->classes &&
            (port->dtype == YG_I32 || port->dtype == YG_I64)) ||
           yg_fail(error, YG_ERROR_SHAPE, value->origin,
                   "lengths are fed to an input of shape [B] and dtype i64 or i32, which '%s' is "
                   "not",
                   name);
}

static bool read_pad(const yg_model *model, const yg_value *map, yg_sequencing *s,
                     yg_error *error) {
    s->pad = map;
    if (map && !yg_value_is_mapping(map, "`pad`", error))
        return false;
    for (size_t i = 0; map && i < map->count; i++) {
        const size_t p = port_named(model, map->keys[i]->text);
        const yg_port *port = p < yg_model_port_count(model) ? yg_model_port(model, p) : NULL;
        double real;
        int64_t whole;
        if (!port || port->rank < 2 || !port->symbols[1])
            return yg_fail(error, YG_ERROR_NAME, map->keys[i]->origin,
                           "`pad` is for inputs and targets that take sequences, and '%s' is none",
                           map->keys[i]->text);
        const bool good =
            yg_dtype_is_float(port->dtype)
                ? yg_value_float(map->items[i], "`pad`", -1e30, 1e30, &real, error)
                : yg_value_int(map->items[i], "`pad`", INT32_MIN, INT32_MAX, &whole, error);
        if (!good)
            return false;
    }
    return true;
}

static bool read_limits(const yg_value *map, yg_sequencing *s, yg_error *error) {
    static const char *const ways[] = {"error", "truncate", NULL};
    const yg_value *longest = yg_value_get(map, "max_length");
    const yg_value *longer = yg_value_get(map, "longer");
    const yg_value *buckets = yg_value_get(map, "buckets");
    int way = 0;
    s->buckets = true;
    if (longer && !longest)
        return yg_fail(error, YG_ERROR_ARGUMENT, longer->origin,
                       "`longer` says what becomes of sequences above `max_length`, which is not "
                       "given");
    if ((longest && !yg_value_int(longest, "`max_length`", 1, INT32_MAX, &s->max_length, error)) ||
        (longer && !yg_value_choice(longer, "`longer`", ways, &way, error)))
        return false;
    s->truncate = way == 1;
    return !buckets || yg_value_bool(buckets, "`buckets`", &s->buckets, error);
}

bool yg_sequencing_read(const yg_model *model, yg_sequencing *s, yg_error *error) {
    static const yg_key keys[] = {{"by", false, NULL},
                                  {"lengths", false, NULL},
                                  {"max_length", false, NULL},
                                  {"longer", false, NULL},
                                  {"pad", false, NULL},
                                  {"buckets", false, NULL},
                                  {"group", false, "it is `by` here"},
                                  {"length", false, "it is `max_length` here, or `lengths`"},
                                  {"bucket", false, "it is `buckets` here"}};
    const yg_value *section = yg_model_section(model, "data");
    const bool mapping = section && section->kind == YG_MAPPING;
    const yg_value *map = mapping ? yg_value_get(section, "sequences") : NULL;
    *s = (yg_sequencing){.lengths = SIZE_MAX};
    if (!map)
        return true;
    s->origin = map->origin;
    if (yg_value_get(section, "windows"))
        return yg_fail(error, YG_ERROR_ARGUMENT, map->origin,
                       "examples are `windows` or `sequences`, not both");
    if (!yg_value_check_keys(map, "`sequences`", keys, sizeof keys / sizeof *keys, error) ||
        !find_symbol(model, s, error))
        return false;
    const yg_value *by = yg_value_get(map, "by");
    s->by_origin = by ? by->origin : YG_NOWHERE;
    return (!by || yg_value_text(by, "`by`", &s->by, error)) &&
           read_lengths(model, yg_value_get(map, "lengths"), s, error) &&
           read_pad(model, yg_value_get(map, "pad"), s, error) && read_limits(map, s, error);
}

/* ---------------------------------------------------------------------------------- ports ---- */

int64_t yg_sequences_padded(const yg_sequencing *sequencing, int64_t length) {
    int64_t step = 1;
    while (length / step >= 8)
        step *= 2;
    const int64_t padded = (length + step - 1) / step * step, most = sequencing->max_length;
    return most && padded > most ? most : padded;
}

/* ----------------------------------------------------------------------------- sequences ----- */

bool yg_sequences_add(yg_sequences *s, int64_t begin, int64_t length, yg_error *error) {
    if (s->count == s->capacity) {
        const int64_t capacity = s->capacity ? 2 * s->capacity : 64;
        int64_t *begins = realloc(s->begins, (size_t)capacity * sizeof *begins);
        if (!begins)
            return yg_fail_memory(error);
        s->begins = begins;
        int32_t *lengths = realloc(s->lengths, (size_t)capacity * sizeof *lengths);
        if (!lengths)
            return yg_fail_memory(error);
        s->lengths = lengths;
        s->capacity = capacity;
    }
    s->begins[s->count] = begin;
    s->lengths[s->count++] = (int32_t)length;
    return true;
}

void yg_sequences_free(yg_sequences *sequences) {
    if (!sequences)
        return;
    for (size_t p = 0; p < sequences->list_count; p++)
        free(sequences->lists[p].data);
    free(sequences->lists);
    free(sequences->begins);
    free(sequences->lengths);
    free(sequences);
}

yg_sequences *yg_sequences_new(const yg_model *model, yg_error *error) {
    yg_sequences *s = calloc(1, sizeof *s);
    const size_t ports = yg_model_port_count(model);
    if (s && (s->lists = calloc(ports + 1, sizeof *s->lists))) {
        s->list_count = ports;
        return s;
    }
    free(s);
    yg_fail_memory(error);
    return NULL;
}

void yg_sequences_clear(yg_sequences *sequences) {
    sequences->count = sequences->rows = 0;
    for (size_t p = 0; p < sequences->list_count; p++)
        sequences->lists[p].count = 0;
}

static bool reserve_rows(yg_dataset *to, int64_t capacity, yg_error *error) {
    for (size_t p = 0; p < to->port_count; p++) {
        yg_elements *elements = &to->ports[p];
        const size_t row = (size_t)elements->width * yg_elements_size(elements);
        if (!elements->ragged || !elements->data)
            continue;
        void *grown = row && (size_t)capacity > SIZE_MAX / 2 / row
                          ? NULL
                          : realloc(elements->data, (size_t)capacity * row + 8);
        if (!grown)
            return yg_fail_memory(error);
        elements->data = grown;
    }
    to->sequences->row_capacity = capacity;
    return true;
}

bool yg_sequences_append(const yg_sequences *chunk, yg_dataset *to, yg_error *error) {
    yg_sequences *s = to->sequences;
    const int64_t rows = s->rows + chunk->rows;
    if (rows > s->row_capacity && !reserve_rows(to, rows + rows / 2, error))
        return false;
    for (int64_t e = 0; e < chunk->count; e++)
        if (!yg_sequences_add(s, s->rows + chunk->begins[e], chunk->lengths[e], error))
            return false;
    s->rows = rows;
    return true;
}

static int64_t longer_of(const yg_sequences *s, int64_t example, int64_t longest) {
    return s->lengths[example] > longest ? s->lengths[example] : longest;
}

int64_t yg_part_longest(const yg_part *part, int64_t first, int64_t count) {
    const yg_sequences *s = part->count ? part->dataset->sequences : NULL;
    int64_t longest = 0, at = 0;
    if (!s)
        return 0;
    for (int64_t i = first; part->members && i < first + count; i++)
        longest = longer_of(s, part->members[i], longest);
    for (int64_t e = 0; !part->members && at < first + count; e++)
        if ((!part->owners || yg_owners_get(part->owners, e) == part->owner) && at++ >= first)
            longest = longer_of(s, e, longest);
    return longest;
}

/* ------------------------------------------------------------------ rows become sequences ---- */

static bool fail_parts(const yg_reading *reading, int64_t row, yg_error *error) {
    return yg_fail(error, YG_ERROR_DATA, reading->data->sequencing.by_origin,
                   "the rows of one sequence are in two parts, as row %" PRId64
                   " and the one before it; split them off by `group: %s`, or by a column that is "
                   "the same in all rows of a sequence",
                   row + 1, reading->data->sequencing.by);
}

static bool fail_long(const yg_reading *reading, int64_t begin, int64_t length, yg_error *error) {
    return yg_fail(error, YG_ERROR_DATA, reading->data->sequencing.origin,
                   "the sequence that begins in row %" PRId64 " of the data has %" PRId64
                   " rows, more than `max_length`, %" PRId64
                   "; `longer: truncate` leaves out the rows after that",
                   begin + 1, length, reading->data->sequencing.max_length);
}

/* Appends the sequence of rows begin .. end. Their owner becomes that of the sequence. */
static bool add_run(const yg_reading *reading, yg_sequences *sequences, int64_t begin, int64_t end,
                    const yg_owners *owners, yg_owners *own, yg_error *error) {
    const yg_sequencing *s = &reading->data->sequencing;
    const bool longer = s->max_length && end - begin > s->max_length;
    for (int64_t row = begin + 1; owners && row < end; row++)
        if (yg_owners_get(owners, row) != yg_owners_get(owners, begin))
            return fail_parts(reading, row, error);
    if (longer && !s->truncate)
        return fail_long(reading, begin, end - begin, error);
    if (owners)
        yg_owners_set(own, sequences->count, yg_owners_get(owners, begin));
    return yg_sequences_add(sequences, begin, longer ? s->max_length : end - begin, error);
}

/* Lists the sequences of a dataset of rows. Its `owners`, of rows, become those of sequences; NULL:
 * one part has them all. */
static bool list_runs(const yg_reading *reading, const yg_runs *runs, yg_dataset *dataset,
                      yg_owners *owners, yg_error *error) {
    const int64_t rows = dataset->count;
    const bool listed = runs->count > 0 && runs->begins[0] == 0; /* the run at row 0 */
    const int64_t *begins = runs->begins + listed, count = runs->count - listed;
    yg_owners own = {0};
    if (!(dataset->sequences = calloc(1, sizeof *dataset->sequences)))
        return yg_fail_memory(error);
    dataset->sequences->rows = rows;
    bool good = !owners || yg_owners_make(count + 1, &own, error);
    for (int64_t i = 0; good && i <= count && rows > 0; i++)
        good = add_run(reading, dataset->sequences, i ? begins[i - 1] : 0,
                       i < count ? begins[i] : rows, owners, &own, error);
    if (owners) {
        yg_owners_free(owners);
        *owners = own;
    }
    return good;
}

/* Leaves one row of each sequence of a port without T: the rows are equal. */
static bool keep_one(yg_dataset *dataset, size_t p, yg_error *error) {
    const yg_sequences *s = dataset->sequences;
    const yg_elements *elements = &dataset->ports[p];
    const size_t size = (size_t)elements->width * yg_elements_size(elements);
    char *row = dataset->spool ? malloc(size + 1) : NULL;
    bool good = row || !dataset->spool || yg_fail_memory(error);
    for (int64_t e = 0; good && e < s->count; e++) {
        if (dataset->spool)
            good = yg_spool_read(dataset, p, s->begins[e], 1, row, error) &&
                   yg_spool_replace(dataset, p, e, 1, row, error);
        else
            memmove((char *)elements->data + (size_t)e * size,
                    (char *)elements->data + (size_t)s->begins[e] * size, size);
    }
    free(row);
    return good;
}

static bool take_ports(const yg_reading *reading, yg_dataset *dataset, yg_error *error) {
    for (size_t p = 0; p < dataset->port_count; p++) {
        const yg_port *port = yg_model_port(reading->model, p);
        yg_elements *elements = &dataset->ports[p];
        if (!yg_reading_wants(reading, p))
            continue;
        elements->ragged = yg_port_is_ragged(reading->data, port);
        elements->pad = yg_port_pad(reading->data, port);
        if (!elements->ragged && !keep_one(dataset, p, error))
            return false;
    }
    dataset->count = dataset->sequences->count;
    return true;
}

/* Lists the examples of a part again: they were rows. Those of a dataset in a file are not listed:
 * they are many. */
static bool list_part(const yg_dataset *dataset, const yg_owners *owners, int owner, yg_part *part,
                      yg_error *error) {
    free(part->members);
    *part = (yg_part){.count = dataset->count, .dataset = dataset, .owner = owner};
    if (!owners)
        return true;
    part->owners = dataset->spool ? owners : NULL;
    part->members = dataset->spool ? NULL : yg_owners_list(owners, owner, &part->count, error);
    if (dataset->spool)
        part->count = yg_owners_count(owners, owner);
    return part->members || dataset->spool;
}

static bool apply(const yg_reading *reading, size_t k, yg_error *error) {
    static const char *const names[] = {"train", "validation", "test"};
    yg_data *data = reading->data;
    yg_dataset *dataset = &data->held[k];
    yg_part *parts[] = {&data->train, &data->validation, &data->test};
    yg_owners *owners = k == 0 ? data->owners : NULL;
    if (!list_runs(reading, &data->runs[k], dataset, owners, error) ||
        !take_ports(reading, dataset, error))
        return false;
    for (size_t i = 0; i < 3; i++) {
        if (parts[i]->dataset != dataset)
            continue;
        if (!list_part(dataset, owners, (int)i, parts[i], error))
            return false;
        if (!parts[i]->count)
            return yg_fail(error, YG_ERROR_DATA, data->sequencing.origin,
                           "the part '%s' has no sequence", names[i]);
    }
    return true;
}

bool yg_sequences_apply(const yg_reading *reading, yg_error *error) {
    const yg_data *data = reading->data;
    for (size_t k = 0; data->sequencing.by && k < sizeof data->held / sizeof *data->held; k++)
        if (data->held[k].ports && !apply(reading, k, error))
            return false;
    return true;
}
