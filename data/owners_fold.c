/*
 * Folds of cross-validation: see owners.h.
 */
#include "owners.h"

/* Owners that are free while folds are drawn, which comes before all else. */
enum { DRAWN = YG_OWNER_NOBODY, EARLIER = 1 };

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

/* floor(total · number / count), of any size. */
static int64_t begin_of(int64_t total, int64_t number, int64_t count) {
    return total / count * number + total % count * number / count;
}

void yg_owners_take_block(yg_owners *owners, int owner, const yg_fold *fold) {
    const int64_t total = owners->count;
    const int64_t begin = begin_of(total, fold->number, fold->count);
    const int64_t end = begin_of(total, fold->number + 1, fold->count);
    const int64_t first = begin - (fold->before < begin ? fold->before : begin);
    const int64_t last = end + (fold->after < total - end ? fold->after : total - end);
    for (int64_t e = first; e < last; e++)
        yg_owners_set(owners, e, e >= begin && e < end ? owner : YG_OWNER_NOBODY);
}
