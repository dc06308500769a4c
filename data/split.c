/*
 * Splits: see yg_split_off() in source.h.
 */
#include "owners.h"
#include "spool.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

static bool class_keys(const yg_dataset *dataset, size_t port, yg_keys *keys, yg_error *error) {
    const yg_part all = {.count = dataset->count, .dataset = dataset};
    yg_rows rows = {.part = &all, .port = port};
    bool good = true;
    for (int64_t e = 0; good && e < dataset->count; e++) {
        const void *at = yg_rows_next(&rows, error);
        good = at && (yg_keys_add_whole(keys, yg_rows_class(&rows, at)) || yg_fail_memory(error));
    }
    yg_rows_free(&rows);
    return good;
}

/* Lists the examples of a part. Those of a dataset in a file are not listed: they are many. */
static bool list(const yg_dataset *dataset, const yg_owners *owners, int owner, yg_part *part,
                 yg_error *error) {
    *part = (yg_part){.dataset = dataset, .owner = owner};
    if (dataset->spool) {
        part->owners = owners;
        part->count = yg_owners_count(owners, owner);
        return true;
    }
    part->members = yg_owners_list(owners, owner, &part->count, error);
    return part->members != NULL;
}

/* Says that a fold has no example, or leaves none to train on. */
static bool fail_fold(const yg_split *split, int64_t total, yg_error *error) {
    return yg_fail(error, YG_ERROR_DATA, split->origin,
                   "fold %" PRId64 " of %" PRId64 " %s: there are %" PRId64
                   " examples%s; take fewer folds%s",
                   split->fold + 1, split->folds,
                   split->out->count ? "leaves no example to train on" : "gets no example", total,
                   split->rule == YG_SPLIT_TIME    ? " of too few times"
                   : split->rule != YG_SPLIT_GROUP ? ""
                   : split->by_file                ? " in too few files"
                                                   : " in too few groups",
                   split->out->count && split->gap ? ", or a smaller gap" : "");
}

static bool fail_fraction(const yg_split *split, bool none, int64_t total, yg_error *error) {
    return yg_fail(error, YG_ERROR_DATA, split->origin,
                   "%s of %" PRId64 " examples: the fraction %g leaves no example %s",
                   none ? "none" : "all", total, split->fraction,
                   none ? "for this part" : "to train on");
}

static bool split_one(const yg_dataset *dataset, const yg_split *split, int owner, uint64_t seed,
                      int64_t *kept, yg_owners *owners, yg_error *error) {
    const int64_t total = owners->count;
    int64_t wanted = (int64_t)floor(split->fraction * (double)total + 0.5);
    yg_keys keys = {0};
    const bool stratified = split->stratify != SIZE_MAX;
    const yg_fold fold = {
        .number = split->fold, .count = split->folds, .strata = stratified ? &keys : NULL};
    bool good = (!stratified || class_keys(dataset, split->stratify, &keys, error)) &&
                (split->folds ? yg_owners_draw_fold(owners, owner, &fold, seed, error)
                              : yg_owners_draw(owners, owner, wanted, fold.strata, seed, error));
    yg_keys_free(&keys);
    if (good && split->folds)
        wanted = yg_owners_count(owners, owner);
    if (good && split->folds && wanted <= 0)
        good = fail_fold(split, total, error);
    else if (good && (wanted <= 0 || wanted >= *kept))
        good = fail_fraction(split, wanted <= 0, total, error);
    good = good && list(dataset, owners, owner, split->out, error);
    *kept -= split->out->count;
    return good;
}

/* Lists a part that the source has drawn. */
static bool take_drawn(const yg_dataset *dataset, const yg_split *split, int owner,
                       const yg_owners *owners, yg_error *error) {
    if (!list(dataset, owners, owner, split->out, error))
        return false;
    const bool some = split->out->count > 0, left = yg_owners_count(owners, 0) > 0;
    if (some && left)
        return true;
    if (split->folds)
        return fail_fold(split, owners->count, error);
    if (!yg_split_needs_table(split))
        return fail_fraction(split, !split->out->count, owners->count, error);
    return yg_fail(error, YG_ERROR_DATA, split->origin, "%s of %" PRId64 " examples %s",
                   split->out->count ? "all" : "none", owners->count,
                   split->out->count ? "belong to this part, and none is left to train on"
                                     : "belongs to this part");
}

bool yg_split_needs_table(const yg_split *split) {
    return split->column || split->by_file || split->rule == YG_SPLIT_WINDOWS ||
           split->rule == YG_SPLIT_BLOCK;
}

bool yg_split_off(yg_data *data, const yg_split *parts, size_t count, uint64_t seed,
                  yg_error *error) {
    const yg_dataset *dataset = data->train.dataset;
    int64_t kept = dataset->count;
    const bool drawn = data->owners != NULL;
    bool good = true, any = false;
    for (size_t i = 0; i < count; i++)
        any = any || parts[i].rule != YG_SPLIT_NONE;
    if (!any)
        return true;
    if (!drawn) {
        if (!(data->owners = calloc(1, sizeof *data->owners)))
            return yg_fail_memory(error);
        good = yg_owners_make(dataset->count, data->owners, error);
    }
    for (size_t k = 0; good && k < 2 * count; k++) { /* folds first */
        const size_t i = k % count;
        if (parts[i].rule == YG_SPLIT_NONE || (k < count) != (parts[i].folds > 0))
            continue;
        if (!drawn && parts[i].by_file)
            return yg_fail(error, YG_ERROR_DATA, parts[i].column_origin,
                           "only a table consists of files that can be told apart");
        if (!drawn && parts[i].column)
            return yg_fail(error, YG_ERROR_DATA, parts[i].column_origin,
                           "only a table has a column '%s'", parts[i].column);
        good = drawn ? take_drawn(dataset, &parts[i], (int)i + 1, data->owners, error)
                     : split_one(dataset, &parts[i], (int)i + 1, seed, &kept, data->owners, error);
    }
    return good && list(dataset, data->owners, 0, &data->train, error);
}
