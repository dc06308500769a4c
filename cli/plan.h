/*
 * Plans for people: a training step's instructions, and what each pass makes of them.
 */
#ifndef YG_CLI_PLAN_H
#define YG_CLI_PLAN_H

#include "passes.h"

/* What plans are made of. */
typedef struct plan_source {
    const yg_model *model;
    yg_training_step_options options; /* but for its passes */
    passes *passes;
} plan_source;

/* The training step with the passes before `end`, for looking at; what is left out stays so. */
bool plan_make(const plan_source *source, size_t end, yg_training_step *step, yg_error *error);

/* Each pass with what it does, and with instructions and memory before and after it: a table, or
 * JSON. These return a STATUS_…, after a message where that is a failure. */
int plan_print_passes(const plan_source *source, bool json);

/* The plans before and after a pass, which those behind it are not in, as one listing: lines with
 * '-' are in the first only, lines with '+' in the second. */
int plan_print_pass(const plan_source *source, size_t pass);

#endif
