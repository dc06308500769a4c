/*
 * Whether a run that is trained again from its folder is the same run. The model that the folder
 * keeps names data and included files by their paths, and these may have changed since. So run.json
 * has digests of what was made of them. Private to train/.
 */
#ifndef YG_TRAIN_RUN_AGAIN_H
#define YG_TRAIN_RUN_AGAIN_H

#include "../graph/text.h"
#include "run.h"

/* Adds the digests to run.json. They are known from the run's first checkpoint on. */
void yg_run_again_record(const yg_run *run, yg_text *out);

/* Where the model stands in a run's folder, compares with that run, and notes in the result what
 * differs. To be called before anything in that folder is moved. False on failure. */
bool yg_run_again_compare(yg_run *run, yg_error *error);

#endif
