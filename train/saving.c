/*
 * When a checkpoint is written: see saving.h.
 */
#include "saving.h"

#include <stddef.h>

/* Without the key `checkpoint`: seconds from one checkpoint to the next within an epoch; the least
 * from one epoch's to the next; and the least as a multiple of the time that saving takes. */
static const double WITHIN_EPOCH = 20, BETWEEN_EPOCHS = 1, BY_COST = 20;

static const yg_setting settings[] = {
    {"epochs", .kind = YG_SETTING_WHOLE, .offset = offsetof(yg_saving, epochs), .min = 1,
     .fallback = "none", .example = "5", .doc = "after every so many epochs"},
    {"steps", .kind = YG_SETTING_WHOLE, .offset = offsetof(yg_saving, steps), .min = 1,
     .fallback = "none", .example = "500", .doc = "after every so many steps"},
    {"minutes", .kind = YG_SETTING_NUMBER, .offset = offsetof(yg_saving, minutes), .above = true,
     .max = 1e9, .fallback = "none", .example = "10", .doc = "after so many minutes without one"},
};

enum { SETTINGS = sizeof settings / sizeof *settings };

const yg_setting_group yg_saving_settings = {
    "train.checkpoint",
    "when a run writes its checkpoint, besides its end and an interruption; of several, whichever "
    "comes first",
    settings, SETTINGS, NULL};

bool yg_saving_read(const yg_value *value, yg_saving *saving, yg_error *error) {
    *saving = (yg_saving){.written = true};
    if (!yg_setting_read_all(value, "`checkpoint`", settings, SETTINGS, saving, error))
        return false;
    return saving->epochs || saving->steps || saving->minutes > 0 ||
           yg_fail(error, YG_ERROR_ARGUMENT, value->origin,
                   "`checkpoint` says when: write `{epochs: 1}`, `{steps: 500}` or `{minutes: "
                   "10}`");
}

bool yg_saving_after_step(const yg_saving *saving, int64_t steps, double waited) {
    if (!saving->written)
        return waited > WITHIN_EPOCH;
    return (saving->steps && steps % saving->steps == 0) ||
           (saving->minutes > 0 && waited > 60 * saving->minutes);
}

bool yg_saving_after_epoch(const yg_saving *saving, int64_t epochs, double waited, double cost) {
    if (!saving->written)
        return waited > BETWEEN_EPOCHS && waited > BY_COST * cost;
    return saving->epochs && epochs % saving->epochs == 0;
}
