/*
 * Executables of all batch sizes that some examples fall into, over one set of tensors, and what
 * they score together. Private to train/.
 */
#ifndef YG_TRAIN_EXECUTABLES_H
#define YG_TRAIN_EXECUTABLES_H

#include "executable.h"
#include "totals.h"

/* Options, store and batch_size are the caller's to set; the rest is made when first needed. */
typedef struct yg_executables {
    yg_executable_options options;
    yg_tensor_file *store;
    int64_t batch_size;                  /* of most batches, where scores are asked for; or 0 */
    const struct yg_executables *beside; /* a set that is not run at the same time: its threads are
                                            this one's, too. NULL: none */
    size_t count;
    yg_executable **executables;
    bool planned;
    yg_score_plan plan;
    yg_heads heads;
} yg_executables;

/* Makes the plan of scores, if that has not been done. */
bool yg_executables_plan(yg_executables *executables, yg_error *error);
yg_executable *yg_executables_get(yg_executables *executables, int64_t batch, yg_error *error);
void yg_executables_free(yg_executables *executables);

/* Loss and metrics of all examples, in batches; `scores` were made by yg_scores_begin(). Scores
 * that mix examples are computed in one batch, where there is memory for that. */
bool yg_executables_score(yg_executables *executables, const yg_dataset *dataset,
                          int64_t batch_size, yg_scores *scores, yg_error *error);

#endif
