/*
 * The copy of a model file that a run keeps in its folder. Private to train/.
 *
 * The copy trains to the same results from where it is. So options of the command line, such as
 * --set and --data, are written into it, and relative paths are made absolute. All other text,
 * comments too, stays as it is. A second file with `data:` and `train:` is appended to the model,
 * so that one file has all.
 */
#ifndef YG_TRAIN_MODEL_COPY_H
#define YG_TRAIN_MODEL_COPY_H

#include "settings.h"

typedef struct yg_model_copy {
    char *model;
    char *run; /* the second file; NULL: there is none, or `model` has it in it */
} yg_model_copy;

/* Reads the model's one or two files (options->run_path) and makes their copies. They may stand in
 * the run's own folder: so this comes before an older run is moved away. `starts`: the run starts
 * from weights, and keeps them as start.safetensors beside the copy. False on failure; freed by
 * yg_model_copy_free() in either case. */
bool yg_model_copy_make(const yg_model *model, const yg_train_options *options, bool starts,
                        yg_model_copy *copy, yg_error *error);
/* Writes them into the run's folder. */
bool yg_model_copy_write(const yg_model_copy *copy, const char *folder, yg_error *error);
void yg_model_copy_free(yg_model_copy *copy); /* what it holds, not the struct */

#endif
