/*
 * The page of `yamlgrad runs`.
 */
#ifndef YG_CLI_RUNS_H
#define YG_CLI_RUNS_H

#include "run_list.h"

/* The table of runs, and their curves over each other. gnuplot draws them; *drawn becomes false
 * where it is not installed. NULL on failure; freed by the caller. */
char *runs_page(const run_list *list, bool *drawn, yg_error *error);

#endif
