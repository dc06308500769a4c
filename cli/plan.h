/*
 * Prints the plan of a training step, and what each pass does to it, for `show`.
 */
#ifndef YG_CLI_PLAN_H
#define YG_CLI_PLAN_H

#include "passes.h"

/* What a plan is made from. */
typedef struct plan_source {
    const yg_model *model;
    yg_training_step_options options; /* its passes are set by plan_make() */
    passes *passes;
} plan_source;

/* Makes the training step with only the passes before number `end`, and without those that
 * --without names. It cannot be run. False on failure. */
bool plan_make(const plan_source *source, size_t end, yg_training_step *step, yg_error *error);

/* Prints each pass with its effect on instructions and memory: a table, or JSON. Returns a
 * STATUS_…, after a message if that is a failure. */
int plan_print_passes(const plan_source *source, bool json);

/* Prints the plans before and after a pass as one listing: lines with '-' are only in the first,
 * lines with '+' only in the second. Later passes are left out of both. Returns as above. */
int plan_print_pass(const plan_source *source, size_t pass);

#endif
