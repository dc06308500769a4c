/*
 * Lowering the learning rate when a run no longer gets better: PyTorch's ReduceLROnPlateau. Private
 * to train/.
 *
 *   reduce_on_plateau: {factor: 0.1, patience: 10, threshold: 1e-4, threshold_mode: rel,
 *                       cooldown: 0, min_lr: 0, eps: 1e-8, monitor: validation.loss}
 *
 * After each epoch its monitored number is compared with the best so far. When more than `patience`
 * epochs in a row have brought no improvement, the rate of all later steps is lowered. What the
 * schedule gives is multiplied by the reductions so far.
 */
#ifndef YG_TRAIN_PLATEAU_H
#define YG_TRAIN_PLATEAU_H

#include "../models/loader/setting.h"
#include "monitor.h"

typedef struct yg_plateau {
    bool written; /* the file has the key */
    yg_monitor monitor;
    double factor;
    int64_t patience, cooldown;
    double threshold;
    bool absolute; /* the threshold is no part of the best number, but added to it */
    double min_lr, eps;
} yg_plateau;

/* Where that stands: a checkpoint holds it. */
typedef struct yg_plateau_state {
    double best; /* as yg_monitor_value(): the lowest */
    int64_t waited;
    int64_t cooling;  /* epochs left that do not count */
    double reduction; /* all reductions multiplied: a part of the schedule's rate */
} yg_plateau_state;

/* The keys, for documents. */
extern const yg_setting_group yg_plateau_settings;

/* Reads the mapping. Without a `monitor` it is `judged_by`, what epochs are judged by. */
bool yg_plateau_read(const yg_model *model, const yg_value *value, const yg_monitor *judged_by,
                     yg_plateau *plateau, yg_error *error);
void yg_plateau_begin(yg_plateau_state *state);
/* Notes an epoch. `value` is yg_monitor_value() of it, `lr` the optimizer's learning rate. Returns
 * whether the rate was lowered. */
bool yg_plateau_note(const yg_plateau *plateau, double lr, double value, yg_plateau_state *state);

#endif
