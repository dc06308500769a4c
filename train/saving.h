/*
 * When a run writes its checkpoint, besides its end and an interruption. Private to train/.
 *
 *   checkpoint: {epochs: 1, steps: 500, minutes: 10}
 *
 * Any of them; whichever comes first. Without the key: at the end of each epoch and every 20
 * seconds, but where epochs are short, not so often that saving takes a large part of the time.
 * When a checkpoint is written changes no result.
 */
#ifndef YG_TRAIN_SAVING_H
#define YG_TRAIN_SAVING_H

#include "../models/loader/setting.h"

typedef struct yg_saving {
    bool written;          /* the file has the key */
    int64_t epochs, steps; /* every so many; 0: not by that */
    double minutes;
} yg_saving;

/* The keys, for documents. */
extern const yg_setting_group yg_saving_settings;

bool yg_saving_read(const yg_value *value, yg_saving *saving, yg_error *error);

/* Whether a checkpoint is due when so many steps, or epochs, are done. `waited` is the time in
 * seconds since the last one, or since the start; `cost` is how long writing that one took. */
bool yg_saving_after_step(const yg_saving *saving, int64_t steps, double waited);
bool yg_saving_after_epoch(const yg_saving *saving, int64_t epochs, double waited, double cost);

#endif
