/*
 * The folder of a training run: its file names, its lock, and what happens to an older run in it.
 * Private to train/.
 *
 * A run locks its folder, so that two runs do not write over each other's files. The lock is the
 * system's (flock) on the file run.lock. It ends with the process, also when that is killed, so a
 * lock file that is left behind does no harm.
 *
 * An older run in the folder is moved away only when the new run saves for the first time. So a run
 * that fails before then leaves everything as it was. A process that is killed within the move
 * leaves a note of it, and the next run in the folder takes the move back first.
 */
#ifndef YG_TRAIN_RUN_FOLDER_H
#define YG_TRAIN_RUN_FOLDER_H

#include "../models/model.h"

#define YG_RUN_WEIGHTS    "weights.safetensors"
#define YG_RUN_START      "start.safetensors" /* the weights that it began with, if it was given any */
#define YG_RUN_LAST       "last.safetensors"
#define YG_RUN_CHECKPOINT "checkpoint.safetensors"
#define YG_RUN_HISTORY    "history.csv"
#define YG_RUN_METRICS    "metrics.jsonl"
#define YG_RUN_CURVE      "loss.svg"
#define YG_RUN_MODEL      "model.yaml"
#define YG_RUN_SECOND     "run.yaml"
#define YG_RUN_RECORD     "run.json"
#define YG_RUN_EVENTS     "tensorboard"
#define YG_RUN_FAILED     "failed" /* a folder: what a step that went wrong was computed from */
#define YG_RUN_EPOCHS     "epochs" /* a folder: weights of every n epochs */
#define YG_RUN_PICTURES   "pictures"
#define YG_RUN_FINDINGS   "evaluation.json"
#define YG_RUN_REPORT     "report.html"

typedef struct yg_run_folder {
    const char *path; /* as the user named it, without slashes at the end; the caller owns it */
    int lock;         /* a file descriptor; -1: no lock is held */
    char *lock_path;  /* of run.lock; owned */
    bool made;        /* the folder did not exist before */
    bool resumed;     /* this run goes on with the run in the folder: nothing is moved away */
    bool begun;       /* yg_run_folder_begin() has succeeded: the files there are this run's */
} yg_run_folder;

/* The folder of a model's run: `out`, or runs/NAME where that is NULL. Freed by the caller; NULL on
 * failure. */
char *yg_run_folder_name(const yg_model *model, const char *out, yg_error *error);

/* Makes the folder if it does not exist, locks it, takes back a move that a killed run left half
 * done, and removes its temporary files. A new run (not `resumed`) is refused where the folder
 * holds both files of a run and other files: moving some of a user's files away would be a
 * surprise. `path` must outlive *folder. False on failure; closed by yg_run_folder_close() in
 * either case. */
bool yg_run_folder_open(const char *path, bool resumed, yg_run_folder *folder, yg_error *error);

/* To be called before each save. The first call of a new run moves an older run's files to a new
 * folder beside this one; *moved becomes that folder's name (freed by the caller), and is left
 * alone where nothing was moved. False on failure: then all files are where they were. */
bool yg_run_folder_begin(yg_run_folder *folder, char **moved, yg_error *error);

/* Undoes that, where the run could not write its first checkpoint: removes the copies that it has
 * written before, and moves an older run back from *moved, which becomes NULL. */
void yg_run_folder_take_back(yg_run_folder *folder, char **moved);

/* Where a run keeps what it failed with: `failed` in its folder; FOLDER-failed beside it while the
 * folder still has an older run. Freed by the caller; NULL on failure. */
char *yg_run_folder_failed(const yg_run_folder *folder, yg_error *error);

/* Whether another process has locked the folder: a run goes on there. */
bool yg_run_folder_in_use(const char *path);

/* Unlocks. A folder that was made and holds nothing is removed. */
void yg_run_folder_close(yg_run_folder *folder);

/* "FOLDER/NAME"; freed by the caller. NULL (error) when out of memory. */
char *yg_run_path(const char *folder, const char *name, yg_error *error);

#endif
