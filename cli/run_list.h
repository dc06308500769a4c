/*
 * Runs beside each other: the folders of runs below given ones, in an order, and what tells them
 * apart.
 */
#ifndef YG_CLI_RUN_LIST_H
#define YG_CLI_RUN_LIST_H

#include "run_log.h"

typedef struct run_list {
    size_t count, capacity;
    run_log *runs;
    size_t repeats; /* how often a run was found again, by another name */
    size_t score_count;
    char **scores;  /* names, as "validation.loss", in the order of validation, test and train */
    json_t *groups; /* by model: which values of settings its runs have */
} run_list;

/* Adds the run in a folder and those in folders below it, each once. A run that cannot be read is
 * left out, with a note on stderr. False on failure, also where there is none. */
bool run_list_add(run_list *list, const char *folder, yg_error *error);
/* Finds the names of all scores. False when out of memory. */
bool run_list_scores(run_list *list, yg_error *error);
void run_list_free(run_list *list); /* what it holds, not the struct */

/* A score of a run at its kept weights; NaN if it is none, or no finite number. */
double run_list_score(const run_log *run, const char *score);
/* Whether a run has such a score at all. */
bool run_list_has(const run_log *run, const char *score);

/* Sorts by "started", "run", "model", "epochs", "time" or a score: the best run first where that is
 * known, as of a loss or of the score by which a run chooses its best epoch; otherwise from the
 * lowest on. Runs without the score come last. False for an unknown name. */
bool run_list_sort(run_list *list, const char *by, bool reverse, yg_error *error);

/* Looks for what tells runs of one model apart, for run_list_differences(). */
bool run_list_compare(run_list *list, yg_error *error);
/* The settings of a run by which runs of its model differ, as "lr=0.03 hidden=5". Of a model's only
 * run, what the command line has set. NULL when out of memory; freed by the caller. */
char *run_list_differences(const run_list *list, const run_log *run);

#endif
