/*
 * The weights that a run starts from: those of `--weights`, or of the key `weights` in `train:`.
 * The run keeps a copy as start.safetensors, and the copy of its model names that, so that it
 * trains again to the same bits whatever becomes of the file. Private to train/.
 */
#ifndef YG_TRAIN_START_WEIGHTS_H
#define YG_TRAIN_START_WEIGHTS_H

#include "run.h"

/* Reads them into the store, if the run starts from any, and keeps the file open for
 * yg_start_weights_keep(). */
bool yg_start_weights_load(yg_run *run, yg_error *error);
/* Writes start.safetensors into the run's folder. The open file may be that of an older run there,
 * which has been moved away since. */
bool yg_start_weights_keep(const yg_run *run, yg_error *error);
/* Whether start.safetensors is there, or will be written. */
bool yg_start_weights_kept(const yg_run *run);
void yg_start_weights_close(yg_run *run);

#endif
