/*
 * Folds of cross-validation: see owners.h.
 */
#include "owners.h"

/* An owner that no part has, and one that is free because folds are drawn before all else. */
enum { DRAWN = 3, EARLIER = 1 };

static void rename_owner(yg_owners *owners, int from, int to) {
    for (int64_t e = 0; e < owners->count; e++)
        if (yg_owners_get(owners, e) == from)
            yg_owners_set(owners, e, to);
}

/* Of whole groups the last fold gets what the others have left. Otherwise the rest is as many as it
 * is to get. */
static bool draw(yg_owners *owners, const yg_fold *fold, int64_t number, uint64_t seed,
                 yg_error *error) {
    const int64_t total = owners->count;
    const int64_t wanted = total * (number + 1) / fold->count - total * number / fold->count;
    const uint64_t own_seed = seed + (uint64_t)number * UINT64_C(0x9E3779B97F4A7C15);
    if (fold->groups && number + 1 == fold->count)
        rename_owner(owners, 0, DRAWN);
    else if (fold->groups)
        return yg_owners_draw_groups(owners, DRAWN, wanted, fold->groups, fold->strata, own_seed,
                                     error);
    else
        return yg_owners_draw(owners, DRAWN, wanted, fold->strata, own_seed, error);
    return true;
}

bool yg_owners_draw_fold(yg_owners *owners, int owner, const yg_fold *fold, uint64_t seed,
                         yg_error *error) {
    for (int64_t number = 0; number <= fold->number; number++) {
        if (!draw(owners, fold, number, seed, error))
            return false;
        if (number < fold->number)
            rename_owner(owners, DRAWN, EARLIER);
    }
    rename_owner(owners, EARLIER, 0);
    rename_owner(owners, DRAWN, owner);
    return true;
}
