/*
 * A run's folder: what stands in it, who may write there, and what becomes of the run before.
 * Private to train/.
 *
 * A run locks its folder, so that two runs do not write over each other's files. The lock is the
 * system's (flock) on the file run.lock and ends with the process, however that ends: a lock file
 * that is left behind is harmless.
 *
 * An older run in the folder is moved away only when the new run has something to save. A run that
 * fails before that leaves everything as it was.
 */
#ifndef YG_TRAIN_RUN_FOLDER_H
#define YG_TRAIN_RUN_FOLDER_H

#include "../models/model.h"

#define YG_RUN_WEIGHTS    "weights.safetensors"
#define YG_RUN_CHECKPOINT "checkpoint.safetensors"
#define YG_RUN_HISTORY    "history.csv"
#define YG_RUN_CURVE      "loss.svg"
#define YG_RUN_MODEL      "model.yaml"

typedef struct yg_run_folder {
    const char *path; /* as it was named, without slashes at the end; the caller's */
    int lock;         /* a file descriptor; -1: none */
    char *lock_path;
    bool made;        /* it did not exist before */
    bool resumed;     /* it holds this very run: nothing is moved away */
    bool begun;       /* this run has written there */
} yg_run_folder;

/* `out`, or runs/NAME; freed by the caller. NULL on failure. */
char *yg_run_folder_name(const yg_model *model, const char *out, yg_error *error);

/* Makes the folder, if it is not there, locks it, and removes what a killed run left half written.
 * A new run (not `resumed`) is refused where a run's file names stand among other files. `path`
 * must live as long. Closed by yg_run_folder_close(), also after a failure. */
bool yg_run_folder_open(const char *path, bool resumed, yg_run_folder *folder, yg_error *error);

/* Before the first file is written: moves an older run's files to a new folder beside this one,
 * whose name *moved becomes (freed by the caller). */
bool yg_run_folder_begin(yg_run_folder *folder, char **moved, yg_error *error);

/* Unlocks. A folder that was made and holds nothing is removed. */
void yg_run_folder_close(yg_run_folder *folder);

/* "FOLDER/NAME"; freed by the caller. NULL (error) when out of memory. */
char *yg_run_path(const char *folder, const char *name, yg_error *error);

#endif
