/*
 * Totals in a checkpoint: see totals.h. Numbers are "@run.totals", and the rows of part N are
 * "@run.rows.N", those that there are so far.
 */
#include "totals.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { NAME = 40 };

static bool rows_type(const yg_score_part *part, int64_t examples, yg_type *type, yg_error *error) {
    const int64_t shape[2] = {examples, part->elements};
    return yg_type_make(part->dtype, 2, shape, type, error);
}

bool yg_totals_save(const yg_score_plan *plan, const yg_totals *totals, yg_tensor_file *file,
                    yg_error *error) {
    const int64_t count = (int64_t)totals->count;
    char name[NAME];
    yg_type type;
    bool good = yg_type_make(YG_F64, 1, &count, &type, error) &&
                yg_tensor_file_add(file, "@run.totals", &type, totals->values, error);
    for (size_t i = 0; i < totals->part_count && good; i++) {
        snprintf(name, sizeof name, "@run.rows.%zu", i);
        if (totals->rows[i] && totals->examples > 0)
            good = rows_type(&plan->parts[i], totals->examples, &type, error) &&
                   yg_tensor_file_lend(file, name, &type, totals->rows[i], error);
    }
    return good;
}

/* The data of a tensor, if it has that type. */
static const void *find(const yg_tensor_file *file, const char *name, const yg_type *type) {
    const yg_tensor *tensor = yg_tensor_find(file, name);
    return tensor && yg_type_equal(&tensor->type, type) ? tensor->data : NULL;
}

bool yg_totals_restore(const yg_score_plan *plan, const yg_tensor_file *file, const char *path,
                       int64_t examples, int64_t batches, yg_totals *totals, yg_error *error) {
    const int64_t count = (int64_t)totals->count;
    char name[NAME] = "@run.totals";
    yg_type type;
    if (examples > totals->capacity || !yg_type_make(YG_F64, 1, &count, &type, error))
        return yg_fail(error, YG_ERROR_DATA, (yg_origin){path, 0, 0},
                       "the checkpoint's counters make no sense");
    const void *data = find(file, name, &type);
    if (data && count)
        memcpy(totals->values, data, (size_t)yg_type_bytes(&type));
    for (size_t i = 0; i < totals->part_count && data; i++) {
        snprintf(name, sizeof name, "@run.rows.%zu", i);
        if (!totals->rows[i] || examples == 0)
            continue;
        if (!rows_type(&plan->parts[i], examples, &type, error))
            return false;
        data = find(file, name, &type);
        if (data && yg_type_bytes(&type))
            memcpy(totals->rows[i], data, (size_t)yg_type_bytes(&type));
    }
    if (!data)
        return yg_fail(error, YG_ERROR_DATA, (yg_origin){path, 0, 0},
                       "not a checkpoint of this run: '%s' is missing, or is of another size",
                       name);
    totals->examples = examples;
    totals->batches = batches;
    return true;
}
