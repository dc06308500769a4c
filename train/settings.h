/*
 * The `train:` section, with what the caller overrides. Its keys are the tables of settings.c:
 * these read it, and `yamlgrad keys` and the documents tell of them. Private to train/.
 */
#ifndef YG_TRAIN_SETTINGS_H
#define YG_TRAIN_SETTINGS_H

#include "../graph/pool.h"
#include "../models/loader/setting.h"
#include "average.h"
#include "gradient_terms.h"
#include "monitor.h"
#include "optimizer.h"
#include "plateau.h"
#include "saving.h"
#include "schedule.h"
#include "train.h"

typedef struct yg_settings {
    int64_t epochs, steps; /* the run's length in one of them; the other is 0 */
    int64_t batch_size;
    uint64_t seed;
    yg_dtype dtype;
    yg_optimizer optimizer;
    yg_gradient_terms terms;
    yg_average average;
    int64_t accumulate; /* batches of a step */
    int64_t shards;     /* parts of a batch, at most: see shard_tree.h */
    bool drop_last;
    bool recompute;
    bool keeps_last;
    const yg_value *weights; /* the file that a run starts from; NULL: it starts anew */
    int64_t log_every;       /* the loss of every so many steps is noted; 0: of none */
    int64_t keep_every;      /* weights of every so many epochs are kept too; 0: none */
    yg_saving saving;
    bool stops_early;
    yg_monitor monitor;
    int64_t patience;
    double min_delta;
    yg_plateau plateau;
} yg_settings;

/* The tables of the section's keys, for documents: those of the section and of its mappings, and
 * all with those of the optimizers, taken from the pool; NULL when out of memory. */
const yg_setting_group *const *yg_settings_groups(size_t *count);
const yg_setting_group *yg_train_settings(yg_pool *pool, size_t *count);
/* Those of `train.optimizer` that all optimizers have, and those of its groups. */
const yg_setting_group *yg_optimizer_groups(size_t *count);

/* Reads and checks the section. `options` override it; NULL: nothing does. False on failure. */
bool yg_settings_read(const yg_model *model, const yg_train_options *options, yg_settings *settings,
                      yg_error *error);

/* The same for a single step, which needs no number of epochs or steps. For a model without a
 * `train:` section the optimizer's update is NULL, and all else has its default. */
bool yg_settings_read_step(const yg_model *model, yg_settings *settings, yg_error *error);

/* How many steps a run of these settings on `examples` examples has, and their learning rates. A
 * batch size above `examples` is lowered to it, and `accumulate` to the batches of an epoch. False
 * if the schedule gives no rate. */
bool yg_settings_plan(const yg_model *model, int64_t examples, yg_settings *settings,
                      yg_rate_plan *plan, yg_error *error);

/* For commands that do not train. *dtype becomes `asked` if that is a float type, else `train:
 * dtype`, else YG_F32. *seed becomes `train: seed`, else 0. */
bool yg_settings_dtype(const yg_model *model, yg_dtype asked, yg_dtype *dtype, yg_error *error);
bool yg_settings_seed(const yg_model *model, uint64_t *seed, yg_error *error);

#endif
