/*
 * What a run's folder tells of the run: run.json, the losses and metrics of its epochs, and what
 * was found at its kept weights.
 */
#ifndef YG_CLI_RUN_LOG_H
#define YG_CLI_RUN_LOG_H

#include "../graph/error.h"

#include <jansson.h>
#include <sys/types.h>

typedef enum run_part { RUN_TRAIN, RUN_VALIDATION, RUN_PARTS } run_part;

extern const char *const run_part_names[RUN_PARTS];

typedef struct run_log {
    char *folder;
    dev_t device; /* with `inode`, the folder itself, whatever it is called */
    ino_t inode;
    json_t *record; /* run.json, an object */
    size_t count;   /* epochs that metrics.jsonl has */
    double *epochs; /* their numbers */
    double *rates;  /* learning rates */
    size_t score_count;
    char **scores; /* names: "loss", then the metrics */
    /* [score_count, count]; NaN: not finite. NULL: there is no such part */
    double *values[RUN_PARTS];
    size_t step_count; /* steps whose loss was noted: `train: log_every` */
    double *steps;     /* their numbers */
    double *losses;    /* of their batches */
} run_log;

/* Reads them. False on failure, also where the folder is not that of a run; closed by
 * run_log_close() in either case. */
bool run_log_open(const char *folder, run_log *log, yg_error *error);
void run_log_close(run_log *log);

/* An entry of run.json; "" or 0 if there is none of that kind. */
const char *run_log_text(const run_log *log, const char *key);
double run_log_number(const run_log *log, const char *key);

/* A JSON file of the folder; NULL on failure, freed by json_decref(). Where there is no such file,
 * the result is NULL without an error. */
json_t *run_log_file(const char *folder, const char *name, yg_error *error);

#endif
