/*
 * Rows that become sequences: see yg_sequences_apply() in sequences.h.
 */
#include "decoder.h"
#include "owners.h"
#include "sequences.h"
#include "spool.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

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

bool yg_sequences_add_run(const yg_reading *reading, yg_sequences *sequences, int64_t begin,
                          int64_t end, int64_t first, yg_error *error) {
    const yg_sequencing *s = &reading->data->sequencing;
    const bool longer = s->max_length && end - begin > s->max_length;
    if (longer && !s->truncate)
        return fail_long(reading, first + begin, end - begin, error);
    return yg_sequences_add(sequences, begin, longer ? s->max_length : end - begin, error);
}

/* Appends the sequence of rows begin .. end. Their owner becomes that of the sequence. */
static bool add_run(const yg_reading *reading, yg_sequences *sequences, int64_t begin, int64_t end,
                    const yg_owners *owners, yg_owners *own, yg_error *error) {
    for (int64_t row = begin + 1; owners && row < end; row++)
        if (yg_owners_get(owners, row) != yg_owners_get(owners, begin))
            return fail_parts(reading, row, error);
    if (owners)
        yg_owners_set(own, sequences->count, yg_owners_get(owners, begin));
    return yg_sequences_add_run(reading, sequences, begin, end, 0, error);
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
